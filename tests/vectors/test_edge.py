"""The shard of Qdrant Edge: what it raises, and what it survives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from refinery_nb.core.errors import MissingExtra, StoreBusy, StoreDamaged, StoreError
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.edge import SHARD, EdgeStore
from tests.vectors import edge_kills
from tests.vectors.edge_kills import DIM

ROOT = Path(__file__).parents[2]
QUERY = np.ones((1, DIM), np.float32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EdgeStore]:
    opened = EdgeStore(tmp_path, DIM)
    yield opened
    opened.close()


def run(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.vectors.edge_kills", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_a_second_opener_is_told_that_it_is_open(store: EdgeStore, tmp_path: Path) -> None:
    with pytest.raises(StoreBusy, match="another process"):
        EdgeStore(tmp_path, DIM)
    assert store.count() == 0


def test_a_closed_store_says_so_in_our_words(store: EdgeStore) -> None:
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.search(QUERY, 3)


def test_another_dimension_is_named(store: EdgeStore, tmp_path: Path) -> None:
    store.close()
    with pytest.raises(StoreDamaged, match="32 numbers, not 7"):
        EdgeStore(tmp_path, 7)
    again = EdgeStore(tmp_path, 7, fresh=True)
    assert again.count() == 0
    again.close()


@pytest.mark.parametrize("what", ["edge_config.json", "segment.json", "config.json"])
def test_damage_is_told_in_our_words_and_lets_go_of_the_folder(
    store: EdgeStore, tmp_path: Path, what: str
) -> None:
    store.upsert(edge_kills.vectors(50))
    store.close()
    for path in (tmp_path / SHARD).rglob(what):
        path.write_bytes(b"junk")
    with pytest.raises(StoreDamaged, match="cannot be used") as damage:
        EdgeStore(tmp_path, DIM)
    assert damage.value.hint
    fresh = EdgeStore(tmp_path, DIM, fresh=True)
    fresh.upsert(edge_kills.vectors(5))
    assert fresh.count() == 5
    fresh.close()


def test_a_missing_engine_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "qdrant_edge", None)
    with pytest.raises(MissingExtra, match=r"refinery-nb\[vectors\]"):
        EdgeStore(tmp_path, DIM)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_is_refused_instead_of_hanging(tmp_path: Path) -> None:
    code = f"""
import os, numpy as np
from pathlib import Path
from refinery_nb.core.errors import StoreError
from refinery_nb.vectors.edge import EdgeStore
from tests.vectors.edge_kills import vectors, DIM
store = EdgeStore(Path({str(tmp_path)!r}), DIM)
store.upsert(vectors(20))
child = os.fork()
if not child:
    try:
        store.search(np.ones((1, DIM), np.float32), 1)
    except StoreError as error:
        store.close()
        os._exit(17 if "forked" in str(error) else 1)
    os._exit(2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
assert store.search(np.ones((1, DIM), np.float32), 1)[0].shape == (1, 1)
store.close()
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0


def test_what_was_flushed_survives_a_kill_at_any_time(tmp_path: Path) -> None:
    wanted = edge_kills.vectors(20_000)
    for at in range(4):
        folder = tmp_path / str(at)
        with run(folder, "fill", 20_000) as process:
            assert process.stdout is not None
            said = [process.stdout.readline() for _ in range(1 + 3 * at)]
            process.kill()
            said += process.stdout.readlines()
        safe = int(said[-1])
        store = EdgeStore(folder, DIM)
        found = store.scroll(limit=safe)
        store.close()
        assert found.records.tolist() == list(range(1, safe + 1))
        lengths = np.linalg.norm(wanted.values[:safe], axis=1, keepdims=True)
        np.testing.assert_allclose(found.values, wanted.values[:safe] / lengths, atol=1e-5)


def test_a_kill_while_it_builds_leaves_nothing_behind(tmp_path: Path) -> None:
    left = tmp_path / SHARD / "temp_segments"
    with run(tmp_path, "build", 6_000) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while not (left.is_dir() and any(left.iterdir())) and process.poll() is None:
            time.sleep(0.001)
        process.kill()
    assert process.returncode == -9
    assert any(left.iterdir())
    store = EdgeStore(tmp_path, DIM)
    assert not left.exists() or not any(left.iterdir())
    assert store.count() == 6_000
    before = store.search(QUERY, 5)
    store.build()
    np.testing.assert_allclose(store.search(QUERY, 5)[1], before[1], atol=1e-6)
    store.close()


def test_nothing_in_its_folder_is_unpickled(store: EdgeStore, tmp_path: Path) -> None:
    store.upsert(edge_kills.vectors(100))
    store.close()
    fired = tmp_path / "fired"
    hostile = b"cposix\nsystem\n(S'touch " + str(fired).encode() + b"'\ntR."
    shard = tmp_path / SHARD
    for folder in (shard, *(one for one in shard.rglob("*") if one.is_dir())):
        for name in ("storage.sqlite", "meta.pkl", "vectors.joblib", "model.pt", "config.pickle"):
            (folder / name).write_bytes(hostile)
    opened = EdgeStore(tmp_path, DIM)
    assert opened.count() == 100
    opened.search(QUERY, 3)
    opened.build()
    opened.close()
    assert not fired.exists()


def test_what_it_finds_does_not_depend_on_the_length_of_vectors(store: EdgeStore) -> None:
    wanted = edge_kills.vectors(200)
    store.upsert(wanted)
    before = store.search(QUERY, 5)
    store.upsert(Vectors(wanted.records, wanted.values * 1e6))
    after = store.search(QUERY * 1e-6, 5)
    assert after[0].tolist() == before[0].tolist()
    np.testing.assert_allclose(after[1], before[1], atol=1e-5)
