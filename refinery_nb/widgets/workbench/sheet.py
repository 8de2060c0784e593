"""All that is known of one record, as plain JSON: values, tokens, labels, votes, weak labels."""

from __future__ import annotations

from typing import Any

from refinery_nb.core.errors import QueryError
from refinery_nb.core.schema import Attribute, TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.project import Project
from refinery_nb.project.vectors.search import SEARCHED
from refinery_nb.store import heuristics, page, records, schema, weak

SHOWN = 50_000  # characters of a text
CELL = 2_000  # characters of another value
NEIGHBOURS = 12
EXCERPT = 280  # characters of a neighbour's text


def sheet(project: Project, record: int) -> dict[str, Any] | None:
    """Return what is known of a record by its id; None if it is gone.

    Texts come with the tokens that the tokenizer of their attribute makes, as half-open offsets
    in code points, one after the other; beyond ``SHOWN`` characters they are cut.
    """
    with project.database.read() as connection:
        attributes = schema.attributes(connection)
        found = list(records.values(connection, attributes, [record]))
        tasks = schema.tasks(connection)
        said = page.said(connection, [task.id for task in tasks], [record])
        marks = page.marks(connection, [task.id for task in tasks], [record])
        rules = {task.id: heuristics.heuristics(connection, task.id) for task in tasks}
        runs = {task.id: weak.runs(connection, task.id) for task in tasks}
    if not found:
        return None
    _, key, values = found[0]
    told = []
    for task in tasks:
        columns = project.columns.of_task(task, enabled_only=False)
        run = runs[task.id][-1] if runs[task.id] else None
        told.append(
            {
                **_task(task),
                "said": _said([one for one in said if one.task == task.id]),
                "marks": sorted({mark for of, _, mark in marks if of == task.id}),
                "votes": [
                    {
                        "heuristic": row.name,
                        "kind": row.spec["kind"],
                        "enabled": row.enabled,
                        "state": row.state,
                        "votes": _votes(columns[row.name], record) if row.name in columns else [],
                    }
                    for row in rules[task.id]
                ],
                "weak": None
                if run is None
                else {
                    "model": run.model,
                    "labels": _votes(project.columns.weak(run.id), record),
                },
            }
        )
    return {
        "id": record,
        "key": key,
        "attributes": [
            _attribute(project, attribute, record, value)
            for attribute, value in zip(attributes, values, strict=True)
        ],
        "tasks": told,
    }


def neighbours(project: Project, key: str, embedding: str) -> list[dict[str, Any]]:
    """Return the records that are most like one by an embedding, the most similar first.

    Raises
    ------
    QueryError
        If there is no such embedding, or the record has no vector of its present text.
    """
    view = project.view().similar_to(key, NEIGHBOURS, embedding=embedding)
    scores = project.selector.scores(view.selection, view.ids())
    on = project.embeddings.row(embedding).attribute
    attribute = project.attribute(on)
    with project.database.read() as connection:
        rows = list(records.values(connection, [attribute], view.ids().tolist()))
    return [
        {
            "id": record,
            "key": other,
            "text": _excerpt(value),
            "similarity": round(float(score), 4),
        }
        for (record, other, (value,)), score in zip(rows, scores, strict=True)
    ]


def embeddings(project: Project) -> list[dict[str, Any]]:
    """Return the embeddings that say what a record is like, the newest first."""
    rows = [project.embeddings.row(name) for name in project.embeddings]
    fitting = [row for row in rows if row.level in SEARCHED and row.count]
    fitting.sort(key=lambda row: row.at, reverse=True)
    return [{"name": row.name, "attribute": row.attribute} for row in fitting]


def record_of(project: Project, key: str) -> int:
    """Return the id of the record with this key, as it is stored.

    Raises
    ------
    QueryError
        If there is none.
    """
    with project.database.read() as connection:
        try:
            known = records.ids_of_keys(connection, [key])
        except UnicodeEncodeError:  # half a character is no key
            known = {}
    if key not in known:
        raise QueryError(f"there is no record {key!r:.100}.", hint="Keys are compared whole.")
    return known[key]


def _attribute(project: Project, attribute: Attribute, record: int, value: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": attribute.name,
        "type": attribute.type.value,
        "key": attribute.is_key,
    }
    if not attribute.type.is_string or value is None or attribute.is_key:
        plain = records.plain(attribute, value)
        exact = isinstance(plain, bool) or not isinstance(plain, int | float) or abs(plain) < 2**53
        told["value"] = plain if exact else str(plain)
        if isinstance(plain, str | list | dict) and len(str(value)) > CELL:
            told["value"] = f"{str(value)[:CELL]}…"
        return told
    text = str(value)
    cut = tokenizing.offsets(project, attribute, {record: text})[record]
    told |= {
        "text": text[:SHOWN],
        "length": len(text),
        "tokens": cut[cut[:, 1] <= SHOWN].ravel().tolist(),
        "count": len(cut),
        "tokenizer": tokenizing.name_of(project, attribute.name),
    }
    return told


def _task(task: TaskSchema) -> dict[str, Any]:
    return {
        "id": task.id,
        "name": task.name,
        "kind": task.kind.value,
        "on": task.on,
        "labels": [{"id": one.id, "name": one.name, "color": one.color} for one in task.labels],
    }


def _said(said: list[page.Said]) -> list[dict[str, Any]]:
    """Return what each person says: labels with their span, none of them for "none fits"."""
    people: dict[str, list[dict[str, Any]]] = {}
    for one in said:
        own = people.setdefault(one.actor, [])
        if one.label is not None:
            own.append({"label": one.label, "confidence": 1.0, "start": one.start, "end": one.end})
    return [{"by": by, "labels": labels} for by, labels in people.items()]


def _votes(votes: Votes, record: int) -> list[dict[str, Any]]:
    """Return the votes on a record, found by bisection: the columns are long."""
    first, last = votes.record.searchsorted([record, record + 1])
    return [
        {
            "label": int(votes.label[at]),
            "confidence": round(float(votes.confidence[at]), 4),
            "start": None if votes.start is None else int(votes.start[at]),
            "end": None if votes.end is None else int(votes.end[at]),
        }
        for at in range(int(first), int(last))
    ]


def _excerpt(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"
