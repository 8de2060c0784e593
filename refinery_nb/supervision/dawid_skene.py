"""The label model of Dawid and Skene: which error each source is prone to."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from refinery_nb.supervision import coin, confusion
from refinery_nb.supervision.latent import Latent
from refinery_nb.supervision.sheet import Floats

# With more cells than this (labels of sources times true labels), one precision has to do.
CELLS = 1_000_000


class DawidSkene(Latent):
    """A confusion matrix for each source, learnt without manual labels or with a few.

    Dawid and Skene, *Maximum Likelihood Estimation of Observer Error-Rates Using the EM
    Algorithm*, Applied Statistics 28, 1979; with a prior that favours the diagonal, abstentions as
    weak evidence, and dependent votes discounted (``dependence=False, abstention=0`` comes closest
    to the paper). Where labels are too many for a matrix each, it keeps one precision for each
    label of a source, and takes its errors to be as frequent as the labels are.

    >>> from refinery_nb.core.votes import VoteMatrix, Votes
    >>> votes = {"a": Votes.of([1, 2], [7, 8]), "b": Votes.of([1], [7])}
    >>> matrix = VoteMatrix.build([1, 2, 3], votes, [7, 8])
    >>> DawidSkene().fit(matrix, None).predict_proba(matrix).argmax(axis=1).tolist()
    [0, 1, 0]
    """

    def _choose(self, items: int, labels: int) -> ModuleType:
        return confusion if items * labels <= CELLS else coin

    def confusion(self, source: str) -> Floats:
        """Return what a source says where it speaks: true label by label voted, rows sum to 1.

        Shape (labels, labels); a row of 0 where it never spoke.
        """
        assert self._items is not None
        belief = self._belief
        item = self._items.of_source(source)
        item = item[item < len(self._items)]
        label, share = belief.label[item], belief.share[item]
        if self._kind is coin:
            share = confusion.prior(label, share[:, 0], belief.balance)
        joint = np.zeros((len(belief.balance), len(belief.balance)))
        joint[:, label] = (share * belief.rate[item][:, None]).T
        total = joint.sum(axis=1, keepdims=True)
        matrix: Floats = joint / np.where(total > 0, total, 1.0)
        return matrix
