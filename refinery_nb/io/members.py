"""The members of a zip archive from elsewhere, looked at with distrust before any is unpacked."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from refinery_nb.core.errors import InputError

MOST_MEMBERS = 100
# A real snapshot is three to twenty times larger than its archive.
MOST_RATIO = 200
# What archives of ours are packed to at most; what packs better than that is stored as it is, as
# it could not be told from a bomb.
FULL_RATIO = MOST_RATIO // 2
SMALL = 1 << 20  # whose ratio is no matter
AES = 99  # the "compression method" of members encrypted as WinZip does
# How members are packed; others need much memory, or are packed by nothing that is in use.
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, AES)
# What the standard library raises at bytes that make no sense.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, IndexError, ValueError),
)


def check_members(
    members: list[zipfile.ZipInfo],
    source: str,
    size: int,
    *,
    most_bytes: int,
    most_members: int = MOST_MEMBERS,
) -> None:
    """Refuse an archive that no export would be, before a byte of it is unpacked.

    Parameters
    ----------
    members
        As they stand in the archive.
    source
        What it is called.
    size
        How many bytes it has.
    most_members, most_bytes
        How many members there may be, and how large they may be together once unpacked.

    Raises
    ------
    InputError
        Naming the member.
    """
    if len(members) > most_members:
        raise InputError(
            f"the archive has {len(members):,} members; {most_members:,} are allowed.",
            source=source,
        )
    seen: set[str] = set()
    for one in members:
        raw = one.orig_filename
        path = PurePosixPath(raw)
        kind = stat.S_IFMT(one.external_attr >> 16)
        if (
            path.is_absolute()
            or ".." in path.parts
            or "\\" in raw
            or "\0" in raw
            or re.match(r"[A-Za-z]:", raw)
        ):
            raise InputError(f"the member {raw!r} leads out of the archive.", source=source)
        if kind and not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            raise InputError(f"the member {raw!r} is no plain file.", source=source)
        if one.compress_type not in PACKED:
            raise InputError(
                f"the member {raw!r} is packed by the method {one.compress_type}, which is not "
                "read here.",
                source=source,
                hint="Unpack it, and pack it again.",
            )
        if raw.casefold() in seen:
            raise InputError(f"the member {raw!r} stands twice.", source=source)
        seen.add(raw.casefold())
        ratio = one.file_size / max(1, one.compress_size)
        if one.file_size > SMALL and ratio > MOST_RATIO:
            raise InputError(
                f"the member {raw!r} would unpack to {ratio:,.0f} times its size; "
                f"{MOST_RATIO} times are allowed.",
                source=source,
            )
    total = sum(one.file_size for one in members)
    packed = sum(one.compress_size for one in members)
    if total > most_bytes:
        raise InputError(
            f"the archive would unpack to {total:,} bytes; {most_bytes:,} are allowed.",
            source=source,
        )
    if packed > size:
        raise InputError("the members of the archive overlap.", source=source)
