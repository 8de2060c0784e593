"""A transformers model that runs elsewhere: texts go there, vectors come back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError
from refinery_nb.core.executor import Executor, Report
from refinery_nb.core.parcel import Parcel
from refinery_nb.embed.transformer import Transformer

HERE = "refinery_nb.embed.elsewhere"
LOADED = 2  # models that stay loaded there


class Elsewhere:
    """An embedder whose model is loaded where an executor runs; it need not be here.

    Parameters
    ----------
    executor
        Where.
    model
        A name or a path there.
    options
        Of ``Transformer``.

    Raises
    ------
    InputError
        If there is no such model there, or it is of a kind that is not sent.
    """

    learns = False

    def __init__(
        self, executor: Executor, model: Any, options: Mapping[str, Any] | None = None
    ) -> None:
        if not isinstance(model, (str, Path)):
            what = "TF-IDF" if model is None else repr(getattr(model, "__name__", model))
            raise InputError(
                f"{what} runs here only.",
                hint="With executor=, model= is a transformers model: its name or folder there.",
            )
        self._asked = {"model": str(model), "options": dict(options or {})}
        self._executor = executor
        said = self._run("describe").said
        self.name = str(said["name"])
        self._spec = dict(said["spec"])

    def spec(self) -> dict[str, Any]:
        """Return what the model there is: the same model here has the same ``identity``."""
        return self._spec

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing is learnt."""

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing was learnt."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, shape (n, dim)."""
        values: NDArray[np.float32] = self._run("encode", texts).arrays["vectors"]
        return values

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text that is searched for, shape (n, dim)."""
        values: NDArray[np.float32] = self._run("encode_queries", texts).arrays["vectors"]
        return values

    def encode_tokens(
        self, texts: Sequence[str], tokens: Sequence[NDArray[np.int32]]
    ) -> list[NDArray[np.float16]]:
        """Return vectors of tokens, as ``Transformer.encode_tokens`` does."""
        found = self._run("encode_tokens", texts, **_joined(tokens)).arrays
        return _parted(found["vectors"], found["lengths"])

    def _run(self, name: str, texts: Sequence[str] = (), **arrays: NDArray[Any]) -> Parcel:
        question = Parcel(self._asked, {"text": list(texts)}, arrays)
        return self._executor.run(f"{HERE}:{name}", question)


def describe(question: Parcel, report: Report) -> Parcel:
    """Return what a model is called, and its spec."""
    del report
    model = _model(question)
    return Parcel({"name": model.name, "spec": model.spec()})


def encode(question: Parcel, report: Report) -> Parcel:
    """Return the vectors of texts."""
    del report
    return Parcel(arrays={"vectors": _model(question).encode(question.texts["text"])})


def encode_queries(question: Parcel, report: Report) -> Parcel:
    """Return the vectors of texts that are searched for."""
    del report
    return Parcel(arrays={"vectors": _model(question).encode_queries(question.texts["text"])})


def encode_tokens(question: Parcel, report: Report) -> Parcel:
    """Return the vectors of the tokens of texts."""
    del report
    tokens = _parted(question.arrays["vectors"], question.arrays["lengths"])
    found = _model(question).encode_tokens(question.texts["text"], tokens)
    return Parcel(arrays=_joined(found))


def _model(question: Parcel) -> Transformer:
    return _loaded(json.dumps(dict(question.said), sort_keys=True))


@lru_cache(maxsize=LOADED)
def _loaded(asked: str) -> Transformer:
    said = json.loads(asked)
    return Transformer(said["model"], **said["options"])


def _joined(parts: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return arrays one after another, and how many rows each has."""
    lengths = np.array([len(one) for one in parts], np.int64)
    return {"vectors": np.concatenate(parts), "lengths": lengths}


def _parted(values: NDArray[Any], lengths: NDArray[np.int64]) -> list[NDArray[Any]]:
    return np.split(values, np.cumsum(lengths)[:-1])
