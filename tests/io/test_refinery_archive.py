"""Archives of snapshots, opened with distrust."""

from __future__ import annotations

import json
import random
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refinery_nb.core.errors import InputError, MissingExtra
from refinery_nb.io.refinery import archive as archives
from refinery_nb.io.refinery import load
from tests.io.snapshots import archive, encrypted, snapshot

HOSTILE = {
    "../up.json": "leads out of the archive",
    "a/../../up.json": "leads out of the archive",
    "/etc/passwd": "leads out of the archive",
    "C:/windows.json": "leads out of the archive",
    "c:up.json": "leads out of the archive",
    "a\\..\\up.json": "leads out of the archive",
    "NEWS.JSON": "stands twice",
}


@pytest.mark.parametrize(("name", "message"), HOSTILE.items())
def test_a_hostile_member_is_refused_by_name(tmp_path: Path, name: str, message: str) -> None:
    """I2."""
    path = archive(tmp_path, snapshot(), **{name: "{}"})
    with pytest.raises(InputError, match=message) as caught:
        load(path)
    assert repr(name) in caught.value.message
    assert caught.value.source == "news.json.zip"
    assert [one.name for one in tmp_path.iterdir()] == ["news.json.zip"]


def test_a_name_with_a_null_byte_is_refused(tmp_path: Path) -> None:
    """I2: zipfile itself would cut the name there."""
    path = archive(tmp_path, snapshot(), aXbYjson="{}")
    path.write_bytes(path.read_bytes().replace(b"aXbYjson", b"a\0b.json"))
    with pytest.raises(InputError, match="leads out"):
        load(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_refused(tmp_path: Path, kind: int) -> None:
    """I2."""
    path = archive(tmp_path, snapshot())
    with zipfile.ZipFile(path, "a") as file:
        member = zipfile.ZipInfo("link")
        member.external_attr = (kind | 0o644) << 16
        file.writestr(member, "/etc/passwd")
    with pytest.raises(InputError, match="'link' is no plain file"):
        load(path)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    """I2."""
    path = archive(tmp_path, snapshot(), **{f"{n}.txt": "" for n in range(200)})
    with pytest.raises(InputError, match="201 members; 100 are allowed"):
        load(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """I3: by its ratio."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("news.json", bytes(20_000_000))
    assert path.stat().st_size < 50_000
    with pytest.raises(InputError, match=r"'news.json' would unpack to 1,0\d\d times"):
        load(path)


def test_an_archive_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I3: by its total."""
    monkeypatch.setattr(archives, "MOST_BYTES", 1_000)
    with pytest.raises(InputError, match="1,000 are allowed"):
        load(archive(tmp_path, snapshot()))


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """I3: no more is read than the archive says is there."""
    path = archive(tmp_path, snapshot())
    with zipfile.ZipFile(path) as file:
        size = file.infolist()[0].file_size
    content = path.read_bytes().replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        load(path)


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    """I3: many entries for the same bytes unpack to a thousand times the file."""
    path = tmp_path / "overlap.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("news.json", json.dumps(snapshot()))
        for n in range(50):
            member = zipfile.ZipInfo(f"{n}.txt")
            first = file.infolist()[0]
            member.header_offset, member.CRC = first.header_offset, first.CRC
            member.compress_size = member.file_size = first.file_size
            file.filelist.append(member)
    with pytest.raises(InputError, match="overlap"):
        load(path)


def test_pickles_and_other_files_are_not_looked_at(tmp_path: Path) -> None:
    """I1: they are named, and stay where they are."""
    others = {"model.pkl": "cos\nsystem\n", "e.pt": "x", "q/storage.sqlite": "y", "n.zip": "PK"}
    found, ignored = load(archive(tmp_path, snapshot(), **others))
    assert ignored == tuple(others)
    assert found["project_details_data"]["name"] == "News"


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_rare_way_of_packing_is_refused(tmp_path: Path, method: int) -> None:
    """I2: what unpacks them fails in ways of its own, and takes the memory that it is told to."""
    path = tmp_path / "rare.zip"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("news.json", json.dumps(snapshot()))
    with pytest.raises(InputError, match=rf"packed by the method {method}\b"):
        load(path)


@pytest.mark.parametrize("kept", [0.5, 0.9, 0.99])
def test_an_archive_cut_in_half_is_named(tmp_path: Path, kept: float) -> None:
    path = archive(tmp_path, snapshot())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match="cannot be read") as caught:
        load(path)
    assert caught.value.source == "news.json.zip"


def test_changed_bytes_are_an_error_of_ours_or_no_matter(tmp_path: Path) -> None:
    """S8: 600 archives, plain and encrypted, with bytes that something else has written."""
    rng = random.Random(0)
    whole = [
        archive(tmp_path, snapshot()).read_bytes(),
        encrypted(tmp_path, snapshot(), b"secret").read_bytes(),
    ]
    path, refused = tmp_path / "changed.zip", 0
    for _ in range(600):
        content = bytearray(rng.choice(whole))
        for _ in range(rng.choice([1, 2, 8])):
            # The directory of an archive stands at its end: half of the bytes are changed there.
            at = rng.choice([rng.randrange(len(content)), -rng.randrange(1, 150)])
            content[at] = rng.randrange(256)
        path.write_bytes(bytes(content))
        try:
            found, _ = load(path, "secret")
        except InputError:
            refused += 1
        else:
            assert found == snapshot()
    assert refused > 400


@given(
    st.recursive(
        st.text(alphabet='a[]{}"\\', max_size=6),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
        max_leaves=12,
    )
)
@settings(deadline=None)
def test_brackets_inside_strings_are_no_nesting(value: Any) -> None:
    def depth(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    assert archives._depth(json.dumps(value).encode()) == depth(value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[]", "no project snapshot"),
        (b'{"records_data": []}', "lacks project_details_data"),
        (b'{"project_details_data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b'{"project_details_data": {"name": "\\ud83d"}}', "lone surrogate"),
        (b'{"project_details_data": ' + b"9" * 5_000 + b"}", "not valid JSON"),
    ],
)
def test_what_is_no_snapshot_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(archive(tmp_path, content))


def test_nan_is_nothing_and_a_byte_order_mark_is_none(tmp_path: Path) -> None:
    """A4, A15: pandas wrote NaN into snapshots."""
    content = b'\xef\xbb\xbf{"project_details_data": {"name": NaN}}'
    found, _ = load(archive(tmp_path, content))
    assert found == {"project_details_data": {"name": None}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no zip archive"),
        (b"\x1f\x8b", "no zip archive"),
        (b"PK", "cannot be read"),
        (b"PK\5\6" + bytes(18), "holds no JSON file"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "news.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load(path)


def test_several_json_files_are_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2 JSON files"):
        load(archive(tmp_path, snapshot(), **{"other.json": "{}"}))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "missing.zip")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(InputError, match="a folder"):
        load(tmp_path / "folder.zip")


def test_a_password_opens_an_encrypted_archive(tmp_path: Path) -> None:
    path = encrypted(tmp_path, snapshot(), b"s\xc3\xa9same")
    assert load(path, "sésame")[0] == snapshot()
    with pytest.raises(InputError, match="encrypted") as caught:
        load(path)
    assert "password=" in str(caught.value.hint)


def test_a_wrong_password_is_told_whatever_it_does_to_the_bytes(tmp_path: Path) -> None:
    """One in 256 passes the check of the format and gives nonsense."""
    path = encrypted(tmp_path, snapshot(), b"secret")
    for n in range(600):
        with pytest.raises(InputError, match="password is wrong"):
            load(path, f"guess {n}")


def test_a_password_is_no_matter_where_nothing_is_encrypted(tmp_path: Path) -> None:
    assert load(archive(tmp_path, snapshot()), "any")[0] == snapshot()


def aes(folder: Path, content: Any, password: bytes) -> Path:
    pyzipper = pytest.importorskip("pyzipper")
    path = folder / "aes.zip"
    with pyzipper.AESZipFile(
        path, "w", compression=zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as file:
        file.setpassword(password)
        file.writestr("news.json", json.dumps(content))
    return path


def test_aes_is_read_too(tmp_path: Path) -> None:
    path = aes(tmp_path, snapshot(), b"secret")
    assert load(path, "secret")[0] == snapshot()
    with pytest.raises(InputError, match="password is wrong"):
        load(path, "other")
    with pytest.raises(InputError, match="encrypted"):
        load(path)


def test_the_package_that_reads_aes_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = aes(tmp_path, snapshot(), b"secret")
    monkeypatch.setitem(__import__("sys").modules, "pyzipper", None)
    with pytest.raises(MissingExtra, match="'pyzipper'") as caught:
        load(path, "secret")
    assert "pip install pyzipper" in str(caught.value.hint)
