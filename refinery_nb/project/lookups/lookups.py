"""The lookup lists of a project, by name."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from refinery_nb.core.errors import SchemaError, UnknownName, did_you_mean
from refinery_nb.core.schema import check_name, folded
from refinery_nb.heuristics.lists import NamedLists
from refinery_nb.project.lookups.lookup_list import LookupList, existing, refuse_if_used
from refinery_nb.project.lookups.term_input import cleaned
from refinery_nb.store import lookups as stored

if TYPE_CHECKING:
    from refinery_nb.project.project import Project


class Lookups(NamedLists):
    """The lookup lists of a project by name: ``project.lookups``.

    ``project.lookups["teams"] = ["Ajax", "Leeds"]`` makes a list, or gives it exactly these terms;
    its blacklist and comments stay. ``del project.lookups["teams"]`` deletes it.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._known: dict[int, tuple[int, dict[str, None]]] = {}

    def add(self, name: str, terms: str | Iterable[str] = ()) -> LookupList:
        """Return the list with this name, made if it is new, with these terms added to it."""
        wanted, _ = cleaned(terms)  # a list is not made for terms that are refused
        found = self._made(name)
        found.add(wanted)
        return found

    def __getitem__(self, name: str) -> LookupList:
        with self._project.database.read() as connection:
            known = stored.lists(connection)
        if name not in known:
            raise UnknownName(f"there is no lookup list {name!r}.", hint=did_you_mean(name, known))
        return LookupList(self._project, known[name].id)

    def __setitem__(self, name: str, terms: str | Iterable[str]) -> None:
        wanted, _ = cleaned(terms)
        self._made(name).replace(wanted)

    def __delitem__(self, name: str) -> None:
        found = self[name]
        with self._project.database.write() as connection:
            refuse_if_used(connection, name, "deleted")
            stored.delete(connection, found.id)
        self._project.events.emit("lookups", name=name)

    def __iter__(self) -> Iterator[str]:
        with self._project.database.read() as connection:
            return iter(list(stored.lists(connection)))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return name in list(iter(self))

    def __repr__(self) -> str:
        return "\n".join([f"Lookups: {len(self)}", *(f"  {one!r}" for one in self.values())])

    def _made(self, name: str) -> LookupList:
        check_name(name, "a lookup list")
        with self._project.database.write() as connection:
            known = stored.lists(connection)
            if name in known:
                return LookupList(self._project, known[name].id)
            for other in known:
                if folded(other) == folded(name):
                    raise SchemaError(
                        f"the lookup list {name!r} differs from {other!r} only by case or spaces."
                    )
            id_ = stored.make(connection, name)
        self._project.events.emit("lookups", name=name)
        return LookupList(self._project, id_)

    def active(self, list_: int) -> dict[str, None]:
        """Return the terms of a list that are used, read once per version."""
        with self._project.database.read() as connection:
            version = existing(connection, list_).version
            known = self._known.get(list_)
            if known is not None and known[0] == version:
                return known[1]
            terms = dict.fromkeys(stored.active(connection, list_))
        with self._lock:
            self._known[list_] = version, terms
        return terms
