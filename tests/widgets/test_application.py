"""The kernel's side of the application: views over comms, jobs, and the code that does the same."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from comm import get_comm_manager
from comm.base_comm import BaseComm

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, StoreError
from refinery_nb.widgets.application import serve, serving
from refinery_nb.widgets.application.application import VIEWS, Application
from refinery_nb.widgets.application.jobs import Entry, Jobs
from refinery_nb.widgets.application.operations import OPERATIONS
from refinery_nb.widgets.application.script import TABS
from tests.widgets.listening import listening_widgets

WAIT = 60.0


class FrontEnd:
    """One side of a comm, as the browser has it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.told: list[dict[str, Any]] = []
        self.news = threading.Condition()
        front = self

        class Wire(BaseComm):
            def publish_msg(self, msg_type: str, data: Any = None, **rest: Any) -> None:
                if msg_type == "comm_msg":
                    with front.news:
                        front.told.append(data)
                        front.news.notify_all()

        self.comm = Wire(target_name=serving.TARGET, primary=False)
        serving._open(self.comm, {"content": {"data": data}})
        self.count = 0

    def ask(self, op: str, **args: Any) -> dict[str, Any]:
        self.count += 1
        id_ = str(self.count)
        message = {"v": 1, "id": id_, "op": op, "args": args}
        self.comm.handle_msg({"content": {"data": message}})
        return self.wait(lambda told: told.get("id") == id_)

    def wait(self, which: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            return next((one for one in self.told if which(one)), None)

        with self.news:
            assert self.news.wait_for(found, WAIT)
            result = found()
        assert result is not None
        return result

    def close(self) -> None:
        self.comm.handle_close({"content": {}})


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "letters"
    project = rn.open(path, by="ann")
    project.add([{"id": str(n), "text": f"late parcel {n}"} for n in range(12)], key="id")
    topic = project.task("topic", ["Delivery", "Other"], on="text")
    topic.add(rn.Lookup("Delivery", ["late"]))
    topic.run(progress=False)
    project.embed("text", progress=False)
    project.slices["first"] = project.view().head(3)
    project.close()
    serve(path)
    yield path
    known = serving._served.pop(str(path))
    known.jobs.cancel_all()
    known.project.close()


def project_of(root: Path) -> rn.Project:
    return serving._served[str(root)].project


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_every_view_opens_over_a_comm_and_lets_go_when_it_is_closed(root: Path, view: str) -> None:
    before = len(listening_widgets(project_of(root)))
    front = FrontEnd({"project": str(root), "view": view, "panel": "p"})
    told = front.ask("hello", client="c")
    assert "ok" in told, told
    assert len(listening_widgets(project_of(root))) > before
    front.close()
    assert len(listening_widgets(project_of(root))) == before


def test_labels_of_one_view_are_told_to_another(root: Path) -> None:
    one = FrontEnd({"project": str(root), "view": "labeler", "panel": "p"})
    other = FrontEnd({"project": str(root), "view": "labeler", "panel": "q", "slice": "first"})
    assert other.ask("hello", client="c")["ok"]["queue"]["length"] == 3
    project_of(root).task("topic").label("1", "Delivery")
    for front in (one, other):
        front.wait(lambda told: told.get("push") == "labels")


@pytest.mark.parametrize(
    "data",
    [
        {"view": "labeler"},
        {"view": "labeler", "project": "/nowhere"},
        {"view": "nothing"},
        {"view": "labeler", "task": "none"},
        {"view": "browser", "slice": "none"},
        {"view": "labeler", "opened": 99},
        {"view": {}},
        [],
        None,
    ],
)
def test_what_cannot_be_opened_answers_with_the_reason(root: Path, data: Any) -> None:
    if isinstance(data, dict) and data != {"view": "labeler"}:
        data = {"project": str(root), **data}
    told = FrontEnd(data).ask("hello", client="c")
    assert told["error"]["message"]


def test_records_that_a_view_opens_are_shown_in_the_labeler_of_its_own_panel(root: Path) -> None:
    panel = FrontEnd({"project": str(root), "view": "panel", "panel": "p"})
    other = FrontEnd({"project": str(root), "view": "panel", "panel": "q"})
    browser = FrontEnd({"project": str(root), "view": "browser", "panel": "p"})
    shown = browser.ask("hello", client="c")["ok"]["shown"]
    told = browser.ask("open", revision=shown["revision"], ranges=[[2, 5]], at=0)
    assert told["ok"] == {"count": 3}
    pushed = panel.wait(lambda one: one.get("push") == "opened")
    labeler = FrontEnd({"project": str(root), "view": "labeler", "opened": pushed["opened"]})
    assert labeler.ask("hello", client="c")["ok"]["queue"]["length"] == 3
    assert not [one for one in other.told if one.get("push") == "opened"]


def test_a_job_is_told_of_until_its_end(root: Path) -> None:
    panel = FrontEnd({"project": str(root), "view": "panel", "panel": "p"})
    panel.ask("hello", client="c")
    id_ = panel.ask("run", task="topic")["ok"]["job"]
    ended = panel.wait(
        lambda told: told.get("push") == "jobs" and told["jobs"][0]["state"] == "done"
    )
    assert ended["jobs"][0]["id"] == id_
    assert ended["jobs"][0]["title"] == "Heuristics of topic"


def test_a_job_can_be_cancelled_and_runs_once_at_a_time() -> None:
    news, ended = [], threading.Event()

    def changed(entry: Entry) -> None:
        news.append(entry.state)
        if entry.state != "running":
            ended.set()

    jobs = Jobs(changed)

    def work(report: Callable[[int, int], None], cancel: threading.Event) -> str:
        report(1, 2)
        assert cancel.wait(WAIT)
        return "half"

    id_ = jobs.start("Vectors", work)
    with pytest.raises(QueryError, match="under way"):
        jobs.start("Vectors", work)
    jobs.cancel(id_)
    assert ended.wait(WAIT)
    (row,) = jobs.rows()
    assert (row["state"], row["told"], row["done"], row["total"]) == ("cancelled", "half", 1, 2)


def test_a_job_that_fails_says_why() -> None:
    ended = threading.Event()
    jobs = Jobs(lambda entry: ended.set() if entry.state == "failed" else None)

    def work(report: object, cancel: object) -> str:
        raise ValueError("no memory")

    jobs.start("Vectors", work)
    assert ended.wait(WAIT)
    assert jobs.rows()[0]["told"] == "ValueError: no memory"


@pytest.mark.parametrize("op", sorted(OPERATIONS))
def test_an_operation_without_its_arguments_is_answered(root: Path, op: str) -> None:
    panel = FrontEnd({"project": str(root), "view": "panel", "panel": "p"})
    assert {"ok", "error"} & set(panel.ask(op))


@pytest.mark.parametrize("slice_", [None, "first"])
@pytest.mark.parametrize("view", sorted(TABS))
def test_the_code_of_a_tab_does_the_same(root: Path, view: str, slice_: str | None) -> None:
    panel = FrontEnd({"project": str(root), "view": "panel", "panel": "p"})
    code = panel.ask("code", view=view, task="topic", slice=slice_)["ok"]["code"]
    names: dict[str, Any] = {}
    if hasattr(rn, code.rsplit("rn.", 1)[1].split("(")[0]):
        exec(code, names)
        names["project"].close()


def test_the_code_of_what_was_done_does_it_again(root: Path, tmp_path: Path) -> None:
    panel = FrontEnd({"project": str(root), "view": "panel", "panel": "p"})
    more = tmp_path / "it's more.jsonl"
    more.write_text('{"id": "more", "text": "new"}\n')
    panel.ask("add", path=str(more), key="id")
    panel.ask("task", name="mood", labels=["Good", "Bad"], on="text", kind="classification")
    for op, args in (("embed", {"on": "text"}), ("run", {"task": "topic"})):
        id_ = panel.ask(op, **args)["ok"]["job"]
        panel.wait(lambda told, id_=id_: ended(told, id_))
    code = panel.ask("code", view=None)["ok"]["code"]
    assert code.count("\n") == 7
    names: dict[str, Any] = {}
    exec(
        code.replace(str(root), str(tmp_path / "again")).replace(".task('topic').run()", ""), names
    )
    again = names["project"]
    assert (len(again), list(again.tasks), list(again.embeddings)) == (1, ["mood"], ["text-tfidf"])
    again.close()


def ended(told: dict[str, Any], id_: int) -> bool:
    return told.get("push") == "jobs" and any(
        job["id"] == id_ and job["state"] == "done" for job in told["jobs"]
    )


def test_a_folder_without_a_project_is_refused_unless_one_is_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no project"):
        serve(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    serve(tmp_path / "new", make=True)
    panel = FrontEnd({"project": str(tmp_path / "new"), "view": "panel", "panel": "p"})
    assert panel.ask("hello", client="c")["ok"]["records"] == 0
    told = panel.ask("add", sample=True)["ok"]
    assert (told["records"], [one["name"] for one in told["tasks"]]) == (600, ["topic", "entities"])
    serving._served.pop(str(tmp_path / "new")).project.close()


def test_a_project_that_was_closed_is_opened_again(root: Path) -> None:
    project_of(root).close()
    serve(root)
    front = FrontEnd({"project": str(root), "view": "labeler", "panel": "p"})
    assert "ok" in front.ask("hello", client="c")


def test_the_target_is_known_to_the_kernel(root: Path) -> None:
    assert get_comm_manager().targets[serving.TARGET] is serving._open
    assert isinstance(serving._served[str(root)], Application)


def test_the_labels_of_a_task_are_a_file_and_on_binder_the_session_is_temporary(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BINDER_LAUNCH_HOST", "BINDER_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    project_of(root).task("topic").label("2", "Other", by="ann")
    panel = FrontEnd({"project": str(root), "view": "panel", "panel": "p"})
    assert panel.ask("project")["ok"]["temporary"] is False
    file = panel.ask("labels", task="topic")["ok"]
    assert file == {
        "name": "topic-labels.csv",
        "text": "key,label,by\n2,Other,ann\n",
        "count": 1,
    }
    both = project_of(root).task("both", ["A", "B"], on="text", kind="multilabel")
    both.label("2", ["A", "B"], by="ann")
    (row,) = csv.DictReader(panel.ask("labels", task="both")["ok"]["text"].splitlines())
    assert json.loads(row["label"]) == ["A", "B"]
    monkeypatch.setenv("BINDER_SERVICE_HOST", "10.0.0.1")
    assert panel.ask("project")["ok"]["temporary"] is True
