"""Making a training set of a task."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import QueryError, SchemaError, did_you_mean
from refinery_nb.core.span import Span
from refinery_nb.core.votes import Votes
from refinery_nb.io.bio import bio_tags
from refinery_nb.project.records import cards, frames
from refinery_nb.project.training.split import held_out, without_texts
from refinery_nb.project.training.training_set import OUTSIDE, TrainingSet
from refinery_nb.store import records, schema
from refinery_nb.store import weak as stored
from refinery_nb.supervision.several import without_any

if TYPE_CHECKING:
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View

SOURCES = ("manual", "weak")


def training_set(
    task: Task,
    *,
    view: View | None = None,
    sources: Sequence[str] = SOURCES,
    threshold: float = 0.0,
    test: float = 1.0,
    seed: int = 0,
    text: str | None = None,
) -> TrainingSet:
    """Return labelled texts to train on and others to test with.

    By default the weak labels of the newest run train and all manual ones test. No record is on
    both sides, and no text: what tests is taken out of what trains.

    Parameters
    ----------
    view
        The records to choose from; by default all.
    sources
        What trains: ``manual``, ``weak`` or both. Only manual labels test.
    threshold
        The confidence that a weak label needs to train; of spans or several labels, every one of
        a record. That a record has none of several labels trains as well, if it is as sure.
    test
        The share of the manual labels that tests, about the same of each label; the others train,
        if ``sources`` has them.
    seed
        Of that choice.
    text
        The attribute to take as text, where the task is about whole records.

    Raises
    ------
    QueryError
        If an option makes no sense, or nothing is left to train on.
    SchemaError
        If there is no such text.
    """
    for source in sources:
        if source not in SOURCES:
            hint = did_you_mean(str(source), SOURCES)
            raise QueryError(f"there is no source {source!r}.", hint=hint)
    if not 0 <= test <= 1:
        raise QueryError(f"test={test!r} is no share; it lies in [0, 1].")
    making = _Making(task, text, None if view is None else set(view.ids().tolist()))
    gold = frames.gold_columns(task)[0]
    columns = task.project.columns
    run = columns.last_run(task.schema)
    spans = task.schema.is_spans
    weak = columns.weak(run) if run is not None and "weak" in sources else Votes.empty(spans=spans)
    # "None" is an answer too where a record may have any number of labels or spans.
    none_counts = spans or task.schema.is_multi
    manual = making.known(set((gold.reviewed if none_counts else gold.votes.record).tolist()))
    first = dict(zip(gold.votes.record.tolist(), gold.votes.label.tolist(), strict=True))
    texts = {record: making.texts[record] for record in manual}
    tested = held_out(texts, first, test, seed)
    tested_texts = {texts[record] for record in tested}
    rest = [record for record in manual if record not in tested]
    reviewed = set(gold.reviewed.tolist())
    none = _none(task, run) if run is not None and "weak" in sources else {}
    sure, unsure = _confident(weak, threshold)
    sure += [record for record, one in none.items() if one >= threshold]
    unsure += [record for record, one in none.items() if one < threshold]
    candidates = [record for record in making.known(sure) if record not in reviewed]
    candidates, twins = without_texts(candidates, making.texts, tested_texts)
    left_out = {
        "a label below the threshold": len(set(making.known(unsure)) - reviewed),
        "the same text as one that tests": twins,
        "reviewed, and no label applies": len(set(making.known(reviewed)) - set(manual)),
    }
    if "manual" not in sources:
        left_out["manual, and neither trains nor tests"] = len(rest)
        rest = []
    trained = (
        making.frame(rest, gold.votes, "manual"),
        making.frame(candidates, weak, "weak", none),
    )
    import pandas as pd

    train = pd.concat([one for one in trained if len(one)] or [trained[0]], ignore_index=True)
    if not len(train):
        raise QueryError(
            "nothing is left to train on.",
            hint="Run task.supervise() for weak labels, pass test=0.2 to train on manual ones, or "
            "lower threshold=.",
        )
    names = ["key", "start", "end", "label"]
    return TrainingSet(
        task.name,
        task.kind,
        tuple(making.labels.values()),
        making.tags,
        train,
        making.frame([record for record in manual if record in tested], gold.votes, "manual"),
        left_out,
        pd.DataFrame(making.misaligned, columns=names),
    )


def _confident(weak: Votes, threshold: float) -> tuple[list[int], list[int]]:
    """Return the records all of whose weak labels are sure enough, and the others."""
    low = set(weak.record[weak.confidence < threshold].tolist())
    every = dict.fromkeys(weak.record.tolist())
    return [record for record in every if record not in low], sorted(low)


def _none(task: Task, run: int) -> dict[int, float]:
    """Return the records that a run says to have none of several labels, and how sure it is."""
    if not task.schema.is_multi:
        return {}
    with task.project.database.read() as connection:
        proba = stored.proba(connection, run)
    ids, sure = without_any(Votes.empty() if proba is None else proba)
    return dict(zip(ids.tolist(), sure.tolist(), strict=True))


class _Making:
    """The texts of a task, and frames of its labels."""

    def __init__(self, task: Task, text: str | None, chosen: set[int] | None) -> None:
        self._task = task
        self._chosen = chosen
        self._schema = task.schema
        self.labels = {label.id: label.name for label in self._schema.labels}
        self._position = {label: at for at, label in enumerate(self.labels)}
        self.tags: tuple[str, ...] = ()
        if self._schema.is_spans:
            begun = [f"{letter}-{name}" for name in self.labels.values() for letter in "BI"]
            self.tags = (OUTSIDE, *begun)
        self.texts = self._texts(text)
        self.misaligned: list[tuple[Any, int, int, str]] = []

    def _texts(self, text: str | None) -> dict[int, str]:
        project = self._task.project
        name = self._schema.on or text
        strings = [one.name for one in project.attributes if one.type.is_string]
        if name is None or name not in strings:
            what = f"{name!r} is no text." if name else "the task is about whole records."
            raise SchemaError(what, hint=f"Pass text=. {did_you_mean(name or '', strings)}")
        with project.database.read() as connection:
            attribute = next(one for one in schema.attributes(connection) if one.name == name)
            ids = records.all_ids(connection).tolist()
            found = records.values(connection, [attribute], ids)
            return {record: str(values[0] or "") for record, _, values in found}

    def known(self, ids: Collection[int]) -> list[int]:
        """Return those of the records that are to be chosen from, ascending."""
        chosen = self._chosen
        return sorted(i for i in ids if i in self.texts and (chosen is None or i in chosen))

    def frame(
        self,
        ids: Sequence[int],
        votes: Votes,
        source: str,
        none: Mapping[int, float] = MappingProxyType({}),
    ) -> Any:
        """Return the records with what the votes say of them; ``none``: how sure of no label."""
        import pandas as pd

        keys = frames.keys(self._task.project, ids)
        columns: dict[str, Any] = {
            "key": [keys[record] for record in ids],
            "text": [self.texts[record] for record in ids],
        }
        bounds = votes.record.searchsorted(ids), votes.record.searchsorted(ids, side="right")
        places = [
            slice(first, last)
            for first, last in zip(bounds[0].tolist(), bounds[1].tolist(), strict=True)
        ]
        if self._schema.is_spans or self._schema.is_multi:
            said = self._tagged if self._schema.is_spans else self._several
            columns |= said(ids, columns["key"], votes, places)
            sure = [
                float(votes.confidence[at].min(initial=none.get(record, 1.0)))
                for record, at in zip(ids, places, strict=True)
            ]
        else:
            at = [place.start for place in places]
            labels = votes.label[at].tolist()
            columns["label"] = [self.labels[label] for label in labels]
            columns["label_id"] = [self._position[label] for label in labels]
            sure = votes.confidence[at].tolist()
        columns["confidence"] = sure
        columns["source"] = [source] * len(ids)
        return pd.DataFrame(columns)

    def _several(
        self, ids: Sequence[int], keys: Sequence[Any], votes: Votes, places: Sequence[slice]
    ) -> dict[str, list[Any]]:
        labels = [votes.label[place].tolist() for place in places]
        return {
            "label": [[self.labels[one] for one in of_record] for of_record in labels],
            "label_id": [[self._position[one] for one in of_record] for of_record in labels],
        }

    def _tagged(
        self, ids: Sequence[int], keys: Sequence[Any], votes: Votes, places: Sequence[slice]
    ) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {
            name: [] for name in ("spans", "tokens", "offsets", "tags", "tag_ids")
        }
        number = {tag: at for at, tag in enumerate(self.tags)}
        tokens = cards.token_offsets(self._task.project, self._schema, ids)
        for record, key, place in zip(ids, keys, places, strict=True):
            found = votes.take(place)
            assert found.start is not None
            assert found.end is not None
            spans = [
                Span(start, end, self.labels[label])
                for start, end, label in zip(
                    found.start.tolist(), found.end.tolist(), found.label.tolist(), strict=True
                )
            ]
            offsets = [tuple(one) for one in tokens[record].tolist()]
            tags, lost = bio_tags(offsets, spans)
            tags = [OUTSIDE if tag == "OUTSIDE" else tag for tag in tags]
            self.misaligned += [(key, *span) for span in lost]
            columns["spans"].append([tuple(span) for span in spans])
            columns["tokens"].append([self.texts[record][start:end] for start, end in offsets])
            columns["offsets"].append(offsets)
            columns["tags"].append(tags)
            columns["tag_ids"].append([number[tag] for tag in tags])
        return columns
