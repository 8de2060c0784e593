"""Tests of the library of bricks: its examples, and what all bricks must stand."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.heuristics import Batch, Function
from refinery_nb.heuristics.bricks import Brick, Example, Parameter
from refinery_nb.heuristics.capture import check_source

BRICKS = list(rn.bricks.values())
EXAMPLES = [
    pytest.param(brick, example, id=f"{brick.name}-{number}")
    for brick in BRICKS
    for number, example in enumerate(brick.examples)
]
HOSTILE = [
    "a", "A", "1", " ", ".", "-", "@", "#", "(", '"', "é", "💩", "a.", "1 ", "1.", "1,", "a ", "A ",
    "A. ", "a@", "a@b.", "http://", "www.", "+1", "0049 ", "AA11", "DE8", "4111 ", "1:", "12:",
    "$1", "1 €", "A1-", "X ", "Mr ", "A-", "“", "«", "1.1.", "::", "f:", "'a", "\n", "!?",
    "no ", "I ",
]  # fmt: skip


def labels_of(brick: Brick) -> list[str]:
    found: list[str] = []
    for parameter in brick.parameters:
        if parameter.kind == "label" and parameter.default:
            found.append(parameter.default)
        if parameter.kind == "labels":
            found += [label for label in parameter.default.values() if label]
    return found


def says(brick: Brick, text: str | None, parameters: dict[str, Any] | None = None) -> Any:
    """Return what a brick says of a text: a label or None, or the texts of its spans."""
    spans = brick.kind == "extractor"
    heuristic = Function.from_source(brick.code(on="body", **(parameters or {})))
    given = {value for value in (parameters or {}).values() if isinstance(value, str)}
    for value in (parameters or {}).values():
        if isinstance(value, dict):
            given |= {label for label in value.values() if label}
    labels = list(dict.fromkeys([*labels_of(brick), *sorted(given)]))
    ballot = heuristic.vote(Batch([{"body": text}], labels, spans=spans, on="body"))
    assert not ballot.errors, ballot.errors
    assert not ballot.fatal
    if spans:
        assert text is not None or not ballot.at
        found = sorted(zip(ballot.start, ballot.end, strict=True))
        return [(text or "")[start:end] for start, end in found]
    return labels[ballot.label[0]] if len(ballot.label) else None


@pytest.mark.parametrize(("brick", "example"), EXAMPLES)
def test_a_brick_says_what_its_example_promises(brick: Brick, example: Example) -> None:
    assert says(brick, example.text, example.parameters) == example.expected


@pytest.mark.parametrize("brick", BRICKS, ids=lambda brick: brick.name)
def test_a_brick_is_complete(brick: Brick) -> None:
    assert brick.kind in ("classifier", "extractor")
    assert brick.description.endswith(".")
    assert len(brick.examples) >= 4
    nothing: Any = [] if brick.kind == "extractor" else None
    assert any(example.expected == nothing for example in brick.examples)
    assert any(example.expected != nothing for example in brick.examples)
    assert any(not example.text.isascii() or not example.text for example in brick.examples)
    assert len({parameter.name for parameter in brick.parameters}) == len(brick.parameters)
    for parameter in brick.parameters:
        assert parameter.checked(parameter.default) == parameter.default
        assert parameter.constant in brick.template


@pytest.mark.parametrize("brick", BRICKS, ids=lambda brick: brick.name)
def test_the_source_of_a_brick_is_a_heuristic_and_reads_well(brick: Brick) -> None:
    source = brick.code(on="body")
    assert check_source(source) == brick.name
    assert 'ON = "body"' in source
    assert max(map(len, source.splitlines())) <= 120
    assert "\t" not in source
    assert "{name}" not in source


@pytest.mark.parametrize("brick", BRICKS, ids=lambda brick: brick.name)
def test_a_brick_has_nothing_to_say_of_no_text(brick: Brick) -> None:
    nothing: Any = [] if brick.kind == "extractor" else None
    assert says(brick, None) == nothing


@pytest.mark.parametrize("brick", BRICKS, ids=lambda brick: brick.name)
def test_a_brick_ends_on_long_hostile_texts(brick: Brick) -> None:
    """G2: no pattern runs away; 20,000 characters of everything that patterns repeat."""
    heuristic = Function.from_source(brick.code(on="body"))
    texts = [(piece * 20_000)[:20_000] for piece in HOSTILE]
    texts += [text[:-1] + "!" for text in texts]
    batch = Batch(
        [{"body": text} for text in texts],
        labels_of(brick),
        spans=brick.kind == "extractor",
        on="body",
    )
    ballot = heuristic.vote(batch)
    assert ballot.done == len(texts)
    assert not [error for error in ballot.errors if "10,000 spans" not in error[1]]


def test_the_library_holds_what_people_ask_for() -> None:
    assert len(BRICKS) >= 36
    assert len({brick.name for brick in BRICKS}) == len(BRICKS)
    kinds = [brick.kind for brick in BRICKS]
    assert min(kinds.count("classifier"), kinds.count("extractor")) >= 15


def test_bricks_are_found_by_words() -> None:
    assert "iban" in rn.bricks.find("bank")
    assert list(rn.bricks.find("check digits iban")) == ["iban"]
    assert len(rn.bricks.find("no such thing")) == 0
    assert {brick.kind for brick in rn.bricks.find("emoji", kind="extractor").values()} == {
        "extractor"
    }


def test_the_library_lists_itself() -> None:
    frame = rn.bricks.frame()
    assert frame.columns.tolist() == ["name", "kind", "group", "description"]
    assert len(frame) == len(rn.bricks)
    assert "iban" in repr(rn.bricks)
    assert "<table" in rn.bricks._repr_html_()
    shown = repr(rn.bricks["iban"])
    assert "def iban(record)" in shown
    assert "Examples" in shown
    assert "&lt;" in rn.bricks["url"]._repr_html_()


def test_an_unknown_brick_or_parameter_is_named() -> None:
    with pytest.raises(HeuristicError, match="Did you mean 'iban'"):
        rn.bricks["ibann"]
    with pytest.raises(HeuristicError, match="Did you mean 'label'"):
        rn.bricks["iban"].code(labl="X")


def test_parameters_are_constants_at_the_top() -> None:
    source = rn.bricks["iban"].code(label='AC"COUNT', on="Dein Text\\")
    head = source.split("def iban")[0]
    assert "LABEL = 'AC\"COUNT'" in head
    assert "ON = 'Dein Text\\\\'" in head
    assert head.index("import re") < head.index("LABEL =")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (Parameter("a", "label", None, ""), " "),
        (Parameter("a", "label", None, ""), 3),
        (Parameter("a", "words", (), ""), "word"),
        (Parameter("a", "words", (), ""), []),
        (Parameter("a", "words", (), ""), ["a", ""]),
        (Parameter("a", "choice", "x", "", ("x", "y")), "z"),
        (Parameter("a", "integer", 1, ""), 1.5),
        (Parameter("a", "integer", 1, ""), True),
        (Parameter("a", "integer", 1, ""), 0),
        (Parameter("a", "number", 1, ""), -1),
        (Parameter("a", "number", 1, ""), float("nan")),
        (Parameter("a", "flag", True, ""), 1),
        (Parameter("a", "labels", {}, "", ("x",)), {"y": "L"}),
        (Parameter("a", "labels", {}, "", ("x",)), {"x": 3}),
        (Parameter("a", "labels", {}, "", ("x",)), "x"),
    ],
)
def test_a_value_that_is_none_for_a_parameter_is_refused(parameter: Parameter, value: Any) -> None:
    with pytest.raises(HeuristicError):
        parameter.checked(value)


def test_a_brick_becomes_an_ordinary_heuristic_of_its_task(project: rn.Project) -> None:
    project.add(
        [{"id": "a", "note": "x", "body": "pay DE89 3704 0044 0532 0130 00 or ann@example.org"}],
        key="id",
    )
    task = project.task("parts", ["ACCOUNT", "MAIL"], on="body", kind="spans")
    task.add(rn.bricks["iban"](label="ACCOUNT"))
    task.add(rn.bricks["email"](label="MAIL", name="mails"))
    assert task.run(progress=False)["state"].tolist() == ["finished", "finished"]
    assert task.heuristics()[["heuristic", "kind"]].to_numpy().tolist() == [
        ["iban", "function"],
        ["mails", "function"],
    ]
    assert task.report()["hits"].tolist() == [1, 1]
    assert 'ON = "body"' in task.versions("iban")["source"][0]
    tried = task.try_heuristic(rn.bricks["email"](label="MAIL"))
    assert tried["vote"][0] == [("MAIL", "ann@example.org")]


def test_all_bricks_run_in_a_child_process(project: rn.Project) -> None:
    texts = ["Hello Dr. Ann Smith, where is my order #A-99? 💩", "", None, "x" * 100_000]
    project.add([{"id": str(n), "body": text} for n, text in enumerate(texts)], key="id")
    for kind, on in (("classification", None), ("spans", "body")):
        bricks = [b for b in BRICKS if kind == "classification" or b.kind == "extractor"]
        labels = dict.fromkeys(label for brick in bricks for label in labels_of(brick))
        task = project.task(kind, list(labels), on=on, kind=kind)
        for brick in bricks:
            task.add(brick())
        told = task.run(progress=False)
        assert told["state"].unique().tolist() == ["finished"]
        assert told["errors"].sum() == 0
        assert told["message"].unique().tolist() == [""]


def test_a_brick_follows_a_lookup_list(project: rn.Project) -> None:
    project.add([{"id": "a", "body": "Ajax beat Leeds"}], key="id")
    task = project.task("teams", ["TERM"], on="body", kind="spans")
    project.lookups["teams"] = ["Ajax"]
    task.add(rn.bricks["keyword_spans"](words=project.lookups["teams"]))
    task.run(progress=False)
    assert task.report()["hits"].tolist() == [1]
    assert 'WORDS = project.lookups["teams"]' in task.versions("keyword_spans")["source"][0]
    project.lookups["teams"] = ["Ajax", "Leeds"]
    task.run(progress=False)
    assert task.report()["hits"].tolist() == [2]


@pytest.mark.parametrize(
    "brick", [one for one in BRICKS if one.kind == "extractor"], ids=lambda brick: brick.name
)
def test_an_extractor_also_votes_for_whole_records(brick: Brick) -> None:
    for example in brick.examples:
        source = brick.code(on="body", whole=True, **example.parameters)
        assert check_source(source) == brick.name
        labels = labels_of(brick)
        ballot = Function.from_source(source).vote(Batch([{"body": example.text}], labels))
        assert not ballot.errors
        assert len(ballot.label) == bool(example.expected)


def test_an_extractor_in_a_task_about_whole_records(project: rn.Project) -> None:
    project.add([{"id": "a", "body": "ann@example.org"}, {"id": "b", "body": "none"}], key="id")
    task = project.task("contact", ["mail"])
    task.add(rn.bricks["email"](label="mail"))
    task.run(progress=False)
    assert project.where(task.voted("mail")).keys() == ["a"]


def test_spans_need_a_label() -> None:
    with pytest.raises(HeuristicError, match="needs a label"):
        rn.bricks["iban"](label=None)
    assert says(rn.bricks["question"], "Why?", {"label": None}) is None


def test_a_brick_that_does_not_fit_its_task_is_refused_before_it_runs(project: rn.Project) -> None:
    project.add([{"id": "a", "title": "x", "body": "y"}], key="id")
    whole = project.task("whole", ["question"])
    spans = project.task("spans", ["IBAN"], on="body", kind="spans")
    with pytest.raises(HeuristicError, match="about spans"):
        spans.add(rn.bricks["question"]())
    with pytest.raises(HeuristicError, match="Pass on="):
        whole.add(rn.bricks["question"]())
    with pytest.raises(HeuristicError, match="Did you mean 'title'"):
        whole.add(rn.bricks["question"](on="titel"))
    with pytest.raises(HeuristicError, match="Leave out on="):
        spans.add(rn.bricks["iban"](on="title"))
    with pytest.raises(SchemaError, match="no label 'ACCOUNT'"):
        spans.add(rn.bricks["iban"](label="ACCOUNT"))
    assert len(whole.heuristics()) == len(spans.heuristics()) == 0
    whole.add(rn.bricks["question"](on="title"))


def test_naming_the_library_imports_no_brick() -> None:
    code = (
        "import sys, refinery_nb as rn; rn.bricks;"
        "print([m for m in sys.modules if m == 'pandas' or m.endswith('bricks.money')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
