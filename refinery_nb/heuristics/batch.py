"""What a heuristic sees, a batch of records, and what it gives back, a ballot."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import Any, NoReturn

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.fold import fold

ITEM = 2  # the place of the heartbeat that says which record is at work
FIRST = 100  # a heuristic that fails on all of so many first records is stopped


class Record(dict[str, Any]):
    """One record as a heuristic sees it: a read-only mapping of attribute to value."""

    __slots__ = ("_docs",)
    _docs: dict[str, Any]

    def __missing__(self, name: object) -> NoReturn:
        raise KeyError(f"there is no attribute {name!r}. {did_you_mean(str(name), self)}")

    def doc(self, name: str) -> Any:
        """Return the text of an attribute as a spaCy ``Doc`` (tokens only)."""
        try:
            docs = self._docs
        except AttributeError:
            docs = self._docs = {}
        if name not in docs:
            text = self[name]
            if not isinstance(text, str):
                raise TypeError(f"attribute {name!r} is {text!r} here; a doc needs a text.")
            docs[name] = self._pipeline(name)(text)
        return docs[name]

    @staticmethod
    def _pipeline(name: str = "") -> Callable[[str], Any]:
        del name
        raise HeuristicError("this batch has no tokenizer.")

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a record is read-only; copy it first: dict(record).")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class Batch:
    """Records with all that is known about the task they are voted on for.

    Attributes
    ----------
    records
        In order; positions in it are what a ballot speaks of.
    labels
        Label name to its position.
    spans
        Whether the task labels spans.
    many
        Whether a record may get several labels.
    on
        The attribute of the task; None: the whole record.
    number
        Which chunk of the run this is, from 0.
    seed
        Of everything random.
    beat
        A place to say which record is at work.
    """

    __slots__ = ("_folded", "beat", "labels", "many", "number", "on", "records", "seed", "spans")

    def __init__(
        self,
        records: Sequence[Mapping[str, Any]],
        labels: Sequence[str],
        *,
        spans: bool = False,
        many: bool = False,
        on: str | None = None,
        number: int = 0,
        seed: int = 0,
        beat: MutableSequence[int] | None = None,
    ) -> None:
        self.records: list[Record] = [
            record if isinstance(record, Record) else Record(record) for record in records
        ]
        self.labels = {name: position for position, name in enumerate(labels)}
        self.spans = spans
        self.many = many
        self.on = on
        self.number = number
        self.seed = seed
        self.beat: MutableSequence[int] = [0] * 4 if beat is None else beat
        self._folded: dict[str, list[tuple[str, list[int] | None] | None]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def head(self, stop: int) -> Batch:
        """Return the first records as a batch of their own."""
        first = Batch([], [], spans=self.spans, on=self.on, number=self.number, seed=self.seed)
        first.records, first.labels, first.beat = self.records[:stop], self.labels, self.beat
        first.many = self.many
        return first

    def columns(self, on: str | None) -> list[str]:
        """Return which attributes a rule looks at: ``on``, that of the task, or all strings."""
        name = on or self.on
        if self.spans and name != self.on:
            raise HeuristicError(
                f"the spans of this task lie in {self.on!r}; the rule looks at {name!r}.",
                hint="Leave out on=.",
            )
        if name is None:
            found = {n: 1 for r in self.records for n, value in r.items() if type(value) is str}
            return list(found)
        if self.records and name not in self.records[0]:
            raise HeuristicError(
                f"there is no attribute {name!r}.", hint=did_you_mean(name, self.records[0])
            )
        return [name]

    def texts(self, name: str) -> list[str | None]:
        """Return one attribute of all records; None where it is no string."""
        values = [record.get(name) for record in self.records]
        return [value if type(value) is str else None for value in values]

    def folded(self, name: str) -> list[tuple[str, list[int] | None] | None]:
        """Return the texts with upper and lower case made the same, computed once a batch."""
        if name not in self._folded:
            self._folded[name] = [None if text is None else fold(text) for text in self.texts(name)]
        return self._folded[name]

    def label(self, name: str) -> int:
        """Return the position of a label.

        Raises
        ------
        HeuristicError
            If the task has no such label.
        """
        try:
            return self.labels[name]
        except KeyError:
            raise HeuristicError(
                f"the task has no label {name!r}.", hint=did_you_mean(name, self.labels)
            ) from None


class Ballot:
    """Votes on a batch as compact columns: positions of records and of labels.

    Attributes
    ----------
    at, label, confidence, start, end
        One entry a vote, in order of the records; ``start`` and ``end`` stay empty for
        classification.
    errors
        Position of the record, message, traceback.
    done
        How many records were looked at.
    fatal
        Why the heuristic ended before the end of the batch, or an empty string.
    memory
        Whether it ended for lack of memory.
    exited
        Whether it tried to end its process: what it left behind is not to be trusted.
    """

    __slots__ = (
        *("at", "confidence", "done", "end", "errors", "exited", "fatal", "label", "memory"),
        "start",
    )

    def __init__(self) -> None:
        self.at = array("i")
        self.label = array("i")
        self.confidence = array("f")
        self.start = array("i")
        self.end = array("i")
        self.errors: list[tuple[int, str, str]] = []
        self.done = 0
        self.fatal = ""
        self.memory = False
        self.exited = False

    def add(self, at: int, label: int, confidence: float = 1.0) -> None:
        """Add a vote of a record for a label."""
        self.at.append(at)
        self.label.append(label)
        self.confidence.append(confidence)

    def add_span(self, at: int, label: int, start: int, end: int, confidence: float = 1.0) -> None:
        """Add a vote for a label on a span."""
        self.add(at, label, confidence)
        self.start.append(start)
        self.end.append(end)

    def fail(self, at: int, message: str, traceback: str = "", *, number: int = 1) -> bool:
        """Keep an error of a record; return whether all of the first records have failed."""
        self.errors.append((at, message, traceback))
        if number == 0 and at + 1 >= FIRST and len(self.errors) == at + 1:
            self.fatal = f"failed on each of the first {FIRST} records"
            self.done = at + 1
            return True
        return False
