"""Attributes calculated from the others by a Python function, in a child process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refinery_nb.compute.limits import Limits
from refinery_nb.compute.pool import Pool, Reply
from refinery_nb.core.errors import HeuristicError, SchemaError, did_you_mean
from refinery_nb.core.schema import Attribute, AttributeType, check_name, folded
from refinery_nb.heuristics.calculated import Calculated, WrongType, checked
from refinery_nb.heuristics.function import Function
from refinery_nb.io.convert import dump
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.rules import following, foreign, rules
from refinery_nb.project.rules.run import KEPT_ERRORS, PIPELINE, Chunk, ProgressBar, progress_bar
from refinery_nb.store import attributes as stored
from refinery_nb.store import records, schema
from refinery_nb.store.attributes import CalculatedRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

WORKER = "refinery_nb.heuristics.calculated:Worker"
SHOWN = 5
MOVED = "It, or a lookup list that it uses, changed while it was calculated: calculate it again."


@dataclass(slots=True)
class Calculation:
    """What a function gave: values by record id, errors, and why it ended early, if it did."""

    ids: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    errors: list[tuple[int, str, str]] = field(default_factory=list)
    failed: str = ""
    seconds: float = 0.0


def define(
    project: Project, function: Callable[..., Any], type: AttributeType | str, name: str | None
) -> Attribute:
    """Add an attribute that a function calculates, or replace how it is calculated.

    A new one is not calculated yet, see ``calculate``; one that was is brought up to date if that
    is quick, see ``upkeep``.

    Raises
    ------
    HeuristicError
        If the source of the function cannot be captured.
    SchemaError
        If an attribute that came with the records has its name, or another type.
    """
    kind = _kind(type)
    made = Calculated.of(Function(function, name), kind)
    check_name(made.name, "an attribute")
    with project.database.write() as connection:
        known = {one.name: one for one in schema.attributes(connection)}
        rows = stored.calculated(connection)
        for other in known:
            if other != made.name and folded(other) == folded(made.name):
                raise SchemaError(
                    f"the attribute {made.name!r} differs from {other!r} only by case or spaces."
                )
        attribute = known.get(made.name)
        if attribute is not None and made.name not in rows:
            raise SchemaError(
                f"{made.name!r} came with the records; it is not calculated.",
                hint="Choose another name.",
            )
        if attribute is not None and attribute.type is not made.type:
            raise SchemaError(
                f"{made.name!r} is of the type {attribute.type.value}, not {made.type.value}.",
                hint=f"Drop it first: project.fields[{made.name!r}].drop()",
            )
        spec, fingerprint = following.stamped(connection, made)
        if made.name in rows and rows[made.name].hash == fingerprint:
            return known[made.name]
        if attribute is None:
            attribute = schema.add_attribute(connection, made.name, made.type)
        stored.save_calculated(connection, attribute.id, spec, fingerprint, at=following.now())
    project.events.emit("schema")
    if made.name in rows and rows[made.name].state == "finished":
        project.fields.upkeep.follow(made.name)
    return attribute


def decorated(
    project: Project,
    function: Callable[..., Any],
    *,
    type: AttributeType | str,
    name: str | None,
) -> Callable[..., Any]:
    """Define an attribute by a function, and return the function: the decorator of a cell."""
    define(project, function, type, name)
    return function


def calculate(
    project: Project,
    names: Sequence[str] = (),
    *,
    limits: Limits | None = None,
    progress: bool | Callable[[int, int], None] = True,
    cancel: threading.Event | None = None,
) -> pd.DataFrame:
    """Calculate attributes, each in a child process: all, or those whose names are given.

    From then on an attribute follows few changed records by itself; see ``upkeep``.

    One whose function changed is calculated for all records; else for those that were added or
    changed since. What uses it (conditions, rules, embeddings) sees the records whose value
    changed as changed. A record on which a function fails has no value, and is listed by
    ``project.fields[name].errors()``.

    Returns
    -------
    DataFrame
        Per attribute: state, records, changed values, errors, seconds, message.

    Raises
    ------
    SchemaError
        If there is no such calculated attribute.
    HeuristicError
        If the code of a named one came with somebody else's project and is not trusted; others
        are ``untrusted`` and stay as they are.
    """
    import pandas as pd

    with project.database.read() as connection:
        rows = stored.calculated(connection)
    for name in names:
        if name not in rows:
            raise SchemaError(
                f"there is no calculated attribute {name!r}.", hint=did_you_mean(name, rows)
            )
    told: list[tuple[Any, ...]] = []
    specs = {row.name: row.spec for row in rows.values()}
    foreign.refuse(project, {name: specs[name] for name in names})
    untrusted = foreign.untrusted(project, specs)
    for row in rows.values():
        if row.name in untrusted and not names:
            message = f"{foreign.message([row.name])} {foreign.HINT}"
            told.append((row.name, "untrusted", 0, 0, 0, 0.0, message))
        elif not names or row.name in names:
            done = brought_up(project, row, limits=limits, progress=progress, cancel=cancel)
            told.append((row.name, *done))
    columns = ["attribute", "state", "records", "changed", "errors", "seconds", "message"]
    return pd.DataFrame(told, columns=columns)


def try_out(
    project: Project,
    function: Callable[..., Any],
    type: AttributeType | str,
    *,
    n: int = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Calculate a few random records and show what comes out; nothing is kept.

    Columns ``key``, ``value``, ``error``.
    """
    import pandas as pd

    made = Calculated.of(Function(function), _kind(type))
    spec = following.with_terms(project, {made.name: made.spec()})[made.name]
    chosen = list(rules.chunks(project, project.view().sample(n, seed=seed).ids()))
    done = _run(project, spec, chosen, made.type, count=n)
    if done.failed and not done.errors:
        raise HeuristicError(f"{made.name}: {done.failed}.")
    values = dict(zip(done.ids, done.values, strict=True))
    failed = {record: message for record, message, _ in done.errors}
    rows = [
        (key, values.get(record), failed.get(record, ""))
        for chunk in chosen
        for record, key, _ in chunk
    ]
    return pd.DataFrame(rows, columns=["key", "value", "error"])


def brought_up(
    project: Project,
    row: CalculatedRow,
    *,
    limits: Limits | None = None,
    progress: bool | Callable[[int, int], None] = False,
    cancel: threading.Event | None = None,
) -> tuple[str, int, int, int, float, str]:
    """Bring one attribute up to date; return what is told of it."""
    row = _restamped(project, row)
    attribute = project.attribute(row.name)
    with project.database.read() as connection:
        now = records.version(connection)
        ids = records.changed_since(connection, row.seen)
    if not len(ids) and row.state != "new":
        return ("unchanged" if row.state == "finished" else row.state), 0, 0, 0, 0.0, row.message
    spec = following.with_terms(project, {row.name: row.spec})[row.name]
    bar = progress_bar(len(ids), row.name) if progress is True else progress or None
    with ExitStack() as stack:
        if isinstance(bar, ProgressBar):
            stack.callback(bar.close)
        done = _run(
            project,
            spec,
            rules.chunks(project, ids),
            attribute.type,
            count=len(ids),
            limits=limits,
            progress=bar,
            cancel=cancel,
        )
    errors = len(done.errors)
    message = _message(project, row.name, done)
    with project.database.write() as connection:
        standing = stored.calculated(connection).get(row.name)
        if standing is None or standing.hash != row.hash:
            return "outdated", len(done.ids), 0, errors, done.seconds, MOVED
        stored.save_errors(connection, attribute.id, done.ids, done.errors[:KEPT_ERRORS])
        if done.failed:
            # Half of it would look like missing values where it has not looked.
            stored.set_state(
                connection, attribute.id, state="failed", message=message, seen=row.seen
            )
            return "failed", len(done.ids), 0, errors, done.seconds, message
        if len(done.ids) < len(ids):
            return "cancelled", len(done.ids), 0, errors, done.seconds, message
        version = records.next_version(connection)
        values = [
            (_as_stored(attribute, value), record)
            for record, value in zip(done.ids, done.values, strict=True)
        ]
        changed = stored.save_values(connection, attribute, values, version=version)
        # Its own writing is no news to it, unless somebody changed a record meanwhile.
        seen = now if stored.changed_between(connection, now, version) else version
        stored.set_state(connection, attribute.id, state="finished", message=message, seen=seen)
    project.events.emit("records")
    return "finished", len(done.ids), changed, errors, done.seconds, message


def _restamped(project: Project, row: CalculatedRow) -> CalculatedRow:
    """Return the row with the present content of its lookup lists."""
    if not row.spec.get("lists"):
        return row
    with project.database.write() as connection:
        made = Calculated.from_spec(row.spec)
        spec, fingerprint = following.stamped(connection, made)
        if fingerprint != row.hash:
            stored.save_calculated(connection, row.attribute, spec, fingerprint, at=following.now())
        return stored.calculated(connection)[row.name]


def _run(
    project: Project,
    spec: dict[str, Any],
    chunks: Iterable[Chunk],
    kind: AttributeType,
    *,
    count: int,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: threading.Event | None = None,
) -> Calculation:
    """Run a calculation over chunks of records in a child process."""
    found = Calculation()
    sent: list[list[int]] = []
    keys: list[list[str]] = []

    def payloads() -> Iterable[bytes]:
        for chunk in chunks:
            sent.append([record for record, _, _ in chunk])
            keys.append([key for _, key, _ in chunk])
            yield json.dumps([values for _, _, values in chunk]).encode("ascii")

    setup = {"spec": spec, "pipeline": PIPELINE, "tokenizer": tokenizing.names(project)}
    pool = Pool(WORKER, setup, payloads(), steps=1, limits=limits, cancel=cancel)
    with closing(iter(pool)) as events:
        for event in events:
            if not isinstance(event, Reply):
                known = keys[event.chunk] if 0 <= event.chunk < len(keys) else []
                where = f" on record {known[event.item]}" if 0 <= event.item < len(known) else ""
                found.failed = found.failed or f"{event.detail}{where}"
                continue
            _take(found, event, sent[event.chunk], keys[event.chunk], kind)
            if found.failed:
                pool.drop(0, event.chunk)
            if progress is not None:
                progress(len(found.ids), count)
    return found


def _take(
    found: Calculation, reply: Reply, ids: list[int], keys: list[str], kind: AttributeType
) -> None:
    """Add what came back of a chunk; the child ran somebody's code, so it is checked again."""
    header = reply.header
    found.seconds = round(found.seconds + header["seconds"], 3)
    values = json.loads(reply.body)
    if not isinstance(values, list) or len(values) > len(ids):
        found.failed = found.failed or "its process answered with what cannot be"
        return
    for at, message, trace in header["errors"]:
        if 0 <= at < len(ids):
            found.errors.append((ids[at], str(message), str(trace)))
    for record, value in zip(ids, values, strict=False):
        try:
            found.values.append(checked(value, kind))
        except WrongType as error:
            found.failed = found.failed or str(error)
            return
        found.ids.append(record)
    if header["fatal"]:
        at = header["at"]
        where = f" on record {keys[at]}" if 0 <= at < len(keys) else ""
        found.failed = found.failed or f"{header['fatal'].rstrip('.')}{where}"


def _message(project: Project, name: str, done: Calculation) -> str:
    told = [f"{name}: {done.failed}."] if done.failed else []
    if done.errors:
        with project.database.read() as connection:
            first = [record for record, _, _ in done.errors[:SHOWN]]
            keys = records.keys_of_ids(connection, first)
        offenders = "; ".join(
            f"{keys.get(record)}: {message}" for record, message, _ in done.errors[:SHOWN]
        )
        more = f"; and {len(done.errors) - SHOWN:,} more" if len(done.errors) > SHOWN else ""
        told.append(
            f"{len(done.errors):,} of {len(done.ids):,} records went wrong: {offenders}{more}"
        )
    return " ".join(told)


def _as_stored(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    if attribute.type is AttributeType.JSON:
        return dump(value)
    return int(value) if attribute.type is AttributeType.BOOLEAN else value


def _kind(name: AttributeType | str) -> AttributeType:
    try:
        return AttributeType(name)
    except ValueError as error:
        kinds = [kind.value for kind in AttributeType]
        raise SchemaError(
            f"{name!r} is not a type.", hint=did_you_mean(str(name), kinds)
        ) from error
