"""Confusion matrices are exact: a double loop over records, tokens and spans says the same."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.votes import Votes
from refinery_nb.quality.confusion import Confusion, of_classes, of_spans, of_text, shares

LABELS = [7, 3, 9]
RECORDS = 6
WIDTH = 12
# Label 5 is one that the task no longer has.
SAID = st.dictionaries(st.integers(0, 8), st.sampled_from([*LABELS, 5]))
JUDGED = st.lists(st.integers(0, RECORDS - 1), unique=True)
SPAN = st.tuples(st.integers(0, WIDTH - 1), st.integers(1, 5), st.sampled_from([*LABELS, 5]))
SPANS = st.dictionaries(st.integers(0, 8), st.lists(SPAN, max_size=4))


def ints(values: list[int]) -> np.ndarray:
    return np.array(sorted(values), dtype=np.int64)


def classes(said: dict[int, int]) -> Votes:
    return Votes.of(list(said), list(said.values()))


def spans(said: dict[int, list[tuple[int, int, int]]]) -> Votes:
    rows = [(record, *span) for record, found in said.items() for span in found]
    return Votes.of(
        [row[0] for row in rows],
        [row[3] for row in rows],
        None,
        [row[1] for row in rows],
        [min(row[1] + row[2], WIDTH) for row in rows],
    )


def at(label: int | None) -> int:
    return LABELS.index(label) if label in LABELS else len(LABELS)


def check_memory(found: Confusion, by_record: dict[int, Counter[tuple[int, int]]]) -> None:
    total: Counter[tuple[int, int]] = Counter()
    for counted in by_record.values():
        total.update(counted)
    for row in range(found.size):
        for column in range(found.size):
            assert found.counts[row, column] == total[row, column]
            holding = [r for r, counted in by_record.items() if counted[row, column]]
            assert found.records_of(row, column).tolist() == sorted(holding)


@given(rows=SAID, columns=SAID, judged=JUDGED)
@settings(deadline=None)
def test_classes_count_every_judged_record_once(rows: dict, columns: dict, judged: list) -> None:
    found = of_classes(ints(judged), classes(rows), classes(columns), LABELS)
    told = {r: Counter([(at(rows.get(r)), at(columns.get(r)))]) for r in judged}
    check_memory(found, told)
    for label in LABELS:
        said = sum(rows.get(record) == label for record in judged)
        assert found.counts[at(label)].sum() == said
    assert found.counts.sum() == len(judged)


def on(said: dict, record: int, place: tuple[int, int]) -> set[int]:
    """Return the labels of a piece of text."""
    return {
        at(label)
        for start, length, label in said.get(record, [])
        if label in LABELS and start < place[1] and min(start + length, WIDTH) > place[0]
    }


def counted(rows: dict, columns: dict, record: int, places: list) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    none = len(LABELS)
    for place in places:
        said, other = on(rows, record, place), on(columns, record, place)
        if not said and not other:
            found[none, none] += 1
        for label in said & other:
            found[label, label] += 1
        left, right = sorted(said - other), sorted(other - said)
        while left or right:
            found[left.pop(0) if left else none, right.pop(0) if right else none] += 1
    return found


@given(rows=SPANS, columns=SPANS, judged=JUDGED)
@settings(deadline=None)
def test_characters_count_also_where_nothing_is(rows: dict, columns: dict, judged: list) -> None:
    """Refinery's fault 4.2: records without a span on one side are counted too."""
    lengths = dict.fromkeys(range(RECORDS), WIDTH)
    found = of_text(ints(judged), spans(rows), spans(columns), LABELS, lengths=lengths)
    places = [(n, n + 1) for n in range(WIDTH)]
    told = {record: counted(rows, columns, record, places) for record in judged}
    check_memory(found, told)
    for label in range(len(LABELS)):
        under = sum(label in on(rows, r, place) for r in judged for place in places)
        assert found.counts[label].sum() == under
    assert found.counts.sum() >= WIDTH * len(judged)


@given(rows=SPANS, columns=SPANS, judged=JUDGED, cuts=st.sets(st.integers(1, WIDTH - 1)))
@settings(deadline=None)
def test_tokens_have_the_labels_that_touch_them(
    rows: dict, columns: dict, judged: list, cuts: set
) -> None:
    edges = [0, *sorted(cuts), WIDTH]
    places = list(pairwise(edges))[::2]  # gaps between tokens
    tokens = dict.fromkeys(range(RECORDS), np.array(places, dtype=np.int32))
    found = of_text(ints(judged), spans(rows), spans(columns), LABELS, tokens=tokens)
    check_memory(found, {r: counted(rows, columns, r, places) for r in judged})


def exact(rows: dict, columns: dict, record: int) -> Counter[tuple[int, int]]:
    """Return the pairs of spans with the same boundaries; same labels first, by plain search."""
    none = len(LABELS)

    def own(said: dict) -> list:
        return sorted(
            (s, min(s + n, WIDTH), at(lb)) for s, n, lb in said.get(record, []) if lb in LABELS
        )

    left, right = own(rows), own(columns)
    found: Counter[tuple[int, int]] = Counter()
    for span in list(left):
        if span in right:
            left.remove(span)
            right.remove(span)
            found[span[2], span[2]] += 1
    for place in {span[:2] for span in left}:
        one = [s for s in left if s[:2] == place]
        two = [s for s in right if s[:2] == place]
        for a, b in zip(one, two, strict=False):
            left.remove(a)
            right.remove(b)
            found[a[2], b[2]] += 1
    for span in left:
        found[span[2], none] += 1
    for span in right:
        found[none, span[2]] += 1
    return found


@given(rows=SPANS, columns=SPANS, judged=JUDGED)
@settings(deadline=None)
def test_exact_spans(rows: dict, columns: dict, judged: list) -> None:
    """The number of pairs and of lone spans is forced; who pairs with whom of several is not."""
    found = of_spans(ints(judged), spans(rows), spans(columns), LABELS)
    told: Counter[tuple[int, int]] = Counter()
    for record in judged:
        told.update(exact(rows, columns, record))
    none = len(LABELS)
    for label in range(none):
        own = [s for r in judged for s in rows.get(r, []) if at(s[2]) == label]
        other = [s for r in judged for s in columns.get(r, []) if at(s[2]) == label]
        assert found.counts[label].sum() == len(own)
        assert found.counts[:, label].sum() == len(other)
        assert found.counts[label, label] == told[label, label]
    assert found.counts[none, none] == 0
    assert found.counts[:none, :none].sum() == sum(
        n for (r, c), n in told.items() if none not in (r, c)
    )


@given(rows=SPANS, columns=SPANS, judged=JUDGED)
@settings(deadline=None)
def test_touching_spans_pair_at_least_the_exact_ones(
    rows: dict, columns: dict, judged: list
) -> None:
    strict = of_spans(ints(judged), spans(rows), spans(columns), LABELS)
    loose = of_spans(ints(judged), spans(rows), spans(columns), LABELS, touching=True)
    none = len(LABELS)
    assert (loose.counts[:none].sum(1) == strict.counts[:none].sum(1)).all()
    assert (loose.counts[:, :none].sum(0) == strict.counts[:, :none].sum(0)).all()
    paired = loose.counts[:none, :none].sum()
    assert paired >= strict.counts[:none, :none].sum()


def test_a_boundary_off_by_one_is_wrong_as_a_span_and_right_as_touching() -> None:
    one, two = Votes.of([1], [7], None, [0], [5]), Votes.of([1], [7], None, [0], [6])
    strict = of_spans(ints([1]), one, two, LABELS)
    assert strict.counts[0, 3] == strict.counts[3, 0] == 1
    assert of_spans(ints([1]), one, two, LABELS, touching=True).counts[0, 0] == 1


def test_reviewed_without_a_span_counts_as_outside() -> None:
    """Refinery's fault 4.2: a span on a record that has none is a mistake, not left out."""
    gold = Votes.empty(spans=True)
    said = Votes.of([1], [7], None, [0], [4])
    found = of_text(ints([1, 2]), gold, said, LABELS, lengths={1: 10, 2: 5})
    assert found.counts[3].tolist() == [4, 0, 0, 11]
    assert of_spans(ints([1, 2]), gold, said, LABELS).counts[3].tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("normalize", "sums"), [("rows", [1.0, 1.0]), ("columns", [1.5, 0.5]), (None, [0.75, 0.25])]
)
def test_shares(normalize: str | None, sums: list[float]) -> None:
    found = shares(np.array([[2, 1], [0, 1]]), normalize)
    assert found.sum(axis=1).tolist() == pytest.approx(sums)


def test_nothing_judged_is_an_empty_matrix() -> None:
    found = of_classes(ints([]), classes({1: 7}), classes({}), LABELS)
    assert found.counts.sum() == 0
    assert np.isnan(shares(found.counts, "rows")).all()
