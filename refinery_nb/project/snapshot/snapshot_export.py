"""Writing a project as a snapshot of refinery: one that refinery, and this package, read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refinery_nb.core.condition_json import selection_from_json, selection_to_json
from refinery_nb.core.errors import RefineryError
from refinery_nb.core.schema import Attribute, AttributeType, Overlap
from refinery_nb.io.refinery import COLORS
from refinery_nb.io.refinery.beside import OURS
from refinery_nb.io.refinery.writer import write_archive
from refinery_nb.project.records.export import Exported
from refinery_nb.project.snapshot.snapshot_beside import HIDDEN, ON
from refinery_nb.project.snapshot.snapshot_export_said import Written, refinery_time
from refinery_nb.project.snapshot.snapshot_export_vectors import embeddings, tensors
from refinery_nb.project.snapshot.snapshot_said import language_of
from refinery_nb.store import comments, lookups, records, schema, slices

if TYPE_CHECKING:
    from refinery_nb.project.project import Project
    from refinery_nb.project.view import View

TYPES = {
    AttributeType.TEXT: "TEXT",
    AttributeType.CATEGORY: "CATEGORY",
    AttributeType.INTEGER: "INTEGER",
    AttributeType.FLOAT: "FLOAT",
    AttributeType.BOOLEAN: "BOOLEAN",
}
# The packages that refinery offers; other languages stand by their code.
TOKENIZERS = {"en": "en_core_web_sm", "de": "de_core_news_sm"}
SOURCES = ("manual", "weak", "heuristics")


def export_snapshot(
    project: Project,
    path: Path,
    view: View | None = None,
    *,
    password: str | None = None,
    sources: Sequence[str] = SOURCES,
) -> Exported:
    """Write records, tasks, labels of all sources, lists, slices, comments and vectors.

    What refinery has no place for is said in ``left_out``: "reviewed, none", flags, spans that no
    longer fit their text; spans between tokens are widened to whole ones. A heuristic of a kind
    that refinery lacks stands with its votes. A dynamic slice becomes a static one there, and is a
    dynamic one again here.

    Parameters
    ----------
    view
        Which records; None: all.
    password
        Encrypts the archive with AES, as refinery does.
    sources
        Of ``manual``, ``weak`` (the newest run of each task) and ``heuristics``.

    Raises
    ------
    InputError
        If the file cannot be written; one that stood there stays as it was.
    MissingExtra
        If there is a password, and ``pyzipper`` is not installed.
    """
    ids = (project.view() if view is None else view).ids().tolist()
    written = Written(project, ids, tuple(sources))
    tables = _tables(project, written)
    write_archive(path.expanduser(), tables, password)
    done = Exported(path.expanduser())
    done.records = len(ids)
    done.left_out = written.left_out()
    return done


def _tables(project: Project, written: Written) -> Mapping[str, Any]:
    """Return the tables in refinery's order; most are made while they are written."""
    return {
        "project_details_data": _details(project, written),
        "records_data": _records(project, written),
        "embeddings_data": embeddings(project, written),
        "embedding_tensors_data": tensors(project, written),
        "attributes_data": _attributes(project, written),
        "labeling_tasks_data": _tasks(written),
        "labeling_task_labels_data": _labels(written),
        "information_sources_data": written.heuristics(),
        "information_source_payloads_data": written.payloads(),
        "information_source_statistics_data": written.statistics(),
        "information_source_statistics_exclusion_data": written.exclusions(),
        "record_label_associations_data": written.associations(),
        "record_label_association_tokens_data": written.tokens(),
        "record_attribute_token_statistics_data": [],
        "knowledge_bases_data": _lists(project, written),
        "weak_supervision_task_data": written.runs(),
        "terms_data": _terms(project, written),
        "data_slice_data": _slices(project, written),
        "data_slice_record_association_data": _members(project, written),
        "comments": _comments(project, written),
    }


def _details(project: Project, written: Written) -> dict[str, Any]:
    language = project.tokenizer
    model = next((spec["model"] for spec in written.specs if spec.get("model")), "")
    fits = language_of(model) == language if isinstance(model, str) else False
    return {
        "id": written.id("project", project.name),
        "name": project.name,
        "description": "",
        "tokenizer": model if fits else TOKENIZERS.get(language, language),
        "status": "INIT_COMPLETE",
    }


def _records(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    with project.database.read() as connection:
        attributes = schema.attributes(connection)
        for id_, _, values in records.values(connection, attributes, written.ids):
            data = {
                one.name: records.plain(one, value)
                for one, value in zip(attributes, values, strict=True)
            }
            yield {"id": written.record(id_), "data": data, "category": "SCALE"}


def _attributes(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    visibility = {frozenset(places): name for name, places in HIDDEN.items()}
    for at, one in enumerate(project.attributes):
        yield {
            "id": written.id("attribute", one.name),
            "name": one.name,
            "data_type": TYPES.get(one.type) or _of_json(project, one, written.ids),
            "is_primary_key": one.is_key,
            "relative_position": at,
            "user_created": False,
            "source_code": None,
            "state": "UPLOADED",
            "logs": None,
            "visibility": visibility.get(one.hidden, "DO_NOT_HIDE"),
            "started_at": None,
            "finished_at": None,
        }


def _of_json(project: Project, attribute: Attribute, ids: Sequence[int]) -> str:
    """Return the type of nested values: lists of texts have one of their own."""
    with project.database.read() as connection:
        for _, _, (value,) in records.values(connection, [attribute], ids):
            found = records.plain(attribute, value)
            texts = isinstance(found, list) and all(isinstance(one, str) for one in found)
            if found is not None and not texts:
                return "UNKNOWN"
    return "EMBEDDING_LIST"


def _tasks(written: Written) -> Iterator[dict[str, Any]]:
    for task in written.tasks:
        spans = task.is_spans
        yield {
            "id": written.id("task", task.name),
            "attribute_id": "None" if task.on is None else written.id("attribute", task.on),
            "name": task.name,
            "task_target": "ON_WHOLE_RECORD" if task.on is None else "ON_ATTRIBUTE",
            "task_type": "INFORMATION_EXTRACTION" if spans else "MULTICLASS_CLASSIFICATION",
            **_ours(
                kind=task.kind.value if task.is_multi else "",
                guideline=task.guideline,
                overlap="" if task.overlap is Overlap.ANY else task.overlap.value,
            ),
        }


def _labels(written: Written) -> Iterator[dict[str, Any]]:
    known = set(COLORS.values())
    for task in written.tasks:
        for label in task.labels:
            yield {
                "id": written.id("label", task.name, label.name),
                "labeling_task_id": written.id("task", task.name),
                "name": label.name,
                "color": color_name(label.color),
                "hotkey": label.hotkey or None,
                **_ours(
                    color="" if label.color in known else label.color,
                    description=label.description,
                ),
            }


def _ours(**said: str) -> dict[str, Any]:
    """Return what refinery has no place for: it passes over it, and we read it again."""
    found = {name: value for name, value in said.items() if value}
    return {OURS: found} if found else {}


def color_name(color: str) -> str:
    """Return the name of refinery's colour that is nearest to one.

    >>> color_name("#ef4444"), color_name("#3b6fd4")
    ('red', 'blue')
    """

    def parts(text: str) -> tuple[int, ...]:
        return tuple(int(text[at : at + 2], 16) for at in (1, 3, 5))

    wanted = parts(color)
    return min(
        COLORS,
        key=lambda name: sum(
            (a - b) ** 2 for a, b in zip(parts(COLORS[name]), wanted, strict=True)
        ),
    )


def _lists(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    with project.database.read() as connection:
        for name, row in lookups.lists(connection).items():
            yield {
                "id": written.id("list", name),
                "name": name,
                "description": row.comment or None,
            }


def _terms(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    with project.database.read() as connection:
        for name, row in lookups.lists(connection).items():
            for term, out, said in lookups.terms(connection, row.id):
                yield {
                    "knowledge_base_id": written.id("list", name),
                    "value": term,
                    "comment": said or None,
                    "blacklisted": out,
                }


def _slices(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    with project.database.read() as connection:
        rows = list(slices.slices(connection).values())
    for row in rows:
        info: dict[str, Any] = {"comment": row.comment} if row.comment else {}
        if not row.static:
            try:
                found = selection_to_json(selection_from_json(row.selection))
                info["selection"] = written.without_runs(found)
                count = len(project.slices[row.name])
            except RefineryError as error:
                written.lose(f"the slice {row.name!r} is written without records: {error.message}")
                count = 0
        else:
            count = len(project.slices[row.name])
        yield {
            "id": written.id("slice", row.name),
            "created_at": refinery_time(row.at),
            "created_by": project.actor,
            "name": row.name,
            "filter_data": None,
            "static": True,
            "filter_raw": None,
            "count": count,
            "count_sql": None,
            "slice_type": "STATIC_DEFAULT",
            "info": {OURS: info} if info else None,
        }


def _members(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    among = set(written.ids)
    for name, view in project.slices.items():
        try:
            ids = view.ids().tolist()
        except RefineryError:
            continue  # said with the slice
        for record in ids:
            if record in among:
                yield {
                    "data_slice_id": written.id("slice", name),
                    "record_id": written.record(record),
                    "outlier_score": None,
                }


def _comments(project: Project, written: Written) -> Iterator[dict[str, Any]]:
    kinds = {kind: there for there, kind in ON.items()}
    places: dict[str, Callable[[comments.CommentRow], str]] = {
        "record": lambda row: written.record(row.target),
        "label": lambda row: written.id("label", row.task or "", row.name),
        "heuristic": lambda row: written.id("heuristic", row.task or "", row.name),
        "lookup": lambda row: written.id("list", row.name),
    }
    with project.database.read() as connection:
        rows = comments.comments(connection)
    among = set(written.ids)
    for at, row in enumerate(rows):
        if row.kind == "record" and row.target not in among:
            continue
        place = places.get(row.kind)
        yield {
            "id": written.id("comment", str(row.id)),
            "xftype": kinds[row.kind],
            "xfkey": place(row) if place is not None else written.id(row.kind, row.name),
            "order_key": at,
            "comment": row.text,
            "is_markdown": False,
            "is_private": False,
            "created_by": row.actor,
            "created_at": refinery_time(row.at),
        }
