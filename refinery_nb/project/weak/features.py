"""What a label model may look at beside the votes: vectors and texts of the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import QueryError
from refinery_nb.core.vectors import Vectors
from refinery_nb.project.records import cards, frames
from refinery_nb.store import records, schema
from refinery_nb.supervision.supervise import Text

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

MOST_TEXTS = 200_000  # records whose words are looked at; beyond, the embedding has to do
FITTED_ON = 20_000  # of them that words are learnt from
PAGE = 5_000


def vectors_of(task: Task, wanted: Any) -> list[Vectors]:
    """Return the vectors that a classifier on a task's records looks at.

    Parameters
    ----------
    wanted
        None: the newest embedding of the task's attribute. A name: that embedding. An array with
        a row for each record, in the order of the project. A DataFrame with the keys as index.
        False: no vectors.

    Returns
    -------
    list
        The embedding, and the words of the text beside it; empty if there is no embedding.
    """
    project, on = task.project, task.schema.on
    if wanted is False:
        return []
    if wanted is None:
        found = project.embeddings.best(on)
    elif isinstance(wanted, str):
        found = project.embeddings[wanted].value()
    else:
        found = _given(task, wanted)
    if found is None or not len(found):
        return []
    words = _words(task)
    return [found] if words is None else [found, words]


def text_of(task: Task) -> Text:
    """Return the texts and tokens of all records of a spans task."""
    project, schema_ = task.project, task.schema
    texts: dict[int, str] = {}
    tokens: dict[int, Any] = {}
    ids = project.view().ids()
    for first in range(0, len(ids), PAGE):
        page = ids[first : first + PAGE].tolist()
        tokens |= cards.token_offsets(project, schema_, page)
        texts |= _texts(task, page)
    return Text(texts, tokens)


def _given(task: Task, wanted: Any) -> Vectors:
    ids = task.project.view().ids()
    if hasattr(wanted, "index") and hasattr(wanted, "to_numpy"):
        rows = {key: at for at, key in enumerate(wanted.index.tolist())}
        known = frames.keys(task.project, ids.tolist())
        at = [(record, rows[key]) for record, key in known.items() if key in rows]
        if not at:
            raise QueryError("no key of the vectors' index is one of a record.")
        values = wanted.to_numpy(np.float32)[[row for _, row in at]]
        return _finite(Vectors(np.array([record for record, _ in at], np.int64), values))
    values = np.asarray(wanted, np.float32)
    if values.ndim != 2 or len(values) != len(ids):
        raise QueryError(
            f"the vectors have the shape {values.shape}; the project has {len(ids):,} records.",
            hint="Give one row for each record, or a DataFrame with the keys as index.",
        )
    return _finite(Vectors(ids, values))


def _finite(vectors: Vectors) -> Vectors:
    bad = np.flatnonzero(~np.isfinite(vectors.values).all(axis=1))
    if len(bad):
        raise QueryError(f"{len(bad):,} vectors hold NaN or infinity, the first in row {bad[0]}.")
    order = np.argsort(vectors.records)
    return Vectors(vectors.records[order], vectors.values[order])


def _words(task: Task) -> Vectors | None:
    project = task.project
    if len(project) > MOST_TEXTS:
        return None
    from refinery_nb.learn.words import Words

    ids = project.view().ids()
    known = _texts(task, ids.tolist())
    texts = [known.get(record, "") for record in ids.tolist()]
    fitted = texts
    if len(texts) > FITTED_ON:
        chosen = np.random.default_rng(0).choice(len(texts), FITTED_ON, replace=False)
        fitted = [texts[at] for at in np.sort(chosen).tolist()]
    found = Words().fit(fitted).transform(texts)
    return Vectors(ids, found) if found.shape[1] else None


def _texts(task: Task, ids: list[int]) -> dict[int, str]:
    """Return the text of the task's attribute by record id; all strings where it has none."""
    on = task.schema.on
    with task.project.database.read() as connection:
        attributes = [
            one
            for one in schema.attributes(connection)
            if (one.name == on if on is not None else one.type.is_string)
        ]
        rows = list(records.values(connection, attributes, ids))
    return {
        record: " ".join(str(value) for value in values if isinstance(value, str))
        for record, _, values in rows
    }
