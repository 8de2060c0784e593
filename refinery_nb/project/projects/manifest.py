"""The manifest of an archive: what is in it, how large, and its checksums. Only JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from refinery_nb.core.errors import InputError, StoreTooNew
from refinery_nb.core.version import __version__
from refinery_nb.io.refinery.archive import OURS
from refinery_nb.store.migrations import SCHEMA_VERSION

NAME = "manifest.json"
FORMAT, VERSION = OURS, 1
MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive.

    ``table`` and ``columns`` say what the lines of a JSONL file are; ``embedding`` and
    ``generation`` whose vectors a safetensors file holds.
    """

    name: str
    size: int
    sha256: str
    rows: int
    table: str | None = None
    columns: tuple[str, ...] = ()
    embedding: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself.

    ``schema`` is the version of the tables; ``id`` the project it was made from.
    """

    project: str
    id: str
    at: str
    records: int
    schema: int
    made_by: str
    members: tuple[Member, ...]

    def to_json(self) -> str:
        """Return its text."""
        found = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps(found, ensure_ascii=False, indent=1)


def made(project: str, id_: str, at: str, records: int, members: list[Member]) -> Manifest:
    """Return the manifest of an archive that is written by this version."""
    return Manifest(project, id_, at, records, SCHEMA_VERSION, __version__, tuple(members))


def read(text: bytes, source: str) -> Manifest:
    """Return what a manifest says.

    Raises
    ------
    InputError
        If it is damaged, or holds anything that a manifest does not.
    StoreTooNew
        If a newer version wrote the archive.
    """
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _bad(f"it is no JSON ({error})", source) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _bad("it is not one of an archive of refinery_nb", source)
    version, tables = found.pop("version", None), found.get("schema")
    if type(version) is not int or type(tables) is not int:
        raise _bad("it names no version", source)
    if version > VERSION or tables > SCHEMA_VERSION:
        raise StoreTooNew(
            f"the archive has the version {version}.{tables}; this refinery_nb reads up to "
            f"{VERSION}.{SCHEMA_VERSION}.",
            source=source,
            hint="Update refinery_nb to restore it.",
        )
    found.pop("format")
    listed = found.pop("members", None)
    if not isinstance(listed, list):
        raise _bad("it lists no members", source)
    members = tuple(_object(Member, one, source) for one in listed)
    manifest: Manifest = _object(Manifest, {**found, "members": members}, source)
    return manifest


_KINDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "size": (int,),
    "sha256": (str,),
    "rows": (int,),
    "table": (str, type(None)),
    "columns": (list, tuple),
    "embedding": (int, type(None)),
    "project": (str,),
    "id": (str,),
    "at": (str,),
    "records": (int,),
    "schema": (int,),
    "made_by": (str,),
    "members": (tuple,),
}


def _object(kind: Any, found: Any, source: str) -> Any:
    """Make an object of exactly its fields, each of its type."""
    names = {field.name for field in fields(kind)}
    if not isinstance(found, dict) or set(found) != names:
        strange = sorted(set(found) ^ names) if isinstance(found, dict) else found
        raise _bad(f"it lacks, or has too much of, {strange!r:.100}", source)
    for name, value in found.items():
        if not isinstance(value, _KINDS[name]) or isinstance(value, bool):
            raise _bad(f"{name!r} is {value!r:.60}", source)
        if isinstance(value, int) and value < 0:
            raise _bad(f"{name!r} is {value}", source)
    if kind is Member:
        if not all(isinstance(one, str) for one in found["columns"]):
            raise _bad("its columns are no names", source)
        found = {**found, "columns": tuple(found["columns"])}
    return kind(**found)


def _bad(why: str, source: str) -> InputError:
    return InputError(f"the manifest of this archive cannot be used: {why}.", source=source)
