"""Compiled selections against plain Python, on random projects and random conditions."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core import query
from refinery_nb.core.operation import Operation
from refinery_nb.core.votes import Votes
from refinery_nb.project.project import Project
from refinery_nb.store import derived, heuristics, views, weak
from tests.store.oracle import Row, select

WORDS = ["late", "Ünder", "über", "broken", "a%b", "x_y", "\\", "'", '"', "straße", "STRASSE"]
TEXTS = st.none() | st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
NUMBERS = st.none() | st.integers(-3, 3)
FLOATS = st.none() | st.sampled_from([-1.5, 0.0, 0.5, 2.0])
FLAGS = st.none() | st.booleans()
LABELS = ["A", "B"]
TYPES = {"text": "text", "n": "integer", "x": "float", "yes": "boolean", "kind": "category"}
ROWS = st.lists(st.tuples(TEXTS, NUMBERS, FLOATS, FLAGS, TEXTS), min_size=1, max_size=8)


def text_condition(draw: Any) -> query.Condition:
    op = draw(
        st.sampled_from(["=", "!=", "<", ">=", "contains", "starts", "ends", "in", "missing"])
    )
    word = draw(st.sampled_from([*WORDS, "", "E"]))
    field = query.AttributeField("text")
    if op == "in":
        return query.Compare(field, "in", (word, "late"))
    if op == "missing":
        return query.Compare(field, "missing", None)
    return query.Compare(field, op, word, draw(st.booleans()))


@st.composite
def given_fields(draw: Any) -> query.GivenField:
    values = draw(st.dictionaries(st.sampled_from(["k0", "k1", "k5", "none"]), FLOATS.filter(bool)))
    return query.GivenField("a score", tuple(values), tuple(map(float, values.values())))


@st.composite
def leaves(draw: Any) -> query.Condition:
    kind = draw(st.integers(0, 17))
    number = draw(st.integers(-3, 3))
    op = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
    label = draw(st.sampled_from([*LABELS, None]))
    if kind == 0:
        return text_condition(draw)
    if kind == 1:
        return query.Compare(query.AttributeField("n"), op, number)
    if kind == 2:
        return query.Compare(query.AttributeField("x"), op, number / 2)
    if kind == 3:
        return query.Compare(
            query.AttributeField("yes"), draw(st.sampled_from(["=", "!="])), draw(st.booleans())
        )
    if kind == 4:
        actor = draw(st.sampled_from([None, "ann", "bob"]))
        return query.Labelled("t", label, actor, draw(st.booleans()) and label is None)
    if kind == 5:
        return query.Marked("t", draw(st.sampled_from(["flag", "skip"])))
    if kind == 6:
        return query.Voted("t", draw(st.sampled_from([None, "h1", "h2"])), label)
    if kind == 7:
        return query.Conflicting("t")
    if kind == 8:
        return query.Compare(
            query.WeakField("t", 1, "confidence"), op, draw(st.sampled_from([0.25, 0.5, 0.75]))
        )
    if kind == 9:
        weak_op = draw(st.sampled_from(["=", "!=", "in", "missing"]))
        wanted = {"in": ("A", "B"), "missing": None}.get(weak_op, label or "A")
        return query.Compare(query.WeakField("t", 1, "label"), weak_op, wanted)
    if kind == 10:
        return query.TextSearch(draw(st.sampled_from(["late", "broken late", "", "nowhere"])))
    if kind == 11:
        return query.Keys(tuple(draw(st.lists(st.sampled_from(["k0", "k1", "k5", "none"])))))
    if kind == 12:
        few = tuple(draw(st.lists(st.integers(-3, 3), max_size=3)))
        return query.Compare(query.AttributeField(draw(st.sampled_from(["n", "x"]))), "in", few)
    if kind == 17:
        return query.Commented(draw(st.sampled_from([None, "ann", "bob"])))
    if kind == 16:
        missing = draw(st.booleans())
        field = draw(given_fields())
        return query.Compare(field, "missing" if missing else op, None if missing else number / 2)
    if kind == 14:
        what = draw(st.sampled_from(get_args(query.Judgement)))
        other = draw(st.sampled_from([None, "h2"])) if what == "against" else None
        return query.Judged(
            "t", "h1" if other else draw(st.sampled_from(["h1", "h2"])), what, other
        )
    if kind == 15:
        sides = ["heuristic:h1", "heuristic:h2", "person:ann", "person:bob"]
        rows, columns = draw(st.permutations(sides))[:2]
        return query.Paired(
            "t", rows, columns, label, draw(st.sampled_from([*LABELS, None])), "records"
        )
    if kind == 13:
        pattern = draw(st.sampled_from([r"\blate\b", r"[ßü]", r"^$", r"x.y"]))
        return query.Compare(query.AttributeField("kind"), "matches", pattern, True)
    return query.Compare(query.LengthField("text"), op, abs(number) * 3)


@st.composite
def conditions(draw: Any, depth: int = 3) -> query.Condition:
    if depth == 0 or draw(st.booleans()):
        return draw(leaves())
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return query.Not(draw(conditions(depth - 1)))
    if kind == 1:
        return query.Among(draw(selections(depth - 1)))
    items = tuple(draw(conditions(depth - 1)) for _ in range(draw(st.integers(0, 3))))
    return query.And(items) if kind == 2 else query.Or(items)


@st.composite
def selections(draw: Any, depth: int = 3) -> query.Selection:
    fields = [
        query.AttributeField("text"),
        query.AttributeField("n"),
        query.AttributeField("x"),
        query.AttributeField("kind"),
        query.AttributeField("yes"),
        query.RandomField(draw(st.integers(0, 3))),
        query.WeakField("t", 1, "confidence"),
        query.LengthField("text"),
        draw(given_fields()),
    ]
    order = tuple(
        (draw(st.sampled_from(fields)), draw(st.booleans())) for _ in range(draw(st.integers(0, 2)))
    )
    limit = draw(st.none() | st.integers(0, 5))
    return query.Selection(draw(conditions(depth)), order, limit)


def build(project: Project, rows: list[tuple], draw: st.DataObject) -> list[Row]:
    """Fill a project at random, and say the same in plain Python."""
    known = [
        Row(n + 1, f"k{n}", dict(zip(TYPES, values, strict=True))) for n, values in enumerate(rows)
    ]
    records = [{"id": row.key, **row.values} for row in known]
    project.add(records, key="id", types=TYPES)
    task = project.task("t", LABELS, on="text")
    ids = {label.name: label.id for label in task.schema.labels}
    for row in known:
        for actor in ("ann", "bob"):
            said = draw.draw(st.sampled_from([..., None, *LABELS]))
            if said is not ...:
                task.label(row.key, said or rn.NONE, by=actor)
                row.labels.setdefault("t", []).append((actor, said))
        if draw.draw(st.booleans()):
            mark = draw.draw(st.sampled_from(["flag", "skip"]))
            value = {"mark": mark, "on": True}
            project.apply([Operation(f"m{row.id}", "mark", "ann", task.id, row.id, None, value)])
            row.marks["t"] = {mark}
        if draw.draw(st.booleans()):
            row.comments = {draw.draw(st.sampled_from(["ann", "bob"]))}
            for actor in row.comments:
                project.comments.add("unclear", by=actor, record=row.key)
        if draw.draw(st.booleans()):
            confidence = draw.draw(st.sampled_from([0.25, 0.5, 0.6, 1.0]))
            row.weak[1] = (draw.draw(st.sampled_from(LABELS)), confidence)
        for name in ("h1", "h2"):
            if draw.draw(st.booleans()):
                row.votes.setdefault("t", []).append((name, draw.draw(st.sampled_from(LABELS))))
    with project.database.write() as connection:
        for name in ("h1", "h2"):
            heuristics.save(connection, task.id, name, {"kind": "lookup"}, name, at="")
        for one in heuristics.heuristics(connection, task.id):
            said = [
                (r.id, ids[label])
                for r in known
                for h, label in r.votes.get("t", [])
                if h == one.name
            ]
            votes = Votes.of([r for r, _ in said], [label for _, label in said])
            heuristics.save_votes(
                connection, one.version, votes, state="finished", message="", seen=1
            )
        labelled = [(row.id, ids[row.weak[1][0]], row.weak[1][1]) for row in known if row.weak]
        votes = Votes.of(*([one[at] for one in labelled] for at in range(3)))
        weak.save(connection, task.id, "test", {}, votes, at="")
    return known


@given(rows=ROWS, asked=st.lists(selections(), min_size=1, max_size=6), draw=st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_sql_and_plain_python_select_the_same(
    rows: list[tuple], asked: list[query.Selection], draw: st.DataObject
) -> None:
    with rn.open(by="ann") as project, pytest.MonkeyPatch.context() as patch:
        # Also so short that pages in the order of an outside column need both steps, and more.
        patch.setattr(views, "STEPS", draw.draw(st.sampled_from([views.STEPS, ((0, 2), (2, 4))])))
        known = build(project, rows, draw)
        for selection in asked:
            assert project.select_ids(selection).tolist() == select(known, selection)
            assert project.count(selection) == len(select(known, selection))


@given(
    ids=st.sets(st.integers(1, 30)),
    column=st.dictionaries(st.integers(1, 30), st.sampled_from([0.0, 0.5, 1.0])),
    descending=st.booleans(),
)
def test_outside_orders_are_those_of_sql(
    ids: set[int], column: dict[int, float], descending: bool
) -> None:
    known = np.array(sorted(column), dtype=np.int64)
    values = np.array([column[one] for one in sorted(column)], dtype=np.float64)
    found = derived.arranged(
        np.array(sorted(ids), dtype=np.int64),
        derived.Resolved(0, lambda: (known, values)),
        descending=descending,
    )
    sign = -1 if descending else 1
    missing = [one for one in sorted(ids) if one not in column]
    present = sorted(ids & set(column), key=lambda one: (sign * column[one], one))
    assert found.tolist() == [*present, *missing]
