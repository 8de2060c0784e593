"""The generative label model: how good each source is, learnt from how sources agree."""

from __future__ import annotations

import numpy as np

from refinery_nb.core.votes import Ints
from refinery_nb.supervision import coin
from refinery_nb.supervision.dependence import discounts
from refinery_nb.supervision.latent import Latent
from refinery_nb.supervision.sample import Sample
from refinery_nb.supervision.sheet import Floats, Sheet


class Generative(Latent):
    """One precision for each label of each source, learnt without manual labels or with a few.

    Data programming (Ratner et al., *Data Programming: Creating Large Training Sets, Quickly*,
    2016, and *Training Complex Models with Multi-Task Weak Supervision*, 2019) with the
    dependence of sources found and discounted, so that ten copies of a rule count once. Where
    data programming fixes the class balance, it is estimated here. Cost grows with the votes,
    not with the labels.

    >>> from refinery_nb.core.votes import VoteMatrix, Votes
    >>> votes = {"a": Votes.of([1, 2], [7, 8]), "b": Votes.of([1], [7])}
    >>> matrix = VoteMatrix.build([1, 2, 3], votes, [7, 8])
    >>> Generative().fit(matrix, None).predict_proba(matrix).argmax(axis=1).tolist()
    [0, 1, 0]
    """

    def target(self, sample: Sample) -> tuple[Sheet, Floats]:
        """Return the votes of a sample, and how likely each label voted for is, shape (cells,)."""
        assert self._items is not None
        sheet = Sheet.of(sample.votes, self._items.of(sample.votes, self._labels), sample.weight)
        counts = discounts(sheet.row, sheet.item, self._found) * sheet.confidence
        return sheet, coin.posterior(sheet, self._belief, counts)[0]

    def spoken(self) -> Floats:
        """Return how far a vote of each item speaks for its label by itself, shape (items,)."""
        share, balance = self._belief.share, self._belief.balance[self._belief.label]
        spoken: Floats = np.log(share[:, 0] / share[:, 1]) - np.log(balance / (1 - balance))
        return spoken

    def source_of(self, item: Ints) -> Ints:
        """Return the source of each item, by its position."""
        assert self._items is not None
        return self._items.source[item]
