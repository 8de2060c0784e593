"""Where the front end's bundles lie, one of a widget's name for each."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"
