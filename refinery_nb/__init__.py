"""Label text data inside Jupyter: by hand, by heuristics and by weak supervision.

>>> import refinery_nb as rn
>>> project = rn.open()
>>> project.add([{"text": "Late again"}, {"text": "Works well"}])
list: 2 added, 0 updated, 0 unchanged
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from refinery_nb import compute as compute
from refinery_nb.core.version import __version__ as __version__

if TYPE_CHECKING:
    from refinery_nb.compute.limits import Limits
    from refinery_nb.core.errors import RefineryError
    from refinery_nb.embed.transformer import Transformer
    from refinery_nb.heuristics.active import ActiveLearner
    from refinery_nb.heuristics.annotator import Annotator
    from refinery_nb.heuristics.bricks import bricks
    from refinery_nb.heuristics.imported import Imported
    from refinery_nb.heuristics.llm import LLM
    from refinery_nb.heuristics.lookup import Lookup
    from refinery_nb.heuristics.regex import Regex
    from refinery_nb.heuristics.similar import Similar
    from refinery_nb.heuristics.zero_shot import ZeroShot
    from refinery_nb.project.charts import figures as charts
    from refinery_nb.project.labeling import NONE
    from refinery_nb.project.project import Project, open
    from refinery_nb.project.projects.folders import projects
    from refinery_nb.project.projects.restoring import restore
    from refinery_nb.project.task import Task
    from refinery_nb.project.view import View
    from refinery_nb.project.weak.weak import WeakRun
    from refinery_nb.widgets.browser.widget import Browser
    from refinery_nb.widgets.confusion_matrix.widget import ConfusionMatrix
    from refinery_nb.widgets.embedding_map.widget import EmbeddingMap
    from refinery_nb.widgets.heuristic_editor.widget import HeuristicEditor
    from refinery_nb.widgets.labeler.widget import Labeler
    from refinery_nb.widgets.overview.widget import Overview
    from refinery_nb.widgets.playground.widget import Playground
    from refinery_nb.widgets.quality import Quality
    from refinery_nb.widgets.similar_editor.widget import SimilarEditor
    from refinery_nb.widgets.workbench.widget import Workbench

# Loaded when first used, so that importing the package stays light.
_NAMES = {
    "LLM": "refinery_nb.heuristics.llm",
    "NONE": "refinery_nb.project.labeling",
    "ActiveLearner": "refinery_nb.heuristics.active",
    "Annotator": "refinery_nb.heuristics.annotator",
    "Browser": "refinery_nb.widgets.browser.widget",
    "ConfusionMatrix": "refinery_nb.widgets.confusion_matrix.widget",
    "EmbeddingMap": "refinery_nb.widgets.embedding_map.widget",
    "HeuristicEditor": "refinery_nb.widgets.heuristic_editor.widget",
    "Imported": "refinery_nb.heuristics.imported",
    "Labeler": "refinery_nb.widgets.labeler.widget",
    "Limits": "refinery_nb.compute.limits",
    "Lookup": "refinery_nb.heuristics.lookup",
    "Overview": "refinery_nb.widgets.overview.widget",
    "Playground": "refinery_nb.widgets.playground.widget",
    "Project": "refinery_nb.project.project",
    "Quality": "refinery_nb.widgets.quality",
    "RefineryError": "refinery_nb.core.errors",
    "Regex": "refinery_nb.heuristics.regex",
    "Similar": "refinery_nb.heuristics.similar",
    "SimilarEditor": "refinery_nb.widgets.similar_editor.widget",
    "Task": "refinery_nb.project.task",
    "Transformer": "refinery_nb.embed.transformer",
    "View": "refinery_nb.project.view",
    "WeakRun": "refinery_nb.project.weak.weak",
    "Workbench": "refinery_nb.widgets.workbench.widget",
    "ZeroShot": "refinery_nb.heuristics.zero_shot",
    "bricks": "refinery_nb.heuristics.bricks",
    "charts": "refinery_nb.project.charts.plots",
    "open": "refinery_nb.project.project",
    "projects": "refinery_nb.project.projects.folders",
    "restore": "refinery_nb.project.projects.restoring",
}

__all__ = [
    "LLM",
    "NONE",
    "ActiveLearner",
    "Annotator",
    "Browser",
    "ConfusionMatrix",
    "EmbeddingMap",
    "HeuristicEditor",
    "Imported",
    "Labeler",
    "Limits",
    "Lookup",
    "Overview",
    "Playground",
    "Project",
    "Quality",
    "RefineryError",
    "Regex",
    "Similar",
    "SimilarEditor",
    "Task",
    "Transformer",
    "View",
    "WeakRun",
    "Workbench",
    "ZeroShot",
    "bricks",
    "charts",
    "compute",
    "open",
    "projects",
    "restore",
]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'refinery_nb' has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
