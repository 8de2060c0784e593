"""The runs of weak supervision of a task: a list that reads as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.project.weak import weak_html
from refinery_nb.project.weak.weak import WeakRun

if TYPE_CHECKING:
    import pandas as pd


class Runs(list[WeakRun]):
    """Runs, oldest first: ``runs[-1].compare(runs[0])``, ``runs[0].restore()``."""

    def frame(self) -> pd.DataFrame:
        """Return ``at, model, records, confidence, labels, accuracy``: one row a run.

        ``records`` is how many have a label, ``confidence`` its mean; ``accuracy`` is measured on
        the ``labels`` that the run had not seen, and missing where it was not checked.
        """
        import pandas as pd

        rows = []
        for run in self:
            held = run.summary.get("held_out") or {}
            votes = run.votes
            rows.append(
                (
                    run.at,
                    run.summary.get("chosen") or run.model,
                    len(set(votes.record.tolist())),
                    float(votes.confidence.mean()) if len(votes) else float("nan"),
                    int(held.get("labels", 0)),
                    held.get("accuracy"),
                )
            )
        columns = ["at", "model", "records", "confidence", "labels", "accuracy"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        if not self:
            return "There is no run yet: task.supervise() makes one."
        lines = [str(run).split("\n")[0] for run in self]
        return "\n".join(
            f"{at}  {run.at[:16]}  {line}"
            for at, (run, line) in enumerate(zip(self, lines, strict=True))
        )

    def _repr_html_(self) -> str:
        return weak_html.weak_runs(self)
