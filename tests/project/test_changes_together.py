"""Changes of labels, records and attributes one after the other: what is undone is undone."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn

TEXTS = ["Ann met Bob", "Bob \N{PILE OF POO} Ann", "met", "Ann Ann"]
KINDS = {"topic": "classification", "tags": "multilabel", "names": "spans"}

KEYS = st.integers(0, 3)
TASKS = st.sampled_from(list(KINDS))
PEOPLE = st.sampled_from(["ann", "bob"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("label"), TASKS, KEYS, PEOPLE, st.integers(0, 5)),
        st.tuples(st.just("rename"), TASKS, st.integers(0, 2)),
        st.tuples(st.just("merge"), TASKS, st.integers(0, 2)),
        st.tuples(st.just("remove"), TASKS, st.integers(0, 2), st.booleans()),
        st.tuples(st.just("delete"), KEYS, st.booleans()),
        st.tuples(st.just("task"), TASKS),
        st.tuples(st.just("edit"), KEYS, st.sampled_from([*TEXTS, "Ann", "", "met Bob Ann"])),
        st.tuples(st.just("key")),
        st.tuples(st.just("rename attribute")),
    ),
    max_size=12,
)


def state(project: rn.Project) -> dict[str, Any]:
    found: dict[str, Any] = {"records": project.records().reset_index().to_dict("records")}
    for name, task in project.tasks.items():
        found[name] = sorted(map(str, task.all_labels().to_dict("records")))
    return found


def value_of(kind: str, labels: tuple[str, ...], number: int, text: str) -> Any:
    if number == 5 or not labels:
        return None if number % 2 else rn.NONE
    if kind == "classification":
        return labels[number % len(labels)]
    if kind == "multilabel":
        return sorted({labels[number % len(labels)], labels[number // 2 % len(labels)]})
    return [(at, at + 3, labels[number % len(labels)]) for at in range(0, len(text) - 2, 4)]


def there_and_back(project: rn.Project, step: tuple[Any, ...]) -> None:
    """Do one thing; where it can be undone, undo it and see that nothing has changed."""
    what, *rest = step
    before = state(project)
    if what == "label":
        task = project.task(rest[0])
        texts = project.records()["text"]
        key = list(texts.index)[rest[1] % max(1, len(texts))] if len(texts) else None
        if key is not None:
            said = value_of(task.kind, task.labels, rest[3], str(texts[key] or ""))
            task.label(key, said, by=rest[2])
        return
    if what == "rename":
        task = project.task(rest[0])
        if task.labels:
            old = task.labels[rest[1] % len(task.labels)]
            task.rename_label(old, "new name").apply()
            task.rename_label("new name", old).apply()
    elif what == "merge":
        task = project.task(rest[0])
        if len(task.labels) > 1:
            old = task.labels[rest[1] % len(task.labels)]
            into = next(one for one in task.labels if one != old)
            records = {row["key"] for row in task.all_labels().to_dict("records")}
            task.merge(old, into=into).apply()
            assert {row["key"] for row in task.all_labels().to_dict("records")} == records
        return
    elif what == "remove":
        task = project.task(rest[0])
        if task.labels:
            removal = task.delete_label(task.labels[rest[1] % len(task.labels)])
            removal.apply()
            if not rest[2]:
                return
            assert removal.undo() == 0
    elif what == "delete":
        keys = project.view().keys()
        if keys:
            deletion = project.delete_records(keys[rest[0] % len(keys)])
            deletion.apply()
            assert len(project) == len(keys) - 1
            if not rest[1]:
                return
            deletion.undo()
    elif what == "task":
        removal_of_task = project.task(rest[0]).delete()
        removal_of_task.apply()
        assert rest[0] not in project.tasks
        removal_of_task.undo()
    elif what == "edit":
        keys = project.view().keys()
        if keys:
            project.edit(keys[rest[0] % len(keys)], text=rest[1]).apply()
            names = project.task("names").all_labels()
            texts = project.records()["text"]
            for row in names.to_dict("records"):
                if row["label"] is not None:
                    fits = texts[row["key"]][row["start"] : row["end"]] == row["text"]
                    assert fits != row["stale"]
        return
    elif what == "key":
        project.fields.key().apply()
        project.fields.key("id").apply()
    elif what == "rename attribute":
        project.fields["text"].rename("words").apply()
        project.fields["words"].rename("text").apply()
    assert state(project) == before


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_what_is_undone_is_as_before_and_the_log_rebuilds_all(
    steps: list[tuple[Any, ...]],
) -> None:
    with rn.open(by="ann") as project:
        project.add([{"id": f"r{n}", "text": text} for n, text in enumerate(TEXTS)], key="id")
        for name, kind in KINDS.items():
            project.task(name, ["A", "B", "C"], on="text", kind=kind)
        for step in steps:
            there_and_back(project, step if isinstance(step, tuple) else (step,))
            now = state(project)
            project.replay()
            assert state(project) == now
        project.restore_records()
        assert len(project) == 4
        now = state(project)
        project.replay()
        assert state(project) == now
