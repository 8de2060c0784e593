"""Formats of other tools: from a project to a file and back, and what is odd in their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import InputError

LABELS = ["World", "Sports", "Sci/Tech 🚀"]
KINDS = ["ORG", "PER"]
TEXT = st.text(
    alphabet=st.sampled_from(list("ab [](){}:\"'\\\n\té💩👨\u202e<&>-")), min_size=1, max_size=24
)


@st.composite
def said(draw: st.DrawFn) -> dict[str, Any]:
    """A record with perhaps a label and perhaps spans."""
    text = draw(TEXT)
    marked = draw(
        st.none() | st.lists(st.tuples(st.integers(0, 23), st.integers(1, 24)), max_size=3)
    )
    spans = None
    if marked is not None:
        kinds = draw(st.lists(st.sampled_from(KINDS), min_size=len(marked), max_size=len(marked)))
        spans = sorted(
            {
                (start, min(end, len(text)), kind)
                for (start, end), kind in zip(marked, kinds, strict=True)
                if start < min(end, len(text))
            }
        )
    label = draw(st.none() | st.sampled_from([*LABELS, rn.NONE]))
    return {"text": text, "n": draw(st.none() | st.integers(-5, 5)), "label": label, "spans": spans}


def filled(project: rn.Project, rows: list[dict[str, Any]], kind: str) -> None:
    project.add(
        [{"id": f"r{n}", "text": one["text"], "n": one["n"]} for n, one in enumerate(rows)],
        key="id",
        types={"n": "integer", "text": "text"},
    )
    topic = project.task("topic", LABELS, on="text", kind=kind)
    names = project.task("names", KINDS, on="text", kind="spans")
    if kind == "multilabel":
        # Three labels of a record, or fewer, in place of one.
        every = [*LABELS, rn.NONE]
        rows = [
            one | {"label": None if one["label"] is None else LABELS[every.index(one["label"]) :]}
            for one in rows
        ]
    labels = {f"r{n}": one["label"] for n, one in enumerate(rows) if one["label"] is not None}
    topic.label_many(labels)
    spans = {f"r{n}": one["spans"] for n, one in enumerate(rows) if one["spans"] is not None}
    names.label_many(spans)


def labels_of(project: rn.Project, name: str) -> list[str]:
    if name not in project.tasks:
        return []
    gold = project.task(name).gold().drop(columns="by").astype(object)
    rows = gold.where(gold.notna(), None).to_numpy().tolist()
    return sorted(
        str([sorted(cell) if isinstance(cell, list) else cell for cell in row]) for row in rows
    )


def records_of(project: rn.Project) -> list[dict[str, Any]]:
    frame = project.records().astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return [{name: one for name, one in row.items() if one is not None} for row in rows]


ROUND = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
OPTIONS: dict[str, dict[str, Any]] = {
    "prodigy": {"task": "topic", "spans": "names"},
    "doccano": {"task": "topic", "spans": "names", "empty": "none", "offsets": "codepoint"},
    "label_studio": {},
    "argilla": {"offsets": "codepoint"},
}
# They do not say themselves that a record may have several labels.
TOLD = ("prodigy", "doccano")
SUFFIX = {"prodigy": "jsonl", "doccano": "jsonl", "label_studio": "json", "argilla": "json"}


@pytest.mark.parametrize("kind", ["classification", "multilabel"])
@pytest.mark.parametrize("format", list(OPTIONS))
@given(rows=st.lists(said(), min_size=1, max_size=5))
@ROUND
def test_a_project_comes_back_from_a_file_of_another_tool(
    tmp_path_factory: pytest.TempPathFactory, format: str, kind: str, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    path = folder / f"a.{SUFFIX[format]}"
    with rn.open(by="ann") as project, rn.open(by="ann") as other:
        if format == "argilla" and kind == "classification":  # It cannot say that no label applies.
            rows = [
                one | {"label": None if one["label"] == rn.NONE else one["label"]} for one in rows
            ]
        # One that says both, as an empty list alone says neither what it is a list of.
        rows = [*rows, {"text": "Bob", "n": 1, "label": LABELS[0], "spans": [(0, 3, "PER")]}]
        filled(project, rows, kind)
        written = project.export(path, format=format)
        assert written.left_out is None or not len(written.left_out)
        types = {"n": "integer"} if any(one["n"] is not None for one in rows) else None
        several = {"multilabel": True} if kind == "multilabel" and format in TOLD else {}
        other.add(path, format=format, key="id", types=types, **OPTIONS[format], **several)
        assert records_of(other) == records_of(project)
        for name in ("topic", "names"):
            assert labels_of(other, name) == labels_of(project, name)


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


PRODIGY = [
    {
        "text": "Acme pays 💩 Bob",
        "meta": {"source": "mail"},
        "spans": [{"start": 0, "end": 4, "label": "ORG", "token_start": 0, "token_end": 0}],
        "_input_hash": 1,
        "_task_hash": -2,
        "answer": "accept",
    },
    {"text": "nothing here", "spans": [], "_input_hash": 2, "answer": "accept"},
    {"text": "is this PER?", "spans": [], "_input_hash": 3, "answer": "reject"},
    {"text": "skip me", "_input_hash": 4, "answer": "ignore"},
]


def test_prodigys_answers_are_labels_only_where_they_accept(
    project: rn.Project, tmp_path: Path
) -> None:
    report = project.add(lines(tmp_path / "p.jsonl", PRODIGY), spans="names")
    assert (report.added, report.labels) == (4, 2)
    told = repr(report)
    assert "read as prodigy" in told
    assert "1 answers are 'reject'" in told
    assert "the spans task 'names' is new: ORG" in told
    gold = project.task("names").gold().astype(object)
    assert gold[["start", "label"]].where(gold.notna(), None).to_numpy().tolist() == [
        [0, "ORG"],
        [None, None],
    ]
    assert set(project.records().columns) == {"text", "source"}


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"text": 5}, "text", "expected a string"),
        ({"answer": "yes"}, "answer", "not accept"),
        ({"accept": ["A", "B"]}, "accept", "one is allowed"),
        ({"spans": [{"start": 0, "end": 99, "label": "X"}]}, "spans", "does not lie"),
        ({"spans": [{"start": 0.5, "end": 2, "label": "X"}]}, "spans[0].start", "no integer"),
        ({"spans": [{"start": 0, "end": 2}]}, "spans[0].label", "expected a label"),
        ({"spans": ["x"]}, "spans[0]", "expected an object"),
        ({"meta": []}, None, None),
    ],
)
def test_what_is_odd_in_a_line_of_prodigy_is_named(
    project: rn.Project, tmp_path: Path, change: dict, field: str | None, message: str | None
) -> None:
    path = lines(tmp_path / "p.jsonl", [PRODIGY[0], PRODIGY[0] | change, PRODIGY[1]])
    if field is None:
        assert project.add(path).added == 3
        return
    with pytest.raises(InputError, match=message) as caught:
        project.add(path)
    error = caught.value
    assert (error.source, error.line, error.record, error.field) == ("p.jsonl", 2, 2, field)
    assert "types=" not in str(error)
    assert len(project) == 0
    report = project.add(path, on_error="quarantine")
    assert (report.added, len(report.rejected)) == (2, 1)
    assert json.loads(report.rejected["raw"][0]) == PRODIGY[0] | change


def test_a_format_says_which_options_it_knows(project: rn.Project, tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", PRODIGY)
    with pytest.raises(InputError, match=r"no option 'span'.*'spans'"):
        project.add(path, span="names")
    with pytest.raises(InputError, match="no option 'task'"):
        project.add(path, format="jsonl", task="names")
    with pytest.raises(InputError, match=r"no format 'prodgy'.*'prodigy'"):
        project.add(path, format="prodgy")
    project.add(path)
    with pytest.raises(InputError, match=r"'prodgy' names no format.*prodigy"):
        project.export(tmp_path / "q.jsonl", format="prodgy")


def test_two_tasks_of_a_kind_have_to_be_chosen_from(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"text": "x"}])
    project.task("a", ["A"], on="text").label(project.view().keys()[0], "A")
    project.task("b", ["B"], on="text")
    with pytest.raises(InputError, match=r"'a', 'b'.*tasks="):
        project.export(tmp_path / "p.jsonl", format="prodigy")
    path = project.export(tmp_path / "p.jsonl", format="prodigy", tasks=["a"])
    assert json.loads(path.read_text())["accept"] == ["A"]


def test_a_weak_label_is_written_as_an_answer_only_when_asked(
    project: rn.Project, tmp_path: Path
) -> None:
    project.add([{"id": "1", "text": "late goal"}, {"id": "2", "text": "late vote"}], key="id")
    topic = project.task("topic", ["Sports", "World"], on="text")
    topic.label("1", "World")
    topic.add(rn.Lookup("Sports", ["late"]))
    topic.run(progress=False)
    topic.supervise(model="majority")

    def accepted(**options: Any) -> list[Any]:
        path = project.export(tmp_path / "p.jsonl", format="prodigy", **options)
        return [json.loads(line).get("accept") for line in path.read_text().splitlines()]

    assert accepted() == [["World"], None]
    assert accepted(sources=["manual", "weak"]) == [["World"], ["Sports"]]
    assert accepted(sources=["weak"]) == [["Sports"], ["Sports"]]


EMOJI = "💩💩 Acme"
IN_CODE_POINTS, IN_UTF16 = [3, 7, "ORG"], [5, 9, "ORG"]
BEYOND = {"text": "💩 Acme", "label": [[3, 7, "ORG"]]}  # ends beyond the text in code points


@pytest.mark.parametrize(
    ("rows", "options", "stored"),
    [
        ([{"text": EMOJI, "label": [IN_UTF16]}], {}, (3, 7)),
        ([{"text": EMOJI, "labels": [IN_CODE_POINTS]}], {"offsets": "codepoint"}, (3, 7)),
        ([{"text": EMOJI, "label": [IN_CODE_POINTS]}], {"offsets": "utf16"}, "not a span"),
        ([{"text": EMOJI + " Corp", "label": [IN_CODE_POINTS]}], {}, (3, 7)),
        ([{"text": EMOJI + " Corp", "label": [IN_UTF16]}], {}, "pass offsets="),
        ([{"text": EMOJI + " Corp", "label": [IN_UTF16]}, BEYOND], {}, (3, 7)),
        (
            [
                {
                    "text": EMOJI + " Corp",
                    "entities": [{"id": 1, "start_offset": 5, "end_offset": 9, "label": "ORG"}],
                },
                BEYOND,
            ],
            {},
            (3, 7),
        ),
    ],
)
def test_how_doccano_counts_is_told_by_the_file_or_asked(
    project: rn.Project, tmp_path: Path, rows: list[Any], options: dict, stored: Any
) -> None:
    """B13: one record that fits in one way only tells it for the file."""
    path = lines(tmp_path / "d.jsonl", rows)
    if stored == "pass offsets=":
        with pytest.raises(InputError, match="pass offsets=") as caught:
            project.add(path, **options)
        assert (caught.value.line, caught.value.field) == (1, "offsets")
        report = project.add(path, on_error="quarantine", offsets="utf16")
        assert report.added == 1
        return
    if isinstance(stored, str):
        with pytest.raises(InputError):
            project.add(path, offsets="utf16", format="doccano")
        return
    project.add(path, **options)
    gold = project.task("entities").gold()
    assert tuple(gold.iloc[0][["start", "end"]]) == stored


def test_unclear_records_are_put_aside_where_nothing_tells(
    project: rn.Project, tmp_path: Path
) -> None:
    unclear = {"text": EMOJI + " Corp", "label": [IN_UTF16]}
    path = lines(tmp_path / "d.jsonl", [unclear, {"text": "Acme", "label": [[0, 4, "ORG"]]}])
    report = project.add(path, on_error="quarantine")
    assert (report.added, list(report.rejected["line"])) == (1, [1])
    assert json.loads(report.rejected["raw"][0]) == unclear


@pytest.mark.parametrize(
    ("row", "task", "label"),
    [
        ({"text": "a", "label": ["pos"]}, "label", "pos"),
        ({"text": "a", "labels": ["pos"], "id": 3}, "label", "pos"),
        ({"id": 1, "text": "a", "cats": ["pos"], "entities": [[0, 1, "X"]]}, "entities", "X"),
        ({"id": 1, "data": "a", "label": [[0, 1, "X"]]}, "entities", "X"),
    ],
)
def test_doccanos_spellings_are_all_read(
    project: rn.Project, tmp_path: Path, row: dict, task: str, label: str
) -> None:
    project.add(lines(tmp_path / "d.jsonl", [row]), format="doccano")
    assert list(project.task(task).gold()["label"]) == [label]


def test_several_labels_of_one_record_are_refused(project: rn.Project, tmp_path: Path) -> None:
    path = lines(tmp_path / "d.jsonl", [{"text": "a", "label": ["x", "y"]}])
    with pytest.raises(InputError, match="one is allowed"):
        project.add(path)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "a", "label": "pos"},
        {"text": "a", "label": [1, 2]},
        {"text": "a", "label": ["tag"], "stars": 3},
        {"text": "a", "entities": ["Acme"]},
    ],
)
def test_ordinary_jsonl_stays_ordinary(project: rn.Project, tmp_path: Path, row: dict) -> None:
    project.add(lines(tmp_path / "d.jsonl", [row]))
    assert not project.tasks
    assert set(project.records().columns) == set(row)


ARGILLA_2 = {
    "id": "r1",
    "fields": {"text": "Acme pays", "title": "t"},
    "metadata": {"n": 1},
    "suggestions": {"topic": {"value": "Sports", "score": 0.5, "agent": "m"}},
    "responses": {
        "topic": [{"value": "World", "user_id": "u1"}, {"value": "Sports", "user_id": "u2"}],
        "names": [{"value": [{"start": 0, "end": 4, "label": "ORG"}], "user_id": "u1"}],
        "remark": [{"value": {"ranked": 1}, "user_id": "u1"}],
    },
}
ARGILLA_1 = {
    "fields": {"text": "Bob"},
    "responses": [
        {"values": {"topic": {"value": "World"}}, "status": "submitted", "user_id": "u1"},
        {"values": {"topic": {"value": "Sports"}}, "status": "draft", "user_id": "u2"},
    ],
    "suggestions": [{"question_name": "topic", "value": "Sports", "score": 0.75}],
}


def test_both_shapes_of_argilla_are_read(project: rn.Project, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [ARGILLA_2, ARGILLA_1])
    report = project.add(path)
    assert (report.added, report.labels) == (2, 4)
    told = repr(report)
    for part in ("read as argilla", "1 responses are 'draft'", "neither labels nor spans"):
        assert part in told
    topic = project.task("topic")
    assert sorted(topic.all_labels()[["by", "label"]].to_numpy().tolist()) == [
        ["u1", "World"],
        ["u1", "World"],
        ["u2", "Sports"],
    ]
    assert topic.runs()[-1].frame()["confidence"].tolist() == [0.5, 0.75]
    assert set(project.records().columns) == {"id", "text", "title", "n"}


def test_what_argilla_cannot_say_is_told(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"id": "a", "text": "x"}], key="id")
    project.task("topic", ["A"], on="text").label("a", rn.NONE)
    written = project.export(tmp_path / "a.json", format="argilla")
    assert written.left_out is not None
    assert written.left_out[["key", "why"]].to_numpy().tolist() == [
        ["a", "'topic' is reviewed, and no label applies"]
    ]


def test_which_field_argilla_asks_about_has_to_be_told(project: rn.Project, tmp_path: Path) -> None:
    row = {"fields": {"a": "x", "b": "y"}, "responses": {"q": [{"value": "A"}]}}
    path = lines(tmp_path / "a.jsonl", [row])
    with pytest.raises(InputError, match="pass on="):
        project.add(path)
    project.add(path, on="b")
    assert project.task("q").schema.on == "b"


def test_empty_lists_are_spans_or_labels_as_the_rest_of_the_file(
    project: rn.Project, tmp_path: Path
) -> None:
    rows = [{"text": "nobody", "label": []}, {"text": "Acme", "label": [[0, 4, "ORG"]]}]
    path = lines(tmp_path / "d.jsonl", rows)
    project.add(path, empty="none")
    assert [one.split(", ", 1)[1] for one in labels_of(project, "entities")] == [
        "0, 4, 'ORG']",
        "None, None, None]",
    ]
    assert "label" not in project.tasks
    with rn.open() as other:
        report = other.add(path)
        assert len(other.task("entities").gold()) == 1
        assert any("count as unlabelled" in warning for warning in report.warnings)


def test_a_file_that_is_not_kept_in_memory_gives_the_same(
    project: rn.Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from refinery_nb.io import files

    monkeypatch.setattr(files, "KEPT_BYTES", 0)
    assert project.add(lines(tmp_path / "p.jsonl", PRODIGY), spans="names").labels == 2
    rows = [{"text": EMOJI + " Corp", "label": [IN_UTF16]}, BEYOND]
    with rn.open() as other:
        other.add(lines(tmp_path / "d.jsonl", rows))
        assert tuple(other.task("entities").gold().iloc[0][["start", "end"]]) == (3, 7)


@pytest.mark.parametrize(
    ("kind", "row", "message"),
    [
        ("classification", {"text": "a", "entities": [[0, 1, "A"]]}, "and here it is spans"),
        ("spans", {"text": "a", "cats": ["A"]}, "and here it is classification"),
        ("multilabel", {"text": "a", "entities": [[0, 1, "A"]]}, "and here it is spans"),
    ],
)
def test_labels_of_another_kind_than_the_task_are_refused(
    project: rn.Project, tmp_path: Path, kind: str, row: dict, message: str
) -> None:
    project.add([{"text": "b"}])
    project.task("names", ["A"], on="text", kind=kind)
    path = lines(tmp_path / "d.jsonl", [row])
    with pytest.raises(InputError, match=message):
        project.add(path, format="doccano", task="names", spans="names")
    assert len(project) == 1


def test_one_label_fits_a_task_of_several(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"text": "b"}])
    topic = project.task("topic", ["A", "B"], on="text", kind="multilabel")
    path = lines(tmp_path / "d.jsonl", [{"text": "a", "label": ["A"]}])
    project.add(path, task="topic")
    assert topic.gold()["label"].tolist() == [["A"]]


def test_spans_of_another_text_are_refused(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"id": "1", "headline": "Acme"}], key="id")
    names = project.task("names", ["ORG"], on="headline", kind="spans")
    path = lines(tmp_path / "d.jsonl", [{"id": "2", "text": "Acme", "label": [[0, 4, "ORG"]]}])
    with pytest.raises(InputError, match=r"about 'headline'.*text='headline'"):
        project.add(path, spans="names")
    project.add(path, spans="names", text="headline")
    assert names.gold()["key"].tolist() == ["2"]


def test_a_format_by_name_needs_no_suffix(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"id": "1", "text": "a"}], key="id")
    assert project.export(tmp_path / "f.txt", format="tsv").read_text() == "id\ttext\n1\ta\n"
    assert project.export(tmp_path / "f.out", format="prodigy").read_text().startswith("{")


@pytest.mark.parametrize(
    ("kind", "column", "good", "bad"),
    [
        ("classification", "text__topic__MANUAL", "A", "Z"),
        ("multilabel", "text__topic__MANUAL", ["A"], ["A", "Z"]),
        ("spans", "text__topic__MANUAL__spans", [[0, 1, "A"]], [[0, 1, "Z"]]),
        ("classification", "text__topic__MANUAL__people", {"ann": "A"}, {"ann": "Z"}),
        ("classification", "text__topic__WEAK_SUPERVISION", "A", "Z"),
        ("classification", "text__topic__INFORMATION_SOURCE__rule", "A", "Z"),
    ],
)
def test_rows_with_a_label_that_their_task_lacks_are_kept_back(
    project: rn.Project, tmp_path: Path, kind: str, column: str, good: object, bad: object
) -> None:
    project.add([{"id": 0, "text": "first"}], key="id")
    project.task("topic", ["A"], on="text", kind=kind)
    rows = [{"id": n, "text": f"text {n}", column: bad if n == 2 else good} for n in (1, 2, 3)]
    path = lines(tmp_path / "f.jsonl", rows)
    with pytest.raises(InputError) as caught:
        project.add(path)
    assert (caught.value.line, caught.value.record, caught.value.field) == (2, 2, column)
    assert "create_labels=True" in str(caught.value)
    report = project.add(path, on_error="quarantine")
    assert (report.added, len(report.rejected)) == (2, 1)
    fault = report.rejected.iloc[0]
    assert (fault["line"], fault["field"]) == (2, column)
    assert '"text 2"' in fault["raw"]
    assert project.records().index.tolist() == [0, 1, 3]
