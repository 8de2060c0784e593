"""The folder of a transformers model: where it is found, and what its configuration says."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError

PICKLED = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")
POOLINGS = ("mean", "cls", "max")
EDGE = 1 << 20  # bytes at either end of the weights that tell models apart


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What is needed to use a model as sentence-transformers would.

    Attributes
    ----------
    weights
        The folder with ``config.json``, the tokenizer and the weights.
    pooling
        ``mean``, ``cls`` or ``max`` of the token vectors.
    normalise
        Whether vectors are brought to length 1.
    window
        How many tokens of a text are looked at; None: as many as the model can.
    lower
        Whether texts are made lower case first.
    prompt
        What is put before each text.
    identity
        Changes whenever the vectors would.
    """

    weights: Path
    pooling: str
    normalise: bool
    window: int | None
    lower: bool
    prompt: str
    identity: str


def find(model: str | Path) -> Path:
    """Return the folder of a model: a path, an installed package, or the cache of downloads.

    Nothing is downloaded.

    Raises
    ------
    InputError
        If there is none; the message names the cache.
    """
    if isinstance(model, Path) or os.sep in str(model) or Path(model).exists():
        folder = Path(model).expanduser().absolute()
        if folder.is_dir():
            return folder
        if isinstance(model, Path) or str(model).startswith((".", "/", "~")):
            raise InputError(f"there is no folder {str(folder)!r}.")
    return _installed(str(model)) or _cached(str(model))


def _installed(name: str) -> Path | None:
    """Return the model inside an installed package of this name, which is not imported."""
    package = name.replace("-", "_")
    if not package.isidentifier():
        return None
    found = importlib.util.find_spec(package)
    for place in (found.submodule_search_locations or ()) if found else ():
        for folder in (Path(place) / "model", Path(place)):
            if (folder / "config.json").is_file():
                return folder
    return None


def _cached(name: str) -> Path:
    try:
        from huggingface_hub import constants, snapshot_download
    except ImportError as error:
        raise InputError(
            f"there is no model {name!r}: no such folder and no installed package.",
            hint='For models of the Hub run: pip install "refinery-nb[models]"',
        ) from error
    for one in (name, f"sentence-transformers/{name}"):
        try:
            return Path(snapshot_download(one, local_files_only=True))
        except (OSError, ValueError):
            continue  # not a name of the Hub, or not there
    raise InputError(
        f"there is no model {name!r}: no folder, no installed package, and not in the cache "
        f"{constants.HF_HUB_CACHE!r}.",
        hint=f"Nothing is downloaded by itself; run: hf download {name}",
    )


def read(folder: Path) -> ModelFolder:
    """Return what the configuration of a model says.

    Raises
    ------
    InputError
        If the folder has no model, weights as pickles only, or steps that are not known.
    """
    steps = _json(folder / "modules.json") if (folder / "modules.json").is_file() else None
    weights, pooling, normalise, kinds = folder, "mean", steps is None, []
    for step in steps or ():
        kind = str(step.get("type", "")).rpartition(".")[2]
        place = _inside(folder, str(step.get("path", "")))
        kinds.append(kind)
        if kind == "Transformer":
            weights = place
        elif kind == "Pooling":
            pooling = _pooling(_json(place / "config.json"))
        elif kind == "Normalize":
            normalise = True
        else:
            raise InputError(
                f"the model has a step {kind!r}; known are Transformer, Pooling and Normalize.",
                source=str(folder),
            )
    if steps is not None and "Transformer" not in kinds:
        raise InputError("the model has no transformer.", source=str(folder))
    _check_weights(weights)
    options = _optional(weights / "sentence_bert_config.json")
    prompts = _optional(folder / "config_sentence_transformers.json")
    window = options.get("max_seq_length")
    prompt = (prompts.get("prompts") or {}).get(prompts.get("default_prompt_name") or "", "")
    lower = options.get("do_lower_case") is True
    settings = [pooling, normalise, window, lower, prompt]
    return ModelFolder(
        weights,
        pooling,
        normalise,
        window if isinstance(window, int) and window > 0 else None,
        lower,
        str(prompt),
        _identity(weights, settings),
    )


def _pooling(config: dict[str, Any]) -> str:
    # Older models say it as a switch for each kind, newer ones by name.
    named = config.get("pooling_mode")
    chosen = (
        [named]
        if named
        else [
            key.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
            for key, on in config.items()
            if key.startswith("pooling_mode_") and on is True
        ]
    )
    if len(chosen) != 1 or chosen[0] not in POOLINGS:
        raise InputError(
            f"the model pools its tokens by {', '.join(map(str, chosen)) or 'nothing'}; "
            f"known are {', '.join(POOLINGS)}."
        )
    return str(chosen[0])


def _check_weights(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise InputError(
            "there is no config.json: this is no transformers model.", source=str(folder)
        )
    if any(folder.glob("*.safetensors")):
        return
    pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
    raise InputError(
        f"the weights are there as {', '.join(pickled)} only, a pickle, which can run code."
        if pickled
        else "there are no weights (*.safetensors).",
        source=str(folder),
        hint="Get the model as safetensors; pickles are never loaded.",
    )


def _identity(folder: Path, settings: list[Any]) -> str:
    digest = hashlib.sha256(json.dumps(settings).encode())
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        with path.open("rb") as file:
            digest.update(f"{size}".encode())
            digest.update(file.read(EDGE))
            file.seek(max(0, size - EDGE))
            digest.update(file.read(EDGE))
    for name in ("config.json", "tokenizer.json", "vocab.txt"):
        if (folder / name).is_file():
            digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:32]


def _inside(folder: Path, path: str) -> Path:
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise InputError(f"modules.json names {path!r}, outside of the folder.", source=str(folder))
    return folder / path


def _optional(path: Path) -> dict[str, Any]:
    found = _json(path) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"it cannot be read: {error}.", source=str(path)) from error
