"""What all heuristics have in common, and the table of their kinds."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.batch import Ballot, Batch

KINDS = {
    "active": "refinery_nb.heuristics.active:ActiveLearner",
    "annotator": "refinery_nb.heuristics.annotator:Annotator",
    "filter": "refinery_nb.heuristics.filter:Filter",
    "foreign": "refinery_nb.heuristics.foreign:Foreign",
    "function": "refinery_nb.heuristics.function:Function",
    "imported": "refinery_nb.heuristics.imported:Imported",
    "llm": "refinery_nb.heuristics.llm:LLM",
    "lookup": "refinery_nb.heuristics.lookup:Lookup",
    "regex": "refinery_nb.heuristics.regex:Regex",
    "similar": "refinery_nb.heuristics.similar:Similar",
    "zero_shot": "refinery_nb.heuristics.zero_shot:ZeroShot",
}


class Heuristic(Protocol):
    """A rule. ``spec()`` is plain JSON with all that is needed to run it elsewhere."""

    kind: str
    name: str

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Heuristic:
        """Make it from its spec."""

    def spec(self) -> dict[str, Any]:
        """Return the spec."""

    @property
    def fingerprint(self) -> str:
        """The version: equal if and only if it would vote the same."""

    def load(self) -> None:
        """Compile and import what it needs; done once, before the first vote."""

    def vote(self, batch: Batch) -> Ballot:
        """Vote on the records of the batch."""


def build(spec: Mapping[str, Any]) -> Heuristic:
    """Return the heuristic that a spec describes.

    Raises
    ------
    HeuristicError
        If there is no such kind, or the spec is not complete.

    >>> build({"kind": "regex", "name": "late", "label": "Delivery", "pattern": "late"}).name
    'late'
    """
    kind = str(spec.get("kind"))
    if kind not in KINDS:
        raise HeuristicError(
            f"there is no heuristic kind {kind!r}.", hint=did_you_mean(kind, KINDS)
        )
    module, _, attribute = KINDS[kind].partition(":")
    try:
        heuristic: Heuristic = getattr(importlib.import_module(module), attribute).from_spec(spec)
    except KeyError as error:
        raise HeuristicError(f"the spec of a {kind} heuristic lacks {error}.") from error
    return heuristic


def checked(name: object, what: str) -> str:
    """Return a name if it is one; imported late, as a child process need not check again."""
    from refinery_nb.core.schema import check_name

    return check_name(name, what)


def digest(spec: Mapping[str, Any]) -> str:
    """Return the hash of a spec in its canonical form."""
    import hashlib

    text = json.dumps(spec, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
