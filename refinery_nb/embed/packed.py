"""A transformers model on a CPU without padding, with the quicker of torch's matrix products.

Texts stand one after another as one long text, so that nothing is padded; attention alone looks
at each by itself. Products go through oneDNN where that is quicker than what torch takes by
default (on one core of a Zen 5: 260 instead of 112 GFLOP/s), with the GELU behind a product in the
same step. Whether the model still gives the same is tried on short texts when it is loaded.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

ATTENTION = "refinery_nb_packed"
# Models whose attention is what transformers lets us replace, with no other part that looks at
# other tokens; and how far their positions begin behind the padding's.
POSITIONS = {"bert": None, "electra": None, "roberta": 1, "xlm-roberta": 1, "camembert": 1}
TOGETHER = 8  # texts of one length whose attention is computed at once: more leave the cache
ROUND = 64  # tokens: oneDNN makes code for each number of them, so that there should be few
_packing = threading.local()


def can_pack(config: Any) -> bool:
    """Return whether a model of this configuration can be tried."""
    absolute = getattr(config, "position_embedding_type", None) in (None, "absolute")
    return config.model_type in POSITIONS and absolute and not getattr(config, "is_decoder", False)


def pack(transformers: Any, model: Any) -> None:
    """Let a model's attention look at each text by itself.

    Raises
    ------
    Exception
        Of any kind, if this transformers cannot.
    """
    from torch.nn.functional import scaled_dot_product_attention

    def attend(
        module: Any, query: Any, key: Any, value: Any, *_: Any, **options: Any
    ) -> tuple[Any, None]:
        """Return shape (1, tokens, heads, d); what comes in has heads before tokens."""
        scale = options.get("scaling")
        out = query.new_empty(query.shape[0], query.shape[2], query.shape[1], value.shape[3])
        for first, count, length in _packing.groups:
            part = [
                one[0, :, first : first + count * length]
                .unflatten(1, (count, length))
                .transpose(0, 1)
                for one in (query, key, value)
            ]
            found = scaled_dot_product_attention(part[0], part[1], part[2], scale=scale)
            out[0, first : first + count * length] = found.transpose(1, 2).flatten(0, 1)
        return out, None

    transformers.AttentionInterface.register(ATTENTION, attend)
    from transformers.masking_utils import AttentionMaskInterface

    AttentionMaskInterface.register(ATTENTION, lambda *_, **__: None)
    model.set_attn_implementation(ATTENTION)


def hidden(torch: Any, model: Any, texts: Sequence[Sequence[int]]) -> Any:
    """Return the vectors of the tokens of texts, one after another: shape (tokens, d)."""
    total = sum(map(len, texts))
    filled = [*texts, [0] * (-total % ROUND)] if total % ROUND else texts
    _packing.groups = groups([len(text) for text in filled])
    behind = POSITIONS[model.config.model_type]
    first = 0 if behind is None else model.config.pad_token_id + behind
    ids = torch.tensor([[token for text in filled for token in text]])
    places = [place for text in filled for place in range(first, first + len(text))]
    found = model(input_ids=ids, position_ids=torch.tensor([places]))
    return found.last_hidden_state[0, :total]


def groups(lengths: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return neighbours of the same length: where they begin, how many, how long.

    >>> groups([5, 3, 3, 2])
    [(0, 1, 5), (5, 2, 3), (11, 1, 2)]
    """
    found: list[tuple[int, int, int]] = []
    at = 0
    for length in lengths:
        if found and found[-1][2] == length and found[-1][1] < TOGETHER:
            first, count, _ = found[-1]
            found[-1] = first, count + 1, length
        else:
            found.append((at, 1, length))
        at += length
    return found


def quicken(torch: Any, model: Any, dtype: Any) -> None:
    """Replace the model's products by those of oneDNN, with weights in a type.

    Raises
    ------
    Exception
        Of any kind, if this torch has none.
    """
    whole = dtype == torch.float32

    class Product(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, linear: Any, then: str = "none") -> None:
            super().__init__()
            weight = linear.weight.detach().to(dtype)
            self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, None)
            self.bias = None if linear.bias is None else linear.bias.detach().to(dtype)
            self.then, self.algorithm = then, "none" if then == "gelu" else ""

        def forward(self, given: Any, other: Any = None) -> Any:
            one = given.to(dtype)
            if other is not None and whole:
                return product.binary(one, other, self.weight, self.bias, "add")
            found = product(one, self.weight, self.bias, self.then, [], self.algorithm)
            if self.then == "gelu":  # goes into the next product as it is
                return found
            found = found.float()
            return found if other is None else found + other

    class Added(torch.nn.Module):  # type: ignore[misc]
        def __init__(self, dense: Any, norm: Any) -> None:
            super().__init__()
            self.product, self.norm = Product(dense), norm

        def forward(self, hidden_states: Any, input_tensor: Any) -> Any:
            return self.norm(self.product(hidden_states, input_tensor))

    product, linear = torch.ops.mkldnn._linear_pointwise, torch.nn.Linear
    for module in list(model.modules()):
        # Named so in BERT and all that were made after it.
        act, dense = getattr(module, "intermediate_act_fn", None), getattr(module, "dense", None)
        if type(dense) is linear and type(act).__name__ == "GELUActivation":
            module.dense = Product(dense, "gelu")
            module.intermediate_act_fn = torch.nn.Identity()
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            parts = dict(child.named_children())
            if set(parts) == {"dense", "dropout", "LayerNorm"} and type(parts["dense"]) is linear:
                setattr(module, name, Added(parts["dense"], parts["LayerNorm"]))
            elif type(child) is linear:
                setattr(module, name, Product(child))


def is_quicker(torch: Any, size: int) -> bool:
    """Return whether oneDNN's products are quicker here than torch's own; it takes some ms."""
    given, weight = torch.ones(256, size), torch.ones(size, size)
    product = torch.ops.mkldnn._linear_pointwise
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, None)
    own = _seconds(lambda: torch.nn.functional.linear(given, weight))
    return _seconds(lambda: product(given, packed, None, "none", [], "")) < own


def _seconds(call: Any) -> float:
    times = []
    for _ in range(6):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)
