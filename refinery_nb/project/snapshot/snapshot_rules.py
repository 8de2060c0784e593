"""Heuristics and lookup lists of a snapshot: text and votes, nothing of it is run."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from refinery_nb.core.errors import RefineryError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.votes import Votes
from refinery_nb.heuristics import Heuristic
from refinery_nb.heuristics.dialect import DIALECT, Dialect
from refinery_nb.heuristics.foreign import Foreign
from refinery_nb.io.refinery import Names, Said, SnapshotHeuristic
from refinery_nb.project import labeling
from refinery_nb.project.rules import following, foreign
from refinery_nb.project.rules.imported import content_of
from refinery_nb.project.snapshot.snapshot_said import Places, as_votes
from refinery_nb.store import heuristics, lookups, records
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    from refinery_nb.project.snapshot.snapshot import SnapshotImporter

FUNCTION = "LABELING_FUNCTION"
# The name of a package with a spaCy model; what is called otherwise is not looked for.
MODEL = re.compile(r"[a-z]{2,3}_[a-z]+_[a-z]+_(?:sm|md|lg|trf)")
EARLIER = "Its source was changed in refinery after it had voted; the older one is in force."


@dataclass(slots=True)
class AddedHeuristics:
    """What became of the heuristics of a snapshot.

    Attributes
    ----------
    count, votes
        How many are new, and how many votes they brought.
    untrusted
        Names of the new ones that are code, by the name of their task.
    versions
        Ids of the versions in force, by the id of the task and the name there.
    ids
        Of the heuristics here, by their ids there; also of those that stood here already.
    """

    count: int = 0
    votes: int = 0
    untrusted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    versions: dict[str, dict[str, int]] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)


def add_lists(importer: SnapshotImporter) -> int:
    """Make the lookup lists; return how many got terms.

    A list of the project that has terms already stays as it is.
    """
    connection, told = importer.connection, importer.warnings
    names, done = Names(lookups.lists(connection)), 0
    for one in importer.snapshot.lists:
        name = names.fitting(one.name)
        importer.lists.append((one, name))
        row = lookups.lists(connection).get(name)
        id_ = lookups.make(connection, name) if row is None else row.id
        if row is None and one.description:
            lookups.comment_list(connection, id_, one.description)
        stands = lookups.terms(connection, id_)
        if stands:
            if [term for term, *_ in stands] != [term for term, *_ in one.terms]:
                told.append(f"the lookup list {name!r} stays as it is: the project has terms in it")
            continue
        lookups.add(connection, id_, [term for term, _, _ in one.terms])
        lookups.set_blacklisted(connection, id_, [term for term, out, _ in one.terms if out], True)
        lookups.set_comments(
            connection, id_, {term: comment for term, _, comment in one.terms if comment}
        )
        done += bool(row is None or one.terms)
    return done


def add_heuristics(importer: SnapshotImporter, places: Places) -> AddedHeuristics:
    """Store the heuristics with the votes that they cast, each under a version of its source."""
    connection, added = importer.connection, AddedHeuristics()
    by_task: dict[str, list[SnapshotHeuristic]] = defaultdict(list)
    for one in importer.snapshot.heuristics:
        by_task[one.task].append(one)
    for task in importer.snapshot.tasks:
        if task.id not in importer.tasks:
            continue
        schema = importer.tasks[task.id]
        stand = {row.name: row for row in heuristics.heuristics(connection, schema.id)}
        said: dict[str, list[Said]] = defaultdict(list)
        for vote in importer.snapshot.votes.get(task.id, ()):
            said[vote.by].append(vote)
        names, untrusted = Names(stand), []
        for one in by_task[task.id]:
            name = names.fitting(one.name)
            votes = as_votes(importer, places, task, said[one.id])
            voted = one.source if one.voted_with is None else one.voted_with
            rule = _rule(importer, one, name, votes, voted)
            if name in stand:
                added.ids[one.id] = stand[name].id
                if stand[name].hash != following.stamped(connection, rule)[1]:
                    importer.warnings.append(
                        f"{name!r} stays as it is: {schema.name!r} has a heuristic of this name"
                    )
                continue
            added.ids[one.id] = _store(importer, schema, one, rule, votes)
            added.count += 1
            added.votes += len(votes)
            if isinstance(rule, Dialect):
                untrusted.append(name)
        if untrusted:
            added.untrusted[schema.name] = tuple(untrusted)
        added.versions[task.id] = {
            row.name: row.version for row in heuristics.heuristics(connection, schema.id)
        }
    return added


def _rule(
    importer: SnapshotImporter, one: SnapshotHeuristic, name: str, votes: Votes, source: str
) -> Dialect | Foreign:
    """Return what an information source with this source is here."""
    if one.type == FUNCTION:
        made = _dialect(importer, source, name)
        if isinstance(made, Dialect):
            return made
        importer.warnings.append(f"{name!r} cannot run here and stands with its votes: {made}")
    return Foreign(
        name,
        system=DIALECT,
        type=one.type,
        source=source,
        description=one.description,
        content=content_of(votes),
        trained_on=[importer.ids[record] for record in one.trained_on if record in importer.ids],
    )


def _dialect(importer: SnapshotImporter, source: str, name: str) -> Dialect | str:
    """Return a function in refinery's dialect, or why it is none. Its code is only parsed."""
    texts = [importer.names[one.name] for one in importer.snapshot.attributes if one.type == "TEXT"]
    tokenizer = importer.snapshot.tokenizer
    model = tokenizer if MODEL.fullmatch(tokenizer) else ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as for "\d" in a plain string
            made = Dialect(source, name, texts=texts, model=model)
        following.stamped(importer.connection, made)
    except RefineryError as error:
        return error.message
    except (RecursionError, MemoryError):
        return "its source is nested too deeply."
    return made


def _store(
    importer: SnapshotImporter,
    task: TaskSchema,
    one: SnapshotHeuristic,
    rule: Dialect | Foreign,
    votes: Votes,
) -> int:
    connection, message = importer.connection, ""
    if one.voted_with not in (None, one.source):
        # The votes that stand are those of the older source: it is in force, the other before it.
        none = Votes.empty(spans=task.is_spans)
        _save(connection, task, _rule(importer, one, rule.name, none, one.source))
        message = EARLIER
    id_, version = _save(connection, task, rule)
    if isinstance(rule, Foreign) or one.voted_with is not None or len(votes):
        heuristics.save_votes(
            connection,
            version,
            votes,
            state="finished",
            message=message,
            seen=records.version(connection),
        )
    heuristics.enable(connection, id_, one.is_selected)
    return id_


def _save(connection: Connection, task: TaskSchema, rule: Heuristic) -> tuple[int, int]:
    """Store a version; return the ids of the heuristic and of the version."""
    spec, fingerprint = following.stamped(connection, rule)
    heuristics.save(connection, task.id, rule.name, spec, fingerprint, at=labeling.now())
    foreign.mark(connection, [spec])
    rows = heuristics.heuristics(connection, task.id)
    row = next(one for one in rows if one.name == rule.name)
    return row.id, row.version
