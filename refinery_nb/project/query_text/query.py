"""A query in words as a View."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import Among, And, Condition, Field, Selection, SimilarityField
from refinery_nb.project.query_text.parser import Parser
from refinery_nb.project.query_text.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.view import View


def parse(text: str, words: Vocabulary) -> Condition:
    """Return the condition that a query says.

    Raises
    ------
    QueryTextError
        With the place of the word that is wrong, what is allowed there, and the nearest name.
    """
    return Parser(text, words).query()


def query(project: Project, text: str, *, task: str | None = None) -> View:
    """Return the view of a query in words; see the package for the language.

    Parameters
    ----------
    task
        The task that ``confidence``, ``weak`` and ``vote`` are of where none is named.

    Raises
    ------
    QueryTextError
        If it cannot be read.
    """
    from refinery_nb.project.view import View

    if not isinstance(text, str):
        raise QueryError(f"{text!r:.100} is no query.", hint="A query is a text.")
    condition = parse(text, vocabulary(project, task))
    order = nearness(condition)
    ordered = () if order is None else ((order, True),)
    return View(project, Selection(condition, ordered))


def nearness(condition: Condition) -> Field | None:
    """Return what a condition ranks by, if it asks for what is nearest to something."""
    parts = condition.items if isinstance(condition, And) else (condition,)
    for part in parts:
        if isinstance(part, Among) and len(part.selection.order) == 1:
            field, descending = part.selection.order[0]
            if isinstance(field, SimilarityField) and descending:
                return field
    return None
