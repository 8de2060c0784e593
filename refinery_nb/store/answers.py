"""What models answered about texts, so that nothing is asked twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

GET = (
    "SELECT text, value FROM answer WHERE question = ? AND text IN (SELECT value FROM json_each(?))"
)
PUT = "INSERT OR REPLACE INTO answer (question, text, value) VALUES (?, ?, ?)"
FORGET = "DELETE FROM answer WHERE question = ?"


def get(connection: sqlite3.Connection, question: str, texts: Sequence[int]) -> dict[int, bytes]:
    """Return the answers that are known, by the hash of the text (a signed 64-bit integer)."""
    wanted = json.dumps([int(text) for text in texts])
    return dict(connection.execute(GET, (question, wanted)))


def put(connection: sqlite3.Connection, question: str, answers: Mapping[int, bytes]) -> None:
    """Keep answers; one that is there already is replaced."""
    connection.executemany(PUT, ((question, text, value) for text, value in answers.items()))


def forget(connection: sqlite3.Connection, question: str) -> int:
    """Drop all answers to a question; return how many there were."""
    return connection.execute(FORGET, (question,)).rowcount
