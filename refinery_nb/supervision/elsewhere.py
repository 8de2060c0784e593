"""Supervision elsewhere: votes, manual labels and vectors go there, weak labels come back."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.executor import Executor, Report
from refinery_nb.core.parcel import Parcel
from refinery_nb.core.schema import Overlap
from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision.outcome import Outcome
from refinery_nb.supervision.supervise import Text, run

TARGET = "refinery_nb.supervision.elsewhere:supervised"
COLUMNS = ("record", "label", "confidence", "start", "end")
ENTRIES = ("records", "row", "source", "label", "confidence", "start", "end")
Arrays = dict[str, NDArray[Any]]


def run_elsewhere(
    executor: Executor,
    votes: VoteMatrix,
    gold: Gold,
    *,
    overlap: Overlap,
    vectors: Sequence[Vectors] = (),
    text: Text | None = None,
    cancel: threading.Event | None = None,
    **settings: Any,
) -> Outcome:
    """Return what ``supervise.run`` does, run by an executor.

    Raises
    ------
    QueryError
        If a setting is nothing that can be sent.
    """
    said = {
        "sources": list(votes.sources),
        "labels": list(votes.labels),
        "overlap": overlap.value,
        "vectors": len(vectors),
        "settings": {name: _plain(name, value) for name, value in settings.items()},
    }
    arrays = _named("votes", votes, ENTRIES) | _named("gold", gold.votes, COLUMNS)
    arrays["gold.reviewed"] = gold.reviewed
    for at, one in enumerate(vectors):
        arrays |= {f"vectors.{at}.records": one.records, f"vectors.{at}.values": one.values}
    texts: dict[str, list[str]] = {}
    if text is not None:
        ids = sorted(text.texts)
        tokens = [text.tokens[record] for record in ids]
        texts["text"] = [text.texts[record] for record in ids]
        arrays["text.records"] = np.array(ids, np.int64)
        arrays["text.lengths"] = np.array([len(one) for one in tokens], np.int64)
        arrays["text.tokens"] = np.concatenate([np.zeros((0, 2), np.int32), *tokens])
    answer = executor.run(TARGET, Parcel(said, texts, arrays), cancel=cancel)
    proba, held_out = (_votes(answer.arrays, name) for name in ("proba", "held_out"))
    found = _votes(answer.arrays, "votes")
    assert found is not None
    return Outcome(found, proba, held_out, dict(answer.said["summary"]))


def supervised(question: Parcel, report: Report) -> Parcel:
    """Run supervision on what ``run_elsewhere`` sends."""
    del report
    said, arrays = question.said, question.arrays
    entries = {name: arrays.get(f"votes.{name}") for name in ENTRIES}
    matrix = VoteMatrix(sources=tuple(said["sources"]), labels=tuple(said["labels"]), **entries)  # type: ignore[arg-type]
    labelled = _votes(arrays, "gold")
    assert labelled is not None
    settings = {name: _back(value) for name, value in said["settings"].items()}
    if said["vectors"]:
        settings["vectors"] = [
            Vectors(arrays[f"vectors.{at}.records"], arrays[f"vectors.{at}.values"])
            for at in range(said["vectors"])
        ]
    if "text" in question.texts:
        ids = arrays["text.records"].tolist()
        tokens = np.split(arrays["text.tokens"], np.cumsum(arrays["text.lengths"])[:-1])
        texts = question.texts["text"]
        settings["text"] = Text(
            dict(zip(ids, texts, strict=True)), dict(zip(ids, tokens, strict=True))
        )
    gold = Gold(arrays["gold.reviewed"], labelled)
    outcome = run(matrix, gold, overlap=Overlap(said["overlap"]), **settings)
    found: Arrays = {}
    for name in ("votes", "proba", "held_out"):
        if (one := getattr(outcome, name)) is not None:
            found |= _named(name, one, COLUMNS)
    return Parcel({"summary": outcome.summary}, arrays=found)


def _named(prefix: str, value: Any, names: Sequence[str]) -> Arrays:
    """Return the arrays of an object under names of their own; those that it lacks are left out."""
    given = {name: getattr(value, name) for name in names}
    return {f"{prefix}.{name}": one for name, one in given.items() if one is not None}


def _votes(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Votes | None:
    if f"{prefix}.record" not in arrays:
        return None
    return Votes(*(arrays.get(f"{prefix}.{name}") for name in COLUMNS))  # type: ignore[arg-type]


def _plain(name: str, value: Any) -> Any:
    """Return a setting as JSON; a mapping as pairs, as its keys may be numbers."""
    if isinstance(value, Mapping):
        return {"pairs": [[key, _plain(name, one)] for key, one in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_plain(name, one) for one in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise QueryError(f"{name}={value!r:.60} is not sent.", hint="Run it here: executor=None.")


def _back(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _back(one) for key, one in value["pairs"]}
    return [_back(one) for one in value] if isinstance(value, list) else value
