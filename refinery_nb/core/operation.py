"""What a person does to labels: the one kind of write that widgets and the API share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

# The JSON forms of an annotation; they travel to the browser and stand in the event log.
#   None                                    unlabelled
#   {"label": 3}                            classification
#   {"labels": [3, 5]}                      multilabel: label ids, ascending, not empty
#   {"spans": [[0, 5, 3], ...]}             spans: start, end (code points), label id; not empty
#   {"none": True}                          reviewed, none
Annotation = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a person did; the same ``op_id`` twice has one effect.

    Attributes
    ----------
    op_id
        Made by the client, unique.
    kind
        ``label`` sets the actor's annotation of a record for a task; ``mark`` sets or clears a
        flag or skip mark; ``undo`` and ``redo`` take back or repeat the actor's last operation.
        ``rewrite`` is what the engine writes into the log where labels are merged, removed or
        put back, or a text is edited under spans; nobody sends it.
    actor
        Who did it.
    task, record
        Ids; None for undo and redo.
    base
        The version of the annotation that the actor saw (0: none); None: whatever it is.
    value
        ``label``: an annotation; ``mark``: ``{"mark": "flag" | "skip", "on": bool}``; ``undo`` and
        ``redo``: ``{"tasks": [ids]}``, or None for all tasks.
    """

    op_id: str
    kind: Literal["label", "mark", "undo", "redo", "rewrite"]
    actor: str
    task: int | None = None
    record: int | None = None
    base: int | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class Change:
    """The annotation and marks of one record, task and actor after an operation."""

    record: int
    task: int
    actor: str
    version: int
    value: Annotation
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What became of an operation; ``saved`` is said after the commit only.

    ``conflict``: somebody set another value since ``base``; the log holds both, ``changes`` what
    stands. ``rejected``: never stored; ``message`` says why. ``nothing``: undo or redo without
    anything to take back or repeat.
    """

    op_id: str
    status: Literal["saved", "conflict", "rejected", "nothing"]
    changes: tuple[Change, ...] = ()
    message: str = ""
