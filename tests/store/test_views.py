"""Compiled selections against plain Python, on random projects and random conditions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core import query
from refinery_nb.core.errors import QueryError, SchemaError
from refinery_nb.core.operation import Operation
from refinery_nb.core.votes import Votes
from refinery_nb.project.project import Project
from refinery_nb.store import heuristics, weak
from tests.store.oracle import Row, select

WORDS = ["late", "Ünder", "über", "broken", "a%b", "x_y", "\\", "'", '"', "straße", "STRASSE"]
TEXTS = st.none() | st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join)
NUMBERS = st.none() | st.integers(-3, 3)
FLOATS = st.none() | st.sampled_from([-1.5, 0.0, 0.5, 2.0])
FLAGS = st.none() | st.booleans()
LABELS = ["A", "B"]
ROWS = st.lists(st.tuples(TEXTS, NUMBERS, FLOATS, FLAGS), min_size=1, max_size=8)


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
def leaves(draw: Any) -> query.Condition:
    kind = draw(st.integers(0, 9))
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
        query.RandomField(draw(st.integers(0, 3))),
        query.WeakField("t", 1, "confidence"),
        query.LengthField("text"),
    ]
    order = tuple(
        (draw(st.sampled_from(fields)), draw(st.booleans())) for _ in range(draw(st.integers(0, 2)))
    )
    limit = draw(st.none() | st.integers(0, 5))
    return query.Selection(draw(conditions(depth)), order, limit)


def build(project: Project, rows: list[tuple], draw: st.DataObject) -> list[Row]:
    """Fill a project at random, and say the same in plain Python."""
    known = [
        Row(n + 1, f"k{n}", dict(zip(["text", "n", "x", "yes"], values, strict=True)))
        for n, values in enumerate(rows)
    ]
    records = [{"id": row.key, **row.values} for row in known]
    types = {"text": "text", "n": "integer", "x": "float", "yes": "boolean"}
    project.add(records, key="id", types=types)
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
    with rn.open(by="ann") as project:
        known = build(project, rows, draw)
        for selection in asked:
            assert project.select_ids(selection).tolist() == select(known, selection)
            assert project.count(selection) == len(select(known, selection))


@given(
    texts=st.lists(
        st.lists(st.sampled_from(["late", "goal", "match", "late-goal"]), max_size=4).map(" ".join),
        min_size=1,
        max_size=6,
    ),
    asked=st.lists(
        st.sampled_from(["late", "goal", "match", "nothing"]), min_size=1, max_size=2
    ).map(" ".join),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_search_finds_the_records_that_have_all_words(texts: list[str], asked: str) -> None:
    with rn.open() as project:
        project.add([{"id": str(n), "text": text} for n, text in enumerate(texts)], key="id")
        known = [Row(n + 1, str(n), {"text": text}) for n, text in enumerate(texts)]
        selection = query.Selection(query.TextSearch(asked))
        assert project.select_ids(selection).tolist() == select(known, selection)


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add(
        [{"id": str(n), "text": f"late goal number {n}", "n": n} for n in range(10)], key="id"
    )
    project.task("t", ["A"], on="text")
    return project


def test_search_keeps_up_with_changes(filled: rn.Project) -> None:
    assert len(filled.search("goal")) == 10
    filled.add(
        [{"id": "3", "text": "something else", "n": 3}, {"id": "new", "text": "a goal", "n": 0}]
    )
    assert len(filled.search("goal")) == 10
    assert filled.search("something").keys() == ["3"]
    assert len(filled.search('"goal number"')) == 9
    assert len(filled.search("numb*")) == 9
    assert len(filled.search("")) == 11


@pytest.mark.parametrize(
    "text", ['"', "NEAR(", "text:late", "*", "-late", "late OR", "(late", "a AND", "^x", "'; DROP"]
)
def test_no_search_text_is_a_syntax_error(filled: rn.Project, text: str) -> None:
    """C4."""
    len(filled.search(text))


HOSTILE = ["'", '"', "%", "_", "\\", "a\x00b", "'; DROP TABLE record; --"]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_is_more_than_a_value(filled: rn.Project, value: str) -> None:
    text = filled["text"]
    for condition in (
        text == value,
        text.contains(value),
        text.startswith(value),
        text.isin([value]),
    ):
        assert len(filled.where(condition)) == 0
    assert len(filled) == 10


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p["text"] == 5,
        lambda p: p["n"] == "5",
        lambda p: p["n"] == True,  # noqa: E712
        lambda p: p["n"].contains("1"),
        lambda p: p["n"] > float("nan"),
        lambda p: p["text"] == "\ud800",
        lambda p: query.Labelled("nobody"),
        lambda p: query.Voted("t", "no rule"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(filled: rn.Project, make: Any) -> None:
    with pytest.raises((QueryError, SchemaError)):
        len(filled.where(make(filled)))


def test_conditions_have_no_truth_value(filled: rn.Project) -> None:
    with pytest.raises(QueryError, match="&"):
        bool(filled["n"] > 3 and filled["n"] < 5)


def test_views_compose_and_keep_the_left_order(filled: rn.Project) -> None:
    small = filled.where(filled["n"] < 5).order_by("n", descending=True)
    even = filled.where(filled["n"].isin([0, 2, 4, 6]))
    assert (small & even).keys() == ["4", "2", "0"]
    assert set((small | even).keys()) == {"0", "1", "2", "3", "4", "6"}
    assert set((~small).keys()) == {"5", "6", "7", "8", "9"}
    assert (filled.view().head(3) & even).keys() == ["0", "2"]
    assert filled.view().sample(4, seed=3).keys() == filled.view().sample(4, seed=3).keys()
    with rn.open() as other:
        elsewhere = other.view()
        with pytest.raises(QueryError):
            small & elsewhere
    assert "n < 5" in small.title


def test_a_large_project_gets_an_index_when_it_is_asked(
    filled: rn.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refinery_nb.store.indexes.WORTH_IT", 5)
    keys = filled.where(filled["n"] == 3).keys()
    with filled.database.read() as connection:
        names = [
            r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'ix%'")
        ]
    assert len(names) == 1
    assert filled.where(filled["n"] == 3).keys() == keys == ["3"]
