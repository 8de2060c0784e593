"""Rules for labels of whole records, from records whose labels are known or guessed."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from refinery_nb.suggest.choose import Proposal, choose
from refinery_nb.suggest.forms import KINDS, Key, counted, form, read
from refinery_nb.suggest.prior import Prior
from refinery_nb.suggest.search import Texts

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rng = np.random.Generator

MOST_CANDIDATES = 2_000
CELLS = 2_000_000  # candidates times labels that the prior is learnt from
SAMPLE = 2_000  # texts in which it is counted how common candidates are
COMMON = (0.001, 0.003, 0.01, 0.03)  # borders, as shares of the texts
KEY_KINDS = ("term", "starts", "prefix", "plural", "digits")


def propose(
    texts: Sequence[str],
    record: Ints,
    evidence: Ints,
    weights: Floats,
    *,
    n: int = 20,
    kinds: Collection[str] = KINDS,
    min_precision: float = 0.7,
    covered: NDArray[np.bool_] | None = None,
    labels: int | None = None,
    seed: int = 0,
) -> list[Proposal]:
    """Return the rules that are worth most, best first.

    Parameters
    ----------
    texts, record
        All texts, and the position of the record that each belongs to, ascending.
    evidence
        Positions of the records of which something is known, ascending, each once.
    weights
        How much each of them speaks for each label, shape (evidence, labels): 1 for the label
        that a person gave, less for a guess.
    covered
        Which records existing heuristics reach.
    labels
        How many of the labels may be proposed, the first ones; by default all. A column after
        them may say that no label applies.

    Examples
    --------
    >>> texts = ["late again", "late, sorry", "broken", "is broken", "so late", "broken cup"]
    >>> known = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    >>> found = propose(texts, np.arange(6), np.arange(4), known, kinds=("keyword",))
    >>> [(one.form.text, one.label, one.hits.tolist()) for one in found]
    [('late', 0, [0, 1, 4]), ('broken', 1, [2, 3, 5])]
    """
    every = Texts(texts, record)
    total = int(record[-1]) + 1 if len(record) else 0
    reached = np.zeros(total, dtype=bool) if covered is None else covered
    speaks, every_key = _counts(every, evidence, weights, kinds)
    if not every_key:
        return []
    rng = np.random.default_rng(seed)
    shares = weights.sum(axis=0) + 1.0
    shares /= shares.sum()
    fitted, likely = _rows(speaks, shares, min_precision, rng)
    rows = np.union1d(fitted, likely)
    counts, keys = speaks[rows].toarray(), [every_key[at] for at in rows]
    group = _groups(keys, every, kinds, rng)
    sample = np.searchsorted(rows, fitted)
    prior = Prior.fit(counts[sample], shares, group[sample])
    chosen = np.searchsorted(rows, likely)
    mean = prior.mean(counts[chosen], group[chosen])
    proposed = weights.shape[1] if labels is None else labels
    chosen = chosen[(mean.max(axis=1) >= min_precision) & (mean.argmax(axis=1) < proposed)]
    wanted, group = [form(keys[at]) for at in chosen], group[chosen]
    where = every.candidates(wanted)
    hits = [every.hits(one, texts_of) for one, texts_of in zip(wanted, where, strict=True)]
    # A pattern may reach more than the texts that gave rise to it: it is judged by what it reaches.
    counts = _weights_at(evidence, weights, hits, total)
    mean = prior.mean(counts, group)
    label = mean.argmax(axis=1)
    low, high = prior.interval(counts, group, label)
    found = [
        Proposal(
            wanted[at],
            int(label[at]),
            float(mean[at, label[at]]),
            float(low[at]),
            float(high[at]),
            hits[at],
            int((~reached[hits[at]]).sum()),
        )
        for at in np.flatnonzero(
            (mean.max(axis=1, initial=0) >= min_precision) & (label < proposed)
        ).tolist()
    ]
    return choose(found, n, reached, floor=min(0.5, min_precision))


def _rows(speaks: csr_array, shares: Floats, min_precision: float, rng: Rng) -> tuple[Ints, Ints]:
    """Return which candidates the prior is learnt from, and which may be precise enough."""
    most = max(1_000, CELLS // len(shares))
    every = np.arange(speaks.shape[0])
    fitted = every if len(every) <= most else np.sort(rng.choice(every, most, replace=False))
    top = speaks.max(axis=1).toarray().ravel()
    ratio = top / speaks.sum(axis=1)
    # An estimate lies between what was seen and the label's share.
    likely = every if shares.max() >= min_precision else np.flatnonzero(ratio >= min_precision)
    seen = np.argsort(-(top * ratio)[likely], kind="stable")
    return fitted, np.sort(likely[seen[:MOST_CANDIDATES]])


def _weights_at(evidence: Ints, weights: Floats, hits: Sequence[Ints], total: int) -> Floats:
    """Return how much the known records among some hits speak for each label."""
    row = np.full(total, -1, dtype=np.int64)
    row[evidence] = np.arange(len(evidence))
    found = np.zeros((len(hits), weights.shape[1]))
    for at, of_form in enumerate(hits):
        rows = row[of_form]
        found[at] = weights[rows[rows >= 0]].sum(axis=0)
    return found


def _groups(keys: Sequence[Key], every: Texts, kinds: Collection[str], rng: Rng) -> Ints:
    """Return which candidates are alike: of one kind, and about as common in all texts."""
    known = {key: at for at, key in enumerate(keys)}
    count = np.zeros(len(keys))
    size = min(SAMPLE, len(every.texts))
    for at in rng.choice(len(every.texts), size, replace=False).tolist():
        for key in read(every.texts[at], kinds):
            if key in known:
                count[known[key]] += 1
    sort = {name: at for at, name in enumerate(("word", "term", *KEY_KINDS[1:]))}
    kind = [sort["word" if k.kind == "term" and " " not in k.text else k.kind] for k in keys]
    often = np.digitize(count / max(1, size), COMMON)
    return np.array(kind, dtype=np.int64) * (len(COMMON) + 1) + often.astype(np.int64)


def _counts(
    every: Texts, evidence: Ints, weights: Floats, kinds: Collection[str]
) -> tuple[csr_array, list[Key]]:
    """Return how much each key speaks for each label, shape (keys, labels)."""
    first = np.searchsorted(every.record, evidence, "left").tolist()
    last = np.searchsorted(every.record, evidence, "right").tolist()
    parts = {
        at: [every.texts[text] for text in range(first[at], last[at])]
        for at in range(len(evidence))
    }
    found = counted(parts, kinds)
    documents = list(found.values())
    ends = np.cumsum([0, *map(len, documents)])
    columns = np.fromiter((at for of_key in documents for at in of_key), np.int64, int(ends[-1]))
    inside = csr_array(
        (np.ones(len(columns)), columns, ends), shape=(len(documents), len(evidence))
    )
    return csr_array(inside @ csr_array(weights)), list(found)
