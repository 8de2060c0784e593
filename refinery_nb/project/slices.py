"""The slices of a project: views with a name."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from refinery_nb.core.condition_json import (
    selection_from_json,
    selection_to_json,
)
from refinery_nb.core.errors import QueryError, SchemaError, UnknownName, did_you_mean
from refinery_nb.core.query import Selection, SliceField
from refinery_nb.core.schema import check_name, folded
from refinery_nb.project.rules.following import now
from refinery_nb.project.view import View
from refinery_nb.store import slices as stored
from refinery_nb.store.db import Connection
from refinery_nb.store.slices import SliceRow

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project


class Slices(MutableMapping[str, View]):
    """The slices of a project by name: ``project.slices["hard"] = view``.

    A slice is dynamic unless it is said to be static: its view is looked up anew each time. A
    static one keeps its records in their order, whatever happens to them.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def save(self, name: str, view: View, *, static: bool = False, comment: str = "") -> View:
        """Keep a view by name and return the slice; one of the same name is replaced.

        Raises
        ------
        SchemaError
            If the name differs from another slice's only by case or spaces.
        QueryError
            If the view is of another project, or rests on the slice itself.
        """
        check_name(name, "a slice")
        if not isinstance(view, View) or view.project is not self._project:
            raise QueryError(f"{view!r:.100} is no view of this project.")
        selection = selection_to_json(view.selection)
        if not static and _rests_on(selection, name):
            raise QueryError(
                f"the slice {name!r} would be looked up in itself.",
                hint="Choose another name, or static=True.",
            )
        ids = view.ids() if static else None
        with self._project.database.write() as connection:
            self._check(connection, name)
            stored.save(connection, name, selection, at=now(), records=ids, comment=comment)
        self._project.events.emit("schema")
        return self[name]

    def rename(self, old: str, new: str) -> None:
        """Give a slice another name; slices that rest on it follow.

        Raises
        ------
        SchemaError
            If there is no slice ``old``, or one is called ``new``.
        """
        row = self._row(old)
        check_name(new, "a slice")
        with self._project.database.write() as connection:
            self._check(connection, new, but=old)
            if new != old and new in stored.slices(connection):
                raise SchemaError(f"there is a slice {new!r} already.")
            stored.rename(connection, row.id, new)
            for other in stored.slices(connection).values():
                if _rests_on(other.selection, old):
                    stored.change(connection, other.id, _renamed(other.selection, old, new))
        self._project.events.emit("schema")

    def frame(self) -> pd.DataFrame:
        """Return ``name, records, static, at, comment``; records are missing where that fails."""
        import pandas as pd

        with self._project.database.read() as connection:
            rows = list(stored.slices(connection).values())
        counts: list[int | None] = []
        for row in rows:
            try:
                counts.append(len(self[row.name]))
            except QueryError:  # a heuristic, a run or a task that it asks for is gone
                counts.append(None)
        return pd.DataFrame(
            {
                "name": [row.name for row in rows],
                "records": pd.array(counts, dtype="Int64"),
                "static": [row.static for row in rows],
                "at": [row.at for row in rows],
                "comment": [row.comment for row in rows],
            }
        )

    def __getitem__(self, name: str) -> View:
        row = self._row(name)
        if not row.static:
            return View(self._project, selection_from_json(row.selection))
        place = SliceField(name)
        return View(self._project, Selection(~place.missing, ((place, False),)))

    def __setitem__(self, name: str, view: View) -> None:
        self.save(name, view)

    def __delitem__(self, name: str) -> None:
        row = self._row(name)
        with self._project.database.write() as connection:
            users = [
                other.name
                for other in stored.slices(connection).values()
                if not other.static and other.id != row.id and _rests_on(other.selection, name)
            ]
            if users:
                raise SchemaError(
                    f"the slice {name!r} is not deleted: {', '.join(users)} rests on it.",
                    hint="Delete that first, or save it as a static slice.",
                )
            stored.delete(connection, row.id)
        self._project.events.emit("schema")

    def __iter__(self) -> Iterator[str]:
        with self._project.database.read() as connection:
            return iter(list(stored.slices(connection)))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        lines = [f"Slices: {len(self)}"]
        return "\n".join([*lines, *(f"  {name}: {view.title}" for name, view in self.items())])

    def _row(self, name: str) -> SliceRow:
        with self._project.database.read() as connection:
            known = stored.slices(connection)
        if name not in known:
            raise UnknownName(f"there is no slice {name!r}.", hint=did_you_mean(name, known))
        return known[name]

    @staticmethod
    def _check(connection: Connection, name: str, but: str | None = None) -> None:
        for other in stored.slices(connection):
            if other not in (name, but) and folded(other) == folded(name):
                raise SchemaError(
                    f"the slice {name!r} differs from {other!r} only by case or spaces."
                )


def _rests_on(document: object, name: str) -> bool:
    """Say whether a document asks for the places in a static slice."""
    if isinstance(document, list):
        return any(_rests_on(item, name) for item in document)
    if not isinstance(document, dict):
        return False
    if document.get("is") == "slice" and document.get("name") == name:
        return True
    return any(_rests_on(item, name) for item in document.values())


def _renamed(document: object, old: str, new: str) -> dict[str, object]:
    def walk(item: object) -> object:
        if isinstance(item, list):
            return [walk(one) for one in item]
        if not isinstance(item, dict):
            return item
        changed = {key: walk(value) for key, value in item.items()}
        if changed.get("is") == "slice" and changed.get("name") == old:
            changed["name"] = new
        return changed

    found = walk(document)
    assert isinstance(found, dict)
    return found
