"""The Overview refreshed after one label: 1,000,000 records x 5,000,000 votes on request.

``python -m tests.bench.overview [records]``: 20,000 by default. A round labels one record and asks
what the front end asks then, from its JSON to that of the answer. The goal is 200 ms; the reference
is counting everything anew, as when the widget is opened. The project is that of
``tests/bench/browser.py``; a tenth of its records is labelled by hand here, some by two people.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SMALL = 20_000
ROUNDS = 12
GOAL = 200  # ms
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else SMALL
os.environ["RECORDS"] = str(COUNT)  # read by the bench whose project this is

import refinery_nb as rn  # noqa: E402
from refinery_nb.project.overview.overview import Overview as Numbers  # noqa: E402
from refinery_nb.widgets.messages import PROTOCOL, reply  # noqa: E402
from refinery_nb.widgets.overview.conversation import OverviewConversation  # noqa: E402
from tests.bench.browser import fill  # noqa: E402


def ask(overview: OverviewConversation, op: str, **args: Any) -> dict[str, Any]:
    """Send a message and return its answer, through JSON both ways."""
    message = json.loads(json.dumps({"v": PROTOCOL, "id": "c", "op": op, "args": args}))
    told: dict[str, Any] = json.loads(json.dumps(reply(overview, message, overview.operations)))
    assert "ok" in told, told
    return told["ok"]  # type: ignore[no-any-return]


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1_000


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, rn.open(Path(folder) / "p", by="ann") as project:
        begun = time.perf_counter()
        fill(project)
        topic = project.tasks["topic"]
        labelled = COUNT // 10
        topic.label_many({str(n): "ABC"[n % 3] for n in range(labelled)})
        topic.label_many({str(n): "ABC"[n % 5 % 3] for n in range(0, labelled, 10)}, by="ben")
        project.slices["half"] = project.where(project["score"] < 0.5)
        print(f"{COUNT:,} records, {5 * COUNT:,} votes, {labelled:,} labelled by hand")
        print(f"built in {time.perf_counter() - begun:.0f} s")
        overview = OverviewConversation(project, topic, None, lambda _: None, lambda *_: None)
        opened = milliseconds(lambda: ask(overview, "numbers"))
        values = milliseconds(lambda: ask(overview, "statistics", attribute="text"))
        anew = milliseconds(lambda: Numbers(project).standing(topic))
        print(f"opened in {opened:.0f} ms; lengths of the texts {values:.0f} ms")
        worst = 0.0
        for name, chosen in (
            ("all records", {}),
            ("a slice", {"slice": "half"}),
            ("a slice and a value", {"slice": "half", "attribute": "kind", "value": "mail"}),
        ):
            every = {"slice": None, "attribute": None, "value": None, "query": ""}
            ask(overview, "numbers", filter=every | chosen)
            taken, said = [], []
            for n in range(ROUNDS):
                record = str((labelled + 997 * n) % COUNT)
                said.append(milliseconds(lambda key=record: topic.label(key, "B")))  # type: ignore[misc]
                taken.append(milliseconds(lambda: ask(overview, "numbers")))
            p50, p95 = np.percentile(taken, [50, 95])
            worst = max(worst, p95)
            print(
                f"{name:20} refreshed after one label: best {min(taken):.1f}, p50 {p50:.1f}, "
                f"p95 {p95:.1f} ms ({anew / min(taken):.0f} times as fast as counting anew, "
                f"{anew:.0f} ms); the label itself {min(said):.1f} ms"
            )
        print(f"goal: {GOAL} ms; {'kept' if worst <= GOAL else 'missed'}")
        overview.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
