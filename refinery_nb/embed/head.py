"""From the vectors of a text's tokens to the vector of the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.embed.embedder import needed
from refinery_nb.embed.folder import POOLINGS, ModelFolder, Step

ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "SiLU", "Sigmoid", "Mish", "ELU", "LeakyReLU")


class Head:
    """Pooling, and the steps after it, of texts that stand packed one after another.

    Raises
    ------
    InputError
        If a step has weights or an activation that cannot be used.
    """

    def __init__(self, folder: ModelFolder, device: str) -> None:
        self._torch = needed("torch", "models")
        self._folder = folder
        self._steps = [self._made(step, device) for step in folder.steps]

    def __call__(self, hidden: Any, lengths: Any, prompt: int) -> Any:
        """Return one vector for each text.

        Parameters
        ----------
        hidden
            float32, shape (tokens, d): the texts one after another.
        lengths
            How many tokens each has, shape (n,).
        prompt
            How many tokens at the beginning of each are its prompt.
        """
        if not self._folder.pooling:
            raise InputError(
                "the model does not pool: it has vectors of tokens only.",
                source=str(self._folder.weights),
                hint=f"Pass rn.Transformer(model, pooling=...): {', '.join(POOLINGS)}; or embed "
                "with level='token'.",
            )
        skipped = 0 if self._folder.pools_prompt else prompt
        vectors = pooled(self._torch, hidden, lengths, self._folder.pooling, skipped)
        for step in self._steps:
            vectors = step(vectors)
        return vectors

    def _made(self, step: Step, device: str) -> Callable[[Any], Any]:
        nn, config = self._torch.nn, step.config
        if step.kind == "Normalize":
            return partial(nn.functional.normalize, dim=1)
        weights = self._weights(step)
        try:
            if step.kind == "LayerNorm":
                norm = nn.LayerNorm(int(config["dimension"]))
                norm = _loaded(norm, "norm.", weights, device)
                return lambda vectors: norm(vectors)
            shape = int(config["in_features"]), int(config["out_features"])
            bias = config.get("bias", True) is not False
            linear = _loaded(nn.Linear(*shape, bias=bias), "linear.", weights, device)
            activation = self._activation(step)
            if not config.get("use_residual"):
                return lambda vectors: activation(linear(vectors))
            straight: Any = nn.Identity()
            if shape[0] != shape[1]:
                straight = nn.Linear(*shape, bias=False)
                straight = _loaded(straight, "residual.", weights, device)
            return lambda vectors: activation(linear(vectors)) + straight(vectors)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(
                f"the step {step.kind} cannot be used: {type(error).__name__}: {error}",
                source=str(step.folder),
            ) from error

    def _weights(self, step: Step) -> dict[str, Any]:
        load = needed("safetensors.torch", "models").load_file
        found: dict[str, Any] = {}
        try:
            for path in sorted(step.folder.glob("*.safetensors")):
                found |= load(str(path))
        except Exception as error:  # whatever a broken file makes of the library
            raise InputError(
                f"the weights cannot be loaded: {error}", source=str(step.folder)
            ) from error
        return found

    def _activation(self, step: Step) -> Any:
        name = str(step.config.get("activation_function", "torch.nn.Tanh") or "torch.nn.Identity")
        kind = name.rpartition(".")[2]
        if not name.startswith("torch.nn.") or kind not in ACTIVATIONS:
            raise InputError(
                f"the step Dense has the activation {name!r}; known of torch.nn are "
                f"{', '.join(ACTIVATIONS)}.",
                source=str(step.folder),
            )
        return getattr(self._torch.nn, kind)()


def pooled(torch: Any, hidden: Any, lengths: Any, modes: tuple[str, ...], skipped: int = 0) -> Any:
    """Return the pooled vectors of packed texts, several ways one after another.

    Parameters
    ----------
    hidden, lengths
        As of ``Head``.
    modes
        Among ``POOLINGS``.
    skipped
        How many tokens at the beginning of each text are left out.
    """
    count = len(lengths)
    start = torch.cumsum(lengths, 0) - lengths
    text = torch.repeat_interleave(torch.arange(count, device=hidden.device), lengths)
    place = torch.arange(len(hidden), device=hidden.device) - start[text]
    counted = (place >= skipped).to(hidden.dtype)[:, None]
    totals = torch.clamp(lengths - skipped, min=1).to(hidden.dtype)[:, None]
    last = torch.clamp(start + lengths - 1, min=0)
    found = []
    for mode in modes:
        if not len(hidden):
            found.append(hidden.new_zeros(count, hidden.shape[1]))
        elif mode == "cls":
            found.append(hidden[torch.minimum(start + skipped, last)])
        elif mode == "lasttoken":
            found.append(hidden[last])
        elif mode == "max":
            lowest = hidden.new_full((count, hidden.shape[1]), -torch.inf)
            masked = hidden.masked_fill(counted == 0, -torch.inf)
            index = text[:, None].expand_as(masked)
            found.append(lowest.scatter_reduce(0, index, masked, "amax"))
        else:
            weights = counted * (place[:, None] + 1) if mode == "weightedmean" else counted
            sums = hidden.new_zeros(count, hidden.shape[1]).index_add_(0, text, hidden * weights)
            if mode == "weightedmean":
                totals_of = hidden.new_zeros(count, 1).index_add_(0, text, weights)
                found.append(sums / totals_of.clamp(min=1e-9))
            else:
                found.append(sums / (totals.sqrt() if mode == "mean_sqrt_len_tokens" else totals))
    return found[0] if len(found) == 1 else torch.cat(found, dim=1)


def _loaded(module: Any, prefix: str, weights: Mapping[str, Any], device: str) -> Any:
    named = {
        name.removeprefix(prefix): value.float()
        for name, value in weights.items()
        if name.startswith(prefix)
    }
    module.load_state_dict(named)
    return module.eval().to(device)
