"""What a heuristic of a kind that is not written by hand does, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from refinery_nb.core.condition_json import from_json
from refinery_nb.core.query import Selection
from refinery_nb.project import sentence

# They say nothing to people: the name stands above, the others are hashes.
SHOWN, LONGEST = 5, 80  # examples, and characters of each
LEFT_OUT = ("kind", "name", "content", "identity")


def in_words(spec: Mapping[str, Any]) -> str:
    """Return what a spec does, in a few lines.

    >>> in_words({"kind": "annotator", "name": "x", "actor": "ben", "confidence": 1.0})
    'Votes what ben labels.'
    """
    kind = spec["kind"]
    if kind == "annotator":
        sure = spec.get("confidence", 1.0)
        return f"Votes what {spec['actor']} labels{'' if sure == 1 else f', at {sure:g}'}."
    if kind == "filter":
        view = sentence.title(Selection(from_json(spec["condition"])))
        return f"Votes {spec['label']} on the records of a view:\n{view}"
    if kind == "imported":
        return f"Votes as was said elsewhere: {spec.get('origin') or 'unknown'}."
    if kind == "lookup" and spec.get("lists"):
        names = ", ".join(map(repr, spec["lists"]))
        how = [
            "whole words" if spec.get("whole_words", True) else "parts of words too",
            *(["upper and lower case differ"] if spec.get("case") else []),
            *(["plurals too"] if spec.get("plural") else []),
        ]
        return (
            f"Votes {spec['label']} where a term of the lookup list {names} occurs "
            f"({', '.join(how)}).\nIt follows the list: project.lookups[{names}]"
        )
    if kind == "similar":
        examples = [_example(one) for one in spec["examples"][:SHOWN]]
        more = len(spec["examples"]) - SHOWN
        examples += [f"and {more:,} more"] if more > 0 else []
        by = f" by {spec['embedding']}" if spec.get("embedding") else ""
        return "\n- ".join(
            [
                f"Votes {spec['label']} from a similarity of {spec['threshold']:g} on{by} to one "
                "of its examples:",
                *examples,
            ]
        )
    rest = {name: value for name, value in spec.items() if name not in LEFT_OUT}
    return "\n".join(f"{name}: {value}" for name, value in rest.items() if value not in (None, ""))


def _example(one: Mapping[str, Any]) -> str:
    text = " ".join(str(one.get("text", one.get("said", "a vector"))).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
