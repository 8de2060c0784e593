"""Where forms occur in many texts: one pass for all their needles, then each where it may be."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from refinery_nb.suggest.forms import Form

Ints = NDArray[np.int64]
DIGIT = re.compile(r"\d")


class Texts:
    """Texts with the record that each belongs to, folded once.

    Parameters
    ----------
    texts, record
        Parallel; a record may have several texts. Positions of records, ascending.
    """

    def __init__(self, texts: Sequence[str], record: Ints) -> None:
        self.texts = texts
        self.record = record

    def candidates(self, forms: Sequence[Form]) -> list[Ints]:
        """Return for each form the positions of the texts that it may match."""
        import ahocorasick

        automaton = ahocorasick.Automaton()
        users: dict[str, list[int]] = {}
        for at, form in enumerate(forms):
            for needle in form.needles:
                users.setdefault(needle, []).append(at)
        for needle, of_forms in users.items():
            automaton.add_word(needle, of_forms)
        found: list[list[int]] = [[] for _ in forms]
        last = [-1] * len(forms)
        with_digits: list[int] = []
        digits = any(not form.needles for form in forms)
        automaton.make_automaton()
        for position, text in enumerate(self.texts):
            if users:
                for _, of_forms in automaton.iter(text.casefold()):
                    for at in of_forms:
                        if last[at] != position:
                            last[at] = position
                            found[at].append(position)
            if digits and DIGIT.search(text):
                with_digits.append(position)
        every_digit = np.array(with_digits, dtype=np.int64)
        return [
            np.array(found[at], dtype=np.int64) if form.needles else every_digit
            for at, form in enumerate(forms)
        ]

    def hits(self, form: Form, candidates: Ints) -> Ints:
        """Return the records in which a form occurs, of the texts that it may match."""
        search = form.compiled().search
        texts = self.texts
        inside = [at for at in candidates.tolist() if search(texts[at])]
        return np.unique(self.record[np.array(inside, dtype=np.int64)])
