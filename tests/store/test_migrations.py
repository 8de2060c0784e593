"""Older databases: backed up, then brought up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlite_utils

import refinery_nb as rn
from refinery_nb.store import migrations as steps
from refinery_nb.store.db import APPLICATION_ID
from refinery_nb.store.migrations import SCHEMA_VERSION, migrations


def older(root: Path) -> None:
    """Make a project as the schema version 3 had it."""
    root.mkdir()
    connection = sqlite3.connect(root / "project.db", isolation_level=None)
    migrations.apply(sqlite_utils.Database(connection), stop_before="descriptions")
    connection.execute("INSERT INTO attribute VALUES (1, 'text', 'text', 0, 0)")
    connection.execute("ALTER TABLE record ADD COLUMN a1 TEXT")
    connection.execute("INSERT INTO record VALUES (1, 'k', 1, 'A goal')")
    connection.execute("INSERT INTO task VALUES (1, 'topic', 'classification', NULL, 'any', '')")
    connection.execute("INSERT INTO task_label VALUES (1, 1, 'Sports', '#ff0000', '1', 0, 0)")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute("PRAGMA user_version=3")
    connection.close()


def test_an_older_database_is_backed_up_and_brought_up_to_date(tmp_path: Path) -> None:
    """C6."""
    root = tmp_path / "news"
    older(root)
    with rn.open(root, by="ann") as project:
        assert project.records()["text"].tolist() == ["A goal"]
        assert project.task("topic").labels == ("Sports",)
        project.comments.add("Old", task="topic")
        with project.database.read() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert version == SCHEMA_VERSION
    (kept,) = (root / "backups").glob("*-schema3.db")
    with sqlite3.connect(f"{kept.as_uri()}?mode=ro", uri=True) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert connection.execute("SELECT a1 FROM record").fetchall() == [("A goal",)]
    connection.close()


def test_a_migration_that_fails_leaves_the_older_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C6: in the middle of a step, as a kill there would; it goes on from where it was."""
    root = tmp_path / "news"
    older(root)
    with monkeypatch.context() as patched:
        patched.setattr(steps, "COMMENTS", f"{steps.COMMENTS}\nCREATE nonsense;\n")
        with pytest.raises(sqlite3.OperationalError, match="nonsense"):
            rn.open(root)
    with sqlite3.connect(root / "project.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        assert connection.execute("SELECT a1 FROM record").fetchall() == [("A goal",)]
    connection.close()
    assert "comment" not in tables
    with rn.open(root, by="ann") as project:
        project.comments.add("Here", task="topic")
        assert project.doctor().ok
