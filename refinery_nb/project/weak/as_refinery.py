"""What refinery's label model looks at beside votes: its tokens, and what learners have seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.votes import Gold, VoteMatrix
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.records.keys import key_text
from refinery_nb.project.rules import rules
from refinery_nb.store import records, schema

if TYPE_CHECKING:
    from refinery_nb.project.task import Task


def looked_at(
    task: Task, votes: VoteMatrix, gold: Gold, exclusions: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the options of the label model that the engine knows.

    Parameters
    ----------
    exclusions
        By the name of a heuristic, keys of the records that it was trained on; beside those that
        a snapshot brought.

    Raises
    ------
    QueryError
        If there is no such heuristic or record.
    """
    options: dict[str, Any] = {"exclusions": _exclusions(task, exclusions or {})}
    if votes.is_spans:
        wanted = np.union1d(votes.records[np.unique(votes.row)], gold.votes.record)
        options["tokens"] = _tokens(task, wanted.tolist())
    return options


def _exclusions(task: Task, given: Mapping[str, Any]) -> dict[str, list[int]]:
    rows = {row.name: row for row in rules.rows(task)}
    found = {name: list(row.spec.get("trained_on", ())) for name, row in rows.items()}
    for name, keys in given.items():
        if name not in rows:
            raise QueryError(
                f"exclusions= names {name!r}, which is no heuristic.", hint=did_you_mean(name, rows)
            )
        texts = [key_text(task.project, key) for key in keys]
        with task.project.database.read() as connection:
            ids = records.ids_of_keys(connection, texts)
        for text in texts:
            if text not in ids:
                raise QueryError(f"exclusions= names {text!r}, which is the key of no record.")
        found[name] += ids.values()
    return {name: ids for name, ids in found.items() if ids}


def _tokens(task: Task, ids: list[int]) -> dict[int, NDArray[np.int32]]:
    """Return the tokens of texts as refinery counts them, white space among them."""
    from refinery_nb.text.tokens import all_tokens

    project, on = task.project, task.schema.on
    language = tokenizing.name_of(project, on)
    with project.database.read() as connection:
        attribute = next(one for one in schema.attributes(connection) if one.name == on)
        rows = list(records.values(connection, [attribute], ids))
    return {record: all_tokens(str(values[0] or ""), language) for record, _, values in rows}
