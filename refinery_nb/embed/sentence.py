"""Vectors from a transformers model, as sentence-transformers makes them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError
from refinery_nb.embed import folder as folders
from refinery_nb.embed.embedder import needed

BUDGET = {"cpu": 4_096, "cuda": 65_536}  # tokens of a batch, padding included


class Sentence:
    """A transformers model from a folder, an installed package or the cache.

    Texts are sorted by length and put together up to a number of tokens, so that little is
    padded; on a GPU if torch sees one. What lies beyond the model's window is cut.

    Raises
    ------
    InputError
        If there is no such model, or it cannot be used. Weights are read from safetensors only,
        and code in a model's folder is never run.
    """

    learns = False

    def __init__(self, model: str | Path) -> None:
        path = folders.find(model)
        self._folder = folders.read(path)
        # A path is kept whole, so that the model is found again from another folder.
        self._model = str(model) if not Path(model).exists() else str(path)
        self.name = Path(model).name if Path(model).name != "model" else Path(path).parent.name
        self._loaded: tuple[Any, Any, str, int] | None = None

    def spec(self) -> dict[str, Any]:
        """Return where the model is found again, and what tells it from others."""
        return {"kind": "sentence", "model": self._model, "identity": self._folder.identity}

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing is learnt."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text, shape (n, dim)."""
        tokenizer, model, device, window = self._load()
        torch = needed("torch", "models")
        told = [self._folder.prompt + (t.lower() if self._folder.lower else t) for t in texts]
        tokens = tokenizer(told, truncation=True, max_length=window)["input_ids"]
        values: NDArray[np.float32] | None = None
        with torch.inference_mode():
            for rows in batches([len(ids) for ids in tokens], BUDGET[device]):
                padded = tokenizer.pad({"input_ids": [tokens[row] for row in rows]})
                ids = torch.tensor(padded["input_ids"], device=device)
                mask = torch.tensor(padded["attention_mask"], device=device)
                hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
                vectors = self._pooled(torch, hidden.float(), mask).cpu().numpy()
                if values is None:
                    values = np.zeros((len(texts), vectors.shape[1]), np.float32)
                values[rows] = vectors
        return np.zeros((0, model.config.hidden_size), np.float32) if values is None else values

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Return nothing."""
        return {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Nothing was learnt."""

    def _pooled(self, torch: Any, hidden: Any, mask: Any) -> Any:
        if self._folder.pooling == "cls":
            vectors = hidden[:, 0]
        elif self._folder.pooling == "max":
            vectors = hidden.masked_fill(mask[..., None] == 0, -torch.inf).max(dim=1).values
        else:
            weights = mask[..., None].float()
            vectors = (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1e-9)
        if self._folder.normalise:
            vectors = torch.nn.functional.normalize(vectors, dim=1)
        return vectors

    def _load(self) -> tuple[Any, Any, str, int]:
        if self._loaded is not None:
            return self._loaded
        torch = needed("torch", "models")
        transformers = needed("transformers", "models")
        where = {"local_files_only": True, "trust_remote_code": False}
        path = str(self._folder.weights)
        try:
            with _quiet(transformers):
                tokenizer = transformers.AutoTokenizer.from_pretrained(path, **where)
                model = transformers.AutoModel.from_pretrained(
                    path, use_safetensors=True, dtype=torch.float32, **where
                )
        except Exception as error:  # whatever a broken folder makes of these libraries
            raise InputError(
                f"the model cannot be loaded: {type(error).__name__}: {str(error)[:300]}",
                source=path,
            ) from error
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model.eval().to(device)
        positions = getattr(model.config, "max_position_embeddings", None) or 512
        limits = [self._folder.window, tokenizer.model_max_length, positions]
        window = min(int(limit) for limit in limits if limit)
        self._loaded = tokenizer, model, device, window
        return self._loaded


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield positions, longest first, in batches of at most ``budget`` tokens with padding.

    >>> list(batches([5, 1, 4, 1], 8))
    [[0], [2, 1], [3]]
    """
    rows = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    batch: list[int] = []
    for row in rows:
        if batch and lengths[batch[0]] * (len(batch) + 1) > budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Keep the bars of loading out of the cell."""
    logging = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
