"""The Labeler's queue in an order that is learnt: what lies ahead follows, the rest stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.widgets.labeler.operations import OPERATIONS
from refinery_nb.widgets.labeler.session import ORDERS, STAY, STRATEGIES, Session
from refinery_nb.widgets.labeler.widget import Labeler
from refinery_nb.widgets.messages import reply

WAIT = 60.0
WORDS = {"A": "goal match team score", "B": "shares profit market bank"}


@pytest.fixture
def topic(project: rn.Project) -> Iterator[rn.Task]:
    chance = np.random.default_rng(0)
    rows = []
    for number in range(120):
        words = WORDS["AB"[number % 2]].split()
        text = " ".join(chance.choice(words, 3)) + f" word{chance.integers(30)}"
        rows.append({"id": str(number), "text": text})
    project.add(rows, key="id")
    yield project.task("topic", ["A", "B"], on="text")
    project.close()


def page(session: Session, first: int, last: int, at: int) -> list[int]:
    args = {"from": first, "to": last, "at": at}
    told = reply(session, {"v": 1, "id": "1", "op": "page", "args": args}, OPERATIONS)
    return [card["id"] for card in told["ok"]["records"]]


def queue(session: Session, **args: Any) -> dict[str, Any]:
    return reply(session, {"v": 1, "id": "1", "op": "queue", "args": args}, OPERATIONS)["ok"]


def label(topic: rn.Task, count: int, start: int = 0) -> None:
    topic.label_many({str(n): "AB"[n % 2] for n in range(start, start + count)})


def test_every_strategy_is_an_order_of_the_labeler(topic: rn.Task) -> None:
    session = Session([topic], None, by=None)
    for order in ORDERS:
        assert queue(session, order=order)["order"] == order
        assert sorted(session.ids.tolist()) == sorted(topic.project.view().ids().tolist())
    assert set(STRATEGIES) < set(ORDERS)
    session.close()


def test_labelled_records_come_last_in_a_learnt_order(topic: rn.Task) -> None:
    label(topic, 10)
    session = Session([topic], None, by=None)
    queue(session, order="mixed")
    assert sorted(session.ids[-10:].tolist()) == list(range(1, 11))
    session.close()


def test_what_lies_ahead_follows_what_is_learnt_and_the_rest_stays(topic: rn.Task) -> None:
    label(topic, 30)
    session = Session([topic], None, by=None)
    queue(session, order="uncertain")
    before = page(session, 0, 120, at=0)
    label(topic, 40, start=30)
    assert session.follow()
    after = page(session, 0, 120, at=5)
    assert after[: 6 + STAY] == before[: 6 + STAY]
    assert after[6 + STAY :] != before[6 + STAY :]
    assert sorted(after) == sorted(before)
    session.close()


def test_going_back_moves_nothing_that_was_seen(topic: rn.Task) -> None:
    label(topic, 30)
    session = Session([topic], None, by=None)
    queue(session, order="uncertain")
    seen = page(session, 0, 120, at=20)
    label(topic, 40, start=30)
    session.follow()
    after = page(session, 0, 120, at=3)
    assert after[: 21 + STAY] == seen[: 21 + STAY]
    session.close()


def test_a_plain_order_does_not_follow(topic: rn.Task) -> None:
    session = Session([topic], None, by=None)
    before = session.ids
    label(topic, 30)
    assert not session.follow()
    assert session.ids is before


def test_the_labeler_tells_its_front_end_once_something_is_learnt(topic: rn.Task) -> None:
    widget = Labeler(topic, topic.queue("mixed"))
    sent: list[dict[str, Any]] = []
    widget.send = lambda message, buffers=None: sent.append(message)  # type: ignore[method-assign]
    assert len(widget._conversation.session.ids) == 120
    label(topic, 8)
    assert topic.project.learning.wait(WAIT)
    assert [one["push"] for one in sent] == ["labels", "votes"]
    ahead = page(widget._conversation.session, 0, 120, at=0)
    assert sorted(ahead[-8:]) == list(range(1, 9))
    widget.close()
    label(topic, 8, start=8)
    assert topic.project.learning.wait(WAIT)
    assert len(sent) == 2


def test_nothing_is_learnt_in_the_background_once_the_widget_is_closed(topic: rn.Task) -> None:
    learnt: list[object] = []
    topic.project.events.subscribe("learnt", learnt.append)
    widget = Labeler(topic, topic.queue("mixed"))
    assert len(widget._conversation.session.ids) == 120
    widget.close()
    label(topic, 8)
    assert topic.project.learning.wait(WAIT)
    assert learnt == []


@pytest.mark.parametrize("order", ["mixed", "uncertain", "margin", "entropy", "disagreement"])
def test_the_orders_of_the_labeler_serve_several_labels_too(
    project: rn.Project, order: str
) -> None:
    words = {"A": "goal match", "B": "bank deal"}
    project.add([{"id": n, "text": f"{words['AB'[n % 2]]} w{n}"} for n in range(40)], key="id")
    task = project.task("tags", ["A", "B"], on="text", kind="multilabel")
    task.label_many({n: [["A", "B"][n % 2]] if n % 5 else [] for n in range(12)})
    labeler = rn.Labeler(task, project.where(task.unlabeled))
    found = queue(labeler._conversation.session, order=order)
    assert (found["order"], found["length"]) == (order, 28)
    labeler.close()
