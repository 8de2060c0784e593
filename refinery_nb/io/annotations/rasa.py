"""Rasa's training data (YAML): examples of intents, entities marked in their texts. Only written.

What Rasa would read otherwise than it was meant (brackets in a text that look like a mark, for
example) is left out and told: its markup has no way to escape them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.span import Span
from refinery_nb.io.annotations.said import Chunks, Layout, LeftOut
from refinery_nb.io.reading import Column

# Rasa turns these back into what they stand for.
ESCAPES = str.maketrans({"\b": "\\b", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\t": "\\t"})
ESCAPED = re.compile(r"\\[bnfrt]")
MARK = re.compile(r"\[([^\]]+)\](?:\(([^:)]+)(?::[^)]+)?\)|(\{[^}]+\})|\[.*?\])")
PLAIN_LABEL = re.compile(r"[^:()\[\]{}\"\\]+")
# What a YAML text may not hold as it is.
UNPRINTABLE = re.compile(
    "[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    text: str | None = None,
    version: str = "3.1",
) -> list[LeftOut]:
    """Write the labelled records as examples, by intent; entities are the spans of a record.

    Raises
    ------
    InputError
        If there is no task with labels, which are the intents.
    """
    layout = Layout(columns, tasks)
    classes, spans = layout.one_of_each("Rasa")
    if classes is None:
        raise InputError("Rasa needs intents: a task with labels.", source=path.name)
    classes.task.one_answer("Rasa")
    at, _ = layout.text("Rasa", text)
    examples: dict[str, list[str]] = {}
    left_out: list[LeftOut] = []
    number = 0
    for rows in chunks:
        for row in rows:
            number += 1
            content = str(row[at] or "")
            said = classes.best(row)
            marked = None if spans is None else spans.best(row)
            if said is None or said.label is None:
                left_out.append(LeftOut(number, None, None, None, content, "it has no intent"))
                continue
            kept, lost = _flat(marked.spans if marked is not None else ())
            why = "it overlaps another"
            left_out += [
                LeftOut(number, *span, content[span.start : span.end], why) for span in lost
            ]
            example = _example(content, kept)
            if example is None:
                why = "Rasa would read its text or entities otherwise"
                left_out.append(LeftOut(number, None, None, None, content, why))
                continue
            examples.setdefault(said.label, []).append(example)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"version: {json.dumps(version)}\n\nnlu:\n" if examples else "nlu: []\n")
        for intent, of_intent in examples.items():
            file.write(f"- intent: {json.dumps(intent)}\n  examples: |\n")
            file.writelines(f"    - {one}\n" for one in of_intent)
    return left_out


def _flat(spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    kept: list[Span] = []
    lost: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end, one.label)):
        (lost if kept and span.start < kept[-1].end else kept).append(span)
    return kept, lost


def _example(text: str, spans: Sequence[Span]) -> str | None:
    """Return the line of an example, or None if reading it would give something else."""
    parts, end = [], 0
    for span in spans:
        surface = text[span.start : span.end]
        plain = PLAIN_LABEL.fullmatch(span.label)
        mark = (
            f"({span.label})" if plain else json.dumps({"entity": span.label}, ensure_ascii=False)
        )
        parts += [text[end : span.start], f"[{surface}]{mark}"]
        end = span.end
    line = "".join([*parts, text[end:]]).translate(ESCAPES)
    if ESCAPED.search(text) or UNPRINTABLE.search(line):
        return None
    return line if _read(line) == (text.strip(), _stripped(text, spans)) else None


def _stripped(text: str, spans: Sequence[Span]) -> list[tuple[Any, ...]]:
    before = len(text) - len(text.lstrip())
    return [(span.start - before, span.end - before, span.label) for span in spans]


def _read(line: str) -> tuple[str, list[tuple[Any, ...]]]:
    """Return text and entities of a line, as Rasa reads it."""
    back = {"\\b": "\b", "\\n": "\n", "\\f": "\f", "\\r": "\r", "\\t": "\t"}
    line = ESCAPED.sub(lambda found: back[found[0]], line).strip()
    parts: list[str] = []
    entities: list[tuple[Any, ...]] = []
    end = size = 0
    for found in MARK.finditer(line):
        before, surface = line[end : found.start()], found[1]
        label = found[2]
        if found[3] is not None:
            try:
                label = json.loads(found[3]).get("entity")
            except ValueError:
                label = None
        parts += [before, surface]
        size += len(before)
        entities.append((size, size + len(surface), label))
        size += len(surface)
        end = found.end()
    return "".join([*parts, line[end:]]), entities
