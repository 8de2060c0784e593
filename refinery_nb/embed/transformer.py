"""Vectors of texts and of their tokens from a transformers model."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError, did_you_mean
from refinery_nb.embed import folder as folders
from refinery_nb.embed import windows
from refinery_nb.embed.embedder import needed
from refinery_nb.embed.find import find
from refinery_nb.embed.folder import ModelFolder
from refinery_nb.embed.head import Head
from refinery_nb.embed.model import quiet, unloadable
from refinery_nb.embed.runner import PRECISIONS, Runner

# Texts whose tokens are found while the model works on those before; more, so that the batches
# of a GPU are full.
AHEAD, GPU_AHEAD = 1_024, 8_192
# What a tokenizer is tried with: nothing, other scripts, special tokens, more than a window.
PROBE = ["", "A late parcel!", "\u00dcber 東京 \U0001f600 [MASK] </s>", "word, " * 600]
LONGEST = 512  # sub-words of a window where the model names none


class Transformer:
    """A transformers model from a folder, an installed package or the cache of downloads.

    A folder in the format of sentence-transformers is used as its configuration says. On a GPU if
    torch sees one. What lies beyond the model's window is cut, except for vectors of tokens.

    Parameters
    ----------
    model
        A path or a name. Nothing is downloaded.
    pooling
        How the vectors of tokens become one: ``mean``, ``cls``, ``max``, ``lasttoken``,
        ``weightedmean`` or ``mean_sqrt_len_tokens``; several are put one after another. None: as
        the model's configuration says.
    normalise
        Whether vectors have length 1. None: as the configuration says.
    prompt
        What is put before each text. None: the configuration's prompt for documents.
    query_prompt
        What is put before a text that is searched for. None: the configuration's.
    window
        How many sub-words of a text are looked at, at most.
    precision
        ``float32``, ``bfloat16`` or ``float16``. None: float32 on a CPU, 16 bits on a GPU. On a
        CPU only products are done in 16 bits.
    device
        Such as ``cuda:1`` or ``cpu``. None: a GPU if there is one.

    Raises
    ------
    InputError
        If there is no such model, or it cannot be used. Weights are read from safetensors only,
        and code in a model's folder is never run.
    """

    learns = False

    def __init__(
        self,
        model: str | Path,
        *,
        pooling: str | Sequence[str] | None = None,
        normalise: bool | None = None,
        prompt: str | None = None,
        query_prompt: str | None = None,
        window: int | None = None,
        precision: str | None = None,
        device: str | None = None,
    ) -> None:
        if precision is not None and precision not in PRECISIONS:
            raise InputError(
                f"precision={precision!r} is not known.", hint=did_you_mean(precision, PRECISIONS)
            )
        if window is not None and window < 8:
            raise InputError(f"window={window} is too short; 8 or more are allowed.")
        path = find(model)
        # A path is kept whole, so that the model is found again from another folder.
        self._model = str(model) if not Path(model).exists() else str(path)
        self._options = {
            name: list(value) if isinstance(value, (list, tuple)) else value
            for name, value in {
                "pooling": pooling,
                "normalise": normalise,
                "prompt": prompt,
                "query_prompt": query_prompt,
                "window": window,
                "precision": precision,
            }.items()
            if value is not None
        }
        self._precision, self._device = precision, device
        self._folder = _with(folders.read(path), self._options)
        self.name = Path(model).name if Path(model).name != "model" else Path(path).parent.name
        self._loaded: tuple[Any, Runner] | None = None
        self._heads: dict[str, Head] = {}
        self._lock = threading.Lock()
        self._tokenizing = threading.Lock()  # a tokenizer changes while it is used
        self._ids_alone: bool | None = None  # whether `_quick` gives the same; None: not tried

    def spec(self) -> dict[str, Any]:
        """Return where the model is found again, and what tells it from others."""
        return {
            "kind": "transformer",
            "model": self._model,
            "options": self._options,
            "identity": self._folder.identity,
        }

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing is learnt."""

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing was learnt."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, shape (n, dim)."""
        return self._encode(texts, self._folder.prompt("document"))

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text that is searched for, shape (n, dim)."""
        return self._encode(texts, self._folder.prompt("query"))

    def _encode(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        tokenizer, runner = self._load()
        special = 0
        if prompt and not self._folder.pools_prompt:
            # All of the prompt's own but the token that ends it.
            special = max(0, len(self._tokens(tokenizer, [prompt])[0]) - 1)
        order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
        told = [prompt + (text.lower() if self._folder.lower else text) for text in texts]
        values: list[NDArray[np.float32]] = []

        def done(chunk: list[int], rows: list[int], hidden: Any, lengths: Any) -> None:
            found = self._head(hidden.device)(hidden, lengths, special).float().cpu().numpy()
            with self._lock:
                if not values:
                    values.append(np.zeros((len(texts), found.shape[1]), np.float32))
            values[0][[chunk[row] for row in rows]] = found

        for chunk, ids in self._ahead(tokenizer, told, order):
            runner.run(ids, partial(done, chunk))
        return values[0] if values else np.zeros((0, runner.dim), np.float32)

    def encode_tokens(
        self, texts: Sequence[str], tokens: Sequence[NDArray[np.int32]]
    ) -> list[NDArray[np.float16]]:
        """Return one vector for each token of each text, from the model's last layer.

        Parameters
        ----------
        tokens
            Half-open code points for each text, ascending, shape (n, 2).

        Returns
        -------
        list
            float16 of shape (n, dim) for each text: the mean over the sub-words that share
            characters with the token; zero where there is none. Texts longer than the window are
            covered by windows that overlap by a quarter; no prompt is put before.

        Raises
        ------
        InputError
            If the model's tokenizer does not say where its sub-words stand.
        """
        tokenizer, runner = self._load()
        if not getattr(tokenizer, "is_fast", False):
            raise InputError(
                f"{self.name} has a tokenizer that does not say where its sub-words stand.",
                hint="Use a model with a tokenizer.json.",
            )
        window = self._window(tokenizer, runner)
        overlap = max(0, window - tokenizer.num_special_tokens_to_add()) // windows.OVERLAP
        with self._tokenizing:
            cut = tokenizer(
                [_lower(text) if self._folder.lower else text for text in texts],
                truncation=True,
                max_length=window,
                stride=overlap,
                return_overflowing_tokens=True,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
            )
        found: list[Any] = [None] * len(cut["input_ids"])

        def done(rows: list[int], hidden: Any, lengths: Any) -> None:
            parts = hidden.float().cpu().split(lengths.tolist())
            for row, part in zip(rows, parts, strict=True):
                found[row] = part.numpy()

        runner.run(cut["input_ids"], done)
        of_text: list[list[int]] = [[] for _ in texts]
        for row, text in enumerate(cut["overflow_to_sample_mapping"]):
            of_text[text].append(row)
        result = []
        for rows, known in zip(of_text, tokens, strict=True):
            inner = [~np.array(cut["special_tokens_mask"][row], np.bool_) for row in rows]
            vectors, places = [], []
            spans = windows.kept([int(one.sum()) for one in inner], overlap)
            for row, mask, (first, last) in zip(rows, inner, spans, strict=True):
                vectors.append(found[row][mask][first:last])
                places.append(np.array(cut["offset_mapping"][row], np.int32)[mask][first:last])
                found[row] = None
            pooled = windows.pooled(np.concatenate(vectors), np.concatenate(places), known)
            with np.errstate(over="ignore"):  # infinity is found and refused by the caller
                result.append(pooled.astype(np.float16))
        return result

    def _ahead(
        self, tokenizer: Any, texts: list[str], order: list[int]
    ) -> Iterator[tuple[list[int], list[list[int]]]]:
        """Yield positions and token ids, longest texts first, found one chunk ahead."""
        ahead = AHEAD if self._load()[1].device == "cpu" else GPU_AHEAD
        chunks = [order[first : first + ahead] for first in range(0, len(order), ahead)]
        if len(chunks) == 1:
            yield chunks[0], self._tokens(tokenizer, [texts[at] for at in chunks[0]])
            return
        with ThreadPoolExecutor(1, "tokens") as pool:
            given = ([texts[at] for at in chunk] for chunk in chunks)
            waiting = pool.submit(self._tokens, tokenizer, next(given)) if chunks else None
            for chunk in chunks:
                ids = waiting.result() if waiting is not None else []
                following = next(given, None)
                if following is not None:
                    waiting = pool.submit(self._tokens, tokenizer, following)
                yield chunk, ids

    def _tokens(self, tokenizer: Any, texts: list[str]) -> list[list[int]]:
        if self._folder.static:
            return [one.ids for one in tokenizer.encode_batch(texts, add_special_tokens=False)]
        window = self._window(tokenizer, self._load()[1])
        with self._tokenizing:
            if self._ids_alone is None:
                self._ids_alone = _same(tokenizer, window)
            ids: list[list[int]] = (_quick if self._ids_alone else _usual)(tokenizer, texts, window)
        return ids

    def _window(self, tokenizer: Any, runner: Runner) -> int:
        limits = [runner.window, getattr(tokenizer, "model_max_length", None)]
        known = [int(limit) for limit in limits if limit and limit < 1_000_000]
        return min(known) if known else LONGEST

    def _head(self, device: Any) -> Head:
        name = str(device)
        with self._lock:
            if name not in self._heads:
                self._heads[name] = Head(self._folder, name)
            return self._heads[name]

    def _load(self) -> tuple[Any, Runner]:
        with self._lock:
            if self._loaded is None:
                runner = Runner(self._folder, self._precision, self._device)
                self._loaded = self._tokenizer(), runner
            return self._loaded

    def _tokenizer(self) -> Any:
        path = self._folder.weights
        try:
            if self._folder.static:
                made = needed("tokenizers", "models").Tokenizer.from_file(
                    str(path / "tokenizer.json")
                )
                made.no_padding()
                return made
            transformers = needed("transformers", "models")
            with quiet(transformers):
                return transformers.AutoTokenizer.from_pretrained(
                    str(path), local_files_only=True, trust_remote_code=False
                )
        except Exception as error:  # whatever a broken folder makes of these libraries
            raise unloadable(error, self._folder) from error


def _with(folder: ModelFolder, options: Mapping[str, Any]) -> ModelFolder:
    """Return what a folder says, with what the user says instead."""
    changes: dict[str, Any] = {}
    if "pooling" in options:
        changes["pooling"] = folders.pooled_by(options["pooling"])
    if "window" in options:
        changes["window"] = min(options["window"], folder.window or options["window"])
    if "normalise" in options:
        steps = [step for step in folder.steps if step.kind != "Normalize"]
        last = [folders.Step("Normalize", folder.weights)] if options["normalise"] else []
        changes["steps"] = (*steps, *last)
    if "prompt" in options or "query_prompt" in options:
        document = options.get("prompt", folder.prompt("document"))
        query = options.get("query_prompt", folder.prompt("query"))
        changes["prompts"] = {"document": document, "query": query}
        changes["default_prompt"] = None
    return dataclasses.replace(folder, **changes)


def _usual(tokenizer: Any, texts: list[str], window: int) -> list[list[int]]:
    found: list[list[int]] = tokenizer(texts, truncation=True, max_length=window)["input_ids"]
    return found


def _quick(tokenizer: Any, texts: list[str], window: int) -> list[list[int]]:
    """Ask for the ids alone; the usual call makes masks, offsets and kinds besides."""
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(window, direction=tokenizer.truncation_side)
    backend.no_padding()
    return [one.ids for one in backend.encode_batch_fast(texts)]


def _same(tokenizer: Any, window: int) -> bool:
    try:
        return _quick(tokenizer, PROBE, window) == _usual(tokenizer, PROBE, window)
    except Exception:  # a tokenizer without such a call, or another version of it
        return False


def _lower(text: str) -> str:
    """Return a text in lower case, of the same length: offsets stay what they are."""
    return "".join(one if len(one.lower()) != 1 else one.lower() for one in text)
