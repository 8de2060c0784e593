"""Where a model is found by its name or path. Nothing is ever downloaded."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from refinery_nb.core.errors import InputError

MARKS = ("modules.json", "config.json")  # one of them makes a folder a model's
ORGANISATION = "sentence-transformers"  # whose models are often named without it


def find(model: str | Path) -> Path:
    """Return the folder of a model: a path, an installed package, or the cache of downloads.

    Raises
    ------
    InputError
        If there is none; the message says where it was looked for.
    """
    if isinstance(model, Path) or os.sep in str(model) or Path(model).exists():
        folder = Path(model).expanduser().absolute()
        if folder.is_dir():
            return folder
        if folder.exists():
            raise InputError(f"{str(folder)!r} is a file; a model is a folder.")
        if isinstance(model, Path) or str(model).startswith((".", "/", "~")):
            raise InputError(
                f"there is no model: no folder {str(folder)!r}.",
                hint="Nothing is downloaded by itself.",
            )
    return _installed(str(model)) or _cached(str(model))


def _installed(name: str) -> Path | None:
    """Return the model inside an installed package of this name, which is not imported."""
    package = name.replace("-", "_")
    if not package.isidentifier():
        return None
    found = importlib.util.find_spec(package)
    for place in (found.submodule_search_locations or ()) if found else ():
        for folder in (Path(place) / "model", Path(place)):
            if any((folder / mark).is_file() for mark in MARKS):
                return folder
    return None


def _cached(name: str) -> Path:
    try:
        from huggingface_hub import constants, snapshot_download
    except ImportError as error:
        raise InputError(
            f"there is no model {name!r}: no such folder and no installed package.",
            hint='For models of the Hub run: pip install "refinery-nb[models]"',
        ) from error
    for one in (name, f"{ORGANISATION}/{name}"):
        try:
            folder = Path(snapshot_download(one, local_files_only=True))
        except (OSError, ValueError):
            continue  # not a name of the Hub, or not there
        if any((folder / mark).is_file() for mark in MARKS):
            return folder
    raise InputError(
        f"there is no model {name!r}: no folder {str(Path(name).absolute())!r}, no installed "
        f"package, and not in the cache {constants.HF_HUB_CACHE!r}.",
        hint=f"Nothing is downloaded by itself; run: hf download {name}",
    )
