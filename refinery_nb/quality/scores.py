"""How well one source finds what another says is true: precision, recall and F1, by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, Votes

Shares = NDArray[np.float64]


class Score(NamedTuple):
    """Precision, recall and F1; NaN of nothing."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What one source found of what another gave, counted by label.

    Attributes
    ----------
    right, said, given
        How often each label was found rightly, was said at all, and was to be found, shape
        (labels,).
    records
        How many records count.
    exact
        On how many of them both sources say exactly the same.
    jaccard
        The mean over these records of the share of what either says that both say (Godbole and
        Sarawagi, 2004); 1 where neither says anything. NaN of no record.
    """

    right: Ints
    said: Ints
    given: Ints
    records: int
    exact: int
    jaccard: float

    @property
    def precision(self) -> Shares:
        """Of what was said, the share that is right; NaN where nothing was, shape (labels,)."""
        return _share(self.right, self.said)

    @property
    def recall(self) -> Shares:
        """Of what was to be found, the share that was; NaN where nothing was, shape (labels,)."""
        return _share(self.right, self.given)

    @property
    def f1(self) -> Shares:
        """The harmonic mean of both; NaN of a label that neither source gives, shape (labels,)."""
        return _share(2 * self.right, self.said + self.given)

    @property
    def micro(self) -> Score:
        """All labels counted together: frequent ones weigh more."""
        right, said, given = (int(one.sum()) for one in (self.right, self.said, self.given))
        parts = ((right, said), (right, given), (2 * right, said + given))
        return Score(*(a / b if b else float("nan") for a, b in parts))

    @property
    def macro(self) -> Score:
        """The mean over the labels that either source gives; what is undefined of one counts 0."""
        some = self.said + self.given > 0
        if not some.any():
            return Score(*[float("nan")] * 3)
        parts = (self.precision, self.recall, self.f1)
        return Score(*(float(np.nan_to_num(one[some]).mean()) for one in parts))

    @property
    def exact_match(self) -> float:
        """The share of the records on which both say exactly the same; NaN of none."""
        return self.exact / self.records if self.records else float("nan")


def hits(judged: Ints, said: Votes, truth: Votes, labels: Sequence[int]) -> Hits:
    """Count what a source found of what is true, one entry a label or span of a record.

    Parameters
    ----------
    judged
        The records that count; what is said of others, or of other labels, is left out.

    >>> both = hits(np.array([1, 2]), Votes.of([1, 1], [7, 8]), Votes.of([1, 2], [7, 8]), [7, 8])
    >>> both.precision.tolist(), both.recall.tolist(), both.jaccard
    ([1.0, 0.0], [1.0, 0.0], 0.25)
    """
    records = np.unique(np.asarray(judged, dtype=np.int64))
    sides = [_entries(records, votes, labels) for votes in (said, truth)]
    every, times = np.unique(np.concatenate(sides), axis=0, return_counts=True)
    size = len(labels)
    both = every[times == 2]
    right, found, given = (
        np.bincount(one[:, 1], minlength=size).astype(np.int64) for one in (both, *sides)
    )
    either, shared = (np.bincount(one[:, 0], minlength=len(records)) for one in (every, both))
    alike = np.where(either > 0, shared / np.maximum(either, 1), 1.0)
    mean = float(alike.mean()) if len(records) else float("nan")
    return Hits(right, found, given, len(records), int((either == shared).sum()), mean)


def _entries(records: Ints, votes: Votes, labels: Sequence[int]) -> Ints:
    """Return what is said, each thing once: row, position of the label, start, end."""
    known = np.asarray(labels, dtype=np.int64)
    order = np.argsort(known, kind="stable")
    row = np.searchsorted(records, votes.record)
    at = np.searchsorted(known[order], votes.label)
    kept = (row < len(records)) & (at < len(known))
    kept[kept] &= records[row[kept]] == votes.record[kept]
    kept[kept] &= known[order][at[kept]] == votes.label[kept]
    none = np.zeros(int(kept.sum()), np.int64)
    columns = [row[kept], order[at[kept]]]
    columns += [none if one is None else one[kept] for one in (votes.start, votes.end)]
    found: Ints = np.unique(np.stack(columns, axis=1).astype(np.int64), axis=0)
    return found


def _share(part: Ints, whole: Ints) -> Shares:
    return np.asarray(part / np.where(whole > 0, whole, np.nan), dtype=np.float64)
