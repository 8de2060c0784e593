"""A run of an embedder over the records that have no vector yet, or another text by now."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError, StoreDamaged
from refinery_nb.core.schema import Attribute
from refinery_nb.embed.embedder import Embedder
from refinery_nb.project.rules.following import now as time_now
from refinery_nb.project.vectors.embeddings import PAGE, hashes, positions
from refinery_nb.project.vectors.level import RAGGED, Level
from refinery_nb.store import embeddings as stored
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.vectors.ragged import BlockArray, Ragged, joined

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
FITTED_ON = 20_000  # texts that a model that learns gets to see
OUTGROWN = 2  # times as many records as were fitted: it learns again
WASTE = 0.25  # of the runs' vectors belong to no record: they are written anew
FIRST, LEAST, MOST = 128, 16, 8_192  # texts that are embedded between two commits
SECONDS = 4.0  # between two commits; what a kill costs at most


class EmbeddingRun:
    """One embedding on its way to all records."""

    def __init__(
        self,
        project: Project,
        attribute: Attribute,
        embedder: Embedder,
        name: str,
        level: Level,
        progress: bool | Callable[[int, int], None] = False,
        cancel: threading.Event | None = None,
    ) -> None:
        self.project = project
        self.attribute = attribute
        self.embedder = embedder
        self.name = name
        self.level = level
        self.progress = progress
        self.cancel = cancel or threading.Event()
        self.store = project.embeddings
        self._began = False
        self._dim = 0
        self._size = FIRST

    def start(self, *, fresh: bool) -> None:
        """Find out whether older vectors can stay; if not, begin a new generation."""
        row = self.store.row(self.name) if self.name in self.store else None
        if row is None or fresh or not self._stays(row):
            self._restart(row)

    def _stays(self, row: EmbeddingRow) -> bool:
        same = row.spec["identity"] == self.level.spec(self.embedder)["identity"]
        if not same or row.level != self.level.name or row.attribute != self.attribute.name:
            return False
        if self.embedder.learns:
            state = self.store.state(row)
            if state is None and row.count:
                self._warn("what the model has learnt is missing or damaged.")
            if state is None or len(self.project) > OUTGROWN * row.spec["fitted"]:
                return False
            self.embedder.restore(state)
        try:
            self.store.array(row).rows(row.count)
        except StoreDamaged as error:
            self._warn(error.message)
            return False
        return True

    def _warn(self, message: str) -> None:
        text = f"{self.name}: {message} All vectors are made anew."
        warnings.warn(text, RuntimeWarning, stacklevel=6)

    def _restart(self, row: EmbeddingRow | None) -> None:
        spec = self.level.spec(self.embedder)
        first = self._first()
        if self.embedder.learns:
            with self.project.database.read() as connection:
                ids = records.all_ids(connection)
            if len(ids) > FITTED_ON:
                chance = np.random.default_rng(0)
                ids = np.sort(chance.choice(ids, FITTED_ON, replace=False))
            with self.project.database.read() as connection:
                texts = stored.sample(connection, self.attribute, ids)
            pieces = [piece for text in texts for piece in self.level.pieces(text, "")]
            self.embedder.fit(pieces[:FITTED_ON] or self.level.pieces(first, ""))
            spec["fitted"] = len(self.project)
        block = self._checked([first], ["the first one"])
        self._begin(row, spec, _values(block).shape[1])

    def _first(self) -> str:
        """Return the first stored value in which there is something to embed."""
        after = 0
        while page := self._page(0, after, PAGE):
            after = page[-1][0]
            for _, key, text in page:
                if text is not None and self.level.pieces(text, key):
                    return text
        raise InputError(f"no record has a text in {self.attribute.name!r}.")

    def _begin(self, row: EmbeddingRow | None, spec: dict[str, Any], dim: int) -> None:
        with self.project.database.write() as connection:
            if row is None:
                stored.add(connection, self.name, self.attribute, spec, dim, at=time_now())
            else:
                stored.restart(connection, row.id, self.attribute, spec, dim, at=time_now())
        self._began = True
        made = self.store.row(self.name)
        if self.embedder.learns:
            self.store.keep_state(made, self.embedder.state())
        if row is not None:
            self.store.forget(row)

    def go(self) -> None:
        """Embed what is missing or has changed, page by page, then drop deleted records."""
        row = self.store.row(self.name)
        while not self._pass(row):
            self._begin(row, row.spec | self.level.spec(self.embedder), self._dim)
            row = self.store.row(self.name)

    def _pass(self, row: EmbeddingRow) -> bool:
        """Do so, unless the model turns out to give vectors of another dimension."""
        array = self.store.array(row)
        rows, count, late = array.rows(row.count), row.count, []
        last = int(rows["record"][-1]) if count else 0
        seen = row.seen if array.stamped() == row.at else 0
        with self.project.database.read() as connection:
            now = records.version(connection)
            changed = len(records.changed_since(connection, seen))
        with self._told(changed) as tell:
            for ids, keys, texts in self._pages(seen):
                marks = hashes(texts)
                at, known = positions(rows["record"], ids)
                todo = ~known
                todo[known] = rows["text"][at[known]] != marks[known]
                values = self._encoded(texts, keys, np.flatnonzero(todo), row)
                if values is None:
                    return False
                old = todo & known
                if old.any():
                    array.replace(at[old], marks[old], values[old])
                new = todo & ~known & (ids > last)
                if new.any():
                    count = array.append(count, ids[new], marks[new], values[new])
                    last = int(ids[new][-1])
                    with self.project.database.write() as connection:
                        stored.set_count(connection, row.id, count)
                if (between := todo & ~known & ~new).any():
                    late.append((ids[between], marks[between], values[between]))
                tell(len(ids))
        if self.cancel.is_set():
            return True
        array, at_end = self._tidy(replace(row, count=count), late), time_now()
        array.stamp(at_end)
        with self.project.database.write() as connection:
            stored.set_seen(connection, row.id, now, at=at_end)
        return True

    def _pages(self, seen: int) -> Iterator[tuple[Ints, list[str], list[str | None]]]:
        """Yield ids, keys and texts of the records that changed since a version.

        A page is as long as the model works on for ``SECONDS``, so that little is lost by a kill
        and a run can be cancelled soon, and a quick one is not held up by the disk.
        """
        after = 0
        while not self.cancel.is_set():
            began = time.monotonic()
            page = self._page(seen, after, self._size)
            if not page:
                return
            sizes = np.cumsum([len(text or "") for _, _, text in page])
            page = page[: 1 + int((sizes[1:] <= self.level.page).sum())]
            after = page[-1][0]
            ids = np.array([one[0] for one in page], np.int64)
            yield ids, [one[1] for one in page], [one[2] for one in page]
            pace = len(page) * SECONDS / max(time.monotonic() - began, 1e-3)
            self._size = int(np.clip(pace, max(LEAST, self._size // 4), min(MOST, self._size * 4)))

    def _page(self, seen: int, after: int, limit: int) -> list[tuple[int, str, str | None]]:
        with self.project.database.read() as connection:
            return stored.texts(connection, self.attribute, seen=seen, after=after, limit=limit)

    def _encoded(
        self, texts: list[str | None], keys: list[str], todo: Ints, row: EmbeddingRow
    ) -> Any | None:
        """Return vectors of the texts at some places, zero elsewhere; None: of another length."""
        chosen = [at for at in todo.tolist() if self.level.pieces(texts[at], keys[at])]
        shape = (0 if row.level in RAGGED else len(texts), row.dim)
        values = np.zeros(shape, np.float32)
        lengths = np.zeros(len(texts), np.int64)
        if chosen:
            found = self._checked([texts[at] or "" for at in chosen], [keys[at] for at in chosen])
            dim = _values(found).shape[1]
            if dim != row.dim:
                if self._began:
                    raise InputError(
                        f"{self.embedder.name} gave vectors of {row.dim} and of {dim} numbers.",
                        record=keys[chosen[0]],
                        field=self.attribute.name,
                    )
                self._dim = dim
                return None
            if isinstance(found, Ragged):
                lengths[chosen] = found.length
                return Ragged.of(lengths, found.packed())
            values[chosen] = found
        return Ragged.of(lengths, values) if row.level in RAGGED else values

    def _checked(self, texts: list[str], keys: list[str]) -> Any:
        """Return what the model gives, if all of it is finite."""
        block = self.level.encode(self.embedder, texts)
        finite = np.isfinite(_values(block)).all(axis=1)
        if not finite.all():
            bad = int(np.argmin(finite))
            if isinstance(block, Ragged):
                bad = int(np.searchsorted(np.cumsum(block.length), bad, side="right"))
            raise InputError(
                f"{self.embedder.name} gave NaN or infinity.",
                record=keys[bad],
                field=self.attribute.name,
                hint="What was embedded before it is kept; mend the model and embed again.",
            )
        return block

    def _tidy(
        self, row: EmbeddingRow, late: list[tuple[Ints, NDArray[np.uint64], Any]]
    ) -> BlockArray[Any]:
        """Write a new generation if records were deleted, or came between older ones."""
        array = self.store.array(row)
        rows, block = array.rows(row.count), array.values(row.count)
        with self.project.database.read() as connection:
            keep = np.isin(rows["record"], records.all_ids(connection))
        if not late and (_waste(block, keep) <= WASTE if row.level in RAGGED else keep.all()):
            return array
        kept = np.flatnonzero(keep)
        parts = [(rows["record"][kept], rows["text"][kept]), *((ids, m) for ids, m, _ in late)]
        ids, marks = (np.concatenate(column) for column in zip(*parts, strict=True))
        added = joined([values for _, _, values in late]) if late else None
        moved = replace(row, generation=row.generation + 1)
        tidied, count = self.store.array(moved), 0
        order = np.argsort(ids)
        size = PAGE if row.level in RAGGED else 64 * PAGE
        for first in range(0, max(len(order), 1), size):  # not all at once: it may be large
            page = order[first : first + size]
            old = page < len(kept)
            found = block[kept[page[old]]]
            if added is not None:
                found = joined([found, added[page[~old] - len(kept)]])
            found = found[np.argsort(np.argsort(~old, kind="stable"), kind="stable")]
            count = tidied.append(count, ids[page], marks[page], found)
        state = self.store.state(row)
        if state is not None:
            self.store.keep_state(moved, state)
        with self.project.database.write() as connection:
            stored.move(connection, row.id, generation=moved.generation, count=count)
        self.store.forget(row)
        return tidied

    @contextmanager
    def _told(self, total: int) -> Iterator[Callable[[int], object]]:
        """Tell of progress: by a bar, or to who asked for it."""
        if callable(self.progress):
            done, told = 0, self.progress
            told(0, total)

            def tell(count: int) -> None:
                nonlocal done
                done += count
                told(done, total)

            yield tell
            return
        from tqdm import tqdm

        # Little work is done before anybody could read it.
        with tqdm(
            total=total,
            desc=self.name,
            unit="texts",
            delay=1.0,
            leave=False,
            disable=not self.progress,
        ) as bar:
            yield bar.update


def _values(block: Any) -> NDArray[Any]:
    values: NDArray[Any] = block.values if isinstance(block, Ragged) else block
    return values


def _waste(block: Ragged, keep: NDArray[np.bool_]) -> float:
    """Return which part of the vectors belongs to no record."""
    return 1 - int(block.length[keep].sum()) / len(block.values) if len(block.values) else 0.0
