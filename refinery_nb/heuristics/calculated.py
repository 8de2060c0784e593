"""An attribute as a Python function of the record, and the worker that calculates it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, MutableSequence
from typing import Any

from refinery_nb.core.errors import RefineryError
from refinery_nb.core.schema import AttributeType
from refinery_nb.heuristics.batch import FIRST, ITEM, Record
from refinery_nb.heuristics.function import Function
from refinery_nb.heuristics.pipelines import OWN, Pipelines

LARGEST = 2**63
EXPECTED = {
    AttributeType.TEXT: "a string",
    AttributeType.CATEGORY: "a string that is not blank",
    AttributeType.INTEGER: "an integer of at most 64 bits",
    AttributeType.FLOAT: "a finite number",
    AttributeType.BOOLEAN: "True or False",
    AttributeType.JSON: "a list or dict of plain values",
}


class Calculated(Function):
    """Calculate an attribute as a Python function says: a value of its type, or None."""

    kind = "calculated"
    type = AttributeType.TEXT

    @classmethod
    def of(cls, function: Function, kind: AttributeType) -> Calculated:
        """Make it from a captured function."""
        made = cls.__new__(cls)
        made._set(function.source, function.entry, function.name, function.lines, function.lists)
        made.type = kind
        return made

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Calculated:
        """Make it from its spec; the source is not run before the first record."""
        return cls.of(Function.from_spec(spec), AttributeType(spec["type"]))

    def spec(self) -> dict[str, Any]:
        """Return all that is needed to run it elsewhere."""
        return {**super().spec(), "type": self.type.value}

    @property
    def fingerprint(self) -> str:
        """The version: the source, the content of lookup lists, and the type."""
        return f"{super().fingerprint}-{self.type.value}"

    def calculate(
        self, records: list[Record], beat: MutableSequence[int], *, number: int
    ) -> tuple[list[Any], list[tuple[int, str, str]], str, bool]:
        """Return values, errors (position, message, traceback), why it ended early, whether hard.

        A record that goes wrong has no value.
        """
        self.load()
        assert self._call is not None
        values: list[Any] = []
        errors: list[tuple[int, str, str]] = []
        for at, record in enumerate(records):
            beat[ITEM] = at
            value = None
            try:
                value = checked(self._call(record), self.type)
            except MemoryError as error:
                return values, errors, f"ran out of memory{self._trace_line(error)}", True
            except WrongType as error:
                errors.append((at, str(error), ""))
            except Exception as error:
                errors.append((at, self._said(error), self._traceback(error)))
            except BaseException as error:
                return values, errors, f"raised {self._said(error)}{self._trace_line(error)}", True
            values.append(value)
            if number == 0 and len(errors) == at + 1 >= FIRST:
                return values, errors, f"failed on each of the first {FIRST} records", False
        return values, errors, "", False


class WrongType(TypeError):
    """A function gave something else than its attribute holds."""


def checked(value: Any, kind: AttributeType) -> Any:
    """Return a value if an attribute of this type holds it.

    Raises
    ------
    WrongType
        Otherwise; booleans are no integers, and integers no booleans.

    >>> checked(3, AttributeType.FLOAT)
    3.0
    """
    if value is None:
        return None
    if hasattr(value, "item") and hasattr(value, "dtype") and not getattr(value, "shape", ()):
        value = value.item()
    seen = type(value)
    fits: bool
    if kind is AttributeType.FLOAT and seen is int and abs(value) <= 2**53:
        value, seen = float(value), float
    if kind.is_string:
        fits = seen is str and (kind is AttributeType.TEXT or bool(value.strip()))
        fits = fits and not any("\ud800" <= char <= "\udfff" for char in value)
    elif kind is AttributeType.INTEGER:
        fits = seen is int and -LARGEST <= value < LARGEST
    elif kind is AttributeType.FLOAT:
        fits = seen is float and math.isfinite(value)
    elif kind is AttributeType.BOOLEAN:
        fits = seen is bool
    else:
        fits = seen in (list, dict) and _is_plain(value)
    if not fits:
        raise WrongType(f"returned {value!r:.60} of type {seen.__name__}, not {EXPECTED[kind]}.")
    return value


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError):
        return False
    return True


class Worker:
    """A calculation in a child process; ``compute`` runs it there."""

    def __init__(self, setup: dict[str, Any], beat: MutableSequence[int]) -> None:
        self._spec = setup["spec"]
        self._built: Calculated | None = None
        self._beat = beat
        self._record = Pipelines(setup["pipeline"], setup["tokenizer"], beat).record()

    def load(self, payload: bytes, chunk: int) -> tuple[int, list[Record]]:
        """Decode the records of a chunk."""
        return chunk, [self._record(record) for record in json.loads(payload)]

    def run(
        self, step: int, batch: tuple[int, list[Record]], stop: int
    ) -> tuple[dict[str, Any], bytes]:
        """Calculate the first records, or all if ``stop`` is negative."""
        del step
        number, records = batch
        values: list[Any] = []
        errors: list[tuple[int, str, str]] = []
        exited = False
        try:
            if self._built is None:
                self._built = Calculated.from_spec(self._spec)
                self._built.load()
            self._beat[OWN] = 0
            chosen = records if stop < 0 else records[:stop]
            values, errors, fatal, exited = self._built.calculate(chosen, self._beat, number=number)
        except RefineryError as error:
            fatal = str(error)
        except BaseException as error:  # also SystemExit, of a module that it imports
            fatal, exited = f"raised {type(error).__name__} while it was loaded: {error}", True
        header = {
            "done": len(values),
            "errors": errors,
            "fatal": fatal,
            "at": len(values) if exited and self._beat[ITEM] >= 0 else -1,
            "memory": fatal.startswith("ran out of memory"),
            "restart": exited,
        }
        self._beat[OWN] = 1
        return header, json.dumps(values).encode("ascii")
