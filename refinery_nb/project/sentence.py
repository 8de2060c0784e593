"""A selection in words: the title of a view."""

from __future__ import annotations

from typing import Any

from refinery_nb.core.example import Example
from refinery_nb.core.query import (
    Among,
    And,
    AttributeField,
    Commented,
    Compare,
    Condition,
    Conflicting,
    Field,
    FusedField,
    GivenField,
    Judged,
    Keys,
    Labelled,
    LengthField,
    Marked,
    Not,
    Or,
    Paired,
    QueueField,
    RandomField,
    RelevanceField,
    Selection,
    SimilarityField,
    SliceField,
    TextSearch,
    Voted,
    WeakField,
)

WORDS = {
    "=": "is",
    "!=": "is not",
    "in": "is one of",
    "contains": "contains",
    "starts": "begins with",
    "ends": "ends with",
    "matches": "matches",
}
JUDGED = {
    "right": "is right on {task}",
    "wrong": "is wrong on {task}",
    "missed": "misses a label of {task}",
    "against": "votes against {other}",
}
SHOWN = 6  # parts of a condition, or values
LONGEST = 60  # characters of a value
MARKS = {"flag": "flagged", "skip": "skipped"}
QUEUES = {
    "mixed": "those that teach most of {task} first",
    "uncertain": "least certain {task} first",
    "margin": "closest calls of {task} first",
    "entropy": "most open {task} first",
    "disagreement": "where heuristics for {task} disagree most first",
    "diverse": "least like the labelled of {task} first",
    "representative": "those that stand for most of {task} first",
    "random": "in random order",
}


def title(selection: Selection) -> str:
    """Return the condition, order and limit of a selection as one line."""
    try:
        parts = [_words(selection.condition) or "all records"]
    except RecursionError:
        parts = ["a very deep condition"]
    for field, descending in selection.order:
        if isinstance(field, RandomField):
            parts.append("in random order")
        elif isinstance(field, QueueField):
            parts.append(QUEUES[field.strategy].format(task=field.task))
        elif isinstance(field, SliceField):
            parts.append("in the order of the slice" if not descending else "from its end")
        elif isinstance(field, SimilarityField):
            parts.append(f"{'most' if descending else 'least'} like {_likeness(field)}")
        elif isinstance(field, (FusedField, RelevanceField)):
            parts.append(f"{'best' if descending else 'worst'} {_field(field)} first")
        else:
            parts.append(f"{'highest' if descending else 'lowest'} {_field(field)} first")
    if selection.limit is not None:
        parts.append(f"the first {selection.limit:,}")
    return ", ".join(parts)


def _words(node: Condition) -> str:
    if isinstance(node, (And, Or)):
        word = " and " if isinstance(node, And) else " or "
        if isinstance(node, Or) and not node.items:
            return "no record"
        if len(node.items) == 1:
            return _words(node.items[0])
        nested = [
            f"({part})" if isinstance(item, (And, Or)) and len(item.items) > 1 else part
            for item in node.items[:SHOWN]
            if (part := _words(item))
        ]
        if len(node.items) > SHOWN:
            nested.append(f"{len(node.items) - SHOWN:,} more")
        return word.join(nested)
    if isinstance(node, Not):
        if isinstance(node.item, Labelled) and node.item.label is None and not node.item.none:
            return f"{node.item.task} is unlabelled"
        inner = node.item
        if isinstance(inner, Compare) and isinstance(inner.field, SliceField):
            whole = inner.op == "missing"
            return f"in slice {inner.field.name}" if whole else f"not ({_words(inner)})"
        if _is_unranked(node.item):
            return ""  # that a record has a place in a search goes without saying
        return f"not ({_words(node.item) or 'all records'})"
    if isinstance(node, Compare):
        if node.op == "missing" and isinstance(node.field, SliceField):
            return f"not in slice {node.field.name}"
        if node.op == "missing":
            return f"{_field(node.field)} is missing"
        return f"{_field(node.field)} {WORDS.get(node.op, node.op)} {_value(node.value)}"
    if isinstance(node, Labelled):
        by = f" by {node.actor}" if node.actor else ""
        what = "reviewed, none" if node.none else node.label or "labelled"
        return f"{node.task} is {what}{by}"
    if isinstance(node, Marked):
        return f"{node.task} is {MARKS[node.mark]}"
    if isinstance(node, Voted):
        return f"{node.heuristic or 'a heuristic'} votes {node.label or f'on {node.task}'}"
    if isinstance(node, Conflicting):
        return f"heuristics for {node.task} disagree"
    if isinstance(node, Judged):
        other = node.other or "another heuristic"
        return f"{node.heuristic} {JUDGED[node.what].format(other=other, task=node.task)}"
    if isinstance(node, Paired):
        nothing = "none" if node.level == "records" else "outside"
        if node.level.startswith("label:"):
            nothing = f"not {node.level.removeprefix('label:')}"
        sides = dict.fromkeys([(node.rows, node.row), (node.columns, node.column)])
        return ", ".join(_said(source, label or nothing) for source, label in sides)
    if isinstance(node, Commented):
        return f"has a comment by {node.actor}" if node.actor else "has a comment"
    if isinstance(node, TextSearch):
        return f"text has {_value(node.text)}"
    if isinstance(node, Keys):
        return f"{len(node.keys):,} chosen records"
    if isinstance(node, Among):
        return f"among ({title(node.selection)})"
    return "a condition"


def _is_unranked(node: Condition) -> bool:
    ranks = (SimilarityField, FusedField, RelevanceField)
    return isinstance(node, Compare) and node.op == "missing" and isinstance(node.field, ranks)


def _said(source: str, label: str) -> str:
    kind, _, name = source.partition(":")
    return f"{ {'gold': 'manual', 'run': 'weak'}.get(kind, name) } {label}"


def _field(field: Field) -> str:
    if isinstance(field, AttributeField):
        return field.name
    if isinstance(field, LengthField):
        return f"length of {field.name}"
    if isinstance(field, WeakField):
        return f"weak {field.task}" if field.what == "label" else f"confidence of {field.task}"
    if isinstance(field, SimilarityField):
        return f"similarity to {_likeness(field)}"
    if isinstance(field, RelevanceField):
        return f"match for {_value(field.text)}"
    if isinstance(field, FusedField):
        asked = [one for one in field.fields if isinstance(one, RelevanceField)]
        return _field(asked[0]) if asked else " and ".join(map(_field, field.fields))
    if isinstance(field, SliceField):
        return f"place in slice {field.name}"
    if isinstance(field, GivenField):
        return field.what
    return "random number"


def _likeness(field: SimilarityField) -> str:
    unlike = f" but not {_examples(field.unlike)}" if field.unlike else ""
    return _examples(field.like) + unlike


def _examples(examples: tuple[Example, ...]) -> str:
    shown = [_example(one) for one in examples[:SHOWN]]
    more = len(examples) - SHOWN
    return " and ".join([*shown, f"{more:,} more"] if more > 0 else shown)


def _example(example: Example) -> str:
    if example.text is not None:
        return (
            f"\N{LEFT DOUBLE QUOTATION MARK}{_value(example.text)}\N{RIGHT DOUBLE QUOTATION MARK}"
        )
    if example.key is None:
        return "a vector"
    part = f"{example.start} to {example.end} of " if example.is_span else ""
    return f"{part}record {_value(example.key)}"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        more = f", {len(value) - SHOWN:,} more" if len(value) > SHOWN else ""
        return ", ".join(_value(item) for item in value[:SHOWN]) + more
    # One line, and short: this is a heading.
    text = " ".join(str(value)[: LONGEST + 1].split())
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."
