"""Labels as a state machine, against a model of a few lines."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import refinery_nb as rn
from refinery_nb.core.operation import Operation

RECORDS = [1, 2, 3]
VALUES = [None, {"none": True}, {"label": 1}, {"label": 2}]
SPANS = [None, {"none": True}, {"spans": [[0, 4, 3]]}, {"spans": [[0, 4, 3], [2, 6, 4]]}]


class Labels(RuleBasedStateMachine):
    """One person labels, flags, undoes and redoes; another labels beside."""

    @initialize()
    def start(self) -> None:
        self.project = rn.open(by="ann")
        self.project.add([{"id": str(n), "text": f"text 💩 {n}"} for n in RECORDS], key="id")
        self.topic = self.project.task("topic", ["A", "B"], on="text")
        self.names = self.project.task("names", ["X", "Y"], on="text", kind="spans")
        self.state: dict[tuple[str, int, int], Any] = {}
        self.marks: dict[tuple[str, int, int], tuple[str, ...]] = {}
        self.done: dict[str, list[tuple]] = {"ann": [], "bob": []}
        self.undone: dict[str, list[tuple]] = {"ann": [], "bob": []}
        self.count = 0

    def apply(self, kind: str, actor: str, **rest: Any) -> Any:
        self.count += 1
        operation = Operation(f"op{self.count}", kind, actor, **rest)  # type: ignore[arg-type]
        answer = self.project.apply([operation])[0]
        assert self.project.apply([operation])[0].op_id == answer.op_id  # again: no effect
        return answer

    @rule(
        actor=st.sampled_from(["ann", "bob"]),
        record=st.sampled_from(RECORDS),
        at=st.integers(0, 3),
        spans=st.booleans(),
    )
    def label(self, actor: str, record: int, at: int, spans: bool) -> None:
        task, value = (2, SPANS[at]) if spans else (1, VALUES[at])
        answer = self.apply("label", actor, task=task, record=record, value=value)
        assert answer.status == "saved"
        key = (actor, task, record)
        before = self.state.get(key)
        if before != value:
            self.state[key] = value
            self.done[actor].append((key, "state", before, value))
            self.undone[actor].clear()

    @rule(actor=st.sampled_from(["ann", "bob"]), record=st.sampled_from(RECORDS), on=st.booleans())
    def flag(self, actor: str, record: int, on: bool) -> None:
        self.apply("mark", actor, task=1, record=record, value={"mark": "flag", "on": on})
        key = (actor, 1, record)
        before, after = self.marks.get(key, ()), ("flag",) if on else ()
        if before != after:
            self.marks[key] = after
            self.done[actor].append((key, "marks", before, after))
            self.undone[actor].clear()

    @rule(actor=st.sampled_from(["ann", "bob"]))
    def undo(self, actor: str) -> None:
        answer = self.apply("undo", actor)
        if not self.done[actor]:
            assert answer.status == "nothing"
            return
        key, what, before, _ = action = self.done[actor].pop()
        getattr(self, what)[key] = before
        self.undone[actor].append(action)

    @rule(actor=st.sampled_from(["ann", "bob"]))
    def redo(self, actor: str) -> None:
        answer = self.apply("redo", actor)
        if not self.undone[actor]:
            assert answer.status == "nothing"
            return
        key, what, _, after = action = self.undone[actor].pop()
        getattr(self, what)[key] = after
        self.done[actor].append(action)

    @rule(actor=st.sampled_from(["ann", "bob"]), record=st.sampled_from(RECORDS))
    def label_what_is_stale(self, actor: str, record: int) -> None:
        current = self.state.get((actor, 1, record))
        other = {"label": 2} if current == {"label": 1} else {"label": 1}
        answer = self.apply("label", actor, task=1, record=record, base=10**6, value=other)
        assert answer.status == "conflict"
        assert answer.changes[0].value == current

    @invariant()
    def the_store_says_the_same(self) -> None:
        if not hasattr(self, "project"):
            return
        for actor in ("ann", "bob"):
            for card in self.project.cards(RECORDS, [self.topic, self.names], actor):
                for task in (1, 2):
                    shown = card["tasks"][str(task)]
                    key = (actor, task, card["id"])
                    assert shown["value"] == self.state.get(key)
                    assert tuple(shown["marks"]) == self.marks.get(key, ())

    @rule()
    def replay(self) -> None:
        select = 'SELECT task, record, actor, position, version, label, start, "end" FROM label'
        with self.project.database.read() as connection:
            before = sorted(connection.execute(select))
        self.project.replay()
        with self.project.database.read() as connection:
            assert sorted(connection.execute(select)) == before

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.project.close()


TestLabels = Labels.TestCase
TestLabels.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
