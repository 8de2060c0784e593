"""A learner as text: what is kept of a model, and what is refused before anything runs."""

from __future__ import annotations

import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, LinearSVC

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics import build
from refinery_nb.heuristics.active import CLASSES, SPANS, ActiveLearner
from refinery_nb.heuristics.atl import LearningClassifier, params_fit, params_inference, read
from refinery_nb.heuristics.estimator import check, source_of

REFINERY = """
from typing import List
from sklearn.linear_model import LogisticRegression

EMBEDDING: str = "headline-minilm"
LABELS: List[str] = None

class ATLClassifier(LearningClassifier):

    def __init__(self):
        self.model = LogisticRegression()

    @params_fit(embedding_name = EMBEDDING, train_test_split = 0.5)
    def fit(self, embeddings, labels):
        self.model.fit(embeddings, labels)

    @params_inference(min_confidence = 0.9, label_names = ["Sports", "World"])
    def predict_proba(self, embeddings):
        return self.model.predict_proba(embeddings)
"""
WEIGHTS = (1.0, 2.0)


def tuned() -> object:
    return SVC(C=WEIGHTS[1], probability=True)


class OwnClassifier(LearningClassifier):
    def __init__(self) -> None:
        self.model = GaussianNB()

    @params_fit(embedding_name="vectors")
    def fit(self, embeddings, labels):  # type: ignore[no-untyped-def]
        self.model.fit(embeddings, labels)

    @params_inference(0.6, label_names=["A"])
    def predict_proba(self, embeddings):  # type: ignore[no-untyped-def]
        return self.model.predict_proba(embeddings)


def run(source: str, entry: str) -> object:
    names: dict[str, object] = {}
    exec(compile(source, "<test>", "exec"), names)
    return names[entry]()  # type: ignore[operator]


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(C=3.0, class_weight={0: 1.0, 1: 2.5}),
        make_pipeline(StandardScaler(with_mean=False), SVC(gamma=0.1, probability=True)),
        VotingClassifier([("a", GaussianNB()), ("b", LogisticRegression())], voting="soft"),
    ],
    ids=["plain", "pipeline", "nested"],
)
def test_an_estimator_is_kept_as_the_text_that_makes_it_again(model: object) -> None:
    again = run(*source_of(model))
    assert repr(again) == repr(model)


def test_a_class_and_a_function_are_kept_as_text() -> None:
    assert isinstance(run(*source_of(LinearSVC)), LinearSVC)
    made = run(*source_of(tuned))
    assert isinstance(made, SVC)
    assert made.C == 2.0


def test_what_cannot_be_written_as_text_is_refused_by_name() -> None:
    with pytest.raises(HeuristicError, match="parameter func"):
        source_of(make_pipeline(FunctionTransformer(object().__eq__), SVC()))
    with pytest.raises(HeuristicError, match="no name"):
        source_of(lambda: SVC())
    with pytest.raises(HeuristicError, match="no model"):
        source_of(42)
    with pytest.raises(HeuristicError, match="takes n"):
        source_of(_needs)


def _needs(n: int) -> object:
    return SVC(C=n)


def test_the_parameters_of_refinerys_class_are_read_from_its_text() -> None:
    made = ActiveLearner.from_source(REFINERY, "old")
    assert made.style == "refinery"
    assert made.spans is False
    assert made.embedding == "headline-minilm"
    assert made.min_confidence == 0.9
    assert made.labels == ["Sports", "World"]


def test_what_is_said_beside_the_class_counts_more_than_what_stands_in_it() -> None:
    made = ActiveLearner.from_source(REFINERY, embedding="other", min_confidence=0.2)
    assert (made.embedding, made.min_confidence) == ("other", 0.2)


def test_a_live_class_in_refinerys_manner_is_kept_with_its_parameters() -> None:
    made = ActiveLearner(OwnClassifier)
    assert (made.style, made.embedding, made.min_confidence) == ("refinery", "vectors", 0.6)
    assert made.labels == ["A"]
    assert made.name == "learner OwnClassifier"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def", "no Python"),
        ("x = 1", "defines nothing"),
        ("def a(): pass\ndef b(): pass", "defines a, b"),
        ("def make():\n    return Unknown()", "Unknown"),
        ("class A(LearningClassifier):\n    def fit(self, e, l): pass", "predict_proba"),
        (REFINERY.replace("EMBEDDING,", "'a'.upper(),"), "no plain constant"),
        (f"{REFINERY}\nclass B(LearningClassifier):\n    pass", "2 learners"),
    ],
)
def test_a_text_that_is_no_learner_is_refused(source: str, told: str) -> None:
    with pytest.raises(HeuristicError, match=told):
        ActiveLearner.from_source(source)


def test_nothing_of_a_text_is_run_to_check_it() -> None:
    assert check(f"raise SystemExit\n{REFINERY}") == "ATLClassifier"
    assert read("import antigravity") is None


def test_a_spec_makes_the_same_learner_again() -> None:
    for made in (
        ActiveLearner("headline", min_confidence=0.8, labels=["A"], follow=False),
        ActiveLearner("headline", SVC(probability=True), embedding="e"),
        ActiveLearner.from_source(REFINERY),
    ):
        again = build(made.spec())
        assert again.spec() == made.spec()
        assert again.fingerprint == made.fingerprint


def test_a_version_is_what_would_vote_otherwise() -> None:
    plain = ActiveLearner("headline")
    assert ActiveLearner("headline", name="b", follow=False).fingerprint == plain.fingerprint
    for other in (
        ActiveLearner("headline", min_confidence=0.9),
        ActiveLearner("headline", labels=["A"]),
        ActiveLearner("text"),
        ActiveLearner("headline", embedding="e"),
        ActiveLearner("headline", GaussianNB()),
    ):
        assert other.fingerprint != plain.fingerprint
    assert ActiveLearner("headline", min_confidence=0.9).recipe == plain.recipe


def test_how_sure_a_vote_must_be_depends_on_the_kind_of_task() -> None:
    assert ActiveLearner().sure(spans=False) == CLASSES
    assert ActiveLearner().sure(spans=True) == SPANS
    assert ActiveLearner(min_confidence=0.0).sure(spans=False) == 0.0


@pytest.mark.parametrize("number", [-0.1, 1.1, True, "much"])
def test_a_confidence_that_is_none_is_refused(number: object) -> None:
    with pytest.raises(HeuristicError, match="min_confidence"):
        ActiveLearner(min_confidence=number)  # type: ignore[arg-type]


def test_labels_that_are_no_names_are_refused() -> None:
    with pytest.raises(HeuristicError, match="labels"):
        ActiveLearner(labels=[1])  # type: ignore[list-item]


def test_it_is_a_public_name() -> None:
    assert rn.ActiveLearner is ActiveLearner
