"""Similar in a project: its examples looked up, records compared with them, its votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import HeuristicError, QueryError
from refinery_nb.core.example import Example
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics.similar import Similar
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.labeling import now
from refinery_nb.project.records import frames
from refinery_nb.project.vectors.search import chosen, example_of
from refinery_nb.store import heuristics, records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BLOCK = 4_096
DIGITS = 9  # so that what is equal has the similarity 1


@dataclass(frozen=True, slots=True)
class Closest:
    """What is compared with the examples, and the nearest example of each; in order of records.

    Attributes
    ----------
    record
        Ids, shape (n,).
    similarity
        Cosine to the nearest example, shape (n,).
    example
        Which one that is.
    start, end
        Code-point offsets of a run of tokens; None where whole records are compared.
    """

    record: Ints
    similarity: Floats
    example: Ints
    start: Ints | None = None
    end: Ints | None = None

    def take(self, rows: NDArray[Any]) -> Closest:
        """Return some of them."""
        start = None if self.start is None else self.start[rows]
        end = None if self.end is None else self.end[rows]
        return Closest(self.record[rows], self.similarity[rows], self.example[rows], start, end)


def bound(task: Task, rule: Similar) -> Similar:
    """Return the rule with its embedding by name and the present texts of its examples.

    Raises
    ------
    HeuristicError
        If there is no embedding that can compare what the task labels, or an example cannot be
        looked up.
    """
    if rule.on is not None and task.schema.is_spans and rule.on != task.schema.on:
        raise HeuristicError(
            f"the spans of this task lie in {task.schema.on!r}; the rule looks at {rule.on!r}.",
            hint="Leave out on=.",
        )
    row = _embedding(task, rule)
    spec = rule.spec() | {"embedding": row.name, "generation": row.generation}
    try:
        spec["examples"] = [_stamped(task, row, one) for one in rule.examples]
    except QueryError as error:
        raise HeuristicError(f"an example of {rule.name!r}: {error.message}") from error
    return Similar.from_spec(spec)


def followed(task: Task, row: HeuristicRow) -> HeuristicRow:
    """Return the newest version of a rule: a new one if an example or the embedding changed."""
    rule = bound(task, Similar.from_spec(row.spec))
    if rule.fingerprint == row.hash:
        return row
    with task.project.database.write() as connection:
        heuristics.save(connection, task.id, row.name, rule.spec(), rule.fingerprint, at=now())
        return next(
            one for one in heuristics.heuristics(connection, task.id) if one.name == row.name
        )


def similar_votes(task: Task, row: HeuristicRow) -> Votes:
    """Return the votes of a rule: its label, where the nearest example is near enough.

    They are kept for this session: comparing the tokens of many texts takes a minute.
    """
    project, rule = task.project, Similar.from_spec(row.spec)
    assert rule.embedding is not None
    seen = project.similarities.version(project.embeddings.row(rule.embedding))
    version = (row.hash, task.schema.labels, *tokenizing.names(project).items(), *seen)
    key = ("similar", row.id)
    known = project.given.get(key)
    if known is None or known[0] != version:
        known = project.given[key] = (version, votes_of(task, rule))
    votes: Votes = known[1]
    return votes


def votes_of(task: Task, rule: Similar, ids: Ints | None = None) -> Votes:
    """Return the votes of a rule on some records, or all."""
    label = task.schema.label(rule.label).id
    found = closest(task, rule, ids, least=rule.threshold)
    near = found.take(found.similarity >= rule.threshold)
    labels = np.full(len(near.record), label, np.int64)
    confidence = np.minimum(near.similarity, 1.0).astype(np.float32)
    return Votes.of(near.record, labels, confidence, near.start, near.end)


def tried(task: Task, rule: Similar, ids: Sequence[int]) -> pd.DataFrame:
    """Return what a rule says of some records: ``key, text, vote, similarity, error``."""
    import pandas as pd

    project = task.project
    assert rule.embedding is not None
    on = project.embeddings.row(rule.embedding).attribute
    found = closest(task, rule, np.array(sorted(ids), np.int64))
    near = found.similarity >= rule.threshold
    rows = []
    for record, (key, text) in zip(ids, frames.records(project, ids)[on].items(), strict=True):
        here = np.flatnonzero(found.record == record)
        likeness = float(found.similarity[here].max()) if len(here) else None
        voted = here[near[here]]
        vote: Any = rule.label if len(voted) else None
        if found.start is not None and found.end is not None:
            places = zip(found.start[voted].tolist(), found.end[voted].tolist(), strict=True)
            vote = [(rule.label, str(text)[start:end]) for start, end in places]
        rows.append((key, text, vote, likeness, ""))
    return pd.DataFrame(rows, columns=["key", on, "vote", "similarity", "error"])


def closest(task: Task, rule: Similar, ids: Ints | None = None, *, least: float = -1.0) -> Closest:
    """Compare records, or runs of their tokens, with the examples of a bound rule.

    Parameters
    ----------
    ids
        Which records; None: all. Those that are examples are left out.
    least
        What is less similar may be left out.
    """
    project = task.project
    assert rule.embedding is not None
    row = project.embeddings.row(rule.embedding)
    asked = [_present(project, row, one) for one in rule.examples]
    own = own_records(project, rule)
    if row.level == "token":
        from refinery_nb.project.vectors.similar_spans import closest_spans

        return closest_spans(task, row, asked, own, ids, least=least)
    given = _directions(project.similarities.vectors(row, asked).astype(np.float64))
    known = np.flatnonzero(given.any(axis=1))
    if not len(known):
        raise HeuristicError(f"no example of {rule.name!r} has a vector: their texts are blank.")
    vectors = project.embeddings.value(row.name)
    keep = ~np.isin(vectors.records, own) & vectors.values.any(axis=1)
    if ids is not None:
        keep &= np.isin(vectors.records, ids)
    rows = np.flatnonzero(keep)
    similarity, nearest = np.zeros(len(rows)), np.zeros(len(rows), np.int64)
    for first in range(0, len(rows), BLOCK):
        part = slice(first, first + BLOCK)
        products = _directions(vectors.values[rows[part]].astype(np.float64)) @ given[known].T
        nearest[part] = known[products.argmax(axis=1)]
        similarity[part] = products.max(axis=1)
    similarity = np.round(similarity, DIGITS)
    return Closest(vectors.records[rows], similarity, nearest)


def own_records(project: Project, rule: Similar) -> Ints:
    """Return the ids of the records that are examples, or hold one."""
    keys = [str(one["key"]) for one in rule.examples if "key" in one]
    with project.database.read() as connection:
        known = records.ids_of_keys(connection, keys)
    return np.array(sorted(known.values()), np.int64)


def _embedding(task: Task, rule: Similar) -> EmbeddingRow:
    level = "token" if task.schema.is_spans else "record"
    on = rule.on if rule.on is not None else task.schema.on
    try:
        return chosen(task.project, on, rule.embedding, levels=(level,))
    except QueryError as error:
        hint = error.hint
        if level == "token" and rule.embedding is None:
            hint = f"Make them: project.embed({on!r}, model=..., level='token')."
        what = "tokens are" if level == "token" else "records are"
        raise HeuristicError(
            f"{rule.name!r} cannot tell what {what} like: {error.message}", hint=hint
        ) from error


def _stamped(task: Task, row: EmbeddingRow, one: dict[str, Any]) -> dict[str, Any]:
    """Return an example with the text that it is or stands for."""
    project = task.project
    if "said" in one:
        key = tuple(one["said"]) if isinstance(one["said"], list) else one["said"]
        spanned = (key, one["start"], one["end"]) if "start" in one else key
        example = example_of(project, spanned)
    else:
        example = _present(project, row, one)
    if example.vector is not None and row.level == "token":
        raise QueryError("a vector is no example of a span.")
    if example.vector is not None:
        project.similarities.vectors(row, [example])  # of another length: said here
    if example.key is not None and not example.is_span and row.level == "token":
        raise QueryError(f"the record {example.key!r} is no span; give (key, start, end).")
    if example.text is not None:
        # A record that is gone, or a span whose text has changed, is known by its text still.
        return one if "text" in one else example.to_json()
    if example.vector is not None:
        return example.to_json()
    return example.to_json() | {"text": project.similarities.text_of(row, example)}


def _present(project: Project, row: EmbeddingRow, one: dict[str, Any]) -> Example:
    """Return what a looked-up example stands for now."""
    if "vector" in one:
        return Example(vector=tuple(one["vector"]))
    text = str(one["text"])
    if "key" not in one:
        return Example(text=text)
    example = Example(key=one["key"], start=one.get("start"), end=one.get("end"))
    try:
        now_text = project.similarities.text_of(row, example)
    except QueryError:
        return Example(text=text)
    return Example(text=text) if example.is_span and now_text != text else example


def _directions(values: Floats) -> Floats:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    directions: Floats = values / np.where(lengths > 0, lengths, 1)
    return directions
