"""The heuristics of a task: adding, running and trying them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.compute.limits import Limits
from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.core.schema import check_name
from refinery_nb.core.votes import VoteMatrix, Votes
from refinery_nb.heuristics import Function, Heuristic
from refinery_nb.heuristics.imported import Imported
from refinery_nb.project import labeling
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.rules import engine_kinds, following, foreign, imported
from refinery_nb.project.rules.run import RunResult, progress_bar, run_heuristics
from refinery_nb.store import heuristics, records
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    import threading

    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View

CHUNK = 1_000


def add_function(task: Task, function: Callable[..., Any], name: str | None) -> None:
    """Add a function; its source, with all that it refers to, is its version."""
    add(task, Function(function, name=name))


def add(task: Task, heuristic: Heuristic) -> None:
    """Add a heuristic, or a new version of it if it changed.

    Raises
    ------
    SchemaError
        If it votes for a label that the task lacks.
    """
    heuristic = engine_kinds.bound(task, heuristic)
    spec = heuristic.spec()
    check_name(heuristic.name, "a heuristic")
    if "label" in spec:
        task.schema.label(spec["label"])
    engine_kinds.check(task, heuristic)
    if isinstance(heuristic, Imported):
        imported.add(task, heuristic)
        return
    with task.project.database.write() as connection:
        spec, fingerprint = following.stamped(connection, heuristic)
        new = heuristics.save(
            connection, task.id, heuristic.name, spec, fingerprint, at=labeling.now()
        )
    if new and heuristic.kind == "annotator":
        engine_kinds.run(task, [row(task, heuristic.name)], now=0)
    if new:
        task.project.events.emit("votes", task=task.id)


def rows(task: Task) -> list[HeuristicRow]:
    """Return the heuristics of a task with their newest versions."""
    with task.project.database.read() as connection:
        return heuristics.heuristics(connection, task.id)


def row(task: Task, name: str) -> HeuristicRow:
    """Return one heuristic by name."""
    known = {row.name: row for row in rows(task)}
    if name not in known:
        raise HeuristicError(
            f"task {task.name!r} has no heuristic {name!r}.", hint=did_you_mean(name, known)
        )
    return known[name]


def remove(task: Task, name: str) -> None:
    """Remove a heuristic with its versions and votes."""
    heuristic = row(task, name)
    with task.project.database.write() as connection:
        heuristics.remove(connection, heuristic.id)
    task.project.events.emit("votes", task=task.id)


def matrix(task: Task, view: View | None) -> VoteMatrix:
    """Return the votes of the enabled heuristics side by side, on a view's records or all."""
    task_schema = task.schema
    if view is None:
        with task.project.database.read() as connection:
            ids = records.all_ids(connection)
    else:
        ids = np.sort(view.ids())
    return VoteMatrix.build(
        ids,
        task.project.columns.of_task(task_schema),
        [label.id for label in task_schema.labels],
        spans=task_schema.is_spans,
    )


def run(
    task: Task,
    names: Sequence[str],
    *,
    limits: Limits | None = None,
    workers: int | None = None,
    progress: bool | Callable[[int, int], None] = True,
    cancel: threading.Event | None = None,
) -> pd.DataFrame:
    """Run heuristics in child processes, only on what changed.

    A heuristic whose source changed runs on all records; one that did not, on the records that
    were added or changed since. Interrupting the cell ends the children and
    keeps the older votes; setting ``cancel`` from another thread keeps what has finished.

    Parameters
    ----------
    names
        Which heuristics, also those that are switched off; none: all that are on.
    limits
        Time per record and in all, memory, output.
    workers
        Processes; by default one, and more for much work.
    progress
        Whether to show a bar; or what is called with ``(done, total)`` instead.

    Returns
    -------
    DataFrame
        Per heuristic: state, records run, votes, errors, seconds, message. ``unchanged``: there
        was nothing to do. ``untrusted``: it came with somebody else's project, see ``task.trust``.

    Raises
    ------
    HeuristicError
        If one of ``names`` does not exist, or is not trusted.
    """
    project = task.project
    foreign.refuse(project, {name: row(task, name).spec for name in names})
    with project.database.read() as connection:
        now = records.version(connection)
    chosen = [one for one in rows(task) if one.name in names or (one.enabled and not names)]
    groups: dict[int, list[HeuristicRow]] = {}
    computed = [one for one in chosen if engine_kinds.is_computed(one.spec)]
    told: dict[str, tuple[str, int, int, int, float, str]] = {
        one.name: ("unchanged", 0, 0, 0, 0.0, "") for one in chosen
    }
    untrusted = foreign.untrusted(project, {one.name: one.spec for one in chosen})
    for one in chosen:
        if one in computed:
            continue
        seen = one.seen if one.state == "finished" else 0
        if one.name in untrusted:
            with project.database.read() as connection:
                if one.state == "new" or len(records.changed_since(connection, seen)):
                    message = f"{foreign.message([one.name])} {foreign.HINT}"
                    told[one.name] = ("untrusted", 0, 0, 0, 0.0, message)
        elif seen < now or one.state == "new":
            groups.setdefault(seen, []).append(one)
    for seen, group in groups.items():
        with project.database.read() as connection:
            ids = records.changed_since(connection, seen)
        bar = progress_bar(len(ids)) if progress is True else progress or None
        results = run_heuristics(
            following.with_terms(project, {one.name: one.spec for one in group}),
            chunks(project, ids),
            task.schema,
            count=len(ids),
            limits=limits,
            workers=workers,
            tokenizer=tokenizing.names(project),
            progress=bar,
            cancel=cancel,
        )
        for one in group:
            result = results[one.name]
            with project.database.write() as connection:
                if following.moved(connection, one):
                    told[one.name] = (
                        "outdated",
                        result.done,
                        0,
                        0,
                        result.seconds,
                        following.MOVED,
                    )
                    continue
                votes = _keep(task, one, result, ids, seen=seen, now=now)
            told[one.name] = (
                result.state,
                result.done,
                votes,
                len(result.errors),
                round(result.seconds, 3),
                result.message,
            )
    told |= engine_kinds.run(task, computed, now=now, progress=progress, cancel=cancel)
    if groups or any(told[one.name][0] != "unchanged" for one in computed):
        project.events.emit("votes", task=task.id)
    return _run_frame(told)


def _keep(
    task: Task,
    heuristic: HeuristicRow,
    result: RunResult,
    ids: NDArray[np.int64],
    *,
    seen: int,
    now: int,
) -> int:
    """Store what a heuristic did; return how many votes stand."""
    spans = task.schema.is_spans
    with task.project.database.write() as connection:
        known = heuristics.votes(connection, heuristic.version, spans=spans)
        heuristics.save_errors(
            connection,
            heuristic.version,
            ids.tolist(),
            ((error.record, error.message, error.traceback) for error in result.errors),
        )
        if result.state != "finished":
            # Half a run would count as abstentions where it has not looked: the older votes stay.
            state = "failed" if result.state == "failed" else heuristic.state
            heuristics.save_failure(
                connection, heuristic.version, state=state, message=result.message
            )
            return len(known)
        kept = known.without_records(ids) if seen else Votes.empty(spans=spans)
        votes = Votes.concat([kept, result.votes])
        heuristics.save_votes(
            connection,
            heuristic.version,
            votes,
            state="finished",
            message=result.message,
            seen=now,
        )
        return len(votes)


def chunks(
    project: Project, ids: NDArray[np.int64]
) -> Iterator[list[tuple[int, str, dict[str, Any]]]]:
    """Yield records as (id, key, values) in chunks, read as they are needed."""
    attributes = project.attributes
    for first in range(0, len(ids), CHUNK):
        with project.database.read() as connection:
            yield [
                (
                    record,
                    key,
                    {
                        attribute.name: records.plain(attribute, value)
                        for attribute, value in zip(attributes, values, strict=True)
                    },
                )
                for record, key, values in records.values(
                    connection, attributes, ids[first : first + CHUNK].tolist()
                )
            ]


def try_on(task: Task, function: Any, *, n: int, seed: int) -> pd.DataFrame:
    """Run a function or rule on ``n`` random records in a child process; keep nothing."""
    import pandas as pd

    heuristic = function if hasattr(function, "spec") else Function(function)
    heuristic = engine_kinds.bound(task, heuristic)
    task_schema = task.schema
    ids = task.project.view().sample(n, seed=seed).ids()
    asked = engine_kinds.tried(task, heuristic, ids.tolist())
    if asked is not None:
        return asked
    chosen = list(chunks(task.project, ids))
    result = run_heuristics(
        following.with_terms(task.project, {heuristic.name: heuristic.spec()}),
        chosen,
        task_schema,
        count=len(ids),
        workers=1,
        tokenizer=tokenizing.names(task.project),
    )[heuristic.name]
    failed = {error.record: error.message for error in result.errors}
    shown = []
    for record, key, values in (row for chunk in chosen for row in chunk):
        of_record = result.votes.take(result.votes.record == record)
        names = [task_schema.label_name(label) for label in of_record.label.tolist()]
        text = values.get(task_schema.on) if task_schema.on else values
        if of_record.start is not None and of_record.end is not None:
            vote: Any = [
                (label, str(text)[start:end])
                for label, start, end in zip(
                    names, of_record.start.tolist(), of_record.end.tolist(), strict=True
                )
            ]
        elif task_schema.is_multi:
            vote = names
        else:
            vote = names[0] if names else None
        shown.append(
            {
                "key": key,
                task_schema.on or "record": text,
                "vote": vote,
                "error": failed.get(record, ""),
            }
        )
    if result.state == "failed" and not failed:
        raise HeuristicError(result.message)
    return pd.DataFrame(shown, columns=["key", task_schema.on or "record", "vote", "error"])


def frame(task: Task) -> pd.DataFrame:
    """Return the heuristics of a task as a table."""
    import pandas as pd

    with task.project.database.read() as connection:
        now = records.version(connection)
    columns = ["heuristic", "kind", "enabled", "state", "at", "message"]
    return pd.DataFrame(
        [
            (
                one.name,
                one.spec["kind"],
                one.enabled,
                "outdated"
                if one.state == "finished" and one.seen < now and one.spec["kind"] != "annotator"
                else one.state,
                one.at,
                one.message,
            )
            for one in rows(task)
        ],
        columns=columns,
    )


def errors(task: Task, name: str) -> pd.DataFrame:
    """Return the records on which a heuristic failed."""
    import pandas as pd

    heuristic = row(task, name)
    with task.project.database.read() as connection:
        found = heuristics.errors(connection, heuristic.version)
    return pd.DataFrame(found, columns=["heuristic", "key", "message", "traceback"])


def enable(task: Task, name: str, enabled: bool) -> None:
    """Say whether a heuristic takes part in reports and weak supervision."""
    heuristic = row(task, name)
    with task.project.database.write() as connection:
        heuristics.enable(connection, heuristic.id, enabled)
    task.project.events.emit("votes", task=task.id)


def versions(task: Task, name: str) -> pd.DataFrame:
    """Return the versions of a heuristic with what each was made of."""
    import pandas as pd

    heuristic = row(task, name)
    with task.project.database.read() as connection:
        found = heuristics.versions(connection, heuristic.id)
    rows = [
        (id_, at, state, spec.get("source", spec), message)
        for id_, spec, at, state, message in found
    ]
    return pd.DataFrame(rows, columns=["version", "at", "state", "source", "message"])


def _run_frame(told: dict[str, tuple[str, int, int, int, float, str]]) -> pd.DataFrame:
    import pandas as pd

    columns = ["heuristic", "state", "records", "votes", "errors", "seconds", "message"]
    return pd.DataFrame([(name, *rest) for name, rest in told.items()], columns=columns)
