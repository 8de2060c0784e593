"""Record keys: what users write, and the text under which the store knows a record."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from refinery_nb.core.schema import Attribute, AttributeType

if TYPE_CHECKING:
    from refinery_nb.project.project import Project


def key_text(project: Project, key: Any) -> str:
    """Return the stored text of a key that a user wrote.

    A single value stands for itself; a composite key is a tuple, in the order of ``key=``.
    """
    if isinstance(key, (tuple, list)):
        return composite(list(key))
    return plain_text(key)


def key_value(attributes: Sequence[Attribute], key: str) -> Any:
    """Return the key as users wrote it: typed, a tuple where it is composite."""
    parts = [attribute for attribute in attributes if attribute.is_key]
    if len(parts) > 1:
        return tuple(json.loads(key))
    if parts and parts[0].type is AttributeType.INTEGER:
        return int(key)
    return key


def plain_text(value: Any) -> str:
    """Return one part of a key as text: a boolean or number as it is written in JSON."""
    if isinstance(value, str):
        return value
    if hasattr(value, "item"):
        value = value.item()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (bool, float)) else str(value)


def composite(values: Sequence[Any]) -> str:
    """Return the text of a composite key.

    >>> composite(["a", 1])
    '["a",1]'
    """
    plain = [value.item() if hasattr(value, "item") else value for value in values]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def content_key(names: Sequence[str], row: Sequence[Any]) -> str:
    """Return the key of a record that has none: a hash of its content.

    >>> content_key(["text"], ["hello"]) == content_key(["text"], ["hello"])
    True
    """
    content = repr((tuple(names), tuple(row))).encode("utf-8", "surrogatepass")
    return blake2b(content, digest_size=8).hexdigest()


def key_maker(
    names: Sequence[str], take: Sequence[int], key_names: Sequence[str]
) -> Callable[[Sequence[Sequence[Any]]], Sequence[str | None]]:
    """Return what gives the keys of records that stand in columns; None where a part is missing.

    Parameters
    ----------
    names, take
        The attributes, and which of the columns each is.
    key_names
        The attributes of the key; none: the key is a hash of the content.
    """
    if not key_names:
        by_name = sorted(range(len(names)), key=lambda at: names[at])
        order, ordered = [take[at] for at in by_name], [names[at] for at in by_name]
        return lambda columns: _content_keys(ordered, [columns[at] for at in order])
    positions = [take[names.index(name)] for name in key_names]
    if len(positions) == 1:
        return lambda columns: _single_keys(columns[positions[0]])
    return lambda columns: [
        None if None in parts else composite(parts)
        for parts in zip(*(columns[at] for at in positions), strict=True)
    ]


def _single_keys(column: Sequence[Any]) -> Sequence[str | None]:
    kinds = set(map(type, column))
    if kinds == {str}:
        return column
    if kinds == {int}:
        return list(map(str, column))
    return [None if value is None else plain_text(value) for value in column]


def _content_keys(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> list[str | None]:
    # The names in front are the same for all: hashed once.
    begun = blake2b(f"({tuple(names)!r}, ".encode("utf-8", "surrogatepass"), digest_size=8)
    found: list[str | None] = []
    for row in zip(*columns, strict=True):
        one = begun.copy()
        one.update(f"{row!r})".encode("utf-8", "surrogatepass"))
        found.append(one.hexdigest())
    return found
