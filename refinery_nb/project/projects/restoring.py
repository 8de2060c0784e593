"""Restoring a project from an archive: checked whole before it gets its place, or nothing.

An archive may come from anybody. Its members are looked at before any is unpacked, its checksums
are compared, its rows go into tables of our own making, and its code is not trusted.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError, RefineryError, StoreError
from refinery_nb.io.members import DAMAGED, check_members
from refinery_nb.project.projects import manifest
from refinery_nb.project.projects.manifest import Manifest, Member
from refinery_nb.project.projects.saving import SUFFIX
from refinery_nb.project.rules import foreign
from refinery_nb.store import dump, schema
from refinery_nb.store import embeddings as stored
from refinery_nb.store.backup import FOLDER as BACKUPS
from refinery_nb.store.db import DATABASE, Connection, Database, check_file
from refinery_nb.vectors.ragged import Ragged

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

MOST_MEMBERS = 100_000
LONGEST = 1 << 30  # bytes of a row
MOST_ARRAY = 1 << 30  # bytes of an unpacked one: votes on 50 million records


def restore(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    *,
    by: str | None = None,
) -> Project:
    """Make a project from an archive that ``project.save`` wrote, or from a backup, and open it.

    Rules that are code do not run before somebody here trusts them (``Task.trust``), unless this
    user had them, or trusted them, in the project that was saved.

    Parameters
    ----------
    path
        The archive; or a backup (``.db``), such as one of the project's folder ``backups``.
    folder
        Where the project is to be; it may not exist yet. By default beside the archive, under its
        name.
    by
        Who labels here, as in ``rn.open``.

    Raises
    ------
    InputError
        If it is no archive of a project, cut short, changed since, or dangerous; then nothing is
        left behind.
    StoreError
        If the folder exists; ``StoreTooNew`` if a newer version wrote the archive.
    """
    from refinery_nb.project.project import open as open_project

    source = Path(path).expanduser()
    target = _target(source, folder)
    if not source.is_file():
        raise InputError("there is no such file.", source=str(source))
    # On the same disk, so that it gets its place at once; nothing else is made before it is whole.
    base = next(one for one in target.parents if one.is_dir())
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=base) as made:
        root = Path(made) / "project"
        old = _backup(source, root) if source.suffix == ".db" else _unpacked(source, root).id
        with open_project(root, by=by) as project:
            _checked(project, source.name)
            foreign.carry(project, old)
        shutil.rmtree(root / "backups", ignore_errors=True)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                target.rmdir()
            root.rename(target)
        except OSError as error:
            raise StoreError(f"{str(target)!r} exists already.", hint="Choose another.") from error
    return open_project(target, by=by)


def _target(source: Path, folder: str | os.PathLike[str] | None) -> Path:
    name = source.name.removesuffix(SUFFIX).removesuffix(".zip").removesuffix(".db") or "project"
    target = (source.parent / name if folder is None else Path(folder).expanduser()).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StoreError(
            f"{str(target)!r} exists already.", hint="Restore into a folder that does not."
        )
    return target


def _backup(source: Path, root: Path) -> str:
    """Put a backup, and the vectors beside it, where the project is to be; return its older id."""
    check_file(source)
    root.mkdir(mode=0o700)
    shutil.copyfile(source, root / DATABASE)
    vectors = source.parent.parent / "vectors"
    if source.parent.name == BACKUPS and vectors.is_dir():
        # Of a later time, maybe: those of other texts are told by their hashes.
        shutil.copytree(vectors, root / "vectors")
    database = Database(root)
    try:
        with database.write() as connection:
            old = schema.setting(connection, "id") or ""
            schema.set_setting(connection, "id", str(uuid.uuid4()))
    finally:
        database.close()
    return old


def _unpacked(source: Path, root: Path) -> Manifest:
    name = source.name
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            free = shutil.disk_usage(root.parent).free
            size = source.stat().st_size
            check_members(members, name, size, most_bytes=free, most_members=MOST_MEMBERS)
            told = _manifest(archive, members, name)
            database = Database(root)
            try:
                _fill(archive, told, database, root, name)
            finally:
                database.close()
    except zipfile.BadZipFile as error:
        raise InputError(f"the archive is damaged, or cut short: {error}.", source=name) from error
    except RefineryError:
        raise
    except (*DAMAGED, RuntimeError) as error:
        raise InputError(f"the archive cannot be read: {error}.", source=name) from error
    return told


def _manifest(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], source: str) -> Manifest:
    sizes = {one.filename: one.file_size for one in members}
    if sizes.get(manifest.NAME, manifest.MOST_BYTES + 1) > manifest.MOST_BYTES:
        raise InputError(
            f"this is no archive of a project: it has no {manifest.NAME}.",
            source=source,
            hint="Snapshots of refinery are added: project.add(...).",
        )
    told = manifest.read(archive.read(manifest.NAME), source)
    listed = {one.name for one in told.members}
    strange = sorted(set(sizes) - listed - {manifest.NAME}) or sorted(listed - set(sizes))
    if strange or len(listed) != len(told.members):
        raise InputError(
            f"its manifest and its members differ: {', '.join(strange[:3])}.", source=source
        )
    for one in told.members:
        if one.size != sizes[one.name]:
            raise InputError(f"the member {one.name!r} is of another size.", source=source)
    return told


def _fill(
    archive: zipfile.ZipFile, told: Manifest, database: Database, root: Path, source: str
) -> None:
    with database.write() as connection:
        dump.begin(connection)
        # Attributes first: they are the columns of records.
        order = list(dump.tables())
        tables = [one for one in told.members if one.table is not None]
        for one in sorted(tables, key=lambda m: order.index(m.table) if m.table in order else 0):
            count = dump.insert(
                connection,
                str(one.table),
                one.columns,
                _rows(archive, one, source),
                source=f"{source}, {one.name}",
            )
            if count != one.rows:
                raise InputError(
                    f"{one.name!r} has {count:,} rows, not {one.rows:,}.", source=source
                )
        foreign.mark(connection, _specs(connection, source))
        faults = dump.unmet(connection)
        if faults:
            raise InputError(
                f"its rows do not belong together: {len(faults):,} of {faults[0]!r} ask for "
                "others that are not there.",
                source=source,
            )
        _arrays(connection, source)
        _vectors(archive, told, connection, root, source)


def _arrays(connection: Connection, source: str) -> None:
    """Refuse arrays that are none, or would unpack to more than any project has."""
    for column in dump.arrays(connection):
        try:
            with zipfile.ZipFile(io.BytesIO(column)) as packed:
                size = sum(one.file_size for one in packed.infolist())
        except (TypeError, *DAMAGED) as error:
            raise InputError(f"an array in it is damaged: {error}.", source=source) from error
        if size > MOST_ARRAY:
            raise InputError(
                f"an array in it would unpack to {size:,} bytes; {MOST_ARRAY:,} are allowed.",
                source=source,
            )


def _specs(connection: Connection, source: str) -> list[dict[str, Any]]:
    """Return the specs of all versions of all heuristics, and of what is calculated."""
    try:
        found = dump.code(connection)
    except (ValueError, RecursionError) as error:
        raise InputError(f"a spec in it is damaged: {error}.", source=source) from error
    if not all(isinstance(spec, dict) for spec in found):
        raise InputError("a spec in it is damaged.", source=source)
    return found


def _rows(archive: zipfile.ZipFile, member: Member, source: str) -> Iterator[list[Any]]:
    """Yield the rows of a table; the checksum is compared at the end."""
    digest = hashlib.sha256()
    with archive.open(member.name) as file:
        for number in range(1, member.rows + 2):
            line = file.readline(LONGEST)
            if not line:
                break
            digest.update(line)
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{member.name!r} is damaged: {error}.", source=source, line=number
                ) from error
            if not isinstance(row, list):
                raise InputError(f"{row!r:.40} is no row.", source=source, line=number)
            yield row
    _compare(digest.hexdigest(), member, source)


def _compare(digest: str, member: Member, source: str) -> None:
    if digest != member.sha256:
        raise InputError(
            f"the member {member.name!r} was changed since it was saved: its checksum differs.",
            source=source,
        )


def _vectors(
    archive: zipfile.ZipFile, told: Manifest, connection: Connection, root: Path, source: str
) -> None:
    """Write the vectors where the embeddings are to have them."""
    from refinery_nb.project.vectors.embeddings import FOLDER, array_of, file_name
    from refinery_nb.vectors import state as states

    folder = root / FOLDER
    folder.mkdir(mode=0o700)
    parts: dict[int, list[Member]] = {}
    for one in told.members:
        if one.embedding is not None:
            parts.setdefault(one.embedding, []).append(one)
    rows = {row.id: row for row in stored.embeddings(connection).values()}
    for id_ in parts:
        if id_ not in rows:
            raise InputError(f"vectors of no embedding: {parts[id_][0].name!r}.", source=source)
    for row in rows.values():
        array, count = array_of(folder, row), 0
        for one in parts.get(row.id, ()):
            found = _tensors(archive, one, source)
            if one.name.endswith("/state.safetensors"):
                states.save(folder / f"{file_name(row)}.npz", found)
                continue
            try:
                ids, marks = found["record"], found["text"].view(np.uint64)
                values: Any = found["values"]
                if values.ndim != 2 or values.shape[1] != row.dim or len(marks) != len(ids):
                    raise ValueError("the arrays do not fit each other")
                if row.level != "record":
                    if int(found["length"].sum()) != len(values):
                        raise ValueError("the runs do not fit the vectors")
                    values = Ragged.of(found["length"], values)
                if len(values) != len(ids):
                    raise ValueError("not as many vectors as records")
                count = array.append(count, ids.astype(np.int64), marks, values)
            except (KeyError, ValueError, TypeError) as error:
                raise InputError(f"{one.name!r} is damaged: {error}.", source=source) from error
        if count != row.count:
            raise InputError(
                f"the embedding {row.name!r} has {count:,} vectors, not {row.count:,}.",
                source=source,
            )
        if count:
            array.rows(count)
            array.stamp(row.at)


def _tensors(archive: zipfile.ZipFile, member: Member, source: str) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with archive.open(member.name) as file:
        content = file.read(member.size + 1)
    _compare(hashlib.sha256(content).hexdigest(), member, source)
    try:
        found: dict[str, NDArray[Any]] = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"{member.name!r} is damaged: {error}.", source=source) from error
    return found


def _checked(project: Project, source: str) -> None:
    """Look at all that is shown first, so that nothing that cannot be used gets a place."""
    try:
        repr(project)
        for task in project.tasks.values():
            task.heuristics()
            project.columns.of_task(task.schema, enabled_only=False)
            for run in task.runs():
                project.columns.weak(run.id)
        project.slices.frame()
        repr(project.embeddings)
        repr(project.comments)
    except (RefineryError, *DAMAGED, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the project in it cannot be used: {error}.", source=source) from error
