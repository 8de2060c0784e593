"""Spans are put together without the faults of refinery's algorithm."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.learn.span_choice import Possible, choose
from refinery_nb.supervision.spans import SpanLabels, combine
from refinery_nb.supervision.weighted import Weighted

Said = tuple[int, int, int]  # start, end, label


def spans(*said: Said, record: int = 1) -> Votes:
    return Votes.of(
        [record] * len(said),
        [s[2] for s in said],
        None,
        [s[0] for s in said],
        [s[1] for s in said],
    )


def matrix(votes: dict[str, Votes], records: list[int] | None = None) -> VoteMatrix:
    return VoteMatrix.build(records or [1, 2], votes, [7, 8], spans=True)


def weak(votes: VoteMatrix, gold: Gold | None = None, overlap: str = "flat") -> SpanLabels:
    return combine(
        votes, gold, lambda known: Weighted().fit(votes, known).log_odds(votes), Overlap(overlap)
    )


def run(votes: dict[str, Votes], gold: Gold | None = None, overlap: str = "flat") -> list[Said]:
    found = weak(matrix(votes), gold, overlap).votes
    assert found.start is not None
    assert found.end is not None
    return list(zip(found.start.tolist(), found.end.tolist(), found.label.tolist(), strict=True))


def possible(*rows: tuple[int, int, int, float]) -> Possible:
    start, end, label = (np.array([row[n] for row in rows]) for n in range(3))
    return Possible(np.zeros_like(start), start, end, label, np.array([row[3] for row in rows]))


def test_a_source_without_reference_is_no_error() -> None:
    """4.1.2."""
    gold = Gold(np.array([2]), Votes.of([2], [7], None, [0], [5]))
    assert run({"never there": spans((0, 4, 7))}, gold) == [(0, 4, 7)]


def test_what_is_excluded_excludes_nothing() -> None:
    """H4: A excludes B; C, which only meets B, stays."""
    three = possible((0, 3, 0, 0.9), (2, 7, 1, 0.8), (6, 8, 2, 0.7))
    for overlap in (Overlap.FLAT, Overlap.NESTED):
        assert choose(three, overlap).start.tolist() == [0, 6]


def test_a_chain_of_spans_that_touch_stays_a_chain() -> None:
    """H4: 0-2, 2-4, 4-6, 6-8 are four spans."""
    chain: list[Said] = [(0, 2, 7), (2, 4, 7), (4, 6, 7), (6, 8, 7)]
    assert run({f"h{n}": spans(one) for n, one in enumerate(chain)}) == chain


def test_a_chain_of_spans_that_overlap_is_not_glued_together() -> None:
    """H4: 0-2, 1-4, 3-6, 5-8 is not one span from 0 to 8."""
    chain: list[Said] = [(0, 2, 7), (1, 4, 7), (3, 6, 7), (5, 8, 7)]
    found = run({f"h{n}": spans(one) for n, one in enumerate(chain)})
    assert found
    assert all(end - start <= 3 for start, end, _ in found)


def test_agreement_is_rewarded() -> None:
    """H4: four rules that agree are surer than one."""

    def confidence(count: int) -> float:
        votes = {f"h{n}": spans((0, 4, 7)) for n in range(count)}
        return float(weak(matrix(votes)).votes.confidence[0])

    assert confidence(1) < confidence(2) < confidence(4) < 1


def test_all_abstain() -> None:
    """H4: no vote, no span, no error; with manual labels too."""
    gold = Gold(np.arange(1, 21), spans((0, 4, 7)))
    none = {"a": Votes.empty(spans=True), "b": Votes.empty(spans=True)}
    for known in (None, gold):
        found = weak(matrix(none, list(range(1, 41))), known)
        assert len(found.votes) == len(found.held_out) == 0
    assert len(weak(matrix({})).votes) == 0


def test_one_rule_is_repeated() -> None:
    assert run({"only": spans((3, 9, 8))}) == [(3, 9, 8)]


def test_rules_that_contradict_each_other_leave_nothing() -> None:
    """H4: equally good sources give the same characters different labels."""
    assert run({"a": spans((0, 4, 7)), "b": spans((0, 4, 8))}) == []


def test_a_boundary_that_is_off_by_one_is_outvoted() -> None:
    votes = {"a": spans((0, 9, 7)), "b": spans((0, 9, 7)), "c": spans((0, 10, 7))}
    assert run(votes) == [(0, 9, 7)]


@pytest.mark.parametrize(("overlap", "count"), [("flat", 1), ("nested", 2), ("any", 2)])
def test_the_overlap_policy_is_kept(overlap: str, count: int) -> None:
    votes = {
        "a": spans((0, 10, 7)),
        "b": spans((0, 10, 7)),
        "c": spans((2, 4, 8)),
        "d": spans((2, 4, 8)),
        "e": spans((2, 4, 8)),
    }
    assert len(run(votes, overlap=overlap)) == count


def test_spans_that_cross_need_the_policy_any() -> None:
    crossing = possible((0, 6, 0, 0.9), (4, 9, 1, 0.8))
    found = {overlap.value: len(choose(crossing, overlap).row) for overlap in Overlap}
    assert found == {"flat": 1, "nested": 1, "any": 2}


def test_two_good_spans_stand_before_one_that_covers_both() -> None:
    """The exact choice: greedily, the span over both would win."""
    assert choose(
        possible((0, 9, 0, 0.9), (0, 4, 1, 0.8), (5, 9, 1, 0.8)), Overlap.FLAT
    ).label.tolist() == [1, 1]


def test_choosing_agrees_with_trying_every_set() -> None:
    random = np.random.default_rng(0)
    for _ in range(60):
        start = random.integers(0, 12, 7)
        rows = [
            (int(s), int(s + w), int(label), float(p))
            for s, w, label, p in zip(
                start,
                random.integers(1, 6, 7),
                random.integers(0, 2, 7),
                random.random(7),
                strict=True,
            )
        ]
        found = choose(possible(*rows), Overlap.FLAT)
        best = 0.0
        for mask in range(2**7):
            chosen = sorted(rows[n] for n in range(7) if mask >> n & 1)
            if all(a[1] <= b[0] for a, b in pairwise(chosen)):
                best = max(best, sum(row[3] - 0.5 for row in chosen))
        assert float((found.proba - 0.5).sum()) == pytest.approx(best, abs=1e-6)


def planted(count: int, *, reviewed: int, seed: int = 0) -> tuple[VoteMatrix, Gold, Votes]:
    """One true span in each record, 10-20; sources: a word short, right mostly, and noise."""
    random = np.random.default_rng(seed)
    records = np.arange(count)
    truth = Votes.of(records, [7] * count, None, [10] * count, [20] * count)
    good = random.random(count) < 0.8
    noise = random.random(count) < 0.5
    votes = {
        "short": Votes.of(records, [7] * count, None, [10] * count, [16] * count),
        "right": truth.take(good),
        "noise": Votes.of(records, [8] * count, None, [40] * count, [50] * count).take(noise),
    }
    known = np.sort(random.permutation(count)[:reviewed])
    built = VoteMatrix.build(records, votes, [7, 8], spans=True)
    return built, Gold(known, truth.of_records(known)), truth


def test_manual_labels_teach_which_source_has_the_boundaries_right() -> None:
    built, gold, _ = planted(200, reviewed=60)
    found = weak(built, gold).votes
    assert found.end is not None
    both = np.isin(found.record, built.records[built.row[built.source == 1]])
    assert set(found.end[both].tolist()) == {20}


def test_reviewed_records_without_spans_speak_against_noise() -> None:
    built, gold, _ = planted(200, reviewed=60)
    assert 8 not in weak(built, gold).votes.label.tolist()
    assert 8 in weak(built, None).votes.label.tolist()


def test_silence_of_a_source_that_finds_nearly_all_speaks_against_a_span() -> None:
    random = np.random.default_rng(1)
    count = 400
    records = np.arange(count)
    true = random.random(count) < 0.5
    finder = Votes.of(
        records[true], [7] * int(true.sum()), None, [0] * int(true.sum()), [5] * int(true.sum())
    )
    coin = Votes.of(records, [7] * count, None, [0] * count, [5] * count)
    built = VoteMatrix.build(records, {"finder": finder, "coin": coin}, [7], spans=True)
    gold = Gold(records[:100], finder.of_records(records[:100]))
    found = weak(built, gold).votes
    assert set(found.record.tolist()) == set(finder.record.tolist())


def test_probabilities_hold_on_records_that_nobody_labelled() -> None:
    built, gold, truth = planted(2000, reviewed=300)
    found = weak(built, gold).votes.without_records(gold.reviewed)
    assert found.end is not None
    right = (found.label == 7) & (found.end == 20)
    assert abs(float(right.mean()) - float(found.confidence.mean())) < 0.05
    assert len(truth) == 2000


def test_what_is_held_out_is_on_reviewed_records_only() -> None:
    built, gold, _ = planted(200, reviewed=60)
    found = weak(built, gold)
    assert set(found.held_out.record.tolist()) <= set(gold.reviewed.tolist())
    assert len(found.held_out) > 30


def test_records_and_sources_in_any_order_give_the_same() -> None:
    built, gold, truth = planted(120, reviewed=0)
    del gold, truth
    votes = {
        name: Votes.of(
            *(
                column[built.source == n]
                for column in (
                    built.row,
                    np.asarray(built.labels)[built.label],
                    built.confidence,
                    built.start,
                    built.end,
                )
            )
        )
        for n, name in enumerate(built.sources)
    }
    turned = VoteMatrix.build(built.records, dict(reversed(votes.items())), [7, 8], spans=True)
    one, other = weak(built).votes, weak(turned).votes
    for column in ("record", "label", "start", "end"):
        assert getattr(one, column).tolist() == getattr(other, column).tolist()
    assert one.confidence == pytest.approx(other.confidence)


@pytest.mark.parametrize("overlap", ["flat", "nested", "any"])
def test_a_long_record_with_many_spans(overlap: str) -> None:
    """H4: 500 spans on 5,000 characters; probabilities are numbers in (0, 1]."""
    random = np.random.default_rng(0)
    start = random.integers(0, 4950, 500)
    end = start + random.integers(1, 50, 500)
    label = random.integers(7, 9, 500)
    votes = {
        f"h{n}": spans(
            *zip(start[n::5].tolist(), end[n::5].tolist(), label[n::5].tolist(), strict=True)
        )
        for n in range(5)
    }
    found = weak(matrix(votes), None, overlap).votes
    assert 100 < len(found) <= 500
    assert ((found.confidence > 0) & (found.confidence <= 1)).all()
    assert found.start is not None
    assert found.end is not None
    for one in (7, 8) if overlap != "flat" else (None,):
        at = np.flatnonzero(found.label == one) if one else np.arange(len(found))
        at = at[np.argsort(found.start[at])]
        assert (found.start[at][1:] >= found.end[at][:-1]).all()


def test_a_source_without_a_doubt_and_one_without_a_chance_stay_finite() -> None:
    """H4: confidence nearly 0 and 1, hundreds of agreeing sources."""
    votes = {f"h{n}": spans((0, 4, 7)) for n in range(300)}
    votes["faint"] = Votes.of([1], [8], [1e-7], [10], [12])
    found = weak(matrix(votes)).votes
    assert np.isfinite(found.confidence).all()
    assert found.confidence.max() <= 1
