"""The protocols of vector stores: what finds the nearest vectors, and what it is asked with.

``exact`` scans an array and is what the others are held against. ``edge`` and ``server`` are
indexes: they approach it, and can be asked with filters on payloads too. Similarity is the cosine
everywhere. A zero vector is near to nothing: none is found, counted or kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError
from refinery_nb.core.vectors import Vectors

Ints = NDArray[np.int64]
Values = NDArray[np.float32]
Hits = tuple[Ints, Values]
Payload = Mapping[str, Any]  # field names to numbers, strings or lists of them
Filter = Mapping[str, Any]  # what vectors.filters makes of a condition
NOTHING = -1  # the id where there are fewer hits than asked for; its score is -inf


class VectorStore(Protocol):
    """Vectors by record id, and the nearest of them.

    Attributes
    ----------
    dim
        How many numbers a vector has.
    """

    dim: int

    def upsert(self, vectors: Vectors) -> None:
        """Add vectors; those of known ids replace the older ones.

        Raises
        ------
        InputError
            If one is not finite (it names the record), or they have another dimension. Then
            nothing is stored.
        """

    def delete(self, ids: Ints) -> None:
        """Drop the vectors of these records; unknown ids are passed over."""

    def search(self, queries: Values, k: int, *, among: Ints | None = None) -> Hits:
        """Return the ``k`` nearest for each query.

        Parameters
        ----------
        queries
            Shape (m, dim).
        among
            Record ids that may be answered, in any order. None: all.

        Returns
        -------
        tuple
            Ids, int64, and cosine similarities, float32, both of shape (m, k): best first, ties
            by id; filled up with the id -1 and the score -inf. A zero vector finds nothing.
        """

    def scroll(self, *, after: int = -1, limit: int = 1_000) -> Vectors:
        """Return the next vectors by ascending id, from behind an id; their length may be 1."""

    def count(self) -> int:
        """Return how many vectors there are."""

    def close(self) -> None:
        """Let go of files and connections; closing twice is harmless."""


class VectorIndex(VectorStore, Protocol):
    """A store that is derived from an array, can be lost, and has payloads to filter by."""

    def upsert(self, vectors: Vectors, payloads: Sequence[Payload] | None = None) -> None:
        """Add vectors with their payloads, as ``VectorStore.upsert`` does."""

    def search(
        self, queries: Values, k: int, *, among: Ints | None = None, where: Filter | None = None
    ) -> Hits:
        """Return the nearest of those whose payload passes; else as ``VectorStore.search``."""

    def set_payloads(self, ids: Ints, payloads: Sequence[Payload]) -> None:
        """Put other payloads in the place of the older ones; unknown ids are passed over."""

    def add_fields(self, fields: Mapping[str, str]) -> None:
        """Make filters on fields quick: names to ``keyword``, ``integer`` or ``float``."""

    def flush(self) -> None:
        """Return when everything is where a killed process cannot lose it."""

    def build(self) -> None:
        """Build what makes searches quick; it may take minutes and hold the whole process."""


def checked(vectors: Vectors, dim: int) -> None:
    """Raise if these vectors cannot be stored.

    Raises
    ------
    InputError
        If one is not finite (it names the record), or they have another dimension.
    """
    if vectors.dim != dim:
        raise InputError(f"the vectors have {vectors.dim} numbers; those of the store {dim}.")
    finite = np.isfinite(vectors.values).all(axis=1)
    if not finite.all():
        raise InputError(
            "the vector holds NaN or infinity, which nothing is near to.",
            record=int(vectors.records[int(np.argmin(finite))]),
            hint="Nothing was stored; mend the model and embed again.",
        )


def asked(queries: Sequence[Sequence[float]] | Values, k: int, dim: int) -> Values:
    """Return queries as float32 of shape (m, dim).

    Raises
    ------
    InputError
        If they have another shape, are not finite, or ``k`` is no number of hits.
    """
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0:
        raise InputError(f"k={k!r} is not a number of hits.")
    found = np.ascontiguousarray(queries, np.float32)
    if found.ndim != 2 or found.shape[1] != dim:
        raise InputError(
            f"the queries have the shape {found.shape}; (m, {dim}) is asked for.",
            hint="One query q is q[None].",
        )
    if not np.isfinite(found).all():
        raise InputError("a query holds NaN or infinity, which nothing is near to.")
    return found


def directions(values: Values) -> tuple[Values, NDArray[np.bool_]]:
    """Return vectors of length 1, and which of them are zero and stay so.

    Engines take very short vectors for zero: they are given these.
    """
    lengths = np.linalg.norm(np.asarray(values, np.float64), axis=1)
    zero = lengths == 0
    return (values / np.where(zero, 1, lengths)[:, None]).astype(np.float32), zero


def nothing(m: int, k: int) -> Hits:
    """Return the answer that is all padding."""
    return np.full((m, k), NOTHING, np.int64), np.full((m, k), -np.inf, np.float32)


def ranked(ids: Ints, scores: Values, k: int) -> Hits:
    """Return the first ``k`` columns of hits in their order: best first, ties by id.

    >>> ids, scores = ranked(np.array([[7, 3, 5]]), np.array([[0.5, 0.5, 0.9]], np.float32), 2)
    >>> ids.tolist(), scores.astype(float).round(1).tolist()
    ([[5, 3]], [[0.9, 0.5]])
    """
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    ids, scores = np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
    if (short := k - ids.shape[1]) > 0:
        more_ids, more_scores = nothing(len(ids), short)
        return np.hstack([ids, more_ids]), np.hstack([scores, more_scores])
    return ids, scores
