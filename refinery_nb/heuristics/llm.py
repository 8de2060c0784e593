"""A language model as a heuristic: it is asked about each text, and its answers are votes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.batch import Batch
from refinery_nb.heuristics.kind import checked, digest

if TYPE_CHECKING:
    from refinery_nb.net.endpoint import Endpoint

OCCURRENCES = ("all", "first")
MOST_EXAMPLES = 50
# What the question itself says, and what no project may hold.
OWN = re.compile(r"\A(model|messages|stream|response_format|logprobs|n)\Z")
SECRET = re.compile(r"api.?key|authori[sz]ation|headers|secret|password", re.IGNORECASE)


class LLM:
    """Vote as a language model answers.

    It is told the task's guideline, the labels with what they mean and a few examples, and must
    name labels of the task; for spans it quotes the text, and its quotes are looked up there. An
    answer that is none of these is an error of its record, with what was answered, never an
    abstention. Answers are kept by model, prompt and text: nothing is asked, or paid, twice.

    Neither an address nor a key is ever stored in a project: who opens it again names the
    endpoint again, by adding the heuristic with ``endpoint=``, or in the environment variable
    ``REFINERY_NB_ENDPOINT``.

    Parameters
    ----------
    on
        The attribute with the texts.
    model
        The name that the endpoint knows it by; or a folder or the name of an installed or cached
        transformers model (safetensors).
    endpoint
        The URL of an OpenAI-compatible API up to its version, or an ``Endpoint``; True: the one
        that the environment variable names. None: the model runs here.
    key, rate, token_rate, timeout, retries
        Of the endpoint, where ``endpoint`` is a URL: see ``Endpoint``.
    parallel
        How many requests are out at the same time.
    price
        (input, output) for a million tokens, in any currency: costs are estimated with it.
    prompt
        What the model is told, instead of the usual beginning; ``{task}``, ``{guideline}`` and
        ``{labels}`` are filled in. How to answer is always added.
    descriptions
        What labels mean, by label.
    examples
        How many labelled records are shown, chosen by ``seed`` when it is added, and kept while
        their labels stand; or a list of (text, label), for spans (text, [(start, end, label)]).
        It does not vote on texts that are its examples.
    none
        Whether it may say that no label fits, and so abstain.
    min_confidence
        Votes below it are left out. A local model scores all labels; an endpoint gives a
        confidence with ``logprobs`` only.
    logprobs
        Ask the endpoint for the probability of its answer, as the confidence.
    occurrences
        Of a quote that stands in the text several times, if the model does not say which is
        meant: ``all`` or ``first``.
    options
        More for the endpoint, such as ``{"top_p": 0.9}``; None as a value takes one away. Here,
        ``max_tokens`` of an answer is the only one.
    name
        By default ``llm:`` and the model.
    """

    kind = "llm"

    def __init__(
        self,
        on: str,
        *,
        model: str | os.PathLike[str],
        endpoint: str | Endpoint | bool | None = None,
        key: str | None = None,
        rate: float | None = None,
        token_rate: float | None = None,
        timeout: float = 60.0,
        retries: int = 5,
        parallel: int = 4,
        price: tuple[float, float] | None = None,
        prompt: str | None = None,
        descriptions: Mapping[str, str] | None = None,
        examples: int | Sequence[tuple[str, Any]] = 0,
        seed: int = 0,
        none: bool = True,
        min_confidence: float = 0.0,
        logprobs: bool = False,
        occurrences: str = "all",
        options: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        if occurrences not in OCCURRENCES:
            hint = did_you_mean(str(occurrences), OCCURRENCES)
            raise HeuristicError(f"occurrences={occurrences!r}.", hint=hint)
        if not 0 <= min_confidence <= 1:
            raise HeuristicError(f"min_confidence={min_confidence!r} does not lie in [0, 1].")
        if isinstance(parallel, bool) or not 1 <= parallel <= 64:
            raise HeuristicError(f"parallel={parallel!r} does not lie in 1 to 64.")
        path = isinstance(model, os.PathLike)
        self.model = str(Path(model).expanduser().absolute()) if path else str(model)
        usual = f"llm:{Path(self.model).name or self.model}"
        self.name = checked(usual if name is None else name, "a heuristic")
        self.on = checked(on, "an attribute")
        self.remote = endpoint is not None and endpoint is not False
        self.endpoint = _endpoint(endpoint, key, rate, token_rate, timeout, retries)
        self.parallel = int(parallel)
        self.price = _price(price)
        self.prompt = prompt
        self.descriptions = {str(k): str(v) for k, v in (descriptions or {}).items()}
        self.wanted, self.examples = _examples(examples)
        self.seed = int(seed)
        self.none = bool(none)
        self.min_confidence = float(min_confidence)
        self.logprobs = bool(logprobs)
        self.occurrences = occurrences
        self.options = _options(options)
        self.identity = ""

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> LLM:
        """Make it from its spec; one that asks an endpoint has none yet."""
        made = cls(
            spec["on"],
            model=spec["model"],
            prompt=spec["prompt"],
            descriptions=spec["descriptions"],
            examples=[(text, said) for text, said in spec["examples"]],
            seed=spec["seed"],
            none=spec["none"],
            min_confidence=spec["min_confidence"],
            logprobs=spec["logprobs"],
            occurrences=spec["occurrences"],
            options=spec["options"],
            name=spec["name"],
        )
        made.wanted, made.remote = spec["wanted"], spec["remote"]
        made.identity = spec["identity"]
        return made

    def spec(self) -> dict[str, Any]:
        """Return what it asks, and of which model; not where that is asked."""
        return {
            "kind": self.kind,
            "name": self.name,
            "on": self.on,
            "model": self.model,
            "identity": self.identity,
            "remote": self.remote,
            "prompt": self.prompt,
            "descriptions": self.descriptions,
            "wanted": self.wanted,
            "examples": [[text, said] for text, said in self.examples],
            "seed": self.seed,
            "none": self.none,
            "min_confidence": self.min_confidence,
            "logprobs": self.logprobs,
            "occurrences": self.occurrences,
            "options": self.options,
        }

    @property
    def fingerprint(self) -> str:
        """The version: the model and the question, not where the model lies."""
        spec = self.spec()
        if self.identity:
            del spec["model"]
        return digest(spec)

    def __repr__(self) -> str:
        where = f", endpoint={self.endpoint.url!r}" if self.endpoint else ""
        return f"LLM({self.on!r}, model={self.model!r}{where}, name={self.name!r})"

    def load(self) -> None:
        """Nothing is left to do."""

    def vote(self, batch: Batch) -> NoReturn:
        """Refuse: a batch has neither the endpoint nor what was answered already."""
        raise HeuristicError(
            f"{self.name!r} asks a language model; only the project may.",
            hint="Add it to a task and run the task.",
        )


def _endpoint(
    endpoint: str | Endpoint | bool | None,
    key: str | None,
    rate: float | None,
    token_rate: float | None,
    timeout: float,
    retries: int,
) -> Endpoint | None:
    if not isinstance(endpoint, str):
        if endpoint is None or isinstance(endpoint, bool):
            return None
        return endpoint
    from refinery_nb.net.endpoint import Endpoint as Made

    return Made(
        endpoint, key=key, rate=rate, token_rate=token_rate, timeout=timeout, retries=retries
    )


def _price(price: tuple[float, float] | None) -> tuple[float, float] | None:
    if price is None:
        return None
    given = tuple(price) if isinstance(price, (tuple, list)) else ()
    if len(given) != 2 or not all(isinstance(one, (int, float)) and one >= 0 for one in given):
        raise HeuristicError(
            f"price={price!r} is no price.",
            hint="Give (input, output) for a million tokens: price=(0.15, 0.6).",
        )
    return float(given[0]), float(given[1])


def _examples(
    examples: int | Sequence[tuple[str, Any]],
) -> tuple[int, list[tuple[str, Any]]]:
    """Return how many examples are to be chosen, and those that are given."""
    if isinstance(examples, int) and not isinstance(examples, bool):
        if not 0 <= examples <= MOST_EXAMPLES:
            raise HeuristicError(f"examples={examples!r} does not lie in 0 to {MOST_EXAMPLES}.")
        return examples, []
    given = []
    for one in examples if isinstance(examples, Sequence) else [None]:
        if not isinstance(one, (tuple, list)) or len(one) != 2 or not isinstance(one[0], str):
            raise HeuristicError(
                f"{one!r:.100} is no example.", hint="Give a number, or a list of (text, label)."
            )
        text, said = one
        spans = isinstance(said, (tuple, list))
        given.append((text, [list(span) for span in said] if spans else said))
    return 0, given


def _options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    found = dict(options or {})
    for name in found:
        if OWN.match(name) or SECRET.search(name):
            raise HeuristicError(
                f"options holds {name!r}, which stands elsewhere.",
                hint="A key is passed as key=; it is never stored.",
            )
    return found
