"""Project snapshots of Kern AI refinery: read from their archive, and told in our words."""

from __future__ import annotations

from refinery_nb.io.refinery.archive import is_archive, load
from refinery_nb.io.refinery.reader import read_snapshot
from refinery_nb.io.refinery.snapshot import Snapshot

__all__ = ["Snapshot", "is_archive", "load", "read_snapshot"]
