"""Spans are put together without the faults of refinery's algorithm."""

from __future__ import annotations

import numpy as np
import pytest

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision import supervise
from refinery_nb.supervision.spans import Candidate, choose


def spans(*said: tuple[int, int, int]) -> Votes:
    return Votes.of(
        [1] * len(said), [s[2] for s in said], None, [s[0] for s in said], [s[1] for s in said]
    )


def run(votes: dict[str, Votes], gold: Gold | None = None, overlap: str = "flat") -> list[tuple]:
    matrix = VoteMatrix.build([1, 2], votes, [7, 8], spans=True)
    weak = supervise(matrix, gold, overlap=Overlap(overlap))
    assert weak.start is not None
    assert weak.end is not None
    return list(zip(weak.start.tolist(), weak.end.tolist(), weak.label.tolist(), strict=True))


def test_a_source_without_reference_is_no_error() -> None:
    """4.1.2."""
    gold = Gold(np.array([2]), Votes.of([2], [7], None, [0], [5]))
    assert run({"never there": spans((0, 4, 7))}, gold) == [(0, 4, 7)]


def test_what_is_excluded_excludes_nothing() -> None:
    """4.1.3: A excludes B; C, which only meets B, stays."""
    chosen = choose(
        [Candidate(0, 3, 0, 0.9), Candidate(2, 7, 1, 0.8), Candidate(6, 8, 2, 0.7)], Overlap.FLAT
    )
    assert [(one.start, one.end) for one in chosen] == [(0, 3), (6, 8)]


def test_chains_are_not_glued_together() -> None:
    """4.1.4: 0-2, 1-4, 3-6, 5-8 is not one span from 0 to 8."""
    chain = {
        f"h{n}": spans(one) for n, one in enumerate([(0, 2, 7), (1, 4, 7), (3, 6, 7), (5, 8, 7)])
    }
    assert all(end - start <= 3 for start, end, _ in run(chain))


def test_agreement_is_rewarded() -> None:
    """4.1.5."""

    def confidence(count: int) -> float:
        votes = {f"h{n}": spans((0, 4, 7)) for n in range(count)}
        return float(supervise(VoteMatrix.build([1], votes, [7], spans=True), None).confidence[0])

    assert confidence(1) < confidence(2) < confidence(4) < 1


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
