"""A condition written as a query: ``parse`` reads it back as the same condition.

Each part is tried in its plain forms, and read back to see whether it says the same; what has no
words, such as a cell of a confusion matrix, stands as JSON in ``raw(...)``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from refinery_nb.core.condition_json import to_json
from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import (
    Among,
    And,
    AttributeField,
    Commented,
    Compare,
    Condition,
    Conflicting,
    Field,
    Judged,
    Keys,
    Labelled,
    LengthField,
    Marked,
    Not,
    Or,
    SimilarityField,
    SliceField,
    TextSearch,
    Voted,
    WeakField,
)
from refinery_nb.project.query_text.lexer import quoted
from refinery_nb.project.query_text.parser import Parser
from refinery_nb.project.query_text.vocabulary import Vocabulary

SIMPLE = re.compile(r"[^\W\d][\w.\-/]*")
MARKS = {"flag": "flagged", "skip": "skipped"}
ANYWHERE, IN_OR, IN_AND, ALONE = range(4)


def written(condition: Condition, vocabulary: Vocabulary) -> str:
    """Return a condition as a query; all records: the empty text."""
    if isinstance(condition, And) and not condition.items:
        return ""
    return _written(condition, vocabulary, ANYWHERE)


def _written(node: Condition, words: Vocabulary, place: int) -> str:
    if isinstance(node, (And, Or)):
        own = IN_AND if isinstance(node, And) else IN_OR
        if len(node.items) < 2:
            inner = "".join(_written(item, words, ANYWHERE) for item in node.items)
            return f"{'all' if own == IN_AND else 'any'}({inner})"
        for form in _ranges(node, words) if len(node.items) == 2 else ():
            if _says(form, node, words):
                return form
        word = " and " if own == IN_AND else " or "
        joined = word.join(_written(item, words, own) for item in node.items)
        # "and" binds more than "or"; one inside another of its kind keeps its parentheses.
        return joined if place == ANYWHERE or (place == IN_OR and own == IN_AND) else f"({joined})"
    for form in _forms(node, words):
        if _says(form, node, words):
            return form
    if isinstance(node, Not):
        return f"not {_written(node.item, words, ALONE)}"
    return f"raw({quoted(json.dumps(to_json(node), ensure_ascii=False))})"


def _says(form: str, node: Condition, words: Vocabulary) -> bool:
    try:
        return repr(Parser(form, words).query()) == repr(node)
    except QueryError:
        return False


def _forms(node: Condition, words: Vocabulary) -> Iterator[str]:
    """Yield what may say the same, the plainest first."""
    if isinstance(node, Not):
        inner = node.item
        if isinstance(inner, Labelled) and inner.label is None and not inner.none:
            yield from (f"{task} is unlabelled{_by(inner)}" for task in _tasks(inner.task))
        if isinstance(inner, Compare) and inner.op == "missing":
            if isinstance(inner.field, SliceField):
                yield f"slice({_name(inner.field.name)})"
            elif isinstance(inner.field, (AttributeField, WeakField)):
                yield from (f"{field} exists" for field in _fields(inner.field, words))
    elif isinstance(node, Compare):
        for field in _fields(node.field, words):
            yield from _compared(field, node)
    elif isinstance(node, Labelled):
        for task in _tasks(node.task):
            if node.none or node.label is None:
                yield f"{task} is {'none' if node.none else 'labelled'}{_by(node)}"
            else:
                yield f"{task} = {_value(node.label)}{_by(node)}"
    elif isinstance(node, Marked):
        yield from (f"{task} is {MARKS[node.mark]}" for task in _tasks(node.task))
    elif isinstance(node, Conflicting):
        yield from (f"{task} is conflicting" for task in _tasks(node.task))
    elif isinstance(node, Voted):
        rule = "" if node.heuristic is None else f", {_name(node.heuristic)}"
        label = "" if node.label is None else f" = {_value(node.label)}"
        yield f"vote({_name(node.task)}{rule}){label}"
    elif isinstance(node, Judged):
        other = "" if node.other is None else f", {_name(node.other)}"
        yield f"{node.what}({_name(node.task)}, {_name(node.heuristic)}{other})"
    elif isinstance(node, TextSearch):
        yield node.text
        yield f"search({quoted(node.text)})"
    elif isinstance(node, Commented):
        yield f"commented({'' if node.actor is None else _name(node.actor)})"
    elif isinstance(node, Keys):
        yield f"keys({', '.join(map(_name, node.keys))})"
    elif isinstance(node, Among):
        yield from _nearest(node, words)


def _ranges(node: And | Or, words: Vocabulary) -> Iterator[str]:
    """Yield what says the same as "at least and at most"."""
    low, high = node.items
    if not (isinstance(node, And) and isinstance(low, Compare) and isinstance(high, Compare)):
        return
    if low.op == ">=" and high.op == "<=" and repr(low.field) == repr(high.field):
        for field in _fields(low.field, words):
            yield f"{field} in {low.value!r}..{high.value!r}"


def _compared(field: str, node: Compare) -> Iterator[str]:
    if node.op == "missing":
        yield f"{field} missing"
    elif node.op == "in" and isinstance(node.value, tuple):
        yield f"{field} in ({', '.join(map(_value, node.value))})"
    else:
        yield f"{field} {node.op} {_value(node.value)}"
        yield f"{field} {node.op} {_value(node.value)} cased"


def _fields(field: Field, words: Vocabulary) -> Iterator[str]:
    if isinstance(field, AttributeField):
        yield field.name
        yield f"`{field.name}`"
    elif isinstance(field, LengthField):
        yield f"length({_name(field.name)})"
    elif isinstance(field, WeakField):
        what = "weak" if field.what == "label" else "confidence"
        if field.task == words.default_task:
            yield what
        yield f"{what}({_name(field.task)})"
        yield f"{what}({_name(field.task)}, {field.run})"
    elif isinstance(field, SliceField):
        yield f"slice({_name(field.name)})"
    elif isinstance(field, SimilarityField) and len(field.like) == 1:
        (example,) = field.like
        if example.text is not None:
            yield f"similarity({quoted(example.text)})"
            yield f"similarity({quoted(example.text)}, {_name(field.embedding)})"


def _nearest(node: Among, words: Vocabulary) -> Iterator[str]:
    order, k = node.selection.order, node.selection.limit
    if len(order) != 1 or not isinstance(order[0][0], SimilarityField) or k is None:
        return
    field = order[0][0]
    if len(field.like) != 1:
        return
    (example,) = field.like
    said = quoted(example.text or example.key or "")
    word = "like" if example.key is not None else "meaning"
    yield f"{word}:{said}"
    yield f"{word}({said}, {k})"
    yield f"{word}({said}, {k}, {_name(field.embedding)})"


def _tasks(name: str) -> Iterator[str]:
    yield name
    yield f"`{name}`"
    yield f"manual({_name(name)})"


def _by(node: Labelled) -> str:
    return "" if node.actor is None else f" by {_value(node.actor)}"


def _name(name: str) -> str:
    return name if SIMPLE.fullmatch(name) else quoted(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if SIMPLE.fullmatch(value) else quoted(value)
    return repr(value)
