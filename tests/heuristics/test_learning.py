"""An estimator in a child: chunks there and back, columns of labels, errors in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from refinery_nb.heuristics.active import ActiveLearner
from refinery_nb.heuristics.learning import Worker, answers, packed, unpacked

ROWS = np.array([[0.0], [0.1], [1.0], [1.1], [2.0], [2.1]], np.float32)
CLASSES = np.array([0, 0, 2, 2, 1, 1])
FOLD = np.array([0, 1, 0, 1, 0, 1])


def worker(source: str, *, spans: bool = False, labels: str = "abc") -> Worker:
    made = ActiveLearner.from_source(source)
    setup = {
        "source": source,
        "entry": made.entry,
        "style": made.style,
        "labels": list(labels) if not spans else ["OUTSIDE", "B-a", "I-a"],
        "spans": spans,
    }
    return Worker(setup, [0] * 8)


def ask(one: Worker, job: str, width: int = 3, **arrays: Any) -> np.ndarray:
    header, body = one.run(0, one.load(packed(job, arrays), 0), -1)
    assert header == {"error": ""}, header
    return answers([body], width)


def test_arrays_come_back_as_they_were() -> None:
    given = {"rows": ROWS, "fold": FOLD, "none": np.zeros((0, 3))}
    job, found = unpacked(packed("learn", given))
    assert job == "learn"
    for name, array in given.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    "source",
    [
        "def make():\n    from sklearn.linear_model import LogisticRegression\n"
        "    return LogisticRegression(C=100)",
        "def make():\n    from sklearn.svm import LinearSVC\n    return LinearSVC(C=100)",
        "def make():\n    from sklearn.neighbors import KNeighborsClassifier\n"
        "    return KNeighborsClassifier(1)",
        "def make():\n    from sklearn.linear_model import Perceptron\n"
        "    class Plain:\n"
        "        def fit(self, x, y):\n            self.m = Perceptron().fit(x, y)\n"
        "        def predict(self, x):\n            return self.m.predict(x)\n"
        "    return Plain()",
        "class A(LearningClassifier):\n    def __init__(self):\n"
        "        from sklearn.naive_bayes import GaussianNB\n        self.model = GaussianNB()\n"
        "    def fit(self, e, l):\n        self.model.fit(e, l)\n"
        "    def predict_proba(self, e):\n        return self.model.predict_proba(e)",
    ],
    ids=["proba", "decision", "neighbours", "predict", "refinery"],
)
def test_probabilities_stand_in_the_columns_of_the_labels(source: str) -> None:
    one = worker(source)
    apart = ask(one, "learn", rows=ROWS, classes=CLASSES, fold=FOLD)
    assert apart.shape == (6, 3)
    np.testing.assert_allclose(apart.sum(axis=1), 1, atol=1e-5)
    found = ask(one, "ask", rows=ROWS)
    if "Perceptron" not in source and "LinearSVC" not in source:
        assert found.argmax(axis=1).tolist() == CLASSES.tolist()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_a_label_that_a_fold_lacks_gets_nothing_there() -> None:
    one = worker(
        "def make():\n    from sklearn.naive_bayes import GaussianNB\n    return GaussianNB()"
    )
    fold = np.array([0, 1, 0, 1, 0, 0])
    apart = ask(one, "learn", rows=ROWS, classes=CLASSES, fold=fold)
    assert (apart[fold == 0][:, 1] == 0).all()


def test_an_exception_of_the_model_is_told_in_one_line() -> None:
    one = worker("def make():\n    raise ValueError('no such\\nthing')")
    payload = packed("learn", {"rows": ROWS, "classes": CLASSES, "fold": FOLD})
    header, body = one.run(0, one.load(payload, 0), -1)
    assert header["error"] == "ValueError: no such thing"
    assert body == b""


def test_probabilities_of_another_shape_are_refused() -> None:
    source = (
        "class A(LearningClassifier):\n    def fit(self, e, l): pass\n"
        "    def predict_proba(self, e):\n        return e"
    )
    one = worker(source)
    payload = packed("learn", {"rows": ROWS, "classes": CLASSES, "fold": FOLD})
    header, _ = one.run(0, one.load(payload, 0), -1)
    assert "shape" in header["error"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.5])
def test_numbers_that_are_no_probabilities_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="no probabilities"):
        answers([np.array([bad], np.float32).tobytes()], 1)


TAGGER = """
from sequencelearn.sequence_tagger import CRFTagger

class ATLExtractor(LearningExtractor):
    def __init__(self):
        self.model = CRFTagger(num_epochs=100, learning_rate=0.001, momentum=0.9)

    @params_fit(embedding_name="text-tokens", train_test_split=0.5)
    def fit(self, embeddings, labels):
        self.model.fit(embeddings, labels)

    @params_inference(min_confidence=0.8, label_names=None)
    def predict_proba(self, embeddings):
        return self.model.predict_proba(embeddings)
"""


def test_refinerys_extractor_tags_sequences_of_any_length() -> None:
    """Its point taggers gave misaligned labels for them (reference 4.1-7)."""
    chance = np.random.default_rng(0)
    sizes = np.array([3, 8, 5, 2] * 6)
    tags = chance.integers(2, size=int(sizes.sum()))
    rows = (np.eye(2)[tags] + chance.normal(size=(len(tags), 2)) * 0.1).astype(np.float32)
    one = worker(TAGGER, spans=True)
    fold = np.arange(len(sizes)) % 3
    apart = ask(one, "learn", 2, rows=rows, sizes=sizes, tags=tags, fold=fold)
    assert (apart[:, 0] == tags).mean() > 0.95
    found = ask(one, "ask", 2, rows=rows, sizes=sizes)
    assert (found[:, 0] == tags).mean() > 0.95
    assert (found[:, 1] <= 1).all()
