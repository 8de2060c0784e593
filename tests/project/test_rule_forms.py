"""A rule while labeling: its forms, what each would hit, and that it does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.project.rules import rule_forms
from refinery_nb.project.rules.rule_forms import forms_of, hits, make

TEXTS = ["It leaks", "LEAKS badly", "a leak", "leaky", "order A-17", "order a-2", "Order B-3", None]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    project.add([{"id": str(n), "text": text} for n, text in enumerate(TEXTS)], key="id")
    task = project.task("topic", ["Defect", "Order"], on="text")
    task.label_many({"0": "Defect", "1": "Defect", "2": "Order", "4": "Order", "5": rn.NONE})
    return task


def counted(task: rn.Task, text: str, **options: Any) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in hits(task, "text", text, **options)["forms"]}


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("leaks", {"exact": "leaks", "folded": "leaks", "plural": "leak"}),
        ("Cities", {"exact": "Cities", "folded": "cities", "plural": "city"}),
        ("late goal", {"exact": "late goal", "folded": "late goal", "plural": "late goal"}),
        ("3-2", {"exact": "3-2", "digits": r"\b\d+-\d+\b"}),
        ("$4.50", {"exact": "$4.50", "digits": r"\$\d+\.\d+\b"}),
        ("Ada Lovelace", {"shape": r"\b[A-Z][a-z]+ [A-Z][a-z]+\b"}),
        ("A-17", {"digits": r"\bA-\d+\b", "shape": r"\b[A-Z]-\d+\b"}),
    ],
)
def test_a_text_has_the_forms_that_make_sense(text: str, forms: dict[str, str]) -> None:
    found = {form.id: form.rule for form in forms_of(text)}
    assert found | forms == found
    if "shape" not in forms:
        assert set(found) == set(forms)


def test_every_form_says_what_it_would_hit_and_who_agrees(topic: rn.Task) -> None:
    defect, order = (str(label.id) for label in topic.schema.labels)
    found = counted(topic, "leaks")
    assert [(one["records"], one["reviewed"]) for one in found.values()] == [(1, 1), (2, 2), (3, 3)]
    assert found["plural"]["agree"] == {defect: 2, order: 1}
    found = counted(topic, "A-17")
    assert (found["digits"]["records"], found["digits"]["reviewed"]) == (2, 2)
    assert found["digits"]["agree"] == {order: 1}
    assert found["shape"]["records"] == 2
    (snippet,) = counted(topic, "leaky")["folded"]["snippets"]
    assert snippet == {"key": "3", "before": "", "hit": "leaky", "after": ""}


@pytest.mark.parametrize("text", ["leaks", "A-17", "leak", "order"])
def test_the_rule_hits_what_its_form_said(topic: rn.Task, text: str) -> None:
    for one in counted(topic, text).values():
        told = make(topic, "text", text, one["id"], "Defect")
        assert (told["state"], told["added"]) == ("finished", True)
        row = topic.heuristics().set_index("heuristic").loc[told["heuristic"]]
        assert row["kind"] == ("regex" if one["id"] in ("digits", "shape") else "lookup")
        assert told["votes"] == one["records"] == len(topic.hits(told["heuristic"]))


SELECTIONS = st.text(st.sampled_from("aB3- $ßé.s"), min_size=1, max_size=6)


@given(text=SELECTIONS, around=st.lists(SELECTIONS, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_form_hits_the_text_that_it_was_made_of(text: str, around: list[str]) -> None:
    with rn.open(by="ann") as project:
        rows = [{"id": "own", "text": f"x {text.strip()} y"}]
        project.add([*rows, *({"id": str(n), "text": t} for n, t in enumerate(around))], key="id")
        task = project.task("t", ["A"], on="text")
        if not text.strip():
            with pytest.raises(HeuristicError, match="nothing is selected"):
                counted(task, text)
            return
        for one in counted(task, text).values():
            assert "own" in [snippet["key"] for snippet in one["snippets"]], one


def test_terms_join_the_lookup_of_their_label(topic: rn.Task) -> None:
    topic.add(rn.Lookup("Defect", ["broken"]))
    first = make(topic, "text", "Leaks", "folded", "Defect")
    assert first["heuristic"] == "lookup:Defect"
    again = make(topic, "text", "leaks", "folded", "Defect")
    assert (again["added"], again["votes"]) == (False, 2)
    exact = make(topic, "text", "LEAKS", "exact", "Defect")
    assert exact["heuristic"] == "lookup:Defect (exact)"
    other = make(topic, "text", "order", "folded", "Order")
    assert other["heuristic"] == "lookup:Order"
    assert len(topic.versions("lookup:Defect")) == 2
    pattern = make(topic, "text", "A-17", "digits", "Order")
    assert make(topic, "text", "A-2", "digits", "Order")["heuristic"] == pattern["heuristic"]
    assert len(topic.heuristics()) == 4


def test_a_lookup_that_looks_otherwise_is_left_alone(topic: rn.Task) -> None:
    topic.add(rn.Lookup("Defect", ["broken"], whole_words=False))
    told = make(topic, "text", "leaks", "folded", "Defect")
    assert told["heuristic"] == "lookup:Defect (2)"
    assert len(topic.versions("lookup:Defect")) == 1


def test_counting_that_takes_too_long_says_at_least(
    topic: rn.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_forms, "CHUNK", 3)
    found = hits(topic, "text", "leaks", seconds=-1.0)
    assert (found["looked_at"], found["total"]) == (3, 8)
    # The labelled records come first.
    assert [one["reviewed"] for one in found["forms"]] == [1, 2, 3]


def test_spans_agree_to_the_character(project: rn.Project) -> None:
    project.add([{"id": "a", "text": "Ada and Ada"}, {"id": "b", "text": "Ada"}], key="id")
    names = project.task("names", ["PER", "ORG"], on="text", kind="spans")
    names.label("a", [(0, 3, "PER")])
    (per, _) = (str(label.id) for label in names.schema.labels)
    found = counted(names, "Ada")["folded"]
    assert (found["records"], found["reviewed"], found["agree"]) == (2, 2, {per: 1})
    told = make(names, "text", "Ada", "folded", "PER")
    assert told["votes"] == 3


def test_whole_records_are_looked_at_in_the_attribute_that_was_selected(
    project: rn.Project,
) -> None:
    project.add([{"id": "1", "a": "late", "b": "x"}, {"id": "2", "a": "x", "b": "late"}], key="id")
    task = project.task("t", ["A"])
    (found,) = (one for one in hits(task, "a", "late")["forms"] if one["id"] == "folded")
    assert found["records"] == 1
    assert make(task, "a", "late", "folded", "A")["votes"] == 1
    assert task.hits("lookup:A").keys() == ["1"]


def test_what_makes_no_rule_is_refused(topic: rn.Task) -> None:
    with pytest.raises(HeuristicError, match="nothing is selected"):
        hits(topic, "text", " \n")
    with pytest.raises(HeuristicError, match="201 characters"):
        hits(topic, "text", "x" * 201)
    with pytest.raises(SchemaError, match="is about 'text'"):
        hits(topic, "id", "1")
    with pytest.raises(HeuristicError, match="no form 'digits'"):
        make(topic, "text", "leaks", "digits", "Defect")
    with pytest.raises(SchemaError, match="no label"):
        make(topic, "text", "leaks", "folded", "Defekt")
