"""Backups of a project: by hand, daily, and before much is changed at once; going back to one."""

from __future__ import annotations

import os
from collections.abc import Sized
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from refinery_nb.core.errors import SchemaError
from refinery_nb.store import backup as stored

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

MANY = 1_000  # records or labels from which on a change is one of many


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a project's database, in its folder ``backups``.

    Attributes
    ----------
    path
        Where it is.
    at
        When it was made.
    why
        ``by hand``, ``daily``, ``before a migration`` or before what change.
    bytes
        How large it is.
    """

    path: Path
    at: datetime
    why: str
    bytes: int

    def restore(
        self, folder: str | os.PathLike[str] | None = None, *, by: str | None = None
    ) -> Project:
        """Make a project of it in another folder, and open it; see ``rn.restore``.

        The project itself stays as it is: what is missing in either can be had from the other.
        """
        from refinery_nb.project.projects.restoring import restore

        return restore(self.path, folder, by=by)


def back_up(project: Project, path: str | os.PathLike[str] | None = None) -> Path:
    """Copy the database to a file, consistently, also while it is in use.

    By default into the project's folder ``backups``; ``rn.restore`` makes a project of it.
    Copying ``project.db`` by other means loses what still stands in the log beside it.

    Raises
    ------
    SchemaError
        If the project is in memory and no path is given.
    """
    if path is None:
        if project.root is None:
            raise SchemaError("a project in memory needs a path to back up to.")
        path = project.root / stored.FOLDER / f"{datetime.now(UTC):{stored.TIME}}.db"
    with project.database.read() as connection:
        return stored.back_up(connection, Path(path))


def backups(project: Project) -> list[Backup]:
    """Return the backups in the project's folder, the newest first.

    ``project.backups()[0].restore("older")`` goes back to the newest one, beside the project.
    """
    found = [] if project.root is None else list((project.root / stored.FOLDER).glob("*.db"))
    told = [(path, path.stat()) for path in found]
    return [
        Backup(path, datetime.fromtimestamp(stat.st_mtime, UTC), stored.why(path), stat.st_size)
        for path, stat in sorted(told, key=lambda one: one[1].st_mtime, reverse=True)
    ]


def before(project: Project, what: str, changed: int | Sized) -> None:
    """Make a backup if a change is one of many, before it is made.

    Parameters
    ----------
    what
        The change, in a word that a file may be called by.
    changed
        How many records or labels it changes, or these.
    """
    count = changed if isinstance(changed, int) else len(changed)
    if project.root is not None and count > MANY:
        with project.database.read() as connection:
            stored.backup_before(connection, project.root, what, now=datetime.now(UTC))
