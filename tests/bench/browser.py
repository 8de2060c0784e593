"""The Browser at 1,000,000 records x 5,000,000 votes: what its front end asks, answered.

Every round asks another question of its kind, so that no answer is kept from the one before; each
is a whole message, from its JSON to that of the answer. The first one, which reads columns, is told
apart. The reference is the first page by hand-written SQL along an index.
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

import refinery_nb as rn
from refinery_nb.core.schema import AttributeType
from refinery_nb.core.votes import Votes
from refinery_nb.project.labeling import now
from refinery_nb.store import heuristics, records, schema, weak
from refinery_nb.widgets.browser.operations import OPERATIONS
from refinery_nb.widgets.messages import PROTOCOL, reply

COUNT = int(os.environ.get("RECORDS", 1_000_000))
RULES = 5
ROUNDS = 20
PAGE = 60
GOAL = (50, 100)  # ms, p50 and p95
KINDS = ["mail", "chat", "phone", "review", "form", "letter", "post", "note"]


def fill(project: rn.Project) -> None:
    """Put records and votes straight into the store; importing is measured elsewhere."""
    rng = np.random.default_rng(0)
    scores = rng.random(COUNT).tolist()
    with project.database.write() as connection:
        attributes = [
            schema.add_attribute(connection, name, kind)
            for name, kind in (
                ("text", AttributeType.TEXT),
                ("kind", AttributeType.CATEGORY),
                ("score", AttributeType.FLOAT),
            )
        ]
        rows = [
            (f"a message about delivery number {n} of lot {n % 997}", KINDS[n % 8], scores[n])
            for n in range(COUNT)
        ]
        version = records.next_version(connection)
        records.insert(
            connection,
            attributes,
            [str(n) for n in range(COUNT)],
            list(zip(*rows, strict=True)),
            version=version,
        )
    topic = project.task("topic", ["A", "B", "C"], on="text")
    topic.label_many({str(n): "A" for n in range(0, 5_000, 2) if n < COUNT})
    labels = np.array([label.id for label in topic.schema.labels])
    every = np.arange(1, COUNT + 1)
    with project.database.write() as connection:
        for number in range(RULES):
            name = f"rule {number}"
            heuristics.save(connection, topic.id, name, {"kind": "lookup"}, name, at=now())
        for row in heuristics.heuristics(connection, topic.id):
            # Most rules agree; each has a tenth of its own.
            own = rng.random(COUNT) < 0.1
            voted = np.where(own, labels[rng.integers(0, 3, COUNT)], labels[every % 3])
            votes = Votes.of(every, voted)
            heuristics.save_votes(
                connection, row.version, votes, state="finished", message="", seen=version
            )
        sure = rng.random(COUNT) * 0.98 + 0.01
        weak.save(
            connection, topic.id, "bench", {}, Votes.of(every, labels[every % 3], sure), at=now()
        )


def milliseconds(work: Callable[[int], object]) -> tuple[float, float, float]:
    """Return the first time, and p50 and p95 of the others."""
    taken = []
    for number in range(ROUNDS + 1):
        begun = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - begun) * 1_000)
    return taken[0], float(np.percentile(taken[1:], 50)), float(np.percentile(taken[1:], 95))


class Asking:
    """A front end without a screen."""

    def __init__(self, browser: rn.Browser) -> None:
        self.browser = browser
        self.number = 0

    def ask(self, op: str, **args: Any) -> Any:
        """Send a message and return its answer, through JSON both ways."""
        message = json.loads(json.dumps({"v": PROTOCOL, "id": "c", "op": op, "args": args}))
        told = json.loads(json.dumps(reply(self.browser._conversation, message, OPERATIONS)))
        assert "ok" in told, told
        return told["ok"]

    def query(self, text: str, **more: Any) -> Any:
        """Ask a query."""
        self.number += 1
        asked = {"text": text, "order": "view", "descending": False, "seed": 1, **more}
        found = self.ask("query", **asked, number=self.number)
        assert found["fault"] is None, found
        return found

    def counted(self, text: str) -> int:
        """Ask how many records a query finds, as it is being typed."""
        self.number += 1
        found = self.ask("count", text=text, number=self.number)
        assert found["fault"] is None, found
        return int(found["count"])


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, rn.open(Path(folder) / "p") as project:
        fill(project)
        begun = time.perf_counter()
        asking = Asking(rn.Browser(project))
        opened = (time.perf_counter() - begun) * 1_000
        project.query("delivery").head(1).ids()  # makes the search table: once a project
        rng = np.random.default_rng(1)
        shown = asking.query("")

        def next_page(_: int) -> object:
            at = int(rng.integers(0, COUNT - PAGE))
            return asking.ask("rows", revision=shown["revision"], **{"from": at, "to": at + PAGE})

        def count_all(text: str) -> Callable[[int], object]:
            return lambda n: asking.counted(text.format(n=n, share=f"{0.3 + n / 50:.3f}"))

        def page_of(text: str, **more: Any) -> Callable[[int], object]:
            return lambda n: asking.query(
                text.format(n=n, share=f"{0.3 + n / 50:.3f}", kind=KINDS[n % 8]), **more
            )

        tasks: dict[str, Callable[[int], object]] = {
            "next page, anywhere": next_page,
            "first page, all": page_of(""),
            "first page, words": page_of("delivery {n}"),
            "first page, a word of all": page_of("delivery message -{n}"),
            "first page, text contains": page_of('text contains "lot {n}"'),
            "first page, category": page_of("kind = {kind} and score < {share}"),
            "first page, number": page_of("score > {share}"),
            "first page, weak label, confidence": page_of("weak = A and confidence < {share}"),
            "first page, conflict": page_of("topic is conflicting and score < {share}"),
            "first page, unlabelled": page_of("topic is unlabelled and score < {share}"),
            "sorted by a number": page_of("score > {share}", order="attribute:score"),
            "least certain first": page_of("confidence > {share}", order="confidence:topic"),
            "random order": lambda n: asking.query("", order="random", seed=n),
            "count, words": count_all("delivery {n}"),
            "count, text contains": count_all('text contains "lot {n}"'),
            "count, number": count_all("score > {share}1"),
            "count, weak label, confidence": count_all("weak = B and confidence < {share}1"),
            "count, conflict": count_all("topic is conflicting and confidence < {share}2"),
        }
        print(f"{COUNT:,} records, {COUNT * RULES:,} votes; opened in {opened:.0f} ms")
        print(f"goal: p50 {GOAL[0]} ms, p95 {GOAL[1]} ms       first ms     p50     p95")
        for name, work in tasks.items():
            first, p50, p95 = milliseconds(work)
            missed = "" if p50 <= GOAL[0] and p95 <= GOAL[1] else "  over"
            print(f"{name:36} {first:9.1f} {p50:7.1f} {p95:7.1f}{missed}", flush=True)
        column = {attribute.name: f"a{attribute.id}" for attribute in project.attributes}
        with project.database.write() as connection:
            connection.execute(f"CREATE INDEX bench_score ON record ({column['score']})")
        sql = f"SELECT * FROM record WHERE {column['score']} > ? ORDER BY {column['score']} LIMIT ?"
        with project.database.read() as connection:
            first, p50, p95 = milliseconds(
                lambda n: connection.execute(sql, (0.3 + n / 50, PAGE)).fetchall()
            )
        print(f"{'reference: a page by plain SQL':36} {first:9.1f} {p50:7.1f} {p95:7.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
