"""The SimilarEditor as Python and its front end see it."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import refinery_nb as rn
from refinery_nb.core.errors import HeuristicError, RefineryError
from refinery_nb.widgets.messages import PROTOCOL, reply
from refinery_nb.widgets.similar_editor.operations import OPERATIONS
from refinery_nb.widgets.similar_editor.rows import UNIT
from tests.widgets.listening import listening_widgets

ROOT = Path(__file__).parents[2]
TEXTS = ["1 0", "9 1", "2 1", "1 1", "1 2", "0 1", " ", "-1 0"]
SENTENCES = ["Anna called New York", "then Bob and Anna met", "Carl saw York", "nobody came"]
WORDS = {"Anna": [1, 0, 0], "Bob": [0.9, 0.1, 0], "Carl": [0.8, 0.3, 0], "York": [0, 1, 0]}


def plane(texts: list[str]) -> np.ndarray:
    """A model whose vectors are the numbers that a text begins with."""
    return np.array([[float(one) for one in text.split()[:2]] for text in texts], np.float32)


def words(tokens: list[list[str]]) -> list[np.ndarray]:
    """A model of tokens: names are alike, places are, and all else is something else."""
    return [np.array([WORDS.get(one, [0, 0, 1]) for one in row], np.float16) for row in tokens]


@pytest.fixture
def topic(project: rn.Project) -> rn.Task:
    rows = [{"id": f"r{at}", "text": text} for at, text in enumerate(TEXTS)]
    project.add(rows, key="id", types={"text": "text"})
    project.embed("text", model=plane, name="v", progress=False)
    return project.task("topic", ["A", "B"], on="text")


@pytest.fixture
def names(project: rn.Project) -> rn.Task:
    rows = [{"id": f"r{at}", "text": text} for at, text in enumerate(SENTENCES)]
    project.add(rows, key="id", types={"text": "text"})
    project.embed("text", model=words, name="t", level="token", progress=False)
    return project.task("names", ["PERSON", "PLACE"], on="text", kind="spans")


@pytest.fixture
def editor(topic: rn.Task) -> Iterator[rn.SimilarEditor]:
    made = rn.SimilarEditor(topic, rn.Similar("A", ["r0"], threshold=0.8))
    yield made
    made.close()


def ask(editor: rn.SimilarEditor, op: str, **args: Any) -> Any:
    told = reply(
        editor._conversation, {"v": PROTOCOL, "id": "c-1", "op": op, "args": args}, OPERATIONS
    )
    told = json.loads(json.dumps(told, allow_nan=False))
    assert "ok" in told, told
    return told["ok"]


def refused(editor: rn.SimilarEditor, op: str, **args: Any) -> str:
    told = reply(
        editor._conversation, {"v": PROTOCOL, "id": "c-1", "op": op, "args": args}, OPERATIONS
    )
    assert told["error"]["code"] != "internal", told
    return str(told["error"]["message"])


def column(text: str, kind: str = "<u4") -> list[int]:
    return np.frombuffer(b64decode(text), kind).tolist()


def judged(told: dict[str, Any]) -> list[tuple[int, int]]:
    return [divmod(one, 4) for one in column(told["judged"])]


def shown(editor: rn.SimilarEditor, **more: Any) -> list[dict[str, Any]]:
    revision = editor.session.revision
    return list(ask(editor, "rows", **{"revision": revision, "from": 0, "to": 20, **more})["rows"])


def test_the_other_side_knows_the_same_operations() -> None:
    protocol = (ROOT / "js/src/widgets/similar_editor/protocol.ts").read_text()
    table = protocol.split("export interface SimilarOperations {")[1].split("\n}")[0]
    theirs = {
        line.strip().split(":")[0]
        for line in table.splitlines()
        if line.startswith("  ") and not line.startswith("   ") and ":" in line
    }
    assert theirs == set(OPERATIONS)


def test_neighbours_come_as_exact_numbers_with_what_people_say(
    editor: rn.SimilarEditor, topic: rn.Task
) -> None:
    topic.label_many({"r1": "A", "r2": "B", "r3": rn.NONE, "r5": "A"})
    told = ask(editor, "hello", client="c")
    assert (told["task"]["name"], told["embeddings"]) == ("topic", ["v"])
    assert told["draft"]["examples"] == [{"kind": "record", "key": "r0", "text": "1 0"}]
    found = ask(editor, "neighbours")
    similarity = column(found["similarity"])
    frame = topic.neighbours(editor.rule).frame()
    # Those that no threshold can let in are left out.
    expected = frame[frame["similarity"] > 0]
    assert similarity == [round(one * UNIT) for one in expected["similarity"]]
    assert [one / UNIT for one in similarity] == expected["similarity"].tolist()
    assert judged(found) == [(0, 1), (1, 0), (2, 2)]
    assert (found["left_out"], found["labelled"]) == (0, 2)
    rows = shown(editor)
    assert [row["key"] for row in rows][:4] == ["r1", "r2", "r3", "r4"]
    assert [row["gold"] for row in rows][:4] == [["A"], ["B"], [], None]
    assert shown(editor, revision=99) == []


def test_a_rule_is_made_saved_and_changed(topic: rn.Task) -> None:
    editor = rn.SimilarEditor(topic)
    assert ask(editor, "hello", client="c")["draft"]["examples"] == []
    assert "no example" in refused(editor, "neighbours")
    told = ask(editor, "add", text="  3 0 ")["draft"]
    assert told["examples"] == [{"kind": "text", "key": "", "text": "3 0"}]
    assert (told["name"], told["standing"], told["chosen"]) == ("similar:A", "new", False)
    ask(editor, "add", text="3 0")
    found = ask(editor, "neighbours")
    assert shown(editor)[0]["key"] == "r0"
    told = ask(editor, "add", rank=0, revision=found["revision"])["draft"]
    assert [one["key"] for one in told["examples"]] == ["", "r0"]
    found = ask(editor, "neighbours")
    ask(editor, "threshold", value=700_000_000, chosen=True)
    saved = ask(editor, "save")
    assert (saved["votes"], saved["state"]) == (3, "finished")
    assert saved["draft"]["standing"] == "saved"
    assert topic.hits("similar:A").keys() == ["r1", "r2", "r3"]
    ask(editor, "threshold", value=900_000_000, chosen=True)
    assert ask(editor, "hello", client="c")["draft"]["standing"] == "changed"
    assert ask(editor, "save")["votes"] == 1
    assert len(topic.versions("similar:A")) == 2
    assert ask(editor, "remove", at=0)["draft"]["examples"][0]["key"] == "r0"
    again = rn.SimilarEditor(topic, "similar:A")
    assert again.rule.threshold == 0.9
    assert ask(again, "hello", client="c")["draft"]["standing"] == "saved"
    for one in (editor, again):
        one.close()


def test_a_label_counts_at_once_and_is_taken_back(editor: rn.SimilarEditor, topic: rn.Task) -> None:
    ask(editor, "neighbours")
    rows = shown(editor)
    told = ask(editor, "label", record=rows[1]["record"], place=None, label="A")
    assert (told["counts"], judged(told)) == (True, [(1, 1)])
    told = ask(editor, "label", record=rows[2]["record"], place=None, label="")
    assert judged(told) == [(1, 1), (2, 2)]
    assert shown(editor)[2]["gold"] == []
    told = ask(editor, "label", record=rows[1]["record"], place=None, label=None)
    assert judged(told) == [(2, 2)]
    told = ask(editor, "undo")
    assert (told["done"], judged(told)) == (True, [(1, 1), (2, 2)])
    # Another label of the rule asks another question of the same labels.
    ask(editor, "change", label="B")
    assert judged(ask(editor, "judged")) == [(1, 0), (2, 2)]
    assert editor.rule.name == "similar:B"
    other = rn.SimilarEditor(topic, rn.Similar("A", ["r0"]), by="bob")
    ask(other, "neighbours")
    told = ask(other, "label", record=rows[1]["record"], place=None, label="B")
    # Two people disagree: it is kept, and is no gold.
    assert (told["counts"], judged(told)) == (False, [(2, 2)])
    other.close()


def test_what_others_say_reaches_the_front_end_until_it_is_closed(
    editor: rn.SimilarEditor, topic: rn.Task, project: rn.Project
) -> None:
    ask(editor, "neighbours")
    sent: list[dict[str, Any]] = []
    editor._slider.send = sent.append  # type: ignore[method-assign]
    topic.label("r1", "A")
    assert [one["push"] for one in sent] == ["labels"]
    assert judged(ask(editor, "judged")) == [(0, 1)]
    project.task("other", ["X"], on="text").label("r1", "X")
    assert [one["push"] for one in sent if one["push"] == "labels"] == ["labels"]
    project.add([{"id": "new", "text": "5 0"}], key="id")
    project.embed("text", model=plane, name="v", progress=False)
    assert sent[-1]["push"] == "vectors"
    ask(editor, "neighbours")
    assert shown(editor)[0]["key"] == "new"
    editor.close()
    before = len(sent)
    topic.label("r2", "A")
    assert len(sent) == before
    assert listening_widgets(project) == []


def test_neighbours_below_the_cut_open_nearest_first(
    editor: rn.SimilarEditor, topic: rn.Task
) -> None:
    topic.label("r4", "A")
    ask(editor, "neighbours")
    # r1 and r2 get a vote, r4 is labelled, and r5 is like nothing.
    view = editor.open_labeler()
    assert view.keys() == ["r3"]
    assert len(editor.children) == 2
    assert ask(editor, "open", record=shown(editor)[0]["record"]) == {"count": 1}
    topic.label("r3", "A")
    assert "nothing left" in refused(editor, "open")
    assert "gone" in refused(editor, "open", record=99)


def test_labelled_records_can_be_the_first_examples(topic: rn.Task) -> None:
    topic.label_many(dict.fromkeys(["r0", "r1", "r2", "r3", "r5"], "A"))
    editor = rn.SimilarEditor(topic)
    assert ask(editor, "hello", client="c")["labelled"] == 5
    told = ask(editor, "start")
    assert [one["key"] for one in told["draft"]["examples"]] == ["r0", "r2", "r5"]
    assert judged(ask(editor, "neighbours")) == [(0, 1), (1, 1)]
    editor.close()


def test_each_neighbour_says_to_which_example_it_is_nearest(topic: rn.Task) -> None:
    editor = rn.SimilarEditor(topic, rn.Similar("A", ["r0", "r5"]))
    found = ask(editor, "neighbours")
    keys = [row["key"] for row in shown(editor)]
    nearest = dict(zip(keys, column(found["example"], "<u2"), strict=False))
    assert (nearest["r1"], nearest["r4"]) == (0, 1)
    editor.close()


def test_without_vectors_it_opens_and_says_what_to_do(project: rn.Project) -> None:
    project.add([{"id": "r0", "text": "1 0"}], key="id", types={"text": "text"})
    task = project.task("topic", ["A"], on="text")
    editor = rn.SimilarEditor(task, rn.Similar("A", ["r0"]))
    told = ask(editor, "hello", client="c")
    assert (told["embeddings"], told["draft"]["examples"][0]["text"]) == ([], "r0")
    assert "no vectors" in refused(editor, "neighbours")
    project.embed("text", model=plane, name="v", progress=False)
    assert ask(editor, "hello", client="c")["embeddings"] == ["v"]
    assert ask(editor, "neighbours")["similarity"] == ""
    editor.close()
    bare = rn.SimilarEditor(project.task("bare", [], on="text"))
    assert ask(bare, "hello", client="c")["draft"]["label"] == ""
    assert "no label" in refused(bare, "neighbours")
    bare.close()


def test_a_name_that_another_kind_has_is_not_taken_over(
    editor: rn.SimilarEditor, topic: rn.Task
) -> None:
    topic.add(rn.Lookup("A", ["x"], "look"))
    told = ask(editor, "change", name="look")["draft"]
    assert (told["standing"], told["kind"]) == ("taken", "lookup")
    assert "kind lookup" in refused(editor, "save")
    assert topic.heuristics()["kind"].tolist() == ["lookup"]
    assert ask(editor, "change", name=" ")["draft"]["name"] == "similar:A"
    with pytest.raises(HeuristicError, match="no Similar"):
        rn.SimilarEditor(topic, "look")
    with pytest.raises(HeuristicError):
        rn.SimilarEditor(topic, "lok")
    with pytest.raises(RefineryError, match="no label 'C'"):
        rn.SimilarEditor(topic, rn.Similar("C", ["r0"]))


def test_an_embedding_is_chosen_where_there_are_several(
    editor: rn.SimilarEditor, topic: rn.Task
) -> None:
    turned = lambda texts: plane(texts)[:, ::-1] + [0, 3]  # noqa: E731
    topic.project.embed("text", model=turned, name="w", progress=False)
    assert ask(editor, "hello", client="c")["embeddings"] == ["w", "v"]
    first = ask(editor, "neighbours")
    assert ask(editor, "change", embedding="w")["draft"]["embedding"] == "w"
    other = ask(editor, "neighbours")
    assert other["revision"] > first["revision"]
    assert other["similarity"] != first["similarity"]
    ask(editor, "change", embedding="gone")
    assert "no embedding 'gone'" in refused(editor, "neighbours")


def test_spans_are_compared_shown_and_judged_to_the_character(names: rn.Task) -> None:
    names.label("r1", [(5, 8, "PERSON")])
    editor = rn.SimilarEditor(names, rn.Similar("PERSON", [("r0", 0, 4)], threshold=0.9))
    found = ask(editor, "neighbours")
    rows = shown(editor)
    assert [row["text"][row["start"] : row["end"]] for row in rows][:3] == ["Anna", "Bob", "Carl"]
    assert judged(found)[:2] == [(0, 0), (1, 1)]
    assert [row["gold"] for row in rows][:3] == [[], ["PERSON"], None]
    assert rows[0]["spans"] == [[5, 8, "PERSON"]]
    # A span is added to those of a record that was reviewed, and only there.
    anna = rows[0]
    told = ask(editor, "label", record=anna["record"], place=anna["place"], label="PERSON")
    assert judged(told)[:2] == [(0, 1), (1, 1)]
    assert "has not been reviewed" in refused(
        editor, "label", record=rows[2]["record"], place=rows[2]["place"], label="PERSON"
    )
    told = ask(editor, "label", record=anna["record"], place=anna["place"], label=None)
    assert judged(told)[:2] == [(0, 0), (1, 1)]
    told = ask(editor, "add", rank=2, revision=found["revision"])["draft"]
    assert told["examples"][1] == {"kind": "span", "key": "r2", "text": "Carl"}
    assert ask(editor, "save")["votes"] == 2
    editor.close()


def test_a_span_of_a_long_text_comes_with_what_stands_around_it(project: rn.Project) -> None:
    text = "word " * 300 + "Anna " + "word " * 600
    project.add([{"id": "r0", "text": text}, {"id": "r1", "text": "Anna"}], key="id")
    project.embed("text", model=words, name="t", level="token", progress=False)
    task = project.task("names", ["PERSON"], on="text", kind="spans")
    editor = rn.SimilarEditor(task, rn.Similar("PERSON", [("r1", 0, 4)]))
    ask(editor, "neighbours")
    (row,) = shown(editor)
    assert row["text"][row["start"] : row["end"]] == "Anna"
    assert (row["cut"], row["place"]) == ([True, True], [1500, 1504])
    editor.close()


def test_malformed_messages_are_refused_and_change_nothing(
    editor: rn.SimilarEditor, topic: rn.Task
) -> None:
    found = ask(editor, "neighbours")
    before = editor.rule.fingerprint
    for op, args in (
        ("add", {"text": "  "}),
        ("add", {"text": 3}),
        ("add", {"text": "x" * 200_000}),
        ("add", {"rank": 999, "revision": found["revision"]}),
        ("add", {"rank": 0, "revision": 99}),
        ("remove", {"at": 9}),
        ("threshold", {"value": 0}),
        ("threshold", {"value": UNIT + 1}),
        ("threshold", {"value": 0.5}),
        ("change", {"label": "C"}),
        ("change", {"name": "a\nb"}),
        ("label", {"record": 1, "place": [0, 1], "label": "A"}),
        ("label", {"record": 1, "place": "x", "label": "A"}),
        ("label", {"record": 1, "place": None, "label": "C"}),
        ("label", {"record": 99, "place": None, "label": "A"}),
        ("rows", {"revision": 1, "from": -1, "to": 3}),
    ):
        assert refused(editor, op, **args)
    assert editor.rule.fingerprint == before
    assert topic.gold().empty


def test_labels_are_answered_while_it_compares(
    editor: rn.SimilarEditor, topic: rn.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    from refinery_nb.widgets.similar_editor import session as similar_session

    ask(editor, "neighbours")
    row = shown(editor)[0]
    began, go_on = threading.Event(), threading.Event()
    usual = similar_session.closest

    def slow(*args: Any) -> Any:
        began.set()
        assert go_on.wait(30)
        return usual(*args)

    monkeypatch.setattr(similar_session, "closest", slow)
    ask(editor, "add", text="7 1")
    told: list[Any] = []
    thread = threading.Thread(target=lambda: told.append(ask(editor, "neighbours")))
    thread.start()
    assert began.wait(30)
    ask(editor, "label", record=row["record"], place=None, label="A")
    go_on.set()
    thread.join(30)
    # What was said meanwhile is in what was compared.
    assert [code for _, code in judged(told[0])] == [1]


def test_the_still_picture_shows_examples_thresholds_and_neighbours_as_text(
    topic: rn.Task, project: rn.Project
) -> None:
    project.add([{"id": "x", "text": "4 1 <img src=x onerror=alert(1)>"}], key="id")
    project.embed("text", model=plane, name="v", progress=False)
    topic.label("x", "A")
    editor = rn.SimilarEditor(topic, rn.Similar("A", ["r0"], threshold=0.8))
    bundle = editor._repr_mimebundle_()
    html = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    assert "similar:A" in html
    assert "<img" not in html
    assert "&lt;img" in html
    assert "100.0 %" in html
    editor.close()
    empty = rn.SimilarEditor(topic)
    bundle = empty._repr_mimebundle_()
    assert "no example yet" in (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]
    empty.close()


def test_keys_of_several_parts_are_examples_too(project: rn.Project) -> None:
    rows = [{"a": "x", "b": at, "text": f"{at + 1} 1"} for at in range(3)]
    project.add(rows, key=["a", "b"], types={"text": "text"})
    project.embed("text", model=plane, name="v", progress=False)
    task = project.task("topic", ["A"], on="text")
    editor = rn.SimilarEditor(task, rn.Similar("A", ["1 1"]))
    found = ask(editor, "neighbours")
    told = ask(editor, "add", rank=0, revision=found["revision"])["draft"]
    assert [one["kind"] for one in told["examples"]] == ["text", "record"]
    assert len(column(ask(editor, "neighbours")["similarity"])) == 2
    editor.close()


def test_one_of_several_labels_is_switched_on_and_off(topic: rn.Task) -> None:
    tags = topic.project.task("tags", ["A", "B"], on="text", kind="multilabel")
    tags.add(rn.Similar("A", ["r0"], threshold=0.1))
    assert tags.run(progress=False)["state"].tolist() == ["finished"]
    editor = rn.SimilarEditor(tags, "similar:A")
    ask(editor, "neighbours")
    record = shown(editor)[1]["record"]
    for label, stands in (("A", ["A"]), ("B", ["A", "B"]), ("A", ["B"]), ("", []), ("A", ["A"])):
        ask(editor, "label", record=record, place=None, label=label)
        assert tags.gold()["label"].tolist() == [stands]
        assert shown(editor)[1]["gold"] == stands
    editor.close()
