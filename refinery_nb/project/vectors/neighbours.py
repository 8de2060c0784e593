"""What lies near the examples of a Similar: sorted, with how right each threshold would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import HeuristicError, QueryError
from refinery_nb.core.votes import Gold
from refinery_nb.heuristics.similar import Similar
from refinery_nb.learn.calibration import cut
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.project.vectors.similar import Closest, bound, closest
from refinery_nb.quality.interval import wilson

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task

STEP = 0.01
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Cut:
    """What one threshold gives.

    Attributes
    ----------
    threshold
        The least similarity.
    hits
        How many records (spans: runs of tokens) get a vote.
    checked, right
        How many of them lie in records that people have judged, and how many of these are right.
    precision, low, high
        ``right / checked`` with its 95 % interval (Wilson, 1927); NaN where nothing was checked.
    """

    threshold: float
    hits: int
    checked: int
    right: int
    precision: float
    low: float
    high: float


class Neighbours:
    """The neighbours of a rule's examples, most similar first, as they are now.

    Attributes
    ----------
    rule
        With its examples looked up.
    found
        Records (for spans: runs of tokens that do not overlap), by falling similarity.
    checked, right
        Whether people have judged the record, and whether the label of the rule is valid there,
        shape (n,).
    """

    def __init__(self, task: Task, rule: Similar, found: Closest, gold: Gold) -> None:
        self.task = task
        self.rule = rule
        starts = np.zeros(len(found.record)) if found.start is None else found.start
        self.found = found.take(np.lexsort((starts, found.record, -found.similarity)))
        self._gold = gold
        label = task.schema.label(rule.label).id
        self.checked = np.isin(self.found.record, gold.reviewed)
        self.right = self.checked & _valid(self.found, gold, label)
        self._rising = -self.found.similarity
        self._checked = np.concatenate([[0], np.cumsum(self.checked)])
        self._right = np.concatenate([[0], np.cumsum(self.right)])

    def __len__(self) -> int:
        return len(self.found.record)

    def at(self, threshold: float) -> Cut:
        """Return what a threshold gives."""
        hits, checked, right, precision, low, high = (
            column[0] for column in self._counted(np.array([threshold], np.float64))
        )
        shares = (float(precision), float(low), float(high))
        return Cut(float(threshold), int(hits), int(checked), int(right), *shares)

    def curve(self, step: float = STEP) -> pd.DataFrame:
        """Return ``threshold, hits, checked, right, precision, low, high`` from 1 down to 0."""
        import pandas as pd

        if not 0 < step <= 1:
            raise QueryError(f"step={step!r} does not lie in (0, 1].")
        thresholds = np.round(1 - step * np.arange(int(1 / step + 1e-9) + 1), 9)
        names = ["hits", "checked", "right", "precision", "low", "high"]
        columns = dict(zip(names, self._counted(thresholds), strict=True))
        return pd.DataFrame({"threshold": thresholds, **columns})

    def threshold(self, precision: float) -> float:
        """Return the lowest similarity from which on checked neighbours reach a precision.

        Infinity where none does, or nothing was checked.
        """
        if not 0 < precision <= 1:
            raise QueryError(f"{precision!r} is no precision; it lies above 0 and up to 1.")
        known = self.checked
        return cut(self.found.similarity[known], self.right[known], precision)[0]

    def examples(self, threshold: float, n: int = SHOWN) -> pd.DataFrame:
        """Return the neighbours next to a threshold: ``n`` that it lets in, and ``n`` that not."""
        at = self._hits(np.array([threshold]))[0]
        return self.frame(max(0, at - n), at + n)

    def frame(self, first: int = 0, last: int | None = None) -> pd.DataFrame:
        """Return neighbours by falling similarity.

        Returns
        -------
        DataFrame
            ``key, similarity, text, example, gold, right``; for spans ``start`` and ``end`` too.
            ``text`` is the text that was compared, ``example`` that of the nearest example,
            ``gold`` the valid manual labels (None: not judged), ``right`` None where not judged.
        """
        import pandas as pd

        part = self.found.take(np.arange(len(self))[first:last])
        known = frames.keys(self.task.project, part.record.tolist())
        keep = np.array([record in known for record in part.record.tolist()], np.bool_)
        part, at = part.take(keep), np.arange(len(self))[first:last][keep]
        columns: dict[str, Any] = {
            "key": [known[record] for record in part.record.tolist()],
            "similarity": part.similarity,
        }
        if part.start is not None and part.end is not None:
            columns |= {"start": part.start, "end": part.end}
        columns["text"] = self._texts(part)
        texts = [str(one.get("text", "a vector")) for one in self.rule.examples]
        columns["example"] = [texts[one] for one in part.example.tolist()]
        columns["gold"] = self._said(part)
        columns["right"] = [
            bool(self.right[one]) if self.checked[one] else None for one in at.tolist()
        ]
        made = pd.DataFrame(columns)
        return made.astype({"gold": object, "right": object}).where(made.notna(), None)

    def __repr__(self) -> str:
        now = self.at(self.rule.threshold)
        share = "not known" if not now.checked else f"{now.precision:.0%}"
        between = "" if not now.checked else f" ({now.low:.0%} to {now.high:.0%})"
        return (
            f"{len(self):,} neighbours of {self.rule!r}: {now.hits:,} at its threshold, precision "
            f"{share}{between} on {now.checked:,} that were judged"
        )

    def _hits(self, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.searchsorted(self._rising, -thresholds, side="right").astype(np.int64)

    def _counted(self, thresholds: NDArray[np.float64]) -> tuple[NDArray[Any], ...]:
        hits = self._hits(thresholds)
        checked, right = self._checked[hits], self._right[hits]
        low, high = wilson(right, checked)
        return hits, checked, right, right / np.where(checked > 0, checked, np.nan), low, high

    def _texts(self, part: Closest) -> list[str]:
        project = self.task.project
        assert self.rule.embedding is not None
        on = project.embeddings.row(self.rule.embedding).attribute
        ids = np.unique(part.record)
        texts = dict(zip(ids.tolist(), frames.records(project, ids)[on].tolist(), strict=True))
        whole = [str(texts.get(record) or "") for record in part.record.tolist()]
        if part.start is None or part.end is None:
            return whole
        places = zip(whole, part.start.tolist(), part.end.tolist(), strict=True)
        return [text[start:end] for text, start, end in places]

    def _said(self, part: Closest) -> list[str | None]:
        schema, reviewed = self.task.schema, set(self._gold.reviewed.tolist())
        votes = self._gold.votes.of_records(part.record)
        names: dict[int, dict[str, None]] = {}
        for record, label in zip(votes.record.tolist(), votes.label.tolist(), strict=True):
            names.setdefault(record, {})[schema.label_name(label)] = None
        return [
            ", ".join(names.get(record, {})) if record in reviewed else None
            for record in part.record.tolist()
        ]


def neighbours(task: Task, rule: Similar | str) -> Neighbours:
    """Compare all records with the examples of a rule, whether it was added or not.

    Parameters
    ----------
    rule
        A ``Similar``, or the name of one of the task's.

    Raises
    ------
    HeuristicError
        If it is no ``Similar``, or cannot be compared here.
    """
    if isinstance(rule, str):
        row = rules.row(task, rule)
        if row.spec["kind"] != Similar.kind:
            raise HeuristicError(f"{rule!r} is a {row.spec['kind']} heuristic, no Similar.")
        rule = Similar.from_spec(row.spec)
    if not isinstance(rule, Similar):
        raise HeuristicError(f"{rule!r} is no Similar.")
    rule = bound(task, rule)
    return Neighbours(task, rule, closest(task, rule), frames.gold_columns(task)[0])


def _valid(found: Closest, gold: Gold, label: int) -> NDArray[np.bool_]:
    """Return where a label is valid; for spans, to the character."""
    votes = gold.votes.take(gold.votes.label == label)
    if found.start is None or found.end is None or votes.start is None or votes.end is None:
        return np.isin(found.record, votes.record)
    spans = set(zip(votes.record.tolist(), votes.start.tolist(), votes.end.tolist(), strict=True))
    asked = zip(found.record.tolist(), found.start.tolist(), found.end.tolist(), strict=True)
    return np.fromiter((one in spans for one in asked), np.bool_, len(found.record))
