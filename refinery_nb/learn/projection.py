"""Vectors on a plane: principal components at once, t-SNE or UMAP for who can wait.

As a program it lays out a file of vectors, ``python -m refinery_nb.learn.projection IN OUT METHOD
SEED``: neighbour layouts take minutes, and a process of its own disturbs nobody.
"""

from __future__ import annotations

import importlib.util
import os
import sys

import numpy as np
from numpy.typing import NDArray

METHODS = ("pca", "umap", "tsne")
LAID_OUT = 20_000  # points that a neighbour layout is computed for; the others join the nearest
REDUCED = 50  # dimensions that a neighbour layout looks at
BLOCK = 8_192  # rows in memory at once
NEAREST = 3

Floats = NDArray[np.float32]


def installed() -> tuple[str, ...]:
    """Return the methods that can be used here; UMAP needs the package ``umap-learn``."""
    has_umap = importlib.util.find_spec("umap") is not None
    return tuple(method for method in METHODS if method != "umap" or has_umap)


def lay_out(values: Floats, method: str = "pca", *, seed: int = 0) -> Floats:
    """Return a place on the plane for each vector.

    Parameters
    ----------
    values
        Shape (n, d); it may be memory-mapped.
    method
        ``pca``: the two directions of most variance. ``tsne`` (van der Maaten and Hinton, JMLR
        2008) and ``umap`` (McInnes et al., 2018) keep neighbours together; beyond ``LAID_OUT``
        points a sample is laid out and each other point is put among its nearest of the sample.

    Returns
    -------
    array
        float32, shape (n, 2).

    >>> lay_out(np.array([[0, 0, 0], [3, 0, 0], [6, 0, 0]], np.float32)).round(3).tolist()
    [[-3.0, 0.0], [0.0, 0.0], [3.0, 0.0]]
    """
    if method == "pca" or len(values) <= NEAREST:
        return reduce(values, 2)
    flat = reduce(values, REDUCED)
    if len(flat) <= LAID_OUT:
        return _neighbours(flat, method, seed)
    chosen = np.random.default_rng(seed).choice(len(flat), LAID_OUT, replace=False)
    chosen.sort()
    places = np.empty((len(flat), 2), np.float32)
    places[chosen] = _neighbours(flat[chosen], method, seed)
    rest = np.setdiff1d(np.arange(len(flat)), chosen)
    places[rest] = among_nearest(flat[rest], flat[chosen], places[chosen])
    return places


def reduce(values: Floats, dim: int) -> Floats:
    """Return the leading principal components (Pearson, 1901), shape (n, dim).

    Signs are such that the largest entry of each direction is positive: the same vectors give the
    same picture.
    """
    n, d = values.shape
    found = np.zeros((n, dim), np.float32)
    if n == 0 or d == 0:
        return found
    mean = np.zeros(d)
    scatter = np.zeros((d, d))
    for first in range(0, n, BLOCK):
        block = np.asarray(values[first : first + BLOCK], np.float32)
        mean += block.sum(axis=0, dtype=np.float64)
        scatter += block.T @ block
    mean /= n
    _, directions = np.linalg.eigh(scatter - n * np.outer(mean, mean))
    basis = directions[:, ::-1][:, :dim]
    basis = basis * np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])])
    centre = mean @ basis
    for first in range(0, n, BLOCK):
        block = np.asarray(values[first : first + BLOCK], np.float32)
        found[first : first + BLOCK, : basis.shape[1]] = block @ basis - centre
    return found


def among_nearest(values: Floats, known: Floats, places: Floats) -> Floats:
    """Return places for vectors: the mean place of their nearest known ones, by distance.

    Parameters
    ----------
    values
        Shape (m, d).
    known, places
        Vectors that have a place, shapes (n, d) and (n, 2), n at least 1.
    """
    found = np.empty((len(values), 2), np.float32)
    square = (known.astype(np.float64) ** 2).sum(axis=1)
    count = min(NEAREST, len(known))
    for first in range(0, len(values), 1024):
        block = values[first : first + 1024].astype(np.float64)
        distance = square - 2 * block @ known.T + (block**2).sum(axis=1, keepdims=True)
        nearest = np.argpartition(distance, count - 1, axis=1)[:, :count]
        near = np.take_along_axis(distance, nearest, axis=1).clip(0)
        weight = 1 / (near + 1e-9 + 1e-3 * near.mean(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        found[first : first + 1024] = (places[nearest] * weight[:, :, None]).sum(axis=1)
    return found


def _neighbours(values: Floats, method: str, seed: int) -> Floats:
    if method == "umap":
        from umap import UMAP

        neighbours = min(15, len(values) - 1)
        found = UMAP(n_neighbors=neighbours, random_state=seed).fit_transform(values)
        return np.asarray(found, np.float32)
    from sklearn.manifold import TSNE

    perplexity = min(30.0, max(2.0, (len(values) - 1) / 3))
    # A start from the components keeps the picture's large shape, and repeats.
    start = values[:, :2] / max(float(values[:, 0].std()), 1e-9) * 1e-4
    layout = TSNE(perplexity=perplexity, init=start, random_state=seed, n_jobs=-1)
    return np.asarray(layout.fit_transform(values), np.float32)


def main(source: str, target: str, method: str, seed: str) -> None:
    """Lay out the vectors of a file into another, politely."""
    os.nice(10)
    np.save(target, lay_out(np.load(source, mmap_mode="r"), method, seed=int(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
