"""Confidences that mean what they say: a temperature, and thresholds for a precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Right = NDArray[np.bool_]

FEW = 20  # predictions; with fewer, nothing is said about temperature
COOLEST, HOTTEST = 0.25, 8.0
PRIOR = 10.0  # predictions that speak for leaving the probabilities as they are


def temperature(proba: Floats, label: NDArray[np.int64]) -> float:
    """Return by what the log-probabilities are to be divided to fit held-out labels best.

    Temperature scaling (Guo et al., ICML 2017), with a prior that keeps it near 1 where there
    are few labels; 1.0 with fewer than ``FEW``.

    Parameters
    ----------
    proba
        Held-out probabilities, shape (rows, labels); rows of 0 are left out.
    label
        Position of the right label of each row, or -1: none is right.
    """
    from scipy.optimize import minimize_scalar

    kept = (label >= 0) & (proba.sum(axis=1) > 0)
    if kept.sum() < FEW or proba.shape[1] < 2:
        return 1.0
    scores = np.log(np.maximum(proba[kept], 1e-12))
    target = label[kept]

    def loss(log_heat: float) -> float:
        scaled = scores / np.exp(log_heat)
        scaled -= scaled.max(axis=1, keepdims=True)
        total = np.log(np.exp(scaled).sum(axis=1))
        fit = float((total - scaled[np.arange(len(target)), target]).sum())
        return fit + 0.5 * PRIOR * log_heat**2

    bounds = (float(np.log(COOLEST)), float(np.log(HOTTEST)))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def heated(proba: Floats, heat: float) -> Floats:
    """Return probabilities at a temperature; rows of 0 stay so.

    >>> heated(np.array([[0.8, 0.2], [0.0, 0.0]]), 2.0).round(2).tolist()
    [[0.67, 0.33], [0.0, 0.0]]
    """
    if heat == 1.0:
        return proba
    powered = np.where(proba > 0, np.maximum(proba, 1e-300) ** (1 / heat), 0.0)
    scaled: Floats = powered / np.maximum(powered.sum(axis=1, keepdims=True), 1e-300)
    return scaled


def odds_line(proba: Floats, right: Right) -> tuple[float, float]:
    """Return slope and height of the line that brings log-odds to what held-out cases say.

    Platt scaling with a prior that keeps it near (1, 0) where there are few cases.

    Parameters
    ----------
    proba
        Held-out probabilities of cases, such as possible spans, shape (cases,).
    right
        Which of them turned out right.
    """
    rows = np.stack([log_odds(proba), np.ones(len(proba))], axis=1)
    before, strength = np.array([1.0, 0.0]), np.array([PRIOR, 1.0])
    weights = before.copy()
    truth = right.astype(np.float64)
    for _ in range(25):
        found = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (found - truth) + strength * (weights - before)
        curve = (rows * (found * (1 - found))[:, None]).T @ rows + np.diag(strength)
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-8:
            break
    return float(weights[0]), float(weights[1])


def on_line(proba: Floats, line: tuple[float, float]) -> Floats:
    """Return probabilities whose log-odds were brought to a line.

    >>> on_line(np.array([0.8]), (1.0, 0.0)).round(6).tolist()
    [0.8]
    """
    score = line[0] * log_odds(proba) + line[1]
    found: Floats = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
    return found


def log_odds(proba: Floats) -> Floats:
    """Return the log-odds of probabilities, those of 0 and 1 cut."""
    inside = np.clip(proba, 1e-6, 1 - 1e-6)
    found: Floats = np.log(inside / (1 - inside))
    return found


def cut(confidence: Floats, right: Right, wanted: float) -> tuple[float, int, int]:
    """Return the lowest confidence from which on held-out predictions reach a precision.

    Returns
    -------
    threshold, right, count
        The threshold, and of the predictions at or above it how many were right, of how many;
        (inf, 0, 0) if no threshold reaches the precision.

    >>> cut(np.array([0.9, 0.8, 0.3]), np.array([True, True, False]), 0.95)
    (0.8, 2, 2)
    """
    order = np.argsort(-confidence, kind="stable")
    sure, hits = confidence[order], np.cumsum(right[order])
    count = np.arange(1, len(sure) + 1)
    # Only between different confidences: equal ones stand or fall together.
    last = np.append(sure[1:] < sure[:-1], True)[: len(sure)]
    enough = np.flatnonzero(last & (hits >= wanted * count))
    if not len(enough):
        return float("inf"), 0, 0
    at = enough[-1]
    return float(sure[at]), int(hits[at]), int(count[at])
