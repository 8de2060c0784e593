"""The votes of a sample as the steps of a label model need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, VoteMatrix

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Votes on the rows of a sample; rows without a vote are left out.

    Attributes
    ----------
    rows
        Number of rows.
    row, item, label
        Of each vote: its row, its item (a label of a source, by position), the label's position.
    confidence
        Of each vote.
    weight
        Records that a row stands for, shape (rows,).
    cell
        Of each vote: its cell, a label on a row that is voted for.
    cell_row, cell_label
        Row and label of each cell, ascending.
    """

    rows: int
    row: Ints
    item: Ints
    label: Ints
    confidence: Floats
    weight: Floats
    cell: Ints
    cell_row: Ints
    cell_label: Ints

    @staticmethod
    def of(votes: VoteMatrix, item: Ints, weight: Floats) -> Sheet:
        """Make a sheet of the rows that hold a vote."""
        voted, row = np.unique(votes.row, return_inverse=True)
        labels = max(1, len(votes.labels))
        cells, cell = np.unique(row * labels + votes.label, return_inverse=True)
        return Sheet(
            len(voted),
            row,
            item,
            votes.label,
            votes.confidence.astype(np.float64),
            weight[voted],
            cell,
            cells // labels,
            cells % labels,
        )


@dataclass(frozen=True, slots=True)
class Belief:
    """What is held of sources and labels at one moment.

    Attributes
    ----------
    label
        The label that each item votes for, shape (items,).
    share
        Shape (items, width): what the true label is where an item votes. Each row sums to 1.
    balance
        Share of each label, shape (labels,).
    rate
        Share of all records on which each item votes, shape (items,).
    alone
        How much a vote of each item counts on average beside dependent ones, shape (items,).
    abstention
        How much it counts that an item does not vote.
    """

    label: Ints
    share: Floats
    balance: Floats
    rate: Floats
    alone: Floats
    abstention: float
