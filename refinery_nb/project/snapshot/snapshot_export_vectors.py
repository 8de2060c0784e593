"""Vectors of a project as refinery's tables hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import StoreDamaged
from refinery_nb.project.snapshot.snapshot_export_said import Written, refinery_time
from refinery_nb.store import embeddings as stored
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.store.schema import column
from refinery_nb.text.tokens import all_tokens

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

# Where refinery says that a model runs; ours by their kind.
PLATFORMS = {"transformer": "huggingface", "tfidf": "python", "endpoint": "openai"}


def embeddings(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    """Yield what is known of each embedding."""
    for row in _rows(project):
        spec = row.spec
        at = refinery_time(row.at)
        yield {
            "id": written.id("embedding", row.name),
            "attribute_id": written.id("attribute", row.attribute),
            "name": row.name,
            "custom": False,
            "type": "ON_TOKEN" if row.level == "token" else "ON_ATTRIBUTE",
            "started_at": at,
            "finished_at": at,
            "platform": spec.get("platform") or PLATFORMS.get(spec["kind"], "python"),
            "model": str(spec["model"]),
            "filter_attributes": None,
            "additional_data": {},
        }


def tensors(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    """Yield the vectors of the records' present texts."""
    among = set(written.ids)
    for row in _rows(project):
        try:
            rows, keep = project.embeddings.known(row)
            values = project.embeddings.array(row).values(row.count)
        except StoreDamaged as error:
            written.lose(f"the vectors of {row.name!r}: {error.message}")
            continue
        id_ = written.id("embedding", row.name)
        for at in np.flatnonzero(keep).tolist():
            record = int(rows["record"][at])
            if record not in among:
                continue
            told = {"embedding_id": id_, "record_id": written.record(record)}
            if row.level == "record":
                yield {**told, "data": values[at].tolist()}
            elif row.level == "list":
                for number, vector in enumerate(values.row(at).tolist()):
                    yield {**told, "sub_key": number, "data": vector}
            else:
                data = _of_tokens(project, row, record, values.row(at).tolist())
                if data is None:
                    written.lose(f"vectors of {row.name!r}: of other tokens", record)
                else:
                    yield {**told, "data": data}


def _of_tokens(
    project: Project, row: EmbeddingRow, record: int, vectors: list[list[float]]
) -> list[list[float]] | None:
    """Return a vector for each token of refinery, zero for white space; None: they are others."""
    attribute = project.attribute(row.attribute)
    with project.database.read() as connection:
        text = str(records.one_value(connection, column(attribute), record) or "")
    left = iter(vectors)
    found = [
        next(left, None) if text[start:end].strip() else [0.0] * row.dim
        for start, end in all_tokens(text, project.tokenizer).tolist()
    ]
    if None in found or next(left, None) is not None:
        return None
    return [one for one in found if one is not None]


def _rows(project: Project) -> list[EmbeddingRow]:
    with project.database.read() as connection:
        return [row for row in stored.embeddings(connection).values() if row.count]
