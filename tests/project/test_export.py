"""Export, import, export: the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb import io
from refinery_nb.core.errors import QueryError


@pytest.fixture
def labelled(project: rn.Project) -> rn.Project:
    rows = [
        {"id": f"r{n}", "text": f"Order A-{n} from Acme 💩 number {n}", "n": n, "x": n / 4 + 0.25}
        for n in range(12)
    ]
    rows[3]["text"] = 'plain, with "quotes" and\nlines'
    project.add(rows, key="id")
    topic = project.task("topic", ["World", "Sports"], on="text")
    whole = project.task("whole", ["yes", "no"])
    names = project.task("names", ["ORG", "ORDER"], on="text", kind="spans")
    topic.label_many({"r0": "World", "r1": "Sports", "r2": rn.NONE})
    whole.label("r5", "no")
    names.label("r0", [(0, 5, "ORDER"), (15, 19, "ORG")])
    names.label("r1", [])
    topic.add(rn.Lookup("World", ["order"]))
    names.add(rn.Lookup("ORG", ["Acme"]))
    topic.run(progress=False)
    names.run(progress=False)
    topic.supervise()
    names.supervise()
    return project


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "tsv", "parquet"])
def test_export_import_export_is_identical(
    labelled: rn.Project, tmp_path: Path, suffix: str
) -> None:
    """K1, S14."""
    first = labelled.export(tmp_path / f"a.{suffix}")
    with rn.open(by="bob") as other:
        report = other.add(first, key="id")
        assert (report.added, report.labels) == (12, 6)
        second = other.export(tmp_path / f"b.{suffix}")
        assert first.read_bytes() == second.read_bytes()
        names = other.task("names").gold().dropna()
        assert [tuple(row) for row in names[["start", "end", "label"]].to_numpy()] == [
            (0, 5, "ORDER"),
            (15, 19, "ORG"),
        ]


def test_export_import_export_by_excel(labelled: rn.Project, tmp_path: Path) -> None:
    first = labelled.export(tmp_path / "a.xlsx")
    with rn.open(by="bob") as other:
        other.add(first, key="id")
        second = other.export(tmp_path / "b.xlsx")
    rows = [[chunk.rows for chunk in io.read(path).chunks()] for path in (first, second)]
    assert rows[0] == rows[1]


def test_the_columns_are_refinerys(labelled: rn.Project, tmp_path: Path) -> None:
    path = labelled.export(tmp_path / "a.jsonl", sources=["manual", "weak", "heuristics"])
    columns = [column.name for column in io.read(path).columns]
    assert columns[:4] == ["id", "text", "n", "x"]
    for name in (
        "text__topic__MANUAL",
        "text__topic__WEAK_SUPERVISION",
        "text__topic__WEAK_SUPERVISION__confidence",
        "text__topic__INFORMATION_SOURCE__lookup:World",
        "__whole__MANUAL",
        "text__names__MANUAL",
        "text__names__MANUAL__spans",
        "text__names__WEAK_SUPERVISION__spans",
    ):
        assert name in columns


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "tsv", "parquet", "xlsx"])
def test_booleans_come_back_as_booleans(project: rn.Project, tmp_path: Path, suffix: str) -> None:
    """K1."""
    project.add([{"id": n, "yes": n > 1} for n in range(3)] + [{"id": 9, "yes": None}], key="id")
    with rn.open() as other:
        other.add(project.export(tmp_path / f"a.{suffix}"), key="id")
        assert other.attribute("yes").type == "boolean"
        assert other.records()["yes"].tolist()[:3] == [False, False, True]


def test_a_view_is_exported_in_its_order(labelled: rn.Project, tmp_path: Path) -> None:
    view = labelled.where(labelled["n"] >= 9).order_by("n", descending=True)
    path = labelled.export(tmp_path / "v.csv", view, sources=["manual"])
    ids = [row[0] for chunk in io.read(path).chunks() for row in chunk.rows]
    assert ids == ["r11", "r10", "r9"]


def test_an_unknown_source_is_refused(labelled: rn.Project, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="Did you mean 'manual'"):
        labelled.export(tmp_path / "v.csv", sources=["manuals"])
