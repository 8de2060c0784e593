"""Labeling functions of refinery, run here."""

from __future__ import annotations

import pytest

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics import Batch, build
from refinery_nb.heuristics.batch import Record
from refinery_nb.heuristics.dialect import Dialect, used_knowledge
from refinery_nb.text.tokens import make


class Told(Record):
    __slots__ = ()

    @staticmethod
    def _pipeline(name=""):
        return make("en")


def ballot(heuristic: Dialect, texts: list[object], **options: object):
    records = [Told({"text": text, "size": 3, "kind": "mail"}) for text in texts]
    return heuristic.vote(Batch(records, ["late", "early"], **options))


def test_a_text_is_a_doc_and_other_attributes_are_plain() -> None:
    source = (
        "def lf(record):\n"
        "    if record['text'][0].text == 'Late' and record['size'] == 3:\n"
        "        return 'late'\n"
        "    if record['kind'] == 'mail' and 'soon' in record['text'].text:\n"
        "        return 'early'\n"
    )
    said = ballot(Dialect(source, texts=["text"]), ["Late again", "so soon", "no"])
    assert list(said.at) == [0, 1]
    assert list(said.label) == [0, 1]


def test_spans_in_tokens_become_code_points() -> None:
    source = "def lf(record):\n    yield 'late', 1, 3\n"
    said = ballot(Dialect(source), ["💩 it's  late"], spans=True, on="text")
    assert (list(said.start), list(said.end)) == ([2], [6])


@pytest.mark.parametrize("span", ["0, 9", "1, 1", "2, 1", "-1, 1", "'a', 2", "True, 2"])
def test_a_span_that_is_none_is_an_error_of_its_record(span: str) -> None:
    """G: kept with the record, and not an abstention."""
    source = f"def lf(record):\n    yield 'late', {span}\n"
    said = ballot(Dialect(source), ["one two"], spans=True, on="text")
    assert len(said.errors) == 1
    assert len(said.at) == 0


def test_a_missing_text_is_an_empty_doc() -> None:
    source = "def lf(record):\n    return 'late' if len(record['text']) == 0 else None\n"
    assert list(ballot(Dialect(source, texts=["text"]), [None, "a"]).at) == [0]


def test_each_function_imports_its_own_knowledge() -> None:
    source = (
        "from knowledge import words\n\n"
        "def lf(record):\n"
        "    import knowledge\n"
        "    if record['text'].text in words and record['text'].text in knowledge.words:\n"
        "        return 'late'\n"
    )
    one, other = Dialect(source, "one"), Dialect(source, "other")
    for heuristic, terms in ((one, ["a"]), (other, ["b"])):
        filled = build({**heuristic.spec(), "lists": {"words": terms}})
        assert isinstance(filled, Dialect)
        assert list(ballot(filled, ["a", "b"]).at) == [0 if terms == ["a"] else 1]


def test_lists_are_known_before_the_source_runs() -> None:
    source = "import knowledge as k\nfrom knowledge import a, b as c\nk.teams\nother.d\n"
    assert used_knowledge(source) == ["a", "b", "teams"]


def test_the_same_spec_is_the_same_version() -> None:
    heuristic = Dialect("def lf(record):\n    return 'late'\n", "mine", texts=["text"])
    again = build(heuristic.spec())
    assert again.spec() == heuristic.spec()
    assert again.fingerprint == heuristic.fingerprint
    assert isinstance(again, Dialect)


def test_a_missing_library_is_named() -> None:
    heuristic = Dialect("import textblob_that_is_not\n\ndef lf(record):\n    return None\n")
    with pytest.raises(HeuristicError, match="textblob_that_is_not"):
        heuristic.load()


def test_a_model_that_is_not_installed_is_named_rather_than_finding_nothing() -> None:
    source = "def lf(record):\n    return 'late' if record['text'].ents else None\n"
    with pytest.raises(HeuristicError, match=r"'xx_model_that_is_not'.*not installed"):
        Dialect(source, model="xx_model_that_is_not").load()


def test_source_that_is_no_function_is_refused() -> None:
    with pytest.raises(HeuristicError, match="no function"):
        Dialect("words = []")
