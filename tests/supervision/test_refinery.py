"""The label model of refinery, beside its formula written out in plain Python."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import QueryError
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.supervision.refinery import Refinery
from refinery_nb.supervision.refinery_spans import token_counts
from refinery_nb.supervision.supervise import run, supervise

RECORDS = 8
Vote = tuple[int, int, int, float]  # source, record, label, confidence
SpanVote = tuple[int, int, int, int, int, float]  # source, record, label, first, last token


def sigmoid(x: float, c: float = 7, k: float = 3) -> float:
    return 1 / (1 + math.exp(k - c * x))


def matrix(votes: list[Vote], labels: int = 3) -> VoteMatrix:
    found = {
        f"h{source}": Votes.of(
            *([vote[at] for vote in votes if vote[0] == source] for at in (1, 2, 3))
        )
        for source in range(4)
    }
    return VoteMatrix.build(range(RECORDS), found, range(labels))


def gold(labels: dict[int, int]) -> Gold | None:
    if not labels:
        return None
    return Gold(np.array(sorted(labels)), Votes.of(list(labels), list(labels.values())))


def said(model: Refinery, votes: VoteMatrix) -> dict[int, tuple[int, float]]:
    proba = model.predict_proba(votes)
    return {
        row: (int(proba[row].argmax()), float(proba[row].max()))
        for row in range(len(votes))
        if proba[row].max() > 0
    }


def in_words(
    votes: list[Vote], known: dict[int, int], c: float, k: float
) -> dict[int, tuple[int, float]]:
    """Return what refinery says: reference/refinery.md 2.9 and 2.10, line by line."""
    precision: dict[tuple[int, int], float] = {}
    for source in range(4):
        for label in range(3):
            hits = [v for v in votes if v[0] == source and v[2] == label and v[1] in known]
            right = sum(known[v[1]] == label for v in hits)
            precision[source, label] = (right / len(hits) if hits else 0) if known else 0.8
    found = {}
    for record in range(RECORDS):
        vote: dict[int, float] = {}
        for source, at, label, sure in votes:
            if at == record:
                weight = precision[source, label] * float(np.float32(sure))
                vote[label] = vote.get(label, 0) + weight
        if vote:
            winner = max(vote, key=lambda label: vote[label])
            x = 2 * vote[winner] - sum(vote.values())
            if x > 1e-9:
                found[record] = (winner, sigmoid(x, c, k))
    return found


@given(
    votes=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, RECORDS - 1),
            st.integers(0, 2),
            st.sampled_from([1.0, 0.9, 0.35]),
        ),
        max_size=24,
        unique_by=lambda vote: vote[:2],
    ),
    known=st.dictionaries(st.integers(0, RECORDS - 1), st.integers(0, 2), max_size=6),
    c=st.sampled_from([7, 1]),
    k=st.sampled_from([3, 1]),
)
@settings(deadline=None, max_examples=300)
def test_classes_are_what_the_formula_says(
    votes: list[Vote], known: dict[int, int], c: float, k: float
) -> None:
    built = matrix(votes)
    model = Refinery(c=c, k=k).fit(built, gold(known))
    found, wanted = said(model, built), in_words(votes, known, c, k)
    assert {row: label for row, (label, _) in found.items()} == {
        row: label for row, (label, _) in wanted.items()
    }
    for row, (_, sure) in wanted.items():
        assert found[row][1] == pytest.approx(sure, rel=1e-6)


def test_one_right_hit_is_a_precision_of_one_and_no_hit_is_none() -> None:
    """4.1-9: kept here, smoothed everywhere else; the votes that weigh nothing are told."""
    votes = matrix([(0, 0, 1, 1.0), (0, 1, 1, 1.0), (1, 2, 2, 1.0)])
    model = Refinery().fit(votes, gold({0: 1}))
    assert model.precision_[0].tolist() == [0, 1, 0]
    sure = pytest.approx(sigmoid(1))
    assert said(model, votes) == {0: (1, sure), 1: (1, sure)}
    assert model.note.startswith("1 of 3 votes weigh nothing")
    assert "h1" in model.note


def test_without_any_manual_label_every_rule_is_worth_the_default() -> None:
    votes = matrix([(0, 0, 1, 1.0), (1, 1, 2, 0.5)])
    model = Refinery().fit(votes, None)
    assert said(model, votes)[0] == (1, pytest.approx(sigmoid(0.8)))
    assert said(model, votes)[1] == (2, pytest.approx(sigmoid(0.4)))
    assert model.note == ""
    assert said(Refinery(default_precision=0.5).fit(votes, None), votes)[0][1] == pytest.approx(
        sigmoid(0.5)
    )


def test_a_tie_abstains_whatever_the_order_of_adding() -> None:
    thirds = [(source, 0, source // 2, sure) for source, sure in enumerate([0.1, 0.2, 0.2, 0.1])]
    assert said(Refinery().fit(matrix(thirds), None), matrix(thirds)) == {}


@pytest.mark.parametrize("precision", [0.6, {"h0": 0.6, "h1": 0.2, "h2": 0, "h3": 1}])
def test_a_precision_that_is_given_takes_the_place_of_the_counted_one(precision: Any) -> None:
    votes = matrix([(0, 0, 1, 1.0), (1, 0, 2, 0.5)])
    model = Refinery(precision=precision).fit(votes, gold({0: 2}))
    other = 0.6 if precision == 0.6 else 0.2
    assert said(model, votes)[0] == (1, pytest.approx(sigmoid(0.6 - other * 0.5)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": {"h0": 0.5}}, "says nothing of 'h1'"),
        ({"precision": 1.5}, r"precision=1.5 is no precision; it lies in \[0, 1\]"),
        ({"precision": {"h0": -1}}, r"precision\['h0'\]=-1"),
        ({"default_precision": "often"}, "default_precision='often' is no number"),
        ({"c": math.nan}, "c=nan is no number"),
        ({"k": True}, "k=True is no number"),
    ],
)
def test_constants_that_are_none_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Refinery(**options).fit(matrix([(0, 0, 1, 1.0)]), None)


def test_labels_that_a_learner_was_trained_on_do_not_count_for_it() -> None:
    votes = matrix([(0, row, 1, 1.0) for row in range(4)] + [(1, row, 1, 1.0) for row in range(4)])
    known = gold({0: 1, 1: 1, 2: 2, 3: 2})
    model = Refinery(exclusions={"h0": [0, 1]}).fit(votes, known)
    assert model.precision_[:2, 1].tolist() == [0, 0.5]


def test_a_record_judged_to_carry_no_label_is_none_of_refinerys() -> None:
    votes = matrix([(0, 0, 1, 1.0), (0, 1, 1, 1.0)])
    reviewed = Gold(np.array([0, 1]), Votes.of([0], [1]))
    assert Refinery().fit(votes, reviewed).precision_[0, 1] == 1


def test_its_confidence_is_left_as_it_is_and_no_probability() -> None:
    """No temperature touches it, however wrong it is on the manual labels."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, 400)
    votes = {
        f"h{n}": Votes.of(range(400), np.where(rng.random(400) < 0.7, true, 1 - true))
        for n in range(5)
    }
    built = VoteMatrix.build(range(400), votes, [0, 1])
    known = Gold(np.arange(100), Votes.of(range(100), true[:100]))
    outcome = run(built, known, model="refinery")
    plain = supervise(built, known, model="refinery", calibrate=False)
    assert outcome.votes.confidence.tolist() == plain.confidence.tolist()
    assert outcome.proba is None
    assert outcome.held_out is not None
    assert len(outcome.held_out) > 90


# Spans


def span_matrix(votes: list[SpanVote]) -> VoteMatrix:
    """Tokens are three characters wide with a blank between."""
    found = {
        f"h{source}": Votes.of(
            [v[1] for v in votes if v[0] == source],
            [v[2] for v in votes if v[0] == source],
            [v[5] for v in votes if v[0] == source],
            [v[3] * 4 for v in votes if v[0] == source],
            [v[4] * 4 + 3 for v in votes if v[0] == source],
        )
        for source in range(4)
    }
    return VoteMatrix.build(range(RECORDS), found, range(3), spans=True)


TOKENS = {
    row: np.array([(at * 4, at * 4 + 3) for at in range(12)], dtype=np.int32)
    for row in range(RECORDS)
}


def spans_in_words(votes: list[SpanVote], precision: float) -> set[tuple[int, int, int, int]]:
    """Return (record, label, first, last token) of what refinery makes of spans, by 2.10."""
    found = set()
    for record in range(RECORDS):
        chunks: list[tuple[float, int, int, int]] = []
        for label in range(3):
            own = sorted(
                ((v[3], v[4], v[5]) for v in votes if v[1] == record and v[2] == label),
                key=lambda span: span[0],
            )
            chain: list[tuple[int, int, float]] = []
            for span in own:
                if chain and span[0] > chain[-1][1]:
                    chunks.append(_chunk(chain, label, precision))
                    chain = []
                chain.append(span)
            if chain:
                chunks.append(_chunk(chain, label, precision))
        chunks.sort(key=lambda chunk: -chunk[0])
        for at, (_, label, first, last) in enumerate(chunks):
            if not any(one[2] <= last and first <= one[3] for one in chunks[:at]):
                found.add((record, label, first, last))
    return found


def _chunk(
    chain: list[tuple[int, int, float]], label: int, precision: float
) -> tuple[float, int, int, int]:
    return (
        max(sure * precision for *_, sure in chain),
        label,
        min(first for first, *_ in chain),
        max(last for _, last, _ in chain),
    )


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(0, 2),
            st.integers(0, 2),
            st.integers(0, 8),
            st.integers(0, 3),
            # Apart by more than what counts as equal.
            st.integers(50, 1_000).map(lambda sure: sure / 1_000),
        ),
        max_size=16,
        # Of equal weights, or with spans of one label that begin alike, any order may win.
        unique_by=(lambda vote: vote[1:4], lambda vote: vote[5]),
    ),
    st.booleans(),
)
@settings(deadline=None, max_examples=300)
def test_spans_are_what_the_procedure_says(raw: list[SpanVote], with_tokens: bool) -> None:
    votes = [(s, r, label, first, first + more, sure) for s, r, label, first, more, sure in raw]
    built = span_matrix(votes)
    model = Refinery(tokens=TOKENS if with_tokens else None).fit(built, None)
    found = model.spans(built)
    assert found.start is not None
    assert found.end is not None
    columns = (found.record, found.label, found.start // 4, found.end // 4)
    assert set(zip(*(column.tolist() for column in columns), strict=True)) == spans_in_words(
        votes, 0.8
    )


def test_a_chain_of_spans_is_one_span_and_agreement_is_not_rewarded() -> None:
    """4.1-4 and 4.1-5."""
    chain = [(n, 0, 1, 2 * n, 2 * n + 2, 0.6) for n in range(4)]
    found = Refinery(precision=1, tokens=TOKENS)
    spans = found.fit(span_matrix(chain), None).spans(span_matrix(chain))
    assert (spans.start.tolist(), spans.end.tolist()) == ([0], [8 * 4 + 3])  # type: ignore[union-attr]
    assert spans.confidence.tolist() == pytest.approx([sigmoid(0.6)])
    agreeing = [(n, 0, 1, 0, 1, 0.6) for n in range(4)]
    spans = found.fit(span_matrix(agreeing), None).spans(span_matrix(agreeing))
    assert spans.confidence.tolist() == pytest.approx([sigmoid(0.6)])


def test_a_dead_span_still_kills() -> None:
    """4.1-3: A kills B, and B, though dead, kills C."""
    votes = [(0, 0, 0, 0, 2, 0.9), (1, 0, 1, 2, 5, 0.8), (2, 0, 2, 5, 7, 0.7)]
    built = span_matrix(votes)
    spans = Refinery(precision=1, tokens=TOKENS).fit(built, None).spans(built)
    assert spans.label.tolist() == [0]


def test_a_rule_that_never_touches_a_labelled_record_does_not_end_the_run() -> None:
    """4.1-2: refinery died of it, and said that it was finished."""
    built = span_matrix([(0, 0, 1, 0, 1, 1.0), (1, 1, 2, 0, 1, 1.0)])
    known = Gold(np.array([0]), Votes.of([0], [1], None, [0], [7]))
    outcome = run(built, known, model="refinery", tokens=TOKENS)
    assert outcome.votes.record.tolist() == [0]
    assert "h1" in outcome.summary["note"]


def test_spans_are_counted_in_tokens_of_records_with_manual_spans() -> None:
    """4.2: a wrong token on a record without manual spans is none."""
    built = span_matrix([(0, 0, 1, 0, 3, 1.0), (0, 1, 1, 0, 3, 1.0), (1, 0, 2, 2, 2, 1.0)])
    known = Gold(np.array([0, 1]), Votes.of([0], [1], None, [4], [4 * 4 + 3]))  # tokens 1 to 4
    counts = token_counts(built, known, TOKENS)
    assert counts.correct[:2].tolist() == [[0, 3, 0], [0, 0, 0]]
    assert counts.incorrect[:2].tolist() == [[0, 1, 0], [0, 0, 1]]
    assert counts.missed[0].tolist() == [0, 1, 0]
    precision = Refinery(tokens=TOKENS).fit(built, known).precision_
    assert precision[:2].tolist() == [[0, 0.75, 0], [0, 0, 0]]


def test_new_records_add_to_what_was_counted() -> None:
    first = matrix([(0, 0, 1, 1.0), (0, 1, 1, 1.0)])
    later = VoteMatrix.build(
        range(20, 24), {"new": Votes.of([20], [1]), "h0": Votes.of([20, 21], [1, 2])}, range(3)
    )
    model = Refinery().fit(first, gold({0: 1, 1: 2}))
    model.partial_fit(later, Gold(np.array([20]), Votes.of([20], [1])))
    assert model.precision_[:, 1].tolist() == [1, pytest.approx(2 / 3)]
