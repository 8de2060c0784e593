"""Importing 1,000,000 JSONL records, against one executemany of the same JSON."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNT = int(os.environ.get("RECORDS", 200_000))
TEXT = "late parcel broken lamp refund invoice account password thank you order number"
WORDS = TEXT.split(" ")


def write(path: Path) -> None:
    """Write records of about 290 bytes."""
    with path.open("w", encoding="utf-8") as file:
        for n in range(COUNT):
            text = " ".join(WORDS[(n * 7 + k * k) % len(WORDS)] for k in range(34))
            record = {
                "id": f"r{n}",
                "text": text,
                "channel": WORDS[n % 5],
                "stars": n % 6,
                "x": n / 8,
            }
            file.write(json.dumps(record) + "\n")


def reference(path: Path, folder: Path) -> None:
    """Parse the lines and insert them by one executemany at synchronous=FULL."""
    connection = sqlite3.connect(folder / "reference.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE r (id TEXT, text TEXT, channel TEXT, stars INTEGER, x REAL)")
    connection.execute("BEGIN")
    with path.open(encoding="utf-8") as file:
        rows = (tuple(json.loads(line).values()) for line in file)
        connection.executemany("INSERT INTO r VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()


def ours(path: Path, folder: Path) -> None:
    """Import by project.add."""
    import refinery_nb as rn

    with rn.open(folder / "project") as project:
        assert project.add(path, key="id").added == COUNT


def main() -> int:
    if len(sys.argv) == 4:
        begun = time.perf_counter()
        {"reference": reference, "ours": ours}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": time.perf_counter() - begun, "peak_mb": peak}))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.jsonl"
        write(path)
        found = {}
        for name in ("reference", "ours"):
            command = [sys.executable, __file__, name, str(path), folder]
            told = subprocess.run(command, capture_output=True, text=True, check=True)
            found[name] = json.loads(told.stdout)
        size = path.stat().st_size / 2**20
    ratio = found["ours"]["seconds"] / found["reference"]["seconds"]
    print(f"{COUNT:,} records, {size:.0f} MB of JSONL")
    for name, one in found.items():
        print(f"{name:10} {one['seconds']:7.1f} s   peak memory {one['peak_mb']:6.0f} MB")
    print(f"ours / reference: {ratio:.2f} (goal: at most 3)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
