"""A cell of Python on one record, and the worker that runs it: what it prints, what it is worth."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import MutableSequence
from dataclasses import asdict, dataclass
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


class Cell(Function):
    """A few lines of Python that look at one record, ``record``, as a heuristic sees it.

    They may print, and the value of the last expression is kept as text. Lookup lists are
    ``project.lookups["name"]``, as in a heuristic.
    """

    kind = "cell"

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
        # A module that can be found by its name: dataclasses look for the one they are in.
        module = ModuleType("refinery_nb_cell")
        sys.modules[module.__name__] = module
        names = vars(module)
        names[RECORD] = record
        if self.lists:
            names[PROJECT] = Surroundings(self.lists)
        first = next(
            (
                at
                for at, node in enumerate(body)
                if not isinstance(node, ast.Import | ast.ImportFrom)
            ),
            len(body),
        )
        try:
            # As for a heuristic: what it imports has the time to start, not that of a record.
            self._exec(body[:first], names)
            beat[ITEM] = 0
            beat[OWN] = 0
            rest = body[first:]
            last = rest.pop() if rest and isinstance(rest[-1], ast.Expr) else None
            self._exec(rest, names)
            if not isinstance(last, ast.Expr):
                return Said()
            value = eval(compile(ast.Expression(last.value), self._file, "eval"), names)  # noqa: S307
            return Said() if value is None else Said(_shown(value))
        except Exception as error:
            out = isinstance(error, MemoryError)
            said = "MemoryError: it needs more memory than it may use" if out else self._said(error)
            line = self._last_line(error.__traceback__)
            return Said(None, said, self._traceback(error), line, out)
        except BaseException as error:
            line = self._last_line(error.__traceback__)
            return Said(None, self._said(error), self._traceback(error), line, True)

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
