"""Tokens: a tokenizer for each attribute, its rules, what it changes, lengths."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core.errors import SchemaError
from refinery_nb.text.rules import named, options
from refinery_nb.text.tokens import make, tokens

TEXT = "gimme the mid-size and/or 5-door :-) http://a.b/c"


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    rows = [{"id": f"r{n}", "text": TEXT[: 10 * n], "other": TEXT} for n in range(6)]
    project.add(rows, key="id", types={"text": "text"})
    return project


def cut(text: str, name: str) -> list[str]:
    return [text[start:end] for start, end in tokens(text, name).tolist()]


def test_rules_cut_as_they_say() -> None:
    plain = cut(TEXT, "en")
    assert "mid" in plain
    assert "mid-size" in cut(TEXT, named("en", infixes=False))
    assert cut("don't-know_it", named("en", split="_"))[-3:] == ["know", "_", "it"]
    assert cut("_a_", named("en", infixes=False, split="_")) == ["_", "a", "_"]
    special = named("en", special={"5-door": ["5", "-door"], "x": ["x"]})
    assert [part for part in cut(TEXT, special) if "door" in part] == ["-door"]
    assert options(special) == {"language": "en", "special": {"5-door": ["5", "-door"], "x": ["x"]}}


@pytest.mark.parametrize(
    "rules",
    [
        {"special": {"ab": ["a", "c"]}},
        {"special": {"a b": ["a b"]}},
        {"special": {"": []}},
        {"special": {"ab": ["ab", ""]}},
        {"split": "ab"},
        {"split": " "},
    ],
)
def test_rules_that_cannot_be_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        named("en", **rules)


def test_a_language_or_pipeline_that_is_not_there_is_refused(filled: rn.Project) -> None:
    field = filled.fields["text"]
    with pytest.raises(SchemaError, match="no tokenizer 'qq'"):
        field.tokenize("qq")
    with pytest.raises(SchemaError, match="no spaCy pipeline"):
        field.tokenize(pipeline="no_such_pipeline")
    filled.add([{"id": "r1", "size": 5}])
    with pytest.raises(SchemaError, match="it has no tokens"):
        filled.fields["size"].tokenize()
    assert field.tokenizer == {"language": "en"}


def test_what_another_tokenizer_changes_is_shown_first(filled: rn.Project) -> None:
    names = filled.task("names", ["A"], on="text", kind="spans")
    names.label("r5", [(10, 18, "A")])
    before = filled.cards([6], [names])[0]["texts"]["text"]["tokens"]
    tokenizing = filled.fields["text"].tokenize(infixes=False)
    assert (tokenizing.sampled, tokenizing.changed) == (5, 4)
    assert tokenizing.after < tokenizing.before
    example = tokenizing.examples.set_index("key").loc["r2"]
    assert (example["before"], example["after"]) == (["mid", "-", "size"], ["mid-size"])
    assert "mid | - | size  ->  mid-size" in repr(tokenizing)
    assert filled.cards([6], [names])[0]["texts"]["text"]["tokens"] == before
    tokenizing.apply()
    assert filled.fields["text"].tokenizer == {"language": "en", "infixes": False}
    after = filled.cards([6], [names])[0]["texts"]["text"]["tokens"]
    assert len(after) < len(before)
    # Spans are counted in characters.
    assert names.gold()[["start", "end"]].values.tolist() == [[10, 18]]
    assert filled.fields["other"].tokenizer == {"language": "en"}


def test_rules_that_look_at_tokens_look_again(filled: rn.Project) -> None:
    """B12."""
    topic = filled.task("topic", ["A"], on="text")

    @topic.heuristic
    def whole(record: Any) -> Any:
        return "A" if any(t.text == "mid-size" for t in record.doc("text")) else None

    @topic.heuristic
    def other(record: Any) -> Any:
        return "A" if any(t.text == "mid-size" for t in record.doc("other")) else None

    @filled.attribute(type="integer")
    def size(record: Any) -> Any:
        return len(record.doc("text"))

    topic.add(rn.Regex("A", "x", name="plain"))
    filled.fields.calculate(progress=False)
    topic.run(progress=False)
    before = filled.records()["size"].tolist()
    assert filled.where(topic.voted("A")).count() == 0
    filled.fields["text"].tokenize(infixes=False).apply()
    told = topic.run(progress=False).set_index("heuristic")["state"].to_dict()
    assert told == {"whole": "finished", "other": "finished", "plain": "unchanged"}
    assert filled.where(topic.voted("A", heuristic="whole")).keys() == ["r2", "r3", "r4", "r5"]
    assert filled.where(topic.voted("A", heuristic="other")).count() == 0
    assert filled.fields.calculate(progress=False)["changed"].item() == 4
    assert sum(filled.records()["size"]) < sum(before)


def test_lengths_are_those_of_the_tokens(filled: rn.Project) -> None:
    lengths = filled.fields["text"].token_lengths()
    assert lengths.index.tolist() == [f"r{n}" for n in range(6)]
    assert lengths.loc["r0"] == 0
    assert lengths.loc["r5"] == len(tokens(TEXT[:50]))
    few = filled.fields["text"].token_lengths(filled.view().head(2))
    assert len(few) == 2
    filled.edit("r0", text="one two").apply()
    assert filled.fields["text"].token_lengths().loc["r0"] == 2


def test_a_pipeline_in_a_folder_cuts_by_its_own_rules(filled: rn.Project, tmp_path: Path) -> None:
    import spacy
    from spacy.symbols import ORTH

    pipeline = spacy.blank("de")
    pipeline.tokenizer.add_special_case("gimme", [{ORTH: "g"}, {ORTH: "imme"}])
    pipeline.add_pipe("sentencizer")
    pipeline.to_disk(tmp_path / "own")
    filled.fields["text"].tokenize(pipeline=str(tmp_path / "own")).apply()
    assert filled.fields["text"].tokenizer == {"pipeline": str(tmp_path / "own")}
    assert filled.fields["text"].token_lengths().loc["r1"] == 3
    assert make(named(pipeline=str(tmp_path / "own"))).pipe_names == []


@given(
    st.text("ab-/_. '5\N{PILE OF POO}", max_size=20),
    st.booleans(),
    st.text("-/_.", max_size=2),
    st.sampled_from([{}, {"a-b": ["a-", "b"]}, {"5": ["5"]}]),
)
@settings(max_examples=200, deadline=None)
def test_tokens_never_overlap_and_leave_out_nothing_but_space(
    text: str, infixes: bool, split: str, special: dict[str, list[str]]
) -> None:
    found = tokens(text, named("en", infixes=infixes, split=split, special=special)).tolist()
    assert "".join(text[start:end] for start, end in found) == "".join(text.split())
    assert all(a[1] <= b[0] for a, b in pairwise(found))


def test_a_language_of_the_project_that_is_not_there_is_refused(filled: rn.Project) -> None:
    with pytest.raises(SchemaError, match="no tokenizer 'qq'"):
        filled.tokenizer = "qq"
    assert filled.tokenizer == "en"
