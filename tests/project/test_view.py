"""Views: lazy, immutable, composable, and readable."""

from __future__ import annotations

import pytest

import refinery_nb as rn
from refinery_nb.core import query
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.core.votes import Votes
from refinery_nb.store import weak


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add(
        [{"id": str(n), "text": f"late goal number {n}", "n": n} for n in range(10)], key="id"
    )
    project.task("topic", ["A"], on="text")
    return project


def test_views_compose_and_keep_the_left_order(filled: rn.Project) -> None:
    small = filled.where(filled["n"] < 5).order_by("n", descending=True)
    even = filled.where(filled["n"].isin([0, 2, 4, 6]))
    assert (small & even).keys() == ["4", "2", "0"]
    assert (even & small).keys() == ["0", "2", "4"]
    assert (small | even).keys() == ["6", "4", "3", "2", "1", "0"]
    assert (~small).keys() == ["5", "6", "7", "8", "9"]


def test_views_and_conditions_mix_on_both_sides(filled: rn.Project) -> None:
    n = filled["n"]
    small = filled.where(n < 5).order_by("n", descending=True)
    assert (small & (n > 2)).keys() == ["4", "3"]
    assert ((n > 2) & small).keys() == ["4", "3"]
    assert (small | (n == 7)).keys() == ["7", "4", "3", "2", "1", "0"]
    assert ((n == 7) | small).keys() == ["7", "4", "3", "2", "1", "0"]
    assert (small & ~small).keys() == []


def test_a_limit_counts_before_what_comes_after_it(filled: rn.Project) -> None:
    last = filled.view().order_by("n", descending=True).head(3)
    assert last.keys() == ["9", "8", "7"]
    assert last.order_by("n").keys() == ["7", "8", "9"]
    assert (last & (filled["n"] < 9)).keys() == ["8", "7"]
    assert (last | (filled["n"] == 0)).keys() == ["9", "8", "7", "0"]
    assert (~last).keys() == ["0", "1", "2", "3", "4", "5", "6"]
    assert last.head(5).keys() == ["9", "8", "7"]
    assert last.head(2).keys() == ["9", "8"]
    assert last.head(0).keys() == []
    assert last.head(10**30).keys() == ["9", "8", "7"]
    assert last.search('"number 8"').keys() == ["8"]


def test_a_view_is_not_changed_by_what_is_made_of_it(filled: rn.Project) -> None:
    view = filled.where(filled["n"] < 5)
    view.order_by("n", descending=True).head(2).search("goal")
    assert view.keys() == ["0", "1", "2", "3", "4"]


def test_a_view_is_lazy(filled: rn.Project) -> None:
    view = filled.where(filled.task("topic").unlabeled)
    assert len(view) == view.count() == 10
    filled.task("topic").label("3", "A")
    assert len(view) == 9
    assert "3" not in view


def test_a_sample_is_the_same_for_the_same_seed(filled: rn.Project) -> None:
    one = filled.view().sample(4, seed=3).keys()
    assert one == filled.view().sample(4, seed=3).keys()
    assert len(set(one)) == 4
    others = {tuple(filled.view().sample(4, seed=seed).keys()) for seed in range(20)}
    assert len(others) > 10
    assert sorted(filled.view().shuffle(5).keys()) == [str(n) for n in range(10)]
    assert (filled.view().sample(4, seed=3) & (filled["n"] >= 0)).keys() == one


def test_random_order_is_kept_for_old_records_when_new_ones_come(filled: rn.Project) -> None:
    before = filled.view().shuffle(1).keys()
    assert filled.view().shuffle(1).head(3).keys() == before[:3]
    filled.add([{"id": f"new {n}", "text": "x", "n": 0} for n in range(5)])
    after = filled.view().shuffle(1).keys()
    assert [key for key in after if not key.startswith("new")] == before
    assert filled.view().shuffle(1).head(3).keys() == after[:3]
    assert len(after) == 15


def test_the_least_certain_come_first_and_those_without_a_label_last(filled: rn.Project) -> None:
    task = filled.task("topic")
    label = task.schema.labels[0].id
    with filled.database.write() as connection:
        votes = Votes.of([2, 5, 7], [label] * 3, [0.9, 0.3, 0.6])
        weak.save(connection, task.id, "test", {}, votes, at="")
    run = task.runs()[-1]
    view = filled.view().order_by(run.confidence)
    assert view.head(4).keys() == ["4", "6", "1", "0"]
    assert view.keys()[:4] == ["4", "6", "1", "0"]
    assert view.where(task.unlabeled & (run.confidence < 0.8)).keys() == ["4", "6"]
    assert "lowest confidence of topic first" in view.title


def test_records_are_a_frame_in_the_order_of_the_view(filled: rn.Project) -> None:
    frame = filled.view().order_by("n", descending=True).head(2).records()
    assert frame.index.tolist() == ["9", "8"]
    assert frame["n"].tolist() == [9, 8]
    assert filled.view().head(0).records().empty


def test_iterating_gives_keys(filled: rn.Project) -> None:
    assert list(filled.view().head(2)) == ["0", "1"]
    assert bool(filled.view())
    assert not filled.where(filled["n"] > 99)


def test_what_makes_no_view_is_refused(filled: rn.Project) -> None:
    view = filled.view()
    for make in (
        lambda: view & 5,
        lambda: 5 | (filled["n"] > 3),
        lambda: (filled["n"] > 3) & 5,
        lambda: view.where(filled["n"]),
        lambda: view.head(-1),
        lambda: view.head(1.5),
        lambda: view.head(True),
        lambda: view.shuffle("x"),
        lambda: view.search(5).keys(),
        lambda: view.order_by(filled["n"] > 3).keys(),
    ):
        with pytest.raises((QueryError, TypeError)):
            make()
    with pytest.raises(SchemaError, match="Did you mean 'text'"):
        view.order_by("txet")


def test_conditions_have_no_truth_value(filled: rn.Project) -> None:
    with pytest.raises(QueryError, match="&"):
        bool(filled["n"] > 3 and filled["n"] < 5)


def test_views_of_two_projects_cannot_be_combined(filled: rn.Project) -> None:
    with rn.open() as other:
        elsewhere = other.view()
        with pytest.raises(QueryError, match="different projects"):
            filled.view() & elsewhere


def test_a_title_reads_like_a_sentence(filled: rn.Project) -> None:
    task, n = filled.task("topic"), filled["n"]
    assert filled.view().title == "all records"
    assert filled.where(task.unlabeled & (n < 6)).order_by("n").title == (
        "topic is unlabelled and n < 6, lowest n first"
    )
    assert filled.where((n == 1) | (n == 2) & task.flagged).title == (
        "n is 1 or (n is 2 and topic is flagged)"
    )
    assert filled.where(task.labeled_as("A", by="ann")).title == "topic is A by ann"
    assert filled.where(~(n != 3)).sample(5).title == (
        "not (n is not 3), in random order, the first 5"
    )
    assert filled.search("late goal").title == "text has late goal"
    assert filled.where(n.isin(range(100))).title == "n is one of 0, 1, 2, 3, 4, 5, 94 more"
    assert filled.where(query.Or(())).title == "no record"


def test_a_title_stays_short(filled: rn.Project) -> None:
    text = filled["text"]
    assert filled.where(text.contains("long\n" * 1_000)).title == (
        "text contains " + "long " * 12 + "..."
    )
    many = filled.view()
    for n in range(500):
        many = many | (filled["n"] == n)
    assert len(many.title) < 200
    deep = filled["n"] > 0
    for _ in range(3_000):
        deep = ~deep
    assert filled.where(deep).title == "a very deep condition"


def test_html_shows_what_records_hold_as_text(project: rn.Project) -> None:
    row = {"id": "<u>1</u>", "text": "<script>alert(1)</script>", "<b>": "<img src=x>"}
    project.add([row], key="id")
    shown = project.where(project["text"].contains("<script>"))._repr_html_()
    for piece in ("<u>", "<script", "<b>", "<img"):
        assert piece not in shown
    assert "&lt;script&gt;" in shown
    assert repr(project.view()) == "View of 1 record: all records"


def test_html_shows_records_with_missing_and_long_values(project: rn.Project) -> None:
    project.add([{"id": "1", "text": "x" * 900, "stars": None}, {"id": "2", "stars": 3}], key="id")
    shown = project.view()._repr_html_()
    assert "nan" not in shown.lower()
    assert "<NA>" not in shown
    assert "x" * 199 + "…" in shown
    assert "x" * 200 not in shown
