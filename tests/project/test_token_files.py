"""Files of tokens with tags, and spaCy's own: what they hold comes back, the rest is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import InputError
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
