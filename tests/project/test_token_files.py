"""Files of tokens with tags, and spaCy's own: what they hold comes back, the rest is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import InputError, SchemaError
from refinery_nb.io.bio import bio_tags, in_scheme, spans_of_tags

ROUND = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
TEXT = st.text(alphabet=st.sampled_from(list("ab (#-)\"'.é💩\n\t\u2028 ")), min_size=1, max_size=20)


@st.composite
def said(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]] | None]:
    text = draw(TEXT)
    ends = st.tuples(st.integers(0, 19), st.integers(1, 20), st.sampled_from(["ORG", "PER"]))
    spans = draw(st.none() | st.lists(ends, max_size=4))
    if spans is None:
        return text, None
    return text, sorted(
        {(s, min(e, len(text)), label) for s, e, label in spans if s < min(e, len(text))}
    )


def filled(project: rn.Project, rows: list[Any]) -> None:
    project.add([{"id": n, "text": text} for n, (text, _) in enumerate(rows)], key="id")
    names = project.task("names", ["ORG", "PER"], on="text", kind="spans")
    names.label_many({n: spans for n, (_, spans) in enumerate(rows) if spans is not None})


def gold(project: rn.Project, name: str = "names") -> set[tuple[Any, ...]]:
    if name not in project.tasks:
        return set()
    frame = project.task(name).gold().drop(columns="by").astype(object)
    return set(map(tuple, frame.where(frame.notna(), None).to_numpy().tolist()))


@given(
    tags=st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=8),
    scheme=st.sampled_from(["IOB1", "IOB2", "BILOU", "BIOES"]),
)
def test_tags_of_every_scheme_say_the_same_spans(tags: list[str], scheme: str) -> None:
    tokens = [(2 * at, 2 * at + 1) for at in range(len(tags))]
    spans = spans_of_tags(tags, tokens)
    written, lost = bio_tags(tokens, spans)
    assert not lost
    assert spans_of_tags(in_scheme(written, scheme), tokens) == spans


@pytest.mark.parametrize("scheme", ["IOB1", "IOB2", "BILOU", "BIOES"])
@given(rows=st.lists(said(), min_size=1, max_size=4))
@ROUND
def test_a_project_comes_back_from_tokens_but_for_what_is_told(
    tmp_path_factory: pytest.TempPathFactory, scheme: str, rows: list[Any]
) -> None:
    """B11: what tags cannot say stands in the report."""
    path = tmp_path_factory.mktemp("round") / "a.conll"
    with rn.open(by="ann") as project, rn.open(by="ann") as other:
        filled(project, rows)
        written = project.export(path, scheme=scheme, comments=True)
        lost = written.left_out
        assert lost is not None
        whole = set(lost.loc[lost["start"].isna(), "key"])
        spans = {tuple(row) for row in lost.dropna()[["key", "start", "end", "label"]].to_numpy()}
        if len(whole) < len(rows):
            other.add(path, key="id", spans="names")
        kept = {(n, text) for n, (text, _) in enumerate(rows) if n not in whole}
        assert set(other.records().get("text", {}).items()) == kept
        expected = {row for row in gold(project) if row[0] not in whole} - spans
        for key in {row[0] for row in spans} - {row[0] for row in expected}:
            expected.add((key, None, None, None))
        assert gold(other) == expected


CONLL_2003 = """\ufeff-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
Peter NNP B-NP I-PER
Blackburn NNP I-NP I-PER
. . O O\r

-DOCSTART- -X- -X- O

# JJ B-NP O
💩 NN I-NP B-MISC
x NN I-NP I-MISC
"""


def test_conll_2003_is_read_with_its_documents(project: rn.Project, tmp_path: Path) -> None:
    path = tmp_path / "train.conll"
    path.write_text(CONLL_2003, encoding="utf-8")
    report = project.add(path)
    assert "the spans task 'entities' is new: ORG, PER, MISC" in report.warnings
    records = project.records()
    assert records["text"].tolist() == ["EU rejects Peter Blackburn .", "# 💩 x"]
    assert records["document"].tolist() == [1, 2]
    spans = project.task("entities").gold()
    assert spans[["start", "end", "label"]].to_numpy().tolist() == [
        [0, 2, "ORG"],
        [11, 26, "PER"],
        [2, 5, "MISC"],
    ]
    again = project.export(tmp_path / "again.conll").read_text()
    assert again.split("\n")[:4] == ["-DOCSTART- O", "", "EU B-ORG", "rejects O"]
    assert again.count("-DOCSTART-") == 2


def test_other_columns_and_a_tab_are_read_when_asked(project: rn.Project, tmp_path: Path) -> None:
    path = tmp_path / "tokens.txt"
    path.write_text("1\tNew York\tB-big city\tx\n2\tlives\tO\tx\n")
    project.add(path, format="conll", tokens=1, tags=2, spans="places")
    assert project.records()["text"].tolist() == ["New York lives"]
    assert [row[1:] for row in gold(project, "places")] == [(0, 8, "big city")]
    with pytest.raises(InputError, match="separator="):
        project.export(tmp_path / "out.conll")
    written = project.export(tmp_path / "out.conll", separator="\t")
    assert written.read_text() == "New\tB-big city\nYork\tI-big city\nlives\tO\n\n"


@pytest.mark.parametrize(
    ("bad", "line", "message"),
    [
        ("lonely", 2, "expected a token and a tag"),
        ("word X-ORG", 2, "'X-ORG' is no tag"),
        ("# record = [1]\nword O", 1, "no JSON object"),
        ('# record = {"text": "other"}\nword O', 1, "do not stand in the text"),
    ],
)
def test_a_bad_line_of_tokens_is_named(
    project: rn.Project, tmp_path: Path, bad: str, line: int, message: str
) -> None:
    path = tmp_path / "f.conll"
    head = "good B-A\n" if line == 2 else ""
    path.write_text(f"{head}{bad}\n\nfine O\n")
    with pytest.raises(InputError, match=message) as caught:
        project.add(path)
    assert (caught.value.source, caught.value.line, caught.value.record) == ("f.conll", line, 1)
    report = project.add(path, on_error="quarantine")
    assert (report.added, report.rejected["raw"].tolist()) == (1, [f"{head}{bad}"])


def test_spans_that_tags_cannot_say_are_in_the_report(project: rn.Project, tmp_path: Path) -> None:
    """B11."""
    filled(
        project, [("Acme Corp pays", [(0, 4, "ORG"), (0, 9, "ORG"), (11, 13, "PER")]), ("x", None)]
    )
    written = project.export(tmp_path / "a.conll")
    assert written.left_out is not None
    assert written.left_out[["key", "start", "end", "label", "text"]].values.tolist()[:2] == [
        [0, 0, 4, "ORG", "Acme"],
        [0, 11, 13, "PER", "ay"],
    ]
    assert written.left_out["why"].tolist()[-1] == "it is not labelled"
    assert "3 left out" in written.told()


@given(
    rows=st.lists(said(), min_size=1, max_size=4), labels=st.lists(st.integers(0, 3), max_size=4)
)
@ROUND
def test_a_project_comes_back_from_a_docbin_but_for_what_is_told(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], labels: list[int]
) -> None:
    """B11."""
    path = tmp_path_factory.mktemp("round") / "a.spacy"
    with rn.open(by="ann") as project, rn.open(by="ann") as other:
        filled(project, rows)
        topic = project.task("topic", ["A", "B"], on="text")
        said = dict(enumerate([None, "A", "B", rn.NONE][at] for at in labels[: len(rows)]))
        topic.label_many({key: one for key, one in said.items() if one is not None})
        lost = project.export(path).left_out
        assert lost is not None
        other.add(path, key="id", task="topic", spans="names")
        assert list(other.records()["text"]) == [text for text, _ in rows]
        spans = {tuple(row) for row in lost.dropna()[["key", "start", "end", "label"]].to_numpy()}
        expected = gold(project) - spans
        for key in {row[0] for row in spans} - {row[0] for row in expected}:
            expected.add((key, None, None, None))
        assert gold(other) == expected
        assert gold(other, "topic") == gold(project, "topic")


def test_overlapping_spans_fit_into_a_group_of_a_docbin(
    project: rn.Project, tmp_path: Path
) -> None:
    filled(project, [("Acme Corp pays", [(0, 4, "ORG"), (0, 9, "ORG")])])
    assert len(project.export(tmp_path / "a.spacy").left_out) == 1
    written = project.export(tmp_path / "a.spacy", group="sc")
    assert not len(written.left_out)
    with rn.open() as other:
        other.add(written, key="id", group="sc", spans="names")
        assert gold(other) == gold(project)


def test_a_docbin_of_spacy_is_read(project: rn.Project, tmp_path: Path) -> None:
    import spacy
    from spacy.tokens import DocBin

    nlp = spacy.blank("en")
    doc = nlp("Acme pays Bob")
    doc.ents = [doc.char_span(0, 4, "ORG"), doc.char_span(10, 13, "PER")]
    doc.cats = {"World": 0.9, "Sports": 0.1}
    DocBin(docs=[doc, nlp("nobody")], store_user_data=True).to_disk(tmp_path / "a.spacy")
    report = project.add(tmp_path / "a.spacy", spans="names")
    assert (report.added, report.labels) == (2, 2)
    assert {row[1:] for row in gold(project)} == {(0, 4, "ORG"), (10, 13, "PER")}
    assert project.task("label").gold()["label"].tolist() == ["World"]


@pytest.mark.parametrize("content", [b"nonsense", b"", "half", "zeros"])
def test_what_is_no_docbin_is_refused(
    project: rn.Project, tmp_path: Path, content: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zlib

    from refinery_nb.io.annotations import docbin

    path = tmp_path / "a.spacy"
    if content == "half":
        filled(project, [("Acme pays", [(0, 4, "ORG")])])
        whole = project.export(path).read_bytes()
        content = whole[: len(whole) // 2]
    elif content == "zeros":
        monkeypatch.setattr(docbin, "LARGEST", 2**20)
        content = zlib.compress(bytes(2**22))
    path.write_bytes(content)
    with rn.open() as other:
        with pytest.raises(InputError) as caught:
            other.add(path)
        assert caught.value.source == "a.spacy"
        assert len(other) == 0


def test_examples_of_rasa_are_read_as_they_were_meant_or_told(
    project: rn.Project, tmp_path: Path
) -> None:
    rows = [
        ("fly to New York: now", [(7, 15, "city")], "book"),
        ("two\nlines \t 'x' #", [(0, 3, "big: number")], "book"),
        ("a [b](c) d", [], "book"),
        ("a [b] d", [], "say: hello"),
        ("a [b] d", [(2, 5, "city")], "book"),
        ("back \\n slash", [], "book"),
        ("nul \x00", [], "book"),
        ("nothing", [], None),
    ]
    project.add([{"id": n, "text": text} for n, (text, *_) in enumerate(rows)], key="id")
    intent = project.task("intent", ["book", "say: hello"], on="text")
    intent.label_many({n: one[2] for n, one in enumerate(rows) if one[2]})
    names = project.task("entity", ["city", "big: number"], on="text", kind="spans")
    names.label_many({n: one[1] for n, one in enumerate(rows)})
    written = project.export(tmp_path / "nlu.yml")
    assert written.read_text() == (
        'version: "3.1"\n\nnlu:\n- intent: "book"\n  examples: |\n'
        "    - fly to [New York](city): now\n"
        '    - [two]{"entity": "big: number"}\\nlines \\t \'x\' #\n'
        '- intent: "say: hello"\n  examples: |\n    - a [b] d\n'
    )
    (book, hello) = yaml.safe_load(written.read_text())["nlu"]
    assert (book["intent"], hello["intent"]) == ("book", "say: hello")
    assert book["examples"].count("\n") == 2
    assert written.left_out is not None
    assert written.left_out["key"].tolist() == [2, 4, 5, 6, 7]
    with pytest.raises(InputError, match="written here, not read"):
        project.add(written)


def test_several_categories_of_a_docbin_need_a_word(project: rn.Project, tmp_path: Path) -> None:
    project.add([{"id": n, "text": f"text {n}"} for n in range(3)], key="id")
    topic = project.task("topic", ["A", "B"], on="text", kind="multilabel")
    topic.label_many({0: ["A", "B"], 1: []})
    path = project.export(tmp_path / "a.spacy")
    with rn.open() as other:
        with pytest.raises(InputError, match="multilabel="):
            other.add(path, key="id", task="topic")
        other.add(path, key="id", task="topic", multilabel=True)
        assert other.task("topic").gold()["label"].tolist() == [["A", "B"], []]
    with pytest.raises(SchemaError, match="Rasa"):
        project.export(tmp_path / "a.yml")


def test_what_our_docbin_keeps_beside_a_document_is_msgpack() -> None:
    import srsly

    from refinery_nb.io.annotations.docbin import OURS, _packed, _unpacked

    for text in ("", "é" * 40, "x" * 70_000):
        assert srsly.msgpack_loads(_packed(text)) == {OURS: text}
        assert _unpacked(_packed(text)) == text
        # As spaCy would write it.
        assert _unpacked(srsly.msgpack_dumps({OURS: text})) == text
    assert _unpacked(srsly.msgpack_dumps({"other": 1})) is None
