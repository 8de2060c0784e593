"""Cells that a spreadsheet program would compute (fault K3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import InputError
from refinery_nb.io.spreadsheet import FORMULA, guarded, released

DANGEROUS = "=+-@\t\r\0"
TEXTS = ["=1+1", "+49 30", "-5", "@a", "\tx", "\rx", "'=1+1", "'tis", "a=b", ""]


@given(st.text(alphabet="'=+-@\t\r\0a1", max_size=6))
def test_a_guarded_text_begins_harmlessly_and_comes_back(text: str) -> None:
    assert guarded(text)[:1] not in set(DANGEROUS)
    assert released(guarded(text)) == text
    assert FORMULA.match(text) is not None or guarded(text) == text


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx"])
def test_what_is_written_for_spreadsheets_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    texts = [text for text in TEXTS if suffix != "xlsx" or "\r" not in text]
    project = rn.open(by="ann")
    rows = [{"id": f"r{n}", "text": text, "n": -n} for n, text in enumerate(texts)]
    project.add(rows, key="id", types={"text": "text"})
    path = tmp_path / f"safe.{suffix}"
    project.export(path, excel_safe=True)
    if suffix != "xlsx":
        assert "'=1+1" in path.read_text()
        assert "''=1+1" in path.read_text()
        assert "'-1" not in path.read_text()  # a number is no text
    back = rn.open(by="ann")
    back.add(path, key="id", types={"text": "text"}, excel_safe=True)
    wanted = {f"r{n}": text for n, text in enumerate(texts)}
    if suffix == "xlsx":  # where an empty cell is no text
        wanted = {key: text or None for key, text in wanted.items()}
    frame = back.view().records()
    texts_back = frame["text"].astype(object).where(frame["text"].notna(), None)
    assert dict(zip(frame["id"], texts_back, strict=True)) == wanted
    assert frame["n"].tolist() == [-n for n in range(len(texts))]


def test_files_for_programs_hold_the_texts_as_they_are(tmp_path: Path) -> None:
    project = rn.open(by="ann")
    project.add([{"id": "a", "text": "=1+1"}], key="id")
    project.export(tmp_path / "plain.csv")
    assert "a,=1+1" in (tmp_path / "plain.csv").read_text()


@pytest.mark.parametrize("name", ["x.jsonl", "x.parquet", "x.conll"])
def test_other_formats_refuse_it_and_write_nothing(tmp_path: Path, name: str) -> None:
    project = rn.open(by="ann")
    project.add([{"id": "a", "text": "=1+1"}], key="id")
    with pytest.raises(InputError, match="excel_safe is for CSV, TSV and Excel"):
        project.export(tmp_path / name, excel_safe=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "x.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(InputError, match="excel_safe is for CSV, TSV and Excel"):
        project.add(tmp_path / "x.jsonl", excel_safe=True)
