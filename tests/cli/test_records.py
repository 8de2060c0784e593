"""The command line: records and labels from and to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.cli import main

ROWS = [
    {"text": "Acme pays Bob", "label": [[0, 4, "ORG"], [10, 13, "PER"]]},
    {"text": "nobody", "label": [[1, 3, "ORG"]]},
    {"text": "later"},
]


@pytest.fixture
def doccano(tmp_path: Path) -> Path:
    path = tmp_path / "d.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.mark.parametrize(("verb", "back"), [("import", "export"), ("push", "pull")])
def test_a_file_comes_into_a_project_and_out_again(
    tmp_path: Path, doccano: Path, capsys: pytest.CaptureFixture[str], verb: str, back: str
) -> None:
    folder = str(tmp_path / "project")
    assert main([verb, folder, str(doccano), "-i", "spans=names", "--by", "ann"]) == 0
    told = capsys.readouterr().out
    assert "3 added" in told
    assert "the spans task 'names' is new: ORG, PER" in told
    assert main([verb, folder, str(doccano), "-i", "spans=names"]) == 0
    assert "3 unchanged" in capsys.readouterr().out
    with rn.open(folder) as project:
        assert set(project.task("names").gold()["by"]) == {"ann"}
    lost = tmp_path / "lost.csv"
    out = tmp_path / "out.conll"
    assert main([back, folder, str(out), "-o", "scheme=BILOU", "--left-out", str(lost)]) == 0
    assert out.read_text() == "Acme U-ORG\npays O\nBob U-PER\n\nnobody O\n\n"
    captured = capsys.readouterr()
    assert "out.conll: 3 records, 2 left out" in captured.out
    assert "1 left out: it is not labelled" in captured.err
    assert "ob" in lost.read_text()


def test_one_format_is_turned_into_another(tmp_path: Path, doccano: Path) -> None:
    out = tmp_path / "p.jsonl"
    assert main(["convert", str(doccano), str(out), "--to", "prodigy"]) == 0
    first = json.loads(out.read_text().splitlines()[0])
    assert first["spans"][0] == {"start": 0, "end": 4, "label": "ORG"}
    table = tmp_path / "p.csv"
    assert main(["convert", str(out), str(table), "--from", "prodigy"]) == 0
    assert table.read_text().startswith("text,text__entities__MANUAL,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "p", "nothing.csv"], "there is no such file"),
        (["import", "p", "d.jsonl", "-i", "spam=1"], "no option 'spam'"),
        (["import", "p", "d.jsonl", "-i", "spam"], "name=value"),
        (["export", "none", "out.csv"], "there is no project"),
        (["convert", "d.jsonl", "out.nothing"], "names no format"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path,
    doccano: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "p").exists()


def test_rows_that_are_kept_back_are_written_with_their_text(tmp_path: Path, doccano: Path) -> None:
    with doccano.open("a") as file:
        file.write('{"text": 5}\n')
    kept = tmp_path / "rejected.csv"
    arguments = ["import", str(tmp_path / "p"), str(doccano), "--format", "doccano"]
    assert main(arguments) == 1
    assert main([*arguments, "--on-error", "quarantine", "--rejected", str(kept)]) == 0
    assert "expected a string" in kept.read_text()
    assert '{""text"": 5}' in kept.read_text()


def test_a_project_goes_out_as_a_snapshot_and_comes_back(
    tmp_path: Path, doccano: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = tmp_path / "s.json.zip"
    assert main(["convert", str(doccano), str(snapshot), "--key", "text"]) == 0
    assert "s.json.zip: 3 records" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "p"), str(snapshot)]) == 0
    with rn.open(tmp_path / "p") as project:
        assert len(project.task("entities").gold()) == 3
