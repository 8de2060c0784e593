"""What is wrong with a source, place by place."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from refinery_nb.heuristics.lint import Problem, constants, entry_of, lint, lint_pattern

LABELS, ATTRIBUTES = ["Delivery", "Defect"], ["id", "text"]


def problems(source: str, **options: object) -> list[Problem]:
    return lint(source, labels=LABELS, attributes=ATTRIBUTES, **options)  # type: ignore[arg-type]


def marked(source: str, problem: Problem) -> str:
    return source.split("\n")[problem.line - 1][problem.start : problem.end]


@pytest.mark.parametrize(
    ("source", "line", "text", "said"),
    [
        ("def late(record):\n    retrun 'Delivery'", 2, None, "syntax"),
        ("def late(record:\n    return None", 1, "(", "never closed"),
        ("def late(record):\nreturn None", 2, None, "indented block"),
        ("def late(record):\n    return re.x(record)", 2, "re", "Add `import re`"),
        ("def late(record):\n    return recrd['text']", 2, "recrd", "Did you mean 'record'?"),
        ("x = 'é'; y = nothing\ndef late(record): ...", 1, "nothing", "the source uses"),
        ("async def late(record): ...", 1, None, "async"),
        ("def late(): ...", 1, None, "takes 0 arguments"),
        ("@topic.heuristic\ndef late(record): ...", 1, None, "Delete the line that begins with @"),
        ("", 1, None, "no function"),
        ("def a(r): ...\ndef b(r): ...", 2, None, "2 functions"),
        ("x = \0", 1, None, ""),
        ("(" * 1000, 1, None, ""),
    ],
)
def test_errors_stand_at_their_place(source: str, line: int, text: str | None, said: str) -> None:
    found = problems(source)[0]
    assert found.severity == "error"
    assert found.line == line
    assert said in found.message
    if text is not None:
        assert marked(source, found) == text


@pytest.mark.parametrize(
    ("body", "text", "said"),
    [
        ("return 'Delivry'", "'Delivry'", "Did you mean 'Delivery'?"),
        ("return 'Delivry', 0.9", "'Delivry'", "Did you mean"),
        ("return 'Delivry' if record else None", "'Delivry'", "Did you mean"),
        ("yield 'Delivry', 1, 2", "'Delivry'", "Did you mean"),
        ("return [('Delivry', 1, 2)]", "'Delivry'", "Did you mean"),
        ("é = record['txet']", "'txet'", "Did you mean 'text'?"),
    ],
)
def test_unknown_labels_and_attributes_are_warned_of(body: str, text: str, said: str) -> None:
    source = f"def late(record):\n    {body}"
    (found,) = problems(source)
    assert found.severity == "warning"
    assert marked(source, found) == text
    assert said in found.message


def test_every_undefined_name_is_named_at_once() -> None:
    source = "def late(record):\n    one(two)\n    return one"
    assert [(p.line, marked(source, p)) for p in problems(source)] == [
        (2, "one"),
        (2, "two"),
        (3, "one"),
    ]


def test_what_is_right_is_let_alone() -> None:
    source = (
        "from functools import cache\n\n\n@cache\ndef _stem(word: str) -> Unknown:\n"
        "    return word\n\n\ndef late(record):\n"
        "    for name in ('text',):\n        if _stem(record[name]) == 'x':\n"
        "            return 'Delivery', 0.5\n    return None\n"
    )
    assert problems(source, name="late") == []


def test_lookup_lists_are_known_by_name() -> None:
    source = (
        'def late(record):\n    return "Defect" if record["text"] in project.lookups["x"] else None'
    )
    assert lint(source, lookups=["x"]) == []
    (found,) = lint(source, lookups=["xs"])
    assert found.message == "There is no lookup list 'x'. Did you mean 'xs'?"
    assert "lookups" in lint("def f(r):\n    return project.records")[0].message


def test_an_invalid_escape_is_warned_of_and_nothing_is_printed() -> None:
    (found,) = problems("def late(record):\n    x = '\\d'")
    assert found.severity == "warning"
    assert "escape" in found.message


@given(st.text(max_size=200))
@example("\rA")
@example("A\r\nB\x0cC\u2028D")
def test_any_text_is_answered(source: str) -> None:
    for found in lint(source, labels=LABELS, attributes=ATTRIBUTES, lookups=[]):
        assert found.line >= 1
        assert found.end is None or (found.start is not None and found.start < found.end)
    entry_of(source)
    constants(source)


def test_the_heuristic_among_several_functions() -> None:
    two = "def helper(x): ...\ndef late(record): ..."
    assert entry_of(two, "late") == "late"
    assert entry_of(two) is None
    assert entry_of(two.replace("helper", "_helper")) == "late"
    assert entry_of("def") is None


@pytest.mark.parametrize(
    ("pattern", "start"), [("(late", 0), ("late)", 4), ("[a-", 0), ("a{2,1}", 2), ("*", 0)]
)
def test_a_pattern_shows_where_it_breaks(pattern: str, start: int) -> None:
    (found,) = lint_pattern(pattern)
    assert found.start == start


def test_a_pattern_that_is_fine() -> None:
    assert lint_pattern(r"\blate\b", case=False) == []


def test_the_texts_of_a_source() -> None:
    source = (
        '"""Docs."""\ndef late(record):\n    "More."\n    return "A" if "too late" in "x y" else ""'
    )
    assert constants(source, ["A"]) == (["too late", "x y"], [])
    assert constants("import re\nP = re.compile('l.te', re.I)") == ([], ["l.te"])
