"""Refuses to build a wheel without the front end: an empty widget would be the only sign of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Checks that the built assets are there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise unless the assets stand in refinery_nb/static; an editable install needs none."""
        static = Path(self.root) / "refinery_nb" / "static"
        missing = [name for name in ("labeler.js", "labeler.css") if not (static / name).exists()]
        if missing and version != "editable":
            raise FileNotFoundError(
                f"refinery_nb/static lacks {', '.join(missing)}: run `make setup` first."
            )
