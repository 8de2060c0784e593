"""The projects below a folder, as JSON says them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import StoreError
from refinery_nb.store import listing

SECONDS = 3.0  # for all of it: somebody waits
EACH = 1.0  # for a project


def listed(root: Path) -> dict[str, Any]:
    """Return the projects below a folder, those opened last first; none is opened.

    Returns
    -------
    dict
        ``projects``: of each ``path`` (from the folder, with slashes), ``name``, ``records`` (None
        if it cannot be read), ``tasks`` with ``name`` and ``labelled``, ``opened`` (ISO, UTC),
        ``bytes`` of its files, and ``problem``: why it cannot be opened, empty if it can.
        ``complete``: whether all folders were looked through in time.
    """
    until = time.monotonic() + SECONDS
    found = []
    for folder in listing.found(root, until=until):
        try:
            found.append(_project(root, folder))
        except OSError:  # moved or deleted since
            continue
    found.sort(key=lambda one: str(one["opened"]), reverse=True)
    return {"projects": found, "complete": time.monotonic() <= until}


def _project(root: Path, folder: Path) -> dict[str, Any]:
    records: int | None = None
    tasks: list[dict[str, Any]] = []
    problem = ""
    try:
        said = listing.summary(folder, seconds=EACH)
    except StoreError as error:
        problem = str(error)
    else:
        records = said.records
        tasks = [{"name": name, "labelled": count} for name, count in said.labelled.items()]
    path = folder.relative_to(root).as_posix()
    return {
        "path": "" if path == "." else path,
        "name": folder.absolute().name,
        "records": records,
        "tasks": tasks,
        "opened": listing.opened(folder).isoformat(),
        "bytes": listing.size(folder),
        "problem": problem,
    }
