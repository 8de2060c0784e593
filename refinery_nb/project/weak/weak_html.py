"""What a notebook shows of weak supervision: runs, a comparison, a threshold, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.html import (
    Html,
    bar,
    block,
    bold,
    code,
    joined,
    paragraph,
    percent,
    quiet,
    table,
    whisker,
)
from refinery_nb.core.votes import Votes
from refinery_nb.quality.interval import wilson
from refinery_nb.quality.reliability import reliability

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.weak.run_comparison import RunComparison
    from refinery_nb.project.weak.trust import Threshold
    from refinery_nb.project.weak.weak import WeakRun

SHOWN = 20  # runs, and changes
FLOWS = 12  # from one label to another


def weak_run(run: WeakRun) -> str:
    """Return a run: what it says of each label, and how far that is to be trusted."""
    from refinery_nb.project.weak import trust

    votes, total = run.votes, len(run.task.project)
    seen, right = trust.unseen(run)
    spans = votes.start is not None
    rows = []
    for label in run.task.schema.labels:
        own = votes.label == label.id
        judged = right[seen.label == label.id]
        rows.append(
            [
                label.name,
                *_counted(votes, own, total, spans=spans),
                _mean(votes.confidence[own]),
                _right(int(judged.sum()), len(judged)),
            ]
        )
    every = [bold("all"), *_counted(votes, np.ones(len(votes), np.bool_), total, spans=spans)]
    every += [_mean(votes.confidence), _right(int(right.sum()), len(right))]
    heads = [("Label", "name"), *([("Spans", "number")] if spans else []), ("Records", "number")]
    unseen = run.held_out is not None or run.model == "majority"
    of = "manual labels that it had not seen" if unseen else "manual labels"
    heads += [("Mean confidence", "number"), (f"Right, of {of}", "number")]
    told = [paragraph(quiet(run.summary[one])) for one in ("why", "note") if run.summary.get(one)]
    if len(right):
        error = reliability(seen.confidence, right).error
        told.append(
            paragraph(
                f"Calibration error {error:.3f}: a confidence is off by that much on average. ",
                code("weak.threshold(precision=.95)"),
                quiet(" says what remains at a precision."),
            )
        )
    else:
        told.append(paragraph(quiet("How often it is right is not known: label some records.")))
    return block(paragraph(*_title(run)), table(heads, [*rows, every]), *told)


def weak_runs(runs: Sequence[WeakRun]) -> str:
    """Return runs as a table, with what changed from each to the next."""
    from refinery_nb.project.weak import trust

    if not runs:
        return block(paragraph("There is no run yet: ", code("task.supervise()"), " makes one."))
    first = max(0, len(runs) - SHOWN)
    heads = [("Run", "name"), ("When", "name"), ("Label model", "name"), ("Records", "number")]
    heads += [("Mean confidence", "number"), ("Right, of today's manual labels", "number")]
    heads += [("What changed", "text")]
    rows = []
    for at in range(first, len(runs)):
        run, votes = runs[at], runs[at].votes
        right = trust.unseen(run)[1]
        rows.append(
            [
                code(f"runs[{at}]"),
                _when(run.at),
                _model(run),
                _records(len(np.unique(votes.record)), len(run.task.project)),
                f"{votes.confidence.mean():.2f}" if len(votes) else quiet("—"),
                _right(int(right.sum()), len(right)),
                _since(runs[at - 1], run) if at else quiet("the first run"),
            ]
        )
    told = []
    if first:
        told.append(paragraph(quiet(f"{first:,} earlier runs are not shown.")))
    if len(runs) > 1:
        last = len(runs) - 1
        told.append(
            paragraph(
                code(f"runs[{last}].compare(runs[{last - 1}])"),
                quiet(" says which records flipped; "),
                code(f"runs[{last - 1}].restore()"),
                quiet(" makes its labels the current ones again."),
            )
        )
    return block(table(heads, rows), *told)


def comparison(found: RunComparison) -> str:
    """Return what differs between two runs: what went in, and which labels flipped to which."""
    total = len(found.after.task.project)
    title = paragraph(
        bold(f"{len(found):,} of {total:,} records"),
        " flipped between the two runs ",
        quiet(f"({_when(found.before.at)} and {_when(found.after.at)})."),
    )
    changed = found.changed.head(SHOWN)
    inputs = table(
        [("What went in", "text"), ("Before", "text"), ("After", "text")],
        [[row.what, _said(row.before), _said(row.after)] for row in changed.itertuples()],
        empty="The same went in.",
    )
    more = len(found.changed) - len(changed)
    rest = paragraph(quiet(f"{more:,} more: "), code(".changed")) if more else ""
    return block(title, inputs, rest, _flows(found))


def threshold(found: Threshold) -> str:
    """Return from which confidence on weak labels are as precise as wanted, and what remains."""
    if found.lacking:
        return block(
            paragraph(
                f"{found.lacking} ",
                quiet("More manual labels, or a lower precision, may find some."),
            )
        )
    rows = [
        [
            f"≥ {found.confidence:.2f}",
            joined(
                f"{percent(found.precision)} ",
                quiet(f"of {found.checked:,}"),
                whisker(found.precision, found.low, found.high),
            ),
            joined(f"{found.records:,} ", quiet(percent(found.coverage)), bar(found.coverage)),
        ]
    ]
    heads = [
        ("Confidence", "number"),
        ("Precision, 95 % interval", "number"),
        ("Records that remain", "number"),
    ]
    title = paragraph("For a precision of ", bold(f"{found.wanted:.0%}"), ":")
    return block(title, table(heads, rows), paragraph(code(".view"), quiet(" holds the records.")))


def calibration(frame: pd.DataFrame) -> str:
    """Return how often held-out predictions are right, by their confidence."""
    columns = [frame[name].tolist() for name in ("confidence", "accuracy", "low", "high", "count")]
    rows = [
        [
            joined(f"{confidence:.2f}", bar(confidence)),
            joined(percent(accuracy), whisker(accuracy, low, high)),
            f"{count:,}",
        ]
        for confidence, accuracy, low, high, count in zip(*columns, strict=True)
    ]
    heads = [
        ("Mean confidence", "number"),
        ("Right, 95 % interval", "number"),
        ("Labels", "number"),
    ]
    error = frame.attrs.get("ece", float("nan"))
    told = f"Calibration error {error:.3f}." if error == error else ""
    empty = "No manual label stands beside a weak one: label some records."
    return block(table(heads, rows, empty=empty), paragraph(quiet(told)))


def _title(run: WeakRun) -> list[object]:
    return [
        "Weak labels of ",
        bold(run.task.name),
        " by ",
        _model(run),
        quiet(f" · {_when(run.at)}"),
    ]


def _model(run: WeakRun) -> Html:
    chosen = run.summary.get("chosen")
    restored = ", restored" if "restored" in run.options else ""
    auto = ", chosen by auto" if chosen not in (None, run.model) else ""
    return joined(chosen or run.model, quiet(auto + restored))


def _counted(votes: Votes, own: np.ndarray, total: int, *, spans: bool) -> list[object]:
    records = _records(len(np.unique(votes.record[own])), total)
    return [f"{int(own.sum()):,}", records] if spans else [records]


def _records(count: int, total: int) -> Html:
    share = count / max(1, total)
    return joined(f"{count:,} ", quiet(percent(share)), bar(share))


def _mean(confidence: np.ndarray) -> object:
    if not len(confidence):
        return quiet("—")
    mean = float(confidence.mean())
    return joined(f"{mean:.2f}", bar(mean))


def _right(hits: int, count: int) -> Html:
    if not count:
        return quiet("—")
    low, high = wilson(np.array(hits), np.array(count))
    share = hits / count
    figure = whisker(share, float(low), float(high))
    return joined(f"{percent(share)} ", quiet(f"of {count:,}"), figure)


def _since(before: WeakRun, after: WeakRun) -> object:
    """Return what went into a run that did not into the one before it."""
    from refinery_nb.project.weak.run_comparison import changed

    found = changed(before, after)
    if found.empty:
        return quiet("nothing")
    rules = {"added": 0, "removed": 0, "changed": 0}
    told: list[str] = []
    sides = (found[name].tolist() for name in ("what", "before", "after"))
    for what, old, new in zip(*sides, strict=True):
        if what.startswith("heuristic "):
            rules[_kind(old, new)] += 1
        else:
            told.append(f"{what}: {_said(old)} → {_said(new)}")
    counts = [f"{count:,} {kind}" for kind, count in rules.items() if count]
    if counts:
        told.append(f"heuristics: {', '.join(counts)}")
    return "; ".join(told)


def _kind(before: object, after: object) -> str:
    return "added" if before is None else "removed" if after is None else "changed"


def _said(value: object) -> str:
    return "—" if value is None else str(value)


def _flows(found: RunComparison) -> Html:
    """Return from which label to which the records went, the largest first."""
    if found.after.votes.start is not None or not len(found):
        return Html("")
    sides = found.frame()[["before", "after"]].astype(object)
    sides = sides.map(lambda one: ", ".join(one) if isinstance(one, list) else one)
    counts = sides.where(sides.notna(), "no label").value_counts()
    pairs: list[Any] = counts.head(FLOWS).index.tolist()
    rows = [[*pair, f"{counts[pair]:,}"] for pair in pairs]
    heads = [("Before", "name"), ("After", "name"), ("Records", "number")]
    more = len(counts) - len(rows)
    rest = paragraph(quiet(f"{more:,} more pairs of labels: "), code(".frame()")) if more else ""
    where = paragraph(code(".view"), quiet(" holds the records that flipped."))
    return joined(table(heads, rows), rest, where)


def _when(at: str) -> str:
    return at[:16].replace("T", " ")
