"""A cell of Python on one record: what it says, what goes wrong, and that nothing gets out."""

from __future__ import annotations

import threading

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, LabelError
from refinery_nb.project.records.cell import Ran, run_cell

SHORT = rn.Limits(record_seconds=0.5)


@pytest.fixture
def said(project: rn.Project) -> rn.Project:
    project.add([{"id": "r1", "text": "Late again, my friend", "stars": 2}], key="id")
    project.lookups["teams"] = ["Ajax", "Leeds"]
    return project


def ran(project: rn.Project, source: str, limits: rn.Limits | None = None) -> Ran:
    return run_cell(project, 1, source, limits=limits)


def test_what_it_prints_and_the_value_of_its_last_expression_come_back(said: rn.Project) -> None:
    told = ran(said, 'import re\nprint("two", "words")\nre.findall("[a-z]+", record["text"])')
    assert (told.state, told.output) == ("finished", "two words\n")
    assert told.value == "['ate', 'again', 'my', 'friend']"
    assert ran(said, "x = 1").value is None
    assert ran(said, "None").value is None
    assert ran(said, "").state == "finished"


def test_it_sees_the_record_as_heuristics_do(said: rn.Project) -> None:
    assert ran(said, "record").value == "{'id': 'r1', 'text': 'Late again, my friend', 'stars': 2}"
    assert ran(said, '[t.text for t in record.doc("text")][:2]').value == "['Late', 'again']"
    assert ran(said, 'sorted(project.lookups["teams"])').value == "['Ajax', 'Leeds']"
    assert "read-only" in ran(said, 'record["text"] = ""').message


def test_a_traceback_names_the_line_of_the_cell(said: rn.Project) -> None:
    told = ran(said, 'print("before")\ndef f(r):\n    return r["txet"]\n\nf(record)')
    assert (told.state, told.line, told.output) == ("failed", 3, "before\n")
    assert "'text'" in told.message or "text" in told.message
    assert "line 5, in <module>" in told.traceback
    assert "heuristics" not in told.traceback


@pytest.mark.parametrize("source", ["x = (", "x = 1\nproject.lookups['a'", "x = 1\n\treturn"])
def test_what_is_no_python_says_where(said: rn.Project, source: str) -> None:
    told = ran(said, source)
    assert told.state == "failed"
    assert told.line == source.count("\n") + 1


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("while True: pass", "more than 0.5 s"),
        ("import time\ntime.sleep(60)", "more than 0.5 s"),
        ("class Slow:\n    def __repr__(self):\n        while True: pass\nSlow()", "0.5 s"),
        ("import os\nos._exit(3)", "exit status 3"),
        ("import sys\nsys.exit('enough')", "SystemExit: enough"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("x = [1] * 10**10", "memory"),
        ("import os\nos.fork()", "may not start processes"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 9))", "may not use the network"),
    ],
)
def test_what_runs_away_is_stopped_and_named(said: rn.Project, source: str, why: str) -> None:
    told = ran(said, source, SHORT)
    assert told.state == "failed"
    assert why in told.message
    assert ran(said, "1 + 1").value == "2"


def test_what_a_loop_printed_and_where_it_was_is_told(said: rn.Project) -> None:
    source = "n = 0\nwhile True:\n    n += 1\n    if n == 3:\n        print('three')\n"
    told = ran(said, source, SHORT)
    assert (told.state, told.output) == ("failed", "three\n")
    assert told.line in (2, 3, 4)
    assert "more than 0.5 s" in told.message
    # What catches everything, or hangs outside of Python's own code, is ended from outside.
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    assert "more than 0.5 s" in ran(said, stubborn, SHORT).message
    slow = "import re\nre.match('(a+)+$', 'a' * 40 + 'b')"
    assert "more than 0.5 s" in ran(said, slow, SHORT).message


def test_loading_a_tokenizer_is_not_the_time_of_the_cell(said: rn.Project) -> None:
    told = ran(said, 'len(record.doc("text"))', rn.Limits(record_seconds=0.3))
    assert told.value == "5"


def test_it_can_be_stopped(said: rn.Project) -> None:
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    assert run_cell(said, 1, "while True: pass", cancel=cancel).state == "cancelled"


def test_very_much_of_anything_is_cut(said: rn.Project) -> None:
    told = ran(said, 'print("a" * 5_000_000)\n"b" * 5_000_000')
    assert len(told.output) < 1_100_000
    assert told.value is not None
    assert len(told.value) < 21_000


def test_half_a_character_comes_back_as_text(said: rn.Project) -> None:
    told = ran(said, 'print("\\ud83d")\nraise ValueError("\\ud83d")')
    assert (told.output, told.message) == ("?\n", "ValueError: ?")
    assert ran(said, '"\ud83d"').state == "failed"


def test_nothing_is_left_behind_from_one_run_to_the_next(said: rn.Project) -> None:
    assert ran(said, "kept = 1\nkept").value == "1"
    assert "NameError" in ran(said, "kept").message


def test_a_record_or_list_that_is_not_there_is_said(said: rn.Project) -> None:
    with pytest.raises(LabelError):
        run_cell(said, 99, "record")
    with pytest.raises(HeuristicError, match="nope"):
        ran(said, 'project.lookups["nope"]')
