"""Spans out of many sources' spans: agreement adds up, disagreement counts against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes
from refinery_nb.learn.span_choice import Possible, choose
from refinery_nb.supervision.span_evidence import Candidates, evidence
from refinery_nb.supervision.span_model import BEFORE, FEW, Weigh, apply, span_proba

# Without manual labels a span stands if it is likelier right than not.
EVEN = 0.5
# With them, no lower than this.
LOWEST = 0.2
LEAST = 1e-6  # a confidence is above zero


@dataclass(frozen=True, slots=True, eq=False)
class SpanLabels:
    """Weak spans, and what they would be on the reviewed records without these.

    Attributes
    ----------
    votes
        The spans, with the probability that start, end and label are right.
    held_out
        The spans on the reviewed records by models that did not see the record: for calibration
        and for a fair comparison with the manual labels.
    above
        How likely a span had to be to stand.
    """

    votes: Votes
    held_out: Votes
    above: float


def aggregate(votes: VoteMatrix, log_odds: NDArray[np.float64], overlap: Overlap) -> Votes:
    """Return the spans that are more likely right than not, with their probabilities.

    Every distinct span is a candidate; its evidence is added up as it is, see ``evidence``.

    Parameters
    ----------
    log_odds
        Of each vote, shape (votes,).
    """
    spans = Candidates.of(votes)
    proba = apply(evidence(votes, spans, log_odds), BEFORE)
    possible = Possible(spans.row, spans.start, spans.end, spans.label, proba)
    return as_votes(votes, choose(possible, overlap, above=EVEN))


def combine(
    votes: VoteMatrix, gold: Gold | None, weigh: Weigh, overlap: Overlap, *, seed: int = 0
) -> SpanLabels:
    """Combine span votes into weak spans, with what a few manual labels teach.

    Parameters
    ----------
    weigh
        Returns the log-odds of each vote of ``votes``, given manual labels: the ``log_odds`` of a
        label model that was fitted to them. It is called once for each fold.
    overlap
        Which spans may stand together.

    Returns
    -------
    SpanLabels
        Without manual labels, the spans likelier right than not. With at least ten reviewed
        records, those above the threshold for which the expected F1 is highest, see ``threshold``.
    """
    spans = Candidates.of(votes)
    found = span_proba(votes, spans, weigh, gold, seed=seed)
    possible = Possible(spans.row, spans.start, spans.end, spans.label, found.proba)
    apart = possible._replace(proba=found.held_out).take(found.reviewed)
    right = found.right[found.reviewed]
    return decide(votes, gold, possible, apart, right, overlap, unknown=EVEN)


def decide(
    votes: VoteMatrix,
    gold: Gold | None,
    possible: Possible,
    apart: Possible,
    right: NDArray[np.bool_],
    overlap: Overlap,
    *,
    unknown: float,
) -> SpanLabels:
    """Return which of the possible spans stand.

    Parameters
    ----------
    apart, right
        Possible spans on reviewed records with their held-out probabilities, and which are right.
    unknown
        The threshold where too few records are reviewed to choose one.
    """
    above = unknown
    if gold is not None and len(gold.reviewed) >= FEW:
        known = np.isin(gold.votes.label, np.asarray(votes.labels, dtype=np.int64))
        wanted = int((known & np.isin(gold.votes.record, votes.records)).sum())
        above = threshold(apart.proba, right, wanted)
    return SpanLabels(
        as_votes(votes, choose(possible, overlap, above=above)),
        as_votes(votes, choose(apart, overlap, above=above)),
        above,
    )


def threshold(proba: NDArray[np.float64], right: NDArray[np.bool_], wanted: int) -> float:
    """Return how likely a span must be so that the expected F1 is highest: half of that F1.

    Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize F1
    measure". A span of .35 is worth having where half of all are found: it costs less than it
    brings. It keeps its probability, and who wants surer ones takes those above.

    Parameters
    ----------
    proba, right
        Of held-out candidates.
    wanted
        How many spans there are in truth.

    >>> threshold(np.array([0.9, 0.8]), np.array([True, True]), 2)
    0.5
    """
    order = np.argsort(-proba, kind="stable")
    count = np.arange(1, len(order) + 1)
    f1 = 2 * np.cumsum(right[order]) / (count + max(1, wanted))
    return float(np.clip(f1.max(initial=0.0) / 2, LOWEST, EVEN))


def as_votes(votes: VoteMatrix, chosen: Possible) -> Votes:
    """Return chosen spans under the ids of records and labels."""
    labels: Ints = np.asarray(votes.labels, dtype=np.int64)
    return Votes.of(
        votes.records[chosen.row],
        labels[chosen.label] if len(labels) else chosen.label,
        np.clip(chosen.proba, LEAST, 1.0),
        chosen.start,
        chosen.end,
    )
