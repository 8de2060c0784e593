"""What people, heuristics and weak supervision say, as refinery's tables hold it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.heuristics.dialect import DIALECT
from refinery_nb.heuristics.foreign import Foreign
from refinery_nb.project.rules.report import report
from refinery_nb.project.snapshot.snapshot_rules import EARLIER, FUNCTION
from refinery_nb.store import gold, heuristics, people, records, weak
from refinery_nb.store.db import Connection
from refinery_nb.store.gold import GOLD_STAR
from refinery_nb.store.heuristics import HeuristicRow
from refinery_nb.store.schema import attributes
from refinery_nb.text.tokens import all_tokens

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

EXTERNAL = "PRE_COMPUTED"  # what refinery calls votes that come from elsewhere
HERE = 0  # stands for "the run that was written" in a slice


class Written:
    """What is said in a project, on its way into a snapshot.

    Attributes
    ----------
    ids
        The records that are written.
    tasks, specs
        The tasks, and the specs of all heuristics.
    """

    def __init__(self, project: Project, ids: Sequence[int], sources: Sequence[str]) -> None:
        self.project = project
        self.ids = list(ids)
        self.sources = sources
        self.tasks = project.schemas
        with project.database.read() as connection:
            self._keys = records.keys_of_ids(connection, self.ids)
            self._rows = {
                task.id: heuristics.heuristics(connection, task.id) for task in self.tasks
            }
            # Of a source that was changed after it had voted: that later one.
            self._later = {
                row.id: heuristics.versions(connection, row.id)[-2][1]
                for rows in self._rows.values()
                for row in rows
                if row.message == EARLIER
            }
            self._runs = {task.id: weak.runs(connection, task.id)[-1:] for task in self.tasks}
        self.specs = [row.spec for rows in self._rows.values() for row in rows]
        self._spans: list[tuple[str, int, int]] = []
        self._records: dict[int, str] = {}
        self._offsets: dict[tuple[str, int], Any] = {}
        self._lost: list[tuple[Any, ...]] = []

    @staticmethod
    def id(kind: str, *names: str) -> str:
        """Return the id of something by its names: the same project gives the same archive."""
        said = "".join(f"{len(one)}:{one}" for one in (kind, *names))
        digest = blake2b(said.encode("utf-8"), digest_size=16).hexdigest()
        parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:])
        return "-".join(parts)

    def record(self, id_: int) -> str:
        """Return the id of a record in the snapshot."""
        known = self._records.get(id_)
        if known is None:
            known = self._records[id_] = self.id("record", self._keys.get(id_, str(id_)))
        return known

    def lose(
        self, why: str, record: int | None = None, span: tuple[int, int, str, str] | None = None
    ) -> None:
        """Note what refinery has no place for."""
        start, end, label, text = span or (None, None, None, None)
        key = None if record is None else self._keys.get(record)
        self._lost.append((key, start, end, label, text, why))

    def left_out(self) -> pd.DataFrame:
        """Return what was noted: ``key, start, end, label, text, why``."""
        import pandas as pd

        columns = ["key", "start", "end", "label", "text", "why"]
        return pd.DataFrame(self._lost, columns=columns)

    def without_runs(self, selection: Any) -> Any:
        """Return a selection in which the runs that are written stand for themselves.

        A run has another id where it is read. Others make no sense there.
        """
        if isinstance(selection, list):
            return [self.without_runs(one) for one in selection]
        if not isinstance(selection, dict):
            return selection
        found = {key: self.without_runs(value) for key, value in selection.items()}
        if found.get("is") == "weak":
            runs = [run.id for rows in self._runs.values() for run in rows]
            found["run"] = HERE if found.get("run") in runs else -1
        return found

    def heuristics(self) -> Iterator[dict[str, Any]]:
        """Yield the heuristics: functions of refinery as they are, others by what they voted."""
        for task, row in self._every():
            kind, source, description = _as_refinery(self._later.get(row.id, row.spec))
            yield {
                "id": self.id("heuristic", task.name, row.name),
                "name": row.name,
                "type": kind,
                "return_type": "YIELD" if task.is_spans else "RETURN",
                "description": description,
                "source_code": source,
                "is_selected": row.enabled,
                "version": 1,
                "created_at": refinery_time(row.at),
                "labeling_task_id": self.id("task", task.name),
            }

    def payloads(self) -> Iterator[dict[str, Any]]:
        """Yield the last run of each heuristic that finished."""
        for task, row in self._every():
            if row.state == "finished":
                yield {
                    "id": self.id("payload", task.name, row.name),
                    "source_id": self.id("heuristic", task.name, row.name),
                    "created_at": refinery_time(row.at),
                    "finished_at": refinery_time(row.at),
                    "iteration": 1,
                    "source_code": _as_refinery(row.spec)[1],
                    "logs": [],
                    "state": "FINISHED",
                }

    def statistics(self) -> Iterator[dict[str, Any]]:
        """Yield what the report says of each heuristic and label that it gives."""
        if "heuristics" not in self.sources:
            return
        for task in self.tasks:
            if not self._rows[task.id]:
                continue
            reference, votes = self._counted(task)
            # Refinery counts tokens of spans, and nothing where nobody has labelled.
            counts = not task.is_spans and len(reference.reviewed) > 0
            for row in report(votes, reference, task).to_dict("records"):
                yield {
                    "id": self.id("statistics", task.name, row["heuristic"], row["label"]),
                    "source_id": self.id("heuristic", task.name, row["heuristic"]),
                    "labeling_task_label_id": self.id("label", task.name, row["label"]),
                    "true_positives": int(row["correct"]) if counts else None,
                    "false_positives": int(row["incorrect"]) if counts else None,
                    "false_negatives": 0 if counts else None,
                    "record_coverage": round(row["coverage"] * len(self.project)),
                    "total_hits": int(row["hits"]),
                    "source_conflicts": int(row["conflicts"]),
                    "source_overlaps": int(row["overlaps"]),
                }

    def exclusions(self) -> Iterator[dict[str, Any]]:
        """Yield the records that a learner of refinery was trained on."""
        for task, row in self._every():
            for record in row.spec.get("trained_on", ()):
                if record in self._keys:
                    yield {
                        "source_id": self.id("heuristic", task.name, row.name),
                        "record_id": self.record(record),
                    }

    def runs(self) -> Iterator[dict[str, Any]]:
        """Yield the newest run of each task; tasks that ran together in refinery share one."""
        if "weak" not in self.sources:
            return
        shared: dict[str, list[tuple[TaskSchema, weak.WeakRunRow]]] = {}
        for task in self.tasks:
            for run in self._runs[task.id]:
                shared.setdefault(self._run_id(run), []).append((task, run))
        for id_, runs in shared.items():
            at = refinery_time(runs[0][1].at)
            names = dict.fromkeys(
                name for _, run in runs for name in run.options.get("heuristics", ())
            )
            yield {
                "id": id_,
                "state": "FINISHED",
                "created_at": at,
                "created_by": self.project.actor,
                "finished_at": at,
                "selected_information_sources": ", ".join(names),
                "selected_labeling_tasks": ", ".join(task.name for task, _ in runs),
                "distinct_records": None,
                "result_count": sum(len(self.project.columns.weak(run.id)) for _, run in runs),
            }

    def associations(self) -> Iterator[dict[str, Any]]:
        """Yield all labels; the tokens of spans are noted for ``tokens``."""
        with self.project.database.read() as connection:
            for task in self.tasks:
                if "manual" in self.sources:
                    yield from self._manual(connection, task)
                if "heuristics" in self.sources:
                    columns = self.project.columns.of_task(task, enabled_only=False)
                    for row in self._rows[task.id]:
                        source = self.id("heuristic", task.name, row.name)
                        said = columns[row.name]
                        told = {"source_type": "INFORMATION_SOURCE", "source_id": source}
                        yield from self._votes(connection, task, said, told, row.at)
                if "weak" in self.sources:
                    for run in self._runs[task.id]:
                        told = {
                            "source_type": "WEAK_SUPERVISION",
                            "weak_supervision_id": self._run_id(run),
                        }
                        said = self.project.columns.weak(run.id)
                        yield from self._votes(connection, task, said, told, run.at)

    def tokens(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each token of each span that ``associations`` gave."""
        for id_, first, last in self._spans:
            for at in range(first, last + 1):
                yield {
                    "record_label_association_id": id_,
                    "token_index": at,
                    "is_beginning_token": at == first,
                }

    def _counted(self, task: TaskSchema) -> tuple[Gold, VoteMatrix]:
        """Return the valid labels, and the votes of all heuristics, of which refinery counts."""
        with self.project.database.read() as connection:
            reference, _ = gold.gold(connection, task)
            ids = records.all_ids(connection)
        columns = self.project.columns.of_task(task, enabled_only=False)
        known = [label.id for label in task.labels]
        return reference, VoteMatrix.build(ids, columns, known, spans=task.is_spans)

    def _every(self) -> Iterator[tuple[TaskSchema, HeuristicRow]]:
        if "heuristics" in self.sources:
            for task in self.tasks:
                for row in self._rows[task.id]:
                    yield task, row

    def _run_id(self, run: weak.WeakRunRow) -> str:
        return str(run.options.get("run") or self.id("run", str(run.task), run.at))

    def _manual(self, connection: Connection, task: TaskSchema) -> Iterator[dict[str, Any]]:
        _, valid = gold.gold(connection, task)
        known = {label.id for label in task.labels}
        marked = people.marks(connection, task.id)
        if task.is_multi:
            self.lose(f"{task.name!r} may have several labels a record, refinery one of them")
        if marked:
            self.lose(f"{marked:,} records are flagged or skipped for {task.name!r}")
        for one in people.dated(connection, task.id):
            if one.record not in self._keys or (one.label is not None and one.label not in known):
                continue
            if one.label is None:
                self.lose(f"{one.actor} said: reviewed, none ({task.name})", one.record)
                continue
            if one.stale:
                self.lose(f"a span of {one.actor} does not fit its text any more", one.record)
                continue
            star = one.actor == GOLD_STAR
            told = {
                "source_type": "MANUAL",
                "created_by": one.actor,
                "is_gold_star": True if star else None,
                "is_valid_manual_label": one.record in valid,
            }
            spot = None if one.start is None or one.end is None else (one.start, one.end)
            yield from self._one(connection, task, one.record, one.label, 1.0, spot, told, one.at)

    def _votes(
        self,
        connection: Connection,
        task: TaskSchema,
        votes: Votes,
        told: dict[str, Any],
        at: str,
    ) -> Iterator[dict[str, Any]]:
        known = {label.id for label in task.labels}
        nowhere = [None] * len(votes)
        starts = nowhere if votes.start is None else votes.start.tolist()
        ends = nowhere if votes.end is None else votes.end.tolist()
        for record, label, sure, start, end in zip(
            votes.record.tolist(),
            votes.label.tolist(),
            votes.confidence.tolist(),
            starts,
            ends,
            strict=True,
        ):
            if record in self._keys and label in known:
                spot = None if start is None else (start, end)
                yield from self._one(connection, task, record, label, sure, spot, told, at)

    def _one(
        self,
        connection: Connection,
        task: TaskSchema,
        record: int,
        label: int,
        sure: float,
        spot: tuple[int, int] | None,
        told: dict[str, Any],
        at: str,
    ) -> Iterator[dict[str, Any]]:
        name = task.label_name(label)
        by = [str(value) for value in told.values()]
        id_ = self.id("label of", task.name, self._keys[record], name, str(spot), *by)
        if spot is not None:
            place = self._place(connection, task, record, spot, name)
            if place is None:
                return
            self._spans.append((id_, *place))
        yield {
            "id": id_,
            "source_id": "None",
            "record_id": self.record(record),
            "labeling_task_label_id": self.id("label", task.name, name),
            "return_type": "YIELD" if task.is_spans else "RETURN",
            "confidence": sure,
            "is_gold_star": None,
            "created_by": self.project.actor,
            "created_at": refinery_time(at),
            "weak_supervision_id": None,
            "is_valid_manual_label": None,
            **told,
        }

    def _place(
        self,
        connection: Connection,
        task: TaskSchema,
        record: int,
        spot: tuple[int, int],
        label: str,
    ) -> tuple[int, int] | None:
        """Return the first and last token of a span; one between tokens is widened, and noted."""
        text, offsets = self._text(connection, task, record)
        start, end = spot
        inside = [at for at, (first, last) in enumerate(offsets) if first < end and last > start]
        span = (start, end, label, text[start:end])
        if not inside:
            self.lose("the span has no token", record, span)
            return None
        first, last = inside[0], inside[-1]
        if (offsets[first][0], offsets[last][1]) != spot:
            self.lose("the span was widened to whole tokens", record, span)
        return first, last

    def _text(
        self, connection: Connection, task: TaskSchema, record: int
    ) -> tuple[str, list[list[int]]]:
        key = (task.on or "", record)
        if key not in self._offsets:
            attribute = next(one for one in attributes(connection) if one.name == task.on)
            column = f"a{attribute.id}"
            text = str(records.one_value(connection, column, record) or "")
            self._offsets[key] = (text, all_tokens(text, self.project.tokenizer).tolist())
        found: tuple[str, list[list[int]]] = self._offsets[key]
        return found


def _as_refinery(spec: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return type, source and description of a heuristic in refinery."""
    if spec.get("kind") == "function" and spec.get("dialect") == DIALECT:
        return FUNCTION, spec["source"], ""
    if spec.get("kind") == Foreign.kind and spec.get("system") == DIALECT:
        return spec["type"], spec.get("source", ""), spec.get("description", "")
    source = json.dumps(spec, ensure_ascii=False, indent=1)
    return EXTERNAL, source, f"a {spec.get('kind')} of refinery_nb, with its votes"


def refinery_time(at: str) -> str:
    """Return a time as refinery writes it, in UTC.

    >>> refinery_time("2022-07-05T12:24:50.432583+00:00")
    '2022-07-05 12:24:50.432583'
    """
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return at
    plain = found.astimezone(UTC) if found.tzinfo is not None else found
    return plain.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
