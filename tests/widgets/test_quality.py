"""The Quality view as Python sees it."""

from __future__ import annotations

from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.project.quality import charts_data
from refinery_nb.widgets.quality import PLOTLY, TABS
from tests.widgets.listening import listening_widgets


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add([{"id": str(n), "text": "late delivery"} for n in range(6)], key="id")
    task = project.task("<b>topic</b>", ["<i>Delivery</i>", "Refund"], on="text")
    task.add(rn.Lookup("<i>Delivery</i>", ["delivery"], name="d"))
    task.run(progress=False)
    task.label_many({"0": "<i>Delivery</i>", "1": "Refund"})
    return task


def shown(quality: rn.Quality) -> list[str]:
    outputs = [output.outputs[0]["data"] for output in quality._row.children]
    return [data[PLOTLY]["layout"]["title"]["text"] for data in outputs]


def test_only_what_is_looked_at_is_drawn(topic: rn.Task) -> None:
    quality = rn.Quality(topic)
    assert list(quality._drawn) == ["Labels"]
    titles = shown(quality)
    for name in TABS:
        quality._choice.value = name
        assert len(quality._row.children) == len(TABS[name])
    assert list(quality._drawn) == list(TABS)
    quality._choice.value = "Labels"
    assert shown(quality) == titles


def test_a_change_waits_for_refresh(topic: rn.Task) -> None:
    quality = rn.Quality(topic)
    topic.label("2", "Refund")
    assert quality._refresh.description == "Refresh: changed"
    assert "2 of 6" in quality._head.value
    quality.refresh()
    assert "3 of 6" in quality._head.value
    assert quality._refresh.description == "Refresh"


def test_the_still_picture_counts_and_runs_nothing(topic: rn.Task) -> None:
    """D9, J1, J2."""
    topic.supervise(model="majority")
    quality = rn.Quality(topic)
    bundle = quality._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    for text in (html, quality._head.value):
        assert "<i>Delivery" not in text
        assert "<b>topic" not in text
    assert "&lt;i&gt;Delivery&lt;/i&gt;" in html
    assert ">6<span" in html


def test_a_closed_view_hears_nothing(topic: rn.Task) -> None:
    quality = rn.Quality(topic)
    quality.close()
    assert listening_widgets(topic.project) == []
    with pytest.raises(TypeError):
        rn.Quality(topic, colour="red")  # type: ignore[call-arg]


def test_labels_are_counted_by_hand_and_weak(topic: rn.Task) -> None:
    topic.label("2", rn.NONE)
    table = charts_data.label_counts(topic)
    assert table["manual"].tolist() == [1, 1, 1]
    assert table["weak"].isna().all()
    topic.supervise(model="majority")
    assert charts_data.label_counts(topic)["weak"].tolist() == [6, 0, 0]


def test_coverage_is_of_the_versions_in_force_at_a_time(topic: rn.Task) -> None:
    project = topic.project
    project.add([{"id": "late", "text": "nothing"}, {"id": "y", "text": "money"}], key="id")
    topic.add(rn.Lookup("Refund", ["money"], name="m"))
    topic.add(rn.Lookup("<i>Delivery</i>", ["nothing"], name="d"))
    topic.run(progress=False)
    topic.supervise(model="majority")
    table = charts_data.coverage(topic)
    votes = table[table["what"] == "heuristics"]
    assert votes["name"].tolist() == ["d", "m", "d"]
    assert votes["coverage"].tolist() == [6 / 8, 7 / 8, 2 / 8]
    assert table[table["what"] == "weak"]["coverage"].tolist() == [2 / 8]


def test_people_are_compared_two_by_two(topic: rn.Task) -> None:
    said: dict[str, dict[str, Any]] = {
        "ben": {"0": "<i>Delivery</i>", "1": "<i>Delivery</i>", "3": rn.NONE},
        "cat": {"3": rn.NONE, "4": "Refund"},
    }
    for name, labels in said.items():
        topic.label_many(labels, by=name)
    found = charts_data.agreement(topic)
    assert found.people == ("ann", "ben", "cat")
    assert found.pairs[["one", "other", "records"]].to_numpy().tolist() == [
        ["ann", "ben", 2],
        ["ben", "cat", 1],
    ]
    assert found.pairs["agreement"].tolist() == [0.5, 1.0]
    assert found.alpha is not None
    assert 0 < found.alpha < 1


def test_a_span_is_right_if_its_boundaries_are(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": "Ann Lee"} for n in range(4)], key="id")
    names = project.task("names", ["PER"], on="text", kind="spans")
    names.add(rn.Regex("PER", "Ann"))
    names.run(progress=False)
    names.label_many({"0": [(0, 3, "PER")], "1": [(0, 7, "PER")], "2": []})
    table, error = charts_data.calibration(names.supervise(model="majority"))
    assert table["count"].sum() == 3
    assert (table["accuracy"] * table["count"]).sum() == pytest.approx(1)
    assert 0 <= error <= 1
