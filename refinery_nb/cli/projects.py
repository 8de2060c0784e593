"""``refinery-nb list | doctor | save | restore``: what is done with whole projects."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import StoreError
from refinery_nb.store.db import DATABASE


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    listing = commands.add_parser("list", help="list the projects in a folder and below it")
    listing.add_argument("folder", nargs="?", type=Path, default=Path())
    listing.set_defaults(run=listed)

    looking = commands.add_parser("doctor", help="examine a project; fails if something is wrong")
    looking.add_argument("project", type=Path, help="the folder of the project")
    looking.add_argument("--repair", action="store_true", help="mend what is safe to mend")
    looking.set_defaults(run=examined)

    saving = commands.add_parser("save", help="write a whole project to one file")
    saving.add_argument("project", type=Path, help="the folder of the project")
    saving.add_argument("target", type=Path, metavar="file", help="such as news.rnb.zip")
    saving.set_defaults(run=saved)

    restoring = commands.add_parser("restore", help="make a project from such a file, or a backup")
    restoring.add_argument("source", type=Path, metavar="file")
    restoring.add_argument("folder", nargs="?", type=Path, help="by default beside the file")
    restoring.set_defaults(run=restored)


def listed(given: argparse.Namespace) -> int:
    """Print the projects below a folder."""
    from refinery_nb.project.projects.folders import projects

    found = projects(given.folder)
    print(found.fillna("").to_string(index=False) if len(found) else "There is no project here.")
    return 0


def examined(given: argparse.Namespace) -> int:
    """Print what is wrong with a project; 1 if anything is."""
    with _opened(given.project) as project:
        report = project.doctor(repair=given.repair)
    print(report)
    return 0 if report.ok else 1


def saved(given: argparse.Namespace) -> int:
    """Write a project to a file."""
    with _opened(given.project) as project:
        print(f"The project is saved as {project.save(given.target)}.")
    return 0


def restored(given: argparse.Namespace) -> int:
    """Make a project from a file."""
    from refinery_nb.project.projects.restoring import restore

    with restore(given.source, given.folder) as project:
        print(project)
        print(f"It is in {project.root}.")
    return 0


def _opened(folder: Path) -> Any:
    """Open a project that exists: a mistyped name makes none."""
    from refinery_nb.project.project import open as open_project

    if not (folder.expanduser() / DATABASE).exists():
        raise StoreError(f"there is no project in {str(folder)!r}.")
    return open_project(folder)
