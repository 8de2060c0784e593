"""Active learners as they are written for Kern AI refinery: a class with two decorated methods.

A class like this is a model of ``rn.ActiveLearner``, as an object or as text::

    class ATLClassifier(LearningClassifier):
        def __init__(self):
            self.model = LogisticRegression()

        @params_fit(embedding_name="headline-minilm", train_test_split=0.5)
        def fit(self, embeddings, labels):
            self.model.fit(embeddings, labels)

        @params_inference(min_confidence=0.9, label_names=["Sports"])
        def predict_proba(self, embeddings):
            return self.model.predict_proba(embeddings)

Its parameters are read from the text; ``train_test_split`` means nothing here, as no label is
held back for good.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from refinery_nb.core.errors import HeuristicError

Method = TypeVar("Method", bound=Callable[..., Any])

# What a text may use without importing it.
NAMES = ("LearningClassifier", "LearningExtractor", "params_fit", "params_inference")
BASES = {"LearningClassifier": False, "LearningExtractor": True}  # whether it labels spans


class LearningClassifier:
    """The base of classes that learn one label for each record."""


class LearningExtractor:
    """The base of classes that learn a label for each token."""


def params_fit(
    embedding_name: str | None = None, train_test_split: float | None = None
) -> Callable[[Method], Method]:
    """Say which vectors a learner learns from."""
    del embedding_name, train_test_split
    return lambda method: method


def params_inference(
    min_confidence: float = 0.8, label_names: list[str] | None = None
) -> Callable[[Method], Method]:
    """Say how sure a learner must be, and which labels it may vote for."""
    del min_confidence, label_names
    return lambda method: method


@dataclass(frozen=True, slots=True)
class Written:
    """What the text of such a class says.

    Attributes
    ----------
    entry
        The name of the class.
    spans
        Whether it labels spans.
    embedding, min_confidence, labels
        As its decorators say; None where they do not.
    """

    entry: str
    spans: bool
    embedding: str | None = None
    min_confidence: float | None = None
    labels: tuple[str, ...] | None = None


def read(source: str) -> Written | None:
    """Return what the text of a learner says; None if no class in it is one.

    Raises
    ------
    HeuristicError
        If there are several, one lacks a method, or a parameter is no plain constant.

    >>> read("x = 1") is None
    True
    """
    tree = ast.parse(source)
    found = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(_name(base) in BASES for base in node.bases)
    ]
    if not found:
        return None
    if len(found) > 1:
        names = ", ".join(node.name for node in found)
        raise HeuristicError(f"there are {len(found)} learners: {names}.", line=found[1].lineno)
    (node,) = found
    methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
    for name in ("fit", "predict_proba"):
        if name not in methods:
            raise HeuristicError(f"{node.name} has no method {name!r}.", line=node.lineno)
    constants = _constants(tree)
    fit = _parameters(methods["fit"], "params_fit", constants)
    inference = _parameters(methods["predict_proba"], "params_inference", constants)
    labels = inference.get("label_names")
    confidence = inference.get("min_confidence")
    return Written(
        node.name,
        next(BASES[name] for base in node.bases if (name := _name(base)) in BASES),
        fit.get("embedding_name"),
        None if confidence is None else float(confidence),
        None if labels is None else tuple(labels),
    )


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _constants(tree: ast.Module) -> dict[str, Any]:
    """Return the plain constants that the text names at its top."""
    found: dict[str, Any] = {}
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = ast.literal_eval(node.value)
                except ValueError:
                    found.pop(target.id, None)
    return found


def _parameters(method: ast.FunctionDef, name: str, constants: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a decorator of a method."""
    positions = {
        "params_fit": ("embedding_name", "train_test_split"),
        "params_inference": ("min_confidence", "label_names"),
    }[name]
    for decorator in method.decorator_list:
        if not isinstance(decorator, ast.Call) or _name(decorator.func) != name:
            continue
        given = dict(zip(positions, decorator.args, strict=False))
        given |= {one.arg: one.value for one in decorator.keywords if one.arg is not None}
        return {key: _value(key, node, constants) for key, node in given.items()}
    return {}


def _value(key: str, node: ast.expr, constants: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise HeuristicError(
            f"{key} is {ast.unparse(node)!r}, no plain constant.",
            line=node.lineno,
            hint="It is read without running the code: write a string, a number or a list.",
        ) from error
