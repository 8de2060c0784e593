"""The table of operations of the Workbench: what its front end may ask.

How a message is answered stands in ``messages``; the other side is
``js/src/widgets/workbench/protocol.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from refinery_nb.core.errors import ProtocolError
from refinery_nb.project.records.history import history as all_that_happened
from refinery_nb.store import records
from refinery_nb.widgets.comments import comment_operations
from refinery_nb.widgets.messages import number, text
from refinery_nb.widgets.parts import part
from refinery_nb.widgets.workbench import sheet
from refinery_nb.widgets.workbench.session import WorkbenchSession

LONGEST = 200_000  # characters of a cell
PRINTED = 100_000  # characters of its output that are shown
CHANGES = 500  # of the history, the newest
VALUE = 400  # characters of a value in it

Operation = Callable[[WorkbenchSession, dict[str, Any]], dict[str, Any]]


def hello(session: WorkbenchSession, args: dict[str, Any]) -> dict[str, Any]:
    """Say what the widget is about, with the record that is shown first."""
    text(args, "client")
    project = session.project
    return {
        "project": {"id": project.id, "name": project.name},
        "actor": session.actor,
        "attributes": [{"name": a.name, "type": a.type.value} for a in project.attributes],
        "lookups": [{"name": name, "terms": len(found)} for name, found in project.lookups.items()],
        "embeddings": sheet.embeddings(project),
        **session.told(session.first()),
    }


def open_(session: WorkbenchSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return a record: by key, by id, or by its place among those to go through."""
    if args.get("key") is not None:
        return session.told(sheet.record_of(session.project, text(args, "key")))
    if args.get("id") is not None:
        return session.told(number(args, "id"))
    return session.told(session.at(number(args, "at")))


def neighbours(session: WorkbenchSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return the records that are most like one, by an embedding."""
    key, embedding = _key(session, number(args, "id")), text(args, "embedding")
    return {"neighbours": sheet.neighbours(session.project, key, embedding)}


def history(session: WorkbenchSession, args: dict[str, Any]) -> dict[str, Any]:
    """Return what happened to a record, newest first."""
    rows = all_that_happened(session.project, _key(session, number(args, "id")))
    newest = rows.iloc[::-1].astype(object).to_dict("records")
    return {
        "changes": [
            {name: _said(value) for name, value in row.items()} for row in newest[:CHANGES]
        ],
        "total": len(rows),
    }


def run(session: WorkbenchSession, args: dict[str, Any]) -> dict[str, Any]:
    """Run a cell on a record; answered when it has ended."""
    source = text(args, "source")
    if len(source) > LONGEST:
        raise ProtocolError(f"a cell has at most {LONGEST:,} characters.")
    told = asdict(session.run(number(args, "id"), source))
    cut = len(told["output"]) - PRINTED
    if cut > 0:
        told["output"] = f"{told['output'][:PRINTED]}\n[{cut:,} more characters]"
    return told


def stop(session: WorkbenchSession, args: dict[str, Any]) -> dict[str, Any]:
    """End the cell that runs."""
    del args
    session.stop()
    return {}


def bye(session: WorkbenchSession, args: dict[str, Any]) -> dict[str, Any]:
    """Take leave: a view was closed."""
    del session
    text(args, "client")
    return {}


OPERATIONS: dict[str, Operation] = {
    "bye": bye,
    "hello": hello,
    "history": history,
    "neighbours": neighbours,
    "open": open_,
    "part": part,
    "run": run,
    "stop": stop,
    **comment_operations(lambda session: session),
}
# Texts are cut into tokens, vectors compared, cells run.
SLOW = frozenset({"hello", "open", "neighbours", "history", "run", "part"})


def _key(session: WorkbenchSession, record: int) -> str:
    with session.project.database.read() as connection:
        known = records.keys_of_ids(connection, [record])
    if record not in known:
        raise ProtocolError("this record is gone.")
    return known[record]


def _said(value: Any) -> str | None:
    """Return a value of the history as text."""
    if value is None or value != value:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        spans = [isinstance(one, tuple) for one in value]
        shown = ", ".join(
            f"{one[2]} [{one[0]}, {one[1]})" if span else str(one)
            for one, span in zip(value, spans, strict=True)
        )
        value = shown or "(none)"
    said = str(value)
    return said if len(said) <= VALUE else f"{said[:VALUE]}…"
