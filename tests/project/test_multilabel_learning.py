"""Learners, queues and doubted labels of tasks whose records may have several labels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.core.query import Strategy

WORDS = {
    "Sport": ["goal", "match", "team", "score", "coach"],
    "Money": ["shares", "profit", "market", "bank", "deal"],
    "Law": ["court", "judge", "trial", "appeal", "verdict"],
}
NAMES = tuple(WORDS)
SETS = [
    tuple(name for name, yes in zip(NAMES, one, strict=True) if yes)
    for one in itertools.product([False, True], repeat=3)
]


def truth(number: int) -> list[str]:
    return list(SETS[number % 8])


def rows(count: int) -> list[dict[str, str]]:
    chance = np.random.default_rng(0)
    made = []
    for number in range(count):
        words = [f"word{chance.integers(40)}" for _ in range(3)]
        for name in truth(number):
            words += chance.choice(WORDS[name], 2).tolist()
        made.append({"id": str(number), "text": " ".join(chance.permutation(words))})
    return made


@pytest.fixture
def tags(project: rn.Project) -> Iterator[rn.Task]:
    project.add(rows(240), key="id")
    yield project.task("tags", list(NAMES), on="text", kind="multilabel")
    project.close()


def label(task: rn.Task, count: int) -> None:
    task.label_many({str(n): truth(n) for n in range(count)})


def said(task: rn.Task, name: str) -> dict[str, set[str]]:
    column = task.project.columns.of_task(task.schema)[name]
    names = {one.id: one.name for one in task.schema.labels}
    keys = dict(zip(task.project.view().ids().tolist(), task.project.view().keys(), strict=True))
    found: dict[str, set[str]] = {str(n): set() for n in range(240)}
    for record, one in zip(column.record.tolist(), column.label.tolist(), strict=True):
        found[keys[record]].add(names[one])
    return found


def test_a_learner_gives_each_record_its_labels(tags: rn.Task) -> None:
    label(tags, 80)
    tags.add(rn.ActiveLearner("text", min_confidence=0.5))
    told = tags.run(progress=False)
    assert told["state"].tolist() == ["finished"]
    assert (
        "learnt from 80 reviewed records; on records that it has not seen its F1"
        in (told["message"][0])
    )
    found = said(tags, "learner")
    right = [found[str(n)] == set(truth(n)) for n in range(80, 240)]
    assert np.mean(right) > 0.7
    report = tags.report().set_index("label")
    assert set(report.index) == set(NAMES)
    weak = tags.supervise(model="weighted")
    assert weak.scores().micro.f1 > 0.8


def test_what_it_votes_on_a_reviewed_record_has_not_seen_its_labels(tags: rn.Task) -> None:
    """Wrong labels are not learnt by heart: an honest vote contradicts them."""
    values = {str(n): truth(n) for n in range(80)}
    values["7"] = []  # all three labels, says the text
    tags.label_many(values)
    tags.add(rn.ActiveLearner("text", min_confidence=0.5))
    tags.run(progress=False)
    assert said(tags, "learner")["7"]
    found = tags.likely_mistakes(5)
    assert "7" in found.keys()  # noqa: SIM118
    frame = found.frame()
    ours = frame[frame["key"] == "7"]
    assert set(ours["given"]) <= {f"not {name}" for name in NAMES}
    assert set(ours["predicted"]) <= set(NAMES)
    assert found._repr_html_()


def test_a_label_is_learnt_once_two_have_it_and_two_do_not(tags: rn.Task) -> None:
    tags.add(rn.ActiveLearner("text"))
    told = tags.run(progress=False)
    assert told["state"].tolist() != ["finished"]
    assert "no label can be learnt from them yet" in told["message"][0]
    assert "'tags'" in told["message"][0]
    tags.label_many({"4": ["Sport"], "12": ["Sport"], "0": [], "2": ["Money"]})
    lesson = tags.project.learning.lesson(tags)
    assert lesson.beliefs.asked.tolist() == [True, False, False]  # type: ignore[union-attr]
    assert "Too few records have or lack Money, Law" in lesson.message
    with pytest.raises(SchemaError, match="'tags' has no label 'Spor'"):
        tags.add(rn.ActiveLearner("text", labels=["Spor"]))


def test_it_follows_the_labels_in_the_background(tags: rn.Task) -> None:
    label(tags, 40)
    tags.add(rn.ActiveLearner("text", min_confidence=0.5))
    tags.run(progress=False)
    before = said(tags, "learner")
    tags.label_many({str(n): truth(n) for n in range(40, 80)})
    assert tags.project.learning.wait(60.0)
    assert "learnt from 80 reviewed records" in tags.heuristics()["message"].item()
    assert said(tags, "learner") != before


def test_it_says_the_same_again_and_whatever_the_order_of_labels(tags: rn.Task) -> None:
    label(tags, 60)
    one = tags.project.learning.lesson(tags).beliefs
    tags.order_labels("Law", "Sport", "Money")
    other = tags.project.learning.lesson(tags).beliefs
    names = [label.name for label in tags.schema.labels]
    assert names == ["Law", "Sport", "Money"]
    back = [names.index(name) for name in NAMES]
    np.testing.assert_array_equal(one.proba, other.proba[:, back])  # type: ignore[union-attr]


def test_a_model_that_somebody_brought_learns_each_label(tags: rn.Task) -> None:
    label(tags, 60)
    by_text = {row["text"]: truth(int(row["id"])) for row in rows(240)}
    chance = np.random.default_rng(1)

    def model(texts: list[str]) -> np.ndarray:
        hot = np.array([[name in by_text[text] for name in NAMES] for text in texts], float)
        return hot + 0.2 * chance.normal(size=hot.shape)

    tags.project.embed("text", model=model, name="vectors", progress=False)
    tags.add(rn.ActiveLearner("text", LogisticRegression(), min_confidence=0.5, name="theirs"))
    assert tags.run(progress=False)["state"].tolist() == ["finished"]
    found = said(tags, "theirs")
    assert np.mean([found[str(n)] == set(truth(n)) for n in range(60, 240)]) > 0.9


@pytest.mark.parametrize("strategy", get_args(Strategy))
@pytest.mark.parametrize("labels", [0, 4, 48])
def test_a_queue_holds_each_unlabelled_record_once(
    tags: rn.Task, strategy: str, labels: int
) -> None:
    label(tags, labels)
    found = tags.queue(strategy).keys()
    assert len(found) == len(set(found)) == 240 - labels
    assert tags.queue(strategy).keys() == found


def test_queues_follow_what_is_doubted(tags: rn.Task) -> None:
    label(tags, 80)
    lesson = tags.project.learning.lesson(tags)
    ids = tags.project.view().ids()
    for measure in ("uncertain", "margin", "entropy"):
        doubts = lesson.beliefs.doubts(ids, measure)  # type: ignore[union-attr]
        by_key = dict(zip(tags.project.view().keys(), doubts.tolist(), strict=True))
        order = [by_key[key] for key in tags.queue(measure).keys()]  # noqa: SIM118
        assert order == sorted(order, reverse=True)


def test_where_heuristics_disagree_comes_first(tags: rn.Task) -> None:
    tags.add(rn.Regex("Sport", "goal", name="goals"))

    @tags.heuristic
    def all_of_them(record: Any) -> Any:
        text = record["text"]
        return [name for name in ("Money", "Law") if any(one in text for one in WORDS[name])]

    @tags.heuristic
    def sport(record: Any) -> Any:
        return (
            ["Sport"] if "match" in record["text"] else ["Law"] if "judge" in record["text"] else []
        )

    tags.run(progress=False)
    first = tags.queue("disagreement", n=10).keys()
    texts = {row["id"]: row["text"] for row in rows(240)}
    # One says Sport; the other votes, and elsewhere for Sport, but not here.
    assert all("judge" in texts[key] or "match" in texts[key] for key in first)


def test_before_anything_is_learnt_doubts_are_those_of_weak_labels(tags: rn.Task) -> None:
    @tags.heuristic
    def some(record: Any) -> Any:
        words = {"goal": ("Sport", 0.55), "shares": ("Money", 0.95), "court": ("Law", 0.9)}
        return [vote for word, vote in words.items() if word in record["text"]]

    tags.run(progress=False)
    weak = tags.supervise(model="weighted")
    proba = weak.proba()
    known = proba[(proba > 0).any(axis=1)]
    least = known.where(known > 0).apply(
        lambda row: max(0.0, np.minimum(row, 1 - row).max()), axis=1
    )
    first = tags.queue("uncertain", n=1).keys()[0]
    assert least[first] == pytest.approx(least.max(), abs=1e-6)


def test_doubted_labels_are_found_by_votes_where_texts_teach_nothing(project: rn.Project) -> None:
    project.add([{"id": str(n), "n": n} for n in range(60)], key="id")
    task = project.task("tags", ["Even", "Third"], kind="multilabel")

    @task.heuristic
    def even(record: Any) -> Any:
        return ["Even"] if record["n"] % 2 == 0 else ["Third"] if record["n"] % 3 == 0 else []

    values = {
        str(n): [name for name, by in (("Even", 2), ("Third", 3)) if n % by == 0] for n in range(60)
    }
    with pytest.raises(QueryError, match="nothing tells which labels of 'tags' are mistakes"):
        task.likely_mistakes()
    values["10"] = []
    task.label_many(values)
    task.run(progress=False)
    found = task.likely_mistakes(3)
    frame = found.frame()
    assert ("10", "not Even", "Even") in frame[["key", "given", "predicted"]].itertuples(
        index=False, name=None
    )


def test_rules_are_suggested_for_each_label(tags: rn.Task) -> None:
    label(tags, 80)
    found = tags.suggest(12)
    frame = found.frame()
    assert set(frame["label"]) == set(NAMES)
    assert len(frame) == 12
    keywords = frame[frame["kind"] == "keyword"]
    assert len(keywords)
    for name, rule in zip(keywords["label"], keywords["rule"], strict=True):
        assert rule in WORDS[name]
    words = {row["id"]: row["text"].split() for row in rows(240)}
    first = found[int(keywords.index[0])]
    for key in first.supports.keys():  # noqa: SIM118
        assert first.label in truth(int(key))
        assert first.rule in words[key]
    found.accept(*range(6))
    assert set(tags.run(progress=False)["state"]) == {"finished"}
    assert tags.supervise(model="weighted").scores().micro.precision > 0.8


def test_that_rules_are_silent_is_no_evidence_against_others(tags: rn.Task) -> None:
    @tags.heuristic
    def some(record: Any) -> Any:
        text = record["text"]
        return [name for name, words in WORDS.items() if words[0] in text or words[1] in text]

    tags.run(progress=False)
    tags.supervise(model="weighted")
    with pytest.raises(QueryError, match="nothing is labelled for 'tags' yet"):
        tags.suggest()
    label(tags, 40)
    found = tags.suggest(30).frame()
    tags.supervise(model="weighted")
    assert tags.suggest(30).frame().equals(found)
    assert {"coach", "bank", "verdict"} & set(found["rule"])
