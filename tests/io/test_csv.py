"""CSV and TSV files: nothing is changed on the way in, and every fault has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from refinery_nb import io
from refinery_nb.core.errors import EncodingError, InputError
from refinery_nb.core.schema import AttributeType


def write(path: Path, text: str | bytes, name: str = "file.csv") -> Path:
    target = path / name
    target.write_bytes(text if isinstance(text, bytes) else text.encode())
    return target


def rows(reading: io.Reading) -> list[tuple]:
    return [row for chunk in reading.chunks() for row in chunk.rows]


def types(reading: io.Reading) -> list[str]:
    return [column.type.value for column in reading.columns]


def test_words_that_look_like_nothing_stay_words(tmp_path: Path) -> None:
    """A1."""
    cells = ["NA", "None", "null", "nan", "N/A", ""]
    reading = io.read(
        write(tmp_path, "n,label\n" + "".join(f"{n},{c}\n" for n, c in enumerate(cells)))
    )
    assert [row[1] for row in rows(reading)] == cells


@pytest.mark.parametrize("value", ["00712", "1e5", "0x1F", "TRUE", "-0", "+1", "1_000", "1."])
def test_ids_are_kept_byte_for_byte(tmp_path: Path, value: str) -> None:
    """A2."""
    reading = io.read(write(tmp_path, f"id\n{value}\n17\n"))
    assert types(reading) == ["text"]
    assert rows(reading) == [(value,), ("17",)]


def test_large_ids_lose_no_digit(tmp_path: Path) -> None:
    """A3: also beside an empty cell, and beyond 64 bits."""
    reading = io.read(write(tmp_path, "id,n\n9007199254740993,1\n,2\n"))
    assert rows(reading) == [(9007199254740993, 1), (None, 2)]
    reading = io.read(write(tmp_path, "id\n18446744073709551616\n1\n"))
    assert rows(reading) == [("18446744073709551616",), ("1",)]


def test_the_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    """A4."""
    reading = io.read(write(tmp_path, b"\xef\xbb\xbfid,text\n1,a\n"))
    assert [column.name for column in reading.columns] == ["id", "text"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "na\u00efve caf\u00e9 \u20ac"),
        ("shift_jis", "\u65e5\u672c\u8a9e\u306e\u6587"),
        ("utf-16", "plain words here and more"),
    ],
)
def test_another_encoding_is_said_and_never_guessed(
    tmp_path: Path, encoding: str, text: str
) -> None:
    """A5."""
    path = write(tmp_path, f"id,text\n1,{text}\n".encode(encoding))
    with pytest.raises(EncodingError) as caught:
        io.read(path)
    assert encoding in str(caught.value)
    assert caught.value.line is not None
    reading = io.read(path, encoding=encoding)
    assert rows(reading) == [(1, text)]


def test_line_breaks_inside_cells_are_kept(tmp_path: Path) -> None:
    """A6."""
    texts = ["a\r\nb", "a\rb", "a\nb"]
    body = "".join(f'{n},"{text}"\n' for n, text in enumerate(texts))
    assert [row[1] for row in rows(io.read(write(tmp_path, f"id,text\n{body}")))] == texts


def test_a_row_with_an_extra_field_is_named(tmp_path: Path) -> None:
    """A7: one of them, or all: nothing is shifted."""
    path = write(tmp_path, "id,text\n1,a\n2,b,c\n3,d\n")
    with pytest.raises(InputError) as caught:
        io.read(path)
    assert (caught.value.source, caught.value.line, caught.value.record) == ("file.csv", 3, 2)
    assert "3 fields, the header has 2" in caught.value.message
    reading = io.read(path, on_error="quarantine")
    assert rows(reading) == [(1, "a"), (3, "d")]
    assert [(r.line, r.raw) for r in reading.rejected] == [(3, "2,b,c")]
    with pytest.raises(InputError):
        io.read(write(tmp_path, "id,text\n1,a,x\n2,b,y\n"))


def test_a_short_row_lacks_what_it_lacks(tmp_path: Path) -> None:
    """A8."""
    reading = io.read(write(tmp_path, "id,text,more\n1,a,b\n2\n3,c,\n"))
    assert rows(reading) == [(1, "a", "b"), (2, None, None), (3, "c", "")]
    assert any("1 rows are short" in warning and "3" in warning for warning in reading.warnings)


def test_an_unclosed_quote_is_found_where_it_opened(tmp_path: Path) -> None:
    """A9."""
    lines = [f"{n},text {n}" for n in range(2, 5_000)]
    lines[810] = '812,"never closed'
    with pytest.raises(InputError) as caught:
        io.read(write(tmp_path, "id,text\n" + "\n".join(lines) + "\n"))
    assert caught.value.line == 812


@pytest.mark.parametrize(
    "header",
    ["text,text", "text,Text", "text,text ", "id,", "id, "],
)
def test_headers_that_collide_or_lack_a_name_are_refused(tmp_path: Path, header: str) -> None:
    """A10."""
    with pytest.raises(InputError):
        io.read(write(tmp_path, f"{header}\na,b\n"))


@pytest.mark.parametrize("name", ["__proto__", 'id"]; DROP', "a]b", "select", "💩"])
def test_odd_names_are_only_names(tmp_path: Path, name: str) -> None:
    """A10."""
    quoted = name.replace('"', '""')
    reading = io.read(write(tmp_path, f'"{quoted}",n\nx,1\n'))
    assert reading.columns[0].name == name


def test_a_cell_of_5_mb_is_a_cell(tmp_path: Path) -> None:
    """A20."""
    text = "word " * 1_000_000
    assert rows(io.read(write(tmp_path, f'id,text\n1,"{text}"\n')))[0][1] == text


def test_files_that_are_none(tmp_path: Path) -> None:
    """A21."""
    bad = {
        "empty.csv": b"",
        "head.csv": b"",
        "not.csv.gz": b"this is no gzip",
        "x.unknown": b"abc",
    }
    for name, content in bad.items():
        with pytest.raises(InputError):
            io.read(write(tmp_path, content, name))
    for path in (tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(InputError):
            io.read(path)
    assert io.read(write(tmp_path, "id,text\n")).count == 0


def test_numbers_booleans_and_categories_are_inferred(tmp_path: Path) -> None:
    body = "".join(
        f"{n},{n}.5,{'true' if n % 2 else 'false'},{'ab'[n % 2]},text {n}\n" for n in range(20)
    )
    reading = io.read(write(tmp_path, f"i,f,b,c,t\n{body}"))
    assert types(reading) == ["integer", "float", "boolean", "category", "text"]
    assert rows(reading)[1] == (1, 1.5, True, "b", "text 1")


def test_a_declared_type_wins_and_names_what_does_not_fit(tmp_path: Path) -> None:
    path = write(tmp_path, "id,stars\n1,3\n2,many\n")
    assert types(io.read(path, types={"id": AttributeType.TEXT})) == ["text", "text"]
    with pytest.raises(InputError) as caught:
        io.read(path, types={"stars": AttributeType.INTEGER})
    assert (caught.value.line, caught.value.field) == (3, "stars")
    with pytest.raises(InputError, match="Did you mean 'stars'"):
        io.read(path, types={"star": AttributeType.TEXT})


def test_a_tab_or_semicolon_in_the_header_is_the_delimiter(tmp_path: Path) -> None:
    assert rows(io.read(write(tmp_path, "id\ttext\n1\ta,b\n", "f.tsv"))) == [(1, "a,b")]
    assert rows(io.read(write(tmp_path, "id;text\n1;a\n"))) == [(1, "a")]
