"""What one SimilarEditor works on: a rule being made, and the neighbours of its examples."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from refinery_nb.core.errors import HeuristicError, QueryError, RefineryError
from refinery_nb.core.query import GivenField, Keys, Selection
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.heuristics.similar import THRESHOLD, Similar
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.project.task import Task
from refinery_nb.project.vectors.neighbours import Neighbours
from refinery_nb.project.vectors.search import newest
from refinery_nb.project.vectors.similar import bound, closest
from refinery_nb.project.view import View
from refinery_nb.store import records

STARTED = 3  # labelled records that are taken as the first examples
BELOW = 200  # records under the cut that are opened in a Labeler

Push = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Draft:
    """The rule as it is being made; it may lack what a rule must have.

    Attributes
    ----------
    name
        None: it follows the label.
    chosen
        Whether a person has chosen the threshold.
    """

    label: str
    name: str | None = None
    examples: tuple[dict[str, Any], ...] = ()
    threshold: float = THRESHOLD
    chosen: bool = False
    on: str | None = None
    embedding: str | None = None

    def rule(self) -> Similar:
        """Return it as a heuristic.

        Raises
        ------
        HeuristicError
            If it has no label or no example yet.
        """
        if not self.label:
            raise HeuristicError("the task has no label.", hint="Call task.add_labels([...]).")
        if not self.examples:
            raise HeuristicError("there is no example yet.", hint="Add a text that is typical.")
        return Similar(
            self.label,
            self.examples,
            self.name,
            threshold=self.threshold,
            on=self.on,
            embedding=self.embedding,
        )


class SimilarSession:
    """The kernel's side of one SimilarEditor.

    Comparing takes its time and is done on threads of its own, one at a time; labels and rows are
    answered meanwhile from what was compared last.
    """

    def __init__(self, task: Task, rule: Similar | str | None, push: Push, actor: str | None):
        self.task = task
        self.project = task.project
        self.push = push
        self.actor = actor
        self.revision = 0
        self.neighbours: Neighbours | None = None
        self.gold: Gold | None = None
        self._comparing = threading.Lock()
        self._judging = threading.Lock()
        self._compared: object = None
        self._changes = 0
        self._label = 0
        labels = task.labels
        if isinstance(rule, str):
            row = rules.row(task, rule)
            if row.spec["kind"] != Similar.kind:
                raise HeuristicError(f"{rule!r} is a {row.spec['kind']} heuristic, no Similar.")
            rule = Similar.from_spec(row.spec)
        if rule is None:
            self.draft = Draft(labels[0] if labels else "")
        elif isinstance(rule, Similar):
            task.schema.label(rule.label)
            own = None if rule.name == f"similar:{rule.label}" else rule.name
            self.draft = Draft(
                rule.label, own, rule.examples, rule.threshold, True, rule.on, rule.embedding
            )
        else:
            raise HeuristicError(f"{rule!r} is no Similar.")
        self.follow()
        self._look_up()

    def follow(self) -> None:
        """Follow the label when it gets another name, and take the first where there is none."""
        labels = self.task.schema.labels
        known = {one.id: one.name for one in labels}
        if self.draft.label not in known.values() and labels:
            self.change(label=known.get(self._label, labels[0].name))
        self._label = next((one.id for one in labels if one.name == self.draft.label), 0)

    def embeddings(self) -> list[str]:
        """Return the names of the embeddings that can compare what the task labels."""
        schema = self.task.schema
        on = self.draft.on if self.draft.on is not None else schema.on
        found = newest(self.project, on, ("token",) if schema.is_spans else ("record",))
        return [row.name for row in found]

    def stale(self) -> None:
        """Forget what was compared: records or vectors have changed."""
        self._changes += 1

    def change(self, **changes: Any) -> None:
        """Change the rule."""
        self.draft = replace(self.draft, **changes)

    def compare(self) -> Neighbours:
        """Return the neighbours of the examples, compared again if anything has changed.

        Raises
        ------
        RefineryError
            If they cannot be compared: without an example, an embedding, or its model.
        """
        with self._comparing:
            draft = self.draft
            basis = (self._changes, repr(draft.examples), draft.on, draft.embedding)
            if self.neighbours is None or basis != self._compared:
                rule = bound(self.task, draft.rule())
                found = closest(self.task, rule)
                if self.draft.examples == draft.examples:  # with their texts
                    self.draft = replace(self.draft, examples=rule.examples)
                if self.draft.embedding == draft.embedding:
                    self.draft = replace(self.draft, embedding=rule.embedding)
                # Looking up is no change: the next time nothing is new.
                self._compared = (basis[0], repr(rule.examples), draft.on, rule.embedding)
                with self._judging:
                    self.revision += 1
                    self.gold = frames.gold_columns(self.task)[0]
                    self.neighbours = Neighbours(self.task, rule, found, self.gold)
            return self.judge()

    def judge(self) -> Neighbours:
        """Return the same neighbours with the labels as they are now."""
        with self._judging:
            known = self.neighbours
            if known is None:
                raise QueryError("nothing has been compared yet.")
            self.gold = frames.gold_columns(self.task)[0]
            rule = known.rule
            if rule.label != self.draft.label:
                rule = Similar.from_spec(rule.spec() | {"label": self.draft.label})
            self.neighbours = Neighbours(self.task, rule, known.found, self.gold)
            return self.neighbours

    def add(self, example: dict[str, Any]) -> None:
        """Add an example, unless it is there already."""
        if _known_by(example) not in map(_known_by, self.draft.examples):
            self.change(examples=(*self.draft.examples, example))
            self._look_up()

    def add_neighbour(self, rank: int, revision: int) -> None:
        """Add a neighbour as an example: a record, or a span of it.

        Raises
        ------
        QueryError
            If the neighbours are others by now.
        """
        known = self.neighbours
        if known is None or revision != self.revision or rank >= len(known):
            raise QueryError("the neighbours are others by now.", hint="Look again.")
        found = known.found
        with self.project.database.read() as connection:
            keys = records.keys_of_ids(connection, [int(found.record[rank])])
        if not keys:
            raise QueryError("this record is gone.")
        example: dict[str, Any] = {"said": next(iter(keys.values()))}
        if found.start is not None and found.end is not None:
            example |= {"start": int(found.start[rank]), "end": int(found.end[rank])}
        self.add(example)

    def remove(self, at: int) -> None:
        """Remove an example by its place.

        Raises
        ------
        QueryError
            If there is none.
        """
        if at >= len(self.draft.examples):
            raise QueryError(f"there is no example {at}.")
        kept = [one for place, one in enumerate(self.draft.examples) if place != at]
        self.change(examples=tuple(kept))

    def labelled(self, gold: Gold | None = None) -> Votes:
        """Return the valid labels that are the one of the rule."""
        votes = (gold or frames.gold_columns(self.task)[0]).votes
        known = [one.id for one in self.task.schema.labels if one.name == self.draft.label]
        return votes.take(np.isin(votes.label, known))

    def start(self) -> int:
        """Take a few of those that have the label as examples; return how many."""
        own = self.labelled()
        spread = np.unique(np.linspace(0, len(own) - 1, min(STARTED, len(own))).astype(int))
        own = own.take(spread)
        with self.project.database.read() as connection:
            keys = records.keys_of_ids(connection, own.record.tolist())
        for at, record in enumerate(own.record.tolist()):
            example: dict[str, Any] = {"said": keys[record]}
            if own.start is not None and own.end is not None:
                example |= {"start": int(own.start[at]), "end": int(own.end[at])}
            self.add(example)
        return len(own)

    def _look_up(self) -> None:
        """Give the examples their texts; what is wrong with one is said when they are compared."""
        with suppress(RefineryError):
            rule = bound(self.task, self.draft.rule())
            self.change(examples=rule.examples, embedding=rule.embedding)

    @property
    def name(self) -> str:
        """What the rule is called, or will be."""
        return self.draft.name or f"similar:{self.draft.label}"

    def standing(self) -> tuple[str, str]:
        """Say how the rule stands to the task, and of which kind the heuristic of its name is.

        ``new``: there is none of its name; ``saved``: it is in the task and has run as it is;
        ``changed``: one of its name is another Similar, or has not run; ``taken``: a heuristic of
        another kind has the name.
        """
        row = next((row for row in rules.rows(self.task) if row.name == self.name), None)
        if row is None:
            return "new", ""
        kind = str(row.spec["kind"])
        if kind != Similar.kind:
            return "taken", kind
        whole = bool(self.draft.examples and self.draft.label) and row.state == "finished"
        return "saved" if whole and _same(row.spec, self.draft.rule().spec()) else "changed", kind

    def save(self) -> dict[str, Any]:
        """Put the rule into the task and run it; return what the run says.

        Raises
        ------
        HeuristicError
            If its name is that of a heuristic of another kind, or it cannot be compared.
        """
        rule = self.draft.rule()
        standing, kind = self.standing()
        if standing == "taken":
            raise HeuristicError(
                f"{rule.name!r} is a heuristic of this task of the kind {kind}.",
                hint="Give this one another name.",
            )
        self.task.add(rule)
        told = self.task.run(rule.name, progress=False).iloc[0]
        return {
            "name": rule.name,
            "state": str(told["state"]),
            "votes": int(told["votes"]),
            "message": str(told["message"]),
        }

    def below(self) -> View:
        """Return the records next below the cut that nobody has judged, nearest first.

        Raises
        ------
        QueryError
            If there is none.
        """
        found = self.compare()
        at = found.at(self.draft.threshold).hits
        open_ = ~found.checked[at:] & (found.found.similarity[at:] > 0)
        ids, scores = found.found.record[at:][open_], found.found.similarity[at:][open_]
        _, first = np.unique(ids, return_index=True)
        first = np.sort(first)[:BELOW]
        if not len(first):
            raise QueryError("below the threshold there is nothing left to label.")
        with self.project.database.read() as connection:
            known = records.keys_of_ids(connection, ids[first].tolist())
        rows = [(known[int(ids[row])], float(scores[row])) for row in first if ids[row] in known]
        keys = tuple(key for key, _ in rows)
        order = GivenField("similarity", keys, tuple(score for _, score in rows))
        return View(self.project, Selection(Keys(keys), ((order, True),)))

    def label(self, record: int, place: tuple[int, int] | None, label: str | None) -> bool:
        """Label a neighbour; return whether what is said of it now counts.

        Parameters
        ----------
        place
            Where a span lies.
        label
            A name (one of several is switched on or off), ``""`` for "none of them", or None to
            take the label away.

        Raises
        ------
        LabelError
            If the record is gone.
        QueryError
            If a span lies in a record that nobody has reviewed: its other spans would count as
            none.
        """
        keys = frames.keys(self.project, [record])
        if record not in keys:
            raise QueryError("this record is gone.")
        value: Any = {"none": True} if label == "" else label
        if place is not None:
            value = self._spans(record, place, label)
        elif label and self.task.schema.is_multi:
            value = self._switched(record, label)
        self.task.label(keys[record], value, by=self.actor)
        self.judge()
        gold = self.gold
        return value is None or (gold is not None and bool(np.isin(record, gold.reviewed)))

    def _switched(self, record: int, label: str) -> list[str]:
        """Return the labels of a record with one of them switched on, or off."""
        schema, votes = self.task.schema, frames.gold_columns(self.task)[0].votes
        names = [schema.label_name(one) for one in votes.label[votes.record == record].tolist()]
        return [one for one in names if one != label] if label in names else [*names, label]

    def _spans(
        self, record: int, place: tuple[int, int], label: str | None
    ) -> list[tuple[int, int, str]]:
        gold = frames.gold_columns(self.task)[0]
        if not np.isin(record, gold.reviewed):
            raise QueryError(
                "this record has not been reviewed: with one span, all others in it would count "
                "as none.",
                hint="Open it in the Labeler (Enter) and mark all its spans.",
            )
        votes = gold.votes.of_records(np.array([record]))
        assert votes.start is not None
        assert votes.end is not None
        spans = [
            (start, end, self.task.schema.label_name(one))
            for start, end, one in zip(
                votes.start.tolist(), votes.end.tolist(), votes.label.tolist(), strict=True
            )
            if (start, end) != place
        ]
        return sorted([*spans, (*place, label)] if label else spans)


def _known_by(example: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells an example from others, looked up or not."""
    what = example.get("key", example.get("said", example.get("text")))
    return (repr(what if what is not None else example), example.get("start"), example.get("end"))


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Say whether two specs are the same rule, whatever generation of vectors they were for."""
    return {**one, "generation": 0} == {**other, "generation": 0}
