"""From votes to weak labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.schema import Overlap
from refinery_nb.core.threads import one_thread
from refinery_nb.core.vectors import Vectors
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.learn.calibration import heated
from refinery_nb.supervision import auto
from refinery_nb.supervision.crossfit import FOLDS, HeldOut, cross_fit
from refinery_nb.supervision.model import LabelModel, label_model
from refinery_nb.supervision.outcome import Outcome, as_votes, known, label_all
from refinery_nb.supervision.seen import Seen
from refinery_nb.supervision.spans import SpanLabels, combine


@dataclass(frozen=True, slots=True)
class Text:
    """The texts of a spans task: what a sequence model looks at.

    Attributes
    ----------
    texts
        By record id.
    tokens
        Their offsets by record id, int32, shape (tokens, 2).
    """

    texts: Mapping[int, str]
    tokens: Mapping[int, NDArray[np.int32]]


def supervise(votes: VoteMatrix, gold: Gold | None, **options: Any) -> Votes:
    """Combine votes into weak labels; see ``run``, of which these are the labels alone.

    >>> votes = {"a": Votes.of([1, 2], [7, 8]), "b": Votes.of([1], [7])}
    >>> supervise(VoteMatrix.build([1, 2, 3], votes, [7, 8]), None).label.tolist()
    [7, 8]
    """
    return run(votes, gold, check=False, **options).votes


def run(
    votes: VoteMatrix,
    gold: Gold | None,
    *,
    model: str = "auto",
    vectors: Seen | Vectors | Sequence[Vectors] | None = None,
    text: Text | None = None,
    overlap: Overlap = Overlap.FLAT,
    calibrate: bool = True,
    check: bool = True,
    seed: int = 0,
    **options: Any,
) -> Outcome:
    """Combine votes into weak labels by a label model.

    Parameters
    ----------
    gold
        Manual labels, few or none.
    model
        The name of a label model, or ``auto``, which chooses one; see ``auto.choose``.
    vectors
        Of the records, for ``fused``; or what was made of them before.
    text
        Texts and tokens of a spans task, for ``fused``.
    overlap
        Which spans may stand together; for spans only.
    calibrate
        Whether probabilities are brought to a temperature that fits held-out manual labels.
    check
        Whether to find out what the model says of the labelled records unseen.
    seed
        Of everything random.
    **options
        Of the label model, such as ``prior``.
    """
    with one_thread():
        if votes.is_spans:
            return _spans(votes, known(gold), model, text, overlap, seed, options)
        seen = vectors if isinstance(vectors, Seen) else Seen(vectors)
        return _classes(votes, gold, model, seen, calibrate, check, seed, options)


def _classes(
    votes: VoteMatrix,
    gold: Gold | None,
    model: str,
    seen: Seen,
    calibrate: bool,
    check: bool,
    seed: int,
    options: dict[str, Any],
) -> Outcome:
    chosen, held = model, None
    summary: dict[str, Any] = {}
    reference = known(gold)
    if model == "auto":
        choice = auto.choose(votes, reference, seen=seen, seed=seed, **options)
        chosen, held = choice.name, choice.held_out
        summary = {"chosen": choice.name, "why": choice.why, "tried": choice.tried}
    make = auto.maker(chosen, seen, options)
    fitted = make().fit(votes, gold)
    # A model that reproduces another system's confidences is left as it is.
    calibrate = calibrate and getattr(fitted, "calibrated", True)
    enough = len(reference.reviewed) >= 2 * FOLDS
    if held is None and enough and (check or calibrate) and chosen != "majority":
        held = cross_fit(make, votes, reference, calibrate=calibrate, seed=seed)
    heat = held.heat if held is not None and calibrate else 1.0
    said, proba = label_all(fitted, votes, heat=heat)
    if held is not None:
        summary |= {"temperature": heat, "held_out": _figures(held)}
    summary |= _noted(fitted)
    return Outcome(said, proba, _unseen(votes, held, heat), summary)


def _noted(fitted: LabelModel) -> dict[str, str]:
    note = getattr(fitted, "note", "")
    return {"note": note} if note else {}


def _figures(held: HeldOut) -> dict[str, float]:
    return {"labels": len(held.rows), "accuracy": held.accuracy, "log_loss": held.log_loss}


def _unseen(votes: VoteMatrix, held: HeldOut | None, heat: float) -> Votes | None:
    return None if held is None else as_votes(votes, held.rows, heated(held.proba, heat))


def _spans(
    votes: VoteMatrix,
    gold: Gold,
    model: str,
    text: Text | None,
    overlap: Overlap,
    seed: int,
    options: dict[str, Any],
) -> Outcome:
    from refinery_nb.supervision.span_tagger import tag

    summary: dict[str, Any] = {}
    if model == "auto":
        model = "fused" if text is not None else "weighted"
        with_or_without = "with" if text is not None else "without"
        summary = {"chosen": model, "why": f"{with_or_without} the texts, {model} is the default."}
    if model == "fused" and text is not None:
        found: SpanLabels = tag(
            votes, gold, text.texts, text.tokens, overlap=overlap, seed=seed, **options
        )
    else:
        name = "weighted" if model == "fused" else model
        fitted = label_model(name, **options).fit(votes, gold)
        if hasattr(fitted, "spans"):
            return Outcome(fitted.spans(votes, overlap), summary=summary | _noted(fitted))

        def weigh(reference: Gold | None) -> NDArray[np.float64]:
            return label_model(name, **options).fit(votes, reference).log_odds(votes)

        # A majority learns nothing, from manual labels neither.
        found = combine(votes, None if name == "majority" else gold, weigh, overlap, seed=seed)
    unseen = found.held_out if len(gold.reviewed) else None
    return Outcome(found.votes, held_out=unseen, summary=summary | {"threshold": found.above})
