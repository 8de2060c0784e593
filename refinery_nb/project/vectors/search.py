"""Search: by meaning, by words, or by both, as Views in the order of what fits best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from refinery_nb.core.errors import QueryError, UnknownName, did_you_mean
from refinery_nb.core.example import Example
from refinery_nb.core.query import (
    And,
    Compare,
    Condition,
    Field,
    FusedField,
    Keys,
    Not,
    RelevanceField,
    Selection,
    SimilarityField,
    TextSearch,
)
from refinery_nb.project.records.keys import key_text
from refinery_nb.project.vectors.level import ONE
from refinery_nb.project.view import View
from refinery_nb.quality.spread import usual_similarity
from refinery_nb.store import records
from refinery_nb.store.embeddings import EmbeddingRow
from refinery_nb.store.search import has_syntax

if TYPE_CHECKING:
    from refinery_nb.project.project import Project

How = Literal["meaning", "words", "hybrid"]
RECORDS = 100  # that a search by meaning finds, unless told otherwise
DEPTH = 1_000  # places of each ranking that a hybrid search looks at, or as many as are asked for
SEARCHED = ("record", "list")  # levels of embeddings that say what a whole record is like


def search(
    view: View,
    text: str | None,
    k: int | None = None,
    *,
    on: str | None = None,
    how: How | None = None,
    embedding: str | None = None,
    like: Any = (),
    unlike: Any = (),
    threshold: float | Literal["refinery"] | None = None,
) -> View:
    """Return the records of a view that a text, or examples, are about; the best first.

    Parameters
    ----------
    text
        What to look for; None: only examples are given.
    k
        How many records at most. By default 100 by meaning; by words, all that have them, in the
        order of the view; with ``k`` the best by BM25.
    on
        The attribute whose embedding is asked.
    how
        ``meaning``: by the vectors of an embedding. ``words``: records with all the words
        (``"a phrase"``, ``begin*``). ``hybrid``: both rankings fused (``quality.fusion``), where
        for the words any of them counts. None: by words where the text has quotes or a ``*``, or
        there is no embedding whose model is at hand; else by meaning.
    embedding
        The name of the embedding to ask; by default the newest, of ``on`` if that is given.
    like, unlike
        Examples of what the records should be like and unlike: keys of records, texts, spans
        ``(key, start, end)``, arrays as vectors; one, a list, or a view. A string that is the key
        of a record stands for that record. The records that are examples are not found.
    threshold
        The least cosine similarity. ``"refinery"``: the one that Kern AI refinery takes.

    Raises
    ------
    QueryError
        If a key is unknown, nothing is asked for, or no embedding answers this.

    Notes
    -----
    The view holds the question, not the answer: it follows records, labels and vectors. A record
    without a vector of its present text is not found by meaning. ``view.scores()`` returns the
    similarities. With several examples records are compared with the mean of their directions,
    less a quarter of that of the ``unlike`` ones (Rocchio, 1971).
    """
    project = view.project
    if text is not None and not isinstance(text, str):
        raise QueryError(f"{text!r} is not a text to search for.", hint="Keys go into like=[...].")
    if how is not None and how not in get_args(How):
        raise QueryError(f"how={how!r} is not known.", hint=did_you_mean(str(how), get_args(How)))
    if k is not None and (isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0):
        raise QueryError(f"k={k!r} is not a number of records.")
    liked, unliked = examples(project, like), examples(project, unlike)
    by_vectors = bool(liked or unliked or embedding is not None or threshold is not None)
    how = how or _how(project, text, on, by_vectors)
    if how == "words":
        if by_vectors:
            raise QueryError(
                "examples, an embedding and a threshold are for a search by meaning.",
                hint="Leave them out, or leave out how='words'.",
            )
        return _by_words(view, text or "", k)
    asked = () if text is None else (Example(text=text),)
    if not any(one.text is None or one.text.strip() for one in (*asked, *liked)):
        raise QueryError("there is nothing to search for.", hint="Give a text, or like=[...].")
    row = chosen(project, on, embedding, texts=_has_texts((*asked, *liked, *unliked)))
    field = SimilarityField(row.name, (*asked, *liked), unliked)
    project.similarities.resolve(field)  # what is wrong with the question is said here
    base = _without(view._condition(), (*liked, *unliked))
    limit = RECORDS if k is None else int(k)
    if how == "hybrid":
        if text is None or threshold is not None:
            raise QueryError("a hybrid search takes a text, and no threshold.")
        return _hybrid(view, text, field, base, limit)
    least = _threshold(project, row) if threshold == "refinery" else threshold
    if least is None:
        return _ordered(view, field, base, limit)
    if isinstance(least, bool) or not isinstance(least, (int, float)) or not -1 <= least <= 1:
        raise QueryError(f"threshold={threshold!r} is no cosine similarity; it lies in [-1, 1].")
    met = Compare(field, ">=", float(least))
    return View(project, Selection(_both(base, met), ((field, True),), limit))


def search_all(
    view: View, texts: Iterable[str], k: int | None = None, **options: Any
) -> list[View]:
    """Return a view for each text; all are embedded together, and answered by one product."""
    asked, similarities = list(texts), view.project.similarities
    for row, some in _by_embedding(view, asked, options).items():
        similarities.encode(view.project.embeddings.row(row), some, asked=True)
    views = [search(view, text, k, **options) for text in asked]
    deep: dict[tuple[str, int], list[SimilarityField]] = {}
    for one in views:
        for field, depth in _first(one.selection):
            deep.setdefault((field.embedding, depth), []).append(field)
    for (_, depth), fields in deep.items():
        similarities.prime(fields, depth)
    return views


def _first(selection: Selection) -> Iterator[tuple[SimilarityField, int]]:
    """Yield what a search asks of vectors first, and for how many records (``store.views``)."""
    for field, _ in selection.order:
        if isinstance(field, SimilarityField):
            yield field, 2 * (selection.limit or 0)
        elif isinstance(field, FusedField) and field.among is None:
            for one in field.fields:
                if isinstance(one, SimilarityField):
                    yield one, field.depth


def _by_embedding(view: View, texts: list[str], options: dict[str, Any]) -> dict[str, list[str]]:
    """Return which texts are to be embedded by the model of which embedding."""
    on, name = options.get("on"), options.get("embedding")
    wanted = [
        text
        for text in texts
        if isinstance(text, str)
        and (options.get("how") or _how(view.project, text, on, name is not None)) != "words"
    ]
    return {chosen(view.project, on, name, texts=True).name: wanted} if wanted else {}


def similar_to(view: View, example: Any, k: int | None = None, **options: Any) -> View:
    """Return the records of a view that are most like a record; that record is not among them.

    Parameters
    ----------
    example
        The key of a record; a span ``(key, start, end)``; a vector; or a text of several words.
    k, options
        As of ``search``.

    Raises
    ------
    QueryError
        If there is no record with this key.
    """
    one = example_of(view.project, example)
    if one.text is not None and len(one.text.split()) < 2:
        raise QueryError(
            f"there is no record {example!r}.", hint="For a text: search(text, how='meaning')."
        )
    return search(view, None, k, how="meaning", like=one, **options)


def chosen(
    project: Project,
    on: str | None,
    embedding: str | None,
    *,
    texts: bool = False,
    levels: Sequence[str] = SEARCHED,
) -> EmbeddingRow:
    """Return the embedding that is asked for, or the newest that can answer.

    Parameters
    ----------
    texts
        Whether texts have to be embedded: a function may not be at hand for that.
    levels
        What may have a vector.

    Raises
    ------
    QueryError
        If there is none.
    """
    if embedding is not None:
        try:
            row = project.embeddings.row(embedding)
        except UnknownName as error:
            raise QueryError(error.message, hint=error.hint) from error
        if row.level not in levels:
            raise QueryError(
                f"{embedding!r} has a vector for each {ONE[row.level]}, not for each {levels[0]}.",
                hint=f"Ask an embedding of level={levels[0]!r}.",
            )
        if on not in (None, row.attribute):
            raise QueryError(f"{embedding!r} is of {row.attribute!r}, not of {on!r}.")
        return row
    if on is not None:
        project.attribute(on)
    found = newest(project, on, levels)
    if not found:
        of = f" of {on!r}" if on is not None else ""
        raise QueryError(
            f"there are no vectors{of} to compare by meaning.",
            hint=f"Make them: project.embed({on or '...'!r}). Or search by how='words'.",
        )
    able = [row for row in found if project.similarities.can_encode(row)]
    return able[0] if texts and able else found[0]


def examples(project: Project, given: Any) -> tuple[Example, ...]:
    """Return what a user gives as examples: one, a list of them, or a view of records."""
    if given is None:
        return ()
    if isinstance(given, View):
        given = given.keys()
    if isinstance(given, np.ndarray) and given.ndim == 2:
        return tuple(example_of(project, row) for row in given)
    several = isinstance(given, (list, set, frozenset)) or (
        isinstance(given, tuple) and not _is_span(given) and not _has_key(project, given)
    )
    if several:
        return tuple(example_of(project, one) for one in given)
    return (example_of(project, given),)


def example_of(project: Project, one: Any) -> Example:
    """Return what a user gives as one example: a key, a text, a span or a vector.

    Raises
    ------
    QueryError
        If it is none of these.
    """
    if isinstance(one, Example):
        return one
    if isinstance(one, np.ndarray) or (isinstance(one, list) and len(one)):
        try:
            values = np.asarray(one, np.float64)
        except (TypeError, ValueError) as error:
            raise QueryError(f"{one!r:.100} is no vector.") from error
        if values.ndim != 1:
            raise QueryError(f"a vector has one dimension, not the shape {values.shape}.")
        return Example(vector=tuple(values.tolist()))
    if _has_key(project, one):
        return Example(key=key_text(project, one))
    if isinstance(one, str):
        return Example(text=one)
    if isinstance(one, tuple) and _is_span(one):
        key, start, end = one
        if not _has_key(project, key):
            raise QueryError(f"there is no record {key!r}.")
        return Example(key=key_text(project, key), start=int(start), end=int(end))
    raise QueryError(
        f"there is no record {one!r:.100}.",
        hint="An example is a key, a text, a span (key, start, end), or an array as a vector.",
    )


def _is_span(given: tuple[Any, ...]) -> bool:
    return len(given) == 3 and all(
        isinstance(one, (int, np.integer)) and not isinstance(one, bool) for one in given[1:]
    )


def _has_key(project: Project, key: Any) -> bool:
    if not isinstance(key, (str, int, float, np.generic, tuple)):
        return False
    text = key_text(project, key)
    with project.database.read() as connection:
        try:
            return text in records.ids_of_keys(connection, [text])
        except UnicodeEncodeError:
            return False


def _has_texts(asked: Sequence[Example]) -> bool:
    return any(one.text is not None or one.is_span for one in asked)


def _how(project: Project, text: str | None, on: str | None, by_vectors: bool) -> How:
    if by_vectors or text is None:
        return "meaning"
    if not text.strip() or has_syntax(text):
        return "words"
    able = any(project.similarities.can_encode(row) for row in newest(project, on))
    return "meaning" if able else "words"


def newest(
    project: Project, on: str | None = None, levels: Sequence[str] = SEARCHED
) -> list[EmbeddingRow]:
    """Return the embeddings (of an attribute) of these levels that have vectors, newest first."""
    rows = [project.embeddings.row(name) for name in project.embeddings]
    fitting = [
        row for row in rows if row.level in levels and row.count and on in (None, row.attribute)
    ]
    return sorted(fitting, key=lambda row: row.at, reverse=True)


def _by_words(view: View, text: str, k: int | None) -> View:
    found = view.where(TextSearch(text))
    if k is None:
        return found
    order = ((RelevanceField(text), True),)
    return View(view.project, Selection(found._condition(), order, int(k)))


def _hybrid(view: View, text: str, field: SimilarityField, base: Condition, k: int) -> View:
    among = None if base == And(()) else Selection(base)
    fused = FusedField((field, RelevanceField(text)), max(k, DEPTH), among)
    return _ordered(view, fused, base, k)


def _ordered(view: View, field: Field, base: Condition, k: int) -> View:
    has_one = Not(Compare(field, "missing", None))
    return View(view.project, Selection(_both(base, has_one), ((field, True),), k))


def _both(base: Condition, condition: Condition) -> Condition:
    return And((*base.items, condition)) if isinstance(base, And) else And((base, condition))


def _without(base: Condition, used: Sequence[Example]) -> Condition:
    keys = tuple(dict.fromkeys(one.key for one in used if one.key is not None))
    return _both(base, Not(Keys(keys))) if keys else base


def _threshold(project: Project, row: EmbeddingRow) -> float | None:
    """Return the similarity from which on refinery calls records similar; none for TF-IDF."""
    if row.spec["kind"] == "tfidf" or row.level != "record":
        return None
    return usual_similarity(project.embeddings.value(row.name).values)
