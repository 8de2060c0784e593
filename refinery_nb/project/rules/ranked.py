"""Which heuristics of a task to keep: what each adds to those that are better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task


def ranked(task: Task) -> pd.DataFrame:
    """Return ``heuristic, gain, reached, keep``, the most useful first; see ``ranking.rank``.

    ``gain`` is what a heuristic adds to all before it, in bits per record; ``reached`` the share
    of what all together know that is reached up to here; one that adds nothing need not be kept.
    """
    task.schema.one_answer("a ranking of rules")
    import pandas as pd

    from refinery_nb.supervision.ranking import rank

    reference, _ = frames.gold_columns(task)
    found = rank(rules.matrix(task, None), reference if len(reference.reviewed) else None)
    return pd.DataFrame(
        {
            "heuristic": [one.source for one in found],
            "gain": [one.gain for one in found],
            "reached": [one.total for one in found],
            "keep": [one.gain > 0 for one in found],
        }
    )
