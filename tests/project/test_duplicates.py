"""Near-duplicates and outliers of a project: texts, vectors, what changed and what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.condition_json import selection_from_json, selection_to_json
from refinery_nb.core.errors import InputError, QueryError, SchemaError
from refinery_nb.project.vectors.duplicates import folded
from refinery_nb.project.view import View


def plane(texts: list[str]) -> np.ndarray:
    """A model whose vectors are the numbers that a text begins with."""
    return np.array([[float(one) for one in text.split()[:2]] for text in texts], np.float32)


@pytest.fixture(params=["memory", "disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rn.Project]:
    with rn.open(None if request.param == "memory" else tmp_path / "p", by="ann") as project:
        yield project


def add(project: rn.Project, *texts: str | None, first: int = 0) -> None:
    rows = [{"id": f"r{n}", "text": text} for n, text in enumerate(texts, start=first)]
    project.add(rows, key="id", types={"text": "text"})


def embed(project: rn.Project, **options: Any) -> None:
    project.embed("text", **{"model": plane, "name": "v", "progress": False} | options)


def test_the_same_words_are_duplicates_without_vectors(opened: rn.Project) -> None:
    add(
        opened,
        "Late goal!",
        "rain",
        "  late\nGOAL",
        "ｌａｔｅ goal",
        "goal late",
        " ",
        None,
        "",
        "💩",
        "💩 ",
    )
    found = opened.duplicates()
    assert found.groups == [["r0", "r2", "r3"], ["r8", "r9"]]
    assert len(found) == 2
    assert found.embedding is None
    assert found.rest.keys() == ["r2", "r3", "r9"]
    assert found.first.keys() == ["r0", "r8"]
    assert found.view.keys() == ["r0", "r2", "r3", "r8", "r9"]
    assert "2 groups of 5 records" in repr(found)
    assert "project.embed" in repr(found)
    frame = found.frame()
    assert list(frame.columns) == ["group", "key", "similarity", "text"]
    assert frame["group"].tolist() == [0, 0, 0, 1, 1]
    assert frame["similarity"].isna().all()


def test_near_vectors_are_duplicates_too(opened: rn.Project) -> None:
    add(opened, "1 0", "0 1 a", "1 0.1", "1 0.2", "0 1 A!", "0 1.0 b", "-1 0")
    embed(opened)
    found = opened.duplicates(0.99)
    assert found.groups == [["r0", "r2", "r3"], ["r1", "r4", "r5"]]
    similar = found.frame()["similarity"].round(3).tolist()
    assert similar == [1.0, 0.995, 0.981, 1.0, 1.0, 1.0]
    assert opened.duplicates(None).groups == [["r1", "r4"]]
    assert opened.duplicates(1.0).groups == [["r1", "r4", "r5"]]
    assert (found.rest & ~opened.search(like=["r3"], k=1)).keys() == ["r3", "r4", "r5"]


def test_texts_join_what_vectors_do_not_know(opened: rn.Project) -> None:
    add(opened, "1 0", "0 5", "1 0.1")
    embed(opened)
    add(opened, "1 0!", "0 5.", first=3)  # they have no vector yet
    assert opened.duplicates(0.99).groups == [["r0", "r2", "r3"], ["r1", "r4"]]
    add(opened, "7 7", first=0)  # nor has this one, any more
    assert opened.duplicates(0.99).groups == [["r1", "r4"]]


def test_the_answer_stays_as_it_was_and_can_be_saved(opened: rn.Project) -> None:
    add(opened, "late goal", "Late goal", "late goal!", "rain")
    found = opened.duplicates()
    view, rest = found.view, found.rest
    document = json.loads(json.dumps(selection_to_json(rest.selection)))
    add(opened, "sunshine", first=1)
    with opened.database.write() as connection:
        connection.execute("DELETE FROM record WHERE key = 'r2'")
    assert view.keys() == ["r0", "r1"]
    assert rest.keys() == View(opened, selection_from_json(document)).keys() == ["r1"]
    assert found.groups == [["r0", "r1"]]
    assert found.frame()["key"].tolist() == ["r0", "r1"]
    assert len(opened.duplicates()) == 0
    assert opened.duplicates().rest.keys() == []


def test_what_duplicates_cannot_be_asked_is_said(opened: rn.Project) -> None:
    opened.add(
        [{"id": 1, "a": "late goal", "b": "rain", "n": 3}],
        key="id",
        types={"a": "text", "b": "text"},
    )
    with pytest.raises(QueryError, match="'a', 'b'"):
        opened.duplicates()
    assert len(opened.duplicates(on="a")) == 0
    for wrong in (0, 1.5, -0.1, "0.9", True, float("nan")):
        with pytest.raises(QueryError, match="threshold"):
            opened.duplicates(wrong)  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match="no texts"):
        opened.duplicates(on="n")
    with pytest.raises(SchemaError, match="no attribute"):
        opened.duplicates(on="c")
    with pytest.raises(QueryError, match="no embedding"):
        opened.duplicates(embedding="v")


def test_html_of_a_text_is_shown_as_text(project: rn.Project) -> None:
    add(project, "<script>x</script>", "<script>x</script> ")
    assert "<script>" not in project.duplicates()._repr_html_()
    assert "&lt;script&gt;" in project.duplicates()._repr_html_()


@given(text=st.text(max_size=30))
@example(text="-0")
def test_a_folded_text_stays_as_it_is(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert folded(text.upper()) == folded(text.upper() + " ")


@given(
    texts=st.lists(
        st.tuples(
            st.integers(-3, 3), st.integers(-3, 3), st.sampled_from(["", "a", "A.", "b"])
        ).map(lambda parts: f"{parts[0]} {parts[1]} {parts[2]}"),
        min_size=1,
        max_size=14,
    ),
    behind=st.integers(0, 3),
    threshold=st.sampled_from([0.75, 0.93, 0.9999]),
)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_groups_are_those_of_plain_python(texts: list[str], behind: int, threshold: float) -> None:
    with rn.open(by="ann") as project:
        add(project, *texts)
        embed(project)
        more = [f"{text}!" for text in texts[:behind]]
        if more:
            add(project, *more, first=len(texts))
        every = texts + more
        vectors = plane(texts).astype(float)
        lengths = np.linalg.norm(vectors, axis=1)

        def same(i: int, j: int) -> bool:
            if folded(every[i]) == folded(every[j]):
                return True
            if max(i, j) >= len(texts) or not lengths[i] * lengths[j]:
                return False
            return bool(vectors[i] @ vectors[j] / lengths[i] / lengths[j] >= threshold)

        group = list(range(len(every)))
        for i in range(len(every)):
            for j in range(i):
                if same(i, j) and group[i] != group[j]:
                    old, new = max(group[i], group[j]), min(group[i], group[j])
                    group = [new if one == old else one for one in group]
        expected = [
            [f"r{n}" for n, one in enumerate(group) if one == root] for root in sorted(set(group))
        ]
        found = project.duplicates(threshold)
        assert found.groups == [one for one in expected if len(one) > 1]
        assert found.rest.keys() == [key for one in found.groups for key in one[1:]]


def test_outliers_are_a_view_with_the_farthest_first(opened: rn.Project) -> None:
    add(opened, *[f"1 0.0{n}" for n in range(9)], "-1 0", "0 1", " ", None)
    embed(opened)
    found = opened.outliers(2, neighbours=3)
    assert found.keys() == ["r9", "r10"]
    scores = found.scores()
    assert scores.iloc[0] > scores.iloc[1] > 0.5
    assert opened.outliers(share=0.2, neighbours=3).keys() == ["r9", "r10"]
    assert len(opened.outliers()) == 11  # those with a text
    assert opened.outliers(0).keys() == []
    assert (found & opened.search("0 1", 3, how="meaning")).keys() == ["r10"]
    assert found.title.endswith("highest outlier score first")
    document = selection_to_json(found.selection)
    again = View(opened, selection_from_json(json.loads(json.dumps(document))))
    assert again.scores().tolist() == scores.tolist()
    add(opened, "0 -1", first=20)
    assert found.keys() == ["r9", "r10"]  # as they were when they were looked for


def test_the_outliers_of_refinery_are_far_from_what_is_labelled(opened: rn.Project) -> None:
    add(opened, *[f"{n} 1" for n in range(40)])
    embed(opened)
    topic, other = opened.task("topic", ["A"], on="text"), opened.task("other", ["B"], on="text")
    first = opened.outliers(method="refinery")
    assert len(first) == 2  # 5 % of 40
    assert set(first) == {"r0", "r39"}  # nothing is labelled: far from the centre
    for n in (0, 1):
        topic.label(f"r{n}", "A")
    other.label("r39", "B")
    found = opened.outliers(3, method="refinery", task="topic")
    assert found.keys() == ["r39", "r38", "r37"]
    assert found.scores().iloc[0] == pytest.approx(39 + 38)
    assert opened.outliers(1, method="refinery").keys() == ["r38"]
    assert len(opened.outliers(share=0.5, method="refinery", task="topic")) == 19


def test_what_outliers_cannot_be_asked_is_said(project: rn.Project) -> None:
    add(project, "1 0", "0 1")
    with pytest.raises(QueryError, match=r"project\.embed"):
        project.outliers()
    embed(project)
    wrong: list[dict[str, Any]] = [
        {"method": "densities"},
        {"neighbours": 0},
        {"n": -1},
        {"n": 1.5},
        {"n": 1, "share": 0.5},
        {"share": 0},
        {"share": 1.5},
        {"embedding": "w"},
        {"method": "refinery", "task": "nobody"},
    ]
    for options in wrong:
        with pytest.raises((QueryError, InputError)):
            project.outliers(**options)
    add(project, "5 5", first=9)
    assert len(project.outliers()) == 2  # one has no vector yet
    with project.database.write() as connection:
        connection.execute("DELETE FROM record WHERE key <> 'r0'")
    assert project.outliers().keys() == []  # it has no neighbour


def test_vectors_of_tokens_are_not_of_records(project: rn.Project) -> None:
    project.add([{"id": "r0", "parts": ["1 0", "0 1"]}], key="id")
    project.embed("parts", model=plane, name="v", progress=False)
    for ask in (project.outliers, lambda: project.duplicates(embedding="v")):
        with pytest.raises(QueryError):
            ask()
