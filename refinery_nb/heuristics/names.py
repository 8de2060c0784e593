"""Where functions and classes are written, and which names they take from around them."""

from __future__ import annotations

import ast
import inspect
import linecache
import symtable
import sys
import textwrap
from dataclasses import dataclass
from types import CodeType, FunctionType

from refinery_nb.core.errors import HeuristicError

FUTURE = "from __future__ import annotations\n"


@dataclass(frozen=True, slots=True)
class Definition:
    """The text of a function or class, its name, and its line in the cell or file."""

    name: str
    text: str
    line: int

    def dotted(self, name: str, module: str) -> set[str]:
        """Return the modules that are reached by attributes of a module: ``xml.etree`` of xml."""
        found = set()
        for node in ast.walk(ast.parse(self.text)):
            parts: list[str] = []
            while isinstance(node, ast.Attribute):
                parts.insert(0, node.attr)
                node = node.value
            if isinstance(node, ast.Name) and node.id == name:
                for count in range(1, len(parts) + 1):
                    reached = ".".join([module, *parts[:count]])
                    if reached in sys.modules and name == module:
                        found.add(reached)
        return found


def free_names(text: str) -> dict[str, int]:
    r"""Return the names that a source takes from outside, and where it first uses them.

    Annotations do not count: they are not evaluated.

    >>> free_names("def f(x):\n    return re.sub(A, B, x)")
    {'re': 2, 'A': 2, 'B': 2}
    """
    future = "" if "from __future__" in text else FUTURE
    top = symtable.symtable(future + text, "<source>", "exec")
    assigned = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    tables = list(top.get_children())
    while tables:
        table = tables.pop()
        # Annotations have tables of their own where they are not evaluated.
        if table.get_type() not in ("annotation",):
            used |= {
                s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()
            }
            tables += table.get_children()
    lines: dict[str, int] = {}
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if node.id in used - assigned:
            lines.setdefault(node.id, node.lineno)
    return lines


def _nodes(tree: ast.AST) -> list[ast.FunctionDef | ast.ClassDef]:
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))]


def _cut(lines: list[str], node: ast.FunctionDef | ast.ClassDef, *, decorated: bool) -> Definition:
    """Return the text of a definition, moved to the left margin."""
    first = node.lineno
    if decorated and node.decorator_list:
        first = node.decorator_list[0].lineno
    text = textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip()
    if node.col_offset:
        # Moving a nested definition would change the strings that span lines.
        strings = (n for n in ast.walk(node) if isinstance(n, (ast.Constant, ast.JoinedStr)))
        if any(string.end_lineno != string.lineno for string in strings):
            if not decorated:
                node.decorator_list = []
            text = ast.unparse(node)
    return Definition(node.name, text, first)


def find_function(code: CodeType, name: str, *, decorated: bool = False) -> Definition:
    """Return the definition that a code object was compiled from.

    Raises
    ------
    HeuristicError
        If its source is not to be had, or is no longer the one that was run.
    """
    try:
        lines, _ = inspect.findsource(code)
        tree = ast.parse("".join(lines))
    except (OSError, TypeError, SyntaxError, IndexError) as error:
        raise HeuristicError(
            f"the source of {name} cannot be found ({error}).",
            hint="Define it in a file, or in a notebook cell that does not begin with %%.",
        ) from error
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for node in _nodes(tree):
        if not isinstance(node, ast.FunctionDef) or node.name != code.co_name:
            continue
        first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
        args = node.args
        written = tuple(a.arg for a in [*args.posonlyargs, *args.args, *args.kwonlyargs])
        if first == code.co_firstlineno and written == arguments:
            return _cut(lines, node, decorated=decorated)
    if code.co_name == "<lambda>":
        raise HeuristicError(f"the function {name!r} is a lambda.", hint="Write it as def.")
    raise HeuristicError(
        f"the source of {name} has changed since it was run.", hint="Run its definition again."
    )


def find_class(owner: type) -> Definition:
    """Return the definition of a class, in a file or in a cell.

    Raises
    ------
    HeuristicError
        If its source is not to be had.
    """
    functions = [value for value in vars(owner).values() if isinstance(value, FunctionType)]
    files = [function.__code__.co_filename for function in functions]
    files += [getattr(sys.modules.get(owner.__module__), "__file__", None) or ""]
    files += [name for name in reversed(list(linecache.cache)) if name not in files]
    for file in files:
        lines = linecache.getlines(file)
        if not any(f"class {owner.__name__}" in line for line in lines):
            continue
        try:
            tree = ast.parse("".join(lines))
        except SyntaxError:
            continue
        for node in _nodes(tree):
            if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
                return _cut(lines, node, decorated=True)
    raise HeuristicError(
        f"the source of the class {owner.__name__} cannot be found.",
        hint="Define it in a module and import it.",
    )
