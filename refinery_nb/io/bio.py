"""Spans as tags of tokens: ``B-label`` begins one, ``I-label`` goes on, ``OUTSIDE`` is none."""

from __future__ import annotations

from collections.abc import Sequence

from refinery_nb.core.span import Span

OUTSIDE = "OUTSIDE"


def bio_tags(
    tokens: Sequence[Sequence[int]], spans: Sequence[Span]
) -> tuple[list[str], list[Span]]:
    """Return a tag for each token, and the spans that tags cannot say.

    Parameters
    ----------
    tokens
        Offsets, shape (n, 2), ascending.
    spans
        Half-open code points.

    Returns
    -------
    tags, left_out
        A span is left out if it does not begin and end with tokens, or overlaps one that stands
        before it (the earlier and longer one wins).

    >>> bio_tags([[0, 3], [4, 8]], [Span(0, 8, "ORG"), Span(4, 6, "PER")])
    (['B-ORG', 'I-ORG'], [Span(start=4, end=6, label='PER')])
    """
    first = {int(token[0]): at for at, token in enumerate(tokens)}
    last = {int(token[1]): at for at, token in enumerate(tokens)}
    tags = [OUTSIDE] * len(tokens)
    left_out = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.label)):
        start, end = first.get(span.start), last.get(span.end)
        if start is None or end is None or any(tag != OUTSIDE for tag in tags[start : end + 1]):
            left_out.append(span)
            continue
        tags[start] = f"B-{span.label}"
        for at in range(start + 1, end + 1):
            tags[at] = f"I-{span.label}"
    return tags, left_out
