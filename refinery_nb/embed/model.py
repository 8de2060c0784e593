"""A model as transformers or safetensors load it: token ids in, vectors of tokens out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np

from refinery_nb.core.errors import InputError
from refinery_nb.embed import packed
from refinery_nb.embed.embedder import needed
from refinery_nb.embed.folder import ModelFolder

CLOSE = 1e-3  # of the largest number: by how much a quicker way may differ
LOOSE = 0.1  # with numbers of 16 bits
Ids = Sequence[int]


class Static:
    """Fixed vectors of tokens."""

    padded = False
    window: int | None = None

    def __init__(self, torch: Any, folder: ModelFolder, device: str) -> None:
        load = needed("safetensors.torch", "models").load_file
        found: dict[str, Any] = {}
        try:
            for path in sorted(folder.weights.glob("*.safetensors")):
                found |= load(str(path))
            if "embedding.weight" in found:
                table = found["embedding.weight"].float()
            else:  # as model2vec keeps them
                table = found["embeddings"].float()
                if found.get("mapping") is not None:
                    table = table[found["mapping"].long()]
                if found.get("weights") is not None:
                    table = table * found["weights"].float()[:, None]
        except Exception as error:  # whatever a broken file makes of the library
            raise unloadable(error, folder) from error
        self._torch, self._table = torch, table.to(device)
        self.dim = int(table.shape[1])

    def __call__(self, texts: Sequence[Ids]) -> Any:
        """Return the vectors of the tokens of texts, one after another: shape (tokens, dim)."""
        ids = [token for text in texts for token in text]
        return self._table[
            self._torch.tensor(ids, dtype=self._torch.long, device=self._table.device)
        ]


class Loaded:
    """A model of transformers: packed on a CPU if that gives the same, padded if not."""

    def __init__(self, torch: Any, folder: ModelFolder, device: str, precision: str | None) -> None:
        self._torch, self._folder, self._device = torch, folder, device
        self._transformers = needed("transformers", "models")
        self.padded = True
        self._model = self._load()
        config = self._model.config
        self.dim = int(config.hidden_size)
        positions = getattr(config, "max_position_embeddings", None)
        behind = packed.POSITIONS.get(config.model_type)
        if positions and behind:
            positions -= config.pad_token_id + behind
        limits = [limit for limit in (folder.window, positions) if limit and limit > 0]
        self.window = min(limits) if limits else None
        if device == "cpu":
            self._quicken(precision)
        else:
            able = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
            kind = torch.bfloat16 if able else torch.float16
            self._model.to(device, kind if precision is None else getattr(torch, precision))

    def __call__(self, texts: Sequence[Ids]) -> Any:
        """Return the vectors of the tokens of texts, one after another: shape (tokens, dim)."""
        torch = self._torch
        if not self.padded:
            return packed.hidden(torch, self._model, texts)
        longest = max(map(len, texts))
        shape, device = (len(texts), longest), self._device
        pad = getattr(self._model.config, "pad_token_id", None) or 0
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        inside = np.arange(longest) < lengths[:, None]
        padded = np.full(shape, pad, np.int64)
        padded[inside] = np.fromiter(chain.from_iterable(texts), np.int64, int(lengths.sum()))
        ids = torch.from_numpy(padded).to(device)
        # Without padding there is no mask: attention is quicker then.
        if inside.all():
            return self._model(input_ids=ids).last_hidden_state.flatten(0, 1).float()
        mask = torch.from_numpy(inside.astype(np.int64)).to(device)
        found = self._model(input_ids=ids, attention_mask=mask).last_hidden_state.flatten(0, 1)
        # By positions, which are known here: by a mask the card would have to say how many.
        return found[torch.from_numpy(np.flatnonzero(inside)).to(device)].float()

    def _quicken(self, precision: str | None) -> None:
        """Take the quickest way that gives the same as the plain one."""
        torch, dtype = self._torch, getattr(self._torch, precision or "float32")
        low = min(999, self._model.config.vocab_size - 1)
        probe = [[low - at for at in range(length)] for length in (9, 6, 6, 3)]
        with torch.inference_mode():
            wanted = self(probe)
        can_pack = packed.can_pack(self._model.config)
        fast = dtype != torch.float32 or _tried(lambda: packed.is_quicker(torch, self.dim))
        for pack, products in ((True, fast), (False, fast), (True, False)):
            if not (pack or products) or (pack and not can_pack):
                continue
            if _tried(lambda: self._change(pack, dtype if products else None, probe, wanted)):  # noqa: B023
                return
            self._model, self.padded = self._load(), True

    def _change(self, pack: bool, dtype: Any, probe: list[list[int]], wanted: Any) -> bool:
        torch, largest = self._torch, wanted.abs().max()
        with torch.inference_mode():
            if pack:
                packed.pack(self._transformers, self._model)
                self.padded = False
                if (self(probe) - wanted).abs().max() > CLOSE * largest:
                    return False
            if dtype is None:
                return True
            packed.quicken(torch, self._model, dtype)
            close = CLOSE if dtype == torch.float32 else LOOSE
            return bool((self(probe) - wanted).abs().max() <= close * largest)

    def _load(self) -> Any:
        transformers, path = self._transformers, str(self._folder.weights)
        try:
            with quiet(transformers):
                model, found = transformers.AutoModel.from_pretrained(
                    path,
                    use_safetensors=True,
                    local_files_only=True,
                    trust_remote_code=False,
                    output_loading_info=True,
                )
        except Exception as error:  # whatever a broken folder makes of these libraries
            raise unloadable(error, self._folder) from error
        unused = ["pooler", "position_ids"]
        encoder = getattr(model, "encoder", None)
        if getattr(model.config, "is_encoder_decoder", False) and encoder is not None:
            model = encoder
            unused.append("decoder")
        # transformers would go on with random numbers in their place.
        missing = [
            name for name in found["missing_keys"] if not any(part in name for part in unused)
        ]
        if missing:
            raise InputError(
                f"the model cannot be loaded: its file lacks {len(missing)} weights, such as "
                f"{sorted(missing)[0]!r}.",
                source=path,
            )
        return model.eval().float()


@contextlib.contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """Keep the bars of loading out of the cell."""
    logging = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def unloadable(error: Exception, folder: ModelFolder) -> InputError:
    """Return the error of a model that cannot be loaded."""
    return InputError(
        f"the model cannot be loaded: {type(error).__name__}: {str(error)[:300]}",
        source=str(folder.weights),
    )


def _tried(call: Callable[[], bool]) -> bool:
    try:
        return call()
    except Exception:  # another torch or transformers: the plain way stays
        return False
