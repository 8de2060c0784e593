"""An embedding: the vectors of one attribute by one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.vectors import Entries, Vectors
from refinery_nb.store.embeddings import EmbeddingRow

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.view import View


class Embedding:
    """The vectors of one attribute by one model. Made by ``project.embed``."""

    def __init__(self, project: Project, name: str) -> None:
        self._project = project
        self.name = name

    @property
    def row(self) -> EmbeddingRow:
        """What the database knows of it."""
        return self._project.embeddings.row(self.name)

    @property
    def on(self) -> str:
        """The attribute whose texts are embedded."""
        return self.row.attribute

    @property
    def model(self) -> str:
        """The model: ``tfidf``, a folder or name, or the name of a function."""
        return str(self.row.spec["model"])

    @property
    def level(self) -> str:
        """What has a vector: a ``record``, each entry of a ``list``, or each ``token``."""
        return self.row.level

    @property
    def dim(self) -> int:
        """How many numbers a vector has."""
        return self.row.dim

    @property
    def covered(self) -> int:
        """How many records have a vector of their present text."""
        return int(self._project.embeddings.known(self.row)[1].sum())

    def vectors(
        self, ids: Iterable[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return record ids, ascending, and their vectors.

        Parameters
        ----------
        ids
            Which records; those without a vector are left out. None: all.

        Returns
        -------
        tuple
            int64 of shape (n,) and float32 of shape (n, dim), not to be written to. A record
            whose text is blank or missing has the zero vector; one whose text has changed since
            has none.
        """
        value = self.value()
        if ids is None:
            return value.records, value.values
        wanted = np.unique(np.fromiter(ids, np.int64))
        values, known = value.of_records(wanted)
        return wanted[known], values

    def value(self) -> Vectors:
        """Return the vectors of all records that have one.

        Raises
        ------
        StoreDamaged
            If its files are missing or damaged: embed again.
        """
        return self._project.embeddings.value(self.name)

    def tokens(self, ids: Iterable[int] | None = None) -> Iterator[tuple[int, NDArray[np.float16]]]:
        """Return the vectors of tokens, record by record; those of ``level="token"``.

        Parameters
        ----------
        ids
            Which records, in this order; those without vectors of their present text are left
            out. None: all, by ascending id.

        Returns
        -------
        Iterator
            Record id, and float16 of shape (tokens, dim): row ``i`` belongs to row ``i`` of
            ``text.tokens.tokens(text, project.tokenizer)``. It is a view of the file that is read
            when it is looked at; not to be written to.

        Raises
        ------
        InputError
            If these are not vectors of tokens, or of those of another tokenizer.
        StoreDamaged
            If their files are missing or damaged: embed again.
        """
        return self._project.embeddings.tokens(self.name, ids)

    def entries(self) -> Entries:
        """Return one vector for each entry of a list of texts; those of a JSON attribute.

        Raises
        ------
        InputError
            If these are not vectors of lists.
        StoreDamaged
            If their files are missing or damaged: embed again.
        """
        return self._project.embeddings.entries(self.name)

    def nearest(
        self,
        queries: NDArray[np.float32],
        k: int = 10,
        *,
        among: NDArray[np.int64] | View | None = None,
        exclude: NDArray[np.int64] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the records whose vectors are nearest to each of some vectors.

        Parameters
        ----------
        queries
            Shape (m, dim), finite; their length does not matter.
        k
            How many records for each.
        among
            Ids of the records that may be found, or a view of them, whose order does not matter.
            None: all.
        exclude
            Ids that may not be found: shape (n,) for all queries, or (m, n) with those of each
            query (-1 where there are fewer), such as the record that the query is the vector of.

        Returns
        -------
        tuple
            Record ids, int64, and cosine similarities, float32, both of shape (m, k): best first,
            ties by id. Where fewer are found they are filled up with -1 and -inf. A record whose
            vector is zero (its text is blank) is never found, and a zero query finds nothing.

        Notes
        -----
        From ``project.embeddings.indexes.above`` vectors on (200,000) an index of Qdrant Edge
        proposes, and the vectors themselves decide; it is made in the background, and until then
        all vectors are scanned. ``project.embeddings.indexes.server`` names a Qdrant server that
        is to do so instead.
        """
        return self._project.embeddings.indexes.nearest(
            self.name, queries, k, among=among, exclude=exclude
        )

    def index(self, *, wait: bool = True) -> None:
        """Make an index of the vectors, however few, or bring it in line with them.

        Parameters
        ----------
        wait
            Return when that is done; else it is done in the background.

        Raises
        ------
        StoreError
            If the project is in memory.

        Warns
        -----
        RuntimeWarning
            If what was there could not be used, or no index can be made; searches are exact then.
        """
        self._project.embeddings.indexes.index(self.name, wait=wait)

    @property
    def searched_by(self) -> str:
        """What answers searches: ``exact``, ``edge`` or ``server``; and what is going on."""
        return self._project.embeddings.indexes.state(self.name)

    def update(self, **options: Any) -> Embedding:
        """Embed the records that are new or have changed.

        A function must be passed again (``model=``), and an endpoint named again
        (``endpoint=``); other options are those of ``project.embed``.
        """
        return self._project.embed(self.on, name=self.name, **options)

    def delete(self) -> None:
        """Delete the vectors."""
        self._project.embeddings.delete(self.name)

    def __repr__(self) -> str:
        return (
            f"Embedding {self.name!r} of {self.on!r} by {self.model}: {self.covered:,} of "
            f"{len(self._project):,} records, {self.dim} numbers each"
        )
