"""A Python function as an embedder."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError


class FunctionEmbedder:
    """Vectors as a Python function gives them.

    Parameters
    ----------
    function
        Gets a list of texts, none of them blank, and returns an array of shape (n, dim). It runs
        in the kernel, and is not kept: pass it again to embed records that come later. For vectors
        of tokens it gets a list of lists of tokens, and returns an array of shape (tokens, dim)
        for each.

    Notes
    -----
    Its ``identity`` is its name and source, or its code where there is no source. What it refers
    to, such as the weights of a model, is not part of that.
    """

    learns = False

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.name = str(getattr(function, "__name__", type(function).__name__)).strip("<>")

    def spec(self) -> dict[str, Any]:
        """Return its name and the hash of its source."""
        module = getattr(self._function, "__module__", "")
        known = f"{module}.{getattr(self._function, '__qualname__', self.name)}\n{self._text()}"
        digest = hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return {"kind": "function", "model": self.name, "identity": digest}

    def _text(self) -> str:
        try:
            return inspect.getsource(self._function)
        except (OSError, TypeError):
            code = getattr(self._function, "__code__", None)
            return "" if code is None else f"{code.co_code.hex()} {code.co_names}"

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing is learnt."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return what the function gives.

        Raises
        ------
        InputError
            If that is no array of numbers with a row for each text.
        """
        given = self._function(list(texts))
        try:
            values = np.asarray(given, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.name} gave no array of numbers: {error}.") from error
        if values.ndim != 2 or len(values) != len(texts) or not values.shape[1]:
            raise InputError(
                f"{self.name} gave an array of shape {values.shape} for {len(texts):,} texts.",
                hint="Return one vector for each text: shape (n, dim).",
            )
        return values

    def encode_tokens(
        self, texts: Sequence[str], tokens: Sequence[NDArray[np.int32]]
    ) -> list[NDArray[np.float16]]:
        """Return what the function gives for lists of tokens, in float16.

        Raises
        ------
        InputError
            If that is not an array with a row for each token, for each list.
        """
        said = [
            [text[start:end] for start, end in known.tolist()]
            for text, known in zip(texts, tokens, strict=True)
        ]
        given = list(self._function(said))
        if len(given) != len(said):
            raise InputError(f"{self.name} gave {len(given):,} arrays for {len(said):,} texts.")
        found = []
        for one, words in zip(given, said, strict=True):
            try:
                with np.errstate(over="ignore"):  # infinity is refused by the caller
                    values = np.asarray(one).astype(np.float16)
            except (TypeError, ValueError) as error:
                raise InputError(f"{self.name} gave no array of numbers: {error}.") from error
            if values.ndim != 2 or len(values) != len(words) or not values.shape[1]:
                raise InputError(
                    f"{self.name} gave an array of shape {values.shape} for {len(words):,} tokens.",
                    hint="Return one vector for each token: shape (tokens, dim).",
                )
            found.append(values)
        if len({one.shape[1] for one in found}) > 1:
            raise InputError(f"{self.name} gave vectors of different lengths for its tokens.")
        return found

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing was learnt."""
