"""The kernel side of the Workbench: its messages, and how Python sees it."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import QueryError
from refinery_nb.widgets.messages import reply
from refinery_nb.widgets.workbench.operations import OPERATIONS
from refinery_nb.widgets.workbench.session import WorkbenchSession
from refinery_nb.widgets.workbench.snapshot import snapshot
from tests.widgets.listening import listening_widgets
from tests.widgets.protocol import operations_of

ROOT = Path(__file__).parents[2]
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    texts = ["The parcel is late", "A broken 💔 machine", "late again and again", "", "fine"]
    project.add(
        [{"id": f"r{at}", "text": text, "stars": at} for at, text in enumerate(texts)], key="id"
    )
    return project.task("topic", ["Delivery", "Defect"], on="text")


@pytest.fixture
def session(topic: rn.Task) -> WorkbenchSession:
    return WorkbenchSession(topic.project, None, None)


@pytest.fixture
def ask(session: WorkbenchSession) -> Ask:
    def call(op: str, **args: Any) -> dict[str, Any]:
        told = reply(session, {"v": 1, "id": "x", "op": op, "args": args}, OPERATIONS)
        json.dumps(told, allow_nan=False)
        return dict(told["ok"] if "ok" in told else told["error"])

    return call


def test_the_other_side_knows_the_same_operations() -> None:
    theirs = operations_of("widgets/workbench/protocol.ts", "WorkbenchOperations")
    assert theirs == set(OPERATIONS)


def test_a_record_is_told_with_its_values_and_the_tokens_of_its_texts(ask: Ask) -> None:
    told = ask("hello", client="c")
    assert (told["at"], told["count"], told["record"]["key"]) == (0, 5, "r0")
    told = ask("open", key="r1")
    text, stars = told["record"]["attributes"][1:]
    assert (text["text"], text["length"], text["tokenizer"]) == ("A broken 💔 machine", 18, "en")
    # Code points, as everywhere on the wire: the heart is one.
    assert text["tokens"] == [0, 1, 2, 8, 9, 10, 11, 18]
    assert stars["value"] == 1


def test_one_goes_through_the_records_of_a_view_and_jumps_by_key(topic: rn.Task) -> None:
    project = topic.project
    session = WorkbenchSession(
        project, project.where(project["stars"] > 1).order_by("stars", descending=True), None
    )

    def opened(**where: Any) -> tuple[str | None, int | None, int]:
        told = reply(session, {"v": 1, "id": "x", "op": "open", "args": where}, OPERATIONS)["ok"]
        return told["record"] and told["record"]["key"], told["at"], told["count"]

    assert opened(at=0) == ("r4", 0, 3)
    assert opened(at=2) == ("r2", 2, 3)
    assert opened(key="r0") == ("r0", None, 3)
    told = reply(session, {"v": 1, "id": "x", "op": "open", "args": {"key": "\ud83d"}}, OPERATIONS)
    assert "no record" in told["error"]["message"]
    told = reply(session, {"v": 1, "id": "x", "op": "open", "args": {"at": 3}}, OPERATIONS)
    assert "there are 3 records" in told["error"]["message"]
    project.delete_records("r0").apply()
    assert opened(id=1) == (None, None, 3)


def test_labels_votes_and_weak_labels_are_told_by_who_says_so(ask: Ask, topic: rn.Task) -> None:
    topic.add(rn.Lookup("Delivery", ["late", "parcel"], name="words"))
    topic.add(rn.Lookup("Defect", ["broken"], name="broken"))
    topic.add(rn.Lookup("Defect", ["parcel"], name="off"))
    topic.run(progress=False)
    topic.enable("off", False)
    topic.label("r0", "Defect")
    topic.label("r0", "Delivery", by="ben")
    topic.label("r3", rn.NONE)
    topic.supervise(model="majority")
    (task,) = ask("open", key="r0")["record"]["tasks"]
    delivery, defect = (label["id"] for label in task["labels"])
    assert {one["by"]: [v["label"] for v in one["labels"]] for one in task["said"]} == {
        "ann": [defect],
        "ben": [delivery],
    }
    votes = {
        one["heuristic"]: (one["enabled"], [v["label"] for v in one["votes"]])
        for one in task["votes"]
    }
    assert votes == {"words": (True, [delivery]), "broken": (True, []), "off": (False, [defect])}
    assert [one["label"] for one in task["weak"]["labels"]] == [delivery]
    (none,) = ask("open", key="r3")["record"]["tasks"][0]["said"]
    assert none == {"by": "ann", "labels": []}


def test_spans_are_told_with_their_offsets(ask: Ask, topic: rn.Task) -> None:
    names = topic.project.task("names", ["THING"], on="text", kind="spans")
    names.add(rn.Lookup("THING", ["machine"], name="things"))
    names.run(progress=False)
    names.label("r1", [(9, 10, "THING")])
    told = ask("open", key="r1")["record"]["tasks"][1]
    assert [(v["start"], v["end"]) for v in told["said"][0]["labels"]] == [(9, 10)]
    assert [(v["start"], v["end"]) for v in told["votes"][0]["votes"]] == [(11, 18)]


def test_neighbours_come_by_each_embedding(ask: Ask, topic: rn.Task) -> None:
    project = topic.project
    assert ask("hello", client="c")["embeddings"] == []
    project.embed("text", progress=False)
    (embedding,) = ask("hello", client="c")["embeddings"]
    near = ask("neighbours", id=1, embedding=embedding["name"])["neighbours"]
    assert near[0]["key"] == "r2"
    assert "r0" not in [one["key"] for one in near]
    assert near[0]["similarity"] > 0
    assert near == sorted(near, key=lambda one: -one["similarity"])
    assert "nope" in ask("neighbours", id=1, embedding="nope")["message"]


def test_history_is_told_newest_first(ask: Ask, topic: rn.Task) -> None:
    topic.label("r0", "Delivery")
    topic.project.edit("r0", text="The parcel came").apply()
    topic.label("r0", None)
    told = ask("history", id=1)
    assert [(one["what"], one["of"]) for one in told["changes"]] == [
        ("label", "topic"),
        ("edit", "text"),
        ("label", "topic"),
    ]
    assert told["changes"][0]["before"] == "Delivery"
    assert told["changes"][0]["after"] is None


def test_comments_are_read_and_written_here(ask: Ask, topic: rn.Task) -> None:
    on = {"kind": "record", "name": "r0"}
    topic.project.comments.add("Mine or yours?", record="r0", by="ben")
    made = ask("comment_add", on=on, text="**Yours**")["comment"]
    told = ask("comments", on=on)["comments"]
    assert [(one["by"], one["own"]) for one in told] == [("ben", False), ("ann", True)]
    assert ask("comment_edit", id=made["id"], text="Ours")["comment"]["edited"]
    assert ask("comment_counts", kind="record") == {"counts": {"r0": 2}}
    ask("comment_delete", id=made["id"])
    assert len(ask("comments", on=on)["comments"]) == 1
    ask("comment_restore", id=made["id"])
    assert [one.text for one in topic.project.comments.of(record="r0")] == [
        "Mine or yours?",
        "Ours",
    ]
    assert "empty" in ask("comment_add", on=on, text="  ")["message"]
    assert ask("comments", on={"kind": "record", "name": "nope"})["code"] != "internal"


def test_comments_are_counted_by_the_task_that_they_are_of(ask: Ask, topic: rn.Task) -> None:
    project = topic.project
    other = project.task("other", ["Delivery"], on="text")
    for task, said in ((topic, 2), (other, 1)):
        for number in range(said):
            project.comments.add(f"{number}", label="Delivery", task=task.name)
    assert ask("comment_counts", kind="label", task="topic")["counts"] == {"Delivery": 2}
    assert ask("comment_counts", kind="label")["counts"] == {"Delivery": 3}
    with pytest.raises(QueryError, match="nothing to comment on"):
        project.comments.counts("person")


def test_a_cell_runs_on_the_record_and_says_what_went_wrong(ask: Ask) -> None:
    told = ask("run", id=1, source='print(record["text"])\nlen(record["text"])')
    assert (told["state"], told["output"], told["value"]) == (
        "finished",
        "The parcel is late\n",
        "18",
    )
    told = ask("run", id=1, source='x = 1\nrecord["txt"]')
    assert (told["state"], told["line"]) == ("failed", 2)


def test_a_cell_is_stopped_by_a_message(session: WorkbenchSession, ask: Ask) -> None:
    told: list[dict[str, Any]] = []
    source = "while True: pass"
    thread = threading.Thread(target=lambda: told.append(ask("run", id=1, source=source)))
    thread.start()
    while session._running is None:
        time.sleep(0.01)
    ask("stop")
    thread.join(30)
    assert told[0]["state"] == "cancelled"


def test_parts_of_the_front_end_come_when_they_are_asked_for(ask: Ask) -> None:
    if not (ROOT / "refinery_nb/static/comments.part.js").exists():
        pytest.skip("refinery_nb/static/comments.part.js is not built: run make setup")
    assert "export" in ask("part", name="comments")["text"]
    assert "is 'nope'" in ask("part", name="nope")["message"]


QUICK = sorted(set(OPERATIONS) - {"run", "part"})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None
)
@given(
    op=st.sampled_from(QUICK),
    args=st.dictionaries(
        st.sampled_from(["id", "key", "at", "on", "text", "kind", "task", "embedding", "client"]),
        JSON,
    ),
)
def test_no_message_breaks_it(session: WorkbenchSession, op: str, args: dict[str, Any]) -> None:
    told = reply(session, {"v": 1, "id": "x", "op": op, "args": args}, OPERATIONS)
    json.dumps(told, allow_nan=False)
    assert told.get("error", {}).get("code") != "internal", told


# The widget


@pytest.fixture
def widget(topic: rn.Task) -> Iterator[tuple[rn.Workbench, list[dict[str, Any]]]]:
    made = rn.Workbench(topic.project, "r1")
    sent: list[dict[str, Any]] = []
    made.send = lambda message, buffers=None: sent.append(message)  # type: ignore[method-assign]
    yield made, sent
    made.close()


def test_it_begins_with_the_record_that_is_named(project: rn.Project, topic: rn.Task) -> None:
    made = rn.Workbench(project, "r2")
    assert made._conversation.session.first() == 3
    with pytest.raises(QueryError, match="no record 'r9'"):
        rn.Workbench(project, "r9")
    with pytest.raises(QueryError, match="Give a project or a view"):
        rn.Workbench(topic)  # type: ignore[arg-type]
    made.close()


def test_it_hears_of_what_concerns_its_record(
    widget: tuple[rn.Workbench, list[dict[str, Any]]], topic: rn.Task
) -> None:
    _, sent = widget
    topic.label("r0", "Defect")
    assert sent == []
    topic.label("r1", "Defect")
    assert [one["push"] for one in sent] == ["changed"]
    topic.project.comments.add("Hm", record="r1")
    assert sent[-1]["push"] == "comments"


def test_new_records_can_be_gone_to(
    widget: tuple[rn.Workbench, list[dict[str, Any]]], project: rn.Project
) -> None:
    made, sent = widget
    assert len(made._conversation.session.ids) == 5
    project.add([{"id": "r9", "text": "new", "stars": 9}], key="id")
    assert len(made._conversation.session.ids) == 6
    assert sent[-1]["push"] == "changed"


def test_a_widget_that_was_closed_listens_no_more(project: rn.Project, topic: rn.Task) -> None:
    rn.Workbench(project).close()
    gc.collect()
    assert listening_widgets(project) == []


def test_a_picture_stays_without_a_kernel(session: WorkbenchSession, topic: rn.Task) -> None:
    topic.project.edit("r0", text="<b>late</b> parcel").apply()
    topic.add(rn.Lookup("Delivery", ["parcel"], name="words"))
    topic.run(progress=False)
    topic.label("r0", "Delivery")
    topic.project.comments.add("<script>alert(1)</script>", record="r0")
    html = snapshot(session)
    for said in ("r0", "words", "Delivery", "&lt;b&gt;late", "&lt;script&gt;", "still picture"):
        assert said in html
    assert "<script" not in html


def test_a_project_without_records_can_be_opened(project: rn.Project) -> None:
    made = rn.Workbench(project)
    assert "no record" in snapshot(made._conversation.session)
    told = reply(
        made._conversation.session,
        {"v": 1, "id": "x", "op": "hello", "args": {"client": "c"}},
        OPERATIONS,
    )
    assert (told["ok"]["record"], told["ok"]["count"]) == (None, 0)
    made.close()
