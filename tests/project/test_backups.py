"""Backups that are made before much is changed at once, and going back to one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.project import labeling
from refinery_nb.project.projects import backups
from refinery_nb.store import backup as stored


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> rn.Project:
    monkeypatch.setattr(backups, "MANY", 3)
    monkeypatch.setattr(stored, "PAUSE", timedelta(0))
    with rn.open(tmp_path / "shop", by="ann") as project:
        project.add([{"id": n, "text": f"text {n}", "stars": n} for n in range(5)], key="id")
        project.task("topic", ["A", "B"], on="text")
        yield project


def label(project: rn.Project, records: int) -> None:
    project.task("topic").label_many(dict.fromkeys(range(records), "A"))


def label_view(project: rn.Project, name: str) -> None:
    """Label as the Browser does with a whole view."""
    ids = project.view().ids().tolist()
    labeling.label_same(project, project.task("topic").schema, ids, name, by=None)


CHANGES: dict[str, tuple[str, Callable[[rn.Project], object]]] = {
    "labels": ("before labeling", lambda project: label(project, 5)),
    "view": ("before labeling", lambda project: label_view(project, "A")),
    "records": ("before deletion", lambda project: project.delete_records(project.view()).apply()),
    "import": (
        "before import",
        lambda project: project.add([{"id": n, "text": "new", "stars": 0} for n in range(4)]),
    ),
    "conversion": (
        "before conversion",
        lambda project: project.fields["stars"].convert("text").apply(),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_before_much_is_changed_a_backup_is_made(shop: rn.Project, change: str) -> None:
    why, work = CHANGES[change]
    before = shop.records()
    work(shop)
    (found,) = [one for one in shop.backups() if one.why.startswith("before")]
    assert found.why == why
    with found.restore(shop.root.parent / "older") as older:
        assert older.records().equals(before)
        assert len(older.task("topic").gold()) == 0


def test_before_a_label_that_many_records_have_is_merged_or_deleted_a_backup_is_made(
    shop: rn.Project,
) -> None:
    label(shop, 5)
    topic = shop.task("topic")
    topic.merge(["A"], "B").apply()
    topic.delete_label("B").apply()
    whys = sorted(one.why for one in shop.backups() if one.why.startswith("before"))
    assert whys == ["before deletion", "before labeling", "before merge"]


def test_a_small_change_makes_no_backup(shop: rn.Project) -> None:
    label(shop, 3)
    assert [one.why for one in shop.backups()] == ["daily"]


def test_the_newest_few_are_kept_and_those_of_other_kinds_stay(shop: rn.Project) -> None:
    shop.backup()
    with shop.database.read() as connection:
        for day in range(1, 9):
            at = shop.backups()[-1].at + timedelta(days=day)
            stored.backup_before(connection, shop.root, "deletion", now=at)
    whys = [one.why for one in shop.backups()]
    assert whys.count("before deletion") == stored.KEEP
    assert {"daily", "by hand"} <= set(whys)


def test_changes_in_a_row_wait_for_one_backup(
    shop: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PAUSE", timedelta(minutes=1))
    label(shop, 5)
    shop.delete_records(shop.view()).apply()
    assert [one.why for one in shop.backups()].count("before labeling") == 1
    assert "before deletion" not in [one.why for one in shop.backups()]


def test_of_a_database_so_large_that_copying_is_felt_none_is_made(
    shop: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "AUTOMATIC_BYTES", 10)
    label(shop, 5)
    assert [one.why for one in shop.backups()] == ["daily"]


def test_a_project_in_memory_has_no_backups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "MANY", 1)
    with rn.open() as project:
        project.add([{"id": n, "text": "a"} for n in range(5)], key="id")
        project.delete_records(project.view()).apply()
        assert project.backups() == []
