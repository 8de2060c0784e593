"""The records of an embedding on a plane."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError
from refinery_nb.project.vectors.projections import Projections


def letters(texts: list[str]) -> np.ndarray:
    """Vectors that say how often each letter stands in a text."""
    return np.array([[text.count(letter) for letter in "abcdef"] for text in texts], np.float32)


def filled(root: Path | None = None) -> rn.Project:
    project = rn.open(root)
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdef"), 8).tolist()) for _ in range(60)]
    project.add([{"id": f"{at}", "text": word} for at, word in enumerate(words)], key="id")
    project.embed("text", model=letters, name="letters", progress=False)
    return project


def test_components_are_there_at_once_and_follow_the_records() -> None:
    with filled() as project:
        maps = Projections(project)
        found = maps.get("letters")
        assert found is not None
        assert found.records.tolist() == project.view().ids().tolist()
        assert maps.get("letters") is found
        project.add([{"id": "new", "text": "aaaa"}], key="id")
        project.embed("text", model=letters, name="letters", progress=False)
        again = maps.get("letters")
        assert again is not None
        assert len(again.records) == 61


def test_a_neighbour_layout_is_made_once_kept_and_joined_by_new_records(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project:
        maps = Projections(project)
        assert maps.get("letters", "tsne") is None
        ended = threading.Event()
        made = maps.start("letters", "tsne", done=ended.set).result(timeout=120)
        assert ended.is_set()
        assert made.laid_out == 60
    with rn.open(tmp_path / "p") as project:
        found = Projections(project).get("letters", "tsne")
        assert found is not None
        assert np.array_equal(found.places, made.places)
        # A copy of a text stands where the text stands.
        first = project.records().iloc[0]["text"]
        project.add([{"id": "copy", "text": first}], key="id")
        project.embed("text", model=letters, name="letters", progress=False)
        joined = Projections(project).get("letters", "tsne")
        assert joined is not None
        assert (len(joined.records), joined.laid_out) == (61, 60)
        spread = made.places.std()
        assert np.linalg.norm(joined.places[-1] - made.places[0]) < 0.5 * spread


def test_a_damaged_layout_is_made_anew(tmp_path: Path) -> None:
    with filled(tmp_path / "p") as project:
        Projections(project).start("letters", "tsne").result(timeout=120)
        (path,) = (tmp_path / "p" / "vectors").glob("map-*.npz")
        path.write_bytes(path.read_bytes()[:100])
        assert Projections(project).get("letters", "tsne") is None


def test_a_layout_is_cancelled() -> None:
    with filled() as project:
        job = Projections(project).start("letters", "tsne")
        job.cancel()
        with pytest.raises(QueryError, match="cancelled"):
            job.result(timeout=60)


def test_a_method_that_does_not_exist_is_named() -> None:
    with filled() as project, pytest.raises(QueryError, match="'tnse'") as raised:
        Projections(project).get("letters", "tnse")
    assert "tsne" in str(raised.value.hint)
