"""The Labeler as Python sees it."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError
from refinery_nb.widgets.labeler.operations import OPERATIONS, PROTOCOL
from refinery_nb.widgets.messages import reply
from tests.widgets.listening import listening_widgets


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add([{"id": "1", "text": "<img src=x onerror=hit()>"}], key="id")
    return project.task("<script>hit()</script>", ["<b>A</b>", "B"], on="text")


def test_the_still_picture_is_text_only(topic: rn.Task) -> None:
    """D9, J1, J2: it shows in nbviewer, and nothing in it runs."""
    topic.label("1", "<b>A</b>")
    html = rn.Labeler(topic)._repr_mimebundle_()
    html = (html[0] if isinstance(html, tuple) else html)["text/html"]
    assert "<img" not in html
    assert "<script" not in html
    assert "<b>A</b></b>" not in html
    assert "&lt;img src=x onerror=hit()&gt;" in html


def test_no_record_text_travels_as_state(topic: rn.Task) -> None:
    """A saved notebook holds no texts and no labels."""
    widget = rn.Labeler(topic)
    state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")}
    assert "onerror" not in str(state)


def test_an_unknown_argument_is_a_type_error(topic: rn.Task) -> None:
    with pytest.raises(TypeError):
        rn.Labeler(topic, colour="red")  # type: ignore[call-arg]


def test_tasks_and_view_are_of_one_project(topic: rn.Task) -> None:
    with rn.open() as other:
        other.add([{"id": "1", "text": "x"}])
        with pytest.raises(QueryError):
            rn.Labeler(topic, other.view())


def test_running_the_cell_twenty_times_leaves_nothing_behind(topic: rn.Task) -> None:
    """D5: closed widgets listen to nothing, and no thread stays."""
    before = set(threading.enumerate())
    for _ in range(20):
        widget = rn.Labeler(topic)
        sent: list[Any] = []
        widget.send = sent.append  # type: ignore[method-assign]
        topic.label("1", "B")
        topic.label("1", None)
        assert len(sent) == 2
        widget.close()
        topic.label("1", "B")
        assert len(sent) == 2
    gc.collect()
    # What a test before this one left to end in its own time is not the Labeler's.
    started = set(threading.enumerate()) - before
    for thread in started:
        thread.join(10)
    assert not [thread.name for thread in started if thread.is_alive()]
    assert listening_widgets(topic.project) == []


def test_what_labels_mean_and_their_keys_reach_the_labeler(topic: rn.Task) -> None:
    topic.change_label("B", hotkey="7", description="the *second*")
    widget = rn.Labeler(topic)
    sent: list[Any] = []
    widget.send = sent.append  # type: ignore[method-assign]
    topic.change_label("B", hotkey="x")
    (told,) = [message for message in sent if message["push"] == "schema"]
    label = told["tasks"][0]["labels"][1]
    assert (label["hotkey"], label["description"]) == ("x", "the *second*")
    widget.close()


def ask(widget: rn.Labeler, op: str, **args: Any) -> Any:
    told = reply(
        widget._conversation.session,
        {"v": PROTOCOL, "id": "c-1", "op": op, "args": args},
        OPERATIONS,
    )
    assert "ok" in told, told
    return told["ok"]


def test_a_record_that_is_deleted_leaves_its_place_and_takes_no_label(topic: rn.Task) -> None:
    project = topic.project
    project.add([{"id": f"{n}", "text": "x"} for n in range(2, 6)])
    widget = rn.Labeler(topic)
    before = ask(widget, "page", **{"from": 0, "to": 5})["records"]
    project.delete_records("3").apply()
    after = ask(widget, "page", **{"from": 0, "to": 5})["records"]
    assert [card["position"] for card in after] == [0, 1, 2, 3, 4]
    assert [set(card) for card in after] == [set(card) for card in before]
    assert (after[2]["key"], after[2]["texts"]) == ("This record was deleted.", {})
    operation = {
        "op_id": "o",
        "kind": "label",
        "task": topic.id,
        "record": after[2]["id"],
        "base": 0,
        "value": {"label": topic.schema.labels[0].id},
    }
    (ack,) = ask(widget, "apply", operations=[operation])["acks"]
    assert ack["status"] == "rejected"
    project.restore_records()
    assert ask(widget, "page", **{"from": 0, "to": 5})["records"] == before
    widget.close()


def test_a_labeler_outlives_its_task(topic: rn.Task, caplog: pytest.LogCaptureFixture) -> None:
    widget = rn.Labeler(topic)
    removal = topic.delete()
    removal.apply()
    operation = {
        "op_id": "o",
        "kind": "label",
        "task": topic.id,
        "record": 1,
        "base": 0,
        "value": {"label": 1},
    }
    answered = reply(
        widget._conversation.session,
        {"v": PROTOCOL, "id": "c", "op": "apply", "args": {"operations": [operation]}},
        OPERATIONS,
    )
    assert "does not exist" in str(answered) or "was deleted" in str(answered)
    assert not caplog.records
    removal.undo()
    assert ask(widget, "hello", client="c")["tasks"][0]["id"] == topic.id
    widget.close()
