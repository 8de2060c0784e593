"""From votes to weak labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision.model import label_model
from refinery_nb.supervision.patterns import patterns, take_rows
from refinery_nb.supervision.spans import combine

CELLS = 4_000_000  # of probabilities in memory at once


def supervise(
    votes: VoteMatrix,
    gold: Gold | None,
    *,
    model: str = "weighted",
    overlap: Overlap = Overlap.FLAT,
    **options: Any,
) -> Votes:
    """Combine votes into weak labels by a label model.

    Parameters
    ----------
    gold
        Manual labels, few or none.
    overlap
        Which spans may stand together; for spans only.
    **options
        Of the label model.

    Returns
    -------
    Votes
        A label with its confidence for each record that is not abstained on; for spans, the
        spans.

    >>> votes = {"a": Votes.of([1, 2], [7, 8]), "b": Votes.of([1], [7])}
    >>> supervise(VoteMatrix.build([1, 2, 3], votes, [7, 8]), None).label.tolist()
    [7, 8]
    """
    if votes.is_spans:

        def weigh(known: Gold | None) -> NDArray[np.float64]:
            return label_model(model, **options).fit(votes, known).log_odds(votes)

        # A majority learns nothing, from manual labels neither.
        return combine(votes, None if model == "majority" else gold, weigh, overlap).votes
    fitted = label_model(model, **options).fit(votes, gold)
    if not votes.labels:
        return Votes.empty()
    distinct, which = patterns(votes)
    label = np.full(len(distinct), -1, dtype=np.int64)
    confidence = np.zeros(len(distinct), dtype=np.float32)
    step = max(1, CELLS // len(votes.labels))
    for first in range(0, len(distinct), step):
        rows = np.arange(first, min(first + step, len(distinct)), dtype=np.int64)
        proba = fitted.predict_proba(take_rows(distinct, rows))
        best = proba.argmax(axis=1)
        sure = proba[np.arange(len(rows)), best]
        label[rows] = np.where(sure > 0, best, -1)
        confidence[rows] = sure
    decided = label[which] >= 0
    return Votes.of(
        votes.records[decided],
        np.asarray(votes.labels, dtype=np.int64)[label[which][decided]],
        confidence[which][decided],
    )
