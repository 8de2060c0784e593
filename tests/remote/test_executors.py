"""Learners, zero-shot classification and supervision give the same elsewhere as here."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import refinery_nb as rn
from refinery_nb.compute import RemoteKernel
from refinery_nb.compute.child import resolve
from refinery_nb.core.errors import EndpointError, QueryError
from refinery_nb.core.executor import Executor, Report
from refinery_nb.core.parcel import Parcel
from tests.language import tiny


class Packed:
    """Runs functions in this process, from bytes to bytes; ``asked`` are their names."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(
        self,
        target: str,
        question: Parcel,
        *,
        report: Report | None = None,
        cancel: threading.Event | None = None,
    ) -> Parcel:
        self.asked.append(target.partition(":")[2])
        sent = Parcel.from_bytes(question.to_bytes())
        answer: Parcel = resolve(target)(sent, report or (lambda done, total: None))
        return Parcel.from_bytes(answer.to_bytes())


class Gone(Packed):
    """A server that does not answer."""

    def run(self, *arguments: Any, **options: Any) -> Parcel:
        raise EndpointError("http://127.0.0.1:9 cannot be reached.")


@pytest.fixture(params=["packed", "remote"])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "packed":
        return Packed()
    remote: RemoteKernel = request.getfixturevalue("remote")
    return remote


WORDS = {"A": "goal match team score late", "B": "shares profit market bank deal"}


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    chance = np.random.default_rng(0)
    rows = [
        {"id": str(n), "text": " ".join(chance.choice(WORDS["AB"[n % 2]].split(), 3))}
        for n in range(120)
    ]
    project.add(rows, key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    topic.label_many({str(n): "AB"[n % 2] for n in range(40)})
    topic.add(rn.Lookup("A", ["goal", "team", "late"]))
    topic.add(rn.Lookup("B", ["shares", "bank"]))
    topic.run(progress=False)
    project.embed("text", progress=False)
    return topic


@pytest.mark.parametrize("model", ["auto", "fused"])
def test_classes_are_supervised_alike(topic: rn.Task, executor: Executor, model: str) -> None:
    options = {"model": model, "prior": {"A": 0.6, "B": 0.4}}
    here = topic.supervise(**options)
    there = topic.supervise(executor=executor, **options)
    pd.testing.assert_frame_equal(there.frame(), here.frame())
    pd.testing.assert_frame_equal(there.proba(), here.proba())
    assert there.summary == here.summary
    assert there.options == here.options


def test_spans_are_supervised_alike(project: rn.Project) -> None:
    texts = [f"Ada met Ben in {place} today" for place in ("Rome", "Oslo", "Lima") * 8]
    project.add([{"id": str(n), "text": text} for n, text in enumerate(texts)], key="id")
    names = project.task("names", ["PER", "LOC"], on="text", kind="spans")
    for n in range(12):
        names.label(str(n), [(0, 3, "PER"), (15, 19, "LOC")])
    names.add(rn.Lookup("PER", ["Ada", "Ben"]))
    names.add(rn.Regex("LOC", r"(?<=in )\w+"))
    names.run(progress=False)
    executor = Packed()
    here, there = names.supervise(model="fused"), names.supervise(model="fused", executor=executor)
    pd.testing.assert_frame_equal(there.frame(), here.frame())
    assert executor.asked == ["supervised"]


def test_what_cannot_be_sent_is_refused_and_what_runs_here_only_runs_here(topic: rn.Task) -> None:
    with pytest.raises(QueryError, match="is not sent"):
        topic.supervise(model="weighted", executor=Packed(), prior=np.array([0.5, 0.5]))
    topic.project.executor = Gone()
    assert len(topic.supervise(model="refinery"))
    topic.project.embed("text", progress=False)  # TF-IDF
    with pytest.raises(EndpointError, match="cannot be reached"):
        topic.supervise(model="weighted")


def test_a_model_that_somebody_brought_learns_alike(topic: rn.Task, executor: Executor) -> None:
    found = []
    for place in (None, executor):
        topic.project.executor = place
        topic.add(rn.ActiveLearner("text", LogisticRegression(C=10 if place else 9.9), name="one"))
        told = topic.run("one", progress=False)
        assert told["state"].tolist() == ["finished"], told["message"].tolist()
        found.append(topic.project.columns.of_task(topic.schema)["one"])
    here, there = found
    assert np.array_equal(there.record, here.record)
    assert np.array_equal(there.label, here.label)
    # Of another C, so that it was not remembered from the first run.
    assert np.allclose(there.confidence, here.confidence, atol=0.01)


def test_failures_elsewhere_are_told(topic: rn.Task) -> None:
    topic.project.executor = Packed()
    topic.add(rn.ActiveLearner("text", SVC(C=-1.0), name="one"))
    assert "the model failed" in topic.run("one", progress=False)["message"][0]
    topic.project.executor = Gone()
    topic.add(rn.ActiveLearner("text", LogisticRegression(), name="two"))
    told = topic.run("two", progress=False)
    assert told["state"].tolist() == ["failed"]
    assert "cannot be reached" in told["message"][0]


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    return tiny.nli(tmp_path_factory.mktemp("models") / "tiny-nli")


def test_zero_shot_classification_votes_alike(
    topic: rn.Task, executor: Executor, nli: Path
) -> None:
    topic.add(rn.ZeroShot("text", model=nli, min_confidence=0, name="here"))
    topic.run("here", progress=False)
    topic.project.executor = executor
    # Another hypothesis for the first one, as what a model has said is not asked again.
    for name, claim in (("there", "It is about {}."), ("again", "It is about {}.")):
        if name == "again":
            topic.project.executor = None
            with topic.project.database.write() as connection:
                connection.execute("DELETE FROM answer")
        topic.add(rn.ZeroShot("text", model=nli, hypothesis=claim, min_confidence=0, name=name))
        told = topic.run(name, progress=False)
        assert told["state"].tolist() == ["finished"], told["message"].tolist()
    columns = topic.project.columns.of_task(topic.schema)
    assert np.array_equal(columns["there"].record, columns["again"].record)
    assert np.array_equal(columns["there"].label, columns["again"].label)
    assert np.allclose(columns["there"].confidence, columns["again"].confidence, atol=1e-5)


def test_zero_shot_classification_that_reaches_nobody_is_told(topic: rn.Task, nli: Path) -> None:
    topic.project.executor = Packed()
    topic.add(rn.ZeroShot("text", model=nli, name="zs"))
    topic.project.executor = Gone()
    told = topic.run("zs", progress=False)
    assert told["state"].tolist() == ["failed"]
    assert "cannot be reached" in told["message"][0]
