"""Which labels are valid: computed along columns, held to the rule as it is said in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.store import gold, labels

PEOPLE = ["ann", "bob", gold.GOLD_STAR]
SAID = st.lists(st.sampled_from([(0, 2), (0, 4), (2, 4)]), max_size=2, unique=True)
ONE = st.tuples(SAID, st.booleans())


def rule(said: dict[str, tuple[list[Any], bool]]) -> tuple[str, list[Any]] | None:
    """Return who stands for the valid labels of a record, and these."""
    people = {gold.GOLD_STAR: said[gold.GOLD_STAR]} if gold.GOLD_STAR in said else said
    if any(stale for _, stale in people.values()):
        return None
    if len({frozenset(spans) for spans, _ in people.values()}) > 1:
        return None
    first = min(people)
    return first, people[first][0]


@pytest.mark.parametrize("among", [False, True])
@settings(max_examples=40, deadline=None)
@given(
    records=st.lists(
        st.dictionaries(st.sampled_from(PEOPLE), ONE, max_size=3), min_size=1, max_size=5
    )
)
def test_valid_labels_follow_the_rule(
    records: list[dict[str, tuple[list[Any], bool]]], among: bool
) -> None:
    with rn.open() as project:
        project.add([{"id": n, "text": "abcd"} for n in range(len(records))], key="id")
        task = project.task("names", ["A"], on="text", kind="spans").schema
        (label,) = (one.id for one in task.labels)
        rows = []
        for record, said in enumerate(records, start=1):
            for by, (spans, stale) in said.items():
                own = [(label, *span, "x") for span in spans] or [(None, None, None, None)]
                rows += [((task.id, record, by, at, 1, *one), stale) for at, one in enumerate(own)]
        with project.database.write() as connection:
            for row, stale in rows:
                connection.execute(labels.SET, row)
                if stale:
                    connection.execute(
                        "UPDATE label SET stale = 1 WHERE record = ? AND actor = ?", row[1:3]
                    )
            chosen = [1] if among else None
            found, by = gold.gold(connection, task, chosen)
    wanted = {
        record: valid
        for record, said in enumerate(records, start=1)
        if said and (not among or record == 1) and (valid := rule(said)) is not None
    }
    assert by == {record: who for record, (who, _) in wanted.items()}
    assert found.reviewed.tolist() == sorted(wanted)
    assert found.votes.start is not None
    assert found.votes.end is not None
    pairs = zip(found.votes.record, found.votes.start, found.votes.end, strict=True)
    spans = [(record, *span) for record, (_, own) in sorted(wanted.items()) for span in sorted(own)]
    assert [tuple(map(int, one)) for one in pairs] == spans
