"""What a notebook shows of weak supervision."""

from __future__ import annotations

import re

import pytest

import refinery_nb as rn

BAD = "<img src=x onerror=hit()>"


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add(
        [{"id": f"r{n}", "text": ["late", "refund", "late refund"][n % 3]} for n in range(60)],
        key="id",
    )
    topic = project.task(f"topic {BAD}", ["Delivery", BAD], on="text")
    topic.add(rn.Lookup("Delivery", ["late"], name="late"))
    topic.add(rn.Lookup(BAD, ["refund"], name=f"rule {BAD}"))
    topic.run(progress=False)
    return topic


def label(topic: rn.Task) -> None:
    topic.label_many({f"r{n}": ["Delivery", BAD, "Delivery"][n % 3] for n in range(30)})


def words(shown: str) -> str:
    """What a reader sees."""
    assert "<img" not in shown
    without = re.sub(r"<style>.*?</style>", "", shown)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", without))


def test_a_run_says_what_it_labels_and_how_often_it_is_right(topic: rn.Task) -> None:
    """J2."""
    label(topic)
    shown = words(topic.supervise(model="weighted")._repr_html_())
    assert "Delivery" in shown
    assert "&lt;img src=x onerror=hit()&gt;" in shown
    assert "Right, of manual labels that it had not seen" in shown
    assert "of 30" in shown
    assert "Calibration error" in shown


def test_a_run_without_labels_says_that_nothing_is_known(topic: rn.Task) -> None:
    shown = words(topic.supervise(model="majority")._repr_html_())
    assert "How often it is right is not known" in shown
    assert "60 100.0 %" not in shown  # a majority of two that differ abstains


def test_what_a_model_learnt_from_is_not_called_unseen(topic: rn.Task) -> None:
    topic.label_many({"r0": "Delivery", "r1": BAD})  # too few to hold some back
    shown = words(topic.supervise(model="weighted")._repr_html_())
    assert "had not seen" not in shown
    assert "Right, of manual labels" in shown


def test_no_run_says_what_to_do(topic: rn.Task) -> None:
    runs = topic.runs()
    assert "task.supervise()" in words(runs._repr_html_())
    assert "task.supervise()" in repr(runs)
    assert runs.frame().empty


def test_runs_read_as_a_table_with_what_changed(topic: rn.Task) -> None:
    """J2."""
    label(topic)
    first = topic.supervise(model="majority")
    topic.enable("late", False)
    topic.add(rn.Lookup("Delivery", ["ate"], name="other", whole_words=False))
    topic.add(rn.Lookup(BAD, ["refunds"], name=f"rule {BAD}"))
    topic.run(progress=False)
    topic.supervise(model="weighted")
    first.restore()
    runs = topic.runs()
    assert [run.model for run in runs] == ["majority", "weighted", "majority"]
    shown = words(runs._repr_html_())
    assert "label model: majority → weighted" in shown
    assert "heuristics: 1 added, 1 removed, 1 changed" in shown
    assert "majority , restored" in shown
    assert "runs[2].compare(runs[1])" in shown
    assert list(runs.frame()["model"]) == ["majority", "weighted", "majority"]
    assert len(repr(runs).splitlines()) == 3
    assert runs[-1].compare(runs[0]) is not None


def test_of_many_runs_the_last_are_shown(topic: rn.Task) -> None:
    for _ in range(23):
        topic.supervise(model="majority")
    shown = words(topic.runs()._repr_html_())
    assert "3 earlier runs are not shown" in shown
    assert "runs[3]" in shown
    assert "runs[2] " not in shown


def test_a_comparison_says_what_went_where(topic: rn.Task) -> None:
    """J2."""
    before = topic.supervise(model="majority")
    topic.enable("late", False)
    after = topic.supervise(model="majority")
    shown = words(after.compare(before)._repr_html_())
    assert "40 of 60 records" in shown
    assert "heuristic late" in shown
    assert "Delivery no label 20" in shown
    assert words(after.compare(after)._repr_html_()).count("The same went in.") == 1


def test_spans_are_compared_without_a_table_of_labels(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": "Ann Lee"} for n in range(4)], key="id")
    names = project.task("names", ["PER"], on="text", kind="spans")
    names.add(rn.Regex("PER", "Ann", name="ann"))
    names.add(rn.Regex("PER", "Lee", name="lee"))
    names.run(progress=False)
    names.label_many({"0": [(0, 3, "PER")], "1": []})
    before = names.supervise(model="majority")
    names.enable("lee", False)
    after = names.supervise(model="majority")
    assert "Spans" in words(after._repr_html_())
    shown = words(after.compare(before)._repr_html_())
    assert "4 of 4 records" in shown
    assert "no label" not in shown


def test_a_threshold_says_what_remains(topic: rn.Task) -> None:
    label(topic)
    weak = topic.supervise(model="weighted")
    found = weak.threshold(precision=0.3)
    shown = words(found._repr_html_())
    assert "For a precision of 30%" in shown
    assert f"of {found.checked}" in shown
    assert f"{found.records:,}" in shown
    impossible = topic.supervise(model="majority")
    topic.label_many({f"r{n}": BAD if n % 3 == 0 else "Delivery" for n in range(30)})
    assert "No weak labels are known" in words(impossible.threshold(1.0)._repr_html_())


def test_calibration_is_a_frame_that_reads_well(topic: rn.Task) -> None:
    label(topic)
    frame = topic.supervise(model="weighted").calibration()
    shown = words(frame._repr_html_() or "")
    assert "Right, 95 % interval" in shown
    assert f"Calibration error {frame.attrs['ece']:.3f}" in shown
    assert type(frame.head(1)) is type(frame)
    assert "<table" in str(frame[["confidence"]]._repr_html_())
