"""Another type for an attribute: how many values fit first, then all of them together."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import SchemaError, did_you_mean
from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.io import convert
from refinery_nb.io.evidence import LARGEST, SMALLEST
from refinery_nb.project.attributes import keying
from refinery_nb.project.projects import backups
from refinery_nb.project.rules import following
from refinery_nb.store import attributes as stored
from refinery_nb.store import embeddings, record_history, records, schema
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project

SHOWN = 10
BOOLEANS = {0: False, 1: True}


class Conversion:
    """What giving an attribute another type would do; ``apply()`` does it.

    Made by ``project.fields[name].convert(type)``.

    Attributes
    ----------
    fit, misfit, missing
        How many values can be said in the new type, how many cannot, and how many there are not.
    """

    def __init__(self, project: Project, name: str, kind: AttributeType | str) -> None:
        try:
            self.type = AttributeType(kind)
        except ValueError as error:
            kinds = [one.value for one in AttributeType]
            raise SchemaError(
                f"{kind!r} is not a type.", hint=did_you_mean(str(kind), kinds)
            ) from error
        self._project = project
        self.name = name
        self.fit = self.misfit = self.missing = 0
        self._examples: list[tuple[str, Any, str]] = []
        with project.database.read() as connection:
            self._attribute = _attribute(connection, name)
            _refuse(connection, self._attribute, self.type)
            for page in stored.column_values(connection, [self._attribute]):
                for _, key, value in page:
                    self._count(key, value)

    @property
    def examples(self) -> pd.DataFrame:
        """Values that do not fit: ``key``, ``value``, ``why``."""
        import pandas as pd

        return pd.DataFrame(self._examples, columns=["key", "value", "why"])

    def apply(self, *, misfits: str = "refuse") -> int:
        """Convert all values in one transaction; return how many.

        Parameters
        ----------
        misfits
            ``refuse`` where a value does not fit, or ``missing``: it is missing then, and the
            history of its record keeps it.

        Raises
        ------
        SchemaError
            If a value does not fit; then nothing is converted.
        """
        if misfits not in ("refuse", "missing"):
            raise SchemaError(
                f"misfits={misfits!r}: {did_you_mean(misfits, ['refuse', 'missing'])}"
            )
        project, lost = self._project, 0
        backups.before(project, "conversion", self.fit + self.misfit)
        with project.database.write() as connection:
            attribute = _attribute(connection, self.name)
            if attribute != self._attribute:
                raise SchemaError(f"{self.name!r} has changed since this was made.")
            if attribute.type is self.type:
                return 0
            _refuse(connection, attribute, self.type)
            operation: list[int] = []
            done = 0

            def pages() -> Iterator[list[tuple[Any, int]]]:
                nonlocal done, lost
                for page in list(stored.column_values(connection, [attribute])):
                    rows, gone = [], {}
                    for record, _, value in page:
                        made = converted(value, attribute.type, self.type)
                        if isinstance(made, convert.Bad):
                            gone[record] = ({attribute.id: value}, {attribute.id: None})
                            made = None
                        rows.append((made, record))
                        done += made is not None
                    if gone:
                        lost += len(gone)
                        if not operation:
                            actor, at = project.actor, following.now()
                            operation.append(record_history.begin(connection, actor, at=at))
                        record_history.log(connection, operation[0], "convert", gone)
                    yield rows

            stored.retype(connection, attribute, self.type, pages())
            if lost and misfits == "refuse":
                raise SchemaError(
                    f"{lost:,} values of {self.name!r} are no {self.type.value}; nothing was "
                    "converted.",
                    hint="Look at .examples; apply(misfits='missing') leaves them out.",
                )
            if attribute.is_key:
                keying.rekey(
                    connection, [one for one in schema.attributes(connection) if one.is_key]
                )
            if {attribute.type, self.type} != {AttributeType.TEXT, AttributeType.CATEGORY}:
                stored.mark_all_changed(connection, records.next_version(connection))
        project.events.emit("schema")
        project.events.emit("records")
        return done

    def _count(self, key: str, value: Any) -> None:
        if value is None:
            self.missing += 1
            return
        made = converted(value, self._attribute.type, self.type)
        if isinstance(made, convert.Bad):
            self.misfit += 1
            if len(self._examples) < SHOWN:
                plain = records.plain(self._attribute, value)
                self._examples.append((key, plain, made.message))
        else:
            self.fit += 1

    def __repr__(self) -> str:
        lines = [
            f"convert {self.name!r} from {self._attribute.type.value} to {self.type.value}; "
            "nothing is changed before .apply()",
            f"  {self.fit:,} values fit, {self.misfit:,} do not, {self.missing:,} are missing",
        ]
        lines += [f"    {key}: {why}" for key, _, why in self._examples]
        return "\n".join(lines)


def converted(value: Any, old: AttributeType, new: AttributeType) -> Any:
    """Return a stored value as another type stores it, or a ``Bad`` that says why not.

    Nothing is guessed and nothing rounded: what comes back by the way round is the same value.
    An empty string is missing where no string is wanted.

    >>> converted(" 7", AttributeType.TEXT, AttributeType.INTEGER)
    7
    >>> converted(7.0, AttributeType.FLOAT, AttributeType.INTEGER)
    7
    """
    if value is None or old is new or (old.is_string and new.is_string):
        return value
    if new.is_string:
        if old is AttributeType.BOOLEAN:
            return "true" if value else "false"
        return value if isinstance(value, str) else repr(value)
    if old.is_string:
        if "_" in value and new in (AttributeType.INTEGER, AttributeType.FLOAT):
            return convert.Bad(f"expected {convert.WANTED[new]}, got {value!r:.60}")
        (made,) = convert.cells([value], new)
        return int(made) if isinstance(made, bool) else made
    if old is AttributeType.JSON:
        plain = json.loads(value)
        (made,) = convert.values([plain], new, lenient=False)
        return int(made) if isinstance(made, bool) else made
    if new is AttributeType.JSON:
        return convert.dump(bool(value) if old is AttributeType.BOOLEAN else value)
    if new is AttributeType.BOOLEAN:
        fits = value in BOOLEANS
        return int(value) if fits else convert.Bad(f"expected 0 or 1, got {value!r}")
    if new is AttributeType.FLOAT:
        number = float(value)
        return number if int(number) == value else convert.Bad(f"{value} would lose digits")
    whole = math.isfinite(value) and value == int(value) and SMALLEST <= value <= LARGEST
    return int(value) if whole else convert.Bad(f"expected a whole number, got {value!r}")


def _attribute(connection: Connection, name: str) -> Attribute:
    known = {one.name: one for one in schema.attributes(connection)}
    if name not in known:
        raise SchemaError(f"there is no attribute {name!r}.", hint=did_you_mean(name, known))
    return known[name]


def _refuse(connection: Connection, attribute: Attribute, kind: AttributeType) -> None:
    """Refuse a type with which something else could not be."""
    if attribute.type.is_string and kind.is_string:
        return
    for task in schema.tasks(connection):
        if task.on == attribute.name and task.is_spans:
            raise SchemaError(
                f"{attribute.name!r} stays a text: the spans of the task {task.name!r} lie in it."
            )
    for name, row in embeddings.embeddings(connection).items():
        if row.attribute == attribute.name:
            raise SchemaError(
                f"{attribute.name!r} stays {attribute.type.value}: {name!r} is made of it.",
                hint=f"Delete that first: project.embeddings[{name!r}].delete()",
            )
    if attribute.name in stored.calculated(connection):
        raise SchemaError(
            f"{attribute.name!r} is calculated; its type is said where it is defined.",
            hint="@project.attribute(type=...)",
        )
