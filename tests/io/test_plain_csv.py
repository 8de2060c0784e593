"""What Arrow reads of a plain CSV is what the careful reader reads; all else is left to that."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb import io
from refinery_nb.core.errors import EncodingError, InputError
from refinery_nb.core.schema import AttributeType
from refinery_nb.io import plain_csv
from refinery_nb.io.table import Table

CELL = st.text(st.sampled_from('ab,";\r\n\t\x00\ufeff é😀'), max_size=4)
CONTENT = st.text(st.sampled_from('a,,"""\n\n\r;é'), max_size=40)


def table(path: Path) -> Table:
    return Table(path, encoding="utf-8", delimiter=",", format="csv")


def careful(path: Path) -> list[tuple]:
    """Return (number, line, cells) of each row; raise as it does."""

    def reject(*what: object) -> None:
        raise InputError(str(what))

    found = []
    for raw in table(path)._carefully(reject, check=True):
        assert raw.columns is not None
        assert raw.lines is not None
        rows = zip(*raw.columns, strict=True)
        found += list(zip(raw.numbers, raw.lines, rows, strict=True))
    return found


def quick(path: Path) -> list[tuple]:
    def reject(*what: object) -> None:
        raise AssertionError(what)

    found = []
    for raw in table(path).batches(reject, check=True):
        assert raw.columns is not None
        assert raw.lines is not None
        rows = zip(*raw.columns, strict=True)
        found += list(zip(raw.numbers, raw.lines, rows, strict=True))
    return found


@settings(max_examples=400)
@given(content=CONTENT)
def test_a_file_that_is_called_plain_is_read_alike_by_both(content: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(f"x,y\n{content}".encode())
        if table(path)._plain is not None:
            assert quick(path) == careful(path)


@settings(max_examples=200)
@given(
    rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5),
    ends=st.sampled_from(["\n", "\r\n"]),
)
def test_quoted_cells_are_read_alike_by_both(rows: list[tuple[str, str]], ends: str) -> None:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(ends.join(["x,y", *map(",".join, quoted), ""]).encode())
        assert [row for *_, row in quick(path)] == rows
        assert quick(path) == careful(path)


def test_the_usual_file_is_plain(tmp_path: Path) -> None:
    """Or all of the above would compare the careful reader with itself."""
    path = tmp_path / "file.csv"
    path.write_bytes(b'id,text\r\n1,"a, ""b"""\r\n2,c\r\n')
    assert table(path)._plain is not None
    assert quick(path) == [(1, 2, ("1", 'a, "b"')), (2, 3, ("2", "c"))]


@pytest.mark.parametrize(
    "content",
    [
        "1,2\n\n3,4\n",
        '1,"2\n3"\n',
        "1,2\r3,4\n",
        "1\n",
        "1,2,3\n",
        '1,2"\n"3,4\n',
        '1,"2"3\n',
        '1,"2',
    ],
)
def test_what_is_unusual_is_left_to_the_careful_reader(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(f"x,y\n{content}".encode())
    assert table(path)._plain is None


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"x,y\n" + b"1,2\n" * 20_000 + "1,ä\n".encode("latin-1"))
    with pytest.raises(EncodingError) as caught:
        io.read(path)
    assert caught.value.line == 20_002


def test_a_file_is_looked_through_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b'x,y\n1,"a, ""b"""\n2,c\n3,"d"\n')
    for step in range(2, 12):
        monkeypatch.setattr(plain_csv, "STEP", step)
        assert table(path)._plain is not None, step
    path.write_bytes(b'x,y\n1,"a\nb"\n')
    for step in range(2, 12):
        monkeypatch.setattr(plain_csv, "STEP", step)
        assert table(path)._plain is None, step


def test_a_fault_in_a_plain_file_has_its_line_and_its_text(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"x,y\n1,2\n3,four\n")
    reading = io.read(path, known={"y": AttributeType.INTEGER}, on_error="quarantine")
    (fault,) = reading.rejected
    assert (fault.line, fault.record, fault.field, fault.raw) == (3, 2, "y", "3,four")
