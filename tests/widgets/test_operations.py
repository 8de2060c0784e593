"""The kernel side of the protocol: golden messages, and messages that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.widgets.labeler.operations import OPERATIONS, PROTOCOL
from refinery_nb.widgets.labeler.session import Session
from refinery_nb.widgets.messages import reply

GOLDEN = json.loads((Path(__file__).parents[1] / "protocol" / "messages.json").read_text())


@pytest.fixture
def session(project: rn.Project) -> Session:
    project.add([{"id": str(n), "text": f"text {n}"} for n in range(5)], key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    names = project.task("names", ["X"], on="text", kind="spans")
    project.task("other", ["C"], on="text")
    project.comments.add("Said before.", task="topic")
    return Session([topic, names], None, by=None)


@pytest.mark.parametrize("request_", GOLDEN["requests"], ids=lambda one: one["op"])
def test_golden_messages_are_answered_in_their_form(session: Session, request_: dict) -> None:
    told = reply(session, request_, OPERATIONS)
    assert (told["v"], told["id"]) == (PROTOCOL, request_["id"])
    assert "error" not in told, told
    assert set(GOLDEN["answers"][request_["op"]]) <= set(told["ok"])
    json.dumps(told)
    for card in told["ok"].get("records", []):
        assert sorted(card) == sorted(GOLDEN["card"])
    for task in told["ok"].get("tasks", []):
        assert sorted(task) == sorted(GOLDEN["task"])
    for form in told["ok"].get("forms", []):
        assert sorted(form) == sorted(GOLDEN["form"])
    for ack in told["ok"].get("acks", []):
        assert sorted(ack) == sorted(GOLDEN["acknowledgement"])
        assert ack["status"] == "saved"


def test_every_operation_has_a_golden_message() -> None:
    assert {request["op"] for request in GOLDEN["requests"]} == set(OPERATIONS)


def apply(session: Session, **operation: Any) -> dict[str, Any]:
    full = {"op_id": "x", "kind": "label", "task": 1, "record": 1, "base": 0, "value": {"label": 1}}
    message = {"v": 1, "id": "1", "op": "apply", "args": {"operations": [full | operation]}}
    return reply(session, message, OPERATIONS)


BAD = [
    {"kind": "explode"},
    {"kind": None},
    {"task": 3},
    {"task": "1"},
    {"record": "1"},
    {"record": -1},
    {"base": "0"},
    {"base": True},
    {"op_id": 5},
    {"op_id": ""},
    {"op_id": "x" * 1000},
]
REFUSED = [
    {"record": 999},
    {"value": {"label": 99}},
    {"value": {"label": 4}},
    {"value": "A"},
    {"value": {"spans": [[0, 1, 1]]}},
    {"task": 2, "value": {"label": 3}},
    {"task": 2, "value": {"spans": [[0, 99, 3]]}},
    {"task": 2, "value": {"spans": [["0", 1, 3]]}},
    {"task": 2, "value": {"spans": [[0.5, 1, 3]]}},
    {"task": 2, "value": {"spans": [[0, 1]]}},
    {"kind": "mark", "value": {"mark": "star", "on": True}},
    {"value": {"label": "x" * 9_000_000}},
]


@pytest.mark.parametrize("change", BAD, ids=str)
def test_a_malformed_operation_is_an_error_with_a_code(session: Session, change: dict) -> None:
    """D11."""
    told = apply(session, **change)
    assert told["error"]["code"] == "protocol"
    assert len(session.project.task("topic").all_labels()) == 0


@pytest.mark.parametrize("change", REFUSED, ids=lambda one: str(one)[:60])
def test_an_operation_that_cannot_be_stored_is_rejected(session: Session, change: dict) -> None:
    """D11."""
    told = apply(session, **change)
    assert told["ok"]["acks"][0]["status"] == "rejected"
    assert told["ok"]["acks"][0]["message"]
    for task in ("topic", "names"):
        assert len(session.project.task(task).all_labels()) == 0


MESSAGES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["v", "id", "op", "args", "from", "to", "operations"]), inner
        )
    ),
    max_leaves=8,
)


@given(message=MESSAGES, op=st.sampled_from([*OPERATIONS, "x"]))
@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
def test_no_message_ends_the_connection(session: Session, message: Any, op: str) -> None:
    """D11."""
    for sent in (message, {"v": 1, "id": "1", "op": op, "args": message}):
        told = reply(session, sent, OPERATIONS)
        assert ("ok" in told) != ("error" in told)
        if "error" in told:
            assert told["error"]["code"] != "internal", told


def test_another_version_is_told(session: Session) -> None:
    """D12."""
    told = reply(session, {"v": 2, "id": "1", "op": "hello", "args": {"client": "c"}}, OPERATIONS)
    assert told["error"]["code"] == "version"


def test_the_queue_stands_while_labels_are_set(session: Session) -> None:
    ask = {"v": 1, "id": "1", "op": "queue", "args": {"filter": "unlabelled"}}
    assert reply(session, ask, OPERATIONS)["ok"]["length"] == 5
    apply(session)
    page = {"v": 1, "id": "2", "op": "page", "args": {"from": 0, "to": 10}}
    assert len(reply(session, page, OPERATIONS)["ok"]["records"]) == 5


def test_a_queue_that_cannot_be_made_leaves_the_order_as_it_was(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": f"text {n}"} for n in range(5)], key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    topic.add(rn.Lookup("A", ["text"], "rule"))
    topic.run(progress=False)
    session = Session([topic], topic.hits("rule"), by=None)
    assert session.queue()["length"] == 5
    topic.remove("rule")
    told = reply(
        session, {"v": 1, "id": "1", "op": "queue", "args": {"order": "uncertain"}}, OPERATIONS
    )
    assert told["error"]["code"] == "query"
    assert session.order == "view"


def test_a_long_text_comes_in_parts(project: rn.Project) -> None:
    """A20: what is sent at once stays far below the limit of a websocket frame."""
    project.add([{"id": str(n), "text": f"{n} " + "x" * 5_000_000} for n in range(3)], key="id")
    session = Session([project.task("t", ["A"], on="text")], None, by=None)
    told = reply(
        session, {"v": 1, "id": "1", "op": "page", "args": {"from": 0, "to": 3}}, OPERATIONS
    )
    assert len(json.dumps(told)) < 4 * 2**20
    assert told["ok"]["records"][0]["texts"]["text"]["truncated_at"]
