"""What to label next, as views: orders, what they follow, and how they combine."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.condition_json import selection_from_json, selection_to_json
from refinery_nb.core.errors import QueryError
from refinery_nb.core.query import QueueField, Strategy
from refinery_nb.project.learning.queues import START

WORDS = {"A": "goal match team score", "B": "shares profit market bank"}


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    chance = np.random.default_rng(0)
    rows = []
    for number in range(150):
        words = chance.choice(WORDS["AB"[number % 2]].split(), 2).tolist()
        text = " ".join([*words, f"word{chance.integers(30)}"])
        rows.append({"id": str(number), "text": text, "n": number})
    project.add(rows, key="id")
    return project.task("topic", ["A", "B"], on="text")


def label(topic: rn.Task, count: int, start: int = 0) -> None:
    topic.label_many({str(n): "AB"[n % 2] for n in range(start, start + count)})


@pytest.mark.parametrize("strategy", get_args(Strategy))
@pytest.mark.parametrize("labels", [0, 2, 40])
def test_a_queue_holds_each_unlabelled_record_once(
    topic: rn.Task, strategy: str, labels: int
) -> None:
    label(topic, labels)
    found = topic.queue(strategy).keys()
    assert len(found) == len(set(found)) == 150 - labels
    assert not {str(n) for n in range(labels)} & set(found)
    assert topic.queue(strategy, n=7).keys() == found[:7]
    assert topic.queue(strategy).keys() == found


def test_a_strategy_that_there_is_not_is_refused(topic: rn.Task) -> None:
    with pytest.raises(QueryError, match=r"mixt.*mixed"):
        topic.queue("mixt")


def test_a_queue_shrinks_while_its_records_are_labelled(topic: rn.Task) -> None:
    queue = topic.queue("mixed", n=5)
    first = queue.keys()
    topic.label_many(dict.fromkeys(first[:2], "A"))
    assert not set(first[:2]) & set(queue.keys())
    assert len(queue.keys()) == 5


def test_the_least_certain_records_come_first(topic: rn.Task) -> None:
    label(topic, START)
    beliefs = topic.project.learning.lesson(topic).beliefs
    ids = topic.queue("uncertain").ids()
    sure = beliefs.of(ids).max(axis=1)  # type: ignore[union-attr]
    assert (np.diff(sure) >= -1e-6).all()


def test_before_enough_is_labelled_the_least_certain_are_the_most_diverse(topic: rn.Task) -> None:
    label(topic, START - 2)
    assert topic.queue("uncertain").keys() == topic.queue("diverse").keys()
    label(topic, 2, start=START - 2)
    assert topic.queue("uncertain").keys() != topic.queue("diverse").keys()


def test_weak_labels_say_what_is_uncertain_before_enough_is_labelled(topic: rn.Task) -> None:
    topic.add(rn.Lookup("A", ["goal"], "goal"))
    topic.add(rn.Lookup("B", ["goal"], "wrong"))
    topic.add(rn.Lookup("B", ["profit"], "profit"))
    topic.run(progress=False)
    weak = topic.supervise(model="majority").frame().set_index("key")["confidence"].dropna()
    found = [key for key in topic.queue("uncertain") if key in weak.index]
    assert (np.diff(weak[found]) >= 0).all()
    assert topic.queue("uncertain", n=1).keys()[0] in weak.index


def test_a_queue_of_a_view_is_of_its_records_only(topic: rn.Task) -> None:
    label(topic, 10)
    view = topic.project.where(topic.project["n"] >= 100)
    found = topic.queue("diverse", view).keys()
    assert sorted(map(int, found)) == list(range(100, 150))
    assert found != [key for key in topic.queue("diverse") if int(key) >= 100]


def test_a_queue_combines_like_any_view(topic: rn.Task) -> None:
    label(topic, 10)
    few = topic.queue("mixed") & (topic.project["n"] < 50)
    assert few.keys() == topic.queue("mixed", topic.project.where(topic.project["n"] < 50)).keys()
    among = topic.project.view() & topic.queue("mixed", n=5)
    assert sorted(among.keys()) == sorted(topic.queue("mixed", n=5).keys())
    assert len(topic.queue("mixed")) == 140
    assert "topic is unlabelled" in topic.queue("mixed").title


def test_a_queue_is_kept_by_its_name(topic: rn.Task) -> None:
    selection = topic.queue("margin", seed=3).selection
    again = selection_from_json(selection_to_json(selection))
    (field, descending), *_ = again.order
    assert isinstance(field, QueueField)
    assert (field.task, field.strategy, field.seed, descending) == ("topic", "margin", 3, False)


def test_chance_depends_on_the_seed(topic: rn.Task) -> None:
    one = topic.queue("random", seed=1).keys()
    assert one == topic.queue("random", seed=1).keys()
    assert one != topic.queue("random", seed=2).keys()


def test_heuristics_that_disagree_come_first(topic: rn.Task) -> None:
    topic.add(rn.Lookup("A", ["goal"], "goal"))
    topic.add(rn.Lookup("B", ["match"], "match"))
    topic.run(progress=False)
    both = list(topic.project.where(topic.conflicting).keys())
    found = topic.queue("disagreement").keys()
    assert sorted(found[: len(both)]) == sorted(both)
    assert both


def test_sorting_ids_leaves_the_labelled_last_in_their_order(topic: rn.Task) -> None:
    label(topic, 4)
    ids = topic.project.view().ids()
    found = topic.project.queues.sort(QueueField("topic", "mixed"), ids)
    assert found[-4:].tolist() == [1, 2, 3, 4]
    assert sorted(found.tolist()) == ids.tolist()


def test_a_queue_of_a_task_that_there_is_not_says_so(topic: rn.Task) -> None:
    view = topic.project.view().order_by(QueueField("topik", "mixed"))
    with pytest.raises(QueryError, match=r"topik.*topic"):
        view.ids()


def test_records_without_texts_are_put_in_order_by_chance(project: rn.Project) -> None:
    project.add([{"id": str(n), "n": n} for n in range(20)], key="id")
    task = project.task("rest", ["A", "B"])
    for strategy in get_args(Strategy):
        assert len(task.queue(strategy).keys()) == 20


def test_spans_are_queued_by_what_the_tagger_is_unsure_of(project: rn.Project) -> None:
    cities = ["rome", "oslo", "lima", "cairo", "delhi", "quito", "paris", "seoul"]
    texts = [f"fly to {city} today" for city in cities * 6]
    texts += [f"nothing much {n} here" for n in range(20)]
    project.add([{"id": str(n), "text": text} for n, text in enumerate(texts)], key="id")
    names = project.task("names", ["CITY"], on="text", kind="spans")
    for n, text in enumerate(texts[:START]):
        city = cities[n % 8]
        names.label(str(n), [(text.index(city), text.index(city) + len(city), "CITY")])
    beliefs: Any = project.learning.lesson(names).beliefs
    for strategy in ("uncertain", "margin", "entropy"):
        ids = names.queue(strategy).ids()
        doubt = beliefs.doubts[strategy][np.searchsorted(beliefs.records, ids)]
        assert (np.diff(doubt) <= 1e-9).all()
    assert len(names.queue("mixed").keys()) == len(texts) - START
