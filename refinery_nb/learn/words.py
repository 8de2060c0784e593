"""Words as vectors: what is said in a text, beside what an embedding says that it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix = NDArray[np.float32]
DIM = 300
TERMS = 30_000
LONGEST = 128  # words of a text that are looked at; the rest of a long one says little more
ITERATIONS = 4
SPARE = 10  # directions beside those that are wanted, so that these are found
SHORT = 1e-6  # a shorter vector is rounding, without a direction
# Words are runs of letters and digits; where a script has no spaces, each character is one. The
# question mark says more than most words: it is one.
ALONE = r"([?!\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
OTHER = r"[^\p{L}\p{M}\p{N}_?!]+"


class Words:
    """Latent semantic analysis of words, pairs of words, and how texts begin.

    Sublinear TF-IDF and a truncated SVD (Deerwester et al., 1990; Halko, Martinsson and Tropp,
    2011). Words are cut and counted by arrow and numpy, which takes a tenth of the time of a
    loop over tokens and keeps no other thread waiting.

    Parameters
    ----------
    dim
        Numbers of a vector, at most.

    Attributes
    ----------
    terms_
        Codes of the terms, ascending: their place is their column.
    directions_
        Shape (terms, dim).
    """

    def __init__(self, *, dim: int = DIM, seed: int = 0) -> None:
        self.dim = dim
        self.seed = seed
        self._vocabulary: Any = None
        self.terms_: Ints = np.zeros(0, np.int64)
        self._weight: Matrix = np.zeros(0, np.float32)
        self.directions_: Matrix = np.zeros((0, 0), np.float32)

    def fit(self, texts: Sequence[str]) -> Words:
        """Learn terms, their weights and the directions; no columns if no term stands twice."""
        words, first = _split(texts)
        self._vocabulary = words.unique()
        row, code = self._codes(self._known(words), first)
        terms, count = _counted(row, code, len(texts))
        often = np.flatnonzero(count >= 2)
        if len(often) > TERMS:
            often = np.sort(often[np.argsort(-count[often], kind="stable")[:TERMS]])
        self.terms_ = terms[often]
        weight = np.log((1 + len(texts)) / (1 + count[often])) + 1
        self._weight = weight.astype(np.float32)
        if not len(often):
            return self
        self.directions_ = _leading(self._table(row, code, len(texts)), self.dim, self.seed)
        return self

    def transform(self, texts: Sequence[str]) -> Matrix:
        """Return a vector of length 1 for each text, zero where no term is known.

        Returns
        -------
        array
            float32, shape (texts, at most ``dim``).
        """
        if not len(self.terms_):
            return np.zeros((len(texts), 0), np.float32)
        words, first = _split(texts)
        table = self._table(*self._codes(self._known(words), first), len(texts))
        values = np.asarray(table @ self.directions_, np.float32)
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        values /= np.where(lengths > SHORT, lengths, np.float32(np.inf))
        return values

    def _known(self, words: Any) -> Ints:
        """Return which word of the vocabulary each is; -1: none, or the empty word of a blank."""
        import pyarrow.compute as pc

        found = np.asarray(pc.index_in(words, value_set=self._vocabulary).fill_null(-1))
        return np.where(np.asarray(pc.equal(words, "")), -1, found).astype(np.int64)

    def _codes(self, words: Ints, first: Ints) -> tuple[Ints, Ints]:
        """Return row and code of each term: words, pairs of words, and the begin of the text."""
        count = len(self._vocabulary)
        sizes = np.diff(first)
        row = np.repeat(np.arange(len(sizes)), sizes)
        place = np.arange(len(words)) - first[row]
        inside = (words >= 0) & (place < LONGEST)
        follow = inside[1:] & inside[:-1] & (row[1:] == row[:-1])
        pair = count + words[:-1] * count + words[1:]
        begin = np.flatnonzero(inside & (place == 0))
        both = np.flatnonzero(follow & (place[:-1] == 0))
        after = count + count * count
        rows = (row[inside], row[1:][follow], row[begin], row[both])
        codes = (words[inside], pair[follow], after + words[begin], after + pair[both])
        return np.concatenate(rows), np.concatenate(codes)

    def _table(self, row: Ints, code: Ints, rows: int) -> csr_array:
        """Return the weights of the known terms, each row of length 1."""
        from scipy.sparse import csr_array

        at = np.minimum(np.searchsorted(self.terms_, code), len(self.terms_) - 1)
        known = self.terms_[at] == code
        ones = np.ones(int(known.sum()), np.float32)
        table = csr_array((ones, (row[known], at[known])), shape=(rows, len(self.terms_)))
        table.sum_duplicates()
        table.data = (1 + np.log(table.data)) * self._weight[table.indices]
        length = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
        table.data /= np.repeat(np.maximum(length, SHORT), np.diff(table.indptr)).astype(np.float32)
        return table


def _split(texts: Sequence[str]) -> tuple[Any, Ints]:
    """Return the words of all texts end to end, and where those of each text begin."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.utf8_lower(pa.array(texts, pa.large_string()))
    found = pc.replace_substring_regex(found, OTHER, " ")
    found = pc.replace_substring_regex(found, ALONE, r" \1 ")
    parts = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(found))
    if isinstance(parts, pa.ChunkedArray):
        parts = parts.combine_chunks()
    first = np.asarray(parts.offsets).astype(np.int64)
    # A blank text has one empty word.
    return parts.values, first


def _leading(table: csr_array, dim: int, seed: int) -> Matrix:
    """Return the leading right singular vectors of a table, shape (columns, at most ``dim``).

    Subspace iteration. It is made orthogonal by its Gram matrix, which is small, instead of by
    the QR of a tall matrix: a tenth of the time, and exact enough for what is learnt from.
    """
    dim = min(dim, *table.shape)
    width = min(dim + SPARE, *table.shape)
    found = np.random.default_rng(seed).standard_normal((table.shape[1], width), np.float32)
    for _ in range(ITERATIONS):
        found = _orthogonal(table.T @ _orthogonal(table @ found))
    seen = table @ found
    value, turn = np.linalg.eigh((seen.T @ seen).astype(np.float64))
    best = turn[:, np.argsort(-value, kind="stable")[:dim]].astype(np.float32)
    # The sign of a direction is nobody's choice: the largest weight is positive.
    directions = found @ best
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    return np.ascontiguousarray(directions * np.sign(largest), np.float32)


def _orthogonal(tall: Matrix) -> Matrix:
    value, turn = np.linalg.eigh((tall.T @ tall).astype(np.float64))
    kept = value > value.max(initial=0) * 1e-6
    scaled: Matrix = tall @ (turn[:, kept] / np.sqrt(value[kept])).astype(np.float32)
    return scaled


def _counted(row: Ints, code: Ints, rows: int) -> tuple[Ints, Ints]:
    """Return the distinct codes, ascending, and in how many rows each stands."""
    from scipy.sparse import csr_array

    # Not numpy's unique: by hashing it keeps all other threads waiting.
    ordered = np.sort(code)
    terms = ordered[np.flatnonzero(np.diff(ordered, prepend=-1))]
    at = np.searchsorted(terms, code)
    table = csr_array((np.ones(len(row), np.int32), (row, at)), shape=(rows, len(terms)))
    table.sum_duplicates()
    return terms, np.bincount(table.indices, minlength=len(terms))
