"""Refuses to build a wheel without the front end: an empty widget would be the only sign of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# How a widget names what it loads: STATIC / "labeler.js".
ASSET = re.compile(r'STATIC / "([\w.]+)"')


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Checks that the built assets are there."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise unless the assets stand in refinery_nb/static; an editable install needs none."""
        package = Path(self.root) / "refinery_nb"
        static = package / "static"
        sources = [path.read_text(encoding="utf-8") for path in package.glob("widgets/**/*.py")]
        wanted = {name for source in sources for name in re.findall(ASSET, source)}
        missing = sorted(name for name in wanted if not (static / name).exists())
        if missing and version != "editable":
            raise FileNotFoundError(
                f"refinery_nb/static lacks {', '.join(missing)}: run `make setup` first."
            )
