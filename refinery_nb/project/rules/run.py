"""A run of heuristics: records into child processes, votes and errors out of them."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from refinery_nb.compute.limits import Limits
from refinery_nb.compute.pool import Crash, Pool, Reply
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Votes

WORKER = "refinery_nb.heuristics.worker:Worker"
PIPELINE = "refinery_nb.text.tokens:make"
FIRST = 100  # a heuristic that fails on all of so many first records is stopped
KEPT_ERRORS = 10_000  # of one heuristic; more are counted
NAMED = 5  # offenders in a message
MANY = 200_000  # records times heuristics from which several processes pay

Progress = Callable[[int, int], None]
Chunk = list[tuple[int, str, dict[str, Any]]]
State = Literal["finished", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class RecordError:
    """A record on which a heuristic failed, or gave something that is no vote."""

    record: int
    key: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one heuristic did in a run.

    Attributes
    ----------
    votes
        Its votes; of a heuristic that did not finish, those on the records until then.
    errors
        In order of the records; an error is no abstention.
    state
        ``failed``: it was ended, or it failed on all of the first records.
    message
        Why it failed, and the first offenders; empty if there is nothing to say.
    done
        How many records it has looked at.
    seconds
        How long it worked, summed over the processes.
    output
        What it printed.
    """

    votes: Votes
    errors: tuple[RecordError, ...]
    state: State
    message: str
    done: int
    seconds: float
    output: str


@dataclass(slots=True, eq=False)
class _Column:
    """What is known of one heuristic while the run goes on."""

    name: str
    parts: list[Votes] = field(default_factory=list)
    errors: list[tuple[int, int, RecordError]] = field(default_factory=list)  # chunk, position
    wrong: int = 0
    done: int = 0
    seconds: float = 0.0
    output: str = ""
    failed: str = ""
    last: float = math.inf
    unstable: bool = False


def run_heuristics(
    specs: Mapping[str, dict[str, Any]],
    chunks: Iterable[Chunk],
    task: TaskSchema,
    *,
    count: int,
    limits: Limits | None = None,
    workers: int | None = None,
    tokenizer: str | Mapping[str, str] = "en",
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    seed: int = 0,
) -> dict[str, RunResult]:
    """Run heuristics over records in child processes.

    Parameters
    ----------
    specs
        Name to spec, see ``heuristics.build``.
    chunks
        Lists of ``(record id, key, values)``; a thousand records a chunk is a good size.
    count
        How many records there are in all; for the progress and the choice of ``workers``.
    workers
        Processes; by default one, and for much work more, but never all processors.
    tokenizer
        For ``record.doc``: one for all attributes, or by attribute, ``""`` for all others.
    progress
        Called with ``(done, total)`` in records times heuristics.
    cancel
        Ends the run soon after it is set; what is done until then is in the results.

    Returns
    -------
    dict
        A result for each name of ``specs``.
    """
    if workers is None:
        processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        processors = processors or os.cpu_count() or 1
        workers = 1 if count * len(specs) < MANY else max(1, min(processors - 1, 8))
    limits = limits or Limits()
    cancel = cancel or threading.Event()
    run = _Run(task, specs, limits)
    pool = Pool(
        WORKER,
        {
            "specs": list(specs.values()),
            "labels": [label.name for label in task.labels],
            "spans": task.is_spans,
            "many": task.is_multi,
            "on": task.on,
            "seed": seed,
            "pipeline": PIPELINE,
            "tokenizer": tokenizer if isinstance(tokenizer, str) else dict(tokenizer),
        },
        run.payloads(chunks),
        steps=len(specs),
        limits=limits,
        workers=workers,
        cancel=cancel,
    )
    total = count * len(specs)
    # Closed here, not when it is collected: the traceback of an interrupt would keep it alive.
    with closing(iter(pool)) as events, ExitStack() as stack:
        if isinstance(progress, ProgressBar):
            stack.callback(progress.close)
        for event in events if specs else ():
            if isinstance(event, Reply):
                run.take(event, pool)
                if progress is not None:
                    progress(sum(column.done for column in run.columns), total)
            else:
                run.end(event)
    return {column.name: run.result(column, cancel.is_set()) for column in run.columns}


class _Run:
    """The chunks that are out, and what came back."""

    def __init__(self, task: TaskSchema, specs: Mapping[str, Any], limits: Limits) -> None:
        self.columns = [_Column(name) for name in specs]
        self._task = task
        self._labels = np.array([label.id for label in task.labels], dtype=np.int64)
        self._limits = limits
        self._ids: list[NDArray[np.int64]] = []
        self._keys: list[list[str]] = []
        self._lengths: list[NDArray[np.int64]] = []
        self._sent = 0

    def payloads(self, chunks: Iterable[Chunk]) -> Iterator[bytes]:
        """Encode chunks one by one; remember which records they hold."""
        on = self._task.on or ""
        for chunk in chunks:
            if not chunk:
                continue
            self._ids.append(np.array([record for record, _, _ in chunk], dtype=np.int64))
            self._keys.append([key for _, key, _ in chunk])
            if self._task.is_spans:
                texts = (values.get(on) for _, _, values in chunk)
                lengths = [len(text) if isinstance(text, str) else 0 for text in texts]
                self._lengths.append(np.array(lengths, dtype=np.int64))
            self._sent += len(chunk)
            yield json.dumps([values for _, _, values in chunk]).encode("ascii")

    def take(self, reply: Reply, pool: Pool) -> None:
        """Add what a heuristic said of a chunk."""
        column, header = self.columns[reply.step], reply.header
        if reply.chunk > column.last:
            return
        if not self._plausible(reply):
            column.failed = column.failed or "its process answered with votes that cannot be"
            column.last = reply.chunk
            pool.drop(reply.step, reply.chunk)
            return
        ids, keys = self._ids[reply.chunk], self._keys[reply.chunk]
        column.parts.append(self._votes(reply))
        for at, message, trace in header["errors"]:
            column.wrong += 1
            if len(column.errors) < KEPT_ERRORS:
                traceback = header["traces"][trace]
                error = RecordError(int(ids[at]), keys[at], message, traceback)
                column.errors.append((reply.chunk, at, error))
        column.done += header["done"]
        column.seconds += header["seconds"]
        column.unstable = column.unstable or header["unstable"]
        left = self._limits.output_bytes + 100 - len(column.output)
        column.output += header["output"][: max(0, left)]
        if column.failed:
            return
        if header["fatal"]:
            at = header["at"]
            where = f" on record {keys[at]}" if 0 <= at < len(keys) else ""
            column.failed = f"{header['fatal'].rstrip('.')}{where}"
        elif column.wrong == column.done >= FIRST:
            column.failed = f"failed on each of the first {column.done} records"
        if column.failed:
            column.last = reply.chunk
            pool.drop(reply.step, reply.chunk)

    def _plausible(self, reply: Reply) -> bool:
        """Check what came from the child: somebody else's code ran in that process."""
        header, size = reply.header, len(self._ids[reply.chunk])
        columns = 5 if self._task.is_spans else 3
        if header["votes"] * 4 * columns != len(reply.body) or not 0 <= header["done"] <= size:
            return False
        if any(not 0 <= at < size for at, _, _ in header["errors"]):
            return False
        at, label, start, end, confidence = self._arrays(reply)
        inside = (at >= 0) & (at < size) & (label >= 0) & (label < len(self._labels))
        inside &= (confidence > 0) & (confidence <= 1)
        if not inside.all():
            return False
        if self._task.is_spans:
            lengths = self._lengths[reply.chunk][at]
            return bool(((start >= 0) & (start < end) & (end <= lengths)).all())
        return True

    def _arrays(
        self, reply: Reply
    ) -> tuple[
        NDArray[np.int32],
        NDArray[np.int32],
        NDArray[np.int32],
        NDArray[np.int32],
        NDArray[np.float32],
    ]:
        size = reply.header["votes"]
        ints = np.frombuffer(reply.body, dtype=np.int32)
        confidence = np.frombuffer(reply.body, dtype=np.float32)[2 * size : 3 * size]
        start, end = ints[3 * size : 4 * size], ints[4 * size :]
        return ints[:size], ints[size : 2 * size], start, end, confidence

    def _votes(self, reply: Reply) -> Votes:
        at, label, start, end, confidence = self._arrays(reply)
        spans = self._task.is_spans
        return Votes.of(
            self._ids[reply.chunk][at],
            self._labels[label],
            confidence,
            start.astype(np.int64) if spans else None,
            end.astype(np.int64) if spans else None,
        )

    def end(self, crash: Crash) -> None:
        """Note the end of a heuristic, or of all that were still at work."""
        keys = self._keys[crash.chunk] if 0 <= crash.chunk < len(self._keys) else []
        where = f" on record {keys[crash.item]}" if 0 <= crash.item < len(keys) else ""
        if crash.item < 0 and crash.step >= 0 and crash.reason != "total":
            where = " while it was loaded"
        for column in self.columns if crash.step < 0 else [self.columns[crash.step]]:
            column.failed = column.failed or f"{crash.detail}{where}"

    def result(self, column: _Column, cancelled: bool) -> RunResult:
        """Return what a heuristic did."""
        votes = Votes.concat([Votes.empty(spans=self._task.is_spans), *column.parts])
        # Chunks come back in any order; a record fails once, so its position orders them.
        errors = tuple(error for _, _, error in sorted(column.errors, key=lambda row: row[:2]))
        state: State = "finished"
        if column.failed:
            state = "failed"
        elif column.wrong and column.wrong == column.done:
            state, column.failed = "failed", f"failed on all {column.done} records"
        elif cancelled and column.done < self._sent:
            state = "cancelled"
        return RunResult(
            votes,
            errors,
            state,
            _message(column, errors),
            column.done,
            column.seconds,
            column.output,
        )


def _message(column: _Column, errors: tuple[RecordError, ...]) -> str:
    """Say what went wrong with a heuristic, with its first offenders."""
    told = []
    if column.failed:
        told.append(f"{column.name}: {column.failed}.")
    if column.wrong:
        offenders = "; ".join(f"{e.key}: {e.message}" for e in errors[:NAMED])
        more = f"; and {column.wrong - NAMED:,} more" if column.wrong > NAMED else ""
        told.append(f"{column.wrong:,} of {column.done:,} records went wrong: {offenders}{more}")
    if column.unstable:
        told.append(
            f"{column.name} votes differently when it sees the same records again:"
            " it depends on more than the record."
        )
    return " ".join(told)


class ProgressBar:
    """A progress bar in plain text; few records show one only after a second."""

    def __init__(self, count: int, what: str) -> None:
        from tqdm import tqdm

        delay = 0.0 if count > 2000 else 1.0
        self._bar = tqdm(desc=what, unit="votes", delay=delay, leave=False)

    def __call__(self, done: int, total: int) -> None:
        """Show how far the work is."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()


def progress_bar(count: int, what: str = "heuristics") -> ProgressBar:
    """Return a progress bar for ``run_heuristics``, which closes it at its end."""
    return ProgressBar(count, what)
