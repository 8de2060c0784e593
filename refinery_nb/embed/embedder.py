"""What all embedders have in common, and how one is chosen."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError, MissingExtra

KINDS = {
    "tfidf": "refinery_nb.embed.tfidf:Tfidf",
    "transformer": "refinery_nb.embed.transformer:Transformer",
    "endpoint": "refinery_nb.embed.endpoint:EndpointEmbedder",
    "function": "refinery_nb.embed.function:FunctionEmbedder",
}


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors.

    Besides, it may have ``encode_queries``, which is ``encode`` for texts that are searched for,
    and ``encode_tokens``, which gets texts and the offsets of their tokens and returns float16
    arrays of shape (tokens, dim).

    Attributes
    ----------
    name
        For people, and as part of an embedding's name.
    learns
        Whether ``fit`` must see texts first; ``state`` is then what it has learnt.
    """

    name: str
    learns: bool

    def spec(self) -> dict[str, Any]:
        """Return plain JSON: its kind, where it is found again, and ``identity``.

        Two embedders with the same ``identity`` give the same vectors for the same texts.
        """

    def fit(self, texts: Sequence[str]) -> None:
        """Learn from texts."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, shape (n, dim), whatever else is in the batch."""

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return what it has learnt, as arrays without objects."""

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take back what ``state`` gave."""


def make(
    model: str | Path | Embedder | Callable[..., Any] | None, endpoint: Any = None
) -> Embedder:
    """Return an embedder.

    Parameters
    ----------
    model
        None: TF-IDF. A string or path: a folder with a transformers model, or the name of an
        installed or cached one. A function: texts to an array of shape (n, dim). An embedder, such
        as ``Transformer`` with options: itself.
    endpoint
        An address or an ``Endpoint``: ``model`` is the name of a model there. True: the one that
        the environment names.

    Raises
    ------
    InputError
        If there is no such model, or it cannot be used.
    MissingExtra
        If a package is missing.
    """
    if endpoint is not None and endpoint is not False:
        if not isinstance(model, str):
            raise InputError("which model of the endpoint?", hint="Pass its name: model=.")
        return _kind("endpoint")(model, None if endpoint is True else endpoint)
    if model is None:
        return _kind("tfidf")()
    if isinstance(model, (str, Path)):
        return _kind("transformer")(model)
    if isinstance(model, Embedder):
        return model
    if callable(model):
        return _kind("function")(model)
    raise InputError(
        f"{model!r} is no model.",
        hint="A model is None (TF-IDF), a folder, a name, or a function from texts to vectors.",
    )


def again(spec: Mapping[str, Any], endpoint: Any = None) -> Embedder:
    """Return the embedder that a spec describes.

    Parameters
    ----------
    endpoint
        As of ``make``; it is never part of a spec. None: the one that the environment names.

    Raises
    ------
    InputError
        If it cannot be had from its spec: a function must be passed again, an endpoint named.
    """
    if spec["kind"] == "tfidf":
        return _kind("tfidf")()
    if spec["kind"] == "transformer":
        return _kind("transformer")(spec["model"], **spec["options"])
    if spec["kind"] == "endpoint":
        named = None if endpoint is True else endpoint
        return _kind("endpoint")(spec["model"], named, **spec["options"])
    if spec["kind"] == "snapshot":
        raise InputError(
            f"the vectors came with a snapshot; their model {spec['model']!r} is not here.",
            hint="Embed again by a model that is: model=.",
        )
    raise InputError(
        f"the vectors come from the function {spec.get('model')!r}, which is not kept.",
        hint="Pass it again: model=.",
    )


def _kind(name: str) -> Callable[..., Embedder]:
    module, _, attribute = KINDS[name].partition(":")
    made: Callable[..., Embedder] = getattr(importlib.import_module(module), attribute)
    return made


def needed(module: str, extra: str) -> Any:
    """Return a module of an optional package.

    Raises
    ------
    MissingExtra
        Naming what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"this model needs the package {module}, which is not installed.",
            hint=f'Run: pip install "refinery-nb[{extra}]"',
        ) from error
