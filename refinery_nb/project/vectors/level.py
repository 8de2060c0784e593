"""What of a record gets a vector: its text, each entry of a list, or each token of its text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError
from refinery_nb.embed.embedder import Embedder
from refinery_nb.text import tokens as tokenizer
from refinery_nb.vectors.ragged import Ragged

ONE = {"record": "record", "list": "entry of a list", "token": "token"}  # that has a vector
OF = {"record": "vectors", "list": "entries", "token": "tokens"}  # methods of an embedding
RAGGED = {"list": "<f4", "token": "<f2"}  # levels with several vectors for a record; their numbers


class Level(Protocol):
    """What of a text gets a vector."""

    name: ClassVar[str]
    page: ClassVar[int]
    """Characters that are embedded between two commits, at most."""

    def pieces(self, text: str | None, key: str) -> list[str]:
        """Return the texts in a stored value that are not blank.

        Raises
        ------
        InputError
            If it holds something else; with the record's key.
        """

    def encode(self, embedder: Embedder, texts: Sequence[str]) -> Any:
        """Return the vectors of stored values that have pieces: an array, or ``Ragged``."""

    def spec(self, embedder: Embedder) -> dict[str, Any]:
        """Return the embedder's spec, and what else decides the vectors."""


@dataclass(frozen=True, slots=True)
class RecordLevel:
    """One vector for each text."""

    name: ClassVar[str] = "record"
    page: ClassVar[int] = 1 << 26

    def pieces(self, text: str | None, key: str) -> list[str]:
        """Return the text, if it is not blank."""
        return [text] if text and text.strip() else []

    def encode(self, embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, shape (n, dim)."""
        return embedder.encode(texts)

    def spec(self, embedder: Embedder) -> dict[str, Any]:
        """Return the embedder's."""
        return embedder.spec()


@dataclass(frozen=True, slots=True)
class ListLevel:
    """One vector for each entry of a list of texts, zero for a blank one."""

    name: ClassVar[str] = "list"
    page: ClassVar[int] = 1 << 24

    def pieces(self, text: str | None, key: str) -> list[str]:
        """Return the entries that are not blank."""
        return [entry for entry in entries(text, key) if entry.strip()]

    def encode(self, embedder: Embedder, texts: Sequence[str]) -> Ragged:
        """Return the vectors of all entries."""
        lists = [entries(text) for text in texts]
        every = [entry for one in lists for entry in one]
        at = np.array([number for number, entry in enumerate(every) if entry.strip()], np.int64)
        found = embedder.encode([every[number] for number in at.tolist()])
        values = np.zeros((len(every), found.shape[1]), np.float32)
        values[at] = found
        return Ragged.of(np.array([len(one) for one in lists], np.int64), values)

    def spec(self, embedder: Embedder) -> dict[str, Any]:
        """Return the embedder's, with the level."""
        return embedder.spec() | {"level": self.name}


@dataclass(frozen=True, slots=True)
class TokenLevel:
    """One vector for each token of spaCy's tokenizer, in float16."""

    language: str
    name: ClassVar[str] = "token"
    page: ClassVar[int] = 1 << 19

    def pieces(self, text: str | None, key: str) -> list[str]:
        """Return the text, if it is not blank."""
        return [text] if text and text.strip() else []

    def encode(self, embedder: Embedder, texts: Sequence[str]) -> Ragged:
        """Return the vectors of all tokens.

        Raises
        ------
        InputError
            If the embedder has no vectors of tokens.
        """
        given = getattr(embedder, "encode_tokens", None)
        if given is None:
            raise InputError(
                f"{embedder.name} has no vectors of tokens.",
                hint="Pass a transformers model, or a function from lists of tokens to arrays.",
            )
        offsets = [tokenizer.tokens(text, self.language) for text in texts]
        found = given(texts, offsets)
        lengths = np.array([len(one) for one in found], np.int64)
        return Ragged.of(lengths, np.concatenate(found))

    def spec(self, embedder: Embedder) -> dict[str, Any]:
        """Return the embedder's, with the level and what decides the tokens."""
        spec, tokens = embedder.spec(), tokenizer.fingerprint(self.language)
        identity = f"{spec['identity']} {tokens}"
        return spec | {"level": self.name, "tokens": tokens, "identity": identity}


def entries(text: str | None, key: str | None = None) -> list[str]:
    """Return the entries of a stored list of texts; a single text is a list of one.

    Raises
    ------
    InputError
        If it holds something that is no text.

    >>> entries('["a", "b"]')
    ['a', 'b']
    """
    found = None if text is None else json.loads(text)
    if found is None:
        return []
    listed = [found] if isinstance(found, str) else found
    if isinstance(listed, list) and all(isinstance(one, str) for one in listed):
        return listed
    raise InputError(
        f"{text[:80] if text else text} is no list of texts.",
        record=key,
        hint="Vectors are made of texts, or of lists of texts: one for each entry.",
    )
