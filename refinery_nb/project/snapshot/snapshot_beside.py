"""Hotkeys, slices and comments of a snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from refinery_nb.core.condition_json import selection_from_json, selection_to_json
from refinery_nb.core.errors import RefineryError
from refinery_nb.core.query import Selection
from refinery_nb.core.schema import PLACES, TaskSchema
from refinery_nb.io.refinery import Names, SnapshotSlice
from refinery_nb.project.snapshot.snapshot_filters import Known, Untranslatable, selection
from refinery_nb.project.snapshot.snapshot_said import said_when, when
from refinery_nb.store import (
    attributes,
    comments,
    embeddings,
    heuristics,
    lookups,
    schema,
    slices,
    weak,
)

if TYPE_CHECKING:
    from refinery_nb.project.snapshot.snapshot import SnapshotImporter
    from refinery_nb.project.snapshot.snapshot_rules import AddedHeuristics

# Where refinery does not show an attribute, by its names for that.
HIDDEN = {
    "HIDE": PLACES,
    "HIDE_ON_LABELING_PAGE": ("labeler",),
    "HIDE_ON_DATA_BROWSER": ("browser",),
}
# What refinery lets comment on, as it is called here; others have no place (organizations, users).
ON = {
    "RECORD": "record",
    "LABELING_TASK": "task",
    "LABEL": "label",
    "HEURISTIC": "heuristic",
    "DATA_SLICE": "slice",
    "ATTRIBUTE": "attribute",
    "KNOWLEDGE_BASE": "lookup",
    "EMBEDDING": "embedding",
}


def add_hotkeys(importer: SnapshotImporter, task: TaskSchema, fresh: Mapping[str, str]) -> None:
    """Give the new labels of a task the keys that they have in refinery.

    A key that another new label got by itself is taken from it; one of an older label stays.

    Parameters
    ----------
    fresh
        Key by id of the label there.
    """
    wanted = {importer.labels[id_]: key for id_, key in fresh.items() if len(key) == 1}
    new = {importer.labels[id_] for id_ in fresh}
    taken = {one.hotkey for one in task.labels if one.id not in new}
    keys: dict[int, str] = {}
    for id_, key in wanted.items():
        if key not in taken:
            keys[id_] = key
            taken.add(key)
    for label in task.labels:
        key = keys.get(label.id, "" if label.hotkey in keys.values() else label.hotkey)
        if key != label.hotkey:
            schema.dress_label(importer.connection, replace(label, hotkey=key))


def describe_labels(importer: SnapshotImporter, task: int, said: Mapping[str, str]) -> None:
    """Keep what labels mean, by their ids there, where nothing is said of them yet."""
    wanted = {importer.labels[id_]: text for id_, text in said.items() if text}
    for known in schema.tasks(importer.connection) if wanted else ():
        for label in known.labels if known.id == task else ():
            if label.id in wanted and not label.description:
                described = replace(label, description=wanted[label.id])
                schema.dress_label(importer.connection, described)


def hide_attributes(importer: SnapshotImporter, stood: Collection[str]) -> None:
    """Hide the attributes that are hidden in refinery, but those that stood here before."""
    here = {one.name: one.id for one in schema.attributes(importer.connection)}
    for one in importer.snapshot.attributes:
        name, places = importer.names[one.name], HIDDEN.get(one.visibility, ())
        if places and name in here and name not in stood:
            attributes.hide(importer.connection, here[name], places)


def add_slices(importer: SnapshotImporter, added: AddedHeuristics) -> tuple[int, list[str]]:
    """Keep the slices; return how many are new, and those whose filter has no meaning here."""
    connection, made, left_out = importer.connection, 0, []
    known, stand = _known(importer, added), slices.slices(connection)
    names = Names(stand)
    for one in importer.snapshot.slices:
        name = names.fitting(one.name)
        ids = np.array([importer.ids[record] for record in one.records], np.int64)
        if one.absent:
            importer.warnings.append(
                f"{one.absent:,} records of the slice {name!r} are not in the snapshot"
            )
        if name in stand:
            importer.slices[one.id] = stand[name].id
            continue
        static = one.static and one.selection is None
        try:
            chosen = _selection(one, known)
        except Untranslatable as error:
            if not one.static:
                left_out.append(f"the slice {one.name!r} ({error})")
                continue
            chosen, static = Selection(), True
        slices.save(
            connection,
            name,
            selection_to_json(chosen),
            at=when(one.at),
            records=ids if static else None,
            comment=one.info,
        )
        importer.slices[one.id] = slices.slices(connection)[name].id
        made += 1
    return made, left_out


def _selection(one: SnapshotSlice, known: Known) -> Selection:
    if one.selection is None:
        return selection(one.filter, known)
    try:
        return selection_from_json(_with_runs(one.selection, known))
    except RefineryError as error:
        raise Untranslatable(error.message) from error


def _with_runs(document: Any, known: Known) -> Any:
    """Put the runs that came with the snapshot into a selection that we wrote."""
    if isinstance(document, list):
        return [_with_runs(one, known) for one in document]
    if not isinstance(document, dict):
        return document
    found = {key: _with_runs(value, known) for key, value in document.items()}
    if found.get("is") == "weak":
        runs = {task.name: known.runs.get(id_) for id_, task in known.tasks.items()}
        found["run"] = runs.get(str(found.get("task"))) if found.get("run") == 0 else None
        if found["run"] is None:
            raise Untranslatable("it asks for a run of weak supervision that is not here")
    return found


def _known(importer: SnapshotImporter, added: AddedHeuristics) -> Known:
    connection = importer.connection
    types = {one.name: one.type for one in schema.attributes(connection)}
    tasks = {task.id: task for task in schema.tasks(connection)}
    runs = {}
    for id_, task in importer.tasks.items():
        of_task = weak.runs(connection, task.id)
        if of_task:
            runs[id_] = of_task[-1].id
    names = {row.id: row.name for row in heuristics.heuristics(connection)}
    return Known(
        {there: (here, types[here]) for there, here in importer.names.items() if here in types},
        {id_: tasks[task.id] for id_, task in importer.tasks.items()},
        {id_: names[here] for id_, here in added.ids.items()},
        importer.labels,
        runs,
    )


def add_comments(importer: SnapshotImporter, added: AddedHeuristics) -> int:
    """Keep the comments that are new; return how many there are."""
    connection, made = importer.connection, 0
    places, missing = _places(importer, added), Counter[str]()
    for one in importer.snapshot.comments:
        kind = ON.get(one.on)
        target = places[kind].get(one.target) if kind is not None else None
        if kind is None or target is None:
            missing[one.on.lower().replace("_", " ")] += 1
            continue
        said = said_when(one.at)  # one without a time is the same whenever it comes
        if not comments.stands(connection, kind, target, one.by, one.text, at=said):
            comments.add(connection, kind, target, one.by, one.text, at=when(one.at))
            made += 1
    importer.warnings += [
        f"{count:,} comments on a {what} were left out: it is not here"
        for what, count in missing.items()
    ]
    return made


def _places(importer: SnapshotImporter, added: AddedHeuristics) -> dict[str, dict[str, Any]]:
    """Return the ids here of what can be commented on, by the ids there."""
    connection = importer.connection
    known_attributes = {one.name: one.id for one in schema.attributes(connection)}
    known = lookups.lists(connection)
    vectors = embeddings.embeddings(connection)
    return {
        "record": importer.ids,
        "task": {id_: task.id for id_, task in importer.tasks.items()},
        "label": importer.labels,
        "heuristic": added.ids,
        "slice": importer.slices,
        "attribute": {
            one.id: known_attributes[importer.names[one.name]]
            for one in importer.snapshot.attributes
            if importer.names[one.name] in known_attributes
        },
        "lookup": {one.id: known[name].id for one, name in importer.lists if name in known},
        "embedding": {
            id_: vectors[name].id for id_, name in importer.embeddings.items() if name in vectors
        },
    }
