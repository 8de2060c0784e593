"""A tagger of sequences of vectors with the methods that classes written for refinery call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.learn.crf import Chains, Field

Matrix = NDArray[np.float32]
LENGTH = 6.0  # of a vector


class CRFTagger:
    """A linear-chain conditional random field on vectors of tokens.

    Stands in for ``sequencelearn.sequence_tagger.CRFTagger`` where that is not installed. Its
    parameters, which steer a stochastic gradient, mean nothing here.
    """

    def __init__(self, constant_outside: str = "OUTSIDE", **_: Any) -> None:
        self.constant_outside = constant_outside
        self.tags_: list[str] = []

    def fit(self, embeddings: Sequence[Matrix], labels: Sequence[Sequence[str]]) -> CRFTagger:
        """Learn from sequences: arrays of shape (tokens, d), and a label for each token."""
        from scipy.sparse import csr_array

        said = [label for one in labels for label in one]
        self.tags_ = sorted(set(said) | {self.constant_outside})
        code = [self.tags_.index(label) for label in said]
        rows = _rows(embeddings)
        every = np.ones((len(self.tags_),) * 2, np.bool_)
        self._field = Field(every, every[0])
        self._field.fit(
            csr_array((len(rows), 0)),
            _chains(embeddings),
            np.eye(len(self.tags_))[code],
            np.ones(len(rows)),
            dense=rows,
        )
        return self

    def predict_proba(self, embeddings: Sequence[Matrix]) -> tuple[list[list[str]], list[Any]]:
        """Return a label for each token of each sequence, and how sure each is."""
        from scipy.sparse import csr_array

        rows = _rows(embeddings)
        seen = self._field.marginals(csr_array((len(rows), 0)), _chains(embeddings), dense=rows)
        cuts = np.cumsum([len(one) for one in embeddings])[:-1]
        best = np.split(seen.tag.argmax(axis=1), cuts)
        sure = np.split(seen.tag.max(axis=1), cuts)
        tags = [[self.tags_[at] for at in one.tolist()] for one in best]
        return tags, [one.tolist() for one in sure]


def _rows(embeddings: Sequence[Matrix]) -> Matrix:
    rows = np.concatenate([np.asarray(one, np.float32) for one in embeddings])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(LENGTH * rows / np.where(lengths > 0, lengths, 1.0), np.float32)


def _chains(embeddings: Sequence[Matrix]) -> Chains:
    return Chains.of(np.array([len(one) for one in embeddings], np.int64))
