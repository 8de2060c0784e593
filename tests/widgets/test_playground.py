"""The kernel side of the Playground: its messages, and how Python sees it."""

from __future__ import annotations

import gc
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, RefineryError
from refinery_nb.widgets.messages import reply
from refinery_nb.widgets.playground.operations import OPERATIONS
from refinery_nb.widgets.playground.session import PlaygroundSession
from tests.language import tiny
from tests.net.server import Asked, Reply, chat, fails, says

ROOT = Path(__file__).parents[2]
DESCRIBED = {"A": "the team won the match", "B": "shares and profits"}


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    texts = ["the team won", "", "profits of shares", "the match"]
    project.add([{"id": f"r{at}", "text": text} for at, text in enumerate(texts)], key="id")
    project.embed("text", progress=False)
    return project.task("topic", ["A", "B"], on="text")


def meaning(**options: Any) -> rn.ZeroShot:
    return rn.ZeroShot("text", **{"descriptions": DESCRIBED, "name": "meaning", **options})


def call(session: PlaygroundSession, op: str, **args: Any) -> dict[str, Any]:
    told = reply(session, {"v": 1, "id": "x", "op": op, "args": args}, OPERATIONS)
    json.dumps(told, allow_nan=False)
    return dict(told.get("ok") or told["error"])


def open_(task: rn.Task, heuristic: Any = None, view: rn.View | None = None) -> PlaygroundSession:
    return PlaygroundSession(task, heuristic, view, lambda *_, **__: None)


def test_the_other_side_knows_the_same_operations() -> None:
    protocol = (ROOT / "js/src/widgets/playground/protocol.ts").read_text()
    table = protocol.split("export interface PlaygroundOperations {")[1].split("\n}")[0]
    theirs = {
        line.strip().split(":")[0]
        for line in table.splitlines()
        if line.startswith("  ") and not line.startswith("   ") and ":" in line
    }
    assert theirs == set(OPERATIONS)


def test_a_heuristic_is_asked_changed_and_kept(topic: rn.Task) -> None:
    session = open_(topic, meaning())
    told = call(session, "hello", client="c")
    (subject,) = told["subjects"]
    assert (subject["id"], subject["mode"], subject["labels"]) == (
        "given",
        "similarity",
        ["A", "B"],
    )
    assert told["chosen"] == "given"
    said = call(session, "ask", subject="given", text="the team won the match")
    assert said["vote"] == "A"
    assert [label for label, _ in said["shares"]] == ["A", "B"]
    assert said["prompt"] == tuple(DESCRIBED.items())
    other = call(session, "ask", subject="given", text="profits", labels=["A", "profits"])
    assert [label for label, _ in other["shares"]] == ["A", "profits"]
    assert topic.heuristics().empty
    kept = call(session, "keep", subject="given", labels=["B", "A"], hypothesis="on {}")
    assert kept["subject"] == "added:meaning"
    assert topic.versions("meaning")["source"][0]["hypothesis"] == "on {}"
    assert [one["id"] for one in kept["subjects"]] == ["added:meaning"]
    assert (
        "'profits'" in call(session, "keep", subject="added:meaning", labels=["profits"])["message"]
    )


def test_records_come_in_the_order_of_the_view_with_what_people_say(topic: rn.Task) -> None:
    topic.label("r2", "B")
    topic.label("r3", rn.NONE)
    view = topic.project.view().order_by("id", descending=True)
    session = open_(topic, meaning(), view)
    seen = []
    after = None
    while (told := call(session, "record", subject="given", after=after)["record"]) is not None:
        seen.append((told["key"], told["reviewed"], told["gold"]))
        after = told["id"]
    # A record without a text is passed over.
    assert seen == [("r3", True, None), ("r2", True, "B"), ("r0", False, None)]


def test_what_can_be_asked_is_what_asks_a_model(topic: rn.Task) -> None:
    topic.add(rn.Lookup("A", ["team"], name="words"))
    assert call(open_(topic), "hello", client="c")["subjects"] == []
    with pytest.raises(HeuristicError, match="asks no model"):
        rn.Playground(topic, rn.Lookup("A", ["team"]))
    with pytest.raises(RefineryError):
        rn.Playground(topic, "words")
    topic.add(meaning())
    session = open_(topic)
    assert call(session, "hello", client="c")["chosen"] == "added:meaning"
    assert open_(topic, meaning()).chosen == "added:meaning"
    assert "no heuristic" in call(session, "ask", subject="added:words", text="x")["message"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"text": " "}, "blank"),
        ({"text": "x" * 200_000}, "allowed"),
        ({"text": "x", "labels": []}, "labels"),
        ({"text": "x", "labels": ["a"] * 3 + [str(n) for n in range(300)]}, "labels"),
        ({"text": "x", "labels": "a"}, "list of names"),
        ({"text": "x", "hypothesis": "{} {}"}, "one place"),
        ({"text": 7}, "string"),
        ({"text": "ωωω"}, "no word of this text"),
    ],
)
def test_what_cannot_be_asked_is_said(topic: rn.Task, args: dict[str, Any], said: str) -> None:
    session = open_(topic, meaning())
    assert said in call(session, "ask", subject="given", **args)["message"]


def test_a_language_model_is_asked_with_labels_of_ones_own(topic: rn.Task) -> None:
    def last(asked: Asked) -> Reply:
        if "down" in asked.text:
            return fails(400, "too long")
        schema = asked.body["response_format"]["json_schema"]["schema"]
        return says({"label": schema["properties"]["label"]["anyOf"][0]["enum"][-1]})

    with chat(last) as server:
        made = rn.LLM("text", model="m", endpoint=server.url, price=(1, 1), name="llm")
        session = open_(topic, made)
        said = call(session, "ask", subject="given", text="x")
        assert (said["vote"], said["cost"], said["known"]) == ("B", 0.00011, False)
        assert json.loads(said["raw"]) == {"label": "B"}
        assert said["prompt"][0][0] == "system"
        assert call(session, "ask", subject="given", text="x")["known"] is True
        said = call(session, "ask", subject="given", text="x", labels=["A", "Wine"])
        assert (said["vote"], said["known"]) == ("Wine", False)
        assert len(server.requests) == 2
        assert "too long" in call(session, "ask", subject="given", text="down")["message"]
        told = call(session, "keep", subject="given", labels=["A"])
        assert "all labels of the task" in told["message"]
        call(session, "keep", subject="given")
        # Kept, it still knows who is asked, in this session.
        assert call(session, "ask", subject="added:llm", text="y")["vote"] == "B"


def test_a_model_that_runs_here_shows_all_its_confidences(topic: rn.Task, tmp_path: Path) -> None:
    session = open_(topic, rn.LLM("text", model=tiny.causal(tmp_path), name="llm"))
    said = call(session, "ask", subject="given", text="the team")
    assert [label for label, _ in said["shares"]] == ["A", "B", "none"]
    assert sum(share for _, share in said["shares"]) == pytest.approx(1)
    assert said["read"] > 50


def test_a_new_question_ends_the_one_before(topic: rn.Task) -> None:
    free, begun = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Reply:
        if "slow" in asked.text:
            begun.set()
            free.wait(30)
        return says({"label": "A"})

    with chat(slow) as server:
        session = open_(topic, rn.LLM("text", model="m", endpoint=server.url, name="llm"))
        told: list[dict[str, Any]] = []
        args = {"subject": "given", "text": "slow"}
        thread = threading.Thread(target=lambda: told.append(call(session, "ask", **args)))
        thread.start()
        assert begun.wait(30)
        assert call(session, "ask", subject="given", text="quick")["vote"] == "A"
        thread.join(30)
        assert told[0]["message"] == "cancelled."
        free.set()


def test_the_widget_holds_no_text_and_lets_go_when_it_is_closed(topic: rn.Task) -> None:
    widget = rn.Playground(topic, meaning())
    widget._conversation.answer(
        {"v": 1, "id": "x", "op": "ask", "args": {"subject": "given", "text": "team"}}
    )
    state = json.dumps({k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")})
    assert "team" not in state
    html = widget._repr_mimebundle_()[0]["text/html"]
    assert "Playground of topic" in html
    assert "<script" not in html
    listening = len(topic.project.events._listeners.get("votes", ()))
    widget.close()
    assert len(topic.project.events._listeners.get("votes", ())) == listening - 1
    del widget
    gc.collect()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    op=st.sampled_from(sorted(OPERATIONS)),
    args=st.dictionaries(
        st.sampled_from(["subject", "text", "labels", "hypothesis", "after", "client"]), JSON
    ),
    more=JSON,
)
def test_no_message_ends_the_connection(topic: rn.Task, op: str, args: Any, more: Any) -> None:
    session = open_(topic, meaning())
    for message in (more, {"v": 1, "id": "x", "op": op, "args": args}):
        told = reply(session, message, OPERATIONS)
        json.dumps(told, allow_nan=False)
        assert told.get("error", {}).get("code") != "internal", told
