"""Labels that come with records: the columns that an export has beside the attributes."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any

from refinery_nb import io
from refinery_nb.core.errors import InputError, RefineryError, SpanError, did_you_mean
from refinery_nb.core.offsets import from_utf16
from refinery_nb.core.operation import Annotation, Operation
from refinery_nb.core.schema import Attribute, AttributeType, TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.io.names import NONE
from refinery_nb.project import labeling, tasks
from refinery_nb.project.records import label_fit
from refinery_nb.project.records import tag_columns as tags
from refinery_nb.project.records.heuristic_columns import HeuristicColumns
from refinery_nb.project.records.label_fit import alone, as_list, spans_in
from refinery_nb.project.records.people import holds_lists, said_by
from refinery_nb.store import gold, new_labels, records, schema, weak
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

OFFSETS = ("codepoint", "utf16", "auto")
SHOWN = 12


class LabelImporter:
    """The label columns of one reading, and their way into the store.

    Manual labels are set where nobody has labelled the record yet: a label never changes by
    adding records. Weak labels are kept as a run of their own, votes as imported heuristics.
    """

    def __init__(
        self,
        project: Project,
        connection: Connection,
        reading: io.Reading,
        attributes: Sequence[Attribute],
        *,
        create_labels: bool,
        offsets: str = "codepoint",
        tagged: bool = True,
    ) -> None:
        if offsets not in OFFSETS:
            raise InputError(f"offsets={offsets!r}.", hint=did_you_mean(offsets, OFFSETS))
        self.offsets = offsets
        # Whether spans may stand as tags of tokens, as in refinery's own exports.
        self.tagged = tagged
        self.project = project
        self.connection = connection
        self.reading = reading
        self.create_labels = create_labels
        self.warnings: list[str] = []
        self.labels = 0
        known = {attribute.name for attribute in attributes}
        known |= {c.name for c in reading.columns if "__" not in c.name}
        parsed = {
            at: found
            for at, column in enumerate(reading.columns)
            if (found := io.parse_column(column.name, known)) is not None
        }
        self.positions = frozenset(parsed)
        self._columns: dict[tuple[str, str], dict[str, int]] = {}
        self._votes: dict[tuple[str, str], HeuristicColumns] = {}
        self._on: dict[str, str | None] = {}
        for at, found in parsed.items():
            self._on[found.task] = found.attribute
            if found.name is not None:
                own = (found.task, found.name)
                if own not in self._votes:
                    self._votes[own] = HeuristicColumns(*own, reading.name)
                self._votes[own].parts[found.what] = at
                continue
            self._columns.setdefault((found.task, found.source), {})[found.what] = at
        self._may_extend: set[str] = set()
        # By task, the records whose tags of tokens fit no tokens here.
        self._untagged: Counter[str] = Counter()
        self._weak: dict[str, list[tuple[int, int, float, int, int]]] = {}

    def prepare(self) -> None:
        """Make the tasks that the columns speak of, once the attributes exist."""
        existing = {task.name: task for task in schema.tasks(self.connection)}
        for task, on in self._on.items():
            columns = [parts for (t, _), parts in self._columns.items() if t == task]
            columns += [votes.parts for votes in self._votes.values() if votes.task == task]
            spans = any(self._is_spans(parts) for parts in columns)
            several = any(self._isas_list(parts) for parts in columns)
            kind = "spans" if spans else "multilabel" if several else "classification"
            if task in existing:
                # Columns without a value say nothing of their kind.
                told = (
                    spans
                    or several
                    or any(label_fit.is_filled(self.reading, parts) for parts in columns)
                )
                label_fit.check(existing[task], kind if told else None, on, self.reading.name)
                continue
            tasks.task(self.project, task, [], on=on, kind=kind)
            self._may_extend.add(task)

    def _is_spans(self, parts: Mapping[str, int]) -> bool:
        if "spans" in parts or "people_spans" in parts:
            return True
        return self.tagged and "label" in parts and tags.holds_tags(self.reading, parts["label"])

    def _isas_list(self, parts: Mapping[str, int]) -> bool:
        at = parts.get("label")
        if at is not None:
            return self.reading.columns[at].type is AttributeType.JSON
        return "people" in parts and holds_lists(self.reading, parts["people"])

    def faults(self, columns: Sequence[Sequence[Any]]) -> dict[int, InputError]:
        """Return what is wrong with labels, by place: those that their task lacks."""
        found: dict[int, InputError] = {}
        if self.create_labels:
            return found
        known = {task.name: task for task in schema.tasks(self.connection)}
        parts = [(task, own) for (task, _), own in self._columns.items()]
        parts += [(votes.task, votes.parts) for votes in self._votes.values()]
        for name, own in parts:
            if name in self._may_extend:
                continue
            for what, at in own.items():
                if what != "confidence" and not (what == "label" and "spans" in own):
                    labels_of = partial(label_fit.labels_of, known[name], what)
                    field = self.reading.columns[at].name
                    found |= label_fit.faults(known[name], columns[at], labels_of, field)
        return found

    def take(
        self, keys: Sequence[str], ids: Sequence[int], columns: Sequence[Sequence[Any]]
    ) -> None:
        """Take the labels of a chunk of records that have just been stored."""
        for (name, source), parts in self._columns.items():
            task = next(t for t in schema.tasks(self.connection) if t.name == name)
            people = parts.get("people_spans" if task.is_spans else "people")
            if people is not None:
                self._take_people(task, people, ids, columns[people])
            at = parts.get("spans", parts.get("label"))
            if at is None:
                continue
            confidence = parts.get("confidence")
            said = _filled(ids, columns, at, confidence)
            if task.is_spans and "spans" not in parts:
                said = self._of_tags(task, said)
            elif task.is_spans or task.is_multi:
                said = [
                    (record, as_list(value) or alone(value), sure) for record, value, sure in said
                ]
            task = self._with_labels(task, [value for _, value, _ in said], at)
            if source == "MANUAL":
                done = gold.labelled_among(self.connection, task.id, [one[0] for one in said])
                self._set(
                    task, [(record, value) for record, value, _ in said if record not in done], at
                )
            else:
                self._collect(task, said)
        for votes in self._votes.values():
            self._take_votes(votes, dict(zip(ids, keys, strict=True)), columns)

    def _take_people(
        self,
        task: TaskSchema,
        at: int,
        ids: Sequence[int],
        column: Sequence[Any],
    ) -> None:
        """Set what each person says of a chunk of records."""
        said: dict[str, list[tuple[int, Any]]] = {}
        for record, cell in zip(ids, column, strict=True):
            for by, value in said_by(cell).items():
                said.setdefault(by, []).append((record, value))
        values = [value for of_one in said.values() for _, value in of_one]
        task = self._with_labels(task, values, at)
        done = gold.labelled_among(self.connection, task.id, ids)
        for by, of_one in said.items():
            self._set(task, [one for one in of_one if one[0] not in done], at, by)

    def _take_votes(
        self,
        votes: HeuristicColumns,
        key_of: Mapping[int, str],
        columns: Sequence[Sequence[Any]],
    ) -> None:
        """Collect what a heuristic says of a chunk of records."""
        task = next(t for t in schema.tasks(self.connection) if t.name == votes.task)
        at, confidence = votes.position, votes.parts.get("confidence")
        if at is None:
            return
        votes.look(list(key_of))
        said = _filled(list(key_of), columns, at, confidence)
        if task.is_spans and "spans" not in votes.parts:
            said = self._of_tags(task, said)
        task = self._with_labels(task, [value for _, value, _ in said], at)
        for record, value, sure in said:
            key = key_of[record]
            if task.is_spans:
                spans = self._in_code_points(task, record, value)
                length = len(labeling.text_of(self.connection, task, record))
                votes.spans(task, record, key, spans, sure, length)
            else:
                votes.label(task, record, key, value, sure)

    def _of_tags(
        self, task: TaskSchema, said: Sequence[tuple[int, Any, Any]]
    ) -> list[tuple[int, Any, Any]]:
        """Turn tags of tokens, and a confidence a token, into spans; count what does not fit."""
        made: list[tuple[int, Any, Any]] = []
        for record, value, sure in said:
            found = tags.tags_of(value)
            text = labeling.text_of(self.connection, task, record)
            spans = found and tags.spans_of(found, text, self.project.tokenizer)
            if not spans:
                self._untagged[task.name] += 1
                continue
            confidences = as_list(sure)
            if len(confidences) == len(found or ()):
                sure = [confidences[at] for at in spans[1]]
            made.append((record, spans[0], sure))
        return made

    def finish(self) -> int:
        """Store the weak labels as a run, and return how many manual labels came in."""
        for name, rows in self._weak.items():
            task = next(t for t in schema.tasks(self.connection) if t.name == name)
            votes = Votes.of(
                [row[0] for row in rows],
                [row[1] for row in rows],
                [row[2] for row in rows],
                [row[3] for row in rows] if task.is_spans else None,
                [row[4] for row in rows] if task.is_spans else None,
            )
            runs = weak.runs(self.connection, task.id)
            same = runs and weak.votes(self.connection, runs[-1].id).to_bytes() == votes.to_bytes()
            if not same:
                source = {"source": self.reading.name}
                weak.save(self.connection, task.id, "imported", source, votes, at=labeling.now())
        for columns in self._votes.values():
            task = next(t for t in schema.tasks(self.connection) if t.name == columns.task)
            if columns.position is not None:
                self.warnings += filter(None, [columns.store(self.connection, task)])
        self.warnings += [
            f"{count:,} times the tags of {name!r} do not fit the tokens here: left out"
            for name, count in self._untagged.items()
        ]
        for name in sorted(self._may_extend):
            task = next(t for t in schema.tasks(self.connection) if t.name == name)
            shown = ", ".join(label.name for label in task.labels[:SHOWN])
            more = ", ..." if len(task.labels) > SHOWN else ""
            self.warnings.append(f"the {task.kind.value} task {name!r} is new: {shown}{more}")
        return self.labels

    def _with_labels(self, task: TaskSchema, values: Sequence[Any], at: int) -> TaskSchema:
        """Return the task with all labels that the values name."""
        if task.is_spans:
            said: Iterable[Any] = (one[-1] for value in values for one in spans_in(value))
        elif task.is_multi:
            said = (str(label) for value in values for label in value)
        else:
            said = values
        names = dict.fromkeys(said)
        names.pop(NONE, None)
        known = {label.name for label in task.labels}
        missing = [name for name in names if name not in known]
        if not missing:
            return task
        field = self.reading.columns[at].name
        try:
            tasks.task(self.project, task.name, missing, kind=task.kind.value)
        except RefineryError as error:
            raise InputError(
                error.message, source=self.reading.name, field=field, hint=error.hint
            ) from error
        return next(t for t in schema.tasks(self.connection) if t.name == task.name)

    def _set(
        self, task: TaskSchema, said: Sequence[tuple[int, Any]], at: int, by: str | None = None
    ) -> None:
        """Set labels of one person on records that nobody had labelled before."""
        ids = {label.name: label.id for label in task.labels}
        items = [(record, self._annotation(task, ids, record, value)) for record, value in said]
        if not items:
            return
        operation = Operation(str(uuid.uuid4()), "label", by or self.project.actor, task.id)
        try:
            new_labels.add_new(
                self.connection,
                operation,
                items,
                task=task,
                at=labeling.now(),
                texts=self._texts(task, [record for record, _ in items]),
            )
        except RefineryError as error:
            error.source, error.field = self.reading.name, self.reading.columns[at].name
            raise
        self.labels += len(items)

    def _annotation(
        self, task: TaskSchema, ids: Mapping[str, int], record: int, value: Any
    ) -> Annotation:
        if value == NONE:
            return {"none": True}
        if not task.is_spans:
            known = ids.get(value) if isinstance(value, str) and not task.is_multi else None
            return labeling.annotation(task, value) if known is None else {"label": known}
        spans = self._in_code_points(task, record, value)
        try:
            found = [[start, end, ids[label]] for start, end, label in spans]
        except (KeyError, TypeError, ValueError):
            # It says what is wrong.
            return labeling.annotation(task, spans)
        return {"spans": found} if found else {"none": True}

    def _texts(self, task: TaskSchema, ids: Sequence[int]) -> dict[int, str]:
        if not task.is_spans:
            return {}
        on = next(one for one in schema.attributes(self.connection) if one.name == task.on)
        found = records.values(self.connection, [on], ids)
        return {record: str(values[0] or "") for record, _, values in found}

    def _in_code_points(self, task: TaskSchema, record: int, value: Any) -> list[tuple[Any, ...]]:
        """Return the spans of a value with offsets in code points.

        ``auto`` asks the surface texts that the spans carry; where they fit neither reading, or
        there are none and the readings differ, the spans are refused rather than guessed.
        """
        spans: list[tuple[Any, ...]] = list(map(tuple, spans_in(value)))
        if not spans or self.offsets == "codepoint" or isinstance(value, tags.Exact):
            return spans
        text = labeling.text_of(self.connection, task, record)
        converted = None
        with contextlib.suppress(SpanError):
            converted = [(from_utf16(text, s), from_utf16(text, e), label) for s, e, label in spans]
        if self.offsets == "utf16":
            if converted is None:
                raise SpanError("offsets are not UTF-16 units of this text.", record=record)
            return converted
        surfaces = [s.get("text") for s in as_list(value) if isinstance(s, Mapping)]
        readings = [one for one in (spans, converted) if one is not None]
        if len(surfaces) == len(spans) and None not in surfaces:
            readings = [
                one for one in readings if [text[start:end] for start, end, _ in one] == surfaces
            ]
        if not readings or any(one != readings[0] for one in readings):
            raise SpanError(
                "offsets cannot be told to be code points or UTF-16 units.",
                record=record,
                hint="Pass offsets='utf16' or offsets='codepoint'.",
            )
        return readings[0]

    def _collect(self, task: TaskSchema, said: Sequence[tuple[int, Any, Any]]) -> None:
        ids = {label.name: label.id for label in task.labels}
        rows = self._weak.setdefault(task.name, [])
        for record, value, confidence in said:
            if task.is_spans:
                sure = as_list(confidence)
                for at, (start, end, label) in enumerate(spans_in(value)):
                    one = float(sure[at]) if at < len(sure) else 1.0
                    rows.append((record, ids[label], one, start, end))
            elif task.is_multi:
                sure = as_list(confidence)
                for at, label in enumerate(value):
                    one = float(sure[at]) if at < len(sure) else 1.0
                    rows.append((record, ids[label], one, 0, 0))
            else:
                one = 1.0 if confidence in (None, "") else float(confidence)
                rows.append((record, ids[value], one, 0, 0))


def _filled(
    ids: Sequence[int], columns: Sequence[Sequence[Any]], at: int, confidence: int | None
) -> list[tuple[int, Any, Any]]:
    """Return (record, value, confidence) where there is a value."""
    sure = repeat(None) if confidence is None else columns[confidence]
    return [one for one in zip(ids, columns[at], sure, strict=False) if one[1] not in (None, "")]
