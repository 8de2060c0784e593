"""Indexes on attributes, made when a large project is first filtered or sorted by them."""

from __future__ import annotations

from collections.abc import Mapping

from refinery_nb.core.query import And, AttributeField, Compare, Condition, Selection
from refinery_nb.core.schema import Attribute, AttributeType
from refinery_nb.store import records
from refinery_nb.store.db import Database
from refinery_nb.store.schema import column

WORTH_IT = 50_000  # records; below, a scan takes a few milliseconds
MOST = 12
RANGES = ("=", "in", "<", "<=", ">", ">=")
INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix!_%' ESCAPE '!'"


def wanted(selection: Selection, attributes: Mapping[str, Attribute]) -> tuple[str, ...]:
    """Return the columns of the index that serves a selection best; none if none would.

    Attributes compared for equality come first, then the one that is sorted by, or, without a
    sort, one that is compared with a range.
    """
    equal: list[str] = []
    ranged: list[str] = []
    for node in _conjuncts(selection.condition):
        if not isinstance(node, Compare) or not isinstance(node.field, AttributeField):
            continue
        attribute = attributes.get(node.field.name)
        if attribute is None or attribute.type in (AttributeType.TEXT, AttributeType.JSON):
            continue
        if node.op == "=":
            equal.append(column(attribute))
        elif node.op in RANGES:
            ranged.append(column(attribute))
    order: list[str] = []
    if selection.order:
        field = selection.order[0][0]
        attribute = attributes.get(field.name) if isinstance(field, AttributeField) else None
        if attribute is None or attribute.type in (AttributeType.TEXT, AttributeType.JSON):
            return ()
        order = [column(attribute)]
    return tuple(dict.fromkeys([*sorted(equal), *(order or ranged[:1])]))


def ensure(database: Database, selection: Selection, attributes: Mapping[str, Attribute]) -> None:
    """Make the index that a selection wants, once there are enough records."""
    columns = wanted(selection, attributes)
    if not columns:
        return
    name = "ix_" + "_".join(columns)
    with database.read() as connection:
        known = {row[0] for row in connection.execute(INDEXES)}
        if name in known or len(known) >= MOST or records.count(connection) < WORTH_IT:
            return
    with database.write() as connection:
        connection.execute(f"CREATE INDEX IF NOT EXISTS {name} ON record ({', '.join(columns)})")


def _conjuncts(condition: Condition) -> list[Condition]:
    if isinstance(condition, And):
        return [node for item in condition.items for node in _conjuncts(item)]
    return [condition]
