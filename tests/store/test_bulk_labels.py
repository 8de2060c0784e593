"""One label for many records writes what labelling each of them writes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import LabelError
from refinery_nb.project import labeling
from refinery_nb.store import bulk_labels

IDS = [1, 2, 3, 4]
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("label"),
            st.lists(st.sampled_from(IDS), unique=True, min_size=1),
            st.sampled_from(["A", "B", rn.NONE, None]),
            st.sampled_from(["ann", "bob"]),
        ),
        st.tuples(st.sampled_from(["undo", "redo"]), st.sampled_from(["ann", "bob"])),
    ),
    max_size=8,
)


def written(project: rn.Project) -> list[Any]:
    """All that is stored of labels."""
    with project.database.read() as connection:
        return [
            connection.execute(sql).fetchall()
            for sql in (
                "SELECT seq, kind, actor, target FROM operation ORDER BY seq",
                "SELECT seq, operation, record, task, base, outcome, before, after FROM event "
                "ORDER BY seq",
                "SELECT * FROM label ORDER BY task, record, actor, position",
            )
        ]


def made() -> rn.Project:
    project = rn.open(by="ann")
    project.add([{"id": str(one), "text": "x"} for one in IDS], key="id")
    project.task("topic", ["A", "B"], on="text")
    return project


@given(steps=STEPS)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_events_and_labels_are_those_of_one_after_the_other(steps: list[tuple[Any, ...]]) -> None:
    with made() as single, made() as bulk, pytest.MonkeyPatch.context() as patch:
        for step in steps:
            for project, many in ((single, 10**9), (bulk, 1)):
                patch.setattr(bulk_labels, "MANY", many)
                task = project.task("topic")
                if step[0] != "label":
                    getattr(task, step[0])(by=step[1])
                elif project is single:
                    task.label_many({str(one): step[2] for one in step[1]}, by=step[3])
                else:
                    labeling.label_same(project, task.schema, step[1], step[2], by=step[3])
        assert written(bulk) == written(single)
        before = written(bulk)
        bulk.replay()
        assert written(bulk) == before


def test_records_that_are_gone_are_passed_over_and_spans_refused() -> None:
    with made() as project:
        topic = project.task("topic")
        labeling.label_same(project, topic.schema, [1, 99, 1], "A", by=None)
        assert topic.gold()["key"].tolist() == ["1"]
        spans = project.task("spans", ["S"], on="text", kind="spans")
        with pytest.raises(LabelError, match="differ from record to record"):
            labeling.label_same(project, spans.schema, [1], [], by=None)


def test_an_event_tells_of_the_first_of_very_many() -> None:
    with rn.open(by="ann") as project:
        project.add([{"id": str(n), "text": "x"} for n in range(2_000)], key="id")
        topic = project.task("topic", ["A"], on="text")
        heard: list[int] = []
        project.events.subscribe("labels", lambda event: heard.append(len(event["changes"])))
        labeling.label_same(project, topic.schema, range(1, 2_001), "A", by=None)
        assert topic.progress() == (2_000, 2_000)
        topic.undo()
        assert topic.progress() == (0, 2_000)
        assert heard == [1_001, 1_001]
