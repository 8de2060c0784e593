"""The kernel side of the HeuristicEditor: its messages, and how Python sees it."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.project.rules import foreign
from refinery_nb.widgets.heuristic_editor.operations import OPERATIONS
from refinery_nb.widgets.heuristic_editor.session import EditorSession
from refinery_nb.widgets.messages import reply
from tests.widgets.listening import listening_widgets
from tests.widgets.protocol import operations_of

ROOT = Path(__file__).parents[2]
SOURCE = 'def late(record):\n    return "A" if "late" in record["text"] else None\n'
FUNCTION = {"kind": "function", "source": SOURCE}
LOOKUP = {"kind": "lookup", "label": "A", "terms": ["ok"]}
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add(
        [{"id": f"r{n}", "text": f"late {n}" if n % 2 else "ok"} for n in range(6)], key="id"
    )
    return project.task("topic", ["A", "B"], on="text")


@pytest.fixture
def session(topic: rn.Task) -> EditorSession:
    return EditorSession(topic, lambda *args, **payload: None)


@pytest.fixture
def ask(session: EditorSession) -> Ask:
    def call(op: str, **args: Any) -> dict[str, Any]:
        told = reply(session, {"v": 1, "id": "x", "op": op, "args": args}, OPERATIONS)
        json.dumps(told, allow_nan=False)
        return dict(told["ok"] if "ok" in told else told["error"])

    return call


def test_the_other_side_knows_the_same_operations() -> None:
    theirs = operations_of("widgets/heuristic_editor/protocol.ts", "EditorOperations")
    assert theirs == set(OPERATIONS)


def test_what_people_say_of_a_heuristic_is_told_with_it(ask: Ask, topic: rn.Task) -> None:
    ask("save", name="late", spec=FUNCTION, heuristic=None, base=None)
    on = {"kind": "heuristic", "name": "late", "task": "topic"}
    ask("comment_add", on=on, text="Too wide?")
    (row,) = ask("list")["heuristics"]
    assert row["comments"] == 1
    assert [one["text"] for one in ask("comments", on=on)["comments"]] == ["Too wide?"]
    assert topic.project.comments.of(heuristic="late", task="topic")[0].by == "ann"


def test_from_nothing_to_a_rule_that_has_run(ask: Ask, topic: rn.Task) -> None:
    assert ask("hello", client="c")["task"]["labels"][0]["name"] == "A"
    assert ask("list")["heuristics"] == []
    assert ask("check", name="late", spec=FUNCTION) == {"problems": [], "entry": "late"}
    trial = ask("examples", name="late", spec=FUNCTION, sample="random", n=10, seed=0)
    assert sum(len(one["votes"]) for one in trial["examples"]) == 3
    saved = ask("save", name="late", spec=FUNCTION, heuristic=None, base=None)
    assert (saved["state"], saved["editable"]) == ("new", True)
    assert ask("run", heuristics=[saved["id"]])["runs"][0]["votes"] == 3
    (row,) = ask("list")["heuristics"]
    assert (row["state"], row["measure"]["covered"]) == ("finished", 3)
    assert list(topic.heuristics()["heuristic"]) == ["late"]
    assert "@topic.heuristic\ndef late(record):" in ask("cell", name="late", spec=FUNCTION)["code"]


def test_versions_are_compared_and_restored(ask: Ask) -> None:
    first = ask("save", name="late", spec=FUNCTION, heuristic=None, base=None)
    ask("run", heuristics=[first["id"]])
    other = FUNCTION | {"source": SOURCE.replace('"late" in', '"ok" in')}
    second = ask("save", name="late", spec=other, heuristic=first["id"], base=first["version"])
    ask("run", heuristics=[first["id"]])
    opened = ask("open", heuristic=first["id"])
    assert [one["version"] for one in opened["versions"]] == [second["version"], first["version"]]
    assert (opened["change"]["gained"], opened["change"]["lost"]) == (3, 3)
    older = ask("version", heuristic=first["id"], version=first["version"])
    assert older["spec"]["source"] == SOURCE
    assert older["change"]["before"]["covered"] == 3
    stale = ask("save", name="late", spec=FUNCTION, heuristic=first["id"], base=first["version"])
    assert stale["code"] == "conflict"
    restored = ask("restore", heuristic=first["id"], version=first["version"])
    assert (restored["state"], restored["spec"]["source"]) == ("finished", SOURCE)


def test_what_was_removed_comes_back_once(ask: Ask) -> None:
    saved = ask("save", name="late", spec=FUNCTION, heuristic=None, base=None)
    ask("run", heuristics=[saved["id"]])
    token = ask("remove", heuristic=saved["id"])["token"]
    assert ask("list")["heuristics"] == []
    back = ask("put_back", token=token)["heuristic"]
    assert ask("open", heuristic=back)["state"] == "finished"
    assert ask("put_back", token=token)["code"] == "heuristic"


def test_an_error_of_a_cell_points_into_the_source(ask: Ask, topic: rn.Task) -> None:
    @topic.heuristic
    def broken(record: Any) -> Any:
        return "A" if int(record["text"]) else None

    topic.run(progress=False)
    (row,) = ask("list")["heuristics"]
    opened = ask("open", heuristic=row["id"])
    line = opened["spec"]["source"].splitlines()[opened["errors"][0]["line"] - 1]
    assert "int(record" in line
    assert "lines" not in opened["spec"]


def test_other_kinds_are_shown_and_can_be_run(ask: Ask, topic: rn.Task) -> None:
    topic.label_many({"r1": "A", "r2": "B"})
    topic.add(rn.Annotator("ann"))
    (row,) = ask("list")["heuristics"]
    opened = ask("open", heuristic=row["id"])
    assert not opened["editable"]
    trial = ask("examples", name=row["name"], spec=opened["spec"], sample="hits", n=10, seed=0)
    assert {one["key"] for one in trial["examples"]} == {"r1", "r2"}


def test_bricks_fit_the_task_and_are_python(ask: Ask) -> None:
    bricks = ask("bricks")["bricks"]
    assert len(bricks) > 10
    for brick in bricks:
        told = ask(
            "check", name=brick["name"], spec={"kind": "function", "source": brick["source"]}
        )
        assert told == {"problems": [], "entry": brick["name"]}, brick["name"]


BAD = [
    ("open", {"heuristic": 99}),
    ("open", {"heuristic": True}),
    ("open", {}),
    ("save", {"name": 3, "spec": FUNCTION}),
    ("save", {"name": "x", "spec": None}),
    ("save", {"name": "x", "spec": {"kind": "function"}}),
    ("save", {"name": "x", "spec": {"kind": "function", "source": "x" * 1_000_001}}),
    ("save", {"name": "x", "spec": {"kind": "regex"}}),
    ("run", {"heuristics": []}),
    ("run", {"heuristics": ["1"]}),
    ("enable", {"heuristic": 1, "enabled": "yes"}),
    ("examples", {"name": "x", "spec": FUNCTION, "sample": "worst", "n": 1, "seed": 0}),
    (
        "examples",
        {"name": "x", "spec": FUNCTION, "sample": "label", "label": "C", "n": 1, "seed": 0},
    ),
    ("put_back", {"token": "x"}),
    ("version", {"heuristic": 1, "version": 1}),
    ("nonsense", {}),
]


@pytest.mark.parametrize(("op", "args"), BAD)
def test_a_message_that_is_none_is_answered_with_an_error(
    ask: Ask, op: str, args: dict[str, Any]
) -> None:
    told = ask(op, **args)
    assert told["code"] != "internal"
    assert told["message"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
QUICK = sorted(set(OPERATIONS) - {"run", "examples"})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    op=st.sampled_from(QUICK),
    args=st.dictionaries(
        st.sampled_from(
            ["heuristic", "version", "spec", "name", "base", "enabled", "token", "wanted", "client"]
        ),
        JSON,
    ),
)
def test_no_message_breaks_it(session: EditorSession, op: str, args: dict[str, Any]) -> None:
    told = reply(session, {"v": 1, "id": "x", "op": op, "args": args}, OPERATIONS)
    assert told["id"] == "x"
    assert told.get("error", {}).get("code") != "internal", told


# The widget


@pytest.fixture
def widget(topic: rn.Task) -> Iterator[tuple[rn.HeuristicEditor, list[dict[str, Any]]]]:
    made = rn.HeuristicEditor(topic)
    sent: list[dict[str, Any]] = []
    made.send = sent.append  # type: ignore[method-assign]
    yield made, sent
    made.close()


def test_it_hears_of_its_own_task_only(
    widget: tuple[rn.HeuristicEditor, list[dict[str, Any]]], topic: rn.Task
) -> None:
    _, sent = widget
    other = topic.project.task("other", ["C"], on="text")
    sent.clear()
    other.add(rn.Lookup("C", ["late"]))
    other.label("r1", "C")
    assert sent == []
    topic.add(rn.Lookup("A", ["late"]))
    topic.label("r1", "A")
    assert [one["push"] for one in sent] == ["changed", "changed"]


def test_slow_work_is_done_aside_and_answered(
    widget: tuple[rn.HeuristicEditor, list[dict[str, Any]]], topic: rn.Task
) -> None:
    made, sent = widget
    answered = threading.Event()

    def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message.get("id") == "run":
            answered.set()

    made.send = send  # type: ignore[method-assign]
    topic.add(rn.Lookup("A", ["late"]))
    message = {"v": 1, "id": "run", "op": "run", "args": {"heuristics": [1]}}
    made._conversation.receive(message)
    assert answered.wait(60)
    assert sent[-1]["ok"]["runs"][0]["votes"] == 3
    assert {"v": 1, "push": "progress", "job": None} in sent


def test_closing_it_ends_its_work_and_leaves_nothing(topic: rn.Task) -> None:
    """D5: closed widgets listen to nothing, and no thread stays."""
    source = "import time\n\ndef slow(record):\n    time.sleep(4)\n"
    before = set(threading.enumerate())
    made = rn.HeuristicEditor(topic)
    made.send = lambda message: None  # type: ignore[method-assign]
    begun, begin = threading.Event(), made._conversation.session.begin_trial

    def begin_trial() -> threading.Event:
        cancel = begin()
        begun.set()
        return cancel

    made._conversation.session.begin_trial = begin_trial  # type: ignore[method-assign]
    args = {"name": "slow", "spec": {"kind": "function", "source": source}}
    args |= {"sample": "random", "n": 100, "seed": 0}
    made._conversation.receive({"v": 1, "id": "try", "op": "examples", "args": args})
    assert begun.wait(60)
    made.close()
    gc.collect()
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()
    assert listening_widgets(topic.project) == []


def test_the_still_picture_is_text_only(project: rn.Project) -> None:
    """D9, J1: it shows in nbviewer, and nothing in it runs."""
    project.add([{"id": "1", "text": "late"}], key="id")
    topic = project.task("<script>hit()</script>", ["A"], on="text")
    empty = rn.HeuristicEditor(topic)._repr_mimebundle_()
    html = (empty[0] if isinstance(empty, tuple) else empty)["text/html"]
    assert "No heuristic yet" in html
    topic.add(rn.Lookup("A", ["late"], name="<img src=x onerror=hit()>"))
    topic.label("1", "A")
    topic.run(progress=False)
    bundle = rn.HeuristicEditor(topic)._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert "<script" not in html
    assert "<img" not in html
    assert "100.0 %" in html
    assert "100 % (21 to 100 %)" in html


def test_nothing_written_travels_as_state(topic: rn.Task) -> None:
    topic.add(rn.Lookup("A", ["secret"]))
    state = rn.HeuristicEditor(topic).get_state()
    assert "secret" not in str({k: v for k, v in state.items() if k not in ("_esm", "_css")})


def test_code_of_somebody_else_is_named_and_runs_once_it_is_trusted(
    ask: Ask, topic: rn.Task
) -> None:
    ask("save", name="late", spec=FUNCTION, heuristic=None, base=None)
    ask("save", name="list", spec=LOOKUP, heuristic=None, base=None)
    with topic.project.database.write() as connection:
        foreign.mark(connection, [FUNCTION])
    rows = {row["name"]: row for row in ask("list")["heuristics"]}
    assert {name: row["trusted"] for name, row in rows.items()} == {"late": False, "list": True}
    tried = ask("examples", name="late", spec=FUNCTION, sample="random", n=10, seed=0)
    assert "not trusted" in tried["message"]
    assert "not trusted" in ask("run", heuristics=[rows["late"]["id"]])["message"]
    assert ask("trust", heuristic=rows["late"]["id"]) == {}
    assert ask("run", heuristics=[rows["late"]["id"]])["runs"][0]["votes"] == 3
    assert all(row["trusted"] for row in ask("list")["heuristics"])
