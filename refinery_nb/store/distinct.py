"""The values that an attribute has: for completion, and to choose from."""

from __future__ import annotations

import sqlite3

from refinery_nb.core.schema import Attribute
from refinery_nb.store.schema import column

LOOKED_AT = 20_000  # records; of the first ones, so that a million takes no longer
MOST = 50


def beginning(connection: sqlite3.Connection, attribute: Attribute, prefix: str) -> list[str]:
    """Return the commonest values that begin with a text, whatever its case; at most 50."""
    name = column(attribute)
    rows = connection.execute(
        f"SELECT {name}, count(*) FROM (SELECT {name} FROM record LIMIT ?) "
        f"WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY 2 DESC, 1 LIMIT 1000",
        (LOOKED_AT,),
    )
    folded = prefix.casefold()
    found = [str(value) for value, _ in rows if str(value).casefold().startswith(folded)]
    return found[:MOST]
