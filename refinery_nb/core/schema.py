"""What a project holds: attributes of records, tasks and their labels."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from refinery_nb.core.errors import SchemaError, did_you_mean


class AttributeType(StrEnum):
    """The type of an attribute: how it is stored, compared and shown."""

    TEXT = "text"
    CATEGORY = "category"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    JSON = "json"

    @property
    def is_string(self) -> bool:
        """Whether values are strings."""
        return self in (AttributeType.TEXT, AttributeType.CATEGORY)


class TaskKind(StrEnum):
    """One label for a record, any number of them, or labelled spans of its text."""

    CLASSIFICATION = "classification"
    MULTILABEL = "multilabel"
    SPANS = "spans"


class Overlap(StrEnum):
    """Which spans of one record may share characters.

    ``flat``: none; ``nested``: only one wholly inside another; ``any``: all.
    """

    FLAT = "flat"
    NESTED = "nested"
    ANY = "any"


PLACES = ("labeler", "browser")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One column of the records. ``hidden``: the places that do not show it, of ``PLACES``."""

    id: int
    name: str
    type: AttributeType
    position: int
    is_key: bool = False
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a task. Its id keeps its meaning when it is renamed."""

    id: int
    name: str
    color: str
    hotkey: str
    position: int
    description: str = ""

    @property
    def parents(self) -> tuple[str, ...]:
        """The names above a hierarchical one, the nearest first.

        >>> Label(1, "sport/ball/football", "#000000", "", 0).parents
        ('sport/ball', 'sport')
        """
        parts = self.name.split("/")
        return tuple("/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))


@dataclass(frozen=True, slots=True)
class TaskSchema:
    """A labeling task: its kind, the attribute it is about, and its labels in order.

    ``on`` is the name of the attribute, or None for the whole record (classification only).
    """

    id: int
    name: str
    kind: TaskKind
    on: str | None
    labels: tuple[Label, ...]
    overlap: Overlap = Overlap.ANY
    guideline: str = ""

    @property
    def is_spans(self) -> bool:
        """Whether the task labels spans."""
        return self.kind is TaskKind.SPANS

    @property
    def is_multi(self) -> bool:
        """Whether a record may have several labels."""
        return self.kind is TaskKind.MULTILABEL

    def one_answer(self, what: str) -> None:
        """Refuse a multilabel task where each record has one answer.

        Raises
        ------
        SchemaError
            If the task gives several labels to a record.
        """
        if self.is_multi:
            raise SchemaError(
                f"{what} asks for one answer a record; the task {self.name!r} may have several.",
                hint="For one of its labels, make a classification task of its own.",
            )

    def label(self, name: str) -> Label:
        """Return the label with this exact name.

        Raises
        ------
        SchemaError
            If the task has no such label; the message proposes the closest one.
        """
        for label in self.labels:
            if label.name == name:
                return label
        raise SchemaError(
            f"task {self.name!r} has no label {name!r}.",
            hint=did_you_mean(str(name), (label.name for label in self.labels)),
        )

    def label_name(self, label_id: int) -> str:
        """Return the name of a label of this task by its id."""
        for label in self.labels:
            if label.id == label_id:
                return label.name
        raise SchemaError(f"task {self.name!r} has no label with id {label_id}.")


def folded(name: str) -> str:
    """Return the form under which two names count as the same name.

    >>> folded(" Sport ") == folded("sport")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_name(name: object, what: str) -> str:
    """Return ``name`` if it can name an attribute, task, label or heuristic.

    Raises
    ------
    SchemaError
        If it is not a string, blank, longer than 300 characters, or holds control characters
        or lone surrogates.
    """
    if not isinstance(name, str):
        raise SchemaError(f"the name of {what} must be a string, not {type(name).__name__}.")
    if not name.strip():
        raise SchemaError(f"the name of {what} is blank.")
    if len(name) > 300:
        raise SchemaError(f"the name of {what} has {len(name)} characters; 300 are allowed.")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise SchemaError(f"the name of {what}, {name!r}, holds control characters.")
    return name
