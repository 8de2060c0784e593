"""A heuristic tried on a few records."""

from __future__ import annotations

from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.project.rules import editing
from refinery_nb.project.rules.rule_examples import Trial, try_examples

TEXTS = ["A late parcel", "so late", "the pump leaks", "thanks", "late late"]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add([{"id": f"r{n}", "text": text} for n, text in enumerate(TEXTS)], key="id")
    return project.task("topic", ["A", "B"], on="text")


def tried(task: rn.Task, spec: dict[str, Any], **options: Any) -> Trial:
    return try_examples(task, editing.made(spec, "rule"), **options)


REGEX = {"kind": "regex", "label": "A", "pattern": "l.te"}
LOOKUP = {"kind": "lookup", "label": "A", "terms": ["late"]}
SOURCE = 'def rule(record):\n    return "A" if "late" in record["text"] else None\n'
FUNCTION = {"kind": "function", "source": SOURCE}
PATTERN = {
    "kind": "function",
    "source": 'import re\n\ndef rule(record):\n    return "A" if re.search("l.te", record["text"]) '
    "else None\n",
}


@pytest.mark.parametrize(
    "spec", [REGEX, LOOKUP, FUNCTION, PATTERN], ids=lambda spec: str(spec["kind"])
)
def test_votes_gold_and_where_it_looked(topic: rn.Task, spec: dict[str, Any]) -> None:
    topic.label("r0", "A")
    topic.label("r1", "B")
    topic.label("r3", rn.NONE)
    trial = tried(topic, spec)
    found = {example.key: example for example in trial.examples}
    assert set(found) == {"r0", "r1", "r2", "r3", "r4"}
    assert [vote.right for vote in found["r0"].votes] == [True]
    assert [vote.right for vote in found["r1"].votes] == [False]
    assert [vote.right for vote in found["r4"].votes] == [None]
    assert found["r0"].looked == {"text": [(2, 6)]}
    assert found["r4"].looked == {"text": [(0, 4), (5, 9)]}
    assert found["r3"].gold == ()
    assert found["r2"].gold is None
    assert (found["r2"].votes, found["r2"].looked) == ((), {})
    assert topic.heuristics().empty


def test_the_samples(topic: rn.Task) -> None:
    def keys(spec: dict[str, Any] = FUNCTION, **options: Any) -> set[str]:
        return {example.key for example in tried(topic, spec, **options).examples}

    topic.label("r0", "A")
    topic.label("r1", "B")
    assert keys(sample="hits") == {"r0", "r1", "r4"}
    assert keys(sample="wrong") == {"r1"}
    assert keys(sample="label", label="B") == {"r1"}
    assert keys(sample="errors") == set()
    broken = {"kind": "function", "source": 'def rule(record):\n    record["text"].index("late")'}
    assert keys(broken, sample="errors") == {"r2", "r3"}
    assert len(keys(sample="random", n=2)) == 2
    assert len(keys(sample="uncovered")) == 5
    topic.add(rn.Lookup("B", ["leaks", "thanks"]))
    topic.run(progress=False)
    assert keys(sample="uncovered") == {"r0", "r1", "r4"}
    with pytest.raises(QueryError, match="no sample"):
        keys(sample="best")
    with pytest.raises(SchemaError):
        keys(sample="label", label="C")


def test_another_seed_gives_other_records_and_the_same_seed_the_same(project: rn.Project) -> None:
    project.add([{"id": str(n), "text": "late"} for n in range(500)], key="id")
    topic = project.task("t", ["A"], on="text")
    shown = [[e.key for e in tried(topic, LOOKUP, seed=seed).examples] for seed in (0, 1, 0)]
    assert shown[0] == shown[2] != shown[1]


def test_an_error_is_kept_with_its_record_and_line(topic: rn.Task) -> None:
    """H4: an exception is shown with its traceback, and is no abstention."""
    source = "def helper(x):\n    return x[99]\n\n\ndef rule(r):\n    return helper(r['text'])\n"
    trial = tried(topic, {"kind": "function", "source": source})
    assert trial.state == "failed"
    (example, *_) = trial.examples
    assert (example.line, example.votes) == (2, ())
    assert "IndexError" in example.error
    assert "in helper" in example.traceback


def test_a_rule_that_cannot_be_loaded_says_at_which_line(topic: rn.Task) -> None:
    trial = tried(topic, {"kind": "function", "source": "x = 1 / 0\n\ndef rule(record): ...\n"})
    assert (trial.state, trial.line) == ("failed", 1)
    assert "ZeroDivisionError" in trial.message


def test_what_it_prints_is_shown(topic: rn.Task) -> None:
    source = "def rule(record):\n    print(record['id'])\n"
    assert "r3" in tried(topic, {"kind": "function", "source": source}).output


def test_spans_are_judged_one_by_one(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "💩 Ann met Bob"}], key="id")
    names = project.task("names", ["PER"], on="text", kind="spans")
    names.label("1", [(2, 5, "PER")])
    (example,) = tried(names, {"kind": "regex", "label": "PER", "pattern": r"[A-Z]\w+"}).examples
    assert [(v.start, v.end, v.right) for v in example.votes] == [(2, 5, True), (10, 13, False)]
    assert example.gold == ((2, 5, 1),)


def test_whole_records_show_the_texts_that_the_rule_reads(project: rn.Project) -> None:
    project.add([{"id": "1", "title": "late", "body": "so " * 40 + "late", "n": 3}], key="id")
    topic = project.task("t", ["A"])
    (example,) = tried(topic, REGEX).examples
    assert set(example.looked) == {"title", "body"}
    source = {"kind": "function", "source": 'def rule(record):\n    return record["title"] and "A"'}
    (example,) = tried(topic, source).examples
    assert list(example.texts) == ["title"]


def test_a_project_without_records(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "x"}], key="id")
    topic = project.task("t", ["A"], on="text")
    assert tried(topic, FUNCTION, sample="wrong") == Trial((), 0)


def test_examples_say_which_heuristics_contradict(topic: rn.Task) -> None:
    topic.add(rn.Lookup("B", ["parcel", "pump"], name="things"))
    topic.add(rn.Lookup("A", ["late"], name="agrees"))
    topic.add(rn.Lookup("B", ["so"], name="off"))
    topic.enable("off", False)
    topic.run("things", "agrees", "off", progress=False)
    trial = tried(topic, LOOKUP, sample="conflicts")
    assert [example.key for example in trial.examples] == ["r0"]
    (said,) = trial.examples[0].others
    assert (said.heuristic, said.label) == ("things", topic.schema.label("B").id)
    every = {example.key: example.others for example in tried(topic, LOOKUP).examples}
    assert {key for key, others in every.items() if others} == {"r0"}


def test_spans_contradict_where_they_meet(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "Ann Lee met Bo Li"}], key="id")
    names = project.task("names", ["PER", "ORG"], on="text", kind="spans")
    names.add(rn.Regex("ORG", "Lee met", name="meets"))
    names.add(rn.Regex("PER", "Ann", name="agrees"))
    names.add(rn.Regex("ORG", "Bo", name="apart"))
    names.run(progress=False)
    spec = {"kind": "regex", "label": "PER", "pattern": "Ann Lee"}
    (example,) = tried(names, spec, sample="conflicts").examples
    assert [one.heuristic for one in example.others] == ["meets"]
