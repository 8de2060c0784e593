"""The Overview as Python and its front end see it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError
from refinery_nb.widgets.messages import PROTOCOL
from refinery_nb.widgets.overview.operations import OPERATIONS
from tests.widgets.listening import listening_widgets
from tests.widgets.protocol import operations_of

LABELS = ["<i>Delivery</i>", "Refund"]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add(
        [
            {
                "id": f"r{n:02d}",
                "text": ["late delivery", "money back", "hello"][n % 3],
                "kind": ["mail", "chat"][n % 2],
                "open": n % 4 == 0,
            }
            for n in range(12)
        ],
        key="id",
        types={"kind": "category"},
    )
    task = project.task("topic", LABELS, on="text")
    task.add(rn.Lookup(LABELS[0], ["delivery"], name="d"))
    task.add(rn.Lookup("Refund", ["money"], name="m"))
    task.run(progress=False)
    task.label_many({f"r{n:02d}": LABELS[n % 2] for n in range(6)})
    return task


class Front:
    """A front end without a screen."""

    def __init__(self, overview: rn.Overview) -> None:
        self.overview = overview
        self.sent: list[dict[str, Any]] = []
        overview._panels.send = self._take  # type: ignore[method-assign]

    def _take(self, message: dict[str, Any]) -> None:
        self.sent.append(json.loads(json.dumps(message)))

    def ask(self, op: str, **args: Any) -> dict[str, Any]:
        """Send a message and wait for its answer."""
        self.sent.clear()
        message = {"v": PROTOCOL, "id": f"c-{op}", "op": op, "args": args}
        self.overview._conversation.receive(message)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = [one for one in self.sent if one.get("id") == f"c-{op}"]
            if found:
                return found[0]
            time.sleep(0.005)
        raise AssertionError(f"no answer to {op}")

    def pushes(self) -> list[dict[str, Any]]:
        return [one for one in self.sent if "push" in one]


def test_the_front_end_knows_every_operation() -> None:
    assert operations_of("widgets/overview/protocol.ts", "OverviewOperations") == set(OPERATIONS)


def test_the_front_end_learns_what_can_be_chosen_and_every_number(topic: rn.Task) -> None:
    topic.supervise(model="majority")
    topic.project.slices["early"] = topic.project.where(topic.labeled)
    front = Front(rn.Overview(topic.project))
    menu = front.ask("hello", client="c")["ok"]
    assert menu["task"] == "topic"
    assert menu["slices"] == ["early"]
    assert menu["values"] == [
        {"attribute": "kind", "values": ["chat", "mail"]},
        {"attribute": "open", "values": [True, False]},
    ]
    told = front.ask("numbers")["ok"]
    assert set(told) == {*menu, "records", "numbers"}
    numbers = told["numbers"]
    assert (told["records"], numbers["labelled"], numbers["weak"]["labelled"]) == (12, 6, 8)
    assert [(one["name"], one["manual"], one["weak"]) for one in numbers["labels"]] == [
        (LABELS[0], 3, 4),
        ("Refund", 3, 4),
        (None, 0, None),
    ]
    assert numbers["voted"]["covered"] == 8
    assert numbers["matrix"]["judged"] == 6
    assert sum(numbers["weak"]["confidence"]) == 8
    assert sum(one["count"] for one in numbers["pace"]["spans"]) == 6


def test_other_records_are_counted_when_they_are_chosen(topic: rn.Task) -> None:
    project = topic.project
    project.slices["early"] = project.where(topic.labeled)
    front = Front(rn.Overview(project))
    every = {"slice": None, "attribute": None, "value": None, "query": ""}

    def chosen(**what: Any) -> dict[str, Any]:
        return front.ask("numbers", filter=every | what)

    told = chosen(attribute="kind", value="mail")["ok"]
    assert (told["records"], told["numbers"]["labelled"]) == (6, 3)
    told = chosen(query="topic is Refund or text contains hello")["ok"]
    assert (told["records"], told["numbers"]["labelled"]) == (6, 4)
    few = {"slice": "early", "attribute": "open", "value": True}
    told = chosen(**few)["ok"]
    assert told["records"] == 2
    assert told["filter"] == every | few
    for wrong in ({"slice": "nowhere"}, {"slice": 3}, {"attribute": "kind", "value": 3}):
        assert "error" in chosen(**wrong)
    told = chosen(query="topic is Nothing")
    assert "Nothing" in told["error"]["message"]
    assert "error" in front.ask("numbers", filter="all")
    assert front.ask("numbers")["ok"]["records"] == 2


def test_another_task_is_counted_when_it_is_chosen(topic: rn.Task) -> None:
    topic.project.task("things", ["THING"], on="text", kind="spans")
    front = Front(rn.Overview(topic.project))
    assert front.ask("numbers")["ok"]["numbers"]["task"] == "topic"
    told = front.ask("numbers", task="things")["ok"]
    assert (told["task"], told["numbers"]["kind"]) == ("things", "spans")
    assert front.ask("numbers", task="nothing")["error"]["code"] == "query"
    assert Front(rn.Overview(topic.project, "things")).ask("hello", client="c")["ok"]["task"] == (
        "things"
    )


def test_a_mark_opens_its_view_in_a_labeler(topic: rn.Task) -> None:
    overview = rn.Overview(topic)
    front = Front(overview)
    heard: list[int] = []
    stop = overview.on_select(lambda view: heard.append(view.count()))
    told = front.ask("open", mark={"what": "manual", "label": "Refund"})["ok"]
    assert (told["count"], told["title"]) == (3, "manual Refund")
    assert overview.view is not None
    assert overview.view.keys() == ["r01", "r03", "r05"]
    first = overview.children[1]
    assert isinstance(first, rn.Labeler)
    assert overview.select(what="unlabelled").count() == 6
    assert len(overview.children) == 2
    assert overview.children[1] is not first
    stop()
    overview.select(what="labelled")
    assert heard == [3, 6]
    assert front.ask("numbers")["ok"]["opened"] == {"what": "labelled"}
    assert "error" in front.ask("open", mark="all")
    assert "error" in front.ask("open", mark={"what": "weak"})


def test_a_change_is_told_once_until_the_front_end_has_looked(topic: rn.Task) -> None:
    front = Front(rn.Overview(topic))
    topic.label("r06", "Refund")
    assert front.pushes() == []  # nobody looks
    front.ask("numbers")
    for n in range(6, 12):
        topic.label(f"r{n:02d}", "Refund")
    assert front.pushes() == [{"v": PROTOCOL, "push": "changed", "labels": True}]
    assert front.ask("numbers")["ok"]["numbers"]["labelled"] == 12
    topic.supervise(model="majority")
    assert [one["labels"] for one in front.pushes()] == [False]


def test_values_are_those_of_the_attribute_that_is_chosen(topic: rn.Task) -> None:
    front = Front(rn.Overview(topic))
    assert front.ask("statistics")["ok"]["statistics"]["unit"] == "characters"
    told = front.ask("statistics", unit="tokens")["ok"]["statistics"]
    assert (told["attribute"], told["unit"], told["high"]) == ("text", "tokens", 2)
    told = front.ask("statistics", attribute="kind")["ok"]["statistics"]
    assert told["bars"] == [{"name": "chat", "count": 6}, {"name": "mail", "count": 6}]
    opened = front.ask("open", mark={"what": "value", "attribute": "kind", "bar": "mail"})["ok"]
    assert opened["count"] == 6
    assert "error" in front.ask("statistics", attribute="colour")
    front.ask("statistics", attribute="kind")
    assert "error" in front.ask("statistics", unit="words")


def test_empty_projects_have_an_overview_too(project: rn.Project) -> None:
    front = Front(rn.Overview(project))
    assert front.ask("hello", client="c")["ok"]["total"] == 0
    assert front.ask("numbers")["ok"]["numbers"] is None
    assert front.ask("statistics")["ok"]["statistics"] is None
    project.add([{"id": "1", "text": "x"}], key="id")
    told = front.ask("open", mark={"what": "all"})
    assert "no task" in told["error"]["message"]
    task = project.task("topic", [], on="text")
    numbers = front.ask("numbers")["ok"]["numbers"]
    assert numbers["labels"] == [
        {"name": None, "color": "", "manual": 0, "weak": None, "spans": None}
    ]
    task.delete().apply()
    assert front.ask("numbers")["ok"]["numbers"] is None


def test_several_labels_a_record_have_a_matrix_each(topic: rn.Task) -> None:
    tags = topic.project.task("tags", ["A", "B"], on="text", kind="multilabel")
    tags.add(rn.Lookup("A", ["late"], name="a"))
    tags.run(progress=False)
    tags.label_many({"r00": ["A", "B"], "r01": []})
    tags.supervise(model="majority")
    front = Front(rn.Overview(tags))
    numbers = front.ask("numbers")["ok"]["numbers"]
    assert [one["manual"] for one in numbers["labels"]] == [1, 1, 1]
    assert numbers["voted"]["conflicting"] is None
    assert (numbers["matrix"]["label"], numbers["matrix"]["judged"]) == ("A", 2)
    other = front.ask("numbers", label="B")["ok"]["numbers"]["matrix"]
    assert (other["label"], other["row_labels"]) == ("B", ["B", "not B"])
    assert other["cells"] == [[0, 1, 1], [1, 1, 1]]
    assert front.ask("numbers")["ok"]["numbers"]["matrix"] == other
    cell = {"what": "cell", "label": "B", "row": "B", "column": None}
    assert front.ask("open", mark=cell)["ok"]["count"] == 1
    assert front.ask("open", mark=cell | {"label": "C"})["error"]["code"] == "schema"
    # What was chosen may be gone, or of another task.
    tags.delete_label("B").apply()
    assert front.ask("numbers")["ok"]["numbers"]["matrix"]["label"] == "A"
    assert front.ask("numbers", task="topic")["ok"]["numbers"]["matrix"] is None


def test_the_still_picture_counts_and_makes_nothing_of_names(topic: rn.Task) -> None:
    """D9, J1, J2."""
    topic.supervise(model="majority")
    bundle = rn.Overview(topic)._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert "6 of 12 records labelled (50%)" in html
    assert "<i>Delivery" not in html
    assert "&lt;i&gt;Delivery&lt;/i&gt;" in html
    with rn.open() as bare:
        bundle = rn.Overview(bare)._repr_mimebundle_()
        html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
        assert "no task yet" in html


def test_a_closed_overview_hears_nothing(topic: rn.Task) -> None:
    overview = rn.Overview(topic)
    overview.select(what="all")
    overview.close()
    assert listening_widgets(topic.project) == []
    with pytest.raises(TypeError):
        rn.Overview(topic, colour="red")  # type: ignore[call-arg]
    with pytest.raises(QueryError):
        rn.Overview("topic")  # type: ignore[arg-type]
    with rn.open() as other, pytest.raises(QueryError):
        rn.Overview(other, topic)
