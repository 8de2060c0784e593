"""Every vector store finds what an exact search finds; every index can be asked with filters too.

The server is a stand-in that Qdrant Edge answers, and a real one where its URL is given.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import InputError
from refinery_nb.core.query import And, AttributeField, Condition, Labelled, Not, Or
from refinery_nb.core.schema import Attribute, AttributeType, Label, TaskKind, TaskSchema
from refinery_nb.core.vectors import Vectors
from refinery_nb.vectors.edge import EdgeStore
from refinery_nb.vectors.exact import ExactStore
from refinery_nb.vectors.filters import fields, translate
from refinery_nb.vectors.server import URL, Server
from tests.vectors.stand_in import StandIn

DIM = 6
INDEXES = ["edge", "built edge", "stand-in", "real server"]
SEVERAL = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Open = Callable[..., Any]


@pytest.fixture
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """What opens the store of one kind: ``fresh`` or as it was left."""
    kind: str = request.param
    kept: list[Any] = []
    if kind == "exact":
        kept.append(ExactStore(nothing()))

        def exact(*, fresh: bool = True, dim: int = DIM) -> ExactStore:
            if fresh:
                kept[:] = [ExactStore(nothing(dim))]
            return kept[0]

        yield exact
        return
    if kind == "real server" and not os.environ.get(URL):
        pytest.skip(f"{URL} is not set")
    with StandIn() as stand_in:
        url = os.environ[URL] if kind == "real server" else stand_in.url
        server = Server(url, f"refinery_nb-test-{uuid.uuid4()}")

        def opened(*, fresh: bool = True, dim: int = DIM) -> Any:
            for store in kept:
                store.close()
            if kind in ("edge", "built edge"):
                kept[:] = [EdgeStore(tmp_path / "edge", dim, fresh=fresh)]
            else:
                kept[:] = [server.open(dim, fresh=fresh)]
            return kept[0]

        yield opened
        for store in kept:
            store.close()
        if kind == "real server":
            client = server.client()
            client.delete_collection(server.collection)
            client.close()


every_store = pytest.mark.parametrize("opening", ["exact", *INDEXES], indirect=True)
every_index = pytest.mark.parametrize("opening", INDEXES, indirect=True)


def nothing(dim: int = DIM) -> Vectors:
    return Vectors(np.zeros(0, np.int64), np.zeros((0, dim), np.float32))


def some(count: int, seed: int = 0) -> Vectors:
    """Random vectors of records 1, 4, 7, ...; some are copies of others, and a few are zero."""
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(count, DIM)).astype(np.float32)
    copies = chance.random(count) < 0.2
    values[copies] = values[chance.integers(0, max(count, 1), copies.sum())]
    values[chance.random(count) < 0.05] = 0
    values *= chance.uniform(0.1, 10, (count, 1)).astype(np.float32)
    return Vectors(np.arange(count, dtype=np.int64) * 3 + 1, values)


def expected(vectors: Vectors, query: Any, among: set[int] | None) -> dict[int, float]:
    """Return the similarity of every vector that may be found, in plain Python."""
    found = {}
    for record, value in zip(vectors.records.tolist(), vectors.values.astype(float), strict=True):
        length = np.linalg.norm(value) * np.linalg.norm(query)
        if length > 0 and (among is None or record in among):
            found[record] = float(value @ query / length)
    return found


def agrees(found: tuple[Any, Any], wanted: dict[int, float], k: int) -> None:
    """Check one row of an answer: the right scores, in order, ties by id, padded at the end."""
    ids, scores = found[0].tolist(), found[1].tolist()
    assert len(ids) == len(scores) == k
    count = min(k, len(wanted))
    assert ids[count:] == [-1] * (k - count)
    assert scores[count:] == [-np.inf] * (k - count)
    assert len(set(ids[:count])) == count
    best = sorted(wanted.values(), reverse=True)[:count]
    np.testing.assert_allclose(scores[:count], best, atol=2e-6)
    for record, score in zip(ids[:count], scores[:count], strict=True):
        assert score == pytest.approx(wanted[record], abs=2e-6)
    pairs = [(-score, record) for record, score in zip(ids[:count], scores[:count], strict=True)]
    assert pairs == sorted(pairs)


@every_store
@SEVERAL
@given(
    count=st.integers(0, 40),
    m=st.integers(0, 4),
    k=st.integers(0, 12),
    seed=st.integers(0, 10_000),
    share=st.none() | st.sampled_from([0.0, 0.3, 1.0]),
)
def test_it_finds_what_plain_python_finds(
    opening: Open, count: int, m: int, k: int, seed: int, share: float | None
) -> None:
    store, vectors, chance = opening(), some(count, seed), np.random.default_rng(seed + 1)
    store.upsert(vectors)
    queries = chance.normal(size=(m, DIM)).astype(np.float32)
    among = None
    if share is not None:
        ids = np.append(vectors.records, [2, 10**12])
        among = ids[chance.random(len(ids)) < share]
    ids, scores = store.search(queries, k, among=among)
    assert (ids.dtype, scores.dtype, ids.shape) == (np.int64, np.float32, (m, k))
    allowed = None if among is None else set(among.tolist())
    for at, query in enumerate(queries.astype(float)):
        agrees((ids[at], scores[at]), expected(vectors, query, allowed), k)


@every_store
def test_it_agrees_with_exact_once_it_is_built(
    opening: Open, request: pytest.FixtureRequest
) -> None:
    store, vectors = opening(), some(3_000, seed=5)
    exact = ExactStore(vectors)
    store.upsert(vectors)
    if request.node.callspec.params["opening"] == "built edge":
        store.build()
    queries = np.random.default_rng(6).normal(size=(50, DIM)).astype(np.float32)
    _, scores = store.search(queries, 10)
    best = exact.search(queries, 10)
    # Copies of one text share a place: scores are compared, not ids.
    close = np.abs(scores - best[1]) < 2e-6
    assert close.mean() >= 0.99
    among = vectors.records[::40]
    filtered = store.search(queries, 5, among=among)
    wanted = exact.search(queries, 5, among=among)
    assert (np.abs(filtered[1] - wanted[1]) < 2e-6).mean() >= 0.99
    assert np.isin(filtered[0], among).all()


@every_store
def test_an_upsert_replaces_and_a_delete_is_final(opening: Open) -> None:
    store, vectors = opening(), some(20, seed=1)
    store.upsert(vectors)
    other = Vectors(vectors.records[5:8], -vectors.values[5:8])
    store.upsert(other)
    store.delete(np.array([1, 4, 999_999, -5]))
    values = vectors.values.copy()
    values[5:8] = other.values
    left = Vectors(vectors.records[2:], values[2:])
    assert store.count() == int(left.values.any(axis=1).sum())
    query = np.ones((1, DIM), np.float32)
    ids, scores = store.search(query, 30)
    agrees((ids[0], scores[0]), expected(left, query[0].astype(float), None), 30)


@every_store
def test_a_vector_that_becomes_zero_is_gone(opening: Open) -> None:
    store = opening()
    store.upsert(Vectors(np.array([1, 2]), np.eye(2, DIM, dtype=np.float32)))
    store.upsert(Vectors(np.array([1]), np.zeros((1, DIM), np.float32)))
    assert store.count() == 1
    assert store.search(np.ones((1, DIM), np.float32), 2)[0].tolist() == [[2, -1]]
    assert store.search(np.zeros((1, DIM), np.float32), 2)[0].tolist() == [[-1, -1]]


@every_store
def test_scrolling_meets_every_vector_once(opening: Open) -> None:
    store, vectors = opening(), some(50, seed=2)
    assert len(store.scroll()) == 0
    store.upsert(vectors)
    met, after = [], -1
    while len(page := store.scroll(after=after, limit=7)):
        met += list(zip(page.records.tolist(), page.values, strict=True))
        after = int(page.records[-1])
    some_of_them = vectors.values.any(axis=1)
    assert [record for record, _ in met] == vectors.records[some_of_them].tolist()
    for (_, found), value in zip(met, vectors.values[some_of_them], strict=True):
        length = np.linalg.norm(found) * np.linalg.norm(value)
        assert found @ value / length == pytest.approx(1, abs=1e-5)


@every_store
def test_what_was_stored_is_there_when_it_is_opened_again(opening: Open) -> None:
    store, vectors = opening(), some(30, seed=3)
    store.upsert(vectors)
    query = np.ones((1, DIM), np.float32)
    before = store.search(query, 5)
    again = opening(fresh=False)
    assert again.count() == int(vectors.values.any(axis=1).sum())
    assert again.search(query, 5)[0].tolist() == before[0].tolist()
    assert opening(fresh=True).count() == 0


@every_store
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_refused_with_its_record(opening: Open, bad: float) -> None:
    store, vectors = opening(), some(10, seed=4)
    values = vectors.values.copy()
    values[6, 2] = bad
    with pytest.raises(InputError) as refused:
        store.upsert(Vectors(vectors.records, values))
    assert refused.value.record == int(vectors.records[6])
    assert store.count() == 0


@every_store
def test_vectors_and_queries_of_another_dimension_are_refused(opening: Open) -> None:
    store = opening()
    with pytest.raises(InputError, match="7 numbers"):
        store.upsert(Vectors(np.array([1]), np.ones((1, 7), np.float32)))
    with pytest.raises(InputError, match=r"\(1, 7\)"):
        store.search(np.ones((1, 7), np.float32), 3)
    with pytest.raises(InputError, match="NaN"):
        store.search(np.full((1, DIM), np.nan, np.float32), 3)
    with pytest.raises(InputError, match="k=-1"):
        store.search(np.ones((1, DIM), np.float32), -1)


@every_store
def test_closing_twice_is_harmless(opening: Open) -> None:
    store = opening()
    store.close()
    store.close()


# --- filters of indexes ---------------------------------------------------------------------------

ATTRIBUTES = {
    name: Attribute(at, name, kind, at)
    for at, (name, kind) in enumerate(
        [
            ("topic", AttributeType.CATEGORY),
            ("stars", AttributeType.INTEGER),
            ("price", AttributeType.FLOAT),
            ("seen", AttributeType.BOOLEAN),
            ("text", AttributeType.TEXT),
        ],
        start=1,
    )
}
LABELS = tuple(Label(at, name, "", "", at) for at, name in enumerate(["A", "B"], start=5))
TASKS = {"kind": TaskSchema(3, "kind", TaskKind.CLASSIFICATION, None, LABELS)}
VALUES: dict[str, list[Any]] = {
    "topic": ["x", "y", "", "é\n", None],
    "stars": [0, 1, -3, 2**53, 2**60, None],
    "price": [0.0, 1.5, -1.5, 1e300, None],
    "seen": [True, False, None],
}


def leaves() -> st.SearchStrategy[Condition]:
    def compared(name: str) -> st.SearchStrategy[Condition]:
        values = [value for value in VALUES[name] if value is not None]
        field, value = AttributeField(name), st.sampled_from(values)
        found = [
            value.map(lambda one: field == one),
            value.map(lambda one: field != one),
            st.lists(value, max_size=3).map(field.isin),
            st.just(field.missing),
        ]
        if name in ("stars", "price"):
            bound = st.sampled_from([value for value in values if abs(value) <= 2**53])
            found += [
                bound.map(lambda one: field < one),
                bound.map(lambda one: field <= one),
                bound.map(lambda one: field > one),
                bound.map(lambda one: field >= one),
                st.just(field == 0.5),
            ]
        return st.one_of(found)

    labelled = st.sampled_from(
        [
            Labelled("kind"),
            Labelled("kind", "A"),
            Labelled("kind", "B"),
            Labelled("kind", none=True),
        ]
    )
    return st.one_of([compared(name) for name in VALUES] + [labelled])


def trees() -> st.SearchStrategy[Condition]:
    return st.recursive(
        leaves(),
        lambda inner: (
            inner.map(Not)
            | st.lists(inner, max_size=3).map(lambda items: And(tuple(items)))
            | st.lists(inner, max_size=3).map(lambda items: Or(tuple(items)))
        ),
        max_leaves=6,
    )


def holds(node: Condition, row: dict[str, Any]) -> bool:
    """Say in plain Python whether a condition is true of a record."""
    if isinstance(node, Not):
        return not holds(node.item, row)
    if isinstance(node, And):
        return all(holds(one, row) for one in node.items)
    if isinstance(node, Or):
        return any(holds(one, row) for one in node.items)
    if isinstance(node, Labelled):
        labels = row["labels"]
        if node.none:
            return None in labels
        return node.label in labels if node.label else bool(labels)
    value, wanted = row[node.field.name], node.value
    if node.op == "missing" or value is None:
        return node.op == "missing" and value is None
    compare: dict[str, Callable[[], bool]] = {
        "=": lambda: value == wanted,
        "!=": lambda: value != wanted,
        "in": lambda: value in wanted,
        "<": lambda: value < wanted,
        "<=": lambda: value <= wanted,
        ">": lambda: value > wanted,
        ">=": lambda: value >= wanted,
    }
    return bool(compare[node.op]())


def payload(row: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of a record, as the database says it."""
    found = {f"a{one.id}": row[one.name] for one in ATTRIBUTES.values() if one.name in row}
    found = {name: int(v) if isinstance(v, bool) else v for name, v in found.items()}
    ids = {label.name: label.id for label in LABELS} | {None: 0}
    found["t3"] = [ids[name] for name in row["labels"]] or None
    return {name: value for name, value in found.items() if value is not None}


def records(count: int, seed: int) -> list[dict[str, Any]]:
    chance = np.random.default_rng(seed)
    labels = [[], ["A"], ["B"], ["A", "B"], [None]]
    return [
        {name: values[chance.integers(len(values))] for name, values in VALUES.items()}
        | {"labels": labels[chance.integers(len(labels))]}
        for _ in range(count)
    ]


@every_index
@SEVERAL
@given(condition=trees(), seed=st.integers(0, 100))
def test_a_filter_passes_exactly_the_records_of_its_condition(
    opening: Open, condition: Condition, seed: int
) -> None:
    rows, vectors = records(60, seed), some(60, seed)
    store = opening(fresh=False)
    wanted = translate(condition, ATTRIBUTES, TASKS)
    if wanted is None:
        return
    store.add_fields(fields(ATTRIBUTES.values(), TASKS.values()))
    store.upsert(vectors, [payload(row) for row in rows])
    passing = {
        record
        for record, row in zip(vectors.records.tolist(), rows, strict=True)
        if holds(condition, row)
    }
    query = np.ones((1, DIM), np.float32)
    ids, scores = store.search(query, 60, where=wanted)
    agrees((ids[0], scores[0]), expected(vectors, query[0].astype(float), passing), 60)
    few = np.array(sorted(passing), np.int64)[::2]
    ids, scores = store.search(query, 4, where=wanted, among=np.append(few, 2))
    agrees((ids[0], scores[0]), expected(vectors, query[0].astype(float), set(few.tolist())), 4)


@every_index
def test_a_filter_on_a_built_index_finds_what_exact_finds_among_its_records(
    opening: Open, request: pytest.FixtureRequest
) -> None:
    rows, vectors = records(3_000, 8), some(3_000, 8)
    store = opening()
    store.add_fields(fields(ATTRIBUTES.values(), TASKS.values()))
    store.upsert(vectors, [payload(row) for row in rows])
    if request.node.callspec.params["opening"] == "built edge":
        store.build()
    exact = ExactStore(vectors)
    queries = np.random.default_rng(9).normal(size=(20, DIM)).astype(np.float32)
    for condition in (
        AttributeField("topic") == "x",
        Labelled("kind", "A") & (AttributeField("stars") == -3),
        ~Labelled("kind"),
    ):
        passing = np.array([holds(condition, row) for row in rows])
        wanted = exact.search(queries, 5, among=vectors.records[passing])
        found = store.search(queries, 5, where=translate(condition, ATTRIBUTES, TASKS))
        assert (np.abs(found[1] - wanted[1]) < 2e-6).mean() >= 0.99


@every_index
def test_a_payload_is_replaced_whole_and_unknown_records_get_none(opening: Open) -> None:
    store = opening()
    store.upsert(
        Vectors(np.array([1, 2]), np.eye(2, DIM, dtype=np.float32)), [{"a1": "x", "a2": 5}, {}]
    )
    store.set_payloads(np.array([1, 77]), [{"a1": "y"}, {"a1": "y"}])
    query = np.ones((1, DIM), np.float32)

    def found(condition: Condition) -> list[int]:
        ids, _ = store.search(query, 5, where=translate(condition, ATTRIBUTES, TASKS))
        return [one for one in ids[0].tolist() if one >= 0]

    topic, stars = AttributeField("topic"), AttributeField("stars")
    assert found(topic == "y") == [1]
    assert found(topic == "x") == []
    assert found(stars.missing) == [1, 2]
    assert store.count() == 2
