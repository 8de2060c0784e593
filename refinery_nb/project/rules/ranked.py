"""Which heuristics of a task to keep: what each adds to those that are better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.supervision.several import question, reference_of

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.task import Task
    from refinery_nb.supervision.ranking import Ranked


def ranked(task: Task) -> pd.DataFrame:
    """Return ``heuristic, gain, reached, keep``, the most useful first; see ``ranking.rank``.

    ``gain`` is what a heuristic adds to all before it, in bits per record; ``reached`` the share
    of what all together know that is reached up to here; one that adds nothing need not be kept.
    Where a record may have several labels, there is a ranking for each, and ``label`` names it.
    """
    import pandas as pd

    from refinery_nb.supervision.ranking import rank

    reference, _ = frames.gold_columns(task)
    known = bool(len(reference.reviewed))
    matrix = rules.matrix(task, None)
    if not task.schema.is_multi:
        return _frame(rank(matrix, reference if known else None))
    votes = task.project.columns.of_task(task.schema)
    parts = []
    for label in task.schema.labels:
        asked = question(matrix.records, votes, label.id)
        one = _frame(rank(asked, reference_of(reference, label.id) if known else None))
        one.insert(0, "label", label.name)
        parts.append(one)
    return pd.concat(parts, ignore_index=True)


def _frame(found: list[Ranked]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "heuristic": [one.source for one in found],
            "gain": [one.gain for one in found],
            "reached": [one.total for one in found],
            "keep": [one.gain > 0 for one in found],
        }
    )
