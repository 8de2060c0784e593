"""What stands beside records and labels in a snapshot: vectors, slices, comments."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from refinery_nb.io.refinery.snapshot import SnapshotComment, SnapshotEmbedding, SnapshotSlice
from refinery_nb.io.refinery.values import flag, name, rows, text, whole

TOKENS = "ON_TOKEN"
OURS = "refinery_nb"  # what we keep in ``info`` of a slice that we wrote


def embeddings(
    found: Mapping[str, Any], records: Collection[str], *, faults: Counter[str]
) -> Iterator[SnapshotEmbedding]:
    """Yield the embeddings with their vectors, in the order of the file."""
    vectors: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    absent: dict[str, list[str]] = defaultdict(list)
    known = {text(row.get("id")) for row in rows(found, "embeddings_data")}
    tensors = list(rows(found, "embedding_tensors_data"))
    if any(row.get("sub_key") is not None for row in tensors):
        tensors.sort(key=_sub_key)
    for row in tensors:
        id_, record, data = (
            text(row.get("embedding_id")),
            text(row.get("record_id")),
            _json(row.get("data")),
        )
        if id_ is None or id_ not in known or record is None or not isinstance(data, list):
            faults["vectors of no embedding"] += 1
        elif record not in records:
            absent[id_].append(record)
        else:
            vectors[id_].append((record, data))
    done: set[str] = set()
    for row in rows(found, "embeddings_data"):
        id_, called = text(row.get("id")), name(row.get("name"))
        if id_ is None or called is None or id_ in done:
            faults["embeddings without a name or an id of their own"] += 1
            continue
        done.add(id_)
        yield SnapshotEmbedding(
            id_,
            called,
            text(row.get("attribute_id")) or _attribute(found, called),
            (text(row.get("type")) or "").upper() == TOKENS,
            text(row.get("platform")) or "",
            text(row.get("model")) or _model(called),
            tuple(vectors[id_]),
            tuple(absent[id_]),
        )


def slices(
    found: Mapping[str, Any], records: Collection[str], *, faults: Counter[str]
) -> Iterator[SnapshotSlice]:
    """Yield the slices; a static one with its records."""
    members: dict[str, dict[str, None]] = defaultdict(dict)
    absent: Counter[str] = Counter()
    for row in rows(found, "data_slice_record_association_data"):
        slice_, record = text(row.get("data_slice_id")), text(row.get("record_id"))
        if slice_ is None or record is None:
            continue
        if record in records:
            members[slice_][record] = None
        else:
            absent[slice_] += 1
    for row in rows(found, "data_slice_data"):
        id_, called, info = text(row.get("id")), name(row.get("name")), _json(row.get("info"))
        if id_ is None or called is None:
            faults["slices without a name"] += 1
            continue
        kind = (text(row.get("slice_type")) or "").upper()
        ours = info.get(OURS) if isinstance(info, dict) else None
        told = "outliers" if kind == "STATIC_OUTLIER" else ""
        if isinstance(info, dict) and text(info.get("embedding")) and told:
            told += f" by {text(info.get('embedding'))}"
        if isinstance(ours, dict) and isinstance(ours.get("comment"), str):
            told = ours["comment"]
        yield SnapshotSlice(
            id_,
            called,
            text(row.get("created_at")) or "",
            flag(row.get("static")) or kind.startswith("STATIC"),
            tuple(members[id_]),
            absent[id_],
            _json(row.get("filter_raw")),
            told,
            ours.get("selection") if isinstance(ours, dict) else None,
        )


def comments(found: Mapping[str, Any], *, faults: Counter[str]) -> Iterator[SnapshotComment]:
    """Yield the comments in the order of the file."""
    for row in rows(found, "comments", "comments_data", "comment_data"):
        on, target = text(row.get("xftype")), text(row.get("xfkey"))
        said = row.get("comment")
        if on is None or target is None or not isinstance(said, str) or not said.strip():
            faults["comments on nothing, or without a text"] += 1
            continue
        yield SnapshotComment(
            on.upper(),
            target,
            text(row.get("created_by")) or "unknown",
            text(row.get("created_at")) or "",
            said,
        )


def _sub_key(row: Mapping[str, Any]) -> int:
    return whole(row.get("sub_key")) or 0


def _json(value: Any) -> Any:
    """Return what a value says: older exports write JSON as text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _attribute(found: Mapping[str, Any], called: str) -> str:
    """Return the id of the attribute that older names of embeddings begin with.

    >>> known = {"attributes_data": [{"id": "a1", "name": "text"}]}
    >>> _attribute(known, "text-classification-distilbert-base-uncased")
    'a1'
    """
    for row in rows(found, "attributes_data"):
        at = name(row.get("name"))
        if at is not None and called.startswith((f"{at}-classification", f"{at}-extraction")):
            return text(row.get("id")) or at
    return ""


def _model(called: str) -> str:
    """Return the model that older names of embeddings end with.

    >>> _model("text-classification-distilbert-base-uncased")
    'distilbert-base-uncased'
    """
    for kind in ("-classification-", "-extraction-"):
        _, found, model = called.partition(kind)
        if found:
            return model
    return called
