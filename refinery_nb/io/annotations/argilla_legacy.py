"""Records of Argilla 1 and of Rubrix: texts with one ``prediction`` and one ``annotation`` each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refinery_nb.io.annotations.converted import Note, Row, integer, items, label_name, mapping
from refinery_nb.io.annotations.offsets import Unfit
from refinery_nb.io.names import NONE

TOLD = ("annotation_agent", "prediction_agent")


def is_legacy(row: Mapping[str, Any]) -> bool:
    """Return whether a row is a record of Argilla 1."""
    return not row.keys().isdisjoint(TOLD) and "annotation" in row


@dataclass(frozen=True, slots=True)
class Legacy:
    """How such records are read.

    Attributes
    ----------
    task, spans
        What the task of their labels, or of their spans, is called here.
    on
        The input that the labels are about, where there are several.
    """

    task: str
    spans: str
    on: str | None

    def row(self, raw: Mapping[str, Any], note: Note) -> Row:
        """Return a record with its labels."""
        inputs = raw.get("inputs")
        fields = dict(mapping(inputs, "inputs")) if inputs else {"text": raw.get("text")}
        row = Row({**mapping(raw.get("metadata") or {}, "metadata"), **fields})
        if raw.get("id") is not None:
            row.record.setdefault("id", str(raw["id"]))
        on = self.on or ("text" if "text" in fields else next(iter(fields)))
        if on not in fields or (self.on is None and on != "text" and len(fields) > 1):
            raise Unfit("nothing says which input the labels are about: pass on=", "inputs")
        is_spans = "tokens" in raw
        for name, weak in (("prediction", True), ("annotation", False)):
            if raw.get(name) is None:
                continue
            if not weak and raw.get("status") == "Discarded":
                note("annotations are discarded ones and say nothing")
                continue
            said = _said(raw[name], name)
            agent = raw.get(f"{name}_agent")
            by = None if weak or agent in (None, "") else str(agent)
            if is_spans:
                self._put_spans(row, on, said, by, name, weak=weak)
            else:
                self._put_labels(row, on, said, by, raw.get("multi_label"), name, weak=weak)
        return row

    def _put_labels(
        self,
        row: Row,
        on: str,
        said: Sequence[Any],
        by: str | None,
        several: Any,
        where: str,
        *,
        weak: bool,
    ) -> None:
        found = [_label(one, where) for one in said]
        if several:
            # A prediction scores all labels; those that are more likely than not are predicted.
            labels = [name for name, score in found if not weak or score is None or score >= 0.5]
            row.classes(on, self.task, labels, by=by, weak=weak)
            return
        if not found:
            if not weak:
                row.classes(on, self.task, NONE, by=by)
            return
        if len(found) > 1 and not weak:
            raise Unfit(f"there are {len(found)} labels, and multi_label is not set", where)
        name, score = max(found, key=lambda one: one[1] or 0)
        row.classes(on, self.task, name, by=by, confidence=_confidence(score), weak=weak)

    def _put_spans(
        self, row: Row, on: str, said: Sequence[Any], by: str | None, where: str, *, weak: bool
    ) -> None:
        spans, sures = [], []
        for at, one in enumerate(said):
            here = f"{where}[{at}]"
            if isinstance(one, list):
                one = dict(zip(("label", "start", "end", "score"), one, strict=False))
            found = mapping(one, here)
            start, end = integer(found.get("start"), here), integer(found.get("end"), here)
            spans.append([start, end, label_name(found.get("label"), here)])
            sures.append(_confidence(found.get("score")) or 1.0)
        if spans or not weak:
            row.offsets(on, self.spans, spans, by=by, confidences=sures, weak=weak)


def _said(value: Any, where: str) -> list[Any]:
    """Return the labels or spans of an annotation, in whichever of its shapes."""
    if isinstance(value, dict):
        value = value.get("labels", value.get("entities"))
    return [value] if isinstance(value, str) else items(value, where)


def _label(one: Any, where: str) -> tuple[str, float | None]:
    if isinstance(one, list) and len(one) == 2:
        one = {"label": one[0], "score": one[1]}
    if isinstance(one, str):
        return label_name(one, where), None
    found = mapping(one, where)
    return label_name(found.get("label", found.get("class")), where), found.get("score")


def _confidence(score: Any) -> float | None:
    return float(score) if type(score) in (int, float) and 0 < score <= 1 else None
