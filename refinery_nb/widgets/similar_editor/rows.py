"""Neighbours as plain JSON: columns of all of them, and the few that are looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.heuristics.similar import Similar
from refinery_nb.project.records import frames
from refinery_nb.project.vectors.neighbours import Neighbours
from refinery_nb.store import records
from refinery_nb.widgets.embedding_map.session import packed
from refinery_nb.widgets.similar_editor.session import SimilarSession

MOST = 200_000  # neighbours that the front end knows of: below them nobody puts a threshold
UNIT = 1_000_000_000  # a similarity travels as a whole number: it has nine digits
RIGHT, WRONG, NONE = 1, 0, 2
PAGE = 200
LONGEST = 2_000  # characters of a text
BEFORE = 400  # of them before a span
EXAMPLE = 300  # characters of an example


def known(found: Neighbours) -> int:
    """Return how many neighbours the front end knows of: those that a threshold can let in."""
    return min(int(np.searchsorted(-found.found.similarity, 0.0)), MOST)


def columns(session: SimilarSession, found: Neighbours) -> dict[str, Any]:
    """Return all neighbours: how similar, to which example, and what people have said of them."""
    count = known(found)
    similarity = np.round(found.found.similarity[:count] * UNIT).astype(np.int64)
    return {
        "revision": session.revision,
        "similarity": packed(np.minimum(similarity, UNIT)),
        "example": packed(found.found.example[:count].astype(np.uint16)),
        "left_out": int((found.found.similarity > 0).sum()) - count,
        **judged(session, found),
    }


def judged(session: SimilarSession, found: Neighbours) -> dict[str, Any]:
    """Return which neighbours were judged: four times the rank, and whether that was right."""
    ranks = np.flatnonzero(found.checked[: known(found)])
    codes = np.where(found.right[ranks], RIGHT, WRONG)
    if session.gold is not None and not session.task.schema.is_spans:
        some = np.isin(found.found.record[ranks], session.gold.votes.record)
        codes[~some] = NONE
    return {
        "revision": session.revision,
        "judged": packed(ranks * 4 + codes),
        "labelled": len(session.labelled(session.gold)),
    }


def rows(session: SimilarSession, first: int, last: int) -> list[dict[str, Any]]:
    """Return some neighbours with their texts, by rank."""
    found = session.neighbours
    if found is None:
        raise QueryError("nothing has been compared yet.")
    part = found.found.take(np.arange(len(found))[first : min(last, first + PAGE)])
    texts, keys = _texts(session, found.rule, part.record)
    gold = _gold(session, part.record)
    told = []
    for at, record in enumerate(part.record.tolist()):
        place = None
        if part.start is not None and part.end is not None:
            place = (int(part.start[at]), int(part.end[at]))
        text = texts.get(record, "")
        begin = 0 if place is None else max(0, place[0] - BEFORE)
        spans = gold.get(record)
        told.append(
            {
                "rank": first + at,
                "record": record,
                "key": keys.get(record, ""),
                "text": text[begin : begin + LONGEST],
                "start": None if place is None else place[0] - begin,
                "end": None if place is None else place[1] - begin,
                "cut": [begin > 0, len(text) > begin + LONGEST],
                "place": place,
                "gold": None
                if spans is None
                else [name for start, end, name in spans if place in (None, (start, end))],
                "spans": []
                if spans is None or place is None
                else [[start - begin, end - begin, name] for start, end, name in spans],
            }
        )
    return told


def draft(session: SimilarSession) -> dict[str, Any]:
    """Return the rule as it is being made, and how it stands to the task."""
    own = session.draft
    standing, kind = session.standing()
    return {
        "label": own.label,
        "name": session.name,
        "named": own.name is not None,
        "threshold": round(own.threshold * UNIT),
        "chosen": own.chosen,
        "embedding": own.embedding,
        "examples": [_example(one) for one in own.examples],
        "standing": standing,
        "kind": kind,
    }


def _example(one: dict[str, Any]) -> dict[str, Any]:
    if "vector" in one:
        return {"kind": "vector", "key": "", "text": f"a vector of {len(one['vector']):,} numbers"}
    kind = "span" if "start" in one else "record" if "key" in one else "text"
    text = str(one.get("text", one.get("said", "")))
    return {"kind": kind, "key": str(one.get("key", "")), "text": text[:EXAMPLE]}


def _texts(
    session: SimilarSession, rule: Similar, ids: NDArray[np.int64]
) -> tuple[dict[int, str], dict[int, str]]:
    project = session.project
    assert rule.embedding is not None
    attribute = project.attribute(project.embeddings.row(rule.embedding).attribute)
    wanted = np.unique(ids).tolist()
    with project.database.read() as connection:
        found = list(records.values(connection, [attribute], wanted))
    keys = frames.keys(project, wanted)
    return (
        {record: "" if text is None else str(text) for record, _, (text,) in found},
        {record: str(key) for record, key in keys.items()},
    )


def _gold(session: SimilarSession, ids: NDArray[np.int64]) -> dict[int, list[tuple[int, int, str]]]:
    """Return the valid labels of those records that were judged, as spans or with no place."""
    gold = session.gold
    assert gold is not None
    told: dict[int, list[tuple[int, int, str]]] = {
        record: [] for record in np.intersect1d(ids, gold.reviewed).tolist()
    }
    votes = gold.votes.of_records(ids)
    schema = session.task.schema
    nowhere = np.full(len(votes), -1)
    starts = nowhere if votes.start is None else votes.start
    ends = nowhere if votes.end is None else votes.end
    for record, start, end, label in zip(
        votes.record.tolist(), starts.tolist(), ends.tolist(), votes.label.tolist(), strict=True
    ):
        told.setdefault(record, []).append((start, end, schema.label_name(label)))
    return told
