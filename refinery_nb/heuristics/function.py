"""A Python function as a heuristic; its source is its version."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType, TracebackType
from typing import Any
from zlib import crc32

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.ballots import BadVote, class_vote, label_votes, span_votes
from refinery_nb.heuristics.batch import ITEM, Ballot, Batch
from refinery_nb.heuristics.kind import checked, digest
from refinery_nb.heuristics.lists import PROJECT, Surroundings, hashes, used_lists

FRAMES = 20  # of a traceback that are kept
MESSAGE = 500  # characters of an error message that are kept


class Function:
    """Vote as a Python function says.

    The function gets a record and returns a label, ``(label, confidence)`` or None; for a
    multilabel task a list of these; for a spans task it yields ``(label, start, end)``, and a
    confidence if it likes.

    Parameters
    ----------
    function
        A plain function, defined in a notebook cell or a file. What it uses of its surroundings
        is captured with it: modules, other functions and classes, plain constants. Lookup lists,
        such as ``project.lookups["teams"]``, are followed.
    name
        By default the name of the function.

    Raises
    ------
    HeuristicError
        If its source cannot be had, or it uses something that cannot be captured.
    """

    kind = "function"

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        from refinery_nb.heuristics.capture import capture

        captured = capture(function)
        chosen = checked(function.__name__ if name is None else name, "a heuristic")
        lists = hashes(captured.lists)
        self._set(captured.source, captured.entry, chosen, captured.lines, lists)

    def _set(
        self,
        source: str,
        entry: str,
        name: str,
        lines: Sequence[Sequence[int]] = (),
        lists: Mapping[str, Any] | None = None,
    ) -> None:
        self.source = source
        self.entry = entry
        self.name = name
        self.lines = [list(pair) for pair in lines]
        self.lists = dict(lists or {})
        self._call: Callable[[Any], Any] | None = None

    @classmethod
    def from_source(cls, source: str, name: str | None = None) -> Function:
        """Make it from source text with one function, as an editor does.

        If the text holds several functions, the one called ``name`` is the heuristic.

        Raises
        ------
        HeuristicError
            With the line, if the text is no Python, holds no or several functions, or uses a
            name that is not defined.
        """
        from refinery_nb.heuristics.capture import check_source

        entry = check_source(source, name)
        made = cls.__new__(cls)
        chosen = checked(entry if name is None else name, "a heuristic")
        made._set(source, entry, chosen, lists=hashes(tuple(used_lists(source))))
        return made

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Function:
        """Make it from its spec; the source is not run before the first vote."""
        if spec.get("dialect"):
            from refinery_nb.heuristics.dialect import Dialect

            return Dialect.from_spec(spec)
        made = cls.__new__(cls)
        source, lines = spec["source"], spec.get("lines", ())
        # Whoever writes a spec by hand need not know of the lists.
        lists = spec["lists"] if "lists" in spec else hashes(tuple(used_lists(source)))
        made._set(source, spec["entry"], spec["name"], lines, lists)
        return made

    def spec(self) -> dict[str, Any]:
        """Return all that is needed to run it elsewhere.

        ``lines`` has pairs of line numbers, in ``source`` and in the cell or file that it was
        captured from; only tracebacks use it.
        """
        return {
            "kind": self.kind,
            "name": self.name,
            "source": self.source,
            "entry": self.entry,
            "lines": self.lines,
            **self._uses(),
        }

    @property
    def fingerprint(self) -> str:
        """The version: the source, what is called in it, and the content of lookup lists."""
        return digest(
            {"kind": self.kind, "source": self.source, "entry": self.entry, **self._uses()}
        )

    def _uses(self) -> dict[str, Any]:
        return {"lists": self.lists} if self.lists else {}

    def __repr__(self) -> str:
        return f"Function({self.name!r})"

    @property
    def _file(self) -> str:
        return f"<heuristic {self.name}>"

    def load(self) -> None:
        """Run the source, which imports what it needs and defines the function."""
        if self._call is not None:
            return
        # A module that can be found by its name: dataclasses look for the one they are in.
        module = ModuleType(f"refinery_nb_heuristic_{id(self)}")
        sys.modules[module.__name__] = module
        if self.lists:
            vars(module)[PROJECT] = Surroundings(self.lists)
        try:
            exec(compile(self.source, self._file, "exec"), vars(module))  # noqa: S102
            call = vars(module)[self.entry]
        except Exception as error:
            raise HeuristicError(
                f"{self.name} cannot be loaded: {self._said(error)}",
                line=self._line(error.lineno or 1)
                if isinstance(error, SyntaxError)
                else self._last_line(error.__traceback__),
            ) from error
        self._call = call

    def vote(self, batch: Batch) -> Ballot:
        """Vote on the records of the batch."""
        self.load()
        assert self._call is not None
        self._seed(batch)
        ballot = Ballot()
        if batch.spans:
            batch.columns(None)
        at = self._run(self._call, batch, ballot)
        if not ballot.fatal:
            ballot.done = at + 1
        return ballot

    def _run(self, call: Callable[[Any], Any], batch: Batch, ballot: Ballot) -> int:
        """Call the function on each record; return the position of the last one."""
        beat, labels, spans = batch.beat, batch.labels, batch.spans
        on, number = batch.on or "", batch.number
        # The loop is what a run costs beside the functions: lists are quicker than arrays here.
        ats: list[int] = []
        positions: list[int] = []
        unsure: dict[int, float] = {}
        add_at, add_position, known = ats.append, positions.append, labels.get
        at = -1
        for at, record in enumerate(batch.records):
            beat[ITEM] = at
            try:
                vote = call(record)
                if vote is None:
                    continue
                if spans:
                    for label, start, end, confidence in span_votes(vote, labels, record.get(on)):
                        ballot.add_span(at, label, start, end, confidence)
                    continue
                if batch.many:
                    for one, confidence in label_votes(vote, labels):
                        if confidence != 1:
                            unsure[len(ats)] = confidence
                        add_at(at)
                        add_position(one)
                    continue
                position = known(vote) if type(vote) is str else None
                if position is None:
                    position, confidence = class_vote(vote, labels)
                    if confidence != 1:
                        unsure[len(ats)] = confidence
                add_at(at)
                add_position(position)
            except BadVote as error:
                if ballot.fail(at, str(error), number=number):
                    break
            except MemoryError as error:
                ballot.memory, ballot.exited = True, True
                ballot.fatal = f"ran out of memory{self._trace_line(error)}"
                ballot.done = at
                break
            except Exception as error:
                if ballot.fail(at, self._said(error), self._traceback(error), number=number):
                    break
            except BaseException as error:
                ballot.exited = True
                ballot.fatal = f"raised {self._said(error)}{self._trace_line(error)}"
                ballot.done = at
                break
        if not spans:
            ballot.at.extend(ats)
            ballot.label.extend(positions)
            ballot.confidence.extend([1.0] * len(ats))
            for row, confidence in unsure.items():
                ballot.confidence[row] = confidence
        return at

    def _seed(self, batch: Batch) -> None:
        """Make what is random depend on the heuristic and the chunk alone."""
        seed = f"{batch.seed}/{self.name}/{batch.number}"
        if "random" in sys.modules:
            sys.modules["random"].seed(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(crc32(seed.encode("utf-8", "surrogatepass")))

    def _said(self, error: BaseException) -> str:
        """Return type and message of an exception, also of one that cannot say its own."""
        try:
            text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
        except Exception:
            text = ""
        text = text if len(text) <= MESSAGE else text[: MESSAGE - 3] + "..."
        return f"{type(error).__name__}: {text}" if text else type(error).__name__

    def _line(self, line: int) -> int:
        """Return the line of the user's cell or file for a line of the source."""
        for ours, theirs in reversed(self.lines):
            if ours <= line:
                return theirs + line - ours
        return line

    def _frames(self, trace: TracebackType | None) -> list[tuple[int, str]]:
        """Return line of the source and function name of the function's own frames."""
        frames = []
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename == self._file:
                frames.append((trace.tb_lineno, code.co_name))
            trace = trace.tb_next
        return frames[-FRAMES:]

    def _last_line(self, trace: TracebackType | None) -> int | None:
        frames = self._frames(trace)
        return self._line(frames[-1][0]) if frames else None

    def _trace_line(self, error: BaseException) -> str:
        line = self._last_line(error.__traceback__)
        return "" if line is None else f" in line {line}"

    def _traceback(self, error: BaseException) -> str:
        """Return the traceback, cut to the function's own frames."""
        text = self.source.splitlines()
        told = [
            f"  line {self._line(line)}, in {name}\n    {text[line - 1].strip()}\n"
            for line, name in self._frames(error.__traceback__)
        ]
        return "".join(told) + self._said(error)
