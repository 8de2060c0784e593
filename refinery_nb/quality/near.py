"""Groups of vectors that are nearly the same: all of them, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
Ints = NDArray[np.int64]

BLOCK = 2_048
LOWS = (32, 64, 128)  # numbers of a vector that most pairs may be told apart by
SLACK = 1e-4  # by how much products in float32 may be off
ONE_BY_ONE = 600  # products of a block take as long as one of a pair that is looked up
AT_ONCE = 1 << 16  # pairs that are compared exactly at once
SAMPLE = 5_000
TOGETHER = 8  # blocks that are compared side by side

Run = Callable[[Callable[[int], None], Iterable[int]], None]


def one_by_one(work: Callable[[int], None], items: Iterable[int]) -> None:
    """Do some work on each item."""
    for item in items:
        work(item)


def groups(
    values: Values, threshold: float, known: Ints | None = None, *, run: Run = one_by_one
) -> Ints:
    """Return which group each vector belongs to: the connected components of close pairs.

    A pair is close if its cosine similarity is at least ``threshold``. The result is that of
    comparing all pairs. Most are told apart by their first numbers in the basis of the principal
    components: with what is left of both vectors at its best (Cauchy and Schwarz), their product
    does not reach the threshold.

    Parameters
    ----------
    values
        Shape (n, d); a zero vector is close to none.
    threshold
        In (0, 1].
    known
        Groups to begin with, int64 of shape (n,), numbers below n; by default each by itself.
    run
        Does work on several items, such as in threads; ``(work, items) -> None``.

    Returns
    -------
    ndarray
        Shape (n,): the lowest row of the group.
    """
    root = np.arange(len(values)) if known is None else known.astype(np.int64)
    lengths = _lengths(values)
    some = np.flatnonzero(lengths > 0)
    if len(some):
        root = _joined(root, *_same(values, some))
        for left, right in _close(values, lengths, some, threshold, run):
            while len(left):
                apart = root[left] != root[right]
                left, right = left[apart], right[apart]
                i, j = left[:AT_ONCE], right[:AT_ONCE]
                close = similarities(values, i, j) >= threshold
                root = _joined(root, i[close], j[close])
                left, right = left[AT_ONCE:], right[AT_ONCE:]
    lowest = np.full(len(values), len(values), np.int64)
    np.minimum.at(lowest, root, np.arange(len(values)))
    return lowest[root]


def similarities(values: Values, left: Ints, right: Ints) -> NDArray[np.float64]:
    """Return the cosine similarity of each pair of rows; NaN where one is zero.

    >>> values = np.array([[1, 0], [2, 0], [0, 1]], np.float32)
    >>> similarities(values, np.array([0, 0]), np.array([1, 2])).tolist()
    [1.0, 0.0]
    """
    found = np.full(len(left), np.nan)
    step = max(1, (1 << 22) // max(1, values.shape[1]))
    for first in range(0, len(left), step):
        part = slice(first, first + step)
        one, two = (values[rows[part]].astype(np.float64) for rows in (left, right))
        squares = np.einsum("nd,nd->n", one, one) * np.einsum("nd,nd->n", two, two)
        products = np.einsum("nd,nd->n", one, two)
        np.divide(products, np.sqrt(squares), out=found[part], where=squares > 0)
    return found


def _lengths(values: Values) -> NDArray[np.float64]:
    lengths = np.zeros(len(values))
    for first in range(0, len(values), BLOCK):
        lengths[first : first + BLOCK] = np.linalg.norm(values[first : first + BLOCK], axis=1)
    return lengths


def _same(values: Values, rows: Ints) -> tuple[Ints, Ints]:
    """Return pairs that join all vectors that are equal to the last bit.

    Thousands of copies of one text would make millions of pairs otherwise.
    """
    bits = values.shape[1]
    odd = np.random.default_rng(0).integers(0, 2**63, bits, dtype=np.uint64) * np.uint64(2)
    marks = np.zeros(len(rows), np.uint64)
    for first in range(0, len(rows), BLOCK):
        block = np.ascontiguousarray(values[rows[first : first + BLOCK]], np.float32)
        whole = block.view(np.uint32).astype(np.uint64)
        marks[first : first + BLOCK] = (whole * (odd + np.uint64(1))).sum(axis=1, dtype=np.uint64)
    order = np.argsort(marks, kind="stable")
    next_to = np.flatnonzero(marks[order][1:] == marks[order][:-1])
    left, right = rows[order[next_to]], rows[order[next_to + 1]]
    equal = np.fromiter(
        (np.array_equal(values[i], values[j]) for i, j in zip(left, right, strict=True)), np.bool_
    )
    return left[equal], right[equal]


def _close(
    values: Values, lengths: NDArray[np.float64], rows: Ints, threshold: float, run: Run
) -> Iterator[tuple[Ints, Ints]]:
    """Yield pairs of rows, block by block; all that are close are among them."""
    low, place = _low(values, lengths, rows, threshold)
    order = np.argsort(place, kind="stable")
    rows, low, place = rows[order], low[order], place[order]
    least, reach = np.float32(threshold - SLACK), np.sqrt(max(0.0, 2 - 2 * threshold)) + SLACK

    def blocks() -> Iterator[tuple[slice, slice]]:
        for first in range(0, len(rows), BLOCK):
            here = slice(first, first + BLOCK)
            # Sorted by one number: what lies farther away in it alone is not close.
            stop = int(np.searchsorted(place, place[here][-1] + reach, side="right"))
            for other in range(first, stop, BLOCK):
                yield here, slice(other, min(other + BLOCK, stop))

    def compare(number: int) -> None:
        here, there = some[number]
        at, to = _reached(low[here] @ low[there].T, least)
        if len(at) * ONE_BY_ONE > BLOCK * (there.stop - there.start):
            at, to = _reached(_product(values, lengths, rows[here], rows[there]), least)
        ahead = at + here.start < to + there.start
        found[number] = rows[here][at[ahead]], rows[there][to[ahead]]

    every = blocks()
    while some := list(islice(every, TOGETHER)):
        found: dict[int, tuple[Ints, Ints]] = {}
        run(compare, range(len(some)))
        yield from (found[number] for number in range(len(some)))


def _product(values: Values, lengths: NDArray[np.float64], left: Ints, right: Ints) -> Values:
    one, two = (values[rows] / lengths[rows, None] for rows in (left, right))
    return one.astype(np.float32) @ two.astype(np.float32).T


def _reached(product: Values, least: np.float32) -> tuple[Ints, Ints]:
    """Return where a product reaches a number: rows and columns."""
    # Flat: in two dimensions numpy takes twenty times as long.
    at, to = np.divmod(np.flatnonzero(product >= least), product.shape[1])
    return at, to


def _low(
    values: Values, lengths: NDArray[np.float64], rows: Ints, threshold: float
) -> tuple[Values, NDArray[np.float64]]:
    """Return the first numbers of each direction and the length of the rest, and one to sort by.

    The product of two such rows is at least the cosine of their vectors.
    """
    drawn = rows
    if len(rows) > SAMPLE:
        drawn = np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))
    sample = values[drawn].astype(np.float64) / lengths[drawn, None]
    _, basis = np.linalg.eigh(sample.T @ sample)
    basis = basis[:, ::-1]
    basis = basis[:, : _enough(sample @ basis, threshold)]
    sort_by = basis[:, int(np.argmax((sample @ basis).var(axis=0)))]
    low = np.zeros((len(rows), basis.shape[1] + 1), np.float32)
    place = np.zeros(len(rows))
    for first in range(0, len(rows), BLOCK):
        part = slice(first, first + BLOCK)
        block = values[rows[part]].astype(np.float64) / lengths[rows[part], None]
        projected = block @ basis
        low[part, :-1] = projected
        low[part, -1] = np.sqrt(np.maximum(0, 1 - (projected**2).sum(axis=1)))
        place[part] = block @ sort_by
    return low, place


def _enough(directions: NDArray[np.float64], threshold: float) -> int:
    """Return how many numbers tell most pairs apart at the least cost, tried on a sample."""
    n, dim = directions.shape
    half, costs = n // 2, {}
    for low in LOWS:
        one, two = directions[:half, :low], directions[half:, :low]
        rest = [np.sqrt(np.maximum(0, 1 - (part**2).sum(axis=1))) for part in (one, two)]
        left = np.mean(one @ two.T + np.outer(*rest) >= threshold) if half else 0.0
        costs[low] = low + min(dim, dim * ONE_BY_ONE * left)
    return min(costs, key=costs.__getitem__)


def _joined(root: Ints, left: Ints, right: Ints) -> Ints:
    """Return the groups after joining those of each pair."""
    if not len(left):
        return root
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(root)
    links = coo_array((np.ones(len(left), np.int8), (root[left], root[right])), shape=(n, n))
    _, component = connected_components(links, directed=False)
    return np.asarray(component[root], np.int64)
