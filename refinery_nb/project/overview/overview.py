"""The overview of a project: its filter, the numbers of a task, and the View behind each mark."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.query import Among, AttributeField, Compare, Condition
from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.project.masks.dense import Bools
from refinery_nb.project.masks.masks import Masks
from refinery_nb.project.overview.people import midnight
from refinery_nb.project.overview.said import Said
from refinery_nb.project.overview.standing import Standing, standing
from refinery_nb.project.overview.values import Statistics, Unit, Values
from refinery_nb.project.overview.weakly import Weakly
from refinery_nb.store import slices

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records count: of a slice, with a value of an attribute, found by a query in words."""

    slice: str | None = None
    attribute: str | None = None
    value: Any = None  # with an attribute: None asks for those without a value
    query: str = ""


class Overview:
    """Counts how a project stands; a label that somebody gives costs that label alone.

    Parameters
    ----------
    view
        Only these records; None: all.
    now
        The clock.
    """

    def __init__(
        self,
        project: Project,
        view: View | None = None,
        *,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.project = project
        self.within = view
        self.filter = Filter()
        self.masks = Masks(project)
        self.values = Values(self.masks)
        self.weakly = Weakly(self.masks)
        self._said: dict[int, Said] = {}
        self._now = now
        self._lock = threading.RLock()  # widgets ask from several threads

    def choose(self, wanted: Filter) -> None:
        """Count other records from now on.

        Raises
        ------
        QueryError, SchemaError
            If there is no such slice or attribute, or it has no such values; the old filter stays.
        """
        with self._lock:
            before, self.filter = self.filter, wanted
            try:
                self._mask()
            except Exception:
                self.filter = before
                raise

    @property
    def view(self) -> View:
        """The records that count."""
        found = self.project.view() if self.within is None else self.within
        conditions = self._conditions()
        for condition in conditions:
            found = found.where(condition)
        return found

    def standing(self, task: Task, label: str | None = None) -> Standing:
        """Return how a task stands on the records that count.

        Parameters
        ----------
        label
            Where a record may have several labels: the one that the matrix asks about; by default,
            and once there is no such label any more, the first.
        """
        with self._lock:
            said = self.said(task)
            mask, filtered = self._mask()
            labels = {one.name: one for one in said.schema.labels} if said.schema.is_multi else {}
            asked = labels.get(label or "") or next(iter(labels.values()), None)
            now = self._now()
            return standing(said, self.weakly, self.masks, mask, filtered, now, asked)

    def statistics(self, attribute: str, unit: Unit | None = None) -> Statistics:
        """Return what the values of an attribute are like on the records that count."""
        with self._lock:
            mask, filtered = self._mask()
            chosen = self.project.attribute(attribute)
            return self.values.statistics(chosen, mask, filtered, unit=unit)

    def said(self, task: Task) -> Said:
        """Return what people say of a task, up to date."""
        with self._lock:
            found = self._said.get(task.id)
            if found is None:
                found = self._said[task.id] = Said(task)
            found.update()
            return found

    def mask(self) -> Bools:
        """Return which records count, aligned with the ids of all."""
        with self._lock:
            return self._mask()[0]

    def midnight(self) -> float:
        """Return when today began by the kernel's clock, in seconds since 1970."""
        return midnight(self._now())

    def _conditions(self) -> list[Condition]:
        chosen = self.filter
        found: list[Condition] = []
        if chosen.slice is not None:
            found.append(_condition(self.project.slices[chosen.slice]))
        if chosen.attribute is not None:
            attribute = self.project.attribute(chosen.attribute)
            field = AttributeField(attribute.name)
            wanted = field.missing if chosen.value is None else Compare(field, "=", chosen.value)
            found.append(wanted)
        if chosen.query.strip():
            found.append(_condition(self.project.query(chosen.query)))
        return found

    def _mask(self) -> tuple[Bools, Hashable]:
        """Return which records count, and a name for that."""
        total = len(self.masks.dense.ids())
        if self.within is None and self.filter == Filter():
            return np.ones(total, np.bool_), None
        mask = np.ones(total, np.bool_)
        if self.within is not None:
            mask &= self.masks.mask(_condition(self.within))
        if self.filter.slice is not None:
            mask &= self._in_slice(self.filter.slice)
        for condition in self._conditions()[self.filter.slice is not None :]:
            mask = mask & self.masks.mask(condition)
        return mask, blake2b(np.packbits(mask).tobytes(), digest_size=16).digest()

    def _in_slice(self, name: str) -> Bools:
        view = self.project.slices[name]
        with self.project.database.read() as connection:
            row = slices.slices(connection)[name]
        if not row.static:
            return self.masks.mask(_condition(view))
        # Its records are looked up once, not with every label.
        version = (self.masks.dense.version(), row.id, row.at)
        return self.masks.dense.kept.get(
            f"slice {name}", version, lambda: self.masks.dense.marked(view.ids())
        )


def filterable(attributes: tuple[Attribute, ...]) -> list[Attribute]:
    """Return the attributes whose values a filter offers."""
    kinds = (AttributeType.CATEGORY, AttributeType.BOOLEAN)
    return [one for one in attributes if one.type in kinds]


def task_of(project: Project, name: str) -> Task:
    """Return a task of a project by name."""
    known = project.tasks
    if name not in known:
        raise QueryError(f"there is no task {name!r}.", hint=did_you_mean(name, known))
    return known[name]


def _condition(view: View) -> Condition:
    selection = view.selection
    return selection.condition if selection.limit is None else Among(selection)
