"""Text files: opening them, plain or compressed, and saying what their bytes are instead."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from refinery_nb.core.errors import EncodingError, InputError

GUESSES = ("cp1252", "shift_jis")
BOM = b"\xef\xbb\xbf"
# Of a file: what is parsed of a smaller one is kept for the second pass, in columns.
KEPT_BYTES = 320 * 2**20


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, decompressed if its name ends with .gz."""
    try:
        with path.open("rb") as raw:
            if path.suffix != ".gz":
                yield raw
                return
            with gzip.open(raw) as file:
                yield file  # type: ignore[misc]
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"the file is not valid gzip: {error}.", source=path.name) from error
    except FileNotFoundError as error:
        raise InputError("the file vanished while it was read.", source=path.name) from error


def is_small(path: Path, times: float = 1) -> bool:
    """Return whether what is parsed of a file may be kept for the second pass.

    Parameters
    ----------
    times
        How many times larger its content is than that of other formats: it may be packed.
    """
    return path.suffix != ".gz" and path.stat().st_size * times <= KEPT_BYTES


def lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text without its newline), the byte-order mark taken off."""
    with open_bytes(path) as file:
        for number, raw in enumerate(file, start=1):
            content = raw.removeprefix(BOM) if number == 1 else raw
            if content[-1:] == b"\n":
                content = content[:-1]
            try:
                yield number, content.decode(encoding)
            except UnicodeDecodeError as error:
                raise encoding_error(path, encoding) from error


def encoding_error(path: Path, encoding: str) -> EncodingError:
    """Return the error that says where a file is not in an encoding, and what it looks like."""
    with open_bytes(path) as file:
        content = file.read()
    line = byte = 0
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
    guess = _guess(content)
    looks = f"; it looks like {guess}" if guess else ""
    return EncodingError(
        f"byte {byte} is not {encoding.upper()}{looks}.",
        source=path.name,
        line=line,
        hint=f"Pass encoding={guess!r}." if guess else "Pass the right encoding=.",
    )


def _guess(content: bytes) -> str | None:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or content[1:200:2].count(0) > 20:
        return "utf-16"
    # Japanese text in Shift-JIS decodes as cp1252 too, as a soup of rare signs.
    for guess in sorted(GUESSES, key=lambda name: _oddness(content, name)):
        try:
            content.decode(guess)
        except UnicodeDecodeError:
            continue
        return guess
    return None


def _oddness(content: bytes, encoding: str) -> float:
    text = content.decode(encoding, errors="replace")
    strange = [char for char in text if char > "\x7f"]
    if not strange:
        return 0.0
    letters = sum(1 for char in strange if char.isalpha() or char in "€£„“”‘’–…§°")
    return 1 - letters / len(strange)
