"""The numbers of an overview as messages: plain JSON, as ``protocol.ts`` describes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from refinery_nb.project.overview.standing import Calibration, Standing
from refinery_nb.project.overview.values import Statistics
from refinery_nb.quality.agreement import kappa, observed
from refinery_nb.quality.confusion import Confusion

MOST = 500  # heuristics and labels that are told


def told(found: Standing) -> dict[str, Any]:
    """Return how a task stands."""
    schema, voted, weak = found.schema, found.voted, found.weak
    return {
        "task": schema.name,
        "kind": schema.kind.value,
        "records": found.records,
        "labelled": found.labelled,
        "differing": found.differing,
        "labels": [
            {
                "name": None if one.label is None else one.label.name,
                "color": "" if one.label is None else one.label.color,
                "manual": one.manual,
                "weak": one.weak,
                "spans": one.spans,
            }
            for one in (*found.labels[:-1][:MOST], found.labels[-1])
        ],
        "agreement": asdict(found.agreement),
        "pace": asdict(found.pace),
        "voted": {
            "rows": [asdict(row) for row in voted.rows[:MOST]],
            "enabled": sum(row.enabled for row in voted.rows),
            "covered": voted.covered,
            "conflicting": None if schema.is_multi else voted.conflicting,
        },
        "weak": None
        if weak is None
        else {
            "model": weak.model,
            "labelled": weak.labelled,
            "confidence": weak.confidence.tolist(),
        },
        "matrix": None if found.confusion is None else _matrix(found, found.confusion),
        "calibration": None if found.calibration is None else _calibration(found.calibration),
    }


def statistics(found: Statistics) -> dict[str, Any]:
    """Return what the values of an attribute are like."""
    return {
        "attribute": found.attribute,
        "unit": found.unit,
        "bars": [{"name": bar.name, "count": bar.count} for bar in found.bars],
        "missing": found.missing.count,
        "others": found.others,
        "distinct": found.distinct,
        "low": found.low,
        "mean": found.mean,
        "median": found.median,
        "high": found.high,
        "looked_at": found.looked_at,
    }


def _matrix(found: Standing, confusion: Confusion) -> dict[str, Any]:
    """Return a matrix in the form of the ConfusionMatrix."""
    schema, counts, asked = found.schema, confusion.counts, found.asked
    names = [label.name for label in (schema.labels if asked is None else (asked,))]
    nothing = ("outside", "outside") if schema.is_spans else ("none", "abstains")
    if asked is not None:
        nothing = (f"not {asked.name}",) * 2
    row, column = counts.nonzero()
    return {
        "rows": {"id": "gold", "title": "Manual labels"},
        "columns": {"id": "weak", "title": "Weak labels"},
        "level": "tokens" if schema.is_spans else "records",
        "label": None if asked is None else asked.name,
        "row_labels": [*names, nothing[0]],
        "column_labels": [*names, nothing[1]],
        "cells": [
            [int(r), int(c), int(counts[r, c])]
            for r, c in zip(row.tolist(), column.tolist(), strict=True)
        ],
        "judged": len(confusion.judged),
        "agreement": _defined(observed(counts)),
        "kappa": _defined(kappa(counts)),
    }


def _calibration(found: Calibration) -> dict[str, Any]:
    numbers = found.found
    columns = (
        numbers.confidence,
        numbers.accuracy,
        numbers.low,
        numbers.high,
        numbers.count,
    )
    names = ("bin", "confidence", "accuracy", "low", "high", "count")
    rows = zip(found.bins, *(column.tolist() for column in columns), strict=True)
    return {
        "bins": [dict(zip(names, row, strict=True)) for row in rows],
        "error": _defined(numbers.error),
    }


def _defined(value: float) -> float | None:
    return value if value == value else None
