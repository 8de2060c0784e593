"""The colours of labels: told apart by everybody, readable, visible on white and on dark."""

from __future__ import annotations

import numpy as np
import pytest

from refinery_nb.core.palette import COLORS

# What is seen without one kind of cones, in linear RGB: Machado, Oliveira and Fernandes (2009),
# A physiologically-based model for simulation of color vision deficiency, severity 1.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Ottosson (2020), OKLab: a space in which distances are about as large as they look.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OPPONENT = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
WHITE, DARK = 1.0, 0.0056  # luminance of JupyterLab's papers, #ffffff and #111111


def linear(colors: tuple[str, ...]) -> np.ndarray:
    parts = [[int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)] for color in colors]
    value = np.array(parts)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize(("first", "apart"), [(3, 0.2), (8, 0.09), (12, 0.055)])
def test_colours_stay_apart_for_everybody(seen: str, first: int, apart: float) -> None:
    light = np.clip(linear(COLORS[:first]) @ SEEN[seen].T, 0, 1)
    places = np.cbrt(light @ CONES.T) @ OPPONENT.T
    distance = np.sqrt(((places[:, None] - places[None]) ** 2).sum(-1))
    assert distance[np.triu_indices(first, 1)].min() >= apart


@pytest.mark.parametrize("color", COLORS)
def test_colours_show_on_both_papers_and_carry_text(color: str) -> None:
    light = float((linear((color,)) @ [0.2126, 0.7152, 0.0722])[0])
    assert contrast(light, WHITE) >= 2.2
    assert contrast(light, DARK) >= 3
    assert max(contrast(light, 0), contrast(light, WHITE)) >= 4.5
