"""The guides hang together: numbered, linked, illustrated, and saved without what a run leaves."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from tests.notebooks.guides import GUIDES, NOTEBOOKS, read

LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)]+)\)")
LARGEST = 150_000  # bytes of a picture
each = pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)


def prose(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def links(path: Path, *, pictures: bool) -> list[str]:
    found = [one for text in prose(path) for one in LINK.findall(text)]
    return [target for mark, target in found if (mark == "!") == pictures]


def test_they_are_numbered_from_one() -> None:
    assert [int(path.stem[:2]) for path in GUIDES] == list(range(1, len(GUIDES) + 1))


@each
def test_a_guide_is_saved_without_outputs_and_state(path: Path) -> None:
    book = read(path)
    assert "widgets" not in book.metadata
    assert book.metadata.kernelspec.name == "python3"
    for cell in book.cells:
        assert set(cell.metadata) <= {"tags"}, cell.id
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@each
def test_a_guide_begins_with_a_title_and_a_picture(path: Path) -> None:
    assert prose(path)[0].startswith("# ")
    (picture,) = links(path, pictures=True)
    found = NOTEBOOKS / picture
    content = found.read_bytes()
    assert content[1:4] == b"PNG"
    assert len(content) < LARGEST
    width, _ = struct.unpack(">II", content[16:24])
    assert width >= 700


@each
def test_a_guide_ends_with_what_to_read_next_and_its_links_lead_somewhere(path: Path) -> None:
    last = prose(path)[-1]
    assert "## What to read next" in last
    following = [one for one in links(path, pictures=False) if one.endswith(".ipynb")]
    assert following, path
    for one in following:
        assert (NOTEBOOKS / one).exists(), one
        assert one != path.name


def test_every_guide_can_be_reached_from_the_first() -> None:
    seen, ahead = set(), [GUIDES[0].name]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            found = links(NOTEBOOKS / name, pictures=False)
            ahead += [one for one in found if one.endswith(".ipynb")]
    assert seen == {path.name for path in GUIDES}
