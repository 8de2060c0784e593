"""The numbers of an overview: kept up to date label by label, each with its View."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import QueryError
from refinery_nb.project.overview.marks import view_of
from refinery_nb.project.overview.overview import Filter, Overview
from refinery_nb.project.overview.people import paced
from refinery_nb.project.overview.said import Answers
from refinery_nb.project.quality import charts_data
from refinery_nb.project.quality.confusion import compare

TEXTS = ["The parcel is late.", "It leaks.", "My refund, please.", "Late refund, late parcel"]
LABELS = ["Delivery", "Defect", "Refund"]
KINDS = ["mail", "chat", None]


def plain(value: Any) -> Any:
    """Return numbers as they can be compared: arrays as lists, no NaN."""
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return None if value != value else round(value, 9)
    return value


def fill(project: rn.Project, count: int = 40) -> None:
    project.add(
        [
            {
                "id": f"r{n:02d}",
                "text": TEXTS[n % 4] if n % 11 else None,
                "kind": KINDS[n % 3],
                "stars": n % 7 if n % 5 else None,
                "score": n / 7,
                "open": n % 2 == 0,
            }
            for n in range(count)
        ],
        key="id",
        types={"kind": "category", "text": "text", "stars": "integer"},
    )


@pytest.fixture
def project() -> Iterator[rn.Project]:
    with rn.open(by="ann") as found:
        fill(found)
        yield found


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    task = project.task("topic", LABELS, on="text")
    task.add(rn.Lookup("Delivery", ["late", "parcel"]))
    task.add(rn.Regex("Refund", "refund", case=False))
    task.run(progress=False)
    task.label_many({f"r{n:02d}": LABELS[n % 3] for n in range(20)})
    task.label_many({f"r{n:02d}": LABELS[n % 2] for n in range(10)}, by="ben")
    task.label("r21", rn.NONE)
    task.supervise(model="majority")
    return task


@pytest.fixture
def things(project: rn.Project) -> rn.Task:
    task = project.task("things", ["THING", "TIME"], on="text", kind="spans")
    task.add(rn.Lookup("THING", ["parcel", "refund"]))
    task.add(rn.Regex("TIME", "late", case=False))
    task.run(progress=False)
    task.label_many({"r04": [(4, 10, "THING")], "r02": [], "r07": [(0, 4, "TIME")]})
    task.label("r04", [(4, 10, "THING"), (14, 18, "TIME")], by="ben")
    task.supervise(model="majority")
    return task


@pytest.fixture
def tags(project: rn.Project) -> rn.Task:
    task = project.task("tags", LABELS, on="text", kind="multilabel")
    task.add(rn.Lookup("Delivery", ["late", "parcel"]))
    task.add(rn.Regex("Refund", "refund", case=False))
    task.run(progress=False)
    task.label_many({"r01": ["Defect"], "r02": ["Refund", "Delivery"], "r03": []})
    task.label_many({"r01": ["Defect", "Refund"], "r02": ["Refund", "Delivery"]}, by="ben")
    task.supervise(model="majority")
    return task


def marks(overview: Overview, task: rn.Task) -> list[tuple[dict[str, Any], int]]:
    """Return every mark of a task with the number that is shown for it."""
    found = overview.standing(task)
    spans = found.schema.is_spans
    asked: list[tuple[dict[str, Any], int]] = [
        ({"what": "all"}, found.records),
        ({"what": "labelled"}, found.labelled),
        ({"what": "unlabelled"}, found.records - found.labelled),
        ({"what": "differing"}, found.differing),
        ({"what": "several"}, found.agreement.several),
        ({"what": "voted"}, found.voted.covered),
    ]
    if not found.schema.is_multi:
        asked.append(({"what": "conflicting"}, found.voted.conflicting))
    for row in found.voted.rows:
        asked.append(({"what": "voted", "heuristic": row.name}, row.count))
    for one in found.labels:
        name = one.label.name if one.label else None
        if not (spans and name is None and found.differing):
            asked.append(({"what": "manual", "label": name}, one.manual))
        if one.weak is not None:
            asked.append(({"what": "weak", "label": name}, one.weak))
    if found.weak is not None:
        asked.append(({"what": "weak"}, found.weak.labelled))
        asked += [
            ({"what": "confidence", "bin": at}, count)
            for at, count in enumerate(found.weak.confidence.tolist())
        ]
    every = found.schema.labels
    for label in every if found.schema.is_multi else (None,):
        confusion = overview.standing(task, label and label.name).confusion
        assert confusion is not None
        names = [*(one.name for one in ((label,) if label else every)), None]
        for row, left in enumerate(names):
            for column, right in enumerate(names):
                cell = {"what": "cell", "row": left, "column": right}
                count = len(confusion.records_of(row, column))
                asked.append((cell | ({"label": label.name} if label else {}), count))
    if found.calibration is not None and not spans and not found.schema.is_multi:
        counts = found.calibration.found.count.tolist()
        asked += [
            ({"what": "calibration", "bin": at}, count)
            for at, count in zip(found.calibration.bins, counts, strict=True)
        ]
    for pair in found.agreement.pairs:
        asked.append(({"what": "pair", "one": pair.one, "other": pair.other}, pair.records))
    return asked


@pytest.mark.parametrize("kind", ["topic", "things", "tags"])
def test_every_number_is_the_count_of_its_view(
    kind: str, project: rn.Project, request: pytest.FixtureRequest
) -> None:
    task = request.getfixturevalue(kind)
    overview = Overview(project)
    project.slices["early"] = project.where(project["score"] < 3)
    project.slices.save("some", project.view().sample(15, seed=3), static=True)
    for wanted in (
        Filter(),
        Filter("early"),
        Filter("some"),
        Filter(None, "kind", "mail"),
        Filter("early", "kind", None),
        Filter(None, "open", True),
    ):
        overview.choose(wanted)
        for mark, count in marks(overview, task):
            assert view_of(overview, task.name, mark).count() == count, (wanted, mark)


@pytest.mark.parametrize("kind", ["topic", "things", "tags"])
def test_the_numbers_are_those_of_reports_and_charts(
    kind: str, project: rn.Project, request: pytest.FixtureRequest
) -> None:
    task = request.getfixturevalue(kind)
    found = Overview(project).standing(task)
    calibration = task.runs()[-1].calibration()
    assert found.calibration is not None
    for name in ("confidence", "accuracy", "low", "high", "count"):
        told = getattr(found.calibration.found, name)
        assert told == pytest.approx(calibration[name].to_numpy()), name
    assert found.calibration.found.error == pytest.approx(calibration.attrs["ece"])
    for label in LABELS if kind == "tags" else [None]:
        confusion = Overview(project).standing(task, label).confusion
        assert confusion is not None
        expected = compare(task, level=label).confusion
        assert confusion.counts.tolist() == expected.counts.tolist()
        assert confusion.judged.tolist() == expected.judged.tolist()
    if kind != "tags":
        table = charts_data.label_counts(task)
        count = [one.spans[0] if one.spans else one.manual for one in found.labels]
        assert count[: len(table)] == table["manual"].tolist()
    agreement = charts_data.agreement(task)
    assert found.agreement.alpha == (
        None if kind == "things" else pytest.approx(agreement.alpha, nan_ok=True)
    )
    pairs = {(pair.one, pair.other): pair for pair in found.agreement.pairs}
    for row in agreement.pairs.itertuples():
        assert pairs[row.one, row.other].records == row.records
        if kind != "things":
            assert pairs[row.one, row.other].kappa == pytest.approx(row.kappa)
    report = task.report().set_index("heuristic")["coverage"] * len(project)
    assert {row.name: row.count for row in found.voted.rows} == {
        name: pytest.approx(count) for name, count in report.items()
    }


def say(task: rn.Task, what: str, record: int, label: int, by: str) -> None:
    """Do one thing that changes what people say, or what is known of them."""
    project, key, name = task.project, f"r{record:02d}", LABELS[label]
    known = set(map(str, project.records().index))
    if what == "undo":
        task.undo(by=by)
    elif what == "redo":
        task.redo(by=by)
    elif what == "restore":
        project.restore_records()
    elif what == "supervise":
        task.run(progress=False)
        task.supervise(model="majority")
    elif what == "add":
        project.add([{"id": f"n{record}", "text": "late"}], key="id")
    elif what == "vote":
        task.add(rn.Annotator(by))
    elif key in known and what == "delete":
        project.delete_records(key).apply()
    elif key in known and what in ("label", "none", "clear", "edit"):
        values: dict[str, Any] = {
            "label": name,
            "none": rn.NONE,
            "clear": None,
            "edit": name,
        }
        value = values[what]
        if task.kind == "spans" and value == name:
            text = project.records().loc[key, "text"]
            long = len(text) if isinstance(text, str) else 0
            value = [(0, 3, task.labels[label % 2])] if long > 3 else []
        elif task.kind == "multilabel" and value == name:
            value = sorted({name, LABELS[0]})
        if what == "edit":
            project.edit(key, text="Quite another text").apply()
        else:
            task.label(key, value, by=by)


OPERATIONS = [
    *["label"] * 6,
    *["none", "clear", "undo", "undo", "redo", "edit", "delete", "restore", "supervise", "add"],
    "vote",
]


@pytest.mark.parametrize("kind", ["classification", "spans", "multilabel"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(OPERATIONS),
            st.integers(0, 11),
            st.integers(0, 2),
            st.sampled_from(["ann", "ben", "cat"]),
        ),
        max_size=25,
    ),
    chosen=st.sampled_from([Filter(), Filter(None, "kind", "mail")]),
)
def test_what_is_taken_in_bit_by_bit_is_what_is_counted_anew(
    kind: str, steps: list[tuple[str, int, int, str]], chosen: Filter
) -> None:
    at = datetime(2026, 11, 26, 12)
    with rn.open(by="ann") as project:
        fill(project, 12)
        task = project.task("t", LABELS, on="text", kind=kind)
        task.add(rn.Lookup("Delivery", ["late", "parcel"]))
        task.add(rn.Regex("Refund", "refund", case=False))
        task.run(progress=False)
        overview = Overview(project, now=lambda: at)
        overview.choose(chosen)
        overview.standing(task)
        for step in steps:
            say(task, *step)
            if step[1] % 3:  # several things may happen between two looks
                overview.standing(task, LABELS[step[2]])
        fresh = Overview(project, now=lambda: at)
        fresh.choose(chosen)
        ours, theirs = plain(overview.standing(task)), plain(fresh.standing(task))
        for one in (ours, theirs):  # people stand in the order in which they were met
            one["agreement"]["people"].sort()
            one["agreement"]["pairs"].sort(key=str)
        assert ours == theirs


def test_what_another_process_said_is_taken_in(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p", by="ann") as project, rn.open(tmp_path / "p", by="ben") as other:
        fill(project)
        topic = project.task("topic", LABELS, on="text")
        overview = Overview(project)
        assert overview.standing(topic).labelled == 0
        other.tasks["topic"].label("r01", "Defect")
        assert overview.standing(topic).labelled == 1


def test_bulk_labels_are_taken_in_however_many(project: rn.Project) -> None:
    project.add([{"id": f"x{n}", "text": "late"} for n in range(2_000)], key="id")
    topic = project.task("topic", LABELS, on="text")
    overview = Overview(project)
    overview.standing(topic)
    topic.label_many({f"x{n}": "Defect" for n in range(2_000)})
    found = overview.standing(topic)
    assert [one.manual for one in found.labels] == [0, 2_000, 0, 0]
    topic.undo()
    assert overview.standing(topic).labelled == 0


def bars(overview: Overview, attribute: str, unit: Any = None) -> dict[str, int]:
    found = overview.statistics(attribute, unit)
    return {bar.name: bar.count for bar in found.bars} | {"missing": found.missing.count}


def test_an_attribute_is_counted_by_its_type(project: rn.Project) -> None:
    overview = Overview(project)
    assert bars(overview, "kind") == {"mail": 14, "chat": 13, "missing": 13}
    assert bars(overview, "open") == {"True": 20, "False": 20, "missing": 0}
    assert list(bars(overview, "stars")) == ["0", "1", "2", "3", "4", "5", "6", "missing"]
    assert bars(overview, "stars")["missing"] == 8
    assert sum(bars(overview, "score").values()) == 40
    lengths = overview.statistics("text")
    assert (lengths.unit, lengths.low, lengths.high) == ("characters", 9, 24)
    tokens = overview.statistics("text", "tokens")
    assert (tokens.unit, tokens.low, tokens.high) == ("tokens", 3, 5)
    assert tokens.missing.count == lengths.missing.count == 4
    assert overview.statistics("id").unit == "characters"


@pytest.mark.parametrize("unit", [None, "tokens"])
@pytest.mark.parametrize("attribute", ["kind", "open", "stars", "score", "text", "id"])
def test_a_bar_of_an_attribute_holds_its_records(
    project: rn.Project, attribute: str, unit: str | None
) -> None:
    overview = Overview(project, project.where(project["score"] > 1))
    for wanted in (Filter(), Filter(None, "kind", "mail")):
        overview.choose(wanted)
        for name, count in bars(overview, attribute, unit).items():
            mark: dict[str, Any] = {"what": "value", "attribute": attribute, "unit": unit}
            if name != "missing":
                mark["bar"] = name
            assert view_of(overview, None, mark).count() == count


@given(
    st.lists(
        st.one_of(
            st.integers(-(10**6), 10**6).map(float),
            st.floats(allow_nan=False, allow_infinity=False, width=32),
        ),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_ranges_leave_no_number_out(numbers: list[float]) -> None:
    with rn.open() as project:
        project.add(
            [{"id": str(n), "x": one} for n, one in enumerate(numbers)], types={"x": "float"}
        )
        overview = Overview(project)
        found = overview.statistics("x")
        assert sum(bar.count for bar in found.bars) == len(numbers)
        for bar in found.bars:
            assert bar.condition is not None
            assert project.where(bar.condition).count() == bar.count


def test_labels_over_time_are_those_of_hours_days_or_longer() -> None:
    def answers(*at: datetime) -> Answers:
        some = np.arange(len(at))
        stamps = np.array([one.timestamp() for one in at])
        return Answers(some, some * 0, some * 0, stamps, np.ones(len(at), np.bool_))

    noon = datetime(2026, 11, 26, 12)
    found = paced(answers(noon, noon.replace(minute=1), noon.replace(hour=14)), noon)
    assert (found.total, found.today, found.unit) == (3, 3, "hour")
    assert [span.count for span in found.spans] == [*[0] * 9, 2, 0, 1]
    assert found.rate == 60
    found = paced(answers(datetime(2026, 11, 20, 23), noon), noon)
    assert (found.today, found.unit, found.rate) == (1, "day", None)
    assert [span.count for span in found.spans] == [*[0] * 5, 1, *[0] * 5, 1]
    found = paced(answers(datetime(2024, 1, 1), noon), noon)
    assert found.unit == "days"
    assert len(found.spans) <= 60
    assert sum(span.count for span in found.spans) == 2
    assert paced(answers(), noon).total == 0


def test_what_does_not_exist_is_said_and_the_filter_stays(
    project: rn.Project, topic: rn.Task
) -> None:
    overview = Overview(project)
    overview.choose(Filter(None, "kind", "mail"))
    for wanted in (Filter("nowhere"), Filter(None, "colour", "red")):
        with pytest.raises(rn.RefineryError):
            overview.choose(wanted)
    assert overview.view.count() == 14
    for mark in (
        {"what": "nothing"},
        {"what": "confidence", "bin": 20},
        {"what": "pair", "one": "ann", "other": "zoe"},
        {"what": "value", "attribute": "kind", "bar": "fax"},
        {"what": "time", "begin": "now"},
    ):
        with pytest.raises(QueryError):
            view_of(overview, "topic", mark)
    with pytest.raises(QueryError, match="no task"):
        view_of(overview, None, {"what": "labelled"})
    bare = project.task("bare", ["A"], on="text")
    with pytest.raises(QueryError, match="no weak labels"):
        view_of(overview, bare.name, {"what": "weak"})
