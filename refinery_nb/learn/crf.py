"""A linear-chain conditional random field over sparse token features, with soft targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.votes import Ints
from refinery_nb.learn.lbfgs import minimize

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Reals = NDArray[np.float64]
Matrix = NDArray[np.float32]
# Emissions so far below the best of a token are as good as impossible, and stay above zero.
DEEPEST = -60.0
STEPS = 60
FAINT = 0.02  # spans less likely than this are not listed


@dataclass(frozen=True, slots=True)
class Chains:
    """Sequences of tokens laid end to end.

    Attributes
    ----------
    first, size
        Where each sequence begins, and how many tokens it has; empty ones are left out.
    tokens
        How many tokens there are in all.
    """

    first: Ints
    size: Ints
    tokens: int

    @staticmethod
    def of(sizes: Ints) -> Chains:
        """Lay sequences of these sizes end to end.

        >>> Chains.of(np.array([2, 0, 3])).first.tolist()
        [2, 0]
        """
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        # The longest first, so that those still running are always the first so many.
        order = np.argsort(-sizes, kind="stable")[: int((sizes > 0).sum())]
        return Chains(first[order], sizes[order].astype(np.int64), int(sizes.sum()))

    def steps(self) -> list[Ints]:
        """Return the tokens at each place, from the first of each sequence on."""
        longest = int(self.size[0]) if len(self.size) else 0
        running = np.searchsorted(-self.size, -np.arange(longest), side="left")
        return [self.first[:count] + at for at, count in enumerate(running.tolist())]


@dataclass(frozen=True, slots=True)
class Marginals:
    """What a field believes of chains: forward and backward messages, scaled at each token.

    Attributes
    ----------
    tag
        Probabilities of the tags of each token, shape (tokens, tags).
    pair
        Expected number of each transition, weighted, shape (tags, tags).
    """

    tag: Reals
    pair: Reals
    forward: Reals
    onward: Reals
    log_z: Reals


class Field:
    """P(tags | features) with a weight for each feature and tag, and one for each transition.

    Lafferty, McCallum and Pereira (2001). Trained by L-BFGS on the expected log-likelihood under
    soft targets; the Gaussian prior may be centred on the weights of another field (Chelba and
    Acero, 2004), which is how few manual labels correct what weak labels taught.

    Parameters
    ----------
    allowed
        Which tag may follow which, shape (tags, tags); ``begin``: which may stand first.
    strength
        The inverse variance of the prior.
    """

    def __init__(
        self,
        allowed: NDArray[np.bool_],
        begin: NDArray[np.bool_],
        *,
        strength: float = 1.0,
        steps: int = STEPS,
    ) -> None:
        self.allowed = allowed
        self.begin = begin
        self.strength = strength
        self.steps = steps
        self.weight_: Reals = np.zeros((0, len(begin)))
        self.dense_: Reals = np.zeros((0, len(begin)))
        self.move_: Reals = np.zeros(allowed.shape)
        self.start_: Reals = np.zeros(len(begin))

    def fit(
        self,
        features: csr_array,
        chains: Chains,
        target: Reals,
        weight: Reals,
        *,
        prior: Field | None = None,
        dense: Matrix | None = None,
    ) -> Field:
        """Learn from chains with target probabilities of the tags of each token.

        Parameters
        ----------
        features
            Shape (tokens, features).
        dense
            Features of which few are zero, such as vectors, shape (tokens, d).
        target
            Shape (tokens, tags); the transitions between are those of the likeliest chain law
            that has these and breaks no rule.
        weight
            Of each token; equal in one sequence.
        """
        tags = len(self.begin)
        used = np.unique(features.indices)
        table = features[:, used].tocsr()
        flipped = table.T.tocsr()
        vectors = np.zeros((features.shape[0], 0), np.float32) if dense is None else dense
        wanted = messages(
            np.log(np.maximum(target, 1e-12)), self._moves(0), self._starts(0), chains, weight
        )
        first = (weight[chains.first, None] * wanted.tag[chains.first]).sum(axis=0)
        center = self._center(prior, features.shape[1], vectors.shape[1])
        mean = np.concatenate([center[0][used].ravel(), *(part.ravel() for part in center[1:])])
        cuts = np.cumsum([len(used) * tags, vectors.shape[1] * tags, tags * tags])

        def loss(point: Reals) -> tuple[float, Reals]:
            sparse, full, move, start = np.split(point, cuts)
            emission = table @ sparse.reshape(-1, tags)
            if len(full):
                emission += vectors @ full.reshape(-1, tags).astype(np.float32)
            move = move.reshape(tags, tags)
            got = messages(emission, self._moves(move), self._starts(start), chains, weight)
            value = float((weight[chains.first] * got.log_z).sum())
            value -= float((weight[:, None] * wanted.tag * emission).sum())
            value -= float((wanted.pair * move).sum()) + float(first @ start)
            apart = point - mean
            value += 0.5 * self.strength * float((apart * apart).sum())
            error = weight[:, None] * (got.tag - wanted.tag)
            begun = (weight[chains.first, None] * got.tag[chains.first]).sum(axis=0) - first
            slopes = (
                flipped @ error,
                vectors.T @ error.astype(np.float32),
                got.pair - wanted.pair,
                begun,
            )
            gradient = np.concatenate([slope.ravel() for slope in slopes]).astype(np.float64)
            return value, gradient + self.strength * apart

        found = np.split(minimize(loss, mean, steps=self.steps), cuts)
        self.weight_ = center[0].copy()
        self.weight_[used] = found[0].reshape(-1, tags)
        self.dense_ = found[1].reshape(-1, tags)
        self.move_ = found[2].reshape(tags, tags)
        self.start_ = found[3]
        return self

    def _center(
        self, prior: Field | None, features: int, dense: int
    ) -> tuple[Reals, Reals, Reals, Reals]:
        if prior is not None:
            return prior.weight_, prior.dense_, prior.move_, prior.start_
        tags = len(self.begin)
        zeros = np.zeros((features, tags)), np.zeros((dense, tags))
        return *zeros, np.zeros_like(self.move_), np.zeros_like(self.start_)

    def marginals(
        self, features: csr_array, chains: Chains, *, dense: Matrix | None = None
    ) -> Marginals:
        """Return what the field believes of these chains."""
        weight = np.ones(chains.tokens)
        emission = features @ self.weight_
        if dense is not None and len(self.dense_):
            emission += dense @ self.dense_.astype(np.float32)
        return messages(
            emission, self._moves(self.move_), self._starts(self.start_), chains, weight
        )

    def _moves(self, move: Reals | int) -> Reals:
        return np.where(self.allowed, np.exp(np.clip(move, -30, 30)), 0.0)

    def _starts(self, start: Reals | int) -> Reals:
        return np.where(self.begin, np.exp(np.clip(start, -30, 30)), 0.0)


def messages(
    emission: Reals, move: Reals, start: Reals, chains: Chains, weight: Reals
) -> Marginals:
    """Return marginals by the forward-backward algorithm, all chains at once.

    Parameters
    ----------
    emission
        Log-potentials, shape (tokens, tags).
    move, start
        Potentials (not their logarithms) of transitions and of the first tag.
    """
    highest = emission.max(axis=1, keepdims=True, initial=DEEPEST)
    local = np.exp(np.maximum(emission - highest, DEEPEST))
    forward, scale = np.empty_like(local), np.ones(len(local))
    backward, onward = np.ones_like(local), np.zeros_like(local)
    steps = chains.steps()
    for at, here in enumerate(steps):
        before = forward[here - 1] @ move if at else start
        value = before * local[here]
        scale[here] = value.sum(axis=1)
        forward[here] = value / scale[here, None]
    pair = np.zeros_like(move)
    for here in reversed(steps[1:]):
        # What lies ahead of the token before: the potential of each next tag and all after it.
        onward[here] = local[here] * backward[here] / scale[here, None]
        backward[here - 1] = onward[here] @ move.T
        pair += (weight[here, None] * forward[here - 1]).T @ onward[here]
    log_z = np.log(scale) + highest[:, 0]
    total = np.add.reduceat(log_z, np.sort(chains.first)) if len(chains.first) else np.zeros(0)
    order = np.argsort(np.argsort(chains.first, kind="stable"), kind="stable")
    return Marginals(forward * backward, pair * move, forward, onward, total[order])


def spans_of(
    seen: Marginals, field: Field, chains: Chains, *, faint: float = FAINT
) -> tuple[Ints, Ints, Ints, Reals]:
    """Return every span that a field of B and I tags holds possible.

    Tag 0 is outside, 1 + 2 l begins label l and 2 + 2 l continues it. The probability is exact:
    that the span begins here, goes on to there and ends there.

    Returns
    -------
    first, last, label, proba
        Tokens (inclusive), label and probability of each.
    """
    move = field._moves(field.move_)
    last_of = np.zeros(chains.tokens, dtype=bool)
    last_of[chains.first + chains.size - 1] = True
    # The chance of what follows, given the tag here, if the next is not the continuation.
    ahead = np.ones((chains.tokens, len(move)))
    ahead[:-1] = seen.onward[1:] @ move.T
    labels = (len(move) - 1) // 2
    go_on = np.zeros((chains.tokens, len(move)))
    for number in range(labels):
        follow = 2 + 2 * number
        for before in (follow - 1, follow):
            go_on[:-1, before] = seen.onward[1:, follow] * move[before, follow]
    ahead[last_of], go_on[last_of] = 1.0, 0.0
    stop = np.maximum(ahead - go_on, 0.0)
    # Growing a prefix by one token multiplies its forward mass by the local potential and scale;
    # onward = local * backward / scale, so local / scale = onward / backward where it is not zero.
    found_at = np.nonzero(seen.tag[:, 1::2] >= faint)
    begin: Ints = found_at[0].astype(np.int64)
    label: Ints = found_at[1].astype(np.int64)
    mass = seen.forward[begin, 1 + 2 * label]
    at, tag = begin.copy(), 1 + 2 * label
    found: list[tuple[Ints, Ints, Ints, Reals]] = []
    while len(at):
        proba = mass * stop[at, tag]
        sure = proba >= faint
        found.append((begin[sure], at[sure], label[sure], proba[sure]))
        more = (mass * go_on[at, tag] >= faint) & (go_on[at, tag] > 0)
        begin, label, at, tag, mass = begin[more], label[more], at[more], tag[more], mass[more]
        following = 2 + 2 * label
        after = np.maximum(ahead[at + 1, following], 1e-300)
        mass = mass * go_on[at, tag] / after
        at, tag = at + 1, following
    parts = [np.concatenate(column) for column in zip(*found, strict=True)] if found else []
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing, np.zeros(0)
    return parts[0], parts[1], parts[2], np.minimum(parts[3], 1.0)
