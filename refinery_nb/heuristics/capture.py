"""A self-contained source text from a live function, and the check of a written one.

Nothing is pickled: the text holds the imports, constants, functions and classes that the
function uses, then the function itself. What cannot be written as text is refused by name.
"""

from __future__ import annotations

import ast
import builtins
import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.heuristics.lists import PROJECT, NamedList, NamedLists, used_lists
from refinery_nb.heuristics.literal import NotLiteral, literal
from refinery_nb.heuristics.names import Definition, find_class, find_function, free_names

PREFACE = "from __future__ import annotations\n"
LARGEST = 4_000_000  # characters of a source


@dataclass(frozen=True, slots=True)
class Captured:
    """A source text, the name of the function in it, and pairs of lines: in it, in the cell.

    ``lists`` names the lookup lists that it uses.
    """

    source: str
    entry: str
    lines: tuple[tuple[int, int], ...]
    lists: tuple[str, ...] = ()


def check_source(source: str, name: str | None = None) -> str:
    """Return the name of the one function of a written source.

    Raises
    ------
    HeuristicError
        With the line, if the text is no Python, has no or several functions, or uses a name
        that is not defined.
    """
    try:
        tree = ast.parse(source)
        compile(source, "<heuristic>", "exec")
    except (SyntaxError, ValueError) as error:
        raise HeuristicError(
            f"the source is no Python: {getattr(error, 'msg', error)}.",
            line=getattr(error, "lineno", None),
        ) from error
    functions = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    names = [node.name for node in functions]
    if not names:
        raise HeuristicError("the source has no function; a heuristic is one: def name(record).")
    if len(names) > 1 and name not in names:
        raise HeuristicError(
            f"the source has {len(names)} functions: {', '.join(names)}.",
            line=functions[1].lineno,
            hint="Keep one of them, or give the name of the one that is the heuristic.",
        )
    node = functions[names.index(name) if name in names and name is not None else 0]
    if isinstance(node, ast.AsyncFunctionDef):
        raise HeuristicError(f"{node.name} is async; write a plain def.", line=node.lineno)
    if node.decorator_list:
        raise HeuristicError(
            f"{node.name} has a decorator; the source of a heuristic stands alone.",
            line=node.decorator_list[0].lineno,
            hint="Delete the line that begins with @.",
        )
    arguments = node.args.posonlyargs + node.args.args
    _check_arguments(node.name, len(arguments), len(node.args.defaults), node.lineno)
    for used, line in free_names(source).items():
        if used == PROJECT:
            used_lists(source)
        elif not hasattr(builtins, used):
            raise _undefined(node.name, used, line, [a.arg for a in arguments])
    return node.name


def _undefined(function: str, name: str, line: int | None, known: list[str]) -> HeuristicError:
    importable = name in sys.stdlib_module_names
    hint = f"Add `import {name}`." if importable else did_you_mean(name, known)
    return HeuristicError(f"{function} uses {name!r}, which is not defined.", line=line, hint=hint)


def _check_arguments(name: str, count: int, defaults: int, line: int | None) -> None:
    if count - defaults > 1 or count == 0:
        raise HeuristicError(
            f"{name} takes {count - defaults} arguments; a heuristic takes one: the record.",
            line=line,
        )


def capture(function: object) -> Captured:
    """Return the self-contained source of a live function.

    Raises
    ------
    HeuristicError
        If it is no plain function, its source cannot be found, or it uses something that is
        neither a module, nor a function or class with a source, nor a plain constant.
    """
    if not isinstance(function, FunctionType):
        what = "a method" if isinstance(function, MethodType) else f"a {type(function).__name__}"
        raise HeuristicError(
            f"{getattr(function, '__qualname__', function)!r} is {what}, not a plain function.",
            hint="A heuristic is written as def name(record): ...",
        )
    if function.__name__ == "<lambda>":
        raise HeuristicError("a lambda has no name.", hint="Write def name(record): ...")
    code = function.__code__
    if code.co_flags & 0x280:  # coroutine, asynchronous generator
        raise HeuristicError(f"{function.__name__} is async; write a plain def.")
    positional = code.co_argcount
    _check_arguments(function.__name__, positional, len(function.__defaults__ or ()), None)
    return capture_definition(function)


def capture_definition(thing: FunctionType | type) -> Captured:
    """Return the self-contained source of any plain function or class.

    Raises
    ------
    HeuristicError
        As ``capture`` does.
    """
    if thing.__name__ == "<lambda>":
        raise HeuristicError("a lambda has no name.", hint="Write it as def.")
    writer = _Writer(thing)
    entry = writer.define_class(thing) if isinstance(thing, type) else writer.define(thing)
    source, lines = writer.text()
    if len(source) > LARGEST:
        raise HeuristicError(
            f"the source of {thing.__name__} with its constants has {len(source):,} characters;"
            f" {LARGEST:,} are allowed.",
            hint="A long list of terms is an rn.Lookup.",
        )
    return Captured(source, entry, lines, tuple(used_lists(source)))


class _Writer:
    """Collects what a function uses, in an order in which it can be run."""

    def __init__(self, function: FunctionType | type) -> None:
        self._heuristic = function
        self._imports: set[str] = set()
        self._constants: dict[str, str] = {}
        self._definitions: list[Definition | str] = []
        self._bound: dict[str, object] = {}
        self._entry: str | None = None
        self._uses_lists = False

    def text(self) -> tuple[str, tuple[tuple[int, int], ...]]:
        """Return the source and its pairs of lines."""
        if self._uses_lists and PROJECT in self._constants:
            raise self._refused(PROJECT, self._bound[PROJECT], "a project has that name here")
        parts = [PREFACE, *(f"{line}\n" for line in sorted(self._imports))]
        parts += [f"{name} = {value}\n" for name, value in self._constants.items()]
        at = sum(part.count("\n") for part in parts) + 1
        lines = []
        for definition in self._definitions:
            if isinstance(definition, str):
                parts.append(definition)
                at += definition.count("\n")
                continue
            lines.append((at + 2, definition.line))
            parts.append(f"\n\n{definition.text}\n")
            at += definition.text.count("\n") + 3
        return "".join(parts), tuple(lines)

    def define(self, function: FunctionType, *, decorated: bool = False) -> str:
        """Write a function after all that it uses; return its name in the source."""
        definition = find_function(function.__code__, function.__name__, decorated=decorated)
        if self._entry is None:
            self._entry = definition.name
        if not self._bind(definition.name, function):
            return definition.name
        self._uses(definition, self._surroundings(function))
        self._definitions.append(definition)
        return definition.name

    @staticmethod
    def _surroundings(function: FunctionType) -> dict[str, object]:
        found = dict(function.__globals__)
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                found[name] = cell.cell_contents
            except ValueError:  # not set yet: refused as not defined, if nothing else has the name
                found.pop(name, None)
        return found

    def _bind(self, name: str, value: object) -> bool:
        """Reserve a name; False if it has this value already."""
        if name not in self._bound:
            self._bound[name] = value
            return True
        if self._bound[name] is value:
            return False
        raise HeuristicError(
            f"{self._heuristic.__name__} uses two different things that are called {name!r}.",
            hint="Rename one of them.",
        )

    def _uses(self, definition: Definition, surroundings: Mapping[str, object]) -> None:
        for name, line in sorted(free_names(definition.text).items()):
            if name == definition.name == self._entry:
                continue  # it calls itself
            if name in surroundings:
                self._write(name, surroundings[name], definition)
            elif not hasattr(builtins, name):
                known = [key for key in surroundings if not key.startswith("_")]
                at = definition.line + line - 1
                raise _undefined(self._heuristic.__name__, name, at, known)

    def _write(self, name: str, value: object, definition: Definition) -> None:
        """Write one thing that a definition uses."""
        if isinstance(value, ModuleType):
            if self._bind(name, value):
                self._import_module(name, value)
            for dotted in definition.dotted(name, value.__name__):
                self._imports.add(f"import {dotted}")
            return
        if isinstance(value, NamedLists):
            raise self._refused(name, value, f'write {PROJECT}.lookups["..."] where you need it')
        if isinstance(value, NamedList):
            self._uses_lists = True
            self._constants[name] = f"{PROJECT}.lookups[{value.name!r}]"
            return
        if isinstance(getattr(value, "__dict__", {}).get("lookups"), NamedLists):
            self._uses_lists = True
            used_lists(definition.text, name, first=definition.line)
            if name != PROJECT:
                self._constants[name] = PROJECT
            return
        plain = getattr(value, "__wrapped__", None)
        cached = isinstance(value, functools._lru_cache_wrapper) and isinstance(plain, FunctionType)
        if (isinstance(value, (FunctionType, type)) or cached) and self._is_local(value):
            if isinstance(value, type):
                own = self.define_class(value)
            else:
                own = self.define(plain if cached else value, decorated=cached)  # type: ignore[arg-type]
            if own != name and self._bind(name, value):
                self._definitions.append(f"\n\n{name} = {own}\n")
            return
        try:
            text = literal(value)
        except NotLiteral as error:
            if (line := _import_line(name, value)) is None:
                raise self._refused(name, value, str(error)) from None
            if self._bind(name, value):
                self._imports.add(line)
            return
        if "__re." in text:
            self._imports.add("import re as __re")
        if self._constants.get(name, text) != text:
            self._bind(name, value)
        elif name not in self._bound:
            self._bound[name] = value
        self._constants[name] = text

    def _refused(self, name: str, value: object, detail: str) -> HeuristicError:
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        return HeuristicError(
            f"{self._heuristic.__name__} uses {name!r}, of type {kind}, which cannot be captured"
            f"{f' ({detail})' if detail else ''}.",
            hint="Make it inside the function, import it from a module, or turn it into a plain"
            " constant: str, number, tuple, list, dict, set or a compiled pattern.",
        )

    def _import_module(self, name: str, module: ModuleType) -> None:
        if module.__name__ == "__main__":
            raise self._refused(name, module, "the notebook itself")
        if sys.modules.get(module.__name__) is not module:
            raise self._refused(name, module, "a module that cannot be imported")
        plain = name == module.__name__
        self._imports.add(f"import {name}" if plain else f"import {module.__name__} as {name}")

    def _is_local(self, value: object) -> bool:
        """Say whether it is defined where the heuristic is, so that its source belongs to it."""
        module = getattr(value, "__module__", None)
        if module == "__main__" or module == self._heuristic.__module__:
            return True
        return _import_line("_", value) is None and isinstance(value, FunctionType)

    def define_class(self, owner: type) -> str:
        """Write a class after all that it uses; return its name in the source."""
        if not self._bind(owner.__name__, owner):
            return owner.__name__
        definition = find_class(owner)
        home = sys.modules.get(owner.__module__)
        self._uses(definition, vars(home) if home is not None else {})
        self._definitions.append(definition)
        return definition.name


def _import_line(name: str, value: object) -> str | None:
    """Return ``from module import something as name``, if that gives this very value."""
    home = getattr(value, "__module__", None)
    module = sys.modules.get(home) if isinstance(home, str) else None
    if module is None or home in ("__main__", "builtins"):
        return None
    for own in dict.fromkeys((getattr(value, "__name__", None), name)):
        if isinstance(own, str) and own.isidentifier():
            same: Any = getattr(module, own, None)
            if same is value or (isinstance(value, MethodType) and same == value):
                return f"from {home} import {own}" + ("" if own == name else f" as {name}")
    return None
