"""The query tree: conditions on records, as plain values.

A condition is true or false for every record, never unknown: a comparison with a missing value
is false, and its negation true. ``store.views`` compiles the tree to SQL; the tests hold a plain
Python evaluation against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

from refinery_nb.core.errors import QueryError
from refinery_nb.core.example import Example
from refinery_nb.core.pattern import check

Comparison = Literal[
    "=", "!=", "<", "<=", ">", ">=", "in", "contains", "starts", "ends", "matches", "missing"
]

Judgement = Literal["right", "wrong", "missed", "against"]

Strategy = Literal[
    "mixed",
    "uncertain",
    "margin",
    "entropy",
    "disagreement",
    "diverse",
    "representative",
    "random",
]


class Composable:
    """What a condition may be combined with on its left, though it is none itself: a View."""

    __slots__ = ()


class Condition:
    """A predicate on records; combine with ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def __and__(self, other: Condition) -> Condition:
        if isinstance(other, Composable):
            return NotImplemented
        return And((*_parts(self, And), *_parts(_condition(other), And)))

    def __or__(self, other: Condition) -> Condition:
        if isinstance(other, Composable):
            return NotImplemented
        return Or((*_parts(self, Or), *_parts(_condition(other), Or)))

    def __invert__(self) -> Condition:
        return Not(self)

    def __bool__(self) -> bool:
        raise QueryError(
            "a condition has no truth value of its own.",
            hint="Combine conditions with & | ~ in parentheses, not with and, or, not.",
        )


def _condition(value: object) -> Condition:
    if not isinstance(value, Condition):
        raise QueryError(f"{value!r} is not a condition.")
    return value


def _parts(condition: Condition, kind: type[And] | type[Or]) -> tuple[Condition, ...]:
    # Flat: a thousand conditions joined in a loop stay one level deep.
    return condition.items if isinstance(condition, kind) else (condition,)


class Field:
    """Something that has one value per record, or none; comparing it gives a condition."""

    __slots__ = ()

    def __eq__(self, value: object) -> Condition:  # type: ignore[override]
        return Compare(self, "=", value) if value is not None else Compare(self, "missing", None)

    def __ne__(self, value: object) -> Condition:  # type: ignore[override]
        return Compare(self, "!=", value) if value is not None else ~Compare(self, "missing", None)

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, value: Any) -> Condition:
        return Compare(self, "<", value)

    def __le__(self, value: Any) -> Condition:
        return Compare(self, "<=", value)

    def __gt__(self, value: Any) -> Condition:
        return Compare(self, ">", value)

    def __ge__(self, value: Any) -> Condition:
        return Compare(self, ">=", value)

    def isin(self, values: Any) -> Condition:
        """Equal to one of these values."""
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise QueryError(f"{values!r} is not a list of values.", hint="Write isin([...]).")
        return Compare(self, "in", tuple(values))

    def between(self, low: Any, high: Any) -> Condition:
        """At least ``low`` and at most ``high``."""
        return And((Compare(self, ">=", low), Compare(self, "<=", high)))

    def contains(self, text: str, *, case: bool = False) -> Condition:
        """Holding this text; upper and lower case count as the same unless ``case``."""
        return Compare(self, "contains", text, case)

    def startswith(self, text: str, *, case: bool = False) -> Condition:
        """Beginning with this text."""
        return Compare(self, "starts", text, case)

    def endswith(self, text: str, *, case: bool = False) -> Condition:
        """Ending with this text."""
        return Compare(self, "ends", text, case)

    def matches(self, pattern: str) -> Condition:
        """Where ``re.search(pattern, value)`` finds something."""
        return Compare(self, "matches", check(pattern), True)

    @property
    def missing(self) -> Condition:
        """Without a value."""
        return Compare(self, "missing", None)


@dataclass(frozen=True, slots=True, eq=False)
class AttributeField(Field):
    """The value of an attribute, by name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class LengthField(Field):
    """The length in characters of a string attribute."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class WeakField(Field):
    """``label`` or ``confidence`` of a run of weak supervision (a version's id).

    For spans, the confidence of a record is that of its least certain span, and the label
    matches when any span carries it.
    """

    task: str
    run: int
    what: Literal["label", "confidence"]


@dataclass(frozen=True, slots=True, eq=False)
class RandomField(Field):
    """A pseudo-random number in [0, 1) per record id, the same for the same seed. For sorting."""

    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityField(Field):
    """The cosine similarity of a record's vector to what ``like`` and ``unlike`` say together.

    A record without a vector of its present text, or with the zero vector, has no similarity.
    """

    embedding: str
    like: tuple[Example, ...]
    unlike: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RelevanceField(Field):
    """The BM25 relevance of the words of a text to a record that has any of them."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class FusedField(Field):
    """The sum of 1 / (60 + rank) over the ranks of a record by several fields, highest first.

    Ranks count among the records of a selection (or all); those beyond ``depth`` do not count.
    """

    fields: tuple[Field, ...]
    depth: int
    among: Selection | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SliceField(Field):
    """The place of a record in a static slice, from 0; missing where it is not in it."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class QueueField(Field):
    """The place of an unlabelled record in what is to be labelled next, from 0. For sorting.

    It depends on which records are sorted, and on what is learnt from the labels that stand; see
    ``active.queue``. A labelled record has none.
    """

    task: str
    strategy: Strategy
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GivenField(Field):
    """A number per record that was computed once, such as an outlier score."""

    what: str
    keys: tuple[str, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.values):
            raise QueryError(f"{len(self.keys):,} keys have {len(self.values):,} values.")
        if not all(map(math.isfinite, self.values)):
            raise QueryError(f"a value of {self.what!r} is NaN or infinite.")

    def __repr__(self) -> str:
        # What it is known by: as long as the numbers are many, so is their plain form.
        digest = blake2b(repr((self.keys, self.values)).encode("utf-8", "surrogatepass"))
        return f"GivenField({self.what!r}, {len(self.keys)}, {digest.hexdigest()[:32]})"


@dataclass(frozen=True, slots=True)
class Compare(Condition):
    """A field compared with a value; ``case`` matters to the text operators only."""

    field: Field
    op: Comparison
    value: Any
    case: bool = False


@dataclass(frozen=True, slots=True)
class And(Condition):
    """All of these; of none: every record."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or(Condition):
    """Any of these; of none: no record."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """Where the condition is false."""

    item: Condition


@dataclass(frozen=True, slots=True)
class Labelled(Condition):
    """A person labelled the record: with this label, or (None) at all; by this actor, or anyone.

    ``none=True``: a person said "reviewed, none".
    """

    task: str
    label: str | None = None
    actor: str | None = None
    none: bool = False


@dataclass(frozen=True, slots=True)
class Marked(Condition):
    """A person flagged or skipped the record for this task."""

    task: str
    mark: Literal["flag", "skip"]


@dataclass(frozen=True, slots=True)
class Voted(Condition):
    """A heuristic (by name, or None: any) votes on the record: for this label, or any."""

    task: str
    heuristic: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Conflicting(Condition):
    """Heuristics vote for different labels (spans: for different labels on shared characters)."""

    task: str


@dataclass(frozen=True, slots=True)
class Judged(Condition):
    """How the votes of one heuristic stand to the valid manual labels, or to other heuristics.

    ``right``, ``wrong``: it gives a label that is valid, or one that is not, on a record that was
    reviewed (spans: a span that is valid to the character, or one that is not). ``missed``: a
    valid label is one of its labels, and it does not vote for it (spans: on no character of it).
    ``against``: it votes for another label than ``other``, or (None) than any that is switched on.
    """

    task: str
    heuristic: str
    what: Judgement
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Paired(Condition):
    """Two sources of labels say this: the records behind one cell of a confusion matrix.

    The sources are named as in ``project.sources``; a label None: no label, or outside of spans.
    ``level`` is what was counted, as in ``project.confusion``; ``label:`` and a name where a record
    may have several labels and this one was asked about.
    """

    task: str
    rows: str
    columns: str
    row: str | None
    column: str | None
    level: str


@dataclass(frozen=True, slots=True)
class Commented(Condition):
    """Somebody commented on the record: this actor, or (None) anyone."""

    actor: str | None = None


@dataclass(frozen=True, slots=True)
class TextSearch(Condition):
    """Full-text search over the text attributes.

    Words are joined by "and"; ``"two words"`` is a phrase; ``prefix*`` a beginning.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Keys(Condition):
    """Records with these keys (as stored: text)."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Among(Condition):
    """Records of another selection (its condition, order and limit)."""

    selection: Selection


@dataclass(frozen=True, slots=True)
class Selection:
    """A condition with an order and a limit: what a View is made of.

    ``order`` holds (field, descending) pairs; ties and the end of the order are broken by the
    order of arrival. ``limit`` counts after ordering.
    """

    condition: Condition = And(())
    order: tuple[tuple[Field, bool], ...] = ()
    limit: int | None = None
