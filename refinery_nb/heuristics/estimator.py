"""Estimators as text: what makes one again, from an object, a class or a function."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from types import FunctionType
from typing import Any

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics import atl
from refinery_nb.heuristics.atl import LearningClassifier, LearningExtractor
from refinery_nb.heuristics.capture import PREFACE, capture_definition
from refinery_nb.heuristics.literal import NotLiteral, literal
from refinery_nb.heuristics.names import free_names

MAKE = "make"
HINT = "Pass an estimator of scikit-learn's kind, its class, or a function that returns one."


def source_of(model: Any) -> tuple[str, str]:
    """Return a source text, and the name in it that makes the estimator when it is called.

    Parameters
    ----------
    model
        An estimator with ``get_params``, such as scikit-learn's, pipelines included; its class;
        a class in the manner of refinery; or a function without arguments that returns one.

    Raises
    ------
    HeuristicError
        If it is none of them, or a parameter cannot be written as text.
    """
    if isinstance(model, FunctionType):
        needed = [
            one.name
            for one in inspect.signature(model).parameters.values()
            if one.default is one.empty and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        ]
        if needed:
            raise HeuristicError(
                f"{model.__name__} takes {', '.join(needed)}; a function that makes a model takes "
                "nothing."
            )
        captured = capture_definition(model)
        return captured.source, captured.entry
    writer = _Writer()
    if isinstance(model, type) and issubclass(model, (LearningClassifier, LearningExtractor)):
        # Its parameters stand in its text, so that an import would not do.
        captured = capture_definition(model)
        return captured.source, captured.entry
    if isinstance(model, type):
        name = writer.type_(model)
        return writer.text(""), name
    if hasattr(model, "get_params") and hasattr(model, "fit"):
        return writer.text(f"def {MAKE}():\n    return {writer.value(model, '')}\n"), MAKE
    raise HeuristicError(f"{model!r:.80} is no model.", hint=HINT)


def check(source: str) -> str:
    """Return the name of what makes a model in a written text, without running it.

    Raises
    ------
    HeuristicError
        If the text is no Python, defines no model or several, or uses a name that is not defined.
    """
    try:
        tree = ast.parse(source)
        uses = free_names(source)
    except (SyntaxError, ValueError) as error:
        raise HeuristicError(
            f"the source is no Python: {getattr(error, 'msg', error)}.",
            line=getattr(error, "lineno", None),
        ) from error
    for used, line in uses.items():
        if used not in atl.NAMES and not hasattr(builtins, used):
            raise HeuristicError(
                f"the source uses {used!r}, which is not defined.",
                line=line,
                hint=did_you_mean(used, atl.NAMES),
            )
    written = atl.read(source)
    if written is not None:
        return written.entry
    made = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    if len(made) != 1:
        told = ", ".join(made) if made else "nothing"
        raise HeuristicError(
            f"the source defines {told}; it is to define one model.",
            hint="Write a class ATLClassifier(LearningClassifier), or one function that returns "
            "an estimator.",
        )
    return made[0]


class _Writer:
    """Writes an estimator with its parameters."""

    def __init__(self) -> None:
        self._imports: set[str] = set()
        self._sources: dict[str, str] = {}

    def text(self, body: str) -> str:
        """Return the whole source."""
        parts = [PREFACE, *(f"{line}\n" for line in sorted(self._imports))]
        parts += [source.removeprefix(PREFACE) for source in self._sources.values()]
        return "".join(parts) + (f"\n\n{body}" if body else "")

    def type_(self, kind: type | FunctionType) -> str:
        """Return the name of a class or function, imported or written down before."""
        home = _home(kind)
        if home is not None:
            self._imports.add(f"from {home} import {kind.__qualname__}")
            return kind.__qualname__
        captured = capture_definition(kind)
        self._sources.setdefault(captured.entry, captured.source)
        return captured.entry

    def value(self, value: Any, where: str) -> str:
        """Return an expression that makes a parameter's value."""
        if hasattr(value, "get_params") and not isinstance(value, type):
            return self._estimator(value)
        if isinstance(value, (type, FunctionType)):
            return self.type_(value)
        if type(value) in (list, tuple):
            items = ", ".join(self.value(item, where) for item in value)
            ends = "[]" if type(value) is list else "()"
            comma = "," if type(value) is tuple and len(value) == 1 else ""
            return f"{ends[0]}{items}{comma}{ends[1]}"
        if type(value) is dict:
            pairs = (f"{literal(key)}: {self.value(one, where)}" for key, one in value.items())
            return "{" + ", ".join(pairs) + "}"
        if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
            value = value.item()
        try:
            return literal(value)
        except NotLiteral as error:
            raise HeuristicError(
                f"the parameter {where or 'of the model'} is {value!r:.80}, which cannot be "
                "written as text.",
                hint="Pass a function that makes the model instead.",
            ) from error

    def _estimator(self, model: Any) -> str:
        name = self.type_(type(model))
        known = inspect.signature(type(model).__init__).parameters
        given = []
        for key, value in model.get_params(deep=False).items():
            default = known[key].default if key in known else inspect.Parameter.empty
            if value is default or (type(value) is type(default) and repr(value) == repr(default)):
                continue
            given.append(f"{key}={self.value(value, key)}")
        return f"{name}({', '.join(given)})"


def _home(kind: type | FunctionType) -> str | None:
    """Return the shortest module that a class can be imported from; None if it is local."""
    module = kind.__module__
    if module == "__main__" or module not in sys.modules:
        return None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        if getattr(sys.modules.get(name), kind.__qualname__, None) is kind:
            return name
    return None
