"""Features of tokens for a sequence model: words around, affixes, shapes, clusters of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Hashes = NDArray[np.uint64]
Codes = TypeVar("Codes", Ints, Hashes)
EDGE = (1 << 62) + 1  # stands for the token before the first and after the last
CLUSTERS = (16, 64, 256)
ROUNDS = 15
RARE = 3  # a word seen less often has no cluster
DIMENSIONS = 40
CONTEXTS = 5000  # so many words of the most frequent make up a context


def words_of(texts: Sequence[str], tokens: Sequence[Ints]) -> tuple[list[str], Ints]:
    """Return the distinct words, and which of them each token is, all texts end to end."""
    known: dict[str, int] = {}
    ids = [
        known.setdefault(text[start:end], len(known))
        for text, offsets in zip(texts, tokens, strict=True)
        for start, end in offsets.tolist()
    ]
    return list(known), np.array(ids, dtype=np.int64)


def shape(word: str) -> str:
    """Return the kinds of characters of a word, runs cut to two.

    >>> shape("McDonald-2026")
    'XxXxx-dd'
    """
    kinds = "".join(
        "X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in word
    )
    return re.sub(r"(.)\1+", r"\1\1", kinds)


class TokenFeatures:
    """Turns tokens into rows of indicators; knows those that the tokens it was fitted to have.

    The word, its affixes of one to four characters, its shape and its cluster at the token; the
    words at a distance of up to two, the shapes and clusters beside it, and pairs of words.

    Attributes
    ----------
    known_
        Hashes of the features, ascending: their place is their column.
    cluster_
        For each grain, the cluster of each word in lower case.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed
        self.known_: Hashes = np.zeros(0, dtype=np.uint64)
        self.cluster_: list[dict[str, int]] = []

    def fit(self, words: list[str], ids: Ints, sizes: Ints) -> TokenFeatures:
        """Learn the clusters and the features of these tokens."""
        lower = [word.lower() for word in words]
        distinct = sorted(set(lower))
        number = {word: at for at, word in enumerate(distinct)}
        codes = np.array([number[word] for word in lower], dtype=np.int64)[ids]
        place, behind = _places(sizes)
        self.cluster_ = [
            {distinct[at]: int(cluster) for at, cluster in enumerate(found) if cluster >= 0}
            for found in word_clusters(codes, place, behind, seed=self.seed)
        ]
        self.known_ = np.unique(self._hashes(words, ids, sizes))
        return self

    def know(self, words: list[str], ids: Ints, sizes: Ints) -> TokenFeatures:
        """Return one with the same clusters that knows the features of these tokens only."""
        found = TokenFeatures(seed=self.seed)
        found.cluster_ = self.cluster_
        found.known_ = np.unique(self._hashes(words, ids, sizes))
        return found

    def transform(self, words: list[str], ids: Ints, sizes: Ints) -> csr_array:
        """Return one row a token, shape (tokens, known features)."""
        from scipy.sparse import csr_array

        hashes = self._hashes(words, ids, sizes)
        column = np.searchsorted(self.known_, hashes)
        column[column == len(self.known_)] = 0
        known = self.known_[column] == hashes if len(self.known_) else np.zeros(hashes.shape, bool)
        first = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
        shape_ = (len(ids), len(self.known_))
        return csr_array((np.ones(int(first[-1])), column[known], first), shape=shape_)

    def _hashes(self, words: list[str], ids: Ints, sizes: Ints) -> Hashes:
        """Return the hashed features of each token, shape (tokens, templates)."""
        lower = [word.lower() for word in words]
        word, outline = _hashed(lower)[ids], _hashed([shape(one) for one in words])[ids]
        place, behind = _places(sizes)
        columns = [word, outline]
        for length in (1, 2, 3, 4):
            columns.append(_hashed([one[:length] for one in lower])[ids])
            columns.append(_hashed([one[-length:] for one in lower])[ids])
        around = {shift: _shifted(word, shift, place, behind) for shift in (-2, -1, 1, 2)}
        columns += list(around.values())
        columns += [_shifted(outline, shift, place, behind) for shift in (-1, 1)]
        with np.errstate(over="ignore"):
            for one, other in ((around[-1], word), (word, around[1]), (around[-1], around[1])):
                columns.append(mix(one * np.uint64(3) + other))
            for cluster in self.cluster_:
                numbers = np.array([cluster.get(one, -1) + 2 for one in lower], dtype=np.uint64)
                columns += [
                    _shifted(numbers[ids], shift, place, behind) for shift in (-2, -1, 0, 1, 2)
                ]
            columns.append(np.zeros(len(ids), dtype=np.uint64))
            table = np.stack(columns, axis=1)
            return mix(table ^ mix(np.arange(1, 1 + len(columns), dtype=np.uint64)))


def word_clusters(lower: Ints, place: Ints, behind: Ints, *, seed: int) -> list[Ints]:
    """Return the cluster of each word at several grains, -1 for rare words.

    Words are near that stand between the same words: positive pointwise mutual information with
    the words one and two to the left and right, by truncated SVD (Levy and Goldberg, 2014), then
    k-means on the unit sphere.
    """
    from scipy.sparse import coo_array, hstack
    from scipy.sparse.linalg import svds

    count = np.bincount(lower)
    common = np.flatnonzero(count >= RARE)
    if len(common) < 4 * CLUSTERS[0]:
        return []
    to_row = np.full(len(count), -1)
    to_row[common] = np.arange(len(common))
    often = np.argsort(-count, kind="stable")[: min(CONTEXTS, len(common))]
    to_context = np.full(len(count) + 1, -1)
    to_context[often] = np.arange(len(often))
    to_context[-1] = len(often)
    blocks = []
    for shift in (-2, -1, 1, 2):
        near = _shifted(lower, shift, place, behind)
        near = np.where(near == EDGE, len(count), near)
        row, column = to_row[lower], to_context[near]
        keep = (row >= 0) & (column >= 0)
        blocks.append(
            coo_array(
                (np.ones(int(keep.sum())), (row[keep], column[keep])),
                shape=(len(common), len(often) + 1),
            )
        )
    table = hstack(blocks).tocoo()
    table.sum_duplicates()
    total = table.sum()
    by_word = np.asarray(table.sum(axis=1)).ravel()
    by_context = np.asarray(table.sum(axis=0)).ravel() ** 0.75
    by_context *= total / by_context.sum()
    value = np.log(table.data * total / (by_word[table.row] * by_context[table.col]))
    positive = coo_array((np.maximum(value, 0), (table.row, table.col)), shape=table.shape).tocsr()
    width = min(DIMENSIONS, min(positive.shape) - 1)
    start = np.random.default_rng(seed).random(min(positive.shape))
    left, singular, _ = svds(positive, k=width, v0=start)
    vectors = left * np.sqrt(singular)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    found = []
    for clusters in CLUSTERS:
        if clusters * 4 > len(common):
            break
        code = np.full(len(count), -1, dtype=np.int64)
        code[common] = _nearest_centers(
            vectors, np.argsort(-count[common], kind="stable")[:clusters]
        )
        found.append(code)
    return found


def _nearest_centers(vectors: NDArray[np.float64], begin: Ints) -> Ints:
    """Return the cluster of each unit vector: k-means by cosine from these vectors on."""
    centers = vectors[begin]
    for _ in range(ROUNDS):
        nearest = (vectors @ centers.T).argmax(axis=1)
        sums = np.zeros_like(centers)
        np.add.at(sums, nearest, vectors)
        size = np.linalg.norm(sums, axis=1, keepdims=True)
        centers = np.where(size > 0, sums / np.maximum(size, 1e-12), centers)
    found: Ints = (vectors @ centers.T).argmax(axis=1).astype(np.int64)
    return found


def mix(values: Hashes) -> Hashes:
    """Return well mixed hashes (the finalizer of SplitMix64)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed


def _hashed(values: list[str]) -> Hashes:
    # crc32 twice: Python's own hash of a string differs from process to process.
    raw = [value.encode("utf-8", "surrogatepass") for value in values]
    found = [crc32(one) | crc32(one[::-1], len(one)) << 32 for one in raw]
    return mix(np.array(found, dtype=np.uint64))


def _places(sizes: Ints) -> tuple[Ints, Ints]:
    """Return how many tokens of its text stand before and behind each token."""
    place = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return place, np.repeat(sizes, sizes) - 1 - place


def _shifted(codes: Codes, shift: int, place: Ints, behind: Ints) -> Codes:
    """Return the code of the token at a distance; one of its own where a text begins or ends."""
    inside = behind >= shift if shift > 0 else place >= -shift
    return np.where(inside, np.roll(codes, -shift), codes.dtype.type(EDGE))
