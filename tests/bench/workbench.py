"""The Workbench at 30,000 records: the next record against the Labeler's, a cell against Python."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import refinery_nb as rn
from refinery_nb.project.records.cell import run_cell
from refinery_nb.widgets.workbench import sheet
from refinery_nb.widgets.workbench.session import WorkbenchSession

COUNT, ROUNDS = 30_000, 40
WORDS = ["late", "parcel", "broken", "lamp", "refund", "invoice", "account", "password", "thanks"]


def best(work: Callable[[int], Any], rounds: int = ROUNDS) -> float:
    """Return the quickest of several rounds, in ms."""
    taken = []
    for number in range(rounds):
        begun = time.perf_counter()
        work(number)
        taken.append(1000 * (time.perf_counter() - begun))
    return min(taken)


def main() -> int:
    rng = np.random.default_rng(0)
    with rn.open(by="ann") as project:
        project.add(
            [
                {"id": f"r{n}", "text": " ".join(rng.choice(WORDS, 12)), "stars": n % 6}
                for n in range(COUNT)
            ],
            key="id",
        )
        topic = project.task("topic", ["A", "B"], on="text")
        names = project.task("names", ["THING"], on="text", kind="spans")
        for word in WORDS:
            topic.add(rn.Lookup("A", [word], name=f"rule {word}"))
            names.add(rn.Lookup("THING", [word], name=f"span {word}"))
        topic.run(progress=False)
        names.run(progress=False)
        topic.supervise(model="majority")
        project.embed("text", progress=False)
        session = WorkbenchSession(project, None, None)
        session.told(1)
        ids = rng.integers(1, COUNT, 4 * ROUNDS).tolist()
        card = best(lambda n: project.cards([ids[n]], [topic, names]))
        told = best(lambda n: session.told(ids[ROUNDS + n]))
        name = sheet.embeddings(project)[0]["name"]
        near = best(lambda n: sheet.neighbours(project, f"r{ids[n]}", name), 5)
        plain = best(
            lambda _: subprocess.run([sys.executable, "-c", "print(1)"], check=True, stdout=-1), 5
        )
        cell = best(lambda n: run_cell(project, ids[n], 'len(record["text"])'), 5)
        print(f"{COUNT:,} records, {2 * len(WORDS)} heuristics")
        print(f"a record of the Workbench {told:6.2f} ms, a card of the Labeler {card:6.2f} ms")
        print(f"  workbench / labeler: {told / card:.2f}")
        print(f"a cell of one line        {cell:6.1f} ms, python -c            {plain:6.1f} ms")
        print(f"  cell / python: {cell / plain:.2f}")
        print(f"{sheet.NEIGHBOURS} neighbours of a record {near:6.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
