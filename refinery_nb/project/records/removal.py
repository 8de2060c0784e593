"""Deleting records, counted first, and bringing them back as they were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import InputError, SchemaError
from refinery_nb.project.projects import backups
from refinery_nb.project.records.keys import key_text, key_value
from refinery_nb.project.rules import following
from refinery_nb.project.view import View
from refinery_nb.store import record_history, records, relabel, schema, stale
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

SHOWN = 10


class Deletion:
    """What deleting records would take away; ``apply()`` does it, ``undo()`` brings them back.

    Made by ``project.delete_records``.

    Attributes
    ----------
    records
        How many records.
    labels
        How many manual labels they carry, by task.
    """

    def __init__(self, project: Project, chosen: View | Any) -> None:
        self._project = project
        with project.database.read() as connection:
            if isinstance(chosen, View):
                self._ids = chosen.ids().tolist()
            else:
                keys = chosen if isinstance(chosen, list) else [chosen]
                self._ids = _ids(connection, project, keys)
            found = record_history.labels_of(connection, self._ids)
        self.records = len(self._ids)
        self.labels = {task.name: found[task.id] for task in project.schemas if task.id in found}

    def apply(self, *, by: str | None = None) -> None:
        """Delete the records with their labels; votes on them no longer count."""
        project = self._project
        backups.before(project, "deletion", self._ids)
        with project.database.write() as connection:
            operation = record_history.begin(connection, by or project.actor, at=following.now())
            record_history.delete(connection, self._ids, operation)
            # Whatever was derived from records sees that they have changed.
            records.next_version(connection)
            relabel.next_epoch(connection)
        _tell(project)

    def undo(self, *, by: str | None = None) -> int:
        """Bring the records back; see ``project.restore_records``."""
        return _restore(self._project, self._ids, by=by)

    def __repr__(self) -> str:
        labels = ", ".join(f"{name} {count:,}" for name, count in self.labels.items()) or "none"
        return (
            f"delete {self.records:,} records; nothing is changed before .apply(), and .undo() "
            f"brings them back\n  manual labels: {labels}"
        )


def restore(project: Project, keys: Iterable[Any] | None, *, by: str | None = None) -> int:
    """Bring deleted records back, with their labels; rules and embeddings take them in again.

    Parameters
    ----------
    keys
        Which, each as it was deleted last; None: all.

    Returns
    -------
    int
        How many came back.

    Raises
    ------
    SchemaError
        If no such record was deleted, or another has its key by now; then none comes back.
    """
    with project.database.read() as connection:
        gone = record_history.deleted(connection)
    by_key = {key: id_ for id_, key, _, _ in gone}
    wanted = list(by_key) if keys is None else [key_text(project, key) for key in keys]
    for key in wanted:
        if key not in by_key:
            raise SchemaError(f"no record with the key {key!r} was deleted.")
    return _restore(project, [by_key[key] for key in wanted], by=by)


def deleted(project: Project) -> pd.DataFrame:
    """Return the deleted records: ``key``, ``at``, ``by``."""
    import pandas as pd

    with project.database.read() as connection:
        attributes = schema.attributes(connection)
        rows = record_history.deleted(connection)
    found = [(key_value(attributes, key), at, by) for _, key, at, by in rows]
    return pd.DataFrame(found, columns=["key", "at", "by"])


def _restore(project: Project, ids: list[int], *, by: str | None) -> int:
    with project.database.write() as connection:
        attributes = schema.attributes(connection)
        gone = {id_: key for id_, key, _, _ in record_history.deleted(connection)}
        back = [id_ for id_ in ids if id_ in gone]
        keys = [gone[id_] for id_ in back]
        taken = list(records.ids_of_keys(connection, keys))
        twice = {key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else ()
        if taken or twice:
            shown = ", ".join(repr(key) for key in [*taken, *twice][:SHOWN])
            raise SchemaError(
                f"{len(taken) + len(twice):,} keys are those of other records: {shown}.",
                hint="Delete those first, or restore others by their keys.",
            )
        at = following.now()
        operation = record_history.begin(connection, by or project.actor, at=at)
        version = records.next_version(connection)
        record_history.restore(connection, back, operation, version=version)
        tasks = schema.tasks(connection)
        for task in tasks:
            relabel.catch_up(connection, task.id, back, at=at)
        stale.mark_stale(connection, tasks, attributes, records=back)
        relabel.next_epoch(connection)
    _tell(project)
    return len(back)


def _ids(connection: Connection, project: Project, keys: list[Any]) -> list[int]:
    texts = [key_text(project, key) for key in keys]
    known = records.ids_of_keys(connection, texts)
    missing = [text for text in texts if text not in known]
    if missing:
        shown = ", ".join(map(repr, missing[:SHOWN]))
        raise InputError(f"{len(missing):,} keys are those of no record: {shown}.")
    return list(dict.fromkeys(known[text] for text in texts))


def _tell(project: Project) -> None:
    project.events.emit("records")
    for task in project.schemas:
        project.events.emit("votes", task=task.id)
