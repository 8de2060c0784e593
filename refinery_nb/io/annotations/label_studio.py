"""Label Studio's tasks: annotations and predictions, of choices and of labelled text.

A submitted annotation without a region says that there is none. What our own export says beyond
that (who is asked what) stands in the ``meta`` of a task, which Label Studio carries along.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.offsets import to_utf16
from refinery_nb.core.schema import TaskSchema
from refinery_nb.io.annotations.converted import (
    Converted,
    Note,
    Row,
    answer,
    integer,
    items,
    mapping,
)
from refinery_nb.io.annotations.label_studio_config import Control, read_config
from refinery_nb.io.annotations.label_studio_min import MinTasks, is_min
from refinery_nb.io.annotations.offsets import Unfit
from refinery_nb.io.annotations.said import (
    Chunks,
    Layout,
    LeftOut,
    Place,
    Said,
    write_array,
    write_lines,
)
from refinery_nb.io.names import NONE
from refinery_nb.io.reading import Column

SPANS = ("labels", "hypertextlabels", "paragraphlabels")
OURS = "refinery_nb"


def sniff(rows: Sequence[dict[str, Any]]) -> bool:
    """Return whether the first rows are tasks of Label Studio."""
    return any(map(is_min, rows)) or any(
        isinstance(row.get("data"), dict)
        and not {"annotations", "completions", "predictions"}.isdisjoint(row)
        for row in rows
    )


class LabelStudio(Converted):
    """A JSON (or JSONL) export of Label Studio; a task there is a record, a control a task here.

    JSON-MIN is read too; a configuration tells its answers from the fields of its tasks for sure.

    Parameters
    ----------
    config
        The labeling configuration, as a path or XML text. Without it, what a control is about is
        taken from the name of its object, or from the only text of the task.
    multilabel
        The controls with choices of which a text may have several; a configuration says it too.
    offsets
        What the spans count: by default ``auto``, which asks the texts that they carry.
    """

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        config: str | os.PathLike[str] | None = None,
        multilabel: Sequence[str] = (),
        offsets: str = "auto",
    ) -> None:
        super().__init__(path, encoding, self._row, offsets)
        controls = () if config is None else read_config(config)
        self._inner = MinTasks(self._inner, [one.name for one in controls])
        self._answered = False
        self._several = {*([multilabel] if isinstance(multilabel, str) else multilabel)}
        self._several |= {one.name for one in controls if one.several}
        self._controls: dict[str, Control] = {one.name: one for one in controls}
        # Controls of spans that the file has shown so far, and what they are about.
        self._asked: dict[str, str] = {
            one.name: one.on for one in controls if one.spans and one.on is not None
        }

    def _row(self, raw: dict[str, Any], note: Note) -> Row:
        row = Row(dict(mapping(raw.get("data"), "data")))
        meta = raw.get("meta")
        ours = meta.get(OURS) if isinstance(meta, dict) else None
        if isinstance(ours, dict):
            self._several |= {str(one) for one in items(ours.get("several"), "meta")}
        said = items(raw.get("annotations", raw.get("completions")), "annotations")
        for at, one in enumerate(said):
            self._annotation(row, mapping(one, f"annotations[{at}]"), at, ours, note)
        if isinstance(ours, dict) and not said:
            self._none(row, ours, set(), None)
        for at, one in enumerate(items(raw.get("predictions"), "predictions")):
            where = f"predictions[{at}]"
            prediction = mapping(one, where)
            found = self._results(row, items(prediction.get("result"), where), where, note)
            _put(row, found, None, _confidence(prediction.get("score")), weak=True)
        return row

    def _annotation(self, row: Row, one: Mapping[str, Any], at: int, ours: Any, note: Note) -> None:
        if one.get("was_cancelled") or one.get("skipped"):
            note("annotations are skipped ones and say nothing")
            return
        where = f"annotations[{at}]"
        by = _author(one.get("completed_by"))
        if by is None and at:
            note("annotations say no author beside others: the last counts")
        found = self._results(row, items(one.get("result"), where), where, note)
        _put(row, found, by, None, weak=False)
        if isinstance(ours, dict):
            self._none(row, ours, set(found), by)
            return
        self._answered = True
        for name, on in self._asked.items():
            if name not in found and isinstance(row.record.get(on), str):
                row.offsets(on, name, [], by=by)

    def _none(self, row: Row, ours: dict[str, Any], found: set[str], by: str | None) -> None:
        """Take what our own export says to be reviewed without a result."""
        people = mapping(ours.get("people") or {}, "meta")
        none = ours.get("none") if by is None or by not in people else people[by]
        for name, on in mapping(none or {}, "meta").items():
            if name in found:
                continue
            if isinstance(on, list):
                row.offsets(str(on[0]), name, [], by=by)
            else:
                row.classes(on, name, [] if name in self._several else NONE, by=by)

    def _results(
        self, row: Row, results: list[Any], where: str, note: Note
    ) -> dict[str, tuple[str, list[Any]]]:
        """Return per control what it is about, and its labels, or spans with text and score."""
        found: dict[str, tuple[str, list[Any]]] = {}
        for at, one in enumerate(results):
            here = f"{where}.result[{at}]"
            result = mapping(one, here)
            kind, name = result.get("type"), result.get("from_name")
            if kind not in (*SPANS, "choices"):
                note(f"results of the type {kind!r} were left out")
                continue
            if not isinstance(name, str):
                raise Unfit(f"expected a name, got {name!r:.40}", f"{here}.from_name")
            value = mapping(result.get("value"), f"{here}.value")
            on = self._on(row, name, result.get("to_name"), here)
            _, said = found.setdefault(name, (on, []))
            if kind == "choices":
                chosen = items(value.get("choices"), here)
                several = name in self._several
                label = answer(chosen, f"{here}.value.choices", several=several)
                said.append((label, result.get("score")))
                continue
            if name not in self._asked:
                self._asked[name] = on
                if self._answered:
                    # Those before may have answered it, by no region.
                    self.convert_again()
            start, end = _offsets(value, here)
            for label in items(value.get("labels", value.get(kind)), f"{here}.value.labels"):
                label = answer([label], f"{here}.value.labels")
                said.append(([start, end, label], value.get("text"), result.get("score")))
        return found

    def _on(self, row: Row, name: str, to_name: Any, where: str) -> str:
        control = self._controls.get(name)
        if control is not None and control.on is not None:
            return control.on
        if to_name in row.record:
            return str(to_name)
        texts = [field for field, value in row.record.items() if isinstance(value, str)]
        if len(texts) == 1:
            return texts[0]
        raise Unfit(
            f"nothing says what {name!r} is about: pass config=, the labeling configuration",
            f"{where}.to_name",
        )


def _put(
    row: Row,
    found: Mapping[str, tuple[str, list[Any]]],
    by: str | None,
    confidence: float | None,
    *,
    weak: bool,
) -> None:
    for name, (on, said) in found.items():
        if said and len(said[0]) == 3:
            spans = [span for span, _, _ in said]
            surfaces = [text if isinstance(text, str) else None for _, text, _ in said]
            sures = [_confidence(score) or confidence or 1.0 for _, _, score in said]
            row.offsets(on, name, spans, surfaces=surfaces, by=by, confidences=sures, weak=weak)
            continue
        scores = [_confidence(score) for _, score in said]
        sure = next(filter(None, scores), confidence)
        if any(isinstance(one, list) for one, _ in said):
            labels = [label for one, _ in said for label in one or ()]
            row.classes(on, name, labels, by=by, confidence=sure, weak=weak)
            continue
        label = answer([one for one, _ in said if one is not None], "result")
        if label is not None or not weak:
            row.classes(on, name, label or NONE, by=by, confidence=sure, weak=weak)


def _offsets(value: Mapping[str, Any], where: str) -> tuple[int, int]:
    places = value
    if not isinstance(value.get("start"), int):
        # Of HTML: paths into it, and beside them offsets into its text.
        places = value.get("globalOffsets") or value
    return integer(places.get("start"), f"{where}.value.start"), integer(
        places.get("end"), f"{where}.value.end"
    )


def _confidence(score: Any) -> float | None:
    return float(score) if type(score) in (int, float) and 0 < score <= 1 else None


def _author(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("email") or value.get("id")
    return None if value in (None, "") else str(value)


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    text: str | None = None,
    offsets: str = "utf16",
) -> list[LeftOut]:
    """Write a task a record (``.jsonl``: one a line).

    Manual labels are annotations, weak ones predictions. Spans count UTF-16 units, as the browser
    side of Label Studio does. The labeling configuration is written beside it, by
    ``project.export("config.xml")``.
    """
    layout = Layout(columns, tasks)
    object_name = layout.object_of(text)
    several = [task.name for task in tasks if task.is_multi]

    def element(row: Sequence[Any]) -> dict[str, Any]:
        record = layout.record(row)
        made: dict[str, Any] = {"data": record}
        # By person (None: the valid labels), what is said, and what is said to be none.
        said: dict[str | None, tuple[list[Any], dict[str, Any]]] = {}
        predicted: list[Any] = []
        for place in layout.places:
            manual = place.manual(row)
            people: dict[str | None, Said] = dict(place.people(row).items())
            if not people and manual is not None:
                people = {None: manual}
            for by, one in people.items():
                results, none = said.setdefault(by, ([], {}))
                found = _written(place, one, record, object_name, offsets)
                results += found
                if not found:
                    on = place.task.on
                    none[place.task.name] = [on] if place.task.is_spans else on
            weak = place.weak(row)
            if weak is not None:
                predicted += _written(place, weak, record, object_name, offsets)
        if said:
            made["annotations"] = [
                {**({} if by is None else {"completed_by": {"email": by}}), "result": results}
                for by, (results, _) in said.items()
            ]
        if predicted:
            score = min(one["score"] for one in predicted)
            made["predictions"] = [{"model_version": OURS, "score": score, "result": predicted}]
        # Beside results of one task, another may be open: nothing is said of it by accident.
        ours: dict[str, Any] = {"none": said.pop(None, ([], {}))[1]}
        if several:
            ours["several"] = several
        if said:
            ours["people"] = {by: none for by, (_, none) in said.items()}
        made["meta"] = {OURS: ours}
        return made

    (write_lines if ".jsonl." in path.name else write_array)(path, chunks, element)
    return []


def _written(
    place: Place, said: Said, record: Mapping[str, Any], object_name: str, offsets: str
) -> list[dict[str, Any]]:
    task = place.task
    about = {"from_name": task.name, "to_name": task.on or object_name}
    if not task.is_spans:
        if not said.labels:
            return []
        choice = {**about, "type": "choices", "value": {"choices": list(said.labels)}}
        return [choice | {"score": min(said.confidence)} if said.confidence else choice]
    text = str(record.get(task.on or "", ""))
    results = []
    for at, span in enumerate(said.spans):
        start, end = span.start, span.end
        if offsets == "utf16":
            start, end = to_utf16(text, start), to_utf16(text, end)
        value = {
            "start": start,
            "end": end,
            "text": text[span.start : span.end],
            "labels": [span.label],
        }
        made: dict[str, Any] = {**about, "id": f"{task.id}-{at}", "type": "labels", "value": value}
        if at < len(said.confidence):
            made["score"] = said.confidence[at]
        results.append(made)
    return results
