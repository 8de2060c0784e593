"""The doctor finds what is wrong with a project, and mends what is safe to mend."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.cli import main
from refinery_nb.project.projects.doctor import DoctorReport
from tests.project.test_projects import everything, fill


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with rn.open(tmp_path / "news", by="ann") as project:
        fill(project)
        project.backup()
    return tmp_path / "news"


def states(report: DoctorReport) -> dict[str, str]:
    return {check.name: check.state for check in report.checks if check.state != "ok"}


def test_a_healthy_project_has_nothing_wrong(root: Path) -> None:
    with rn.open(root) as project:
        before = everything(project)
        report = project.doctor()
        assert report.ok
        assert states(report) == {}
        assert report.frame()["name"].tolist() == [
            *("database", "schema", "history", "spans", "comments", "votes", "slices", "runs"),
            *("vectors", "files", "backups"),
        ]
        assert repr(report).startswith("Project 'news': nothing is wrong (SQLite 3.")
        assert project.doctor(repair=True).ok
        assert everything(project) == before


def test_a_project_in_memory_is_examined_too() -> None:
    with rn.open(by="ann") as project:
        fill(project)
        report = project.doctor()
        assert report.ok
        assert "backups" not in report.frame()["name"].tolist()


def edited(root: Path, *statements: str) -> None:
    connection = sqlite3.connect(root / "project.db", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


BROKEN: dict[str, tuple[Callable[[Path], object], dict[str, str], dict[str, str]]] = {
    "a label that nobody set": (
        lambda root: edited(root, "UPDATE label SET label = 2 WHERE record = 1 AND task = 1"),
        {"history": "fault"},
        {"history": "repaired"},
    ),
    "a label that is lost": (
        lambda root: edited(root, "DELETE FROM label WHERE record = 3"),
        {"history": "fault"},
        {"history": "repaired"},
    ),
    "a text that was changed behind our back": (
        lambda root: edited(root, "UPDATE record SET a3 = 'ajax' WHERE id = 3"),
        {"spans": "fault"},
        {"spans": "repaired"},
    ),
    "a trigger": (
        lambda root: edited(
            root,
            "CREATE TRIGGER evil AFTER INSERT ON comment BEGIN DELETE FROM label; END",
            "CREATE VIEW v AS SELECT 1",
            "CREATE TABLE extra (a)",
        ),
        {"schema": "fault"},
        {"schema": "fault"},
    ),
    "a comment on nothing": (
        lambda root: edited(
            root,
            "INSERT INTO comment (kind, target, actor, at, text) "
            "VALUES ('record', 99, '', '', 'x')",
        ),
        {"comments": "fault"},
        {"comments": "repaired"},
    ),
    "files of no embedding": (
        lambda root: (
            (root / "vectors" / "77-1.f32").write_bytes(b"x"),
            (root / "index" / "77-edge").mkdir(parents=True),
        ),
        {"files": "fault"},
        {"files": "repaired"},
    ),
    "vectors cut short": (
        lambda root: (root / "vectors" / "1-1.f32").write_bytes(b"x"),
        {"vectors": "fault"},
        {"vectors": "fault"},
    ),
    "a damaged backup": (
        lambda root: next((root / "backups").iterdir()).write_bytes(b""),
        {"backups": "fault"},
        {"backups": "fault"},
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_broken_is_found_and_mended_where_that_is_safe(root: Path, broken: str) -> None:
    change, found, mended = BROKEN[broken]
    with rn.open(root) as project:
        whole = everything(project) if "repaired" in mended.values() else None
    change(root)
    with rn.open(root) as project:
        report = project.doctor()
        assert states(report) == found
        assert not report.ok
        assert states(project.doctor()) == found  # looking changes nothing
        assert states(project.doctor(repair=True)) == mended
        if whole is not None:
            assert states(project.doctor()) == {}
            if "spans" not in mended:
                assert everything(project) == whole


def test_runs_that_are_behind_are_noted(root: Path) -> None:
    with rn.open(root) as project:
        project.add([{"id": 9, "text": "a goal"}])
        project.task("topic").add(rn.Regex("Business", "share", name="shares"))
        report = project.doctor()
        assert report.ok
        assert states(report) == {"runs": "note"}
        assert "'goals' of 'topic' has not seen the newest records" in repr(report)


def test_files_are_not_looked_at_while_vectors_are_made(root: Path) -> None:
    with rn.open(root) as project, project.embeddings.busy():
        report = project.doctor(repair=True)
    assert report.ok
    assert states(report) == {"files": "note"}


def test_a_damaged_database_is_said_and_nothing_else(root: Path) -> None:
    with rn.open(root) as project:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("refinery_nb.store.health.integrity", lambda _: ["row 3 is missing"])
            report = project.doctor()
        assert [check.message for check in report.checks] == ["damaged: row 3 is missing"]


def test_the_command_examines_lists_saves_and_restores(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", str(root)]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
    edited(root, "DELETE FROM label WHERE record = 3")
    assert main(["doctor", str(root)]) == 1
    assert "history of operations says; repair=True" in capsys.readouterr().out
    assert main(["doctor", str(root), "--repair"]) == 0
    assert main(["doctor", str(root)]) == 0
    archive = tmp_path / "out.rnb.zip"
    assert main(["save", str(root), str(archive)]) == 0
    assert main(["restore", str(archive), str(tmp_path / "again")]) == 0
    assert main(["list", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "again" in told
    assert "news" in told
    assert main(["doctor", str(tmp_path / "gone")]) == 1
    assert "there is no project in" in capsys.readouterr().err
    assert not (tmp_path / "gone").exists()
    shutil.rmtree(tmp_path / "again")
    (tmp_path / "none").mkdir()
    assert main(["list", str(tmp_path / "none")]) == 0
    assert "There is no project here." in capsys.readouterr().out
