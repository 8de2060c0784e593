r"""Forms of rules: terms and patterns that a text gives rise to.

Every pattern is searched in time linear in the text: a repetition is never inside another, and two
that follow each other share no character, so that nothing is tried twice.

>>> sorted(key.text for key in read("In 1999, twice", ("pattern",)) if key.kind == "digits")
['0', 'in 0']
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["keyword", "ngram", "pattern"]
KINDS: tuple[Kind, ...] = ("keyword", "ngram", "pattern")

WORD = re.compile(r"\w+")
CHUNK = re.compile(r"\S*\d\S*")
DIGITS = re.compile(r"\d+")
SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")
AROUND = ".,;:!?()[]{}<>\"'`“”‘’…*_"
LONGEST_WORD = 40
LONGEST_SHAPE = 24
MOST_WORDS = 3
PREFIXES = (5, 6, 7)


class Key(NamedTuple):
    """What a text may have: a term, a beginning, a prefix, a stem with its plural, a shape.

    ``text`` is folded; in a shape of digits every run of digits is a single 0.
    """

    kind: Literal["term", "starts", "prefix", "plural", "digits"]
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A rule without its label.

    Attributes
    ----------
    kind
        ``keyword`` (one word), ``ngram`` (two or three), or ``pattern``.
    text
        The term, or the regular expression; upper and lower case are the same.
    needles
        Folded texts of which at least one is in every text that the form matches; empty: a digit
        is.
    group
        Which group of the expression is the span.
    """

    kind: Kind
    text: str
    needles: tuple[str, ...]
    group: int = 0

    @property
    def pattern(self) -> str:
        """The regular expression that matches what the form does."""
        if self.kind == "pattern":
            return self.text
        left = r"(?<!\w)" if _is_word(self.text[0]) else ""
        right = r"(?!\w)" if _is_word(self.text[-1]) else ""
        return left + escaped(self.text) + right

    def compiled(self) -> re.Pattern[str]:
        """Return the compiled expression."""
        return re.compile(self.pattern, re.IGNORECASE)


def escaped(text: str) -> str:
    r"""Return a pattern for this text; spaces stay readable.

    >>> escaped("c++ (new)")
    'c\\+\\+ \\(new\\)'
    """
    return SPECIAL.sub(r"\\\1", text)


def read(text: str, kinds: Collection[str]) -> set[Key]:
    """Return all keys of a text."""
    folded = text.casefold()
    found: set[Key] = set()
    words = [(match.start(), match.end()) for match in WORD.finditer(folded)]
    if "keyword" in kinds or "ngram" in kinds:
        lengths = range(1 if "keyword" in kinds else 2, 4 if "ngram" in kinds else 2)
        found.update(Key("term", term) for term in _grams(folded, words, lengths))
    if "pattern" in kinds:
        found.update(
            Key("starts", term) for term in _grams(folded, words, range(1, 4), starts=range(1))
        )
        for start, end in words:
            found.update(_word_keys(folded[start:end]))
        found.update(Key("digits", shape) for shape in _shapes(folded))
    return found


def variants(key: Key, text: str) -> set[str]:
    """Return the words of a text that a prefix or plural stands for."""
    words = set(WORD.findall(text.casefold()))
    if key.kind == "prefix":
        return {word for word in words if word.startswith(key.text)}
    return words & set(_plural_words(key.text))


def form(key: Key) -> Form:
    r"""Return the form of a key.

    >>> form(Key("digits", "0-0")).text, form(Key("plural", "city")).text
    ('\\b\\d+-\\d+\\b', '\\bcit(?:y|ies)\\b')
    """
    text = key.text
    if key.kind == "term":
        kind: Kind = "ngram" if " " in text else "keyword"
        return Form(kind, text, (text,))
    if key.kind == "starts":
        return Form("pattern", rf"\A\W*{escaped(text)}\b", (text,))
    if key.kind == "prefix":
        return Form("pattern", rf"\b{escaped(text)}\w*", (text,))
    if key.kind == "plural":
        if text.endswith("y") and text[-2:-1] not in "aeiou":
            stem = escaped(text[:-1])
            return Form("pattern", rf"\b{stem}(?:y|ies)\b", tuple(_plural_words(text)))
        ending = "(?:es)?" if text.endswith(("s", "x", "z", "ch", "sh")) else "s?"
        return Form("pattern", rf"\b{escaped(text)}{ending}\b", (text,))
    return Form("pattern", shape_pattern(text), ())


def shape(text: str) -> str:
    """Return a folded text in which every run of digits is a single 0.

    >>> shape("$1,200")
    '$0,0'
    """
    return DIGITS.sub("0", text.casefold())


def shape_pattern(text: str) -> str:
    r"""Return the pattern of a shape, with word boundaries where it begins or ends in a word.

    >>> shape_pattern("$0,0")
    '\\$\\d+,\\d+\\b'
    """
    left = r"\b" if _is_word(text[0]) else ""
    right = r"\b" if _is_word(text[-1]) else ""
    return left + escaped(text).replace("0", r"\d+") + right


def word_shape(text: str) -> str | None:
    r"""Return the pattern of what a short text of letters and digits looks like; None: nothing.

    >>> word_shape("A-2231"), word_shape("plain")
    ('\\b[A-Z]-\\d+\\b', None)
    """
    if len(text) > LONGEST_SHAPE or not text.isascii() or text in (text.lower(), ""):
        return None
    parts = []
    for match in re.finditer(r"[A-Z]+|[a-z]+|\d+|.", text, re.DOTALL):
        run = match.group()
        if run.isdigit():
            parts.append(r"\d+")
        elif run.islower():
            parts.append("[a-z]+")
        elif run.isupper():
            parts.append("[A-Z]" if len(run) == 1 else "[A-Z]+")
        else:
            parts.append(escaped(run))
    if len(parts) < 3:
        return None  # any capitalised word
    left = r"\b" if _is_word(text[0]) else ""
    right = r"\b" if _is_word(text[-1]) else ""
    return left + "".join(parts) + right


def counted(texts: Mapping[int, list[str]], kinds: Collection[str]) -> dict[Key, list[int]]:
    """Return in which documents each key is; prefixes and plurals only if words differ."""
    found: dict[Key, list[int]] = {}
    words: dict[Key, set[str]] = {}
    for document, parts in texts.items():
        keys: set[Key] = set()
        for part in parts:
            for key in read(part, kinds):
                keys.add(key)
                if key.kind in ("prefix", "plural") and len(words.get(key, ())) < 2:
                    words.setdefault(key, set()).update(variants(key, part))
        for key in keys:
            found.setdefault(key, []).append(document)
    return {
        key: documents
        for key, documents in found.items()
        if len(documents) > 1 and (key not in words or len(words[key]) > 1)
    }


def _grams(
    folded: str, words: list[tuple[int, int]], lengths: range, *, starts: range | None = None
) -> Iterator[str]:
    """Yield terms of so many words with one space between them."""
    for first in starts if starts is not None else range(len(words)):
        if first >= len(words):
            return
        start, end = words[first]
        for count in range(1, MOST_WORDS + 1):
            if count > 1:
                last = first + count - 1
                if last >= len(words) or folded[end : words[last][0]] != " ":
                    break
                end = words[last][1]
            term = folded[start:end]
            if len(term) > LONGEST_WORD * count:
                break
            if count in lengths and any(char.isalpha() for char in term):
                yield term


def _word_keys(word: str) -> Iterator[Key]:
    if not word.isalpha() or len(word) > LONGEST_WORD:
        return
    for length in PREFIXES:
        if len(word) > length + 1:
            yield Key("prefix", word[:length])
    if len(word) < 3:
        return
    yield Key("plural", word)
    if word.endswith("ies"):
        yield Key("plural", word[:-3] + "y")
    elif word.endswith(("ses", "xes", "zes", "ches", "shes")):
        yield Key("plural", word[:-2])
    if word.endswith("s") and not word.endswith("ss"):
        yield Key("plural", word[:-1])


def _plural_words(stem: str) -> list[str]:
    if stem.endswith("y") and stem[-2:-1] not in "aeiou":
        return [stem, stem[:-1] + "ies"]
    return [stem, stem + ("es" if stem.endswith(("s", "x", "z", "ch", "sh")) else "s")]


def _shapes(folded: str) -> Iterator[str]:
    """Yield the shapes of chunks with digits, alone and with the word before or after."""
    for match in CHUNK.finditer(folded):
        chunk = match.group()
        inner = chunk.strip(AROUND)
        found = shape(inner)
        if not found or len(found) > LONGEST_SHAPE:
            continue
        yield found
        before = re.search(r"(?<!\w)(\w+) \Z", folded[max(0, match.start() - 42) : match.start()])
        if before is not None and chunk.startswith(inner) and before.group(1).isalpha():
            yield f"{before.group(1)} {found}"
        after = re.match(r" (\w+)", folded[match.end() : match.end() + 42])
        if after is not None and chunk.endswith(inner) and after.group(1).isalpha():
            yield f"{found} {after.group(1)}"


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
