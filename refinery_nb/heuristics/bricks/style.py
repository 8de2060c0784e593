"""Bricks for how a text is written: its form, its tone, its length."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label

GROUP = "style"

QUESTION = r"""
import re

# Words with which a question begins, also where its mark was forgotten.
BEGINS = re.compile(
    r"(?:who|whom|whose|what|when|where|why|how|which|is|are|was|were|do|does|did|can|could|will"
    r"|would|should|shall|may|has|have|am|wer|was|wann|wo|warum|wie|welche[rsn]?)(?!\w)",
    re.IGNORECASE,
)
STOP = re.compile(r"[.!]")


def question(record):
    text = (record[ON] or "").strip()
    if "?" in text or "？" in text or "؟" in text:
        return LABEL
    if MARK_ONLY or not BEGINS.match(text) or STOP.search(text) or len(text.split()) < 3:
        return None
    return LABEL
"""

IMPERATIVE = r"""
import re

FIRST = re.compile(
    r"(?:(?:please|now|just|then|kindly)[ ,]{1,3}){0,3}(do not|don't|never|\w{1,30})"
)


def imperative(record):
    text = (record[ON] or "").strip().lower().replace("’", "'")
    match = FIRST.match(text)
    if match is None or text.endswith("?"):
        return None
    return LABEL if match[1] in VERBS or match[1] in ("do not", "don't", "never") else None
"""

SHOUTING = r"""
def shouting(record):
    letters = [char for char in record[ON] or "" if char.isupper() or char.islower()]
    if len(letters) < LEAST_LETTERS:
        return None
    capitals = sum(char.isupper() for char in letters)
    return LABEL if capitals >= SHARE * len(letters) else None
"""

READING_EASE = r'''
import re

WORD = re.compile(r"[a-z]+(?:'[a-z]+)?", re.IGNORECASE)
SENTENCE = re.compile(r"[.!?]+(?:\s|$)")
VOWELS = re.compile(r"[aeiouy]+")


def reading_ease(record):
    """Compute Flesch's reading ease (1948) of English from words, sentences and syllables."""
    text = record[ON] or ""
    words = WORD.findall(text.lower())
    if len(words) < LEAST_WORDS:
        return None
    sentences = max(1, len(SENTENCE.findall(text)))
    syllables = 0
    for word in words:
        groups = len(VOWELS.findall(word))
        silent = word.endswith("e") and not word.endswith(("le", "ee", "ye")) and groups > 1
        syllables += max(1, groups - silent)
    ease = 206.835 - 1.015 * len(words) / sentences - 84.6 * syllables / len(words)
    if ease >= EASY_FROM:
        return EASY
    return HARD if ease < HARD_BELOW else None
'''

TEXT_LENGTH = r"""
def text_length(record):
    text = record[ON] or ""
    size = len(text.split()) if UNIT == "words" else len(text)
    if size == 0:
        return None
    if size < SHORT_BELOW:
        return LABELS.get("short")
    return LABELS.get("long" if size >= LONG_FROM else "medium")
"""

CONTAINS_DIGITS = r"""
def contains_digits(record):
    digits = sum(char.isdigit() for char in record[ON] or "")
    return LABEL if digits >= LEAST else None
"""

EXCITED = r"""
import re

MARKS = re.compile(r"[!?！？]{2}|(\w)\1{3}")


def excited(record):
    text = record[ON] or ""
    found = sum(1 for _ in MARKS.finditer(text))
    return LABEL if found >= LEAST else None
"""

STRUCTURED = r"""
import re

LINE = re.compile(r"[ \t]{0,20}(?:[-*•·–]|[0-9]{1,3}[.)])[ \t]+\S")


def bullet_list(record):
    lines = (record[ON] or "").splitlines()
    return LABEL if sum(LINE.match(line) is not None for line in lines) >= LEAST else None
"""

SOURCE_CODE = r"""
import re

SIGNS = re.compile(
    r"[;{}]\s{0,5}(?:\n|$)|\b(?:def|function|class|struct) \w{1,40}\s?[({:]"
    r"|\b(?:const|let|var|int|void|public|static) \w{1,40}\s?[=;({]"
    r"|=>|->|==|!=|&&|\|\||\w\(\w{0,30}\)|</\w|SELECT .{1,80} FROM|^\s{0,20}(?:#include|@\w)",
    re.MULTILINE,
)


def source_code(record):
    text = record[ON] or ""
    found = sum(1 for _ in SIGNS.finditer(text))
    return LABEL if found >= LEAST and found * PER_SIGN >= len(text) else None
"""

VERBS = (
    *("add", "ask", "avoid", "bring", "buy", "call", "cancel", "change", "check", "choose"),
    *("click", "close", "come", "contact", "copy", "create", "delete", "download", "enter"),
    *("explain", "fill", "find", "fix", "follow", "forward", "get", "give", "go", "help"),
    *("install", "keep", "leave", "let", "list", "look", "make", "move", "open", "order"),
    *("pay", "play", "press", "print", "put", "read", "remember", "remove", "repeat"),
    *("reply", "report", "reserve", "restart", "run", "save", "select", "send", "set", "show"),
    *("sign", "start", "stop", "take", "tell", "transfer", "try", "turn", "type", "update"),
    *("upload", "use", "visit", "wait", "write"),
)

BRICKS = (
    Brick(
        "question",
        "classifier",
        GROUP,
        "A question: a question mark, or the first word of a question and no end of a sentence.",
        QUESTION,
        (
            label("question"),
            Parameter("mark_only", "flag", False, "True: only a question mark counts"),
        ),
        examples(
            ("Where is my order?", "question"),
            ("how do i reset it", "question"),
            ("how do i reset it", None, {"mark_only": True}),
            ("What a day.", None),
            ("これは何ですか？", "question"),
            ("", None),
        ),
    ),
    Brick(
        "imperative",
        "classifier",
        GROUP,
        "A request or command: begins with a verb such as send, show, call, or with don't.",
        IMPERATIVE,
        (label("request"), Parameter("verbs", "words", VERBS, "verbs that a command begins with")),
        examples(
            ("Please send me the invoice.", "request"),
            ("Don’t call me", "request"),
            ("Show flights to Rome", "request"),
            ("Sending takes a week.", None),
            ("Call me?", None),
            ("💩 send", None),
        ),
    ),
    Brick(
        "shouting",
        "classifier",
        GROUP,
        "Written in capitals (uppercase).",
        SHOUTING,
        (
            label("shouting"),
            Parameter("share", "number", 0.7, "share of the letters that must be capitals"),
            Parameter("least_letters", "integer", 8, "shorter texts are left out"),
        ),
        examples(
            ("WHERE IS MY PARCEL", "shouting"),
            ("ГДЕ МОЙ ЗАКАЗ", "shouting"),
            ("The USA and NATO", None),
            ("OK", None),
            ("这是一个很长的句子没有大小写", None),
            ("", None),
        ),
    ),
    Brick(
        "reading_ease",
        "classifier",
        GROUP,
        "Readability of English by Flesch's formula: easy from 70, hard below 40.",
        READING_EASE,
        (
            label("easy", "what to vote for an easy text", "easy"),
            label("hard", "what to vote for a hard one", "hard"),
            Parameter("easy_from", "number", 70.0, "reading ease of an easy text"),
            Parameter("hard_below", "number", 40.0, "reading ease of a hard text"),
            Parameter("least_words", "integer", 5, "shorter texts are left out"),
        ),
        examples(
            ("The cat sat on the mat. It was warm.", "easy"),
            (
                "Institutional heterogeneity necessitates comprehensive methodological "
                "considerations regarding organizational interoperability.",
                "hard",
            ),
            ("Too short.", None),
            ("", None),
            ("Это предложение написано не на английском языке.", None),
        ),
    ),
    Brick(
        "text_length",
        "classifier",
        GROUP,
        "Short, medium or long, in words or characters.",
        TEXT_LENGTH,
        (
            Parameter(
                "labels",
                "labels",
                {"short": "short", "medium": "medium", "long": "long"},
                "what to vote for each length; None abstains",
                ("short", "medium", "long"),
            ),
            Parameter("short_below", "integer", 10, "size of the shortest medium text"),
            Parameter("long_from", "integer", 100, "size of the shortest long text"),
            Parameter("unit", "choice", "words", "what is counted", ("words", "characters")),
        ),
        examples(
            ("Two words", "short"),
            ("word " * 50, "medium"),
            ("word " * 5_000, "long"),
            ("💩💩💩", "long", {"unit": "characters", "short_below": 2, "long_from": 3}),
            ("Two words", None, {"labels": {"long": "long"}}),
            ("   ", None),
        ),
    ),
    Brick(
        "contains_digits",
        "classifier",
        GROUP,
        "Holds digits, of any script.",
        CONTAINS_DIGITS,
        (label("digits"), Parameter("least", "integer", 1, "how many digits there must be")),
        examples(
            ("Room 5", "digits"),
            ("Room 5", None, {"least": 2}),
            ("٣ books", "digits"),
            ("Room five", None),
            ("", None),
        ),
    ),
    Brick(
        "excited",
        "classifier",
        GROUP,
        "Repeated exclamation or question marks, or stretched words (sooooo).",
        EXCITED,
        (label("excited"), Parameter("least", "integer", 1, "how many times")),
        examples(
            ("Late again!!", "excited"),
            ("sooooo good", "excited"),
            ("Wow! Great! OK?", None),
            ("太好了！！", "excited"),
            ("", None),
        ),
    ),
    Brick(
        "bullet_list",
        "classifier",
        GROUP,
        "Holds a list with bullets or numbers.",
        STRUCTURED,
        (label("list"), Parameter("least", "integer", 2, "how many items there must be")),
        examples(
            ("To buy:\n- milk\n- eggs", "list"),
            ("1. open it\n2) close it", "list"),
            ("• één\n• twee", "list"),
            ("a - b - c", None),
            ("", None),
        ),
    ),
    Brick(
        "source_code",
        "classifier",
        GROUP,
        "Holds a good part of source code, markup or SQL.",
        SOURCE_CODE,
        (
            label("code"),
            Parameter("least", "integer", 3, "how many signs of code there must be"),
            Parameter("per_sign", "integer", 60, "characters of text for each sign, at most"),
        ),
        examples(
            ("def f(x):\n    return g(x) == 1", "code"),
            ("<p>a</p><p>b</p><p>ö</p>", "code"),
            ("I return the class of 1999 to its import desk; thanks. " * 10, None),
            ("", None),
        ),
    ),
)
