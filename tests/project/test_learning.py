"""Learners of a project: honest votes, what is too little to learn from, and following labels."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, RefineryError, SchemaError
from refinery_nb.project.learning import learning_classes
from refinery_nb.project.learning.learning_following import Following, Stopped
from refinery_nb.store import heuristics

WAIT = 60.0
WORDS = {"A": "goal match team score late", "B": "shares profit market bank deal"}


def rows(count: int, *, seed: int = 0) -> list[dict[str, str]]:
    chance = np.random.default_rng(seed)
    made = []
    for number in range(count):
        words = chance.choice(WORDS["AB"[number % 2]].split(), 3).tolist()
        noise = [
            f"word{chance.integers(40)}",
            *chance.choice(WORDS["AB"[number % 3 % 2]].split(), 1),
        ]
        made.append({"id": str(number), "text": " ".join([*words, *noise])})
    return made


def truth(number: int) -> str:
    return "AB"[number % 2]


@pytest.fixture
def topic(project: rn.Project) -> Iterator[rn.Task]:
    project.add(rows(200), key="id")
    yield project.task("topic", ["A", "B"], on="text")
    project.close()


def label(topic: rn.Task, count: int, start: int = 0) -> None:
    topic.label_many({str(n): truth(n) for n in range(start, start + count)})


def votes(topic: rn.Task, name: str = "learner") -> dict[int, tuple[int, float]]:
    found = topic.project.columns.of_task(topic.schema)[name]
    columns = (found.record.tolist(), found.label.tolist(), found.confidence.tolist())
    return {record: (label, sure) for record, label, sure in zip(*columns, strict=True)}


def vectors(topic: rn.Task, name: str = "vectors") -> None:
    chance = np.random.default_rng(0)
    centers = {"A": chance.normal(size=6), "B": chance.normal(size=6)}
    by_text = {row["text"]: truth(int(row["id"])) for row in rows(200)}

    def model(texts: list[str]) -> np.ndarray:
        return np.array([centers[by_text[one]] + 0.3 * chance.normal(size=6) for one in texts])

    topic.project.embed("text", model=model, name=name, progress=False)


def test_it_labels_what_nobody_has_labelled(topic: rn.Task) -> None:
    label(topic, 40)
    topic.add(rn.ActiveLearner("text"))
    told = topic.run(progress=False)
    assert told["state"].tolist() == ["finished"]
    names = {one.id: one.name for one in topic.schema.labels}
    found = votes(topic)
    right = [names[label] == truth(record - 1) for record, (label, _) in found.items()]
    assert len(found) > 120
    assert np.mean(right) > 0.9
    assert "learnt from 40 labels" in told["message"][0]
    assert "words only" in told["message"][0]


def test_votes_on_labelled_records_have_not_seen_their_labels(topic: rn.Task) -> None:
    """With labels by chance a learner that saw them would find them all again."""
    chance = np.random.default_rng(1)
    topic.label_many({str(n): "AB"[chance.integers(2)] for n in range(120)})
    topic.add(rn.ActiveLearner("text", min_confidence=0.0))
    topic.run(progress=False)
    report = topic.report()
    judged = report["correct"].sum() + report["incorrect"].sum()
    assert judged == 120
    assert report["correct"].sum() / judged < 0.65


def test_the_same_labels_change_nothing(topic: rn.Task) -> None:
    label(topic, 30)
    topic.add(rn.ActiveLearner("text"))
    topic.run(progress=False)
    before = votes(topic)
    assert topic.run(progress=False)["state"].tolist() == ["unchanged"]
    assert votes(topic) == before


def test_it_learns_the_same_in_another_kernel(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p") as project:
        project.add(rows(200), key="id")
        topic = project.task("topic", ["A", "B"], on="text")
        label(topic, 30)
        topic.add(rn.ActiveLearner("text"))
        topic.run(progress=False)
        before = votes(topic)
    with rn.open(tmp_path / "p") as project:
        topic = project.task("topic")
        assert topic.run(progress=False)["state"].tolist() == ["unchanged"]
        assert votes(topic) == before


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({}, "0 valid manual labels"),
        ({"0": "A"}, r"1 valid manual label \('A' 1\)"),
        ({"0": "A", "1": "B"}, r"2 valid manual labels \('A' 1, 'B' 1\)"),
        ({"0": "A", "2": "A", "4": "A"}, r"3 valid manual labels \('A' 3\)"),
    ],
    ids=["none", "one", "two records", "one class"],
)
def test_too_few_labels_are_explained(topic: rn.Task, labels: dict[str, str], told: str) -> None:
    """H2."""
    topic.label_many(labels)
    topic.add(rn.ActiveLearner("text"))
    run = topic.run(progress=False)
    assert run["state"].tolist() == ["failed"]
    assert run["message"].str.contains(told).all()
    assert run["message"].str.contains("two labels with two records each").all()
    assert topic.heuristics()["message"].str.contains(told).all()


@pytest.mark.parametrize("text", ["the same", ""])
def test_texts_that_are_all_the_same_are_explained(project: rn.Project, text: str) -> None:
    """H2."""
    project.add([{"id": str(n), "text": text} for n in range(8)], key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    label(topic, 6)
    topic.add(rn.ActiveLearner("text"))
    assert "look the same" in topic.run(progress=False)["message"][0]


def test_records_of_which_nothing_is_known_get_no_vote(topic: rn.Task) -> None:
    topic.project.add([{"id": "blank", "text": "   "}, {"id": "none", "text": None}], key="id")
    label(topic, 40)
    topic.add(rn.ActiveLearner("text", min_confidence=0.0))
    topic.run(progress=False)
    assert not {201, 202} & set(votes(topic))
    assert len(votes(topic)) == 200


def test_reviewed_none_is_learnt_and_never_voted(topic: rn.Task) -> None:
    topic.project.add([{"id": f"n{n}", "text": f"rain sun cloud {n}"} for n in range(60)], key="id")
    label(topic, 30)
    topic.label_many({f"n{n}": rn.NONE for n in range(30)})
    topic.add(rn.ActiveLearner("text", min_confidence=0.0))
    topic.run(progress=False)
    found = votes(topic)
    assert sum(record > 230 for record in found) < 3
    assert sum(record <= 200 for record in found) > 190


def test_unsure_votes_and_other_labels_are_left_out(topic: rn.Task) -> None:
    label(topic, 30)
    topic.add(rn.ActiveLearner("text", min_confidence=0.9, labels=["B"], name="sure B"))
    topic.add(rn.ActiveLearner("text", min_confidence=0.0, name="all"))
    topic.run(progress=False)
    sure, every = votes(topic, "sure B"), votes(topic, "all")
    assert {label for label, _ in sure.values()} == {topic.schema.label("B").id}
    assert min(confidence for _, confidence in sure.values()) >= 0.9
    assert 0 < len(sure) < len(every) == 200


def test_a_renamed_label_stays_the_one_that_is_voted_for(topic: rn.Task) -> None:
    label(topic, 30)
    topic.add(rn.ActiveLearner("text", labels=["B"]))
    topic.run(progress=False)
    before = votes(topic)
    topic.rename_label("B", "Business").apply()
    assert topic.project.learning.wait(WAIT)
    assert topic.run(progress=False)["state"].tolist() == ["unchanged"]
    assert votes(topic) == before


def test_an_embedding_takes_part_once_it_is_there(topic: rn.Task) -> None:
    label(topic, 12)
    topic.add(rn.ActiveLearner("text", min_confidence=0.0))
    topic.run(progress=False)
    vectors(topic)
    told = topic.run(progress=False)
    assert told["state"].tolist() == ["finished"]
    assert "words only" not in told["message"][0]
    names = {one.id: one.name for one in topic.schema.labels}
    right = [names[label] == truth(record - 1) for record, (label, _) in votes(topic).items()]
    assert np.mean(right) > 0.97


def test_records_that_come_later_are_labelled_too(topic: rn.Task) -> None:
    label(topic, 30)
    topic.add(rn.ActiveLearner("text", min_confidence=0.0))
    topic.run(progress=False)
    topic.project.add([{"id": "new", "text": "goal match team"}], key="id")
    assert topic.heuristics()["state"].tolist() == ["outdated"]
    topic.run(progress=False)
    assert 201 in votes(topic)


def test_what_does_not_exist_is_refused_when_it_is_added(topic: rn.Task) -> None:
    topic.project.add([{"id": "x", "text": "a", "stars": 3}], key="id")
    spans = topic.project.task("names", ["X"], on="text", kind="spans")
    for task, learner, error in (
        (topic, rn.ActiveLearner("txt"), SchemaError),
        (topic, rn.ActiveLearner("stars"), HeuristicError),
        (topic, rn.ActiveLearner(labels=["C"]), SchemaError),
        (topic, rn.ActiveLearner(embedding="nothing"), RefineryError),
        (spans, rn.ActiveLearner("id"), HeuristicError),
        (spans, rn.ActiveLearner.from_source(CLASSIFIER), HeuristicError),
    ):
        with pytest.raises(error):
            task.add(learner)
    assert len(topic.heuristics()) == 0


CLASSIFIER = """
from sklearn.linear_model import LogisticRegression

class ATLClassifier(LearningClassifier):
    def __init__(self):
        self.model = LogisticRegression(C=10)

    @params_fit(embedding_name="vectors", train_test_split=0.5)
    def fit(self, embeddings, labels):
        assert set(labels) == {"A", "B"}
        self.model.fit(embeddings, labels)

    @params_inference(min_confidence=0.6, label_names=["A"])
    def predict_proba(self, embeddings):
        return self.model.predict_proba(embeddings)
"""


@pytest.mark.parametrize("model", ["estimator", "class", "refinery"])
def test_a_model_that_somebody_brought_learns_from_vectors(topic: rn.Task, model: str) -> None:
    vectors(topic)
    label(topic, 30)
    if model == "refinery":
        learner = rn.ActiveLearner.from_source(CLASSIFIER)
    else:
        given = LogisticRegression(C=10) if model == "estimator" else LogisticRegression
        learner = rn.ActiveLearner("text", given, name="learner", min_confidence=0.6)
    topic.add(learner)
    told = topic.run(progress=False)
    assert told["state"].tolist() == ["finished"], told["message"].tolist()
    names = {one.id: one.name for one in topic.schema.labels}
    found = votes(topic)
    right = [names[label] == truth(record - 1) for record, (label, _) in found.items()]
    assert len(found) > (80 if model == "refinery" else 180)
    assert np.mean(right) > 0.97
    if model == "refinery":
        assert {names[label] for label, _ in found.values()} == {"A"}


def test_an_error_of_a_brought_model_is_told_without_a_traceback(topic: rn.Task) -> None:
    vectors(topic)
    label(topic, 6)
    topic.add(rn.ActiveLearner("text", SVC(C=-1.0), name="learner"))
    told = topic.run(progress=False)
    assert told["state"].tolist() == ["failed"]
    message = told["message"][0]
    assert "the model failed" in message
    assert "Traceback" not in message
    assert "'C'" in message


def test_a_brought_model_needs_an_embedding(topic: rn.Task) -> None:
    label(topic, 6)
    topic.add(rn.ActiveLearner("text", LogisticRegression(), name="learner"))
    assert "no embedding of 'text'" in topic.run(progress=False)["message"][0]


def test_it_is_tried_on_a_few_records_and_nothing_is_kept(topic: rn.Task) -> None:
    label(topic, 30)
    found = topic.try_heuristic(rn.ActiveLearner("text"), n=5)
    assert found.columns.tolist() == ["key", "text", "vote", "confidence"]
    assert len(found) == 5
    assert set(found["vote"].dropna()) <= {"A", "B"}
    assert len(topic.heuristics()) == 0


# Following the labels


def test_it_learns_again_when_labels_arrive(topic: rn.Task) -> None:
    topic.add(rn.ActiveLearner("text"))
    label(topic, 20)
    assert topic.project.learning.wait(WAIT)
    assert topic.heuristics()["state"].tolist() == ["finished"]
    few = votes(topic)
    label(topic, 60, start=20)
    assert topic.project.learning.wait(WAIT)
    assert votes(topic) != few
    assert "learnt from 80 labels" in topic.heuristics()["message"][0]


def test_nothing_has_failed_while_there_are_too_few_labels_yet(topic: rn.Task) -> None:
    topic.add(rn.ActiveLearner("text"))
    label(topic, 2)
    assert topic.project.learning.wait(WAIT)
    assert topic.heuristics()["state"].tolist() == ["new"]
    label(topic, 2, start=2)
    assert topic.project.learning.wait(WAIT)
    assert topic.heuristics()["state"].tolist() == ["finished"]


def test_the_queue_is_told_before_the_votes_are(topic: rn.Task) -> None:
    told: list[str] = []
    topic.add(rn.ActiveLearner("text"))
    for name in ("labels", "votes", "learnt"):
        topic.project.events.subscribe(name, lambda _event, name=name: told.append(name))
    label(topic, 20)
    assert topic.project.learning.wait(WAIT)
    assert told == ["labels", "learnt", "votes"]


@pytest.mark.parametrize("how", ["follow", "pause", "disable"])
def test_following_can_be_switched_off(topic: rn.Task, how: str) -> None:
    topic.add(rn.ActiveLearner("text", follow=how != "follow"))
    if how == "pause":
        topic.project.learning.pause()
    elif how == "disable":
        topic.enable("learner", False)
    label(topic, 20)
    assert topic.project.learning.wait(WAIT)
    assert topic.heuristics()["state"].tolist() == ["new"]
    if how == "pause":
        assert topic.project.learning.paused
        topic.project.learning.resume()
        assert topic.project.learning.wait(WAIT)
        assert topic.heuristics()["state"].tolist() == ["finished"]


def test_a_bug_in_the_background_is_seen_in_the_list(
    topic: rn.Task, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    topic.add(rn.ActiveLearner("text"))
    label(topic, 20)
    topic.run(progress=False)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh no")

    monkeypatch.setattr(learning_classes, "learn", broken)
    label(topic, 2, start=20)
    assert topic.project.learning.wait(WAIT)
    found = topic.heuristics()
    assert found["state"].tolist() == ["failed"]
    assert "ZeroDivisionError: oh no" in found["message"][0]
    assert len(votes(topic)) > 0
    monkeypatch.undo()
    label(topic, 2, start=22)
    assert topic.project.learning.wait(WAIT)
    assert topic.heuristics()["state"].tolist() == ["finished"]


def test_no_thread_is_left_when_nothing_is_to_be_learnt(topic: rn.Task) -> None:
    topic.add(rn.ActiveLearner("text"))
    label(topic, 20)
    assert topic.project.learning.wait(WAIT)
    assert not [one for one in threading.enumerate() if "refinery_nb learning" in one.name]


def test_closing_stops_the_thread_in_the_middle_of_its_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = rn.open(tmp_path / "p")
    project.add(rows(200), key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    topic.add(rn.ActiveLearner("text"))
    begun, ended = threading.Event(), threading.Event()

    def long(*_: Any, **given: Any) -> None:
        begun.set()
        assert project.learning._following.stop.wait(WAIT)
        try:
            given["check"]()
        finally:
            ended.set()

    monkeypatch.setattr(learning_classes, "believe", long)
    label(topic, 20)
    assert begun.wait(WAIT)
    project.close()
    assert ended.is_set()
    assert not [one for one in threading.enumerate() if "refinery_nb learning" in one.name]


def test_code_of_a_project_does_not_run_by_itself(tmp_path: Path) -> None:
    """T6: a label is no consent to run somebody's model; running the task, or adding it, is."""
    with rn.open(tmp_path / "p") as project:
        project.add(rows(200), key="id")
        topic = project.task("topic", ["A", "B"], on="text")
        vectors(topic)
        topic.add(rn.ActiveLearner.from_source(CLASSIFIER))
        label(topic, 20)
        assert project.learning.wait(WAIT)
        assert topic.heuristics()["state"].tolist() == ["finished"]
        before = votes(topic)
    with rn.open(tmp_path / "p") as project:
        topic = project.task("topic")
        label(topic, 20, start=20)
        assert project.learning.wait(WAIT)
        assert votes(topic) == before
        topic.run(progress=False)
        assert votes(topic) != before
        label(topic, 20, start=40)
        after = votes(topic)
        assert project.learning.wait(WAIT)
        assert votes(topic) != after


def test_nothing_that_was_learnt_is_kept_in_the_project(topic: rn.Task) -> None:
    """H5, T18: a learner is learnt again from the labels, so no checkpoint can be of another."""
    label(topic, 20)
    topic.add(rn.ActiveLearner("text"))
    topic.run(progress=False)
    with topic.project.database.read() as connection:
        (row,) = heuristics.heuristics(connection, topic.id)
    assert set(row.spec) == {
        *("kind", "name", "on", "embedding", "min_confidence", "labels", "follow"),
    }


def test_labels_that_keep_coming_are_learnt_together() -> None:
    """A burst is one lesson: the thread waits for a pause, but not for ever."""
    from refinery_nb.core.events import Events

    class Change:
        def __init__(self, task: int) -> None:
            self.task = task

    learnt: list[int] = []
    gate = threading.Event()

    def learn(task: int) -> None:
        assert gate.wait(WAIT)
        learnt.append(task)

    events = Events()
    following = Following(events, learn, lambda: [])
    for _ in range(50):
        events.emit("labels", changes=[Change(1), Change(2)])
    gate.set()
    assert following.wait(WAIT)
    assert sorted(learnt) in ([1, 2], [1, 1, 2, 2])
    following.close()
    events.emit("labels", changes=[Change(1)])
    assert following.wait(WAIT)
    assert len(learnt) <= 4
    with pytest.raises(Stopped):
        following.check()
