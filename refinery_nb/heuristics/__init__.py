"""The kinds of heuristics. They see records, never the database."""

from __future__ import annotations

from refinery_nb.heuristics.batch import Ballot, Batch, Record
from refinery_nb.heuristics.function import Function
from refinery_nb.heuristics.kind import KINDS, Heuristic, build
from refinery_nb.heuristics.lookup import Lookup
from refinery_nb.heuristics.regex import Regex

__all__ = [
    "KINDS",
    "Ballot",
    "Batch",
    "Function",
    "Heuristic",
    "Lookup",
    "Record",
    "Regex",
    "build",
]
