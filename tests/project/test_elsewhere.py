"""Two kernels on one project: what is done in one is told in the other."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.events import Events
from refinery_nb.project import elsewhere

WAIT = 30.0
NAMES = ("labels", "records", "schema", "votes", "vectors", "comments")


class Heard:
    """What the events of a project have told."""

    def __init__(self, events: Events) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.news = threading.Condition()
        for name in NAMES:
            events.subscribe(name, lambda event, name=name: self._hear(name, event))

    def _hear(self, name: str, event: dict[str, Any]) -> None:
        with self.news:
            self.told.append((name, event))
            self.news.notify_all()

    def names(self) -> list[str]:
        return [name for name, _ in self.told]

    def wait(self, name: str) -> dict[str, Any]:
        with self.news:
            assert self.news.wait_for(lambda: name in self.names(), WAIT), self.names()
        return next(event for one, event in self.told if one == name)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[rn.Project, rn.Project]]:
    """Open a project twice; another kernel differs by nothing that counts here."""
    here = rn.open(tmp_path / "p", by="ann")
    here.add([{"id": str(n), "text": f"late {n}"} for n in range(20)], key="id")
    here.task("topic", ["A", "B"], on="text")
    there = rn.open(tmp_path / "p", by="ben")
    yield here, there
    there.close()
    here.close()


def test_a_label_of_another_kernel_is_told_with_its_value(
    both: tuple[rn.Project, rn.Project],
) -> None:
    here, there = both
    heard = Heard(here.events)
    stop = elsewhere.follow(here)
    there.task("topic").label("3", "B")
    (change,) = heard.wait("labels")["changes"]
    assert (change.actor, change.task) == ("ben", here.task("topic").id)
    assert change.value == {"label": here.task("topic").schema.label("B").id}
    there.task("topic").undo()
    with heard.news:
        assert heard.news.wait_for(lambda: len(heard.told) == 2, WAIT)
    assert heard.told[1][1]["changes"][0].value is None
    stop()


@pytest.mark.parametrize(
    ("name", "deed"),
    [
        ("records", lambda project: project.add([{"id": "new", "text": "x"}])),
        ("schema", lambda project: project.task("topic").add_labels(["C"])),
        ("schema", lambda project: project.slices.save("s", project.view().head(3))),
        ("votes", lambda project: project.task("topic").add(rn.Lookup("A", ["late"]))),
        ("vectors", lambda project: project.embed("text", progress=False)),
    ],
)
def test_what_another_kernel_changes_is_told(
    both: tuple[rn.Project, rn.Project], name: str, deed: Any
) -> None:
    here, there = both
    heard = Heard(here.events)
    stop = elsewhere.follow(here)
    deed(there)
    heard.wait(name)
    stop()


def test_what_is_done_here_is_not_told_again(both: tuple[rn.Project, rn.Project]) -> None:
    here, _ = both
    stop = elsewhere.follow(here)
    heard = Heard(here.events)
    topic = here.task("topic")
    topic.label("1", "A")
    topic.add(rn.Lookup("A", ["late"]))
    here.add([{"id": "new", "text": "x"}])
    before = heard.names()
    elsewhere._watches[here].look()
    assert heard.names() == before
    stop()


def test_the_watch_ends_with_its_last_listener(both: tuple[rn.Project, rn.Project]) -> None:
    here, _ = both
    before = set(threading.enumerate())
    one, other = elsewhere.follow(here), elsewhere.follow(here)
    (thread,) = set(threading.enumerate()) - before
    one()
    assert thread.is_alive()
    other()
    thread.join(WAIT)
    assert not thread.is_alive()


def test_a_closed_project_ends_the_watch_without_a_word(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    project = rn.open(tmp_path / "p")
    elsewhere.follow(project)
    project.close()
    del project
    gc.collect()
    for thread in set(threading.enumerate()) - before:
        thread.join(WAIT)
        assert not thread.is_alive()


def test_nothing_is_watched_in_memory() -> None:
    before = set(threading.enumerate())
    with rn.open() as project:
        elsewhere.follow(project)()
    assert set(threading.enumerate()) == before
