"""How far weak labels of a multilabel task are to be trusted: label by label, unseen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.core.votes import Votes
from refinery_nb.project.quality.charts_data import label_counts, meetings
from refinery_nb.project.quality.confusion import compare
from refinery_nb.project.quality.scoring import scores
from refinery_nb.store import weak as stored

NAMES = ("Late", "Rude", "Money")


@pytest.fixture
def planted(project: rn.Project) -> rn.Task:
    """400 records whose columns tell two labels well and one badly; 150 are reviewed."""
    rng = np.random.default_rng(0)
    truth = rng.random((400, 3)) < [0.5, 0.3, 0.4]
    flip = rng.random((2, 400, 3)) < np.array([0.05, 0.1, 0.35])
    seen = np.where(flip, ~truth, truth)
    rows = [
        {
            "id": n,
            "one": " ".join(name for name, yes in zip(NAMES, seen[0][n], strict=True) if yes),
            "two": " ".join(name for name, yes in zip(NAMES, seen[1][n], strict=True) if yes),
        }
        for n in range(400)
    ]
    project.add(rows, key="id")
    task = project.task("tags", list(NAMES), kind="multilabel")

    @task.heuristic
    def one(record: Any) -> Any:
        return (record["one"] or "").split()

    @task.heuristic
    def two(record: Any) -> Any:
        return (record["two"] or "").split()

    task.run(progress=False)
    task.label_many(
        {n: [name for name, yes in zip(NAMES, truth[n], strict=True) if yes] for n in range(150)}
    )
    return task


def test_what_is_said_of_reviewed_records_is_measured_unseen(planted: rn.Task) -> None:
    weak = planted.supervise(model="weighted")
    found = weak.scores()
    frame = found.frame().set_index("label")
    assert frame.loc["Late", "precision"] > frame.loc["Money", "precision"] + 0.05
    assert found.hits.records == 150
    assert weak.summary["held_out"]["accuracy"] == pytest.approx(found.exact_match)
    assert planted.runs().frame()["accuracy"].item() == pytest.approx(found.exact_match)
    assert "F1" in repr(found)
    assert "micro" in found._repr_html_()
    some = weak.scores(planted.project.where(planted.labeled_as("Late")))
    assert some.hits.records == int(frame.loc["Late", "given"])
    # Held out is what was kept, not what the fitted run says: without it, other numbers.
    held = weak.held_out
    assert held is not None
    assert (held.confidence < 0.5).any()
    with planted.project.database.write() as connection:
        inverted = Votes(held.record, held.label, 1 - held.confidence)
        connection.execute(
            "UPDATE weak_run SET held_out = ? WHERE id = ?", (inverted.to_bytes(), weak.id)
        )
    with planted.project.database.read() as connection:
        kept = stored.held_out(connection, weak.id)
    assert kept is not None
    assert weak.scores().micro.f1 < 0.5


def test_calibration_and_thresholds_are_of_all_labels_or_of_one(planted: rn.Task) -> None:
    weak = planted.supervise(model="weighted")
    every, late, money = (weak.calibration(name) for name in (None, "Late", "Money"))
    frame = weak.scores().frame().set_index("label")
    assert every["count"].sum() == frame["said"].sum()
    assert late["count"].sum() == frame.loc["Late", "said"]
    right = (money["accuracy"] * money["count"]).sum()
    assert right == pytest.approx(frame.loc["Money", "right"])
    assert every.attrs["ece"] < 0.15
    assert "Calibration error" in every._repr_html_()  # type: ignore[operator]

    found = weak.threshold(0.9, "Late")
    assert found.precision >= 0.9
    having = weak.frame().set_index("key")
    expected = [
        key
        for key, labels, sure in zip(
            having.index, having["label"], having["confidence"], strict=True
        )
        if labels is not None
        and any(
            name == "Late" and round(one, 6) >= found.confidence
            for name, one in zip(labels, sure, strict=True)
        )
    ]
    assert found.view.keys() == expected
    assert found.records == len(expected)
    assert weak.threshold(0.6).records >= found.records
    with pytest.raises(SchemaError, match="has no label 'Lat'"):
        weak.threshold(0.9, "Lat")


def test_without_manual_labels_nothing_is_measured(planted: rn.Task) -> None:
    planted.project.add([{"id": 1000, "one": "Late", "two": ""}])
    planted.label_many(dict.fromkeys(range(150)))
    weak = planted.supervise(model="weighted")
    assert weak.calibration().empty
    with pytest.raises(QueryError, match="no manual label of 'tags' stands beside a weak one"):
        weak.threshold(0.9)
    with pytest.raises(QueryError, match="of 'tags' have no record in common"):
        weak.scores()


def test_a_matrix_asks_about_one_label(planted: rn.Task) -> None:
    weak = planted.supervise(model="weighted")
    frame = weak.scores().frame().set_index("label")
    for name in NAMES:
        found = compare(planted, level=name)
        assert found.row_labels == found.column_labels == [name, f"not {name}"]
        counts = found.confusion.counts
        right, said, given = (int(frame.loc[name, one]) for one in ("right", "said", "given"))
        assert counts.tolist() == [
            [right, given - right],
            [said - right, 150 - given - said + right],
        ]
    found = compare(planted, level="Money")
    missed = found.view(0, 1)
    assert missed.count() == found.confusion.counts[0, 1] > 0
    gold = planted.gold().set_index("key")["label"]
    assert all("Money" in gold[key] for key in missed.keys())  # noqa: SIM118
    assert missed.title == "manual Money, weak not Money"
    missed.save("wrong")
    keys = missed.keys()
    planted.rename_label("Money", "Price").apply()
    assert planted.project.slices["wrong"].keys() == keys
    with pytest.raises(SchemaError, match="has no label 'Money'"):
        compare(planted, level="Money")
    late = compare(planted, level="Late")
    with pytest.raises(QueryError, match="asks about 'Late', not 'Price'"):
        late.position("Price")


def test_heuristics_and_people_are_scored_too(planted: rn.Task) -> None:
    planted.label_many({n: ["Late"] for n in range(20)}, by="bob")
    one = scores(planted, "one", "gold")
    assert one.frame()["said"].sum() > 0
    bob = scores(planted, "bob", "ann")
    assert bob.hits.records == 20
    report = planted.report().set_index(["heuristic", "label"])
    frame = scores(planted, "one").frame().set_index("label")
    for name in NAMES:
        expected = frame.loc[name, "right"]
        assert report.loc[("one", name), "correct"] >= expected


def test_runs_are_compared_by_the_sets_they_give(planted: rn.Task) -> None:
    first = planted.supervise(model="majority")
    second = planted.supervise(model="weighted")
    found = second.compare(first)
    sides = [run.frame().set_index("key")["label"] for run in (first, second)]
    flipped = [key for key in sides[0].index if (sides[0][key] or []) != (sides[1][key] or [])]
    assert found.frame()["key"].tolist() == flipped
    assert all(isinstance(one, list) for one in found.frame()["after"] if one is not None)
    assert found._repr_html_()
    assert len(second.compare(second)) == 0
    planted.order_labels("Money", "Rude", "Late")
    again = planted.supervise(model="weighted")
    assert len(again.compare(second)) == 0
    assert again.restore().scores().micro == again.scores().micro


def test_of_merged_labels_the_likelier_answer_stands(planted: rn.Task) -> None:
    weak = planted.supervise(model="weighted")
    before = weak.proba()
    planted.merge(["Late"], into="Rude").apply()
    after = weak.proba()
    np.testing.assert_allclose(after["Rude"], before[["Late", "Rude"]].max(axis=1))
    assert (weak.held_out.confidence <= 1).all()  # type: ignore[union-attr]
    assert 0.5 < weak.scores().micro.f1 < 1


def test_heuristics_are_ranked_for_each_label(planted: rn.Task) -> None:
    found = planted.rank()
    assert found["label"].tolist() == [name for name in NAMES for _ in range(2)]
    assert found.groupby("label")["heuristic"].agg(sorted).tolist() == [["one", "two"]] * 3
    gain = found.groupby("label", sort=False)["gain"].sum()
    assert gain["Late"] > gain["Money"]


def test_heuristics_meet_where_both_answer_one_question(planted: rn.Task) -> None:
    @planted.heuristic
    def late(record: Any) -> Any:
        return ["Late"]

    planted.run(progress=False)
    votes = planted.project.columns.of_task(planted.schema)
    ids = {label.name: label.id for label in planted.schema.labels}
    one, everywhere = votes["one"], votes["late"]
    found = meetings(planted)
    at = {name: place for place, name in enumerate(found.sources)}
    voted = set(one.record.tolist())
    yes = set(one.record[one.label == ids["Late"]].tolist())
    assert len(everywhere) == 400
    assert found.both[at["one"], at["late"]] == len(voted)
    assert found.differ[at["one"], at["late"]] == len(voted - yes)
    assert (found.differ == found.differ.T).all()


def test_labels_are_counted_and_records_without_any(planted: rn.Task) -> None:
    weak = planted.supervise(model="weighted")
    counts = label_counts(planted).set_index("label")
    said = weak.frame()["label"]
    assert counts.loc["none", "weak"] == sum(one == [] for one in said)
    assert counts.loc["Late", "weak"] == sum("Late" in (one or ()) for one in said)
    assert counts.loc["none", "manual"] == sum(not one for one in planted.gold()["label"])


def test_the_charts_and_the_quality_view_show_it(planted: rn.Task) -> None:
    planted.supervise(model="weighted")
    quality = rn.Quality(planted)
    head = quality._repr_mimebundle_()[0]["text/html"]
    assert "calibration error" in head
    for tab in quality._choice.options:
        quality._choice.value = tab
        assert quality._row.children
    quality.close()
    matrix = rn.ConfusionMatrix(planted, level="Rude")
    assert "not Rude" in matrix._repr_mimebundle_()[0]["text/html"]
    assert matrix.frame().columns.tolist() == ["Rude", "not Rude"]
    assert matrix.figure() is not None
    assert matrix.select("Rude", None).count() == matrix.comparison.confusion.counts[0, 1]
    matrix.close()


def test_each_label_is_calibrated_by_itself_and_the_same_comes_out_again(planted: rn.Task) -> None:
    one, other = (planted.supervise(model="auto") for _ in range(2))
    told = one.summary["labels"]
    assert set(told) == set(NAMES)
    assert len({told[name]["temperature"] for name in NAMES}) == 3
    assert one.frame().equals(other.frame())
    assert one.proba().equals(other.proba())
    assert one.held_out is not None
    assert other.held_out is not None
    assert one.held_out.to_bytes() == other.held_out.to_bytes()
    assert other.summary == one.summary
