"""What a sequence model sees of each token: words around it, embeddings, and the votes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints, VoteMatrix
from refinery_nb.learn.token_features import TokenFeatures, words_of
from refinery_nb.learn.token_grid import TokenGrid, votes_on

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LOUD = 2.0  # the scale of the probabilities of tags among features of 0 and 1
KEPT = 3_000_000  # features of tokens that are kept rather than made again


class TokenTable:
    """Makes the features of the tokens of some rows.

    Columns: those of the text, those of the vectors, those of the sources' votes, and the weak
    probability of each tag but "outside".
    """

    def __init__(
        self,
        grid: TokenGrid,
        votes: VoteMatrix,
        texts: Mapping[int, str],
        vectors: Mapping[int, NDArray[np.float32]] | None,
        *,
        seed: int = 0,
    ) -> None:
        self.grid, self.records, self.texts = grid, votes.records, texts
        self.vectors = vectors
        self.features = TokenFeatures(seed=seed)
        self.votes = votes_on(grid, votes)
        sizes = () if vectors is None else (one.shape[1] for one in vectors.values())
        self.dimensions = max(sizes, default=0)
        self._kept: dict[bytes, csr_array] = {}

    def fit(self, rows: Ints) -> TokenTable:
        """Learn which features of the text there are, from these rows."""
        self.features.fit(*self._words(rows))
        return self

    def width(self, tags: int) -> int:
        """Return how many columns ``all`` has with weak probabilities of so many tags."""
        text = len(self.features.known_) + self.dimensions
        return int(text + self.votes.shape[1] + tags - 1)

    def text(self, rows: Ints) -> csr_array:
        """Return the columns of the text and the vectors for the tokens of these rows."""
        from scipy.sparse import csr_array, hstack

        key = rows.tobytes()
        if key in self._kept:
            return self._kept[key]
        table = self.features.transform(*self._words(rows))
        if self.vectors is not None and self.dimensions:
            parts = [self._vectors_of(row) for row in rows.tolist()]
            table = hstack([table, csr_array(np.concatenate(parts))]).tocsr()
        if table.nnz + sum(kept.nnz for kept in self._kept.values()) <= KEPT:
            self._kept[key] = table
        return table

    def all(self, rows: Ints, weak: NDArray[np.float64]) -> csr_array:
        """Return all the columns for the tokens of these rows; ``weak`` is of the same tokens."""
        from scipy.sparse import csr_array, hstack

        _, at = self.grid.of_rows(rows)
        parts = [self.text(rows), self.votes[at], csr_array(LOUD * weak[:, 1:])]
        return hstack(parts).tocsr()

    def _words(self, rows: Ints) -> tuple[list[str], Ints, Ints]:
        texts, tokens = [], []
        for row in rows.tolist():
            first, last = self.grid.first[row], self.grid.first[row + 1]
            texts.append(self.texts.get(int(self.records[row]), ""))
            tokens.append(
                np.stack([self.grid.start[first:last], self.grid.end[first:last]], axis=1)
            )
        return *words_of(texts, tokens), self.grid.sizes[rows]

    def _vectors_of(self, row: int) -> NDArray[np.float64]:
        """Return unit vectors for the tokens of a row, zeros where they are not known."""
        assert self.vectors is not None
        size = int(self.grid.sizes[row])
        found = self.vectors.get(int(self.records[row]))
        if found is None or found.shape != (size, self.dimensions):
            return np.zeros((size, self.dimensions))
        vectors = found.astype(np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors
