"""A managed list of terms: all of them are looked for at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.batch import ITEM, Ballot, Batch
from refinery_nb.heuristics.fold import fold, is_whole
from refinery_nb.heuristics.kind import checked, digest
from refinery_nb.heuristics.lists import NamedList, Terms, filled


def plurals(term: str) -> set[str]:
    """Return the simple English plurals of a term.

    >>> sorted(plurals("delivery"))
    ['deliveries', 'deliverys']
    >>> sorted(plurals("box"))
    ['boxes', 'boxs']
    """
    found = {term + "s"}
    if term[-1:].casefold() == "y" and term[-2:-1].casefold() not in "aeiou":
        found.add(term[:-1] + "ies")
    elif term.casefold().endswith(("s", "x", "z", "ch", "sh", "o")):
        found.add(term + "es")
    return found


class Lookup:
    """Vote a label where one of the terms occurs.

    Parameters
    ----------
    label
        Name of the label.
    terms
        What to look for; ``project.lookups["..."]`` to follow a lookup list: when it changes, the
        rule has a new version.
    name
        By default ``lookup:`` and the label.
    case
        Whether upper and lower case differ.
    whole_words
        Whether a term must not be part of a longer word.
    plural
        Whether simple English plurals count too.
    on
        The attribute to look at; by default that of the task, or all strings of the record.

    Notes
    -----
    For a spans task every occurrence is a span; of those that overlap, the one that begins
    first, and of these the longest. All terms are found in one pass (Aho and Corasick 1975).
    """

    kind = "lookup"

    def __init__(
        self,
        label: str,
        terms: Iterable[str],
        name: str | None = None,
        *,
        case: bool = False,
        whole_words: bool = True,
        plural: bool = False,
        on: str | None = None,
    ) -> None:
        if isinstance(terms, str):
            raise HeuristicError(
                f"terms is the single string {terms!r}.", hint=f"Give a list: [{terms!r}]."
            )
        self.terms = tuple(dict.fromkeys(terms))
        for term in self.terms:
            if not isinstance(term, str) or not term.strip():
                raise HeuristicError(f"{term!r} is no term; terms are strings that are not blank.")
        # The list that it follows may be empty as yet: name and hash of its content.
        self.lists: dict[str, Any] = {terms.name: ""} if isinstance(terms, NamedList) else {}
        if not self.terms and not self.lists:
            raise HeuristicError(f"the lookup list for {label!r} is empty.")
        self.label = checked(label, "a label")
        self.name = checked(f"lookup:{label}" if name is None else name, "a heuristic")
        self.case = case
        self.whole_words = whole_words
        self.plural = plural
        self.on = on
        self._automaton: Any = None

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Lookup:
        """Make it from its spec."""
        options = {key: spec[key] for key in ("case", "whole_words", "plural", "on") if key in spec}
        if not spec.get("lists"):
            return cls(spec["label"], spec["terms"], spec["name"], **options)
        ((followed, content),) = spec["lists"].items()
        terms = Terms(() if isinstance(content, str) else content, followed)
        made = cls(spec["label"], terms, spec["name"], **options)
        made.lists = dict(spec["lists"])
        return made

    def spec(self) -> dict[str, Any]:
        """Return all that is needed to run it elsewhere."""
        return {
            "kind": self.kind,
            "name": self.name,
            "label": self.label,
            **({"lists": self.lists} if self.lists else {"terms": list(self.terms)}),
            "case": self.case,
            "whole_words": self.whole_words,
            "plural": self.plural,
            "on": self.on,
        }

    @property
    def fingerprint(self) -> str:
        """The version; the order of the terms does not matter."""
        return digest(self.spec() if self.lists else self.spec() | {"terms": sorted(self.terms)})

    def __repr__(self) -> str:
        if self.lists:
            return f"Lookup({self.label!r}, list {next(iter(self.lists))!r}, name={self.name!r})"
        return f"Lookup({self.label!r}, {len(self.terms)} terms, name={self.name!r})"

    def load(self) -> None:
        """Build the automaton of all terms."""
        if self._automaton is not None:
            return
        import ahocorasick

        if not self.terms:
            for name, content in self.lists.items():
                filled(name, content)
        automaton = ahocorasick.Automaton()
        for term in self.terms:
            for form in {term} | (plurals(term) if self.plural else set()):
                word = form if self.case else fold(form)[0]
                automaton.add_word(word, len(word))
        if len(automaton):  # without a word there is none to make
            automaton.make_automaton()
        self._automaton = automaton

    def vote(self, batch: Batch) -> Ballot:
        """Vote on the records of the batch."""
        self.load()
        label = batch.label(self.label)
        ballot = Ballot()
        if not self.terms:
            ballot.done = len(batch)
            return ballot
        hits: set[int] = set()
        beat, find = batch.beat, self._automaton.iter
        for column in batch.columns(self.on):
            folded = None if self.case else batch.folded(column)
            for at, text in enumerate(batch.texts(column)):
                beat[ITEM] = at
                if text is None or at in hits:
                    continue
                searched, origin = folded[at] or ("", None) if folded else (text, None)
                found: list[tuple[int, int]] = []
                for last, length in find(searched):
                    start, end = last + 1 - length, last + 1
                    if origin is not None:
                        inside = start and origin[start - 1] == origin[start]
                        if inside or origin[end - 1] == origin[end]:
                            continue  # half of a character
                        start, end = origin[start], origin[end]
                    if self.whole_words and not is_whole(text, start, end):
                        continue
                    found.append((start, end))
                    if not batch.spans:
                        hits.add(at)
                        break
                if batch.spans and found:
                    free = 0
                    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
                        if start >= free:
                            ballot.add_span(at, label, start, end)
                            free = end
        for at in sorted(hits):
            ballot.add(at, label)
        ballot.done = len(batch)
        return ballot
