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


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    demo = commands.add_parser("demo", help="open a sample project in JupyterLab")
    demo.add_argument("folder", nargs="?", type=Path, default=Path("refinery-demo"))
    demo.add_argument("--no-browser", action="store_true", help="print the address only")
    demo.add_argument("--no-start", action="store_true", help="only write the files")
    demo.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the sample notebook and start JupyterLab on it."""
    notebook = write_demo(given.folder)
    print(f"The sample project is in {given.folder}.")
    if given.no_start:
        return 0
    command = [sys.executable, "-m", "jupyterlab", str(notebook)]
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
