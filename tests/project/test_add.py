"""Adding records: known ones are updated, labels stay, and nothing is done by half."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import InputError, LabelError, SchemaError


def records(n: int = 20) -> list[dict]:
    return [{"id": f"r{i}", "text": f"text number {i}", "stars": i % 5} for i in range(n)]


def test_running_the_cell_again_changes_nothing_and_says_so(project: rn.Project) -> None:
    """A23: labels stay, too."""
    project.add(records(), key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    topic.label("r1", "A")
    again = project.add(records(), key="id")
    assert (again.added, again.updated, again.unchanged) == (0, 0, 20)
    assert "20 unchanged" in repr(again)
    assert topic.gold().to_dict("records") == [{"key": "r1", "label": "A", "by": "ann"}]


def test_a_known_key_is_updated_and_its_label_stays(project: rn.Project) -> None:
    project.add(records(), key="id")
    topic = project.task("topic", ["A", "B"], on="text")
    topic.label("r1", "A")
    report = project.add(
        [{"id": "r1", "text": "changed", "stars": 1}, {"id": "new", "text": "x", "stars": 2}]
    )
    assert (report.added, report.updated, report.unchanged) == (1, 1, 0)
    assert project.records().loc["r1", "text"] == "changed"
    assert list(topic.gold()["label"]) == ["A"]


def test_records_without_a_key_are_known_by_their_content(project: rn.Project) -> None:
    twice = [{"text": "a"}, {"text": "b"}, {"text": "a"}]
    assert project.add(twice).added == 3
    again = project.add(list(reversed(twice)))
    assert (again.added, again.unchanged) == (0, 3)
    assert project.add([{"text": "c"}]).added == 1


def test_a_composite_key_identifies_together(project: rn.Project) -> None:
    rows = [{"book": "a", "page": 1, "text": "x"}, {"book": "a", "page": 2, "text": "y"}]
    project.add(rows, key=["book", "page"])
    task = project.task("t", ["L"], on="text")
    task.label(("a", 2), "L")
    assert list(task.gold()["key"]) == [("a", 2)]
    assert project.add([{"book": "a", "page": 2, "text": "z"}]).updated == 1


def test_integer_keys_come_back_as_integers(project: rn.Project) -> None:
    project.add([{"id": 7, "text": "x"}], key="id")
    task = project.task("t", ["L"], on="text")
    task.label(7, "L")
    assert list(task.gold()["key"]) == [7]


def test_keys_that_stand_twice_are_listed_with_both_lines(
    project: rn.Project, tmp_path: Path
) -> None:
    """A11."""
    path = tmp_path / "f.csv"
    path.write_text("id,text\na,1\nb,2\na,3\n")
    with pytest.raises(InputError) as caught:
        project.add(path, key="id")
    assert "'a' (lines 2 and 4)" in caught.value.message
    assert len(project) == 0
    report = project.add(path, key="id", on_error="quarantine")
    assert (report.added, list(report.rejected["line"])) == (2, [4])


@pytest.mark.parametrize(("policy", "text"), [("update", "new"), ("skip", "old")])
def test_what_to_do_with_a_known_key_is_said(project: rn.Project, policy: str, text: str) -> None:
    """A11."""
    project.add([{"id": "a", "text": "old"}], key="id")
    project.add([{"id": "a", "text": "new"}], on_conflict=policy)
    assert project.records().loc["a", "text"] == text
    with pytest.raises(InputError, match="'a'"):
        project.add([{"id": "a", "text": "newer"}], on_conflict="error")


def test_a_missing_part_of_the_key_is_named(project: rn.Project) -> None:
    """A12."""
    rows = [{"a": "x", "b": 1, "t": "t"}, {"a": "y", "b": None, "t": "t"}]
    with pytest.raises(InputError) as caught:
        project.add(rows, key=["a", "b"])
    assert (caught.value.record, caught.value.field) == (2, "a, b")
    assert len(project) == 0


def test_a_bad_row_adds_nothing_unless_it_is_put_aside(project: rn.Project, tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text('{"id": 1, "text": "a"}\n{"id": 2, "text": ["b"]}\n{"id": 3, "text": "c"}\n')
    with pytest.raises(InputError) as caught:
        project.add(path, key="id")
    assert (caught.value.line, caught.value.field) == (2, "text")
    assert (len(project), project.attributes) == (0, ())
    report = project.add(path, key="id", on_error="quarantine")
    assert report.added == 2
    assert report.rejected.iloc[0]["raw"] == '{"id": 2, "text": ["b"]}'


def test_nested_attributes_come_back_identically(project: rn.Project) -> None:
    """A16."""
    value = {"b": [1, 2.5], "a": None}
    project.add([{"id": 1, "more": value}], key="id")
    assert project.records().loc[1, "more"] == value


INTERRUPTED = """
import sys
import refinery_nb as rn
project = rn.open(sys.argv[1])
rows = [{"id": str(n), "text": f"text {n} " * 10} for n in range(200_000)]
from refinery_nb.store import records
insert = records.insert
done = []
def slow(*args, **kwargs):
    insert(*args, **kwargs)
    done.append(1)
    if len(done) == 3:
        print("half", flush=True)
        import time
        time.sleep(20)
records.insert = slow
project.add(rows, key="id")
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_import_that_is_interrupted_is_all_or_nothing(tmp_path: Path, how: int) -> None:
    """A22, F3."""
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path / "p")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "half\n"
    time.sleep(0.05)
    child.send_signal(how)
    child.communicate()
    with rn.open(tmp_path / "p") as project:
        assert len(project) == 0
        assert project.add([{"id": "1", "text": "x"}], key="id").added == 1


def test_labels_that_a_file_brings(project: rn.Project, tmp_path: Path) -> None:
    """A24: an unknown label is an error unless it may be created; near-duplicates are refused."""
    path = tmp_path / "f.csv"
    path.write_text("id,text,text__topic__MANUAL\n1,a,World\n2,b,Sports\n3,c,\n")
    assert project.add(path, key="id").labels == 2
    topic = project.task("topic")
    assert list(topic.gold()["label"]) == ["World", "Sports"]
    path.write_text("id,text,text__topic__MANUAL\n1,a,Sports\n4,d,Business\n")
    with pytest.raises(InputError) as caught:
        project.add(path)
    assert caught.value.field == "text__topic__MANUAL"
    assert project.add(path, create_labels=True).labels == 1
    assert list(topic.gold()["label"]) == ["World", "Sports", "Business"]
    path.write_text("id,text,text__topic__MANUAL\n5,e,sports \n")
    with pytest.raises(InputError, match="differs from"):
        project.add(path, create_labels=True)


@pytest.mark.parametrize("name", ["label", "id", "rowid", "select", "a]b", 'a"b', "💩", "x" * 300])
def test_any_name_can_name_an_attribute(project: rn.Project, name: str) -> None:
    """C4."""
    project.add([{"key": "1", name: "value"}, {"key": "2", name: None}], key="key")
    assert project.where(project[name] == "value").keys() == ["1"]
    assert project.view().order_by(name).keys() == ["1", "2"]
    task = project.task("t", ["L"], on=name)
    task.label("1", "L")
    assert list(task.gold()["label"]) == ["L"]


def test_names_that_collide_with_attributes_are_refused(project: rn.Project) -> None:
    """A10, C4."""
    project.add([{"id": "1", "Text": "x"}], key="id")
    with pytest.raises(SchemaError, match="Text"):
        project.add([{"id": "1", "text": "x"}])
    with pytest.raises(InputError):
        project.add([{"id": "2", "x" * 301: "y"}])


EMOJI = "💩This is an annotation."
SPAN = {"start": 13, "end": 23, "label": "A", "text": "annotation"}  # in UTF-16 units


@pytest.mark.parametrize(
    ("offsets", "span", "stored"),
    [
        ("utf16", SPAN, [12, 22]),
        ("auto", SPAN, [12, 22]),
        ("auto", SPAN | {"start": 12, "end": 22}, [12, 22]),
        ("codepoint", SPAN | {"start": 12, "end": 22}, [12, 22]),
        ("auto", SPAN | {"text": None}, None),
        ("auto", SPAN | {"text": "something"}, None),
        ("utf16", SPAN | {"start": 1}, None),
    ],
)
def test_spans_counted_in_utf16_are_told_apart(
    project: rn.Project, offsets: str, span: dict, stored: list[int] | None
) -> None:
    """B13: auto verifies against the surface text, and refuses what it does not tell."""
    rows = [{"id": "1", "text": EMOJI, "text__t__MANUAL__spans": [span]}]
    if stored is None:
        with pytest.raises(LabelError):
            project.add(rows, key="id", offsets=offsets)
        assert len(project) == 0
        return
    project.add(rows, key="id", offsets=offsets)
    gold = project.task("t").gold()
    assert gold[["start", "end"]].to_numpy().tolist() == [stored]
