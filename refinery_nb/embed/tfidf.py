"""Vectors from words and parts of words, without a download: TF-IDF and a truncated SVD."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError

DIM = 128
FITTED_ON = 20_000  # texts at most: more change little and cost much
TERMS = 30_000  # of each of the two kinds
RARE = 50  # texts from which a term must stand in two of them
ITERATIONS = 4
SHORT = 1e-6  # a shorter vector is rounding, without a direction


class Tfidf:
    """Latent semantic analysis (Deerwester et al., 1990) of words and of their parts.

    Words and pairs of words, and pieces of words of two to four characters, are weighed by
    sublinear TF-IDF; a truncated SVD (Halko, Martinsson and Tropp, 2011) brings them to ``DIM``
    numbers, or fewer where there are fewer texts. Vectors have length 1. The same texts in the
    same order give the same vectors.

    A text that shares no term with those that were fitted has the zero vector.
    """

    name = "tfidf"
    learns = True

    def __init__(self) -> None:
        self._terms: tuple[list[str], list[str]] = ([], [])
        self._idf: NDArray[np.float64] = np.zeros(0)
        self._components: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._counters: tuple[Any, Any] | None = None

    def spec(self) -> dict[str, Any]:
        """Return what it is; what it has learnt stands in ``state``."""
        return {"kind": "tfidf", "model": self.name, "identity": f"tfidf-{DIM}-1"}

    def fit(self, texts: Sequence[str]) -> None:
        """Learn terms, their weights and the directions from texts.

        Raises
        ------
        InputError
            If there is no word in them.
        """
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.utils.extmath import randomized_svd
        from threadpoolctl import threadpool_limits

        known, weights, weighed = [], [], []
        for options in _options(rare=2 if len(texts) >= RARE else 1):
            counter = TfidfVectorizer(**options)
            try:
                weighed.append(counter.fit_transform(texts))
            except ValueError as error:
                raise InputError(
                    f"TF-IDF finds nothing to learn in {len(texts):,} texts: {error}",
                    hint="Pass a model= that does not learn from the texts.",
                ) from error
            known.append([str(term) for term in counter.get_feature_names_out()])
            weights.append(counter.idf_)
        matrix = hstack(weighed).tocsr().astype(np.float32)
        dim = min(DIM, *matrix.shape)
        # Small products: on a busy machine many threads took 32 s where one takes 1 s.
        with threadpool_limits(1):
            _, _, components = randomized_svd(matrix, dim, n_iter=ITERATIONS, random_state=0)
        self._terms = (known[0], known[1])
        self._idf = np.concatenate(weights)
        self._components = np.ascontiguousarray(components, np.float32)
        self._counters = None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector of length 1 for each text, shape (n, dim)."""
        from scipy.sparse import hstack

        weighed = hstack([counter.transform(texts) for counter in self._ready()]).tocsr()
        values = np.asarray(weighed.astype(np.float32) @ self._components.T, np.float32)
        lengths = np.linalg.norm(values, axis=1, keepdims=True)
        values /= np.where(lengths > SHORT, lengths, np.inf)  # nothing known: exactly zero
        return values

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return terms, weights and directions."""
        terms = json.dumps(self._terms, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return {
            "terms": np.frombuffer(terms, np.uint8),
            "idf": self._idf,
            "components": self._components,
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take back what ``state`` gave."""
        words, pieces = json.loads(state["terms"].tobytes().decode("utf-8", "surrogatepass"))
        self._terms = (words, pieces)
        self._idf = np.asarray(state["idf"], np.float64)
        self._components = np.asarray(state["components"], np.float32)
        self._counters = None

    def _ready(self) -> tuple[Any, Any]:
        if self._counters is None:
            from sklearn.feature_extraction.text import TfidfVectorizer

            made, first = [], 0
            for options, terms in zip(_options(rare=1), self._terms, strict=True):
                counter = TfidfVectorizer(**options, vocabulary=terms)
                counter.idf_ = self._idf[first : first + len(terms)]
                first += len(terms)
                made.append(counter)
            self._counters = (made[0], made[1])
        return self._counters


def _options(*, rare: int) -> tuple[dict[str, Any], dict[str, Any]]:
    common = {"sublinear_tf": True, "min_df": rare, "max_features": TERMS, "dtype": np.float64}
    # The question mark says more than most words: it is one.
    words = {"ngram_range": (1, 2), "token_pattern": r"(?u)\w+|[?!]"}
    pieces = {"analyzer": "char_wb", "ngram_range": (2, 4)}
    return common | words, common | pieces
