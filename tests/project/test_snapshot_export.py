"""A project written as a snapshot of refinery, and read again: the same, in every part."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import InputError, QueryError
from refinery_nb.io.refinery import Snapshot, load, read_snapshot
from refinery_nb.project.snapshot.snapshot import SnapshotReport
from refinery_nb.text.tokens import all_tokens
from tests.conftest import SHARED
from tests.io.snapshots import archive, snapshot
from tests.project.test_snapshot_beside import attribute_group, of_records, task_group, vectors

REAL = ["ag_news", "conversational_ai", "DEV_global_guard_references", "ag_news_initial"]


def spoken(project: rn.Project) -> dict[str, Any]:
    """Return all that a snapshot holds of a project, by names and keys."""
    found: dict[str, Any] = {
        "attributes": [(one.name, one.type, one.is_key, one.hidden) for one in project.attributes],
        "records": repr(project.records().to_dict("list")),  # NaN is not itself
        "tokenizer": project.tokenizer,
        "lists": {name: one.frame().to_dict("list") for name, one in project.lookups.items()},
        "slices": {
            name: [list(project.slices[name].keys()), project.slices.frame().loc[at, "static"]]
            for at, name in enumerate(project.slices)
        },
        "comments": project.comments.frame().drop(columns=["id"]).to_dict("list"),
        "vectors": {},
    }
    for name, one in project.embeddings.items():
        if one.level == "record":
            ids, values = one.vectors()
            found["vectors"][name] = (one.on, one.model, ids.tolist(), values.tolist())
    for task in project.tasks.values():
        columns = project.columns.of_task(task.schema, enabled_only=False)
        runs = [run for run in task.runs() if run.model]
        found[task.name] = {
            "kind": (task.kind, task.schema.on),
            "labels": [
                (one.name, one.color, one.hotkey, one.description) for one in task.schema.labels
            ],
            "rules": (task.schema.guideline, task.schema.overlap),
            "manual": task.all_labels().drop(columns=["at"], errors="ignore").to_dict("list"),
            "votes": {name: rows(task, votes) for name, votes in columns.items()},
            "enabled": task.heuristics()[["heuristic", "enabled"]].to_numpy().tolist(),
            # Of a run that labelled nothing there is nothing in a snapshot.
            "weak": [rows(task, project.columns.weak(run.id)) for run in runs[:1] if len(run)],
        }
    return found


def rows(task: rn.Task, votes: Any) -> list[Any]:
    columns = [votes.record, votes.label, votes.confidence, votes.start, votes.end]
    names = {one.id: one.name for one in task.schema.labels}
    found = [column.tolist() for column in columns if column is not None]
    found[1] = [names[one] for one in found[1]]
    return sorted(zip(*found, strict=True))


def again(project: rn.Project, folder: Path, **options: Any) -> tuple[rn.Project, Path]:
    path = project.export(folder / "out.json.zip", **options)
    other = rn.open()
    other.add(path, password=options.get("password"))
    return other, path


@cache
def told(name: str) -> Snapshot:
    path = SHARED / "refinery" / f"{name}.json.zip"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    return read_snapshot(load(path)[0])


@pytest.mark.parametrize("name", REAL)
def test_real_snapshots_are_written_so_that_they_read_the_same(name: str, tmp_path: Path) -> None:
    before = told(name)
    with rn.open() as project:
        project.add(SHARED / "refinery" / f"{name}.json.zip")
        other, path = again(project, tmp_path)
        with other:
            assert spoken(other) == spoken(project)
    written = read_snapshot(load(path)[0])
    assert written.faults == ()
    for part in ("attributes", "records", "tasks", "heuristics", "lists", "slices", "comments"):
        assert len(getattr(written, part)) == len(getattr(before, part)), part
    assert [len(task.labels) for task in written.tasks] == [len(t.labels) for t in before.tasks]
    for mine, theirs in zip(written.tasks, before.tasks, strict=True):
        assert len(written.manual.get(mine.id, ())) == len(before.manual.get(theirs.id, ()))
        assert len(written.weak.get(mine.id, ())) == len(before.weak.get(theirs.id, ()))
        # A span that stands twice in refinery is one span.
        said = {(v.by, v.record, v.label, v.tokens) for v in before.votes.get(theirs.id, ())}
        assert len(written.votes.get(mine.id, ())) == len(said)
        assert [one.color for one in mine.labels] == [one.color for one in theirs.labels]
    vectors_of = [len(one.vectors) for one in before.embeddings if one.vectors]
    assert [len(one.vectors) for one in written.embeddings] == vectors_of


def full(project: rn.Project, folder: Path) -> None:
    """Bring all parts of a snapshot into a project."""
    tables = snapshot(**vectors({"model": "bert"}, of_records()))
    tables["data_slice_data"] = [
        {"id": "d1", "name": "hard", "static": True},
        {"id": "d2", "name": "Ajax", "filter_raw": attribute_group("text", "CONTAINS", "Ajax")},
        {
            **{"id": "d3", "name": "sure"},
            "filter_raw": task_group(confidence={"lower": 95, "upper": 100}),
        },
    ]
    members = [{"data_slice_id": "d1", "record_id": one} for one in ("r3", "r0")]
    tables["data_slice_record_association_data"] = members
    tables["comments"] = [
        {
            **{"xftype": kind, "xfkey": key, "comment": kind, "created_by": "ann-id"},
            "created_at": "2022-07-05 12:00:00",
        }
        for kind, key in [
            *(("RECORD", "r1"), ("LABELING_TASK", "t1"), ("LABEL", "s1"), ("HEURISTIC", "h2")),
            *(("DATA_SLICE", "d3"), ("ATTRIBUTE", "a2"), ("KNOWLEDGE_BASE", "k1")),
            ("EMBEDDING", "e1"),
        ]
    ]
    report = project.add(archive(folder, tables))
    assert isinstance(report, SnapshotReport)
    assert (report.slices, report.comments, report.vectors, report.left_out) == (3, 8, 5, ())


def test_every_part_is_written_and_read_again(project: rn.Project, tmp_path: Path) -> None:
    full(project, tmp_path)
    other, path = again(project, tmp_path)
    with other:
        assert spoken(other) == spoken(project)
        waiting = {name: task.trust()["heuristic"].tolist() for name, task in other.tasks.items()}
        assert waiting == {"topic": ["lkp_teams"], "names": ["orgs"]}
        first = path.read_bytes()
        third, path = again(other, tmp_path)
        with third:
            assert spoken(third) == spoken(project)
    one, two = (json.loads(zipfile.ZipFile(_file(data)).read("out.json")) for data in (first, path))
    for table in one:
        if table not in ("data_slice_data", "project_details_data", "weak_supervision_task_data"):
            mine, theirs = ([_plain(row) for row in found[table]] for found in (one, two))
            assert mine == theirs, table


def _file(data: bytes | Path) -> Any:
    import io

    return io.BytesIO(data) if isinstance(data, bytes) else data


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is of the project that was written, or of the moment."""
    gone = ("created_by", "created_at", "started_at", "finished_at", "id")
    return {key: value for key, value in row.items() if key not in gone}


def test_an_archive_with_a_password_is_encrypted_as_refinery_does(
    project: rn.Project, tmp_path: Path
) -> None:
    full(project, tmp_path)
    other, path = again(project, tmp_path, password="geheim")
    with other, rn.open() as third:
        assert spoken(other) == spoken(project)
        assert zipfile.ZipFile(path).infolist()[0].compress_type == 99  # AES, as WinZip does
        assert b"Ajax" not in path.read_bytes()
        with pytest.raises(InputError, match="password is wrong"):
            third.add(path, password="other")
        with pytest.raises(InputError, match="is encrypted"):
            third.add(path)
        with pytest.raises(InputError, match="the password is empty"):
            project.export(path, password="")


def test_what_refinery_has_no_place_for_is_said(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"id": "a", "text": "unhappy New York"}, {"id": "b", "text": "x"}], key="id")
    spans = project.task("spans", ["CITY"], on="text", kind="spans")
    topic = project.task("topic", ["A", "B"])
    spans.label("a", [(2, 7, "CITY"), (8, 16, "CITY")])
    spans.label("b", [])
    topic.label("b", rn.NONE)
    written = project.export(tmp_path / "out.zip")
    found = written.left_out[["key", "start", "end", "text", "why"]].astype(object).fillna("")
    assert found.to_numpy().tolist() == [
        ["a", 2.0, 7.0, "happy", "the span was widened to whole tokens"],
        ["b", "", "", "", "ann said: reviewed, none (spans)"],
        ["b", "", "", "", "ann said: reviewed, none (topic)"],
    ]
    with rn.open() as other:
        other.add(written)
        gold = other.task("spans").gold()
        assert gold[["start", "end"]].to_numpy().tolist() == [[0, 7], [8, 16]]


def test_rules_that_refinery_lacks_stand_with_their_votes(
    project: rn.Project, tmp_path: Path
) -> None:
    project.add([{"id": "a", "text": "a goal"}, {"id": "b", "text": "a share"}], key="id")
    topic = project.task("topic", {"Sports": "#3b6fd4"}, on="text")
    topic.add(rn.Regex("Sports", "goal", name="goals"))
    topic.run(progress=False)
    other, path = again(project, tmp_path)
    with other:
        task = other.task("topic")
        votes = other.columns.of_task(task.schema)["goals"]
        assert (votes.record.tolist(), votes.confidence.tolist()) == ([1], [1.0])
        assert task.heuristics()["kind"].tolist() == ["foreign"]
        assert task.schema.labels[0].color == "#3b6fd4"
    tables = json.loads(zipfile.ZipFile(path).read("out.json"))
    # Refinery shows the nearest of its 17 colours.
    assert tables["labeling_task_labels_data"][0]["color"] == "blue"
    tables["labeling_task_labels_data"][0]["refinery_nb"]["color"] = "red;background:url(//x)"
    with rn.open() as third:
        third.add(archive(tmp_path, tables))
        assert third.task("topic").schema.labels[0].color == "#3b82f6"


def test_a_source_that_was_changed_after_it_had_voted_is_written_so(
    project: rn.Project, tmp_path: Path
) -> None:
    sources = snapshot()["information_sources_data"]
    older = [
        {"source_id": one, "iteration": 1, "state": "FINISHED", "source_code": code}
        for one, code in (("h1", "def lf(record):\n    return 'Sports'"), ("h2", "older"))
    ]
    tables = snapshot(information_source_payloads_data=older, information_sources_data=sources)
    project.add(archive(tmp_path, tables))
    other, path = again(project, tmp_path)
    with other:
        for one in (project, other):
            topic = one.task("topic")
            assert [len(topic.versions(name)) for name in ("lkp_teams", "learner")] == [2, 2]
        assert spoken(other) == spoken(project)
    found = read_snapshot(load(path)[0]).heuristics
    told = {one.name: (one.source, one.voted_with) for one in found}
    assert told["lkp_teams"] == (sources[0]["source_code"], older[0]["source_code"])


def test_what_refinery_has_no_word_for_is_written_beside(
    project: rn.Project, tmp_path: Path
) -> None:
    """Several labels a record, guidelines, descriptions, overlaps: refinery passes over them."""
    project.add([{"id": "a", "text": "a goal"}, {"id": "b", "text": "a share"}], key="id")
    topics = project.task(
        "topics", ["A", "B", "C"], on="text", kind="multilabel", guideline="# Look"
    )
    topics.change_label("A", description="What *A* means")
    project.task("spans", ["S"], on="text", kind="spans", overlap="flat")
    topics.label("a", ["A", "C"])
    topics.label("b", ["B"], by="bob")
    topics.add(rn.Regex("A", "goal", name="goals"))
    topics.run(progress=False)
    other, path = again(project, tmp_path)
    with other:
        assert spoken(other) == spoken(project)
    found = json.loads(zipfile.ZipFile(path).read("out.json"))
    assert [row["task_type"] for row in found["labeling_tasks_data"]] == [
        "MULTICLASS_CLASSIFICATION",
        "INFORMATION_EXTRACTION",
    ]


def test_a_view_and_some_sources_may_be_written(project: rn.Project, tmp_path: Path) -> None:
    full(project, tmp_path)
    path = tmp_path / "some.zip"
    view = project.where(project["running_id"] < 2)
    written = project.export(path, view, sources=["manual"])
    assert written.records == 2
    found = read_snapshot(load(path)[0])
    assert found.faults == ()
    assert [len(found.records), len(found.heuristics), len(found.runs)] == [2, 0, 0]
    assert [len(said) for said in found.manual.values()] == [2, 1]
    assert [len(one.vectors) for one in found.embeddings] == [2]
    with pytest.raises(QueryError, match="holds all tasks"):
        project.export(path, tasks=["topic"])


def test_a_failed_export_leaves_the_older_file(
    project: rn.Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K5."""
    full(project, tmp_path)
    path = tmp_path / "news.zip"
    path.write_bytes(b"older")
    monkeypatch.setattr("refinery_nb.io.refinery.writer._pack", None)
    with pytest.raises(TypeError):
        project.export(path)
    assert path.read_bytes() == b"older"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["news.json.zip", "news.zip"]
    with pytest.raises(InputError, match="its folder does not exist"):
        project.export(tmp_path / "gone" / "news.zip")


def test_a_snapshot_that_could_not_be_read_again_is_not_written(
    project: rn.Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add([{"text": "a"}])
    monkeypatch.setattr("refinery_nb.io.refinery.writer.MOST_BYTES", 100)
    with pytest.raises(InputError, match=r"project\.save"):
        project.export(tmp_path / "out.zip")
    assert not list(tmp_path.iterdir())


def test_what_packs_like_a_bomb_is_stored(project: rn.Project, tmp_path: Path) -> None:
    """I3: our reader refuses what unpacks to hundreds of times its size."""
    project.add([{"id": n, "text": "x" * 400_000} for n in range(5)], key="id")
    other, path = again(project, tmp_path)
    with other:
        assert len(other) == 5
    assert path.stat().st_size > 2_000_000


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
)


@st.composite
def small(draw: st.DrawFn) -> dict[str, Any]:
    """Return the plan of a small project."""
    texts = draw(st.lists(TEXT, min_size=1, max_size=6))
    people = ["ann", "bob"]
    return {
        "texts": texts,
        "flags": [draw(st.sampled_from([True, False, None])) for _ in texts],
        "numbers": [draw(st.sampled_from([1.5, -2.0, None, 1e300])) for _ in texts],
        "nested": [draw(st.sampled_from([{"a": [1]}, [1, "x"], {}])) for _ in texts],
        "labels": [
            (draw(st.sampled_from(people)), at, draw(st.sampled_from("AB")))
            for at in range(len(texts))
            if draw(st.booleans())
        ],
        "spans": [(at, draw(st.booleans())) for at in range(len(texts))],
        "terms": draw(st.lists(TEXT.filter(str.strip), max_size=4, unique_by=str.strip)),
        "comment": draw(TEXT.filter(str.strip)),
        "picked": draw(st.lists(st.integers(0, len(texts) - 1), max_size=4, unique=True)),
    }


def make_small(project: rn.Project, plan: dict[str, Any]) -> None:
    """Fill a project as a plan says."""
    names = ("texts", "flags", "numbers", "nested")
    project.add(
        [
            {"id": str(at), "text": text, "flag": flag, "number": number, "nested": nested}
            for at, (text, flag, number, nested) in enumerate(
                zip(*(plan[name] for name in names), strict=True)
            )
        ],
        key="id",
        types={"id": "text", "text": "text", "flag": "boolean", "number": "float"},
    )
    topic = project.task("topic", {"A": "#ef4444", "B": "#0ea5e9"}, on="text")
    for who, at, label in plan["labels"]:
        topic.label(str(at), label, by=who)
    spans = project.task("spans", {"S": "#22c55e"}, on="text", kind="spans")
    for at, wanted in plan["spans"]:
        tokens = all_tokens(plan["texts"][at], project.tokenizer).tolist()
        if wanted and tokens:
            spans.label(str(at), [(tokens[0][0], tokens[-1][1], "S")])
    topic.add(rn.Regex("A", "a", name="has a"))
    topic.run(progress=False)
    topic.supervise()
    project.lookups["words"] = plan["terms"]
    project.comments.add(plan["comment"], record="0")
    project.slices.save(
        "picked", project.where(project["id"].isin([str(n) for n in plan["picked"]])),
        static=True,
    )  # fmt: skip
    project.slices["unlabelled"] = project.where(topic.unlabeled)
    if any(text.strip() for text in plan["texts"]):
        project.embed("text", name="ones", model=_ones, progress=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=small())
def test_small_projects_are_written_and_read_again(
    plan: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    with rn.open(by="ann") as project:
        make_small(project, plan)
        other, _ = again(project, folder)
        with other:
            mine, theirs = spoken(project), spoken(other)
            assert theirs == mine


def _ones(texts: list[str]) -> Any:
    return np.array([[len(text), 1.0] for text in texts], np.float32)


def test_the_statistics_that_are_written_are_those_of_the_file(tmp_path: Path) -> None:
    """What the learner of AG News hits is stored in it, and counted again here (2.9)."""
    before = told("ag_news")
    with rn.open() as project:
        project.add(SHARED / "refinery" / "ag_news.json.zip")
        written = read_snapshot(load(project.export(tmp_path / "out.zip"))[0])
    rows = [
        {
            (names[one.heuristic], one.label and labels[one.label]): one
            for one in snapshot.statistics
        }
        for snapshot in (before, written)
        for names in [{one.id: one.name for one in snapshot.heuristics}]
        for labels in [{one.id: one.name for task in snapshot.tasks for one in task.labels}]
    ]
    assert rows[0].keys() == rows[1].keys()
    for key, stored in rows[0].items():
        ours = rows[1][key]
        assert (ours.coverage, ours.hits) == (stored.coverage, stored.hits), key
        assert (ours.conflicts, ours.overlaps) == (stored.conflicts, stored.overlaps), key
        if not key[0].startswith("lkp_"):
            assert ours.true_positives == stored.true_positives, key
