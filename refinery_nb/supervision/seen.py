"""What a classifier sees of records: their vectors, on axes on which it learns quickly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Ints
from refinery_nb.learn.axes import principal

Matrix = NDArray[np.float32]

SCALE = 5.0  # mean length of a vector as the classifier sees it, against a penalty of 1
SAMPLE = 10_000  # records that are learnt from
FEWEST = 2_000  # but so many, however much there is to do
HEAD = 1_000  # records whose vectors tell how long they are
WIDEST = 400  # axes of the space in which few labels have to do


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Principal axes of vectors.

    Attributes
    ----------
    mean
        Shape (d,).
    turn
        Shape (d, axes).
    """

    mean: Matrix
    turn: Matrix

    @staticmethod
    def of(rows: Matrix, *, trusted: bool = False) -> Axes:
        """Return the axes of rows, the widest first.

        Parameters
        ----------
        trusted
            Scale each by how far the rows spread along it, see ``learn.axes``. The mean square
            length is then that of the rows.
        """
        found = principal(rows, most=WIDEST if trusted else None)
        turn = found.turn
        if trusted and len(found.spread):
            turn = found.trusted * np.sqrt(found.spread.sum() / (found.spread**2).sum())
        return Axes(found.mean, np.ascontiguousarray(turn, np.float32))

    def place(self, rows: Matrix) -> Matrix:
        """Return the coordinates of rows, shape (n, axes)."""
        return np.ascontiguousarray((rows - self.mean) @ self.turn, np.float32)

    def back(self, coefficients: Matrix) -> Matrix:
        """Return the coefficients of a linear model on the axes for the vectors themselves.

        Shape (axes + 1, classes) to (d + 1, classes), the intercepts last.
        """
        weight = self.turn @ coefficients[:-1]
        return np.vstack([weight, coefficients[-1] - self.mean @ weight])


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Records on axes of their own.

    Attributes
    ----------
    meaning, everything
        By the first embedding, and by all vectors, each shape (n, axes).
    trusted
        By all vectors, on axes that are scaled by how far the records spread along them.
    axes
        Of the three, in this order.
    """

    meaning: Matrix
    everything: Matrix
    trusted: Matrix
    axes: tuple[Axes, Axes, Axes]


class Seen:
    """The vectors of records: one embedding, or several kinds side by side.

    Parameters
    ----------
    blocks
        The first is what the records mean, such as the embedding of a language model; others,
        such as the words themselves, stand beside it.
    most
        How many records are learnt from at most; of more a sample.
    """

    def __init__(self, blocks: Vectors | Sequence[Vectors] | None, *, most: int = SAMPLE) -> None:
        self.most = most
        given = [blocks] if isinstance(blocks, Vectors) else list(blocks or ())
        self.blocks = [block for block in given if len(block) and block.dim]
        self._scale = [_scale(block) for block in self.blocks]
        self._placed: tuple[Ints, Placed] | None = None

    def __bool__(self) -> bool:
        return bool(self.blocks)

    @property
    def first(self) -> int:
        """How many of the columns are the first embedding's."""
        return self.blocks[0].dim

    def known(self, records: Ints) -> NDArray[np.bool_]:
        """Return which records have any vector."""
        known = np.zeros(len(records), dtype=np.bool_)
        for block in self.blocks:
            at = np.minimum(np.searchsorted(block.records, records), len(block) - 1)
            known |= block.records[at] == records
        return known

    def rows(self, records: Ints) -> Matrix:
        """Return all vectors of records side by side; one that is missing is zero."""
        parts = []
        for block, scale in zip(self.blocks, self._scale, strict=True):
            values, known = block.of_records(records)
            part = np.zeros((len(records), block.dim), np.float32)
            part[known] = values * scale
            parts.append(part)
        return np.hstack(parts)

    def placed(self, records: Ints) -> Placed:
        """Return records on axes of their own; for the same records as before, at no cost."""
        if self._placed is None or not np.array_equal(self._placed[0], records):
            rows = self.rows(records)
            meaning, everything = Axes.of(rows[:, : self.first]), Axes.of(rows)
            trusted = Axes.of(rows, trusted=True)
            found = Placed(
                meaning.place(rows[:, : self.first]),
                everything.place(rows),
                trusted.place(rows),
                (meaning, everything, trusted),
            )
            self._placed = (records, found)
        return self._placed[1]


def _scale(block: Vectors) -> np.float32:
    """Return what brings the vectors to a mean length of ``SCALE``; blank ones do not count."""
    head = block.values[:HEAD].astype(np.float64)
    lengths = np.sqrt((head**2).sum(axis=1))
    lengths = lengths[lengths > 0]
    return np.float32(SCALE / lengths.mean()) if len(lengths) else np.float32(1.0)
