"""Saving a project as an archive that can be restored anywhere: tables, vectors, checksums.

A zip of plain files: ``manifest.json``; ``tables/*.jsonl``, one row a line; blocks of vectors in
``vectors/<embedding>/*.safetensors``. Nothing in it can run when it is opened.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError
from refinery_nb.io.members import FULL_RATIO, SMALL
from refinery_nb.project.projects.manifest import NAME, Member, made
from refinery_nb.project.rules import foreign
from refinery_nb.project.rules.following import now
from refinery_nb.store import dump, records
from refinery_nb.store import embeddings as stored
from refinery_nb.store.db import Connection
from refinery_nb.store.embeddings import EmbeddingRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

BLOCK = 16 << 20  # bytes of vectors in a file, about
LINES = 1 << 20  # characters that are written at once
SUFFIX = ".rnb.zip"


def save(project: Project, path: str | os.PathLike[str]) -> Path:
    """Write a project to one file, ``x.rnb.zip``, with all that it has; see ``rn.restore``.

    That is records, labels with their history, rules with votes, runs, vectors, slices, comments.

    Caches that are made anew, and what a user trusts, stay behind. The file is complete before it
    gets its name; what stood there before stays if anything goes wrong.

    Raises
    ------
    InputError
        If its folder does not exist.
    StoreDamaged
        If vectors cannot be read.
    """
    path = Path(path).expanduser()
    if not path.parent.is_dir():
        raise InputError("its folder does not exist.", source=str(path))
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    plain: set[str] = set()
    busy = project.embeddings.busy() if len(project.embeddings) else nullcontext()
    try:
        with busy, project.database.read() as connection:
            dump.freeze(connection)  # all tables as they are at one instant
            while True:
                _Archive(project, connection, partial, plain).write()
                tight = _too_tight(partial)
                if not tight:
                    break
                plain |= tight
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    foreign.vouch(project)
    return path


def _too_tight(path: Path) -> set[str]:
    """Return the members that pack so well that they would be taken for a bomb."""
    with zipfile.ZipFile(path) as archive:
        return {
            one.filename
            for one in archive.infolist()
            if one.file_size > SMALL and one.file_size > FULL_RATIO * max(1, one.compress_size)
        }


class _Archive:
    """An archive that is being written; the members in ``plain`` are not packed."""

    def __init__(
        self, project: Project, connection: Connection, path: Path, plain: set[str]
    ) -> None:
        self.project = project
        self.connection = connection
        self.path = path
        self.plain = plain
        self.members: list[Member] = []

    def write(self) -> None:
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as archive:
            for table in dump.tables():
                self._table(archive, table)
            for row in stored.embeddings(self.connection).values():
                if row.count:
                    self._vectors(archive, row)
            count = records.count(self.connection)
            told = made(self.project.name, self.project.id, now(), count, self.members)
            archive.writestr(NAME, told.to_json())

    def _table(self, archive: zipfile.ZipFile, table: str) -> None:
        rows = 0

        def lines() -> Iterator[bytes]:
            nonlocal rows
            for row in dump.rows(self.connection, table):
                rows += 1
                yield (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode()

        size, digest = self._member(archive, f"tables/{table}.jsonl", lines())
        names = dump.columns(self.connection, table)
        name = f"tables/{table}.jsonl"
        self.members.append(Member(name, size, digest, rows, table=table, columns=names))

    def _vectors(self, archive: zipfile.ZipFile, row: EmbeddingRow) -> None:
        from safetensors.numpy import save as packed

        array = self.project.embeddings.array(row)
        rows, values = array.rows(row.count), array.values(row.count)
        blocks: list[tuple[str, int, Mapping[str, NDArray[Any]]]] = []
        state = self.project.embeddings.state(row)
        if state is not None:
            blocks.append(
                ("state", 0, {name: np.ascontiguousarray(a) for name, a in state.items()})
            )
        per_row = 4 * row.dim * (1 if row.level == "record" else 64)
        size = max(1, BLOCK // max(1, per_row))
        for number, first in enumerate(range(0, row.count, size)):
            page = np.arange(first, min(first + size, row.count))
            told: dict[str, NDArray[Any]] = {
                "record": rows["record"][page].astype(np.int64),
                "text": rows["text"][page].astype(np.uint64).view(np.int64),
            }
            block = values[page]
            if row.level == "record":
                told["values"] = np.ascontiguousarray(block)
            else:
                told["length"] = block.length.astype(np.int64)
                told["values"] = np.ascontiguousarray(block.packed())
            blocks.append((str(number), len(page), told))
        for part, count, arrays in blocks:
            name = f"vectors/{row.id}/{part}.safetensors"
            size_, digest = self._member(archive, name, iter([packed(dict(arrays))]))
            self.members.append(Member(name, size_, digest, count, embedding=row.id))

    def _member(
        self, archive: zipfile.ZipFile, name: str, parts: Iterator[bytes]
    ) -> tuple[int, str]:
        """Write a member part by part; return its size and checksum."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_STORED if name in self.plain else zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        digest, size, waiting = hashlib.sha256(), 0, bytearray()
        with archive.open(info, "w", force_zip64=True) as file:
            for part in parts:
                digest.update(part)
                size += len(part)
                waiting += part
                if len(waiting) > LINES:
                    file.write(waiting)
                    waiting.clear()
            file.write(waiting)
        return size, digest.hexdigest()
