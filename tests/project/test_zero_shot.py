"""Zero-shot classification in a project: what is asked, what is kept, what is voted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, InputError, RefineryError
from refinery_nb.language.entailment import Entailment
from refinery_nb.project.models.zero_shot import hypothesis
from tests.language import tiny

TEXTS = ["the team won late", "profits rise again", "a parcel came", "  ", "the team won late"]
LABELS = ["Sports", "Business", "World"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return tiny.nli(tmp_path_factory.mktemp("models") / "tiny-nli")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Collect the pairs that a model is asked about."""
    pairs: list[tuple[str, str]] = []
    scores = Entailment.scores

    def counted(self: Entailment, given: list[tuple[str, str]]) -> Iterator[object]:
        pairs.extend(given)
        return scores(self, given)

    monkeypatch.setattr(Entailment, "scores", counted)
    return pairs


def topic(root: Path | None = None, texts: list[str] = TEXTS) -> rn.Task:
    project = rn.open(root)
    rows = [{"id": str(at), "headline": text} for at, text in enumerate(texts)]
    project.add(rows, key="id")
    return project.task("topic", LABELS, on="headline")


def votes(task: rn.Task, name: str) -> dict[int, tuple[str, float]]:
    column = task.project.columns.of_task(task.schema)[name]
    return {
        record: (task.schema.label_name(label), round(sure, 5))
        for record, label, sure in zip(
            column.record.tolist(), column.label.tolist(), column.confidence.tolist(), strict=True
        )
    }


def test_votes_are_what_the_pipeline_of_transformers_says(folder: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    model = AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    judge = pipeline("zero-shot-classification", model=model, tokenizer=tokenizer)
    task = topic()
    for alone in (False, True):
        name = f"zs{alone}"
        task.add(
            rn.ZeroShot("headline", model=folder, min_confidence=0, individually=alone, name=name)
        )
        task.run(progress=False)
        for record, (label, sure) in votes(task, name).items():
            text = task.project.frame([record])["headline"].iloc[0]
            told = judge(
                text,
                LABELS,
                hypothesis_template="This text is about {}.",
                multi_label=alone,
            )
            assert (label, sure) == (told["labels"][0], pytest.approx(told["scores"][0], abs=1e-4))
        assert len(votes(task, name)) == 4


def test_only_what_is_new_is_asked_about(folder: Path, asked: list[tuple[str, str]]) -> None:
    task = topic()
    task.add(rn.ZeroShot("headline", model=folder, name="zs", min_confidence=0))
    task.run(progress=False)
    # Two records have the same text, one has none.
    assert len(asked) == 3 * 3
    asked.clear()
    assert task.run(progress=False).iloc[0]["state"] == "unchanged"
    assert asked == []
    task.project.add(
        [{"id": "1", "headline": "edited"}, {"id": "9", "headline": "a parcel came"}], key="id"
    )
    task.run(progress=False)
    assert {text for text, _ in asked} == {"edited"}
    assert len(votes(task, "zs")) == 5
    asked.clear()
    task.add_labels(["Science"])
    task.run(progress=False)
    assert {claim for _, claim in asked} == {"This text is about Science."}
    asked.clear()
    task.add(rn.ZeroShot("headline", model=folder, name="zs", min_confidence=0.99))
    task.add(rn.ZeroShot("headline", model=folder, name="one", labels=["World"], min_confidence=0))
    task.run(progress=False)
    assert asked == []


def test_descriptions_and_a_choice_of_labels(folder: Path, asked: list[tuple[str, str]]) -> None:
    task = topic()
    made = rn.ZeroShot(
        "headline",
        model=folder,
        labels=["World", "Sports"],
        descriptions={"Sports": "matches {and} players"},
        hypothesis="It is {}!",
        name="zs",
    )
    tried = task.try_heuristic(made, n=9)
    assert {claim for _, claim in asked} == {"It is World!", "It is matches {and} players!"}
    assert list(tried.columns) == ["key", "headline", "vote", "error", "p(World)", "p(Sports)"]
    np.testing.assert_allclose(tried["p(World)"] + tried["p(Sports)"], 1, atol=1e-5)
    task.add(made)
    task.rename_label("Sports", "Games").apply()
    assert task.run(progress=False).iloc[0]["state"] == "finished"
    assert {label for label, _ in votes(task, "zs").values()} <= {"World", "Games"}


def test_the_threshold_is_that_of_refinery() -> None:
    made = rn.ZeroShot("headline", model="m")
    assert [made.threshold(count) for count in (0, 1, 2, 4, 10)] == [0.5, 0.8, 0.7, 0.5, 0.3]
    assert hypothesis("Sahajtomar/German_Zeroshot") == "In diesem geht es um {}."
    assert hypothesis("facebook/bart-large-mnli") == "This text is about {}."


def test_cancelling_keeps_what_was_judged(folder: Path, asked: list[tuple[str, str]]) -> None:
    texts = [f"{'again ' * (at % 40)}team {at}" for at in range(300)]
    task = topic(texts=texts)
    task.add(rn.ZeroShot("headline", model=folder, name="zs", min_confidence=0))
    cancel, seen = threading.Event(), []

    def report(done: int, total: int) -> None:
        seen.append((done, total))
        if done > 50:
            cancel.set()

    assert task.run(progress=report, cancel=cancel).iloc[0]["state"] == "cancelled"
    assert votes(task, "zs") == {}
    assert all(total == 300 for _, total in seen)
    asked.clear()
    assert task.run(progress=False).iloc[0]["votes"] == 300
    assert 0 < len(asked) < 900


def test_answers_outlive_the_session_and_need_no_model_then(folder: Path, tmp_path: Path) -> None:
    import shutil

    model = shutil.copytree(folder, tmp_path / "model")
    task = topic(tmp_path / "p")
    task.add(rn.ZeroShot("headline", model=model, name="zs", min_confidence=0))
    task.run(progress=False)
    task.project.close()
    shutil.rmtree(model)
    with rn.open(tmp_path / "p") as project:
        task = project.task("topic")
        assert task.run().iloc[0]["state"] == "unchanged"
        project.add([{"id": "n", "headline": "new"}], key="id")
        told = task.run(progress=False).iloc[0]
        assert told["state"] == "failed"
        assert "there is no model" in told["message"]
        assert len(votes(task, "zs")) == 4


def test_another_model_in_its_place_is_refused(folder: Path, tmp_path: Path) -> None:
    import shutil

    model = shutil.copytree(folder, tmp_path / "model")
    task = topic(tmp_path / "p")
    task.add(rn.ZeroShot("headline", model=model, name="zs"))
    task.project.close()
    config = (model / "config.json").read_text()
    (model / "config.json").write_text(config.replace('"entailment": 0', '"entailment":  0'))
    with rn.open(tmp_path / "p") as project:
        told = project.task("topic").run(progress=False).iloc[0]
    assert "another model" in told["message"]


def test_hostile_texts_and_labels_are_texts(folder: Path) -> None:
    evil = ["<img src=x onerror=alert(1)>", "\u202e\u0000 </s> <s>", "💩" * 3_000, "{}" * 9]
    task = topic(texts=evil)
    task.add_labels(["{} </s>", "<b>"])
    task.add(rn.ZeroShot("headline", model=folder, name="zs", min_confidence=0))
    assert task.run(progress=False).iloc[0][["state", "votes"]].tolist() == ["finished", 4]


# By meaning


def test_by_meaning_needs_vectors_and_asks_their_model_once(tmp_path: Path) -> None:
    given: list[str] = []

    def words(texts: list[str]) -> list[list[float]]:
        given.extend(texts)
        return [[float(one in text) for one in ("team", "profits", "parcel")] for text in texts]

    described = {"Sports": "a team", "Business": "profits", "World": "parcel"}
    task = topic(tmp_path / "p")
    with pytest.raises(HeuristicError, match="no vectors of 'headline'"):
        task.add(rn.ZeroShot("headline"))
    task.project.embed("headline", model=words, name="mine", progress=False)
    embedding = task.project.embeddings["mine"]
    task.add(rn.ZeroShot("headline", model=embedding, descriptions=described, name="near"))
    given.clear()
    assert task.run(progress=False).iloc[0]["votes"] == 4
    assert given == list(described.values())
    assert task.run(progress=False).iloc[0]["state"] == "unchanged"
    task.project.close()
    # The function is gone, and is not needed until there is a new text.
    with rn.open(tmp_path / "p") as project:
        task = project.task("topic")
        assert task.run(progress=False).iloc[0]["state"] == "unchanged"
        project.add([{"id": "n", "headline": "the team"}], key="id")
        told = task.run(progress=False).iloc[0]
        assert told["state"] == "failed"
        assert "Pass it again" in told["message"]
    assert len(given) == 3


def test_by_meaning_votes_follow_texts_and_descriptions() -> None:
    task = topic()
    task.project.embed("headline", progress=False)
    described = {"Sports": "the team won", "Business": "profits rise", "World": "a parcel"}
    task.add(rn.ZeroShot("headline", descriptions=described, name="near"))
    task.run(progress=False)
    assert [label for label, _ in votes(task, "near").values()] == [
        *("Sports", "Business", "World", "Sports")
    ]
    task.project.add([{"id": "1", "headline": "the team won late"}], key="id")
    task.run(progress=False)
    assert votes(task, "near")[2][0] == "Sports"
    alone = rn.ZeroShot("headline", descriptions=described, individually=True, name="alone")
    tried = task.try_heuristic(alone, n=9).set_index("key")
    assert tried["p(Sports)"]["0"] > 0.5 > tried["p(World)"]["0"]
    assert tried["p(Sports)"]["0"] <= 1


def test_by_meaning_a_description_without_a_known_word_is_refused() -> None:
    task = topic()
    task.project.embed("headline", progress=False)
    task.add(rn.ZeroShot("headline", descriptions={"World": "ωωω"}, name="near"))
    told = task.run(progress=False).iloc[0]
    assert told["state"] == "failed"
    assert "knows no word of the description 'ωωω'" in told["message"]


# What is refused


@pytest.mark.parametrize(
    "options",
    [
        {"hypothesis": "no place"},
        {"hypothesis": "{} and {}"},
        {"min_confidence": 1.5},
        {"temperature": 0},
        {"mode": "magic"},
        {"model": 7},
        {"labels": [""]},
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_made(options: dict[str, object]) -> None:
    with pytest.raises(RefineryError):
        rn.ZeroShot("headline", **options)


def test_what_does_not_fit_the_task_is_refused_when_it_is_added(folder: Path) -> None:
    task = topic()
    spans = task.project.task("names", ["ORG"], on="headline", kind="spans")
    with pytest.raises(HeuristicError, match=r"rn\.LLM"):
        spans.add(rn.ZeroShot("headline", model=folder))
    with pytest.raises(RefineryError, match="Politics"):
        task.add(rn.ZeroShot("headline", model=folder, labels=["Politics"]))
    with pytest.raises(HeuristicError, match="Politics"):
        task.add(rn.ZeroShot("headline", model=folder, descriptions={"Politics": "x"}))
    with pytest.raises(InputError, match="no model"):
        task.add(rn.ZeroShot("headline", model="nobody/no-such-model"))
    with pytest.raises(RefineryError, match="titel"):
        task.add(rn.ZeroShot("titel", model=folder))
    assert task.heuristics().empty


def test_of_several_labels_each_that_is_likely_enough_is_voted_for(folder: Path) -> None:
    task = topic()
    tags = task.project.task("tags", LABELS, on="headline", kind="multilabel")
    rule = rn.ZeroShot("headline", model=folder, name="zs")
    tried = tags.try_heuristic(rule, n=5).set_index("key")
    alone = rn.ZeroShot("headline", model=folder, individually=True)
    shares = [f"p({name})" for name in LABELS]
    assert tried[shares].equals(task.try_heuristic(alone, n=5).set_index("key")[shares])
    least = float(np.median(tried[shares].to_numpy(float)))
    tags.add(rn.ZeroShot("headline", model=folder, name="zs", min_confidence=least))
    assert tags.run(progress=False)["state"].tolist() == ["finished"]
    column = tags.project.columns.of_task(tags.schema)["zs"]
    keys = dict(zip(tags.project.view().ids().tolist(), tags.project.view().keys(), strict=True))
    found = {
        (keys[record], tags.schema.label_name(label))
        for record, label in zip(column.record.tolist(), column.label.tolist(), strict=True)
    }
    assert found == {
        (key, name)
        for key in tried.index
        for name in LABELS
        if float(np.nan_to_num(tried.loc[key, f"p({name})"], nan=-1)) >= least
    }
    assert all(
        vote == [name for name in LABELS if tried.loc[key, f"p({name})"] >= 0.5]
        for key, vote in tried["vote"].items()
    )
