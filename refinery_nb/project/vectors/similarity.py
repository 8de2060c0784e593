"""How like records are to texts, to other records or to vectors: examples as one direction."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError, MissingExtra, QueryError, UnknownName
from refinery_nb.core.example import Example
from refinery_nb.core.query import SimilarityField
from refinery_nb.core.vectors import Vectors
from refinery_nb.embed.embedder import Embedder, again
from refinery_nb.store import records
from refinery_nb.store.derived import Resolved
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.store.schema import column

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
Values = NDArray[np.float32]
PUSH = 0.25  # how much what a record should be unlike counts: more turns away what is wanted too
LEAST = 1e-9  # a shorter mean of directions is rounding
KEPT_TEXTS = 10_000  # vectors of texts that were asked for
KEPT_TOPS = 2_000  # of 8 kB each


class Similarities:
    """Answers ``SimilarityField``: one direction from all examples, then cosines to it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._encoding = threading.Lock()
        self._embedders: dict[int, tuple[int, Embedder]] = {}
        self._texts: dict[tuple[int, int, bool, str], Values] = {}
        self._tops: dict[tuple[Hashable, int], Ints] = {}
        self._having: dict[str, tuple[object, Ints]] = {}

    def resolve(self, field: SimilarityField) -> Resolved:
        """Return the similarities of the records of an embedding to what a field says.

        Raises
        ------
        QueryError
            If there is no such embedding or record, or its model cannot be had for a text.
        """
        try:
            row = self._project.embeddings.row(field.embedding)
            query = self.direction(row, field.like, field.unlike)
        except (UnknownName, InputError, MissingExtra) as error:
            raise QueryError(error.message, hint=error.hint) from error
        version = (*self.version(row), query.tobytes())
        if not query.any():
            return _nothing(version)
        if row.level == "list":
            return self._of_lists(row, query, version)
        return Resolved(
            version,
            lambda: self._column(row, query),
            at=lambda ids: self._at(row, query, ids),
            top=lambda k, among: self._top(row, query, version, k, among),
            having=self.having(row),
        )

    def prime(self, fields: Sequence[SimilarityField], k: int) -> None:
        """Find the best k of several questions to one embedding by one matrix product."""
        if not fields:
            return
        row = self._project.embeddings.row(fields[0].embedding)
        texts = [example.text for field in fields for example in field.like]
        self.encode(row, [text for text in texts if text is not None], asked=True)
        queries = [self.direction(row, field.like, field.unlike) for field in fields]
        asked = [query for query in queries if query.any()]
        if row.level != "record" or not asked:
            return
        embedding = self._project.embeddings[row.name]
        version, depth = self.version(row), min(k, len(self._project))
        for query, ids in zip(asked, embedding.nearest(np.stack(asked), depth)[0], strict=True):
            self._keep_top((*version, query.tobytes()), k, ids[ids >= 0])

    def direction(
        self, row: EmbeddingRow, like: Sequence[Example], unlike: Sequence[Example] = ()
    ) -> Values:
        """Return what records are compared with, of length 1, or zero if nothing is like it.

        The mean of the directions of what they should be like, less a quarter of that of what they
        should be unlike (Rocchio, 1971, without a weight for an original query).

        Raises
        ------
        QueryError
            If a key is unknown, a span lies outside of its text, or a vector has another length.
        InputError
            If the model cannot be had to embed a text.
        """
        nothing = np.zeros(row.dim, np.float32)
        found = self._mean(row, like)
        if np.linalg.norm(found) < LEAST:
            return nothing  # blank texts, or examples that cancel out
        found -= PUSH * self._mean(row, unlike)
        length = np.linalg.norm(found)
        return nothing if length < LEAST else (found / length).astype(np.float32)

    def vectors(
        self, row: EmbeddingRow, examples: Sequence[Example], *, asked: bool = False
    ) -> Values:
        """Return the vector of each example, shape (n, dim); zero where a text is blank.

        ``asked``: texts that are no part of a record are questions, which some models embed in
        another way than what answers them.
        """
        found = np.zeros((len(examples), row.dim), np.float32)
        questions: dict[int, str] = {}
        texts: dict[int, str] = {}
        for at, example in enumerate(examples):
            if example.vector is not None:
                if len(example.vector) != row.dim:
                    raise QueryError(
                        f"the vector has {len(example.vector)} numbers; those of {row.name!r} "
                        f"have {row.dim}."
                    )
                found[at] = example.vector
            elif example.text is not None:
                (questions if asked else texts)[at] = example.text
            else:
                vector, text = self._of_record(row, example)
                if vector is not None:
                    found[at] = vector
                else:
                    texts[at] = text or ""
        for said, kind in ((texts, False), (questions, True)):
            if said:
                found[list(said)] = self.encode(row, list(said.values()), asked=kind)
        return found

    def text_of(self, row: EmbeddingRow, example: Example) -> str:
        """Return the text that an example stands for; of a vector there is none."""
        if example.text is not None or example.key is None:
            return example.text or ""
        _, text = self._stored(row, example.key)
        return _part(example, text) if example.is_span else text

    def encode(self, row: EmbeddingRow, texts: Sequence[str], *, asked: bool = False) -> Values:
        """Return the vector of each text by the model of an embedding, zero for blank ones."""
        keys = [(row.id, row.generation, asked, text) for text in texts]
        with self._lock:
            known = {key: self._texts.pop(key) for key in set(keys) if key in self._texts}
        fresh = list({key: None for key in keys if key not in known and key[3].strip()})
        if fresh:
            values = self._encoded(row, [key[3] for key in fresh], asked)
            known |= dict(zip(fresh, values, strict=True))
        with self._lock:
            self._texts |= known
            while len(self._texts) > KEPT_TEXTS:
                del self._texts[next(iter(self._texts))]
        blank = np.zeros(row.dim, np.float32)
        return np.stack([known.get(key, blank) for key in keys]) if keys else blank[None][:0]

    def can_encode(self, row: EmbeddingRow) -> bool:
        """Say whether the model of an embedding can be had to embed other texts."""
        if row.spec["kind"] not in ("function", "endpoint", "snapshot"):
            return True
        return self._given(row) is not None  # nobody else knows the function or the address

    def having(self, row: EmbeddingRow) -> tuple[str, Resolved]:
        """Return the records with a vector that is not zero, as a name and a column."""
        name, version = f"vectors {row.id}", self.version(row)
        return name, Resolved(version, lambda: (self._some(row), None))

    def missing(self, name: str) -> int:
        """Return how many records have no vector of their present text."""
        return len(self._project) - self._project.embeddings[name].covered

    def _mean(self, row: EmbeddingRow, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the mean of the directions of those examples that have one."""
        given = self.vectors(row, examples, asked=True).astype(np.float64)
        some = given[given.any(axis=1)]
        if not len(some):
            return np.zeros(row.dim)
        mean: NDArray[np.float64] = _directions(some).mean(axis=0)
        return mean

    def _encoded(self, row: EmbeddingRow, texts: list[str], asked: bool) -> Values:
        embedder = self.embedder(row)
        encode = getattr(embedder, "encode_queries", embedder.encode) if asked else embedder.encode
        with self._encoding:  # a tokenizer is not for two threads at once
            values: Values = encode(texts)
        if values.shape[1] != row.dim:
            raise InputError(
                f"{row.spec['model']} gives vectors of {values.shape[1]} numbers; those of "
                f"{row.name!r} have {row.dim}.",
                hint=f"Embed again: project.embeddings[{row.name!r}].update()",
            )
        if not np.isfinite(values).all():
            raise InputError(f"{row.spec['model']} gave NaN or infinity for a text.")
        return values

    def embedder(self, row: EmbeddingRow) -> Embedder:
        """Return the model of an embedding, loaded once.

        Raises
        ------
        InputError
            If it cannot be had, or is not the one any more that the vectors come from.
        """
        with self._loading:  # two threads would load a model twice
            known = self._embedders.get(row.id)
            if known is not None and known[0] == row.generation:
                return known[1]
            embedder = self._given(row)
            if embedder is not None:
                return embedder
            embedder = again(row.spec)
            if embedder.learns:
                state = self._project.embeddings.state(row)
                if state is None:
                    raise InputError(
                        f"what the model of {row.name!r} has learnt is missing or damaged.",
                        hint=f"Embed again: project.embeddings[{row.name!r}].update()",
                    )
                embedder.restore(state)
            if embedder.spec()["identity"] != _identity(row):
                raise InputError(
                    f"{row.spec['model']} is another model than the one that gave the vectors of "
                    f"{row.name!r}.",
                    hint=f"Embed again: project.embeddings[{row.name!r}].update()",
                )
            self._embedders[row.id] = row.generation, embedder
            return embedder

    def _given(self, row: EmbeddingRow) -> Embedder | None:
        """Return the model that embedded the records, if that was in this session."""
        known: Embedder | None = self._project.given.get(("embedder", row.name))
        if known is None or known.learns or known.spec()["identity"] != _identity(row):
            return None  # what one that learns has learnt may be of an older generation
        return known

    def _of_record(self, row: EmbeddingRow, example: Example) -> tuple[Values | None, str]:
        """Return the vector of a record, or the text whose vector is to be had."""
        assert example.key is not None
        record, text = self._stored(row, example.key)
        if example.is_span:
            return None, _part(example, text)
        if row.level == "list":
            entries = self._project.embeddings.entries(row.name)
            at = np.flatnonzero(np.repeat(entries.records == record, entries.lengths))
            return _directions(entries.values[at]).sum(axis=0, dtype=np.float32), text
        values, known = self._values(row).of_records(np.array([record]))
        return (values[0], text) if known.all() else (None, text)

    def _stored(self, row: EmbeddingRow, key: str) -> tuple[int, str]:
        attribute = self._project.attribute(row.attribute)
        with self._project.database.read() as connection:
            known = records.ids_of_keys(connection, [key])
            if key not in known:
                raise QueryError(
                    f"there is no record {key!r}.", hint="For a text: project.search(text)."
                )
            text = records.one_value(connection, column(attribute), known[key])
        return known[key], text or ""

    def _values(self, row: EmbeddingRow) -> Vectors:
        return self._project.embeddings.value(row.name)

    def version(self, row: EmbeddingRow) -> tuple[Hashable, ...]:
        """Return what changes whenever a record or a vector of an embedding does."""
        with self._project.database.read() as connection:
            now, total = records.version(connection), records.count(connection)
        return (row.id, row.generation, row.count, row.at, now, total)

    def _some(self, row: EmbeddingRow) -> Ints:
        if row.level == "list":
            entries = self._project.embeddings.entries(row.name)
            owner = np.repeat(entries.records, entries.lengths)
            return np.unique(owner[entries.values.any(axis=1)])
        vectors = self._values(row)
        with self._lock:
            known = self._having.get(row.name)
        if known is None or known[0] is not vectors:
            known = vectors, vectors.records[vectors.values.any(axis=1)]
            with self._lock:
                self._having[row.name] = known
        return known[1]

    def _column(self, row: EmbeddingRow, query: Values) -> tuple[Ints, NDArray[np.float64]]:
        ids = self._some(row)
        return ids, self._at(row, query, ids)

    def _at(self, row: EmbeddingRow, query: Values, ids: Ints) -> NDArray[np.float64]:
        exact = self._project.embeddings.indexes.exact(row.name)
        scores: NDArray[np.float64] = exact.scores(query[None], ids[None])[0].astype(np.float64)
        scores[np.isneginf(scores)] = np.nan
        return scores

    def _top(
        self, row: EmbeddingRow, query: Values, version: Hashable, k: int, among: Ints | None
    ) -> Ints:
        if among is None:
            with self._lock:
                known = self._tops.get((version, k))
            if known is not None:
                return known
        wanted = min(k, len(self._project) if among is None else len(among))
        ids, _ = self._project.embeddings[row.name].nearest(query[None], wanted, among=among)
        found: Ints = ids[0][ids[0] >= 0]
        if among is None:
            self._keep_top(version, k, found)
        return found

    def _keep_top(self, version: Hashable, k: int, ids: Ints) -> None:
        with self._lock:
            self._tops[(version, k)] = ids
            while len(self._tops) > KEPT_TOPS:
                del self._tops[next(iter(self._tops))]

    def _of_lists(self, row: EmbeddingRow, query: Values, version: Hashable) -> Resolved:
        """Return the similarity of the entry of each record that is most like the query."""

        def best() -> tuple[Ints, NDArray[np.float64]]:
            entries = self._project.embeddings.entries(row.name)
            ids, _, scores = entries.best(query, len(entries))
            order = np.argsort(ids)
            return ids[order], scores[order].astype(np.float64)

        return Resolved(version, best, having=self.having(row))


def _identity(row: EmbeddingRow) -> str:
    """Return what tells the model from others, without the tokens that it was asked for."""
    return str(row.spec["identity"]).removesuffix(f" {row.spec.get('tokens')}")


def _part(example: Example, text: str) -> str:
    assert example.start is not None
    assert example.end is not None
    if example.end > len(text):
        raise QueryError(
            f"{example.start} to {example.end} lies outside of the text, which has {len(text):,} "
            "characters.",
            record=example.key,
        )
    return text[example.start : example.end]


def _directions(values: NDArray[Any]) -> NDArray[Any]:
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def _nothing(version: Hashable) -> Resolved:
    none = np.zeros(0, np.int64)
    empty = Resolved(0, lambda: (none, None))
    return Resolved(
        version,
        lambda: (none, np.zeros(0)),
        at=lambda ids: np.full(len(ids), np.nan),
        top=lambda k, among: none,
        having=("no vectors", empty),
    )
