"""Killed while a project is saved, exported or restored: what was there before stands, or all."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import refinery_nb as rn
from tests.project.test_projects import fill

CHILD = """
import os, signal, sys
import refinery_nb as rn

verb, at, source, target = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
seen = 0

def hook(event, args):
    global seen
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"):
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)

import platformdirs
platformdirs.user_data_path = lambda *args, **options: __import__("pathlib").Path(sys.argv[5])
if verb == "restore":
    sys.addaudithook(hook)
    rn.restore(source, target)
else:
    project = rn.open(source)
    sys.addaudithook(hook)
    project.save(target) if verb == "save" else project.export(target)
print(seen)
"""


def run(folder: Path, verb: str, at: int, source: Path, target: Path) -> int:
    """Run a verb in a child that dies at its n-th look at a file; return how many it had, or 0."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            CHILD,
            verb,
            str(at),
            str(source),
            str(target),
            str(folder / "home"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode in (0, -signal.SIGKILL), told.stderr
    return int(told.stdout) if told.returncode == 0 else 0


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kills")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("platformdirs.user_data_path", lambda name, **_: folder / "home" / name)
        with rn.open(folder / "news", by="ann") as project:
            fill(project)
            project.save(folder / "news.rnb.zip")
    return folder


@pytest.mark.parametrize("verb", ["save", "export"])
def test_a_file_is_the_older_one_or_whole(news: Path, tmp_path: Path, verb: str) -> None:
    """F3."""
    target = tmp_path / "out.zip"
    looks = run(tmp_path, verb, -1, news / "news", target)
    assert looks > 3
    whole = target.read_bytes()
    for part in (0.5, 0.95):
        target.write_bytes(b"older")
        assert run(tmp_path, verb, max(1, round(part * looks)), news / "news", target) == 0
        if target.read_bytes() != b"older":
            with zipfile.ZipFile(target) as archive:
                assert archive.testzip() is None
            assert abs(target.stat().st_size - len(whole)) < 1_000


def test_a_restored_project_is_there_whole_or_not_at_all(news: Path, tmp_path: Path) -> None:
    """F3: and the next try finds its place free."""
    target = tmp_path / "out"
    looks = run(tmp_path, "restore", -1, news / "news.rnb.zip", target)
    assert looks > 10
    for part in (0.3, 0.95):
        shutil.rmtree(target, ignore_errors=True)
        assert (
            run(tmp_path, "restore", max(1, round(part * looks)), news / "news.rnb.zip", target)
            == 0
        )
        if target.exists():
            with rn.open(target) as project:
                assert project.doctor().ok
                assert len(project) == 5
        assert set(rn.projects(tmp_path)["path"]) <= {str(target)}
    shutil.rmtree(target, ignore_errors=True)
    assert run(tmp_path, "restore", -1, news / "news.rnb.zip", target) > 0
