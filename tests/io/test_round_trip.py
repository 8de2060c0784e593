"""Write, read, write again: the same bytes."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refinery_nb import io
from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import AttributeType
from refinery_nb.io.convert import dump

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
SIMPLE = st.text(alphabet=string.ascii_letters + " .,;'äß💩\n", max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
COLUMNS = [
    io.Column("key", AttributeType.TEXT),
    io.Column("text", AttributeType.TEXT),
    io.Column("n", AttributeType.INTEGER),
    io.Column("x", AttributeType.FLOAT),
    io.Column("yes", AttributeType.BOOLEAN),
    io.Column("more", AttributeType.JSON),
]


def table(text: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    row = st.tuples(
        text,
        st.none() | text,
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.booleans(),
        st.none() | st.lists(JSON, max_size=3).map(dump),
    )
    return st.lists(row, min_size=1, max_size=6)


def check(folder: Path, suffix: str, rows: list[tuple[Any, ...]]) -> None:
    first, second = folder / f"a{suffix}", folder / f"b{suffix}"
    io.write(first, COLUMNS, [list(zip(*rows, strict=True))])
    types = {column.name: column.type for column in COLUMNS}
    reading = io.read(first, types=types)
    io.write(second, reading.columns, (chunk.columns for chunk in reading.chunks()))
    if suffix == ".xlsx":
        assert [chunk.rows for chunk in io.read(second, types=types).chunks()] == [
            chunk.rows for chunk in reading.chunks()
        ]
    else:
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".parquet", ".csv", ".tsv"])
@given(rows=table(TEXT))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_written_read_and_written_again(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, rows: list[tuple[Any, ...]]
) -> None:
    """K2, S14."""
    check(tmp_path_factory.mktemp("round"), suffix, rows)


@given(rows=table(SIMPLE))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_excel_gives_back_what_it_can_hold(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    small = [(a, b, None if n is None else n % 10**9, None, y, None) for a, b, n, _, y, _ in rows]
    check(tmp_path_factory.mktemp("round"), ".xlsx", small)


@pytest.mark.parametrize("bad", ["a\x00b", "a\x0bb", "x" * 32_768, "a\rb"])
def test_what_excel_cannot_hold_is_named(tmp_path: Path, bad: str) -> None:
    """A18, K4."""
    columns = COLUMNS[:2]
    with pytest.raises(InputError) as caught:
        io.write(tmp_path / "f.xlsx", columns, [[("k", "k2"), ("fine", bad)]])
    assert (caught.value.record, caught.value.field) == (2, "text")
    assert "JSONL" in str(caught.value)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """K5, F3."""
    path = tmp_path / "f.jsonl"
    path.write_text("old")

    def rows() -> Any:
        yield [("a",), ("b",)]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        io.write(path, COLUMNS[:2], rows())
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["f.jsonl"]


def test_an_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.parquet"):
        io.write(tmp_path / "f.doc", COLUMNS, [])
