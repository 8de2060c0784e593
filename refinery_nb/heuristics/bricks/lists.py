"""Bricks that compare with texts and words that you give them."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label

GROUP = "lists"

KEYWORDS = r"""
import re

TERMS = "|".join(re.escape(one) for one in WORDS) or "(?!)"
ANY = re.compile(rf"(?<!\w)(?:{TERMS})(?!\w)", re.IGNORECASE)


def keywords(record):
    found = set(map(str.lower, ANY.findall(record[ON] or "")))
    return LABEL if len(found) >= LEAST else None
"""

KEYWORD_SPANS = r"""
import re

# Longer terms first, so that "New York Times" is not cut to "New York".
TERMS = "|".join(re.escape(one) for one in sorted(WORDS, key=len, reverse=True)) or "(?!)"
PATTERN = re.compile(rf"(?<!\w)(?:{TERMS})(?!\w)", 0 if CASE else re.IGNORECASE)


def keyword_spans(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(), match.end()
"""

SAME_TEXT = r"""
import re
import unicodedata


def same_text(record):
    def plain(text):
        folded = unicodedata.normalize("NFKD", text.casefold())
        return " ".join(re.findall(r"\w+", folded))

    text = plain(record[ON] or "")
    return LABEL if text and text in {plain(one) for one in TEXTS} else None
"""

NEAR_DUPLICATE = r'''
import re
import unicodedata

KNOWN = []  # the shingles of TEXTS, made at the first record


def near_duplicate(record):
    """Compare with TEXTS by the Jaccard index of their shingles: runs of SIZE characters.

    It does not know the other records: they are voted on in parts, in several processes.
    """

    def shingles(text):
        folded = unicodedata.normalize("NFKD", text[:20_000].casefold())
        plain = " ".join(re.findall(r"\w+", folded))
        return {hash(plain[at : at + SIZE]) for at in range(max(1, len(plain) - SIZE + 1))}

    if not KNOWN:
        KNOWN.extend(shingles(one) for one in TEXTS)
    text = record[ON] or ""
    if not text.strip():
        return None
    own = shingles(text)
    best = max(len(own & other) / len(own | other) for other in KNOWN)
    return (LABEL, best) if best >= THRESHOLD else None
'''

STARTS_WITH = r"""
import re

BEGINNING = re.compile(r"\W{0,20}(?:" + "|".join(re.escape(one) for one in WORDS) + r")(?!\w)",
                       re.IGNORECASE)


def starts_with(record):
    return LABEL if BEGINNING.match(record[ON] or "") else None
"""

SEEN = ("Your parcel is on its way and arrives tomorrow.",)

BRICKS = (
    Brick(
        "keywords",
        "classifier",
        GROUP,
        "Holds words of a list, such as a lookup list.",
        KEYWORDS,
        (
            label("match"),
            Parameter("words", "words", ("refund", "money back"), "words, such as a lookup list"),
            Parameter("least", "integer", 1, "how many different words must occur"),
        ),
        examples(
            ("I want a REFUND", "match"),
            ("refund, refund", None, {"least": 2}),
            ("Refund or money back", "match", {"least": 2}),
            ("große Straße", "match", {"words": ["straße"]}),
            ("refunds", None),
            ("", None),
        ),
    ),
    Brick(
        "keyword_spans",
        "extractor",
        GROUP,
        "Every occurrence of the words of a list, such as a lookup list.",
        KEYWORD_SPANS,
        (
            label("TERM", "what an occurrence is labelled"),
            Parameter("words", "words", ("New York", "Rome"), "words and phrases; a lookup list"),
            Parameter("case", "flag", True, "whether upper and lower case differ"),
        ),
        examples(
            ("From New York to Rome", ["New York", "Rome"]),
            ("NEW YORK", ["NEW YORK"], {"case": False}),
            ("c++ or c", ["c++"], {"words": ["c++"]}),
            ("Romeo, new york", []),
            ("", []),
        ),
    ),
    Brick(
        "starts_with",
        "classifier",
        GROUP,
        "Begins with one of a list of words.",
        STARTS_WITH,
        (
            label("match"),
            Parameter("words", "words", ("re:", "fwd:", "aw:"), "beginnings"),
        ),
        examples(
            ("Re: your order", "match"),
            ("“AW: Anfrage”", "match"),
            ("They: re: it", None),
            ("", None),
        ),
    ),
    Brick(
        "same_text",
        "classifier",
        GROUP,
        "The same text as one of a list, but for case, accents' form, spaces and punctuation.",
        SAME_TEXT,
        (label("known"), Parameter("texts", "words", SEEN, "texts to compare with")),
        examples(
            ("your parcel is on its way, and arrives TOMORROW", "known"),
            ("Your parcel is on its way.", None),
            ("café", "known", {"texts": ["Cafe\u0301!"]}),
            ("", None),
        ),
    ),
    Brick(
        "near_duplicate",
        "classifier",
        GROUP,
        "Nearly the same (near-duplicate) as one of a list of texts, by shared runs of characters;"
        " votes with the similarity as confidence. It does not compare records with each other.",
        NEAR_DUPLICATE,
        (
            label("duplicate"),
            Parameter("texts", "words", SEEN, "texts to compare with"),
            Parameter("threshold", "number", 0.6, "least share of common shingles"),
            Parameter("size", "integer", 5, "characters of a shingle"),
        ),
        examples(
            ("Your parcel is on its way and arrives on Monday.", "duplicate"),
            ("YOUR PARCEL is on its way and arrives tomorrow 💩", "duplicate"),
            ("Your parcel was lost.", None),
            ("parcel " * 3_000, None),
            ("", None),
        ),
    ),
)
