"""Which labelled records train and which test: no record, and no text, on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def held_out(
    texts: Mapping[int, str], labels: Mapping[int, int], share: float, seed: int
) -> set[int]:
    """Return the records that test: about ``share`` of each label, equal texts together.

    Parameters
    ----------
    texts, labels
        By record id; ``labels`` may lack records, which count as a label of their own.
    share
        In [0, 1].
    seed
        Of the choice; the same seed and records give the same choice, in whatever order.

    >>> sorted(held_out({1: "a", 2: "b", 3: "b"}, {1: 0, 2: 0, 3: 0}, 1.0, 0))
    [1, 2, 3]
    """
    groups: dict[str, list[int]] = {}
    for record in sorted(texts):
        groups.setdefault(texts[record], []).append(record)
    by_label: dict[int, list[str]] = {}
    for text, of_text in groups.items():
        by_label.setdefault(labels.get(of_text[0], -1), []).append(text)
    rng = np.random.default_rng(seed)
    chosen: set[int] = set()
    for label in sorted(by_label):
        of_label = by_label[label]
        wanted = share * sum(len(groups[text]) for text in of_label)
        taken = 0
        for at in rng.permutation(len(of_label)).tolist():
            size = len(groups[of_label[at]])
            # Half a group too many or too few comes nearest to the share.
            if taken + size / 2 > wanted:
                break
            chosen.update(groups[of_label[at]])
            taken += size
    return chosen


def without_texts(
    ids: Sequence[int], texts: Mapping[int, str], tested: set[str]
) -> tuple[list[int], int]:
    """Return the records whose text is not among those that test, and how many are not returned.

    >>> without_texts([1, 2], {1: "a", 2: "b"}, {"b"})
    ([1], 1)
    """
    kept = [record for record in ids if texts[record] not in tested]
    return kept, len(ids) - len(kept)
