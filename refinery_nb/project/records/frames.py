"""Labels as DataFrames, with the keys that users know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Gold, Votes
from refinery_nb.project.records.keys import key_value
from refinery_nb.store import gold as stored
from refinery_nb.store import records as stored_records
from refinery_nb.store import schema

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task


def keys(project: Project, ids: Iterable[int]) -> dict[int, Any]:
    """Return the keys of records by id, typed as users wrote them."""
    with project.database.read() as connection:
        attributes = schema.attributes(connection)
        found = stored_records.keys_of_ids(connection, list(ids))
    return {record: key_value(attributes, key) for record, key in found.items()}


PANDAS_TYPES = {"integer": "Int64", "boolean": "boolean", "float": "float64"}


def records(project: Project, ids: Sequence[int] | NDArray[np.int64]) -> pd.DataFrame:
    """Return records by id: attributes as columns, keys as index."""
    import pandas as pd

    wanted = [int(record) for record in ids]
    with project.database.read() as connection:
        attributes = schema.attributes(connection)
        rows = list(stored_records.values(connection, attributes, wanted))
    index = pd.Index(
        [key_value(attributes, key) for _, key, _ in rows], name="key", tupleize_cols=False
    )
    columns = {
        attribute.name: pd.Series(
            [stored_records.plain(attribute, values[at]) for _, _, values in rows],
            dtype=PANDAS_TYPES.get(attribute.type.value, "object"),
            index=index,
        )
        for at, attribute in enumerate(attributes)
    }
    return pd.DataFrame(columns, index=index)


def gold_columns(task: Task) -> tuple[Gold, dict[int, str]]:
    """Return the valid manual labels as columns, and who set them by record id."""
    with task.project.database.read() as connection:
        return stored.gold(connection, task.schema)


def gold(task: Task) -> pd.DataFrame:
    """Return the valid manual labels, one row a label, in the order of the records."""
    import pandas as pd

    reference, by = gold_columns(task)
    key = keys(task.project, by)
    if task.schema.is_multi:
        names = {label.id: label.name for label in task.schema.labels}
        said = several(reference.votes, names)
        return pd.DataFrame(
            [(key[r], said.get(r, ([], []))[0], by[r]) for r in reference.reviewed.tolist()],
            columns=["key", "label", "by"],
        )
    frame = votes_frame(task, reference.votes, key).drop(columns="confidence")
    frame.insert(len(frame.columns), "by", [by[int(r)] for r in reference.votes.record])
    labelled = set(reference.votes.record.tolist())
    none = [int(record) for record in reference.reviewed if int(record) not in labelled]
    if not none:
        return frame
    rows = pd.DataFrame({"key": [key[r] for r in none], "by": [by[r] for r in none]})
    order = [*reference.votes.record.tolist(), *none]
    both = pd.concat([frame.astype(object), rows.astype(object)], ignore_index=True)
    both = both.iloc[sorted(range(len(order)), key=lambda at: order[at])]
    return both.where(both.notna(), None).reset_index(drop=True)[list(frame.columns)]


def several(votes: Votes, names: Mapping[int, str]) -> dict[int, tuple[list[str], list[float]]]:
    """Return the labels and confidences of each record that has any, in the order of labels."""
    found: dict[int, tuple[list[str], list[float]]] = {}
    order = {label: at for at, label in enumerate(names)}
    rows = zip(votes.record.tolist(), votes.label.tolist(), votes.confidence.tolist(), strict=True)
    for record, label, sure in sorted(rows, key=lambda row: (row[0], order.get(row[1], 0))):
        if label in names:
            labels, confidences = found.setdefault(record, ([], []))
            labels.append(names[label])
            confidences.append(sure)
    return found


def votes_frame(task: Task, votes: Votes, key: dict[int, Any] | None = None) -> pd.DataFrame:
    """Return votes as ``key, label, confidence`` (spans: ``key, start, end, ...``)."""
    import pandas as pd

    key = keys(task.project, set(votes.record.tolist())) if key is None else key
    names = {label.id: label.name for label in task.schema.labels}
    columns: dict[str, Sequence[Any]] = {"key": [key[record] for record in votes.record.tolist()]}
    if votes.start is not None and votes.end is not None:
        columns |= {"start": votes.start.tolist(), "end": votes.end.tolist()}
    columns["label"] = [names.get(label) for label in votes.label.tolist()]
    columns["confidence"] = votes.confidence.tolist()
    return pd.DataFrame(columns)


def all_labels(task: Task, *, stale_only: bool) -> pd.DataFrame:
    """Return every person's labels, or only the spans that no longer fit their text."""
    import pandas as pd

    with task.project.database.read() as connection:
        rows = [row for row in stored.labels(connection, task.id) if row.stale or not stale_only]
    key = keys(task.project, {row.record for row in rows})
    names = {label.id: label.name for label in task.schema.labels}
    spans = task.schema.is_spans
    return pd.DataFrame(
        [
            {
                "key": key[row.record],
                **({"start": row.start, "end": row.end, "text": row.surface} if spans else {}),
                "label": None if row.label is None else names.get(row.label),
                "by": row.actor,
                **({"stale": bool(row.stale)} if spans else {}),
            }
            for row in rows
        ],
        columns=[
            "key",
            *(["start", "end", "text"] if spans else []),
            "label",
            "by",
            *(["stale"] if spans else []),
        ],
    )
