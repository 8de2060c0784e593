"""``refinery-nb demo``: the sample project in JupyterLab."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from refinery_nb import samples

NOTEBOOK = "01_first_labels.ipynb"
PROJECT = "sample-project"


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    demo = commands.add_parser("demo", help="open a sample project in JupyterLab")
    demo.add_argument("folder", nargs="?", type=Path, default=Path("refinery-demo"))
    demo.add_argument("--no-browser", action="store_true", help="print the address only")
    demo.add_argument("--no-start", action="store_true", help="only write the files")
    demo.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the sample project and the guides, and start JupyterLab in the application."""
    write_demo(given.folder)
    database = write_project(given.folder)
    print(f"The sample project is in {given.folder}, beside notebooks that explain it.")
    if given.no_start:
        return 0
    # Its file type leads to the application; the folder around it has the notebooks.
    command = [sys.executable, "-m", "jupyterlab", str(database.absolute())]
    command.append(f"--ServerApp.root_dir={given.folder.absolute()}")
    return subprocess.call([*command, *(["--no-browser"] if given.no_browser else [])])


def write_demo(folder: Path) -> Path:
    """Write the guides into a folder and return the path of the first; what is there stays."""
    source = samples.path(NOTEBOOK).parent
    for path in [*source.glob("*.ipynb"), *source.glob("images/*.png")]:
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(path, target)
    return folder / NOTEBOOK


def write_project(folder: Path) -> Path:
    """Make the sample project in a folder and return the path of its database; or what is there."""
    import refinery_nb as rn
    from refinery_nb.store.identity import DATABASE
    from refinery_nb.widgets.application.script import sample

    root = folder / PROJECT
    with rn.open(root) as project:
        if not len(project):
            sample(project)
            project.task("topic").run(progress=False)
            project.embed("text", progress=False)
    return root / DATABASE
