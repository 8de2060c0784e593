"""The ConfusionMatrix as Python and its front end see it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.project.charts import figures as charts
from refinery_nb.project.quality.confusion import compare
from refinery_nb.widgets.confusion_matrix.operations import OPERATIONS
from refinery_nb.widgets.messages import PROTOCOL
from tests.widgets.listening import listening_widgets

CHARTS = [getattr(charts, name) for name in charts.__all__]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add(
        [{"id": str(n), "text": ["late delivery", "money back"][n % 2]} for n in range(12)],
        key="id",
    )
    task = project.task("topic", ["Delivery", "Refund"], on="text")
    task.add(rn.Lookup("Delivery", ["delivery"], name="d"))
    task.add(rn.Lookup("Refund", ["money"], name="r"))
    task.add(rn.Lookup("Delivery", ["back"], name="wrong"))
    task.run(progress=False)
    task.label_many({str(n): ["Delivery", "Refund"][n % 2] for n in range(8)})
    task.label("8", rn.NONE)
    return task


def ask(matrix: rn.ConfusionMatrix, op: str, **args: Any) -> dict[str, Any]:
    """Send a message as the front end does and return the answer."""
    sent: list[dict[str, Any]] = []
    matrix._grid.send = sent.append  # type: ignore[method-assign]
    matrix._conversation.receive({"v": PROTOCOL, "id": "c-1", "op": op, "args": args})
    (answer,) = [one for one in sent if "id" in one]
    json.dumps(answer)
    return answer


def cells(told: dict[str, Any]) -> dict[tuple[str, str], int]:
    matrix = told["matrix"]
    return {
        (matrix["row_labels"][row], matrix["column_labels"][column]): count
        for row, column, count in matrix["cells"]
    }


def test_every_operation_is_answered_in_its_form(topic: rn.Task) -> None:
    topic.supervise(model="majority")
    matrix = rn.ConfusionMatrix(topic)
    told = ask(matrix, "hello", client="c")["ok"]
    assert set(told) == {
        *("task", "kind", "sources", "levels", "opened", "matrix", "empty", "normalize")
    }
    assert told["empty"] is None
    assert told["normalize"] == "rows"
    assert sum(cells(told).values()) == told["matrix"]["judged"] == 9
    assert [one["title"] for one in told["sources"]] == [
        "Manual labels",
        "Weak labels (majority)",
        "d",
        "r",
        "wrong",
        "ann",
    ]
    again = ask(matrix, "matrix", columns="heuristic:wrong")["ok"]
    assert cells(again) == {
        ("Delivery", "abstains"): 4,
        ("Refund", "Delivery"): 4,
        ("none", "abstains"): 1,
    }
    opened = ask(matrix, "open", row="Refund", column="Delivery")["ok"]
    assert opened == {"count": 4, "title": "manual Refund, wrong Delivery"}
    assert ask(matrix, "matrix")["ok"]["opened"] == {
        "rows": "gold",
        "columns": "heuristic:wrong",
        "level": "records",
        "row": "Refund",
        "column": "Delivery",
    }
    assert ask(matrix, "bye", client="c")["ok"] == {}
    assert set(OPERATIONS) == {"hello", "matrix", "open", "bye"}


@pytest.mark.parametrize(
    ("op", "args", "code"),
    [
        ("open", {"row": "Nobody", "column": None}, "schema"),
        ("open", {"row": 3, "column": None}, "protocol"),
        ("matrix", {"level": "words"}, "protocol"),
        ("matrix", {"rows": 4}, "protocol"),
        ("explode", {}, "protocol"),
    ],
)
def test_a_bad_message_is_answered_with_an_error(
    topic: rn.Task, op: str, args: dict[str, Any], code: str
) -> None:
    topic.supervise()
    matrix = rn.ConfusionMatrix(topic)
    assert ask(matrix, op, **args)["error"]["code"] == code
    assert matrix.view is None


def test_select_opens_a_labeler_and_tells_the_next_cell(topic: rn.Task) -> None:
    matrix = rn.ConfusionMatrix(topic, "gold", "wrong")
    told: list[list[str]] = []
    stop = matrix.on_select(lambda view: told.append(view.keys()))
    view = matrix.select("Refund", "Delivery")
    assert matrix.view is view
    assert view.keys() == ["1", "3", "5", "7"]
    assert [type(child).__name__ for child in matrix.children] == ["Grid", "Labeler"]
    assert matrix.select(None, None).keys() == ["8"]
    assert len(matrix.children) == 2
    stop()
    matrix.select("Delivery", None)
    assert told == [["1", "3", "5", "7"], ["8"]]


def test_the_view_of_a_cell_follows_the_labels(topic: rn.Task) -> None:
    view = rn.ConfusionMatrix(topic, "gold", "wrong").select("Refund", "Delivery")
    topic.label("3", "Delivery")
    assert view.keys() == ["1", "5", "7"]
    topic.rename_label("Refund", "Money").apply()
    with pytest.raises(SchemaError):
        view.keys()


def test_only_the_records_of_a_view_are_compared(topic: rn.Task) -> None:
    few = topic.project.view().head(4)
    matrix = rn.ConfusionMatrix(topic, "gold", "wrong", view=few)
    assert matrix.frame().to_numpy().sum() == 4
    assert matrix.select("Refund", "Delivery").keys() == ["1", "3"]


def test_people_count_where_both_have_judged(topic: rn.Task) -> None:
    topic.label_many({"0": "Refund", "1": "Refund", "9": "Refund", "8": rn.NONE}, by="ben")
    found = compare(topic, "ann", "ben")
    assert found.confusion.judged.tolist() == [1, 2, 9]
    assert found.agreement == pytest.approx(2 / 3)
    assert found.frame().loc["none", "none"] == 1
    assert 0 < found.kappa < 1


def test_gold_and_weak_have_the_labels_that_the_model_did_not_see(
    topic: rn.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run says of records that it learnt from is not held against them."""
    from refinery_nb.core.votes import Votes
    from refinery_nb.project.weak.weak import WeakRun

    run = topic.supervise(model="majority")
    labels = [label.id for label in topic.schema.labels]
    seen = run.votes.record[:3]
    held_out = Votes.of(seen, [labels[1]] * 3)
    monkeypatch.setattr(WeakRun, "held_out", property(lambda _: held_out), raising=False)
    counts = compare(topic, "gold", run).frame()
    assert counts["Refund"].sum() >= 3
    own = compare(topic, "gold", "d").frame()
    assert own["Refund"].sum() == 0
    machine = compare(topic, run, "d").frame()
    assert machine.to_numpy().sum() == 12


@pytest.mark.parametrize("name", ["nobody", "Ann", "run:99", "heuristic:none"])
def test_an_unknown_source_is_said_at_once(topic: rn.Task, name: str) -> None:
    with pytest.raises(QueryError, match="no heuristic, person or run"):
        rn.ConfusionMatrix(topic, name)


def test_a_name_of_two_is_asked_back(topic: rn.Task) -> None:
    topic.label("1", "Refund", by="d")
    with pytest.raises(QueryError, match="a heuristic and a person"):
        rn.ConfusionMatrix(topic, "d")
    assert compare(topic, "heuristic:d", "person:d").confusion.judged.tolist() == [2]


def test_without_labels_or_runs_it_says_what_to_do(project: rn.Project) -> None:
    task = project.task("topic", ["A"], on=None)
    project.add([{"id": "1", "text": "x"}], key="id")
    matrix = rn.ConfusionMatrix(task)
    assert "task.supervise()" in ask(matrix, "hello", client="c")["ok"]["empty"]["hint"]
    task.supervise()
    told = ask(matrix, "matrix")["ok"]
    assert told["empty"]["message"] == "No record has been reviewed by hand yet."
    assert told["matrix"] is None
    assert "reviewed" in html(matrix) or "compare" in html(matrix)


def html(matrix: rn.ConfusionMatrix) -> str:
    bundle = matrix._repr_mimebundle_()
    return (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]


def test_the_still_picture_shows_the_matrix_and_runs_nothing(project: rn.Project) -> None:
    """D9, J1, J2: for nbviewer; hostile names are text."""
    bad = "<img src=x onerror=hit()>"
    project.add([{"id": "1", "text": "x"}, {"id": "2", "text": "y"}], key="id")
    task = project.task(bad, [bad, "B"], on="text")
    task.label_many({"1": bad, "2": "B"})
    task.label_many({"1": "B", "2": "B"}, by=bad)
    shown = html(rn.ConfusionMatrix(task, "ann", bad))
    assert "<img" not in shown
    assert "&lt;img src=x onerror=hit()&gt;" in shown
    assert "100% (1)" in shown
    assert "50.0% agree" in shown


def test_nothing_of_the_labels_is_kept_in_the_notebook(topic: rn.Task) -> None:
    matrix = rn.ConfusionMatrix(topic, "gold", "wrong")
    matrix.select("Refund", "Delivery")
    for widget in (matrix, *matrix.children):
        state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")}
        assert "Refund" not in str(state)


def test_a_change_is_told_and_a_closed_matrix_hears_nothing(topic: rn.Task) -> None:
    matrix = rn.ConfusionMatrix(topic, "gold", "wrong")
    sent: list[Any] = []
    matrix._grid.send = sent.append  # type: ignore[method-assign]
    topic.label("9", "Refund")
    topic.project.task("other", ["X"], on="text").label("9", "X")
    pushes = [one["push"] for one in sent]
    assert pushes.count("changed") >= 1
    ask(matrix, "matrix", rows="heuristic:d")
    matrix._grid.send = sent.append  # type: ignore[method-assign]
    before = len(sent)
    topic.label("10", "Refund")  # no label counts between two heuristics
    assert len(sent) == before
    topic.remove("r")
    assert len(sent) > before
    matrix.select("Refund", "Delivery")
    before = len(sent)
    matrix.close()
    topic.label("9", None)
    assert len(sent) == before
    assert listening_widgets(topic.project) == []


def test_arguments_are_checked(topic: rn.Task) -> None:
    with pytest.raises(TypeError):
        rn.ConfusionMatrix(topic, colour="red")  # type: ignore[call-arg]
    with pytest.raises(QueryError):
        rn.ConfusionMatrix(topic, normalize="all")
    with rn.open() as other, pytest.raises(QueryError):
        rn.ConfusionMatrix(topic, view=other.view())
    with pytest.raises(QueryError):
        compare(topic, "gold", "d", level="tokens")


@pytest.fixture
def names(project: rn.Project) -> rn.Task:
    project.add([{"id": str(n), "text": "Ann Lee met Bo"} for n in range(6)], key="id")
    task = project.task("names", ["PER", "ORG"], on="text", kind="spans")
    task.add(rn.Regex("PER", "Ann|Bo", name="first"))
    task.run(progress=False)
    task.label_many({"0": [(0, 7, "PER"), (12, 14, "PER")], "1": [(0, 3, "ORG")], "2": []})
    return task


@pytest.mark.parametrize(
    ("level", "counts"),
    [
        ("tokens", {"PER→PER": 2, "PER→outside": 1, "ORG→PER": 1, "outside→PER": 3}),
        ("characters", {"PER→PER": 5, "PER→outside": 4, "ORG→PER": 3, "outside→PER": 7}),
        ("spans", {"PER→PER": 1, "PER→outside": 1, "ORG→PER": 1, "outside→PER": 4}),
        ("touching", {"PER→PER": 2, "ORG→PER": 1, "outside→PER": 3}),
    ],
)
def test_spans_count_on_every_reviewed_record(
    names: rn.Task, level: str, counts: dict[str, int]
) -> None:
    """Refinery's fault 4.2: record 2 was reviewed and holds no span; its hits are errors."""
    found = compare(names, "gold", "first", level=level)
    frame = found.frame()
    told = {
        f"{row}→{column}": int(frame.loc[row, column])
        for row in frame.index
        for column in frame.columns
        if frame.loc[row, column] and (row, column) != ("outside", "outside")
    }
    assert told == counts
    assert found.view(2, 0).keys() == (["0", "1", "2"] if level == "spans" else ["1", "2"])
    whole = {"tokens": 12, "characters": 42}.get(level)
    assert whole is None or frame.to_numpy().sum() == whole


@pytest.mark.parametrize("chart", CHARTS, ids=lambda one: one.__name__)
def test_an_empty_chart_says_what_to_do(project: rn.Project, chart: Any) -> None:
    task = project.task("topic", ["A"], on=None)
    figure = chart(task)
    assert len(figure.data) == 0
    assert figure.layout.annotations[0].text.endswith(".")
    assert "(" in figure.layout.annotations[0].text or "people" in figure.layout.annotations[0].text


@pytest.mark.parametrize("kind", ["classes", "spans"])
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@pytest.mark.parametrize("chart", CHARTS, ids=lambda one: one.__name__)
def test_a_chart_is_titled_and_lies_on_any_background(
    request: pytest.FixtureRequest, chart: Any, theme: str, kind: str
) -> None:
    task = request.getfixturevalue("topic" if kind == "classes" else "names")
    task.supervise(model="majority")
    key = "0" if kind == "classes" else "1"
    task.label(key, "Delivery" if kind == "classes" else [], by="ben")
    figure = chart(task, theme=theme)
    assert figure.layout.title.text
    assert figure.layout.template.layout.paper_bgcolor == "rgba(0,0,0,0)"
    if not (kind == "spans" and chart is charts.conflict):
        assert len(figure.data) > 0
    assert "cdn" not in figure.to_json().lower()


def test_a_wrong_theme_is_refused(topic: rn.Task) -> None:
    with pytest.raises(QueryError, match="no theme"):
        charts.overlap(topic, theme="drak")


def test_the_charts_show_what_is_counted(topic: rn.Task) -> None:
    both, differ = charts.overlap(topic).data[0], charts.conflict(topic).data[0]
    at = {name: position for position, name in enumerate(both.x)}
    assert both.z[at["r"]][at["wrong"]] == 1.0
    assert np.isnan(both.z[at["d"]][at["wrong"]])
    assert differ.z[at["r"]][at["wrong"]] == 1.0
    run = topic.supervise(model="majority")
    shown = charts.calibration(run).data[2]
    assert sum(int(text) for text in shown.text) == sum(
        1 for record in run.votes.record.tolist() if record <= 9
    )
    covered = charts.coverage(topic).data
    assert covered[0].y[-1] == 1.0
    assert len(covered[1].x) == 1
    matrix = rn.ConfusionMatrix(topic, "gold", "wrong").figure()
    assert matrix.layout.title.subtitle.text == "11% agree"
    assert "<b>100%</b><br>4" in str(matrix.data[2].text)


def test_long_and_equal_names_stay_apart_in_a_chart(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "x"}], key="id")
    long = ["a" * 30 + "x" * n + "b" * 30 for n in range(3)]
    task = project.task("topic", [*long, "<b>bold</b>"], on="text")
    task.label("1", "<b>bold</b>")
    for n, name in enumerate(long):
        task.label("1", name, by=f"p{n}")
        task.add(rn.Lookup(name, ["x"]))
    task.run(progress=False)
    shown = charts.overlap(task).data[0].x
    assert len(set(shown)) == 3
    task.add(rn.Lookup("<b>bold</b>", ["x"]))
    task.run(progress=False)
    assert "&lt;b&gt;" in str(charts.overlap(task).data[0].x)


def test_of_many_heuristics_those_are_shown_that_meet_others(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": f"w{n} w{n + 1}"} for n in range(60)], key="id")
    task = project.task("topic", ["A", "B"], on="text")
    for n in range(60):
        task.add(rn.Lookup("AB"[n % 2], [f"w{n}"], name=f"rule {n}"))
    task.add(rn.Lookup("A", ["w59"], name="last"))
    task.run(progress=False)
    shown = charts.conflict(task)
    assert len(shown.data[0].x) == charts.MOST
    assert "the 40 of 61 heuristics" in shown.layout.title.subtitle.text
    assert "rule 59" in shown.data[0].x  # it differs from two others, twice from one
