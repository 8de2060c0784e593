"""The database file: damaged, foreign, newer, moved, shared."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import StoreDamaged, StoreError, StoreTooNew
from refinery_nb.core.operation import Operation


def make(root: Path) -> None:
    with rn.open(root, by="ann") as project:
        project.add([{"id": str(n), "text": "x" * 500} for n in range(300)], key="id")
        task = project.task("t", ["A", "B"], on="text")
        task.label_many({str(n): "A" for n in range(100)})


def flip(path: Path) -> None:
    """Turn one byte of the second page's header: the page is no page of a tree any more."""
    content = bytearray(path.read_bytes())
    content[4096] ^= 0xFF
    path.write_bytes(bytes(content))


DAMAGE = {
    "not SQLite": lambda path: path.write_bytes(b"this is a text file, not a database" * 10),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "a flipped byte": flip,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_database_is_refused_untouched_and_its_backup_named(
    tmp_path: Path, damage: str
) -> None:
    """C5."""
    make(tmp_path / "p")
    with rn.open(tmp_path / "p") as project:
        backup = project.backup()
    path = tmp_path / "p" / "project.db"
    DAMAGE[damage](path)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged) as caught:
        rn.open(tmp_path / "p")
    assert str(backup) in str(caught.value)
    assert path.read_bytes() == before
    shutil.copyfile(backup, path)
    with rn.open(tmp_path / "p") as project:
        assert len(project.task("t").gold()) == 100


def test_a_newer_database_and_a_foreign_one_are_refused(tmp_path: Path) -> None:
    make(tmp_path / "p")
    with sqlite3.connect(tmp_path / "p" / "project.db") as connection:
        connection.execute("PRAGMA user_version=999")
    with pytest.raises(StoreTooNew, match="999"):
        rn.open(tmp_path / "p")
    (tmp_path / "q").mkdir()
    with sqlite3.connect(tmp_path / "q" / "project.db") as connection:
        connection.execute("CREATE TABLE other (a)")
    with pytest.raises(StoreError, match="not a refinery_nb project"):
        rn.open(tmp_path / "q")
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="is a file"):
        rn.open(tmp_path / "file")


def test_a_backup_of_an_open_project_is_complete(tmp_path: Path) -> None:
    """C9: a copy of the file alone lacks what stands in the log; a backup does not."""
    with rn.open(tmp_path / "p", by="ann") as project:
        project.add([{"id": "1", "text": "x"}], key="id")
        project.task("t", ["A"], on="text").label("1", "A")
        (tmp_path / "copy").mkdir()
        project.backup(tmp_path / "copy" / "project.db")
    with rn.open(tmp_path / "copy") as project:
        assert list(project.task("t").gold()["label"]) == ["A"]


def test_a_folder_that_is_gone_is_said_and_not_made_anew(tmp_path: Path) -> None:
    make(tmp_path / "p")
    project = rn.open(tmp_path / "p")
    os.rename(tmp_path / "p", tmp_path / "moved")
    with pytest.raises(StoreError, match="moved or deleted"):
        project.task("t").label("1", "B")
    assert not (tmp_path / "p" / "project.db").exists()
    os.rename(tmp_path / "moved", tmp_path / "p")
    project.task("t").label("1", "B")
    project.close()


def test_what_sqlite_promises_is_asked_for(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p") as project, project.database.write() as connection:
        for name, value in {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "trusted_schema": 0,
        }.items():
            assert connection.execute(f"PRAGMA {name}").fetchone()[0] == value


LABEL = """
import sys
import refinery_nb as rn
from refinery_nb.core.operation import Operation
with rn.open(sys.argv[1], by="ann") as project:
    task = project.task("t")
    label = task.schema.labels[int(sys.argv[2])]
    print("ready", flush=True)
    sys.stdin.readline()
    value = {"label": label.id}
    operation = Operation(sys.argv[2], "label", "ann", task.id, 200, 0, value)
    (answer,) = project.apply([operation])
    print(answer.status, flush=True)
"""


def test_two_processes_that_label_one_record_conflict(tmp_path: Path) -> None:
    """E1, D6: the second is told, and the log holds both."""
    make(tmp_path / "p")
    children = [
        subprocess.Popen(
            [sys.executable, "-c", LABEL, str(tmp_path / "p"), number],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in "01"
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = sorted(child.communicate()[0].strip() for child in children)
    assert said == ["conflict", "saved"]
    with rn.open(tmp_path / "p") as project, project.database.read() as connection:
        events = connection.execute(
            "SELECT outcome FROM event WHERE record = 200 ORDER BY outcome"
        ).fetchall()
    assert events == [("applied",), ("conflict",)]


def test_many_threads_share_one_project(tmp_path: Path) -> None:
    """E3, E2: labels, queries and imports at once; no error, nothing lost."""
    make(tmp_path / "p")
    with rn.open(tmp_path / "p", by="ann") as project:
        task = project.task("t")
        errors: list[BaseException] = []

        def label(worker: int) -> None:
            for n in range(40):
                operation = Operation(
                    f"{worker}-{n}",
                    "label",
                    f"w{worker}",
                    task.id,
                    n + 1,
                    None,
                    {"label": task.schema.labels[n % 2].id},
                )
                (answer,) = project.apply([operation])
                assert answer.status == "saved"

        def ask(worker: int) -> None:
            for n in range(40):
                assert len(project.where(task.labeled)) >= 100
                project.view().sample(5, seed=worker * 100 + n).keys()
                project.search("xxx")

        def add(worker: int) -> None:
            for n in range(10):
                project.add([{"id": f"new-{worker}-{n}", "text": "y"}])

        def guarded(work: object, worker: int) -> None:
            try:
                work(worker)  # type: ignore[operator]
            except BaseException as error:
                errors.append(error)

        threads = [
            threading.Thread(target=guarded, args=(work, worker))
            for worker in range(3)
            for work in (label, ask, add)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(project) == 330
        assert len(task.all_labels()) == 100 + 120


def test_a_forked_child_cannot_use_the_connection(tmp_path: Path) -> None:
    make(tmp_path / "p")
    with rn.open(tmp_path / "p") as project:
        real = project.database._pid
        project.database._pid = real + 1
        with pytest.raises(StoreError, match="forked"):
            len(project)
        project.database._pid = real


def test_a_closed_project_says_so(tmp_path: Path) -> None:
    project = rn.open(tmp_path / "p")
    project.close()
    project.close()
    with pytest.raises(StoreError, match="closed"):
        len(project)
