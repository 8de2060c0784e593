"""Refuses to build a wheel without the front end: an empty widget would be the only sign of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXTENSION = "share/jupyter/labextensions/refinery-nb"
# How a widget names what it loads: STATIC / "labeler.js".
ASSET = re.compile(r'STATIC / "([\w.]+)"')


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Checks that the built assets are there, adds the guides and the extension of JupyterLab."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raise unless all is built; an editable install needs nothing, `make setup` links it."""
        if version == "editable" or self.target_name != "wheel":
            return
        package = Path(self.root) / "refinery_nb"
        static = package / "static"
        sources = [path.read_text(encoding="utf-8") for path in package.glob("widgets/**/*.py")]
        wanted = {name for source in sources for name in re.findall(ASSET, source)}
        missing = sorted(name for name in wanted if not (static / name).exists())
        if missing:
            raise FileNotFoundError(
                f"refinery_nb/static lacks {', '.join(missing)}: run `make setup` first."
            )
        extension = package / "labextension"
        if not list(extension.glob("static/remoteEntry.*.js")):
            raise FileNotFoundError(
                "refinery_nb/labextension is not built: run `make setup` first."
            )
        guides = Path(self.root) / "notebooks"
        for path in [*guides.glob("*.ipynb"), *guides.glob("images/*.png")]:
            target = f"refinery_nb/samples/{path.relative_to(guides).as_posix()}"
            build_data["force_include"][str(path)] = target
        build_data["shared_data"] = {
            str(extension): EXTENSION,
            str(Path(self.root) / "js" / "install.json"): f"{EXTENSION}/install.json",
        }
