"""Labels survive SIGKILL: what was acknowledged is on disk, once, and the projection is whole."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from refinery_nb.core.schema import AttributeType, Overlap, TaskKind
from refinery_nb.project.project import open as open_project
from refinery_nb.store import labels, records, schema

CHILD = Path(__file__).with_name("kills.py")
LABEL = 'SELECT task, record, actor, position, version, label, start, "end", surface FROM label'
MARK = "SELECT task, record, actor, kind, version FROM mark"


def make_project(root: Path) -> None:
    with open_project(root, by="ann") as project, project.database.write() as connection:
        text = schema.add_attribute(connection, "text", AttributeType.TEXT)
        columns = [[f"text {number}" for number in range(40)]]
        keys = [str(number) for number in range(40)]
        version = records.next_version(connection)
        records.insert(connection, [text], keys, columns, version=version)
        task = schema.add_task(connection, "topic", TaskKind.CLASSIFICATION, text, Overlap.ANY, "")
        schema.add_labels(
            connection, task, [(name, "#000000", "", at) for at, name in enumerate("abc")]
        )


def acknowledged_until_killed(root: Path, seed: int, *, early: bool = False) -> list[str]:
    """Let a child label for a random time, kill it, and return what it acknowledged."""
    command = [sys.executable, str(CHILD), str(root), str(seed), *(["--early"] if early else [])]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    time.sleep(random.Random(seed).uniform(0.001, 0.06))
    child.kill()
    said, _ = child.communicate()
    # A last line without its end was not read by anybody.
    return [line.rstrip("\n") for line in said.splitlines(keepends=True) if line.endswith("\n")]


def check(root: Path, said: list[str]) -> list[str]:
    """Return what was acknowledged and is not there; check everything else."""
    with open_project(root, by="ann") as project:
        with project.database.read() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            stored = [row[0] for row in connection.execute("SELECT op_id FROM operation")]
            orphans = connection.execute(
                "SELECT count(*) FROM operation WHERE seq NOT IN (SELECT operation FROM event)"
            ).fetchone()
            before = sorted(connection.execute(LABEL)), sorted(connection.execute(MARK))
        assert len(stored) == len(set(stored))
        assert orphans == (0,)
        project.replay()
        with project.database.read() as connection:
            after = sorted(connection.execute(LABEL)), sorted(connection.execute(MARK))
        assert before == after
    return [op_id for op_id in said if op_id not in set(stored)]


def kill_many(root: Path, seeds: range, *, early: bool = False) -> tuple[int, int]:
    """Return how many operations were acknowledged, and how many of them were lost."""
    make_project(root)
    total = lost = 0
    for seed in seeds:
        said = acknowledged_until_killed(root, seed, early=early)
        total += len(said)
        lost += len(check(root, said))
    return total, lost


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(4))
def test_no_acknowledged_label_is_lost_in_200_kills(tmp_path: Path, part: int) -> None:
    """F1, F2, T1: 4 x 50 kills at random points, half of them likely inside a transaction."""
    total, lost = kill_many(tmp_path / "p", range(part * 50, part * 50 + 50))
    assert total > 10
    assert lost == 0


@pytest.mark.timeout(600)
def test_acknowledging_before_the_commit_does_lose_labels(tmp_path: Path) -> None:
    """The negative control: the harness sees the fault that it is there to see."""
    lost = 0
    make_project(tmp_path / "p")
    for seed in range(1_000, 1_200):
        lost += len(
            check(tmp_path / "p", acknowledged_until_killed(tmp_path / "p", seed, early=True))
        )
        if lost:
            break
    assert lost > 0


def test_an_operation_applied_again_has_one_effect(tmp_path: Path) -> None:
    make_project(tmp_path / "p")
    with open_project(tmp_path / "p", by="ann") as project:
        with project.database.read() as connection:
            (task,) = schema.tasks(connection)
            (record, *_) = records.all_ids(connection).tolist()
        operation = labels.Operation(
            "one", "label", "ann", task.id, record, 0, {"label": task.labels[0].id}
        )
        first, second = project.apply([operation]), project.apply([operation])
        assert first == second
        assert first[0].status == "saved"
        with project.database.read() as connection:
            assert connection.execute("SELECT count(*) FROM event").fetchone() == (1,)
