"""Where spans of a text stand after it was edited: only where their surroundings say so."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

WORDS = re.compile(r"\w+|\s+|[^\w\s]")
LARGEST = 4_000  # parts of what lies between the same beginning and the same end


def shifted(old: str, new: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int] | None]:
    """Return where each span stands in the new text; None: its characters were edited.

    A span moves if it lies in a part that is the same in both texts: the common beginning, the
    common end, or a run of words between them that an edit left (longest common runs, as difflib
    finds them). Its text is then the same; nothing is guessed by looking for that text elsewhere.

    >>> shifted("Ann met Bob.", "Yesterday Ann saw Bob.", [(0, 3), (4, 7), (8, 11)])
    [(10, 13), None, (18, 21)]
    """
    runs = _same(old, new)
    found: list[tuple[int, int] | None] = []
    for start, end in spans:
        run = next((run for run in runs if run[0] <= start and end <= run[0] + run[2]), None)
        found.append(None if run is None else (start - run[0] + run[1], end - run[0] + run[1]))
    return found


def _same(old: str, new: str) -> list[tuple[int, int, int]]:
    """Return runs that are the same: start in the old text, in the new one, length."""
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - head
    tail = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    runs = [(0, 0, head)]
    left, right = (
        WORDS.findall(old[head : len(old) - tail]),
        WORDS.findall(new[head : len(new) - tail]),
    )
    if len(left) <= LARGEST and len(right) <= LARGEST:
        matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
        starts, others = _starts(left, head), _starts(right, head)
        for block in matcher.get_matching_blocks():
            length = sum(map(len, left[block.a : block.a + block.size]))
            if length:
                runs.append((starts[block.a], others[block.b], length))
    runs.append((len(old) - tail, len(new) - tail, tail))
    return runs


def _starts(parts: Sequence[str], first: int) -> list[int]:
    starts = [first]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return starts
