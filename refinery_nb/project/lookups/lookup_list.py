"""A lookup list: named terms that people keep and rules use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from refinery_nb.core.errors import HeuristicError, InputError, SchemaError
from refinery_nb.core.html import block, bold, code, paragraph, quiet, table
from refinery_nb.core.schema import check_name, folded
from refinery_nb.heuristics.lists import NamedList
from refinery_nb.io.terms import Term, read_terms, write_terms
from refinery_nb.project.lookups.term_input import SHOWN, Added, cleaned
from refinery_nb.project.rules import following
from refinery_nb.store import lookups as stored
from refinery_nb.store.db import Connection
from refinery_nb.store.lookups import ListRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task

Result = TypeVar("Result")


class LookupList(NamedList):
    """A list of terms: iterate over it, ask ``term in list``, give it to ``rn.Lookup``.

    Made by ``project.lookups``. A rule that uses it follows it: when the terms change, the rule
    has a new version, to be run. Blacklisted terms are kept and not used; adding or growing
    never brings them back.
    """

    def __init__(self, project: Project, id_: int) -> None:
        self._project = project
        self.id = id_

    @property
    def name(self) -> str:
        """The name of the list."""
        return self._row().name

    @property
    def comment(self) -> str:
        """A note about the list."""
        return self._row().comment

    @comment.setter
    def comment(self, text: str) -> None:
        self._change(lambda connection: stored.comment_list(connection, self.id, text))

    @property
    def blacklisted(self) -> tuple[str, ...]:
        """The terms that are kept out, in order."""
        return tuple(one.term for one in self._terms() if one.blacklisted)

    @property
    def grows_from(self) -> tuple[str, str] | None:
        """The task and label whose manual spans become terms; None: it does not grow."""
        label = self._row().grows_from
        for task in self._project.schemas:
            for one in task.labels:
                if one.id == label:
                    return task.name, one.name
        return None

    def add(self, terms: str | Iterable[str]) -> Added:
        r"""Add terms behind the others; return what became of them.

        Parameters
        ----------
        terms
            Strings, or one string with a term on each line. White space around a term is taken
            off and blank ones are dropped. In a list of strings a term may hold line breaks.

        Raises
        ------
        InputError
            If something is no string, longer than 10,000 characters, or no valid text; then
            nothing is added.
        """
        wanted, blank = cleaned(terms)
        return self._change(lambda connection: _add(connection, self.id, wanted, blank))

    def replace(self, terms: str | Iterable[str]) -> None:
        """Give the list exactly these terms, in this order; what is blacklisted stays so."""
        wanted = list(cleaned(terms)[0])
        if list(self) == wanted:
            return

        def act(connection: Connection) -> None:
            comments = {one.term: one.comment for one in self._terms() if one.comment}
            stored.remove(connection, self.id, stored.active(connection, self.id))
            stored.add(connection, self.id, wanted)
            stored.set_comments(connection, self.id, comments)

        self._change(act)

    def remove(self, terms: str | Iterable[str]) -> int:
        """Remove terms, also blacklisted ones; return how many there were.

        A list that grows may take a removed term in again: blacklist it to keep it out.
        """
        wanted = list(cleaned(terms)[0])
        return self._change(lambda connection: stored.remove(connection, self.id, wanted))

    def blacklist(self, terms: str | Iterable[str]) -> int:
        """Keep terms out, whether they are in the list or not; return of how many that is new."""
        wanted = list(cleaned(terms)[0])

        def act(connection: Connection) -> int:
            stored.add(connection, self.id, wanted)
            return stored.set_blacklisted(connection, self.id, wanted, True)

        return self._change(act)

    def unblacklist(self, terms: str | Iterable[str]) -> int:
        """Use blacklisted terms again; return how many there were."""
        wanted = list(cleaned(terms)[0])
        return self._change(
            lambda connection: stored.set_blacklisted(connection, self.id, wanted, False)
        )

    def set_comments(self, comments: Mapping[str, str]) -> None:
        """Note something about terms: term to comment; a blank one takes the note away.

        Raises
        ------
        InputError
            If a term is not in the list.
        """

        def act(connection: Connection) -> None:
            known = stored.known(connection, self.id, comments)
            for term in comments:
                if term not in known:
                    raise InputError(f"the list {self.name!r} has no term {term!r}.")
            stored.set_comments(connection, self.id, comments)

        self._change(act)

    def rename(self, name: str) -> None:
        """Give the list another name.

        Raises
        ------
        SchemaError
            If another list has that name.
        HeuristicError
            If a rule uses the list: it would look for the old name.
        """
        check_name(name, "a lookup list")
        old = self.name
        with self._project.database.write() as connection:
            refuse_if_used(connection, old, "renamed")
            for other in stored.lists(connection).values():
                if other.id != self.id and folded(other.name) == folded(name):
                    raise SchemaError(f"there is a lookup list {other.name!r} already.")
            stored.rename(connection, self.id, name)
        following.tell(self._project, [old, name], [])

    def grow_from(self, task: Task | None, label: str | None = None) -> int:
        """Take the text of each manual span of a label as a term, from now on.

        The spans that exist are taken in once. Line breaks become spaces. A term stays when its
        span is deleted or undone; remove or blacklist it in the list. ``grow_from(None)`` ends
        it and keeps the terms.

        Returns
        -------
        int
            How many terms are new.

        Raises
        ------
        SchemaError
            If the task has no spans, or no such label.
        """
        if task is None:
            self._change(lambda connection: stored.set_growth(connection, self.id, None))
            return 0
        schema = task.schema
        if not schema.is_spans:
            raise SchemaError(
                f"the task {task.name!r} labels whole records; a list grows from spans.",
                hint="Choose a task made with kind='spans'.",
            )
        chosen = schema.label(label or "").id

        def act(connection: Connection) -> int:
            before = len(stored.terms(connection, self.id))
            stored.set_growth(connection, self.id, chosen)
            following.grow(connection, only=self.id)
            return len(stored.terms(connection, self.id)) - before

        return self._change(act)

    def read(self, path: str | os.PathLike[str], *, encoding: str = "utf-8") -> Added:
        """Add the terms of a ``.txt``, ``.csv`` or ``.json`` file, see ``io.terms``.

        Terms that the file says are blacklisted are blacklisted here.
        """
        found = read_terms(Path(path), encoding=encoding)
        wanted, blank = cleaned([one.term for one in found])
        out = cleaned([one.term for one in found if one.blacklisted])[0]
        said = {one.term.strip(): one.comment for one in found if one.comment}

        def act(connection: Connection) -> Added:
            report = _add(connection, self.id, wanted, blank)
            stored.set_blacklisted(connection, self.id, list(out), True)
            stored.set_comments(connection, self.id, said)
            return report

        return self._change(act)

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the list to a ``.txt``, ``.csv`` or ``.json`` file; return its path."""
        write_terms(Path(path), self._terms())
        return Path(path)

    def frame(self) -> pd.DataFrame:
        """Return all terms as a DataFrame: ``term, blacklisted, comment``."""
        import pandas as pd

        rows = [(one.term, one.blacklisted, one.comment) for one in self._terms()]
        return pd.DataFrame(rows, columns=["term", "blacklisted", "comment"])

    def heuristics(self) -> list[str]:
        """Return the names of the heuristics that use the list."""
        with self._project.database.read() as connection:
            return following.users(connection, existing(connection, self.id).name)

    def __contains__(self, term: object) -> bool:
        return term in self._project.lookups.active(self.id)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._project.lookups.active(self.id)))

    def __len__(self) -> int:
        return len(self._project.lookups.active(self.id))

    def __repr__(self) -> str:
        terms, out = list(self), len(self.blacklisted)
        shown = ", ".join(map(repr, terms[:SHOWN])) + (", ..." if terms[SHOWN:] else "")
        kept_out = f", {out:,} blacklisted" if out else ""
        return f"LookupList {self.name!r}: {len(terms):,} terms{kept_out}: {shown}"

    def _repr_html_(self) -> str:
        found = self.frame()
        out = len(self.blacklisted)
        told = f"{len(self):,} terms" + (f", {out:,} blacklisted" if out else "")
        rows = [
            (term, "blacklisted" if barred else "used", comment)
            for term, barred, comment in found.head(2 * SHOWN).itertuples(index=False)
        ]
        more = len(found) - len(rows)
        rest = paragraph(quiet(f"{more:,} more: "), code(".frame()")) if more else ""
        heads = [("Term", "name"), ("State", "name"), ("Comment", "text")]
        title = paragraph("Lookup list ", bold(self.name), f": {told}")
        return block(title, table(heads, rows, empty="No term yet."), rest)

    def _row(self) -> ListRow:
        with self._project.database.read() as connection:
            return existing(connection, self.id)

    def _terms(self) -> list[Term]:
        with self._project.database.read() as connection:
            existing(connection, self.id)
            return [Term(*row) for row in stored.terms(connection, self.id)]

    def _change(self, act: Callable[[Connection], Result]) -> Result:
        """Change the list in one transaction, make new versions of its rules, then tell."""
        with self._project.database.write() as connection:
            before = existing(connection, self.id)
            result = act(connection)
            changed = existing(connection, self.id).version != before.version
            tasks = following.restamp(connection, following.now()) if changed else set()
        following.tell(self._project, [before.name], tasks)
        return result


def existing(connection: Connection, list_: int) -> ListRow:
    """Return a list's row, or say that it was deleted."""
    row = stored.one(connection, list_)
    if row is None:
        raise SchemaError("this lookup list was deleted.", hint="Take it from project.lookups.")
    return row


def _add(connection: Connection, list_: int, wanted: dict[str, int], blank: int) -> Added:
    known = stored.known(connection, list_, wanted)
    count = stored.add(connection, list_, [term for term in wanted if term not in known])
    out = tuple(term for term in wanted if known.get(term))
    twice = (term for term, often in wanted.items() if often > 1 or term in known)
    return Added(count, tuple(term for term in twice if not known.get(term)), out, blank)


def refuse_if_used(connection: Connection, name: str, what: str) -> None:
    """Raise if a heuristic uses a list: what is done to it would break the heuristic."""
    used = following.users(connection, name)
    if used:
        raise HeuristicError(
            f"the lookup list {name!r} is used by {', '.join(used)}; it is not {what}.",
            hint="Change or remove these heuristics first.",
        )
