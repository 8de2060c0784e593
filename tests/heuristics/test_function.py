"""Tests of functions as heuristics: what is captured, and what their votes mean."""

from __future__ import annotations

import functools
import math
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree
from collections import Counter, defaultdict
from math import sqrt as root
from typing import Any

import pytest

from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics import Batch, Function, build

WORDS = {"late", "broken"}
PATTERN = re.compile(r"\d+", re.IGNORECASE)
COUNTS = defaultdict(int)
NOT_A_NUMBER = math.nan


def has_word(text):
    """Look for one of the words."""
    return any(word in text for word in WORDS)


class Threshold:
    limit = 3

    def passes(self, text):
        return len(PATTERN.findall(text)) >= self.limit


@functools.cache
def cached(text):
    return root(len(text))


def votes(heuristic: Function, *texts: str, spans: bool = False) -> Any:
    rebuilt = build(heuristic.spec())
    batch = Batch([{"text": text} for text in texts], ["X", "Y"], on="text", spans=spans)
    return rebuilt.vote(batch)


def test_what_a_function_uses_is_captured_with_it() -> None:
    def rule(record, threshold=Threshold):
        if has_word(record["text"]) and not math.isnan(len(WORDS)):
            return "X"
        assert math.isnan(NOT_A_NUMBER)
        if Counter(record["text"])["a"] > 2 or cached(record["text"]) > 9:
            return "Y", 0.5
        return "Y" if threshold().passes(record["text"]) else None

    heuristic = Function(rule)
    ballot = votes(heuristic, "too late", "aaa", "1 2 3", "1 2")
    assert [list(ballot.at), list(ballot.label)] == [[0, 1, 2], [0, 1, 1]]
    assert list(ballot.confidence) == [1.0, 0.5, 1.0]
    for line in ("import math", "from collections import Counter", "from math import sqrt as root"):
        assert line in heuristic.source.splitlines()


def test_the_source_runs_alone() -> None:
    """Nothing of it is found by accident: another process has none of this module."""

    def rule(record):
        return "X" if has_word(record["text"]) and Threshold.limit == 3 else None

    program = Function(rule).source + "\nprint(rule({'text': 'late'}))"
    answer = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "X\n"


def test_closures_are_captured() -> None:
    def make(word, label):
        def rule(record):
            return label if word in record["text"] else None

        return rule

    ballot = votes(Function(make("late", "Y")), "late", "not")
    assert (list(ballot.at), list(ballot.label)) == ([0], [1])
    assert Function(make("a", "X")).fingerprint != Function(make("b", "X")).fingerprint


def test_decorators_are_left_out_and_recursion_works() -> None:
    def register(function):
        return function

    @register
    def rule(record, depth=3):
        return "X" if depth == 0 else rule(record, depth - 1)

    heuristic = Function(rule)
    assert "@" not in heuristic.source
    assert list(votes(heuristic, "a").at) == [0]


def test_submodules_are_imported() -> None:
    def rule(record):
        return xml.etree.ElementTree.fromstring(record["text"]).tag

    heuristic = Function(rule)
    assert "import xml.etree.ElementTree" in heuristic.source.splitlines()
    assert list(votes(heuristic, "<X/>").label) == [0]


def test_a_multiline_string_of_a_nested_function_keeps_its_content() -> None:
    def rule(record):
        return (
            "X"
            if record["text"]
            == """a
        b"""
            else None
        )

    assert list(votes(Function(rule), "a\n        b").at) == [0]


def test_an_annotation_is_not_needed_to_run() -> None:
    def rule(record: Votes) -> str | None:
        found: Votes = "X"
        return found

    heuristic = Function(rule)
    assert "import Votes" not in heuristic.source
    assert list(votes(heuristic, "a").at) == [0]


def test_a_function_from_a_notebook_cell_is_captured() -> None:
    program = """
        import json
        from IPython.core.interactiveshell import InteractiveShell
        from refinery_nb.heuristics import Function
        shell = InteractiveShell.instance()
        shell.user_module.__dict__["Function"] = Function
        run = lambda cell: shell.run_cell(cell).raise_error()
        run("import re as regex\\nWORDS = ['late']")
        run("class Rude:\\n    words = WORDS\\n    def __init__(self): pass")
        run("from dataclasses import dataclass\\n@dataclass\\nclass Point:\\n    x: int = 3")
        run("def helper(text):\\n    # why\\n    return regex.search(Rude.words[0], text)")
        run("mark = lambda f: f\\n\\n@mark\\ndef rule(record):\\n"
            "    if record['text'] == '': raise ValueError\\n"
            "    assert Point().x == 3\\n"
            "    return 'X' if helper(record['text']) else None")
        run("spec = Function(rule).spec()")
        print(json.dumps(shell.user_ns["spec"]))
    """
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    import json

    heuristic = build(json.loads(answer.stdout))
    assert isinstance(heuristic, Function)
    ballot = votes(heuristic, "late", "x", "")
    assert list(ballot.at) == [0]
    # line 5 of the cell, not of the captured source
    assert ballot.errors == [
        (
            2,
            "ValueError",
            "  line 5, in rule\n    if record['text'] == '': raise ValueError\nValueError",
        )
    ]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Function(3), "not a plain function"),
        (lambda: Function(lambda record: None), "lambda"),
        (lambda: Function("".join), "not a plain function"),
        (lambda: Function(cached), "not a plain function"),
        (lambda: Function(Threshold().passes), "a method"),
    ],
)
def test_what_is_no_function_is_refused(make: Any, said: str) -> None:
    """G6: not a function."""
    with pytest.raises(HeuristicError, match=said):
        make()


def test_what_cannot_be_captured_is_named_with_its_type() -> None:
    """G6: the message names the variable, its type, and what to do."""

    def rule(record):
        COUNTS[record["text"]] += 1

    with pytest.raises(HeuristicError, match=r"'COUNTS', of type collections.defaultdict.*inside"):
        Function(rule)


def test_a_name_that_is_not_defined_is_refused_with_its_line() -> None:
    """G6: missing import."""

    def rule(record):
        return statistics.mean(record)  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(
        HeuristicError, match=r"uses 'statistics'.*Add `import statistics`"
    ) as caught:
        Function(rule)
    assert caught.value.line == rule.__code__.co_firstlineno + 1


def test_a_function_takes_the_record_alone() -> None:
    """G6: the wrong arguments."""

    def rule(record, other):
        return None

    with pytest.raises(HeuristicError, match="takes 2 arguments"):
        Function(rule)


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("def rule(record):\n    return (\n", 2, "no Python"),
        ("import re\n\ndef a(r): pass\n\ndef b(r): pass\n", 5, "2 functions: a, b"),
        ("x = 3\n", None, "has no function"),
        ("def rule(record):\n    return re.search('a', record['text'])\n", 2, "uses 're'"),
        ("async def rule(record):\n    pass\n", 1, "async"),
        ("import x\n@x.y\ndef rule(record):\n    pass\n", 2, "decorator"),
        ("def rule():\n    pass\n", 1, "takes 0 arguments"),
    ],
)
def test_a_written_source_is_refused_with_its_line(source: str, line: int, said: str) -> None:
    """G6: syntax error, two functions, not a function, missing import."""
    with pytest.raises(HeuristicError, match=said) as caught:
        Function.from_source(source)
    assert caught.value.line == line


def test_a_written_source_runs_with_its_lines() -> None:
    source = (
        "import re\n\ndef help(x):\n    return x.y\n\ndef rule(record):\n    return help(record)\n"
    )
    ballot = votes(Function.from_source(source, "rule"), "a")
    assert ballot.errors[0][1] == "AttributeError: 'Record' object has no attribute 'y'"
    assert ballot.errors[0][2].startswith(
        "  line 7, in rule\n    return help(record)\n  line 4, in"
    )


def test_a_source_that_cannot_be_loaded_says_so() -> None:
    """G6: an import that is missing where it runs."""
    heuristic = Function.from_source("import nowhere_at_all\ndef rule(record): pass\n")
    with pytest.raises(HeuristicError, match="ModuleNotFoundError") as caught:
        heuristic.load()
    assert caught.value.line == 1
    renamed = Function.from_spec(heuristic.spec() | {"source": "def other(record): pass"})
    with pytest.raises(HeuristicError, match="KeyError: rule"):
        renamed.load()


def test_the_source_is_the_version() -> None:
    one = Function.from_source("def rule(record):\n    return 'X'\n")
    assert one.fingerprint == Function.from_spec(one.spec() | {"lines": [[1, 7]]}).fingerprint
    assert (
        one.fingerprint != Function.from_source("def rule(record):\n    return 'Y'\n").fingerprint
    )


CLASS_OFFENCES = {
    "'Z'": "unknown label 'Z'",
    "''": "empty string",
    "3": "of type int",
    "True": "of type bool",
    "b'X'": "of type bytes",
    "['X', 'Y']": "holds 2 labels",
    "('X', 1.7)": "does not lie in",
    "('X', 0)": "does not lie in",
    "('X', float('nan'))": "does not lie in",
    "('X', True)": "is no number",
    "('X', None)": "is no number",
    "('X', 0, 3)": "looks like spans",
    "[('X', 0, 3)]": "looks like spans",
    "{'X': 1}": "of type dict",
    "(n for n in iter(int, 1))": "it yields",
}
SPAN_OFFENCES = {
    "'X'": "a label alone",
    "3": "of type int",
    "[('X', 0, 99)]": "outside the text of 5",
    "[('X', -1, 2)]": "outside the text of 5",
    "[('X', 3, 2)]": "outside the text of 5",
    "[('X', 2, 2)]": "is empty",
    "[('X', 0.0, 2)]": "of type float",
    "[('X', False, 2)]": "of type bool",
    "[('Z', 0, 2)]": "unknown label 'Z'",
    "[('X', 0, 2, 1.5)]": "does not lie in",
    "[('X', 0)]": "is no span",
    "['X']": "is no span",
    "(('X', 0, 2) for n in iter(int, 1))": "more than 10,000 spans",
}


@pytest.mark.parametrize(("returned", "said"), CLASS_OFFENCES.items())
def test_what_is_no_vote_is_an_error_of_its_record(returned: str, said: str) -> None:
    """G5: a wrong value is neither a vote nor an abstention, and the next record goes on."""
    source = f"def rule(record):\n    return {returned} if record['text'] == 'wrong' else 'X'\n"
    ballot = votes(Function.from_source(source), "good", "wrong", "good")
    assert list(ballot.at) == [0, 2]
    [(at, message, _)] = ballot.errors
    assert at == 1
    assert said in message


@pytest.mark.parametrize(("returned", "said"), SPAN_OFFENCES.items())
def test_what_is_no_span_is_an_error_of_its_record(returned: str, said: str) -> None:
    """G5: a record has all of its spans or none."""
    source = f"def rule(record):\n    return {returned} if record['text'] == 'wrong' else None\n"
    ballot = votes(Function.from_source(source), "good", "wrong", "good", spans=True)
    assert list(ballot.at) == []
    [(at, message, _)] = ballot.errors
    assert at == 1
    assert said in message


def test_spans_are_yielded_or_returned() -> None:
    source = """
        def rule(record):
            if record["text"] == "one":
                return "X", 0, 3
            return more(record)

        def more(record):
            yield "X", 0, 2
            yield "Y", 1, 4, 0.5
            yield ["X", 0, 2]
    """
    ballot = votes(Function.from_source(textwrap.dedent(source), "rule"), "one", "four", spans=True)
    rows = zip(ballot.at, ballot.label, ballot.start, ballot.end, ballot.confidence, strict=True)
    assert list(rows) == [(0, 0, 0, 3, 1.0), (1, 0, 0, 2, 1.0), (1, 1, 1, 4, 0.5)]


def test_a_record_cannot_be_changed() -> None:
    """G7: the next heuristic sees what is stored."""
    source = "def rule(record):\n    record['text'] = 'X'\n    return 'X'\n"
    batch = Batch([{"text": "a"}], ["X"])
    ballot = Function.from_source(source).vote(batch)
    assert ballot.errors[0][1].startswith("TypeError: a record is read-only")
    assert batch.records[0] == {"text": "a"}


def test_a_mistyped_attribute_gets_a_proposal() -> None:
    ballot = votes(Function.from_source("def rule(record):\n    return record['txt']\n"), "a")
    assert "Did you mean 'text'?" in ballot.errors[0][1]


def test_an_exception_that_cannot_speak_is_kept() -> None:
    """G4: also an exception whose own message raises."""
    source = """
        class Mute(Exception):
            def __str__(self):
                raise ValueError
        def rule(record):
            raise Mute
    """
    ballot = votes(Function.from_source(textwrap.dedent(source), "rule"), "a")
    assert ballot.errors[0][1] == "Mute"
