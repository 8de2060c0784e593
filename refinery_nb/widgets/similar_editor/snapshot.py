"""A still picture of a SimilarEditor, for places where no JavaScript runs."""

from __future__ import annotations

from refinery_nb.core.errors import RefineryError
from refinery_nb.core.html import (
    block,
    bold,
    joined,
    paragraph,
    percent,
    quiet,
    shortened,
    table,
    whisker,
)
from refinery_nb.project.vectors.neighbours import Neighbours
from refinery_nb.widgets.similar_editor.session import SimilarSession

STILL = "This is a still picture; run the cell in Jupyter to choose examples and threshold."
AROUND = 5  # neighbours on either side of the threshold
THRESHOLDS = 9


def snapshot(session: SimilarSession) -> str:
    """Return examples, thresholds and the neighbours next to the cut as HTML without scripts."""
    head = joined(bold(session.name), f" of {session.task.name} votes ", bold(session.draft.label))
    try:
        found = session.compare()
    except RefineryError as error:
        return block(paragraph(head), paragraph(str(error)), paragraph(quiet(STILL)))
    texts = [shortened(one.get("text", "a vector"), 80) for one in session.draft.examples]
    return block(
        paragraph(head, f" from a similarity of {session.draft.threshold:g} on to: "),
        paragraph(quiet("; ".join(texts))),
        _thresholds(found),
        _near(session, found),
        paragraph(quiet(STILL)),
    )


def _thresholds(found: Neighbours) -> str:
    cuts = [found.at(round(1 - at / 10, 1)) for at in range(1, THRESHOLDS + 1)]
    heads = [
        ("threshold", "number"),
        ("votes", "number"),
        ("labelled", "number"),
        ("precision, 95 % interval", "number"),
    ]
    rows = [
        (
            f"{cut.threshold:g}",
            f"{cut.hits:,}",
            f"{cut.checked:,}",
            joined(percent(cut.precision), whisker(cut.precision, cut.low, cut.high)),
        )
        for cut in cuts
        if cut.hits
    ]
    return table(heads, rows, empty="Nothing is like these examples.")


def _near(session: SimilarSession, found: Neighbours) -> str:
    near = found.examples(session.draft.threshold, AROUND)
    heads = [("similarity", "number"), ("key", "name"), ("text", "text"), ("gold", "name")]
    rows = [
        (
            f"{row.similarity:.3f}",
            str(row.key),
            shortened(row.text),
            "" if row.gold is None else row.gold or "none",
        )
        for row in near.itertuples()
    ]
    return table(heads, rows)
