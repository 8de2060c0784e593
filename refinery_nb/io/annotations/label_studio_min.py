"""Label Studio's JSON-MIN: a row an annotation, its answers beside the fields of its task.

What is a field and what an answer is told by their order, in which Label Studio writes them: the
fields of the task, its ``id``, the answers, then ``annotator`` and what else is known of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from refinery_nb.io.reading import Raw, Reject, Source

FIRST_KNOWN = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")
KINDS = ("labels", "hypertextlabels", "paragraphlabels", "choices")


def is_min(row: Mapping[str, Any]) -> bool:
    """Return whether a row is one of JSON-MIN."""
    return {"id", "annotator", "annotation_id"} <= row.keys() and "data" not in row


class MinTasks:
    """The rows of JSON-MIN as tasks; those with the same id, one behind the other, are one.

    Tasks of the long form are passed on as they are.
    """

    typed = True

    def __init__(self, inner: Source, controls: Collection[str]) -> None:
        self.name = inner.name
        self.keeps = False
        self._inner = inner
        self._controls = controls

    @property
    def warnings(self) -> list[str]:
        """What the file itself has to tell."""
        return self._inner.warnings

    def names(self) -> list[str] | None:
        """Return None: tasks may have different fields."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield the tasks."""
        held: tuple[int, int | None, dict[str, Any], str] | None = None
        for batch in self._inner.batches(reject, check=check):
            done = []
            if held is None and not any(map(is_min, batch.rows)):
                yield batch
                continue
            for at, row in enumerate(batch.rows):
                task = _task(row, self._controls)
                if held is not None and _same(held[2], task):
                    held[2]["annotations"] += task["annotations"]
                    continue
                if held is not None:
                    done.append(held)
                line = None if batch.lines is None else batch.lines[at]
                held = (batch.numbers[at], line, task, batch.raw(at))
            if done:
                yield _raw(done)
        if held is not None:
            yield _raw([held])


def _raw(tasks: Sequence[tuple[int, int | None, dict[str, Any], str]]) -> Raw:
    lines = [line for _, line, _, _ in tasks if line is not None]
    return Raw(
        [number for number, _, _, _ in tasks],
        lines if len(lines) == len(tasks) else None,
        [task for _, _, task, _ in tasks],
        lambda at: tasks[at][3],
    )


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    ids = [row["data"].get("id") for row in (one, other) if isinstance(row.get("data"), dict)]
    both = "annotations" in one and "annotations" in other
    return both and len(ids) == 2 and ids[0] is not None and ids[0] == ids[1]


def _task(row: dict[str, Any], controls: Collection[str]) -> dict[str, Any]:
    if not is_min(row):
        return row
    names = list(row)
    behind = next((at for at, name in enumerate(names) if name in FIRST_KNOWN), len(names))
    before = names.index("id") + 1 if "id" in names else behind
    answers = [n for n in names if n in controls] if controls else names[before:behind]
    known = {*answers, *FIRST_KNOWN}
    results = [result for name in answers for result in _results(name, row[name])]
    annotation = {"result": results, "completed_by": row.get("annotator")}
    data = {name: value for name, value in row.items() if name not in known}
    return {"data": data, "annotations": [annotation]}


def _results(name: str, value: Any) -> list[dict[str, Any]]:
    """Return an answer as Label Studio's long form has it."""
    found = []
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            one = {"choices": [one]}
        kind = next((kind for kind in KINDS if isinstance(one, dict) and kind in one), "other")
        found.append({"from_name": name, "type": kind, "value": one})
    return found
