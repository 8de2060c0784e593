"""Vectors from an OpenAI-compatible endpoint, which the user names each time."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import EndpointError, InputError
from refinery_nb.net.endpoint import Endpoint

ENDPOINT = "REFINERY_NB_ENDPOINT"  # the environment variable with the address
TEXTS, CHARACTERS = 128, 100_000  # of one request
PARALLEL = 4  # requests at a time
TOO_LARGE = (400, 413, 422)  # what servers answer to a request that is too large for them


class EndpointEmbedder:
    """Vectors as ``POST <url>/embeddings`` gives them.

    Neither the address nor the key is ever stored in a project: who opens it again names them
    again.

    Parameters
    ----------
    model
        As the endpoint names it.
    endpoint
        Its address up to the version, such as ``https://api.example.com/v1``, or an ``Endpoint``
        with a key, a rate and a timeout. None: the address in the environment variable
        ``REFINERY_NB_ENDPOINT``, with the key in ``REFINERY_NB_API_KEY``.
    dimensions
        How many numbers a vector is to have, where the model leaves a choice.

    Raises
    ------
    InputError
        If no endpoint is named.
    """

    learns = False

    def __init__(
        self,
        model: str,
        endpoint: str | Endpoint | None = None,
        *,
        dimensions: int | None = None,
    ) -> None:
        named = os.environ.get(ENDPOINT, "").strip() if endpoint is None else endpoint
        if not named:
            raise InputError(
                f"the model {model!r} is behind an endpoint, whose address is not kept.",
                hint=f"Pass endpoint=, or set the environment variable {ENDPOINT}.",
            )
        self._endpoint = named if isinstance(named, Endpoint) else Endpoint(str(named))
        self._dimensions = dimensions
        self.name = model

    def spec(self) -> dict[str, Any]:
        """Return the model's name: nothing about who is asked."""
        chosen = {} if self._dimensions is None else {"dimensions": self._dimensions}
        identity = f"endpoint {self.name} {self._dimensions or ''}".strip()
        return {"kind": "endpoint", "model": self.name, "options": chosen, "identity": identity}

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing is learnt."""

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing was learnt."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, shape (n, dim).

        Raises
        ------
        EndpointError
            If the endpoint refuses, does not answer, or answers something else than vectors.
        """
        requests = list(_requests(texts))
        stop = threading.Event()
        with ThreadPoolExecutor(max(1, min(PARALLEL, len(requests))), "endpoint") as pool:
            futures = [pool.submit(self._asked, part, stop) for part in requests]
            try:
                parts = [part for future in futures for part in future.result()]
            except BaseException:
                stop.set()  # also when the cell is interrupted: no request waits or follows
                for future in futures:
                    future.cancel()
                raise
        dims = {part.shape[1] for part in parts}
        if len(dims) > 1:
            raise EndpointError(f"{self.name} gave vectors of {sorted(dims)} numbers.")
        return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)

    def _asked(self, texts: list[str], stop: threading.Event) -> list[NDArray[np.float32]]:
        body: dict[str, Any] = {"model": self.name, "input": texts, "encoding_format": "float"}
        if self._dimensions is not None:
            body["dimensions"] = self._dimensions
        try:
            answer = self._endpoint.post("embeddings", body, cancel=stop)
        except EndpointError as error:
            if error.status not in TOO_LARGE or len(texts) == 1:
                raise
            half = len(texts) // 2  # servers differ in how much they take at once
            return self._asked(texts[:half], stop) + self._asked(texts[half:], stop)
        return [self._read(answer, len(texts))]

    def _read(self, answer: Mapping[str, Any], wanted: int) -> NDArray[np.float32]:
        found: list[Any] = [None] * wanted
        given = answer.get("data")
        try:
            counter = count()
            for one in given if isinstance(given, list) else ():
                found[one.get("index", next(counter))] = one["embedding"]
            values = np.array(found, np.float32)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            values = np.zeros(0, np.float32)
        if values.ndim != 2 or not values.shape[1] or not isinstance(given, list):
            number = len(given) if isinstance(given, list) else 0
            raise EndpointError(
                f"{self._endpoint.url} gave no vector of numbers for each text: {number} answers "
                f"for {wanted} texts.",
                hint=f"Is {self.name!r} a model of embeddings?",
            )
        return values


def _requests(texts: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = []
    size = 0
    for text in texts:
        size += len(text)
        if not found or len(found[-1]) == TEXTS or size > CHARACTERS:
            found.append([])
            size = len(text)
        found[-1].append(text)
    return found
