"""Which string literals of a source are labels or attributes, and the source with others.

A literal counts as a label where the rule gives it away: in ``return "A"``, ``return "A", 0.9``,
``yield "A", start, end``, in a list of these, in the branches of a conditional expression there,
and where it is assigned to a name that the rule only ever gives away. The same text anywhere else,
as in ``if "A" in text``, may mean something else: it is listed, and not touched.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True)
class Place:
    """A literal that may be a label: its text, its line (from 1), and that line."""

    text: str
    line: int
    shown: str


@dataclass(frozen=True, slots=True)
class Relabelled:
    """A source with other labels.

    Attributes
    ----------
    source
        The source, changed at ``places``.
    places
        The literals that are labels, and were replaced.
    unsure
        The literals of the same text that were left.
    """

    source: str
    places: tuple[Place, ...]
    unsure: tuple[Place, ...]


def relabelled(source: str, entry: str, names: Mapping[str, str]) -> Relabelled:
    r"""Replace labels in the source of a rule.

    Parameters
    ----------
    entry
        The name of the function that votes.
    names
        The new name of each label.

    >>> made = relabelled("def f(r):\n    return 'A' if 'A' in r['t'] else None", "f", {"A": "B"})
    >>> made.source
    "def f(r):\n    return 'B' if 'A' in r['t'] else None"
    >>> [place.line for place in made.unsure]
    [2]
    """
    tree = _parsed(source)
    if tree is None:
        return Relabelled(source, (), ())
    return _replaced(source, tree, names, {id(node) for node in _given_away(tree, entry)})


def reattributed(source: str, entry: str, names: Mapping[str, str]) -> Relabelled:
    r"""Replace attributes in the source of a rule: where it asks its record for them.

    >>> made = reattributed("def f(r):\n    return r['a'] + r.get('a') + 'a'", "f", {"a": "b"})
    >>> made.source
    "def f(r):\n    return r['b'] + r.get('b') + 'a'"
    """
    tree = _parsed(source)
    if tree is None:
        return Relabelled(source, (), ())
    return _replaced(source, tree, names, {id(node) for node in _asked_for(tree, entry)})


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def _replaced(
    source: str, tree: ast.Module, names: Mapping[str, str], given: set[int]
) -> Relabelled:
    # As Python counts lines: not at form feeds and the like.
    lines = list(io.StringIO(source, newline=""))
    edits: list[tuple[int, int, int, str]] = []
    places: list[Place] = []
    unsure: list[Place] = []
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if node.value not in names or id(node) in inside:
            continue
        place = Place(node.value, node.lineno, lines[node.lineno - 1].strip())
        written = _written(node, lines, names[node.value]) if id(node) in given else None
        if written is None:
            unsure.append(place)
        else:
            edits.append(written)
            places.append(place)
    for row, first, last, text in sorted(edits, reverse=True):
        line = lines[row].encode()
        lines[row] = (line[:first] + text.encode() + line[last:]).decode()
    order = sorted(unsure, key=lambda place: place.line)
    return Relabelled("".join(lines), tuple(sorted(places, key=lambda p: p.line)), tuple(order))


def _written(node: ast.Constant, lines: list[str], new: str) -> tuple[int, int, int, str] | None:
    """Return (row, first and last byte, text) of a literal on one line; None for any other."""
    if node.lineno != node.end_lineno or node.end_col_offset is None:
        return None
    row, first, last = node.lineno - 1, node.col_offset, node.end_col_offset
    token = lines[row].encode()[first:last].decode()
    quote = token[:1]
    if quote not in QUOTES or token.startswith(quote * 3):
        return None  # a prefix, or three quotes
    escaped = new.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return row, first, last, f"{quote}{escaped}{quote}"


def _given_away(tree: ast.Module, entry: str) -> Iterator[ast.Constant]:
    """Yield the literals that a function gives away as labels."""
    function = next(
        (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == entry), None
    )
    if function is None:
        return
    inner = list(_inside(function))
    named: list[ast.Name] = []
    for node in inner:
        if isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
            for value in _values(node.value):
                if isinstance(value, ast.Constant):
                    yield value
                elif isinstance(value, ast.Name):
                    named.append(value)
    names = {node.id for node in named}
    given = {id(node) for node in named}
    # A name that is used for anything else may mean something else there.
    names -= {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in given
    }
    for node in [*inner, *tree.body]:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id in names:
                for value in _values(node.value, first=False):
                    if isinstance(value, ast.Constant):
                        yield value


def _asked_for(tree: ast.Module, entry: str) -> Iterator[ast.Constant]:
    """Yield the literals with which a function asks its record for an attribute."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    function = next((node for node in functions if node.name == entry), None)
    if function is None or not (function.args.posonlyargs + function.args.args):
        return
    record = (function.args.posonlyargs + function.args.args)[0].arg
    for one in functions:  # a helper whose first parameter has that name gets the record, too
        parameters = one.args.posonlyargs + one.args.args
        if not parameters or parameters[0].arg != record:
            continue
        for node in ast.walk(one):
            match node:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant() as literal):
                    if name == record:
                        yield literal
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr="get" | "doc"),
                    args=[ast.Constant() as literal, *_],
                ):
                    if name == record:
                        yield literal
                case _:
                    pass


def _inside(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without those of functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def _values(node: ast.expr, *, first: bool = True) -> Iterator[ast.expr]:
    """Yield what an expression may come to be as a label.

    ``first``: of a tuple, its first part is the label.
    """
    if isinstance(node, ast.IfExp):
        yield from _values(node.body, first=first)
        yield from _values(node.orelse, first=first)
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        yield from _values(node.values[-1], first=first)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _values(value, first=first)
    elif isinstance(node, (ast.List, ast.Set)) and first:
        for value in node.elts:
            yield from _values(value)
    elif isinstance(node, ast.Tuple) and node.elts and first:
        # A label and what belongs to it; or labels alone, where a record may have several.
        texts = all(isinstance(one, ast.Constant) and type(one.value) is str for one in node.elts)
        for value in node.elts if texts else node.elts[:1]:
            yield from _values(value, first=False)
    else:
        yield node
