"""Suggested rules of a task: what speaks for them, and what becomes of an accepted one."""

from __future__ import annotations

import html

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import QueryError


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    rows = [
        {"id": f"{kind}{n}", "text": text.format(n=n, m=n * 7 % 10)}
        for n in range(40)
        for kind, text in (
            ("s", "They won {n}-{m} at home <b>"),
            ("d", "The parcel was late by {n} hours"),
            ("o", "Nothing of note number{n}"),
        )
    ]
    project.add(rows, key="id")
    task = project.task("topic", ["Sports", "Delivery", "Other"], on="text")
    for n in range(12):
        task.label_many({f"s{n}": "Sports", f"d{n}": "Delivery", f"o{n}": "Other"})
    return task


def test_suggestions_say_what_speaks_for_and_against_them(topic: rn.Task) -> None:
    topic.label("d20", "Other")
    found = topic.suggest()
    by_label = {one.label: one for one in found}
    assert set(by_label) == {"Sports", "Delivery", "Other"}
    delivery = by_label["Delivery"]
    assert delivery.coverage == delivery.new == len(delivery.hits) == 40
    assert delivery.supports.keys() == [f"d{n}" for n in range(12)]
    assert delivery.contradicts.keys() == ["d20"]
    assert 0 < delivery.low < delivery.precision < delivery.high <= 1
    frame = found.frame()
    assert list(frame["label"]) == [one.label for one in found]
    assert frame.set_index("label").loc["Delivery", "contradicts"] == 1


def test_an_accepted_suggestion_votes_on_its_hits(topic: rn.Task) -> None:
    found = topic.suggest()
    for kind in ("keyword", "pattern"):
        assert kind in {one.kind for one in topic.suggest(kinds=(kind,))}
    names = [one.name for one in found.accept()]
    topic.run(progress=False)
    assert list(topic.heuristics()["heuristic"]) == names
    for one, name in zip(found, names, strict=True):
        assert topic.hits(name).keys() == one.hits.keys()
    assert len(topic.suggest()) == 0


def test_one_is_accepted_by_its_position_and_may_be_named(topic: rn.Task) -> None:
    found = topic.suggest()
    (rule,) = found.accept(0)
    assert rule.name in set(topic.heuristics()["heuristic"])
    found[1].accept("mine")
    assert "mine" in set(topic.heuristics()["heuristic"])
    other = topic.project.task("other", ["Sports"], on="text")
    other.add(rn.Regex("Sports", "x", name=found[2]._name()))
    assert found[2]._name() == found[2].accept().name


def test_a_name_that_another_label_has_is_not_taken(topic: rn.Task) -> None:
    one = topic.suggest()[0]
    other = next(label for label in topic.labels if label != one.label)
    topic.add(rn.Regex(other, "x", name=one._name()))
    assert one.accept().name.endswith("(2)")
    assert len(topic.heuristics()) == 2


def test_patterns_generalise_digits(topic: rn.Task) -> None:
    found = topic.suggest(kinds=("pattern",))
    sports = next(one for one in found if one.label == "Sports")
    assert len(sports.hits) == 40


def test_new_records_are_counted_in_the_view_that_is_asked_for(topic: rn.Task) -> None:
    project = topic.project
    few = project.where(project["id"].isin([f"d{n}" for n in range(20, 30)]))
    (one,) = topic.suggest(view=few)
    assert (one.label, one.new, one.coverage) == ("Delivery", 10, 40)


def test_weak_labels_are_learnt_from_where_manual_ones_are_few(project: rn.Project) -> None:
    project.add(
        [{"id": str(n), "text": f"alpha beta {n}" if n % 2 else f"gamma {n}"} for n in range(200)],
        key="id",
    )
    task = project.task("t", ["A", "B"], on="text")
    with pytest.raises(QueryError, match="nothing is labelled"):
        task.suggest()
    task.add(rn.Regex("A", "alpha beta 1"))
    task.add(rn.Regex("B", "gamma 1"))
    task.run(progress=False)
    task.supervise(model="majority")
    found = task.suggest(min_precision=0.6)
    assert {one.label for one in found} == {"A", "B"}
    assert all(len(one.supports) == 0 for one in found)


def test_reviewed_none_speaks_against_a_rule(topic: rn.Task) -> None:
    topic.label_many({f"d{n}": rn.NONE for n in range(12)})
    assert "Delivery" not in {one.label for one in topic.suggest()}


def test_span_suggestions_mark_spans(project: rn.Project) -> None:
    texts = {f"k{n}": f"goal by Ada Lovelace in {1990 + n}" for n in range(8)}
    project.add([{"id": key, "text": text} for key, text in texts.items()], key="id")
    names = project.task("names", ["PER", "DATE"], on="text", kind="spans")
    names.label_many({f"k{n}": [(8, 20, "PER"), (24, 28, "DATE")] for n in range(5)})
    found = names.suggest(min_precision=0.5)
    best = {one.label: one for one in found}
    assert set(best) == {"PER", "DATE"}
    for one in best.values():
        assert len(one.hits) == 8
        assert one.supports.keys() == [f"k{n}" for n in range(5)]
        assert one.contradicts.keys() == []
    found.accept()
    names.run(progress=False)
    for one in best.values():
        assert names.true_hits(one._name()).keys() == [f"k{n}" for n in range(5)]
        assert names.false_hits(one._name()).keys() == []


def test_whole_records_are_searched_in_all_their_texts(project: rn.Project) -> None:
    rows = [{"id": str(n), "title": "alpha" if n % 2 else "x", "body": "y"} for n in range(20)]
    project.add(rows, key="id")
    task = project.task("t", ["A", "B"])
    task.label_many({str(n): "A" if n % 2 else "B" for n in range(10)})
    found = {one.rule: one for one in task.suggest(kinds=("keyword",))}
    assert found["alpha"].coverage == len(found["alpha"].hits) == 10


def test_what_makes_no_sense_is_refused(topic: rn.Task) -> None:
    for options, reason in (
        ({"kinds": ("word",)}, "no kinds"),
        ({"kinds": ()}, "no kinds"),
        ({"min_precision": 1.5}, "min_precision"),
        ({"n": 0}, "not a number"),
        ({"view": rn.open().view()}, "another project"),
    ):
        with pytest.raises(QueryError, match=reason):
            topic.suggest(**options)  # type: ignore[arg-type]


def test_html_shows_rules_as_text(topic: rn.Task) -> None:
    shown = topic.suggest()._repr_html_()
    assert "<b>" not in shown
    assert html.escape(topic.suggest()[0].rule) in shown
    assert "No rule" in topic.suggest(min_precision=0.9999)._repr_html_()
    assert "0  " in repr(topic.suggest()[:1])
