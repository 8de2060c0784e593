"""Cards: records as the Labeler shows them, as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.project.attributes import tokenizing
from refinery_nb.store import comments, labels, records, schema
from refinery_nb.store import stale as stored_stale

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

SHOWN_CHARACTERS = 300_000
LABELER = "labeler"  # of the places that attributes may be hidden in


def cards(
    project: Project, ids: Sequence[int], tasks: Sequence[Task], actor: str
) -> list[dict[str, Any]]:
    """Return a card for each record that exists, in the order of ``ids``.

    A card holds ``id, key, attributes, texts, tasks, votes, weak``, and ``comments`` if there are
    any; task ids are strings, as they are in JSON; offsets are code points.
    """
    chosen = {task.id for task in tasks}
    with project.database.read() as connection:
        attributes = schema.attributes(connection)
        schemas = [task for task in schema.tasks(connection) if task.id in chosen]
        rows = list(records.values(connection, attributes, [int(record) for record in ids]))
        said = {
            (task.id, record): labels.change(connection, task.id, record, actor)
            for task in schemas
            for record, _, _ in rows
        }
        stale = stored_stale.stale_records(connection, actor, [row[0] for row in rows])
        commented = comments.on_records(connection, [row[0] for row in rows])
    texts = _texts(schemas, attributes)
    offsets = _offsets(project, schemas, attributes, rows)
    votes = {task.id: _votes_of(project, task, [row[0] for row in rows]) for task in schemas}
    weak = {task.id: _weak_of(project, task, [row[0] for row in rows]) for task in schemas}
    return [
        {
            "id": record,
            "key": key,
            "attributes": [
                {"name": a.name, "value": records.plain(a, value)}
                for a, value in zip(attributes, values, strict=True)
                if a.name not in texts
                and value is not None
                and not a.is_key
                and LABELER not in a.hidden
            ],
            "texts": {
                a.name: _text(value, offsets.get((record, a.id)))
                for a, value in zip(attributes, values, strict=True)
                if a.name in texts
            },
            "tasks": {
                str(task.id): {
                    "version": said[task.id, record].version,
                    "value": said[task.id, record].value,
                    "marks": list(said[task.id, record].marks),
                    "stale": (task.id, record) in stale,
                }
                for task in schemas
            },
            "votes": {str(task.id): votes[task.id].get(record, []) for task in schemas},
            "weak": {
                str(task.id): weak[task.id][record] for task in schemas if record in weak[task.id]
            },
            **({"comments": commented[record]} if record in commented else {}),
        }
        for record, key, values in rows
    ]


def _texts(schemas: Sequence[TaskSchema], attributes: Sequence[Attribute]) -> list[str]:
    """Return the attributes that are shown as texts: those of the tasks, or all long strings."""
    named = list(dict.fromkeys(task.on for task in schemas if task.on is not None))
    whole = any(task.on is None for task in schemas) or not named
    long = [
        a.name
        for a in attributes
        if a.type.value == "text" and not a.is_key and LABELER not in a.hidden
    ]
    return list(dict.fromkeys([*named, *(long if whole else [])]))


def _text(value: Any, offsets: Any) -> dict[str, Any]:
    text = "" if value is None else value if isinstance(value, str) else str(value)
    shown: dict[str, Any] = {"text": text[:SHOWN_CHARACTERS]}
    if len(text) > SHOWN_CHARACTERS:
        shown["truncated_at"] = SHOWN_CHARACTERS
    if offsets is not None:
        shown["tokens"] = offsets[offsets[:, 1] <= SHOWN_CHARACTERS].ravel().tolist()
    return shown


def _offsets(
    project: Project,
    schemas: Sequence[TaskSchema],
    attributes: Sequence[Attribute],
    rows: Sequence[tuple[int, str, tuple[Any, ...]]],
) -> dict[tuple[int, int], Any]:
    """Return token offsets for the texts of spans tasks; tokenize and cache what is new."""
    found = {}
    for name in dict.fromkeys(task.on for task in schemas if task.is_spans):
        at = next(index for index, a in enumerate(attributes) if a.name == name)
        attribute = attributes[at]
        texts = {record: str(values[at] or "") for record, _, values in rows}
        for record, cut in tokenizing.offsets(project, attribute, texts).items():
            found[record, attribute.id] = cut
    return found


def _votes_of(
    project: Project, task: TaskSchema, ids: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for name, votes in project.columns.of_task(task).items():
        for record, vote in _rows(votes, ids):
            found.setdefault(record, []).append({"heuristic": name, **vote})
    return found


def _weak_of(project: Project, task: TaskSchema, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    run = project.columns.last_run(task)
    if run is None:
        return found
    for record, vote in _rows(project.columns.weak(run), ids):
        if task.is_multi:
            label = [vote["label"], vote["confidence"]]
            found.setdefault(record, {"labels": []})["labels"].append(label)
            continue
        if not task.is_spans:
            found[record] = vote
            continue
        span = [vote["start"], vote["end"], vote["label"], vote["confidence"]]
        found.setdefault(record, {"spans": []})["spans"].append(span)
    return found


def _rows(votes: Votes, ids: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
    """Return the votes on a few records, found by bisection: the columns are long."""
    rows = []
    for record in ids:
        first, last = votes.record.searchsorted([record, record + 1])
        for at in range(int(first), int(last)):
            vote: dict[str, Any] = {
                "label": int(votes.label[at]),
                "confidence": round(float(votes.confidence[at]), 4),
            }
            if votes.start is not None and votes.end is not None:
                vote |= {"start": int(votes.start[at]), "end": int(votes.end[at])}
            rows.append((record, vote))
    return rows


def token_offsets(project: Project, task: TaskSchema, ids: Sequence[int]) -> dict[int, Any]:
    """Return the token offsets of records for a spans task, by record id."""
    with project.database.read() as connection:
        attributes = schema.attributes(connection)
        rows = list(records.values(connection, attributes, ids))
    return {
        record: offsets
        for (record, _), offsets in _offsets(project, [task], attributes, rows).items()
    }
