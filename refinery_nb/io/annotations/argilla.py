"""Argilla's records as JSON: fields, suggestions, and what people responded.

Both shapes of feedback datasets are read, that of version 2 (by question) and that of version 1
(lists of responses), and the older records of version 1, which have one ``annotation`` each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.schema import TaskSchema
from refinery_nb.io.annotations.argilla_legacy import Legacy, is_legacy
from refinery_nb.io.annotations.converted import (
    Converted,
    Note,
    Row,
    answer,
    integer,
    items,
    label_name,
    mapping,
)
from refinery_nb.io.annotations.offsets import Unfit
from refinery_nb.io.annotations.said import (
    Chunks,
    Layout,
    LeftOut,
    Place,
    Said,
    write_array,
    write_lines,
)
from refinery_nb.io.reading import Column

# Stands for a person that nobody names: Argilla wants one.
NOBODY = "00000000-0000-0000-0000-000000000000"
AGENT = "refinery_nb"


def sniff(rows: Sequence[dict[str, Any]]) -> bool:
    """Return whether the first rows are records of Argilla."""
    return any(
        isinstance(row.get("fields"), dict) and not {"responses", "suggestions"}.isdisjoint(row)
        for row in rows
    ) or any(map(is_legacy, rows))


class Argilla(Converted):
    """A JSON or JSONL file of Argilla's records; a question there is a task here.

    Parameters
    ----------
    questions
        The questions to take in; by default all whose answers are labels or spans.
    on
        The field that the questions are about, where there are several.
    task, spans
        What the task of the labels, or of the spans, is called here: older records name none.
    offsets
        What the spans count: ``codepoint``, ``utf16``, or ``auto``, which asks the texts.
    """

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        questions: Sequence[str] | None = None,
        on: str | None = None,
        task: str = "label",
        spans: str = "entities",
        offsets: str = "auto",
    ) -> None:
        super().__init__(path, encoding, self._row, offsets)
        self._questions = None if questions is None else set(questions)
        self._on = on
        self._legacy = Legacy(task, spans, on)
        # Questions whose answers are spans, and those whose answers are several labels.
        self._spans: set[str] = set()
        self._several: set[str] = set()

    def _row(self, raw: dict[str, Any], note: Note) -> Row:
        if is_legacy(raw):
            return self._legacy.row(raw, note)
        fields = mapping(raw.get("fields"), "fields")
        row = Row({**mapping(raw.get("metadata") or {}, "metadata"), **fields})
        if raw.get("id") is not None:
            row.record.setdefault("id", str(raw["id"]))
        on = self._about(fields)
        for question, value, by, where in _responses(raw, note):
            if self._questions is None or question in self._questions:
                self._put(row, on, question, value, where, note, by=by)
        for question, one in _suggestions(raw):
            if self._questions is None or question in self._questions:
                where = f"suggestions.{question}"
                score = one.get("score")
                self._put(row, on, question, one.get("value"), where, note, score=score)
        return row

    def _about(self, fields: Mapping[str, Any]) -> str:
        texts = [name for name, value in fields.items() if isinstance(value, str)]
        if self._on is not None:
            return self._on
        if len(texts) == 1 or "text" in texts:
            return "text" if "text" in texts else texts[0]
        raise Unfit("nothing says which field the questions are about: pass on=", "fields")

    def _put(
        self,
        row: Row,
        on: str,
        question: str,
        value: Any,
        where: str,
        note: Note,
        *,
        by: str | None = None,
        score: Any = None,
    ) -> None:
        weak = where.startswith("suggestions")
        if isinstance(value, list):
            if value:
                of = self._spans if isinstance(value[0], dict) else self._several
                of.add(question)
            elif question not in self._spans | self._several:
                # What comes later in the file may tell what is none here.
                self.convert_again()
                return
            if question in self._spans:
                _put_spans(row, on, question, value, where, by=by, score=score, weak=weak)
                return
            said = answer(value, where, several=True) or []
            row.classes(on, question, said, by=by, confidence=_confidence(score), weak=weak)
        elif isinstance(value, dict):
            note("answers are neither labels nor spans and were left out")
        elif value is not None:
            label = label_name(value if isinstance(value, str) else str(value), where)
            row.classes(on, question, label, by=by, confidence=_confidence(score), weak=weak)


def _responses(raw: Mapping[str, Any], note: Note) -> Iterator[tuple[str, Any, str | None, str]]:
    """Yield question, value, person and place of each submitted response."""
    found = raw.get("responses") or []
    if isinstance(found, dict):
        found = [
            {"values": {question: one}, "status": one.get("status"), "user_id": one.get("user_id")}
            for question, of_question in found.items()
            for one in items(of_question, f"responses.{question}")
            if isinstance(one, dict)
        ]
    for at, one in enumerate(items(found, "responses")):
        where = f"responses[{at}]"
        response = mapping(one, where)
        if response.get("status") in ("draft", "discarded"):
            note(f"responses are {response['status']!r} and say nothing")
            continue
        user = response.get("user_id")
        by = None if user in (None, "", NOBODY) else str(user)
        for question, value in mapping(response.get("values") or {}, where).items():
            yield question, mapping(value, where).get("value"), by, f"{where}.{question}"


def _suggestions(raw: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = raw.get("suggestions") or []
    if isinstance(found, dict):
        for question, one in found.items():
            yield question, mapping(one, f"suggestions.{question}")
        return
    for at, one in enumerate(items(found, "suggestions")):
        where = f"suggestions[{at}]"
        suggestion = mapping(one, where)
        yield label_name(suggestion.get("question_name"), where), suggestion


def _put_spans(
    row: Row,
    on: str,
    question: str,
    value: list[Any],
    where: str,
    *,
    by: str | None,
    score: Any,
    weak: bool,
) -> None:
    spans = []
    for at, found in enumerate(value):
        here = f"{where}[{at}]"
        one = mapping(found, here)
        spans.append(
            [
                integer(one.get("start"), f"{here}.start"),
                integer(one.get("end"), f"{here}.end"),
                label_name(one.get("label"), f"{here}.label"),
            ]
        )
    scores = score if isinstance(score, list) else [score] * len(spans)
    sures = [_confidence(one) or 1.0 for one in scores]
    if spans or not weak:
        row.offsets(on, question, spans, by=by, confidences=sures, weak=weak)


def _confidence(score: Any) -> float | None:
    return float(score) if type(score) in (int, float) and 0 < score <= 1 else None


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    user_id: str = NOBODY,
) -> list[LeftOut]:
    """Write a record an object (``.jsonl``: one a line), in the shape of version 2.

    Texts are fields, other attributes metadata; manual labels are responses of ``user_id``, weak
    ones suggestions. Spans count code points. A question for a label has no answer that says
    "none of them": such records are told.
    """
    layout = Layout(columns, tasks)
    texts = {one.name for _, one in layout.fields if one.type.is_string} - {"id"}
    left_out: list[LeftOut] = []
    number = 0

    def element(row: Sequence[Any]) -> dict[str, Any]:
        nonlocal number
        number += 1
        record = layout.record(row)
        made: dict[str, Any] = {}
        if "id" in record:
            made["id"] = str(record.pop("id"))
        made["fields"] = {name: value for name, value in record.items() if name in texts}
        made["metadata"] = {name: value for name, value in record.items() if name not in texts}
        made["suggestions"], made["responses"] = {}, {}
        for place in layout.places:
            name = place.task.name
            said, weak = place.manual(row), place.weak(row)
            one = not place.task.is_spans and not place.task.is_multi
            if said is not None and one and said.label is None:
                why = f"{name!r} is reviewed, and no label applies"
                left_out.append(LeftOut(number, None, None, None, "", why))
            elif said is not None:
                value = _value(place, said)
                made["responses"][name] = [{"value": value, "user_id": user_id}]
            if weak is not None:
                score = list(weak.confidence)
                sure = score if place.task.is_spans else min(score, default=None)
                made["suggestions"][name] = {
                    "value": _value(place, weak),
                    "score": sure,
                    "agent": AGENT,
                }
        return made

    (write_lines if ".jsonl." in path.name else write_array)(path, chunks, element)
    return left_out


def _value(place: Place, said: Said) -> Any:
    if place.task.is_multi:
        return list(said.labels)
    if not place.task.is_spans:
        return said.label
    return [{"start": one.start, "end": one.end, "label": one.label} for one in said.spans]
