"""The exact store: a scan of an array, block by block. The truth that other stores approach."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.threads import side_by_side
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.store import Hits, Ints, Values, asked, checked, directions, nothing

CELLS = 4 << 20  # scores that are held at once: 16 MB, and as much again to choose among
QUERIES = 256  # that are answered together
NEAR = np.float32(2e-6)  # by how much the scores of a matrix product may be off
SPARE = 64  # that close to the last place are looked at twice


class ExactStore:
    """Nearest vectors by matrix products over all of an array, in bounded memory.

    Parameters
    ----------
    vectors
        What to begin with. The array is not copied as long as nothing is upserted or deleted.

    Notes
    -----
    Products are in float32, and their best are computed once more in float64, pair by pair: equal
    vectors get equal scores wherever they stand, so that ties fall by id.
    """

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors
        self.dim = vectors.dim
        self._inverse: Values | None = None

    def upsert(self, vectors: Vectors) -> None:
        """Add vectors; those of known ids replace the older ones."""
        checked(vectors, self.dim)
        keep = ~np.isin(self.vectors.records, vectors.records)
        ids = np.concatenate([self.vectors.records[keep], vectors.records])
        values = np.concatenate([self.vectors.values[keep], vectors.values])
        order = np.argsort(ids)
        self._become(Vectors(ids[order], values[order]))

    def delete(self, ids: Ints) -> None:
        """Drop the vectors of these records; unknown ids are passed over."""
        keep = ~np.isin(self.vectors.records, ids)
        self._become(Vectors(self.vectors.records[keep], self.vectors.values[keep]))

    def search(self, queries: Values, k: int, *, among: Ints | None = None) -> Hits:
        """Return the ``k`` nearest for each query; see ``VectorStore``."""
        queries = asked(queries, k, self.dim)
        units, zero = directions(queries)
        rows = None
        if among is not None:
            rows = self._rows(np.unique(np.asarray(among, np.int64)))
            rows = rows[rows >= 0]
        ids, scores = nothing(len(queries), k)
        if not k or not len(self.vectors):
            return ids, scores
        self._inverse_lengths()

        def answer(first: int) -> None:
            part = slice(first, first + QUERIES)
            ids[part], scores[part] = self._best(units[part], k, rows)

        side_by_side(answer, range(0, len(queries), QUERIES))
        ids[zero], scores[zero] = -1, -np.inf
        return ids, scores

    def scores(self, queries: Values, ids: Ints) -> Values:
        """Return the similarity of each query to its own ids, shape (m, k); -inf where unknown.

        So what an index has found is scored as an exact search would have.
        """
        queries = asked(queries, ids.shape[1], self.dim)
        rows = self._rows(ids)
        found = np.full(ids.shape, -np.inf, np.float32)
        which, place = np.nonzero(rows >= 0)
        found[which, place] = self._pairs(directions(queries)[0], which, rows[which, place])
        return found

    def scroll(self, *, after: int = -1, limit: int = 1_000) -> Vectors:
        """Return the next vectors by ascending id, from behind an id."""
        first = int(np.searchsorted(self.vectors.records, after, side="right"))
        at = first + np.flatnonzero(self._inverse_lengths()[first:])[:limit]
        return Vectors(self.vectors.records[at], self.vectors.values[at])

    def count(self) -> int:
        """Return how many vectors there are."""
        return int(np.count_nonzero(self._inverse_lengths()))

    def close(self) -> None:
        """Let go of nothing: the array is whoever's gave it."""

    def _rows(self, ids: Ints) -> Ints:
        """Return where ids stand, in their shape; -1 where they are unknown."""
        if not len(self.vectors):
            return np.full(ids.shape, -1, np.int64)
        rows = np.minimum(np.searchsorted(self.vectors.records, ids), len(self.vectors) - 1)
        rows[self.vectors.records[rows] != ids] = -1
        return rows.astype(np.int64)

    def _become(self, vectors: Vectors) -> None:
        self.vectors, self._inverse = vectors, None

    def _inverse_lengths(self) -> Values:
        """Return 1 / length of each vector, 0 for zero vectors; computed once."""
        if self._inverse is None:
            inverse = np.zeros(len(self.vectors), np.float32)
            step = max(1, CELLS // self.dim)
            for first in range(0, len(self.vectors), step):
                block = self.vectors.values[first : first + step]
                squares = np.einsum("nd,nd->n", block, block, dtype=np.float64)
                some = squares > 0
                inverse[first : first + step][some] = 1 / np.sqrt(squares[some])
            self._inverse = inverse
        return self._inverse

    def _best(self, queries: Values, k: int, rows: Ints | None) -> Hits:
        """Return the best for up to ``QUERIES`` queries of length 1 among some rows, or all."""
        inverse = self._inverse_lengths()
        total = len(self.vectors) if rows is None else len(rows)
        step = max(1, CELLS // max(len(queries), self.dim))
        best = _Best(len(queries), k)
        for first in range(0, total, step):
            part = slice(first, min(first + step, total))
            chosen: slice | Ints = part if rows is None else rows[part]
            block = self.vectors.values[chosen]
            # One query is a product of matrix and vector: three times as fast as of two matrices.
            scores = queries @ block.T if len(queries) > 1 else (block @ queries[0])[None]
            scores *= inverse[chosen]
            scores[:, inverse[chosen] == 0] = -np.inf
            which, place = best.promising(scores)
            at = first + place if rows is None else rows[first + place]
            exact = self._pairs(queries, which, at)
            best.take(which, at, exact)
        found = best.rows
        known = found >= 0
        ids = np.where(known, self.vectors.records[np.where(known, found, 0)], -1)
        return ids.astype(np.int64), best.scores

    def _pairs(self, queries: Values, which: Ints, rows: Ints) -> Values:
        """Return the similarity of query ``which[i]`` to row ``rows[i]``; -inf for zeros."""
        scores = np.empty(len(which), np.float32)
        step = max(1, CELLS // (4 * self.dim))
        for first in range(0, len(which), step):
            part = slice(first, first + step)
            left = queries[which[part]].astype(np.float64)
            right = self.vectors.values[rows[part]].astype(np.float64)
            products = np.einsum("nd,nd->n", left, right)
            squares = np.einsum("nd,nd->n", left, left) * np.einsum("nd,nd->n", right, right)
            none = squares == 0
            products /= np.sqrt(np.where(none, 1, squares))
            products[none] = -np.inf
            scores[part] = products
        return scores


class _Best:
    """The best rows so far for some queries, best first, ties by row."""

    def __init__(self, m: int, k: int) -> None:
        self.rows = np.full((m, k), -1, np.int64)
        self.scores = np.full((m, k), -np.inf, np.float32)

    def promising(self, scores: Values) -> tuple[Ints, Ints]:
        """Return query and column of the scores that may get among the best; at most a few more.

        Of those that are within rounding of the last place only the first by row are taken:
        thousands of copies of one text would fill the memory otherwise.
        """
        m, k = self.scores.shape
        last = self.scores[:, -1]
        if scores.shape[1] > k:
            last = np.maximum(last, np.partition(scores, -k, axis=1)[:, -k])
        mask = scores >= (last - NEAR)[:, None]
        mask &= scores > -np.inf
        which, place = np.nonzero(mask)
        if len(which) > m * (k + SPARE):
            sure = scores[which, place] > last[which] + NEAR
            near = ~sure
            nth = _within(which[near])
            keep = sure.copy()
            keep[near] = nth < k + SPARE
            which, place = which[keep], place[keep]
        return which, place

    def take(self, which: Ints, rows: Ints, scores: Values) -> None:
        """Let other rows, behind all so far, compete."""
        m, k = self.scores.shape
        if not len(which):
            return
        old_which, old_place = np.nonzero(self.rows >= 0)
        which = np.concatenate([old_which, which])
        rows = np.concatenate([self.rows[old_which, old_place], rows])
        scores = np.concatenate([self.scores[old_which, old_place], scores])
        order = np.lexsort((rows, -scores, which))
        which, rows, scores = which[order], rows[order], scores[order]
        nth = _within(which)
        keep = nth < k
        self.rows = np.full((m, k), -1, np.int64)
        self.scores = np.full((m, k), -np.inf, np.float32)
        self.rows[which[keep], nth[keep]] = rows[keep]
        self.scores[which[keep], nth[keep]] = scores[keep]


def _within(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each entry within its group; equal groups stand together."""
    if not len(groups):
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
