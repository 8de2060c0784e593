"""Similar: votes by examples, held against plain Python; thresholds, edits, spans and faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, QueryError
from refinery_nb.heuristics import build
from refinery_nb.project.rules import rules
from refinery_nb.project.rules.rule_words import in_words
from refinery_nb.project.vectors import similar
from refinery_nb.quality.interval import wilson

NUMBERS = st.lists(st.integers(-2, 2), min_size=2, max_size=2).map(lambda n: f"{n[0]} {n[1]}")
WORDS = {"Anna": [1, 0, 0], "Bob": [0.9, 0.1, 0], "Carl": [0.8, 0.3, 0], "York": [0, 1, 0]}


def plane(texts: list[str]) -> np.ndarray:
    """A model whose vectors are the numbers that a text begins with."""
    return np.array([[float(one) for one in text.split()[:2]] for text in texts], np.float32)


def words(tokens: list[list[str]]) -> list[np.ndarray]:
    """A model of tokens: names are alike, places are, and all else is something else."""
    return [np.array([WORDS.get(one, [0, 0, 1]) for one in row], np.float16) for row in tokens]


@pytest.fixture(params=["memory", "disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rn.Project]:
    with rn.open(None if request.param == "memory" else tmp_path / "p", by="ann") as project:
        yield project


def topic(project: rn.Project, texts: list[str | None]) -> Any:
    rows = [{"id": f"r{n}", "text": text} for n, text in enumerate(texts)]
    project.add(rows, key="id", types={"text": "text"})
    project.embed("text", model=plane, name="v", progress=False)
    return project.task("topic", ["A", "B"], on="text")


def votes(task: Any, name: str) -> dict[str, float]:
    found = task.project.columns.of_task(task.schema)[name]
    keys = {record: key for key, record in ids(task.project).items()}
    return {
        keys[record]: round(sure, 4)
        for record, sure in zip(found.record.tolist(), found.confidence.tolist(), strict=True)
    }


def ids(project: rn.Project) -> dict[str, int]:
    return dict(zip(project.view().keys(), project.view().ids().tolist(), strict=True))


def test_what_is_like_an_example_gets_the_label(opened: rn.Project) -> None:
    task = topic(opened, ["1 0", "2 0", "1 1", "0 1", "-1 0", " ", None, "0 5"])
    task.add(rn.Similar("A", ["r0"], threshold=0.7))
    told = task.run(progress=False)
    assert told["state"].tolist() == ["finished"]
    assert votes(task, "similar:A") == {"r1": 1.0, "r2": 0.7071}
    task.add(rn.Similar("B", ["0 3", "r7"], "up", threshold=0.9))
    task.run(progress=False)
    assert votes(task, "up") == {"r3": 1.0}
    assert opened.where(task.voted("A")).keys() == ["r1", "r2"]
    assert task.run(progress=False)["state"].tolist() == ["unchanged", "unchanged"]
    assert task.report() is not None


@given(
    texts=st.lists(NUMBERS | st.just(" "), min_size=2, max_size=12),
    examples=st.lists(
        st.one_of(
            NUMBERS.map(lambda text: ("text", text)),
            st.integers(0, 1).map(lambda n: ("key", f"r{n}")),
            NUMBERS.map(lambda text: ("vector", text)),
        ),
        min_size=1,
        max_size=4,
    ),
    threshold=st.sampled_from([0.31, 0.61, 0.97]),
    gold=st.lists(st.sampled_from([None, "A", "B", "none"]), min_size=12, max_size=12),
    block=st.sampled_from([3, 4_096]),
)
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_votes_and_curves_are_those_of_plain_python(
    texts: list[str],
    examples: list[tuple[str, str]],
    threshold: float,
    gold: list[str | None],
    block: int,
) -> None:
    if not any(text.strip() for text in texts):
        return
    with rn.open(by="ann") as project, pytest.MonkeyPatch.context() as patch:
        patch.setattr(similar, "BLOCK", block)
        task = topic(project, list(texts))
        for n, label in enumerate(gold[: len(texts)]):
            if label is not None:
                task.label(f"r{n}", rn.NONE if label == "none" else label)

        def direction(text: str) -> np.ndarray:
            vector = np.array([float(one) for one in text.split()] or [0.0, 0.0])
            length = np.linalg.norm(vector)
            return vector / length if length else vector

        stands = {"key": lambda key: texts[int(key[1:])]}
        given = [direction(stands.get(kind, str)(one)) for kind, one in examples]
        made = {"vector": lambda text: [float(one) for one in text.split()]}
        rule = rn.Similar("A", [made.get(k, str)(v) for k, v in examples], threshold=threshold)
        if not any(one.any() for one in given):
            with pytest.raises(HeuristicError, match="blank"):
                task.neighbours(rule)
            return
        own = {one for kind, one in examples if kind == "key"}
        expected = {
            f"r{n}": max(float(direction(text) @ one) for one in given if one.any())
            for n, text in enumerate(texts)
            if direction(text).any() and f"r{n}" not in own
        }
        found = task.neighbours(rule)
        frame = found.frame()
        assert set(frame["key"]) == set(expected)
        assert np.allclose(frame["similarity"], [expected[key] for key in frame["key"]], atol=1e-6)
        assert frame["similarity"].is_monotonic_decreasing
        task.add(rule)
        task.run(progress=False)
        voted = {key for key, similarity in expected.items() if similarity >= threshold}
        assert set(votes(task, "similar:A")) == voted
        said = {f"r{n}": label for n, label in enumerate(gold[: len(texts)]) if label}
        curve = found.curve(0.25)
        assert curve["threshold"].tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
        for row in [*curve.itertuples(), found.at(threshold)]:
            hits = [key for key in frame["key"] if similar_enough(frame, key, row.threshold)]
            checked = [key for key in hits if key in said]
            right = [key for key in checked if said[key] == "A"]
            assert (row.hits, row.checked, row.right) == (len(hits), len(checked), len(right))
            low, high = wilson(len(right), len(checked))
            assert np.allclose([row.low, row.high], [low, high], equal_nan=True)
            if checked:
                assert row.precision == len(right) / len(checked)
            else:
                assert np.isnan(row.precision)


def similar_enough(frame: Any, key: str, threshold: float) -> bool:
    return bool(frame.loc[frame["key"] == key, "similarity"].iloc[0] >= threshold)


def test_neighbours_show_texts_gold_and_what_a_threshold_lets_in(opened: rn.Project) -> None:
    task = topic(opened, ["1 0", "9 1", "2 1", "1 1", "1 2", "0 1"])
    task.label_many({"r1": "A", "r2": "A", "r3": "B", "r5": rn.NONE})
    rule = rn.Similar("A", ["r0"], threshold=0.8)
    found = task.neighbours(rule)
    assert len(found) == 5
    assert "2 at its threshold, precision 100%" in repr(found)
    frame = found.frame(0, 3)
    assert frame["key"].tolist() == ["r1", "r2", "r3"]
    assert frame["gold"].tolist() == ["A", "A", "B"]
    assert frame["right"].tolist() == [True, True, False]
    assert frame["example"].tolist() == ["1 0"] * 3
    near = found.examples(0.8, 2)
    assert near["key"].tolist() == ["r1", "r2", "r3", "r4"]
    assert near["gold"].tolist() == ["A", "A", "B", None]
    assert near["right"].tolist() == [True, True, False, None]
    assert found.examples(1.0, 1)["key"].tolist() == ["r1"]
    assert found.examples(-1.0, 1)["key"].tolist() == ["r5"]
    assert found.frame()["gold"].tolist()[-1] == ""  # judged: no label
    assert found.threshold(1.0) == pytest.approx(2 / 5**0.5)
    assert found.threshold(0.6) == pytest.approx(1 / 2**0.5)
    assert task.neighbours(rule.at(0.99)).at(0.99).hits == 1
    task.add(rule)
    assert len(task.neighbours("similar:A")) == 5
    for wrong in (0, 1.5):
        with pytest.raises(QueryError):
            found.threshold(wrong)
        with pytest.raises(QueryError):
            found.curve(wrong)


def test_nothing_that_was_judged_is_no_precision(project: rn.Project) -> None:
    task = topic(project, ["1 0", "9 1"])
    found = task.neighbours(rn.Similar("A", ["r0"]))
    assert np.isnan(found.at(0.5).precision)
    assert found.threshold(0.9) == float("inf")
    assert "precision not known" in repr(found)


def test_a_rule_follows_the_text_of_an_example(opened: rn.Project) -> None:
    task = topic(opened, ["1 0", "2 0", "0 2", "0 3"])
    task.add(rn.Similar("A", ["r0"], threshold=0.9))
    task.run(progress=False)
    assert votes(task, "similar:A") == {"r1": 1.0}
    opened.add([{"id": "r0", "text": "0 1"}], key="id")
    task.run(progress=False)  # its present text is embedded for the comparison
    assert votes(task, "similar:A") == {"r2": 1.0, "r3": 1.0}
    opened.embed("text", model=plane, name="v", progress=False)
    task.run(progress=False)
    assert votes(task, "similar:A") == {"r2": 1.0, "r3": 1.0}
    assert len(task.versions("similar:A")) == 2
    opened.add([{"id": "r0", "other": "unrelated"}], key="id")
    task.run(progress=False)
    assert len(task.versions("similar:A")) == 2
    with opened.database.write() as connection:
        connection.execute("DELETE FROM record WHERE key = 'r0'")
    task.run(progress=False)  # the text of what is gone is still known
    assert votes(task, "similar:A") == {"r2": 1.0, "r3": 1.0}


def test_a_rule_follows_the_embedding(opened: rn.Project) -> None:
    task = topic(opened, ["1 0", "2 0", "0 2"])
    task.add(rn.Similar("A", ["r0"], threshold=0.9))
    task.run(progress=False)
    turned = lambda texts: plane(texts) * [1, 0] + [0, 1]  # noqa: E731
    opened.embed("text", model=turned, name="v", progress=False)
    task.run(progress=False)
    assert votes(task, "similar:A") == {"r1": 0.9487}
    assert len(task.versions("similar:A")) == 2
    opened.embeddings["v"].delete()
    told = task.run(progress=False)
    assert told["state"].tolist() == ["failed"]
    assert "no embedding 'v'" in told["message"].iloc[0]
    assert votes(task, "similar:A") == {"r1": 0.9487}


def test_records_without_a_vector_get_no_vote(opened: rn.Project) -> None:
    task = topic(opened, ["1 0", "2 0"])
    opened.add([{"id": "r1", "text": "0 1"}, {"id": "r2", "text": "5 0"}], key="id")
    task.add(rn.Similar("A", ["r0"], threshold=0.1))
    task.run(progress=False)
    assert votes(task, "similar:A") == {}
    opened.embed("text", model=plane, name="v", progress=False)
    task.run(progress=False)
    assert votes(task, "similar:A") == {"r2": 1.0}


def test_the_version_is_the_texts_and_the_threshold() -> None:
    one, same = rn.Similar("A", ["r0"]), rn.Similar("A", ["r0"])
    assert one.fingerprint == same.fingerprint
    others = [rn.Similar("B", ["r0"]), rn.Similar("A", ["r1"]), one.at(0.9)]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 4
    rule = rn.Similar("A", ["r0", ("r1", 0, 3), [0.5, 1], np.array([1.0, 2.0]), ("a", "b"), 7])
    again = build(json.loads(json.dumps(rule.spec())))
    assert again.fingerprint == rule.fingerprint
    assert "6 examples" in repr(again)


WRONG: list[tuple[Any, dict[str, Any]]] = [
    ("r0", {}),
    ([], {}),
    (None, {}),
    ([None], {}),
    ([...], {}),
    ([{"key": "r0"}], {}),
    ([[1.0, float("nan")]], {}),
    (["r0"], {"threshold": 0}),
    (["r0"], {"threshold": 1.5}),
    (["r0"], {"threshold": True}),
]


@pytest.mark.parametrize(("examples", "options"), WRONG, ids=repr)
def test_what_is_no_rule_is_refused(examples: Any, options: dict[str, Any]) -> None:
    with pytest.raises(HeuristicError):
        rn.Similar("A", examples, **options)


def test_what_cannot_be_compared_is_said_before_it_is_added(project: rn.Project) -> None:
    project.add([{"id": "r0", "text": "1 0"}], key="id", types={"text": "text"})
    task = project.task("topic", ["A"], on="text")
    with pytest.raises(HeuristicError, match=r"no vectors of 'text'.*project\.embed"):
        task.add(rn.Similar("A", ["r0"]))
    project.embed("text", model=plane, name="v", progress=False)
    for examples, said in (
        ([9], "no record 9"),
        ([("r0", 0, 99)], "outside of the text"),
        ([[1.0, 2.0, 3.0]], "has 3 numbers"),
    ):
        with pytest.raises(HeuristicError, match=said):
            task.add(rn.Similar("A", examples))
    with pytest.raises(rn.RefineryError, match="no label 'C'"):
        task.add(rn.Similar("C", ["r0"]))
    with pytest.raises(HeuristicError, match="no embedding 'w'"):
        task.add(rn.Similar("A", ["r0"], embedding="w"))
    with pytest.raises(HeuristicError, match="no Similar"):
        task.neighbours(rn.Lookup("A", ["x"]))
    task.add(rn.Lookup("A", ["x"], "look"))
    with pytest.raises(HeuristicError, match="lookup heuristic"):
        task.neighbours("look")


def test_it_can_be_tried_before_it_is_added(project: rn.Project) -> None:
    task = topic(project, ["1 0", "2 0", "0 1"])
    found = task.try_heuristic(rn.Similar("A", ["r0"], threshold=0.9), n=3).set_index("key")
    assert found["vote"].dropna().to_dict() == {"r1": "A"}
    assert task.heuristics().empty


def test_it_is_told_in_words(project: rn.Project) -> None:
    task = topic(project, ["1 0", "2 0"])
    rule = rn.Similar("A", ["r0", *(f"{n} 9 {'x' * 90}" for n in range(7))], threshold=0.9)
    task.add(rule)
    told = in_words(rules.row(task, rule.name).spec)
    assert told.startswith(
        "Votes A from a similarity of 0.9 on by v to one of its examples:\n- 1 0"
    )
    assert told.endswith("and 3 more")
    assert max(map(len, told.splitlines())) < 90
    assert "r0" in in_words(rule.spec())  # before it was looked up


def test_a_renamed_label_stays_the_label_of_the_rule(project: rn.Project) -> None:
    task = topic(project, ["1 0", "2 0"])
    task.add(rn.Similar("A", ["r0"], threshold=0.9))
    task.run(progress=False)
    task.rename_label("A", "C").apply()
    task.run(progress=False)
    assert project.where(task.voted("C")).keys() == ["r1"]


SENTENCES = [
    "Anna called New York",
    "then Bob and Anna met",
    "Carl saw York",
    "nobody came.",
    " ",
    "Bob Bob left",
]


def names(project: rn.Project) -> Any:
    rows = [{"id": f"r{n}", "text": text} for n, text in enumerate(SENTENCES)]
    project.add(rows, key="id", types={"text": "text"})
    return project.task("names", ["PERSON", "PLACE"], on="text", kind="spans")


def spans(task: Any, name: str) -> list[tuple[str, str]]:
    found = task.project.columns.of_task(task.schema)[name]
    keys = {record: key for key, record in ids(task.project).items()}
    return [
        (keys[record], SENTENCES[int(keys[record][1:])][start:end])
        for record, start, end in zip(
            found.record.tolist(), found.start.tolist(), found.end.tolist(), strict=True
        )
    ]


def test_runs_of_tokens_are_compared_with_spans(opened: rn.Project) -> None:
    task = names(opened)
    opened.embed("text", model=words, name="t", level="token", progress=False)
    task.add(rn.Similar("PERSON", [("r0", 0, 4)], threshold=0.99))
    task.run(progress=False)
    assert spans(task, "similar:PERSON") == [
        ("r1", "Bob"),
        ("r1", "Anna"),
        ("r5", "Bob"),
        ("r5", "Bob"),
    ]
    rule = rn.Similar("PERSON", ["Anna", ("r1", 5, 8)], threshold=0.9)
    task.add(rule)
    task.run(progress=False)
    assert ("r2", "Carl") in spans(task, "similar:PERSON")
    assert ("r0", "Anna") in spans(task, "similar:PERSON")
    assert not any(key == "r1" for key, _ in spans(task, "similar:PERSON"))
    found = task.try_heuristic(rule, n=6).set_index("key")
    assert found.loc["r2", "vote"] == [("PERSON", "Carl")]


def test_what_has_not_changed_is_not_compared_again(
    opened: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = names(opened)
    opened.embed("text", model=words, name="t", level="token", progress=False)
    task.add(rn.Similar("PERSON", [("r0", 0, 4)], threshold=0.99))
    task.run(progress=False)
    compared: list[str] = []
    monkeypatch.setattr(similar, "closest", lambda *_, **__: compared.append("again"))
    assert task.run(progress=False)["state"].tolist() == ["unchanged"]
    assert compared == []
    monkeypatch.undo()
    opened.add([{"id": "r9", "text": "Anna again"}], key="id")
    opened.embed("text", model=words, name="t", level="token", progress=False)
    assert task.run(progress=False)["state"].tolist() == ["finished"]
    assert "r9" in votes(task, "similar:PERSON")


def test_neighbours_of_spans_are_right_to_the_character(opened: rn.Project) -> None:
    task = names(opened)
    opened.embed("text", model=words, name="t", level="token", progress=False)
    task.label("r1", [(5, 8, "PERSON"), (13, 17, "PERSON")])
    task.label("r2", [(0, 8, "PERSON")])
    found = task.neighbours(rn.Similar("PERSON", [("r0", 0, 4)], threshold=0.9))
    frame = found.frame(0, 5)
    assert frame["text"].tolist() == ["Anna", "Bob", "Bob", "Bob", "Carl"]
    assert frame["right"].tolist() == [True, True, None, None, False]
    cut = found.at(0.9)
    assert (cut.hits, cut.checked, cut.right) == (5, 3, 2)


def test_a_longer_example_finds_longer_runs(opened: rn.Project) -> None:
    task = names(opened)
    opened.embed("text", model=words, name="t", level="token", progress=False)
    task.add(rn.Similar("PLACE", [("r0", 12, 20)], threshold=0.9))
    task.run(progress=False)
    assert spans(task, "similar:PLACE") == [("r2", "saw York")]


def test_spans_need_vectors_of_tokens_and_say_so(opened: rn.Project) -> None:
    task = names(opened)
    opened.add([{"id": f"r{n}", "numbers": "1 0"} for n in range(6)], key="id")
    opened.embed("numbers", model=plane, name="v", progress=False)
    with pytest.raises(HeuristicError, match="level='token'"):
        task.add(rn.Similar("PERSON", [("r0", 0, 4)]))
    with pytest.raises(HeuristicError, match="token"):
        task.add(rn.Similar("PERSON", [("r0", 0, 4)], embedding="v"))
    opened.embed("text", model=words, name="t", level="token", progress=False)
    for examples, said in (
        (["r0"], "is no span"),
        ([[1.0, 0.0, 0.0]], "no example of a span"),
        ([("r0", 0, 99)], "outside"),
    ):
        with pytest.raises(HeuristicError, match=said):
            task.add(rn.Similar("PERSON", examples))
    with pytest.raises(HeuristicError, match=r"Leave out on="):
        task.add(rn.Similar("PERSON", [("r0", 0, 4)], on="numbers"))


def test_a_span_whose_text_changed_is_known_by_what_it_was(opened: rn.Project) -> None:
    task = names(opened)
    opened.embed("text", model=words, name="t", level="token", progress=False)
    task.add(rn.Similar("PERSON", [("r0", 0, 4)], threshold=0.9))
    opened.add([{"id": "r0", "text": "Yorkshire it is"}], key="id")
    opened.embed("text", model=words, name="t", level="token", progress=False)
    task.run(progress=False)
    assert ("r1", "Anna") in spans(task, "similar:PERSON")
    assert len(task.versions("similar:PERSON")) == 1
