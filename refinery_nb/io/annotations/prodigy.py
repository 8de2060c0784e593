"""Prodigy's JSONL: accepted choices, and spans in code points.

Hashes, tokens and views are Prodigy's own and are left out. A rejected or ignored answer says
nothing about which label is right: its record comes without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.schema import TaskSchema
from refinery_nb.io.annotations.converted import (
    Converted,
    Note,
    Row,
    answer,
    integer,
    items,
    label_name,
    mapping,
)
from refinery_nb.io.annotations.offsets import Unfit
from refinery_nb.io.annotations.said import Chunks, Layout, LeftOut, write_lines
from refinery_nb.io.names import NONE
from refinery_nb.io.reading import Column

SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz")
# What Prodigy keeps beside the text: its own bookkeeping, and what the row says.
OWN = {"text", "meta", "answer", "accept", "options", "label", "spans", "relations", "tokens"}
SPAN_VIEWS = ("ner", "ner_manual", "spans", "spans_manual")


def sniff(rows: Sequence[dict[str, Any]]) -> bool:
    """Return whether the first rows are Prodigy's."""
    return any(
        "_input_hash" in row
        or "_task_hash" in row
        or row.get("answer") in ("accept", "reject", "ignore")
        for row in rows
    )


class Prodigy(Converted):
    """A JSONL file of Prodigy.

    Parameters
    ----------
    task, spans
        What the tasks of its labels and of its spans are called here.
    text
        What the attribute of its texts is called here.
    multilabel
        Whether a record may have several labels.
    offsets
        What the spans count: ``codepoint``, as Prodigy does, ``utf16`` or ``auto``.
    """

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        task: str = "label",
        spans: str = "entities",
        text: str = "text",
        multilabel: bool = False,
        offsets: str = "codepoint",
    ) -> None:
        super().__init__(path, encoding, self._row, offsets)
        self._task = task
        self._spans = spans
        self._text = text
        self._several = multilabel

    def _row(self, raw: dict[str, Any], note: Note) -> Row:
        if not isinstance(raw.get("text"), str):
            raise Unfit(f"expected a string, got {raw.get('text')!r:.40}", "text")
        meta = mapping(raw.get("meta") or {}, "meta")
        row = Row({**meta, self._text: raw["text"]})
        row.record |= {k: v for k, v in raw.items() if k not in OWN and not k.startswith("_")}
        said = raw.get("answer")
        if said not in (None, "accept", "reject", "ignore"):
            raise Unfit(f"the answer is {said!r:.40}, not accept, reject or ignore", "answer")
        if said in ("reject", "ignore"):
            note(f"answers are {said!r}: those records have no label")
            return row
        by = raw.get("_annotator_id")
        by = by if isinstance(by, str) and by else None
        label = self._label(raw, said)
        if label is not None:
            row.classes(self._text, self._task, label, by=by)
        spans = items(raw.get("spans"), "spans")
        asked = "spans" in raw or raw.get("_view_id") in SPAN_VIEWS
        if spans or (said == "accept" and asked):
            row.offsets(self._text, self._spans, _spans(spans), by=by)
        return row

    def _label(self, raw: dict[str, Any], said: str | None) -> str | list[str] | None:
        """Return the accepted label, NONE for none of the options, None where it is not asked."""
        if "accept" in raw:
            accepted = [str(one) for one in items(raw["accept"], "accept")]
        elif raw.get("label") is not None:
            accepted = [label_name(raw["label"], "label")]
        else:
            return None
        if accepted:
            return answer(accepted, "accept", several=self._several)
        none: str | list[str] = [] if self._several else NONE
        return none if said == "accept" else None


def _spans(spans: list[Any]) -> list[Any]:
    found = []
    for at, span in enumerate(spans):
        where = f"spans[{at}]"
        one = mapping(span, where)
        found.append(
            [
                integer(one.get("start"), f"{where}.start"),
                integer(one.get("end"), f"{where}.end"),
                label_name(one.get("label"), f"{where}.label"),
            ]
        )
    return found


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    text: str | None = None,
) -> list[LeftOut]:
    """Write a line a record: what people say, or else the weak label, as an accepted answer.

    Other attributes stand in ``meta``. Records without a label have no answer.
    """
    layout = Layout(columns, tasks)
    classes, spans = layout.one_of_each("Prodigy")
    at, name = layout.text("Prodigy", text)
    options = [] if classes is None else [label.name for label in classes.task.labels]

    def line(row: Sequence[Any]) -> dict[str, Any]:
        meta = layout.record(row)
        meta.pop(name, None)
        made: dict[str, Any] = {"text": row[at] or ""}
        if meta:
            made["meta"] = meta
        label = None if classes is None else classes.best(row)
        if label is not None:
            made["options"] = [{"id": one, "text": one} for one in options]
            made["accept"] = list(label.labels)
        marked = None if spans is None else spans.best(row)
        if marked is not None:
            made["spans"] = [
                {"start": span.start, "end": span.end, "label": span.label} for span in marked.spans
            ]
        if label is not None or marked is not None:
            made["answer"] = "accept"
        return made

    write_lines(path, chunks, line)
    return []
