"""spaCy's DocBin (``.spacy``): documents with entities and categories.

It is msgpack, read by spaCy with an empty vocabulary: no pipeline is loaded and no code runs.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.core.span import Span
from refinery_nb.io.annotations.converted import answer, column
from refinery_nb.io.annotations.offsets import Unfit
from refinery_nb.io.annotations.said import Chunks, Layout, LeftOut, MakeDoc
from refinery_nb.io.files import is_small
from refinery_nb.io.names import MANUAL, NONE
from refinery_nb.io.reading import Column, Raw, Reject

BATCH = 5_000
ATTRIBUTES = ("ORTH", "ENT_IOB", "ENT_TYPE")
# Where our own export keeps the attributes of a record, as JSON.
OURS = "refinery_nb"
HEAD = b"\x81" + bytes([0xA0 | len(OURS)]) + OURS.encode()
STRING32 = b"\xdb"
MISALIGNED = "it does not begin and end with tokens, or overlaps another"
LARGEST = 8 * 2**30
STEP = 64 * 2**20
LIKELY = 0.5
PACKED = 10


class DocBinFile:
    """A DocBin; each document becomes a record.

    Parameters
    ----------
    task, spans
        What the tasks of its categories and of its entities are called here.
    text
        What the attribute of its texts is called here.
    group
        The group of spans to read; by default the entities.
    multilabel
        Whether a record may have several labels.
    """

    typed = True

    def __init__(
        self,
        path: Path,
        *,
        task: str = "label",
        spans: str = "entities",
        text: str = "text",
        group: str | None = None,
        multilabel: bool = False,
    ) -> None:
        self.name = path.name
        self.warnings: list[str] = []
        self._bin = _load(path)
        # Read here: spaCy asks all installed packages how to, for each document.
        self._data, self._bin.user_data = list(self._bin.user_data), []
        self.keeps = is_small(path, PACKED)
        self._text = text
        self._group = group
        self._several = multilabel
        self._label = column(text, task, MANUAL, "label")
        self._spans = column(text, spans, MANUAL, "spans")

    def names(self) -> list[str] | None:
        """Return None: documents may have different attributes."""
        return None

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield a record a document."""
        rows: list[dict[str, Any]] = []
        numbers: list[int] = []
        for number, (doc, ours) in enumerate(self._docs(), start=1):
            try:
                rows.append(self._row(doc, ours))
            except Unfit as unfit:
                reject(None, number, unfit.field, str(unfit), doc.text)
                continue
            numbers.append(number)
            if len(rows) == BATCH:
                yield Raw(numbers, None, rows, lambda at, rows=rows: repr(rows[at]))  # type: ignore[misc]
                rows, numbers = [], []
        yield Raw(numbers, None, rows, lambda at: repr(rows[at]))

    def _docs(self) -> Iterator[tuple[Any, Any]]:
        """Yield each document, with the JSON that our own export keeps beside it, if any."""
        from spacy.vocab import Vocab

        try:
            docs = self._bin.get_docs(Vocab())
            for doc, data in zip_longest(docs, self._data[: len(self._bin)]):
                yield doc, None if data is None else _unpacked(data)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise InputError(f"the DocBin is damaged: {error}.", source=self.name) from error

    def _row(self, doc: Any, ours: Any) -> dict[str, Any]:
        record: dict[str, Any] = {}
        if isinstance(ours, str):
            try:
                found = json.loads(ours)
            except ValueError as error:
                raise Unfit("the attributes are no JSON", "user_data") from error
            record = found if isinstance(found, dict) else {}
        record[self._text] = doc.text
        if self._group is not None:
            if self._group in doc.spans:
                record[self._spans] = _offsets(doc.spans[self._group])
        elif not len(doc) or doc.to_array("ENT_IOB").any():
            # As doc.has_annotation("ENT_IOB") says, token by token.
            record[self._spans] = _offsets(doc.ents)
        likely = [str(name) for name, value in doc.cats.items() if value >= LIKELY]
        if doc.cats:
            said = answer(likely, "cats", several=self._several)
            record[self._label] = NONE if said is None else said
        return record


def _offsets(spans: Any) -> list[list[Any]]:
    return [[one.start_char, one.end_char, one.label_] for one in spans if one.label_]


def _packed(text: str) -> bytes:
    """Return ``{OURS: text}`` in msgpack: a map of one, a string, and a string of any length."""
    content = text.encode()
    return HEAD + STRING32 + len(content).to_bytes(4, "big") + content


def _unpacked(data: bytes) -> Any:
    """Return what stands under ``OURS`` in the user data of a document; None: nothing does."""
    if data.startswith(HEAD + STRING32):
        return data[len(HEAD) + 5 :].decode()
    import srsly  # type: ignore[import-untyped]

    found = srsly.msgpack_loads(data, use_list=False)
    return found.get(OURS) if isinstance(found, dict) else None


def _load(path: Path) -> Any:
    from spacy.tokens import DocBin

    content = path.read_bytes()
    unpacker, rest, size = zlib.decompressobj(), content, 0
    try:
        while rest:
            size += len(unpacker.decompress(rest, STEP))
            rest = unpacker.unconsumed_tail
            if size > LARGEST:
                raise InputError(f"it unpacks to more than {LARGEST:,} bytes.", source=path.name)
        return DocBin().from_bytes(content)
    except InputError:
        raise
    except Exception as error:
        # What the parsers below spaCy raise is not written down anywhere.
        raise InputError(
            f"not a DocBin of spaCy: {type(error).__name__}.", source=path.name
        ) from error


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    make_doc: MakeDoc,
    text: str | None = None,
    group: str | None = None,
) -> list[LeftOut]:
    """Write a document a record, with entities and categories; tell what entities cannot say.

    A record whose spans nobody has looked at has no entities set, as spaCy tells from "none".
    Other attributes stand in ``user_data``.

    Parameters
    ----------
    group
        The group of spans to write, where spans may overlap; by default they become entities.
    """
    from spacy.tokens import DocBin

    layout = Layout(columns, tasks)
    classes, spans = layout.one_of_each("a DocBin")
    at, name = layout.text("a DocBin", text)
    names = [] if classes is None else [label.name for label in classes.task.labels]
    left_out: list[LeftOut] = []
    # Made of one vocabulary, the documents share its strings.
    made = DocBin(attrs=ATTRIBUTES)
    number = 0
    for rows in chunks:
        for row in rows:
            number += 1
            doc = make_doc(row[at] or "")
            record = layout.record(row)
            record.pop(name, None)
            made.user_data.append(_packed(json.dumps(record, ensure_ascii=False)))
            marked = None if spans is None else spans.best(row)
            if marked is None:
                doc.set_ents([], default="missing")
            elif not len(doc):
                left_out.append(LeftOut(number, None, None, None, doc.text, "it has no tokens"))
            else:
                for span in _put(doc, marked.spans, group):
                    surface = doc.text[span.start : span.end]
                    left_out.append(LeftOut(number, *span, surface, MISALIGNED))
            said = None if classes is None else classes.best(row)
            if said is not None:
                doc.cats = {one: float(one in said.labels) for one in names}
            made.add(doc)
    made.store_user_data = True
    path.write_bytes(made.to_bytes())
    return left_out


def _put(doc: Any, spans: Sequence[Span], group: str | None) -> list[Span]:
    """Set the spans of a document, and return those that it cannot hold."""
    found, lost, end = [], [], 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end, one.label)):
        one = doc.char_span(span.start, span.end, label=span.label)
        if one is None or (group is None and span.start < end):
            lost.append(span)
            continue
        found.append(one)
        end = span.end
    if group is not None:
        doc.spans[group] = found
    else:
        doc.set_ents(found, default="outside")
    return lost
