"""Each distinct span as a record of its own, so that what is made for labels serves spans too."""

from __future__ import annotations

import numpy as np

from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes


def span_rows(votes: VoteMatrix) -> tuple[Ints, Ints]:
    """Return the distinct spans, shape (spans, 3): record, start, end; and that of each vote.

    >>> votes = {"a": Votes.of([5], [7], None, [0], [4]), "b": Votes.of([5], [7], None, [0], [4])}
    >>> span_rows(VoteMatrix.build([5], votes, [7], spans=True))[1].tolist()
    [0, 0]
    """
    assert votes.start is not None
    assert votes.end is not None
    spans = np.stack([votes.records[votes.row], votes.start, votes.end], axis=1)
    distinct, row = np.unique(spans, axis=0, return_inverse=True)
    return distinct, row.reshape(-1).astype(np.int64)


def spans_as_records(votes: VoteMatrix, gold: Gold | None) -> tuple[VoteMatrix, Gold | None]:
    """Return the votes with each distinct span as a record of its own, and the gold on them.

    Labels become their positions, and one more is there that nobody votes for: no span.
    """
    distinct, row = span_rows(votes)
    columns = {}
    for position, name in enumerate(votes.sources):
        at = np.flatnonzero(votes.source == position)
        # Two labels on one span by one source: the first.
        _, once = np.unique(row[at], return_index=True)
        at = at[once]
        columns[name] = Votes.of(row[at], votes.label[at], votes.confidence[at])
    none = len(votes.labels)
    records = np.arange(len(distinct), dtype=np.int64)
    matrix = VoteMatrix.build(records, columns, range(none + 1))
    if gold is None or gold.votes.start is None or gold.votes.end is None:
        return matrix, None
    reviewed = records[np.isin(distinct[:, 0], gold.reviewed)]
    place = {tuple(span): number for number, span in enumerate(distinct.tolist())}
    positions = {label: position for position, label in enumerate(votes.labels)}
    said = dict.fromkeys(reviewed.tolist(), none)
    spans = np.stack([gold.votes.record, gold.votes.start, gold.votes.end], axis=1).tolist()
    for span, label in zip(spans, gold.votes.label.tolist(), strict=True):
        number = place.get(tuple(span))
        if number is not None and label in positions:
            said[number] = positions[label]
    return matrix, Gold(reviewed, Votes.of(list(said), list(said.values())))
