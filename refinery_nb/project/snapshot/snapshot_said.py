"""What people and weak supervision said in a snapshot: from its ids and tokens to ours."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import SchemaError
from refinery_nb.core.operation import Operation
from refinery_nb.core.votes import Votes
from refinery_nb.io.refinery import Said, Snapshot, SnapshotTask
from refinery_nb.project import labeling
from refinery_nb.project.rules.imported_votes import LEAST
from refinery_nb.store import labels, people, weak
from refinery_nb.store.gold import GOLD_STAR

if TYPE_CHECKING:
    from refinery_nb.project.snapshot.snapshot import SnapshotImporter

SHOWN = 3
Spot = tuple[int, int]


def language_of(tokenizer: str) -> str | None:
    """Return the language of a tokenizer of refinery, by its code.

    >>> language_of("de_core_news_sm"), language_of("en"), language_of("")
    ('de', 'en', None)
    """
    code = tokenizer.partition("_")[0].lower()
    return code if code.isascii() and code.isalpha() and 2 <= len(code) <= 3 else None


class Places:
    """Where spans stand in the texts: refinery counts in tokens, white space among them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._records = dict(snapshot.records)
        self._attributes = {one.id: one.name for one in snapshot.attributes}
        self._tokens: dict[tuple[str, str], NDArray[np.int32] | None] = {}
        self._faults: Counter[str] = Counter()
        self._unlike: list[str] = []
        self._missing = ""

    def spot(self, task: SnapshotTask, one: Said) -> Spot | None:
        """Return start and end of a span in code points; None if it has no place in its text."""
        if one.tokens is None or task.attribute is None:
            return None
        offsets = self._offsets(one.record, task.attribute)
        if offsets is None:
            return None
        first, last = one.tokens
        if last >= len(offsets):
            self._faults["spans that lie outside their texts"] += 1
            return None
        return int(offsets[first, 0]), int(offsets[last, 1])

    def double(self, what: str) -> None:
        """Count what was said twice and is kept once."""
        self._faults[what] += 1

    def warnings(self) -> list[str]:
        """Say what was dropped, and which texts are cut into other tokens here."""
        told = [f"{count:,} {what} were left out" for what, count in self._faults.items()]
        if self._unlike:
            shown = ", ".join(self._unlike[:SHOWN])
            told.append(
                f"{len(self._unlike):,} texts have another number of tokens here, so that their "
                f"spans may have moved (first: {shown})"
            )
        if self._missing:
            told.append(f"spans were left out, as their texts cannot be cut: {self._missing}")
        return told

    def _offsets(self, record: str, attribute: str) -> NDArray[np.int32] | None:
        """Return the tokens of a text as offsets."""
        key = (record, attribute)
        if key not in self._tokens:
            self._tokens[key] = self._cut(record, attribute)
        return self._tokens[key]

    def _cut(self, record: str, attribute: str) -> NDArray[np.int32] | None:
        from refinery_nb.text.tokens import all_tokens

        text = self._records[record].get(self._attributes.get(attribute, ""))
        language = language_of(self._snapshot.tokenizer) or "en"
        try:
            offsets = all_tokens(text if isinstance(text, str) else "", language)
        except SchemaError as error:
            self._missing = str(error)
            return None
        told = self._snapshot.token_counts.get((record, attribute), len(offsets))
        if told != len(offsets):
            self._unlike.append(record)
        return offsets


def add_labels(importer: SnapshotImporter, places: Places) -> int:
    """Set the manual labels of each person where that person has said nothing yet.

    The labels that carry a gold star are those of ``GOLD_STAR``. Returns how many records were
    labelled, by each person.
    """
    connection, done = importer.connection, 0
    for task in importer.snapshot.tasks:
        if task.id not in importer.tasks:
            continue
        schema = importer.tasks[task.id]
        by_actor: dict[str, list[Said]] = defaultdict(list)
        for one in importer.snapshot.manual.get(task.id, ()):
            by_actor[GOLD_STAR if one.gold_star else one.by].append(one)
        for actor, said in sorted(by_actor.items()):
            known = set(people.said(connection, schema, actor).reviewed.tolist())
            by_time: dict[str, list[tuple[int, Any]]] = defaultdict(list)
            for record, (at, value) in annotated(importer, places, task, said).items():
                if record not in known:
                    by_time[at].append((record, value))
            # One operation a moment, so that the history says who labelled when.
            for at, items in sorted(by_time.items()):
                labels.apply_bulk(
                    connection,
                    Operation(str(uuid.uuid4()), "label", actor, schema.id),
                    items,
                    task=schema,
                    at=at,
                    text_of=labeling.text_of,
                )
                done += len(items)
    return done


def annotated(
    importer: SnapshotImporter, places: Places, task: SnapshotTask, said: Iterable[Said]
) -> dict[int, tuple[str, Any]]:
    """Return what one person said of each record, and when."""
    found: dict[int, tuple[str, Any]] = {}
    for one in sorted(said, key=lambda one: one.at):
        record, label, at = importer.ids[one.record], importer.labels[one.label], when(one.at)
        if task.is_multi:
            given = found[record][1]["labels"] if record in found else []
            found[record] = (at, {"labels": sorted({*given, label})})
            continue
        if not task.is_spans:
            if record in found:
                places.double("older labels of the same person and record")
            found[record] = (at, {"label": label})
            continue
        spot = places.spot(task, one)
        if spot is None:
            continue
        spans = found[record][1]["spans"] if record in found else []
        if [*spot, label] in spans:
            places.double("copies of spans")
        else:
            spans.append([*spot, label])
        found[record] = (at, {"spans": spans})
    return found


def as_votes(
    importer: SnapshotImporter, places: Places, task: SnapshotTask, said: Iterable[Said]
) -> Votes:
    """Return what a source said as votes: one label a record, or each span once, the surest.

    Where a record may have several labels, each of them once.
    """
    surest: dict[tuple[int, ...], tuple[float, int]] = {}
    for one in said:
        record, label = importer.ids[one.record], importer.labels[one.label]
        key: tuple[int, ...] = (record, label) if task.is_multi else (record,)
        if task.is_spans:
            spot = places.spot(task, one)
            if spot is None:
                continue
            key = (record, *spot, label)
        if key in surest:
            places.double("copies of spans" if task.is_spans else "second votes on a record")
        surest[key] = max(surest.get(key, (0.0, label)), (max(one.confidence, LEAST), label))
    spans = task.is_spans
    return Votes.of(
        [key[0] for key in surest],
        [label for _, label in surest.values()],
        [sure for sure, _ in surest.values()],
        [key[1] for key in surest] if spans else None,
        [key[2] for key in surest] if spans else None,
    )


def add_weak(
    importer: SnapshotImporter, places: Places, versions: Mapping[str, Mapping[str, int]]
) -> int:
    """Keep the weak labels as runs of their own; return how many there are.

    Parameters
    ----------
    versions
        By task and name, the versions of the heuristics that came with the snapshot.
    """
    connection, done = importer.connection, 0
    runs = {run.id: run for run in importer.snapshot.runs}
    for task in importer.snapshot.tasks:
        if task.id not in importer.tasks:
            continue
        schema = importer.tasks[task.id]
        stored = {row.options.get("run") for row in weak.runs(connection, schema.id)}
        by_run: dict[str, list[Said]] = defaultdict(list)
        for one in importer.snapshot.weak.get(task.id, ()):
            by_run[one.by].append(one)
        for id_, said in sorted(by_run.items(), key=lambda item: max(one.at for one in item[1])):
            if id_ in stored:
                continue
            run = runs.get(id_)
            at = when(run.at if run is not None else max(one.at for one in said))
            chosen = [] if run is None else run.heuristics.split(", ")
            used = {n: v for n, v in versions.get(task.id, {}).items() if n in chosen}
            votes = as_votes(importer, places, task, said)
            weak.save(
                connection,
                schema.id,
                "imported",
                {"heuristics": used, "run": id_, "source": importer.source},
                votes,
                at=at,
                summary={"note": f"Refinery's weak supervision of {at[:16]}, as it was stored."},
            )
            done += len(votes)
    return done


def when(at: str) -> str:
    """Return a time of a snapshot, which is in UTC, as times are written here.

    >>> when("2022-07-05 12:24:50.432583")
    '2022-07-05T12:24:50.432583+00:00'
    """
    return said_when(at) or labeling.now()


def said_when(at: str) -> str | None:
    """Return the same; None where the snapshot does not say it."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return found.isoformat(timespec="microseconds")
