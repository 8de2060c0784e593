"""Project snapshots of Kern AI refinery: read from their archive, and told in our words."""

from __future__ import annotations

from refinery_nb.io.refinery.archive import is_archive, load
from refinery_nb.io.refinery.columns import columns, reading
from refinery_nb.io.refinery.names import Names
from refinery_nb.io.refinery.reader import read_snapshot
from refinery_nb.io.refinery.snapshot import (
    Said,
    Snapshot,
    SnapshotComment,
    SnapshotEmbedding,
    SnapshotHeuristic,
    SnapshotList,
    SnapshotRun,
    SnapshotSlice,
    SnapshotTask,
)
from refinery_nb.io.refinery.values import COLORS

__all__ = [
    "COLORS",
    "Names",
    "Said",
    "Snapshot",
    "SnapshotComment",
    "SnapshotEmbedding",
    "SnapshotHeuristic",
    "SnapshotList",
    "SnapshotRun",
    "SnapshotSlice",
    "SnapshotTask",
    "columns",
    "is_archive",
    "load",
    "read_snapshot",
    "reading",
]
