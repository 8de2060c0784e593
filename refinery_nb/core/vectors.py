"""The vectors of records, as one value: what an embedding hands to models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Vectors:
    """One vector for each of some records.

    Attributes
    ----------
    records
        Record ids, int64, ascending, each once, shape (n,).
    values
        float32, finite, shape (n, d), aligned with ``records``. It may be memory-mapped: take
        the rows that are needed, and do not write to it.
    """

    records: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.values.shape[1])

    def of_records(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the vectors of some records, and which of these are known.

        Parameters
        ----------
        ids
            Record ids in any order, shape (m,); an id may stand there more than once.

        Returns
        -------
        tuple
            The vectors of the known ones of ``ids``, in their order, float32 of shape (k, d),
            and a mask of shape (m,) with k true entries: true where an id has a vector.

        >>> vectors = Vectors(np.array([3, 7]), np.array([[1.0, 0.0], [0.0, 1.0]], np.float32))
        >>> values, known = vectors.of_records(np.array([7, 5]))
        >>> values.tolist(), known.tolist()
        ([[0.0, 1.0]], [True, False])
        """
        wanted = np.asarray(ids, dtype=np.int64)
        if not len(self.records):
            return np.zeros((0, self.dim), np.float32), np.zeros(len(wanted), np.bool_)
        at = np.minimum(np.searchsorted(self.records, wanted), len(self.records) - 1)
        known = self.records[at] == wanted
        return self.values[at[known]], known


@dataclass(frozen=True, slots=True)
class Entries:
    """One vector for each entry of a list of texts that a record has.

    Attributes
    ----------
    records
        Record ids, int64, ascending, each once, shape (n,).
    lengths
        How many entries each has, int64, shape (n,).
    values
        float32, finite, shape (sum of lengths, d): entries in their order, record by record; zero
        for a blank one. It may be memory-mapped: do not write to it.
    """

    records: NDArray[np.int64]
    lengths: NDArray[np.int64]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.records)

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return int(self.values.shape[1])

    def best(
        self, query: NDArray[np.float32], k: int = 10
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return the records with the entry that is nearest to a vector.

        Parameters
        ----------
        query
            Shape (d,).
        k
            How many records at most.

        Returns
        -------
        tuple
            Record ids, the position of each one's best entry in its list, both int64, and its
            cosine similarity, float32: best first, ties by id. Blank entries are not found.

        >>> values = np.array([[1, 0], [0, 1], [3, 3]], np.float32)
        >>> entries = Entries(np.array([5, 8]), np.array([1, 2]), values)
        >>> [found.tolist() for found in entries.best(np.array([0, 2], np.float32))]
        [[8, 5], [0, 0], [1.0, 0.0]]
        """
        lengths = np.linalg.norm(self.values, axis=1) * np.linalg.norm(query)
        known = lengths > 0
        scores = np.where(known, self.values @ query / np.where(known, lengths, 1), -np.inf)
        start = np.cumsum(self.lengths) - self.lengths
        some = np.flatnonzero(self.lengths)
        if not len(some):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
        top = np.maximum.reduceat(scores, start[some])
        order = np.lexsort((self.records[some], -top))[:k]
        order = order[np.isfinite(top[order])]
        chosen = some[order]
        places = [
            int(np.argmax(scores[start[at] : start[at] + self.lengths[at]]))
            for at in chosen.tolist()
        ]
        best = top[order].astype(np.float32)
        return self.records[chosen], np.array(places, np.int64), best
