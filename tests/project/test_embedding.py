"""Tests of embeddings: only what changed is embedded, whatever happens in between."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from project import embedding_kills
from project.embedding_kills import SEEN, letters

import refinery_nb as rn
from refinery_nb.core.errors import InputError, SchemaError, StoreDamaged, StoreError
from refinery_nb.project.vectors import embedding_run
from refinery_nb.project.vectors.embeddings import FOLDER, LOCK

TESTS = Path(__file__).parents[1]


@pytest.fixture(params=["memory", "disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rn.Project]:
    with rn.open(None if request.param == "memory" else tmp_path / "p") as project:
        yield project


@pytest.fixture(autouse=True)
def _forget() -> None:
    SEEN.clear()


def rows(*texts: str | None, first: int = 0) -> list[dict[str, Any]]:
    return [{"id": f"r{at}", "text": text} for at, text in enumerate(texts, start=first)]


def add(project: rn.Project, *texts: str | None, first: int = 0) -> None:
    project.add(rows(*texts, first=first), key="id", types={"text": "text"})


def vectors(project: rn.Project, name: str = "v") -> dict[int, list[float]]:
    ids, values = project.embeddings[name].vectors()
    assert ids.tolist() == sorted(ids.tolist())
    assert values.dtype == np.float32
    return dict(zip(ids.tolist(), values.tolist(), strict=True))


def make(project: rn.Project, **options: Any) -> Any:
    return project.embed("text", **{"model": letters, "name": "v", "progress": False} | options)


def pages_of(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for name in ("FIRST", "LEAST", "MOST"):
        monkeypatch.setattr(embedding_run, name, size)


def killed(folder: Path, where: str, call: int) -> None:
    """Let a child embed until it kills itself."""
    code = f"from project import embedding_kills as e; e.main({str(folder)!r}, {where!r}, {call})"
    done = subprocess.run([sys.executable, "-c", code], cwd=TESTS, check=False)
    assert done.returncode == -9


def expected(*texts: str) -> list[list[float]]:
    found: list[list[float]] = letters(list(texts)).tolist()
    del SEEN[-len(texts) :]
    return found


def test_every_record_gets_the_vector_of_its_text(opened: rn.Project) -> None:
    add(opened, "a", "bb", "ccc")
    embedding = make(opened)
    assert list(vectors(opened).values()) == expected("a", "bb", "ccc")
    assert (embedding.dim, embedding.covered, embedding.on, embedding.model) == (
        3,
        3,
        "text",
        "letters",
    )
    assert "3 of 3 records" in repr(embedding)
    assert list(opened.embeddings) == ["v"]


def test_only_new_and_changed_texts_are_embedded(opened: rn.Project) -> None:
    add(opened, "a", "bb", "ccc")
    make(opened)
    SEEN.clear()
    add(opened, "a", "other", "ccc", "new")
    make(opened)
    assert sorted(SEEN) == ["new", "other"]
    assert list(vectors(opened).values()) == expected("a", "other", "ccc", "new")
    SEEN.clear()
    make(opened)
    assert SEEN == []


def test_another_attribute_of_a_record_is_no_reason_to_embed_it(opened: rn.Project) -> None:
    add(opened, "a", "bb")
    make(opened)
    SEEN.clear()
    opened.add([{"id": "r0", "stars": 3}], key="id")
    assert len(vectors(opened)) == 2
    make(opened)
    assert SEEN == []


def test_a_vector_of_a_text_that_has_changed_is_not_given_out(opened: rn.Project) -> None:
    add(opened, "a", "bb", "ccc")
    embedding = make(opened)
    add(opened, "changed", first=1)
    assert list(vectors(opened)) == [1, 3]
    assert embedding.covered == 2
    add(opened, "bb", first=1)
    assert embedding.covered == 3
    found = opened.vectors("text")
    assert found is not None
    values, known = found.of_records(np.array([3, 99, 1]))
    assert known.tolist() == [True, False, True]
    assert values.tolist() == expected("ccc", "a")


def test_blank_and_missing_texts_have_the_zero_vector(opened: rn.Project) -> None:
    """H1: they are never given to the model, and never missing."""
    add(opened, "", None, " \n ", "text")
    make(opened)
    assert [text for text in SEEN if not text.strip()] == []
    assert list(vectors(opened).values())[:3] == [[0, 0, 0]] * 3
    assert opened.embeddings["v"].covered == 4


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_vector_with_nan_is_refused_with_its_record(
    opened: rn.Project, bad: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H1: and what came before it is kept."""
    pages_of(monkeypatch, 2)
    add(opened, "a", "bb", "ccc", "bad", "d")

    def broken(texts: list[str]) -> Any:
        values = letters(texts)
        values[np.array([text == "bad" for text in texts])] = bad
        return values

    with pytest.raises(InputError, match=r"record r3, field 'text': broken gave NaN"):
        make(opened, model=broken)
    assert list(vectors(opened).values()) == expected("a", "bb")


def test_what_cannot_be_embedded_is_refused(opened: rn.Project) -> None:
    opened.add([{"id": "a", "n": 1, "text": " "}], key="id", types={"text": "text"})
    with pytest.raises(SchemaError, match="'n' is of the type integer"):
        opened.embed("n")
    with pytest.raises(SchemaError, match="no attribute 'txet'"):
        opened.embed("txet")
    with pytest.raises(InputError, match="no record has a text"):
        opened.embed("text")
    with pytest.raises(InputError, match="level='word' is not known"):
        opened.embed("text", level="word")
    with pytest.raises(KeyError, match="no embedding 'text-tfidf'"):
        opened.embeddings["text-tfidf"]
    assert opened.vectors() is None
    assert opened.embeddings.get("x") is None


def test_another_model_or_dimension_makes_a_new_array(opened: rn.Project) -> None:
    """F5: vectors of two models are never mixed."""
    add(opened, "a", "bb")
    make(opened)
    wide = 4

    def other(texts: list[str]) -> Any:
        return np.full((len(texts), wide), 7.0)

    make(opened, model=other)
    assert list(vectors(opened).values()) == [[7] * 4] * 2
    wide = 5
    add(opened, "new", first=2)
    make(opened, model=other)
    assert list(vectors(opened).values()) == [[7] * 5] * 3
    assert opened.embeddings["v"].dim == 5


def test_a_model_that_cannot_decide_on_a_dimension_is_refused(
    opened: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages_of(monkeypatch, 1)
    add(opened, "a", "bb")
    with pytest.raises(InputError, match=r"record r1, .*vectors of 1 and of 2 numbers"):
        make(opened, model=lambda texts: np.ones((len(texts), len(texts[0]))))


def test_several_embeddings_stand_side_by_side(opened: rn.Project) -> None:
    add(opened, "a b", "c d")
    make(opened)
    opened.embed("text", progress=False)
    assert list(opened.embeddings) == ["v", "text-tfidf"]
    newest = opened.vectors("text")
    assert newest is not None
    assert newest.dim == opened.embeddings["text-tfidf"].dim
    opened.embeddings["text-tfidf"].delete()
    assert list(opened.embeddings) == ["v"]
    back = opened.vectors("text")
    assert back is not None
    assert back.dim == 3


def test_deleted_records_have_no_vector(opened: rn.Project) -> None:
    add(opened, "a", "bb", "ccc")
    make(opened)
    with opened.database.write() as connection:
        connection.execute("DELETE FROM record WHERE id = 2")
    assert list(vectors(opened)) == [1, 3]
    add(opened, "new", first=9)
    SEEN.clear()
    make(opened)
    assert SEEN == ["new"]
    assert list(vectors(opened).values()) == expected("a", "ccc", "new")
    assert opened.embeddings["v"].row.count == 3


def test_a_record_between_older_ones_finds_its_place(opened: rn.Project) -> None:
    add(opened, "a", "bb", "ccc")
    with opened.database.write() as connection:
        connection.execute("UPDATE record SET id = 20 WHERE id = 2")
    make(opened)
    with opened.database.write() as connection:
        connection.execute("UPDATE record SET id = 2, version = version + 1 WHERE id = 20")
        connection.execute("UPDATE setting SET value = value + 1 WHERE name = 'record_version'")
    make(opened)
    assert list(vectors(opened).items()) == list(
        zip([1, 2, 3], expected("a", "bb", "ccc"), strict=True)
    )


def test_tfidf_is_kept_with_what_it_learnt(tmp_path: Path) -> None:
    texts = ["late goal", "late bus", "cheap goal", "cheap bus"]
    with rn.open(tmp_path) as project:
        add(project, *texts)
        project.embed("text", progress=False)
        before = vectors(project, "text-tfidf")
    with rn.open(tmp_path) as project:
        assert vectors(project, "text-tfidf") == before
        add(project, "late bus", first=4)
        project.embeddings["text-tfidf"].update()
        after = vectors(project, "text-tfidf")
    assert {key: after[key] for key in before} == before
    np.testing.assert_allclose(after[5], before[2], atol=1e-6)


def test_tfidf_learns_again_when_there_are_many_more_records(opened: rn.Project) -> None:
    add(opened, "late goal", "late bus")
    opened.embed("text", progress=False)
    add(opened, *[f"word{number} cheap" for number in range(6)], first=2)
    embedding = opened.embed("text", progress=False)
    assert embedding.row.spec["fitted"] == 8
    assert embedding.dim > 2
    assert embedding.covered == 8


def test_vectors_are_told_and_outlive_the_process(tmp_path: Path) -> None:
    told: list[Any] = []
    with rn.open(tmp_path) as project:
        project.events.subscribe("vectors", lambda event: told.append(event["name"]))
        add(project, "a", "bb")
        make(project)
    assert told == ["v"]
    with rn.open(tmp_path) as project:
        assert list(vectors(project).values()) == expected("a", "bb")
        with pytest.raises(InputError, match=r"function 'letters', which is not kept.*model="):
            project.embeddings["v"].update()


@pytest.mark.parametrize("harm", ["cut", "missing"])
def test_damaged_vectors_are_made_anew_with_a_message(tmp_path: Path, harm: str) -> None:
    """F5: from the records; reading says so, and labels are not touched."""
    with rn.open(tmp_path) as project:
        add(project, "a", "bb")
        make(project)
        (path,) = (tmp_path / FOLDER).glob("*.f32")
        if harm == "cut":
            os.truncate(path, 5)
        else:
            path.unlink()
    with rn.open(tmp_path) as project:
        with pytest.raises(StoreDamaged, match=harm):
            project.embeddings["v"].vectors()
        with pytest.warns(RuntimeWarning, match=harm):
            assert project.vectors("text") is None
        with pytest.warns(RuntimeWarning, match="All vectors are made anew"):
            make(project)
        assert list(vectors(project).values()) == expected("a", "bb")
        assert len(list((tmp_path / FOLDER).glob("*.f32"))) == 1


def test_two_cannot_embed_at_once(tmp_path: Path) -> None:
    with rn.open(tmp_path) as project:
        add(project, "a")
        make(project)
        with FileLock(tmp_path / FOLDER / LOCK), pytest.raises(StoreError, match="another cell"):
            make(project)

        def greedy(texts: list[str]) -> Any:
            make(project)
            return letters(texts)

        with pytest.raises(StoreError, match="another cell"):
            make(project, model=greedy)
        assert list(vectors(project).values()) == expected("a")


@pytest.mark.parametrize(
    ("where", "call"),
    [("disk", 1), ("disk", 2), ("disk", 3), ("commit", 1), ("commit", 2), ("seen", 1)],
)
def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path, where: str, call: int) -> None:
    """F4: SIGKILL at any step; then only the missing texts are embedded, and none twice."""
    texts = [f"text number {number}" for number in range(20)]
    with rn.open(tmp_path) as project:
        add(project, *texts)
    child = (
        f"from project import embedding_kills as e; e.main({str(tmp_path)!r}, {where!r}, {call})"
    )
    done = subprocess.run([sys.executable, "-c", child], cwd=TESTS, check=False)
    assert done.returncode == -9
    kept = {"disk": (call - 1) // 2, "commit": call - 1, "seen": 3}[where] * embedding_kills.PAGE
    with rn.open(tmp_path) as project:
        assert project.embeddings["v"].covered == min(kept, 20)
        make(project)
        assert sorted(SEEN) == sorted(texts[kept:])
        assert list(vectors(project).values()) == expected(*texts)


@pytest.mark.parametrize("call", [1, 2])
def test_a_kill_while_vectors_are_replaced_leaves_no_wrong_one(tmp_path: Path, call: int) -> None:
    """F4: between the vector and its mark, the mark still says that it is old."""
    texts = [f"text number {number}" for number in range(6)]
    with rn.open(tmp_path) as project:
        add(project, *texts)
        make(project)
        add(project, "changed", "changed too", first=2)
        SEEN.clear()
    killed(tmp_path, "disk", call)
    wanted = expected(*texts[:2], "changed", "changed too", *texts[4:])
    with rn.open(tmp_path) as project:
        for record, vector in vectors(project).items():
            assert vector == wanted[record - 1]
        make(project)
        assert list(vectors(project).values()) == wanted


def test_a_database_from_a_backup_does_not_take_later_vectors_for_its_own(tmp_path: Path) -> None:
    """F5: files and database of different times are compared text by text."""
    with rn.open(tmp_path / "p") as project:
        add(project, "a", "bb", "ccc")
        make(project)
        copy = project.backup(tmp_path / "copy.db")
        add(project, "changed", first=1)
        make(project)
    for path in (tmp_path / "p").glob("project.db*"):
        path.unlink()
    copy.rename(tmp_path / "p" / "project.db")
    SEEN.clear()
    with rn.open(tmp_path / "p") as project:
        assert list(vectors(project)) == [1, 3]
        make(project)
        assert SEEN == ["bb"]
        assert list(vectors(project).values()) == expected("a", "bb", "ccc")
