"""Label Studio's JSON-MIN, records of Argilla 1, and CoNLL-U."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import refinery_nb as rn
from refinery_nb.core.errors import InputError


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps(rows))
    return path


def said(project: rn.Project, task: str) -> list[list[Any]]:
    frame = project.task(task).gold()
    return frame.drop(columns=[one for one in ("by",) if one in frame]).values.tolist()


MIN = {"annotation_id": 7, "created_at": "2024", "updated_at": "2024", "lead_time": 1.5}
LABELS = [{"start": 0, "end": 4, "text": "Acme", "labels": ["ORG"]}]


def test_json_min_tells_fields_and_answers_by_their_order(
    project: rn.Project, tmp_path: Path
) -> None:
    rows = [
        {
            "text": "Acme pays",
            "lang": "en",
            "id": 1,
            "mood": "good",
            "names": LABELS,
            "annotator": 5,
        }
        | MIN,
        {"text": "nobody", "lang": "en", "id": 2, "mood": "bad", "annotator": 5} | MIN,
    ]
    for row in rows:
        row["lang"] = 3  # no text: what the answers are about is told by the only one
    project.add(written(tmp_path / "m.json", rows), key="id")
    assert [one.name for one in project.attributes] == ["text", "lang", "id"]
    assert said(project, "mood") == [[1, "good"], [2, "bad"]]
    assert project.task("mood").gold()["by"].tolist() == ["5", "5"]
    assert project.task("names").gold()[["key", "start", "end", "label"]].values.tolist() == [
        [1, 0, 4, "ORG"],
        [2, None, None, None],
    ]


def test_several_people_in_json_min_are_one_record(project: rn.Project, tmp_path: Path) -> None:
    rows = [
        {"text": "a", "id": 1, "mood": mood, "annotator": by} | MIN
        for by, mood in ((5, "good"), (6, "bad"))
    ] + [{"text": "b", "id": 2, "mood": "good", "annotator": 6} | MIN]
    project.add(written(tmp_path / "m.json", rows), key="id")
    assert len(project.records()) == 2
    assert said(project, "mood") == [[2, "good"]]  # the two disagree on the first


def test_a_configuration_tells_the_answers_of_json_min(project: rn.Project, tmp_path: Path) -> None:
    config = (
        '<View><Text name="t" value="$text"/><Choices name="mood" toName="t" choice="multiple">'
        '<Choice value="good"/><Choice value="long"/></Choices></View>'
    )
    row = {"id": 1, "text": "a", "note": "b", "mood": {"choices": ["good", "long"]}, "annotator": 1}
    project.add(written(tmp_path / "m.json", [row | MIN]), key="id", config=config)
    assert [one.name for one in project.attributes] == ["id", "text", "note"]
    assert said(project, "mood") == [[1, ["good", "long"]]]


LEGACY = {"metadata": {"n": 1}, "status": "Validated", "prediction": None, "prediction_agent": None}


@pytest.mark.parametrize("annotation", ["A", ["A"], {"agent": "x", "labels": [{"class": "A"}]}])
def test_labels_of_argilla_1(project: rn.Project, tmp_path: Path, annotation: object) -> None:
    row = LEGACY | {
        "id": "r1",
        "inputs": {"text": "one"},
        "annotation": annotation,
        "annotation_agent": "ann",
        "prediction": [{"label": "B", "score": 0.6}, {"label": "A", "score": 0.4}],
        "multi_label": False,
    }
    project.add(written(tmp_path / "a.json", [row]), key="id", task="topic")
    assert project.task("topic").gold().values.tolist() == [["r1", "A", "ann"]]
    path = project.export(tmp_path / "o.jsonl", sources=["weak"])
    row = json.loads(path.read_text())
    assert row["text__topic__WEAK_SUPERVISION"] == "B"
    assert row["text__topic__WEAK_SUPERVISION__confidence"] == 0.6


@pytest.mark.parametrize("span", [["ORG", 0, 4], {"label": "ORG", "start": 0, "end": 4}])
def test_spans_of_argilla_1(project: rn.Project, tmp_path: Path, span: object) -> None:
    row = LEGACY | {"text": "Acme pays", "tokens": ["Acme", "pays"], "annotation_agent": "ann"}
    rows = [
        row | {"id": "r1", "annotation": [span]},
        row | {"id": "r2", "annotation": []},
        row | {"id": "r3", "annotation": None},
        row | {"id": "r4", "annotation": [span], "status": "Discarded"},
    ]
    report = project.add(written(tmp_path / "a.json", rows), key="id", spans="names")
    gold = project.task("names").gold()
    assert gold[["key", "start", "end", "label"]].values.tolist() == [
        ["r1", 0, 4, "ORG"],
        ["r2", None, None, None],
    ]
    assert any("discarded" in warning for warning in report.warnings)


SENTENCES = """# sent_id = s1
# text = Vámonos a Acme.
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
3\ta\ta\tADP\t_\t_\t4\tcase\t_\t_
4\tAcme\tAcme\tPROPN\t_\t_\t1\tobl\t_\tNER=B-ORG|SpaceAfter=No
4.1\tnada\tnada\tVERB\t_\t_\t_\t_\t0:root\t_
5\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\t_

# sent_id = s2
1\tSí\tsí\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No
2\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\t_
"""


def test_sentences_of_conllu(project: rn.Project, tmp_path: Path) -> None:
    path = tmp_path / "f.conllu"
    path.write_text(SENTENCES, encoding="utf-8")
    project.add(path, key="sent_id")
    assert project.records()["text"].tolist() == ["Vámonos a Acme.", "Sí."]
    gold = project.task("entities").gold()
    assert gold[["key", "start", "end", "label"]].values.tolist()[0] == ["s1", 10, 14, "ORG"]


def test_parts_of_speech_of_conllu_are_spans_when_asked_for(
    project: rn.Project, tmp_path: Path
) -> None:
    path = tmp_path / "f.conllu"
    path.write_text(SENTENCES, encoding="utf-8")
    project.add(path, key="sent_id", tags="upos", spans="pos")
    gold = project.task("pos").gold()
    assert gold[gold["key"] == "s2"][["start", "end", "label"]].values.tolist() == [
        [0, 2, "INTJ"],
        [2, 3, "PUNCT"],
    ]
    assert gold["label"].tolist()[0] == "VERB"  # of two words written in one


@pytest.mark.parametrize(
    ("line", "field"),
    [("1\tSí", "id"), ("x\t" + "_\t" * 8 + "_", "id"), ("1\tb" + "\t_" * 7 + "\tNER=Q", "NER")],
)
def test_faults_of_conllu_have_their_line(
    project: rn.Project, tmp_path: Path, line: str, field: str
) -> None:
    path = tmp_path / "f.conllu"
    path.write_text(f"# sent_id = s0\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        project.add(path)
    assert (caught.value.line, caught.value.record, caught.value.field) == (2, 1, field)


def test_conllu_is_not_written(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"text": "a"}])
    with pytest.raises(InputError, match="read here, not written"):
        project.export(tmp_path / "f.conllu")
