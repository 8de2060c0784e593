"""The label model of Kern AI refinery, to the digit and with its quirks: a compatibility mode."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import QueryError, did_you_mean
from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, Ints, VoteMatrix, Votes
from refinery_nb.supervision.majority import tally
from refinery_nb.supervision.precision import Precisions
from refinery_nb.supervision.refinery_spans import Tokens, merged, token_counts

LARGEST = 500.0  # no exponential overflows below
SHOWN = 5
TIE = 1e-9  # sums that differ by less are equal: the order of adding must not decide


class Refinery:
    """What refinery's weak supervision (weak-nlp 0.0.13) says of the same votes.

    A vote weighs the precision of its source and label times its confidence. The label with the
    largest sum wins, x is that sum minus all the others, and the confidence is
    1 / (1 + exp(k - c x)); with x <= 0 it abstains.

    This is a compatibility mode: use it where the results must be those of refinery, and another
    model else. It keeps what it is known for:

    * the precision is counted on the manual labels without any smoothing. A single right hit makes
      1.0, and a source that hit no labelled record with a label weighs nothing there, which
      ``note`` tells. Where nobody has labelled anything it is ``default_precision`` for all;
    * the confidence is no probability: it is not calibrated, it counts the votes for all other
      labels together against the winner, and a row of ``predict_proba`` holds it for the winner
      alone and does not sum to 1;
    * copies of a rule count as often as they are there;
    * for spans, chains are glued together, agreement is not rewarded, and dead spans still
      suppress others: see ``refinery_spans``.

    Parameters
    ----------
    c, k
        Slope of the sigmoid, and what it is shifted by. Releases of refinery until the middle of
        2022 used c=1, k=1.
    default_precision
        Where there is no manual label at all.
    precision
        Takes the place of what is counted: one number for all, or by the name of the source.
    exclusions
        By the name of the source, ids of the records that it was trained on: manual labels there
        do not count for it. A column of a learner of refinery has half of them.
    tokens
        By record id, the offsets of the tokens of its text, shape (n, 2). For spans, which
        refinery counts and merges in tokens. Without them a character is a token.

    Attributes
    ----------
    precision_
        Shape (sources, labels), after ``fit``.
    note
        Whose votes weigh nothing, in a sentence; empty where all have a weight.

    Raises
    ------
    QueryError
        If a number is none, or a precision does not lie in [0, 1].
    """

    # Read by whoever expects probabilities.
    calibrated = False
    # A sum is quicker than finding the records with the same votes.
    by_record = True

    precision_: NDArray[np.float64]
    note = ""

    def __init__(
        self,
        *,
        c: float = 7,
        k: float = 3,
        default_precision: float = 0.8,
        precision: float | Mapping[str, float] | None = None,
        exclusions: Mapping[str, Sequence[int] | Ints] | None = None,
        tokens: Tokens | None = None,
    ) -> None:
        self.c = _number(c, "c")
        self.k = _number(k, "k")
        self.default_precision = _share(default_precision, "default_precision")
        self.precision = (
            {name: _share(one, f"precision[{name!r}]") for name, one in precision.items()}
            if isinstance(precision, Mapping)
            else None
            if precision is None
            else _share(precision, "precision")
        )
        self.exclusions = dict(exclusions or {})
        self.tokens = tokens
        self._counts = Precisions()
        self._labelled = False

    def fit(self, votes: VoteMatrix, gold: Gold | None) -> Refinery:
        """Count how often each source was right with each of its labels."""
        self._counts, self._labelled = Precisions(), False
        return self.partial_fit(votes, gold)

    def partial_fit(self, votes: VoteMatrix, gold: Gold | None = None) -> Refinery:
        """Add the manual labels of other records to what was counted."""
        counted = self._without_excluded(votes)
        known = None
        if gold is not None and len(gold.votes):
            self._labelled = True
            # A record that was judged to carry no label is none of refinery's.
            known = Gold(np.unique(gold.votes.record), gold.votes)
        if votes.is_spans and known is not None:
            wide = self._counts.add(counted, None)
            found = token_counts(counted, known, self.tokens)
            places = np.array([wide.sources.index(name) for name in votes.sources], dtype=np.int64)
            labels = np.array([wide.labels.index(one) for one in votes.labels], dtype=np.int64)
            hits, right = wide.hits.copy(), wide.right.copy()
            at = np.ix_(places, labels)
            hits[at] += found.correct + found.incorrect
            right[at] += found.correct
            self._counts = Precisions(wide.sources, wide.labels, hits, right)
        else:
            self._counts = self._counts.add(counted, known)
        self.precision_ = self._of(votes)
        self.note = self._weightless(votes)
        return self

    def predict_proba(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the confidence of the winner in its place, shape (rows, labels); else 0."""
        if not votes.labels:
            return np.zeros((len(votes), 0))
        sums = tally(votes, self._weights(votes))
        best, margin = sums.argmax(axis=1), -sums.sum(axis=1)
        rows = np.arange(len(votes))
        margin += 2 * sums[rows, best]
        said = np.flatnonzero(margin > TIE)
        sums[:] = 0
        sums[said, best[said]] = self._sigmoid(margin[said])
        return sums

    def log_odds(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the logit of the confidence that each vote would have alone, shape (votes,)."""
        return self.c * self._weights(votes) - self.k

    def spans(self, votes: VoteMatrix, overlap: Overlap = Overlap.FLAT) -> Votes:
        """Return the weak spans; refinery never gives two that share a token.

        Parameters
        ----------
        overlap
            Is not looked at: flat spans fit every policy.
        """
        del overlap
        chosen, weight = merged(votes, self._weights(votes), self.tokens)
        labels = np.asarray(votes.labels, dtype=np.int64)
        return Votes.of(
            votes.records[chosen.row],
            labels[chosen.label] if len(labels) else chosen.label,
            self._sigmoid(weight).astype(np.float32),
            chosen.start,
            chosen.end,
        )

    def _weights(self, votes: VoteMatrix) -> NDArray[np.float64]:
        of_label = np.ascontiguousarray(self._of(votes)).reshape(-1)
        cell = votes.source * len(votes.labels)
        cell += votes.label
        weights: NDArray[np.float64] = of_label[cell]
        weights *= votes.confidence
        return weights

    def _sigmoid(self, margin: NDArray[np.float64]) -> NDArray[np.float64]:
        raised = np.minimum(self.k - self.c * margin, LARGEST)
        confidence: NDArray[np.float64] = 1 / (1 + np.exp(raised))
        return confidence

    def _of(self, votes: VoteMatrix) -> NDArray[np.float64]:
        """Return the precision of the sources and labels of these votes."""
        shape = (len(votes.sources), len(votes.labels))
        if isinstance(self.precision, Mapping):
            missing = [name for name in votes.sources if name not in self.precision]
            if missing:
                raise QueryError(
                    f"precision= says nothing of {missing[0]!r}.",
                    hint="Give one for each heuristic that is switched on, or one for all. "
                    f"{did_you_mean(missing[0], self.precision)}",
                )
            given = np.array([self.precision[name] for name in votes.sources])
            return np.broadcast_to(given[:, None], shape)
        if self.precision is not None:
            return np.full(shape, self.precision)
        if not self._labelled:
            return np.full(shape, self.default_precision)
        counts = self._counts
        if counts.sources != votes.sources or counts.labels != votes.labels:
            counts = counts.add(votes, None)
            rows = [counts.sources.index(name) for name in votes.sources]
            columns = [counts.labels.index(label) for label in votes.labels]
            at = np.ix_(rows, columns)
            hits, right = counts.hits[at], counts.right[at]
        else:
            hits, right = counts.hits, counts.right
        precision: NDArray[np.float64] = right / np.maximum(hits, 1)
        return precision

    def _weightless(self, votes: VoteMatrix) -> str:
        """Say which sources give a label that no manual label has confirmed."""
        if not np.any(self.precision_ == 0):
            return ""
        silent = self.precision_[votes.source, votes.label] == 0
        if not silent.any():
            return ""
        names = [votes.sources[at] for at in np.unique(votes.source[silent]).tolist()]
        shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        return (
            f"{int(silent.sum()):,} of {len(silent):,} votes weigh nothing, as no manual label "
            f"confirms that their heuristic is right with that label: {shown}."
        )

    def _without_excluded(self, votes: VoteMatrix) -> VoteMatrix:
        """Return the votes without those of learners on what they were trained on."""
        kept = np.ones(len(votes.row), dtype=bool)
        for at, name in enumerate(votes.sources):
            if name in self.exclusions:
                own = np.flatnonzero(votes.source == at)
                trained = np.asarray(self.exclusions[name], dtype=np.int64)
                kept[own] = ~np.isin(votes.records[votes.row[own]], trained)
        if kept.all():
            return votes
        return replace(
            votes,
            row=votes.row[kept],
            source=votes.source[kept],
            label=votes.label[kept],
            confidence=votes.confidence[kept],
            start=None if votes.start is None else votes.start[kept],
            end=None if votes.end is None else votes.end[kept],
        )


def _number(value: object, name: str) -> float:
    """Return a finite number.

    >>> _number(7, "c")
    7.0
    """
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not known or not math.isfinite(value):  # type: ignore[arg-type]
        raise QueryError(f"{name}={value!r} is no number.")
    return float(value)  # type: ignore[arg-type]


def _share(value: object, name: str) -> float:
    found = _number(value, name)
    if not 0 <= found <= 1:
        raise QueryError(f"{name}={value!r} is no precision; it lies in [0, 1].")
    return found
