"""JSON as the standard has it: no key twice, no NaN, no infinity, no lone surrogate."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any


class NotJson(ValueError):
    """What is wrong with a text that should be JSON, in a few words."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


def _quickly(text: str) -> dict[str, Any] | None:
    """Parse an object of plain values in half the time, or return None to have it looked at.

    Each member of an object has a colon of its own: if there are no more colons in the text than
    keys in the result, no key stood twice.
    """
    if text[:1] != "{" or "[" in text or text.find("{", 1) > 0:
        return None  # nested, it seems
    if "NaN" in text or "Infinity" in text or _may_lack_a_half(text):
        return None
    try:
        value, end = SCAN(text, 0)
    except (ValueError, RecursionError, StopIteration):
        return None
    if end != len(text) or type(value) is not dict or text.count(":") != len(value):
        return None
    found = value.values()
    if math.inf in found or -math.inf in found or not PLAIN.issuperset(map(type, found)):
        return None
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise NotJson(f"the key {twice!r} stands twice")
    return found


def _constant(name: str) -> Any:
    raise NotJson(f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJson(f"the number {text:.40} is too large")
    return number


DEEPEST = 200
# The scanner itself: json.loads spends a third of its time on its way there.
SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
PLAIN = {str, int, float, bool, type(None)}
HIGH, LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F]"
# One half of a character beyond the basic plane without the other.
HALF = re.compile(rf"{HIGH}(?!{LOW})|(?<!\\u[dD][89abAB][0-9a-fA-F][0-9a-fA-F]){LOW}")


def _may_lack_a_half(text: str) -> bool:
    """Return whether an escape may stand for a lone surrogate: False is certain."""
    # Behind an escaped backslash a u is a letter.
    return "\\u" in text and ("\\\\u" in text or HALF.search(text) is not None)


PIECE = 2**20  # characters whose brackets are counted at a time


def _depth(text: str) -> int:
    r"""Return how deeply brackets are nested, those inside strings left out.

    >>> _depth('[{"a": "]]\\"[[["}, []]')
    2
    """
    import numpy as np

    is_sign = np.zeros(256, np.bool_)
    is_sign[list(b'"\\[]{}')] = True
    first = quotes = depth = deepest = 0
    while first < len(text):
        last = min(first + PIECE, len(text))
        while last < len(text) and text[last - 1] == "\\":
            last += 1  # with what is escaped
        content = np.frombuffer(text[first:last].encode("utf-8", "surrogatepass"), np.uint8)
        first = last
        at = np.flatnonzero(is_sign[content])
        if not len(at):
            continue
        sign = content[at]
        slash = sign == ord("\\")
        follows = np.diff(at, prepend=-2) == 1
        # Of a run of backslashes the odd ones escape what follows.
        place = np.arange(len(at))
        begins = slash & ~(follows & np.roll(slash, 1))
        length = place - np.maximum.accumulate(np.where(begins, place, 0)) + 1
        escaped = follows & np.roll(slash & (length % 2 == 1), 1)
        counted = np.cumsum((sign == ord('"')) & ~escaped) + quotes
        step = np.isin(sign, list(b"[{")).astype(np.int64) - np.isin(sign, list(b"]}"))
        depths = np.cumsum(step * (counted % 2 == 0)) + depth
        quotes, depth = int(counted[-1]), int(depths[-1])
        deepest = max(deepest, int(depths.max()))
    return deepest


DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)


def loads(text: str) -> Any:
    """Parse strictly.

    Raises
    ------
    NotJson
        Saying what is wrong.

    >>> loads('{"a": 1}')
    {'a': 1}
    """
    quick = _quickly(text)
    if quick is not None:
        return quick
    if text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST:
        # Before the parser's own limit, which leaves Python 3.11 with a wrong recursion count.
        raise NotJson(f"it is nested too deeply; {DEEPEST} levels are allowed")
    try:
        value = DECODER.decode(text)
    except NotJson:
        raise
    except json.JSONDecodeError as error:
        raise NotJson(f"not valid JSON: {error.msg} (column {error.colno})", error.pos) from error
    except ValueError as error:
        # Python's limit on the digits of an integer.
        raise NotJson("a number has too many digits") from error
    # Lone surrogates come from escapes only: the bytes around them were valid UTF-8.
    if _may_lack_a_half(text):
        found = surrogate(value)
        if found is not None:
            raise NotJson(f"{found!r:.60} holds a lone surrogate")
    return value


def surrogate(value: Any) -> str | None:
    """Return a string that is no text, if there is one."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value
        return None
    parts = value if isinstance(value, list) else []
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    return next((found for part in parts if (found := surrogate(part)) is not None), None)
