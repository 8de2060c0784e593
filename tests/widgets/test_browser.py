"""The Browser as Python and its front end see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError
from refinery_nb.widgets.browser import session as browser_session
from refinery_nb.widgets.browser.operations import OPERATIONS
from refinery_nb.widgets.messages import PROTOCOL, reply
from tests.widgets.listening import listening_widgets
from tests.widgets.protocol import operations_of

ROOT = Path(__file__).parents[2]
TEXTS = ["The parcel is late.", "It leaks <b>badly</b>.", "My refund, please.", "Late refund"]


@pytest.fixture
def shop(project: rn.Project) -> rn.Project:
    rows = [
        {"id": f"r{n:02d}", "text": TEXTS[n % 4], "stars": n % 5, "kind": ["mail", "chat"][n % 2]}
        for n in range(40)
    ]
    project.add(rows, key="id", types={"text": "text", "kind": "category"})
    topic = project.task("topic", ["Delivery", "Defect"], on="text")
    project.task("things", ["THING"], on="text", kind="spans")
    topic.label_many({"r00": "Delivery", "r01": "Defect"})
    topic.add(rn.Lookup("Delivery", ["late"]))
    topic.add(rn.Regex("Defect", "parcel", name="parcel"))
    topic.run(progress=False)
    topic.supervise(model="majority")
    return project


@pytest.fixture
def browser(shop: rn.Project) -> Iterator[rn.Browser]:
    made = rn.Browser(shop)
    yield made
    made.close()


def ask(browser: rn.Browser, op: str, **args: Any) -> Any:
    told = reply(
        browser._conversation, {"v": PROTOCOL, "id": "c-1", "op": op, "args": args}, OPERATIONS
    )
    told = json.loads(json.dumps(told, allow_nan=False))
    assert "ok" in told, told
    return told["ok"]


def refused(browser: rn.Browser, op: str, **args: Any) -> str:
    told = reply(
        browser._conversation, {"v": PROTOCOL, "id": "c-1", "op": op, "args": args}, OPERATIONS
    )
    assert told["error"]["code"] != "internal", told
    return str(told["error"]["message"])


def query(browser: rn.Browser, text: str, **more: Any) -> Any:
    asked = {"text": text, "order": "view", "descending": False, "seed": 1, "number": 1, **more}
    return ask(browser, "query", **asked)


def keys(shown: dict[str, Any]) -> list[str]:
    return [row["key"] for row in shown["first"]]


def test_the_other_side_knows_the_same_operations() -> None:
    theirs = operations_of("widgets/browser/protocol.ts", "BrowserOperations")
    assert theirs == set(OPERATIONS)


def test_it_says_what_can_be_asked_and_shows_the_first_records(browser: rn.Browser) -> None:
    told = ask(browser, "hello", client="c")
    assert (told["total"], told["focus"], told["text"]) == (40, "topic", "text")
    assert [task["name"] for task in told["tasks"]] == ["topic", "things"]
    assert told["tasks"][0]["heuristics"] == ["lookup:Delivery", "parcel"]
    assert "confidence:topic" in [one["id"] for one in told["orders"]]
    assert told["shown"]["count"] == 40
    row = told["shown"]["first"][0]
    assert (row["key"], row["cells"]["stars"]) == ("r00", 0)
    assert row["texts"][0]["text"] == TEXTS[0]
    topic = row["tasks"][str(told["tasks"][0]["id"])]
    delivery = told["tasks"][0]["labels"][0]["id"]
    assert topic["said"] == [{"label": delivery, "by": [browser.session.actor]}]
    assert (topic["own"], topic["conflict"], topic["votes"]) == (True, True, 2)


def test_a_query_filters_marks_and_is_told_in_parts(browser: rn.Browser) -> None:
    shown = query(browser, "late and stars > 2 and topic is unlabelled")
    assert shown["count"] == len(browser.view) == 8
    assert browser.query == "late and stars > 2 and topic is unlabelled"
    assert shown["chips"] == ["text has late", "stars > 2", "topic is unlabelled"]
    assert [one["leaf"]["is"] for one in shown["tree"]["items"]] == [
        "search",
        "compare",
        "labelled",
    ]
    assert shown["tree"]["items"][2]["not"] is True
    snippet = shown["first"][0]["texts"][0]
    assert [snippet["text"][start:end].lower() for start, end in snippet["marks"]] == ["late"]


def test_an_error_keeps_what_is_shown_and_points_at_the_word(browser: rn.Browser) -> None:
    before = browser.session.snapshot
    fault = query(browser, "late and starz > 2")["fault"]
    assert ("late and starz > 2"[fault["start"] : fault["end"]], fault["hint"][:21]) == (
        "starz",
        "Did you mean 'stars'?",
    )
    assert browser.session.snapshot is before
    assert ask(browser, "count", text="stars > many", number=1)["fault"]["start"] == 8


def test_counts_are_given_for_the_newest_question_only(browser: rn.Browser) -> None:
    assert ask(browser, "count", text="late", number=5)["count"] == 20
    assert ask(browser, "count", text="refund", number=4)["count"] is None
    assert query(browser, "late", number=7)["count"] == 20
    assert query(browser, "refund", number=6) == {"superseded": True}


ORDERS = {
    ("attribute:stars", False): ["r00", "r05"],
    ("attribute:stars", True): ["r04", "r09"],
    ("length:text", False): ["r03", "r07"],
    ("attribute:kind", False): ["r01", "r03"],
    ("confidence:topic", False): None,
    ("disagreement:topic", False): None,
}


@pytest.mark.parametrize(("order", "descending"), ORDERS)
def test_records_are_sorted(browser: rn.Browser, order: str, descending: bool) -> None:
    shown = query(browser, "", order=order, descending=descending)
    assert shown["count"] == 40
    wanted = ORDERS[order, descending]
    assert wanted is None or keys(shown)[:2] == wanted
    assert keys(shown) == browser.view.keys()[: len(shown["first"])]


def test_a_random_order_is_that_of_its_seed(browser: rn.Browser) -> None:
    first = keys(query(browser, "", order="random", seed=3))
    assert first == keys(query(browser, "", order="random", seed=3))
    assert first != keys(query(browser, "", order="random", seed=4))


def test_a_filter_by_hand_is_a_query_and_back(browser: rn.Browser) -> None:
    condition = {
        "is": "all",
        "items": [
            {"is": "labelled", "task": "topic", "label": "Delivery"},
            {"is": "not", "item": {"is": "conflicting", "task": "topic"}},
        ],
    }
    text = ask(browser, "written", condition=condition)["text"]
    assert text == "topic = Delivery and not topic is conflicting"
    assert query(browser, text)["chips"][0] == "topic is Delivery"
    assert "no condition" in refused(browser, "written", condition={"is": "nonsense"})


def test_a_selection_is_labelled_at_once_and_taken_back(browser: rn.Browser) -> None:
    topic = browser.session.project.task("topic")
    shown = query(browser, "late")
    revision = shown["revision"]
    told = ask(
        browser, "label", revision=revision, ranges=[[0, 3], [5, 6]], task="topic",
        label="Defect", keep=False,
    )  # fmt: skip
    assert told["count"] == 4
    labelled = set(topic.gold().query("label == 'Defect'")["key"])
    assert labelled == {keys(shown)[at] for at in (0, 1, 2, 5)} | {"r01"}
    # What is shown stays where it is, though the labels are others.
    assert (
        ask(browser, "rows", revision=revision, **{"from": 0, "to": 3})["rows"][0]["key"] == "r00"
    )
    assert ask(browser, "undo", task="topic", again=False)["done"] is True
    assert sorted(topic.gold()["key"]) == ["r00", "r01"]


def test_what_is_selected_is_a_view_in_other_cells(browser: rn.Browser) -> None:
    shown = query(browser, "late")
    assert browser.selected is None
    ask(browser, "select", revision=shown["revision"], ranges=[[1, 3]])
    assert browser.selected is not None
    assert browser.selected.keys() == keys(shown)[1:3]
    query(browser, "refund")
    assert browser.selected is None


def test_labelled_ones_can_be_left_and_all_that_match_labelled(browser: rn.Browser) -> None:
    topic = browser.session.project.task("topic")
    shown = query(browser, "parcel")
    args = {"revision": shown["revision"], "ranges": None, "task": "topic", "label": "Defect"}
    assert ask(browser, "label", **args, keep=True)["count"] == 9
    assert topic.gold().set_index("key").loc["r00", "label"] == "Delivery"
    assert ask(browser, "now", revision=shown["revision"])["count"] == 10
    none = ask(browser, "label", **{**args, "ranges": [[0, 1]], "label": ""}, keep=False)
    assert none["count"] == 1
    assert ask(browser, "label", **{**args, "label": None}, keep=False)["count"] == 10
    assert list(topic.gold()["key"]) == ["r01"]


def test_where_a_record_may_have_several_labels_one_is_added(shop: rn.Project) -> None:
    several = shop.task("several", ["Urgent", "Rude"], on="text", kind="multilabel")
    several.label("r00", ["Rude"])
    browser = rn.Browser(several)
    shown = query(browser, "")
    args = {"revision": shown["revision"], "task": "several", "keep": False}

    def said() -> dict[str, list[str]]:
        frame = several.gold()
        return dict(zip(frame["key"], frame["label"], strict=True))

    assert ask(browser, "label", **args, ranges=[[0, 2]], label="Urgent")["count"] == 2
    assert said() == {"r00": ["Urgent", "Rude"], "r01": ["Urgent"]}
    ask(browser, "label", **args, ranges=[[0, 1]], label="Urgent")
    assert said() == {"r00": ["Rude"], "r01": ["Urgent"]}
    ask(browser, "undo", task="several", again=False)
    assert said()["r00"] == ["Urgent", "Rude"]
    ask(browser, "label", **args, ranges=[[1, 2]], label="")
    assert said()["r01"] == []
    topic = ask(browser, "hello", client="c")["tasks"][0]
    assert (topic["name"], topic["kind"]) == ("several", "multilabel")


def test_what_drops_out_of_the_filter_is_counted(browser: rn.Browser) -> None:
    shown = query(browser, "topic is unlabelled")
    browser.session.project.task("topic").label("r05", "Defect")
    assert ask(browser, "now", revision=shown["revision"])["count"] == shown["count"] - 1


def test_what_is_shown_is_saved_as_a_slice_or_written(browser: rn.Browser, tmp_path: Path) -> None:
    shown = query(browser, "parcel")
    whole = {"revision": shown["revision"], "ranges": None}
    project = browser.session.project
    assert ask(browser, "slice", **whole, name="late", static=False)["slices"] == ["late"]
    project.add([{"id": "new", "text": "parcel"}], key="id")
    assert len(project.slices["late"]) == 11
    some = {"revision": shown["revision"], "ranges": [[1, 3]]}
    ask(browser, "slice", **some, name="two", static=False)
    assert project.slices["two"].keys() == keys(shown)[1:3]
    path = tmp_path / "some.csv"
    assert ask(browser, "export", **some, path=str(path), replace=False)["count"] == 2
    assert len(path.read_text().splitlines()) == 3
    again = ask(browser, "export", **whole, path=str(path), replace=False)
    assert again == {"path": str(path), "exists": True, "count": 0}
    assert query(browser, "slice:two")["count"] == 2


def test_the_labeler_opens_below_on_what_is_chosen(browser: rn.Browser) -> None:
    shown = query(browser, "parcel")
    whole = {"revision": shown["revision"], "ranges": None}
    assert ask(browser, "open", **whole, at=0)["count"] == 10
    assert len(browser.children) == 2
    ask(browser, "open", **whole, at=4)
    labeler = browser.children[1]
    assert labeler._conversation.session.ids.tolist()[0] == browser.session.snapshot.ids[4]
    query(browser, "")
    assert "others by now" in refused(browser, "open", **whole, at=0)


def test_of_many_records_the_first_page_comes_alone(
    shop: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_session, "SMALL", 5)
    monkeypatch.setattr(browser_session, "FIRST", 4)
    browser = rn.Browser(shop)
    shown = query(browser, "stars > 2 and late")
    assert shown["count"] is None
    whole = ask(browser, "whole", revision=shown["revision"])
    assert whole["count"] == len(browser.view) == 8
    later = ask(browser, "rows", revision=shown["revision"], **{"from": 6, "to": 20})["rows"]
    assert [row["key"] for row in later] == browser.view.keys()[6:]
    assert query(browser, "topic is conflicting")["count"] == 10


def test_rows_of_another_query_are_not_given(browser: rn.Browser) -> None:
    shown = query(browser, "late")
    query(browser, "refund")
    assert ask(browser, "rows", revision=shown["revision"], **{"from": 0, "to": 9})["rows"] == []
    assert ask(browser, "whole", revision=shown["revision"])["count"] is None


def test_a_view_stays_a_view(shop: rn.Project) -> None:
    browser = rn.Browser(shop.where(shop["stars"] == 1).head(5), "topic")
    assert ask(browser, "hello", client="c")["shown"]["count"] == 5
    assert query(browser, "late")["count"] == len(browser.view) < 5


def test_spans_are_shown_in_their_text(shop: rn.Project) -> None:
    shop.task("things").label("r00", [(4, 10, "THING")])
    browser = rn.Browser(shop.task("things"))
    row = ask(browser, "hello", client="c")["shown"]["first"][0]
    label = shop.task("things").schema.labels[0].id
    assert row["texts"][0]["spans"] == [[4, 10, label, "person"]]
    shown = ask(browser, "hello", client="c")["shown"]
    told = refused(
        browser, "label", revision=shown["revision"], ranges=None, task="things", label="THING",
        keep=False,
    )  # fmt: skip
    assert "spans" in told


def test_a_long_text_is_shown_around_its_first_match(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "x " * 2_000 + "the Café is here " + "y " * 500}], key="id")
    browser = rn.Browser(project)
    snippet = query(browser, "cafe")["first"][0]["texts"][0]
    ((start, end),) = snippet["marks"]
    assert (snippet["text"][start:end], snippet["cut"]) == ("Café", [True, True])


def test_records_without_text_are_shown(project: rn.Project) -> None:
    project.add([{"id": 1, "n": 5}, {"id": 2, "n": None}], key="id")
    rows = ask(rn.Browser(project), "hello", client="c")["shown"]["first"]
    assert [[one["text"] for one in row["texts"]] for row in rows] == [["1"], ["2"]]
    project.add([{"id": 3, "n": 6, "text": "x y z"}], key="id", types={"text": "text"})
    browser = rn.Browser(project)
    assert [row["texts"] for row in ask(browser, "hello", client="c")["shown"]["first"]][:2] == [
        [],
        [],
    ]


def test_completion_and_values_come_from_the_project(browser: rn.Browser) -> None:
    told = ask(browser, "complete", text="kind = m", cursor=8)
    assert [one["text"] for one in told["candidates"]] == ["mail"]
    assert ask(browser, "values", attribute="kind")["values"] == ["chat", "mail"]
    assert ask(browser, "values", attribute="text")["values"] == []


def test_the_task_in_focus_is_the_one_that_is_meant(browser: rn.Browser) -> None:
    assert query(browser, "confidence > .5")["count"] == len(browser.view)
    assert ask(browser, "focus", task="things")["focus"] == "things"
    assert "no weak labels" in query(browser, "confidence > .5")["fault"]["message"]


BAD = [
    ("query", {"text": 3, "order": "view", "seed": 1, "number": 1}),
    ("rows", {"revision": 1, "from": -1, "to": 3}),
    ("label", {"revision": 1, "ranges": [[3, 1]], "task": "topic", "label": "Defect"}),
    ("label", {"revision": 1, "ranges": "all", "task": "topic", "label": "Defect"}),
    ("label", {"revision": 1, "ranges": None, "task": "nobody", "label": "Defect"}),
    ("label", {"revision": 1, "ranges": None, "task": "topic", "label": "Nothing"}),
    ("label", {"revision": 999, "ranges": None, "task": "topic", "label": "Defect"}),
    ("export", {"revision": 1, "ranges": None, "path": " "}),
    ("slice", {"revision": 1, "ranges": None, "name": " "}),
    ("written", {}),
    ("nonsense", {}),
]


@pytest.mark.parametrize(("op", "args"), BAD, ids=lambda one: str(one)[:40])
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    browser: rn.Browser, op: str, args: dict[str, Any]
) -> None:
    assert refused(browser, op, **args)
    assert len(browser.session.project.task("topic").gold()) == 2


def test_an_empty_project_and_a_wrong_subject(project: rn.Project) -> None:
    browser = rn.Browser(project)
    assert ask(browser, "hello", client="c")["shown"]["count"] == 0
    with pytest.raises(QueryError, match="cannot be browsed"):
        rn.Browser("project")  # type: ignore[arg-type]


def test_events_of_the_project_reach_the_front_end(browser: rn.Browser) -> None:
    told: list[Any] = []
    browser._records.send = told.append  # type: ignore[method-assign]
    project = browser.session.project
    project.task("topic").label("r09", "Defect")
    project.add([{"id": "new", "text": "x"}], key="id")
    project.task("topic").add_labels(["Other"])
    assert next(one["push"] for one in told) == "labels"
    assert [one["push"] for one in told].count("changed") >= 2
    assert ask(browser, "hello", client="c")["tasks"][0]["labels"][-1]["name"] == "Other"


def test_other_views_are_told_of_another_query(browser: rn.Browser) -> None:
    told: list[Any] = []
    browser._records.send = told.append  # type: ignore[method-assign]
    shown = query(browser, "late")
    assert told == [{"v": PROTOCOL, "push": "asked", "revision": shown["revision"]}]


def test_a_closed_browser_listens_no_more(shop: rn.Project) -> None:
    browser = rn.Browser(shop)
    shown = ask(browser, "hello", client="c")["shown"]
    ask(browser, "open", revision=shown["revision"], ranges=None, at=0)
    assert listening_widgets(shop)
    browser.close()
    assert listening_widgets(shop) == []


def test_the_still_picture_is_text(browser: rn.Browser) -> None:
    html = browser._repr_mimebundle_()[0]["text/html"]
    assert "40 records" in html
    assert "<b>badly</b>" not in html
    assert "&lt;b&gt;badly" in html
    assert "<script" not in html


def test_an_attribute_that_is_hidden_here_is_not_shown(browser: rn.Browser) -> None:
    shown = [one["name"] for one in ask(browser, "hello", client="c")["attributes"]]
    browser.session.project.fields["stars"].show(browser=False)
    now = [one["name"] for one in ask(browser, "hello", client="c")["attributes"]]
    assert set(shown) - set(now) == {"stars"}


def test_a_pattern_that_explodes_is_refused_and_the_browser_goes_on(
    shop: rn.Project, browser: rn.Browser
) -> None:
    shop.add([{"id": "r03", "text": "a" * 60 + "!"}], key="id")
    assert "takes too long" in query(browser, 'text matches "(a|aa)+$"')["fault"]["message"]
    shown = query(browser, 'text matches "^aa"')
    assert keys(shown) == ["r03"]
    # Marks are left out where finding them takes too long, the record is shown all the same.
    assert keys(query(browser, 'text matches "^aa" or text matches "^a|(a|aa)+$"')) == ["r03"]


# Spans in the text of a row


def spans_of(shop: rn.Project, key: str) -> list[tuple[Any, ...]]:
    rows = shop.task("things").all_labels()
    rows = rows[rows["key"] == key]
    return sorted(zip(rows["start"], rows["end"], rows["label"], strict=True))


def test_a_selection_is_labelled_as_whole_tokens_and_taken_back(
    browser: rn.Browser, shop: rn.Project
) -> None:
    ask(browser, "focus", task="things")
    revision = ask(browser, "hello", client="c")["shown"]["revision"]
    at = {"revision": revision, "at": 0, "task": "things", "label": "THING"}
    # "The parcel is late.": the middle of a word, and the end of another.
    assert ask(browser, "span", **at, start=6, end=8) == {"start": 4, "end": 10, "there": False}
    assert ask(browser, "span", **at, start=14, end=15)["end"] == 18
    assert spans_of(shop, "r00") == [(4, 10, "THING"), (14, 18, "THING")]
    assert ask(browser, "span", **at, start=4, end=10)["there"] is True
    (first,) = ask(browser, "rows", revision=revision, **{"from": 0, "to": 1})["rows"]
    assert [one[:2] for one in first["texts"][0]["spans"]] == [[4, 10], [14, 18]]
    assert ask(browser, "undo", task="things", again=False)["done"]
    assert spans_of(shop, "r00") == [(4, 10, "THING")]


def test_a_span_that_makes_no_sense_is_refused(browser: rn.Browser, shop: rn.Project) -> None:
    flat = shop.task("flat", ["A", "B"], on="text", kind="spans", overlap="flat")
    revision = ask(browser, "hello", client="c")["shown"]["revision"]
    at = {"revision": revision, "at": 0, "start": 4, "end": 10}
    ask(browser, "span", **at, task="flat", label="A")
    told = refused(browser, "span", **at, task="flat", label="B")
    assert "overlap" in told or "flat" in told
    assert "no spans" in refused(browser, "span", **at, task="topic", label="Delivery")
    assert "no word" in refused(
        browser, "span", revision=revision, at=0, start=90, end=99, task="flat", label="A"
    )
    assert "no label 'C'" in refused(browser, "span", **at, task="flat", label="C")
    assert len(flat.all_labels()) == 1


def test_a_text_says_where_the_part_that_is_shown_begins(shop: rn.Project) -> None:
    long = "word " * 200 + "needle in it"
    shop.add([{"id": "long", "text": long, "stars": 1, "kind": "mail"}], key="id")
    made = rn.Browser(shop.where(shop["id"] == "long"))
    (row,) = ask(made, "query", text="needle", order="view", descending=False, seed=1, number=1)[
        "first"
    ]
    (snippet,) = row["texts"]
    begin = snippet["begin"]
    assert begin > 0
    assert snippet["text"] == long[begin : begin + len(snippet["text"])]
    made.close()


def test_slices_and_records_are_commented_on_in_the_list(
    browser: rn.Browser, shop: rn.Project
) -> None:
    shop.where(shop["stars"] > 3).save("many stars")
    on = {"kind": "slice", "name": "many stars"}
    ask(browser, "comment_add", on=on, text="Ask again in May.")
    shop.comments.add("Hm", record="r00", by="ben")
    assert ask(browser, "comment_counts", kind="slice")["counts"] == {"many stars": 1}
    first = ask(browser, "hello", client="c")["shown"]["first"]
    assert [row["comments"] for row in first[:2]] == [1, 0]
    assert shop.comments.of(slice="many stars")[0].by == browser.session.actor
