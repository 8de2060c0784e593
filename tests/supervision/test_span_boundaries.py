"""Sources that mean the same tokens agree, whatever blank or full stop they take along."""

from __future__ import annotations

import numpy as np

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import VoteMatrix, Votes
from refinery_nb.supervision.boundaries import aligned
from refinery_nb.supervision.spans import combine
from refinery_nb.supervision.weighted import Weighted

TOKENS = {1: np.array([[0, 4], [5, 9], [9, 10]], dtype=np.int32)}  # "Anna left."


def matrix(*spans: tuple[int, int, int]) -> VoteMatrix:
    votes = {
        f"h{n}": Votes.of([1], [label], None, [start], [end])
        for n, (start, end, label) in enumerate(spans)
    }
    return VoteMatrix.build([1, 2], votes, [7, 8], spans=True)


def offsets(votes: VoteMatrix) -> list[tuple[int, int]]:
    assert votes.start is not None
    assert votes.end is not None
    return list(zip(votes.start.tolist(), votes.end.tolist(), strict=True))


def test_a_blank_at_the_end_makes_no_other_span() -> None:
    found = aligned(matrix((0, 4, 7), (0, 5, 7), (0, 5, 7)), TOKENS)
    assert offsets(found) == [(0, 5)] * 3
    assert offsets(aligned(matrix((0, 5, 7), (0, 4, 7)), TOKENS)) == [(0, 4)] * 2


def test_agreement_counts_after_that() -> None:
    votes = matrix((0, 4, 7), (0, 5, 7), (1, 4, 7))

    def surest(one: VoteMatrix) -> float:
        found = combine(one, None, lambda g: Weighted().fit(one, g).log_odds(one), Overlap.FLAT)
        return float(found.votes.confidence.max())

    assert surest(aligned(votes, TOKENS)) > surest(votes)


def test_a_part_of_a_word_that_nobody_spells_otherwise_stays() -> None:
    assert offsets(aligned(matrix((1, 3, 7)), TOKENS)) == [(1, 3)]


def test_labels_tokens_and_records_are_kept_apart() -> None:
    apart = matrix((0, 4, 7), (0, 5, 8), (5, 9, 7), (4, 5, 7))
    assert offsets(aligned(apart, TOKENS)) == offsets(apart)
    assert offsets(aligned(apart, {})) == offsets(apart)
    nothing = VoteMatrix.build([1], {}, [7], spans=True)
    assert len(aligned(nothing, TOKENS).row) == 0
