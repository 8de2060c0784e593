"""Code that came with a project of somebody else: text until its reader lets it run.

The project knows the hashes of such sources. Which of them a user trusts stands outside of it, in
the user's own data folder, bound to the project and to the content: whoever sends a project cannot
say that it is to be trusted, and code that changes is asked for again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import HeuristicError, StoreError, did_you_mean
from refinery_nb.heuristics.kind import digest
from refinery_nb.store import dump, heuristics
from refinery_nb.store.db import Connection
from refinery_nb.store.schema import set_setting, setting

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

FOREIGN, TRUSTED = "foreign", "trusted"
FILE = "trusted.json"


def code_hash(spec: Mapping[str, Any]) -> str | None:
    """Return the hash of the code that a spec would run; None if it runs none.

    Of the source alone: under another name, or without its dialect, it is the same code.

    >>> code_hash({"kind": "regex", "pattern": "a"}) is None
    True
    """
    kind = spec.get("kind")
    runs = kind in ("function", "calculated") or (kind == "active" and "source" in spec)
    return digest({"source": spec.get("source")}) if runs else None


def mark(connection: Connection, specs: Iterable[Mapping[str, Any]]) -> None:
    """Note that the code of these specs was written by somebody else."""
    known = _foreign(connection)
    found = known | {one for spec in specs if (one := code_hash(spec)) is not None}
    if found != known:
        set_setting(connection, FOREIGN, json.dumps(sorted(found)))


def inherit(connection: Connection, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Note that code which was made from somebody else's code is somebody else's too."""
    if code_hash(old) in _foreign(connection):
        mark(connection, [new])


def untrusted(project: Project, specs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of those specs whose code is somebody else's and not trusted."""
    with project.database.read() as connection:
        foreign = _foreign(connection)
    found = {name: code_hash(spec) for name, spec in specs.items()} if foreign else {}
    asked = {name: code for name, code in found.items() if code in foreign}
    if not asked:
        return []
    trusted = _trusted(project)
    return [name for name, code in asked.items() if code not in trusted]


def refuse(project: Project, specs: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise if any of these specs would run code that nobody here has read.

    Raises
    ------
    HeuristicError
        Naming them.
    """
    names = untrusted(project, specs)
    if names:
        raise HeuristicError(message(names), hint=HINT)


HINT = (
    "Read them in task.trust(), then let them run: task.trust('name', ...). For calculated "
    "attributes it is project.fields.trust."
)


def message(names: Iterable[str]) -> str:
    """Say that heuristics do not run."""
    return f"{', '.join(names)}: written by somebody else, and not trusted yet."


def trust(task: Task, names: Iterable[str]) -> pd.DataFrame:
    """Let heuristics run whose code came with somebody else's project.

    Parameters
    ----------
    names
        Of heuristics; none: nothing is trusted.

    Returns
    -------
    DataFrame
        ``heuristic, hash, source`` of those that are not trusted: read them.

    Raises
    ------
    HeuristicError
        If there is no such heuristic.
    """
    with task.project.database.read() as connection:
        specs = {row.name: row.spec for row in heuristics.heuristics(connection, task.id)}
    return trust_specs(
        task.project, specs, names, what="heuristic", of=f"task {task.name!r} has no heuristic"
    )


def trust_specs(
    project: Project,
    specs: Mapping[str, Mapping[str, Any]],
    names: Iterable[str],
    *,
    what: str,
    of: str,
) -> pd.DataFrame:
    """Let the code of some specs run, by name; return those that still wait, see ``trust``."""
    import pandas as pd

    with project.database.read() as connection:
        foreign = _foreign(connection)
    chosen = list(names)
    for name in chosen:
        if name not in specs:
            raise HeuristicError(f"{of} {name!r}.", hint=did_you_mean(name, specs))
    _add(project, {code_hash(specs[name]) for name in chosen} & foreign)
    waiting = {name: specs[name] for name in untrusted(project, specs)}
    return pd.DataFrame(
        [(name, code_hash(spec), spec["source"]) for name, spec in waiting.items()],
        columns=[what, "hash", "source"],
    )


def vouch(project: Project) -> None:
    """Note for this user that the code which runs in this project was his before it travelled.

    Where it is restored from an archive it is somebody else's again, and this user alone need not
    read it twice.
    """
    with project.database.read() as connection:
        specs = dump.code(connection)
        foreign = _foreign(connection)
    found = {code for spec in specs if (code := code_hash(spec)) is not None}
    _remember(project.id, (found - foreign) | (found & _trusted(project)))


def carry(project: Project, old: str) -> None:
    """Let run what this user has trusted in the project that this one was made from."""
    _remember(project.id, _read(_file()).get(old, []))


def _foreign(connection: Connection) -> set[str]:
    return set(json.loads(setting(connection, FOREIGN) or "[]"))


def _trusted(project: Project) -> set[str]:
    """Return the hashes that this user trusts in this project."""
    if project.root is None:
        # Nobody else can have written into a database in memory.
        with project.database.read() as connection:
            return set(json.loads(setting(connection, TRUSTED) or "[]"))
    return set(_read(_file()).get(project.id, []))


def _add(project: Project, hashes: Iterable[str | None]) -> None:
    found = _trusted(project) | {one for one in hashes if one is not None}
    if project.root is None:
        with project.database.write() as connection:
            set_setting(connection, TRUSTED, json.dumps(sorted(found)))
        return
    _remember(project.id, found)


def _remember(id_: str, hashes: Iterable[str]) -> None:
    """Add to what this user trusts in a project."""
    from filelock import FileLock

    wanted = set(hashes)
    if not wanted:
        return
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(path.with_suffix(".lock")):
        known = _read(path)
        known[id_] = sorted(wanted | set(known.get(id_, [])))
        _write(path, known)


def _file() -> Path:
    import platformdirs

    return platformdirs.user_data_path("refinery_nb") / FILE


def _read(path: Path) -> dict[str, list[str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        found = json.loads(text)
        return {str(project): [str(one) for one in hashes] for project, hashes in found.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise StoreError(
            f"the list of trusted code is damaged: {error}.",
            source=str(path),
            hint="Delete it, and trust again what you have read.",
        ) from error


def _write(path: Path, known: Mapping[str, list[str]]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
