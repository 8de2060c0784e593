"""The EmbeddingMap as Python and its front end see it."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.widgets.embedding_map.operations import DRAWING, OPERATIONS
from refinery_nb.widgets.embedding_map.session import SIDE, inside, scaled
from refinery_nb.widgets.messages import PROTOCOL

TEXTS = ["aaa", "aab", "aba", "bbb", "bba", "bbc", "ccc", "ccb"]


def letters(texts: list[str]) -> np.ndarray:
    """Vectors that say how often each letter stands in a text."""
    return np.array([[text.count(letter) for letter in "abc"] for text in texts], np.float32)


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add(
        [{"id": f"r{at}", "text": text, "stars": at % 3} for at, text in enumerate(TEXTS)],
        key="id",
    )
    task = project.task("topic", ["A", "B"], on="text")
    project.embed("text", model=letters, name="letters", progress=False)
    task.label("r0", "A")
    task.label("r3", "B")
    return task


@pytest.fixture
def chart(topic: rn.Task) -> Iterator[rn.EmbeddingMap]:
    found = rn.EmbeddingMap(topic)
    yield found
    found.close()


def ask(chart: rn.EmbeddingMap, op: str, **args: Any) -> Any:
    """Send a message as the front end does and return the answer."""
    sent: list[dict[str, Any]] = []
    chart._plane.send = sent.append  # type: ignore[method-assign]
    chart._conversation.answer({"v": PROTOCOL, "id": "c-1", "op": op, "args": args})
    (answer,) = [one for one in sent if "id" in one]
    json.dumps(answer)
    assert "ok" in answer, answer
    return answer["ok"]


def refused(chart: rn.EmbeddingMap, op: str, **args: Any) -> str:
    sent: list[dict[str, Any]] = []
    chart._plane.send = sent.append  # type: ignore[method-assign]
    chart._conversation.answer({"v": PROTOCOL, "id": "c-1", "op": op, "args": args})
    return str(sent[-1]["error"]["message"])


def column(text: str, kind: str = "<u2") -> list[int]:
    return np.frombuffer(b64decode(text), kind).tolist()


def test_it_opens_with_the_places_and_labels_of_all_records(chart: rn.EmbeddingMap) -> None:
    info = ask(chart, "hello", client="c")
    assert (info["task"], info["embedding"], info["method"]) == ("topic", "letters", "pca")
    assert [one["id"] for one in info["colours"]] == ["label", "unlabelled", "attribute:stars"]
    told = ask(chart, "places", embedding="letters", method="pca")
    assert (told["ready"], told["count"], told["missing"]) == (True, 8, 0)
    x, y = column(told["x"]), column(told["y"])
    assert (min(x), max(x)) == (0, SIDE) or (min(y), max(y)) == (0, SIDE)
    categories = told["categories"]
    assert categories["names"] == ["A", "B", "None of them", "Not labelled"]
    assert categories["counts"] == [1, 1, 0, 6]
    assert column(categories["codes"]) == [0, 3, 3, 1, 3, 3, 3, 3]


def test_a_polygon_selects_what_lies_in_it_and_nothing_that_is_hidden(
    chart: rn.EmbeddingMap, project: rn.Project
) -> None:
    told = ask(chart, "places", embedding="letters", method="pca")
    x, y = column(told["x"]), column(told["y"])
    at = 2
    square = [[x[at] + dx, y[at] + dy] for dx, dy in ((-9, -9), (9, -9), (9, 9), (-9, 9))]
    found = ask(chart, "select", polygon=square, hidden=[])
    same = [one for one in range(8) if (x[one], y[one]) == (x[at], y[at])]
    assert column(found["at"], "<u4") == same
    assert chart.view is not None
    assert chart.view.keys() == [f"r{one}" for one in same]
    every = ask(chart, "select", polygon=[], hidden=[3])
    assert (every["count"], every["labelled"]) == (2, 2)
    assert chart.view.keys() == ["r0", "r3"]
    assert every["labels"] == [
        {"name": one.name, "color": one.color, "count": 1}
        for one in project.task("topic").schema.labels
    ]


def test_a_selection_is_labelled_at_once_and_taken_back_at_once(
    chart: rn.EmbeddingMap, topic: rn.Task
) -> None:
    ask(chart, "places", embedding="letters", method="pca")
    ask(chart, "select", polygon=[], hidden=[])
    told = ask(chart, "label", label="B", unlabelled=True)
    assert (told["count"], told["labels"][1]["count"]) == (6, 7)
    assert topic.gold().set_index("key")["label"]["r0"] == "A"
    assert ask(chart, "undo")["done"] is True
    assert set(topic.gold()["key"]) == {"r0", "r3"}
    assert ask(chart, "label", label="B", unlabelled=False)["count"] == 8
    assert set(topic.gold()["label"]) == {"B"}
    assert "no label 'C'" in refused(chart, "label", label="C", unlabelled=False)


def test_a_selection_becomes_a_heuristic_or_a_labeler(
    chart: rn.EmbeddingMap, topic: rn.Task
) -> None:
    ask(chart, "places", embedding="letters", method="pca")
    assert "nothing is selected" in refused(chart, "open")
    ask(chart, "select", polygon=[], hidden=[3])
    assert ask(chart, "heuristic", label="A", name="lasso") == {"name": "lasso", "votes": 2}
    assert list(topic.heuristics()["heuristic"]) == ["lasso"]
    assert topic.hits("lasso").keys() == ["r0", "r3"]
    assert ask(chart, "slice", name=" two ") == {"name": "two", "count": 2}
    assert topic.project.slices["two"].keys() == ["r0", "r3"]
    assert ask(chart, "open") == {"count": 2}
    assert len(chart.children) == 2
    ask(chart, "open")
    assert len(chart.children) == 2
    told = ask(chart, "colours", by="heuristic:lasso")
    assert told["categories"]["counts"] == [2, 0, 6]


def test_a_search_marks_what_it_finds(chart: rn.EmbeddingMap) -> None:
    ask(chart, "places", embedding="letters", method="pca")
    found = ask(chart, "search", text='"ccc"')
    assert 6 in column(found["at"], "<u4")
    assert ask(chart, "search", text="  ") == {"count": 0, "at": ""}


def test_colours_are_categories_or_a_scale(chart: rn.EmbeddingMap, topic: rn.Task) -> None:
    ask(chart, "places", embedding="letters", method="pca")
    stars = ask(chart, "colours", by="attribute:stars")["scale"]
    assert (stars["low"], stars["high"], stars["missing"]) == (0, 2, 0)
    assert column(stars["steps"])[:3] == [1, 1 + (SIDE - 1) // 2, SIDE]
    topic.add(rn.Regex("A", "aa", name="double"))
    topic.run(progress=False)
    topic.supervise(model="majority")
    weak = ask(chart, "colours", by="weak")["categories"]
    assert weak["counts"] == [2, 0, 6]
    sure = ask(chart, "colours", by="confidence")["scale"]
    assert sure["missing"] == 6
    dense = ask(chart, "colours", by="unlabelled")["scale"]
    assert dense["missing"] == 2
    # What is gone is not an error: the map shows the first choice.
    topic.remove("double")
    assert ask(chart, "colours", by="heuristic:double")["by"] == "label"


def test_a_card_shows_the_text_of_a_point(chart: rn.EmbeddingMap) -> None:
    ask(chart, "places", embedding="letters", method="pca")
    assert ask(chart, "card", at=6) == {"key": "r6", "text": "ccc", "cut": False}
    assert "no record 8" in refused(chart, "card", at=8)


def test_a_view_narrows_the_map(topic: rn.Task, project: rn.Project) -> None:
    chart = rn.EmbeddingMap(topic, project.where(topic.unlabeled))
    told = ask(chart, "places", embedding="letters", method="pca")
    assert (told["count"], told["missing"]) == (6, 0)
    chart.close()


def test_records_without_a_vector_are_counted(chart: rn.EmbeddingMap, project: rn.Project) -> None:
    project.add([{"id": "new", "text": "abc"}], key="id")
    told = ask(chart, "places", embedding="letters", method="pca")
    assert (told["count"], told["missing"]) == (8, 1)


def test_spans_are_coloured_by_their_commonest_label(project: rn.Project) -> None:
    project.add([{"id": "a", "text": "xx yy xx"}, {"id": "b", "text": "zz"}], key="id")
    names = project.task("names", ["X", "Y"], on="text", kind="spans")
    names.label("a", [(0, 2, "X"), (3, 5, "Y"), (6, 8, "X")])
    names.label("b", [])
    project.embed("text", model=letters, name="letters", progress=False)
    chart = rn.EmbeddingMap(names)
    told = ask(chart, "places", embedding="letters", method="pca")["categories"]
    assert column(told["codes"]) == [0, 2]
    ask(chart, "select", polygon=[], hidden=[])
    assert "only a classification" in refused(chart, "label", label="X", unlabelled=True)
    chart.close()


def test_a_project_without_vectors_is_told_what_to_do(project: rn.Project) -> None:
    project.add([{"id": "a", "text": "b"}], key="id")
    with pytest.raises(QueryError, match="no vectors to draw") as raised:
        rn.EmbeddingMap(project)
    assert "project.embed" in str(raised.value.hint)
    with pytest.raises(SchemaError):
        rn.EmbeddingMap(project, embedding="none")


def test_malformed_messages_are_refused_and_change_nothing(chart: rn.EmbeddingMap) -> None:
    """D11."""
    ask(chart, "places", embedding="letters", method="pca")
    for args in (
        {"polygon": "all", "hidden": []},
        {"polygon": [[1, 2, 3], [1]], "hidden": []},
        {"polygon": [["a", "b"]] * 3, "hidden": []},
        {"polygon": [[None, {}]] * 3, "hidden": []},
        {"polygon": [], "hidden": ["a"]},
        {"polygon": [[0, 0]] * 6_000, "hidden": []},
    ):
        assert refused(chart, "select", **args)
    assert chart.view is None


def test_the_drawing_library_comes_in_parts_that_a_message_can_hold(
    chart: rn.EmbeddingMap,
) -> None:
    if not DRAWING.exists():
        pytest.skip("refinery_nb/static/plotly_gl2d.js is not built: run make setup")
    first = ask(chart, "drawing", part=0)
    rest = [ask(chart, "drawing", part=at)["text"] for at in range(1, first["parts"])]
    assert b64decode("".join([first["text"], *rest])) == DRAWING.read_bytes()
    assert all(len(part) <= 4 << 20 for part in [first["text"], *rest])


def test_the_still_picture_shows_points_and_legend_as_text(
    topic: rn.Task, project: rn.Project
) -> None:
    """D9, J2."""
    topic.add_labels(["<img src=x onerror=alert(1)>"])
    topic.label("r7", "<img src=x onerror=alert(1)>")
    chart = rn.EmbeddingMap(topic)
    bundle = chart._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert html.count("<circle") == 8
    assert "<img" not in html
    assert "&lt;img" in html
    chart.close()


def test_events_reach_the_front_end_until_it_is_closed(
    chart: rn.EmbeddingMap, topic: rn.Task
) -> None:
    sent: list[dict[str, Any]] = []
    chart._plane.send = sent.append  # type: ignore[method-assign]
    topic.label("r1", "A")
    assert [one["push"] for one in sent] == ["changed"]
    chart.close()
    topic.label("r2", "A")
    assert len(sent) == 1


def test_all_operations_have_a_front_end() -> None:
    source = (DRAWING.parents[2] / "js/src/widgets/embedding_map/protocol.ts").read_text()
    assert all(f"  {name}: {{" in source for name in OPERATIONS)


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=8),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_a_point_lies_inside_where_its_winding_is_odd(
    corners: list[tuple[int, int]], x: int, y: int
) -> None:
    found = inside(np.array(corners, np.int64), np.array([[x, y]], np.uint16))[0]
    odd = False
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y < ay) != (y < by) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
    assert bool(found) == odd


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=20))
def test_scaled_places_keep_their_order_and_stay_in_the_square(
    places: list[tuple[float, float]],
) -> None:
    given_ = np.array(places, np.float32).reshape(-1, 2)
    found = scaled(given_).astype(np.int64)
    assert ((found >= 0) & (found <= SIDE)).all()
    for axis in (0, 1):
        order = np.argsort(given_[:, axis], kind="stable")
        assert (np.diff(found[order, axis]) >= 0).all()
