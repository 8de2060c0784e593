"""Snapshots of refinery in and out, and projects saved and restored, each beside plain calls.

Opening is compared with reading the JSON of the archive and inserting its records and labels by
two executemany; saving with writing the same rows as JSON lines into a zip; restoring with reading
those and inserting them again. All in this run, the best of a few rounds.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import refinery_nb as rn

SHARED = Path(__file__).parents[3] / "shared" / "data" / "refinery"
ROUNDS, COUNT = 3, 100_000
LABELS = (
    *("id", "record_id", "labeling_task_label_id", "source_type", "confidence"),
    *("created_by", "created_at"),
)


def best(work: Callable[[Path], object]) -> float:
    """Return the seconds of the fastest round, each in a folder of its own."""
    seconds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            work(Path(folder))
            seconds.append(time.perf_counter() - begun)
    return min(seconds)


def database(folder: Path, columns: int) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE record (id TEXT PRIMARY KEY, data TEXT)")
    listed = ", ".join(f"c{at}" for at in range(columns))
    connection.execute(f"CREATE TABLE label ({listed})")
    connection.execute("BEGIN")
    return connection


def plain_open(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        found = json.loads(archive.read(archive.namelist()[0]))
    connection = database(folder, len(LABELS))
    records = ((row["id"], json.dumps(row["data"])) for row in found["records_data"])
    connection.executemany("INSERT INTO record VALUES (?, ?)", records)
    marks = ", ".join("?" * len(LABELS))
    labels = (tuple(row[n] for n in LABELS) for row in found["record_label_associations_data"])
    connection.executemany(f"INSERT INTO label VALUES ({marks})", labels)
    connection.execute("COMMIT")
    connection.close()


def opened(path: Path, folder: Path) -> None:
    with rn.open(folder / "project") as project:
        assert project.add(path).added


def plain_save(rows: list[tuple[object, ...]], path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))


def plain_restore(path: Path, folder: Path) -> None:
    connection = database(folder, 4)
    with zipfile.ZipFile(path) as archive, archive.open("rows.jsonl") as file:
        rows = (json.loads(line) for line in file)
        connection.executemany("INSERT INTO label VALUES (?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()


def told(what: str, ours: float, plain: float) -> None:
    print(f"{what:34} {ours:7.2f} s   plain {plain:7.2f} s   ratio {ours / plain:5.2f}")


def main() -> int:
    for name in ("ag_news", "conversational_ai"):
        path = SHARED / f"{name}.json.zip"
        if not path.exists():
            print(f"skipped: {path.name} is not beside the project")
            continue
        plain = best(lambda folder, path=path: plain_open(path, folder))
        told(f"open {name}", best(lambda folder, path=path: opened(path, folder)), plain)
        with rn.open() as project:
            project.add(path)
            ours = best(lambda folder, p=project: p.export(folder / "out.json.zip"))
            with zipfile.ZipFile(path) as archive:
                content = json.loads(archive.read(archive.namelist()[0]))

            def dumped(folder: Path, content: object = content) -> None:
                with zipfile.ZipFile(folder / "o.zip", "w", zipfile.ZIP_DEFLATED) as made:
                    made.writestr("o.json", json.dumps(content))

            told(f"write {name} back", ours, best(dumped))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with rn.open(folder / "news", by="ann") as project:
            project.add(
                [
                    {"id": n, "text": f"record {n} of sports and trade {n * 7919}"}
                    for n in range(COUNT)
                ],
                key="id",
            )
            task = project.task("topic", ["A", "B"])
            task.label_many({n: "AB"[n % 2] for n in range(0, COUNT, 2)})
            archive = folder / "news.rnb.zip"
            project.save(archive)
            with project.database.read() as connection:
                tables = {
                    "record": connection.execute("SELECT * FROM record").fetchall(),
                    "event": connection.execute("SELECT * FROM event").fetchall(),
                    "label": connection.execute("SELECT * FROM label").fetchall(),
                }
            rows = [(*row, None, None, None, None)[:4] for one in tables.values() for row in one]
            plain_save(rows, folder / "plain.zip")
            every = [row for one in tables.values() for row in one]
            plain = best(lambda there: plain_save(every, there / "x.zip"))
            told(
                f"save {COUNT:,} records", best(lambda there: project.save(there / "x.zip")), plain
            )
        plain = best(lambda there: plain_restore(folder / "plain.zip", there))
        ours = best(lambda there: rn.restore(archive, there / "x").close())
        told(f"restore {COUNT:,} records", ours, plain)
        with rn.open(folder / "news") as project:
            whole = best(lambda _: project.doctor())
            check = best(lambda _: integrity(folder / "news" / "project.db"))
            told(f"doctor of {COUNT:,} records", whole, check)
    return 0


def integrity(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()


if __name__ == "__main__":
    sys.exit(main())
