"""The two shapes that most bricks have: spans by one pattern, a label by words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from refinery_nb.heuristics.bricks.brick import Brick, Example
from refinery_nb.heuristics.bricks.parameter import Parameter

PATTERN = """
import re

# Repeats have a bound everywhere: a long text of one character costs no more than another.
PATTERN = re.compile(
{lines}
    {flags}
)


def {name}(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(), match.end()
"""

PHRASES = r"""
import re

ANY = "|".join(re.escape(one) for one in WORDS).replace("\\ ", r"\s{1,9}") or "(?!)"
PATTERN = re.compile(rf"(?<!\w)(?:{ANY})(?!\w)", re.IGNORECASE)


def {name}(record):
    text = (record[ON] or "").replace("’", "'")
{found}
    return LABEL if len(found) >= LEAST else None
"""


def label(default: str, description: str = "what to vote", name: str = "label") -> Parameter:
    """Return the parameter for a label."""
    return Parameter(name, "label", default, description)


def examples(*rows: tuple[Any, ...]) -> tuple[Example, ...]:
    """Return examples from (text, expected) or (text, expected, parameters)."""
    return tuple(Example(row[0], row[1], *(row[2:] or ({},))) for row in rows)


def pattern(
    name: str,
    group: str,
    description: str,
    lines: Sequence[str],
    default: str,
    tests: tuple[Example, ...],
    *,
    flags: str = "",
) -> Brick:
    """Return an extractor that finds one regular expression, given as lines that are joined."""
    body = "\n".join("    r" + (f'"{line}"' if '"' not in line else f"'{line}'") for line in lines)
    source = PATTERN.replace("{lines}", body + ("," if flags else ""))
    source = source.replace("    {flags}\n", f"    {flags},\n" if flags else "")
    return Brick(
        name,
        "extractor",
        group,
        description,
        source.replace("{name}", name),
        (label(default, "what a span is labelled"),),
        tests,
    )


def phrases(
    name: str,
    group: str,
    description: str,
    words: Sequence[str],
    default: str,
    tests: tuple[Example, ...],
    *,
    first: int = 0,
) -> Brick:
    """Return a classifier that looks for words and phrases, in the first characters or in all."""
    parameters = [
        label(default),
        Parameter("words", "words", tuple(words), "words and phrases that speak for it"),
        Parameter("least", "integer", 1, "how many must occur"),
    ]
    if first:
        what = "how many characters from the beginning are looked at"
        parameters.append(Parameter("first", "integer", first, what))
    found = "    found = PATTERN.findall(text)"
    if first:
        found = "    # No word is cut: it must begin in the part that is looked at.\n"
        found += "    found = [one for one in PATTERN.finditer(text[: FIRST + 40])"
        found += " if one.start() < FIRST]"
    source = PHRASES.replace("{found}", found)
    return Brick(
        name,
        "classifier",
        group,
        description,
        source.replace("{name}", name),
        tuple(parameters),
        tests,
    )
