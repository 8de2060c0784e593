"""The table of operations of the HeuristicEditor: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/heuristic_editor/protocol.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from refinery_nb.core.errors import HeuristicError, ProtocolError
from refinery_nb.heuristics.lint import entry_of, lint, lint_pattern
from refinery_nb.project.rules import editing, foreign, rule_examples, rule_standing, rules
from refinery_nb.project.rules.rule_words import in_words
from refinery_nb.store import heuristics
from refinery_nb.store.heuristics import HeuristicRow
from refinery_nb.widgets.comments import comment_operations
from refinery_nb.widgets.heuristic_editor.session import EditorSession, change_row
from refinery_nb.widgets.messages import choice, number, text
from refinery_nb.widgets.parts import part

LONGEST = 1_000_000  # characters of a source
SHOWN_ERRORS = 20
SUGGESTED = 12

Operation = Callable[[EditorSession, dict[str, Any]], dict[str, Any]]


def hello(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about."""
    text(args, "client")
    schema = session.task.schema
    return {
        "project": {"id": session.project.id, "name": session.project.name},
        "task": {
            "id": schema.id,
            "name": schema.name,
            "kind": schema.kind.value,
            "on": schema.on,
            "labels": [
                {"id": one.id, "name": one.name, "color": one.color} for one in schema.labels
            ],
        },
        "attributes": [{"name": a.name, "type": a.type.value} for a in session.project.attributes],
        "lookups": [
            {"name": name, "terms": len(found)} for name, found in session.project.lookups.items()
        ],
        "template": editing.template(session.task),
        "job": session.job,
    }


def list_(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return the heuristics with their statistics."""
    del args
    return session.rows()


def open_(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return one heuristic with its versions, its errors and what its last change did."""
    row = editing.by_id(session.task, number(args, "heuristic"))
    with session.project.database.read() as connection:
        stored = heuristics.versions(connection, row.id)
        wrong = heuristics.errors(connection, row.version)[:SHOWN_ERRORS]
    lines = row.spec.get("lines", [])
    return {
        **_opened(row),
        "versions": [
            {"version": id_, "at": at, "state": state, "message": message}
            for id_, _, at, state, message in reversed(stored)
        ],
        "errors": [
            {
                "key": key,
                "message": message,
                "traceback": traceback,
                "line": _own_line(rule_examples.line_of(traceback), lines),
            }
            for _, key, message, traceback in wrong
        ],
        "change": change_row(rule_standing.change(session.task, row.name)),
    }


def version(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return an older version of a heuristic, and what changed from it to the one in force."""
    row = editing.by_id(session.task, number(args, "heuristic"))
    wanted = number(args, "version")
    with session.project.database.read() as connection:
        stored = {one[0]: one for one in heuristics.versions(connection, row.id)}
    if wanted not in stored:
        raise HeuristicError(f"{row.name!r} has no version {wanted}.")
    change = None
    if wanted < row.version and stored[wanted][3] != "new" and row.state != "new":
        change = rule_standing.change(session.task, row.name, wanted, row.version)
    return {"version": wanted, "spec": stored[wanted][1], "change": change_row(change)}


def check(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return what is wrong with what is being written; nothing is run."""
    spec, name = _spec(args), text(args, "name")
    if spec["kind"] == "function":
        source = spec["source"]
        entry = entry_of(source, *[str(one) for one in (spec.get("entry"), name) if one])
        problems = lint(
            source,
            name=entry,
            labels=session.task.labels,
            attributes=[attribute.name for attribute in session.project.attributes],
            lookups=list(session.project.lookups),
        )
        return {"problems": [asdict(one) for one in problems], "entry": entry}
    problems = []
    if spec["kind"] == "regex" and isinstance(spec.get("pattern"), str):
        problems = lint_pattern(spec["pattern"], case=bool(spec.get("case", True)))
    found = [asdict(one) for one in problems]
    if not found:
        try:
            editing.made(spec, name or "new")
        except HeuristicError as error:
            said = f"{error.message} {error.hint or ''}".strip()
            found = [{"line": 1, "start": None, "end": None, "message": said, "severity": "error"}]
    return {"problems": found, "entry": None}


def examples(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Try what is being written on a few records; nothing is kept."""
    spec, name = _spec(args), text(args, "name")
    sample = choice(args, "sample", rule_examples.SAMPLES)
    trial = rule_examples.try_examples(
        session.task,
        editing.made(spec, name.strip() or "new"),
        sample=sample,
        label=text(args, "label") if sample == "label" else None,
        n=number(args, "n"),
        seed=number(args, "seed"),
        cancel=session.begin_trial(),
    )
    return {**asdict(trial), "output": trial.output[-2000:]}


def save(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Store what was written, as a new heuristic or a new version."""
    row = editing.save(
        session.task,
        text(args, "name").strip(),
        _spec(args),
        heuristic=_optional(args, "heuristic"),
        base=_optional(args, "base"),
    )
    return _opened(row)


def run(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Run heuristics on all records that they have not seen; answered at the end."""
    wanted = args.get("heuristics")
    if not isinstance(wanted, list) or not wanted:
        raise ProtocolError("heuristics is a list of ids.")
    names = [editing.by_id(session.task, number({"id": one}, "id")).name for one in wanted]
    cancel = session.begin_run(wanted)
    try:
        told = rules.run(session.task, names, progress=session.report, cancel=cancel)
    finally:
        session.end_run()
    columns = ["heuristic", "state", "records", "votes", "errors", "seconds", "message"]
    rows = told[columns].astype(object).values.tolist()
    return {"runs": [dict(zip(columns, row, strict=True)) for row in rows]}


def cancel(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """End the run and the trial that are under way."""
    del args
    session.cancel()
    return {}


def enable(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Switch a heuristic on or off."""
    if not isinstance(args.get("enabled"), bool):
        raise ProtocolError("enabled is true or false.")
    row = editing.by_id(session.task, number(args, "heuristic"))
    rules.enable(session.task, row.name, args["enabled"])
    return {}


def trust(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Let the code of a heuristic run that came with somebody else's project."""
    row = editing.by_id(session.task, number(args, "heuristic"))
    foreign.trust(session.task, [row.name])
    return {}


def remove(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Remove a heuristic; the token puts it back."""
    row = editing.by_id(session.task, number(args, "heuristic"))
    return {"token": session.keep(editing.remove(session.task, row.name)), "name": row.name}


def put_back(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Store a removed heuristic again."""
    token = text(args, "token")
    if token not in session.removed:
        raise HeuristicError("it cannot be put back any more: the kernel was started again.")
    taken = session.removed[token]
    editing.put_back(session.task, taken)
    del session.removed[token]
    return {"heuristic": rules.row(session.task, taken.name).id}


def restore(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Make an old version the one in force."""
    row = editing.by_id(session.task, number(args, "heuristic"))
    return _opened(editing.restore(session.task, row.name, number(args, "version")))


def name(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return a name like the wanted one that is free."""
    return {"name": editing.free_name(session.task, text(args, "wanted"))}


def cell(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return the code of a cell that adds what was written."""
    written = editing.made(_spec(args), text(args, "name").strip() or "new")
    return {"code": editing.as_cell(session.task, written)}


def bricks(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return the rule templates that fit the task."""
    del args
    return {"bricks": _bricks(session)}


def suggest(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return rules that the labels speak for, to begin with."""
    del args
    found = session.task.suggest(SUGGESTED)
    labels = {label.name: label.id for label in session.task.schema.labels}
    rows = []
    for one in found:
        spec = one.heuristic().spec()
        rows.append(
            {
                "name": spec.pop("name"),
                "spec": spec,
                "label": labels[one.label],
                "kind": one.kind,
                "rule": one.rule,
                "precision": one.precision,
                "low": one.low,
                "high": one.high,
                "coverage": one.coverage,
                "new": one.new,
            }
        )
    return {"suggestions": rows}


def bye(session: EditorSession, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    del session
    text(args, "client")
    return {}


OPERATIONS: dict[str, Operation] = {
    "bricks": bricks,
    "bye": bye,
    "cancel": cancel,
    "cell": cell,
    "check": check,
    "enable": enable,
    "examples": examples,
    "hello": hello,
    "list": list_,
    "name": name,
    "open": open_,
    "part": part,
    "put_back": put_back,
    "remove": remove,
    "restore": restore,
    "run": run,
    "save": save,
    "suggest": suggest,
    "trust": trust,
    "version": version,
    **comment_operations(lambda session: session),
}
# Statistics of a million votes take a moment, too; they are not waited for by other widgets.
SLOW = ("examples", "run", "list", "open", "version", "suggest", "part")


def _opened(row: HeuristicRow) -> dict[str, Any]:
    spec = {key: value for key, value in row.spec.items() if key != "lines"}
    editable = spec["kind"] in editing.WRITTEN and (spec["kind"] != "lookup" or "terms" in spec)
    return {
        "id": row.id,
        "name": row.name,
        "version": row.version,
        "state": row.state,
        "message": row.message,
        "line": _own_line(rule_examples.line_of(row.message), row.spec.get("lines", []))
        if row.state == "failed"
        else None,
        "spec": spec,
        "editable": editable,
        "told": "" if editable else in_words(spec),
    }


def _own_line(line: int | None, lines: list[list[int]]) -> int | None:
    """Return the line of the source for one of the cell that it was captured from."""
    if line is None:
        return None
    for ours, theirs in sorted(lines, key=lambda pair: -pair[1]):
        if theirs <= line:
            return int(ours + line - theirs)
    return line


def _spec(args: dict[str, Any]) -> dict[str, Any]:
    spec = args.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get("kind"), str):
        raise ProtocolError("spec is an object with a kind.")
    if spec["kind"] == "function" and not isinstance(spec.get("source"), str):
        raise ProtocolError("the source of a function is a string.")
    if len(str(spec.get("source", ""))) > LONGEST:
        raise ProtocolError(f"a source has at most {LONGEST:,} characters.")
    return spec


def _optional(args: dict[str, Any], name: str) -> int | None:
    return None if args.get(name) is None else number(args, name)


def _bricks(session: EditorSession) -> list[dict[str, Any]]:
    """Return the bricks of the task's kind, their source filled in for it."""
    from refinery_nb.heuristics.bricks import bricks as library

    schema, labels = session.task.schema, session.task.labels
    on = schema.on or next(
        (a.name for a in session.project.attributes if a.type.is_string and not a.is_key), "text"
    )
    found = []
    for brick in library.values():
        if (brick.kind == "extractor") != schema.is_spans:
            continue
        # A label that the task lacks would fail on every record: its first one stands for it, and
        # of several outcomes none is guessed.
        values: dict[str, Any] = {}
        for one in brick.parameters:
            if one.kind == "label" and labels and one.default not in (None, *labels):
                values[one.name] = labels[0]
            elif one.kind == "labels":
                values[one.name] = {
                    outcome: label if label in labels else None
                    for outcome, label in one.default.items()
                }
        found.append(
            {
                "name": brick.name,
                "title": brick.name.replace("_", " "),
                "group": brick.group,
                "description": brick.description,
                "source": brick.code(on=on, **values),
            }
        )
    return found
