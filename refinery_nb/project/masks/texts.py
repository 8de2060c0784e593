"""The texts of an attribute in one piece of memory, searched through as fast as that is read."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

MOST = 2**28  # bytes of an attribute's texts; SQLite looks through more
PART = 2**20  # bytes that are searched at a time: they stay in the processor's cache
OFTEN = 0.3  # matches a record from which on each record is looked at for itself
SAMPLE = 8  # of so many parts one is counted in
END = b"\xff"  # stands behind each text; no byte of UTF-8


class Texts:
    """Texts, case-folded; a missing one is empty and holds nothing."""

    def __init__(self, texts: Iterable[str | None]) -> None:
        folded = [b"" if one is None else one.casefold().encode() for one in texts]
        sizes = np.fromiter(map(len, folded), np.int64, len(folded)) + len(END)
        # From where each text stands in the bytes, and where the last one ends.
        self._from = np.concatenate([[0], np.cumsum(sizes)])
        self._bytes = END.join(folded) + END if folded else b""

    def contains(self, wanted: str) -> NDArray[np.bool_]:
        """Return which texts contain another, whatever the case; that is not empty.

        A match in UTF-8 is one in the text, as no character's bytes are part of another's.
        """
        found = np.zeros(len(self._from) - 1, np.bool_)
        pattern = wanted.casefold().encode()
        parts = self._parts()
        some = parts[::SAMPLE]
        counted = sum(self._bytes.count(pattern, self._from[a], self._from[b]) for a, b in some)
        if counted > OFTEN * sum(b - a for a, b in some):
            return self._one_by_one(pattern)
        for first, last in parts:
            pieces = self._bytes[self._from[first] : self._from[last]].split(pattern)
            if len(pieces) > 1:
                # What stands between two matches tells where they begin.
                sizes = np.fromiter(map(len, pieces[:-1]), np.int64, len(pieces) - 1)
                sizes[1:] += len(pattern)
                at = np.cumsum(sizes) + self._from[first]
                found[np.searchsorted(self._from, at, side="right") - 1] = True
        return found

    def _parts(self) -> list[tuple[int, int]]:
        """Return the first and the last record of each part, half-open."""
        wanted = np.arange(0, self._from[-1] + PART, PART)
        bounds = np.unique(np.minimum(np.searchsorted(self._from, wanted), len(self._from) - 1))
        return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))

    def _one_by_one(self, pattern: bytes) -> NDArray[np.bool_]:
        import pyarrow
        import pyarrow.compute

        buffers = [None, pyarrow.py_buffer(self._from), pyarrow.py_buffer(self._bytes)]
        column = pyarrow.Array.from_buffers(pyarrow.large_binary(), len(self._from) - 1, buffers)
        held = pyarrow.compute.match_substring(column, pattern)
        found: NDArray[np.bool_] = held.to_numpy(zero_copy_only=False)
        return found
