"""Suggested rules: what the labels that are there speak for, to be looked at and accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.html import block, code, joined, paragraph, percent, quiet, table, whisker
from refinery_nb.core.query import AttributeField, Compare, Condition, Keys, Or
from refinery_nb.heuristics import Heuristic, Lookup, Regex
from refinery_nb.project.rules import rules
from refinery_nb.project.suggestions.evidence import (
    Evidence,
    class_evidence,
    span_evidence,
    texts_of,
)
from refinery_nb.project.view import View
from refinery_nb.store import records
from refinery_nb.suggest import Form, Proposal, propose, propose_spans
from refinery_nb.suggest.forms import KINDS

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task

Found = tuple[Proposal, Evidence, str]  # the name of its label last

LONGEST_NAME = 80
HEADS = [
    ("No.", "number"),
    ("Label", "name"),
    ("Rule", "text"),
    ("Precision, 90 % interval", "number"),
    ("Records", "number"),
    ("New", "number"),
    ("For", "number"),
    ("Against", "number"),
]


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """A rule that is proposed.

    Attributes
    ----------
    kind
        ``keyword``, ``ngram`` or ``pattern``.
    rule
        The term, or the regular expression; upper and lower case are the same.
    label
        The name of the label.
    precision, low, high
        The share of its votes that are expected to be right, with a 90 % interval.
    coverage
        How many records it reaches, of all.
    new
        How many of them (spans: how many of its spans) no heuristic reaches yet.
    """

    task: Task
    form: Form
    kind: str
    rule: str
    label: str
    precision: float
    low: float
    high: float
    coverage: int
    new: int
    attributes: tuple[str, ...]
    _supports: NDArray[np.int64]
    _contradicts: NDArray[np.int64]

    @property
    def hits(self) -> View:
        """The records that it reaches."""
        asked: list[Condition] = [
            Compare(AttributeField(name), "matches", f"(?i){self.form.pattern}", True)
            for name in self.attributes
        ]
        return self.task.project.where(asked[0] if len(asked) == 1 else Or(tuple(asked)))

    @property
    def supports(self) -> View:
        """The manually labelled records on which it would be right."""
        return _view(self.task, self._supports)

    @property
    def contradicts(self) -> View:
        """The manually labelled records on which it would be wrong."""
        return _view(self.task, self._contradicts)

    def heuristic(self, name: str | None = None) -> Heuristic:
        """Return it as a ``Lookup`` or ``Regex``, not added yet."""
        name = self._name() if name is None else name
        if self.form.kind == "pattern":
            group = self.form.group
            return Regex(self.label, self.rule, name, case=False, group=group)
        return Lookup(self.label, [self.rule], name)

    def accept(self, name: str | None = None) -> Heuristic:
        """Add it to the task as a heuristic; ``task.run()`` computes its votes."""
        found = self.heuristic(name)
        rules.add(self.task, found)
        return found

    def _name(self) -> str:
        shown = "".join(char for char in " ".join(self.rule.split()) if char.isprintable())
        plain = f"{self.kind}:{shown}"[:LONGEST_NAME]
        known = {row.name: row.spec for row in rules.rows(self.task)}
        name, number = plain, 1
        while name in known and known[name].get("label") != self.label:
            number += 1
            name = f"{plain} ({number})"
        return name

    def __repr__(self) -> str:
        return (
            f"{self.label}: {self.kind} {self.rule!r}, precision {self.precision:.2f} "
            f"({self.low:.2f} to {self.high:.2f}), {self.coverage:,} records, {self.new:,} new, "
            f"{len(self._supports)} for it, {len(self._contradicts)} against"
        )


class Suggestions(Sequence[Suggestion]):
    """Proposed rules, best first; each is judged beside those before it."""

    def __init__(self, task: Task, items: Sequence[Suggestion], total: int) -> None:
        self.task = task
        self._items = tuple(items)
        self._total = total

    def accept(self, *positions: int) -> list[Heuristic]:
        """Add those at these positions to the task, or all; ``task.run()`` computes their votes."""
        chosen = [self._items[at] for at in positions] if positions else self._items
        return [one.accept() for one in chosen]

    def frame(self) -> pd.DataFrame:
        """Return them as a table: what each looks for, and what speaks for and against it."""
        import pandas as pd

        return pd.DataFrame(
            [
                (
                    one.label,
                    one.kind,
                    one.rule,
                    one.precision,
                    one.low,
                    one.high,
                    one.coverage,
                    one.new,
                    len(one._supports),
                    len(one._contradicts),
                )
                for one in self._items
            ],
            columns=[
                *("label", "kind", "rule", "precision", "low", "high", "coverage", "new"),
                *("supports", "contradicts"),
            ],
        )

    @overload
    def __getitem__(self, at: int) -> Suggestion: ...
    @overload
    def __getitem__(self, at: slice) -> Suggestions: ...
    def __getitem__(self, at: int | slice) -> Suggestion | Suggestions:
        if isinstance(at, slice):
            return Suggestions(self.task, self._items[at], self._total)
        return self._items[at]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Suggestion]:
        return iter(self._items)

    def __repr__(self) -> str:
        if not self._items:
            return "No rule is suggested: label more records, or lower min_precision."
        return "\n".join(f"{at}  {one!r}" for at, one in enumerate(self._items))

    def _repr_html_(self) -> str:
        if not self._items:
            return block(paragraph(repr(self)))
        rows = [_row(at, one, self._total) for at, one in enumerate(self._items)]
        hint = paragraph(
            quiet("Look at "),
            code("suggestions[0].hits"),
            quiet(" or "),
            code(".contradicts"),
            quiet("; take some with "),
            code("suggestions.accept(0, 2)"),
            quiet(", then "),
            code("task.run()"),
            quiet("."),
        )
        return block(table(HEADS, rows), hint)


def suggest(
    task: Task,
    n: int = 20,
    *,
    kinds: Collection[str] = ("keyword", "ngram", "pattern"),
    view: View | None = None,
    min_precision: float = 0.7,
    seed: int = 0,
) -> Suggestions:
    """Propose rules from the manual labels, and from weak labels where manual ones are few.

    Parameters
    ----------
    n
        At most so many.
    kinds
        Of ``keyword`` (a word), ``ngram`` (two or three words), ``pattern`` (beginnings of the
        text, of words, plurals, numbers; for spans also the words beside them).
    view
        Where new votes are wanted; None: everywhere. Labels are learnt from wherever they are.
    min_precision
        The least estimate.
    seed
        Of the samples that are taken where there is much.

    Raises
    ------
    QueryError
        If an option makes no sense, or there is nothing to learn from.
    """
    chosen = _kinds(kinds)
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise QueryError(f"{n!r} is not a number of suggestions.")
    if not 0 < min_precision < 1:
        raise QueryError(f"min_precision is {min_precision!r}; it lies between 0 and 1.")
    if view is not None and view.project is not task.project:
        raise QueryError("the view is of another project.")
    texts = texts_of(task)
    wanted = None if view is None else view.ids()
    schema = task.schema
    if schema.is_spans:
        known = span_evidence(task, texts, wanted, seed=seed)
        found = propose_spans(
            texts.texts,
            known.positions,
            known.spans,
            known.weights[:, 0],
            n=int(n),
            kinds=chosen,
            min_precision=min_precision,
            covered=known.marked,
        )
        proposed = [(one, known, schema.labels[one.label].name) for one in found]
    else:
        # Where a record may have several labels, rules are learnt for each by itself, from what
        # people said.
        asked = list(schema.labels) if schema.is_multi else [None]
        rounds: list[list[Found]] = []
        for label in asked:
            known = class_evidence(task, texts, wanted, seed=seed, asked=label)
            found = propose(
                texts.texts,
                texts.position,
                known.positions,
                known.weights,
                n=int(n),
                kinds=chosen,
                min_precision=min_precision,
                covered=known.covered,
                labels=len(schema.labels) if label is None else 1,
                seed=seed,
            )
            names = [one.name for one in (schema.labels if label is None else [label])]
            rounds.append([(one, known, names[one.label]) for one in found])
        proposed = _in_turn(rounds)[: int(n)]
    items = [_suggestion(task, *one, texts.attributes) for one in proposed]
    return Suggestions(task, items, len(texts.records))


def _in_turn(rounds: Sequence[Sequence[Found]]) -> list[Found]:
    """Return the first of each label, those that give most new right votes before; then others."""
    found: list[Found] = []
    for at in range(max(map(len, rounds), default=0)):
        turn = [one[at] for one in rounds if at < len(one)]
        found += sorted(turn, key=lambda one: -one[0].precision * one[0].new)
    return found


def _suggestion(
    task: Task, one: Proposal, known: Evidence, label: str, attributes: tuple[str, ...]
) -> Suggestion:
    right, wrong = known.judged(one)
    return Suggestion(
        task,
        one.form,
        one.form.kind,
        one.form.text,
        label,
        one.precision,
        one.low,
        one.high,
        len(one.hits),
        one.new,
        attributes,
        right,
        wrong,
    )


def _kinds(kinds: Collection[str]) -> tuple[str, ...]:
    chosen = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    unknown = [kind for kind in chosen if kind not in KINDS]
    if unknown or not chosen:
        raise QueryError(f"{kinds!r} are no kinds of rules.", hint=f"Known: {', '.join(KINDS)}.")
    return chosen


def _view(task: Task, ids: NDArray[np.int64]) -> View:
    with task.project.database.read() as connection:
        keys = records.keys_of_ids(connection, ids.tolist())
    return task.project.where(Keys(tuple(keys.values())))


def _row(at: int, one: Suggestion, total: int) -> list[object]:
    share = one.coverage / max(1, total)
    return [
        at,
        one.label,
        joined(quiet(one.kind), " ", code(one.rule)),
        joined(f"{one.precision:.2f}", whisker(one.precision, one.low, one.high)),
        joined(f"{one.coverage:,} ", quiet(percent(share))),
        f"{one.new:,}",
        len(one._supports),
        len(one._contradicts),
    ]
