"""Search by meaning, by words and by both: held against plain Python, and what goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.condition_json import selection_from_json, selection_to_json
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.core.example import Example
from refinery_nb.core.query import FusedField, RelevanceField, SimilarityField
from refinery_nb.project.vectors.index import Indexes
from refinery_nb.project.vectors.similarity import PUSH
from refinery_nb.project.view import View
from refinery_nb.quality.spread import usual_similarity
from refinery_nb.store import views

NEAR = 2e-6
TEXTS = st.lists(st.integers(-2, 2), min_size=2, max_size=2).map(lambda n: f"{n[0]} {n[1]}")


def plane(texts: list[str]) -> np.ndarray:
    """A model whose vectors are the numbers that a text begins with."""
    return np.array([[float(one) for one in text.split()[:2]] for text in texts], np.float32)


def other(texts: list[str]) -> np.ndarray:
    return np.array([[len(text), 1.0, 0.0] for text in texts], np.float32)


def direction(text: str) -> np.ndarray:
    vector = np.array([float(one) for one in text.split()[:2]])
    length = np.linalg.norm(vector)
    return vector / length if length else vector


def filled(project: rn.Project, texts: list[str], **options: Any) -> rn.Project:
    rows = [{"id": f"r{n}", "text": text, "n": n} for n, text in enumerate(texts)]
    project.add(rows, key="id", types={"text": "text"})
    project.embed("text", **{"model": plane, "name": "v", "progress": False} | options)
    return project


@pytest.fixture(params=["memory", "disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[rn.Project]:
    with rn.open(None if request.param == "memory" else tmp_path / "p", by="ann") as project:
        yield project


def again(view: View) -> View:
    """Return the view that is read from its saved form."""
    text = json.dumps(selection_to_json(view.selection))
    return View(view.project, selection_from_json(json.loads(text)))


def check(view: View, expected: dict[str, float], k: int) -> None:
    """Hold a view against the scores of all records that may be found."""
    keys, scores = view.keys(), view.scores()
    assert len(view) == len(keys) == min(k, len(expected))
    assert list(scores.index) == keys
    values = scores.to_numpy()
    assert np.allclose(values, [expected[key] for key in keys], atol=NEAR)
    pairs = list(zip(-values, [int(key[1:]) for key in keys], strict=True))
    assert pairs == sorted(pairs)
    rest = [score for key, score in expected.items() if key not in keys]
    assert not rest or not keys or max(rest) <= values.min() + NEAR


ASKED = st.lists(
    st.one_of(
        TEXTS.map(lambda text: ("text", text)),
        st.integers(0, 4).map(lambda n: ("key", f"r{n}")),
        TEXTS.map(lambda text: ("vector", text)),
    ),
    max_size=3,
)


@given(
    texts=st.lists(TEXTS | st.just(" "), min_size=5, max_size=14),
    like=ASKED.filter(bool),
    unlike=ASKED,
    k=st.integers(0, 16),
    least=st.none() | st.integers(0, 13),
    short=st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_found_by_meaning_is_what_plain_python_finds(
    texts: list[str],
    like: list[tuple[str, str]],
    unlike: list[tuple[str, str]],
    k: int,
    least: int | None,
    short: bool,
) -> None:
    if not any(text.strip() for text in texts):
        return
    with rn.open(by="ann") as project, pytest.MonkeyPatch.context() as patch:
        if short:
            patch.setattr(views, "STEPS", ((0, 2), (2, 4)))
        filled(project, texts)
        by_key = {f"r{n}": text for n, text in enumerate(texts)}

        def given(asked: list[tuple[str, str]]) -> list[Any]:
            made = {"vector": lambda text: np.array(text.split(), float)}
            return [made.get(kind, lambda one: one)(one) for kind, one in asked]

        def mean(asked: list[tuple[str, str]]) -> np.ndarray:
            said = [direction(by_key[one] if kind == "key" else one) for kind, one in asked]
            some = [one for one in said if one.any()]
            return np.mean(some, axis=0) if some else np.zeros(2)

        query = mean(like) - PUSH * mean(unlike)
        length = np.linalg.norm(query)
        nothing = min(np.linalg.norm(mean(like)), length) < 1e-9
        base = project.view() if least is None else project.where(project["n"] >= least)
        used = {one for kind, one in (*like, *unlike) if kind == "key"}
        expected = {
            key: float(direction(text) @ query / (length or 1))
            for n, (key, text) in enumerate(by_key.items())
            if text.strip() and direction(text).any() and key not in used and n >= (least or 0)
        }
        view = base.search(like=given(like), unlike=given(unlike), k=k)
        for one in (view, again(view)):
            check(one, {} if nothing else expected, k)
        met = {key: score for key, score in expected.items() if score > 0.5 + NEAR}
        unclear = [key for key, score in expected.items() if abs(score - 0.5) <= NEAR]
        if not unclear:
            near = base.search(like=given(like), unlike=given(unlike), k=k, threshold=0.5)
            check(near, {} if nothing else met, k)


@given(
    texts=st.lists(TEXTS, min_size=3, max_size=12),
    asked=st.lists(TEXTS.filter(lambda text: direction(text).any()), min_size=2, max_size=2),
    k=st.integers(1, 6),
    at=st.integers(0, 11),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_searches_combine_like_sets_and_keep_the_order_of_the_left_one(
    texts: list[str], asked: list[str], k: int, at: int
) -> None:
    with rn.open(by="ann") as project:
        filled(project, texts)
        one, two = (project.search(text, k, how="meaning") for text in asked)
        first, second, every = one.keys(), two.keys(), project.view().keys()
        later = project.where(project["n"] >= at)
        assert (one & two).keys() == [key for key in first if key in second]
        assert (one & later).keys() == [key for key in first if int(key[1:]) >= at]
        assert (later & one).keys() == sorted(set(first) & set(later.keys()), key=every.index)
        assert set((one | two).keys()) == set(first) | set(second)
        assert (~one).keys() == [key for key in every if key not in first]
        assert set(one.sample(2, seed=at)) <= set(first)
        assert len(one.sample(2, seed=at)) == min(2, len(first))
        assert one.head(2).keys() == first[:2]
        inside = later.search(asked[0], k, how="meaning")
        everything, kept = project.search(asked[0], len(texts), how="meaning").keys(), later.keys()
        assert inside.keys() == [key for key in everything if key in kept][:k]
        assert again(one & ~two).keys() == (one & ~two).keys()


@given(
    texts=st.lists(
        st.tuples(TEXTS, st.lists(st.sampled_from(["late", "goal", "rain"]), max_size=3)).map(
            lambda parts: " ".join([parts[0], *parts[1]])
        ),
        min_size=1,
        max_size=10,
    ),
    least=st.none() | st.integers(0, 9),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_hybrid_search_is_the_fusion_of_both_rankings(
    texts: list[str], least: int | None
) -> None:
    with rn.open(by="ann") as project:
        filled(project, texts)
        base = project.view() if least is None else project.where(project["n"] >= least)
        text = "1 1 late goal"
        found = base.search(text, how="hybrid")
        meaning = base.search(text, len(texts), how="meaning").keys()
        relevance = RelevanceField(text)
        words = base.where(~relevance.missing).order_by(relevance, descending=True).keys()
        known = [set(re.findall(r"\w+", one)) & set(text.split()) for one in texts]
        inside = base.keys()
        assert set(words) == {key for key in inside if known[int(key[1:])]}
        expected: dict[str, float] = {}
        for ranking in (meaning, words):
            for rank, key in enumerate(ranking, start=1):
                expected[key] = expected.get(key, 0) + 1 / (60 + rank)
        check(found, expected, 100)
        assert again(found).keys() == found.keys()


def test_a_text_is_searched_by_meaning_where_there_are_vectors(opened: rn.Project) -> None:
    filled(opened, ["1 0 late", "0 1 goal", "1 1 late goal", "-1 0"])
    assert opened.search("3 0").keys() == ["r0", "r2", "r1", "r3"]
    assert opened.search("3 0", 2).keys() == ["r0", "r2"]
    assert opened.view().search("3 0", 1).keys() == ["r0"]
    assert opened.search('"late goal"').keys() == ["r2"]
    assert opened.search("lat*").keys() == ["r0", "r2"]
    assert opened.search("late", how="words").keys() == ["r0", "r2"]
    assert len(opened.search("")) == 4
    opened.embeddings["v"].delete()
    assert opened.search("late").keys() == ["r0", "r2"]


def test_the_best_by_words_are_those_of_bm25(opened: rn.Project) -> None:
    filled(opened, ["1 0 goal goal goal", "0 1 a goal and much else that is said", "1 1 rain"])
    found = opened.search("goal", 1, how="words")
    assert found.keys() == ["r0"]
    assert found.scores().iloc[0] > 0
    assert opened.search("goal", 5, how="words").keys() == ["r0", "r1"]


def test_scores_are_similarities_and_columns_of_a_frame(opened: rn.Project) -> None:
    filled(opened, ["1 0", "1 1", "0 1"])
    view = opened.search("1 0", 2)
    assert view.scores().round(4).to_dict() == {"r0": 1.0, "r1": 0.7071}
    frame = view.records().assign(similarity=view.scores())
    assert frame["similarity"].round(4).tolist() == [1.0, 0.7071]
    for wrong in (opened.view(), view.shuffle(), opened.view().order_by("n")):
        with pytest.raises(QueryError, match="not ordered by a score"):
            wrong.scores()


def test_a_record_is_not_like_itself(opened: rn.Project) -> None:
    filled(opened, ["1 0", "2 0", "0 1", " "])
    assert opened.similar_to("r0").keys() == ["r1", "r2"]
    assert opened.similar_to("r0", 1).keys() == ["r1"]
    assert opened.where(opened["n"] > 1).similar_to("r0").keys() == ["r2"]
    assert opened.similar_to("0 4", 1).keys() == ["r2"]
    assert opened.similar_to("r3").keys() == []  # nothing is like a text that is blank


def test_a_view_is_examples(opened: rn.Project) -> None:
    filled(opened, ["1 0", "1 0.1", "0 1", "2 0.1", "0.1 2"])
    some = opened.where(opened["n"] < 2)
    assert opened.search(like=some, k=1).keys() == ["r3"]
    assert opened.search(like=some, unlike=["r3"], k=5).keys() == ["r4", "r2"]
    task = opened.task("topic", ["A"], on="text")
    assert len(rn.Similar("A", some).examples) == 2
    assert task.neighbours(rn.Similar("A", some, threshold=0.9)).at(0.9).hits == 1


def test_numbers_and_composite_keys_are_keys(opened: rn.Project) -> None:
    opened.add([{"a": n, "b": "x", "text": f"{n} 1"} for n in range(3)], key=["a", "b"])
    opened.embed("text", model=plane, progress=False)
    assert opened.similar_to((0, "x")).keys() == [(1, "x"), (2, "x")]
    assert opened.search(like=[(0, "x"), (1, "x")]).keys() == [(2, "x")]


def test_whole_numbers_are_keys(project: rn.Project) -> None:
    project.add([{"id": n, "text": f"{n} 1"} for n in range(4)], key="id")
    project.embed("text", model=plane, progress=False)
    assert project.similar_to(3).keys() == [2, 1, 0]
    assert project.search(like=[0, 1], k=1).keys() == [2]


def test_a_span_is_searched_by_its_text(opened: rn.Project) -> None:
    filled(opened, ["5 5 1 0", "1 0", "0 1"])
    assert opened.similar_to(("r0", 4, 7), 1).keys() == ["r1"]
    assert opened.search(like=[("r0", 4, 7)], k=1).scores().round(4).tolist() == [1.0]
    with pytest.raises(QueryError, match="outside of the text"):
        opened.similar_to(("r0", 4, 99))
    with pytest.raises(QueryError, match="no span"):
        opened.similar_to(("r0", 4, 4))
    with pytest.raises(QueryError, match="there is no record 'r9'"):
        opened.similar_to(("r9", 0, 3))


UNKNOWN: list[Any] = ["r9", 9, 1.5, ("a", "b"), None, True]


@pytest.mark.parametrize("key", UNKNOWN, ids=repr)
def test_an_unknown_key_is_said(project: rn.Project, key: Any) -> None:
    filled(project, ["1 0", "0 1"])
    with pytest.raises(QueryError):
        project.similar_to(key)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"text": " ", "how": "meaning"}, "nothing to search for"),
    ({}, "nothing to search for"),
    ({"unlike": ["r0"]}, "nothing to search for"),
    ({"text": 5}, "not a text"),
    ({"text": "1 0", "how": "meening"}, "Did you mean 'meaning'"),
    ({"text": "1 0", "k": -1}, "not a number of records"),
    ({"text": "1 0", "k": 2.5}, "not a number of records"),
    ({"text": "1 0", "threshold": 2}, "cosine similarity"),
    ({"text": "1 0", "threshold": "often"}, "cosine similarity"),
    ({"text": "1 0", "embedding": "w"}, "there is no embedding 'w'"),
    ({"text": "1 0", "embedding": "v", "on": "n"}, "of 'text', not of 'n'"),
    ({"text": "1 0", "on": "n", "how": "meaning"}, "no vectors of 'n'"),
    ({"text": "1 0", "how": "words", "like": ["r0"]}, "search by meaning"),
    ({"like": ["r0"], "how": "hybrid"}, "takes a text"),
    ({"text": "1 0", "how": "hybrid", "threshold": 0.5}, "no threshold"),
    ({"like": [np.array([1.0, 2.0, 3.0])]}, "has 3 numbers"),
    ({"like": np.array([1.0, np.nan])}, "NaN or infinity"),
    ({"like": [...]}, "no record"),
]


@pytest.mark.parametrize(("asked", "said"), WRONG, ids=lambda one: str(one)[:50])
def test_a_question_that_makes_no_sense_is_refused(
    project: rn.Project, asked: dict[str, Any], said: str
) -> None:
    filled(project, ["1 0", "0 1"])
    with pytest.raises(QueryError, match=said):
        project.search(**asked)


def test_without_vectors_there_is_no_meaning(project: rn.Project) -> None:
    project.add([{"id": "r0", "text": "late"}], key="id")
    for ask in (lambda: project.search("late", how="meaning"), lambda: project.similar_to("r0")):
        with pytest.raises(QueryError, match=r"project\.embed"):
            ask()
    with pytest.raises(SchemaError, match="no attribute"):
        project.search("late", how="meaning", on="txet")


def test_records_without_a_vector_of_their_present_text_are_not_found(opened: rn.Project) -> None:
    filled(opened, ["1 0", "1 1", "0 1"])
    view = opened.search("1 0")
    assert view.keys() == ["r0", "r1", "r2"]
    assert "no vector" not in repr(view)
    opened.add([{"id": "r0", "text": "0 9"}, {"id": "r3", "text": "2 0"}], key="id")
    assert view.keys() == ["r1", "r2"]
    assert "2 records have no vector in 'v' yet" in repr(view)
    # Its present text is embedded for the question.
    assert opened.similar_to("r3").keys() == ["r1", "r2"]
    opened.embed("text", model=plane, name="v", progress=False)
    assert view.keys() == ["r3", "r1", "r0", "r2"]
    assert opened.similar_to("r3", 1).keys() == ["r1"]


def test_deleted_records_are_not_found(opened: rn.Project) -> None:
    filled(opened, ["1 0", "1 1", "0 1"])
    view, like = opened.search("1 0"), opened.similar_to("r0")
    with opened.database.write() as connection:
        connection.execute("DELETE FROM record WHERE key = 'r0'")
    assert view.keys() == ["r1", "r2"]
    with pytest.raises(QueryError, match="there is no record 'r0'"):
        like.keys()


def test_several_embeddings_are_asked_by_name_or_attribute(opened: rn.Project) -> None:
    rows = [{"id": f"r{n}", "text": f"{n} 1", "title": "x" * (4 - n)} for n in range(3)]
    opened.add(rows, key="id", types={"text": "text", "title": "text"})
    opened.embed("text", model=plane, name="old", progress=False)
    opened.embed("title", model=other, name="new", progress=False)
    assert opened.search("1 0", 1, on="text", how="meaning").keys() == ["r2"]
    assert opened.search("1 0", 1, embedding="old").keys() == ["r2"]
    by_title = opened.search("1 0", 1)
    (field, _), *_ = by_title.selection.order
    assert isinstance(field, SimilarityField)
    assert field.embedding == "new"
    opened.embeddings["new"].delete()
    with pytest.raises(QueryError, match="no embedding 'new'"):
        by_title.keys()


def test_the_present_vectors_answer_an_older_view(opened: rn.Project) -> None:
    filled(opened, ["1 0 a", "0 1 b"])
    view = opened.search("5 0 zz", 1)
    assert view.keys() == ["r0"]
    turned = lambda texts: plane(texts)[:, ::-1] * [1, -1]  # noqa: E731
    opened.embed("text", model=turned, name="v", progress=False)
    assert view.keys() == ["r0"]
    opened.embed("text", model=other, name="v", progress=False)  # now it has three numbers
    assert len(view.keys()) == 1


def test_a_second_kernel_searches_and_says_what_it_lacks(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p", by="ann") as one:
        filled(one, ["1 0 late", "0 1 goal"])
        document = selection_to_json(one.search("1 0").selection)
        with rn.open(tmp_path / "p", by="bob") as two:
            assert two.similar_to("r0").keys() == ["r1"]
            assert two.search(like=np.array([0.0, 1.0]), k=1).keys() == ["r1"]
            assert two.search("goal").keys() == ["r1"]  # by words: the function is not here
            saved = View(two, selection_from_json(document))
            with pytest.raises(QueryError, match="which is not kept"):
                saved.keys()
            two.embed("text", model=plane, name="v", progress=False)
            assert saved.keys() == ["r0", "r1"]
            one.add([{"id": "r2", "text": "1 0"}], key="id")
            two.embed("text", model=plane, name="v", progress=False)
            assert one.search("1 0", 2).keys() == saved.keys()[:2] == ["r0", "r2"]


NEWS = ["a late goal won the match", "the goal came late", "oil prices rose again", "oil is dear"]


def test_a_model_that_learnt_is_had_back_in_another_kernel(tmp_path: Path) -> None:
    with rn.open(tmp_path / "p") as project:
        filled(project, NEWS, model=None)
        found = project.search("late goal in the match").keys()
        document = selection_to_json(project.search("late goal in the match").selection)
    with rn.open(tmp_path / "p") as project:
        assert project.search("late goal in the match").keys() == found
        assert View(project, selection_from_json(document)).keys() == found
        assert found[:2] == ["r0", "r1"]
        assert project.search("\N{SNOWMAN}").keys() == []  # it knows no part of it
        for state in (tmp_path / "p" / "vectors").glob("*.npz"):
            state.write_bytes(b"broken")
    with rn.open(tmp_path / "p") as project, pytest.raises(QueryError, match="update"):
        project.search("late goal in the match")


def test_a_batch_is_answered_by_one_product(
    opened: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(opened, ["1 0", "1 1", "0 1", "-1 0"])
    calls: list[int] = []
    nearest = Indexes.nearest

    def counted(self: Indexes, name: str, queries: Any, *args: Any, **options: Any) -> Any:
        calls.append(len(queries))
        return nearest(self, name, queries, *args, **options)

    monkeypatch.setattr(Indexes, "nearest", counted)
    asked = ["1 0", "0 2", "-3 0"]
    found = opened.search(asked, 2)
    assert [view.keys() for view in found] == [["r0", "r1"], ["r2", "r1"], ["r3", "r2"]]
    assert calls == [3]
    assert [view.keys() for view in found] == [opened.search(one, 2).keys() for one in asked]
    assert opened.search([]) == []
    some = opened.where(opened["n"] > 1)
    assert [view.keys() for view in some.search(asked, 1)] == [["r2"], ["r2"], ["r3"]]


def test_a_search_follows_labels_and_is_a_queue(opened: rn.Project) -> None:
    filled(opened, ["1 0", "2 0", "1 1", "0 1"])
    task = opened.task("topic", ["A", "B"], on="text")
    view = opened.where(task.unlabeled).search("1 0", 2)
    hybrid = opened.where(task.unlabeled).search("1 0", 2, how="hybrid")
    assert view.keys() == hybrid.keys() == ["r0", "r1"]
    task.label("r0", "A")
    assert view.keys() == ["r1", "r2"]
    assert hybrid.keys() == ["r1", "r3"]  # which has both words
    assert rn.Labeler(task, view) is not None


def test_a_search_is_kept_as_a_slice_and_exported_in_its_order(
    opened: rn.Project, tmp_path: Path
) -> None:
    filled(opened, ["0 1", "1 1", "1 0"])
    opened.slices["near"] = opened.search("1 0", 2)
    opened.slices.save("fixed", opened.search("1 0", how="hybrid"), static=True)
    assert opened.slices["near"].keys() == ["r2", "r1"]
    assert opened.slices["near"].scores().round(4).tolist() == [1.0, 0.7071]
    path = opened.slices["near"].export(tmp_path / "near.jsonl")
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["r2", "r1"]
    opened.add([{"id": "r3", "text": "5 0"}], key="id")
    opened.embed("text", model=plane, name="v", progress=False)
    assert opened.slices["near"].keys() == ["r2", "r3"]
    assert len(opened.slices["fixed"]) == 3
    with pytest.raises(QueryError, match="not ordered by a score"):
        opened.slices["fixed"].scores()
    opened.embeddings["v"].delete()
    assert opened.slices.frame()["records"].isna().tolist() == [True, False]


def test_the_labeler_searches_words(project: rn.Project) -> None:
    filled(project, ["1 0 late", "0 1 goal"])
    task = project.task("topic", ["A"], on="text")
    session = rn.Labeler(task)._conversation.session
    session.search = "late"
    assert session._selected().keys() == ["r0"]


def test_a_search_can_be_a_rule(opened: rn.Project) -> None:
    filled(opened, ["1 0", "2 0", "0 1"])
    task = opened.task("topic", ["A"], on="text")
    task.rule_from(opened.search("1 0", 2), "A", "near")
    assert opened.where(task.voted(heuristic="near")).keys() == ["r0", "r1"]
    unlabelled = opened.where(task.labeled_as("A")).search("1 0", how="hybrid")
    with pytest.raises(rn.RefineryError, match="always look perfect"):
        task.rule_from(unlabelled, "A")


def test_titles_say_what_was_asked(project: rn.Project) -> None:
    filled(project, ["1 0", "0 1", "1 1"])
    assert project.search("1 0", 2).title == "all records, most like “1 0”, the first 2"
    titles = {
        project.similar_to("r0", 2).title: "most like record r0",
        project.search("1 0", how="hybrid").title: "best match for 1 0 first",
        project.search(
            like=np.array([1.0, 0.0]), unlike=["r0"]
        ).title: "a vector but not record r0",
        project.where(project["n"] > 0).search("1 0").title: "n > 0, most like “1 0”",
        project.similar_to(("r0", 0, 3)).title: "0 to 3 of record r0",
        project.search("1 0", threshold=0.5).title: "similarity to “1 0” >= 0.5",
    }
    for title, part in titles.items():
        assert part in title
    field = SimilarityField("v", tuple(Example(text=f"{n} 1") for n in range(8)))
    assert "and 2 more" in project.view().order_by(field).title


def test_fields_of_scores_sort_and_filter_by_themselves(opened: rn.Project) -> None:
    filled(opened, ["1 0", "1 1", "0 1", " "])
    field = SimilarityField("v", (Example(text="1 0"),))
    assert opened.where(field > 0.9).keys() == ["r0"]
    assert opened.where(~(field > 0.9)).keys() == ["r1", "r2", "r3"]
    assert opened.where(field.missing).keys() == ["r3"]
    assert opened.where(field.between(0.5, 0.8)).keys() == ["r1"]
    assert opened.view().order_by(field).keys() == ["r2", "r1", "r0", "r3"]
    assert opened.view().order_by(field, descending=True).keys() == ["r0", "r1", "r2", "r3"]
    fused = FusedField((field,), 2)
    assert opened.where(~fused.missing).order_by(fused, descending=True).keys() == ["r0", "r1"]
    for wrong in (field == "x", field.contains("x"), field > float("nan"), field > True):
        with pytest.raises(QueryError, match="number"):
            opened.where(wrong).keys()


def test_lists_of_texts_are_searched_by_their_best_entry(opened: rn.Project) -> None:
    rows = [["1 0", "0 1"], ["1 1"], [" "], ["-1 0", "0 1"]]
    opened.add([{"id": f"r{n}", "parts": row} for n, row in enumerate(rows)], key="id")
    opened.embed("parts", model=plane, name="v", progress=False)
    found = opened.search("2 0", how="meaning")
    assert found.keys() == ["r0", "r1", "r3"]
    assert found.scores().round(4).tolist() == [1.0, 0.7071, 0.0]
    assert opened.search(["2 0"], 1)[0].keys() == ["r0"]
    assert opened.similar_to("r1", 1).keys() == ["r0"]
    assert opened.where(opened["id"] == "r3").search("2 0").keys() == ["r3"]


@given(st.integers(0, 40), st.integers(1, 4), st.integers(0, 3))
def test_the_threshold_of_refinery_is_its_percentile(n: int, dim: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    found = usual_similarity(values)
    if n < 2:
        assert found == -1
        return
    directions = values / np.linalg.norm(values, axis=1, keepdims=True)
    distances = [
        float(np.linalg.norm(directions[i] - directions[j])) for i in range(n) for j in range(i)
    ]
    assert np.isclose(np.sqrt(2 - 2 * found), np.percentile(distances, 5), atol=1e-3)


def test_the_threshold_of_refinery_can_be_asked_for(project: rn.Project) -> None:
    filled(project, ["1 0", "1 1", "0 1", "-1 0"])
    least = usual_similarity(project.embeddings["v"].value().values)
    found = project.search("1 0", threshold="refinery")
    assert found.keys() == [k for k, v in project.search("1 0").scores().items() if v >= least]
    project.embed("text", name="words", progress=False)
    assert len(project.search("1 0", embedding="words", threshold="refinery")) == 4
