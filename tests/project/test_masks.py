"""Masks answer as SQLite and plain Python do, and follow what changes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core import query
from refinery_nb.core.errors import RefineryError
from refinery_nb.project.masks import dense, masks
from refinery_nb.project.masks import texts as in_one_piece
from refinery_nb.project.masks.masks import Masks
from tests.store.oracle import select
from tests.store.test_views import ROWS, build, selections


@given(rows=ROWS, asked=st.lists(selections(), min_size=1, max_size=6), draw=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_masks_and_plain_python_select_the_same(
    rows: list[tuple], asked: list[query.Selection], draw: st.DataObject
) -> None:
    with rn.open(by="ann") as project, pytest.MonkeyPatch.context() as patch:
        # Also where the first records are found without sorting all, of as few as these.
        patch.setattr(masks, "FEW", draw.draw(st.sampled_from([1, masks.FEW])))
        known = build(project, rows, draw)
        found = Masks(project)
        for selection in [*asked, *asked]:
            assert found.ids(selection).tolist() == select(known, selection)
            plain = query.Selection(selection.condition)
            assert found.count(selection.condition) == len(select(known, plain))


@pytest.fixture
def shop(project: rn.Project) -> rn.Project:
    rows = [{"id": f"r{n}", "text": f"parcel {n}", "stars": n, "kind": "ab"[n % 2]} for n in (1, 2)]
    project.add(rows, key="id", types={"text": "text", "kind": "category"})
    topic = project.task("topic", ["A", "B"], on="text")
    topic.add(rn.Lookup("A", ["parcel"]))
    topic.add(rn.Lookup("B", ["2"]))
    topic.run(progress=False)
    return project


def test_what_is_kept_follows_labels_votes_and_records(shop: rn.Project) -> None:
    found, topic = Masks(shop), shop.task("topic")
    conditions = {
        "labelled": topic.labeled,
        "voted": topic.voted("B"),
        "conflicting": topic.conflicting,
        "stars": shop["stars"] > 1,
        "kind": shop["kind"] == "a",
        "words": query.TextSearch("parcel"),
    }

    def counts() -> dict[str, int]:
        return {name: found.count(one) for name, one in conditions.items()}

    first = {"labelled": 0, "voted": 1, "conflicting": 1, "stars": 1, "kind": 1, "words": 2}
    assert counts() == first
    topic.label("r1", "A")
    assert counts() == first | {"labelled": 1}
    shop.add([{"id": "r3", "text": "parcel 2 3", "stars": 3, "kind": "a"}], key="id")
    assert counts() == {**first, "labelled": 1, "stars": 2, "kind": 2, "words": 3}
    topic.run(progress=False)
    assert counts()["conflicting"] == 2
    topic.remove("lookup:B")
    assert counts()["conflicting"] == 0
    assert counts()["voted"] == 0


def test_what_makes_no_sense_is_refused_as_elsewhere(shop: rn.Project) -> None:
    found = Masks(shop)
    for condition in (
        query.Labelled("nobody"),
        query.Voted("topic", "no rule"),
        query.Voted("topic", None, "no label"),
        query.WeakField("topic", 9, "label") == "A",
        query.WeakField("topic", 9, "confidence") > 0.5,
        shop["stars"] == "1",
        shop["kind"] == 1,
        query.AttributeField("gone") == 1,
    ):
        with pytest.raises(RefineryError):
            found.count(condition)


def test_numbers_that_no_float_holds_are_compared_exactly(project: rn.Project) -> None:
    project.add([{"id": str(n), "n": 2**60 + n} for n in range(3)], key="id")
    found = Masks(project)
    assert found.count(project["n"] == 2**60 + 1) == 1
    assert found.count(project["n"] > 2**60) == 2


LETTERS = st.text(st.sampled_from("aAbß\u0130é😀 \x00\n"), max_size=6)


@pytest.mark.parametrize("often", [-1.0, 0.3, 2.0])
@given(texts=st.lists(st.none() | LETTERS, max_size=8), wanted=LETTERS.filter(bool))
def test_texts_in_one_piece_are_searched_as_one_by_one(
    texts: list[str | None], wanted: str, often: float
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_one_piece, "OFTEN", often)  # also by the other way of looking
        patch.setattr(in_one_piece, "PART", 8)
        held = in_one_piece.Texts(texts)
        expected = [one is not None and wanted.casefold() in one.casefold() for one in texts]
        assert held.contains(wanted).tolist() == expected


def test_texts_that_are_too_many_are_left_to_the_store(
    shop: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "MOST", 3)
    found = Masks(shop)
    found.warm()
    assert found.count(shop["text"].contains("PARCEL 1")) == 1


def test_a_search_follows_a_text_that_is_edited(shop: rn.Project) -> None:
    found = Masks(shop)
    asked = shop["text"].contains("letter")
    assert found.count(asked) == 0
    shop.add([{"id": "r1", "text": "a Letter", "stars": 1, "kind": "a"}])
    assert found.count(asked) == 1
