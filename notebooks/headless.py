"""Executes a notebook in a temporary folder and prints the report table in it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HEADS = ("Hits", "Overlaps", "Conflicts", "Precision")  # what the table of a report is known by


def main(path: Path) -> int:
    """Return 0 if every cell ran and one of them printed a report."""
    book = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        for extra in path.parent.glob("*.jsonl"):
            shutil.copy(extra, folder)
        client = NotebookClient(book, timeout=300, resources={"metadata": {"path": folder}})
        try:
            client.execute()
        except CellExecutionError as error:
            print(error)
            print(f"{path.name}: failed")
            return 1
    reports = [
        output["data"]["text/plain"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if all(f">{head}" in output.get("data", {}).get("text/html", "") for head in HEADS)
    ]
    for report in reports:
        print(report)
    print(f"{path.name}: {len(book.cells)} cells, {'ok' if reports else 'no report'}")
    return 0 if reports else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
