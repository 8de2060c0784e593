"""One question of an LLM heuristic: what is asked, by whom it is answered, what was said."""

from __future__ import annotations

import itertools
import json
import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.errors import EndpointError, HeuristicError
from refinery_nb.heuristics.kind import digest
from refinery_nb.heuristics.llm import LLM
from refinery_nb.heuristics.prompt import Prompt, Span, read_label, read_spans
from refinery_nb.language.causal import Causal
from refinery_nb.project.models import asking
from refinery_nb.project.models.asking import Kept, Report

if TYPE_CHECKING:
    from refinery_nb.net.endpoint import Endpoint
    from refinery_nb.project.project import Project

MOST = {"label": 128, "name": 32, "spans": 2_048}  # tokens of an answer
# Of this text: too long, or not liked. Everything else is about the endpoint, and ends the run.
OWN_FAULT = (200, 400, 413, 422)
HOPELESS = 10  # texts that fail before any is answered
USAGE = ("prompt_tokens", "completion_tokens")
ENDPOINT = "REFINERY_NB_ENDPOINT"
# What servers may not know, in the order in which it is left out.
OPTIONAL = ("response_format", "max_tokens", "temperature", "logprobs")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered about one text.

    Attributes
    ----------
    raw
        As it came; of a model that scores, the answer that it scored highest.
    read, wrote
        Tokens.
    sure
        How probable the answer is, in [0, 1]; None if nobody says.
    scores
        Log probabilities of all answers, where they were scored.
    """

    raw: str
    read: int = 0
    wrote: int = 0
    sure: float | None = None
    scores: tuple[float, ...] | None = None

    def to_bytes(self) -> bytes:
        """Return it as it is kept."""
        told = [self.raw, self.read, self.wrote, self.sure, self.scores]
        return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")

    @staticmethod
    def from_bytes(value: bytes) -> Answer:
        """Read what ``to_bytes`` wrote."""
        raw, read, wrote, sure, scores = json.loads(value)
        return Answer(raw, read, wrote, sure, None if scores is None else tuple(scores))


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, read: spans, or labels with their probabilities where these are known.

    Attributes
    ----------
    label
        None: no label fits.
    faults
        What was not as it should be; of spans, the others stand.
    """

    label: str | None = None
    spans: tuple[Span, ...] = ()
    confidence: float = 1.0
    shares: tuple[tuple[str, float], ...] = ()
    faults: tuple[str, ...] = ()


class Question:
    """What is asked about every text; answers are kept by it.

    Parameters
    ----------
    endpoint
        Who is asked; None: the model runs here, or nobody may be asked any more.
    """

    def __init__(
        self, project: Project, heuristic: LLM, prompt: Prompt, endpoint: Endpoint | None
    ) -> None:
        self.prompt = prompt
        self._kept = Kept(project)
        self._key = question_key(heuristic, prompt)
        self._project = project
        self._heuristic = heuristic
        self._endpoint = endpoint
        self._left_out: set[str] = set()

    def known(self, marks: Iterable[int]) -> dict[int, Answer]:
        """Return the answers about texts, by mark, that are there already."""
        kept = self._kept.known(self._key, marks)
        return {mark: Answer.from_bytes(value) for mark, value in kept.items()}

    def answers(
        self, texts: Mapping[int, str], report: Report, cancel: threading.Event | None
    ) -> tuple[dict[int, Answer], dict[int, str]]:
        """Ask about texts (by mark) and keep what is answered.

        Returns
        -------
        tuple
            Answers and faults by mark; fewer than texts if it was cancelled.

        Raises
        ------
        EndpointError, InputError
            If nobody can be asked; what was answered until then is kept.
        """
        given: dict[int, Answer] = {}
        faults: dict[int, str] = {}
        if not texts:
            return given, faults
        try:
            if self._heuristic.remote:
                self._remote(texts, given, faults, report, cancel)
            else:
                self._local(texts, given, faults, report, cancel)
        finally:
            self._kept.flush()
        return given, faults

    def read(self, text: str, answer: Answer) -> Said:
        """Return what an answer says about a text."""
        if self.prompt.form == "name" and answer.scores is not None:
            return self._chosen(answer)
        try:
            if self.prompt.form == "spans":
                first = self._heuristic.occurrences == "first"
                spans, faults = read_spans(self.prompt, answer.raw, text, first=first)
                return Said(spans=tuple(spans), faults=tuple(faults))
            label = read_label(self.prompt, answer.raw)
        except HeuristicError as error:
            return Said(faults=(str(error),))
        sure = 1.0 if answer.sure is None else min(max(answer.sure, 0.0), 1.0)
        return Said(label, confidence=sure)

    def _chosen(self, answer: Answer) -> Said:
        names = [*self.prompt.labels, *([self.prompt.nothing] if self.prompt.none else [])]
        scores = np.array(answer.scores, np.float64)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        label = names[best] if best < len(self.prompt.labels) else None
        told = tuple(zip(names, shares.tolist(), strict=True))
        return Said(label, confidence=float(shares[best]), shares=told)

    def _local(
        self,
        texts: Mapping[int, str],
        given: dict[int, Answer],
        faults: dict[int, str],
        report: Report,
        cancel: threading.Event | None,
    ) -> None:
        model: Causal = asking.loaded(self._project, Causal, self._heuristic.model)
        if model.identity != self._heuristic.identity:
            raise HeuristicError(
                f"{self._heuristic.model} is another model than the one that "
                f"{self._heuristic.name!r} was made with.",
                hint="Add the heuristic again.",
            )
        usual = min(MOST[self.prompt.form], model.window // 4)
        most = int(self._heuristic.options.get("max_tokens") or usual)
        talks = {mark: self.prompt.messages(text) for mark, text in texts.items()}
        marks = list(talks)
        for mark, length in zip(marks, model.lengths(list(talks.values())), strict=True):
            if length + most > model.window:
                faults[mark] = (
                    f"with this text the question has {length:,} tokens, and the answer up to "
                    f"{most:,}; the model's window has {model.window:,}."
                )
        marks = [mark for mark in marks if mark not in faults]
        asked = [talks[mark] for mark in marks]
        for rows, found in _answered(model, asked, self.prompt, most):
            for row, answer in zip(rows, found, strict=True):
                given[marks[row]] = answer
                self._kept.keep(self._key, marks[row], answer.to_bytes())
            report(len(given) + len(faults), len(texts))
            if asking.is_set(cancel):
                return

    def _remote(
        self,
        texts: Mapping[int, str],
        given: dict[int, Answer],
        faults: dict[int, str],
        report: Report,
        cancel: threading.Event | None,
    ) -> None:
        if self._endpoint is None:
            raise HeuristicError(
                f"{self._heuristic.name!r} asks an endpoint, and none is named in this session: a "
                "project does not hold where its texts are sent to.",
                hint="Add it again with endpoint=, or set the environment variable "
                f"{ENDPOINT} (and REFINERY_NB_API_KEY for a key).",
            )
        todo, stop = iter(texts.items()), threading.Event()
        out: dict[Future[Answer], int] = {}
        pool = ThreadPoolExecutor(self._heuristic.parallel, "refinery-nb-llm")
        with self._endpoint:
            try:
                while not asking.is_set(cancel):
                    free = 2 * self._heuristic.parallel - len(out)
                    for mark, text in itertools.islice(todo, free):
                        out[pool.submit(self._one, text, stop)] = mark
                    if not out:
                        return
                    # Not for ever: whoever cancels should not wait for a slow server.
                    for future in wait(out, timeout=0.2, return_when=FIRST_COMPLETED).done:
                        self._take(out.pop(future), future, given, faults)
                    report(len(given) + len(faults), len(texts))
            finally:
                stop.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _take(
        self, mark: int, future: Future[Answer], given: dict[int, Answer], faults: dict[int, str]
    ) -> None:
        try:
            answer = future.result()
        except EndpointError as error:
            if error.status not in OWN_FAULT:
                raise
            faults[mark] = str(error)
            if len(faults) >= HOPELESS and not given:
                raise
            return
        given[mark] = answer
        self._kept.keep(self._key, mark, answer.to_bytes())

    def _one(self, text: str, stop: threading.Event) -> Answer:
        """Ask the endpoint about one text."""
        assert self._endpoint is not None
        with self._endpoint:  # the last one that is out closes the connections
            while True:
                body = self._body(text)
                try:
                    told = self._endpoint.post("chat/completions", body, cancel=stop)
                    return _from_endpoint(told, self._endpoint.url)
                except EndpointError as error:
                    unknown = self._unknown(error, body)
                    if unknown is None:
                        raise
                    self._left_out.add(unknown)

    def _body(self, text: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._heuristic.model,
            "messages": self.prompt.messages(text),
            "temperature": 0,
            "max_tokens": MOST[self.prompt.form],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": self.prompt.schema()},
            },
        }
        if self._heuristic.logprobs:
            body["logprobs"] = True
        if "max_tokens" in self._left_out:
            body["max_completion_tokens"] = body["max_tokens"]
        body = {name: value for name, value in body.items() if name not in self._left_out}
        body |= self._heuristic.options
        return {name: value for name, value in body.items() if value is not None}

    def _unknown(self, error: EndpointError, body: Mapping[str, Any]) -> str | None:
        """Return what of a question the server does not know, if it says so."""
        if error.status not in (400, 404, 422, 501):
            return None
        own = [name for name in OPTIONAL if name in body and name not in self._heuristic.options]
        said = error.message.replace("json_schema", "response_format")
        return next((name for name in own if name in said), None)


def question_key(heuristic: LLM, prompt: Prompt) -> str:
    """Return what answers are kept by: all that they depend on but the text, and no address."""
    return digest(
        {
            "llm": 1,
            "model": heuristic.identity or heuristic.model,
            "remote": heuristic.remote,
            "options": heuristic.options,
            "logprobs": heuristic.logprobs,
            "form": prompt.form,
            "labels": list(prompt.labels),
            "none": prompt.none,
            "instructions": prompt.instructions,
            "examples": [list(one) for one in prompt.examples],
        }
    )


def _answered(
    model: Causal, talks: Sequence[list[dict[str, str]]], prompt: Prompt, most: int
) -> Iterator[tuple[list[int], list[Answer]]]:
    """Yield rows and their answers, by a model that runs here."""
    if prompt.form == "name":
        options = [*prompt.labels, *([prompt.nothing] if prompt.none else [])]
        for rows, scores, lengths in model.choose(talks, options):
            best = scores.argmax(axis=1).tolist()
            yield (
                rows,
                [
                    Answer(options[at], length, 1, None, tuple(map(float, row)))
                    for at, row, length in zip(best, scores, lengths, strict=True)
                ],
            )
        return
    for rows, texts, tokens in model.write(talks, most):
        yield rows, [Answer(text, *count) for text, count in zip(texts, tokens, strict=True)]


def _from_endpoint(told: Mapping[str, Any], url: str) -> Answer:
    """Return the answer in what a server sent."""
    try:
        choice = told["choices"][0]
        message = choice["message"]
        raw = message.get("content") or message.get("refusal") or ""
        if not isinstance(raw, str):
            raise TypeError("the content is no text")
        if choice.get("finish_reason") == "length":
            raw += " [cut off: it reached max_tokens]"
        sure = _sure(choice.get("logprobs"))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise EndpointError(
            f"{url} sent no answer: {json.dumps(told)[:200]}",
            status=200,
            hint="Is it a chat model?",
        ) from error
    usage = told.get("usage")
    count = [usage.get(name) if isinstance(usage, dict) else 0 for name in USAGE]
    read, wrote = (one if isinstance(one, int) and one >= 0 else 0 for one in count)
    return Answer(raw, read, wrote, sure)


def _sure(logprobs: Any) -> float | None:
    """Return the probability of the whole answer: the product of those of its tokens."""
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None
    total = math.fsum(float(token["logprob"]) for token in tokens)
    return float(math.exp(min(total, 0.0))) if math.isfinite(total) else None
