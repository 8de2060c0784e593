"""A rule while labeling: the forms that a selected text may take, and what each would hit.

Every form is counted by the very heuristic that it would become, so that nothing is promised that
the rule does not do.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import HeuristicError, SchemaError
from refinery_nb.core.votes import Gold
from refinery_nb.heuristics import Batch, Heuristic, Lookup, Regex
from refinery_nb.project.records import frames
from refinery_nb.project.rules import rules
from refinery_nb.store import records, schema
from refinery_nb.suggest.forms import DIGITS, shape_pattern, word_shape

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

LONGEST = 200  # characters of a selection
SECONDS = 0.7  # of counting; what is left uncounted is said
CHUNK = 2_000
MOST_REVIEWED = 20_000  # looked at first, so that support is complete
SNIPPETS = 3
AROUND = 40  # characters beside a hit
DIGIT = re.compile(r"\d")

Make = Callable[[str, str, str | None], Heuristic]  # label, name, on


@dataclass(frozen=True, slots=True)
class RuleForm:
    """One form that a selection may take as a rule.

    Attributes
    ----------
    id
        ``exact``, ``folded``, ``plural``, ``digits`` or ``shape``.
    rule
        The term, or the pattern.
    make
        Makes the heuristic.
    may_hit
        Says quickly of a text and of its folded form that the rule may hit it.
    term
        The term of a lookup; None for a pattern.
    """

    id: str
    rule: str
    make: Make
    may_hit: Callable[[str, str], bool]
    term: str | None = None


@dataclass(slots=True)
class _Count:
    """What a form was seen to hit."""

    records: int = 0
    reviewed: int = 0  # votes on reviewed records
    agree: dict[int, int] = field(default_factory=dict)
    snippets: list[dict[str, str]] = field(default_factory=list)


def forms_of(text: str) -> list[RuleForm]:
    r"""Return the forms of a selected text, the narrowest first.

    Raises
    ------
    HeuristicError
        If nothing, or too much, is selected.

    >>> [(form.id, form.rule) for form in forms_of("3-2")]
    [('exact', '3-2'), ('digits', '\\b\\d+-\\d+\\b')]
    >>> [(form.id, form.rule) for form in forms_of("leaks")]
    [('exact', 'leaks'), ('folded', 'leaks'), ('plural', 'leak')]
    """
    term = text.strip()
    if not term:
        raise HeuristicError("nothing is selected.", hint="Select a word first.")
    if len(term) > LONGEST:
        raise HeuristicError(
            f"{len(term)} characters are selected; a rule is made of at most {LONGEST}."
        )
    folded = term.casefold()
    found = [RuleForm("exact", term, _lookup(term, case=True), lambda t, _: term in t, term)]
    if term.lower() != term.upper():  # without letters there is no case
        found.append(RuleForm("folded", folded, _lookup(folded), lambda _, f: folded in f, folded))
    lemma = _singular(folded)
    if lemma[-1:].isalpha() and len(lemma) > 2:
        stem = lemma.removesuffix("y")  # in the lemma and in its plurals
        found.append(
            RuleForm(
                "plural",
                lemma,
                _lookup(lemma, plural=True),
                lambda _, f: stem in f,
                lemma,
            )
        )
    # Not folded: a pattern that ignores case does not take "ss" for a sharp s.
    if _digit(term):
        pattern = shape_pattern(DIGITS.sub("0", term))
        found.append(
            RuleForm("digits", pattern, _regex(pattern, case=False), lambda t, _: _digit(t))
        )
    looks = word_shape(term)
    if looks is not None and all(form.rule != looks for form in found):
        found.append(RuleForm("shape", looks, _regex(looks, case=True), lambda *_: True))
    return found


def hits(task: Task, attribute: str, text: str, *, seconds: float = SECONDS) -> dict[str, Any]:
    """Return what each form of a selected text would hit, as plain JSON.

    Counting ends after ``seconds``; then ``looked_at`` is less than ``total``, and every count
    means "at least". Reviewed records are looked at first.
    """
    _check(task, attribute)
    options = forms_of(text)
    rules_ = [one.make(task.labels[0], one.id, attribute) for one in options]
    reference, _ = frames.gold_columns(task)
    with task.project.database.read() as connection:
        ids = records.all_ids(connection)
    first = np.intersect1d(reference.reviewed, ids, assume_unique=True)[:MOST_REVIEWED]
    order = np.concatenate([first, np.setdiff1d(ids, first, assume_unique=True)])
    counts = [_Count() for _ in options]
    valid = _valid(reference)
    reviewed = set(first.tolist())
    looked_at, end = 0, time.monotonic() + seconds
    for chunk in _chunks(task, attribute, order):
        folded = [(record, key, value, value.casefold()) for record, key, value in chunk]
        for one, rule, count in zip(options, rules_, counts, strict=True):
            rows = [row[:3] for row in folded if one.may_hit(row[2], row[3])]
            _add(task, attribute, rule, rows, count, valid, reviewed)
        looked_at += len(chunk)
        if time.monotonic() > end:
            break
    return {
        "total": len(ids),
        "looked_at": min(len(ids), looked_at),
        "forms": [
            {
                "id": one.id,
                "rule": one.rule,
                "records": count.records,
                "reviewed": count.reviewed,
                "agree": {str(label): number for label, number in count.agree.items()},
                "snippets": count.snippets,
            }
            for one, count in zip(options, counts, strict=True)
        ],
    }


def make(task: Task, attribute: str, text: str, form: str, label: str) -> dict[str, Any]:
    """Make a rule of one form of a selected text, and run it.

    A term joins the lookup that was made for its label in the same way, if there is one.

    Returns
    -------
    dict
        ``heuristic`` (its name), ``added`` (whether it is new), ``state``, ``votes``, ``message``.
    """
    _check(task, attribute)
    chosen = next((one for one in forms_of(text) if one.id == form), None)
    if chosen is None:
        raise HeuristicError(f"{text!r:.80} has no form {form!r:.80}.")
    name = task.schema.label(label).name
    on = attribute if task.schema.on is None else None
    known = {row.name: row for row in rules.rows(task)}
    if chosen.term is None:
        rule = chosen.make(name, _free(_named(chosen.rule), known), on)
        same = [row for row in known.values() if _same(row.spec, rule.spec())]
        rule = chosen.make(name, same[0].name, on) if same else rule
    else:
        fresh = chosen.make(name, "", on).spec()
        mates = [row for row in known.values() if _same(row.spec, fresh, but="terms")]
        suffix = {"exact": " (exact)", "plural": " (plurals)"}.get(form, "")
        own = mates[0].name if mates else _free(f"lookup:{name}{suffix}", known)
        terms = [*(mates[0].spec["terms"] if mates else []), chosen.term]
        rule = Lookup.from_spec(fresh | {"name": own, "terms": terms})
    before = {row.name: row.hash for row in known.values()}
    rules.add(task, rule)
    told = rules.run(task, [rule.name], progress=False).iloc[0]
    with task.project.database.read():
        votes = len(task.project.columns.of_task(task.schema, enabled_only=False)[rule.name])
    return {
        "heuristic": rule.name,
        "added": before.get(rule.name) != rule.fingerprint,
        "state": str(told["state"]),
        "votes": votes,
        "message": str(told["message"]),
    }


def _add(
    task: Task,
    attribute: str,
    rule: Heuristic,
    rows: list[tuple[int, str, str]],
    count: _Count,
    valid: dict[int, set[tuple[int, ...]]],
    reviewed: set[int],
) -> None:
    if not rows:
        return
    spans = task.schema.is_spans
    batch = Batch(
        [{attribute: value} for _, _, value in rows], task.labels, spans=spans, on=attribute
    )
    ballot = rule.vote(batch)
    offsets = list(zip(ballot.start, ballot.end, strict=True)) if spans else []
    count.records += len(set(ballot.at))
    for number, at in enumerate(ballot.at):
        record, key, value = rows[at]
        if record in reviewed:
            count.reviewed += 1
            for label, *place in valid.get(record, ()):
                if not spans or tuple(place) == offsets[number]:
                    count.agree[label] = count.agree.get(label, 0) + 1
        if len(count.snippets) < SNIPPETS and all(one["key"] != key for one in count.snippets):
            start, end = offsets[number] if spans else _where(rule, value)
            count.snippets.append(_snippet(key, value, start, end))


def _chunks(
    task: Task, attribute: str, ids: NDArray[np.int64]
) -> Iterator[list[tuple[int, str, str]]]:
    with task.project.database.read() as connection:
        chosen = [one for one in schema.attributes(connection) if one.name == attribute]
        for first in range(0, len(ids), CHUNK):
            page = ids[first : first + CHUNK].tolist()
            yield [
                (record, key, values[0]) if isinstance(values[0], str) else (record, key, "")
                for record, key, values in records.values(connection, chosen, page)
            ]


def _check(task: Task, attribute: str) -> None:
    known = task.project.attribute(attribute)
    if not known.type.is_string:
        raise SchemaError(f"{attribute!r} is no text; rules look at texts.")
    if task.schema.on not in (None, attribute):
        raise SchemaError(f"the task {task.name!r} is about {task.schema.on!r}, not {attribute!r}.")


def _valid(reference: Gold) -> dict[int, set[tuple[int, ...]]]:
    votes = reference.votes
    columns = [votes.label.tolist()]
    if votes.start is not None and votes.end is not None:
        columns += [votes.start.tolist(), votes.end.tolist()]
    found: dict[int, set[tuple[int, ...]]] = {}
    for record, *rest in zip(votes.record.tolist(), *columns, strict=True):
        found.setdefault(record, set()).add(tuple(rest))
    return found


def _where(rule: Heuristic, value: str) -> tuple[int, int]:
    """Return where a rule hits a text, for a snippet."""
    try:
        ballot = rule.vote(Batch([{"text": value}], [rule.label], spans=True, on="text"))  # type: ignore[attr-defined]
    except HeuristicError:
        return 0, 0  # the rule names an attribute
    return (ballot.start[0], ballot.end[0]) if len(ballot.start) else (0, 0)


def _snippet(key: str, value: str, start: int, end: int) -> dict[str, str]:
    before, after = value[max(0, start - AROUND) : start], value[end : end + AROUND]
    return {
        "key": key,
        "before": ("…" if start > AROUND else "") + before,
        "hit": value[start:end],
        "after": after + ("…" if end + AROUND < len(value) else ""),
    }


def _lookup(term: str, *, case: bool = False, plural: bool = False) -> Make:
    return lambda label, name, on: Lookup(
        label, [term], name or "new", case=case, plural=plural, on=on
    )


def _regex(pattern: str, *, case: bool) -> Make:
    return lambda label, name, on: Regex(label, pattern, name, case=case, on=on)


def _singular(word: str) -> str:
    """Return a simple English singular: the lemma as far as that goes."""
    if not word.isalpha() or len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ses", "xes", "zes", "ches", "shes")) else word[:-1]


def _digit(text: str) -> bool:
    return DIGIT.search(text) is not None


def _same(spec: dict[str, Any], other: dict[str, Any], *, but: str = "") -> bool:
    """Say whether two specs differ in nothing but their names, and in what is named."""
    keys = (set(spec) | set(other)) - {"name", but}
    return bool(set(spec) == set(other)) and all(spec[key] == other[key] for key in keys)


def _named(pattern: str) -> str:
    return f"regex:{''.join(char for char in pattern if char.isprintable())}"[:80]


def _free(wanted: str, known: Collection[str]) -> str:
    """Return a name that no heuristic has."""
    name, number = wanted, 1
    while name in known:
        number += 1
        name = f"{wanted} ({number})"
    return name
