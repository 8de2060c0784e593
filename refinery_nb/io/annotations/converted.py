"""A source whose rows are another's, each put into attributes and label columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from refinery_nb.io.annotations.offsets import Offsets, Unfit
from refinery_nb.io.files import is_small
from refinery_nb.io.json_array import JsonArray
from refinery_nb.io.jsonl import JsonLines
from refinery_nb.io.names import MANUAL, WEAK, LabelColumn, What, column_name
from refinery_nb.io.reading import Raw, Reject, Source

Note = Callable[[str], None]


@dataclass(slots=True)
class Row:
    """One record of a foreign format on its way into ours.

    Attributes
    ----------
    record
        Attributes and label columns by name.
    spans
        Texts with the spans that stand in ``record``, still counted as the file counts, and the
        texts that the spans say to carry, where they do.
    """

    record: dict[str, Any]
    spans: list[tuple[str, list[Any], Sequence[str | None]]] = field(default_factory=list)

    def classes(
        self,
        on: str | None,
        task: str,
        label: str | list[str],
        *,
        by: str | None = None,
        confidence: float | None = None,
        weak: bool = False,
    ) -> None:
        """Put a label (or ``NONE``), or a list of them, into its column; ``by`` says whose."""
        if weak:
            sure = [confidence or 1.0] * len(label) if isinstance(label, list) else confidence
            self.record[column(on, task, WEAK, "label")] = label
            self.record[column(on, task, WEAK, "confidence")] = sure
        elif by is None:
            self.record[column(on, task, MANUAL, "label")] = label
        else:
            self.record.setdefault(column(on, task, MANUAL, "people"), {})[by] = label

    def offsets(
        self,
        on: str,
        task: str,
        spans: list[Any],
        *,
        surfaces: Sequence[str | None] = (),
        by: str | None = None,
        confidences: list[float] | None = None,
        weak: bool = False,
    ) -> None:
        """Put spans, lists of start, end and label, into their column."""
        text = self.record.get(on)
        if not isinstance(text, str):
            raise Unfit("there are spans, but no text under them", on)
        self.spans.append((text, spans, surfaces))
        if weak:
            self.record[column(on, task, WEAK, "spans")] = spans
            self.record[column(on, task, WEAK, "confidence")] = confidences
        elif by is None:
            self.record[column(on, task, MANUAL, "spans")] = spans
        else:
            self.record.setdefault(column(on, task, MANUAL, "people_spans"), {})[by] = spans


Convert = Callable[[dict[str, Any], Note], Row]


class Converted:
    """The records of a foreign format in JSON or JSONL; ``convert`` knows its rows."""

    typed = True

    def __init__(self, path: Path, encoding: str, convert: Convert, offsets: str) -> None:
        if path.name.lower().endswith((".json", ".json.gz")):
            self._inner: Source = JsonArray(path, encoding=encoding)
        else:
            self._inner = JsonLines(path, encoding=encoding)
        self.name = self._inner.name
        self.keeps = is_small(path)
        self._convert = convert
        self._offsets = Offsets(offsets)
        self._notes: Counter[str] = Counter()
        self._own: list[str] = []

    @property
    def warnings(self) -> list[str]:
        """What was read, but looks odd, or has no place here."""
        notes = [f"{count:,} {what}" for what, count in self._notes.items()]
        return [*self._inner.warnings, *self._own, *notes]

    def warn(self, message: str) -> None:
        """Tell something about the whole source."""
        self._own.append(message)

    def names(self) -> list[str] | None:
        """Return None: records may have different fields."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the records with their label columns."""
        # Rows whose offsets nothing tells yet: later ones may say how this file counts.
        unclear: list[tuple[int | None, int, str]] = []
        note = self._note if check else _forget
        for batch in self._inner.batches(reject, check=check):
            rows: list[dict[str, Any]] = []
            kept: list[int] = []
            for at, raw in enumerate(batch.rows):
                try:
                    row = self._convert(raw, note)
                    clear = True
                    for one in row.spans:
                        clear &= self._offsets.settle(*one, survey=check)
                except Unfit as unfit:
                    line = None if batch.lines is None else batch.lines[at]
                    reject(line, batch.numbers[at], unfit.field, str(unfit), batch.raw(at))
                    continue
                if not clear:
                    line = None if batch.lines is None else batch.lines[at]
                    unclear.append((line, batch.numbers[at], batch.raw(at)))
                    self.convert_again()
                rows.append(row.record)
                kept.append(at)
            if len(kept) == len(batch.rows):
                yield Raw(batch.numbers, batch.lines, rows, batch.raw)
                continue
            lines = None if batch.lines is None else [batch.lines[at] for at in kept]
            numbers = [batch.numbers[at] for at in kept]
            yield Raw(numbers, lines, rows, lambda at, kept=kept, raw=batch.raw: raw(kept[at]))  # type: ignore[misc]
        if check and not self._offsets.decided:
            for line, number, raw_text in unclear:
                reject(line, number, "offsets", Offsets.UNCLEAR, raw_text)

    def convert_again(self) -> None:
        """Say that what the survey has learnt since changes records that it has converted."""
        self.keeps = False

    def _note(self, what: str) -> None:
        self._notes[what] += 1


def _forget(what: str) -> None:
    """Note nothing: the survey has."""


@lru_cache(maxsize=1_000)
def column(on: str | None, task: str, source: str, what: What) -> str:
    """Return the name of a label column."""
    return column_name(LabelColumn(on, task, source, None, what))


def integer(value: Any, where: str) -> int:
    """Return an offset that is one.

    Raises
    ------
    Unfit
        If it is no integer.
    """
    if type(value) is not int:
        raise Unfit(f"the offset {value!r:.40} is no integer", where)
    return value


def label_name(value: Any, where: str) -> str:
    """Return a label's name.

    Raises
    ------
    Unfit
        If it is no string, or blank.
    """
    if not isinstance(value, str) or not value.strip():
        raise Unfit(f"expected a label, got {value!r:.40}", where)
    return value


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """Return an object of the file as one."""
    if not isinstance(value, dict):
        raise Unfit(f"expected an object, got {value!r:.40}", where)
    return value


def items(value: Any, where: str) -> list[Any]:
    """Return a list of the file as one; nothing is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unfit(f"expected a list, got {value!r:.40}", where)
    return value


def answer(values: Sequence[Any], where: str, *, several: bool = False) -> str | list[str] | None:
    """Return the only one of several labels, None where there is none, or all of them.

    Parameters
    ----------
    several
        Whether a record may have several labels.

    Raises
    ------
    Unfit
        If there are several and should not be.
    """
    if several:
        return list(dict.fromkeys(label_name(value, where) for value in values))
    if len(values) > 1:
        shown = ", ".join(repr(value) for value in values)
        raise Unfit(
            f"there are {len(values)} labels ({shown:.80}); one is allowed, or pass multilabel=",
            where,
        )
    return label_name(values[0], where) if values else None
