"""A run of an embedder over the records that have no vector yet, or another text by now."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError, SchemaError, StoreDamaged
from refinery_nb.core.schema import Attribute, check_name
from refinery_nb.embed.embedder import Embedder, again, make
from refinery_nb.project.embedding import PAGE, Embedding, hashes, positions
from refinery_nb.project.following import now as time_now
from refinery_nb.store import embeddings as stored
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.vectors.array import VectorArray

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
Values = NDArray[np.float32]
FITTED_ON = 20_000  # texts that a model that learns gets to see
OUTGROWN = 2  # times as many records as were fitted: it learns again


def embed(
    project: Project,
    on: str,
    *,
    model: str | Path | Callable[..., Any] | None = None,
    name: str | None = None,
    level: str = "record",
    fresh: bool = False,
    progress: bool = True,
) -> Embedding:
    """Give each record a vector of one of its texts; only what is new or has changed is embedded.

    Parameters
    ----------
    on
        The attribute with the texts.
    model
        None: that of the embedding called ``name`` if there is one, or else TF-IDF with a
        truncated SVD, which needs no download. A folder in the format of sentence-transformers,
        or the name of an installed or cached model. A function: a list of texts to an array of
        shape (n, dim).
    name
        Of the embedding; by default the attribute and the model. With another model or dimension
        than before, all vectors are made anew.
    level
        ``record``: one vector for each record.
    fresh
        Make all vectors anew.

    Raises
    ------
    InputError
        If the model cannot be used, or gives a vector with NaN or infinity; the error names the
        record, and what was embedded before it stays.
    SchemaError
        If there is no such attribute, or it holds no texts.

    Notes
    -----
    A record whose text is blank or missing has the zero vector. A model that learns from the
    texts (TF-IDF) learns again when there are twice as many records. Vectors are kept after each
    1,024 texts: a run that was interrupted or killed goes on from there.
    """
    attribute = project.attribute(on)
    if not attribute.type.is_string:
        raise SchemaError(f"{on!r} is of the type {attribute.type.value}; vectors need texts.")
    if level != "record":
        raise InputError(f"level={level!r} is not known.", hint="There is level='record'.")
    known = project.embeddings.get(name) if name is not None else None
    embedder = again(known.row.spec) if known is not None and model is None else make(model)
    chosen = check_name(f"{on}-{embedder.name}" if name is None else name, "an embedding")
    with project.embeddings.busy():
        run = _Run(project, attribute, embedder, chosen, progress)
        run.start(fresh=fresh)
        run.go()
    project.events.emit("vectors", name=chosen)
    return Embedding(project, chosen)


class _Run:
    """One embedding on its way to all records."""

    def __init__(
        self,
        project: Project,
        attribute: Attribute,
        embedder: Embedder,
        name: str,
        progress: bool,
    ) -> None:
        self.project = project
        self.attribute = attribute
        self.embedder = embedder
        self.name = name
        self.progress = progress
        self.store = project.embeddings
        self._began = False
        self._dim = 0

    def start(self, *, fresh: bool) -> None:
        """Find out whether older vectors can stay; if not, begin a new generation."""
        row = self.store.row(self.name) if self.name in self.store else None
        if row is None or fresh or not self._stays(row):
            self._restart(row)

    def _stays(self, row: EmbeddingRow) -> bool:
        same = row.spec["identity"] == self.embedder.spec()["identity"]
        if not same or row.attribute != self.attribute.name:
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
        project, spec = self.project, self.embedder.spec()
        with project.database.read() as connection:
            text = stored.first_text(connection, self.attribute)
            ids = records.all_ids(connection)
        if text is None:
            raise InputError(f"no record has a text in {self.attribute.name!r}.")
        if self.embedder.learns:
            if len(ids) > FITTED_ON:
                chance = np.random.default_rng(0)
                ids = np.sort(chance.choice(ids, FITTED_ON, replace=False))
            with project.database.read() as connection:
                texts = stored.sample(connection, self.attribute, ids)
            self.embedder.fit([one for one in texts if one.strip()] or [text])
            spec["fitted"] = len(project)
        self._begin(row, spec, self._checked([text], ["the first one"]).shape[1])

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
            self._begin(row, row.spec | self.embedder.spec(), self._dim)
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
        with _bar(changed, self.name, shown=self.progress) as bar:
            for ids, keys, texts in self._pages(seen):
                marks = hashes(texts)
                at, known = positions(rows["record"], ids)
                todo = ~known
                todo[known] = rows["text"][at[known]] != marks[known]
                values = self._encoded(texts, keys, np.flatnonzero(todo), row.dim)
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
                bar.update(len(ids))
        array, at_end = self._tidy(replace(row, count=count), late), time_now()
        array.stamp(at_end)
        with self.project.database.write() as connection:
            stored.set_seen(connection, row.id, now, at=at_end)
        return True

    def _pages(self, seen: int) -> Iterator[tuple[Ints, list[str], list[str]]]:
        """Yield ids, keys and texts of the records that changed since a version."""
        after = 0
        while True:
            with self.project.database.read() as connection:
                page = stored.texts(connection, self.attribute, seen=seen, after=after, limit=PAGE)
            if not page:
                return
            after = page[-1][0]
            texts = [text if text and text.strip() else "" for _, _, text in page]
            yield np.array([one[0] for one in page], np.int64), [one[1] for one in page], texts

    def _encoded(self, texts: list[str], keys: list[str], todo: Ints, dim: int) -> Values | None:
        """Return vectors of the texts at some places, zero elsewhere; None: of another length."""
        values = np.zeros((len(texts), dim), np.float32)
        chosen = [at for at in todo.tolist() if texts[at]]
        if chosen:
            found = self._checked([texts[at] for at in chosen], [keys[at] for at in chosen])
            if found.shape[1] != dim:
                if self._began:
                    raise InputError(
                        f"{self.embedder.name} gave vectors of {dim} and of {found.shape[1]} "
                        "numbers.",
                        record=keys[chosen[0]],
                        field=self.attribute.name,
                    )
                self._dim = found.shape[1]
                return None
            values[chosen] = found
        return values

    def _checked(self, texts: list[str], keys: list[str]) -> Values:
        """Return what the model gives, if all of it is finite."""
        values = self.embedder.encode(texts)
        finite = np.isfinite(values).all(axis=1)
        if not finite.all():
            raise InputError(
                f"{self.embedder.name} gave NaN or infinity.",
                record=keys[int(np.argmin(finite))],
                field=self.attribute.name,
                hint="What was embedded before it is kept; mend the model and embed again.",
            )
        return values

    def _tidy(
        self, row: EmbeddingRow, late: list[tuple[Ints, NDArray[np.uint64], Values]]
    ) -> VectorArray:
        """Write a new generation if records were deleted, or came between older ones."""
        array = self.store.array(row)
        rows = array.rows(row.count)
        with self.project.database.read() as connection:
            keep = np.isin(rows["record"], records.all_ids(connection))
        if keep.all() and not late:
            return array
        parts = [(rows["record"][keep], rows["text"][keep], array.values(row.count)[keep]), *late]
        ids, marks, values = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(ids)
        moved = replace(row, generation=row.generation + 1)
        tidied = self.store.array(moved)
        count = tidied.append(0, ids[order], marks[order], values[order])
        state = self.store.state(row)
        if state is not None:
            self.store.keep_state(moved, state)
        with self.project.database.write() as connection:
            stored.move(connection, row.id, generation=moved.generation, count=count)
        self.store.forget(row)
        return tidied


@contextmanager
def _bar(count: int, name: str, *, shown: bool) -> Iterator[Any]:
    from tqdm import tqdm

    # Little work is done before anybody could read it.
    with tqdm(
        total=count, desc=name, unit="texts", delay=1.0, leave=False, disable=not shown
    ) as bar:
        yield bar
