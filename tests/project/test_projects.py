"""Whole projects: saved and restored, copied, renamed, deleted, listed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import refinery_nb as rn
from refinery_nb.core.errors import (
    HeuristicError,
    InputError,
    RefineryError,
    SchemaError,
    StoreError,
    StoreTooNew,
)
from refinery_nb.project.projects import manifest as manifests
from tests.project.test_snapshot_export import make_small, small, spoken


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a user."""
    folder = tmp_path / "home"
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, *args, **options: folder / name)
    return folder


def length(record: Any) -> int:
    return len(record["text"])


GOAL = "def has_goal(record):\n    return 'Sports' if 'goal' in record['text'] else None\n"


def fill(project: rn.Project) -> None:
    """Put something into every table."""
    texts = ["a goal", "shares fall", "Ajax lose\0", "rain", "profit up"]
    project.add(
        [
            {
                "id": n,
                "gone": str(n),
                "text": text,
                "ok": n % 2 == 0,
                "x": [1, None, 2.5, -1e300, 0][n],
            }
            for n, text in enumerate(texts)
        ]
        + [{"id": 5, "gone": "5", "text": "deleted"}],
        key="id",
        types={"x": "float"},
    )
    project.attribute(type="integer")(length)
    project.fields.calculate(progress=False)
    project.comments.add("Why?", attribute="gone")
    project.delete_records([5]).apply()
    project.fields["gone"].drop()
    topic = project.task("topic", ["Sports", "Business"], on="text", guideline="# Look")
    spans = project.task("spans", ["ORG"], on="text", kind="spans")
    topic.label(0, "Sports")
    topic.label(1, "Business", by="bob")
    topic.label(1, "Sports")
    topic.undo()
    spans.label(2, [(0, 4, "ORG")])
    topic.add(rn.Regex("Sports", "goal", name="goals"))
    topic.add(rn.heuristics.Function.from_source(GOAL, "has_goal"))
    topic.run(progress=False)
    topic.supervise()
    project.lookups["teams"] = ["Ajax"]
    project.slices["sure"] = project.where(project["ok"] == True)  # noqa: E712
    project.slices.save("two", project.where(project["id"] < 2), static=True)
    project.comments.add("Hm", record=3)
    project.embed("text", progress=False)
    project.embed("text", name="tokens", level="token", model=_tokens, progress=False)


def _tokens(texts: list[list[str]]) -> Any:
    return [np.full((len(one), 2), len(one), np.float32) for one in texts]


def everything(project: rn.Project) -> dict[str, Any]:
    found = spoken(project)
    with project.database.read() as connection:
        for table in ("operation", "event", "label", "heuristic_version", "weak_run"):
            found[table] = connection.execute(f"SELECT * FROM {table}").fetchall()
    found["tokens"] = [
        (record, vectors.tolist()) for record, vectors in project.embeddings["tokens"].tokens()
    ]
    found["search"] = project.records(project.search("a goal", k=2)).index.tolist()
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive, and what its maker trusts."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("platformdirs.user_data_path", lambda name, **_: folder / "home" / name)
        with rn.open(folder / "news", by="ann") as project:
            fill(project)
            project.save(folder / "news.rnb.zip")
    return folder


@pytest.fixture
def saved(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "home", tmp_path / "home")
    return Path(shutil.copy(made / "news.rnb.zip", tmp_path))


@pytest.mark.parametrize("where", ["disk", "memory"])
def test_a_project_is_saved_and_restored_whole(tmp_path: Path, where: str) -> None:
    with rn.open(tmp_path / "news" if where == "disk" else None, by="ann") as project:
        fill(project)
        before, id_ = everything(project), project.id
        path = project.save(tmp_path / "out.rnb.zip")
    with rn.restore(path, tmp_path / "again", by="ann") as other:
        assert everything(other) == before
        assert other.id != id_
        other.replay()
        assert everything(other) == before
        assert other.task("topic").undo()
        other.task("topic").label(4, "Business")
        other.add([{"id": 9, "text": "new"}])
        other.fields.restore("gone")
        other.restore_records([5])
        assert other.records()["gone"].dropna().tolist() == ["0", "1", "2", "3", "4", "5"]
        assert len(other.comments) == 2
        assert other.doctor().ok
    with rn.open(tmp_path / "again") as other:
        assert len(other) == 7


def test_an_archive_is_plain_files_with_their_checksums(saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        names = archive.namelist()
        told = json.loads(archive.read("manifest.json"))
    assert {name.split(".")[-1] for name in names} == {"json", "jsonl", "safetensors"}
    assert told["format"] == "refinery_nb archive"
    assert [one["name"] for one in told["members"]] == names[:-1]
    assert (told["project"], told["records"]) == ("news", 5)
    assert "tables/token.jsonl" not in names


def test_saving_a_restored_project_gives_the_same_files(saved: Path, tmp_path: Path) -> None:
    """K1, S14: byte for byte, but for the id of the project and whose the code is."""
    with rn.restore(saved, tmp_path / "again") as project:
        second = project.save(tmp_path / "second.rnb.zip")
    one, two = (
        {
            member["name"]: member["sha256"]
            for member in json.loads(zipfile.ZipFile(path).read("manifest.json"))["members"]
        }
        for path in (saved, second)
    )
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == ["tables/setting.jsonl"]


HOSTILE = """
import os
import sys
from pathlib import Path

bad = ("pickle.find_class", "subprocess.Popen", "os.system", "socket.connect", "os.exec")
seen, allowed = [], Path(sys.argv[2])

def hook(event, args):
    if event in bad or (event == "exec" and "<heuristic" in str(args[0])):
        seen.append(event)
    if event == "open" and isinstance(args[1], str) and set("wax+") & set(args[1]):
        path = args[0]  # or a number: of a file that is open already
        if isinstance(path, str) and path != os.devnull:
            if not Path(path).is_relative_to(allowed):
                seen.append(f"open {path}")

import refinery_nb as rn
rn.restore(sys.argv[1], allowed / "warm").close()
sys.addaudithook(hook)
with rn.restore(sys.argv[1], allowed / "out") as project:
    for task in project.tasks.values():
        task.heuristics(), task.report(), task.run(progress=False), task.trust()
    project.records(), project.slices.frame(), repr(project.embeddings), project.comments.frame()
    project.doctor()
    project.similar_to(0, k=2).ids()
assert not seen, seen
assert not Path(sys.argv[3]).exists()
"""


def test_restoring_a_hostile_archive_runs_and_fetches_nothing(saved: Path, tmp_path: Path) -> None:
    """T5, I5: code in every place that may hold any."""
    fired = tmp_path / "fired"
    code = f"open({str(fired)!r}, 'w').write('x')"
    escaped = json.dumps(json.dumps(code)[1:-1])[1:-1]
    altered(saved, in_table("heuristic_version", "def has_goal", f"{escaped}\\\\ndef has_goal"))
    altered(saved, in_table("calculated", "def length", f"{escaped}\\\\ndef length"))
    plain = json.dumps(code)[1:-1]
    altered(saved, in_table("setting", '["tokenizer", "en"]', f'["tokenizer", "{plain}"]'))
    altered(saved, in_table("comment", '"Hm"', f'"{plain}"'))
    altered(saved, in_table("task", '"# Look"', f'"{plain}"'))
    (tmp_path / "out").mkdir()
    told = subprocess.run(
        [sys.executable, "-c", HOSTILE, str(saved), str(tmp_path / "out"), str(fired)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path / "out")},
    )
    assert told.returncode == 0, told.stderr
    assert not fired.exists()


def test_rules_of_a_restored_project_wait_for_trust(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I5, T6: its writer had them; whoever else opens it reads them first."""
    with rn.restore(saved, tmp_path / "mine") as project:
        assert len(project.task("topic").trust()) == 0
        project.add([{"id": 9, "text": "new"}])
        project.fields.calculate("length", progress=False)
        assert project.records()["length"].tolist()[-1] == 3
        project.task("topic").run("has_goal", progress=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda *a, **o: tmp_path / "another user")
    with rn.restore(saved, tmp_path / "theirs") as project:
        topic = project.task("topic")
        assert topic.trust()["heuristic"].tolist() == ["has_goal"]
        with pytest.raises(HeuristicError, match="length: written by somebody else"):
            project.fields.calculate("length", progress=False)
        assert project.fields.trust()["attribute"].tolist() == ["length"]
        assert len(project.fields.trust("length")) == 0
        project.fields.calculate("length", progress=False)
        with pytest.raises(HeuristicError, match="has_goal: written by somebody else"):
            topic.run("has_goal", progress=False)
        topic.trust("has_goal")
        topic.run("has_goal", progress=False)


# Archives that are not what they should be


def altered(source: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write an archive anew after its members were changed."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return source


def in_manifest(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        told = json.loads(members["manifest.json"]) | changes
        members["manifest.json"] = json.dumps(told).encode()

    return change


def in_table(table: str, old: str, new: str, *, honest: bool = True) -> Any:
    """Change a table, and (``honest``) its checksum with it: as a forger would."""

    def change(members: dict[str, bytes]) -> None:
        name = f"tables/{table}.jsonl"
        content = members[name].decode().replace(old, new)
        assert content != members[name].decode()
        members[name] = content.encode()
        told = json.loads(members["manifest.json"])
        for one in told["members"]:
            if honest and one["name"] == name:
                one["sha256"] = hashlib.sha256(members[name]).hexdigest()
                one["size"] = len(members[name])
        members["manifest.json"] = json.dumps(told).encode()

    return change


FORGED: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a changed label": (in_table("label", '"ann"', '"eve"', honest=False), "checksum differs"),
    "a missing member": (lambda m: m.pop("tables/label.jsonl"), "differ: tables/label.jsonl"),
    "another member": (lambda m: m.update({"model.pkl": b"x"}), "differ: model.pkl"),
    "no manifest": (lambda m: m.pop("manifest.json"), "has no manifest.json"),
    "hooks": (in_manifest(on_open="import os"), "'on_open'"),
    "a class": (in_manifest(__class__="x"), "'__class__'"),
    "no JSON": (lambda m: m.update({"manifest.json": b"!!python/object"}), "no JSON"),
    "a negative": (in_manifest(records=-1), "'records' is -1"),
    "another format": (in_manifest(format="zip"), "not one of an archive"),
    "a value": (in_table("record", '"0"', "{}"), "cannot hold this row"),
    "an attribute": (in_table("attribute", "[1,", '["x",'), "attribute"),
    "a rule": (in_table("heuristic_version", '{\\"', '(\\"'), "a spec in it is damaged"),
    "an embedding": (in_table("embedding", '{\\"', '(\\"'), "a spec in it is damaged"),
    "a task of nothing": (in_table("task_label", "[1, 1", "[1, 77"), "do not belong together"),
    "a kind": (in_table("task", '"classification"', '"magic"'), "cannot be used"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_archive_is_refused_and_leaves_nothing(
    saved: Path, tmp_path: Path, forged: str
) -> None:
    """I4: unknown keys, forged rows, other members."""
    change, message = FORGED[forged]
    before = sorted(one.name for one in tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        rn.restore(altered(saved, change), tmp_path / "a" / "b")
    assert sorted(one.name for one in tmp_path.iterdir()) == before


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused_and_leaves_nothing(
    saved: Path, tmp_path: Path, part: float
) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * part)])
    before = sorted(one.name for one in tmp_path.iterdir())
    with pytest.raises(InputError, match="damaged, or cut short"):
        rn.restore(saved, tmp_path / "out")
    assert sorted(one.name for one in tmp_path.iterdir()) == before


def test_an_archive_with_flipped_bytes_is_refused_or_the_same(saved: Path, tmp_path: Path) -> None:
    """S8: whatever is flipped, an error of ours or the project as it was."""
    content = saved.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.choice(len(content), 40, replace=False).tolist():
        changed = bytearray(content)
        changed[at] ^= 0xFF
        saved.write_bytes(bytes(changed))
        try:
            with rn.restore(saved, tmp_path / f"out{at}") as project:
                assert len(project) == 5
        except RefineryError:
            assert not (tmp_path / f"out{at}").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../up", "leads out of the archive"),
        ("/etc/passwd", "leads out of the archive"),
        ("C:/x", "leads out of the archive"),
        ("MANIFEST.json", "stands twice"),
    ],
)
def test_a_member_that_leads_out_is_refused(
    saved: Path, tmp_path: Path, name: str, message: str
) -> None:
    """I2."""
    with zipfile.ZipFile(saved, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(InputError, match=message):
        rn.restore(saved, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_is_refused(saved: Path, tmp_path: Path) -> None:
    """I2."""
    with zipfile.ZipFile(saved, "a") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = (stat.S_IFLNK | 0o644) << 16
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(InputError, match="no plain file"):
        rn.restore(saved, tmp_path / "out")


@pytest.mark.parametrize("opener", ["restore", "add"])
def test_200_megabytes_of_zeros_are_refused_before_they_are_unpacked(
    tmp_path: Path, opener: str
) -> None:
    """I3."""
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("manifest.json", "w") as file,
    ):
        for _ in range(200):
            file.write(bytes(1 << 20))
    assert path.stat().st_size < 300_000
    with rn.open() as project, pytest.raises(InputError, match="times its size"):
        rn.restore(path, tmp_path / "out") if opener == "restore" else project.add(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bomb.zip"]


NONSENSE = [
    *(None, 0, -1, 7, 2**62, 1.5, "", "x", "x" * 500, "{}", "[]", "null", '{"kind": "function"}'),
    *('{"is": "all", "items": []}', {"base64": ""}, {"base64": "UEs="}, {"base64": "eA=="}),
    *(True, [], {}, {"float": "inf"}, "2026", "spans", "text", "json", "a\0b", "1" * 400),
]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_an_archive_says_it_is_restored_or_refused(
    saved: Path, tmp_path: Path, seed: int
) -> None:
    """S8: a forger has the checksums right; no other error than ours, and nothing left behind."""
    rng = random.Random(seed)

    def forge(members: dict[str, bytes]) -> None:
        told = json.loads(members["manifest.json"])
        tables = [one for one in told["members"] if one["table"] is not None and one["rows"]]
        for one in rng.sample(tables, rng.randint(1, 2)):
            rows = [json.loads(line) for line in members[one["name"]].splitlines()]
            row = rng.choice(rows)
            row[rng.randrange(len(row))] = rng.choice(NONSENSE)
            content = "".join(json.dumps(row) + "\n" for row in rows).encode()
            members[one["name"]] = content
            one["size"], one["sha256"] = len(content), hashlib.sha256(content).hexdigest()
        members["manifest.json"] = json.dumps(told).encode()

    path = altered(saved, forge)
    before = sorted(one.name for one in tmp_path.iterdir())
    try:
        project = rn.restore(path, tmp_path / "out", by="ann")
    except RefineryError:
        assert sorted(one.name for one in tmp_path.iterdir()) == before
        return
    with project:
        project.records()
        assert repr(project.doctor())
        for task in project.tasks.values():
            task.report()
            task.gold()
        project.save(tmp_path / "again.zip")


def test_an_array_that_is_a_bomb_is_refused(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I3, inside of the database: votes are packed again."""
    monkeypatch.setattr("refinery_nb.project.projects.restoring.MOST_ARRAY", 100)
    with pytest.raises(InputError, match=r"would unpack to \d+ bytes; 100 are allowed"):
        rn.restore(saved, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_newer_archive_is_refused(saved: Path, tmp_path: Path) -> None:
    for newer in ({"version": 2}, {"schema": 999}):
        with pytest.raises(StoreTooNew, match="Update refinery_nb"):
            rn.restore(altered(saved, in_manifest(**newer)), tmp_path / "out")
        altered(saved, in_manifest(version=1))
    assert not (tmp_path / "out").exists()


def test_what_packs_like_a_bomb_is_saved_as_it_is(tmp_path: Path) -> None:
    with rn.open(tmp_path / "same") as project:
        project.add([{"id": n, "text": "x" * 500_000} for n in range(5)], key="id")
        path = project.save(tmp_path / "same.rnb.zip")
    with rn.restore(path, tmp_path / "again") as other:
        assert other.records()["text"].str.len().tolist() == [500_000] * 5


def test_an_archive_that_is_added_names_what_restores_it(saved: Path) -> None:
    with rn.open() as project, pytest.raises(InputError, match=r"rn\.restore\('news.rnb.zip'\)"):
        project.add(saved)


def test_nothing_is_restored_over_something(saved: Path, tmp_path: Path) -> None:
    with rn.restore(saved) as project:  # beside it, under its name
        assert project.root == tmp_path / "news"
    with pytest.raises(StoreError, match="exists already"):
        rn.restore(saved)
    with pytest.raises(InputError, match="no such file"):
        rn.restore(tmp_path / "gone.zip")
    (tmp_path / "empty").mkdir()
    with rn.restore(saved, tmp_path / "empty") as project:
        assert len(project) == 5


def test_a_failed_save_leaves_the_older_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K5."""
    with rn.open(by="ann") as project:
        project.add([{"text": "a"}])
        path = tmp_path / "x.rnb.zip"
        path.write_bytes(b"older")
        monkeypatch.setattr("refinery_nb.project.projects.saving.made", None)
        with pytest.raises(TypeError):
            project.save(path)
        assert path.read_bytes() == b"older"
        assert [one.name for one in tmp_path.iterdir()] == ["x.rnb.zip"]
        with pytest.raises(InputError, match="folder does not exist"):
            project.save(tmp_path / "gone" / "x.rnb.zip")


def test_a_manifest_says_exactly_what_it_must() -> None:
    told = manifests.made("news", "1", "now", 3, [manifests.Member("a", 1, "b", 2)])
    assert manifests.read(told.to_json().encode(), "x") == told


# Copies, names, deletion, lists


def test_a_copy_is_another_project(tmp_path: Path) -> None:
    with rn.open(tmp_path / "news", by="ann") as project:
        fill(project)
        with project.copy(tmp_path / "copy") as other:
            assert everything(other) == everything(project)
            assert other.id != project.id
            other.task("topic").label(3, "Business")
            assert len(other.task("topic").gold()) == len(project.task("topic").gold()) + 1
        with pytest.raises(StoreError, match="exists already"):
            project.copy(tmp_path / "copy")


def test_a_backup_is_restored_as_a_project(tmp_path: Path) -> None:
    with rn.open(tmp_path / "news", by="ann") as project:
        fill(project)
        backup, id_ = project.backup(), project.id
        project.task("topic").label(4, "Business")
        project.add([{"id": 0, "text": "changed"}])
        with rn.restore(backup, tmp_path / "older", by="ann") as other:
            assert other.id != id_
            assert len(other.task("topic").gold()) == len(project.task("topic").gold()) - 1
            assert other.records()["text"].tolist()[0] == "a goal"
            assert other.embeddings["tokens"].covered == 5


def test_a_project_gets_another_name(tmp_path: Path) -> None:
    project = rn.open(tmp_path / "news", by="ann")
    fill(project)
    before, id_ = everything(project), project.id
    renamed = project.rename("papers")
    with renamed:
        assert (renamed.name, renamed.id, renamed.actor) == ("papers", id_, "ann")
        assert everything(renamed) == before
        assert not (tmp_path / "news").exists()
        with pytest.raises(StoreError, match="the project is closed"):
            len(project)
        (tmp_path / "taken").mkdir()
        with pytest.raises(StoreError, match="exists already"):
            renamed.rename("taken")
        for bad in ("", "..", "a/b"):
            with pytest.raises(SchemaError, match="no name for a project"):
                renamed.rename(bad)
        assert len(renamed) == 5


def test_a_project_is_deleted_by_its_name_only(tmp_path: Path) -> None:
    root = tmp_path / "news"
    project = rn.open(root, by="ann")
    fill(project)
    (root / "notes.ipynb").write_text("{}")
    with pytest.raises(SchemaError, match=r"called 'news', not 'other'.* 5 records"):
        project.delete(confirm="other")
    assert len(project) == 5
    project.delete(confirm="news")
    # What somebody else put there stays.
    assert [one.name for one in root.iterdir()] == ["notes.ipynb"]
    other = rn.open(tmp_path / "papers")
    other.delete(confirm="papers")
    assert not (tmp_path / "papers").exists()
    with rn.open() as memory, pytest.raises(SchemaError, match="in memory has no folder"):
        memory.delete(confirm="in memory")


def test_projects_are_listed_and_damaged_ones_with_the_reason(tmp_path: Path) -> None:
    with rn.open(tmp_path / "a" / "news", by="ann") as project:
        fill(project)
    rn.open(tmp_path / "b" / "empty").close()
    rn.open(tmp_path / "c").close()
    (tmp_path / "c" / "project.db").write_bytes(b"")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "project.db").write_bytes(b"SQLite format 3\x00" + b"x" * 5_000)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.utime(tmp_path / "a" / "news" / "project.lock", (4e9, 4e9))
    found = rn.projects(tmp_path)
    told = found.set_index("name")
    assert found["name"].tolist()[0] == "news"
    assert told.loc["news", ["records", "labelled", "problem"]].tolist() == [
        *(5, "topic 2, spans 1", ""),
    ]
    assert told.loc["empty", "records"] == 0
    assert told.loc["c", "problem"] == "the database is empty."
    assert "damaged" in told.loc["d", "problem"]
    assert set(found["name"]) == {"news", "empty", "c", "d"}
    with pytest.raises(StoreError, match="no folder"):
        rn.projects(tmp_path / "gone")
    assert len(rn.projects(tmp_path / "b" / "empty")) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=small())
def test_small_projects_are_saved_and_restored(
    plan: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patched, rn.open(by="ann") as project:
        patched.setattr("platformdirs.user_data_path", lambda *a, **options: folder / "home")
        make_small(project, plan)
        with rn.restore(project.save(folder / "x.rnb.zip"), folder / "again") as other:
            assert spoken(other) == spoken(project)
            assert other.doctor().ok


def test_a_project_in_memory_goes_on_after_it_was_saved(tmp_path: Path) -> None:
    with rn.open() as project:
        project.add([{"id": "1", "text": "late"}], key="id")
        topic = project.task("topic", ["A"], on="text")
        project.save(tmp_path / "one.rnb.zip")
        topic.label("1", "A")
        assert project.doctor().ok
    with rn.restore(tmp_path / "one.rnb.zip", tmp_path / "back") as other:
        assert len(other) == 1
