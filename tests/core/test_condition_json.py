"""Conditions as JSON: nothing is lost, and what is no condition is refused."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refinery_nb.core import condition_json, query
from refinery_nb.core.condition_json import (
    from_json,
    selection_from_json,
    selection_to_json,
    to_json,
    with_label_renamed,
)
from refinery_nb.core.errors import QueryError
from refinery_nb.core.example import Example
from tests.store.test_views import conditions, selections

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


def through_text(document: Any) -> Any:
    return json.loads(json.dumps(document, allow_nan=False))


@given(condition=conditions())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_condition_comes_back_as_it_was(condition: query.Condition) -> None:
    # By repr: comparing fields gives a condition.
    assert repr(from_json(through_text(to_json(condition)))) == repr(condition)


@given(selection=selections())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_selection_comes_back_as_it_was(selection: query.Selection) -> None:
    document = through_text(selection_to_json(selection))
    assert repr(selection_from_json(document)) == repr(selection)


EXAMPLES = st.one_of(
    st.text().map(lambda text: Example(text=text)),
    st.text().map(lambda key: Example(key=key)),
    st.tuples(st.text(), st.integers(0, 9), st.integers(1, 9)).map(
        lambda span: Example(key=span[0], start=span[1], end=span[1] + span[2])
    ),
    st.lists(st.floats(allow_nan=False, allow_infinity=False)).map(
        lambda vector: Example(vector=tuple(vector))
    ),
)
LISTS = st.lists(EXAMPLES, max_size=3).map(tuple)


@st.composite
def score_fields(draw: Any, depth: int = 2) -> query.Field:
    kind = draw(st.integers(0, 2 if depth else 1))
    if kind == 0:
        return query.SimilarityField(draw(st.text()), draw(LISTS), draw(LISTS))
    if kind == 1:
        return query.RelevanceField(draw(st.text()))
    fields = draw(st.lists(score_fields(depth - 1), max_size=2).map(tuple))
    return query.FusedField(fields, draw(st.integers(0, 9)), draw(st.none() | selections(1)))


@given(field=score_fields(), limit=st.none() | st.integers(0, 9))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_search_comes_back_as_it_was(field: query.Field, limit: int | None) -> None:
    asked = query.Selection(field >= 0.5, ((field, True),), limit)
    assert repr(selection_from_json(through_text(selection_to_json(asked)))) == repr(asked)


@given(value=VALUES | st.lists(VALUES, max_size=3).map(tuple))
def test_values_keep_their_types(value: Any) -> None:
    asked = query.Compare(query.AttributeField("x"), "=", value)
    assert repr(from_json(through_text(to_json(asked)))) == repr(asked)


def test_values_of_numpy_become_plain_and_infinities_stay() -> None:
    field = query.AttributeField("x")
    for value, plain in ((np.int64(3), 3), (np.float32(0.5), 0.5), (np.bool_(True), True)):
        found = from_json(through_text(to_json(field == value)))
        assert isinstance(found, query.Compare)
        assert found.value == plain
        assert type(found.value) is type(plain)
    assert from_json(through_text(to_json(field < math.inf))).value == math.inf  # type: ignore[attr-defined]


def test_every_kind_of_condition_and_field_has_a_form() -> None:
    for base, known in (
        (query.Condition, condition_json.NODES),
        (query.Field, condition_json.FIELDS),
    ):
        # By name: a class with slots is made twice.
        assert {one.__name__ for one in base.__subclasses__()} == {
            one.__name__ for one in known.values()
        }


def scored(**parts: Any) -> dict[str, Any]:
    """Return a condition on a field of scores."""
    return {"is": "compare", "field": parts, "op": ">", "value": 0}


BAD: list[Any] = [
    scored(**{"is": "similarity", "embedding": "v", "like": "late"}),
    scored(**{"is": "similarity", "embedding": "v", "like": ["late"]}),
    scored(**{"is": "similarity", "embedding": "v", "like": [{}]}),
    scored(**{"is": "similarity", "embedding": "v", "like": [{"text": "a", "key": "b"}]}),
    scored(**{"is": "similarity", "embedding": "v", "like": [{"key": "a", "start": 3}]}),
    scored(**{"is": "similarity", "embedding": "v", "like": [{"key": "a", "start": 3, "end": 3}]}),
    scored(**{"is": "similarity", "embedding": "v", "like": [{"text": "a", "start": 0, "end": 1}]}),
    scored(**{"is": "similarity", "embedding": "v", "like": [{"vector": ["1"]}]}),
    scored(**{"is": "similarity", "embedding": "v", "like": [{"vector": [math.inf]}]}),
    scored(**{"is": "similarity", "embedding": 3, "like": []}),
    scored(**{"is": "relevance", "text": None}),
    scored(**{"is": "fused", "fields": [{"is": "all", "items": []}], "depth": 1}),
    scored(**{"is": "fused", "fields": {}, "depth": 1}),
    scored(**{"is": "fused", "fields": [], "depth": -1}),
    scored(**{"is": "fused", "fields": [], "depth": 1, "among": {"is": "all", "items": []}}),
    scored(**{"is": "given", "what": "x", "keys": ["a"], "values": []}),
    scored(**{"is": "given", "what": "x", "keys": ["a"], "values": ["1"]}),
    scored(**{"is": "given", "what": "x", "keys": ["a"], "values": [math.nan]}),
    None,
    [],
    "labelled",
    {},
    {"is": "labeled", "task": "t"},
    {"is": 3},
    {"is": "labelled"},
    {"is": "labelled", "task": 3},
    {"is": "labelled", "task": "t", "extra": 1},
    {"is": "labelled", "task": "t", "none": 1},
    {"is": "marked", "task": "t", "mark": "star"},
    {"is": "judged", "task": "t", "heuristic": None, "what": "wrong"},
    {"is": "judged", "task": "t", "heuristic": "h", "what": "label"},
    {"is": "compare", "field": {"is": "attribute", "name": "n"}, "op": "like", "value": 1},
    {
        "is": "compare",
        "field": {"is": "not", "item": {"is": "all", "items": []}},
        "op": "=",
        "value": 1,
    },
    {
        "is": "compare",
        "field": {"is": "attribute", "name": "n"},
        "op": "=",
        "value": {"float": "1"},
    },
    {"is": "all", "items": {"is": "any", "items": []}},
    {"is": "not", "item": {"is": "attribute", "name": "n"}},
    {"is": "keys", "keys": "abc"},
    {"is": "keys", "keys": [1]},
    {"is": "among", "selection": {"is": "all", "items": []}},
    {
        "is": "among",
        "selection": {"condition": {"is": "all", "items": []}, "order": [], "limit": -1},
    },
    {
        "is": "among",
        "selection": {"condition": {"is": "all", "items": []}, "order": [1], "limit": 1},
    },
]


@pytest.mark.parametrize("document", BAD, ids=lambda one: str(one)[:60])
def test_what_is_no_condition_is_refused(document: Any) -> None:
    with pytest.raises(QueryError):
        from_json(document)


@given(document=st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["is", "items", "item", "task", "field", "value"]), inner)
    | st.fixed_dictionaries({"is": st.sampled_from(sorted(condition_json.NODES)), "items": inner}),
    max_leaves=6,
))  # fmt: skip
def test_any_document_is_a_condition_or_an_error_in_words(document: Any) -> None:
    with contextlib.suppress(QueryError):
        assert isinstance(from_json(document), query.Condition)


def test_what_json_has_no_form_for_is_refused_by_name() -> None:
    with pytest.raises(QueryError, match="object"):
        to_json(query.Compare(query.AttributeField("x"), "=", object()))
    with pytest.raises(QueryError, match="not a condition"):
        to_json("text contains x")  # type: ignore[arg-type]
    deep: query.Condition = query.And(())
    for _ in range(1_000):
        deep = query.Not(deep)
    with pytest.raises(QueryError, match="deep"):
        to_json(deep)


def test_a_renamed_label_is_renamed_for_its_task_only() -> None:
    weak = query.WeakField("topic", 1, "label")
    condition = query.And(
        (
            query.Labelled("topic", "Old"),
            query.Labelled("other", "Old"),
            query.Voted("topic", "Old", "Old"),
            query.Compare(weak, "=", "Old"),
            query.Compare(weak, "in", ("Old", "Else")),
            query.Compare(query.AttributeField("topic"), "=", "Old"),
        )
    )
    found = from_json(with_label_renamed(to_json(condition), "topic", "Old", "New"))
    assert repr(found) == repr(
        query.And(
            (
                query.Labelled("topic", "New"),
                query.Labelled("other", "Old"),
                query.Voted("topic", "Old", "New"),
                query.Compare(weak, "=", "New"),
                query.Compare(weak, "in", ("New", "Else")),
                query.Compare(query.AttributeField("topic"), "=", "Old"),
            )
        )
    )
