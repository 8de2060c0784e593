"""The records of a snapshot as columns of our types; what does not fit its type becomes text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import AttributeType
from refinery_nb.io.convert import Bad, dump
from refinery_nb.io.convert import values as converted
from refinery_nb.io.reading import Chunk, Column, Reading
from refinery_nb.io.refinery.snapshot import Snapshot

# As refinery calls its types. Vectors stand elsewhere: a list to be embedded is a list of texts.
TYPES = {
    "TEXT": AttributeType.TEXT,
    "CATEGORY": AttributeType.CATEGORY,
    "INTEGER": AttributeType.INTEGER,
    "FLOAT": AttributeType.FLOAT,
    "BOOLEAN": AttributeType.BOOLEAN,
    "EMBEDDING_LIST": AttributeType.JSON,
}
BOOLEANS = {"true": True, "false": False}
PAGE = 20_000


def reading(
    snapshot: Snapshot,
    source: str,
    names: Mapping[str, str],
    known: Mapping[str, AttributeType],
    id_column: str,
) -> Reading:
    """Return the records as any source gives them, with the ids of the snapshot in a last column.

    Parameters
    ----------
    source
        What the snapshot is called.
    names
        What the attributes are called here.
    known
        Types of attributes that the project has already, by their names here.

    Raises
    ------
    InputError
        If a value is not of the type that the project has.
    """
    made, values, warnings = [], [], []
    for name, (kind, found, fits) in columns(snapshot).items():
        wanted = known.get(names[name], kind)
        stored = converted(found, wanted, lenient=True)
        for number, one in enumerate(stored, start=1):
            if isinstance(one, Bad):
                raise InputError(
                    f"{one.message}.",
                    source=source,
                    record=number,
                    field=names[name],
                    hint="The project has this attribute with another type.",
                )
        if not fits:
            warnings.append(f"{names[name]!r} holds more than its type says: taken as text")
        made.append(Column(names[name], wanted))
        values.append(stored)
    made.append(Column(id_column, AttributeType.TEXT))
    values.append([record for record, _ in snapshot.records])
    count = len(snapshot.records)

    def chunks() -> Iterator[Chunk]:
        for first in range(0, count, PAGE):
            yield Chunk(first + 1, None, [column[first : first + PAGE] for column in values])

    return Reading(source, tuple(made), count, tuple(warnings), (), chunks)


def columns(snapshot: Snapshot) -> dict[str, tuple[AttributeType, list[Any], bool]]:
    """Return the values of each attribute in the order of the records.

    Attributes that only the records know are added at the end.

    Returns
    -------
    dict
        By name: type, values, and whether all of them fit the type that the snapshot says.
    """
    kinds = {attribute.name: attribute.type for attribute in snapshot.attributes}
    for _, values in snapshot.records:
        for name in values:
            kinds.setdefault(name, "UNKNOWN")
    return {
        name: column([values.get(name) for _, values in snapshot.records], kind)
        for name, kind in kinds.items()
    }


def column(values: Sequence[Any], kind: str) -> tuple[AttributeType, list[Any], bool]:
    """Return the type of a column, its values, and whether they fit what it is said to be.

    >>> column([1, " ", None, "2"], "INTEGER")
    (<AttributeType.INTEGER: 'integer'>, [1, None, None, 2], True)
    >>> column([1, "one"], "INTEGER")
    (<AttributeType.TEXT: 'text'>, ['1', 'one'], False)
    """
    wanted = TYPES.get(kind) or _inferred(values)
    if wanted is AttributeType.JSON:
        return wanted, list(values), True
    if not wanted.is_string:
        plain = [_plain(value, wanted) for value in values]
        if not any(isinstance(one, Bad) for one in converted(plain, wanted, lenient=True)):
            return wanted, plain, True
        wanted = AttributeType.TEXT
    texts = [one if one is None or isinstance(one, str) else dump(one) for one in values]
    return wanted, texts, TYPES.get(kind, wanted) is wanted


def _inferred(values: Sequence[Any]) -> AttributeType:
    seen = {type(value) for value in values} - {type(None)}
    if seen == {bool}:
        return AttributeType.BOOLEAN
    if seen and seen <= {int, float}:
        return AttributeType.FLOAT if float in seen else AttributeType.INTEGER
    return AttributeType.JSON if seen and seen <= {list, dict} else AttributeType.TEXT


def _plain(value: Any, kind: AttributeType) -> Any:
    """Return a value of a type that is no string; refinery fills gaps with a blank."""
    if isinstance(value, str):
        said = value.strip()
        if not said:
            return None
        if kind is AttributeType.BOOLEAN:
            return BOOLEANS.get(said.lower(), value)
        try:
            value = int(said) if said.lstrip("+-").isdigit() else float(said)
        except ValueError:
            return value
    if kind is AttributeType.INTEGER and isinstance(value, float) and value.is_integer():
        return int(value)
    return value
