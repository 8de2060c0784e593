"""Parts of a front end that its widgets ask for when they need them: once a page, not each time.

A bundle travels with every widget that is shown, and into a notebook that keeps widgets; a part
comes from the kernel, as a message. ``js/src/parts`` has their sources.
"""

from __future__ import annotations

from typing import Any

from refinery_nb.widgets.bundle import STATIC
from refinery_nb.widgets.messages import choice

PARTS = {
    "code": STATIC / "code.part.js",
    "comments": STATIC / "comments.part.js",
    "guideline": STATIC / "guideline.part.js",
    "language": STATIC / "language.part.js",
}


def part(subject: Any, args: dict[str, Any]) -> dict[str, Any]:
    """Return a part as the text of a module."""
    del subject
    return {"text": PARTS[choice(args, "name", tuple(PARTS))].read_text(encoding="utf-8")}
