"""Weak labels where a record may have several: one question for each label, yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes
from refinery_nb.supervision.outcome import FAINT, Outcome
from refinery_nb.supervision.seen import FEWEST, SAMPLE, Seen
from refinery_nb.supervision.supervise import run

NO = 0  # no label has this id
LIKELY = 0.5  # from here on a record is said to have a label
TOLD = ("chosen", "why", "temperature", "held_out", "note")


def supervise_several(
    records: Ints,
    votes: Mapping[str, Votes],
    labels: Mapping[int, str],
    gold: Gold,
    *,
    vectors: Vectors | Sequence[Vectors] | None = None,
    prior: Mapping[int, float] | Sequence[float] | None = None,
    **settings: Any,
) -> Outcome:
    """Ask a label model for each label whether a record has it.

    Parameters
    ----------
    records
        Ids of all records, ascending.
    votes
        Of each source; see ``answers`` for what they say to each question.
    labels
        Label ids and their names.
    gold
        A reviewed record without the label is a no.
    vectors
        Of the records; what is made of them is made once for all labels.
    prior
        The share of the records that have each label, by position; each by itself, so that they
        need not add up to 1.
    **settings
        Of ``supervision.run``: the model, the seed and others.

    Returns
    -------
    Outcome
        The labels that are more likely than not. ``proba`` and ``held_out`` have the probability
        of each label that was asked about, the unlikely ones too. In the summary, ``accuracy`` is
        the share of the reviewed records of which all labels are right.
    """
    # All questions together are about as much work as one task of classes: with 120 labels on 4,000
    # records .003 of F1 less than learning each from all of them, in 60 % of the time.
    seen = Seen(vectors, most=max(FEWEST, SAMPLE // max(1, len(labels))))
    share = dict(prior) if isinstance(prior, Mapping) else dict(enumerate(prior or ()))
    for at in share:
        if not 0 <= at < len(labels):
            raise QueryError(
                f"the prior names label {at}, the positions go from 0 to {len(labels) - 1}."
            )
    yes: list[Votes] = []
    proba: list[Votes] = []
    unseen: list[Votes] = []
    asked: dict[str, Any] = {}
    for at, (label, name) in enumerate(labels.items()):
        own: dict[str, Any] = (
            {} if at not in share else {"prior": {0: share[at], 1: 1.0 - share[at]}}
        )
        matrix, reference = question(records, votes, label), reference_of(gold, label)
        found = run(matrix, reference, vectors=seen, **settings, **own)
        asked[name] = {key: found.summary[key] for key in TOLD if key in found.summary}
        yes.append(found.votes.take(found.votes.label == label))
        if found.proba is not None:
            kept = found.proba.take(found.proba.label == label)
            silent = found.votes.take(found.votes.label == NO)
            rest = silent.without_records(kept.record)
            # A label so unlikely that the model did not keep its probability: said as such.
            faint = np.full(len(rest), FAINT, np.float32)
            proba += [kept, Votes.of(rest.record, np.full(len(rest), label), faint)]
        if found.held_out is not None:
            unseen.append(_of_yes(found.held_out, label))
    summary: dict[str, Any] = {"labels": asked}
    models = sorted({str(one["chosen"]) for one in asked.values() if "chosen" in one})
    if models:
        summary |= {"chosen": ", ".join(models), "why": "chosen for each label by itself"}
    held = Votes.concat(unseen) if unseen else None
    if held is not None:
        summary["held_out"] = {"labels": len(gold.reviewed), "accuracy": _all_right(held, gold)}
    return Outcome(
        Votes.concat([Votes.empty(), *yes]), Votes.concat([Votes.empty(), *proba]), held, summary
    )


def question(records: Ints, votes: Mapping[str, Votes], label: int) -> VoteMatrix:
    """Return what each source answers to the question whether a record has a label."""
    said = {source: answers(column, label) for source, column in votes.items()}
    own = {source: column for source, column in said.items() if column is not None}
    return VoteMatrix.build(records, own, [label, NO])


def answers(column: Votes, label: int) -> Votes | None:
    """Return what a source says to one question; None if it never says yes.

    It says yes where it votes for the label. Where it votes for others only, it says no, if it
    ever votes for this one: it has looked, and did not find it.

    >>> said = answers(Votes.of([1, 1, 2], [7, 8, 8]), 7)
    >>> said.record.tolist(), said.label.tolist()
    ([1, 2], [7, 0])
    """
    hit = column.label == label
    if not hit.any():
        return None
    yes = column.take(hit)
    others = np.setdiff1d(column.record, yes.record)
    no = Votes.of(others, np.full(len(others), NO))
    return Votes.concat([Votes.of(yes.record, yes.label, yes.confidence), no])


def reference_of(gold: Gold, label: int) -> Gold:
    """Return the manual labels as answers to one question: a reviewed record without it is a no."""
    having = np.unique(gold.votes.record[gold.votes.label == label])
    lacking = np.setdiff1d(gold.reviewed, having)
    said = np.concatenate([np.full(len(having), label), np.full(len(lacking), NO)])
    return Gold(gold.reviewed, Votes.of(np.concatenate([having, lacking]), said))


def likely(proba: Votes) -> Votes:
    """Return the labels that are more likely than not, of the probabilities of all."""
    return proba.take(proba.confidence >= LIKELY)


def without_any(proba: Votes) -> tuple[Ints, NDArray[np.float64]]:
    """Return the records that are said to have no label, ascending, and how sure that is.

    >>> said = Votes.of([1, 1, 2], [7, 8, 7], [0.25, 0.125, 0.75])
    >>> [one.tolist() for one in without_any(said)]
    [[1], [0.75]]
    """
    first = np.flatnonzero(np.diff(proba.record, prepend=-1))
    sure = proba.confidence.astype(np.float64)
    most = np.maximum.reduceat(sure, first) if len(first) else sure
    silent = most < LIKELY
    return proba.record[first][silent], 1 - most[silent]


def _of_yes(said: Votes, label: int) -> Votes:
    """Return how likely the label is where the likelier answer stands."""
    sure = np.where(said.label == label, said.confidence, 1 - said.confidence)
    # A tie is a yes, and rounding makes none of a no.
    sure = np.where(said.label == label, sure, np.minimum(sure, np.nextafter(np.float32(0.5), 0)))
    return Votes.of(said.record, np.full(len(said), label), sure.astype(np.float32))


def _all_right(held: Votes, gold: Gold) -> float:
    """Return on which share of the reviewed records exactly the labels given are likely."""
    said = likely(held)
    sides = [
        set(zip(one.record.tolist(), one.label.tolist(), strict=True))
        for one in (said.of_records(gold.reviewed), gold.votes)
    ]
    wrong = {record for record, _ in sides[0] ^ sides[1]}
    return 1 - len(wrong) / len(gold.reviewed) if len(gold.reviewed) else float("nan")
