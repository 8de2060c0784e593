"""Formats: files and frames to records and back. It knows no database."""

from __future__ import annotations

from refinery_nb.io.bio import bio_tags
from refinery_nb.io.names import LabelColumn, column_name, parse_column
from refinery_nb.io.read import read
from refinery_nb.io.reading import Chunk, Column, Reading, Rejected
from refinery_nb.io.write import write

__all__ = [
    "Chunk",
    "Column",
    "LabelColumn",
    "Reading",
    "Rejected",
    "bio_tags",
    "column_name",
    "parse_column",
    "read",
    "write",
]
