"""The command ``refinery-nb``: one module a noun, each adds its verbs and runs them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from refinery_nb import __version__
from refinery_nb.cli import demo, projects, records
from refinery_nb.core.errors import RefineryError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="refinery-nb", description="Label text data inside Jupyter."
    )
    parser.add_argument("--version", action="version", version=f"refinery-nb {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for noun in (demo, records, projects):
        noun.add_to(commands)
    given = parser.parse_args(arguments)
    try:
        status: int = given.run(given)
    except (RefineryError, OSError) as error:
        print(f"refinery-nb: {error}", file=sys.stderr)
        return 1
    return status
