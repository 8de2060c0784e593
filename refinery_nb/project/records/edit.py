"""Editing a record: what follows from it first, then the edit, with its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import InputError, LabelError, SchemaError, did_you_mean
from refinery_nb.core.operation import Annotation
from refinery_nb.core.schema import Attribute
from refinery_nb.core.shifting import shifted
from refinery_nb.io import convert
from refinery_nb.io.strict_json import surrogate
from refinery_nb.project.records.keys import key_text
from refinery_nb.project.rules import following
from refinery_nb.store import (
    embeddings,
    gold,
    heuristics,
    labels,
    record_history,
    records,
    relabel,
    schema,
    stale,
)
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project


# Where spans go: by who said them, their offsets and label.
Places = dict[tuple[str, int, int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class SpanMove:
    """What becomes of one span: where it stood, and where it stands; None: it no longer fits."""

    task: int
    by: str
    label: int
    start: int
    end: int
    text: str
    to: tuple[int, int] | None


class Edit:
    """What editing a record would do; ``apply()`` does it, ``undo()`` edits it back.

    Made by ``project.edit``.

    Attributes
    ----------
    before, after
        The values that differ, by attribute.
    labels
        How many labels of the whole record stay.
    heuristics
        How many rules will look at the record again when they are run.
    embeddings
        The embeddings whose vector of the record will be made anew by their ``update()``.
    """

    def __init__(self, project: Project, key: Any, values: Mapping[str, Any]) -> None:
        self._project = project
        self.key = key
        with project.database.read() as connection:
            self._attributes = schema.attributes(connection)
            self._id = _record(connection, project, key)
            self._stored = _checked(self._attributes, values, key)
            now = _values(connection, self._attributes, self._id)
            self._stored = {a: v for a, v in self._stored.items() if now[a] != v}
            by_id = {a.id: a for a in self._attributes}
            self.before = {by_id[a].name: records.plain(by_id[a], now[a]) for a in self._stored}
            self.after = {
                by_id[a].name: records.plain(by_id[a], value) for a, value in self._stored.items()
            }
            self._old = {a: now[a] for a in self._stored}
            self._moves, self.labels = self._consequences(connection)
            self.heuristics = len(heuristics.heuristics(connection)) if self._stored else 0
            self.embeddings = tuple(
                name
                for name, row in embeddings.embeddings(connection).items()
                if row.attribute in self.after
            )

    @property
    def spans(self) -> pd.DataFrame:
        """What becomes of each span on the texts that change.

        Columns ``task``, ``by``, ``label``, ``text``, ``start``, ``end``, ``state`` (``kept``,
        ``moved`` or ``stale``), ``new_start``, ``new_end``.
        """
        import pandas as pd

        names = {task.id: task for task in self._project.schemas}
        rows = [
            (
                names[one.task].name,
                one.by,
                names[one.task].label_name(one.label),
                one.text,
                one.start,
                one.end,
                "stale" if one.to is None else "kept" if one.to[0] == one.start else "moved",
                *(one.to or (None, None)),
            )
            for one in self._moves
        ]
        columns = ["task", "by", "label", "text", "start", "end", "state", "new_start", "new_end"]
        return pd.DataFrame(rows, columns=columns).astype(
            {"new_start": "Int64", "new_end": "Int64"}
        )

    def apply(self, *, by: str | None = None) -> None:
        """Edit the record, and move the spans as shown, in one transaction.

        Raises
        ------
        LabelError
            If the record or its spans have changed since this was made.
        """
        if not self._stored:
            return
        project, at = self._project, following.now()
        chosen = [a for a in self._attributes if a.id in self._stored]
        with project.database.write() as connection:
            now = _values(connection, chosen, self._id)
            moves, kept = self._consequences(connection)
            if now != self._old or moves != self._moves:
                raise LabelError(
                    "the record or its labels have changed since this was made.",
                    record=str(self.key),
                    hint="Make the edit anew and look at it again; nothing was changed.",
                )
            operation = record_history.begin(connection, by or project.actor, at=at)
            self._write(connection, chosen, operation)
            moved = self._move(connection, at)
            tasks = schema.tasks(connection)
            stale.mark_stale(connection, tasks, self._attributes, records=[self._id])
            changes = [labels.change(connection, *place) for place in moved]
        self.labels = kept
        project.events.emit("records")
        if changes:
            project.events.emit("labels", changes=changes, op_ids=[])

    def undo(self, *, by: str | None = None) -> None:
        """Edit the record back, as another edit."""
        Edit(self._project, self.key, self.before).apply(by=by)

    def _write(self, connection: Connection, chosen: list[Attribute], operation: int) -> None:
        version = records.next_version(connection)
        key = records.keys_of_ids(connection, [self._id])[self._id]
        row = tuple(self._stored[a.id] for a in chosen)
        done = records.upsert(connection, chosen, [key], [row], version=version)
        record_history.log(connection, operation, "edit", done.changed)

    def _move(self, connection: Connection, at: str) -> list[tuple[int, int, str]]:
        """Write the new offsets into the log; return (task, record, actor) of what moved."""
        moved = []
        for task in sorted({one.task for one in self._moves}):
            to: Places = {
                (one.by, one.start, one.end, one.label): one.to
                for one in self._moves
                if one.task == task and one.to is not None
            }
            for by in sorted({one.by for one in self._moves if one.task == task}):

                def rewritten(
                    record: int, value: Annotation, by: str = by, to: Places = to
                ) -> Annotation:
                    del record
                    if value is None or "spans" not in value:
                        return value
                    spans = []
                    for start, end, label, surface in value["spans"]:
                        start, end = to.get((by, start, end, label)) or (start, end)
                        spans.append([start, end, label, surface])
                    return {"spans": sorted(spans)}

                if relabel.rewrite(connection, task, [(by, self._id)], rewritten, at=at):
                    moved.append((task, self._id, by))
        return moved

    def _consequences(self, connection: Connection) -> tuple[list[SpanMove], int]:
        moves: list[SpanMove] = []
        kept = 0
        by_name = {a.name: a for a in self._attributes}
        for task in schema.tasks(connection):
            rows = [row for row in gold.labels_of(connection, task.id, self._id) if row.label]
            if not task.is_spans or task.on is None:
                kept += len(rows)
                continue
            attribute = by_name[task.on]
            if attribute.id not in self._stored:
                continue
            old = self._old[attribute.id] or ""
            new = self._stored[attribute.id] or ""
            fits = [row for row in rows if not row.stale]
            places = shifted(old, new, [(row.start or 0, row.end or 0) for row in fits])
            for row, to in zip(fits, places, strict=True):
                moves.append(
                    SpanMove(
                        *(task.id, row.actor, row.label or 0),
                        *(row.start or 0, row.end or 0, row.surface or ""),
                        to,
                    )
                )
        return moves, kept

    def __repr__(self) -> str:
        if not self._stored:
            return f"edit of {self.key!r}: nothing differs"
        lines = [f"edit of {self.key!r}; nothing is changed before .apply()"]
        for name, old in self.before.items():
            lines.append(f"  {name}: {old!r:.60} -> {self.after[name]!r:.60}")
        states = [
            "stale" if one.to is None else "kept" if one.to[0] == one.start else "moved"
            for one in self._moves
        ]
        lines.append(
            f"  {self.labels:,} labels stay; spans: {states.count('kept'):,} stay, "
            f"{states.count('moved'):,} move, {states.count('stale'):,} no longer fit"
        )
        for one, state in zip(self._moves, states, strict=True):
            if state == "stale":
                lines.append(f"    {one.text!r} at {one.start} by {one.by} no longer fits")
        lines.append(f"  {self.heuristics:,} rules look at it again")
        if self.embeddings:
            lines.append(f"  vectors to be made anew: {', '.join(self.embeddings)}")
        return "\n".join(lines)


def _record(connection: Connection, project: Project, key: Any) -> int:
    text = key_text(project, key)
    ids = records.ids_of_keys(connection, [text])
    if text not in ids:
        raise LabelError("there is no record with this key.", record=text)
    return ids[text]


def _values(
    connection: Connection, attributes: tuple[Attribute, ...] | list[Attribute], record: int
) -> dict[int, Any]:
    found = next(iter(records.values(connection, attributes, [record])), None)
    if found is None:
        raise LabelError("the record was deleted.", record=record)
    return {a.id: value for a, value in zip(attributes, found[2], strict=True)}


def _checked(
    attributes: tuple[Attribute, ...], values: Mapping[str, Any], key: Any
) -> dict[int, Any]:
    """Return values as they are stored, by the id of their attribute."""
    known = {attribute.name: attribute for attribute in attributes}
    found = {}
    for name, value in values.items():
        if name not in known:
            raise SchemaError(f"there is no attribute {name!r}.", hint=did_you_mean(name, known))
        attribute = known[name]
        if attribute.is_key:
            raise SchemaError(
                f"{name!r} is part of the key, by which the record is known.",
                hint="Add the record under its new key, and delete this one.",
            )
        plain = value.item() if hasattr(value, "item") else value
        (stored,) = convert.values([plain], attribute.type, lenient=False)
        if not isinstance(stored, convert.Bad) and surrogate(plain) is not None:
            stored = convert.Bad("lone surrogates are no text")
        if isinstance(stored, convert.Bad):
            raise InputError(f"{stored.message}.", record=str(key), field=name)
        found[attribute.id] = int(stored) if isinstance(stored, bool) else stored
    return found
