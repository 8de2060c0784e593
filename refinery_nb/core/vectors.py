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
