"""Changing a project of 50,000 records: each change against a plain one in the same run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import refinery_nb as rn

COUNT = 50_000
WORDS = [
    "late",
    "parcel",
    "broken",
    "lamp",
    "refund",
    "invoice",
    "account",
    "password",
    "thank",
    "you",
]


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def rows(word: str) -> list[dict[str, Any]]:
    return [
        {"id": f"r{n}", "text": f"{word} {WORDS[n % 10]} {WORDS[n % 7]} {n}", "stars": str(n % 6)}
        for n in range(COUNT)
    ]


def main() -> int:
    figures: list[tuple[str, float, float]] = []
    with tempfile.TemporaryDirectory() as folder, rn.open(Path(folder) / "p", by="ann") as project:
        add = seconds(lambda: project.add(rows("a"), key="id", types={"stars": "text"}))
        figures.append(
            ("update all, with history / add", seconds(lambda: project.add(rows("b"))), add)
        )
        figures.append(("add the same again / add", seconds(lambda: project.add(rows("b"))), add))
        task = project.task("t", ["A", "B", "C"], on="text")
        said = {f"r{n}": "AB"[n % 2] for n in range(COUNT)}
        label = seconds(lambda: task.label_many(said))
        merge = task.merge("A", into="B")
        figures.append(("merge half the labels / label all", seconds(merge.apply), label))
        removal = task.delete_label("B")
        figures.append(("delete a label of all / label all", seconds(removal.apply), label))
        figures.append(("and put it back / label all", seconds(removal.undo), label))
        deletion = project.delete_records(project.view())
        figures.append(("delete all records / add", seconds(deletion.apply), add))
        figures.append(
            ("and bring them back, labelled / add and label", seconds(deletion.undo), add + label)
        )
        conversion = project.fields["stars"].convert("integer")
        figures.append(("convert an attribute / add", seconds(conversion.apply), add))

        @project.attribute(type="integer")
        def size(record: Any) -> Any:
            return len(record["text"].split())

        frame = project.records()
        plain = seconds(lambda: [len(text.split()) for text in frame["text"]])
        made = seconds(lambda: project.fields.calculate(progress=False))
        figures.append(("calculate an attribute / add", made, add))
        project.edit("r1", text="edited").apply()
        again = seconds(lambda: project.fields.calculate(progress=False))
        figures.append(("calculate after one edit / calculate all", again, made))
    for what, ours, reference in figures:
        print(f"{what}: {ours / reference:.2f} ({ours:.2f} s / {reference:.2f} s)")
    print(f"(the function alone: {plain:.2f} s)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
