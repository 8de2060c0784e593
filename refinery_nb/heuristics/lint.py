"""What is wrong with the source of a heuristic, place by place, while it is being written."""

from __future__ import annotations

import ast
import builtins
import re
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from refinery_nb.core.errors import HeuristicError, RefineryError, did_you_mean
from refinery_nb.heuristics.capture import check_source
from refinery_nb.heuristics.lists import PROJECT, meant, used_lists
from refinery_nb.heuristics.names import free_names

Def = ast.FunctionDef | ast.AsyncFunctionDef
MOST = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    line
        From 1.
    start, end
        Columns in code points, half-open; None: the whole line.
    message
        What is wrong, and what to do.
    severity
        ``error``: it cannot be saved; ``warning``: it would fail or abstain on every record.
    """

    line: int
    start: int | None
    end: int | None
    message: str
    severity: Literal["error", "warning"] = "error"


def entry_of(source: str, *wanted: str) -> str | None:
    r"""Return which function of a source is the heuristic: a wanted one, or the only public one.

    >>> entry_of("def _stem(word): ...\ndef late(record): ...", "other")
    'late'
    """
    tree = _parsed(source)
    names = [node.name for node in tree.body if isinstance(node, Def)]
    for name in wanted:
        if name in names:
            return name
    public = [name for name in names if not name.startswith("_")]
    return public[0] if len(public) == 1 else names[0] if len(names) == 1 else None


def lint(
    source: str,
    *,
    name: str | None = None,
    labels: Sequence[str] | None = None,
    attributes: Sequence[str] | None = None,
    lookups: Sequence[str] | None = None,
) -> list[Problem]:
    r"""Return what is wrong with a source; nothing is run.

    Parameters
    ----------
    name
        Which function is the heuristic, if there are several.
    labels, attributes, lookups
        What it may return and read, and which lookup lists there are; None: not looked at.

    >>> lint("def late(record):\n    return re.search('late', record['text'])")[0].message
    "late uses 're', which is not defined. Add `import re`."
    """
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            tree = ast.parse(source)
            # What follows parses it again, with lines before it.
            warned = list(caught)
            try:
                entry = check_source(source, name)
                refused = None
            except HeuristicError as error:
                entry, refused = "", error
    except SyntaxError as error:
        return [_syntax(source, error)]
    except ValueError as error:
        return [Problem(1, None, None, f"The source is no Python: {error}.")]
    except (RecursionError, MemoryError):
        return [Problem(1, None, None, "The source is nested too deeply.")]
    found = [
        Problem(one.lineno, None, None, f"{one.message}.".replace("..", "."), "warning")
        for one in warned
        if isinstance(one.lineno, int)
        and issubclass(one.category, SyntaxWarning | DeprecationWarning)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = list(_undefined(source, tree))
        used = used_lists(source) if lookups is not None and refused is None else {}
    if refused is not None and "is not defined" not in refused.message:
        found.append(Problem(refused.line or 1, None, None, _said(refused)))
        missing = [one for one in missing if one.line != refused.line]
    found += missing
    for one, line in used.items():
        if meant(one, lookups or ()) is None:
            said = f"There is no lookup list {one!r}. {did_you_mean(one, lookups or ())}"
            found.append(Problem(line, None, None, said))
    entry = entry or entry_of(source, *([name] if name else [])) or ""
    for node in tree.body:
        if isinstance(node, Def) and node.name == entry:
            found += _values(source, node, labels, attributes)
    unique = {(one.line, one.start, one.message): one for one in found}
    return sorted(unique.values(), key=lambda one: (one.line, one.start or 0))[:MOST]


def lint_pattern(pattern: str, *, case: bool = True) -> list[Problem]:
    """Return what is wrong with a regular expression.

    >>> lint_pattern("(late")[0].start
    0
    """
    try:
        re.compile(pattern, 0 if case else re.IGNORECASE)
    except re.error as error:
        at = min(error.pos or 0, max(0, len(pattern) - 1))
        message = f"{error.msg[:1].upper()}{error.msg[1:]}."
        return [Problem(error.lineno or 1, at, at + 1, message)]
    except (OverflowError, RecursionError) as error:
        return [Problem(1, None, None, f"Not a regular expression: {error}.")]
    return []


def _parsed(source: str) -> ast.Module:
    """Return the syntax tree of a source, an empty one if it has none; warn of nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])


def _lines(source: str) -> list[str]:
    """Return the lines as Python counts them."""
    return re.split(r"\r\n|\r|\n", source)


def _said(error: RefineryError) -> str:
    text = f"{error.message} {error.hint}" if error.hint else error.message
    return text[:1].upper() + text[1:] if text.startswith("the ") else text


def _syntax(source: str, error: SyntaxError) -> Problem:
    lines = _lines(source)
    line = min(max(error.lineno or 1, 1), len(lines))
    start = max((error.offset or 1) - 1, 0)
    same = error.end_lineno in (None, error.lineno)
    end = (error.end_offset or 0) - 1 if same else len(lines[line - 1])
    start = min(start, len(lines[line - 1]))
    end = min(max(end, start + 1), max(len(lines[line - 1]), start))
    message = error.msg[:1].upper() + error.msg[1:]
    return Problem(line, start, end if end > start else None, f"{message}.")


def _columns(source: str, node: Any) -> tuple[int, int | None]:
    """Return the columns of a node in code points; ``ast`` counts bytes of UTF-8."""
    text = _lines(source)[node.lineno - 1].encode()
    start = len(text[: node.col_offset].decode(errors="ignore"))
    if node.end_lineno != node.lineno:
        return start, None
    return start, len(text[: node.end_col_offset].decode(errors="ignore"))


def _undefined(source: str, tree: ast.Module) -> Iterator[Problem]:
    try:
        unknown = {name for name in free_names(source) if not hasattr(builtins, name)}
        unknown.discard(PROJECT)  # the lookup lists
    except SyntaxError as error:
        yield _syntax(source, error)
        return
    owners = [node for node in tree.body if isinstance(node, Def)]
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Name) and node.id in unknown):
            continue
        inside = [f for f in owners if f.lineno <= node.lineno <= (f.end_lineno or f.lineno)]
        who = inside[0].name if inside else "the source"
        known = [a.arg for f in inside for a in [*f.args.posonlyargs, *f.args.args]]
        known += [f.name for f in owners]
        near = did_you_mean(node.id, known)
        hint = (
            f"Add `import {node.id}`."
            if node.id in sys.stdlib_module_names
            else near
            if near.startswith("Did")
            else "Define it above, or import it."
        )
        start, end = _columns(source, node)
        said = f"{who} uses {node.id!r}, which is not defined. {hint}"
        yield Problem(node.lineno, start, end, said)


def _values(
    source: str, node: Def, labels: Sequence[str] | None, attributes: Sequence[str] | None
) -> Iterator[Problem]:
    """Yield attributes and labels, written as constants, that do not exist."""
    arguments = [*node.args.posonlyargs, *node.args.args]
    record = arguments[0].arg if arguments else None
    for inner in ast.walk(node):
        if attributes is not None and isinstance(inner, ast.Subscript):
            key = inner.slice
            if (
                isinstance(inner.value, ast.Name)
                and inner.value.id == record
                and _string(key) not in (None, *attributes)
            ):
                start, end = _columns(source, key)
                hint = did_you_mean(str(_string(key)), attributes)
                said = f"The records have no attribute {_string(key)!r}. {hint}"
                yield Problem(key.lineno, start, end, said, "warning")
        if labels is not None and isinstance(inner, (ast.Return, ast.Yield)):
            for value in _labels(inner.value):
                if _string(value) not in (None, *labels):
                    start, end = _columns(source, value)
                    hint = did_you_mean(str(_string(value)), labels)
                    said = f"The task has no label {_string(value)!r}. {hint}"
                    yield Problem(value.lineno, start, end, said, "warning")


def _string(node: ast.expr) -> str | None:
    same = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if same else None  # type: ignore[attr-defined]


def _labels(value: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the expressions that stand for labels in what is returned or yielded."""
    if isinstance(value, ast.IfExp):
        yield from _labels(value.body)
        yield from _labels(value.orelse)
    elif isinstance(value, ast.Tuple) and value.elts:
        yield value.elts[0]
    elif isinstance(value, ast.List):
        for item in value.elts:
            if isinstance(item, ast.Tuple) and item.elts:
                yield item.elts[0]
    elif value is not None:
        yield value


def constants(source: str, leave_out: Collection[str] = ()) -> tuple[list[str], list[str]]:
    r"""Return what a source speaks of: its string constants, and its regular expressions.

    Docstrings do not count, nor what is shorter than three characters.

    >>> constants("import re\ndef late(record):\n    if 'too late' in record['text']:\n"
    ...           "        return 'A' if re.search('l.te', record['text']) else None", ["A"])
    (['too late', 'text'], ['l.te'])
    """
    tree = _parsed(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    patterns: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, first = node.func.value, node.args[0]
            pattern = _string(first)
            if isinstance(owner, ast.Name) and owner.id in ("re", "regex") and pattern:
                patterns.append(pattern)
                prose.add(id(first))
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    ]
    texts = [text for text in found if len(text.strip()) > 2 and text not in leave_out]
    return list(dict.fromkeys(texts)), list(dict.fromkeys(patterns))
