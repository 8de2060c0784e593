"""Fields in words, and what they are compared with: ``stars > 3``, ``topic is unlabelled``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from refinery_nb.core.errors import QueryError
from refinery_nb.core.example import Example
from refinery_nb.core.pattern import check
from refinery_nb.core.query import (
    Among,
    And,
    AttributeField,
    Compare,
    Comparison,
    Condition,
    Conflicting,
    Field,
    Labelled,
    LengthField,
    Marked,
    Not,
    Or,
    SimilarityField,
    SliceField,
    Voted,
    WeakField,
)
from refinery_nb.core.schema import AttributeType
from refinery_nb.project.query_text.arguments import argument, by, comma, label
from refinery_nb.project.query_text.lexer import Token, number

if TYPE_CHECKING:
    from refinery_nb.project.query_text.parser import Parser

Kind = Literal["string", "number", "boolean", "json", "label", "manual", "vote", "place"]

CALLS = ("manual", "weak", "confidence", "vote", "length", "similarity", "slice")
DEFAULTED = ("weak", "confidence", "vote", "label")  # without a task: of the default one
ORDER = ("<", "<=", ">", ">=")
TEXT = ("contains", "starts", "ends", "matches")
ALLOWED: dict[Kind, tuple[str, ...]] = {
    "string": ("=", "!=", *ORDER, "in", *TEXT, "missing", "exists"),
    "number": ("=", "!=", *ORDER, "in", "missing", "exists"),
    "boolean": ("=", "!=", "missing", "exists"),
    "json": ("contains", "missing", "exists"),
    "label": ("=", "!=", "in", "missing", "exists"),
    "manual": ("=", "!=", "in", "is", "missing", "exists"),
    "vote": ("=", "!=", "in", "missing", "exists"),
    "place": ("=", "!=", *ORDER, "missing", "exists"),
}
STATES: dict[str, Callable[[str, str | None], Condition]] = {
    "labelled": lambda task, by: Labelled(task, None, by),
    "unlabelled": lambda task, by: Not(Labelled(task, None, by)),
    "none": lambda task, by: Labelled(task, None, by, True),
    "flagged": lambda task, _: Marked(task, "flag"),
    "skipped": lambda task, _: Marked(task, "skip"),
    "conflicting": lambda task, _: Conflicting(task),
}
SPELLED = {"labeled": "labelled", "unlabeled": "unlabelled"}
KINDS: dict[AttributeType, Kind] = {
    AttributeType.TEXT: "string",
    AttributeType.CATEGORY: "string",
    AttributeType.INTEGER: "number",
    AttributeType.FLOAT: "number",
    AttributeType.BOOLEAN: "boolean",
    AttributeType.JSON: "json",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared: a field of records, or what people or heuristics say of a task."""

    kind: Kind
    field: Field | None = None
    task: str = ""
    heuristic: str | None = None
    name: str = ""


def named(parser: Parser) -> Asked:
    """Take the name of an attribute or task, or of a field of the default task."""
    token = parser.take()
    name, words = token.value, parser.vocabulary
    if name in words.attributes:
        return Asked(KINDS[words.attributes[name]], AttributeField(name), name=name)
    if name in words.tasks:
        return Asked("manual", task=name)
    if name == "label":
        return Asked("manual", task=_task_of_label(parser, token))
    task = words.default_task
    if task is None:
        raise parser.error(
            f"which task is meant by {name!r}?",
            token,
            f"Write {name}(...) with one of: {', '.join(words.tasks) or 'there are none yet'}.",
        )
    return _of_task(parser, token, task)


def called(parser: Parser) -> Asked:
    """Take a field with its arguments, such as ``confidence(topic)``."""
    token = parser.take()
    opened = parser.take()
    name, words = token.value, parser.vocabulary
    if name == "length":
        attribute = argument(parser, "attribute", _texts(parser))
        if attribute.value not in _texts(parser):
            raise parser.unknown("text", attribute, _texts(parser))
        parser.close(opened)
        return Asked("place", LengthField(attribute.value))
    if name == "similarity":
        text = argument(parser, "text", ())
        embedding = words.embeddings[0] if words.embeddings else None
        if comma(parser):
            asked = argument(parser, "embedding", words.embeddings)
            if asked.value not in words.embeddings:
                raise parser.unknown("embedding", asked, words.embeddings)
            embedding = asked.value
        if embedding is None:
            raise parser.error(
                "there are no vectors to compare by.", token, "Call project.embed(...) first."
            )
        parser.close(opened)
        return Asked("place", SimilarityField(embedding, (Example(text=text.value),)))
    if name == "slice":
        chosen = argument(parser, "slice", words.slices)
        if chosen.value not in words.slices:
            raise parser.unknown("slice", chosen, words.slices)
        parser.close(opened)
        static = words.slices[chosen.value] is None
        return Asked("place", SliceField(chosen.value) if static else None, name=chosen.value)
    task = argument(parser, "task", words.tasks)
    if task.value not in words.tasks:
        raise parser.unknown("task", task, words.tasks)
    found = _of_task(parser, token, task.value)
    if comma(parser):
        found = _narrowed(parser, found, token)
    parser.close(opened)
    return found


def comparison(parser: Parser, asked: Asked) -> Condition:
    """Take an operator and a value, and return the condition."""
    parser.offer("operator", ALLOWED[asked.kind])
    token = parser.token
    operator = _operator(parser)
    if operator is None:
        return _alone(parser, asked)
    parser.take()
    negated = False
    if operator == "not":
        if not parser.is_word("in"):
            raise parser.error("after not a list is expected.", hint="Write not in (A, B).")
        parser.take()
        operator, negated = "in", True
    allowed = ALLOWED[asked.kind]
    if operator not in (*allowed, ":", "is"):
        raise parser.error(
            f"{operator!r} cannot stand here.", token, f"Allowed: {', '.join(allowed)}."
        )
    if operator in ("missing", "exists"):
        return _presence(parser, asked, exists=operator == "exists")
    if operator in (":", "is"):
        state = _state(parser, asked) if operator == "is" else None
        if state is not None:
            return state
        operator = "="
    found = _among(parser, asked) if operator == "in" else _compared(parser, asked, operator, token)
    return Not(found) if negated else found


def operators(parser: Parser, name: str) -> tuple[str, ...]:
    """Return what may follow the name of a field."""
    words = parser.vocabulary
    if name in words.attributes:
        return ALLOWED[KINDS[words.attributes[name]]]
    if name in words.tasks or name == "label":
        return ALLOWED["manual"]
    return ALLOWED["number" if name == "confidence" else "label"]


def in_slice(parser: Parser, name: str) -> Condition:
    """Return the condition of a slice: its filter, or that a record has a place in it."""
    selection = parser.vocabulary.slices[name]
    if selection is None:
        return Not(Compare(SliceField(name), "missing", None))
    return selection.condition if selection.limit is None else Among(selection)


def _of_task(parser: Parser, token: Token, task: str) -> Asked:
    name = token.value
    if name == "manual":
        return Asked("manual", task=task)
    if name == "vote":
        return Asked("vote", task=task)
    runs = parser.vocabulary.tasks[task].runs
    if not runs:
        raise parser.error(
            f"task {task!r} has no weak labels yet.", token, "Call task.supervise() first."
        )
    if name == "weak":
        return Asked("label", WeakField(task, runs[-1], "label"), task=task)
    return Asked("number", WeakField(task, runs[-1], "confidence"), task=task)


def _narrowed(parser: Parser, asked: Asked, token: Token) -> Asked:
    """Take the second argument: a heuristic, or the number of a run."""
    known = parser.vocabulary.tasks[asked.task]
    if asked.kind == "vote":
        chosen = argument(parser, "heuristic", known.heuristics)
        if chosen.value not in known.heuristics:
            raise parser.unknown("heuristic", chosen, known.heuristics)
        return replace(asked, heuristic=chosen.value)
    if not isinstance(asked.field, WeakField):
        raise parser.error(f"{token.value} takes a task only.", hint="Write by and a person after.")
    chosen = argument(parser, "run", map(str, known.runs))
    if number(chosen.value) not in known.runs:
        raise parser.unknown("run", chosen, map(str, known.runs))
    return replace(asked, field=replace(asked.field, run=int(chosen.value)))


def _texts(parser: Parser) -> list[str]:
    return [name for name, kind in parser.vocabulary.attributes.items() if kind.is_string]


def _task_of_label(parser: Parser, token: Token) -> str:
    """Return the one task that has the label which follows, or the default task."""
    words, wanted = parser.vocabulary, parser.after()
    having = [name for name, one in words.tasks.items() if wanted.value in one.labels]
    if words.default_task is not None and (not having or words.default_task in having):
        return words.default_task
    if len(having) == 1:
        return having[0]
    which = ", ".join(having or words.tasks) or "there are none yet"
    raise parser.error("which task is meant?", token, f"Write manual(...) with one of: {which}.")


def _operator(parser: Parser) -> str | None:
    token = parser.token
    if token.kind == "op":
        return token.value
    words = ("in", "is", "not", *TEXT, "missing", "exists")
    if token.kind == "word" and token.value.lower() in words:
        word = token.value.lower()
        following = parser.after()
        if word == "not" and not (following.kind == "word" and following.value.lower() == "in"):
            return None
        return word
    return None


def _alone(parser: Parser, asked: Asked) -> Condition:
    """Return what a field without an operator says."""
    if asked.kind == "vote":
        return Voted(asked.task, asked.heuristic)
    if asked.name and asked.kind == "place":
        return in_slice(parser, asked.name)
    allowed = ", ".join(ALLOWED[asked.kind])
    raise parser.error("here an operator is missing.", hint=f"Allowed: {allowed}.")


def _presence(parser: Parser, asked: Asked, *, exists: bool) -> Condition:
    if asked.kind == "manual":
        found: Condition = Labelled(asked.task, None, by(parser, asked.task))
    elif asked.kind == "vote":
        found = Voted(asked.task, asked.heuristic)
    else:
        missing = Compare(_field(parser, asked), "missing", None)
        return Not(missing) if exists else missing
    return found if exists else Not(found)


def _state(parser: Parser, asked: Asked) -> Condition | None:
    """Take what a task may be: labelled, unlabelled, none, flagged, skipped, conflicting."""
    if asked.kind != "manual":
        return None
    parser.offer("state", STATES)
    negated = parser.is_word("not")
    if negated:
        parser.take()
    word = parser.token.value.lower()
    word = SPELLED.get(word, word)
    if parser.token.kind == "word" and word in STATES:
        parser.take()
        person = by(parser, asked.task) if word in ("labelled", "unlabelled", "none") else None
        found = STATES[word](asked.task, person)
    else:
        name = label(parser, asked.task)
        found = Labelled(asked.task, name, by(parser, asked.task))
    return Not(found) if negated else found


def _among(parser: Parser, asked: Asked) -> Condition:
    """Take a list of values in parentheses, or a range ``3..5``."""
    opened = parser.token
    if asked.kind in ("number", "place") and ".." in opened.value and opened.kind == "word":
        parser.take()
        low, high = (number(one) for one in opened.value.split("..", 1))
        if low is None or high is None:
            raise parser.error(f"{opened.value!r} is no range.", opened, "Write it as 3..5.")
        field = _field(parser, asked)
        return And((Compare(field, ">=", low), Compare(field, "<=", high)))
    if opened.kind != "(":
        raise parser.error("here a list is expected.", hint="Write in (A, B), or in 3..5.")
    parser.take()
    values: list[Any] = []
    while parser.token.kind != ")":
        values.append(_value(parser, asked))
        if not comma(parser):
            break
    parser.close(opened)
    if asked.kind == "manual":
        person = by(parser, asked.task)
        return Or(tuple(Labelled(asked.task, one, person) for one in values))
    if asked.kind == "vote":
        return Or(tuple(Voted(asked.task, asked.heuristic, one) for one in values))
    return Compare(_field(parser, asked), "in", tuple(values))


def _compared(parser: Parser, asked: Asked, operator: str, token: Token) -> Condition:
    value = parser.token
    said = _value(parser, asked)
    if asked.kind in ("manual", "vote"):
        found: Condition = (
            Labelled(asked.task, said, by(parser, asked.task))
            if asked.kind == "manual"
            else Voted(asked.task, asked.heuristic, said)
        )
        return Not(found) if operator == "!=" else found
    cased = operator == "matches"
    if cased:
        _check_pattern(parser, str(said), value)
    elif asked.kind in ("string", "json") and parser.is_word("cased"):
        parser.take()
        cased = True
    op: Comparison = operator  # type: ignore[assignment]
    return Compare(_field(parser, asked), op, said, cased)


def _value(parser: Parser, asked: Asked) -> Any:
    """Take a value of the kind of a field."""
    if asked.kind in ("manual", "vote", "label"):
        return label(parser, asked.task)
    if asked.kind == "boolean":
        parser.offer("value", ("true", "false"))
    elif asked.kind == "string" and asked.name and parser.at_end:
        parser.offer("value", parser.vocabulary.values(asked.name, ""))
    token = parser.token
    if token.kind == "minus" and parser.after().kind == "word":
        parser.take()
        token = Token(
            "word", f"-{parser.take().value}", token.start, parser.tokens[parser.at].start
        )
    elif token.is_text:
        parser.take()
    else:
        raise parser.error("here a value is missing.", hint="Write texts in quotes.")
    if asked.kind in ("string", "json"):
        return token.value
    if asked.kind == "boolean":
        if token.kind == "word" and token.value.lower() in ("true", "false"):
            return token.value.lower() == "true"
        raise parser.error(f"{token.value!r} is neither true nor false.", token)
    found = number(token.value) if token.kind == "word" else None
    if found is None:
        raise parser.error(f"{token.value!r} is not a number.", token, "Compare it with a number.")
    return found


def _check_pattern(parser: Parser, pattern: str, token: Token) -> None:
    try:
        check(pattern)
    except QueryError as error:
        raise parser.error(error.message, token) from error


def _field(parser: Parser, asked: Asked) -> Field:
    if asked.field is None:
        raise parser.error(
            f"the slice {asked.name!r} follows its filter: its records have no place.",
            hint="Write the slice alone.",
        )
    return asked.field
