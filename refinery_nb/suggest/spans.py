"""Rules for spans: terms and shapes that spans have, and the words that stand beside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from refinery_nb.suggest.choose import Proposal, choose
from refinery_nb.suggest.forms import (
    KINDS,
    LONGEST_SHAPE,
    MOST_WORDS,
    WORD,
    Form,
    Key,
    escaped,
    form,
    shape,
)
from refinery_nb.suggest.prior import Prior
from refinery_nb.suggest.search import Texts

Ints = NDArray[np.int64]
Span = tuple[int, int, int]  # start, end, label

LONGEST_TERM = 60
MOST_CANDIDATES = 3_000
BEFORE = re.compile(r"(?<!\w)(\w+) \Z")
AFTER = re.compile(r" (\w+)")
TYPES = ("term", "digits", "left", "right", "between")
Candidate = tuple[Form, int]  # and the position of the label


def propose_spans(
    texts: Sequence[str],
    evidence: Ints,
    spans: Sequence[Sequence[Span]],
    weights: NDArray[np.float64],
    *,
    n: int = 20,
    kinds: Collection[str] = KINDS,
    min_precision: float = 0.7,
    covered: Mapping[int, Sequence[tuple[int, int]]] | None = None,
) -> list[Proposal]:
    r"""Return the rules that are worth most, best first.

    Parameters
    ----------
    texts
        The text of each record.
    evidence, spans, weights
        Positions of the records whose spans are known, their spans, and how much each counts.
        Whatever a rule marks there beside these spans is wrong.
    covered
        What existing heuristics mark, by position of the record.

    Returns
    -------
    list
        Precision is that of spans, and ``new`` counts spans; ``hits`` are records.

    Examples
    --------
    >>> texts = ["by Ada Lovelace", "by Alan Turing", "see you"]
    >>> spans = [[(3, 15, 0)], [(3, 14, 0)], []]
    >>> found = propose_spans(texts, np.arange(3), spans, np.ones(3), min_precision=0.5)
    >>> [(one.form.text, one.hits.tolist()) for one in found]
    [('\\bby (\\w+ \\w+)\\b', [0, 1])]
    """
    known = [texts[at] for at in evidence.tolist()]
    candidates = _candidates(known, spans, kinds)
    if not candidates:
        return []
    keys = list(candidates)
    counts = _judged(known, spans, weights, keys)
    kept = np.flatnonzero(counts.sum(axis=1) > 0)
    counts, keys = counts[kept], [keys[at] for at in kept]
    group = np.array([candidates[key] for key in keys], dtype=np.int64)
    shares = counts.sum(axis=0) + 1.0
    prior = Prior.fit(counts, shares / shares.sum(), group)
    precision = prior.mean(counts, group)[:, 0]
    chosen = np.flatnonzero(precision >= min_precision)
    order = np.argsort(-(counts[chosen, 0] * precision[chosen]), kind="stable")
    chosen = np.sort(chosen[order[:MOST_CANDIDATES]])
    low, high = prior.interval(counts[chosen], group[chosen], np.zeros(len(chosen), dtype=np.int64))
    found = _reached(texts, [keys[at] for at in chosen])
    places = [_places(one) for one in found]
    every = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *places]))
    taken = _covered(every, found, covered or {})
    proposals = []
    for at, place in enumerate(places):
        units = np.searchsorted(every, place).astype(np.int64)
        new = int((~taken[units]).sum())
        one, label = keys[chosen[at]]
        estimate = float(precision[chosen[at]])
        proposals.append(
            Proposal(one, label, estimate, float(low[at]), float(high[at]), units, new)
        )
    best = choose(proposals, n, taken, floor=min(0.5, min_precision))
    return [replace(one, hits=np.unique(every[one.hits] >> SHIFT)) for one in best]


SHIFT = 32  # a place: the record, then where in its text


def marked(one: Form, text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets that a form marks in a text."""
    for match in one.compiled().finditer(text):
        start, end = match.span(one.group)
        if start < end:
            yield start, end


def _candidates(
    texts: Sequence[str], spans: Sequence[Sequence[Span]], kinds: Collection[str]
) -> dict[Candidate, int]:
    """Return forms that two spans or more give rise to, with the number of their type."""
    seen: dict[Candidate, int] = {}
    types: dict[Candidate, int] = {}
    for text, of_text in zip(texts, spans, strict=True):
        for start, end, label in of_text:
            for type_, one in _forms(text, start, end):
                if one.kind in kinds:
                    seen[one, label] = seen.get((one, label), 0) + 1
                    types[one, label] = TYPES.index(type_)
    return {key: types[key] for key, count in seen.items() if count > 1}


def _forms(text: str, start: int, end: int) -> Iterator[tuple[str, Form]]:
    surface = text[start:end].casefold()
    words = WORD.findall(surface)
    if surface == surface.strip() and len(surface) <= LONGEST_TERM and words:
        kind = "ngram" if len(words) > 1 else "keyword"
        yield "term", Form(kind, surface, (surface,))  # type: ignore[arg-type]
    found = shape(surface)
    if "0" in found and len(found) <= LONGEST_SHAPE:
        yield "digits", form(Key("digits", found))
    if not words or surface != " ".join(words) or len(words) > MOST_WORDS:
        return
    inside = "(" + " ".join([r"\w+"] * len(words)) + ")"
    before = BEFORE.search(text[max(0, start - 42) : start].casefold())
    after = AFTER.match(text[end : end + 42].casefold())
    left = before.group(1) if before is not None else None
    right = after.group(1) if after is not None else None
    if left is not None:
        yield "left", Form("pattern", rf"\b{escaped(left)} {inside}\b", (f"{left} ",), 1)
    if right is not None:
        yield "right", Form("pattern", rf"\b{inside} {escaped(right)}\b", (f" {right}",), 1)
    if left is not None and right is not None:
        pattern = rf"\b{escaped(left)} {inside} {escaped(right)}\b"
        yield "between", Form("pattern", pattern, (f"{left} ",), 1)


def _judged(
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    weights: NDArray[np.float64],
    keys: Sequence[Candidate],
) -> NDArray[np.float64]:
    """Return how much of what each rule marks is right, and wrong, shape (rules, 2)."""
    every = Texts(texts, np.arange(len(texts), dtype=np.int64))
    valid = [set(of_text) for of_text in spans]
    counts = np.zeros((len(keys), 2))
    for at, where in enumerate(every.candidates([one for one, _ in keys])):
        one, label = keys[at]
        find = one.compiled().finditer
        for position in where.tolist():
            for match in find(texts[position]):
                start, end = match.span(one.group)
                wrong = (start, end, label) not in valid[position]
                counts[at, int(wrong)] += weights[position]
    return counts


def _reached(texts: Sequence[str], keys: Sequence[Candidate]) -> list[NDArray[np.int64]]:
    """Return (record, start, end) of all that each rule marks, shape (spans, 3)."""
    every = Texts(texts, np.arange(len(texts), dtype=np.int64))
    found = []
    for at, where in enumerate(every.candidates([one for one, _ in keys])):
        one = keys[at][0]
        find = one.compiled().finditer
        rows = [
            (position, *match.span(one.group))
            for position in where.tolist()
            for match in find(texts[position])
        ]
        found.append(np.array(rows, dtype=np.int64).reshape(-1, 3))
    return found


def _places(rows: NDArray[np.int64]) -> Ints:
    return np.unique((rows[:, 0] << SHIFT) + rows[:, 1])


def _covered(
    every: Ints,
    found: Sequence[NDArray[np.int64]],
    covered: Mapping[int, Sequence[tuple[int, int]]],
) -> NDArray[np.bool_]:
    """Return which places existing heuristics mark too, or a part of."""
    taken = np.zeros(len(every), dtype=bool)
    for rows in found if covered else ():
        for record, start, end in rows.tolist():
            if any(first < end and last > start for first, last in covered.get(record, ())):
                taken[np.searchsorted(every, (record << SHIFT) + start)] = True
    return taken
