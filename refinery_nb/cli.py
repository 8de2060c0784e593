"""The command ``refinery-nb``."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from refinery_nb import __version__, samples
from refinery_nb.core.errors import RefineryError

NOTEBOOK = "01_first_labels.ipynb"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="refinery-nb", description="Label text data inside Jupyter."
    )
    parser.add_argument("--version", action="version", version=f"refinery-nb {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="open a sample project in JupyterLab")
    demo.add_argument("folder", nargs="?", type=Path, default=Path("refinery-demo"))
    demo.add_argument("--no-browser", action="store_true", help="print the address only")
    demo.add_argument("--no-start", action="store_true", help="only write the files")
    given = parser.parse_args(arguments)
    try:
        notebook = write_demo(given.folder)
    except (RefineryError, OSError) as error:
        print(f"refinery-nb: {error}", file=sys.stderr)
        return 1
    print(f"The sample project is in {given.folder}.")
    if given.no_start:
        return 0
    command = [sys.executable, "-m", "jupyterlab", str(notebook)]
    return subprocess.call([*command, *(["--no-browser"] if given.no_browser else [])])


def write_demo(folder: Path) -> Path:
    """Write the sample notebook into a folder and return its path; what is there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / NOTEBOOK
    if not target.exists():
        shutil.copyfile(samples.path(NOTEBOOK), target)
    return target


if __name__ == "__main__":
    sys.exit(main())
