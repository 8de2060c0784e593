"""How far people agree, and when they labelled: counted on the answers of a filter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, pairwise

import numpy as np

from refinery_nb.core.votes import Ints
from refinery_nb.project.overview.said import Answers
from refinery_nb.quality import agreement

PAUSE = 120.0  # seconds between two labels, beyond which somebody did something else
SHORTEST = 30.0  # seconds of work, below which a rate says nothing
PEOPLE = 12  # of whom each two are compared: those with most in common with others
BARS, FEWEST = 60, 12  # of labels over time


@dataclass(frozen=True, slots=True)
class Pair:
    """How far two people agree on the records that both have judged; kappa: Cohen's, or None."""

    one: str
    other: str
    records: int
    agree: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree.

    Attributes
    ----------
    several, agree
        How many records two or more people have judged, and on how many all say the same.
    alpha
        Krippendorff's alpha; None for spans, which are no categories, or where it is not defined.
    pairs
        Each two of the people, those with most records in common first.
    """

    people: tuple[str, ...]
    several: int
    agree: int
    alpha: float | None
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """How many labels were given from one time up to another, in seconds since 1970."""

    begin: float
    end: float
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Pace:
    """Labels over time.

    Attributes
    ----------
    total, today
        How many records were judged, by each person, that stand; and since midnight.
    rate
        Of what was labelled today one by one: how many an hour of work; None if that is too little
        to say.
    unit, spans
        ``hour``, ``day`` or ``days``; and how many labels there are in each, from the first on.
    """

    total: int
    today: int
    rate: float | None
    unit: str
    spans: tuple[Span, ...]


def compared(answers: Answers, people: list[str], *, spans: bool) -> Agreement:
    """Compare what people say of the same records; spans agree if all of a record are the same."""
    whole = answers.take(answers.whole)
    # Records ascend: where one ends the next begins, and no sorting is needed to count them.
    first = np.flatnonzero(np.diff(whole.record, prepend=-1))
    judged_by = np.diff(first, append=len(whole.record))
    several = judged_by > 1
    shared = whole.take(np.repeat(several, judged_by))
    said = np.bincount(answers.person, minlength=len(people)) > 0
    names = tuple(name for name, has in zip(people, said.tolist(), strict=True) if has)
    if not len(shared.record):
        return Agreement(names, 0, 0, None, ())
    differing = len(differ(shared))
    count = int(several.sum())
    ratings = {
        at: (shared.record[shared.person == at], shared.answer[shared.person == at])
        for at in np.unique(shared.person).tolist()
    }
    alpha = None if spans else _defined(agreement.alpha(list(ratings.values())))
    most = sorted(ratings, key=lambda at: -len(ratings[at][0]))[:PEOPLE]
    pairs = []
    for one, other in combinations(sorted(most, key=lambda at: people[at]), 2):
        both, at, beside = np.intersect1d(ratings[one][0], ratings[other][0], return_indices=True)
        if len(both):
            ours, theirs = ratings[one][1][at], ratings[other][1][beside]
            codes = np.unique(np.concatenate([ours, theirs]), return_inverse=True)[1]
            size = int(codes.max()) + 1
            kappa = None
            if not spans and size <= 2_000:
                cell = codes[: len(both)] * size + codes[len(both) :]
                counts = np.bincount(cell, minlength=size**2).reshape(size, size)
                kappa = _defined(agreement.kappa(counts.astype(np.int64)))
            pair = Pair(people[one], people[other], len(both), int((ours == theirs).sum()), kappa)
            pairs.append(pair)
    pairs.sort(key=lambda pair: -pair.records)
    return Agreement(names, count, count - differing, alpha, tuple(pairs))


def differ(answers: Answers) -> Ints:
    """Return the records on which two people say different things, ascending."""
    whole = answers.take(answers.whole)
    if not len(whole.record):
        return whole.record
    first = np.flatnonzero(np.diff(whole.record, prepend=-1))
    low = np.minimum.reduceat(whole.answer, first)
    high = np.maximum.reduceat(whole.answer, first)
    found: Ints = whole.record[first[low != high]]
    return found


def paced(answers: Answers, now: datetime) -> Pace:
    """Count labels over time, up to now; days are those of the kernel's clock."""
    if not len(answers.at):
        return Pace(0, 0, None, "day", ())
    at = np.sort(answers.at)
    today = at[at.searchsorted(midnight(now)) :]
    unit, edges = _edges(datetime.fromtimestamp(at[0]), datetime.fromtimestamp(at[-1]))
    spans = []
    for begin, end in pairwise(edges):
        low, high = begin.timestamp(), end.timestamp()
        count = int(at.searchsorted(high) - at.searchsorted(low))
        spans.append(Span(low, high, _named(begin, end, unit), count))
    return Pace(len(at), len(today), _rate(np.unique(today)), unit, tuple(spans))


def midnight(now: datetime) -> float:
    """Return when the day of a time began, in seconds since 1970."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _rate(acts: np.ndarray) -> float | None:
    """Return how many acts an hour of work; what was said at once is one act."""
    gaps = np.diff(acts)
    work = gaps[gaps <= PAUSE]
    seconds = float(work.sum())
    return None if seconds < SHORTEST else 3_600 * len(work) / seconds


def _edges(first: datetime, last: datetime) -> tuple[str, list[datetime]]:
    """Return the unit, and the times between which labels are counted, up to the last label.

    An axis has ``FEWEST`` columns at least: it goes back to before the first label.
    """
    hour = timedelta(hours=1)
    if last - first <= 36 * hour:
        begin = first.replace(minute=0, second=0, microsecond=0)
        count = (last - begin) // hour + 1
        begin -= hour * max(FEWEST - count, 0)
        return "hour", [begin + hour * at for at in range(max(count, FEWEST) + 1)]
    begin = first.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (last - begin).days + 1
    width = -(-days // BARS)
    count = -(-days // width)
    begin -= timedelta(days=max(FEWEST - count, 0))
    edges = [begin + timedelta(days=width * at) for at in range(max(count, FEWEST) + 1)]
    return "day" if width == 1 else "days", edges


def _named(begin: datetime, end: datetime, unit: str) -> str:
    if unit == "hour":
        return f"{begin:%d %b %H:%M}"
    if unit == "day":
        return f"{begin:%d %b %Y}"
    return f"{begin:%d %b %Y} to {end - timedelta(days=1):%d %b %Y}"


def _defined(value: float) -> float | None:
    return value if value == value else None
