"""Precision, recall and F1 by label, against scikit-learn and against plain sets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, jaccard_score, precision_recall_fscore_support

from refinery_nb.core.votes import Votes
from refinery_nb.quality.confusion import of_classes
from refinery_nb.quality.scores import hits

LABELS = [7, 3, 9]
SETS = st.frozensets(st.sampled_from(LABELS))
PAIRS = st.lists(st.tuples(SETS, SETS), min_size=1, max_size=12)


def votes(sets: list[frozenset[int]]) -> Votes:
    rows = [(record, label) for record, one in enumerate(sets) for label in sorted(one)]
    return Votes.of([record for record, _ in rows], [label for _, label in rows])


def hot(sets: list[frozenset[int]]) -> np.ndarray:
    return np.array([[label in one for label in LABELS] for one in sets], dtype=np.int64)


@given(PAIRS)
@settings(max_examples=60, deadline=None)
def test_the_counts_are_those_of_scikit_learn(pairs: list[tuple[frozenset[int], ...]]) -> None:
    said, true = [list(side) for side in zip(*pairs, strict=True)]
    found = hits(np.arange(len(pairs)), votes(said), votes(true), LABELS)
    theirs = precision_recall_fscore_support(hot(true), hot(said), average=None, zero_division=0)
    for ours, other in zip((found.precision, found.recall, found.f1), theirs[:3], strict=True):
        np.testing.assert_allclose(np.nan_to_num(ours), other)
    micro = precision_recall_fscore_support(hot(true), hot(said), average="micro", zero_division=0)
    np.testing.assert_allclose(np.nan_to_num(found.micro), micro[:3])
    some = (hot(true) | hot(said)).any(axis=0)
    if some.any():
        macro = precision_recall_fscore_support(
            hot(true), hot(said), labels=np.flatnonzero(some), average="macro", zero_division=0
        )
        np.testing.assert_allclose(found.macro, macro[:3])
    assert found.exact_match == pytest.approx(accuracy_score(hot(true), hot(said)))
    alike = jaccard_score(hot(true), hot(said), average="samples", zero_division=1)
    assert found.jaccard == pytest.approx(alike)


@given(PAIRS, st.permutations(LABELS), st.permutations(range(12)))
@settings(max_examples=40, deadline=None)
def test_permuted_labels_permute_the_scores(
    pairs: list[tuple[frozenset[int], ...]], labels: list[int], order: list[int]
) -> None:
    said, true = [votes(list(side)) for side in zip(*pairs, strict=True)]
    one = hits(np.arange(len(pairs)), said, true, LABELS)
    rows = np.array([at for at in order if at < len(pairs)])
    other = hits(rows, said, true, labels)
    back = [labels.index(label) for label in LABELS]
    np.testing.assert_array_equal(one.f1, other.f1[back])
    np.testing.assert_allclose(one.micro, other.micro)
    assert (one.exact, one.jaccard) == (other.exact, pytest.approx(other.jaccard))


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1))
@settings(max_examples=40, deadline=None)
def test_of_one_label_a_record_they_are_those_of_a_classification(
    pairs: list[tuple[int, int]],
) -> None:
    said, true = [Votes.of(range(len(pairs)), list(side)) for side in zip(*pairs, strict=True)]
    records = np.arange(len(pairs))
    found = hits(records, said, true, LABELS)
    counts = of_classes(records, true, said, LABELS).counts
    assert found.right.tolist() == np.diag(counts)[:-1].tolist()
    accuracy = np.trace(counts) / counts.sum()
    assert found.exact_match == pytest.approx(accuracy)
    assert found.micro == pytest.approx((accuracy,) * 3)


def test_a_span_is_found_by_its_boundaries_and_its_label() -> None:
    said = Votes.of([1, 1, 2], [7, 7, 3], start=[0, 5, 0], end=[3, 9, 2])
    true = Votes.of([1, 1, 2], [7, 3, 3], start=[0, 5, 0], end=[3, 9, 2])
    found = hits(np.array([1, 2, 3]), said, true, [7, 3])
    assert found.right.tolist() == [1, 1]
    assert (found.exact, found.records) == (2, 3)


def test_what_nobody_says_is_not_a_number() -> None:
    found = hits(np.array([1]), Votes.empty(), Votes.empty(), [7])
    assert np.isnan([*found.micro, *found.macro, *found.f1]).all()
    assert found.exact_match == found.jaccard == 1.0
    nothing = hits(np.array([], np.int64), Votes.empty(), Votes.empty(), [7])
    assert np.isnan([nothing.exact_match, nothing.jaccard]).all()
