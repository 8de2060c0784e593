"""Record exports of refinery: its columns, both spellings, tags of tokens instead of offsets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import refinery_nb as rn

EXPORT: list[dict[str, Any]] = [
    {
        "running_id": 1,
        "headline": "Acme  Corp pays 💩 Bob",
        "headline__topic__MANUAL": "Business",
        "headline__topic__WEAK_SUPERVISION": "World",
        "headline__topic__WEAK_SUPERVISION_CONFIDENCE": 0.75,
        "headline__topic__INFORMATION_SOURCE__finds money": "Business",
        "headline__names__MANUAL": ["B-ORG", "I-ORG", "I-ORG", "OUTSIDE", "OUTSIDE", "B-PER"],
        "headline__names__WEAK_SUPERVISION": ["B-ORG", *["OUTSIDE"] * 4, "B-PER"],
        "headline__names__WEAK_SUPERVISION__confidence": [0.5, 0.0, 0.0, 0.0, 0.0, 0.25],
        "headline__names__INFORMATION_SOURCE__in list": ["OUTSIDE"] * 5 + ["B-PER"],
        "headline__names__INFORMATION_SOURCE__in list__confidence": [0.0] * 5 + [1.0],
        "__quality__MANUAL": "good",
    },
    {
        "running_id": 2,
        "headline": "late goal",
        "headline__topic__MANUAL": None,
        "headline__topic__WEAK_SUPERVISION": "Business",
        "headline__topic__WEAK_SUPERVISION_CONFIDENCE": 0.5,
        "headline__topic__INFORMATION_SOURCE__finds money": None,
        "headline__names__MANUAL": None,
        "headline__names__WEAK_SUPERVISION": None,
        "headline__names__WEAK_SUPERVISION__confidence": None,
        "headline__names__INFORMATION_SOURCE__in list": None,
        "headline__names__INFORMATION_SOURCE__in list__confidence": None,
        "__quality__MANUAL": None,
    },
]


def spans(frame: pd.DataFrame) -> list[list[Any]]:
    return frame.dropna()[["start", "end", "label"]].to_numpy().tolist()


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_a_record_export_comes_in_whole(project: rn.Project, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"export.{suffix}"
    if suffix == "json":
        path.write_text(json.dumps(EXPORT))
    else:
        pd.DataFrame(EXPORT).to_csv(path, index=False)
    report = project.add(path, key="running_id")
    assert (report.added, report.labels) == (2, 3)
    assert {task.name: task.kind for task in project.tasks.values()} == {
        "topic": "classification",
        "names": "spans",
        "quality": "classification",
    }
    topic, names = project.task("topic"), project.task("names")
    assert topic.gold()["label"].tolist() == ["Business"]
    weak = topic.runs()[-1].frame()
    assert weak[["label", "confidence"]].to_numpy().tolist() == [["World", 0.75], ["Business", 0.5]]
    assert spans(names.gold()) == [[0, 10, "ORG"], [18, 21, "PER"]]
    found = names.runs()[-1].frame().dropna()
    assert spans(found) == [[0, 4, "ORG"], [18, 21, "PER"]]
    assert found["confidence"].tolist() == [0.5, 0.25]
    assert names.heuristics()["heuristic"].tolist() == ["in list"]
    assert names.hits("in list").keys() == [1]
    assert topic.hits("finds money").keys() == [1]
    assert set(project.records().columns) == {"running_id", "headline"}


def test_the_sdks_spelling_and_its_words_for_numbers_are_read(project: rn.Project) -> None:
    weak = "headline__topic__WEAK_SUPERVISION"
    rows = [{"headline": "a", weak: "World", f"{weak}__confidence": "0.6220"}]
    project.add(rows)
    assert project.task("topic").runs()[-1].frame()["confidence"].round(4).tolist() == [0.622]


def test_the_short_form_of_a_column_is_manual(project: rn.Project) -> None:
    project.add([{"headline": "a", "headline__topic": "World"}])
    assert project.task("topic").gold()["label"].tolist() == ["World"]


def test_tags_that_fit_no_tokens_are_counted(project: rn.Project) -> None:
    rows = [
        {"headline": "a b", "headline__names__MANUAL": ["B-X", "OUTSIDE"]},
        {"headline": "a b", "headline__names__MANUAL": ["B-X"]},
    ]
    report = project.add(rows)
    assert report.labels == 1
    assert "1 times the tags of 'names' do not fit the tokens here: left out" in report.warnings


def test_our_own_export_without_offsets_says_the_same(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"id": n, "text": f"Acme {n} pays Bob"} for n in range(3)], key="id")
    names = project.task("names", ["ORG", "PER"], on="text", kind="spans")
    names.label(0, [(0, 6, "ORG"), (12, 15, "PER")])
    names.label(1, [])
    frame = pd.read_parquet(project.export(tmp_path / "a.parquet"))
    with rn.open() as other:
        other.add(frame.drop(columns=[c for c in frame if c.endswith("__spans")]), key="id")
        assert spans(other.task("names").gold()) == spans(names.gold())
        assert len(other.task("names").gold()) == 3
