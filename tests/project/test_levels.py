"""Tests of embeddings with several vectors for a record: of tokens, and of entries of lists."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embed.models import MINILM
from project import embedding_kills
from project.embedding_kills import SEEN, letters, spelled

import refinery_nb as rn
from refinery_nb.core.errors import InputError, SchemaError, StoreDamaged
from refinery_nb.project.vectors import embedding_run
from refinery_nb.project.vectors.embeddings import FOLDER
from refinery_nb.text.tokens import tokens

TESTS = Path(__file__).parents[1]


@pytest.fixture(params=["memory", "disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rn.Project]:
    with rn.open(None if request.param == "memory" else tmp_path / "p") as project:
        yield project


@pytest.fixture(autouse=True)
def _forget() -> None:
    SEEN.clear()


def add(project: rn.Project, *texts: str | None, first: int = 0) -> None:
    rows = [{"id": f"r{at}", "text": text} for at, text in enumerate(texts, start=first)]
    project.add(rows, key="id", types={"text": "text"})


def add_lists(project: rn.Project, *lists: Any, first: int = 0) -> None:
    rows = [{"id": f"r{at}", "parts": one} for at, one in enumerate(lists, start=first)]
    project.add(rows, key="id", types={"parts": "json"})


def embed(project: rn.Project, **options: Any) -> Any:
    usual = {"model": spelled, "name": "t", "level": "token", "progress": False}
    return project.embed("text", **usual | options)


def of_tokens(project: rn.Project, ids: Any = None) -> dict[int, list[list[float]]]:
    found = dict(project.embeddings["t"].tokens(ids))
    assert all(one.dtype == np.float16 for one in found.values())
    return {record: one.tolist() for record, one in found.items()}


def expected(*texts: str) -> list[list[list[float]]]:
    said = [[text[a:b] for a, b in tokens(text).tolist()] for text in texts]
    found = [one.tolist() for one in spelled(said)]
    del SEEN[-len(texts) :]
    return found


def test_every_token_gets_a_vector(opened: rn.Project) -> None:
    add(opened, "It's late.", "Goal", "", None, " \n", "one two three")
    embedding = embed(opened)
    assert of_tokens(opened) == dict(
        zip(range(1, 7), [*expected("It's late.", "Goal"), [], [], [], *expected("one two three")],
            strict=True)
    )  # fmt: skip
    assert (embedding.level, embedding.covered, embedding.dim) == ("token", 6, 3)


def test_tokens_come_in_the_order_that_is_asked_for(opened: rn.Project) -> None:
    add(opened, "a b", "c", "d e f")
    embed(opened)
    found = list(opened.embeddings["t"].tokens([3, 99, 1, 3]))
    assert [record for record, _ in found] == [3, 1, 3]
    assert found[1][1].tolist() == expected("a b")[0]


def test_only_new_and_changed_texts_are_embedded(opened: rn.Project) -> None:
    add(opened, "a", "b c", "d")
    embed(opened)
    SEEN.clear()
    add(opened, "a", "changed to more tokens", "d", "new one")
    assert list(of_tokens(opened)) == [1, 3]
    embed(opened)
    assert sorted(SEEN) == ["changed to more tokens", "new one"]
    wanted = expected("a", "changed to more tokens", "d", "new one")
    assert list(of_tokens(opened).values()) == wanted
    SEEN.clear()
    opened.embeddings["t"].update(model=spelled, progress=False)
    assert SEEN == []


def test_space_of_vectors_that_were_replaced_is_given_back(tmp_path: Path) -> None:
    with rn.open(tmp_path) as project:
        add(project, *[f"some text {number}" for number in range(20)])
        embed(project)
        (path,) = (tmp_path / FOLDER).glob("*.vec")
        size = path.stat().st_size
        for number in range(9):
            add(project, *[f"other text {number * place}" for place in range(20)])
            embed(project)
        (path,) = (tmp_path / FOLDER).glob("*.vec")
        assert path.stat().st_size <= size / (1 - embedding_run.WASTE)
        texts = [f"other text {8 * place}" for place in range(20)]
        assert list(of_tokens(project).values()) == expected(*texts)


def test_deleted_records_are_not_given_out(opened: rn.Project) -> None:
    add(opened, "a", "b", "c")
    embed(opened)
    with opened.database.write() as connection:
        connection.execute("DELETE FROM record WHERE id = 2")
    add(opened, "new", first=9)
    assert list(of_tokens(opened)) == [1, 3]
    embed(opened)
    assert list(of_tokens(opened).values()) == expected("a", "c", "new")


def test_vectors_of_tokens_and_of_records_stand_side_by_side(opened: rn.Project) -> None:
    add(opened, "a b", "c")
    embed(opened, name=None)
    opened.embed("text", model=letters, progress=False)
    assert list(opened.embeddings) == ["text-spelled-tokens", "text-letters"]
    embed(opened)
    best = opened.vectors("text")
    assert best is not None
    assert len(best) == 2
    with pytest.raises(InputError, match=r"a vector for each token.*\.tokens\(\)"):
        opened.embeddings["t"].vectors()
    with pytest.raises(InputError, match=r"a vector for each record.*\.vectors\(\)"):
        opened.embeddings["text-letters"].tokens()
    with pytest.raises(InputError, match="a vector for each token"):
        opened.embeddings["t"].entries()


def test_another_tokenizer_is_noticed(opened: rn.Project) -> None:
    add(opened, "a b")
    embed(opened)
    opened.tokenizer = "de"
    with pytest.raises(InputError, match=r"tokens of en/.*now .*de/.*update"):
        opened.embeddings["t"].tokens()
    SEEN.clear()
    embed(opened)
    assert set(SEEN) == {"a b"}
    assert len(of_tokens(opened)) == 1


def test_a_model_gives_vectors_of_tokens_beyond_its_window(opened: rn.Project) -> None:
    long = "word " * 400
    add(opened, "It's a goal.", long)
    embed(opened, model=MINILM)
    found = dict(opened.embeddings["t"].tokens())
    assert [one.shape for one in found.values()] == [(5, 384), (400, 384)]
    assert np.abs(found[2]).max(axis=1).min() > 0.1


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e6])
def test_a_vector_that_float16_cannot_hold_is_refused_with_its_record(
    opened: rn.Project, bad: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H1: and what came before it is kept."""
    for name in ("FIRST", "LEAST", "MOST"):
        monkeypatch.setattr(embedding_run, name, 2)
    add(opened, "a", "b", "c", "d bad e")

    def broken(texts: list[list[str]]) -> Any:
        return [[[bad if word == "bad" else 1.0] for word in text] for text in texts]

    with pytest.raises(InputError, match=r"record r3, field 'text': broken gave NaN"):
        embed(opened, model=broken)
    assert list(of_tokens(opened)) == [1, 2]


def test_what_has_no_vectors_of_tokens_is_refused(opened: rn.Project) -> None:
    add(opened, "a")
    with pytest.raises(InputError, match="tfidf has no vectors of tokens"):
        opened.embed("text", level="token", progress=False)
    opened.add([{"id": "r0", "n": 1, "parts": ["a"]}], key="id", types={"parts": "json"})
    with pytest.raises(SchemaError, match=r"integer; vectors of tokens need texts"):
        opened.embed("n", level="token")
    with pytest.raises(SchemaError, match=r"json; vectors of tokens need texts"):
        opened.embed("parts", level="token", model=spelled)


@pytest.mark.parametrize("harm", ["vec", "runs"])
def test_damaged_vectors_are_made_anew(tmp_path: Path, harm: str) -> None:
    """F5."""
    with rn.open(tmp_path) as project:
        add(project, "a b", "c")
        embed(project)
        (path,) = (tmp_path / FOLDER).glob(f"*.{harm}")
        os.truncate(path, 3)
        with pytest.raises(StoreDamaged, match="cut short"):
            project.embeddings["t"].tokens()
        with pytest.warns(RuntimeWarning, match="All vectors are made anew"):
            embed(project)
        assert list(of_tokens(project).values()) == expected("a b", "c")


@pytest.mark.parametrize(
    ("where", "call"),
    [("disk", 1), ("disk", 2), ("disk", 3), ("disk", 6), ("commit", 1), ("commit", 2), ("seen", 1)],
)
def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, where: str, call: int) -> None:
    """F4: SIGKILL at any step; then only the missing texts are embedded, and none twice."""
    texts = [f"text number {number}" for number in range(20)]
    with rn.open(tmp_path) as project:
        add(project, *texts)
    killed(tmp_path, where, call)
    kept = {"disk": (call - 1) // 2, "commit": call - 1, "seen": 3}[where] * embedding_kills.PAGE
    with rn.open(tmp_path) as project:
        assert project.embeddings["t"].covered == min(kept, 20)
        embed(project)
        assert sorted(SEEN) == sorted(texts[kept:])
        assert list(of_tokens(project).values()) == expected(*texts)


@pytest.mark.parametrize("call", [1, 2])
def test_a_kill_while_vectors_are_replaced_leaves_no_wrong_one(tmp_path: Path, call: int) -> None:
    """F4."""
    texts = [f"text number {number}" for number in range(6)]
    with rn.open(tmp_path) as project:
        add(project, *texts)
        embed(project)
        add(project, "changed", "changed to more tokens", first=2)
        SEEN.clear()
    killed(tmp_path, "disk", call)
    wanted = expected(*texts[:2], "changed", "changed to more tokens", *texts[4:])
    with rn.open(tmp_path) as project:
        for record, vectors in of_tokens(project).items():
            assert vectors == wanted[record - 1]
        embed(project)
        assert list(of_tokens(project).values()) == wanted


def killed(folder: Path, where: str, call: int) -> None:
    """Let a child embed tokens until it kills itself."""
    call_ = f"e.main({str(folder)!r}, {where!r}, {call}, level='token')"
    code = f"from project import embedding_kills as e; {call_}"
    done = subprocess.run([sys.executable, "-c", code], cwd=TESTS, check=False)
    assert done.returncode == -9


def test_each_entry_of_a_list_gets_a_vector(opened: rn.Project) -> None:
    add_lists(opened, ["a", "bb"], [], ["ccc", " ", "d"], None, "single")
    embedding = opened.embed("parts", model=letters, name="v", progress=False)
    entries = embedding.entries()
    assert entries.records.tolist() == [1, 2, 3, 4, 5]
    assert entries.lengths.tolist() == [2, 0, 3, 0, 1]
    wanted = letters(["a", "bb", "ccc", "d", "single"])
    assert entries.values[[0, 1, 2, 4, 5]].tolist() == wanted.tolist()
    assert entries.values[3].tolist() == [0, 0, 0]
    assert (embedding.level, embedding.covered) == ("list", 5)
    assert opened.vectors("parts") is None


def test_the_best_entry_of_each_record_is_found(opened: rn.Project) -> None:
    add_lists(opened, ["a", "bb"], ["ccc", "bb"], [], ["a"])
    made = {"a": [1, 0, 0], "bb": [0, 1, 0], "ccc": [0, 1, 1]}
    options = {"name": "v", "progress": False}
    embedding = opened.embed("parts", model=lambda texts: [made[one] for one in texts], **options)
    records, places, scores = embedding.entries().best(np.array([0, 2, 0], np.float32), k=3)
    assert records.tolist() == [1, 2, 4]
    assert places.tolist() == [1, 1, 0]
    assert scores.tolist() == [1, 1, 0]


def test_a_list_that_changed_is_embedded_again(opened: rn.Project) -> None:
    add_lists(opened, ["a", "b"], ["c"])
    options: dict[str, Any] = {"model": letters, "name": "v", "progress": False}
    opened.embed("parts", **options)
    SEEN.clear()
    add_lists(opened, ["d"], first=0)
    add_lists(opened, ["e", "f"], first=2)
    assert opened.embeddings["v"].entries().records.tolist() == [2]
    opened.embeddings["v"].update(model=letters, progress=False)
    assert SEEN == ["d", "e", "f"]
    assert opened.embeddings["v"].entries().lengths.tolist() == [1, 1, 2]


@pytest.mark.parametrize("bad", [{"a": 1}, ["a", 1], 7])
def test_what_is_no_list_of_texts_is_refused_with_its_record(opened: rn.Project, bad: Any) -> None:
    add_lists(opened, ["a"], bad)
    with pytest.raises(InputError, match=r"record r1.*no list of texts"):
        opened.embed("parts", model=letters, progress=False)


def test_tfidf_learns_from_the_entries_of_lists(opened: rn.Project) -> None:
    add_lists(opened, ["late goal", "cheap bus"], ["late bus"])
    entries = opened.embed("parts", progress=False).entries()
    assert entries.lengths.tolist() == [2, 1]
    assert entries.values.any(axis=1).all()


def test_a_run_that_is_cancelled_keeps_what_it_has(
    opened: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST", "LEAST", "MOST"):
        monkeypatch.setattr(embedding_run, name, 2)
    texts = [f"text {number}" for number in range(9)]
    add(opened, *texts)
    cancel, told = threading.Event(), []

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 4:
            cancel.set()

    options: dict[str, Any] = {"model": letters, "name": "v"}
    embedding = opened.embed("text", progress=tell, cancel=cancel, **options)
    assert told == [(0, 9), (2, 9), (4, 9)]
    assert embedding.covered == 4
    SEEN.clear()
    opened.embed("text", progress=False, **options)
    assert list(SEEN) == texts[4:]
    assert opened.embeddings["v"].covered == 9


def test_an_interrupted_cell_keeps_what_was_done(
    opened: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST", "LEAST", "MOST"):
        monkeypatch.setattr(embedding_run, name, 2)
    add(opened, "a", "b", "c", "stop", "e")

    def interrupted(texts: list[str]) -> Any:
        if "stop" in texts:
            raise KeyboardInterrupt
        return letters(texts)

    with pytest.raises(KeyboardInterrupt):
        opened.embed("text", model=interrupted, name="v", progress=False)
    assert opened.embeddings["v"].covered == 2


def test_pages_grow_with_a_quick_model_and_shrink_with_a_slow_one(
    opened: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(opened, *[f"text {number}" for number in range(4_000)])
    sizes: list[int] = []
    clock = [0.0]

    def model(texts: list[str]) -> Any:
        sizes.append(len(texts))
        clock[0] += len(texts) * (2.0 if sum(sizes) > 2_000 else 1e-4)
        return letters(texts)

    monkeypatch.setattr(embedding_run.time, "monotonic", lambda: clock[0])
    opened.embed("text", model=model, name="v", progress=False)
    assert sizes[1:4] == [128, 512, 2_048]
    assert sizes[4:6] == [512, 128]
    assert min(sizes[1:-1]) == embedding_run.LEAST
