"""``task.plot``: each chart of a task as a figure of its own."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.project.charts.plots import Plots
from refinery_nb.project.charts.still import still

NAMES = [name for name, _ in inspect.getmembers(Plots, inspect.isfunction) if name[0] != "_"]


@pytest.fixture
def project() -> Iterator[rn.Project]:
    with rn.open(by="ann") as found:
        found.add(
            [
                {"id": str(n), "text": ["late delivery", "money back"][n % 2], "kind": "abc"[n % 3]}
                for n in range(12)
            ],
            key="id",
            types={"kind": "category", "text": "text"},
        )
        yield found


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    task = project.task("<b>topic</b>", ["Delivery", "Refund"], on="text")
    task.add(rn.Lookup("Delivery", ["delivery"], name="d"))
    task.add(rn.Lookup("Refund", ["money"], name="m"))
    task.add(rn.Lookup("Delivery", ["back"], name="wrong"))
    task.run(progress=False)
    task.label_many({str(n): ["Delivery", "Refund"][n % 2] for n in range(6)})
    task.label_many({str(n): "Delivery" for n in range(4)}, by="<i>ben</i>")
    task.supervise(model="majority")
    return task


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_every_chart_is_a_figure_with_numbers_and_words(
    topic: rn.Task, name: str, theme: str
) -> None:
    given = ("kind",) if name == "attribute" else ()
    found = getattr(topic.plot, name)(*given, theme=theme)
    assert found.layout.title.text
    assert any(trace.x is not None and len(trace.x) for trace in found.data)
    assert "<i>ben" not in still(found)
    assert "<b>topic" not in found.layout.title.text


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("attribute", "lengths")])
def test_where_there_is_nothing_the_figure_says_what_to_do(project: rn.Project, name: str) -> None:
    task = project.task("bare", ["A"], on="text")
    if name == "confusion":
        with pytest.raises(QueryError, match="no weak labels"):
            task.plot.confusion()
        return
    (note,) = getattr(task.plot, name)().layout.annotations
    assert note.text


def test_the_figures_have_the_numbers_of_a_view(topic: rn.Task) -> None:
    few = topic.project.where(topic.project["kind"] == "a")
    plot = topic.plot
    manual, weak = plot.distribution(few).data
    assert (sum(manual.customdata), sum(weak.customdata)) == (1, 2)  # people differ on one
    assert sum(plot.confidence(view=few).data[0].y) == 2
    assert {trace.name: sum(trace.y) for trace in plot.labels_over_time(few).data} == {
        "ann (2)": 2,
        "&lt;i&gt;ben&lt;/i&gt; (2)": 2,
    }
    assert sum(plot.lengths(view=few).data[0].y) == 4
    assert sum(plot.lengths("tokens").data[0].y) == 12
    assert list(plot.attribute("kind", few).data[0].x) == [4]
    with pytest.raises(QueryError, match="words"):
        plot.lengths("words")


def test_calibration_of_one_label_counts_what_is_said_of_it(project: rn.Project) -> None:
    tags = project.task("tags", ["Late", "Money"], on="text", kind="multilabel")
    with pytest.raises(SchemaError, match="Latte"):
        tags.plot.calibration(label="Latte")
    tags.add(rn.Lookup("Late", ["late", "back"], name="l"))
    tags.add(rn.Lookup("Money", ["money"], name="m"))
    tags.run(progress=False)
    tags.label_many({str(n): ["Late"] if n % 2 == 0 else ["Money"] for n in range(8)})
    run = tags.supervise(model="majority")

    def judged(label: str | None) -> float:
        found = tags.plot.calibration(run, label)
        assert (label or "") in found.layout.title.text
        return float(sum(found.data[-1].y))

    assert judged("Late") == run.calibration("Late")["count"].sum() > 0
    assert judged("Money") == run.calibration("Money")["count"].sum() > 0
    assert judged(None) == judged("Late") + judged("Money")
