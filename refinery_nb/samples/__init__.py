"""The sample data that comes with the package: 600 customer messages, and the guides."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean

NAMES = ("01_first_labels.ipynb", "messages.jsonl", "messages_gold.jsonl")
QUESTIONS = ("topic", "urgency", "spans")


def path(name: str) -> Path:
    """Return where a file of the sample data lies on this machine.

    Parameters
    ----------
    name
        ``messages.jsonl`` (id, text, channel, received, stars), ``messages_gold.jsonl`` (id,
        topic, urgency, spans as ``[start, end, kind]`` in code points) or the notebook
        ``01_first_labels.ipynb``.

    Raises
    ------
    InputError
        If there is no such file.

    >>> path("messages.jsonl").name
    'messages.jsonl'
    """
    if name not in NAMES:
        raise InputError(f"There is no sample file {name!r}.", hint=did_you_mean(name, NAMES))
    with as_file(files("refinery_nb.samples") / name) as found:
        if found.exists():
            return found
    # In a source checkout the guides stand in notebooks/; the wheel has them here.
    return Path(__file__).parents[2] / "notebooks" / name


def gold(question: str) -> dict[str, Any]:
    """Return the right answers to a question about the sample messages, by key.

    Parameters
    ----------
    question
        ``topic``, ``urgency`` (labels) or ``spans`` (lists of ``(start, end, label)`` in code
        points): as ``task.label_many`` takes them.

    Raises
    ------
    InputError
        If there is no such question.

    >>> gold("topic")["m0001"], gold("spans")["m0001"]
    ('Billing', [(24, 32, 'ORDER')])
    """
    if question not in QUESTIONS:
        raise InputError(
            f"The sample has no answers to {question!r}.", hint=did_you_mean(question, QUESTIONS)
        )
    lines = path("messages_gold.jsonl").read_text(encoding="utf-8").splitlines()
    answers = {row["id"]: row[question] for row in map(json.loads, lines)}
    if question == "spans":
        return {key: [tuple(span) for span in spans] for key, spans in answers.items()}
    return answers
