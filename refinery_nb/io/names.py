"""The column names of exports: refinery's, so that its users' scripts go on working."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

MANUAL = "MANUAL"
WEAK = "WEAK_SUPERVISION"
HEURISTIC = "INFORMATION_SOURCE"
# ``people`` and ``people_spans``: what each person says, an object by name.
What = Literal["label", "confidence", "spans", "people", "people_spans"]
PEOPLE: tuple[What, ...] = ("people", "people_spans")
# How "reviewed, none" is written where a label's name would stand. No label may be called so.
NONE = "__none__"
# Refinery writes the confidence of a classification in another way in its own exports.
OTHER_CONFIDENCE = f"{WEAK}_CONFIDENCE"


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """What a label column holds.

    ``attribute`` is None for a task on the whole record; ``name`` is the heuristic's.
    """

    attribute: str | None
    task: str
    source: str
    name: str | None = None
    what: What = "label"


def column_name(column: LabelColumn) -> str:
    """Return the name of a label column.

    >>> column_name(LabelColumn("headline", "topic", "WEAK_SUPERVISION", what="confidence"))
    'headline__topic__WEAK_SUPERVISION__confidence'
    """
    parts = [column.attribute or "", column.task, column.source]
    if column.name is not None:
        parts.append(column.name)
    if column.what != "label":
        parts.append(column.what)
    return "__".join(parts)


def parse_column(name: str, attributes: Collection[str]) -> LabelColumn | None:
    """Return what a column holds, or None for an ordinary field.

    Parameters
    ----------
    attributes
        The names of the attributes: only ``attribute__...`` and ``__...`` are label columns.

    >>> parse_column("text__topic__MANUAL", ["text"]).task
    'topic'
    >>> parse_column("text__x", []) is None
    True
    """
    for attribute in ["", *sorted(attributes, key=len, reverse=True)]:
        if not name.startswith(f"{attribute}__"):
            continue
        task, *rest = name[len(attribute) + 2 :].split("__")
        about = attribute or None
        if not task:
            return None
        if not rest:
            return LabelColumn(about, task, MANUAL)
        source, *more = rest
        if source == OTHER_CONFIDENCE and not more:
            return LabelColumn(about, task, WEAK, what="confidence")
        what: What = "label"
        # A heuristic may be called "spans": its name comes first.
        if source == MANUAL and len(more) == 1 and more[0] in PEOPLE:
            return LabelColumn(about, task, MANUAL, what=PEOPLE[PEOPLE.index(more[0])])
        if len(more) > (source == HEURISTIC) and more[-1] in ("confidence", "spans"):
            what = "confidence" if more.pop() == "confidence" else "spans"
        if source in (MANUAL, WEAK) and not more:
            return LabelColumn(about, task, source, what=what)
        if source == HEURISTIC and more:
            return LabelColumn(about, task, source, "__".join(more), what)
        return None
    return None
