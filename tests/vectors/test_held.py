"""What an index is known to hold survives whatever moment its process is killed at."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.vectors.array import ROW
from refinery_nb.vectors.held import ENTRIES, NOTES, Held, Notes

STEPS = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True)),
    max_size=8,
)


def entries(held: Held) -> dict[int, int]:
    rows = held.rows()
    assert (np.diff(rows["record"]) > 0).all()
    return dict(zip(rows["record"].tolist(), rows["text"].tolist(), strict=True))


@given(steps=STEPS, compacted=st.integers(0, 8), cut=st.integers(0, 40))
def test_the_last_entry_of_a_record_counts_and_half_a_one_never(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[bool, list[int]]],
    compacted: int,
    cut: int,
) -> None:
    held, wanted, mark = Held(tmp_path_factory.mktemp("held")), [dict[int, int]()], 0
    for at, (dropped, ids) in enumerate(steps):
        known, records = dict(wanted[-1]), np.array(ids, np.int64)
        if dropped:
            held.drop(records)
            known = {one: text for one, text in known.items() if one not in ids}
        else:
            marks = np.arange(mark, mark + len(ids), dtype=np.uint64)
            held.append(records, marks)
            known |= dict(zip(ids, marks.tolist(), strict=True))
            mark += len(ids)
        if at == compacted:
            held.compact()
        wanted.append(known)
        assert entries(held) == known
    path = held.folder / ENTRIES
    if path.exists() and path.stat().st_size:
        # A killed process: the file ends anywhere; what comes next begins at a whole entry.
        with path.open("r+b") as file:
            file.truncate(max(0, path.stat().st_size - cut))
        before = entries(held)
        held.append(np.array([77], np.int64), np.array([5], np.uint64))
        assert entries(held) == before | {77: 5}
        assert path.stat().st_size % ROW.itemsize == 0


def test_notes_come_back_as_they_were(tmp_path: Path) -> None:
    held = Held(tmp_path)
    assert held.notes() is None
    assert not held.any
    notes = Notes("edge 0.9", "1 now", 384, (7, 9), True, 100, 3, "abc")
    held.note(notes)
    assert held.notes() == notes
    assert held.any
    held.clear()
    assert not held.any


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b'{"engine": "edge 0.9", "made": "", "dim": "many", "seen": [0, 0]}',
        b'{"engine": "edge 0.9", "made": "", "dim": 3, "seen": [0]}',
        b'{"engine": "edge 0.9", "made": "", "dim": 3, "seen": [0, 0], "plugins": ["x"]}',
        b'{"engine": "edge 0.9", "made": "", "dim": 3, "seen": [0, 0], "format": 99}',
    ],
)
def test_notes_that_cannot_be_read_are_no_notes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NOTES).write_bytes(content)
    held = Held(tmp_path)
    assert held.notes() is None
    assert held.any


def test_notes_hold_nothing_but_what_they_say(tmp_path: Path) -> None:
    Held(tmp_path).note(Notes("edge 0.9", "1 now", 384))
    said = json.loads((tmp_path / NOTES).read_text())
    assert set(said) == {
        "engine", "made", "dim", "seen", "whole", "built", "since", "print", "format"
    }  # fmt: skip
