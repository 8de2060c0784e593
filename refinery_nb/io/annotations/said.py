"""What the label columns of a row say, for formats that write it in their own way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import AttributeType, TaskSchema
from refinery_nb.core.span import Span
from refinery_nb.io.jsonl import ENCODER
from refinery_nb.io.names import MANUAL, NONE, WEAK, parse_column
from refinery_nb.io.reading import Column

Chunks = Iterable[list[tuple[Any, ...]]]
# Types whose values are stored in another way than JSON has them.
NESTED = (AttributeType.JSON, AttributeType.BOOLEAN)
# Gives a text as a ``Doc`` of spaCy.
MakeDoc = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A span, or a whole record, that a format cannot hold, and why.

    ``record`` is its number in the file, from 1; the offsets are None for a whole record.
    """

    record: int
    start: int | None
    end: int | None
    label: str | None
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a record: names of labels, or spans; neither means "reviewed, none"."""

    labels: tuple[str, ...]
    spans: tuple[Span, ...]
    confidence: tuple[float, ...] = ()

    @property
    def label(self) -> str | None:
        """The only label, None where there is none."""
        return self.labels[0] if self.labels else None


class Place:
    """The columns of one task among those of a row."""

    def __init__(self, task: TaskSchema, columns: Sequence[Column]) -> None:
        self.task = task
        self._is_spans, self._is_multi = task.is_spans, task.is_multi
        self._at: dict[tuple[str, str], int] = {}
        for at, one in enumerate(columns):
            found = parse_column(one.name, [] if task.on is None else [task.on])
            if found is not None and (found.attribute, found.task) == (task.on, task.name):
                self._at[found.source, found.what] = at

    def manual(self, row: Sequence[Any]) -> Said | None:
        """Return what people say, None where nobody has looked."""
        return self._said(row, MANUAL)

    def weak(self, row: Sequence[Any]) -> Said | None:
        """Return what the label model says, None where it abstains."""
        return self._said(row, WEAK)

    def best(self, row: Sequence[Any]) -> Said | None:
        """Return what people say, or else what the label model says."""
        return self._said(row, MANUAL) or self._said(row, WEAK)

    def people(self, row: Sequence[Any]) -> dict[str, Said]:
        """Return what each person says, where the columns tell them apart."""
        at = self._at.get((MANUAL, "people_spans" if self.task.is_spans else "people"))
        if at is None or row[at] is None:
            return {}
        return {by: self._of(value) for by, value in json.loads(row[at]).items()}

    def _said(self, row: Sequence[Any], source: str) -> Said | None:
        at = self._at.get((source, "spans" if self._is_spans else "label"))
        if at is None or row[at] is None:
            return None
        sure = self._at.get((source, "confidence"))
        value = row[at]
        if isinstance(value, str) and (self._is_spans or self._is_multi):
            value = json.loads(value)
        confidence = None if sure is None else row[sure]
        if isinstance(confidence, str):
            confidence = json.loads(confidence)
        return self._of(value, confidence)

    def _of(self, value: Any, confidence: Any = None) -> Said:
        if confidence is None:
            many: tuple[float, ...] = ()
        else:
            many = tuple(confidence) if isinstance(confidence, list) else (confidence,)
        if self._is_spans:
            return Said((), tuple(map(Span._make, value)), many)
        if self._is_multi:
            return Said(tuple(value), (), many)
        return Said(() if value == NONE else (str(value),), (), many)


class Layout:
    """Which columns of a row are attributes, and where each task stands.

    Attributes
    ----------
    fields
        Position and column of the attributes.
    places
        The tasks.
    """

    def __init__(self, columns: Sequence[Column], tasks: Sequence[TaskSchema]) -> None:
        self.columns = columns
        self.places = [Place(task, columns) for task in tasks]
        labels = {
            at
            for at, one in enumerate(columns)
            for task in tasks
            if (found := parse_column(one.name, [] if task.on is None else [task.on])) is not None
            and (found.attribute, found.task) == (task.on, task.name)
        }
        self.fields = [(at, one) for at, one in enumerate(columns) if at not in labels]
        self._fields = [(at, one.name, one.type not in NESTED, one) for at, one in self.fields]

    def record(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return the attributes of a row that are not missing, JSON nested again."""
        return {
            name: value if simple else plain(one, value)
            for at, name, simple, one in self._fields
            if (value := row[at]) is not None
        }

    def text(self, format: str, on: str | None = None) -> tuple[int, str]:
        """Return position and name of the text that all tasks are about.

        Parameters
        ----------
        on
            The attribute, where the tasks leave it open (they are about whole records).

        Raises
        ------
        InputError
            If the tasks are about several texts, or there is none.
        """
        about = {place.task.on for place in self.places} - {None}
        if not about and on is not None:
            about = {on}
        if len(about) > 1:
            raise InputError(
                f"{format} holds one text a record; the tasks are about {sorted(map(str, about))}.",
                hint="Pass tasks=[...] with tasks of one text.",
            )
        strings = [(at, one.name) for at, one in self.fields if one.type.is_string]
        for at, name in strings:
            if not about or name in about:
                return at, name
        raise InputError("there is no text to write.", hint="Pass text='...', a text attribute.")

    def object_of(self, on: str | None) -> str:
        """Return the attribute that tasks on whole records are asked about: the first text."""
        strings = [one.name for _, one in self.fields if one.type.is_string]
        return on or (strings[0] if strings else "text")

    def one_of_each(self, format: str) -> tuple[Place | None, Place | None]:
        """Return the task with classes and the one with spans.

        Raises
        ------
        InputError
            If there are several of one kind: the format has no names for tasks.
        """
        chosen: list[Place | None] = []
        for spans in (False, True):
            found = [place for place in self.places if place.task.is_spans is spans]
            if len(found) > 1:
                names = ", ".join(repr(place.task.name) for place in found)
                raise InputError(
                    f"{format} has no names for tasks and holds one of each kind, not {names}.",
                    hint="Pass tasks=[...], the ones to write.",
                )
            chosen.append(found[0] if found else None)
        return chosen[0], chosen[1]

    def only_spans(self, format: str) -> Place:
        """Return the only task with spans.

        Raises
        ------
        InputError
            If there is none, or several.
        """
        found = [place for place in self.places if place.task.is_spans]
        if len(found) != 1:
            names = ", ".join(repr(place.task.name) for place in found) or "none"
            raise InputError(
                f"{format} holds the spans of one task; there is {names}.",
                hint="Pass tasks=[...], the one to write.",
            )
        return found[0]


def plain(one: Column, value: Any) -> Any:
    """Return a stored value as JSON has it."""
    if value is None:
        return None
    if one.type is AttributeType.JSON:
        return json.loads(value)
    return bool(value) if one.type is AttributeType.BOOLEAN else value


def write_lines(path: Path, chunks: Chunks, line: Callable[[Sequence[Any]], Any]) -> int:
    """Write an object a line for each row that has one; return how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for one in objects(chunks, line):
            file.write(ENCODER.encode(one) + "\n")
            count += 1
    return count


def write_array(path: Path, chunks: Chunks, element: Callable[[Sequence[Any]], Any]) -> int:
    """Write an array with an object for each row that has one; return how many."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for one in objects(chunks, element):
            file.write(("[\n" if not count else ",\n") + ENCODER.encode(one))
            count += 1
        file.write("\n]\n" if count else "[]\n")
    return count


def objects(chunks: Chunks, make: Callable[[Sequence[Any]], Any]) -> Iterator[Any]:
    """Yield what is made of each row, but None."""
    for rows in chunks:
        for row in rows:
            made = make(row)
            if made is not None:
                yield made
