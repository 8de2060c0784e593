"""From the tables of a snapshot to plain values: nothing is taken for granted but its records."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from refinery_nb.core.schema import Overlap, TaskKind
from refinery_nb.io.refinery import beside
from refinery_nb.io.refinery.beside import OURS
from refinery_nb.io.refinery.snapshot import (
    Said,
    Snapshot,
    SnapshotAttribute,
    SnapshotHeuristic,
    SnapshotLabel,
    SnapshotList,
    SnapshotRun,
    SnapshotStatistics,
    SnapshotTask,
)
from refinery_nb.io.refinery.values import flag, name, number, rows, text, whole

COLOR = re.compile(r"#[0-9a-f]{6}")  # that we write beside the nearest one of refinery
PAYLOADS = "information_source_payloads_data"
SPANS, FINISHED = "INFORMATION_EXTRACTION", "FINISHED"
# Tables that become something here, and those whose content others repeat.
TAKEN = frozenset(
    f"{table}_data"
    for table in (
        *("project_details", "records", "attributes", "labeling_tasks", "labeling_task_labels"),
        *("information_sources", "information_source_payloads", "information_source_statistics"),
        *("record_label_associations", "record_label_association_tokens"),
        *("record_attribute_token_statistics", "knowledge_bases", "terms"),
        *("weak_supervision_task", "information_source_statistics_exclusion"),
        *("information_source_statistics_exclusions", "embeddings", "embedding_tensors"),
        *("data_slice", "data_slice_record_association"),
    )
) | {"comments"}


def read_snapshot(found: Mapping[str, Any]) -> Snapshot:
    """Return what the JSON of a snapshot says.

    Missing tables are empty ones; rows that speak of what is not there are dropped and counted.
    """
    reader = _Reader(found)
    details = found.get("project_details_data")
    details = details if isinstance(details, dict) else {}
    attributes = tuple(reader.attributes())
    records = tuple(reader.records())
    tasks = tuple(reader.tasks())
    heuristics = tuple(reader.heuristics({task.id for task in tasks}))
    known = {record for record, _ in records}
    manual, votes, weak = reader.said(
        known,
        {label.id: task for task in tasks for label in task.labels},
        {heuristic.id: heuristic for heuristic in heuristics},
    )
    return Snapshot(
        text(details.get("name")) or "refinery",
        text(details.get("description")) or "",
        text(details.get("tokenizer")) or text(details.get("tokenizer_blank")) or "",
        attributes,
        records,
        tasks,
        heuristics,
        tuple(reader.runs()),
        tuple(reader.lists()),
        tuple(reader.statistics()),
        manual,
        votes,
        weak,
        reader.token_counts(),
        tuple(beside.embeddings(found, known, faults=reader.faults)),
        tuple(beside.slices(found, known, faults=reader.faults)),
        tuple(beside.comments(found, faults=reader.faults)),
        (*_left_out(found), *_details(found, weak)),
        tuple(f"{count:,} {what}" for what, count in reader.faults.items()),
    )


@dataclass(slots=True)
class _Reader:
    found: Mapping[str, Any]
    faults: Counter[str] = field(default_factory=Counter)

    def attributes(self) -> list[SnapshotAttribute]:
        made: dict[str, SnapshotAttribute] = {}
        for row in sorted(rows(self.found, "attributes_data"), key=_position):
            called = name(row.get("name"))
            if called is None or called in made:
                self.faults["attributes without a name of their own"] += 1
                continue
            kind = (text(row.get("data_type")) or "UNKNOWN").upper()
            made[called] = SnapshotAttribute(
                text(row.get("id")) or called,
                called,
                kind,
                flag(row.get("is_primary_key")),
                (text(row.get("source_code")) or "") if flag(row.get("user_created")) else "",
                (text(row.get("visibility")) or "").upper(),
            )
        return list(made.values())

    def records(self) -> list[tuple[str, dict[str, Any]]]:
        made: dict[str, dict[str, Any]] = {}
        for at, row in enumerate(rows(self.found, "records_data")):
            values = row.get("data")
            if not isinstance(values, dict):
                self.faults["records without values"] += 1
                continue
            made[text(row.get("id")) or f"#{at}"] = values
        return list(made.items())

    def tasks(self) -> list[SnapshotTask]:
        labels = defaultdict(list)
        for row in rows(self.found, "labeling_task_labels_data"):
            id_, called = text(row.get("id")), name(row.get("name"))
            if id_ is None or called is None:
                self.faults["labels without a name"] += 1
                continue
            color, hotkey = text(row.get("color")) or "", text(row.get("hotkey")) or ""
            ours = _ours(row)
            if COLOR.fullmatch(str(ours.get("color"))):
                color = ours["color"]
            said = text(ours.get("description")) or ""
            labels[text(row.get("labeling_task_id"))].append(
                SnapshotLabel(id_, called, color, hotkey, said)
            )
        made: dict[str, SnapshotTask] = {}
        for row in rows(self.found, "labeling_tasks_data"):
            id_, called = text(row.get("id")), name(row.get("name"))
            if id_ is None or called is None or id_ in made:
                self.faults["tasks without a name or an id of their own"] += 1
                continue
            spans = (text(row.get("task_type")) or "").upper() == SPANS
            attribute = text(row.get("attribute_id"))
            ours, overlap = _ours(row), text(_ours(row).get("overlap"))
            made[id_] = SnapshotTask(
                id_,
                called,
                spans,
                attribute,
                tuple(labels[id_]),
                not spans and ours.get("kind") == TaskKind.MULTILABEL,
                text(ours.get("guideline")) or "",
                overlap if overlap in list(Overlap) else Overlap.ANY,
            )
        return list(made.values())

    def heuristics(self, tasks: set[str]) -> list[SnapshotHeuristic]:
        trained = defaultdict(list)
        for row in rows(
            self.found,
            "information_source_statistics_exclusion_data",
            "information_source_statistics_exclusions_data",
        ):
            record, source = text(row.get("record_id")), text(row.get("source_id"))
            if record is not None and source is not None:
                trained[source].append(record)
        voted = self._voted_with()
        made = []
        for row in rows(self.found, "information_sources_data"):
            id_, task, called = (
                text(row.get("id")),
                text(row.get("labeling_task_id")),
                name(row.get("name")),
            )
            if id_ is None or called is None or task not in tasks:
                self.faults["heuristics of no task"] += 1
                continue
            source = text(row.get("source_code")) or ""
            made.append(
                SnapshotHeuristic(
                    id_,
                    called,
                    str(task),
                    (text(row.get("type")) or "PRE_COMPUTED").upper(),
                    text(row.get("description")) or "",
                    source,
                    voted.get(id_),
                    flag(row.get("is_selected")),
                    tuple(trained[id_]),
                )
            )
        return made

    def _voted_with(self) -> dict[str, str]:
        """Return the source of the last run of each heuristic that finished: it cast the votes."""
        newest: dict[str, tuple[tuple[float, str], str]] = {}
        for row in rows(self.found, PAYLOADS):
            source, code = text(row.get("source_id")), text(row.get("source_code"))
            if source is None or code is None or not _finished(row):
                continue
            at = (number(row.get("iteration")) or 0.0, text(row.get("finished_at")) or "")
            newest[source] = max(newest.get(source, (at, code)), (at, code))
        return {source: code for source, (_, code) in newest.items()}

    def said(
        self,
        records: set[str],
        tasks: Mapping[str, SnapshotTask],
        heuristics: Mapping[str, SnapshotHeuristic],
    ) -> tuple[dict[str, list[Said]], dict[str, list[Said]], dict[str, list[Said]]]:
        tokens = self._tokens()
        manual: dict[str, list[Said]] = defaultdict(list)
        votes: dict[str, list[Said]] = defaultdict(list)
        weak: dict[str, list[Said]] = defaultdict(list)
        for row in rows(self.found, "record_label_associations_data"):
            record = text(row.get("record_id"))
            label = text(row.get("labeling_task_label_id"))
            task = tasks.get(label or "")
            if record is None or record not in records or label is None or task is None:
                self.faults["labels of records or labels that are not there"] += 1
                continue
            place = tokens.get(text(row.get("id")) or "")
            if task.is_spans and place is None:
                self.faults["spans without tokens"] += 1
                continue
            kind = (text(row.get("source_type")) or "").upper()
            who, into = text(row.get("created_by")) or "unknown", manual
            if kind == "INFORMATION_SOURCE":
                who, into = text(row.get("source_id")) or "", votes
                if who not in heuristics or heuristics[who].task != task.id:
                    self.faults["votes of heuristics that are not there"] += 1
                    continue
            elif kind == "WEAK_SUPERVISION":
                who, into = text(row.get("weak_supervision_id")) or "", weak
            elif kind != "MANUAL":
                self.faults[f"labels of the kind {kind or 'unknown'}"] += 1
                continue
            sure = number(row.get("confidence"))
            into[task.id].append(
                Said(
                    record,
                    label,
                    who,
                    1.0 if sure is None else min(1.0, max(0.0, sure)),
                    text(row.get("created_at")) or "",
                    flag(row.get("is_gold_star")),
                    place if task.is_spans else None,
                )
            )
        return dict(manual), dict(votes), dict(weak)

    def _tokens(self) -> dict[str, tuple[int, int]]:
        """Return the first and last token of each association; refinery has a row for each."""
        found: dict[str, tuple[int, int]] = {}
        for row in rows(self.found, "record_label_association_tokens_data"):
            id_, at = text(row.get("record_label_association_id")), whole(row.get("token_index"))
            if id_ is None or at is None or at < 0:
                continue
            first, last = found.get(id_, (at, at))
            found[id_] = (min(first, at), max(last, at))
        return found

    def token_counts(self) -> dict[tuple[str, str], int]:
        """Return how many tokens refinery counted, by record and attribute."""
        found = {}
        for row in rows(self.found, "record_attribute_token_statistics_data"):
            record, attribute = text(row.get("record_id")), text(row.get("attribute_id"))
            count = whole(row.get("num_token"))
            if record is not None and attribute is not None and count is not None:
                found[record, attribute] = count
        return found

    def runs(self) -> list[SnapshotRun]:
        made = []
        for row in rows(self.found, "weak_supervision_task_data"):
            id_ = text(row.get("id"))
            if id_ is not None:
                chosen = text(row.get("selected_information_sources")) or ""
                made.append(SnapshotRun(id_, text(row.get("created_at")) or "", chosen))
        return made

    def lists(self) -> list[SnapshotList]:
        terms: dict[str, dict[str, tuple[str, bool, str]]] = defaultdict(dict)
        for row in rows(self.found, "terms_data"):
            # A term may be the word "None": it is a text whatever it says.
            term, owner = row.get("value"), text(row.get("knowledge_base_id"))
            if term is None or str(term) == "" or owner is None:
                self.faults["terms of no lookup list"] += 1
                continue
            comment = text(row.get("comment")) or ""
            terms[owner][str(term)] = (str(term), flag(row.get("blacklisted")), comment)
        made = []
        for row in rows(self.found, "knowledge_bases_data"):
            id_, called = text(row.get("id")), name(row.get("name"))
            if id_ is not None and called is not None:
                description = text(row.get("description")) or ""
                made.append(SnapshotList(id_, called, description, tuple(terms[id_].values())))
        return made

    def statistics(self) -> list[SnapshotStatistics]:
        made = []
        for row in rows(self.found, "information_source_statistics_data"):
            source, label = text(row.get("source_id")), text(row.get("labeling_task_label_id"))
            if source is None or label is None:
                continue
            counts = [
                whole(row.get(key))
                for key in (
                    *("true_positives", "false_positives", "false_negatives"),
                    *("record_coverage", "total_hits", "source_conflicts", "source_overlaps"),
                )
            ]
            made.append(SnapshotStatistics(source, label, *counts))
        return made


def _position(row: Mapping[str, Any]) -> float:
    at = number(row.get("relative_position"))
    return float("inf") if at is None else at


def _details(found: Mapping[str, Any], weak: Mapping[str, list[Said]]) -> list[str]:
    """Say what of the tables that something is made of has no place here."""
    used = {one.by for said in weak.values() for one in said}
    runs = sum(row.get("id") not in used for row in rows(found, "weak_supervision_task_data"))
    last = {text(row.get("source_id")) for row in rows(found, PAYLOADS) if _finished(row)}
    payloads = sum(1 for _ in rows(found, PAYLOADS)) - len(last)
    tests = sum(row.get("category") == "TEST" for row in rows(found, "records_data"))
    members = rows(found, "data_slice_record_association_data")
    scores = sum(number(row.get("outlier_score")) is not None for row in members)
    told = [
        (runs, "runs of weak supervision without labels"),
        (payloads, "older or failed runs of heuristics"),
        (tests, "marks of records as TEST"),
        (scores, "scores of outliers"),
    ]
    return [f"{count:,} {what}" for count, what in told if count > 0]


def _ours(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what we wrote beside what refinery knows."""
    found = row.get(OURS)
    return found if isinstance(found, dict) else {}


def _finished(row: Mapping[str, Any]) -> bool:
    return (text(row.get("state")) or "").upper() == FINISHED


def _left_out(found: Mapping[str, Any]) -> list[str]:
    """Say which tables have rows that nothing here is made of."""
    told = []
    for key, table in found.items():
        if key in TAKEN or not isinstance(table, (list, dict)) or not table:
            continue
        what = key.removesuffix("_data").replace("_", " ")
        told.append(f"{what} ({len(table):,})")
    return told
