"""Datasets of the library ``datasets``: in memory or streamed, one split or several.

Features that are classes become labels: a ``ClassLabel`` a task, a list of them a task with several
labels a record, tags of tokens spans of the text that the tokens make. Nothing is fetched here;
what a name of the hub stands for is loaded by ``net.hub``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from refinery_nb.core.errors import InputError, did_you_mean
from refinery_nb.io.annotations.converted import column
from refinery_nb.io.bio import spans_of_tags
from refinery_nb.io.names import MANUAL
from refinery_nb.io.parquet import plain_column
from refinery_nb.io.reading import Raw, Reject

BATCH = 20_000
SPLIT = "split"
STRINGS = ("string", "large_string")


def is_dataset(source: Any) -> bool:
    """Return whether a source is a dataset, or several by split."""
    if isinstance(source, dict) and source:
        source = next(iter(source.values()))
    return all(hasattr(source, name) for name in ("features", "with_format", "iter"))


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of the records: its name, and how it is made from the columns of a batch."""

    name: str
    make: Callable[[Mapping[str, list[Any]], int], list[Any]]


class HubDataset:
    """A ``Dataset`` or ``DatasetDict``; splits stand in an attribute of their own.

    Parameters
    ----------
    text
        The feature that the labels are about; by default the only one of strings, or ``text``.
        Where there are several, labels are about whole records.
    """

    typed = True
    keeps = False

    def __init__(self, source: Any, *, text: str | None = None) -> None:
        self._parts: list[tuple[str | None, Any]] = (
            list(source.items()) if isinstance(source, dict) else [(None, source)]
        )
        self.name = type(source).__name__
        self.warnings: list[str] = []
        self._count = 0
        features = self._parts[0][1].features
        if features is None:
            raise InputError(
                "its features are not known.", source=self.name, hint="Pass features= to it."
            )
        for split, part in self._parts[1:]:
            if set(part.features or ()) != set(features):
                raise InputError(
                    f"the split {split!r} has other features than the first.", source=self.name
                )
        self._fields = _fields(features, text, self.name)
        if self._parts[0][0] is not None and SPLIT not in features:
            self._fields.append(_Field(SPLIT, _of_split))

    def names(self) -> list[str] | None:
        """Return the names of attributes and label columns."""
        return [field.name for field in self._fields]

    def batches(self, reject: Reject, *, check: bool) -> Iterator[Raw]:
        """Yield rows in the order of the fields."""
        number = 1
        for split, part in self._parts:
            for table in part.with_format("arrow").iter(batch_size=BATCH):
                found = {name: table.column(name).to_pylist() for name in table.column_names}
                found[""] = [split] * len(table)
                try:
                    columns = [field.make(found, number) for field in self._fields]
                except ValueError as error:
                    raise InputError(f"{error}.", source=self.name) from error
                yield Raw.of_columns(columns, number)
                number += len(table)


def _of_split(found: Mapping[str, list[Any]], first: int) -> list[Any]:
    return found[""]


def _fields(features: Mapping[str, Any], text: str | None, source: str) -> list[_Field]:
    strings = [name for name, one in features.items() if getattr(one, "dtype", None) in STRINGS]
    tokens = [
        name
        for name, one in features.items()
        if getattr(getattr(one, "feature", None), "dtype", None) in STRINGS
    ]
    tags = [name for name, one in features.items() if _classes(getattr(one, "feature", None))]
    made_of_tokens = bool(tags) and len(tokens) == 1
    if text is not None and text not in features:
        raise InputError(
            f"there is no feature {text!r}.", source=source, hint=did_you_mean(text, features)
        )
    on = text or (strings[0] if len(strings) == 1 else "text" if "text" in strings else None)
    fields = []
    if made_of_tokens:
        joined = "text" if "text" not in features else f"text of {tokens[0]}"
        fields.append(_Field(joined, _joined(tokens[0])))
    for name, feature in features.items():
        task = name.replace("__", "_")
        classes = _classes(feature)
        if classes:
            label = column(on, task, MANUAL, "label")
            fields.append(_Field(label, _label(name, classes)))
        elif made_of_tokens and name in tags:
            spans = column(joined, task, MANUAL, "spans")
            fields.append(_Field(spans, _spans(tokens[0], name, _classes(feature.feature))))
        elif name in tags:
            label = column(on, task, MANUAL, "label")
            fields.append(_Field(label, _labels(name, _classes(feature.feature))))
        elif not (made_of_tokens and name in tokens):
            fields.append(_Field(name, _plain(name)))
    return fields


def _classes(feature: Any) -> list[str]:
    """Return the names of a feature of classes, none if it is another."""
    names = getattr(feature, "names", None)
    return [str(name) for name in names] if names and hasattr(feature, "int2str") else []


def _plain(name: str) -> Callable[[Mapping[str, list[Any]], int], list[Any]]:
    return lambda found, first: plain_column(name, found[name], first, is_json=False)


def _joined(name: str) -> Callable[[Mapping[str, list[Any]], int], list[Any]]:
    return lambda found, first: [" ".join(words or ()) for words in found[name]]


def _label(
    name: str, classes: Sequence[str]
) -> Callable[[Mapping[str, list[Any]], int], list[Any]]:
    # Datasets write -1 where a label is hidden.
    known = dict(enumerate(classes))
    return lambda found, first: [known.get(value) for value in found[name]]


def _labels(
    name: str, classes: Sequence[str]
) -> Callable[[Mapping[str, list[Any]], int], list[Any]]:
    known = dict(enumerate(classes))
    return lambda found, first: [
        None if values is None else [known[value] for value in values if value in known]
        for values in found[name]
    ]


def _spans(
    words: str, name: str, classes: Sequence[str]
) -> Callable[[Mapping[str, list[Any]], int], list[Any]]:
    def make(found: Mapping[str, list[Any]], first: int) -> list[Any]:
        made: list[Any] = []
        for of_record, tags in zip(found[words], found[name], strict=True):
            if tags is None or of_record is None or -1 in tags:
                made.append(None)
                continue
            offsets, end = [], 0
            for word in of_record:
                offsets.append((end, end + len(word)))
                end += len(word) + 1
            spans = spans_of_tags([classes[tag] for tag in tags], offsets)
            made.append([list(span) for span in spans])
        return made

    return make
