"""What became of the records of one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from refinery_nb import io

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the records of one source.

    Attributes
    ----------
    added, updated, unchanged
        Counts of records.
    labels
        How many manual labels came with them.
    rejected
        The rows that were kept back with ``on_error="quarantine"``: where they stand, what is
        wrong, and their raw text.
    warnings
        What was read, but looks odd.
    stale
        How many spans no longer fit the text that was updated under them.
    fields
        How many values of each field changed, in the records that were updated.
    """

    source: str
    added: int
    updated: int
    unchanged: int
    labels: int
    rejected: pd.DataFrame
    warnings: tuple[str, ...] = ()
    stale: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        counts = f"{self.added:,} added, {self.updated:,} updated, {self.unchanged:,} unchanged"
        parts = [f"{self.source}: {counts}"]
        if self.fields:
            changed = ", ".join(f"{name} {count:,}" for name, count in self.fields.items())
            parts.append(f"values changed: {changed}")
        if self.labels:
            parts.append(f"{self.labels:,} manual labels")
        if len(self.rejected):
            parts.append(f"{len(self.rejected):,} rejected (see .rejected)")
        if self.stale:
            parts.append(f"{self.stale:,} spans no longer fit their text (see task.stale())")
        return "\n".join([", ".join(parts), *(f"  {warning}" for warning in self.warnings)])


def rejected_frame(rows: Sequence[io.Rejected]) -> pd.DataFrame:
    """Return the rows that were kept back as a table."""
    import pandas as pd

    names = ["source", "line", "record", "field", "message", "raw"]
    return pd.DataFrame([asdict(row) for row in rows], columns=names)
