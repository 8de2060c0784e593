"""Rules that use lookup lists: the content's hash in their version, the terms where they run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics import Heuristic, build
from refinery_nb.heuristics.lists import hashes, meant
from refinery_nb.project.rules import foreign
from refinery_nb.store import heuristics, lookups
from refinery_nb.store.db import Connection
from refinery_nb.store.heuristics import HeuristicRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

MOVED = "A lookup list changed while it ran: run it again."


def stamped(connection: Connection, heuristic: Heuristic) -> tuple[dict[str, Any], str]:
    """Return the spec and fingerprint of a heuristic with the present content of its lists.

    Raises
    ------
    HeuristicError
        If there is no such list.
    """
    spec = heuristic.spec()
    if not spec.get("lists"):
        return spec, heuristic.fingerprint
    spec = _with(connection, spec, lookups.content_hash)
    return spec, heuristic.from_spec(spec).fingerprint


def with_terms(
    project: Project, specs: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return specs with the terms of the lists that they use, as ``run_heuristics`` needs them.

    Raises
    ------
    HeuristicError
        If there is no such list, or the code of a spec is somebody else's and not trusted.
    """
    foreign.refuse(project, specs)
    with project.database.read() as connection:
        return {
            name: _with(connection, spec, lookups.active) if spec.get("lists") else dict(spec)
            for name, spec in specs.items()
        }


def moved(connection: Connection, row: HeuristicRow) -> bool:
    """Say whether a list of this heuristic has changed since the row was read."""
    if not row.spec.get("lists"):
        return False
    now = [(one.version, one.hash) for one in heuristics.heuristics(connection, row.task)]
    return (row.version, row.hash) not in now


def users(connection: Connection, name: str) -> list[str]:
    """Return the names of the heuristics that use a list."""
    known = lookups.lists(connection)
    return [
        row.name
        for row in lookups.users(connection)
        if name in (meant(used, known) for used in row.spec["lists"])
    ]


def restamp(connection: Connection, at: str) -> set[int]:
    """Make new versions of the heuristics whose lists have changed; return their tasks.

    A version that was never run is changed in place, so that many changes of a list between two
    runs leave one version.
    """
    changed = set()
    for row in lookups.users(connection):
        try:
            spec = _with(connection, row.spec, lookups.content_hash)
        except HeuristicError:
            continue  # its list is gone: a run of it says so
        if spec["lists"] == row.spec["lists"]:
            continue
        fingerprint = build(spec).fingerprint
        if row.state == "new":
            heuristics.set_spec(connection, row.version, spec, fingerprint)
        else:
            heuristics.save(connection, row.task, row.name, spec, fingerprint, at=at)
        changed.add(row.task)
    return changed


def grow(
    connection: Connection, records: Iterable[int] | None = None, *, only: int | None = None
) -> set[str]:
    """Take the texts of manual spans into the lists that grow from their labels.

    Parameters
    ----------
    records
        Ids of the records that were labelled; None: all.
    only
        Id of one list; None: all lists.

    Returns
    -------
    set of str
        The names of the lists that have new terms; to be given to ``catch_up`` after the commit.

    Notes
    -----
    A term stays when its label is taken back: somebody may rely on it. Blacklisted terms stay
    out.
    """
    grown = set()
    ids = None if records is None else list(records)
    for row in lookups.lists(connection).values():
        if row.grows_from is None or only not in (None, row.id):
            continue
        texts = [one_line(text) for text in lookups.surfaces(connection, row.grows_from, ids)]
        if lookups.add(connection, row.id, [text for text in dict.fromkeys(texts) if text]):
            grown.add(row.name)
    return grown


def one_line(text: str) -> str:
    r"""Return a text with each of its line breaks as a space.

    >>> one_line(" New \n York ")
    'New York'
    """
    return " ".join(part.strip() for part in text.splitlines()).strip()


def catch_up(project: Project, names: Collection[str]) -> None:
    """Make new versions of the rules that use lists which have grown, and tell."""
    if not names:
        return
    with project.database.write() as connection:
        tasks = restamp(connection, now())
    tell(project, names, tasks)


def now() -> str:
    """Return the time as ISO 8601 in UTC, with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def tell(project: Project, names: Iterable[str], tasks: Iterable[int]) -> None:
    """Say after a commit which lists have changed, and of which tasks rules must be run again."""
    for name in names:
        project.events.emit("lookups", name=name)
    for task in sorted(tasks):
        project.events.emit("votes", task=task)


def _with(
    connection: Connection, spec: Mapping[str, Any], content: Callable[[Connection, int], Any]
) -> dict[str, Any]:
    known = lookups.lists(connection)
    found = {}
    for name in hashes(spec["lists"]):
        chosen = meant(name, known)
        if chosen is None:
            raise HeuristicError(
                f"{spec.get('name')!r} uses the lookup list {name!r}, which does not exist.",
                hint=did_you_mean(name, known),
            )
        found[name] = content(connection, known[chosen].id)
    return {**spec, "lists": found}
