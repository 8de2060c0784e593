"""CSV that every parser reads alike, by Arrow, in columns; what is unusual is left to ``table``."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUOTE, NEWLINE, RETURN = ord('"'), ord("\n"), ord("\r")
BLOCK = 16 * 2**20  # bytes that Arrow parses at a time; a row has to fit in
STEP = 2**20  # bytes that are looked at at a time: they stay in the processor's cache
BATCH = 20_000


class PlainCsv:
    """A file that was looked through and found plain; it can be read several times.

    Every row has as many cells as the header and stands in one line of its own, quotes open where
    a cell begins and close where it ends, lines end in one way, and all is UTF-8. So rows and lines
    can be numbered by counting, and no two parsers differ.
    """

    def __init__(self, path: Path, delimiter: str, names: Sequence[str], *, keep: bool) -> None:
        self._path = path
        self._delimiter = delimiter
        self._names = names
        # Arrow's own memory is little more than the file's size.
        self._kept: list[Any] | None = list(self._blocks()) if keep else None

    def columns(self) -> Iterator[list[list[str]]]:
        """Yield the cells of all columns, up to so many rows at a time."""
        for block in self._blocks() if self._kept is None else self._kept:
            for first in range(0, len(block), BATCH):
                part = block.slice(first, BATCH)
                yield [column.to_pylist() for column in part.columns]

    def _blocks(self) -> Iterator[Any]:
        import pyarrow
        from pyarrow import csv

        # One thread: the other core writes what this one has read.
        opened = csv.open_csv(
            self._path,
            read_options=csv.ReadOptions(block_size=BLOCK, use_threads=False),
            parse_options=csv.ParseOptions(delimiter=self._delimiter),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(self._names, pyarrow.string())
            ),
        )
        with opened as blocks:
            if blocks.schema.names != list(self._names):
                raise ValueError("the header is read in another way")
            yield from blocks


def plain_csv(path: Path, delimiter: str, names: Sequence[str], *, keep: bool) -> PlainCsv | None:
    """Return a CSV file to be read by Arrow; None where it is not plain.

    Parameters
    ----------
    keep
        Whether what is parsed may stay in memory.
    """
    import pyarrow

    if len(delimiter) != 1 or not delimiter.isascii():
        return None
    lines = _lines_of_plain(path, ord(delimiter))
    if lines is None:
        return None
    try:
        found = PlainCsv(path, delimiter, names, keep=keep)
        # Rows of another width, and bytes that are no UTF-8, are found by reading all of it.
        rows = sum(len(block) for block in found._kept or found._blocks())
    except (pyarrow.ArrowException, ValueError):
        return None
    return found if rows + 1 == lines else None


def _lines_of_plain(path: Path, delimiter: int) -> int | None:
    """Return how many lines a file has; None where a line is blank or its quotes are unusual."""
    lines, inside = 0, False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        size = len(held)
        for first in range(0, size, STEP):
            # With the byte before and the one after, or with line ends, as the file has none there.
            before = held[first - 1 : first] if first else b"\n"
            after = held[first + STEP : first + STEP + 1] or b"\n"
            part = np.frombuffer(before + held[first : first + STEP] + after, np.uint8)
            found = _look(part, delimiter, inside=inside)
            if found is None:
                return None
            lines, inside = lines + found[0], found[1]
        ends = held[size - 1] == NEWLINE
    return None if inside else lines + (not ends)


def _look(part: NDArray[np.uint8], delimiter: int, *, inside: bool) -> tuple[int, bool] | None:
    """Count the lines of a part between its first and last byte, and say how it ends."""
    own = part[1:-1]
    newlines = np.flatnonzero(own == NEWLINE)
    previous = part[newlines]
    returns = np.flatnonzero(own == RETURN)
    if len(returns):
        # Each belongs to a line end, and all lines end so.
        if not (part[returns + 2] == NEWLINE).all():
            return None
        if (previous == RETURN).sum() != len(newlines):
            return None
        previous = np.where(newlines > 0, part[np.maximum(newlines - 1, 0)], NEWLINE)
    if (previous == NEWLINE).any():
        return None
    quotes = np.flatnonzero(own == QUOTE)
    if not len(quotes):
        return None if inside and len(newlines) else (len(newlines), inside)
    order = np.arange(len(quotes)) + inside
    opening, closing = quotes[order % 2 == 0], quotes[order % 2 == 1]
    # One that opens stands at the beginning of a cell, or doubles the one that closed before it.
    if not np.isin(part[opening], (delimiter, NEWLINE, QUOTE)).all():
        return None
    if not np.isin(part[closing + 2], (delimiter, NEWLINE, RETURN, QUOTE)).all():
        return None
    # A line end inside quotes makes a row of several lines.
    if ((np.searchsorted(quotes, newlines) + inside) % 2).any():
        return None
    return len(newlines), bool((len(quotes) + inside) % 2)
