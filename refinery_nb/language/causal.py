"""A language model that runs here: it scores answers, or writes them."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError
from refinery_nb.embed.runner import batches
from refinery_nb.language.loading import Loaded, find, load

BUDGET = {"cpu": 2_048, "cuda": 32_768}  # tokens of a batch, padding and answers included
Message = dict[str, str]


class Causal:
    """A transformers model that goes on with a text; instructed or not.

    Raises
    ------
    InputError
        If there is no such model here.
    """

    def __init__(self, model: str) -> None:
        self._folder = find(model)
        self.identity = self._folder.identity
        self._model: Loaded | None = None

    @property
    def window(self) -> int:
        """How many tokens a conversation and its answer may have together."""
        return self._ready().window

    def lengths(self, conversations: Sequence[Sequence[Message]]) -> list[int]:
        """Return how many tokens conversations have."""
        return [len(self._tokens(one)) for one in conversations]

    def choose(
        self, conversations: Sequence[Sequence[Message]], answers: Sequence[str]
    ) -> Iterator[tuple[list[int], NDArray[np.float32], list[int]]]:
        """Say how probable each of some answers is.

        Each is scored whole, with the end behind it: the softmax over them is the model's own
        distribution, given that it answers one of them. What all conversations begin with is read
        once.

        Yields
        ------
        rows, scores, lengths
            Positions in ``conversations``, log probabilities of shape (n, answers), and how many
            tokens each conversation has.
        """
        if not conversations:
            return
        loaded = self._ready()
        prompts = [self._tokens(one) for one in conversations]
        space = "" if loaded.tokenizer.chat_template else " "
        end = _end(loaded)
        options = [
            loaded.tokenizer(space + one, add_special_tokens=False)["input_ids"] + end
            for one in answers
        ]
        longest = max(map(len, options))
        self._fits(prompts, longest)
        shared = _shared(prompts)
        with loaded.torch.inference_mode():
            prefix = self._read(prompts[0][:shared]) if shared and len(prompts) > 1 else None
            begin = shared if prefix is not None else 0
            costs = [len(p) - begin + (longest - 1) * len(options) for p in prompts]
            for rows in batches(costs, BUDGET[loaded.device]):
                scores = self._scored([prompts[row][begin:] for row in rows], prefix, options)
                yield rows, scores, [len(prompts[row]) for row in rows]

    def write(
        self, conversations: Sequence[Sequence[Message]], most: int
    ) -> Iterator[tuple[list[int], list[str], list[tuple[int, int]]]]:
        """Write answers, each the most probable token by token, of at most so many tokens.

        Yields
        ------
        rows, answers, tokens
            Positions in ``conversations``, what was written, and how many tokens were read and
            written.
        """
        loaded = self._ready()
        prompts = [self._tokens(one) for one in conversations]
        self._fits(prompts, most)
        (end,) = _end(loaded)
        options = {} if loaded.tokenizer.chat_template else {"eos_token_id": end}
        costs = [len(p) + most for p in prompts]
        with loaded.torch.inference_mode():
            for rows in batches(costs, BUDGET[loaded.device]):
                ids, mask = _left(loaded, [prompts[row] for row in rows])
                made = loaded.model.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    do_sample=False,
                    num_beams=1,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                    max_new_tokens=most,
                    pad_token_id=end,
                    **options,
                )[:, ids.shape[1] :].cpu()
                texts = loaded.tokenizer.batch_decode(made, skip_special_tokens=True)
                wrote = (made != end).sum(dim=1).tolist()
                read = [len(prompts[row]) for row in rows]
                yield rows, texts, list(zip(read, wrote, strict=True))

    def _scored(
        self, rests: list[list[int]], prefix: Any, options: list[list[int]]
    ) -> NDArray[np.float32]:
        """Return the log probability of each option after each prompt, shape (n, options)."""
        loaded = self._ready()
        torch, size, count = loaded.torch, len(rests), len(options)
        known = 0
        cache = None
        ids, mask = _left(loaded, rests)
        if prefix is not None:
            cache = copy.deepcopy(prefix)
            cache.batch_repeat_interleave(size)
            known = cache.get_seq_length()
            mask = torch.cat([mask.new_ones(size, known), mask], dim=1)
        out, cache = self._forward(ids, mask, cache)
        first = out[:, -1].float().log_softmax(dim=-1)
        found = first[:, [option[0] for option in options]]
        longest = max(map(len, options))
        if longest > 1:
            width = longest - 1
            padded = torch.tensor(
                [(option + [option[-1]] * width)[:longest] for option in options],
                device=loaded.device,
            )
            real = torch.tensor(
                [[at < len(option) for at in range(1, longest)] for option in options],
                device=loaded.device,
            )
            cache.batch_repeat_interleave(count)
            grown = torch.cat(
                [mask.repeat_interleave(count, dim=0), mask.new_ones(size * count, width)], dim=1
            )
            told = padded.repeat(size, 1)
            out, _ = self._forward(told[:, :-1], grown, cache, all_of_it=True)
            after = out.float().log_softmax(dim=-1)
            each = after.gather(2, told[:, 1:, None])[..., 0] * real.repeat(size, 1)
            found = found + each.sum(dim=1).reshape(size, count)
        return np.asarray(found.cpu().numpy(), np.float32)

    def _forward(
        self, ids: Any, mask: Any, cache: Any, *, all_of_it: bool = False
    ) -> tuple[Any, Any]:
        """Return logits, of the last token or of all, and the cache behind them."""
        loaded = self._ready()
        known = inspect.signature(loaded.model.forward).parameters
        name = "cache" if "cache" in known else "past_key_values"  # transformers 5 and 4
        places = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        given = {"input_ids": ids, "attention_mask": mask, "use_cache": True, name: cache}
        if "position_ids" in known:
            given["position_ids"] = places
        if "logits_to_keep" in known and not all_of_it:
            given["logits_to_keep"] = 1
        out = loaded.model(**given)
        return out.logits, out[name]

    def _read(self, ids: list[int]) -> Any:
        loaded = self._ready()
        told = loaded.torch.tensor([ids], device=loaded.device)
        return self._forward(told, loaded.torch.ones_like(told), None)[1]

    def _tokens(self, conversation: Sequence[Message]) -> list[int]:
        tokenizer = self._ready().tokenizer
        if not tokenizer.chat_template:
            ids = list(tokenizer(_plain(conversation))["input_ids"])
            return ids[:-1] if ids[-1:] == [tokenizer.eos_token_id] else ids
        try:
            text = tokenizer.apply_chat_template(
                list(conversation), tokenize=False, add_generation_prompt=True
            )
        except Exception as error:
            raise InputError(
                f"the model's template refuses the conversation: {str(error)[:200]}",
                source=str(self._folder.weights),
                hint="Some models take no system message: give another one.",
            ) from error
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    def _fits(self, prompts: Sequence[Sequence[int]], more: int) -> None:
        window = self._ready().window
        longest = max(map(len, prompts), default=0) + more
        if longest > window:
            raise InputError(
                f"a question takes {longest:,} tokens; the model's window has {window:,}.",
                hint="Show fewer examples, or leave long texts out.",
            )

    def _ready(self) -> Loaded:
        if self._model is None:
            self._model = load(self._folder, "AutoModelForCausalLM", "auto")
        return self._model


def _plain(conversation: Sequence[Message]) -> str:
    """Return a conversation for a model that has learnt no form for it."""
    parts = []
    for one in conversation:
        head = {"system": "", "user": "", "assistant": "Answer: "}[one["role"]]
        parts.append(f"{head}{one['content']}")
    return "\n\n".join([*parts, "Answer:"])


def _end(loaded: Loaded) -> list[int]:
    """Return the token that ends an answer."""
    if loaded.tokenizer.eos_token_id is not None and loaded.tokenizer.chat_template:
        return [int(loaded.tokenizer.eos_token_id)]
    line = loaded.tokenizer("\n", add_special_tokens=False)["input_ids"][-1:]
    return line or [int(loaded.tokenizer.eos_token_id or 0)]


def _left(loaded: Loaded, prompts: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    """Return token ids and mask, padded at the left, so that all end at the same place."""
    longest = max(map(len, prompts))
    filler = loaded.tokenizer.pad_token_id or 0
    ids = [[filler] * (longest - len(p)) + list(p) for p in prompts]
    mask = [[0] * (longest - len(p)) + [1] * len(p) for p in prompts]
    return (
        loaded.torch.tensor(ids, device=loaded.device),
        loaded.torch.tensor(mask, device=loaded.device),
    )


def _shared(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all prompts begin with; each keeps one of its own at least.

    >>> _shared([[1, 2, 3], [1, 2, 4, 5]]), _shared([[1, 2]])
    (2, 1)
    """
    most = min(map(len, prompts)) - 1
    first = prompts[0]
    return next(
        (at for at in range(most) if any(prompt[at] != first[at] for prompt in prompts)), most
    )
