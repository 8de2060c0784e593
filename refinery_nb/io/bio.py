"""Spans as tags of tokens: ``B-label`` begins one, ``I-label`` goes on, ``OUTSIDE`` is none."""

from __future__ import annotations

import re
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
    tags = [OUTSIDE] * len(tokens)
    if not spans:
        return tags, []
    first = {int(token[0]): at for at, token in enumerate(tokens)}
    last = {int(token[1]): at for at, token in enumerate(tokens)}
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


TAG = re.compile(r"O|OUTSIDE|[BIELUSM]-.+", re.DOTALL)


def spans_of_tags(tags: Sequence[str], tokens: Sequence[Sequence[int]]) -> list[Span]:
    """Return the spans that tags say, of IOB, IOB2 (BIO), BILOU or BIOES.

    One rule reads them all: a tag goes on with the span before it if it is inside and has the same
    label, and begins one otherwise.

    Parameters
    ----------
    tags
        Of the tokens, each ``O`` (or ``OUTSIDE``) or a letter and a label.
    tokens
        Offsets, shape (n, 2), ascending.

    Raises
    ------
    ValueError
        Naming what is no tag.

    >>> [tuple(one) for one in spans_of_tags(["I-A", "B-A", "L-A"], [[0, 1], [2, 3], [4, 5]])]
    [(0, 1, 'A'), (2, 5, 'A')]
    """
    spans: list[Span] = []
    goes_on = False
    for tag, (start, end) in zip(tags, tokens, strict=True):
        if TAG.fullmatch(tag) is None:
            raise ValueError(f"{tag!r:.40} is no tag of IOB, IOB2 or BILOU")
        if tag in ("O", OUTSIDE):
            goes_on = False
            continue
        letter, label = tag[0], tag[2:]
        if goes_on and letter in "IELM" and spans[-1].label == label:
            spans[-1] = spans[-1]._replace(end=end)
        else:
            spans.append(Span(start, end, label))
        goes_on = letter in "BIM"
    return spans


def in_scheme(tags: Sequence[str], scheme: str) -> list[str]:
    """Return BIO tags in another scheme: ``IOB1``, ``IOB2``, ``BILOU`` or ``BIOES``.

    >>> in_scheme(["B-A", "I-A", "B-A", "OUTSIDE"], "BILOU")
    ['B-A', 'L-A', 'U-A', 'O']
    >>> in_scheme(["B-A", "I-A", "B-A", "OUTSIDE"], "IOB1")
    ['I-A', 'I-A', 'B-A', 'O']
    """
    if scheme == "IOB2":
        return ["O" if tag == OUTSIDE else tag for tag in tags]
    made = []
    last, single = ("L", "U") if scheme == "BILOU" else ("E", "S")
    for at, tag in enumerate(tags):
        if tag == OUTSIDE:
            made.append("O")
            continue
        begins, label = tag[0] == "B", tag[2:]
        if scheme == "IOB1":
            before = tags[at - 1] if at else OUTSIDE
            made.append(f"{'B' if begins and before[2:] == label else 'I'}-{label}")
        else:
            ends = at + 1 == len(tags) or not tags[at + 1].startswith("I-")
            letter = (single if ends else "B") if begins else (last if ends else "I")
            made.append(f"{letter}-{label}")
    return made
