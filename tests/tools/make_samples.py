"""Writes the sample messages: ``python tests/tools/make_samples.py`` (the same bytes every time).

``messages.txt`` holds messages written by hand, ``fragments.txt`` sentences that are put together
to the rest of the 600. Entities are marked in the text itself, so the gold spans are right by
construction; a test checks them again.
"""

from __future__ import annotations

import datetime
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "refinery_nb" / "samples"
SLOT = re.compile(r"(\{[a-z](?: [^}]*)?\})")
KINDS = {"o": "ORDER", "a": "AMOUNT"}  # every other letter stands for a product
CHANNELS = {"e": "email", "c": "chat", "r": "review", "p": "phone"}
URGENCY = {"l": "low", "n": "normal", "h": "high"}
WANTED = {
    "Delivery": 110,
    "Defect": 105,
    "Refund": 86,
    "Billing": 84,
    "Account": 76,
    "Product question": 78,
    "Praise": 61,
}
STARS = {"Praise": (4, 5, 5), "Product question": (3, 4, 5)}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Message:
    """One message and what is true of it."""

    topic: str
    urgency: str
    channel: str
    stars: int | None
    text: str
    spans: tuple[tuple[int, int, str], ...]


def sections(path: Path) -> dict[str, list[str]]:
    """Read the lines under each ``== heading``."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            lines = found.setdefault(line[3:], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return found


class Writer:
    """Draws with a seed, by ``random()`` alone: that stays the same in every Python."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.fragments = sections(HERE / "fragments.txt")
        self.decks: dict[str, list[str]] = {}

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, values: Sequence[T]) -> T:
        return values[int(self.rng.random() * len(values))]

    def number(self, low: int, high: int) -> int:
        return low + int(self.rng.random() * (high - low + 1))

    def shuffled(self, values: Sequence[T]) -> list[T]:
        keys = [self.rng.random() for _ in values]
        return [values[i] for i in sorted(range(len(values)), key=keys.__getitem__)]

    def deal(self, heading: str) -> str:
        """Draw a fragment; none comes back before all others were drawn."""
        if not self.decks.get(heading):
            self.decks[heading] = self.shuffled(self.fragments[heading])
        return self.decks[heading].pop()

    def order(self) -> str:
        number = self.number(20418, 98977)
        return self.pick(
            [
                f"HG-{number}",
                f"HG-{number}",
                f"#HG-{number}",
                f"HG{number}",
                f"hg {number}",
                f"{number}7",
                f"#{number}3",
                f"{number // 10}-{number % 7000 + 1000}",
            ]
        )

    def amount(self) -> str:
        units = self.pick([self.number(3, 60), self.number(10, 200), self.number(150, 1900)])
        cents = self.pick([0, 0, 50, 90, 95, 99, self.number(1, 98)])
        comma = f"{units:,}".replace(",", ".") + f",{cents:02d}"
        point = f"{units:,}.{cents:02d}"
        return self.pick(
            [
                f"€{point}",
                f"€{units}",
                f"{comma} €",
                f"{comma} EUR",
                f"EUR {point}",
                f"${point}",
                f"$ {units}",
                f"£{point}",
                f"£{units}",
                f"CHF {point}",
                f"{units} euros",
                f"{units} pounds",
                f"{units} bucks" if units < 90 else f"{units} dollars",
            ]
        )

    def compose(
        self,
        topic: str,
        urgency: str,
        channel: str,
        stars: int | None,
        template: str,
        typos: float = 0.0,
        upper: bool = False,
    ) -> Message:
        """Fill the slots of a template and note where the entities stand."""
        template = template.replace("\\r", "\r").replace("\\n", "\n")
        text, spans, used = "", [], set()
        for piece in SLOT.split(template):
            if not SLOT.fullmatch(piece):
                text += self.mistype(piece, typos)
                continue
            letter, value = piece[1], piece[3:-1]
            while not value or (value in used and piece[2] == "}"):
                value = (
                    self.order()
                    if letter == "o"
                    else self.amount()
                    if letter == "a"
                    else self.deal(f"products {letter}")
                )
            used.add(value)
            if value.startswith("#"):  # the sign is not part of the number
                text, value = text + "#", value[1:]
            if value[0] in "aeiou" and re.search(r"\b[aA] $", text):
                text = text[:-1] + "n "
            spans.append((len(text), len(text) + len(value), KINDS.get(letter, "PRODUCT")))
            text += value
        if upper and len(text.upper()) == len(text):
            text = text.upper()
        return Message(topic, urgency, channel, stars, text, tuple(spans))

    def mistype(self, text: str, share: float) -> str:
        """Swap, drop or double a letter in some of the longer words."""
        if not share:
            return text
        words = re.split(r"(\W+)", text)
        for at, word in enumerate(words):
            if len(word) >= 5 and word.isascii() and word.isalpha() and self.chance(share):
                i = self.number(1, len(word) - 3)
                words[at] = self.pick(
                    [
                        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
                        word[:i] + word[i + 1 :],
                        word[:i] + word[i] + word[i:],
                    ]
                )
        return "".join(words)

    def by_hand(self) -> list[Message]:
        """Return the messages that were written whole."""
        messages = []
        for topic, lines in sections(HERE / "messages.txt").items():
            for line in lines:
                head, _, template = line.partition(" | ")
                urgency, channel = head.split()
                stars = int(channel[1]) if len(channel) == 2 else None
                messages.append(
                    self.compose(topic, URGENCY[urgency], CHANNELS[channel[0]], stars, template)
                )
        return messages

    def from_fragments(self, topic: str) -> Message:
        """Put a message together from sentences of one topic."""
        channel = self.pick(["email", "email", "email", "chat", "chat", "review"])
        problem, ask = self.deal(f"{topic} problem"), self.deal(f"{topic} ask")
        urgent, ask = ask.startswith("h "), ask.removeprefix("h ")
        details = [self.deal(f"{topic} detail")]
        typos, upper = 0.0, False
        if channel == "email":
            if self.chance(0.35):
                details.append(self.deal(f"{topic} detail"))
            body = (
                " ".join(self.shuffled([problem, *details]))
                if self.chance(0.25)
                else " ".join([problem, *details])
            )
            body += " " + ask
            break_ = self.pick(["\\n", "\\n", "\\r\\n"])
            if self.chance(0.75):
                body = self.deal("openings") + self.pick([break_ * 2, break_, " "]) + body
            if self.chance(0.75):
                body += break_ * self.number(1, 2) + self.deal("closings")
                body += self.pick([break_, ", "]) + self.deal("names")
            typos = 0.06 if self.chance(0.12) else 0.0
        elif channel == "chat":
            parts = self.pick([[problem, ask], [problem, details[0]], [problem, details[0], ask]])
            urgent = urgent and ask in parts
            loud = self.chance(0.08)
            if not loud and self.chance(0.7):
                parts = [part[0].lower() + part[1:].replace("I'", "i'") for part in parts]
                parts = [re.sub(r"\bI\b", "i", part).rstrip(".") for part in parts]
            body = self.pick([" ", " ", ", ", "\\n", " ... "]).join(parts)
            body += self.pick(["", "", "", " 🙂", "!!", " thx", " 😕", " pls help", " ???"])
            if topic == "Praise":
                body = re.sub("( 😕| pls help| [?]{3})$", " ❤️", body)
            typos, upper = 0.12 if self.chance(0.4) else 0.0, loud
        else:
            body = " ".join(self.shuffled([problem, *details, self.deal(f"{topic} detail")]))
            if self.chance(0.5):
                body += " " + ask
            else:
                urgent = False
            upper = self.chance(0.05)
        stars = None
        if channel == "review" and self.chance(0.92):
            stars = self.pick(STARS.get(topic, (1, 1, 2, 2, 3)))
        calm = topic == "Praise" or (ask in body and "Take your time" in body)
        urgency = "low" if calm else "high" if urgent else "normal"
        return self.compose(topic, urgency, channel, stars, body, typos, upper)


def shingles(text: str) -> set[str]:
    """Return the runs of five characters, digits made equal."""
    plain = re.sub(r"\d", "0", re.sub(r"\s+", " ", text.lower()))
    return {plain[i : i + 5] for i in range(max(1, len(plain) - 4))}


def similarity(one: set[str], other: set[str]) -> float:
    """Return the Jaccard similarity."""
    return len(one & other) / len(one | other)


def write_all(seed: int = 20) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of ``messages.jsonl`` and ``messages_gold.jsonl``."""
    writer = Writer(seed)
    messages = writer.by_hand()
    known = [shingles(message.text) for message in messages]
    for topic, wanted in WANTED.items():
        missing = wanted - sum(message.topic == topic for message in messages)
        while missing:
            message = writer.from_fragments(topic)
            grams = shingles(message.text)
            if max(similarity(grams, other) for other in known) < 0.55:
                messages.append(message)
                known.append(grams)
                missing -= 1
    first = datetime.date(2025, 3, 3)
    days = sorted(int(writer.rng.random() * 270) for _ in messages)
    rows, gold = [], []
    for at, (message, day) in enumerate(zip(writer.shuffled(messages), days, strict=True), 1):
        rows.append(
            {
                "id": f"m{at:04d}",
                "text": message.text,
                "channel": message.channel,
                "received": (first + datetime.timedelta(days=day)).isoformat(),
                "stars": message.stars,
            }
        )
        gold.append(
            {
                "id": f"m{at:04d}",
                "topic": message.topic,
                "urgency": message.urgency,
                "spans": [list(span) for span in message.spans],
            }
        )
    return rows, gold


def main() -> None:
    """Write both files."""
    for name, rows in zip(("messages.jsonl", "messages_gold.jsonl"), write_all(), strict=True):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (SAMPLES / name).write_bytes(lines.encode())


if __name__ == "__main__":
    main()
