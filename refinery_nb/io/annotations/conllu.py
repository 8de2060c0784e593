"""CoNLL-U, the format of Universal Dependencies: a token a line in ten columns.

A sentence becomes a record with its text and its comments (``# sent_id = ...``). Spans come from
tags that tokens carry: in ``MISC`` (``NER=B-ORG``, as many corpora have it), or any other column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean
from refinery_nb.io.annotations.converted import column
from refinery_nb.io.annotations.offsets import Unfit
from refinery_nb.io.bio import TAG, spans_of_tags
from refinery_nb.io.files import is_small, lines
from refinery_nb.io.names import MANUAL
from refinery_nb.io.reading import Raw, Reject

BATCH = 5_000
COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
FORM, MISC = COLUMNS.index("form"), COLUMNS.index("misc")
# The columns whose values name a kind of token.
KINDS = ("upos", "xpos", "deprel")


class Conllu:
    """A file of sentences.

    Parameters
    ----------
    tags
        Where the tags of tokens stand: the name of an entry in ``MISC``, by default ``NER``, in any
        scheme of ``conll``; or ``upos``, ``xpos`` or ``deprel``: each token is a span then.
    spans
        What the task of the spans is called here.
    text
        What the attribute of the texts is called here.
    """

    typed = True

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        tags: str = "NER",
        spans: str = "entities",
        text: str = "text",
    ) -> None:
        self.name = path.name
        self.warnings: list[str] = []
        self.keeps = is_small(path)
        if tags in COLUMNS and tags not in KINDS:
            raise InputError(f"tags={tags!r}.", hint=did_you_mean(tags, KINDS))
        self._path = path
        self._encoding = encoding
        self._tags = tags
        self._text = text
        self._spans = column(text, spans, MANUAL, "spans")
        self._tagged = False

    def names(self) -> list[str] | None:
        """Return None: sentences may have different comments."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield a record a sentence."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        starts: list[int] = []
        raws: list[str] = []
        for number, (line, sentence) in enumerate(self._sentences(), start=1):
            try:
                rows.append(self._row(sentence))
            except _Faulty as fault:
                reject(line + fault.at, number, fault.field, str(fault), "\n".join(sentence))
                continue
            numbers.append(number)
            starts.append(line)
            raws.append("\n".join(sentence))
            if len(rows) == BATCH:
                yield Raw(numbers, starts, rows, raws.__getitem__)
                rows, numbers, starts, raws = [], [], [], []
        yield Raw(numbers, starts, rows, raws.__getitem__)
        if check and not self._tagged:
            self.warnings.append(
                f"no token has {self._tags!r} in MISC: there are no spans; tags='upos' takes "
                "parts of speech"
            )

    def _sentences(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line at which each sentence begins, and its lines."""
        first = 1
        sentence: list[str] = []
        for number, text in lines(self._path, self._encoding):
            text = text.removesuffix("\r")
            if text.strip():
                first = first if sentence else number
                sentence.append(text)
            elif sentence:
                yield first, sentence
                sentence = []
        if sentence:
            yield first, sentence

    def _row(self, sentence: Sequence[str]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        words: list[tuple[str, bool]] = []
        tags: list[str] = []
        until = 0  # the last of the words that stand in one written token (``1-2  del``)
        for at, line in enumerate(sentence):
            if line.startswith("#"):
                name, equals, value = line[1:].partition("=")
                if equals and name.strip():
                    record[name.strip()] = value.strip()
                continue
            cells = line.split("\t")
            if len(cells) != len(COLUMNS):
                raise _Faulty(f"{len(cells)} columns, there should be {len(COLUMNS)}", "id", at)
            number, dash, last = cells[0].partition("-")
            if "." in number:
                continue  # a word that is not written
            if not number.isdecimal() or (dash and not last.isdecimal()):
                raise _Faulty(f"{cells[0]!r:.40} is no number of a token", "id", at)
            if dash:
                until = int(last)
            elif int(number) <= until:
                if tags[-1] == "O":
                    tags[-1] = self._tag(cells, at)
                continue
            words.append((cells[FORM], "SpaceAfter=No" not in cells[MISC].split("|")))
            tags.append(self._tag(cells, at))
        if not words:
            raise _Faulty("there is no token in it", "form", 0)
        text = record.pop("text", None)
        places = None if text is None else _places(words, text)
        if text is None:
            text = "".join(word + " " * space for word, space in words).rstrip(" ")
            places = _places(words, text)
        if places is None:
            raise _Faulty("the tokens do not stand in the text of the comment", "text", 0)
        made = {**record, self._text: text}
        if self._tagged or self._tags in KINDS:
            found = spans_of_tags(tags, places)
            made[self._spans] = [list(one) for one in found]
        return made

    def _tag(self, cells: Sequence[str], at: int) -> str:
        if self._tags in KINDS:
            self._tagged = True
            kind = cells[COLUMNS.index(self._tags)]
            return "O" if kind == "_" else f"B-{kind}"
        entries = dict(one.partition("=")[::2] for one in cells[MISC].split("|"))
        tag = entries.get(self._tags)
        if tag is None:
            return "O"
        if TAG.fullmatch(tag) is None:
            raise _Faulty(f"{tag!r:.40} is no tag of IOB, IOB2 or BILOU", self._tags, at)
        if not self._tagged:
            # Sentences before had none of the tags, and so no spans.
            self._tagged, self.keeps = True, False
        return tag


class _Faulty(Unfit):
    """What is wrong with a sentence, and in which of its lines, from 0."""

    def __init__(self, message: str, field: str, at: int) -> None:
        super().__init__(message, field)
        self.at = at


def _places(words: Sequence[tuple[str, bool]], text: str) -> list[tuple[int, int]] | None:
    """Return where each token stands in a text; None where they do not."""
    found, end = [], 0
    for word, _ in words:
        start = text.find(word, end)
        if start < 0:
            return None
        end = start + len(word)
        found.append((start, end))
    return found
