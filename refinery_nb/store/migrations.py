"""The schema of ``project.db``, step by step. A released step is never changed."""

from __future__ import annotations

import sqlite_utils
from sqlite_utils.migrations import Migrations

from refinery_nb.store.identity import SCHEMA_VERSION as SCHEMA_VERSION

migrations = Migrations("refinery_nb")

TABLES = """
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The values of an attribute stand in the column a<id> of record: no user's name is an identifier.
CREATE TABLE attribute (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    position INTEGER NOT NULL,
    is_key INTEGER NOT NULL DEFAULT 0
) STRICT;

-- version: from the counter 'record_version' in setting, which grows at every insert and update:
-- whatever is derived from a record says up to which version it has seen.
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX record_version ON record (version);

CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    attribute INTEGER REFERENCES attribute (id),
    overlap TEXT NOT NULL,
    guideline TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE task_label (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL REFERENCES task (id),
    name TEXT NOT NULL,
    color TEXT NOT NULL,
    hotkey TEXT NOT NULL DEFAULT '',
    position INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (task, name)
) STRICT;

-- What people did. Both tables are only ever appended to.
CREATE TABLE operation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    op_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    target INTEGER REFERENCES operation (seq)
) STRICT;

-- before, after: JSON of what the actor said of this record and task, as in store/labels.py.
-- outcome: applied | same | conflict. Only applied ones are part of the projection.
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    operation INTEGER NOT NULL REFERENCES operation (seq),
    record INTEGER NOT NULL,
    task INTEGER NOT NULL,
    base INTEGER,
    outcome TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL
) STRICT;
CREATE INDEX event_operation ON event (operation);
CREATE INDEX operation_actor ON operation (actor, seq);
CREATE INDEX operation_target ON operation (target);

-- The projection of the events: the current annotations. One row a label; a row without a label
-- means "reviewed, none". version is the seq of the event that set it.
CREATE TABLE label (
    task INTEGER NOT NULL,
    record INTEGER NOT NULL,
    actor TEXT NOT NULL,
    position INTEGER NOT NULL,
    version INTEGER NOT NULL,
    label INTEGER,
    start INTEGER,
    "end" INTEGER,
    surface TEXT,
    stale INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (task, record, actor, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_label ON label (label);

CREATE TABLE mark (
    task INTEGER NOT NULL,
    record INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (task, record, actor, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE heuristic (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL REFERENCES task (id),
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1,
    UNIQUE (task, name)
) STRICT;

-- spec: JSON that says everything needed to run it again (its kind and source). seen: the record
-- version up to which votes holds its votes (a column of core.votes.Votes).
CREATE TABLE heuristic_version (
    id INTEGER PRIMARY KEY,
    heuristic INTEGER NOT NULL REFERENCES heuristic (id),
    spec TEXT NOT NULL,
    hash TEXT NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new',
    message TEXT NOT NULL DEFAULT '',
    seen INTEGER NOT NULL DEFAULT 0,
    votes BLOB
) STRICT;
CREATE INDEX heuristic_version_heuristic ON heuristic_version (heuristic);

CREATE TABLE heuristic_error (
    version INTEGER NOT NULL REFERENCES heuristic_version (id),
    record INTEGER NOT NULL,
    message TEXT NOT NULL,
    traceback TEXT NOT NULL,
    PRIMARY KEY (version, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE weak_run (
    id INTEGER PRIMARY KEY,
    task INTEGER NOT NULL REFERENCES task (id),
    at TEXT NOT NULL,
    model TEXT NOT NULL,
    options TEXT NOT NULL,
    votes BLOB NOT NULL
) STRICT;

-- Token offsets of one text: int32 pairs in code points. hash: of tokenizer and text.
CREATE TABLE token (
    record INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    hash BLOB NOT NULL,
    offsets BLOB NOT NULL,
    PRIMARY KEY (record, attribute)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def tables(db: sqlite_utils.Database) -> None:
    """Create all tables."""
    _run(db, TABLES)


WEAK_SUPERVISION = """
-- proba: the probabilities of all likely labels of a record, as a column of core.votes.Votes with
-- several rows a record. held_out: what the model says of the reviewed records when it is fitted
-- without their labels. summary: JSON for people: what was chosen and why, temperature, errors.
ALTER TABLE weak_run ADD COLUMN proba BLOB;
ALTER TABLE weak_run ADD COLUMN held_out BLOB;
ALTER TABLE weak_run ADD COLUMN summary TEXT NOT NULL DEFAULT '{}';

-- version: grows with every change of the terms. grows_from: the label whose spans are added.
CREATE TABLE lookup_list (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    comment TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 0,
    grows_from INTEGER REFERENCES task_label (id)
) STRICT;

CREATE TABLE lookup_term (
    list INTEGER NOT NULL REFERENCES lookup_list (id),
    term TEXT NOT NULL,
    position INTEGER NOT NULL,
    blacklisted INTEGER NOT NULL DEFAULT 0,
    comment TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (list, term)
) STRICT, WITHOUT ROWID;

-- The vectors stand in files beside the database, vectors/<id>-<generation>.*; count: how many of
-- their rows are valid; seen: the record version that all of them cover; spec: JSON of the model.
CREATE TABLE embedding (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    attribute INTEGER NOT NULL REFERENCES attribute (id),
    spec TEXT NOT NULL,
    dim INTEGER NOT NULL,
    at TEXT NOT NULL,
    generation INTEGER NOT NULL DEFAULT 1,
    count INTEGER NOT NULL DEFAULT 0,
    seen INTEGER NOT NULL DEFAULT 0
) STRICT;
"""


@migrations()
def weak_supervision(db: sqlite_utils.Database) -> None:
    """Keep probabilities and held-out predictions of runs; lookup lists; embeddings."""
    _run(db, WEAK_SUPERVISION)


ANSWERS = """
-- What a model said of a text. question: the hash of all that it was asked but the text; text: 64
-- bits of the hash of that. They outlive records and versions of heuristics: some cost money.
CREATE TABLE answer (
    question TEXT NOT NULL,
    text INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (question, text)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def answers(db: sqlite_utils.Database) -> None:
    """Keep what models answered."""
    _run(db, ANSWERS)


SLICES = """
-- A view with a name. selection: JSON of the view (core.condition_json); records: of a static
-- slice, compressed int64 ids in their order, and then selection says how they were chosen.
CREATE TABLE slice (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    selection TEXT NOT NULL,
    records BLOB,
    comment TEXT NOT NULL DEFAULT ''
) STRICT;
"""


@migrations()
def slices(db: sqlite_utils.Database) -> None:
    """Keep views by name."""
    _run(db, SLICES)


DESCRIPTIONS = """
-- A deleted task keeps all that it has; its name ends in a control character and its id.
ALTER TABLE task ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_label ADD COLUMN description TEXT NOT NULL DEFAULT '';
"""


@migrations()
def descriptions(db: sqlite_utils.Database) -> None:
    """Describe labels; delete tasks so that they can come back."""
    _run(db, DESCRIPTIONS)


COMMENTS = """
-- What somebody said of something: kind and target name it (a record, task, label ... by its id).
-- deleted: when it was deleted; it can be brought back. What is gone takes its comments with it.
CREATE TABLE comment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    target INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at TEXT NOT NULL,
    text TEXT NOT NULL,
    edited TEXT,
    deleted TEXT
) STRICT;
CREATE INDEX comment_target ON comment (kind, target);
CREATE TRIGGER comment_heuristic AFTER DELETE ON heuristic BEGIN
    DELETE FROM comment WHERE kind = 'heuristic' AND target = OLD.id; END;
CREATE TRIGGER comment_slice AFTER DELETE ON slice BEGIN
    DELETE FROM comment WHERE kind = 'slice' AND target = OLD.id; END;
CREATE TRIGGER comment_list AFTER DELETE ON lookup_list BEGIN
    DELETE FROM comment WHERE kind = 'lookup' AND target = OLD.id; END;
CREATE TRIGGER comment_embedding AFTER DELETE ON embedding BEGIN
    DELETE FROM comment WHERE kind = 'embedding' AND target = OLD.id; END;
"""


@migrations()
def comments(db: sqlite_utils.Database) -> None:
    """Keep what people say of records, tasks, labels and more."""
    _run(db, COMMENTS)


RECORD_HISTORY = """
-- What became of a record: edit, update (from a file), delete, restore. operation: in the log, so
-- that all that ever happened to a record has one order. before, after: JSON, the values that
-- differ by the id of their attribute.
CREATE TABLE record_change (
    operation INTEGER NOT NULL REFERENCES operation (seq),
    record INTEGER NOT NULL,
    kind TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    PRIMARY KEY (record, operation)
) STRICT, WITHOUT ROWID;

-- Records that were deleted, so that they can come back under their ids. content: JSON, all values
-- by the id of their attribute.
CREATE TABLE deleted_record (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    operation INTEGER NOT NULL REFERENCES operation (seq)
) STRICT;
"""


@migrations()
def record_history(db: sqlite_utils.Database) -> None:
    """Keep what becomes of records, and those that were deleted."""
    _run(db, RECORD_HISTORY)


ATTRIBUTES = """
-- hidden: JSON list of the places that do not show it. tokenizer: JSON of core.schema.Tokenizer;
-- NULL: as the project. A deleted attribute keeps its column; its name ends in a control
-- character and its id.
ALTER TABLE attribute ADD COLUMN hidden TEXT NOT NULL DEFAULT '[]';
ALTER TABLE attribute ADD COLUMN tokenizer TEXT;
ALTER TABLE attribute ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;

-- Attributes that a function calculates: its spec, and up to which record version it has seen.
CREATE TABLE calculated (
    attribute INTEGER PRIMARY KEY REFERENCES attribute (id),
    spec TEXT NOT NULL,
    hash TEXT NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'new',
    message TEXT NOT NULL DEFAULT '',
    seen INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE calculated_error (
    attribute INTEGER NOT NULL,
    record INTEGER NOT NULL,
    message TEXT NOT NULL,
    traceback TEXT NOT NULL,
    PRIMARY KEY (attribute, record)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def attributes(db: sqlite_utils.Database) -> None:
    """Hide attributes, delete and calculate them; a tokenizer for each."""
    _run(db, ATTRIBUTES)


def _run(db: sqlite_utils.Database, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)
