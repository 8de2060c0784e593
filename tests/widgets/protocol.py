"""What the front end says that it can ask, read from its source."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "js" / "src"


def operations_of(file: str, name: str) -> set[str]:
    """Return the operations of a table in a file of the front end."""
    table = (SOURCE / file).read_text().split(f"export interface {name} ")[1]
    head, table = table.split("{", 1)
    found = {
        line.strip().split(":")[0]
        for line in table.split("\n}")[0].splitlines()
        if re.match(r"  \w+:", line)
    }
    shared = "CommentOperations" in head
    return found | operations_of("ui/commenting.ts", "CommentOperations") if shared else found
