"""What a snapshot of refinery holds, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SnapshotAttribute:
    """An attribute; ``type`` as refinery calls it, such as TEXT or EMBEDDING_LIST.

    ``calculated`` is the Python source that its values were made by; empty: they were uploaded.
    ``visibility`` is HIDE, HIDE_ON_LABELING_PAGE, HIDE_ON_DATA_BROWSER or DO_NOT_HIDE.
    """

    id: str
    name: str
    type: str
    is_key: bool
    calculated: str = ""
    visibility: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotLabel:
    """A label; ``color`` is a name such as ``red`` (or ours), ``hotkey`` may be empty."""

    id: str
    name: str
    color: str
    hotkey: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotTask:
    """A task with its labels; ``attribute`` is an id, None for the whole record.

    ``is_multi`` (a record may have several labels), ``guideline`` and ``overlap`` are what refinery
    lacks, and we write beside it.
    """

    id: str
    name: str
    is_spans: bool
    attribute: str | None
    labels: tuple[SnapshotLabel, ...]
    is_multi: bool = False
    guideline: str = ""
    overlap: str = "any"


@dataclass(frozen=True, slots=True)
class SnapshotHeuristic:
    """An information source: ``type`` LABELING_FUNCTION, ACTIVE_LEARNING ...

    Attributes
    ----------
    source, voted_with
        Its source as it is, and as it was in the last run that finished; None: there was none.
    trained_on
        Ids of the records that do not count for its precision.
    """

    id: str
    name: str
    task: str
    type: str
    description: str
    source: str
    voted_with: str | None
    is_selected: bool
    trained_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A label that somebody or something gave a record.

    Attributes
    ----------
    by
        The user, the heuristic or the run of weak supervision, by id.
    tokens
        The first and last token of a span.
    """

    record: str
    label: str
    by: str
    confidence: float
    at: str
    gold_star: bool = False
    tokens: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SnapshotRun:
    """A run of weak supervision whose labels are in the snapshot."""

    id: str
    at: str
    heuristics: str


@dataclass(frozen=True, slots=True)
class SnapshotList:
    """A lookup list: (term, blacklisted, comment)."""

    id: str
    name: str
    description: str
    terms: tuple[tuple[str, bool, str], ...]


@dataclass(frozen=True, slots=True)
class SnapshotStatistics:
    """The stored statistics of a heuristic and label; None: not counted."""

    heuristic: str
    label: str
    true_positives: int | None
    false_positives: int | None
    false_negatives: int | None
    coverage: int | None
    hits: int | None
    conflicts: int | None
    overlaps: int | None


@dataclass(frozen=True, slots=True)
class SnapshotEmbedding:
    """Vectors of an attribute.

    Attributes
    ----------
    of_tokens
        Whether each token has a vector, rather than each record.
    vectors
        (record, numbers) in the order of the file: a list of numbers, or of such lists; several
        of one record where the attribute is a list of texts.
    absent
        Records that have a vector and are not in the snapshot.
    """

    id: str
    name: str
    attribute: str
    of_tokens: bool
    platform: str
    model: str
    vectors: tuple[tuple[str, Any], ...]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SnapshotSlice:
    """A slice; ``records`` are those of a static one, in order, ``filter`` how it was chosen.

    ``selection`` is what we wrote ourselves for a dynamic one.
    """

    id: str
    name: str
    at: str
    static: bool
    records: tuple[str, ...]
    absent: int
    filter: Any
    info: str
    selection: Any = None


@dataclass(frozen=True, slots=True)
class SnapshotComment:
    """What somebody said; ``on`` as refinery calls it: RECORD, LABELING_TASK, HEURISTIC ..."""

    on: str
    target: str
    by: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A project of refinery.

    Attributes
    ----------
    records
        (id, attribute values), in order.
    manual, votes, weak
        By task id.
    left_out
        What is in it and has no place here, in words: ``1 notification``.
    faults
        What cannot be, and was dropped: ``2 labels of records that are not there``.
    """

    name: str
    description: str
    tokenizer: str
    attributes: tuple[SnapshotAttribute, ...]
    records: tuple[tuple[str, dict[str, Any]], ...]
    tasks: tuple[SnapshotTask, ...]
    heuristics: tuple[SnapshotHeuristic, ...]
    runs: tuple[SnapshotRun, ...]
    lists: tuple[SnapshotList, ...]
    statistics: tuple[SnapshotStatistics, ...]
    manual: Mapping[str, list[Said]]
    votes: Mapping[str, list[Said]]
    weak: Mapping[str, list[Said]]
    token_counts: Mapping[tuple[str, str], int]
    embeddings: tuple[SnapshotEmbedding, ...]
    slices: tuple[SnapshotSlice, ...]
    comments: tuple[SnapshotComment, ...]
    left_out: tuple[str, ...]
    faults: tuple[str, ...]
