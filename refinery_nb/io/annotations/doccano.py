"""doccano's JSONL and JSON: labels, or spans that no text says of themselves.

Old versions write ``labels``, newer ones ``label``, and ``entities`` with or without relations.
The spans of old versions count UTF-16 units, those of newer ones code points; where the texts of a
file do not tell, it has to be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean
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
from refinery_nb.io.annotations.said import Chunks, Layout, LeftOut, write_array, write_lines
from refinery_nb.io.names import NONE
from refinery_nb.io.reading import Column

OWN = {"text", "data", "label", "labels", "entities", "cats", "relations", "meta", "Comments"}
EMPTY = ("unlabelled", "none")


def sniff(rows: Sequence[dict[str, Any]]) -> bool:
    """Return whether the first rows are doccano's: spans as triples, or labels beside a text."""
    for row in rows:
        if not isinstance(row.get("text", row.get("data")), str):
            return False
        entities = row.get("entities")
        if isinstance(entities, list) and any(
            isinstance(one, dict) and "start_offset" in one for one in entities
        ):
            return True
        labels = row.get("label", row.get("labels"))
        if isinstance(labels, list) and labels:
            if all(_is_triple(one) for one in labels):
                return True
            if all(isinstance(one, str) for one in labels) and row.keys() <= OWN | {"id"}:
                return True
    return False


def _is_triple(value: Any) -> bool:
    return isinstance(value, list) and list(map(type, value)) == [int, int, str]


class Doccano(Converted):
    """A JSONL or JSON file of doccano.

    Parameters
    ----------
    task, spans
        What the tasks of its labels and of its spans are called here.
    text
        What the attribute of its texts is called here.
    empty
        What an empty list of labels means: ``unlabelled``, or ``none``, that somebody looked and
        found none. doccano writes both alike.
    multilabel
        Whether a record may have several labels.
    offsets
        What the spans count: ``codepoint``, ``utf16``, or ``auto``, which asks the texts.
    """

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        task: str = "label",
        spans: str = "entities",
        text: str = "text",
        empty: str = "unlabelled",
        multilabel: bool = False,
        offsets: str = "auto",
    ) -> None:
        if empty not in EMPTY:
            raise InputError(f"empty={empty!r}.", hint=did_you_mean(empty, EMPTY))
        super().__init__(path, encoding, self._row, offsets)
        self._task = task
        self._spans = spans
        self._text = text
        self._none = empty == "none"
        self._several = multilabel
        # What the lists of labels of this file hold, as far as they are not empty.
        self._spans_seen = self._labels_seen = False

    def _row(self, raw: dict[str, Any], note: Note) -> Row:
        text = raw.get("text", raw.get("data"))
        if not isinstance(text, str):
            raise Unfit(f"expected a string, got {text!r:.40}", "text")
        meta = raw.get("meta")
        row = Row({**(meta if isinstance(meta, dict) else {}), self._text: text})
        row.record |= {name: value for name, value in raw.items() if name not in OWN}
        if raw.get("Comments"):
            row.record["Comments"] = raw["Comments"]
        if raw.get("relations"):
            note("records have relations, which were left out")
        spans = _entities(raw.get("entities"))
        labels: list[Any] | None = None
        for name in ("label", "labels", "cats"):
            if raw.get(name) is None:
                continue
            found = [raw[name]] if isinstance(raw[name], str) else items(raw[name], name)
            if found and not isinstance(found[0], str):
                spans = (spans or []) + [
                    _triple(one, f"{name}[{at}]") for at, one in enumerate(found)
                ]
            else:
                labels = found
        if labels:
            self._labels_seen = True
            said = answer(labels, "label", several=self._several)
            row.classes(self._text, self._task, said or NONE)
        elif labels is not None and (not spans or "cats" in raw):
            self._empty(row, note, spans_too="cats" not in raw and "entities" not in raw)
        if spans:
            self._spans_seen = True
            row.offsets(self._text, self._spans, spans)
        elif spans is not None and self._none:
            row.offsets(self._text, self._spans, [])
        return row

    def _empty(self, row: Row, note: Note, *, spans_too: bool) -> None:
        """Take an empty list of labels, of which doccano does not say whether they are spans."""
        none: str | list[str] = [] if self._several else NONE
        if not self._none:
            note("records have an empty list of labels and count as unlabelled, see empty=")
        elif not spans_too:
            row.classes(self._text, self._task, none)
        else:
            # What comes later in the file may tell.
            self.convert_again()
            if self._spans_seen:
                row.offsets(self._text, self._spans, [])
            elif self._labels_seen:
                row.classes(self._text, self._task, none)


def _entities(value: Any) -> list[Any] | None:
    if value is None:
        return None
    found = []
    for at, one in enumerate(items(value, "entities")):
        where = f"entities[{at}]"
        if isinstance(one, list):
            found.append(_triple(one, where))
            continue
        entity = mapping(one, where)
        found.append(
            [
                integer(entity.get("start_offset"), f"{where}.start_offset"),
                integer(entity.get("end_offset"), f"{where}.end_offset"),
                label_name(entity.get("label"), f"{where}.label"),
            ]
        )
    return found


def _triple(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != 3:
        raise Unfit(f"expected [start, end, label], got {value!r:.40}", where)
    return [
        integer(value[0], where),
        integer(value[1], where),
        label_name(value[2], where),
    ]


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    text: str | None = None,
) -> list[LeftOut]:
    """Write a record a line (``.json``: an array), spans in code points.

    One task stands under ``label``, a task with labels and one with spans under ``cats`` and
    ``entities``. Unlabelled records have no such key; an empty list means "reviewed, none".
    """
    layout = Layout(columns, tasks)
    classes, spans = layout.one_of_each("doccano")
    at, name = layout.text("doccano", text)
    both = classes is not None and spans is not None

    def element(row: Sequence[Any]) -> dict[str, Any]:
        made = layout.record(row)
        made.pop(name, None)
        made = {"text": row[at] or "", **made}
        label = None if classes is None else classes.best(row)
        if label is not None:
            made["cats" if both else "label"] = list(label.labels)
        marked = None if spans is None else spans.best(row)
        if marked is not None:
            made["entities" if both else "label"] = [list(span) for span in marked.spans]
        return made

    (write_array if ".json." in path.name else write_lines)(path, chunks, element)
    return []
