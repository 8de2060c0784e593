"""An item is a label of a source: what a label model learns about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, VoteMatrix


@dataclass(frozen=True, slots=True)
class Items:
    """The labels that sources were seen to vote for.

    Attributes
    ----------
    sources
        Names of the sources.
    labels
        Number of labels of the task.
    code
        Position of the source times ``labels`` plus position of the label, ascending.
    """

    sources: tuple[str, ...]
    labels: int
    code: Ints

    def __len__(self) -> int:
        return len(self.code)

    @property
    def source(self) -> Ints:
        """The position of the source of each item."""
        return self.code // max(1, self.labels)

    @property
    def label(self) -> Ints:
        """The position of the label of each item."""
        return self.code % max(1, self.labels)

    @property
    def several(self) -> NDArray[np.bool_]:
        """Whether the source of each item votes for other labels as well."""
        several: NDArray[np.bool_] = np.bincount(self.source)[self.source] > 1
        return several

    def joined(self, votes: VoteMatrix) -> tuple[Items, Ints, Ints]:
        """Return the items with those of more votes.

        Returns
        -------
        items, moved, item
            All of them, where each old one stands among them, and the item of each vote.
        """
        sources = tuple(dict.fromkeys(self.sources + votes.sources))
        codes = Items(sources, self.labels, self.code)._codes(votes)
        found = _distinct(codes, len(sources) * self.labels)
        items = Items(sources, self.labels, np.union1d(self.code, found))
        return items, np.searchsorted(items.code, self.code), items._places(codes, votes.label)

    def of(self, votes: VoteMatrix, labels: tuple[int, ...]) -> Ints:
        """Return the item of each vote; of an unknown source, the number of items plus the label.

        Raises
        ------
        ValueError
            If the votes are for other labels.
        """
        if votes.labels != labels:
            raise ValueError("the votes are for other labels")
        return self._places(self._codes(votes), votes.label)

    def of_source(self, source: str) -> Ints:
        """Return the item of each label of a source, shape (labels,)."""
        label = np.arange(self.labels)
        codes = label + (self.sources.index(source) if source in self.sources else -1) * self.labels
        return self._places(codes, label)

    def _places(self, codes: Ints, label: Ints) -> Ints:
        """Return the item of each code; of an unknown one, the number of items plus the label."""
        cells = (len(self.sources) + 1) * self.labels
        if 0 < cells <= max(4 * len(codes), 1_000_000):
            table = np.tile(np.arange(self.labels) + len(self), len(self.sources) + 1)
            table[self.code] = np.arange(len(self))
            return table[codes]
        place = np.minimum(np.searchsorted(self.code, codes), max(len(self) - 1, 0))
        known = self.code[place] == codes if len(self) else np.zeros(len(codes), dtype=bool)
        return np.where(known, place, label + len(self))

    def _codes(self, votes: VoteMatrix) -> Ints:
        """Return the code of each vote; a source that is not known comes after all others."""
        if votes.sources == self.sources:
            codes = votes.source * self.labels
        else:
            place = {name: position for position, name in enumerate(self.sources)}
            own = [place.get(name, len(place)) for name in votes.sources]
            codes = np.array(own, dtype=np.int64)[votes.source] * self.labels
        codes += votes.label
        return codes


def _distinct(codes: Ints, cells: int) -> Ints:
    """Return the distinct codes, ascending."""
    if cells <= max(4 * len(codes), 1_000_000):
        seen = np.zeros(cells, dtype=bool)
        seen[codes] = True
        return np.flatnonzero(seen).astype(np.int64)
    return np.unique(codes)
