"""Folders and disks as they are: odd names, no rights, no room, clocks that go backwards."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import StoreDamaged, StoreError
from refinery_nb.store.backup import daily_backup, newest_backup


@pytest.mark.parametrize(
    "name",
    [
        *("with space", "100%", "a#b?c=d", "Ä ö ü 💩", "x" * 250, "-rf", "CON", "a;b", "'q'"),
        "file:news?mode=memory",
    ],
)
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    """C7."""
    with rn.open(tmp_path / name, by="ann") as project:
        project.add([{"id": 1, "text": "a"}], key="id")
        project.task("t", ["A"]).label(1, "A")
        assert project.backup().exists()
    with rn.open(tmp_path / name) as project:
        assert project.name == name
        assert project.doctor().ok
    assert sorted(one.name for one in (tmp_path / name).iterdir()) == [
        *("backups", "project.db", "project.lock"),
    ]
    assert rn.projects(tmp_path)["name"].tolist() == [name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_refused_by_name(tmp_path: Path) -> None:
    """C7."""
    (tmp_path / "news").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="may not be written to"):
        rn.open(tmp_path / "news")


def test_a_folder_that_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    """C7."""
    with pytest.raises(StoreError, match="cannot be made"):
        rn.open(tmp_path / ("x" * 300))
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be made"):
        rn.open(tmp_path / "file" / "news")


def test_a_full_disk_loses_nothing_that_was_said_to_be_saved(tmp_path: Path) -> None:
    """C8: what does not fit is refused whole; with room again it goes on."""
    with rn.open(tmp_path / "news", by="ann") as project:
        project.add([{"id": n, "text": "x" * 300} for n in range(100)], key="id")
        task = project.task("t", ["A"])
        task.label(0, "A")
        with project.database.write() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            project.add([{"id": n, "text": "y" * 3_000} for n in range(100, 300)])
        assert (len(project), len(task.gold())) == (100, 1)
        assert project.doctor().ok
        with project.database.write() as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        project.add([{"id": n, "text": "y" * 3_000} for n in range(100, 300)])
        task.label(1, "A")
        assert (len(project), len(task.gold())) == (300, 2)


def test_the_order_of_labels_is_not_that_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C10: a clock that goes backwards, and two labels in one instant."""
    times = iter(["2026-10-25T02:59:59+00:00", "2026-10-25T02:00:00+00:00"] + ["2020-01-01"] * 9)
    monkeypatch.setattr("refinery_nb.project.labeling.now", lambda: next(times))
    with rn.open(tmp_path / "news", by="ann") as project:
        project.add([{"id": 1, "text": "a"}], key="id")
        task = project.task("t", ["A", "B", "C"])
        for label in ("A", "B", "C"):
            task.label(1, label)
        assert task.gold()["label"].tolist() == ["C"]
        project.replay()
        assert task.gold()["label"].tolist() == ["C"]
        for label in ("B", "A"):
            assert task.undo()
            assert task.gold()["label"].tolist() == [label]


def test_triggers_and_tables_that_are_not_ours_are_seen_and_not_carried_on(tmp_path: Path) -> None:
    """C12: an archive has the rows of our tables and nothing else."""
    with rn.open(tmp_path / "news", by="ann") as project:
        project.add([{"id": 1, "text": "a"}], key="id")
    connection = sqlite3.connect(tmp_path / "news" / "project.db")
    connection.execute("CREATE TABLE extra (a)")
    connection.execute("CREATE TRIGGER evil AFTER INSERT ON setting BEGIN DELETE FROM record; END")
    connection.close()
    with rn.open(tmp_path / "news") as project:
        (told,) = [one.message for one in project.doctor().checks if one.state == "fault"]
        assert told.endswith("the table 'extra', the trigger 'evil'")
        archive = project.save(tmp_path / "news.rnb.zip")
    with rn.restore(archive, tmp_path / "clean") as project:
        assert project.doctor().ok
        assert len(project) == 1


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and no more", b"text"])
def test_a_backup_that_is_none_is_not_offered(tmp_path: Path, content: bytes) -> None:
    """C5: SQLite itself takes an empty file for an empty database."""
    with rn.open(tmp_path / "news", by="ann") as project:
        good = project.backup(tmp_path / "news" / "backups" / "2020.db")
    (tmp_path / "news" / "backups" / "2999.db").write_bytes(content)
    assert newest_backup(tmp_path / "news") != tmp_path / "news" / "backups" / "2999.db"
    (tmp_path / "news" / "project.db").write_bytes(b"")
    with pytest.raises(StoreDamaged, match=r"backup is .*\.db"):
        rn.open(tmp_path / "news")
    assert good.exists()


def test_daily_backups_are_few_and_others_stay(tmp_path: Path) -> None:
    """R20."""
    with rn.open(tmp_path / "news", by="ann") as project:
        project.add([{"id": 1, "text": "a"}], key="id")
        mine = project.backup()
        for day in range(1, 9):
            with project.database.read() as connection:
                now = datetime.now(UTC) + timedelta(days=2 * day)
                made = daily_backup(connection, tmp_path / "news", now=now)
                assert made is not None
                os.utime(made, (now.timestamp(), now.timestamp()))
    kept = sorted(one.name for one in (tmp_path / "news" / "backups").iterdir())
    assert mine.name in kept
    assert sum(name.endswith("-daily.db") for name in kept) == 5
