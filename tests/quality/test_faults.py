"""Right, wrong, missed and contradicted votes against plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.core.votes import Gold, Votes
from refinery_nb.quality import faults

Row = tuple[int, int, int, int]  # record, label, start, end
ROWS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(7, 8), st.integers(0, 5), st.integers(1, 3)),
    max_size=8,
    unique=True,
).map(lambda rows: [(r, label, start, start + length) for r, label, start, length in rows])


def votes(rows: list[Row], *, spans: bool) -> Votes:
    if not spans:
        rows = list({row[0]: row for row in rows}.values())
        return Votes.of([r[0] for r in rows], [r[1] for r in rows])
    columns = [[row[at] for row in rows] for at in range(4)]
    return Votes.of(columns[0], columns[1], None, columns[2], columns[3])


def plain(given_: Votes) -> list[Row]:
    if given_.start is None or given_.end is None:
        pairs = zip(given_.record.tolist(), given_.label.tolist(), strict=True)
        return [(record, label, 0, 1) for record, label in pairs]
    columns = (given_.record, given_.label, given_.start, given_.end)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def meet(one: Row, other: Row) -> bool:
    return one[0] == other[0] and one[2] < other[3] and other[2] < one[3]


@given(said=ROWS, true=ROWS, others=ROWS, more=st.sets(st.integers(1, 4)), spans=st.booleans())
def test_faults_are_those_of_plain_python(
    said: list[Row], true: list[Row], others: list[Row], more: set[int], spans: bool
) -> None:
    rule, valid, other = (votes(rows, spans=spans) for rows in (said, true, others))
    reviewed = more | set(valid.record.tolist())
    gold = Gold(np.array(sorted(reviewed), dtype=np.int64), valid)
    right = {row[0] for row in plain(rule) if row in plain(valid)}
    wrong = {row[0] for row in plain(rule) if row not in plain(valid) and row[0] in reviewed}
    assert faults.compared(rule, gold, right=True).tolist() == sorted(right)
    assert faults.compared(rule, gold, right=False).tolist() == sorted(wrong)
    lost = {
        row[0]
        for row in plain(valid)
        if row[1] == 7 and not any(meet(row, one) and one[1] == 7 for one in plain(rule))
    }
    assert faults.missed(rule, gold, np.array([7])).tolist() == sorted(lost)
    fights = {
        row[0] for row in plain(rule) for one in plain(other) if meet(row, one) and row[1] != one[1]
    }
    found = faults.against(rule, [other, votes([], spans=spans)])
    assert found.tolist() == sorted(fights)
