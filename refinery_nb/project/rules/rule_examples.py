"""A heuristic tried on a few records: the texts, its votes, what people say, what went wrong."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.schema import TaskKind, TaskSchema
from refinery_nb.core.votes import Gold, Votes
from refinery_nb.heuristics import Heuristic, Lookup
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.lint import constants, lint_pattern
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.records import frames
from refinery_nb.project.rules import engine_kinds, following, rules
from refinery_nb.project.rules.contradictions import Contradiction, contradictions
from refinery_nb.project.rules.run import RunResult, run_heuristics
from refinery_nb.project.view import View

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

SAMPLES = ("random", "label", "hits", "wrong", "conflicts", "uncovered", "errors")
# Of which records votes are looked for where they are what chooses the examples.
POOL = 2_000
MOST = 100
MOST_PATTERNS = 20  # of a function's own, that are shown in the texts
CHARACTERS = 20_000
LINE = re.compile(r"line (\d+)")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ExampleVote:
    """One vote on an example; ``right`` is None where nobody has labelled the record."""

    label: int
    confidence: float
    start: int | None = None
    end: int | None = None
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One record with what a heuristic says of it.

    Attributes
    ----------
    texts
        The string attributes that the task is about.
    looked
        By attribute, half-open code-point offsets of what the heuristic matched, or of the
        texts that its source speaks of.
    votes
        What it says; empty if it abstains.
    gold
        Label ids (for spans: start, end, label); None if nobody has labelled the record.
    others
        The heuristics in force that say otherwise.
    error, traceback, line
        What went wrong on the record, and at which line of the source.
    """

    record: int
    key: str
    texts: dict[str, str]
    votes: tuple[ExampleVote, ...]
    gold: tuple[Any, ...] | None
    looked: dict[str, list[Span]] = field(default_factory=dict)
    others: tuple[Contradiction, ...] = ()
    error: str = ""
    traceback: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying a heuristic gave.

    Attributes
    ----------
    examples
        The chosen records, in random order.
    tried
        How many records were looked at to find them.
    state, message, line
        As of a run: ``failed`` says why, and at which line if that is known.
    output
        What the heuristic printed.
    """

    examples: tuple[Example, ...]
    tried: int
    state: str = "finished"
    message: str = ""
    line: int | None = None
    output: str = ""


def try_examples(
    task: Task,
    heuristic: Heuristic,
    *,
    sample: str = "random",
    label: str | None = None,
    n: int = 10,
    seed: int = 0,
    cancel: threading.Event | None = None,
) -> Trial:
    """Run a heuristic on a few records in a child process; nothing is kept.

    Parameters
    ----------
    sample
        ``random``; ``label``: records that people gave ``label``, or else the last weak run;
        ``hits``: those it votes on; ``wrong``: those where it contradicts the manual labels;
        ``conflicts``: those where another heuristic in force votes otherwise;
        ``uncovered``: those on which no heuristic in force votes; ``errors``: those it fails on.
    n, seed
        How many, and which.

    Raises
    ------
    QueryError
        If there is no such sample.
    """
    if sample not in SAMPLES:
        raise QueryError(f"there is no sample {sample!r}.", hint=did_you_mean(sample, SAMPLES))
    n = max(1, min(n, MOST))
    schema, gold = task.schema, frames.gold_columns(task)[0]
    searched = sample in ("hits", "wrong", "conflicts", "errors")
    view = _view(task, sample, label, gold)
    ids = view.sample(POOL if searched else n, seed=seed).ids()
    result = _run(task, heuristic, schema, ids.tolist(), cancel)
    chosen = ids.tolist()
    if sample == "conflicts":
        wanted = set(contradictions(task, heuristic.name, result.votes))
    elif searched:
        wanted = _wanted(sample, result, gold)
    if searched:
        chosen = [record for record in chosen if record in wanted][:n]
    said = result.votes.of_records(np.array(sorted(chosen), dtype=np.int64))
    others = contradictions(task, heuristic.name, said)
    rows = {row[0]: row for chunk in rules.chunks(task.project, np.array(chosen)) for row in chunk}
    values = [rows[record] for record in chosen if record in rows]
    shown = _attributes(schema, heuristic, values)
    looked = _looked(task, heuristic, schema, shown, values, cancel)
    return Trial(
        tuple(
            replace(
                _example(row, result, gold, shown, looked.get(row[0], {})),
                others=tuple(others.get(row[0], ())),
            )
            for row in values
        ),
        len(ids),
        result.state,
        result.message,
        line_of(result.message) if result.state == "failed" else None,
        result.output,
    )


def line_of(text: str) -> int | None:
    r"""Return the last line that a message or traceback names.

    >>> line_of("  line 3, in late\n    x\n  line 7, in helper\n    y\nKeyError: 'x'")
    7
    """
    found = LINE.findall(text)
    return int(found[-1]) if found else None


def _view(task: Task, sample: str, label: str | None, gold: Gold) -> View:
    project = task.project
    if sample == "label":
        name = task.schema.label(label or "").name
        labelled = project.where(task.labeled_as(name))
        runs = task.runs()[-1:]
        return project.where(runs[0].label == name) if runs and not labelled else labelled
    if sample == "wrong":
        return project.where(task.labeled)
    if sample == "uncovered":
        return project.where(~task.voted())
    return project.view()


def _run(
    task: Task,
    heuristic: Heuristic,
    schema: TaskSchema,
    ids: Sequence[int],
    cancel: threading.Event | None,
) -> RunResult:
    project = task.project
    if engine_kinds.is_computed(heuristic.spec()):
        columns = project.columns.of_task(schema, enabled_only=False)
        votes = columns.get(heuristic.name, Votes.empty(spans=schema.is_spans))
        return RunResult(votes.of_records(np.array(ids)), (), "finished", "", len(ids), 0.0, "")
    return run_heuristics(
        following.with_terms(project, {heuristic.name: heuristic.spec()}),
        rules.chunks(project, np.array(ids, dtype=np.int64)),
        schema,
        count=len(ids),
        workers=1,
        tokenizer=tokenizing.names(project),
        cancel=cancel,
    )[heuristic.name]


def _wanted(sample: str, result: RunResult, gold: Gold) -> set[int]:
    if sample == "errors":
        return {error.record for error in result.errors}
    voted = set(result.votes.record.tolist())
    if sample == "hits":
        return voted
    return {
        record
        for record in voted
        if any(vote.right is False for vote in _votes(result.votes, gold, record))
    }


def _votes(votes: Votes, gold: Gold, record: int) -> tuple[ExampleVote, ...]:
    said = _gold(gold, record)
    found = []
    first, last = votes.record.searchsorted([record, record + 1])
    for at in range(int(first), int(last)):
        label, sure = int(votes.label[at]), round(float(votes.confidence[at]), 4)
        if votes.start is None or votes.end is None:
            right = None if said is None else label in said
            found.append(ExampleVote(label, sure, right=right))
        else:
            start, end = int(votes.start[at]), int(votes.end[at])
            right = None if said is None else (start, end, label) in said
            found.append(ExampleVote(label, sure, start, end, right))
    return tuple(found)


def _gold(gold: Gold, record: int) -> tuple[Any, ...] | None:
    at = int(np.searchsorted(gold.reviewed, record))
    if at == len(gold.reviewed) or gold.reviewed[at] != record:
        return None
    votes = gold.votes.take(gold.votes.record == record)
    labels = votes.label.tolist()
    if votes.start is None or votes.end is None:
        return tuple(labels)
    return tuple(zip(votes.start.tolist(), votes.end.tolist(), labels, strict=True))


def _example(
    row: tuple[int, str, dict[str, Any]],
    result: RunResult,
    gold: Gold,
    shown: Sequence[str],
    looked: dict[str, list[Span]],
) -> Example:
    record, key, values = row
    error = next((one for one in result.errors if one.record == record), None)
    return Example(
        record,
        key,
        {name: _text(values.get(name))[:CHARACTERS] for name in shown},
        tuple(
            vote
            for vote in _votes(result.votes, gold, record)
            if vote.end is None or vote.end <= CHARACTERS
        ),
        _gold(gold, record),
        {
            name: [(start, end) for start, end in spans if end <= CHARACTERS]
            for name, spans in looked.items()
        },
        error=error.message if error else "",
        traceback=error.traceback if error else "",
        line=line_of(error.traceback) if error else None,
    )


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _attributes(
    schema: TaskSchema,
    heuristic: Heuristic,
    rows: Sequence[tuple[int, str, Mapping[str, Any]]],
) -> list[str]:
    """Return the attributes to show: the task's, what the rule reads, or all strings."""
    strings = list(dict.fromkeys(n for row in rows for n, v in row[2].items() if _is_text(v)))
    on = heuristic.spec().get("on")
    source = str(heuristic.spec().get("source", ""))
    read = [name for name in strings if repr(name) in source or f'"{name}"' in source]
    named = list(dict.fromkeys(name for name in (schema.on, on, *read) if name))
    return named or strings


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _looked(
    task: Task,
    heuristic: Heuristic,
    schema: TaskSchema,
    shown: Sequence[str],
    rows: Sequence[tuple[int, str, dict[str, Any]]],
    cancel: threading.Event | None,
) -> dict[int, dict[str, list[Span]]]:
    """Return by record and attribute what the heuristic matched, or speaks of."""
    spec = heuristic.spec()
    found: dict[int, dict[str, list[Span]]] = {}
    if not rows or not schema.labels or (schema.is_spans and spec["kind"] != "function"):
        return found
    names = [label.name for label in schema.labels]
    patterns: dict[str, dict[str, Any]] = {}
    rule = None
    if spec["kind"] == "function":
        leave_out = [*names, *(attribute.name for attribute in task.project.attributes)]
        said, written = constants(spec["source"], leave_out)
        rule = Lookup(names[0], said, whole_words=False) if said else None
        case = re.search(r"\bre\.I\b|IGNORECASE", spec["source"]) is None
        patterns = {
            str(at): {"kind": "regex", "name": "x", "pattern": pattern, "case": case}
            for at, pattern in enumerate(written[:MOST_PATTERNS])
            if not lint_pattern(pattern)
        }
    elif spec["kind"] == "lookup":
        terms = following.with_terms(task.project, {"": spec})[""]
        rule = Lookup.from_spec({**terms, "on": None, "label": names[0]})
    elif spec["kind"] == "regex":
        patterns = {"": spec}
    for name in shown:
        if spec.get("on") not in (None, name):
            continue
        spans: list[tuple[int, int, int]] = []
        if rule is not None:
            batch = Batch([row[2] for row in rows], names, spans=True, on=name)
            ballot = rule.vote(batch)
            spans = [
                (rows[at][0], start, end)
                for at, start, end in zip(ballot.at, ballot.start, ballot.end, strict=True)
            ]
        for votes in _matches(patterns, rows, schema, name, cancel):
            assert votes.start is not None
            assert votes.end is not None
            spans += zip(
                votes.record.tolist(), votes.start.tolist(), votes.end.tolist(), strict=True
            )
        for record, start, end in sorted(set(spans)):
            found.setdefault(record, {}).setdefault(name, []).append((start, end))
    return found


def _matches(
    patterns: Mapping[str, Mapping[str, Any]],
    rows: Sequence[tuple[int, str, dict[str, Any]]],
    schema: TaskSchema,
    name: str,
    cancel: threading.Event | None,
) -> list[Votes]:
    """Return what patterns match, found in a child process: a pattern may take for ever."""
    if not patterns:
        return []
    label = schema.labels[0].name
    results = run_heuristics(
        {key: {**spec, "on": None, "label": label} for key, spec in patterns.items()},
        [list(rows)],
        replace(schema, kind=TaskKind.SPANS, on=name),
        count=len(rows),
        workers=1,
        cancel=cancel,
    )
    return [result.votes for result in results.values()]
