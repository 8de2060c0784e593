"""Throughput of heuristics in child processes, beside the plain loop and Snorkel.

Run: ``python tests/bench/heuristics.py [records]``. Snorkel is used from the interpreter that the
variable SNORKEL_PYTHON names, a virtual environment of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TEXTS = Path(__file__).parents[3] / "shared" / "data" / "agnews" / "records.jsonl"
CHUNK = 1000
ROUNDS = 5
LABELS = ("World", "Sports", "Business", "Sci/Tech")
TEAMS = ("yankees", "red sox", "lakers", "manchester united", "real madrid", "arsenal", "ferrari")
FIRMS = ("microsoft", "google", "oracle", "intel", "ibm", "apple", "yahoo", "cisco", "dell", "sony")
PLACES = {"iraq", "baghdad", "iran", "gaza", "israel", "russia", "sudan", "afghanistan", "darfur"}
MONEY = re.compile(r"\$\d+(\.\d+)?\s*(million|billion)?")


def scoreline(record):
    return "Sports" if re.search(r"\b\d{1,3}-\d{1,3}\b", record["text"]) else None


def money(record):
    return "Business" if MONEY.search(record["text"]) else None


def short(record):
    return "World" if len(record["text"]) < 90 else None


def coach(record):
    text = record["text"].lower()
    return "Sports" if "coach" in text or "season" in text or "playoff" in text else None


def profit(record):
    text = record["text"].lower()
    return ("Business", 0.9) if "profit" in text or "shares" in text or "quarter" in text else None


def places(record):
    return "World" if not PLACES.isdisjoint(record["text"].lower().split()) else None


def teams(record):
    text = record["text"].lower()
    return "Sports" if any(team in text for team in TEAMS) else None


def firms(record):
    text = record["text"].lower()
    return "Sci/Tech" if any(firm in text for firm in FIRMS) else None


def software(record):
    return "Sci/Tech" if re.search(r"software|internet|web|online", record["text"], re.I) else None


def killed(record):
    return "World" if re.search(r"(killed|wounded) (\d+|dozens|at least)", record["text"]) else None


RULES = (scoreline, money, short, coach, profit, places, teams, firms, software, killed)


def read(count: int) -> list[dict[str, str]]:
    """Return ``count`` records, repeating the file where it is too short."""
    lines = TEXTS.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    return [{"text": texts[at % len(texts)]} for at in range(count)]


def seconds(call: Callable[[], Any]) -> float:
    """Return the time that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def in_children(records: list[dict[str, str]], workers: int) -> None:
    """Run the rules with refinery_nb."""
    from refinery_nb.core.schema import Label, TaskKind, TaskSchema
    from refinery_nb.heuristics import Function
    from refinery_nb.project.rules.run import run_heuristics

    labels = tuple(Label(at + 1, name, "", "", at) for at, name in enumerate(LABELS))
    task = TaskSchema(1, "topic", TaskKind.CLASSIFICATION, "text", labels)
    specs = {rule.__name__: Function(rule).spec() for rule in RULES}
    rows = [(at, str(at), record) for at, record in enumerate(records)]
    chunks = (rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK))
    results = run_heuristics(specs, chunks, task, count=len(rows), workers=workers)
    for result in results.values():
        assert result.state == "finished", result.message
        assert result.done == len(rows)


def in_process(records: list[dict[str, str]]) -> None:
    """Run the rules in the plain loop."""
    for rule in RULES:
        for record in records:
            rule(record)


def in_snorkel(count: int) -> None:
    """Print the seconds of Snorkel's PandasLFApplier; runs in its own environment."""
    import pandas as pd
    from snorkel.labeling import LabelingFunction, PandasLFApplier

    number = {name: at for at, name in enumerate(LABELS)}

    def plain(rule):
        def vote(row):
            label = rule(row)
            label = label[0] if isinstance(label, tuple) else label
            return number.get(label, -1)

        return LabelingFunction(rule.__name__, vote)

    frame = pd.DataFrame(read(count))
    applier = PandasLFApplier([plain(rule) for rule in RULES])
    print(min(seconds(lambda: applier.apply(frame, progress_bar=False)) for _ in range(2)))


def main(count: int = 100_000) -> None:
    """Print the throughput and the ratios."""
    if not TEXTS.exists():
        print(f"heuristics: skipped, {TEXTS.name} of AG News is not there")
        return
    records = read(count)
    calls = count * len(RULES)
    times: dict[str, list[float]] = {"plain loop": [], "1 process": [], "2 processes": []}
    for _ in range(ROUNDS):
        times["plain loop"].append(seconds(lambda: in_process(records)))
        times["1 process"].append(seconds(lambda: in_children(records, 1)))
        times["2 processes"].append(seconds(lambda: in_children(records, 2)))
    # The best of several: other work on the machine only ever adds time.
    loop = min(times["plain loop"])
    print(f"heuristics: {len(RULES)} rules on {count:,} texts, best of {ROUNDS}; the loop = 1")
    for name, runs in times.items():
        best = min(runs)
        print(f"  {name:12} {best:7.2f} s {calls / best:12,.0f} votes/s {loop / best:6.2f}")
    python = os.environ.get("SNORKEL_PYTHON", "")
    if not python:
        print("  Snorkel      not installed (SNORKEL_PYTHON is not set)")
        return
    answer = subprocess.run(
        [python, __file__, "--snorkel", str(count)], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        print(f"  Snorkel      not usable: {answer.stderr.strip().splitlines()[-1]}")
        return
    took = float(answer.stdout.split()[-1])
    print(f"  {'Snorkel':12} {took:7.2f} s {calls / took:12,.0f} votes/s {loop / took:6.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--snorkel"]:
        in_snorkel(int(sys.argv[2]))
    else:
        main(*(int(argument) for argument in sys.argv[1:]))
