"""Estimators that somebody brought, at work in a child process, or elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.compute.limits import Limits
from refinery_nb.compute.pool import Pool, Reply
from refinery_nb.core.errors import EndpointError, HeuristicError
from refinery_nb.core.executor import Executor
from refinery_nb.core.parcel import Parcel
from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.heuristics.learning import answers, packed

WORKER = "refinery_nb.heuristics.learning:Worker"
ELSEWHERE = "refinery_nb.heuristics.learning:elsewhere"
LIMITS = Limits(record_seconds=600.0, total_seconds=1_800.0, memory_bytes=4 << 30)
Arrays = dict[str, NDArray[Any]]


def learnt_apart(
    learner: ActiveLearner,
    names: Sequence[str],
    lesson: Arrays,
    asked: Iterable[Arrays],
    *,
    width: int,
    spans: bool,
    cancel: threading.Event,
    executor: Executor | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what an estimator says of labelled rows unseen, and of all rows.

    Parameters
    ----------
    names
        Of the labels that ``lesson`` counts by position.
    lesson
        Rows, labels and folds; what they are called stands in ``heuristics.learning``.
    asked
        Rows in blocks.
    width
        Numbers of an answer for each row.
    executor
        Where it learns, without limits; None: in a child process.

    Raises
    ------
    HeuristicError
        If the estimator fails, or says what cannot be.
    """
    setup = {
        "source": learner.source,
        "entry": learner.entry,
        "style": learner.style,
        "labels": list(names),
        "spans": spans,
    }

    def payloads() -> Iterable[bytes]:
        yield packed("learn", lesson)
        for block in asked:
            yield packed("ask", block)

    if executor is not None:
        parts = _elsewhere(executor, setup, payloads(), cancel)
    else:
        parts = _in_child(setup, payloads(), cancel)
    try:
        return answers(parts[:1], width), answers(parts[1:], width)
    except ValueError as error:
        raise HeuristicError(f"the model cannot be used: {error}") from error


def _in_child(
    setup: dict[str, Any], payloads: Iterable[bytes], cancel: threading.Event
) -> list[bytes]:
    bodies: list[tuple[int, bytes]] = []
    pool = Pool(WORKER, setup, payloads, steps=1, limits=LIMITS, cancel=cancel)
    for event in pool:
        if not isinstance(event, Reply):
            raise HeuristicError(f"the model {event.detail}.")
        if event.header["error"]:
            raise HeuristicError(f"the model failed: {event.header['error']}")
        bodies.append((event.chunk, event.body))
    if cancel.is_set():
        raise HeuristicError("it was stopped before it had learnt.")
    return [body for _, body in sorted(bodies)]


def _elsewhere(
    executor: Executor, setup: dict[str, Any], payloads: Iterable[bytes], cancel: threading.Event
) -> list[bytes]:
    chunks = {str(at): np.frombuffer(one, np.uint8) for at, one in enumerate(payloads)}
    try:
        answer = executor.run(ELSEWHERE, Parcel(setup, arrays=chunks), cancel=cancel)
    except EndpointError as error:
        raise HeuristicError(error.message) from error
    return [answer.arrays[name].tobytes() for name in chunks]
