"""Indexes of embeddings: an answer is never behind, whatever becomes of the index."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from project.indexing import DIM, QUERIES, directions, exactly, fill, same
from vectors.stand_in import StandIn

import refinery_nb as rn
from refinery_nb.core.errors import InputError, QueryError, StoreError
from refinery_nb.core.query import Labelled
from refinery_nb.project.vectors import index_upkeep
from refinery_nb.project.vectors.index_child import ChildIndex
from refinery_nb.vectors.held import ENTRIES, NOTES, Held
from refinery_nb.vectors.server import KEY, URL, Server

TESTS = Path(__file__).parents[1]
COUNT = 600


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL, raising=False)
    monkeypatch.delenv(KEY, raising=False)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a project with an index, to be copied."""
    found = tmp_path_factory.mktemp("indexed") / "p"
    with fill(found, COUNT) as project:
        project.embeddings["v"].index()
        assert project.embeddings["v"].searched_by == "edge"
    yield found
    shutil.rmtree(found)


@pytest.fixture
def opened(indexed: Path, tmp_path: Path) -> Iterator[rn.Project]:
    """A project with an index, below the number from which on it would get one by itself."""
    shutil.copytree(indexed, tmp_path / "p")
    with rn.open(tmp_path / "p", by="ann") as project:
        project.embeddings["v"].index()
        assert project.embeddings["v"].searched_by == "edge"
        yield project
    shutil.rmtree(tmp_path / "p")  # its pages are large, though all but empty


def folder(project: rn.Project) -> Path:
    assert project.root is not None
    return project.root / "index" / "1-edge"


def labels(project: rn.Project) -> Any:
    return project.tasks["kind"].gold().to_dict("records")


def until(what: Callable[[], bool]) -> None:
    """Wait for a state that is certain to come."""
    while not what():
        time.sleep(0.01)


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "child.py" in " ".join(one.cmdline())]


# --- when there is one ----------------------------------------------------------------------------


def test_few_vectors_are_searched_exactly_and_nothing_is_made(tmp_path: Path) -> None:
    with fill(tmp_path / "p", 50) as project:
        embedding = project.embeddings["v"]
        assert same(embedding.nearest(QUERIES, 5), exactly(project))
        assert embedding.searched_by == "exact"
        assert not (tmp_path / "p" / "index").exists()
        assert not children()


def test_many_vectors_get_an_index_in_the_background(tmp_path: Path) -> None:
    with fill(tmp_path / "p", COUNT) as project:
        embedding = project.embeddings["v"]
        project.embeddings.indexes.above = COUNT
        assert same(embedding.nearest(QUERIES, 5), exactly(project))
        project.tasks["kind"].label("3", "A")
        until(lambda: embedding.searched_by == "edge")
        assert same(embedding.nearest(QUERIES, 5), exactly(project))


def test_an_index_that_is_asked_for_is_made_in_the_background(tmp_path: Path) -> None:
    with fill(tmp_path / "p", COUNT) as project:
        project.embeddings["v"].index(wait=False)
        until(lambda: (tmp_path / "p" / "index" / "1-edge" / NOTES).exists())
        until(lambda: project.embeddings["v"].searched_by == "edge")


def test_an_index_that_is_there_is_used_again(opened: rn.Project) -> None:
    opened.close()
    with rn.open(opened.root) as project:
        embedding = project.embeddings["v"]
        assert embedding.searched_by == "exact"
        assert same(embedding.nearest(QUERIES, 5), exactly(project))
        until(lambda: embedding.searched_by == "edge")
        assert same(embedding.nearest(QUERIES, 5), exactly(project))


def test_a_project_in_memory_has_none_and_says_so() -> None:
    with rn.open() as project:
        project.add([{"text": f"text {at}"} for at in range(5)])
        project.embed("text", model=directions, name="v", progress=False)
        with pytest.raises(StoreError, match="in memory"):
            project.embeddings["v"].index()
        assert project.embeddings["v"].nearest(QUERIES, 3)[0].shape == (4, 3)


def test_closing_the_project_ends_its_child(opened: rn.Project) -> None:
    assert len(children()) == 1
    opened.close()
    assert not children()
    opened.close()


def test_opening_and_closing_leaves_nothing_behind(opened: rn.Project) -> None:
    process, seen, root = psutil.Process(), [], opened.root
    opened.close()
    for _ in range(3):
        with rn.open(root) as again:
            again.embeddings["v"].index()
        del again
        gc.collect()
        seen.append((process.num_fds(), process.num_threads(), len(children())))
    assert len(set(seen)) == 1


def test_deleting_an_embedding_deletes_its_index(opened: rn.Project) -> None:
    opened.embeddings["v"].delete()
    assert not children()
    assert not folder(opened).exists()


def test_nearest_needs_no_engine(tmp_path: Path) -> None:
    code = f"""
import sys, warnings
sys.modules["qdrant_edge"] = None
sys.path.insert(0, {str(TESTS)!r})
from pathlib import Path
from project.indexing import QUERIES, exactly, fill, same
from refinery_nb.project.vectors import index_child
index_child.TARGET = "project.indexing:without_engine"
with fill(Path({str(tmp_path / "p")!r}), 60) as project:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        project.embeddings["v"].index()
        project.embeddings["v"].nearest(QUERIES, 3)
    said = [str(one.message) for one in caught]
    assert len(said) == 1 and "refinery-nb[vectors]" in said[0], said
    assert same(project.embeddings["v"].nearest(QUERIES, 5), exactly(project))
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


# --- what has changed since -----------------------------------------------------------------------


def test_what_changes_is_found_as_it_is_though_the_index_is_behind(opened: rn.Project) -> None:
    embedding, chance = opened.embeddings["v"], np.random.default_rng(7)
    task, missed, asked = opened.tasks["kind"], 0, 0
    views = [
        opened.where(opened["topic"] == "x"),
        opened.where(Labelled("kind", "A")),
        opened.where(~Labelled("kind") & (opened["stars"] > 2)),
        opened.where(opened["text"].contains("7")),
        opened.where(opened["topic"] == "y").head(40),
    ]
    for step in range(40):
        key = str(chance.integers(COUNT))
        what = step % 5
        if what == 0:
            task.label(key, "AB"[chance.integers(2)])
        elif what == 1:
            opened.add([{"id": int(key), "text": f"edited {step}"}], key="id")
        elif what == 2:
            opened.add([{"id": int(key), "topic": "xyz"[chance.integers(3)]}], key="id")
        elif what == 3:
            new = {"id": COUNT + step, "text": f"new {step}", "topic": "x", "stars": 4}
            opened.add([new], key="id")
        else:
            with opened.database.write() as connection:
                connection.execute("DELETE FROM record WHERE key = ?", (key,))
        if step % 3 == 0:
            opened.embed("text", model=directions, name="v", progress=False)
        if step in (15, 30):
            embedding.index()
        assert embedding.searched_by == "edge"
        for among in (None, *views):
            found, wanted = embedding.nearest(QUERIES, 5, among=among), exactly(opened, 5, among)
            allowed = set((opened.view() if among is None else among).ids().tolist())
            known = found[0] >= 0
            assert set(found[0][known].tolist()) <= allowed
            # Scored by the present vectors, whatever the index says.
            own = opened.embeddings.indexes.exact("v").scores(QUERIES, found[0])
            assert (own[known] == found[1][known]).all()
            missed += int((found[0] != wanted[0]).sum())
            asked += found[0].size
    assert missed <= 0.01 * asked


def test_every_record_can_be_asked_for_at_once(opened: rn.Project) -> None:
    ids, values = opened.embeddings["v"].vectors()
    found = opened.embeddings["v"].nearest(values, 3)
    wanted = opened.embeddings.indexes.exact("v").search(values, 3)
    assert (found[0][:, 0] == ids).all()
    assert (found[0] == wanted[0]).mean() >= 0.99


def test_some_are_left_out_of_the_answers(opened: rn.Project) -> None:
    embedding = opened.embeddings["v"]
    ids, values = embedding.vectors()
    own = ids[:8]
    found, _ = embedding.nearest(values[:8], 4, exclude=own[:, None])
    assert not (found == own[:, None]).any()
    best = embedding.nearest(QUERIES, 3)[0]
    without = embedding.nearest(QUERIES, 3, exclude=best.ravel())[0]
    assert not np.isin(without, best).any()
    many = embedding.nearest(QUERIES, 3, exclude=ids[:400])[0]
    assert np.isin(many, ids[400:]).all()
    some = embedding.nearest(QUERIES, 3, among=ids[:300], exclude=best)[0]
    assert np.isin(some, ids[:300]).all()


@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_ids_that_may_be_found_are_the_only_ones(opened: rn.Project, share: float) -> None:
    ids, _ = opened.embeddings["v"].vectors()
    among = np.random.default_rng(3).permutation(ids)[: int(share * len(ids))]
    found = opened.embeddings["v"].nearest(QUERIES, 7, among=among)
    wanted = opened.embeddings.indexes.exact("v").search(QUERIES, 7, among=among)
    assert (found[0] == wanted[0]).mean() >= 0.9
    assert np.isin(found[0], among).all()


def test_a_view_of_another_project_is_refused(opened: rn.Project, project: rn.Project) -> None:
    project.add([{"text": "a"}])
    with pytest.raises(QueryError, match="another project"):
        opened.embeddings["v"].nearest(QUERIES, 3, among=project.view())


def test_many_changes_bring_it_in_line_in_the_background(
    opened: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refinery_nb.project.vectors.index_picture.BEHIND", 20)
    embedding = opened.embeddings["v"]
    opened.add([{"id": COUNT + at, "text": f"more {at}"} for at in range(50)], key="id")
    opened.embed("text", model=directions, name="v", progress=False)
    held = Held(folder(opened))
    assert len(held.rows()) == COUNT
    assert same(embedding.nearest(QUERIES, 5), exactly(opened))
    until(lambda: len(held.rows()) == COUNT + 50 and embedding.searched_by == "edge")
    assert same(embedding.nearest(QUERIES, 5), exactly(opened))


# --- what becomes of the index --------------------------------------------------------------------


def damage(project: rn.Project, what: str) -> None:
    where = folder(project)
    shard = where / "edge" / "shard"
    largest = max((one for one in shard.rglob("*.dat")), key=lambda one: one.stat().st_size)
    if what == "shard deleted":
        shutil.rmtree(shard)
    elif what == "file deleted":
        largest.unlink()
    elif what == "file cut":
        os.truncate(largest, largest.stat().st_size // 2)
    elif what == "byte flipped":
        with largest.open("r+b") as file:
            file.seek(100)
            file.write(b"\xa5")
    elif what == "all junk":
        for one in shard.rglob("*"):
            if one.is_file():
                one.write_bytes(os.urandom(max(1, one.stat().st_size)))
    elif what == "notes deleted":
        (where / NOTES).unlink()
    elif what == "notes junk":
        (where / NOTES).write_bytes(b"\x80\x04junk")
    elif what == "entries cut":
        os.truncate(where / ENTRIES, 777)
    elif what == "another dimension":
        notes = (where / NOTES).read_text()
        (where / NOTES).write_text(notes.replace(f'"dim": {DIM}', '"dim": 8'))
    elif what == "a pickle":
        (shard / "storage.sqlite").write_bytes(b"cposix\nsystem\n(S'touch fired'\ntR.")


@pytest.mark.parametrize(
    "what",
    [
        "shard deleted",
        "file deleted",
        "file cut",
        "byte flipped",
        "all junk",
        "notes deleted",
        "notes junk",
        "entries cut",
        "another dimension",
        "a pickle",
    ],
)
def test_a_damaged_index_is_made_anew_with_a_message(opened: rn.Project, what: str) -> None:
    opened.tasks["kind"].label("5", "A")
    before = labels(opened)
    opened.close()
    damage(opened, what)
    with rn.open(opened.root, by="ann") as project:
        with pytest.warns(RuntimeWarning, match="made anew") as caught:
            project.embeddings["v"].index()
        assert len(caught) == 1
        assert project.embeddings["v"].searched_by == "edge"
        assert same(project.embeddings["v"].nearest(QUERIES, 5), exactly(project))
        assert labels(project) == before
        assert len(Held(folder(project)).rows()) == COUNT
        assert not Path("fired").exists()


def test_another_model_makes_it_anew(opened: rn.Project) -> None:
    def shorter(texts: list[str]) -> Any:
        return directions([text + "!" for text in texts])[:, :8]

    embedding = opened.embeddings["v"]
    opened.embed("text", model=shorter, name="v", progress=False)
    queries = QUERIES[:, :8]
    wanted = opened.embeddings.indexes.exact("v").search(queries, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert same(embedding.nearest(queries, 5), wanted)
        embedding.index()
    assert embedding.searched_by == "edge"
    assert same(embedding.nearest(queries, 5), wanted)


@pytest.mark.parametrize("reopened", [False, True])
def test_a_model_that_is_fitted_again_makes_it_anew(opened: rn.Project, reopened: bool) -> None:
    def otherwise(texts: list[str]) -> Any:
        return directions([text[::-1] for text in texts])

    otherwise.__name__ = directions.__name__
    embedding = opened.embeddings["v"]
    opened.embed("text", model=otherwise, name="v", progress=False, fresh=True)
    if reopened:
        opened.embeddings.indexes.close()
    # The texts are the same, and so is the number of vectors: only when they were made is not.
    assert same(embedding.nearest(QUERIES, 5), exactly(opened))
    with pytest.warns(RuntimeWarning, match="another model, or of an earlier time"):
        embedding.index()
    assert embedding.searched_by == "edge"
    assert same(embedding.nearest(QUERIES, 5), exactly(opened))


def test_a_child_that_is_killed_costs_nothing(opened: rn.Project) -> None:
    embedding = opened.embeddings["v"]
    (child,) = children()
    child.kill()
    child.wait()
    assert same(embedding.nearest(QUERIES, 5), exactly(opened))
    with pytest.warns(RuntimeWarning, match="The search was exact"):
        embedding.index()
    assert embedding.searched_by == "edge"
    assert same(embedding.nearest(QUERIES, 5), exactly(opened))


def test_a_child_that_always_crashes_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "refinery_nb.project.vectors.index_child.TARGET", "project.indexing:crashing"
    )
    with fill(tmp_path / "p", 50) as project:
        embedding = project.embeddings["v"]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            embedding.index()
        assert "crashed too often" in str(caught[-1].message)
        assert "failed" in embedding.searched_by
        assert same(embedding.nearest(QUERIES, 5), exactly(project))
        assert not children()


@pytest.mark.parametrize(
    ("where", "call", "safe"),
    [("open", 1, 0), ("upsert", 1, 0), ("upsert", 4, 300), ("finish", 1, 600)],
)
def test_a_kernel_that_is_killed_loses_only_what_was_not_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, call: int, safe: int
) -> None:
    fill(tmp_path / "p", COUNT).close()
    killed = subprocess.run(
        [sys.executable, "-m", "project.indexing", str(tmp_path / "p"), where, str(call)],
        cwd=TESTS,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    written: list[int] = []
    real = ChildIndex.upsert

    def counted(self: ChildIndex, vectors: Any, *arguments: Any) -> None:
        written.append(len(vectors))
        real(self, vectors, *arguments)

    monkeypatch.setattr(ChildIndex, "upsert", counted)
    with rn.open(tmp_path / "p") as project:
        held = Held(folder(project))
        assert len(held.rows()) == safe
        embedding = project.embeddings["v"]
        assert same(embedding.nearest(QUERIES, 5), exactly(project))
        embedding.index()
        assert embedding.searched_by == "edge"
        assert sum(written) == COUNT - safe
        assert len(held.rows()) == COUNT
        assert same(embedding.nearest(QUERIES, 5), exactly(project))


# --- several kernels ------------------------------------------------------------------------------


def test_a_second_kernel_searches_exactly_and_can_label(opened: rn.Project) -> None:
    code = f"""
import sys, warnings
sys.path.insert(0, {str(TESTS)!r})
import refinery_nb as rn
from project.indexing import QUERIES, exactly, same
with rn.open({str(opened.root)!r}, by="bob") as project:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        project.embeddings["v"].index()
        for _ in range(3):
            assert same(project.embeddings["v"].nearest(QUERIES, 5), exactly(project))
    assert [str(one.message) for one in caught] == [
        "v: another kernel has its index open; here the search is exact."
    ]
    assert project.embeddings["v"].searched_by == "exact; another kernel has its index"
    project.tasks["kind"].label("7", "B")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    view = opened.where(Labelled("kind", "B"))
    assert opened.embeddings["v"].searched_by == "edge"
    assert opened.embeddings["v"].nearest(QUERIES[:1], 3, among=view)[0].tolist() == [
        [view.ids()[0], -1, -1]
    ]


def test_a_kernel_takes_the_index_over_when_the_other_is_gone(opened: rn.Project) -> None:
    with rn.open(opened.root) as second:
        embedding = second.embeddings["v"]
        with pytest.warns(RuntimeWarning, match="another kernel"):
            embedding.index()
        opened.close()
        embedding.index()
        assert embedding.searched_by == "edge"
        assert same(embedding.nearest(QUERIES, 5), exactly(second))


def test_a_fork_ends_no_children_of_its_parent(opened: rn.Project) -> None:
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 17 if opened.embeddings.indexes._kept[1].picture is None else 2
            opened.embeddings.indexes.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
    assert len(children()) == 1
    assert same(opened.embeddings["v"].nearest(QUERIES, 5), exactly(opened))
    assert opened.embeddings["v"].searched_by == "edge"


# --- a server -------------------------------------------------------------------------------------


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


def test_a_server_answers_the_same(tmp_path: Path, stand_in: StandIn) -> None:
    with fill(tmp_path / "p", COUNT) as project:
        embedding = project.embeddings["v"]
        project.embeddings.indexes.server = stand_in.url
        embedding.index()
        assert embedding.searched_by == "server"
        stand_in.asked.clear()
        assert same(embedding.nearest(QUERIES, 5), exactly(project))
        view = project.where(project["topic"] == "x")
        assert same(embedding.nearest(QUERIES, 5, among=view), exactly(project, 5, view))
        name = f"/collections/refinery_nb-{project.id}-1"
        assert stand_in.asked == [("POST", f"{name}/points/query/batch")] * 2
        assert not children()
        assert len(stand_in.collections) == 1
        embedding.delete()
        assert not stand_in.collections


def test_two_kernels_ask_one_server(tmp_path: Path, stand_in: StandIn) -> None:
    with fill(tmp_path / "p", COUNT) as project, rn.open(tmp_path / "p") as second:
        for one in (project, second):
            one.embeddings.indexes.server = stand_in.url
            one.embeddings["v"].index()
            assert one.embeddings["v"].searched_by == "server"
        stand_in.asked.clear()
        assert same(second.embeddings["v"].nearest(QUERIES, 5), exactly(project))
        assert [path.rsplit("/", 2)[1] for _, path in stand_in.asked] == ["query"]
        # What either changes, both find at once.
        second.add([{"id": 3, "text": "edited"}], key="id")
        second.embed("text", model=directions, name="v", progress=False)
        second.tasks["kind"].label("4", "A")
        view = project.where(Labelled("kind", "A"))
        queries = directions(["edited"]).astype(np.float32)
        for one in (project, second):
            assert one.embeddings["v"].nearest(queries, 1)[0].tolist() == [[4]]
            assert one.embeddings["v"].nearest(QUERIES[:1], 1, among=view.ids())[0] == [[5]]


def test_a_server_comes_from_the_environment_and_leaves_no_trace(
    tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL, stand_in.url)
    monkeypatch.setenv(KEY, "canary-key-4711")
    with fill(tmp_path / "p", 60) as project, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client tells of a key over http
        assert project.embeddings.indexes.server == stand_in.url
        project.embeddings["v"].index()
        assert project.embeddings["v"].searched_by == "server"
        assert stand_in.headers["api-key"] == "canary-key-4711"
    for path in (tmp_path / "p").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"canary" not in content, path
            assert stand_in.url.encode() not in content, path
            assert b"127.0.0.1" not in content, path


def test_a_server_that_is_away_or_was_emptied_is_told_and_searches_are_exact(
    tmp_path: Path, stand_in: StandIn
) -> None:
    with fill(tmp_path / "p", COUNT) as project:
        embedding = project.embeddings["v"]
        project.embeddings.indexes.server = stand_in.url
        embedding.index()
        stand_in.down = True
        assert same(embedding.nearest(QUERIES, 5), exactly(project))
        with pytest.warns(RuntimeWarning, match="answers 503") as caught:
            embedding.index()
        assert not any("127.0.0.1" in str(one.message) for one in caught)
        assert "failed" in embedding.searched_by
        stand_in.down = False
        embedding.index()
        assert embedding.searched_by == "server"
        project.embeddings.indexes.close()
        (collection,) = stand_in.collections.values()
        stand_in.answer("DELETE", f"/collections/{next(iter(stand_in.collections))}", {})
        del collection
        with pytest.warns(RuntimeWarning, match="made anew"):
            embedding.index()
        assert embedding.searched_by == "server"
        assert same(embedding.nearest(QUERIES, 5), exactly(project))


def test_a_killed_upload_goes_on(
    tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_upkeep, "PAGE", 100)
    with fill(tmp_path / "p", COUNT) as project:
        project.embeddings.indexes.server = stand_in.url
        real, calls = stand_in.answer, 0

        def answer(method: str, path: str, said: Any) -> Any:
            nonlocal calls
            if method == "PUT" and path.endswith("/points"):
                calls += 1
                if calls == 4:
                    raise RuntimeError("lost")
            return real(method, path, said)

        monkeypatch.setattr(stand_in, "answer", answer)
        with pytest.warns(RuntimeWarning, match="answers 500"):
            project.embeddings["v"].index()
        calls = 100
        project.embeddings["v"].index()
        assert calls == 103  # three pages were safe already
        assert same(project.embeddings["v"].nearest(QUERIES, 5), exactly(project))


@pytest.mark.parametrize(
    "url", ["ftp://host", "file:/etc/passwd", "host:6333", "http://name:secret@host", "http://"]
)
def test_what_is_no_url_of_a_server_is_refused(tmp_path: Path, url: str) -> None:
    with fill(tmp_path / "p", 5) as project:
        with pytest.raises(InputError) as refused:
            project.embeddings.indexes.server = url
        assert "secret" not in str(refused.value)


def test_a_key_is_never_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "canary-key-4711")
    with pytest.raises(InputError, match="in the clear") as refused:
        Server("http://qdrant.example.com:6333", "x")
    assert "canary" not in str(refused.value)
    Server("https://qdrant.example.com:6333", "x")
    Server("http://localhost:6333", "x")
