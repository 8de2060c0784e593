"""From the name of a transformers model to the model in memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.embed import packed
from refinery_nb.embed.embedder import needed
from refinery_nb.embed.find import find as folder_of
from refinery_nb.embed.folder import ModelFolder, read

# These number the places of tokens from the one of padding on.
LATE = ("roberta", "camembert", "longformer", "mpnet")
CLOSE = 1e-4  # of the largest logit


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model and what belongs to it.

    Attributes
    ----------
    window
        How many tokens it can take.
    """

    torch: Any
    tokenizer: Any
    model: Any
    device: str
    window: int


def find(model: str) -> ModelFolder:
    """Return the folder of a model; nothing is loaded yet.

    Raises
    ------
    InputError
        If there is none here, or it holds pickles only.
    """
    if model.startswith(("\\\\", "//")):
        raise InputError(
            f"the model {model!r} lies on another machine.", hint="Copy it here; give its folder."
        )
    return read(folder_of(model))


def load(folder: ModelFolder, kind: str, dtype: str) -> Loaded:
    """Load a model by one of transformers' ``AutoModelFor...`` classes; on a GPU if there is one.

    Raises
    ------
    InputError
        If it cannot be loaded, or lacks weights that this kind of model needs.
    MissingExtra
        If torch or transformers is not installed.
    """
    torch, transformers = needed("torch", "models"), needed("transformers", "models")
    where = {"local_files_only": True, "trust_remote_code": False}
    path = str(folder.weights)
    try:
        with _quiet(transformers):
            tokenizer = transformers.AutoTokenizer.from_pretrained(path, **where)
            model, told = getattr(transformers, kind).from_pretrained(
                path,
                use_safetensors=True,
                dtype=dtype if dtype == "auto" else getattr(torch, dtype),
                output_loading_info=True,
                **where,
            )
    except Exception as error:  # whatever a broken folder makes of these libraries
        raise InputError(
            f"the model cannot be loaded: {type(error).__name__}: {str(error)[:300]}", source=path
        ) from error
    missing = sorted(told.get("missing_keys", ()))
    if missing:
        raise InputError(
            f"the model has no weights for {', '.join(missing[:3])}: it was not made for this.",
            source=path,
            hint=f"Give a model of the kind {kind.removeprefix('AutoModelFor')}.",
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model.eval().to(device)
    return Loaded(torch, tokenizer, model, device, _window(tokenizer, model.config))


def quickened(
    loaded: Loaded, again: Callable[[], Loaded], probe: Callable[[Loaded], Any]
) -> Loaded:
    """Take oneDNN's matrix products on a CPU, where they are quicker and give the same.

    Parameters
    ----------
    again
        Loads the model anew, if they do not.
    probe
        What the model says of something.
    """
    size = getattr(loaded.model.config, "hidden_size", None)
    if loaded.device != "cpu" or not isinstance(size, int):
        return loaded
    torch = loaded.torch
    try:
        with torch.inference_mode():
            if not packed.is_quicker(torch, size):
                return loaded
            wanted = probe(loaded)
            packed.quicken(torch, loaded.model, torch.float32)
            if (probe(loaded) - wanted).abs().max() <= CLOSE * wanted.abs().max():
                return loaded
    except Exception:  # not every torch has them, nor does every model keep to the usual form
        return again()
    return again()


def _window(tokenizer: Any, config: Any) -> int:
    positions = getattr(config, "max_position_embeddings", None) or 0
    if positions and any(one in str(getattr(config, "model_type", "")) for one in LATE):
        positions -= 2
    limits = [tokenizer.model_max_length, positions]
    return min([int(limit) for limit in limits if limit and limit < 1e9] or [512])


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Keep bars and reports of loading out of the cell."""
    logging = transformers.utils.logging
    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()
