"""The comments of a project: what people say of records, tasks, labels, heuristics, slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import QueryError, SchemaError, UnknownName, did_you_mean
from refinery_nb.project.records.keys import key_text
from refinery_nb.project.rules.following import now
from refinery_nb.store import comments as stored
from refinery_nb.store.comments import CommentRow
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

OF_A_TASK = ("label", "heuristic")
LONGEST = 100_000  # characters
SHOWN = 1_000  # names that a wrong one is compared with


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment.

    Attributes
    ----------
    id
        By which it is edited and deleted.
    on, name, task
        What it is on: ``record``, ``task``, ``label``, ``heuristic``, ``slice``, ``attribute``,
        ``lookup`` or ``embedding``; its key or name; and the task of a label or heuristic.
    by, at, edited
        Who said it, when, and when it was changed last (None: never), in UTC.
    """

    id: int
    on: str
    name: str
    task: str | None
    by: str
    at: str
    text: str
    edited: str | None = None


class Comments:
    """What people say of the parts of a project: ``project.comments.add("Unclear", record=7)``.

    What is said of is named by ``record=`` (its key), ``task=``, ``slice=``, ``attribute=``,
    ``lookup=`` or ``embedding=``; a label or heuristic by ``label=`` or ``heuristic=`` together
    with ``task=``. A comment goes with what it is on; one that is deleted can be restored.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def add(self, text: str, *, by: str | None = None, **on: Any) -> Comment:
        """Say something of a part of the project; return the comment.

        Raises
        ------
        UnknownName
            If there is no such part.
        SchemaError
            If the text is empty or too long.
        QueryError
            If it is not said what the comment is on.
        """
        said, actor = _checked(text), by or self._project.actor
        with self._project.database.write() as connection:
            kind, target = self._target(connection, on)
            id_ = stored.add(connection, kind, target, actor, said, at=now())
        self._tell()
        return self[id_]

    def of(self, **on: Any) -> list[Comment]:
        """Return the comments on one part of the project, oldest first."""
        with self._project.database.read() as connection:
            kind, target = self._target(connection, on)
            return [_comment(row) for row in stored.comments(connection, kind, target)]

    def counts(self, kind: str, task: str | None = None) -> dict[str, int]:
        """Return how many comments there are on each part of a kind, by name; none: left out.

        Parameters
        ----------
        kind
            ``record``, ``task``, ``label``, ``heuristic``, ``slice``, ``attribute``, ``lookup`` or
            ``embedding``.
        task
            Of which labels or heuristics; None: of all.

        Raises
        ------
        QueryError
            If there is no such kind.
        """
        if kind not in stored.TARGETS:
            raise QueryError(
                f"{kind!r} is nothing to comment on.", hint=did_you_mean(str(kind), stored.TARGETS)
            )
        with self._project.database.read() as connection:
            rows = stored.comments(connection, kind)
        return dict(Counter(row.name for row in rows if task in (None, row.task)))

    def edit(self, id_: int, text: str) -> Comment:
        """Change what a comment says."""
        said = _checked(text)
        self._row(id_)
        with self._project.database.write() as connection:
            stored.edit(connection, id_, said, at=now())
        self._tell()
        return self[id_]

    def delete(self, id_: int) -> None:
        """Delete a comment; ``restore`` brings it back."""
        self._row(id_)
        with self._project.database.write() as connection:
            stored.set_deleted(connection, id_, now())
        self._tell()

    def restore(self, id_: int) -> Comment:
        """Bring a deleted comment back."""
        self._row(id_)
        with self._project.database.write() as connection:
            stored.set_deleted(connection, id_, None)
        self._tell()
        return self[id_]

    def frame(self, *, deleted: bool = False) -> pd.DataFrame:
        """Return all comments, oldest first; or those that were deleted.

        Returns
        -------
        DataFrame
            ``id, on, name, task, by, at, text, edited``.
        """
        import pandas as pd

        with self._project.database.read() as connection:
            rows = stored.comments(connection, deleted=deleted)
        columns = [field.name for field in fields(Comment)]
        return pd.DataFrame([asdict(_comment(row)) for row in rows], columns=columns)

    def __getitem__(self, id_: int) -> Comment:
        for one in self:
            if one.id == id_:
                return one
        raise UnknownName(f"there is no comment {id_!r}.", hint="See project.comments.frame().")

    def __iter__(self) -> Iterator[Comment]:
        with self._project.database.read() as connection:
            return iter([_comment(row) for row in stored.comments(connection)])

    def __len__(self) -> int:
        with self._project.database.read() as connection:
            return len(stored.comments(connection))

    def __repr__(self) -> str:
        lines = [f"Comments: {len(self)}"]
        for one in self:
            of = f" of {one.task!r}" if one.task is not None else ""
            lines.append(f"  {one.id}. {one.by} on {one.on} {one.name!r}{of}: {one.text:.80}")
        return "\n".join(lines)

    def _target(self, connection: Connection, on: dict[str, Any]) -> tuple[str, int]:
        """Return kind and id of what is named."""
        named = {kind: name for kind, name in on.items() if name is not None}
        kinds = [kind for kind in named if kind != "task"] or ["task"]
        task = named.get("task")
        kind = kinds[0]
        if not named or len(kinds) > 1 or kind not in stored.TARGETS:
            raise QueryError(
                f"{', '.join(on) or 'nothing'} does not name one thing to comment on.",
                hint=f"Pass one of {', '.join(stored.TARGETS)}; a label and a heuristic need "
                "task= too.",
            )
        if (kind in OF_A_TASK) != (task is not None) and kind != "task":
            needs = "needs task= too" if kind in OF_A_TASK else "is of no task"
            raise QueryError(f"a {kind} {needs}.")
        name = key_text(self._project, named[kind]) if kind == "record" else str(named[kind])
        of = str(task) if kind in OF_A_TASK else None
        whole = not _is_torn(name) and not _is_torn(of or "")
        found = stored.target(connection, kind, name, of) if whole else None
        if found is None:
            known = stored.names(connection, kind, of, SHOWN) if whole else []
            raise UnknownName(f"there is no {kind} {name!r}.", hint=did_you_mean(name, known))
        return kind, found

    def _row(self, id_: int) -> CommentRow:
        with self._project.database.read() as connection:
            row = stored.one(connection, id_)
        if row is None:
            raise UnknownName(f"there is no comment {id_!r}.", hint="See project.comments.frame().")
        return row

    def _tell(self) -> None:
        self._project.events.emit("comments")


def _checked(text: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise SchemaError(f"{text!r:.100} is no comment: it is empty.")
    if _is_torn(text):
        raise SchemaError("the comment holds half a character (a lone surrogate).")
    if len(text) > LONGEST:
        raise SchemaError(f"the comment has {len(text):,} characters; {LONGEST:,} are allowed.")
    return text


def _is_torn(text: str) -> bool:
    """Say whether a text holds half a character, which cannot be stored."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def _comment(row: CommentRow) -> Comment:
    return Comment(row.id, row.kind, row.name, row.task, row.actor, row.at, row.text, row.edited)
