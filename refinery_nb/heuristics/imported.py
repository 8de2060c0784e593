"""Votes that come from elsewhere: a file, a table, or a model in the kernel."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest
from refinery_nb.heuristics.said import Names

if TYPE_CHECKING:
    import pandas as pd

ON_ERROR = ("raise", "skip")


class Imported:
    """Vote as was said elsewhere: by a file, another tool, or a model.

    Votes belong to records by their keys, whatever the order. They are taken in when the
    heuristic is added, all or none, and kept as a version; adding the same votes again changes
    nothing.

    Parameters
    ----------
    votes
        One of these.

        * A DataFrame with the columns ``key, label`` and, if you like, ``confidence``; for spans
          ``key, start, end, label``, in code points. The keys may be the index instead.
        * A path of a CSV, JSONL, Parquet or Excel file with these columns.
        * A mapping: key to label or (label, confidence); for spans key to a list of
          (start, end, label) or (start, end, label, confidence).
        * A Series with the keys as index.
        * An array of labels, or of probabilities of the shape (n, labels), with ``keys``.
        * A function that gets a DataFrame of records, with their keys as index, and returns any
          of these, an array being in the order of the records. It runs in this kernel, in
          batches, when it is added; records that come later are voted on when it is added again.

        None, and a missing value in a Series, abstains; a row of a table without a label is an
        error.
    name
        By default the name of the file or function, or ``imported``.
    keys
        What an array is aligned with, or which records a function gets: a view, a project, or
        keys.
    labels
        The labels that the columns of a matrix stand for.
    min_confidence
        Votes below it are left out.
    key, label, confidence, start, end
        What the columns are called; several names of ``key`` make a composite one.
    batch_size
        Records that a function gets at once.
    on_error
        ``raise``: the first faults are an error, and nothing is taken in. ``skip``: the other
        votes are taken in, and the faults are in ``rejected``.

    Attributes
    ----------
    rejected
        After it was added: a DataFrame ``source, line, row, key, field, message`` of what was
        left out.
    """

    kind = "imported"

    def __init__(
        self,
        votes: Any,
        name: str | None = None,
        *,
        keys: Any = None,
        labels: Sequence[str] | None = None,
        min_confidence: float = 0.0,
        key: str | Sequence[str] = "key",
        label: str = "label",
        confidence: str = "confidence",
        start: str = "start",
        end: str = "end",
        batch_size: int = 1_000,
        on_error: str = "raise",
    ) -> None:
        if on_error not in ON_ERROR:
            raise HeuristicError(
                f"on_error={on_error!r}.", hint=did_you_mean(str(on_error), ON_ERROR)
            )
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise HeuristicError(f"batch_size={batch_size!r} is no number of records.")
        if not 0 <= min_confidence <= 1:
            raise HeuristicError(f"min_confidence={min_confidence!r} does not lie in [0, 1].")
        self.votes = votes
        self.name = checked(_name(votes) if name is None else name, "a heuristic")
        self.keys = keys
        self.labels = None if labels is None else tuple(labels)
        self.min_confidence = float(min_confidence)
        keyed = (key,) if isinstance(key, str) else tuple(key)
        self.names = Names(keyed, label, confidence, start, end)
        self.batch_size = batch_size
        self.on_error = on_error
        self.rejected: pd.DataFrame | None = None
        self.content = ""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Imported:
        """Make it from its spec; the votes themselves stand in its version."""
        made = cls(None, spec["name"])
        made.content = spec["content"]
        return made

    @property
    def source(self) -> str:
        """Where the votes come from, in a word."""
        if isinstance(self.votes, (str, os.PathLike)):
            return Path(self.votes).name
        if callable(self.votes) and not hasattr(self.votes, "iloc"):
            return str(getattr(self.votes, "__name__", type(self.votes).__name__))
        return type(self.votes).__name__

    def spec(self) -> dict[str, Any]:
        """Return what is kept beside the votes; ``content`` is their hash, once they are in."""
        return {
            "kind": self.kind,
            "name": self.name,
            "origin": self.source,
            "content": self.content,
        }

    @property
    def fingerprint(self) -> str:
        """The version: the votes, once they are in."""
        return fingerprint(self.content)

    def __repr__(self) -> str:
        return f"Imported({self.source}, name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: votes that were said elsewhere cannot be cast again."""
        raise HeuristicError(
            f"the votes of {self.name!r} are imported; they are not computed here.",
            hint="Add it to a task: its votes are taken in at once.",
        )


def fingerprint(content: str) -> str:
    """Return the version of imported votes from the hash of their content."""
    return digest({"kind": Imported.kind, "content": content})


def _name(votes: Any) -> str:
    if isinstance(votes, (str, os.PathLike)):
        return Path(votes).name.split(".")[0]
    called = getattr(votes, "__name__", "") if callable(votes) else ""
    return called if called and called != "<lambda>" else "imported"
