"""Near-duplicates: groups of records whose texts are nearly the same."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.core.html import block, paragraph, shortened, table
from refinery_nb.core.query import GivenField, Keys, Selection
from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.core.threads import side_by_side
from refinery_nb.core.vectors import Vectors
from refinery_nb.project.records import frames
from refinery_nb.project.vectors.search import chosen, newest
from refinery_nb.project.view import View
from refinery_nb.quality import near
from refinery_nb.store import embeddings, records

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

Ints = NDArray[np.int64]
PAGE = 5_000
SHOWN = 10
# A word, the sign of a number, or what is neither white nor punctuation: C++, #1, 5 %, an emoji.
WORD = re.compile(r"""[^\W_]+|(?<!\w)-(?=\d)|[^\s\w.,;:!?'"()\[\]{}/\\«»\u2010-\u2027-]""")


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """Groups of records that are nearly the same, as they were when they were looked for.

    Attributes
    ----------
    on
        The attribute whose texts were compared.
    embedding
        Whose vectors were compared; None: texts only.
    threshold
        The least cosine similarity of two vectors that are called the same.
    ids
        Record ids, group by group; in each the first to arrive comes first. Shape (n,).
    group
        The number of each one's group, from 0, shape (n,).
    """

    project: Project
    on: str
    embedding: str | None
    threshold: float
    ids: Ints
    group: Ints

    def __len__(self) -> int:
        return int(self.group[-1]) + 1 if len(self.group) else 0

    @property
    def groups(self) -> list[list[Any]]:
        """The keys of each group."""
        known = frames.keys(self.project, self.ids.tolist())
        found: list[list[Any]] = [[] for _ in range(len(self))]
        for record, group in zip(self.ids.tolist(), self.group.tolist(), strict=True):
            if record in known:
                found[group].append(known[record])
        return found

    @property
    def view(self) -> View:
        """All records that are in a group, group by group."""
        return self._view(np.ones(len(self.ids), np.bool_))

    @property
    def first(self) -> View:
        """The first record of each group."""
        return self._view(self._is_first)

    @property
    def rest(self) -> View:
        """All but the first of each group: what could go."""
        return self._view(~self._is_first)

    def frame(self) -> pd.DataFrame:
        """Return ``group, key, similarity, text``; the similarity is that to the group's first.

        It is missing where a record has no vector. In a group of three or more two records may be
        less similar than the threshold: each is close to another, not to all.
        """
        import pandas as pd

        known = frames.records(self.project, self.ids)
        here = frames.keys(self.project, self.ids.tolist())
        keep = np.array([record in here for record in self.ids.tolist()], np.bool_)
        columns = {
            "group": self.group[keep],
            "key": list(known.index),
            "similarity": self._similarities()[keep],
            "text": known[self.on].tolist(),
        }
        return pd.DataFrame(columns)

    @property
    def _is_first(self) -> NDArray[np.bool_]:
        return np.diff(self.group, prepend=-1) > 0

    def _similarities(self) -> NDArray[np.float64]:
        found = np.full(len(self.ids), np.nan)
        if self.embedding is None:
            return found
        vectors = self.project.embeddings.value(self.embedding)
        values, known = vectors.of_records(self.ids)
        place = np.cumsum(known) - 1
        first = np.flatnonzero(self._is_first)[self.group]
        both = known & known[first]
        found[both] = near.similarities(values, place[first[both]], place[both])
        return found

    def _view(self, mask: NDArray[np.bool_]) -> View:
        with self.project.database.read() as connection:
            known = records.keys_of_ids(connection, self.ids[mask].tolist())
        rows = [
            (known[record], float(group))
            for record, group in zip(self.ids[mask].tolist(), self.group[mask], strict=True)
            if record in known
        ]
        keys = tuple(key for key, _ in rows)
        order = GivenField("group of duplicates", keys, tuple(group for _, group in rows))
        return View(self.project, Selection(Keys(keys), ((order, False),)))

    def __repr__(self) -> str:
        by = (
            f"texts of {self.on!r} (make vectors by project.embed to find more)"
            if self.embedding is None
            else f"texts of {self.on!r} or vectors of {self.embedding!r} at {self.threshold:g}"
        )
        more = len(self.ids) - len(self)
        return (
            f"{len(self):,} groups of {len(self.ids):,} records that are nearly the same, by {by}; "
            f"{more:,} are more than the first of theirs"
        )

    def _repr_html_(self) -> str:
        shown = self._head(SHOWN).frame()
        heads = [(name, "text" if name == "text" else "number") for name in shown.columns]
        rows = [
            (group + 1, key, "" if like != like else f"{like:.3f}", shortened(text))
            for group, key, like, text in shown.itertuples(index=False)
        ]
        return block(paragraph(repr(self)), table(heads, rows, empty="No two are the same."))

    def _head(self, n: int) -> Duplicates:
        return replace(self, ids=self.ids[:n], group=self.group[:n])


def duplicates(
    project: Project,
    threshold: float | None = 0.95,
    *,
    on: str | None = None,
    embedding: str | None = None,
) -> Duplicates:
    """Return the groups of records that are nearly the same.

    Two records are if their texts have the same words and symbols in the same order, whatever the
    case, the punctuation and the form of the characters (NFKC), or if the cosine similarity of
    their vectors reaches the threshold. A group holds all that hang together in this way. All
    records are compared with all others (``quality.near``).

    Parameters
    ----------
    threshold
        In (0, 1]; None: by their texts only.
    on
        The attribute; by default that of the newest embedding, or the only one with texts.
    embedding
        Whose vectors; by default the newest of the attribute. Without one texts decide alone.

    Raises
    ------
    QueryError
        If the threshold is none, or it is not clear which texts are meant.
    """
    if threshold is not None and (
        isinstance(threshold, bool)
        or not isinstance(threshold, (int, float, np.number))
        or not 0 < threshold <= 1
    ):
        raise QueryError(f"threshold={threshold!r} does not lie in (0, 1].")
    name = _embedding(project, on, embedding)
    attribute = _attribute(project, on if name is None else project.embeddings.row(name).attribute)
    name = name if threshold is not None else None
    ids, root = _by_text(project, attribute)
    if name is not None:
        assert threshold is not None
        ids, root = _by_vector(ids, root, project.embeddings.value(name), float(threshold))
    lowest = np.full(len(ids), len(ids))
    np.minimum.at(lowest, root, np.arange(len(ids)))
    _, group, count = np.unique(lowest[root], return_inverse=True, return_counts=True)
    several = np.flatnonzero(count[group] > 1)
    several = several[np.argsort(group[several], kind="stable")]
    _, numbers = np.unique(group[several], return_inverse=True)
    found = numbers.astype(np.int64)
    return Duplicates(project, attribute.name, name, threshold or 1.0, ids[several], found)


def folded(text: str) -> str:
    """Return a text as it is compared: its words, in one form and without upper case.

    >>> folded("  Late GOAL, again! ")
    'late goal again'
    >>> folded("C++ at -5") == folded("C at 5")
    False
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    # A minus stays at its number: alone it would be punctuation.
    parts = re.sub(r"(?<!\S)- (?=\d)", "-", " ".join(WORD.findall(plain)))
    return parts or " ".join(plain.split())


def _embedding(project: Project, on: str | None, embedding: str | None) -> str | None:
    if embedding is None and not any(row.level == "record" for row in newest(project, on)):
        return None
    return chosen(project, on, embedding, levels=("record",)).name


def _attribute(project: Project, on: str | None) -> Attribute:
    if on is not None:
        attribute = project.attribute(on)
        if not attribute.type.is_string:
            raise SchemaError(f"{on!r} is of the type {attribute.type.value}; it has no texts.")
        return attribute
    every = project.attributes
    texts = [one for one in every if one.type is AttributeType.TEXT and not one.is_key]
    if len(texts) != 1:
        names = ", ".join(repr(one.name) for one in texts) or "none"
        raise QueryError(f"which texts are to be compared? There are: {names}.", hint="Pass on=.")
    return texts[0]


def _by_text(project: Project, attribute: Attribute) -> tuple[Ints, Ints]:
    """Return all record ids, ascending, and the lowest place with the same text of each."""
    ids: list[int] = []
    marks: list[bytes] = []
    after = 0
    while True:
        with project.database.read() as connection:
            page = embeddings.texts(connection, attribute, seen=0, after=after, limit=PAGE)
        if not page:
            break
        after = page[-1][0]
        for record, _, text in page:
            ids.append(record)
            plain = folded(text) if text else ""
            mark = plain or f"blank {record}"  # what has no text is no copy of anything
            marks.append(blake2b(mark.encode("utf-8"), digest_size=16).digest())
    place = {mark: at for at, mark in reversed(list(enumerate(marks)))}
    return np.array(ids, np.int64), np.array([place[mark] for mark in marks], np.int64)


def _by_vector(ids: Ints, root: Ints, vectors: Vectors, threshold: float) -> tuple[Ints, Ints]:
    """Return groups of records, some joined because of their vectors."""
    known = np.isin(vectors.records, ids)
    values = vectors.values if known.all() else vectors.values[known]
    at = np.searchsorted(ids, vectors.records[known])
    # Texts that are the same join vectors, and the other way round.
    _, begin = np.unique(root[at], return_inverse=True)
    joined = near.groups(values, threshold, begin.astype(np.int64), run=side_by_side)
    lowest = root.copy()
    lowest[at] = root[at[joined]]
    # A group by text of which only some have vectors follows these.
    follows = np.arange(len(ids))
    follows[root[at]] = lowest[at]
    return ids, follows[root]
