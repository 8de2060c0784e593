"""A View: the one concept of a selection of records. Lazy, immutable, composable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.core.html import block, paragraph, shortened, table
from refinery_nb.core.query import (
    Among,
    And,
    AttributeField,
    Composable,
    Condition,
    Field,
    Not,
    Or,
    RandomField,
    Selection,
    SimilarityField,
)
from refinery_nb.project import sentence
from refinery_nb.project.records import frames

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from refinery_nb.project.project import Project


class View(Composable):
    """The records of a project for which a condition is true, in an order, up to a limit.

    Nothing is computed before it is asked for, and nothing is kept: a view of unlabelled records
    shrinks while they are labelled. Combine views and conditions with ``&``, ``|`` and ``~``; the
    order of the left one stays.
    """

    __slots__ = ("project", "selection")

    def __init__(self, project: Project, selection: Selection) -> None:
        self.project = project
        self.selection = selection

    def where(self, condition: Condition) -> View:
        """Return those records of this view for which a condition is true."""
        if not isinstance(condition, Condition):
            raise QueryError(
                f"{condition!r} is not a condition.",
                hint="Compare an attribute: project['stars'] > 3; or ask a task: task.unlabeled.",
            )
        return self._with(And((*_items(self._condition()), *_items(condition))))

    @overload
    def search(self, text: str | None = None, k: int | None = None, **options: Any) -> View: ...

    @overload
    def search(self, text: Sequence[str], k: int | None = None, **options: Any) -> list[View]: ...

    def search(self, text: Any = None, k: int | None = None, **options: Any) -> View | list[View]:
        """Return the records that a text is about, best first: by meaning, or by words.

        By meaning where there is an embedding; ``how="words"`` asks for words (``"a phrase"``,
        ``begin*``), ``how="hybrid"`` for both. A list of texts gives a list of views. With
        ``like=[...]``, ``unlike=[...]`` and ``threshold=``; see ``project.search.search``.
        """
        from refinery_nb.project.vectors.search import search, search_all

        if text is None or isinstance(text, str) or not isinstance(text, Sequence):
            return search(self, text, k, **options)
        return search_all(self, text, k, **options)

    def similar_to(self, example: Any, k: int | None = None, **options: Any) -> View:
        """Return the records that are most like one with this key; see ``search.similar_to``."""
        from refinery_nb.project.vectors.search import similar_to

        return similar_to(self, example, k, **options)

    def order_by(self, field: str | Field, *, descending: bool = False) -> View:
        """Return this view sorted by an attribute or field; missing values come last."""
        if isinstance(field, str):
            self.project.attribute(field)
            field = AttributeField(field)
        kept = self.selection if self.selection.limit is None else Selection(self._condition())
        return View(self.project, Selection(kept.condition, ((field, descending),), kept.limit))

    def shuffle(self, seed: int = 0) -> View:
        """Return this view in a random order, the same for the same seed."""
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise QueryError(f"{seed!r} is not a seed.", hint="A seed is a whole number.")
        return self.order_by(RandomField(int(seed)))

    def sample(self, n: int, *, seed: int = 0) -> View:
        """Return ``n`` random records of this view, the same for the same seed."""
        return self.shuffle(seed).head(n)

    def head(self, n: int) -> View:
        """Return the first ``n`` records of this view."""
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
            raise QueryError(f"{n!r} is not a number of records.")
        limit = self.selection.limit
        n = int(n) if limit is None else min(int(n), limit)
        return View(self.project, Selection(self.selection.condition, self.selection.order, n))

    def ids(self) -> NDArray[np.int64]:
        """Return the ids of the records, in order, shape (n,)."""
        return self.project.select_ids(self.selection)

    def count(self) -> int:
        """Return how many records there are; the same as ``len``."""
        return len(self)

    def keys(self) -> list[Any]:
        """Return the keys of the records, in order."""
        ids = self.ids().tolist()
        known = frames.keys(self.project, ids)
        return [known[record] for record in ids]

    def records(self) -> pd.DataFrame:
        """Return the records: attributes as columns, keys as index."""
        return self.project.frame(self.ids())

    def scores(self) -> pd.Series[float]:
        """Return the numbers that this view is ordered by, such as similarities, by key, in order.

        Raises
        ------
        QueryError
            If it is not ordered by a score: by a search, a confidence, or how far out records lie.
        """
        import pandas as pd

        ids = self.ids()
        values = self.project.selector.scores(self.selection, ids)
        known = frames.keys(self.project, ids.tolist())
        index = pd.Index([known[one] for one in ids.tolist()], name="key", tupleize_cols=False)
        return pd.Series(values, index=index, name="score", dtype="float64")

    def save(self, name: str, *, static: bool = False, comment: str = "") -> View:
        """Keep this view by name as a slice; see ``project.slices``."""
        return self.project.slices.save(name, self, static=static, comment=comment)

    def export(self, path: str | Path, **options: Any) -> Path:
        """Write these records with their labels to a file; see ``Project.export``."""
        return self.project.export(path, self, **options)

    @property
    def title(self) -> str:
        """What the view holds, in words."""
        return sentence.title(self.selection)

    def __len__(self) -> int:
        return self.project.count(self.selection)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def __and__(self, other: View | Condition) -> View:
        return self.where(self._operand(other))

    def __or__(self, other: View | Condition) -> View:
        return self._with(Or((self._condition(), self._operand(other))))

    def __rand__(self, other: Condition) -> View:
        return self.where(self._operand(other))

    def __ror__(self, other: Condition) -> View:
        return self._with(Or((self._operand(other), self._condition())))

    def __invert__(self) -> View:
        return View(self.project, Selection(Not(self._condition())))

    def __bool__(self) -> bool:
        return len(self) > 0

    def __repr__(self) -> str:
        count = len(self)
        told = f"View of {count:,} record{'' if count == 1 else 's'}: {self.title}"
        for field, _ in self.selection.order:
            if isinstance(field, SimilarityField):
                missing = self.project.similarities.missing(field.embedding)
                if missing:
                    told += f" ({missing:,} records have no vector in {field.embedding!r} yet)"
        return told

    def _repr_html_(self) -> str:
        found = self.project.frame(self.head(5).ids())
        # The key stands among the attributes, unless it was made from them.
        head = found.reset_index(drop=any(attr.is_key for attr in self.project.attributes))
        head = head.astype(object).where(head.notna(), None)
        heads = [(str(name), "text") for name in head.columns]
        rows = [[shortened(cell) for cell in row] for row in head.itertuples(index=False)]
        return block(paragraph(repr(self)), table(heads, rows))

    def _condition(self) -> Condition:
        """Return the condition that holds for exactly these records, whatever their order."""
        if self.selection.limit is None:
            return self.selection.condition
        return Among(self.selection)

    def _operand(self, other: View | Condition) -> Condition:
        if isinstance(other, View):
            if other.project is not self.project:
                raise QueryError("views of different projects cannot be combined.")
            return other._condition()
        if isinstance(other, Condition):
            return other
        raise QueryError(f"{other!r} is neither a view nor a condition.")

    def _with(self, condition: Condition) -> View:
        return View(self.project, Selection(condition, self.selection.order))


def _items(condition: Condition) -> tuple[Condition, ...]:
    return condition.items if isinstance(condition, And) else (condition,)
