"""Manual labels that are likely mistakes: what is found, as a view and as a table."""

from __future__ import annotations

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError
from refinery_nb.widgets.labeler.session import Session

WORDS = {"A": "goal match team score", "B": "shares profit market bank"}
WRONG = (10, 25, 40, 55)


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    chance = np.random.default_rng(0)
    rows = []
    for number in range(120):
        words = chance.choice(WORDS["AB"[number % 2]].split(), 3).tolist()
        rows.append({"id": str(number), "text": " ".join([*words, f"w{chance.integers(20)}"])})
    project.add(rows, key="id")
    task = project.task("topic", ["A", "B"], on="text")
    task.label_many({str(n): "AB"[(n + (n in WRONG)) % 2] for n in range(80)})
    return task


def test_planted_mistakes_come_first(topic: rn.Task) -> None:
    found = topic.likely_mistakes(n=10)
    assert set(found.keys()[:4]) == {str(n) for n in WRONG}
    frame = found.frame()
    assert frame.columns.tolist() == ["key", "text", "given", "predicted", "confidence", "reason"]
    first = frame.set_index("key").loc[str(WRONG[1])]
    assert (first["given"], first["predicted"]) == ("A", "B")
    assert first["confidence"] > 0.5
    assert "without this label says B" in first["reason"]
    assert first["text"] == topic.project.records().loc[str(WRONG[1]), "text"]


def test_it_is_a_view_as_any_other(topic: rn.Task) -> None:
    found = topic.likely_mistakes()
    assert found.head(2).keys() == found.keys()[:2]
    assert (found & topic.labeled_as("A")).count() < found.count()
    session = Session([topic], found, by=None)
    keys = dict(zip(found.ids().tolist(), found.keys(), strict=True))
    assert [keys[one] for one in session.ids.tolist()] == found.keys()
    assert "doubt of topic" in found.title
    assert "likely mistakes" in repr(found)


def test_so_many_records_are_returned(topic: rn.Task) -> None:
    assert len(topic.likely_mistakes(n=2)) == 2
    for bad in (0, -1, True, "ten"):
        with pytest.raises(QueryError, match="number of records"):
            topic.likely_mistakes(bad)  # type: ignore[arg-type]


def test_a_label_that_was_corrected_is_not_doubted_again(topic: rn.Task) -> None:
    key = topic.likely_mistakes().keys()[0]
    topic.label(key, "AB"[int(key) % 2])
    assert key not in topic.likely_mistakes()


def test_the_table_in_a_notebook_is_text(topic: rn.Task) -> None:
    topic.project.add([{"id": "0", "text": "<img src=x onerror=alert(1)> profit bank"}], key="id")
    html = topic.likely_mistakes()._repr_html_()
    assert "<img" not in html
    assert "Predicted" in html


def test_votes_are_asked_where_no_text_can_be(project: rn.Project) -> None:
    project.add([{"id": str(n), "n": n} for n in range(60)], key="id")
    task = project.task("size", ["small", "large"])
    task.rule_from(project.where(project["n"] < 30), "small", "below")
    task.rule_from(project.where(project["n"] >= 30), "large", "above")
    task.rule_from(project.where(project["n"] < 28), "small", "far below")
    task.run(progress=False)
    task.label_many({str(n): "small" if (n < 30) != (n == 7) else "large" for n in range(50)})
    found = task.likely_mistakes()
    assert found.keys()[0] == "7"
    assert found.frame()["predicted"][0] == "small"


def test_nothing_to_tell_mistakes_by_is_explained(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "a"}], key="id")
    task = project.task("topic", ["A", "B"], on="text")
    with pytest.raises(QueryError, match="nothing tells"):
        task.likely_mistakes()


def test_spans_that_are_wrong_or_missing_are_found(project: rn.Project) -> None:
    cities = ["rome", "oslo", "lima", "cairo", "delhi", "quito", "paris", "seoul"]
    texts = [f"fly from {a} to {b}" for a in cities for b in cities if a != b][:48]
    project.add([{"id": str(n), "text": text} for n, text in enumerate(texts)], key="id")
    names = project.task("names", ["CITY", "OTHER"], on="text", kind="spans")
    spans = {}
    for n, text in enumerate(texts):
        a, b = text.split()[2], text.split()[4]
        begin, end = text.index(a), text.rindex(b)
        both = [(begin, begin + len(a), "CITY"), (end, end + len(b), "CITY")]
        spans[str(n)] = both
    spans["5"] = spans["5"][:1]
    start, stop, _ = spans["9"][0]
    spans["9"] = [(start, stop, "OTHER"), spans["9"][1]]
    spans["14"] = [*spans["14"], (0, 3, "CITY")]
    names.label_many(spans)
    found = names.likely_mistakes(n=5)
    frame = found.frame().set_index("key")
    assert set(found.keys()[:3]) == {"5", "9", "14"}
    assert frame.loc["5", "given"] == "none"
    assert frame.loc["5", "text"] == texts[5].split()[4]
    assert (frame.loc["9", "given"], frame.loc["9", "predicted"]) == ("OTHER", "CITY")
    assert frame.loc["14", "predicted"] == "none"
    assert frame.loc["14", ["start", "end"]].tolist() == [0, 3]
