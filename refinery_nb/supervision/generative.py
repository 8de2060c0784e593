"""The generative label model: how good each source is, learnt from how sources agree."""

from __future__ import annotations

from refinery_nb.supervision.latent import Latent


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
