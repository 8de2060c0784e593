"""Full-text search: what it finds, that it keeps up, and that no input is a syntax error."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core import query
from refinery_nb.core.errors import QueryError
from refinery_nb.store import search
from tests.store.oracle import Row, select


@pytest.fixture
def filled(project: rn.Project) -> rn.Project:
    project.add(
        [{"id": str(n), "text": f"late goal number {n}", "n": n} for n in range(10)], key="id"
    )
    return project


@given(
    texts=st.lists(
        st.lists(st.sampled_from(["late", "goal", "match", "late-goal"]), max_size=4).map(" ".join),
        min_size=1,
        max_size=6,
    ),
    asked=st.lists(
        st.sampled_from(["late", "goal", "match", "nothing"]), min_size=1, max_size=2
    ).map(" ".join),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_search_finds_the_records_that_have_all_words(texts: list[str], asked: str) -> None:
    with rn.open() as project:
        project.add([{"id": str(n), "text": text} for n, text in enumerate(texts)], key="id")
        known = [Row(n + 1, str(n), {"text": text}) for n, text in enumerate(texts)]
        selection = query.Selection(query.TextSearch(asked))
        assert project.select_ids(selection).tolist() == select(known, selection)


def test_search_keeps_up_with_changes(filled: rn.Project) -> None:
    assert len(filled.search("goal")) == 10
    filled.add(
        [{"id": "3", "text": "something else", "n": 3}, {"id": "new", "text": "a goal", "n": 0}]
    )
    assert len(filled.search("goal")) == 10
    assert filled.search("something").keys() == ["3"]
    assert len(filled.search('"goal number"')) == 9
    assert len(filled.search("numb*")) == 9
    assert len(filled.search("")) == 11


@pytest.mark.parametrize(
    "text", ['"', "NEAR(", "text:late", "*", "-late", "late OR", "(late", "a AND", "^x", "'; DROP"]
)
def test_no_search_text_is_a_syntax_error(filled: rn.Project, text: str) -> None:
    """C4."""
    len(filled.search(text))


@given(st.text())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_anything_typed_is_an_answer_or_a_refusal(filled: rn.Project, text: str) -> None:
    """C4."""
    try:
        found = filled.search(text).keys()
    except QueryError:
        assert "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text)
    else:
        assert set(found) <= {str(n) for n in range(10)}


@pytest.mark.parametrize("text", ["late", '"late', 'late "', "LATE", "lat*", " late\t\n", "late -"])
def test_words_are_found_however_they_are_typed(filled: rn.Project, text: str) -> None:
    assert len(filled.search(text)) == 10


def test_words_stand_for_themselves_not_for_operators(project: rn.Project) -> None:
    """C4."""
    texts = ["this or that", "near text", "not here", "and so on", "this", "that"]
    project.add([{"id": str(n), "text": text} for n, text in enumerate(texts)], key="id")
    assert project.search("this OR that").keys() == ["0"]
    assert project.search("NEAR(near text)").keys() == []
    assert project.search("NOT here").keys() == ["2"]
    assert project.search("text:near").keys() == []
    assert project.search("AND").keys() == ["3"]
    assert project.search("-this").keys() == ["0", "4"]


def test_accents_do_not_matter_and_symbols_are_found(project: rn.Project) -> None:
    texts = ["Café in Zürich", "cost 5 €", "great 💩 wow", "plain", None]
    project.add([{"id": str(n), "text": text, "n": n} for n, text in enumerate(texts)], key="id")
    assert project.search("cafe zurich").keys() == ["0"]
    assert project.search("€").keys() == ["1"]
    assert project.search("💩").keys() == ["2"]
    assert project.search("great 💩").keys() == ["2"]
    assert project.search("plain 💩").keys() == []
    assert len(~project.search("💩")) == 4


def test_search_covers_all_strings_and_an_attribute_that_is_new(project: rn.Project) -> None:
    project.add([{"id": "a", "title": "red", "text": "blue"}], key="id")
    assert project.search("red").keys() == project.search("blue").keys() == ["a"]
    assert project.search("red blue").keys() == ["a"]
    project.add([{"id": "a", "note": "green"}], key="id")
    assert project.search("green red").keys() == ["a"]


def test_search_without_any_string_finds_nothing(project: rn.Project) -> None:
    project.add([{"n": n} for n in range(3)], key="n")
    assert project.search("late").keys() == []
    assert project.search("💩").keys() == []
    assert len(project.search("")) == 3


def test_search_is_a_filter_and_keeps_the_order_of_the_view(filled: rn.Project) -> None:
    view = filled.view().order_by("n", descending=True).search("goal")
    assert view.head(3).keys() == ["9", "8", "7"]


def test_the_search_table_is_made_once_and_then_kept_up(filled: rn.Project) -> None:
    def state() -> tuple[int, int]:
        with filled.database.read() as connection:
            (rows,) = connection.execute("SELECT count(*) FROM search").fetchone()
            (entries,) = connection.execute("SELECT count(*) FROM search_data").fetchone()
        return rows, entries

    filled.search("goal").keys()
    before = state()
    filled.search("late").keys()
    assert state() == before
    filled.add([{"id": "3", "text": "changed"}, {"id": "x", "text": "new"}])
    assert filled.search("changed").keys() == ["3"]
    assert filled.search("number 3").keys() == []
    assert state()[0] == 11


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "late \ud800"])
def test_what_no_text_holds_is_refused(filled: rn.Project, text: str) -> None:
    with pytest.raises(QueryError):
        filled.search(text).keys()


def test_the_expression_of_a_query() -> None:
    assert search.match_expression('a "b c" d*') == '"a" "b c" "d" *'
    assert search.match_expression(" - ") is None
    assert search.literals('💩 "€" - a') == ["💩", "€"]
