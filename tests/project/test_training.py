"""Training sets: what trains never tests, and other libraries take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.project.training.make import training_set
from refinery_nb.project.training.split import held_out

TEXTS = ["late goal", "goal again", "vote today", "vote", "a late vote", "nothing", "late goal"]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add([{"id": n, "text": text, "n": n} for n, text in enumerate(TEXTS)], key="id")
    task = project.task("topic", ["World", "Sports"], on="text")
    task.add(rn.Lookup("Sports", ["goal"]))
    task.add(rn.Lookup("World", ["vote"]))
    task.run(progress=False)
    task.supervise(model="majority")
    task.label_many({0: "Sports", 2: "World", 5: rn.NONE})
    return task


def test_weak_labels_train_and_manual_ones_test(topic: rn.Task) -> None:
    found = topic.project.dataset(topic)
    assert found.test[["key", "label", "label_id", "source"]].to_numpy().tolist() == [
        [0, "Sports", 1, "manual"],
        [2, "World", 0, "manual"],
    ]
    # The last has the text of the first, which tests.
    assert found.train["key"].tolist() == [1, 3, 4]
    assert set(found.train["source"]) == {"weak"}
    assert found.left_out["the same text as one that tests"] == 1
    assert found.left_out["reviewed, and no label applies"] == 1
    assert "3 to train (3 weak), 2 to test" in repr(found)
    assert topic.project.dataset("topic").labels == ("World", "Sports")


def test_scikit_learn_takes_it(topic: rn.Task) -> None:
    x_train, x_test, y_train, y_test = topic.project.dataset(topic).sklearn()
    assert x_test == ["late goal", "vote today"]
    assert (y_train, y_test) == (["Sports", "World", "World"], ["Sports", "World"])
    assert len(x_train) == 3


def test_a_share_of_the_manual_labels_can_train(topic: rn.Task) -> None:
    found = topic.project.dataset(topic, test=0.0)
    assert not len(found.test)
    assert found.train["source"].value_counts().to_dict() == {"weak": 4, "manual": 2}
    only = topic.project.dataset(topic, test=0.0, sources=["manual"])
    assert only.train["key"].tolist() == [0, 2]


def test_a_threshold_leaves_out_what_is_less_sure(project: rn.Project) -> None:
    weak = "text__t__WEAK_SUPERVISION"
    rows = [{"id": n, "text": f"x{n}", weak: "A", f"{weak}__confidence": n / 4} for n in (1, 2, 3)]
    project.add(rows, key="id")
    found = project.dataset("t", threshold=0.5)
    assert found.train[["key", "confidence"]].to_numpy().tolist() == [[2, 0.5], [3, 0.75]]
    assert found.left_out["a label below the threshold"] == 1
    with pytest.raises(QueryError, match="lower threshold="):
        project.dataset("t", threshold=0.9)


def test_only_records_of_a_view_are_taken(topic: rn.Task) -> None:
    project = topic.project
    found = project.dataset(topic, view=project.where(project["n"] < 4))
    assert found.train["key"].tolist() == [1, 3]
    assert found.test["key"].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": ["weaks"]}, "'weak'"),
        ({"test": 20}, "no share"),
        ({"sources": ["manual"]}, "pass test=0.2"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    topic: rn.Task, options: dict, message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        topic.project.dataset(topic, **options)


def test_a_task_on_whole_records_needs_a_text(project: rn.Project) -> None:
    project.add([{"text": "x"}])
    whole = project.task("whole", ["A"])
    whole.label(project.view().keys()[0], "A")
    with pytest.raises(SchemaError, match="text="):
        project.dataset(whole, test=0.0)
    assert project.dataset(whole, test=0.0, text="text").train["text"].tolist() == ["x"]


@given(
    rows=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 2)), max_size=30),
    share=st.floats(0, 1),
    seed=st.integers(0, 5),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # of a busy machine
def test_no_text_is_on_both_sides(rows: list[Any], share: float, seed: int) -> None:
    texts = {at: text for at, (text, _) in enumerate(rows)}
    labels = {at: label for at, (_, label) in enumerate(rows)}
    tested = held_out(texts, labels, share, seed)
    rest = texts.keys() - tested
    assert {texts[at] for at in tested}.isdisjoint(texts[at] for at in rest)
    assert tested == held_out(dict(reversed(texts.items())), labels, share, seed)
    if share in (0, 1):
        assert len(tested) == share * len(rows)


def test_the_share_is_kept_for_each_label() -> None:
    texts = {at: f"text {at}" for at in range(200)}
    labels = {at: int(at >= 20) for at in range(200)}
    tested = held_out(texts, labels, 0.25, 3)
    assert [sum(labels[at] == one for at in tested) for one in (0, 1)] == [5, 45]
    assert tested != held_out(texts, labels, 0.25, 4)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=st.dictionaries(st.integers(0, 6), st.sampled_from(["World", "Sports"])))
def test_no_record_trains_and_tests(said: dict[int, str]) -> None:
    with rn.open() as project:
        project.add([{"id": n, "text": text} for n, text in enumerate(TEXTS)], key="id")
        task = project.task("topic", ["World", "Sports"], on="text")
        task.add(rn.Lookup("Sports", ["late", "goal", "vote", "nothing"]))
        task.run(progress=False)
        task.supervise(model="majority")
        task.label_many(said)
        try:
            found = training_set(task, test=0.5)
        except QueryError:
            return
        assert set(found.train["key"]).isdisjoint(found.test["key"])
        assert set(found.train["text"]).isdisjoint(found.test["text"])
        for frame in (found.train, found.test):
            of_people = frame[frame["source"] == "manual"]
            assert of_people["label"].tolist() == [said[key] for key in of_people["key"]]


@pytest.fixture
def names() -> Iterator[rn.Task]:
    project = rn.open()
    project.add(
        [{"id": "a", "text": "Acme Corp pays 💩Bob"}, {"id": "b", "text": "nobody  here"}], key="id"
    )
    task = project.task("names", ["ORG", "PER"], on="text", kind="spans")
    task.label("a", [(0, 9, "ORG"), (5, 7, "PER")])
    task.label("b", [])
    yield task
    project.close()


def test_spans_become_tags_of_tokens_and_the_others_are_told(names: rn.Task) -> None:
    """B11."""
    found = names.project.dataset(names, test=0.0)
    assert found.tags == ("O", "B-ORG", "I-ORG", "B-PER", "I-PER")
    assert found.train["tokens"].tolist()[1] == ["nobody", "here"]
    assert found.train["tags"].tolist()[0][:3] == ["B-ORG", "I-ORG", "O"]
    assert found.train["tag_ids"].tolist()[1] == [0, 0]
    assert found.misaligned.to_numpy().tolist() == [["a", 5, 7, "PER"]]
    assert "1 spans fit no tokens" in repr(found)
    assert found.sklearn()[2][1] == ["O", "O"]


def test_several_labels_train_and_test(project: rn.Project) -> None:
    weak = "text__topics__WEAK_SUPERVISION"
    rows = [
        {"id": 1, "text": "a", weak: ["y", "z"], f"{weak}__confidence": [0.5, 0.75]},
        {"id": 2, "text": "b", weak: ["x"], f"{weak}__confidence": [1.0]},
        {"id": 3, "text": "c", weak: ["x"], f"{weak}__confidence": [1.0]},
    ]
    project.add(rows, key="id")
    topics = project.task("topics", ["y", "z", "x"], on="text", kind="multilabel")
    topics.label_many({2: ["x", "y"], 3: []})
    found = project.dataset(topics)
    assert found.train[["key", "label", "label_id", "confidence"]].to_numpy().tolist() == [
        [1, ["y", "z"], [0, 1], 0.5]
    ]
    assert found.labels == ("y", "z", "x")
    _, _, y_train, y_test = found.sklearn()
    assert (y_train.tolist(), y_test.tolist()) == ([[1, 1, 0]], [[1, 0, 1], [0, 0, 0]])
    pytest.importorskip("torch", reason="torch is not installed")
    train, test = found.torch()
    assert train[0]["label"].tolist() == [1.0, 1.0, 0.0]
    assert test[1]["label"].tolist() == [0.0, 0.0, 0.0]
    encoded, _ = found.torch(Pieces())
    assert encoded[0]["labels"].tolist() == [1.0, 1.0, 0.0]
    pytest.importorskip("datasets", reason="the package datasets is not installed")
    made = found.datasets()
    assert made["test"]["label"][1] == []
    assert made["test"]["labels"][0] == [1.0, 0.0, 1.0]
    with rn.open() as other:
        other.add(made, key="key", text="text")
        assert other.task("label").kind == "multilabel"


def test_that_a_record_has_no_label_trains_too(project: rn.Project) -> None:
    """Else nothing would teach what lacks all of them."""
    project.add([{"id": n, "text": f"t{n}", "n": n} for n in range(60)], key="id")
    task = project.task("tags", ["A", "B"], on="text", kind="multilabel")

    @task.heuristic
    def sees(record: Any) -> Any:
        return [name for name, by in (("A", 2), ("B", 3)) if record["n"] % by == 0]

    @task.heuristic
    def wrong(record: Any) -> Any:
        return ["A"] if record["n"] % 5 == 0 else ["B"]

    task.run(progress=False)
    task.label_many(
        {n: [name for name, by in (("A", 2), ("B", 3)) if n % by == 0] for n in range(30)}
    )
    weak = task.supervise(model="weighted")
    said = weak.frame().set_index("key")["label"]
    none = [key for key in said.index if said[key] == [] and key >= 30]
    assert none
    proba = weak.proba()
    found = project.dataset(task).train.set_index("key")
    for key in none:
        assert found.loc[key, "label"] == []
        assert found.loc[key, "confidence"] == pytest.approx(1 - proba.loc[key].max(), abs=1e-6)
    least = min(found.loc[none, "confidence"])
    with_all = len(project.dataset(task, threshold=least).train)
    above = project.dataset(task, threshold=float(np.nextafter(least, 1)))
    assert len(above.train) < with_all


class Pieces:
    """A fast tokenizer: pieces of three characters, a special one at each end."""

    is_fast = True

    def __call__(self, text: str, *, return_offsets_mapping: bool, **cut: Any) -> dict[str, Any]:
        offsets = [(0, 0), *((at, min(at + 3, len(text))) for at in range(0, len(text), 3)), (0, 0)]
        return {
            "input_ids": list(range(len(offsets))),
            "attention_mask": [1] * len(offsets),
            "offset_mapping": offsets,
        }


def test_torch_takes_it_with_a_label_for_the_first_piece_of_each_token(names: rn.Task) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    train, test = names.project.dataset(names, test=0.0).torch(Pieces())
    assert (len(train), len(test)) == (2, 0)
    # "Acme Corp pays": Acm|e C|orp|...; the first piece that touches a token carries its tag.
    assert train[0]["labels"].tolist()[:5] == [-100, 1, 2, -100, 0]
    assert train[1]["labels"].tolist() == [-100, 0, -100, 0, -100, -100]
    plain, _ = names.project.dataset(names, test=0.0).torch()
    assert plain[1]["tags"].tolist() == [0, 0]
    with pytest.raises(rn.RefineryError, match="fast tokenizer"):
        names.project.dataset(names, test=0.0).torch(object())


def test_torch_takes_classes(topic: rn.Task) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    train, test = topic.project.dataset(topic).torch()
    assert (test[0]["text"], int(test[0]["label"])) == ("late goal", 1)
    encoded, _ = topic.project.dataset(topic).torch(Pieces(), max_length=8)
    assert int(encoded[0]["labels"]) == 1
    expected = topic.project.dataset(topic).train["confidence"][0]
    assert np.isclose(float(train[0]["confidence"]), expected)


def test_the_library_datasets_takes_it_and_gives_it_back(topic: rn.Task, names: rn.Task) -> None:
    pytest.importorskip("datasets", reason="the package datasets is not installed")
    made = topic.project.dataset(topic).datasets()
    assert made["test"].features["label"].names == ["World", "Sports"]
    with rn.open() as other:
        other.add(made, key="key", text="text")
        assert other.task("label").gold()["label"].tolist() == [
            *topic.project.dataset(topic).train["label"],
            "Sports",
            "World",
        ]
    tagged = names.project.dataset(names, test=0.0).datasets()
    assert tagged["train"].features["tags"].feature.names[1] == "B-ORG"
