"""Runs of tokens compared with examples of spans, by an embedding of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.example import Example
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.vectors.level import TokenLevel
from refinery_nb.project.vectors.similar import DIGITS, Closest
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.text.tokens import tokens

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LONGEST = 12  # tokens of a run
PAGE = 1_000  # records whose texts are read at once
FLOOR = 0.3  # what is less similar than this is no neighbour that anybody looks at


def closest_spans(
    task: Task,
    row: EmbeddingRow,
    asked: Sequence[Example],
    own: Ints,
    ids: Ints | None,
    *,
    least: float,
) -> Closest:
    """Return the runs of tokens that are like one of the examples, none of them overlapping.

    A run has as many tokens as an example, and its vector is the mean of theirs. It begins and
    ends with a letter or digit if all examples do. Of runs that overlap the most similar is
    taken: so those from a threshold on are the same whatever lies below it.

    Raises
    ------
    HeuristicError
        If no example has a token.
    """
    project = task.project
    language = tokenizing.name_of(project, row.attribute)
    given, lengths, plain = _examples(project, row, asked, language)
    sizes = sorted(set(np.minimum(lengths, LONGEST).tolist()))
    floor = max(least, FLOOR)
    found: list[tuple[int, float, int, int, int]] = []
    wanted = None if ids is None else np.setdiff1d(ids, own)
    for page in _pages(project.embeddings.tokens(row.name, wanted)):
        texts = _texts(project, row, [record for record, _ in page])
        for record, vectors in page:
            if record in own or record not in texts:
                continue
            text = texts[record]
            offsets = tokens(text, language)
            if len(offsets) != len(vectors):
                continue  # the text has changed since
            runs = _runs(vectors, offsets, given, sizes, floor, text if plain else None)
            found.extend((record, *run) for run in runs)
    return Closest(
        np.array([run[0] for run in found], np.int64),
        np.array([run[1] for run in found], np.float64),
        np.array([run[2] for run in found], np.int64),
        np.array([run[3] for run in found], np.int64),
        np.array([run[4] for run in found], np.int64),
    )


def _examples(
    project: Project, row: EmbeddingRow, asked: Sequence[Example], language: str
) -> tuple[Floats, Ints, bool]:
    """Return the direction of each example, its tokens, and whether all have plain edges.

    A span has the vectors of its tokens in the text; a text those that it has by itself.
    """
    given = np.zeros((len(asked), row.dim))
    lengths = np.zeros(len(asked), np.int64)
    plain = True
    alone: dict[int, str] = {}
    for at, example in enumerate(asked):
        part = project.similarities.text_of(row, example)
        plain = plain and bool(part.strip()) and _is_plain(part.strip())
        vectors = _of_span(project, row, example, language) if example.is_span else None
        if vectors is None:
            alone[at] = part
        elif len(vectors):
            given[at], lengths[at] = vectors.mean(axis=0, dtype=np.float64), len(vectors)
    blank = [at for at, text in alone.items() if not text.strip()]
    texts = {at: text for at, text in alone.items() if at not in blank}
    if texts:
        embedder = project.similarities.embedder(row)
        runs = TokenLevel(language).encode(embedder, list(texts.values()))
        for number, at in enumerate(texts):
            vectors = runs.row(number)
            if len(vectors):
                given[at], lengths[at] = vectors.mean(axis=0, dtype=np.float64), len(vectors)
    norms = np.linalg.norm(given, axis=1, keepdims=True)
    if not norms.any():
        raise HeuristicError("no example has a token: they are blank.")
    return given / np.where(norms > 0, norms, 1), lengths[lengths > 0], plain


def _of_span(
    project: Project, row: EmbeddingRow, example: Example, language: str
) -> NDArray[Any] | None:
    """Return the vectors of the tokens that a span touches; None if they are not known."""
    assert example.key is not None
    assert example.start is not None
    assert example.end is not None
    with project.database.read() as connection:
        record = records.ids_of_keys(connection, [example.key])[example.key]
    found = dict(project.embeddings.tokens(row.name, [record]))
    text = project.similarities.text_of(row, Example(key=example.key))
    offsets = tokens(text, language)
    if record not in found or len(offsets) != len(found[record]):
        return None
    touched = (offsets[:, 0] < example.end) & (offsets[:, 1] > example.start)
    return found[record][touched]


def _runs(
    vectors: NDArray[Any],
    offsets: NDArray[np.int32],
    given: Floats,
    sizes: Sequence[int],
    floor: float,
    text: str | None,
) -> list[tuple[float, int, int, int]]:
    """Return (similarity, example, start, end) of the best runs that do not overlap."""
    sums = np.concatenate(
        [np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0, dtype=float)]
    )
    found: list[tuple[float, int, int, int]] = []
    for size in sizes:
        if size > len(vectors):
            continue
        runs = sums[size:] - sums[:-size]
        norms = np.linalg.norm(runs, axis=1, keepdims=True)
        products = (runs / np.where(norms > 0, norms, 1)) @ given.T
        best = np.round(products.max(axis=1), DIGITS)
        for first in np.flatnonzero(best >= floor).tolist():
            start, end = int(offsets[first, 0]), int(offsets[first + size - 1, 1])
            if text is None or _is_plain(text[start:end]):
                found.append((float(best[first]), int(products[first].argmax()), start, end))
    taken: list[tuple[float, int, int, int]] = []
    # The longer one of two that are alike, then the one that begins first.
    for run in sorted(found, key=lambda one: (-one[0], one[2] - one[3], one[2])):
        if all(run[3] <= other[2] or run[2] >= other[3] for other in taken):
            taken.append(run)
    return sorted(taken, key=lambda one: one[2])


def _is_plain(part: str) -> bool:
    return part[0].isalnum() and part[-1].isalnum()


def _pages(
    runs: Iterable[tuple[int, NDArray[Any]]],
) -> Iterable[list[tuple[int, NDArray[Any]]]]:
    page: list[tuple[int, NDArray[Any]]] = []
    for one in runs:
        page.append(one)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _texts(project: Project, row: EmbeddingRow, ids: Sequence[int]) -> dict[int, str]:
    attribute = project.attribute(row.attribute)
    with project.database.read() as connection:
        found = records.values(connection, [attribute], ids)
        return {record: text for record, _, (text,) in found if text}
