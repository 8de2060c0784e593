"""Bricks for emoji."""

from __future__ import annotations

from refinery_nb.heuristics.bricks.brick import Brick
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.bricks.shapes import examples, label

GROUP = "emoji"

EMOJI = r"""
import re

ONE = (
    r"[\u203c\u2049\u231a-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2b05-\u2b55\u3030\u303d\u3297\u3299"
    r"\U0001f000-\U0001f1e5\U0001f200-\U0001faff](?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
)
# Flags are two letters, key caps a digit with a frame, families are joined by U+200D.
PATTERN = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{ONE}(?:\u200d{ONE}){{0,9}}"
)


def emoji(record):
    for match in PATTERN.finditer(record[ON] or ""):
        yield LABEL, match.start(), match.end()
"""

EMOJI_SENTIMENT = r"""
import re

GOOD, BAD = (
    # A smiley with a letter, such as :D, must not be part of a word.
    re.compile(
        "|".join(
            (r"(?<!\w)" if one[0].isalnum() else "")
            + re.escape(one)
            + (r"(?!\w)" if one[-1].isalnum() else "")
            for one in words
        )
    )
    for words in (POSITIVE_EMOJI, NEGATIVE_EMOJI)
)


def emoji_sentiment(record):
    text = record[ON] or ""
    score = len(GOOD.findall(text)) - len(BAD.findall(text))
    if score >= LEAST:
        return POSITIVE
    return NEGATIVE if score <= -LEAST else None
"""

GOOD = (
    *("😀", "😃", "😄", "😁", "😆", "😊", "🙂", "😍", "🥰", "😘", "😎", "🤗", "🤩", "🥳", "😋"),
    *("😂", "🤣", "❤", "💕", "💖", "💙", "💚", "💛", "💜", "👍", "👏", "🙌", "🎉", "✨", "⭐"),
    *("🌟", "💯", ":-)", ":)", ";-)", ";)", ":D", ":-D", "<3", "^^"),
)
BAD = (
    *("😞", "😟", "😠", "😡", "🤬", "😢", "😭", "😩", "😫", "😤", "😒", "😕", "🙁", "☹", "😣"),
    *("😖", "😱", "😨", "😰", "😓", "🤢", "🤮", "💔", "👎", "💩", "🙄", "😑"),
    *(":-(", ":(", ":'(", ":-/", ">:(", "D:"),
)

BRICKS = (
    Brick(
        "emoji",
        "extractor",
        GROUP,
        "Emoji, with flags, skin tones and joined ones as one span.",
        EMOJI,
        (label("EMOJI", "what an emoji is labelled"),),
        examples(
            ("Good 👍🏽 job 💩", ["👍🏽", "💩"]),
            ("👩‍👩‍👧 in 🇩🇪", ["👩‍👩‍👧", "🇩🇪"]),
            ("press 1️⃣ or ☎️", ["1️⃣", "☎️"]),
            (":-) is none, 1 # * neither", []),
            ("", []),
        ),
    ),
    Brick(
        "emoji_sentiment",
        "classifier",
        GROUP,
        "Sentiment by counting good and bad emoji and smileys.",
        EMOJI_SENTIMENT,
        (
            label("positive", "what to vote where good ones prevail", "positive"),
            label("negative", "what to vote where bad ones prevail", "negative"),
            Parameter("positive_emoji", "words", GOOD, "good ones"),
            Parameter("negative_emoji", "words", BAD, "bad ones"),
            Parameter("least", "integer", 1, "by how many one must prevail"),
        ),
        examples(
            ("So good 😍", "positive"),
            ("late :-(", "negative"),
            ("❤️ but 😡😡", "negative"),
            ("😀😡", None),
            ("BAGHDAD:Dear all", None),
            ("So good 😍", None, {"positive": None}),
            ("", None),
        ),
    ),
)
