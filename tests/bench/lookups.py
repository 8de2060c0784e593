"""Lookup lists of 100,000 terms, beside a plain `executemany` of the same terms in the same run."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import refinery_nb as rn

TERMS = [f"term number {number}" for number in range(100_000)]


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def plain(path: Path) -> None:
    """Insert the terms with one statement."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (term TEXT PRIMARY KEY, position INTEGER) WITHOUT ROWID")
    connection.execute("BEGIN")
    rows = ((term, at) for at, term in enumerate(TERMS))
    connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        reference = timed(lambda: plain(Path(folder) / "plain.db"))
        with rn.open(Path(folder) / "project") as project:
            pasted = timed(lambda: project.lookups.add("terms", "\n".join(TERMS)))
            terms = project.lookups["terms"]
            list(terms)
            asked = timed(lambda: [term in terms for term in TERMS[::10]]) / 10_000
            project.add([{"text": "term number 77 and others"}])
            task = project.task("topic", ["A"], on="text")
            task.add(rn.Lookup("A", terms))
            ran = timed(lambda: task.run(progress=False))
            one = timed(lambda: terms.add("one more"))
    print(f"plain executemany      {reference:8.3f} s")
    print(f"paste 100,000 terms    {pasted:8.3f} s   {pasted / reference:.1f} times (goal: ~1 s)")
    print(f"term in list           {asked * 1e6:8.1f} µs")
    print(f"run a rule with it     {ran:8.3f} s")
    print(f"one more, rule restamped {one:6.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
