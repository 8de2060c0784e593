"""Labels that come with records: the same events as if somebody had said them one by one."""

from __future__ import annotations

from typing import Any

import refinery_nb as rn

ROWS = [
    {"id": 1, "text": "Acme 💩 Bob", "topic": "World", "names": [(5, 6, "B"), (0, 4, "A")]},
    {"id": 2, "text": "x", "topic": rn.NONE, "names": []},
    {"id": 3, "text": "y", "topic": None, "names": None},
    {"id": 4, "text": "z", "topic": "Sports", "names": [(0, 1, "A"), (0, 1, "B")]},
]
COLUMNS = {"topic": "text__topic__MANUAL", "names": "text__names__MANUAL__spans"}


def log(project: rn.Project) -> list[Any]:
    with project.database.read() as connection:
        events = connection.execute(
            "SELECT e.record, e.task, e.base, e.outcome, e.before, e.after, o.kind, o.actor "
            "FROM event AS e JOIN operation AS o ON o.seq = e.operation ORDER BY e.task, e.record"
        ).fetchall()
        labels = connection.execute(
            'SELECT task, record, actor, position, label, start, "end", surface FROM label '
            "ORDER BY task, record, position"
        ).fetchall()
    return [events, labels]


def versions(project: rn.Project) -> list[Any]:
    with project.database.read() as connection:
        return connection.execute(
            "SELECT task, record, version FROM label ORDER BY task, record, position"
        ).fetchall()


def test_an_import_writes_the_events_that_labelling_writes(project: rn.Project) -> None:
    rows = [
        {
            "id": row["id"],
            "text": row["text"],
            COLUMNS["topic"]: "__none__" if row["topic"] == rn.NONE else row["topic"],
            COLUMNS["names"]: row["names"],
        }
        for row in ROWS
    ]
    with rn.open(by="ann") as other:
        for one in (project, other):
            one.add([{"id": 0, "text": "first"}], key="id")
            one.task("topic", ["World", "Sports"], on="text")
            one.task("names", ["B", "A"], on="text", kind="spans")
        project.add(rows)
        other.add([{"id": row["id"], "text": row["text"]} for row in ROWS])
        for name in ("topic", "names"):
            said = {row["id"]: row[name] for row in ROWS if row[name] is not None}
            other.task(name).label_many(said)
        assert log(project) == log(other)


def test_an_import_can_be_replayed_and_undone(project: rn.Project) -> None:
    project.add(
        [{"id": row["id"], "text": row["text"], COLUMNS["names"]: row["names"]} for row in ROWS],
        key="id",
    )
    names = project.task("names")
    before, seqs = log(project), versions(project)
    project.replay()
    assert (log(project), versions(project)) == (before, seqs)
    assert names.undo()
    assert not len(names.gold())
    assert names.redo()
    assert log(project)[1] == before[1]
