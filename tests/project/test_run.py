"""Tests of runs of heuristics: what they give, and what cannot disturb them."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psutil
import pytest

from refinery_nb.compute.limits import Limits
from refinery_nb.core.schema import Label, TaskKind, TaskSchema
from refinery_nb.heuristics import Function, Lookup, Regex
from refinery_nb.project.rules.run import RunResult, progress_bar, run_heuristics

LABELS = (Label(10, "World", "", "", 0), Label(20, "Sports", "", "", 1))
TOPIC = TaskSchema(1, "topic", TaskKind.CLASSIFICATION, "text", LABELS)
NAMES = TaskSchema(2, "names", TaskKind.SPANS, "text", LABELS)
QUICK = Limits(record_seconds=0.4)
GOOD = "def good(record):\n    return 'Sports' if '3' in record['text'] else None\n"


@pytest.fixture(autouse=True)
def _no_orphans() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


def function(source: str, name: str | None = None) -> Function:
    return Function.from_source(textwrap.dedent(source), name)


def run(
    *heuristics: Any, count: int = 40, chunk: int = 10, task: TaskSchema = TOPIC, **options: Any
) -> dict[str, RunResult]:
    """Run over records 1000, 1001, ... with the keys k0, k1, ... and the texts "text 0.", ..."""
    texts = options.pop("texts", None) or [f"text {number}." for number in range(count)]
    rows = [(1000 + at, f"k{at}", {"text": text, "tags": ["a"]}) for at, text in enumerate(texts)]
    chunks = (rows[at : at + chunk] for at in range(0, len(rows), chunk))
    specs = {heuristic.name: heuristic.spec() for heuristic in heuristics}
    options.setdefault("limits", QUICK)
    return run_heuristics(specs, chunks, task, count=len(rows), **options)


def good_records(count: int = 40) -> list[int]:
    return [1000 + number for number in range(count) if "3" in str(number)]


@pytest.mark.parametrize("workers", [1, 3])
def test_votes_are_columns_of_record_and_label_ids(workers: int) -> None:
    sure = function("def sure(record):\n    return 'World', 0.25\n")
    results = run(
        function(GOOD),
        sure,
        Regex("World", r"\b7\b"),
        Lookup("Sports", ["text 3"]),
        workers=workers,
    )
    votes = results["good"].votes
    assert votes.record.tolist() == good_records()
    assert set(votes.label.tolist()) == {20}
    assert results["sure"].votes.confidence.tolist() == [0.25] * 40
    assert results["regex:World"].votes.record.tolist() == [1007]
    assert results["lookup:Sports"].votes.record.tolist() == [1003]
    assert all(r.state == "finished" and r.done == 40 and not r.message for r in results.values())


def test_span_votes_carry_offsets() -> None:
    rule = function("""
        def rule(record):
            for token in record.doc("text"):
                if token.is_digit:
                    yield "World", token.doc[token.i : token.i + 1]
    """)
    results = run(rule, Regex("Sports", r"\d+"), task=NAMES, texts=["💩 7\r\n12", "no", "3"])
    for name, label in (("rule", 10), ("regex:Sports", 20)):
        votes = results[name].votes
        assert votes.start is not None
        assert votes.end is not None
        rows = zip(votes.record, votes.label, votes.start, votes.end, strict=True)
        expected = [(1000, label, 2, 3), (1000, label, 5, 7), (1002, label, 0, 1)]
        assert [tuple(map(int, row)) for row in rows] == expected, results[name].message


HOSTILE = {
    "while True: pass": "took more than 0.4 s",
    "import time; time.sleep(1e9)": "took more than 0.4 s",
    "sum(iter(int, 1))": "took more than 0.4 s",
    "import re; re.search(r'(a+)+$', 'a' * 40 + 'b')": "took more than 0.4 s",
    "import os; os._exit(0)": "exit status 0",
    "import ctypes; ctypes.string_at(0)": "SIGSEGV",
    "import sys; sys.exit()": "raised SystemExit in line 4",
    "raise KeyboardInterrupt": "raised KeyboardInterrupt in line 4",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)": "SIGKILL",
    "while True:\n        try: sum(range(9))\n        except BaseException: pass": "took more",
}


@pytest.mark.parametrize(("code", "said"), HOSTILE.items())
def test_a_hostile_function_ends_alone(code: str, said: str) -> None:
    """G1, G2, G8: ended at the limit, with function and record named; the others are complete."""
    start = "def hostile(record):\n    if '25' not in record['text']:\n        return 'World'\n    "
    before, after = function(GOOD), Regex("World", "text")
    results = run(before, function(start + code), after)
    hostile = results["hostile"]
    assert hostile.state == "failed"
    assert said in hostile.message
    assert "hostile" in hostile.message
    assert "on record k25" in hostile.message
    assert hostile.done == 25
    assert hostile.votes.record.tolist() == list(range(1000, 1025))
    assert results["good"].votes.record.tolist() == good_records()
    assert results["regex:World"].done == len(results["regex:World"].votes) == 40


def test_a_catastrophic_pattern_is_ended() -> None:
    """G2: also where the pattern is not in a function."""
    results = run(Regex("World", r"(a+)+$"), function(GOOD), texts=["x", "3", "a" * 40 + "b", "y"])
    assert "took more than 0.4 s on record k2" in results["regex:World"].message
    assert results["good"].votes.record.tolist() == [1001]


def test_a_memory_bomb_ends_alone() -> None:
    """G3: the message says that it was the memory."""
    bomb = function("""
        hoard = []
        def bomb(record):
            while '25' in record['text']:
                hoard.append(bytearray(50_000_000))
    """)
    limits = Limits(memory_bytes=600_000_000)
    results = run(function(GOOD), bomb, Regex("World", "text"), limits=limits)
    assert results["bomb"].state == "failed"
    assert "ran out of memory" in results["bomb"].message
    assert "record k25" in results["bomb"].message
    assert results["regex:World"].done == results["good"].done == 40


def test_who_hoards_memory_is_blamed_not_who_comes_next() -> None:
    """G3: the other one succeeds in a fresh process."""
    hoarder = function("""
        hoard = []
        def hoarder(record):
            if not hoard:
                hoard.append(bytearray(400_000_000))
    """)
    needy = function("def needy(record):\n    return 'World' if bytearray(300_000_000) else None\n")
    results = run(hoarder, needy, count=4, chunk=2, limits=Limits(memory_bytes=600_000_000))
    assert results["needy"].state == "finished", results["needy"].message
    assert len(results["needy"].votes) == 4


def test_endless_recursion_is_an_error_of_its_record() -> None:
    """G3: recursion."""
    results = run(
        function("def deep(record):\n    return deep(record) if '7' in record['text'] else None\n")
    )
    errors = results["deep"].errors
    assert [error.key for error in errors] == ["k7", "k17", "k27", "k37"]
    assert errors[0].message.startswith("RecursionError")
    assert len(errors[0].traceback) < 3_000


@pytest.mark.parametrize(
    "start",
    [
        "os.fork()",
        "os.system('true')",
        "subprocess.run(['true'])",
        "multiprocessing.get_context('fork').Process().start()",
    ],
)
def test_a_fork_bomb_cannot_begin(start: str) -> None:
    """G3: processes are refused, one exception a record."""
    source = f"import os, subprocess, multiprocessing\ndef bomb(record):\n    while True: {start}\n"
    results = run(function(source), function(GOOD))
    assert "may not start processes" in results["bomb"].message
    assert results["good"].state == "finished"


@pytest.mark.parametrize(
    "reach",
    [
        "socket.create_connection(('127.0.0.1', {port}), 1)",
        "socket.getaddrinfo('localhost', {port})",
        "urllib.request.urlopen('http://127.0.0.1:{port}/', timeout=1)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
    ],
)
def test_a_heuristic_does_not_reach_the_network_unless_allowed(reach: str) -> None:
    """G9: what it reads is not sent anywhere; who wants that says so."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        call = reach.format(port=server.getsockname()[1])
        source = f"import socket, urllib.request\ndef tell(record):\n    {call}\n"
        results = run(function(source), function(GOOD))
        assert "may not use the network" in results["tell"].message
        assert results["good"].state == "finished"
        with pytest.raises(TimeoutError):
            server.accept()
    source = "import socket\ndef look(record):\n    socket.getaddrinfo('127.0.0.1', 80)\n"
    allowed = run(function(source), limits=Limits(network=True))["look"]
    assert (allowed.state, len(allowed.errors)) == ("finished", 0)


def test_ten_million_prints_are_cut() -> None:
    """G3: what is kept has a limit, in all records together."""
    loud = function("def loud(record):\n    for _ in range(2_000): print('x' * 100)\n")
    result = run(loud, limits=Limits(output_bytes=10_000))["loud"]
    assert result.state == "finished"
    assert len(result.output) < 10_100
    assert "output is cut" in result.output


def test_the_output_belongs_to_its_heuristic() -> None:
    results = run(
        function("def one(record): print('1')"), function("def two(record): print('2')"), count=3
    )
    assert set(results["one"].output.split()) == {"1"}
    assert set(results["two"].output.split()) == {"2"}


def test_an_exception_is_kept_with_its_record() -> None:
    """G4: with record and traceback; the run goes on, and it is no abstention."""
    rule = function("""
        def rule(record):
            number = int(record["text"][5:-1])
            return "World" if 10 / (number - 37) else None
    """)
    result = run(rule, count=10_000, chunk=1_000, workers=1)["rule"]
    [error] = result.errors
    assert (error.record, error.key, error.message) == (
        1037,
        "k37",
        "ZeroDivisionError: division by zero",
    )
    assert 'line 4, in rule\n    return "World" if 10 / (number - 37)' in error.traceback
    assert "refinery_nb" not in error.traceback
    assert result.state == "finished"
    assert result.done == 10_000
    assert len(result.votes) == 9_999
    assert "k37: ZeroDivisionError" in result.message


@pytest.mark.parametrize("chunk", [10, 1_000])
def test_a_function_that_fails_on_all_records_is_stopped(chunk: int) -> None:
    """G4: after the first hundred, with one message."""
    rule = function("def rule(record):\n    return record['txt']\n")
    results = run(rule, function(GOOD), count=2_000, chunk=chunk, workers=1)
    result = results["rule"]
    assert result.state == "failed"
    assert len(result.errors) == result.done == 100
    assert "failed on each of the first 100 records" in result.message
    assert "Did you mean 'text'?" in result.message
    assert len(result.message) < 1_000
    assert results["good"].done == 2_000


def test_a_hundred_failures_later_on_are_no_reason_to_stop() -> None:
    """G4: only the first records decide."""
    source = "def rule(record):\n    assert not 500 <= int(record['text'][5:-1]) < 900\n"
    result = run(function(source), count=2_000, chunk=200, workers=2)["rule"]
    assert (result.state, result.done, len(result.errors)) == ("finished", 2_000, 400)
    assert [error.record for error in result.errors] == list(range(1500, 1900))


def test_the_first_five_offenders_are_named() -> None:
    """G5: of all wrong values, in the order of the records."""
    rule = function("""
        def rule(record):
            return "Sprots" if "3" in record["text"] else "World"
    """)
    result = run(rule, workers=2)["rule"]
    assert result.state == "finished"
    assert len(result.errors) == len(good_records())
    assert "13 of 40 records went wrong" in result.message
    for key in ("k3", "k13", "k23", "k30", "k31"):
        assert f"{key}: unknown label 'Sprots'. Did you mean 'Sports'?" in result.message
    assert "k32" not in result.message
    assert len(result.votes) == 40 - 13


def test_a_generator_that_never_ends_is_ended() -> None:
    """G5: whether it yields or not."""
    yields = function("def yields(record):\n    while True: yield 'World', 0, 1\n")
    silent = function(
        "def silent(record):\n    while True:\n        if not record: yield 'World', 0, 1\n"
    )
    results = run(
        yields, silent, Regex("World", "text"), task=NAMES, count=3, limits=Limits(record_seconds=1)
    )
    assert "more than 10,000 spans" in results["yields"].message
    assert "took more than 1 s on record k0" in results["silent"].message
    assert results["regex:World"].done == 3


def test_a_source_that_cannot_be_loaded_fails_alone() -> None:
    """G6: named, with its line."""
    missing = function("import nowhere_at_all\ndef missing(record): pass\n")
    leaving = function("import sys\nsys.exit()\ndef leaving(record): pass\n")
    broken = {"kind": "function", "name": "broken", "entry": "broken", "source": "def broken(:"}
    specs = {
        "broken": broken,
        "missing": missing.spec(),
        "leaving": leaving.spec(),
        "good": function(GOOD).spec(),
    }
    results = run_heuristics(specs, [[(1, "k", {"text": "3"})]], TOPIC, count=1, limits=QUICK)
    assert "line 1: missing cannot be loaded: ModuleNotFoundError" in results["missing"].message
    assert "SyntaxError" in results["broken"].message
    assert "SystemExit while it was loaded" in results["leaving"].message
    assert "on record" not in results["leaving"].message
    assert [r.state for r in results.values()] == ["failed", "failed", "failed", "finished"]


def test_a_source_that_hangs_is_ended() -> None:
    """G1: before the first record."""
    source = "while True: pass\ndef rule(record): pass\n"
    results = run(function(source), function(GOOD), limits=Limits(start_seconds=0.5))
    assert "took more than 0.5 s while it was loaded" in results["rule"].message
    assert results["good"].done == 40


def test_no_heuristic_sees_what_another_one_changed() -> None:
    """G7: neither the record nor lists in it, nor the globals, nor what is random."""
    source = """
        import random, math
        seen = []
        def {name}(record):
            record["tags"].append("b")
            dict.__setitem__(record, "other", 1) if {first} else None
            seen.append(1)
            random.random()
            if random.random() < 0.5:
                return "World" if record["tags"] == ["a", "b"] else "Sports"
    """
    one = function(source.format(name="one", first=True))
    alone = run(one, workers=1)["one"]
    also = run(function(source.format(name="two", first=False)), one, workers=2)
    assert alone.votes.record.tolist() == also["one"].votes.record.tolist()
    assert set(also["two"].votes.label.tolist()) == {10}
    assert 5 < len(alone.votes) < 35
    assert alone.message == also["two"].message == ""


def test_two_runs_give_the_same() -> None:
    """G7: random numbers and the order of sets repeat; another seed gives others."""
    rule = function("""
        import random
        def rule(record):
            first = next(iter({"World", "Sports", "a", "b"} - {"a", "b"}))
            return (first, random.random()) if random.random() < 0.5 else None
    """)
    one, two = run(rule)["rule"], run(rule, chunk=10)["rule"]
    other = run(rule, seed=7)["rule"]
    assert one.votes.to_bytes() == two.votes.to_bytes()
    assert one.votes.to_bytes() != other.votes.to_bytes()
    assert one.message == ""


def test_votes_that_depend_on_more_than_the_record_are_warned_of() -> None:
    """G7: the first records are asked twice."""
    rule = function("""
        seen = set()
        def rule(record):
            new = record["text"] not in seen
            seen.add(record["text"])
            return "World" if new else None
    """)
    result = run(rule)["rule"]
    assert result.state == "finished"
    assert "votes differently when it sees the same records again" in result.message


def test_wrong_votes_of_a_broken_process_are_refused() -> None:
    """G5: what comes from the child is checked once more."""
    rule = function("""
        import gc
        from refinery_nb.heuristics.batch import Ballot
        def rule(record):
            for found in gc.get_objects():
                if isinstance(found, Ballot):
                    found.add(10_000, 99)
    """)
    results = run(rule, function(GOOD))
    assert results["rule"].state == "failed"
    assert "votes that cannot be" in results["rule"].message
    assert results["good"].votes.record.tolist() == good_records()


def test_cancel_keeps_what_is_done() -> None:
    cancel = threading.Event()
    slow = function("import time\ndef slow(record):\n    time.sleep(0.01)\n    return 'World'\n")
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 20:
            cancel.set()

    began = time.monotonic()
    result = run(slow, count=2_000, cancel=cancel, progress=progress, workers=1)["slow"]
    assert time.monotonic() - began < 5
    assert result.state == "cancelled"
    assert 20 <= result.done == len(result.votes) < 2_000
    assert told[0] == (10, 2_000)


def test_many_random_heuristics_agree_with_the_plain_loop() -> None:
    """Whatever the chunks, workers and crashes: a good function votes as it does in a loop."""
    chance = random.Random(5)
    digits = [chance.choice("0123456789") for _ in range(8)]
    rules = [
        function(f"def r{at}(record):\n    return 'World' if '{d}' in record['text'] else None\n")
        for at, d in enumerate(digits)
    ]
    bad = [
        function(
            f"import os\ndef b{at}(record):\n    if '{at}7' in record['text']: os._exit({at})\n"
        )
        for at in range(1, 4)
    ]
    mixed: Sequence[Function] = chance.sample(rules + bad, 11)
    results = run(*mixed, count=300, chunk=7, workers=2)
    for at, digit in enumerate(digits):
        expected = [1000 + number for number in range(300) if digit in str(number)]
        assert results[f"r{at}"].votes.record.tolist() == expected
    assert [results[f"b{at}"].state for at in range(1, 4)] == ["failed"] * 3


def test_nothing_to_do_is_no_error() -> None:
    assert run_heuristics({}, [], TOPIC, count=0) == {}
    result = run(function(GOOD), count=0)["good"]
    assert (result.state, result.done, len(result.votes)) == ("finished", 0, 0)


def test_an_empty_or_missing_text_is_no_error() -> None:
    heuristics = (Lookup("World", ["a"]), Regex("World", "a"))
    results = run(*heuristics, texts=["", None, "a"])
    for result in results.values():
        assert (result.votes.record.tolist(), result.message) == ([1002], "")


def test_an_interrupt_leaves_no_process_even_while_its_traceback_lives() -> None:
    """Jupyter keeps the last traceback, and with it every frame of the run."""

    def progress(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(function(GOOD), progress=progress)
    assert psutil.Process().children(recursive=True) == []
    assert caught.tb is not None


def test_a_worker_starts_light() -> None:
    """What makes a run of ten records take a moment, not seconds."""
    program = "import sys, refinery_nb.heuristics.worker; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "pandas", "spacy", "ahocorasick", "sqlite3", "tqdm", "ipywidgets"}
    assert not heavy & set(answer.stdout.split())


def test_many_runs_leave_nothing_open() -> None:
    leave = function("import os\ndef leave(record):\n    if '5' in record['text']: os._exit(0)\n")
    run(leave, count=8)
    before = psutil.Process().num_fds()
    for _ in range(5):
        run(leave, count=8, workers=2)
    assert psutil.Process().num_fds() == before


def test_the_progress_bar_shows_votes(capsys: pytest.CaptureFixture[str]) -> None:
    run(function(GOOD), count=5_000, chunk=1_000, progress=progress_bar(5_000))
    assert "heuristics" in capsys.readouterr().err
    run(function(GOOD), progress=progress_bar(40))
    assert capsys.readouterr().err == ""
