"""Full-text search: an FTS5 table over the strings, made at the first search, then kept up."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError
from refinery_nb.store import records, schema
from refinery_nb.store.db import Connection, Database

SETTING = "search"
SYMBOLS = ("So", "Sc")  # pictures and currencies; punctuation is passed over
WORD = re.compile(r'"([^"]*)"?|(\S+)')
LARGE = 20_000  # records from which on common words cost more than they tell
COMMON = 10  # a word is one that more than every tenth record has
COUNTED = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)"
RELEVANT = "SELECT rowid, -bm25(search) FROM search WHERE search MATCH ? ORDER BY rowid"


def match_expression(text: str) -> str | None:
    """Return the FTS5 expression of what a user typed; None if it names no word.

    Words are joined by AND, ``"two words"`` is a phrase, ``begin*`` a beginning. Everything is
    quoted, so that no input is a syntax error.

    >>> match_expression('late "in time" goal*')
    '"late" "in time" "goal" *'
    """
    return " ".join(_words(text)) or None


def has_syntax(text: str) -> bool:
    """Say whether a text asks for words in their syntax: a phrase in quotes, or a beginning.

    >>> has_syntax('a "late goal"'), has_syntax("goal*"), has_syntax("5 * 3 goals")
    (True, True, False)
    """
    return any(
        phrase.strip() or (len(word) > 1 and word.endswith("*"))
        for phrase, word in WORD.findall(text)
    )


def relevance(connection: Connection, text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the records that have any of the words, ascending, and their relevance by BM25.

    In a large project words that are all over it do not count, unless there are no others:
    they take long and tell nothing.
    """
    words, total = _words(text), records.count(connection)
    if total > LARGE:
        most = total // COMMON
        rare = [
            one
            for one in words
            if connection.execute(COUNTED, (one, most + 1)).fetchone()[0] <= most
        ]
        words = rare or words
    if not words:
        return np.zeros(0, np.int64), np.zeros(0)
    found = connection.execute(RELEVANT, (" OR ".join(words),)).fetchall()
    return np.array([row[0] for row in found], np.int64), np.array([row[1] for row in found])


def _words(text: str) -> list[str]:
    """Return each word and phrase as a quoted part of an FTS5 expression."""
    _check(text)
    parts = []
    for phrase, word in WORD.findall(text):
        raw = phrase or word
        if not any(char.isalnum() for char in raw):
            continue
        prefix = bool(word) and word.endswith("*")
        quoted = raw.rstrip("*" if prefix else "").replace('"', '""')
        parts.append(f'"{quoted}"{" *" if prefix else ""}')
    return parts


def literals(text: str) -> list[str]:
    """Return those words that are symbols only, such as emoji, which FTS5 does not hold.

    >>> literals("late \N{EURO SIGN} - goal")
    ['€']
    """
    _check(text)
    return [
        raw
        for raw in (phrase or word for phrase, word in WORD.findall(text))
        if not any(char.isalnum() for char in raw)
        and any(unicodedata.category(char) in SYMBOLS for char in raw)
    ]


def _check(text: str) -> None:
    if not isinstance(text, str):
        raise QueryError(f"{text!r} is not a text to search for.")
    if "\x00" in text:
        raise QueryError(f"{text!r} holds a NUL, which cannot be searched for.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError(f"{text!r} holds a lone surrogate, which no text has.") from error


def bring_up_to_date(database: Database) -> None:
    """Make the search table, or add what has changed since it was last searched."""
    with database.read() as connection:
        if _state(connection) == _wanted(connection):
            return
    with database.write() as connection:
        state, wanted = _state(connection), _wanted(connection)
        columns = ", ".join(f"a{id_}" for id_ in wanted["attributes"])
        if state is None or state["attributes"] != wanted["attributes"]:
            connection.execute("DROP TABLE IF EXISTS search")
            # Without any string there is nothing to search; FTS5 still needs a column.
            connection.execute(
                f"CREATE VIRTUAL TABLE search USING fts5({columns or 'nothing'}, "
                "tokenize = 'unicode61 remove_diacritics 2')"
            )
            seen = 0
        else:
            seen = state["seen"]
            connection.execute(
                "DELETE FROM search WHERE rowid IN (SELECT id FROM record WHERE version > ?)",
                (seen,),
            )
        if columns:
            connection.execute(
                f"INSERT INTO search (rowid, {columns}) SELECT id, {columns} FROM record "
                "WHERE version > ?",
                (seen,),
            )
        schema.set_setting(connection, SETTING, json.dumps(wanted))


def _wanted(connection: Connection) -> dict[str, Any]:
    return {
        "attributes": [a.id for a in schema.attributes(connection) if a.type.is_string],
        "seen": records.version(connection),
    }


def _state(connection: Connection) -> dict[str, Any] | None:
    text = schema.setting(connection, SETTING)
    return None if text is None else json.loads(text)
