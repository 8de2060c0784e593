"""The label columns of an export: what one source says of one task, record by record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb import io
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.core.span import Span
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.io.convert import dump
from refinery_nb.io.names import HEURISTIC, NONE
from refinery_nb.project.records import cards

if TYPE_CHECKING:
    from refinery_nb.project.project import Project


class LabelCells:
    """The columns of one task and source.

    Parameters
    ----------
    name
        Of the heuristic, where the source is one.
    gold
        What people say, where they are the source: a record may be reviewed and have no label.
    tags
        Whether spans stand as tags of tokens too, and as JSON; else as spans.
    """

    def __init__(
        self,
        project: Project,
        task: TaskSchema,
        source: str,
        name: str | None,
        votes: Votes,
        gold: Gold | None,
        *,
        tags: bool,
    ) -> None:
        self._tags = tags
        self._project = project
        self._task = task
        self._votes = votes
        sure = gold is None
        self._reviewed = set() if gold is None else set(gold.reviewed.tolist())
        self._names = {label.id: label.name for label in task.labels}
        lists = task.is_spans or task.is_multi
        text = AttributeType.JSON if lists else AttributeType.CATEGORY
        whats: list[tuple[Any, AttributeType]] = []
        if tags or not task.is_spans:
            whats.append(("label", text))
        if task.is_spans:
            whats.append(("spans", AttributeType.JSON))
        # Most rules are always sure: their columns stay as refinery writes them.
        if sure and (source != HEURISTIC or bool((votes.confidence < 1).any())):
            kind = AttributeType.JSON if lists else AttributeType.FLOAT
            whats.append(("confidence", kind))
        self._confident = whats[-1][0] == "confidence"
        self.columns = [
            io.Column(io.column_name(io.LabelColumn(task.on, task.name, source, name, what)), kind)
            for what, kind in whats
        ]

    def cells(self, ids: Sequence[int]) -> list[Sequence[Any]]:
        """Return each column of some records."""
        votes = self._votes
        first = votes.record.searchsorted(ids)
        counts = votes.record.searchsorted(ids, side="right") - first
        ends = np.cumsum(counts)
        places = np.repeat(first - (ends - counts), counts) + np.arange(int(counts.sum()))
        names = self._names
        labels = [names.get(label) for label in votes.label[places].tolist()]
        sure = votes.confidence[places].tolist() if self._confident else []
        sure = [round(one, 6) or one for one in sure]
        # From where to where each record stands in the lists.
        bounds = list(zip((ends - counts).tolist(), ends.tolist(), strict=True))
        if not self._task.is_spans and not self._task.is_multi:
            found: list[Sequence[Any]] = [
                [
                    labels[at] if at < end else NONE if record in self._reviewed else None
                    for record, (at, end) in zip(ids, bounds, strict=True)
                ]
            ]
            if self._confident:
                found.append([sure[at] if at < end else None for at, end in bounds])
            return found
        said: list[Any] = labels
        if votes.start is not None and votes.end is not None:
            starts, stops = votes.start[places].tolist(), votes.end[places].tolist()
            said = list(map(Span, starts, stops, map(str, labels)))
        # None: nobody has looked at it; an empty list: nothing applies.
        lists = [
            [one for one in said[at:end] if one is not None]
            if at < end or record in self._reviewed
            else None
            for record, (at, end) in zip(ids, bounds, strict=True)
        ]
        confidences = [sure[at:end] if at < end else None for at, end in bounds]
        if not self._tags:
            # Formats of other tools write them in their own way.
            return [lists, confidences] if self._confident else [lists]
        found = [self._tagged(ids, lists)] if self._task.is_spans else []
        found += [[None if one is None else dump(one) for one in lists]]
        if self._confident:
            found += [[None if one is None else dump(one) for one in confidences]]
        return found

    def _tagged(self, ids: Sequence[int], spans: Sequence[list[Span] | None]) -> list[str | None]:
        tokens = cards.token_offsets(self._project, self._task, ids)
        return [
            None if own is None else dump(io.bio_tags(tokens[record].tolist(), own)[0])
            for record, own in zip(ids, spans, strict=True)
        ]
