"""What must hold of saved labels, whoever asks and whenever the stop button is pressed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.widgets.labeler.operations import OPERATIONS
from refinery_nb.widgets.labeler.session import Session
from refinery_nb.widgets.messages import reply


def message(op_id: str, record: int, label: int, **more: Any) -> dict[str, Any]:
    operation = {"op_id": op_id, "kind": "label", "task": 1, "record": record, "base": 0}
    full = {**operation, "value": {"label": label}, **more}
    return {"v": 1, "id": op_id, "op": "apply", "args": {"operations": [full]}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def session(folder: Path) -> Session:
    project = rn.open(folder, by="ann")
    project.add([{"id": f"r{n}", "text": f"text {n}"} for n in range(5)], key="id")
    return Session([project.task("topic", ["A", "B"], on="text")], None, by=None)


def test_nobody_labels_as_somebody_else(session: Session) -> None:
    """T11: who labels is known to the kernel; what a message claims is not looked at."""
    claims = {"actor": "mallory", "by": "mallory", "user": "mallory"}
    told = reply(session, {**message("one", 1, 1, **claims), **claims}, OPERATIONS)
    assert told["ok"]["acks"][0]["status"] == "saved"
    assert session.project.tasks["topic"].all_labels()["by"].tolist() == ["ann"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_nobody_else_can_read_a_project(session: Session, folder: Path) -> None:
    """T12."""
    reply(session, message("one", 1, 1), OPERATIONS)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert os.listdir(folder)


def test_a_stop_at_any_moment_keeps_the_label_whole_or_pending(session: Session) -> None:
    """D15: what is interrupted is sent again by the outbox, and stands once.

    The interrupt comes at every call of a function in turn, until one goes through.
    """
    project = session.project
    for at in range(10_000):
        record, op_id = 1 + at % 5, f"op-{at}"
        project.task("topic").undo()
        calls = 0

        def trace(frame: FrameType, event: str, _: object, at: int = at) -> None:
            nonlocal calls
            if event == "call" and "refinery_nb" in frame.f_code.co_filename:
                calls += 1
                if calls == 1 + 7 * at:
                    raise KeyboardInterrupt

        sys.setprofile(trace)
        try:
            told = reply(session, message(op_id, record, 1, base=None), OPERATIONS)
        except KeyboardInterrupt:
            told = None
        finally:
            sys.setprofile(None)
        again = reply(session, message(op_id, record, 1, base=None), OPERATIONS)
        assert again["ok"]["acks"][0]["status"] == "saved"
        labels = project.tasks["topic"].all_labels()
        assert len(labels) == 1
        if told is not None:
            break
    assert at > 5
    assert project.doctor().ok
