"""Statistics of an attribute: its values, its numbers in ranges, the lengths of its texts."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.query import And, AttributeField, Compare, Condition, LengthField
from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.masks.dense import NUMBERS, Bools, Floats, Kept
from refinery_nb.project.masks.masks import Masks
from refinery_nb.project.selector import random_numbers
from refinery_nb.store import dense, records

Unit = Literal["values", "numbers", "characters", "tokens"]
MOST = 12  # values or ranges that are shown
RANGES = 16
SAMPLE = 2_000  # texts that are cut into tokens


@dataclass(frozen=True, slots=True)
class Bar:
    """Some records of an attribute.

    Attributes
    ----------
    name
        The value in words, or its range.
    count
        How many records.
    condition
        Which ones; None where ``ids`` says so.
    ids
        Their ids, where only some records were looked at.
    """

    name: str
    count: int
    condition: Condition | None = None
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the values of an attribute are like.

    Attributes
    ----------
    unit
        ``values`` (each a bar), ``numbers`` in ranges, or lengths in ``characters`` or ``tokens``.
    bars
        The most frequent values, or ranges from the lowest.
    missing, others, distinct
        How many records have no value, how many have one that is not shown, and how many
        different values there are (None where that is not counted).
    low, mean, median, high
        Of numbers and lengths.
    looked_at
        How many records were looked at, where these are not all.
    """

    attribute: str
    unit: Unit
    bars: tuple[Bar, ...]
    missing: Bar
    others: int = 0
    distinct: int | None = None
    low: float | None = None
    mean: float | None = None
    median: float | None = None
    high: float | None = None
    looked_at: int | None = None


class Values:
    """Counts the values of attributes in a filter, once per version of the records."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._kept = Kept()

    def statistics(
        self, attribute: Attribute, mask: Bools, filtered: Hashable, *, unit: Unit | None = None
    ) -> Statistics:
        """Return what the values of the records in a mask are like; ``filtered`` names the mask.

        ``unit``: ``tokens`` for the lengths of a sample of texts in tokens.
        """
        tokens = unit == "tokens" and attribute.type is AttributeType.TEXT
        version: Hashable = (self._masks.dense.version(), attribute, filtered)
        if tokens:
            version = (version, tokenizing.name_of(self._masks.project, attribute.name))
        return self._kept.get(
            f"{attribute.id} {tokens}",
            version,
            lambda: self._tokens(attribute, mask) if tokens else self._statistics(attribute, mask),
        )

    def _statistics(self, attribute: Attribute, mask: Bools) -> Statistics:
        name = attribute.name
        missing = AttributeField(name).missing
        if attribute.type is AttributeType.CATEGORY:
            coded = self._masks.dense.codes(attribute)
            if coded is not None:
                return self._of_codes(name, coded[0][mask], coded[1], missing)
        elif attribute.type in NUMBERS:
            numbers = self._masks.dense.numbers(attribute)
            if numbers is not None:
                own = numbers[mask]
                if attribute.type is AttributeType.BOOLEAN:
                    codes = np.where(np.isnan(own), -1, 1 - np.nan_to_num(own)).astype(np.int32)
                    return self._of_codes(name, codes, [True, False], missing)
                return _of_numbers(attribute, own, missing)
        elif attribute.type is AttributeType.TEXT:
            own = self._lengths(attribute)[mask]
            return _of_lengths(name, own, missing)
        gone = self._masks.mask(missing) & mask
        rest = int(mask.sum()) - int(gone.sum())
        return Statistics(name, "values", (), Bar("missing", int(gone.sum()), missing), rest)

    def _of_codes(
        self, name: str, codes: NDArray[np.int32], values: list[Any], missing: Condition
    ) -> Statistics:
        counts = np.bincount(codes + 1, minlength=len(values) + 1)
        gone, counts = int(counts[0]), counts[1:]
        shown = np.argsort(-counts, kind="stable")[:MOST]
        shown = shown[counts[shown] > 0]
        bars = tuple(
            Bar(_named(values[at]), int(counts[at]), Compare(AttributeField(name), "=", values[at]))
            for at in shown.tolist()
        )
        others = int(counts.sum()) - sum(bar.count for bar in bars)
        distinct = int((counts > 0).sum())
        return Statistics(name, "values", bars, Bar("missing", gone, missing), others, distinct)

    def _lengths(self, attribute: Attribute) -> Floats:
        def read() -> Floats:
            with self._masks.project.database.read() as connection:
                return dense.lengths(connection, attribute)

        version = self._masks.dense.version()
        return self._masks.dense.kept.get(f"lengths {attribute.id}", version, read)

    def _tokens(self, attribute: Attribute, mask: Bools) -> Statistics:
        project, missing = self._masks.project, AttributeField(attribute.name).missing
        ids = self._masks.dense.ids()[mask]
        if len(ids) > SAMPLE:  # the same ones each time
            chosen = np.argsort(random_numbers(ids, 0), kind="stable")[:SAMPLE]
            looked_at: int | None = SAMPLE
            ids = np.sort(ids[chosen])
        else:
            looked_at = None
        with project.database.read() as connection:
            rows = list(records.values(connection, [attribute], ids.tolist()))
        texts = {record: str(text) for record, _, (text,) in rows if text is not None}
        cut = tokenizing.offsets(project, attribute, texts)
        known = np.array(list(texts), np.int64)
        lengths = np.array([len(cut[record]) for record in texts], np.float64)
        bars = []
        for low, high in _ranges(lengths, whole=True):
            inside = known[(lengths >= low) & (lengths < high)]
            bars.append(Bar(_range(low, high, whole=True), len(inside), None, tuple(inside)))
        gone = tuple(record for record, _, (text,) in rows if text is None)
        return Statistics(
            attribute.name,
            "tokens",
            tuple(bars),
            Bar("missing", len(gone), missing if looked_at is None else None, gone),
            looked_at=looked_at,
            **_summary(lengths),
        )


def _of_numbers(attribute: Attribute, own: Floats, missing: Condition) -> Statistics:
    known = own[np.isfinite(own)]
    whole = attribute.type is AttributeType.INTEGER
    field = AttributeField(attribute.name)
    if whole and len(np.unique(known)) <= MOST:
        values, counts = np.unique(known, return_counts=True)
        bars = [
            Bar(f"{int(value):,}", int(count), Compare(field, "=", int(value)))
            for value, count in zip(values.tolist(), counts.tolist(), strict=True)
        ]
    else:
        bars = _in_ranges(field, known, whole=whole)
    return Statistics(
        attribute.name,
        "numbers",
        tuple(bars),
        Bar("missing", int(np.isnan(own).sum()), missing),
        int(np.isinf(own).sum()),
        **_summary(known),
    )


def _of_lengths(name: str, own: Floats, missing: Condition) -> Statistics:
    known = own[~np.isnan(own)]
    bars = _in_ranges(LengthField(name), known, whole=True)
    gone = Bar("missing", len(own) - len(known), missing)
    return Statistics(name, "characters", tuple(bars), gone, **_summary(known))


def _in_ranges(field: AttributeField | LengthField, known: Floats, *, whole: bool) -> list[Bar]:
    return [
        Bar(
            _range(low, high, whole=whole),
            int(((known >= low) & (known < high)).sum()),
            And((Compare(field, ">=", low), Compare(field, "<", high))),
        )
        for low, high in _ranges(known, whole=whole)
    ]


def _ranges(values: Floats, *, whole: bool) -> list[tuple[float, float]]:
    """Return ranges of one round width that hold all values: from each low one, below the high.

    >>> _ranges(np.array([3.0, 97.0]), whole=True)[:2]
    [(0, 10), (10, 20)]
    """
    if not len(values):
        return []
    least, most = float(values.min()), float(values.max())
    step = _round_step((most - least) / RANGES)
    if whole:
        step = max(1.0, step)
    first = math.floor(least / step)
    # Of numbers far from 0 that lie close together, a step may be less than a float can tell.
    count = min(math.floor(most / step) - first + 1, 2 * RANGES)
    digits = max(0, -math.floor(math.log10(step)))
    edges = [round((first + at) * step, digits) for at in range(count + 1)]
    edges[-1] = max(edges[-1], math.nextafter(most, math.inf))
    if whole:
        edges = [math.ceil(edge) for edge in edges]
    return [(low, high) for low, high in pairwise(edges) if low < high]


def _round_step(wanted: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least what is wanted."""
    if wanted <= 0 or not math.isfinite(wanted):
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= wanted * (1 - 1e-9))


def _range(low: float, high: float, *, whole: bool) -> str:
    if whole:
        last = int(high) - 1
        return f"{int(low):,}" if last == low else f"{int(low):,} to {last:,}"
    return f"{low:.12g} to {high:.12g}"


def _summary(values: Floats) -> dict[str, Any]:
    if not len(values):
        return {}
    return {
        "low": float(values.min()),
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "high": float(values.max()),
    }


def _named(value: Any) -> str:
    return str(value) if value != "" else "(empty)"
