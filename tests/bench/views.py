"""The first page of filtered, sorted Views of 1,000,000 records, against hand-written SQL."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import refinery_nb as rn
from refinery_nb.core.schema import AttributeType
from refinery_nb.core.votes import Votes
from refinery_nb.project.labeling import now
from refinery_nb.store import records, schema, weak

COUNT = 1_000_000
PAGE = 50
ROUNDS = 15


def fill(project: rn.Project) -> None:
    """Put records straight into the store; importing is measured elsewhere."""
    channels = ["mail", "chat", "phone", "review", "form"]
    with project.database.write() as connection:
        attributes = [
            schema.add_attribute(connection, name, kind)
            for name, kind in (
                ("text", AttributeType.TEXT),
                ("channel", AttributeType.CATEGORY),
                ("score", AttributeType.FLOAT),
            )
        ]
        rng = np.random.default_rng(0)
        scores = rng.random(COUNT).tolist()
        keys = [str(n) for n in range(COUNT)]
        rows = [
            (f"a message about delivery number {n}", channels[n % 5], scores[n])
            for n in range(COUNT)
        ]
        version = records.next_version(connection)
        records.insert(connection, attributes, keys, list(zip(*rows, strict=True)), version=version)
    topic = project.task("topic", ["A", "B"], on="text")
    topic.label_many({str(n): "A" for n in range(0, 2_000, 2)})
    label = topic.schema.labels[0].id
    votes = Votes.of(
        np.arange(1, COUNT + 1), np.full(COUNT, label), rng.random(COUNT) * 0.98 + 0.01
    )
    with project.database.write() as connection:
        weak.save(connection, topic.id, "bench", {}, votes, at=now())


def milliseconds(work: Callable[[], object]) -> tuple[float, float, float]:
    """Return the first time, and p50 and p95 of the others."""
    taken = []
    for _ in range(ROUNDS + 1):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1_000)
    return taken[0], float(np.percentile(taken[1:], 50)), float(np.percentile(taken[1:], 95))


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, rn.open(Path(folder) / "p") as project:
        fill(project)
        topic = project.task("topic")
        run = topic.runs()[-1]
        chat = project["channel"] == "chat"
        shapes = {
            "category, sorted by score": project.where(chat).order_by("score"),
            "score range": project.where(project["score"].between(0.5, 0.51)),
            "unlabelled, sorted by score": project.where(topic.unlabeled).order_by("score"),
            "text search": project.search("delivery 77777"),
            "least certain first": project.view().order_by(run.confidence),
            "random order": project.view().shuffle(1),
        }
        print(f"the first {PAGE} of {COUNT:,} records      first ms     p50     p95")
        for name, view in shapes.items():
            page = view.head(PAGE)
            first, p50, p95 = milliseconds(lambda page=page: project.frame(page.ids()))
            print(f"{name:32} {first:11.1f} {p50:7.1f} {p95:7.1f}")
        by_name = {attribute.name: attribute.id for attribute in project.attributes}
        sql = (
            f"SELECT * FROM record WHERE a{by_name['channel']} = 'chat' "
            f"ORDER BY a{by_name['score']}, id LIMIT {PAGE}"
        )
        with project.database.read() as connection:
            _, p50, p95 = milliseconds(lambda: connection.execute(sql).fetchall())
        print(f"{'reference: the first by plain SQL':32} {'':>10} {p50:7.1f} {p95:7.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
