"""Statistics of heuristics and labels. Pure: arrays in, arrays out."""

from __future__ import annotations

from refinery_nb.quality.heuristics import HeuristicStatistics, statistics
from refinery_nb.quality.interval import wilson

__all__ = ["HeuristicStatistics", "statistics", "wilson"]
