"""A cell of Python on one record, and the worker that runs it: what it prints, what it is worth."""

from __future__ import annotations

import ast
import json
import math
import signal
import sys
from collections.abc import MutableSequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from pprint import pformat
from types import ModuleType
from typing import Any

from refinery_nb.heuristics.batch import ITEM, Record
from refinery_nb.heuristics.function import Function
from refinery_nb.heuristics.lists import PROJECT, Surroundings, hashes, used_lists
from refinery_nb.heuristics.pipelines import OWN, Pipelines

WIDTH = 88  # of a value that is broken into lines
LONGEST = 20_000  # characters of a value that are kept
RECORD = "record"  # what a cell calls its record
EARLY = 0.2  # seconds before its parent ends it


@dataclass(slots=True)
class Said:
    """What came of a cell.

    ``value`` is its last expression as text; None where there is none, or it is None. ``line`` is
    where it went wrong; ``restart`` says that its process is not to be used again.
    """

    value: str | None = None
    error: str = ""
    traceback: str = ""
    line: int | None = None
    restart: bool = False


class TimeLimit(BaseException):
    """A cell took too long. No ``Exception``: a cell that catches those is to end, too."""


class Cell(Function):
    """A few lines of Python that look at one record, ``record``, as a heuristic sees it.

    They may print, and the value of the last expression is kept as text. Lookup lists are
    ``project.lookups["name"]``, as in a heuristic.
    """

    kind = "cell"
    seconds = math.inf

    @classmethod
    def of(cls, source: str) -> Cell:
        """Make it from what was written; nothing is run, and it need not be Python."""
        made = cls.__new__(cls)
        try:
            lists = used_lists(source)
        except (SyntaxError, ValueError):  # what is wrong is said when it is run
            lists = {}
        made._set(source, "", "cell", lists=hashes(tuple(lists)))
        return made

    def run(self, record: Record, beat: MutableSequence[int]) -> Said:
        """Run it on a record; what goes wrong is a value."""
        try:
            body = ast.parse(self.source, self._file).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            said = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
            return Said(error=said, line=getattr(error, "lineno", None))
        names = self._names(record)
        imports = list(takewhile(lambda one: isinstance(one, ast.Import | ast.ImportFrom), body))
        try:
            # As for a heuristic: what it imports has the time to start, not that of a record.
            self._exec(imports, names)
            self._wake(beat)
            try:
                beat[ITEM] = 0
                beat[OWN] = 0
                value = self._value(body[len(imports) :], names)
                return Said() if value is None else Said(_shown(value))
            finally:
                self._wake(None)
        except Exception as error:
            out = isinstance(error, MemoryError)
            said = "MemoryError: it needs more memory than it may use" if out else self._said(error)
            line = self._last_line(error.__traceback__)
            return Said(None, said, self._traceback(error), line, out)
        except BaseException as error:
            line = self._last_line(error.__traceback__)
            return Said(None, self._said(error), self._traceback(error), line, True)

    def _names(self, record: Record) -> dict[str, Any]:
        # A module that can be found by its name: dataclasses look for the one they are in.
        module = ModuleType("refinery_nb_cell")
        sys.modules[module.__name__] = module
        vars(module)[RECORD] = record
        if self.lists:
            vars(module)[PROJECT] = Surroundings(self.lists)
        return vars(module)

    def _value(self, body: list[ast.stmt], names: dict[str, Any]) -> Any:
        """Run statements; return the value of the last one if it is an expression."""
        last = body[-1] if body else None
        if not isinstance(last, ast.Expr):
            return self._exec(body, names)
        self._exec(body[:-1], names)
        return eval(compile(ast.Expression(last.value), self._file, "eval"), names)  # noqa: S307

    def _wake(self, beat: MutableSequence[int] | None) -> None:
        """Interrupt the cell just before its parent would end it: what it printed is not lost.

        Code that is not Python's own is not interrupted; that is ended from outside. None: it is
        over.
        """
        if math.isinf(self.seconds) or not hasattr(signal, "setitimer"):
            return
        left = max(0.05, self.seconds - EARLY)

        def late(*_: object) -> None:
            if (
                beat is not None and beat[OWN]
            ):  # a tokenizer is loaded, whose time is not the cell's
                signal.setitimer(signal.ITIMER_REAL, left)
            else:
                raise TimeLimit(f"it took more than {self.seconds:g} s and was stopped")

        signal.signal(signal.SIGALRM, late)
        signal.setitimer(signal.ITIMER_REAL, 0 if beat is None else left)

    def _exec(self, body: list[ast.stmt], names: dict[str, Any]) -> None:
        exec(compile(ast.Module(body, []), self._file, "exec"), names)  # noqa: S102

    @property
    def _file(self) -> str:
        return "<cell>"


def _shown(value: Any) -> str:
    """Return a value as text, cut where it is very long."""
    # pformat would break a text into several.
    text = repr(value) if isinstance(value, str) else pformat(value, width=WIDTH, sort_dicts=False)
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}\n[{len(text) - LONGEST:,} more characters]"


class Worker:
    """A cell in a child process; ``compute`` runs it there."""

    def __init__(self, setup: dict[str, Any], beat: MutableSequence[int]) -> None:
        spec = setup["spec"]
        self._cell = Cell.of(spec["source"])
        self._cell.lists = spec.get("lists", {})
        self._cell.seconds = setup["seconds"]
        self._beat = beat
        self._record = Pipelines(setup["pipeline"], setup["tokenizer"], beat).record()

    def load(self, payload: bytes, chunk: int) -> Record:
        """Decode the record."""
        del chunk
        return self._record(json.loads(payload))

    def run(self, step: int, batch: Record, stop: int) -> tuple[dict[str, Any], bytes]:
        """Run the cell on the record."""
        del step, stop
        said = self._cell.run(batch, self._beat)
        self._beat[OWN] = 1
        return asdict(said), b""
