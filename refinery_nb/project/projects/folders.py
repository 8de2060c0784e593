"""The folders of projects: which there are, and copying, renaming and deleting one."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from refinery_nb.core.errors import SchemaError, StoreError
from refinery_nb.project.projects.restoring import restore
from refinery_nb.project.projects.saving import SUFFIX, save
from refinery_nb.store import listing
from refinery_nb.store.identity import FILES, FOLDERS

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project


def projects(folder: str | os.PathLike[str] = ".") -> pd.DataFrame:
    """Return the projects in a folder and below it, those opened last first.

    Nothing of them is opened, locked or changed. Links are not followed.

    Returns
    -------
    DataFrame
        ``name, records, labelled`` (for each task, of how many records), ``opened, path,
        problem``: why it cannot be opened, empty if it can.

    Raises
    ------
    StoreError
        If there is no such folder.
    """
    import pandas as pd

    root = Path(folder).expanduser()
    if not root.is_dir():
        raise StoreError(f"{str(root)!r} is no folder.")
    rows = []
    for path in listing.found(root):
        try:
            said, problem = listing.summary(path), ""
            records: int | None = said.records
            told = ", ".join(f"{name} {count:,}" for name, count in said.labelled.items())
        except StoreError as error:
            records, told, problem = None, "", str(error)
        at = pd.Timestamp(listing.opened(path))
        rows.append((path.absolute().name, records, told, at, str(path), problem))
    names = ["name", "records", "labelled", "opened", "path", "problem"]
    found = pd.DataFrame(rows, columns=names).astype({"records": "Int64"})
    return found.sort_values("opened", ascending=False, ignore_index=True)


def copy(project: Project, folder: str | os.PathLike[str]) -> Project:
    """Copy a project into a folder that does not exist yet, and open the copy.

    It has everything but backups, and is another project: what is done in one is not seen in the
    other. A project in memory gets a place on disk so.

    Raises
    ------
    StoreError
        If the folder exists.
    """
    near = next(one for one in Path(folder).expanduser().absolute().parents if one.is_dir())
    with tempfile.TemporaryDirectory(prefix=".copy.", dir=near) as made:
        archive = save(project, Path(made) / f"copy{SUFFIX}")
        return restore(archive, folder, by=project.actor)


def rename(project: Project, name: str) -> Project:
    """Give a project's folder another name; close it, and return it opened under that name.

    Other kernels that have it open are told at their next write.

    Raises
    ------
    SchemaError
        If the name is none for a folder, or the project is in memory.
    StoreError
        If there is something of this name.
    """
    root = _root(project)
    if not name.strip() or name in (".", "..") or any(one in name for one in "/\\\0"):
        raise SchemaError(f"{name!r} is no name for a project: it is the name of its folder.")
    target = root.with_name(name)
    if target.exists():
        raise StoreError(f"{str(target)!r} exists already.", hint="Choose another name.")
    project.close()
    root.rename(target)
    return type(project)(target, by=project.actor)


def delete(project: Project, *, confirm: str) -> None:
    """Delete a project with its backups; its folder too, if nothing else is in it.

    Parameters
    ----------
    confirm
        The project's name, so that no cell that is run again deletes another one.

    Raises
    ------
    SchemaError
        If that is not its name; then nothing is deleted.
    """
    root = _root(project)
    if confirm != project.name:
        raise SchemaError(
            f"the project is called {project.name!r}, not {confirm!r}: nothing was deleted.",
            hint=f"project.delete(confirm={project.name!r}) deletes {len(project):,} records with "
            "all labels and backups.",
        )
    project.close()
    # The database first, in one step: what is left of a project without it is no project.
    for name in FILES:
        (root / name).unlink(missing_ok=True)
    for name in FOLDERS:
        shutil.rmtree(root / name, ignore_errors=True)
    if not any(root.iterdir()):
        root.rmdir()


def _root(project: Project) -> Path:
    if project.root is None:
        raise SchemaError("a project in memory has no folder.", hint="Copy it: project.copy(...).")
    return project.root
