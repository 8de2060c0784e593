"""Heuristics at work in a child process: the worker that ``compute`` runs there."""

from __future__ import annotations

import json
import time
from collections.abc import MutableSequence
from typing import Any

from refinery_nb.core.errors import RefineryError
from refinery_nb.heuristics.batch import ITEM, Ballot, Batch
from refinery_nb.heuristics.kind import Heuristic, build
from refinery_nb.heuristics.pipelines import OWN, Pipelines

AGAIN = 20  # records of the first chunk that a function is asked twice
AGAIN_SECONDS = 0.2


class Worker:
    """Heuristics and the task they vote on."""

    def __init__(self, setup: dict[str, Any], beat: MutableSequence[int]) -> None:
        self._specs = setup["specs"]
        self._built: dict[int, Heuristic] = {}
        self._task = {key: setup[key] for key in ("labels", "spans", "many", "on", "seed")}
        self._beat = beat
        self._payload: bytes | None = None
        self._record = Pipelines(setup["pipeline"], setup["tokenizer"], beat).record()

    def load(self, payload: bytes, chunk: int) -> Batch:
        """Decode the records of a chunk."""
        records = json.loads(payload)
        # A list or dict in a record can be changed by a heuristic: then each gets its own.
        nested = payload.count(b"{") + payload.count(b"[") > len(records) + 1 and any(
            type(value) in (list, dict) for record in records for value in record.values()
        )
        batch = self._batch(records, chunk)
        self._payload = payload if nested else None
        return batch

    def _batch(self, records: list[dict[str, Any]], chunk: int) -> Batch:
        make = self._record
        rows = [make(record) for record in records]
        return Batch(rows, **self._task, number=chunk, beat=self._beat)

    def _own(self, batch: Batch) -> Batch:
        """Return the batch with records that nobody has changed."""
        if self._payload is None:
            return batch
        return self._batch(json.loads(self._payload), batch.number)

    def run(self, step: int, batch: Batch, stop: int) -> tuple[dict[str, Any], bytes]:
        """Have one heuristic vote on the first records, or on all if ``stop`` is negative."""
        batch = self._own(batch)
        if stop >= 0:
            batch = batch.head(stop)
        unstable = False
        try:
            heuristic = self._built.get(step)
            if heuristic is None:
                heuristic = build(self._specs[step])
                heuristic.load()
                self._built[step] = heuristic
            self._beat[OWN] = 0
            began = time.perf_counter()
            ballot = heuristic.vote(batch)
            each = (time.perf_counter() - began) / max(1, ballot.done)
            first = batch.number == 0 and stop < 0 and heuristic.kind == "function"
            if first and not ballot.fatal and each * AGAIN < AGAIN_SECONDS:
                unstable = _differ(ballot, heuristic.vote(self._own(batch).head(AGAIN)))
        except RefineryError as error:
            ballot = Ballot()
            ballot.fatal = str(error)
        except MemoryError:
            ballot = Ballot()
            ballot.memory = ballot.exited = True
            ballot.fatal = "ran out of memory"
        except BaseException as error:  # also SystemExit, of a module that it imports
            ballot = Ballot()
            ballot.exited = True
            ballot.fatal = f"raised {type(error).__name__} while it was loaded: {error}"
        header, body = _pack(ballot)
        # Which record it ended at, if it was not while it was loaded.
        header["at"] = ballot.done if ballot.exited and self._beat[ITEM] >= 0 else -1
        header["unstable"] = unstable
        self._beat[OWN] = 1
        return header, body


def _differ(ballot: Ballot, again: Ballot) -> bool:
    """Say whether the votes on the first records differ."""
    rows = sum(1 for at in ballot.at if at < AGAIN)
    return (
        ballot.at[:rows] != again.at
        or ballot.label[:rows] != again.label
        or ballot.start[:rows] != again.start
        or ballot.end[:rows] != again.end
        or ballot.confidence[:rows] != again.confidence
    )


def _pack(ballot: Ballot) -> tuple[dict[str, Any], bytes]:
    """Return a ballot as a header and the bytes of its columns, one after the other."""
    traces: dict[str, int] = {}
    errors = [
        [at, message, traces.setdefault(trace, len(traces))] for at, message, trace in ballot.errors
    ]
    header = {
        "votes": len(ballot.at),
        "done": ballot.done,
        "errors": errors,
        "traces": list(traces),
        "fatal": ballot.fatal,
        "memory": ballot.memory,
        "restart": ballot.exited,
    }
    columns = (ballot.at, ballot.label, ballot.confidence, ballot.start, ballot.end)
    return header, b"".join(column.tobytes() for column in columns)
