"""Words as a second view of a text, beside its embedding: what is said, and how it begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

DIM = 300
FITTED_ON = 20_000  # texts at most
SHARE = 0.8  # of the length of a unit vector: less is known by words than by a sentence's meaning


def terms(text: str) -> list[str]:
    """Return words, pairs of words, and both of them once more for the beginning of the text.

    >>> terms("Who wrote it?")[:3], terms("Who wrote it?")[-2:]
    (['who', 'wrote', 'it'], ['^who', '^who wrote'])
    """
    words = re.findall(r"\w+|[?!]", text.casefold())
    pairs = [f"{one} {other}" for one, other in pairwise(words)]
    begin = [f"^{' '.join(words[:count])}" for count in (1, 2) if len(words) >= count]
    return [*words, *pairs, *begin]


def word_vectors(texts: Sequence[str], *, seed: int = 0) -> NDArray[np.float32]:
    """Return the leading directions of the TF-IDF of the terms of texts.

    Not scaled to unit length, unlike an embedding: a text of rare words says little here, and
    its vector is short (latent semantic analysis, Deerwester et al., 1990).

    Returns
    -------
    array
        Shape (texts, at most ``DIM``); no columns if there are too few words.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    sample = texts
    if len(texts) > FITTED_ON:
        chosen = np.random.default_rng(seed).choice(len(texts), FITTED_ON, replace=False)
        sample = [texts[at] for at in np.sort(chosen).tolist()]
    counter = TfidfVectorizer(analyzer=terms, min_df=2, sublinear_tf=True, dtype=np.float32)
    try:
        matrix = counter.fit_transform(sample)
    except ValueError:  # no term stands in two texts
        return np.zeros((len(texts), 0), np.float32)
    with threadpool_limits(1):
        _, _, directions = randomized_svd(
            matrix, min(DIM, *matrix.shape), n_iter=4, random_state=seed
        )
    found = (matrix if sample is texts else counter.transform(texts)) @ directions.T
    return np.asarray(found * SHARE, np.float32)
