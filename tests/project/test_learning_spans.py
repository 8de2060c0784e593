"""Learners of spans in a project: held-out votes, boundaries, vectors of tokens, brought models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError

WAIT = 60.0
CITIES = ["rome", "oslo", "lima", "cairo", "delhi", "quito", "paris", "seoul"]
PAIRS = [(a, b) for a in CITIES for b in CITIES if a != b]


def spans(text: str) -> list[tuple[int, int, str]]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        if word in CITIES:
            found.append((at, at + len(word), "CITY"))
        at += len(word)
    return found


@pytest.fixture
def names(project: rn.Project) -> rn.Task:
    texts = [f"fly {a} {b} or stay home" for a, b in PAIRS] + [f"nothing {n}" for n in range(10)]
    project.add([{"id": str(n), "text": text} for n, text in enumerate(texts)], key="id")
    return project.task("names", ["CITY"], on="text", kind="spans")


def label(names: rn.Task, count: int, start: int = 0) -> None:
    texts = names.project.records()["text"]
    names.label_many({str(n): spans(texts[str(n)]) for n in range(start, start + count)})


def votes(names: rn.Task, name: str = "learner") -> dict[int, list[tuple[int, int]]]:
    found = names.project.columns.of_task(names.schema)[name]
    said: dict[int, list[tuple[int, int]]] = {}
    assert found.start is not None
    assert found.end is not None
    for record, start, end in zip(found.record, found.start, found.end, strict=True):
        said.setdefault(int(record), []).append((int(start), int(end)))
    return said


def wanted(names: rn.Task) -> dict[int, list[tuple[int, int]]]:
    texts = names.project.records()["text"]
    found = {n + 1: [one[:2] for one in spans(text)] for n, text in enumerate(texts)}
    return {record: one for record, one in found.items() if one}


def test_spans_side_by_side_are_two_votes(names: rn.Task) -> None:
    label(names, 24)
    names.add(rn.ActiveLearner("text"))
    told = names.run(progress=False)
    assert told["state"].tolist() == ["finished"]
    assert "24 records with 48 spans" in told["message"][0]
    found, texts = votes(names), names.project.records()["text"]
    wanted = {
        n + 1: [one[:2] for one in spans(text)] for n, text in enumerate(texts) if spans(text)
    }
    exact = [found.get(record) == one for record, one in wanted.items()]
    assert np.mean(exact) > 0.9
    assert not set(found) - set(wanted)


def test_votes_on_reviewed_records_have_not_seen_their_spans(names: rn.Task) -> None:
    """Spans at places of chance are not found again where they were labelled."""
    chance = np.random.default_rng(0)
    texts = names.project.records()["text"]
    random = {}
    for n in range(40):
        words = texts[str(n)].split()
        word = words[chance.integers(1, 3)]
        start = texts[str(n)].index(word)
        random[str(n)] = [(start, start + len(word), "CITY")]
    names.label_many(random)
    names.add(rn.ActiveLearner("text", min_confidence=0.0))
    names.run(progress=False)
    report = names.report()
    assert report["precision"][0] < 0.75


@pytest.mark.parametrize("labels", [0, 1], ids=["none", "one record"])
def test_too_few_spans_are_explained(names: rn.Task, labels: int) -> None:
    label(names, labels)
    names.add(rn.ActiveLearner("text"))
    told = names.run(progress=False)
    assert told["state"].tolist() == ["failed"]
    assert f"{labels} reviewed record" in told["message"][0]
    assert "2 records with a span" in told["message"][0]


def test_records_reviewed_without_a_span_teach_too(names: rn.Task) -> None:
    label(names, 20)
    names.label_many({str(n): [] for n in range(len(PAIRS), len(PAIRS) + 5)})
    names.add(rn.ActiveLearner("text"))
    assert "25 records with 40 spans" in names.run(progress=False)["message"][0]
    assert not {len(PAIRS) + n for n in range(1, 11)} & set(votes(names))


def test_other_kernels_learn_the_same(tmp_path: Path) -> None:
    before = {}
    for turn in range(2):
        with rn.open(tmp_path / "p") as project:
            if not turn:
                texts = [f"fly {a} {b}" for a, b in PAIRS]
                project.add([{"id": str(n), "text": t} for n, t in enumerate(texts)], key="id")
                names = project.task("names", ["CITY"], on="text", kind="spans")
                label(names, 20)
                names.add(rn.ActiveLearner("text"))
            names = project.task("names")
            state = names.run(progress=False)["state"].tolist()
            if turn:
                assert state == ["unchanged"]
                assert votes(names) == before
            before = votes(names)


def test_vectors_of_tokens_take_part(names: rn.Task) -> None:
    def model(lists: list[list[str]]) -> list[np.ndarray]:
        return [np.array([[one in CITIES, 1.0] for one in words], np.float32) for words in lists]

    label(names, 4)
    names.add(rn.ActiveLearner("text", name="words"))
    names.run(progress=False)
    names.project.embed("text", model=model, level="token", name="tokens", progress=False)
    names.add(rn.ActiveLearner("text", embedding="tokens", name="vectors"))
    names.run(progress=False)
    texts = names.project.records()["text"]
    wanted = {
        n + 1: [one[:2] for one in spans(text)] for n, text in enumerate(texts) if spans(text)
    }
    found = votes(names, "vectors")
    assert np.mean([found.get(record) == one for record, one in wanted.items()]) > 0.95


def test_an_embedding_of_whole_records_is_refused(names: rn.Task) -> None:
    names.project.embed(
        "text", model=lambda texts: np.ones((len(texts), 2)), name="records", progress=False
    )
    with pytest.raises(HeuristicError, match="for each record"):
        names.add(rn.ActiveLearner("text", embedding="records"))


EXTRACTOR = """
from sequencelearn.sequence_tagger import CRFTagger

class ATLExtractor(LearningExtractor):
    def __init__(self):
        self.model = CRFTagger(num_epochs=100, learning_rate=0.001, momentum=0.9)

    @params_fit(embedding_name="tokens", train_test_split=0.5)
    def fit(self, embeddings, labels):
        assert {"OUTSIDE", "B-CITY"} >= {one for said in labels for one in said}
        self.model.fit(embeddings, labels)

    @params_inference(min_confidence=0.6, label_names=None)
    def predict_proba(self, embeddings):
        return self.model.predict_proba(embeddings)
"""


def test_refinerys_extractor_learns_spans_that_are_not_glued(names: rn.Task) -> None:
    def model(lists: list[list[str]]) -> list[np.ndarray]:
        return [np.array([[one in CITIES, 1.0] for one in words], np.float32) for words in lists]

    names.project.embed("text", model=model, level="token", name="tokens", progress=False)
    label(names, 20)
    names.add(rn.ActiveLearner.from_source(EXTRACTOR))
    told = names.run(progress=False)
    assert told["state"].tolist() == ["finished"], told["message"].tolist()
    texts = names.project.records()["text"]
    wanted = {
        n + 1: [one[:2] for one in spans(text)] for n, text in enumerate(texts) if spans(text)
    }
    assert votes(names) == wanted


def test_spans_are_tried_on_a_few_records(names: rn.Task) -> None:
    label(names, 20)
    found = names.try_heuristic(rn.ActiveLearner("text"), n=40).set_index("key")
    truth = names.project.records()["text"]
    right = [
        found.loc[key, "vote"] == [("CITY", truth[key][a:b]) for a, b, _ in spans(truth[key])]
        for key in found.index
    ]
    assert np.mean(right) > 0.8


def test_spans_are_learnt_again_when_labels_arrive(names: rn.Task) -> None:
    names.add(rn.ActiveLearner("text"))
    label(names, 10)
    assert names.project.learning.wait(WAIT)
    assert "10 records with 20 spans" in names.heuristics()["message"][0]
    label(names, 10, start=10)
    assert names.project.learning.wait(WAIT)
    assert "20 records with 40 spans" in names.heuristics()["message"][0]
