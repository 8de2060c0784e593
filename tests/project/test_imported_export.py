"""Export, import, export with the votes of heuristics."""

from __future__ import annotations

from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import InputError

COLUMN = "text__t__INFORMATION_SOURCE__m"
SOURCES = ["manual", "weak", "heuristics"]


@pytest.fixture
def voted(project: rn.Project) -> rn.Project:
    rows = [{"id": f"r{n}", "text": f"Order A-{n} from Acme 💩 number {n}"} for n in range(8)]
    project.add(rows, key="id")
    topic = project.task("topic", ["World", "Sports"], on="text")
    names = project.task("names", ["ORG", "ORDER"], on="text", kind="spans")
    topic.label("r1", "Sports")
    topic.label("r2", "World", by="bob")
    topic.add(rn.Lookup("World", ["3", "4"], "three or four"))
    topic.add(rn.Imported({"r5": ("Sports", 0.3), "r6": ("World", 1e-7)}, "model"))
    topic.add(rn.Annotator("bob"))
    topic.add(rn.Lookup("Sports", ["nowhere to be found"], "silent"))
    names.add(rn.Lookup("ORG", ["Acme"]))
    names.add(rn.Imported({"r0": [(0, 5, "ORDER", 0.25), (15, 19, "ORG")]}, "spans"))
    topic.run(progress=False)
    names.run(progress=False)
    topic.supervise(model="majority")
    return project


def votes(project: rn.Project) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for task in project.tasks.values():
        for name, column in project.columns.of_task(task.schema).items():
            labels = [task.schema.label_name(one) for one in column.label.tolist()]
            starts = [] if column.start is None else [column.start.tolist()]
            columns = [column.record.tolist(), labels, column.confidence.tolist(), *starts]
            found[f"{task.name}/{name}"] = list(zip(*columns, strict=True))
    return found


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "tsv", "parquet"])
def test_votes_of_heuristics_survive_export_and_import(
    voted: rn.Project, tmp_path: Path, suffix: str
) -> None:
    """K1."""
    first = voted.export(tmp_path / f"a.{suffix}", sources=SOURCES)
    with rn.open(by="eve") as other:
        report = other.add(first, key="id")
        assert not any("taken in" in warning for warning in report.warnings)
        second = other.export(tmp_path / f"b.{suffix}", sources=SOURCES)
        assert first.read_bytes() == second.read_bytes()
        assert votes(other) == votes(voted)
        kinds = {kind for task in other.tasks.values() for kind in task.heuristics()["kind"]}
        assert kinds == {"imported"}


def test_importing_again_changes_nothing(voted: rn.Project, tmp_path: Path) -> None:
    path = voted.export(tmp_path / "a.jsonl", sources=SOURCES)
    with rn.open(by="eve") as other:
        for _ in range(2):
            other.add(path, key="id")
        assert len(other.task("topic").versions("model")) == 1
        assert other.task("topic").run(progress=False)["state"].unique().tolist() == ["unchanged"]


def test_files_with_other_records_add_their_votes(voted: rn.Project, tmp_path: Path) -> None:
    view = voted.where(voted["id"].isin(["r3", "r5"]))
    parts = [
        voted.export(tmp_path / "a.jsonl", view, sources=SOURCES),
        voted.export(tmp_path / "b.jsonl", ~view, sources=SOURCES),
    ]
    with rn.open(by="eve") as other:
        for part in parts:
            other.add(part, key="id", create_labels=True)
        model = other.columns.of_task(other.task("topic").schema)["model"]
        keys = [other.view().keys()[record - 1] for record in model.record.tolist()]
        assert sorted(keys) == ["r5", "r6"]


def test_a_rule_of_the_project_is_not_replaced_by_its_exported_votes(
    voted: rn.Project, tmp_path: Path
) -> None:
    path = voted.export(tmp_path / "a.jsonl", sources=SOURCES)
    report = voted.add(path, key="id")
    assert any("'three or four' were not taken in" in warning for warning in report.warnings)
    assert voted.task("topic").heuristics()["kind"].tolist() == [
        *("lookup", "imported", "annotator", "lookup")
    ]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ({COLUMN: "Y"}, "no label 'Y'"),
        (
            {
                "text__t__INFORMATION_SOURCE__m": "X",
                "text__t__INFORMATION_SOURCE__m__confidence": 2,
            },
            "does not lie",
        ),
        ({"text__s__INFORMATION_SOURCE__m__spans": [[0, 9, "Z"]]}, "outside the text of 5"),
    ],
)
def test_a_bad_vote_is_refused_with_its_record(
    project: rn.Project, cell: dict[str, object], message: str
) -> None:
    project.add([{"id": "a", "text": "hello"}], key="id")
    project.task("t", ["X"], on="text")
    project.task("s", ["Z"], on="text", kind="spans")
    with pytest.raises(InputError, match=message):
        project.add([{"id": "b", "text": "fresh"} | cell], key="id")
    assert project.view().keys() == ["a"]
