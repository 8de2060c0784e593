"""Writing a snapshot: one JSON file in a zip archive, table by table, whole or not at all."""

from __future__ import annotations

import importlib
import json
import os
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from refinery_nb.core.errors import InputError, MissingExtra
from refinery_nb.io.members import FULL_RATIO, SMALL
from refinery_nb.io.refinery.archive import MOST_BYTES


def write_archive(
    path: Path, tables: Mapping[str, Any | Iterable[Any]], password: str | None = None
) -> None:
    """Write the tables of a snapshot as refinery writes them.

    It is written under another name, brought to disk and renamed: whatever goes wrong, a file that
    stood there before stays as it was.

    Parameters
    ----------
    tables
        By name: an object, or rows that are asked for once, in this order.
    password
        Encrypts with AES, as refinery does.

    Raises
    ------
    InputError
        If the folder does not exist, the password is empty, or it is too large to be read again.
    MissingExtra
        If there is a password, and ``pyzipper`` is not installed.
    """
    if not path.parent.is_dir():
        raise InputError("its folder does not exist.", source=str(path))
    if password is not None and not password:
        raise InputError("the password is empty.", source=path.name)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    plain = path.with_name(f".{path.name}.{uuid.uuid4().hex}.json")
    try:
        # To a file first: how well it packs is known only then, and tables are asked for once.
        with plain.open("w", encoding="utf-8") as file:
            _json(file, tables)
        size = plain.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                f"the snapshot has {size:,} bytes; up to {MOST_BYTES:,} are read again.",
                source=path.name,
                hint="Write a view of it, or save the whole project: project.save(...).",
            )
        _pack(plain, partial, _member(path), password)
        with partial.open("rb+") as packed:
            os.fsync(packed.fileno())
        partial.replace(path)
    finally:
        plain.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _json(file: IO[str], tables: Mapping[str, Any | Iterable[Any]]) -> None:
    file.write("{")
    for at, (name, table) in enumerate(tables.items()):
        file.write(f"{', ' if at else ''}{json.dumps(name)}: ")
        if isinstance(table, dict):
            file.write(_dump(table))
            continue
        file.write("[")
        for number, row in enumerate(table):
            file.write(f"{', ' if number else ''}{_dump(row)}")
        file.write("]")
    file.write("}")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _pack(plain: Path, target: Path, member: str, password: str | None) -> None:
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        with _opened(target, method, password) as archive:
            archive.write(plain, member)
        size, packed = plain.stat().st_size, target.stat().st_size
        if size <= SMALL or size < FULL_RATIO * packed:
            return


def _opened(target: Path, method: int, password: str | None) -> Any:
    if password is None:
        return zipfile.ZipFile(target, "w", method)
    try:
        pyzipper = importlib.import_module("pyzipper")
    except ImportError as error:
        raise MissingExtra(
            "an archive with a password needs the package 'pyzipper'.",
            hint="Run: pip install pyzipper. Or leave the password out.",
        ) from error
    archive = pyzipper.AESZipFile(target, "w", compression=method, encryption=pyzipper.WZ_AES)
    archive.setpassword(password.encode())
    return archive


def _member(path: Path) -> str:
    """Return the name of the file in the archive.

    >>> _member(Path("news.json.zip"))
    'news.json'
    """
    stem = path.name.removesuffix(".zip").removesuffix(".json")
    return f"{stem or 'project'}.json"
