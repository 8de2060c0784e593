"""The child of the kill harness: labels records for ever, and says which labels are safe.

Run as ``python kills.py FOLDER SEED [--early]``. Every line it prints is the id of an operation
that was acknowledged. With ``--early`` it acknowledges before the commit: the negative control.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from refinery_nb.core.operation import Operation
from refinery_nb.project.labeling import now, text_of
from refinery_nb.store import labels, schema
from refinery_nb.store.db import Database


def main() -> None:
    root, seed, early = Path(sys.argv[1]), int(sys.argv[2]), "--early" in sys.argv
    rng = random.Random(seed)
    add_event = labels.add_event

    def slowly(*arguments: object) -> None:
        # Between the two halves of a transaction: a kill here is a kill inside the commit.
        add_event(*arguments)  # type: ignore[arg-type]
        if rng.random() < 0.5:
            time.sleep(0.004)

    labels.add_event = slowly  # type: ignore[assignment]
    database = Database(root)
    with database.read() as connection:
        tasks = {task.id: task for task in schema.tasks(connection)}
        records = [row[0] for row in connection.execute("SELECT id FROM record")]
    (task,) = tasks.values()
    print("ready", flush=True)
    for count in range(10**9):
        op_id = f"{seed}-{count}"
        kind = "label" if rng.random() < 0.85 else rng.choice(["undo", "redo"])
        operation = Operation(
            op_id,
            kind,  # type: ignore[arg-type]
            "ann",
            task.id if kind == "label" else None,
            rng.choice(records) if kind == "label" else None,
            value={"label": rng.choice(task.labels).id} if kind == "label" else None,
        )
        if early:
            print(op_id, flush=True)
        with database.write() as connection:
            answer = labels.apply(connection, operation, tasks=tasks, at=now(), text_of=text_of)
        if not early and answer.status == "saved":
            print(op_id, flush=True)


if __name__ == "__main__":
    main()
