"""Runs of weak supervision: kept as versions, trusted as far as measured, compared, restored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import refinery_nb as rn
from refinery_nb import samples
from refinery_nb.core.errors import QueryError, SchemaError

RULES = {
    "parcel": ("Delivery", r"parcel|courier|arriv|deliver"),
    "broken": ("Defect", r"broke|crack|leak|defect|does not work"),
    "money": ("Refund", r"refund|money back|charged"),
    "late": ("Delivery", r"\blate\b|waiting"),
}


@pytest.fixture(scope="module")
def filled() -> Iterator[rn.Project]:
    """The sample messages with four rules, run once, and no manual label."""
    with rn.open(by="ann") as project:
        project.add(samples.path("messages.jsonl"), key="id")
        gold = _gold()
        topic = project.task("topic", sorted(set(gold.values())), on="text")
        for name, (label, pattern) in RULES.items():
            label = label if label in topic.labels else topic.labels[0]
            topic.add(rn.Regex(label, f"(?i){pattern}", name=name))
        topic.run(progress=False)
        yield project


@pytest.fixture
def topic(filled: rn.Project) -> Iterator[rn.Task]:
    """The task, its manual labels taken away afterwards."""
    task = filled.task("topic")
    yield task
    said = task.gold()["key"].tolist()
    task.label_many(dict.fromkeys(said))


def _gold() -> dict[str, str]:
    lines = samples.path("messages_gold.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row["topic"] for row in map(json.loads, lines)}


def _label(task: rn.Task, count: int, seed: int = 0) -> None:
    gold = _gold()
    keys = np.random.default_rng(seed).permutation(sorted(gold))[:count].tolist()
    task.label_many({key: gold[key] for key in keys})


def test_a_run_says_what_it_chose_and_why(topic: rn.Task) -> None:
    none = topic.supervise()
    assert "0 manual labels are too few" in repr(none)
    _label(topic, 120)
    some = topic.supervise()
    assert "cross-validated log-loss on 120 manual labels" in some.summary["why"]
    assert some.summary["chosen"] in repr(some)
    assert some.options["heuristics"].keys() == RULES.keys()
    assert some.options["gold"] == 120


def test_probabilities_of_a_run_sum_to_one_or_abstain(topic: rn.Task, filled: rn.Project) -> None:
    _label(topic, 60)
    weak = topic.supervise(model="weighted")
    proba, frame = weak.proba(), weak.frame().set_index("key")
    assert list(proba.columns) == list(topic.labels)
    assert set(proba.index) == set(filled.view().keys())
    total = proba.sum(axis=1)
    said = frame["label"].notna()
    assert np.allclose(total[said[said].index], 1, atol=0.02)
    assert (total[said[~said].index] == 0).all()
    best = proba.idxmax(axis=1)
    assert (best[said[said].index] == frame.loc[said, "label"]).all()


def test_calibration_is_measured_on_labels_that_the_model_did_not_see(topic: rn.Task) -> None:
    _label(topic, 150)
    weak = topic.supervise(model="weighted")
    assert weak.held_out is not None
    frame = weak.calibration()
    assert list(frame.columns) == ["confidence", "accuracy", "low", "high", "count"]
    assert frame["count"].sum() == len(weak.held_out)
    assert 0 <= frame.attrs["ece"] <= 1
    assert ((frame["low"] <= frame["accuracy"]) & (frame["accuracy"] <= frame["high"])).all()
    unchecked = topic.supervise(model="weighted", check=False, calibrate=False)
    assert unchecked.held_out is None


def test_a_threshold_keeps_what_is_as_precise_as_wanted(topic: rn.Task, filled: rn.Project) -> None:
    _label(topic, 200)
    weak = topic.supervise()
    low, high = weak.threshold(precision=0.4), weak.threshold(precision=0.6)
    assert low.checked >= high.checked > 0
    assert low.records >= high.records
    assert low.confidence <= high.confidence
    for found in (low, high):
        assert found.precision >= found.wanted
        assert found.low <= found.precision <= found.high
        frame = weak.frame()
        sure = frame[frame["confidence"] >= found.confidence - 1e-6]
        assert set(found.view.keys()) == set(sure["key"])
        assert (found.records == 0) == (frame["confidence"].max() < found.confidence - 1e-6)
        assert found.coverage == found.records / len(filled)
        assert f"{found.records:,} records remain" in repr(found)


def test_a_precision_that_no_confidence_reaches_is_said(topic: rn.Task) -> None:
    gold = _gold()
    wrong = {key: next(x for x in topic.labels if x != gold[key]) for key in list(gold)[:80]}
    weak = topic.supervise(model="majority")
    topic.label_many(wrong)
    found = weak.threshold(precision=1.0)
    assert (found.confidence, found.records) == (float("inf"), 0)
    assert found.view.keys() == []
    assert "No weak labels are known to have a precision of 100%" in repr(found)


def test_a_threshold_that_no_weak_label_reaches_is_said(topic: rn.Task) -> None:
    """Held-out labels may be surer than those of the run itself."""
    _label(topic, 200)
    found = replace(topic.supervise().threshold(precision=0.4), confidence=0.999, records=0)
    assert "from a confidence of 1.00 on, which no weak label of the run reaches" in repr(found)
    assert "remain" not in repr(found)


@pytest.mark.parametrize("precision", [0, -0.1, 1.01, float("nan")])
def test_a_precision_outside_its_range_is_refused(topic: rn.Task, precision: float) -> None:
    _label(topic, 10)
    with pytest.raises(QueryError, match="no precision"):
        topic.supervise(model="majority").threshold(precision=precision)


def test_without_manual_labels_no_precision_is_known(topic: rn.Task) -> None:
    weak = topic.supervise()
    with pytest.raises(QueryError, match="no manual label of 'topic' stands beside a weak one"):
        weak.threshold()
    assert np.isnan(weak.calibration().attrs["ece"])


def test_two_runs_are_compared_by_what_went_in_and_which_records_flipped(
    topic: rn.Task, filled: rn.Project
) -> None:
    before = topic.supervise(model="majority")
    topic.enable("late", False)
    try:
        after = topic.supervise(model="weighted")
    finally:
        topic.enable("late", True)
    found = after.compare(before)
    changed = found.changed.set_index("what")
    assert changed.loc["label model"].tolist() == ["majority", "weighted"]
    assert "heuristic late" in changed.index
    sides = [run.frame().set_index("key")["label"] for run in (before, after)]
    every = filled.view().keys()
    keys = [
        key
        for key in every
        if sides[0][key] != sides[1][key]
        and not (pd.isna(sides[0][key]) and pd.isna(sides[1][key]))
    ]
    assert len(keys) > 0
    assert set(found.view.keys()) == set(keys)
    assert len(found) == len(keys)
    rows = found.frame().set_index("key")
    for key in keys:
        for side, column in zip(sides, ("before", "after"), strict=True):
            said = rows.loc[key, column]
            assert said == side[key] or (pd.isna(said) and pd.isna(side[key]))
    assert f"{len(keys):,} of {len(filled):,} records flipped" in repr(found)


def test_a_run_compared_with_itself_differs_in_nothing(topic: rn.Task) -> None:
    weak = topic.supervise(model="weighted")
    found = weak.compare(weak)
    assert len(found) == 0
    assert found.changed.empty
    assert found.view.keys() == []


def test_runs_of_different_tasks_are_not_compared(topic: rn.Task, filled: rn.Project) -> None:
    other = filled.task("other", ["Yes", "No"], on="text")
    other.add(rn.Regex("Yes", "a"))
    other.run(progress=False)
    with pytest.raises(QueryError, match="different tasks"):
        topic.supervise(model="majority").compare(other.supervise(model="majority"))


def test_a_restored_run_is_a_new_one_with_the_old_labels(topic: rn.Task) -> None:
    _label(topic, 60)
    old = topic.supervise(model="weighted")
    newer = topic.supervise(model="majority")
    back = old.restore()
    assert topic.runs()[-1].id == back.id > newer.id
    assert back.options["restored"] == old.id
    assert back.frame().equals(old.frame())
    assert back.proba().equals(old.proba())
    assert back.calibration().equals(old.calibration())
    assert len(back.compare(old)) == 0


def test_shares_of_labels_are_given_by_name(topic: rn.Task) -> None:
    first, *others = topic.labels
    prior = {first: 0.9} | {name: 0.1 / len(others) for name in others}
    said = topic.supervise(model="dawid_skene", prior=prior).proba()[first].sum()
    other = topic.supervise(model="dawid_skene", prior=prior | {first: 0.01}).proba()[first].sum()
    assert said > other
    with pytest.raises(SchemaError, match="'Delivry'"):
        topic.supervise(model="weighted", prior={"Delivry": 1.0})


def test_a_model_that_does_not_exist_is_named(topic: rn.Task) -> None:
    with pytest.raises(QueryError, match="'wieghted'") as raised:
        topic.supervise(model="wieghted")
    assert "weighted" in str(raised.value.hint)


def test_vectors_may_be_given_by_key_or_in_the_order_of_the_records(
    topic: rn.Task, filled: rn.Project
) -> None:
    _label(topic, 60)
    keys = filled.view().keys()
    gold = _gold()
    # Vectors that tell the labels apart: a classifier on them is right where no rule votes.
    values = np.array(
        [[topic.labels.index(gold[key]) == at for at in range(len(topic.labels))] for key in keys],
        np.float32,
    )
    in_order = topic.supervise(model="fused", vectors=values)
    shuffled = np.random.default_rng(0).permutation(len(keys))
    by_key = pd.DataFrame(values[shuffled], index=[keys[at] for at in shuffled.tolist()])
    assert topic.supervise(model="fused", vectors=by_key).frame().equals(in_order.frame())
    said = in_order.frame().set_index("key")["label"]
    assert np.mean([said[key] == gold[key] for key in keys]) > 0.95
    assert len(said.dropna()) > len(topic.supervise(model="weighted").frame()["label"].dropna())


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        (np.zeros((3, 2)), r"shape \(3, 2\)"),
        (np.full((600, 2), np.nan), "600 vectors hold NaN"),
        (pd.DataFrame([[1.0]], index=["nobody"]), "no key of the vectors' index"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(topic: rn.Task, vectors: Any, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        topic.supervise(model="fused", vectors=vectors)


def test_heuristics_are_ranked_by_what_they_add(topic: rn.Task) -> None:
    label, pattern = RULES["broken"]
    topic.add(rn.Regex(label, f"(?i){pattern}", name="copy"))
    try:
        topic.run(progress=False)
        _label(topic, 120)
        found = topic.rank()
    finally:
        topic.remove("copy")
    assert set(found["heuristic"]) == {*RULES, "copy"}
    assert found["gain"].is_monotonic_decreasing
    assert found["reached"].iloc[-1] == pytest.approx(1)
    # Of two that say the same, one is enough.
    both = found[found["heuristic"].isin(["broken", "copy"])]
    assert both["keep"].tolist() == [True, False]


def test_supervision_repeats_itself(topic: rn.Task) -> None:
    _label(topic, 80)
    first, second = topic.supervise(), topic.supervise()
    assert first.frame().equals(second.frame())
    assert first.proba().equals(second.proba())


def test_runs_of_spans_have_a_probability_for_each_span_and_are_compared(tmp_path: Path) -> None:
    with rn.open(tmp_path / "spans") as project:
        texts = ["Ann met Bob in Rome", "Rome is old", "nobody went", "Bob saw Ann"]
        project.add([{"id": str(at), "text": text} for at, text in enumerate(texts)], key="id")
        names = project.task("names", ["PER", "LOC"], on="text", kind="spans")
        names.add(rn.Lookup("PER", ["Ann", "Bob"], name="people"))
        names.add(rn.Regex("LOC", "Rome", name="towns"))
        names.run(progress=False)
        before = names.supervise(model="weighted")
        names.label("1", [])
        names.enable("towns", False)
        after = names.supervise()
        frame = before.frame()
        assert ((frame["confidence"] > 0) & (frame["confidence"] <= 1)).all()
        found = after.compare(before)
        assert set(found.view.keys()) == {"0", "1"}
        assert found.frame().set_index("key").loc["1", "before"] == [(0, 4, "LOC")]
        with pytest.raises(QueryError, match="no probabilities of all labels"):
            before.proba()
    with rn.open(tmp_path / "spans") as project:
        runs = project.task("names").runs()
        assert [run.model for run in runs] == ["weighted", "auto"]
        assert runs[0].frame().equals(frame)


def test_a_run_outlives_a_label_that_was_removed(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "a"}, {"id": "2", "text": "b"}], key="id")
    task = project.task("letter", ["A", "B"], on="text")
    task.add(rn.Regex("A", "a", name="a"))
    task.add(rn.Regex("B", "b", name="b"))
    task.run(progress=False)
    weak = task.supervise(model="weighted")
    task.remove("b")
    task.remove_label("B")
    assert weak.frame().set_index("key").loc["1", "label"] == "A"
    assert list(weak.proba().columns) == ["A"]
    again = task.supervise(model="weighted")
    assert set(again.compare(weak).view.keys()) == {"2"}
