"""A cell of Python run on one record, in a child process with the limits of heuristics."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from refinery_nb.compute.limits import Limits
from refinery_nb.compute.pool import Pool, Reply
from refinery_nb.core.errors import LabelError
from refinery_nb.heuristics.cell import Cell
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.rules import following, rules
from refinery_nb.project.rules.run import PIPELINE

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

WORKER = "refinery_nb.heuristics.cell:Worker"


@dataclass(frozen=True, slots=True)
class Ran:
    """What running a cell gave.

    Attributes
    ----------
    state
        ``finished``, ``failed`` or ``cancelled``.
    output
        What it printed.
    value
        Its last expression as text; None where there is none, or it is None.
    message, traceback, line
        What went wrong, and at which line.
    seconds
        How long it ran.
    """

    state: Literal["finished", "failed", "cancelled"]
    output: str = ""
    value: str | None = None
    message: str = ""
    traceback: str = ""
    line: int | None = None
    seconds: float = 0.0


def run_cell(
    project: Project,
    record: int,
    source: str,
    *,
    limits: Limits | None = None,
    cancel: threading.Event | None = None,
) -> Ran:
    """Run a few lines of Python on a record by its id; nothing is kept.

    Parameters
    ----------
    source
        ``record`` is the record, as heuristics see it; ``project.lookups`` has the lookup lists
        that are named in it.
    limits
        By default those of heuristics.
    cancel
        Ends it soon after it is set.

    Raises
    ------
    LabelError
        If there is no such record.
    HeuristicError
        If there is no lookup list of a name that it uses.
    """
    found = [row for chunk in rules.chunks(project, np.array([record])) for row in chunk]
    if not found:
        raise LabelError("this record is gone.", record=str(record))
    cell = Cell.of(source)
    limits = limits or Limits()
    setup = {
        "spec": following.with_terms(project, {cell.name: cell.spec()})[cell.name],
        "pipeline": PIPELINE,
        "tokenizer": tokenizing.names(project),
        "seconds": limits.record_seconds,
    }
    payload = json.dumps(found[0][2]).encode("ascii")
    pool = Pool(WORKER, setup, [payload], steps=1, limits=limits, cancel=cancel)
    with closing(iter(pool)) as events:
        for event in events:
            if not isinstance(event, Reply):
                return Ran("failed", message=f"It {event.detail} and was stopped.")
            header = event.header
            return Ran(
                "failed" if header["error"] else "finished",
                _text(header["output"]),
                None if header["value"] is None else _text(header["value"]),
                _text(header["error"]),
                _text(header["traceback"]),
                header["line"] if isinstance(header["line"], int) else None,
                float(header["seconds"]),
            )
    return Ran("cancelled")


def _text(said: object) -> str:
    """Return what a child said as text that can be sent on: half a character cannot."""
    return str(said).encode("utf-8", "replace").decode("utf-8")
