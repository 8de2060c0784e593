"""How often weak labels are right, by their confidence: a table that reads well in a notebook."""

from __future__ import annotations

import pandas as pd

from refinery_nb.project.weak import weak_html


class Calibration(pd.DataFrame):
    """Columns ``confidence, accuracy, low, high, count``; see ``trust.calibration``."""

    @property
    def _constructor(self) -> type[Calibration]:
        return Calibration

    def _repr_html_(self) -> str | None:
        if {"confidence", "accuracy", "low", "high", "count"} <= set(self.columns):
            return weak_html.calibration(self)
        shown: str | None = getattr(super(), "_repr_html_")()  # noqa: B009  (no stub knows it)
        return shown
