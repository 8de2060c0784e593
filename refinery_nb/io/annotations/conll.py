"""CoNLL 2002 and 2003: a token and its tag a line, a blank line behind each sentence.

Reads IOB, IOB2, BILOU and BIOES alike. The text is rebuilt from the tokens, joined by spaces,
unless a comment says it (``# text = ...``, as CoNLL-U has it, or our own ``# record = {...}``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean
from refinery_nb.core.schema import TaskSchema
from refinery_nb.io.annotations.converted import column
from refinery_nb.io.annotations.offsets import Unfit
from refinery_nb.io.annotations.said import Chunks, Layout, LeftOut, MakeDoc
from refinery_nb.io.bio import bio_tags, in_scheme, spans_of_tags
from refinery_nb.io.files import is_small, lines
from refinery_nb.io.names import MANUAL
from refinery_nb.io.reading import Column, Raw, Reject

BATCH = 5_000
MARKER = "-DOCSTART-"
TEXT, RECORD = "# text = ", "# record = "
DOCUMENT = "document"
# What is asked of spaCy about each token.
TOKEN = ["IDX", "LENGTH", "IS_SPACE"]
SCHEMES = ("IOB1", "IOB2", "BILOU", "BIOES")


class Conll:
    """A file of tokens with tags; each sentence becomes a record.

    Parameters
    ----------
    spans
        What the task of its spans is called here.
    text
        What the attribute of its texts is called here.
    tokens, tags
        In which column of a line they stand, from 0; -1 is the last one.
    """

    typed = True

    def __init__(
        self,
        path: Path,
        *,
        encoding: str = "utf-8",
        spans: str = "entities",
        text: str = "text",
        tokens: int = 0,
        tags: int = -1,
    ) -> None:
        self.name = path.name
        self.warnings: list[str] = []
        self._path = path
        self._encoding = encoding
        self._spans = column(text, spans, MANUAL, "spans")
        self._text = text
        self._tokens, self._tags = tokens, tags
        self.keeps = is_small(path)

    def names(self) -> list[str] | None:
        """Return None: only some files have marks between documents."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield a record a sentence."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        starts: list[int] = []
        raws: list[str] = []
        for number, (line, document, sentence) in enumerate(self._sentences(), start=1):
            try:
                row = self._row(sentence, line)
            except _Faulty as fault:
                reject(fault.line, number, fault.field, str(fault), "\n".join(sentence))
                continue
            if document:
                row.setdefault(DOCUMENT, document)
            rows.append(row)
            numbers.append(number)
            starts.append(line)
            raws.append("\n".join(sentence))
            if len(rows) == BATCH:
                yield Raw(numbers, starts, rows, raws.__getitem__)
                rows, numbers, starts, raws = [], [], [], []
        yield Raw(numbers, starts, rows, raws.__getitem__)

    def _sentences(self) -> Iterator[tuple[int, int, list[str]]]:
        """Yield the line at which each sentence starts, its document from 1, and its lines."""
        document, first = 0, 0
        sentence: list[str] = []
        for number, text in lines(self._path, self._encoding):
            text = text.removesuffix("\r")
            marker = text.startswith(MARKER)
            if marker or not text.strip():
                if sentence:
                    yield first, document, sentence
                    sentence = []
                document += marker
                continue
            if not sentence:
                first = number
            sentence.append(text)
        if sentence:
            yield first, document, sentence

    def _row(self, sentence: Sequence[str], first: int) -> dict[str, Any]:
        record: dict[str, Any] = {}
        words: list[str] = []
        tags: list[str] = []
        for line, text in enumerate(sentence, start=first):
            if text.startswith(TEXT) and not words:
                record[self._text] = text.removeprefix(TEXT)
                continue
            if text.startswith(RECORD) and not words:
                record.update(_record(text.removeprefix(RECORD), line))
                continue
            cells = text.split("\t") if "\t" in text else text.split()
            if len(cells) < 2 or not -len(cells) <= self._tags < len(cells):
                raise _Faulty(f"expected a token and a tag, got {text!r:.60}", "tag", line)
            words.append(cells[self._tokens])
            tags.append(cells[self._tags])
            try:
                spans_of_tags(tags[-1:], [(0, 1)])
            except ValueError as error:
                raise _Faulty(str(error), "tag", line) from error
        text = record.setdefault(self._text, " ".join(words))
        if not isinstance(text, str):
            raise _Faulty("the comment gives no text", self._text, first)
        offsets = _places(words, text)
        if offsets is None:
            raise _Faulty("the tokens do not stand in the text of the comment", self._text, first)
        record[self._spans] = [list(span) for span in spans_of_tags(tags, offsets)]
        return record


class _Faulty(Unfit):
    """What is wrong with a sentence, and in which line."""

    def __init__(self, message: str, field: str, line: int) -> None:
        super().__init__(message, field)
        self.line = line


def _record(text: str, line: int) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _Faulty("the comment is no JSON object", "record", line)
    return found


def _places(words: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Return where each token stands in a text, one after the other; None where they do not."""
    offsets = []
    end = 0
    for word in words:
        start = text.find(word, end)
        if start < 0:
            return None
        end = start + len(word)
        offsets.append((start, end))
    return offsets


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    make_doc: MakeDoc,
    text: str | None = None,
    scheme: str = "IOB2",
    separator: str = " ",
    comments: bool = False,
) -> list[LeftOut]:
    """Write the labelled records, a token and its tag a line; tell what tags cannot say.

    Parameters
    ----------
    scheme
        ``IOB1``, ``IOB2``, ``BILOU`` or ``BIOES``.
    separator
        Between token and tag: a space, or a tab, which labels with spaces need.
    comments
        Whether a comment before each sentence keeps the record, so that text and attributes come
        back exactly; few other tools expect one.
    """
    if scheme not in SCHEMES:
        raise InputError(f"scheme={scheme!r}.", hint=did_you_mean(str(scheme), SCHEMES))
    if separator not in (" ", "\t"):
        raise InputError(f"separator={separator!r} is neither a space nor a tab.")
    layout = Layout(columns, tasks)
    place = layout.only_spans("CoNLL")
    for label in place.task.labels:
        if len(label.name.split(separator if separator == "\t" else None)) > 1:
            raise InputError(
                f"the label {label.name!r} holds what separates the columns.",
                hint="Pass separator='\\t'." if separator == " " else "Rename it.",
            )
    at, _ = layout.text("CoNLL", text)
    documents = next((i for i, one in layout.fields if one.name == DOCUMENT), None)
    left_out: list[LeftOut] = []
    last: Any = None
    number = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for rows in chunks:
            for row in rows:
                number += 1
                said, content = place.best(row), row[at] or ""
                tokens = make_doc(content).to_array(TOKEN).tolist()
                offsets = [(start, start + size) for start, size, space in tokens if not space]
                if said is None or not offsets:
                    why = "it is not labelled" if said is None else "its text has no tokens"
                    left_out.append(LeftOut(number, None, None, None, content, why))
                    continue
                tags, lost = bio_tags(offsets, said.spans)
                left_out += [
                    LeftOut(number, *span, content[span.start : span.end], MISALIGNED)
                    for span in lost
                ]
                if documents is not None and row[documents] != last:
                    last = row[documents]
                    file.write(f"{MARKER}{separator}O\n\n")
                if comments:
                    file.write(f"{RECORD}{json.dumps(layout.record(row), ensure_ascii=False)}\n")
                file.writelines(
                    f"{content[start:end]}{separator}{tag}\n"
                    for (start, end), tag in zip(offsets, in_scheme(tags, scheme), strict=True)
                )
                file.write("\n")
    return left_out


MISALIGNED = "it does not begin and end with tokens, or overlaps another"
