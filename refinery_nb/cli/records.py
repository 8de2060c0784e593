"""``refinery-nb import | export | convert``: records and labels from and to files.

``push`` and ``pull`` are the same as import and export, under the names that refinery's own command
has for them; here they reach a project folder, not a server.
"""

from __future__ import annotations

import argparse
import getpass
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import InputError, RefineryError, StoreError
from refinery_nb.io.formats import FOREIGN
from refinery_nb.io.read import FORMATS

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.records.add_report import AddReport
    from refinery_nb.project.records.export import Exported

READABLE = [name for name, (_, source) in FOREIGN.items() if source is not None]
READ = f"{', '.join([*FORMATS, *READABLE])}; by default suffix and content say it"
WRITTEN = f"{', '.join([*FORMATS, *FOREIGN, 'refinery'])}; by default the suffix says it"


def add_to(commands: Any) -> None:
    """Add the commands to the parser."""
    taking = commands.add_parser(
        "import", aliases=["push"], help="add files to a project, which is made if it is missing"
    )
    taking.add_argument("project", type=Path, help="the folder of the project")
    taking.add_argument("sources", nargs="+", metavar="file")
    taking.add_argument("--format", help=READ)
    taking.add_argument("--by", help="whose the labels are that say no author")
    _add_reading(taking)
    taking.set_defaults(run=take)

    giving = commands.add_parser(
        "export", aliases=["pull"], help="write the records of a project to a file"
    )
    giving.add_argument("project", type=Path, help="the folder of the project")
    giving.add_argument("target", type=Path, metavar="file")
    giving.add_argument("--format", help=WRITTEN)
    _add_writing(giving)
    giving.set_defaults(run=give)

    converting = commands.add_parser(
        "convert", help="turn a file of one format into one of another; no project is made"
    )
    converting.add_argument("source")
    converting.add_argument("target", type=Path)
    converting.add_argument("--from", dest="format", help=READ)
    converting.add_argument("--to", help=WRITTEN)
    _add_reading(converting)
    _add_writing(converting)
    converting.set_defaults(run=convert)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", help="the attribute, or attributes with commas, of the key")
    parser.add_argument("--encoding", help="of text files; by default UTF-8")
    parser.add_argument("--on-error", choices=["raise", "quarantine"], default="raise")
    parser.add_argument("--rejected", type=Path, help="write the rows that were kept back here")
    parser.add_argument("--on-conflict", choices=["update", "skip", "error"], default="update")
    parser.add_argument("--create-labels", action="store_true", help="add labels tasks lack")
    parser.add_argument("--offsets", choices=["auto", "codepoint", "utf16"])
    parser.add_argument("--password", action="store_true", help="ask for that of a snapshot")
    parser.add_argument(
        "-i",
        "--in",
        dest="reading",
        action="append",
        default=[],
        metavar="name=value",
        help="an option of the format that is read, such as task=topic",
    )


def _add_writing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sources", help="of manual,weak,heuristics; by default as the format can")
    parser.add_argument("--task", dest="tasks", action="append", help="write only this task")
    parser.add_argument("--left-out", type=Path, help="write what the format cannot hold here")
    parser.add_argument(
        "-o",
        "--out",
        dest="writing",
        action="append",
        default=[],
        metavar="name=value",
        help="an option of the format that is written, such as scheme=BILOU",
    )


def take(given: argparse.Namespace) -> int:
    """Add files to a project."""
    from refinery_nb.project.project import open as open_project

    fresh = not given.project.exists()
    try:
        with open_project(given.project, by=given.by) as project:
            for source in given.sources:
                _add(project, source, given)
                fresh = False
    except RefineryError:
        if fresh:
            # No empty project is left behind where there was no folder before.
            shutil.rmtree(given.project, ignore_errors=True)
        raise
    return 0


def give(given: argparse.Namespace) -> int:
    """Write the records of a project to a file."""
    from refinery_nb.project.project import open as open_project

    if not (given.project / "project.db").is_file():
        raise StoreError("there is no project in this folder.", source=str(given.project))
    with open_project(given.project) as project:
        _export(project, given, given.format)
    return 0


def convert(given: argparse.Namespace) -> int:
    """Turn a file of one format into one of another, by a project in memory."""
    from refinery_nb.project.project import open as open_project

    with open_project() as project:
        _add(project, given.source, given)
        _export(project, given, given.to)
    return 0


def _add(project: Project, source: str, given: argparse.Namespace) -> AddReport:
    asked = _options(given.reading)
    for name in ("format", "encoding", "offsets"):
        if getattr(given, name) is not None:
            asked[name] = getattr(given, name)
    if given.password:
        asked["password"] = getpass.getpass(f"Password of {source}: ")
    key = None if given.key is None else given.key.split(",")
    if project.attributes and key == [one.name for one in project.attributes if one.is_key]:
        key = None
    report = project.add(
        source,
        key=key,
        on_error=given.on_error,
        on_conflict=given.on_conflict,
        create_labels=given.create_labels,
        **asked,
    )
    print(report)
    if given.rejected is not None:
        report.rejected.to_csv(given.rejected, index=False)
    return report


def _export(project: Project, given: argparse.Namespace, format: str | None) -> Exported:
    written = project.export(
        given.target,
        sources=None if given.sources is None else given.sources.split(","),
        format=format,
        tasks=given.tasks,
        **_options(given.writing),
    )
    print(written.told())
    lost = written.left_out
    if lost is not None and len(lost):
        for why, count in lost["why"].value_counts().items():
            print(f"  {count:,} left out: {why}", file=sys.stderr)
        if given.left_out is not None:
            lost.to_csv(given.left_out, index=False)
    return written


def _options(pairs: Sequence[str]) -> dict[str, Any]:
    """Return options by name; a value that is JSON (a number, true) is taken as such."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise InputError(f"the option {pair!r} is not written name=value.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
