"""The zip archive of a snapshot: opened with distrust, its one JSON file parsed."""

from __future__ import annotations

import importlib
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from refinery_nb.core.errors import InputError, MissingExtra
from refinery_nb.io.members import AES, DAMAGED, check_members
from refinery_nb.io.strict_json import DEEPEST, surrogate

MOST_BYTES = 4 << 30
ENCRYPTED = 0x1
# What every snapshot has. Which of the others it has was chosen when it was made.
MARK = "project_details_data"
OURS = "refinery_nb archive"  # what the manifest of ``project.save`` begins with
# What each byte outside of a string does to the depth.
STEPS = np.zeros(256, dtype=np.int8)
STEPS[list(b"[{")], STEPS[list(b"]}")] = 1, -1


def is_archive(source: object) -> bool:
    """Say whether a source is a file that ends with .zip."""
    return isinstance(source, (str, Path)) and str(source).lower().endswith(".zip")


def load(path: Path, password: str | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return what a snapshot holds, and the members of its archive that were not looked at.

    Nothing is unpacked to disk, and nothing but JSON is read.

    Parameters
    ----------
    password
        Of an encrypted archive.

    Raises
    ------
    InputError
        If it is no archive, no snapshot, a dangerous one, or the password is wrong or missing.
    MissingExtra
        If it is encrypted with AES and ``pyzipper`` is not installed.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                content, ignored = _member(path, password)
            else:
                raise InputError("this is no zip archive.", source=name)
    except FileNotFoundError as error:
        raise InputError("there is no such file.", source=str(path)) from error
    except IsADirectoryError as error:
        raise InputError("this is a folder, not a file.", source=str(path)) from error
    found = _parsed(content, name)
    if isinstance(found, dict) and found.get("format") == OURS:
        raise InputError(
            "this is a whole project of refinery_nb, not a snapshot of refinery.",
            source=name,
            hint=f"Make a project of it: rn.restore({name!r}).",
        )
    if not isinstance(found, dict) or MARK not in found:
        raise InputError(
            f"the JSON in this archive is no project snapshot of refinery: it lacks {MARK}.",
            source=name,
            hint="Unpack it to add the records in it.",
        )
    return found, ignored


def _member(path: Path, password: str | None) -> tuple[bytes, tuple[str, ...]]:
    """Return the bytes of the one JSON file, and the names of the others."""
    name = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            check_members(members, name, path.stat().st_size, most_bytes=MOST_BYTES)
            files = [one for one in members if not one.is_dir()]
            wanted = [one for one in files if one.filename.lower().endswith(".json")]
            if len(wanted) != 1:
                what = "no JSON file" if not wanted else f"{len(wanted)} JSON files"
                raise InputError(
                    f"the archive holds {what}; a project snapshot of refinery is one.",
                    source=name,
                    hint="Unpack it, and add the files in it.",
                )
            ignored = tuple(one.filename for one in files if one is not wanted[0])
            return _content(archive, wanted[0], path, password), ignored
    except DAMAGED as error:
        raise InputError(f"the archive cannot be read: {error}.", source=name) from error


def _content(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, password: str | None
) -> bytes:
    key = None if password is None else password.encode()
    if member.flag_bits & ENCRYPTED and key is None:
        raise InputError("the archive is encrypted.", source=path.name, hint="Pass password='...'.")
    if member.compress_type == AES:
        return _aes(path, member, key)
    try:
        return _bounded(archive, member, key)
    except RuntimeError as error:
        raise InputError("the password is wrong.", source=path.name) from error
    except (zipfile.BadZipFile, zlib.error) as error:
        if not member.flag_bits & ENCRYPTED:
            raise
        # One wrong password in 256 passes for right until its content makes no sense.
        raise InputError(
            f"the password is wrong, or the archive is damaged: {error}.", source=path.name
        ) from error


def _aes(path: Path, member: zipfile.ZipInfo, key: bytes | None) -> bytes:
    """Read a member that is encrypted with AES, which the standard library cannot."""
    try:
        pyzipper = importlib.import_module("pyzipper")
    except ImportError as error:
        raise MissingExtra(
            "the archive is encrypted with AES, which needs the package 'pyzipper'.",
            source=path.name,
            hint="Run: pip install pyzipper. Or unpack it, and pack it again without a password.",
        ) from error
    try:
        with pyzipper.AESZipFile(path) as archive:
            return _bounded(archive, archive.getinfo(member.filename), key)
    except RuntimeError as error:
        raise InputError("the password is wrong.", source=path.name) from error


def _bounded(archive: Any, member: Any, key: bytes | None) -> bytes:
    """Read no more than the archive says is there."""
    with archive.open(member, pwd=key) as file:
        content: bytes = file.read(member.file_size + 1)
    if len(content) > member.file_size:
        raise InputError(
            f"the member {member.filename!r} is larger than the archive says.",
            source=Path(str(archive.filename)).name,
        )
    return content


def _parsed(content: bytes, source: str) -> Any:
    """Parse JSON as refinery writes it: NaN is there, and is nothing."""
    if _depth(content) > DEEPEST:
        raise InputError(
            f"its JSON is nested too deeply; {DEEPEST} levels are allowed.", source=source
        )
    try:
        text = content.decode("utf-8-sig")
        found = json.loads(text, parse_constant=lambda _: None)
    except UnicodeDecodeError as error:
        raise InputError("its JSON is not UTF-8.", source=source) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"it is not valid JSON: {error}.", source=source) from error
    if "\\ud" in text.lower() and surrogate(found) is not None:
        raise InputError("a text in it holds a lone surrogate.", source=source)
    return found


def _depth(content: bytes) -> int:
    """Return how deeply brackets are nested, those inside strings left out.

    >>> _depth(b'[{"a": "[["}]')
    2
    """
    # Without escapes every second quote ends a string; a pattern would take longer than parsing.
    bare = np.frombuffer(content.replace(b"\\\\", b"").replace(b'\\"', b""), dtype=np.uint8)
    outside = np.cumsum(bare == ord('"'), dtype=np.uint8) & 1 == 0
    steps = STEPS[bare[outside]]
    return int(np.cumsum(steps[steps != 0], dtype=np.int64).max(initial=0))
