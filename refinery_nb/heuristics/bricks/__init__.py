"""Bricks: ready rules to start from, as readable code. They see records, never the database."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick, Example
from refinery_nb.heuristics.bricks.library import Bricks, bricks
from refinery_nb.heuristics.bricks.parameter import Parameter

__all__ = ["Brick", "Bricks", "Example", "Parameter", "bricks"]
