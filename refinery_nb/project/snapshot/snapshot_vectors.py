"""Vectors of a snapshot: as they were computed there, to be searched at once."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import RefineryError
from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.io.refinery import Names, Snapshot, SnapshotEmbedding
from refinery_nb.project.rules.following import now
from refinery_nb.project.snapshot.snapshot_said import language_of
from refinery_nb.project.vectors.embeddings import hashes
from refinery_nb.project.vectors.level import entries
from refinery_nb.store import embeddings as stored
from refinery_nb.store import records, schema
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.text import tokens as tokenizer
from refinery_nb.vectors.ragged import Ragged

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.snapshot.snapshot import SnapshotImporter

KIND = "snapshot"  # of an embedding whose model is not here
SHOWN = 3


class Unfit(Exception):
    """Vectors that cannot be taken in."""


def writing(project: Project, snapshot: Snapshot) -> AbstractContextManager[None]:
    """Keep others from embedding while vectors come in."""
    return project.embeddings.busy() if snapshot.embeddings else nullcontext()


def add_embeddings(importer: SnapshotImporter) -> tuple[int, int, list[str]]:
    """Store the embeddings with their vectors; return counts of both, and what is left out.

    Files are written before the transaction ends: one that fails leaves none, see ``forget``.
    """
    connection, made, count = importer.connection, 0, 0
    left_out: list[str] = []
    names = Names(stored.embeddings(connection))
    stand = set(stored.embeddings(connection))
    attributes = {one.name: one for one in schema.attributes(connection)}
    there = {one.id: importer.names[one.name] for one in importer.snapshot.attributes}
    for one in importer.snapshot.embeddings:
        name = names.fitting(one.name)
        attribute = attributes.get(there.get(one.attribute, ""))
        if name in stand:
            importer.embeddings[one.id] = name
            continue
        if one.absent:
            shown = ", ".join(one.absent[:SHOWN]) + ("" if len(one.absent) <= SHOWN else " ...")
            importer.warnings.append(
                f"{len(one.absent):,} vectors of {name!r} are of records that are not in the "
                f"snapshot: {shown}"
            )
        try:
            if attribute is None:
                raise Unfit("its attribute is not here")
            count += _Vectors(importer, one, name, attribute).store()
        except Unfit as error:
            left_out.append(f"the embedding {one.name!r} ({error})")
            continue
        importer.embeddings[one.id] = name
        made += 1
    return made, count, left_out


class _Vectors:
    """One embedding on its way into the store."""

    def __init__(
        self,
        importer: SnapshotImporter,
        one: SnapshotEmbedding,
        name: str,
        attribute: Attribute,
    ) -> None:
        self.importer = importer
        self.one = one
        self.name = name
        self.attribute = attribute
        self.level = "record"
        if one.of_tokens:
            self.level = "token"
        elif attribute.type is AttributeType.JSON:
            self.level = "list"
        elif not attribute.type.is_string:
            raise Unfit("its attribute holds no texts")

    def store(self) -> int:
        """Write the vectors; return how many there are."""
        if not self.one.vectors:
            hint = f"project.embed({self.attribute.name!r}) makes some"
            raise Unfit(f"the snapshot was written without its vectors; {hint}")
        connection, project = self.importer.connection, self.importer.project
        by_record: dict[int, list[Any]] = {}
        for record, data in self.one.vectors:
            by_record.setdefault(self.importer.ids[record], []).append(data)
        ids = np.array(sorted(by_record), np.int64)
        texts = self._texts()
        kept, lengths, flat = [], [], []
        for record in ids.tolist():
            found = self._fitting(by_record[record], texts.get(record))
            if found is not None:
                kept.append(record)
                lengths.append(len(found))
                flat.append(found)
        if len(kept) < len(ids):
            self.importer.warnings.append(
                f"{len(ids) - len(kept):,} records got no vectors of {self.name!r}: there are not "
                f"as many as its text has parts"
            )
        if not kept:
            raise Unfit("none of its vectors fit the texts")
        try:
            values = np.concatenate(flat).astype(np.float32)
        except ValueError as error:
            raise Unfit("its vectors are of several lengths") from error
        if not np.isfinite(values).all():
            raise Unfit("some of its vectors have NaN or infinity")
        at = now()
        stored.add(connection, self.name, self.attribute, self._spec(), values.shape[1], at=at)
        row = stored.embeddings(connection)[self.name]
        self.importer.written.append(row)
        array = project.embeddings.array(row)
        block: Any = values
        if self.level != "record":
            block = Ragged.of(np.array(lengths, np.int64), values)
            if self.level == "token":
                block = Ragged(block.start, block.length, values.astype(np.float16))
        marks = hashes(texts.get(record) for record in kept)
        count = array.append(0, np.array(kept, np.int64), marks, block)
        array.stamp(at)
        stored.set_count(connection, row.id, count)
        stored.set_seen(connection, row.id, records.version(connection), at=at)
        return len(values)

    def _fitting(self, data: list[Any], text: str | None) -> NDArray[Any] | None:
        """Return the vectors of one record, shape (n, dim); None if they are not as many."""
        try:
            found = np.asarray(data, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise Unfit("its vectors are of several lengths, or no numbers") from error
        if self.level == "token":
            if found.ndim != 3 or len(found) != 1:
                raise Unfit("its vectors of tokens are no lists of vectors")
            return self._of_tokens(found[0], text or "")
        if found.ndim != 2 or not found.shape[1]:
            raise Unfit("its vectors are no lists of numbers")
        if self.level == "record":
            return found if len(found) == 1 else None
        try:
            wanted = len(entries(text))
        except RefineryError:
            return None
        return found if len(found) == wanted else None

    def _of_tokens(self, found: NDArray[Any], text: str) -> NDArray[Any] | None:
        """Return the vectors of our tokens: refinery's are also of white space."""
        language = language_of(self.importer.snapshot.tokenizer) or "en"
        try:
            spots = tokenizer.all_tokens(text, language)
        except RefineryError as error:
            raise Unfit(error.message) from error
        if len(spots) != len(found):
            return None
        solid = [bool(text[start:end].strip()) for start, end in spots.tolist()]
        chosen: NDArray[Any] = found[np.array(solid, np.bool_)]
        return chosen

    def _texts(self) -> dict[int, str | None]:
        connection = self.importer.connection
        found: dict[int, str | None] = {}
        after = 0
        while page := stored.texts(connection, self.attribute, seen=0, after=after, limit=2_000):
            after = page[-1][0]
            found |= {record: text for record, _, text in page}
        return found

    def _spec(self) -> dict[str, Any]:
        spec = {
            "kind": KIND,
            "model": self.one.model,
            "platform": self.one.platform,
            "options": {},
            "identity": f"refinery {self.one.id}",
        }
        if self.level == "token":
            language = language_of(self.importer.snapshot.tokenizer) or "en"
            spec |= {"level": "token", "tokens": tokenizer.fingerprint(language)}
        elif self.level == "list":
            spec["level"] = "list"
        return spec


def forget(project: Project, written: list[EmbeddingRow]) -> None:
    """Delete the files of vectors that were written for nothing."""
    for row in written:
        project.embeddings.forget(row)
