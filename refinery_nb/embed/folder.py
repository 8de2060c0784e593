"""The folder of a model: what its configuration says, in the format of sentence-transformers."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean

PICKLED = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt", "*.joblib")
PACKAGE = "sentence_transformers."  # modules of other packages are code that is not run
FIRST = ("Transformer", "StaticEmbedding")
AFTER = ("Dense", "LayerNorm", "Normalize")
KNOWN = (*FIRST, "Pooling", *AFTER, "Dropout")
POOLINGS = {  # older models have a switch for each, newer ones a name
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
DOCUMENTS = ("document", "passage", "corpus")  # names of prompts for what is searched in
SENTENCE = "sentence_embedding"
BLOCKS, BLOCK = 256, 1 << 14  # spread over the weights, they tell models apart


@dataclass(frozen=True, slots=True)
class Step:
    """What is done after pooling: ``Dense``, ``LayerNorm`` or ``Normalize``."""

    kind: str
    folder: Path
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What is needed to use a model as sentence-transformers would.

    Attributes
    ----------
    weights
        The folder with the weights and the tokenizer.
    static
        Whether tokens have fixed vectors, without a transformer.
    pooling
        How the vectors of tokens become one; several are put one after another. Empty: they
        do not.
    steps
        What is done with that vector, in order.
    window
        How many tokens of a text are looked at; None: as many as the model can.
    lower
        Whether texts are made lower case first.
    prompts
        What is put before a text, by what it is for.
    default_prompt
        The name of the prompt for texts of no special purpose.
    pools_prompt
        Whether the tokens of the prompt are pooled too.
    digest
        Of all files that decide the vectors.
    """

    weights: Path
    digest: str
    static: bool = False
    pooling: tuple[str, ...] = ("mean",)
    steps: tuple[Step, ...] = ()
    window: int | None = None
    lower: bool = False
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt: str | None = None
    pools_prompt: bool = True

    def prompt(self, purpose: str) -> str:
        """Return what is put before a ``document`` or a ``query``."""
        names = ["query"] if purpose == "query" else list(DOCUMENTS)
        names += [self.default_prompt] if self.default_prompt is not None else []
        return next((self.prompts[name] for name in names if self.prompts.get(name)), "")

    @property
    def identity(self) -> str:
        """Changes whenever the vectors would."""
        settings = [
            self.digest,
            self.pooling,
            [[step.kind, dict(step.config)] for step in self.steps],
            [self.window, self.lower, self.prompt("document"), self.pools_prompt],
        ]
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:32]


def read(folder: Path) -> ModelFolder:
    """Return what the configuration of a model says.

    A folder without ``modules.json`` is a plain transformers model: its tokens are averaged, or
    of a causal language model the last one is taken.

    Raises
    ------
    InputError
        If the folder has no model, weights as pickles only, or steps that are not known.

    Warns
    -----
    UserWarning
        If there are pickles beside the weights: they are ignored.
    """
    modules = folder / "modules.json"
    steps = _steps(folder, _json(modules)) if modules.is_file() else _plain(folder)
    first, rest = steps[0], list(steps[1:])
    static = first.kind == "StaticEmbedding"
    if not static and not (first.folder / "config.json").is_file():
        raise InputError(
            "there is no config.json: this is no transformers model.", source=str(first.folder)
        )
    pooling: Mapping[str, Any] | None = {"pooling_mode": "mean"} if static else None
    if not static and rest and rest[0].kind == "Pooling":
        pooling = rest.pop(0).config
    for step in rest:
        if step.kind not in AFTER:
            raise InputError(f"the model has a second {step.kind}.", source=str(folder))
    for place in {first.folder, *(step.folder for step in rest if step.kind != "Normalize")}:
        _check_weights(place)
    prompts = _optional(folder / "config_sentence_transformers.json")
    named = prompts.get("prompts")
    default = prompts.get("default_prompt_name")
    return ModelFolder(
        first.folder,
        _digest([first.folder, *(step.folder for step in rest)]),
        static,
        () if pooling is None else _pooling(pooling, folder),
        tuple(rest),
        _window(first.config),
        first.config.get("do_lower_case") is True,
        {str(k): str(v or "") for k, v in named.items()} if isinstance(named, dict) else {},
        str(default) if default else None,
        (pooling or {}).get("include_prompt", True) is not False,
    )


def pooled_by(given: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return the ways of pooling that are named.

    Raises
    ------
    InputError
        If one is not known.
    """
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if name not in POOLINGS:
            raise InputError(
                f"the tokens are to be pooled by {name!r}; known are {', '.join(POOLINGS)}.",
                hint=did_you_mean(str(name), POOLINGS),
            )
    return names or ("mean",)


def _plain(folder: Path) -> list[Step]:
    config = _optional(folder / "config.json")
    if config.get("model_type") == "model2vec":
        normal = [Step("Normalize", folder)] if config.get("normalize") else []
        return [Step("StaticEmbedding", folder), *normal]
    kinds = config.get("architectures") or [""]
    causal = any(str(kind).endswith("ForCausalLM") for kind in kinds)
    pooling = {"pooling_mode": "lasttoken" if causal else "mean"}
    return [Step("Transformer", folder, _options(folder)), Step("Pooling", folder, pooling)]


def _steps(folder: Path, modules: Any) -> list[Step]:
    found = []
    for module in modules if isinstance(modules, list) else ():
        name = str(module.get("type", "")) if isinstance(module, dict) else str(module)
        kind = name.rpartition(".")[2]
        if not name.startswith(PACKAGE) or kind not in KNOWN:
            raise InputError(
                f"the model has a step {name!r}, which is not known or code of its own; known of "
                f"sentence_transformers are {', '.join(KNOWN)}.",
                source=str(folder),
            )
        place = _inside(folder, str(module.get("path", "")))
        if kind == "Transformer":
            found.append(Step(kind, place, _transformer(place)))
        elif kind == "Pooling":
            found.append(Step(kind, place, _json(place / "config.json")))
        elif kind in ("Dense", "LayerNorm"):
            found.append(Step(kind, place, _sentence_step(kind, place)))
        elif kind == "Normalize":
            config = {} if place == folder else _optional(place / "config.json")
            _of_sentences(kind, config, place)
            found.append(Step(kind, place))
        elif kind == "StaticEmbedding":
            found.append(Step(kind, place))
    if not found or found[0].kind not in FIRST:
        raise InputError(
            f"the model has no transformer: its first step is not {' or '.join(FIRST)}.",
            source=str(folder),
        )
    return found


def _transformer(place: Path) -> dict[str, Any]:
    options = _options(place)
    task = options.get("transformer_task", "feature-extraction")
    text = (options.get("modality_config") or {}).get("text")
    made = None if text is None else (text.get("method"), text.get("method_output_name"))
    name = options.get("module_output_name") or "token_embeddings"
    if (
        task != "feature-extraction"
        or made not in (None, ("forward", "last_hidden_state"))
        or name != "token_embeddings"
    ):
        raise InputError(
            f"the model's transformer gives {name!r} of the task {task!r} by {made}; known are "
            "the vectors of tokens, from the last layer.",
            source=str(place),
        )
    return options


def _options(place: Path) -> dict[str, Any]:
    for path in sorted(place.glob("sentence_*_config.json")):
        return _optional(path)
    return {}


def _window(options: Mapping[str, Any]) -> int | None:
    text = options.get("processing_kwargs")
    limits = [options.get("max_seq_length")]
    for part in ("common", "text"):
        one = text.get(part) if isinstance(text, dict) else None
        limits.append(one.get("max_length") if isinstance(one, dict) else None)
    known = [limit for limit in limits if isinstance(limit, int) and limit > 0]
    return min(known) if known else None


def _sentence_step(kind: str, place: Path) -> dict[str, Any]:
    config = _json(place / "config.json")
    if not isinstance(config, dict):
        raise InputError("it is no object.", source=str(place / "config.json"))
    _of_sentences(kind, config, place)
    return config


def _of_sentences(kind: str, config: Mapping[str, Any], place: Path) -> None:
    for name in ("module_input_name", "module_output_name"):
        if config.get(name) not in (None, SENTENCE):
            raise InputError(
                f"the model's step {kind} works on {config[name]!r}; known is {SENTENCE!r}.",
                source=str(place),
            )


def _pooling(config: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    named = config.get("pooling_mode")
    if named:
        chosen = (named,) if isinstance(named, str) else tuple(named)
    else:
        switched = [key for key, on in config.items() if key.startswith("pooling_mode_") and on]
        known = {key: name for name, key in POOLINGS.items()}
        chosen = tuple(name for key, name in known.items() if key in switched)
        chosen += tuple(key for key in switched if key not in known)
    try:
        return pooled_by(chosen)
    except InputError as error:
        raise InputError(error.message, source=str(folder)) from error


def _check_weights(folder: Path) -> None:
    pickled = sorted({path.name for pattern in PICKLED for path in folder.glob(pattern)})
    pickled = [name for name in pickled if name != "training_args.bin"]
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"the weights are there as {', '.join(pickled)} only, a pickle, which can run code."
            if pickled
            else "there are no weights (*.safetensors).",
            source=str(folder),
            hint="Get the model as safetensors; pickles are never loaded.",
        )
    if pickled:
        said = f"ignored {', '.join(pickled)}: a pickle can run code; the safetensors are read."
        warnings.warn(f"{folder}: {said}", UserWarning, stacklevel=4)


def _digest(folders: list[Path]) -> str:
    digest = hashlib.sha256()
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.glob("*.safetensors")):
            size = path.stat().st_size
            digest.update(f"{size}".encode())
            step = max(BLOCK, size // BLOCKS)
            with path.open("rb") as file:
                for at in range(0, size, step):
                    file.seek(at)
                    digest.update(file.read(BLOCK))
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
