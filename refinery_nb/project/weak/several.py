"""Weak labels where a record may have several: one question for each label, yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision.outcome import FAINT, Outcome
from refinery_nb.supervision.supervise import run

NO = 0  # no label has this id


def supervise_several(
    records: np.ndarray[Any, np.dtype[np.int64]],
    votes: Mapping[str, Votes],
    labels: Mapping[int, str],
    gold: Gold,
    **settings: Any,
) -> Outcome:
    """Ask a label model for each label whether a record has it.

    A source says yes where it votes for the label. Where it votes for others only, it says no, if
    it ever votes for this one: it has looked, and did not find it. Sources that never vote for
    the label say nothing. A reviewed record without the label is a no of the reference.

    Parameters
    ----------
    records
        Ids of all records, ascending.
    votes
        Of each source.
    labels
        Label ids and their names.
    **settings
        Of ``supervision.run``: the model, vectors, the seed and others.

    Returns
    -------
    Outcome
        The labels that are more likely than not; ``proba`` has the probability of each label that
        was asked about, the unlikely ones too.
    """
    yes: list[Votes] = []
    proba: list[Votes] = []
    asked: dict[str, Any] = {}
    for label, name in labels.items():
        said = {source: _answers(column, label) for source, column in votes.items()}
        own = {source: column for source, column in said.items() if column is not None}
        matrix = VoteMatrix.build(records, own, [label, NO])
        found = run(matrix, _reference(gold, label), **settings)
        kept = ("chosen", "why", "temperature", "held_out", "note")
        asked[name] = {key: found.summary[key] for key in kept if key in found.summary}
        yes.append(found.votes.take(found.votes.label == label))
        if found.proba is not None:
            kept_rows = found.proba.take(found.proba.label == label)
            silent = found.votes.take(found.votes.label == NO)
            rest = silent.without_records(kept_rows.record)
            # A label so unlikely that the model did not keep its probability: said as such.
            faint = np.full(len(rest), FAINT, np.float32)
            proba += [kept_rows, Votes.of(rest.record, np.full(len(rest), label), faint)]
    likely = Votes.concat([Votes.empty(), *yes])
    summary: dict[str, Any] = {"labels": asked}
    models = sorted({str(one["chosen"]) for one in asked.values() if "chosen" in one})
    if models:
        summary |= {"chosen": ", ".join(models), "why": "chosen for each label by itself"}
    return Outcome(likely, Votes.concat([Votes.empty(), *proba]), None, summary)


def _answers(column: Votes, label: int) -> Votes | None:
    """Return what a source says to one question; None if it never says yes."""
    hit = column.label == label
    if not hit.any():
        return None
    yes = column.take(hit)
    others = np.setdiff1d(column.record, yes.record)
    no = Votes.of(others, np.full(len(others), NO))
    return Votes.concat([Votes.of(yes.record, yes.label, yes.confidence), no])


def _reference(gold: Gold, label: int) -> Gold:
    having = np.unique(gold.votes.record[gold.votes.label == label])
    lacking = np.setdiff1d(gold.reviewed, having)
    answers = np.concatenate([np.full(len(having), label), np.full(len(lacking), NO)])
    return Gold(gold.reviewed, Votes.of(np.concatenate([having, lacking]), answers))
