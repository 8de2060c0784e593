"""Queries in words: nothing is lost between text and conditions, and errors point at a word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import refinery_nb as rn
from refinery_nb.core import query
from refinery_nb.core.errors import QueryError
from refinery_nb.core.example import Example
from refinery_nb.core.schema import AttributeType
from refinery_nb.project.query_text import (
    QueryTextError,
    TaskWords,
    Vocabulary,
    complete,
    vocabulary,
    written,
)
from refinery_nb.project.query_text.query import parse
from tests.store.oracle import select
from tests.store.test_views import ROWS, TYPES, build, conditions

WORDS = Vocabulary(
    {name: AttributeType(kind) for name, kind in TYPES.items()} | {"t": AttributeType.TEXT},
    {"t": TaskWords(("A", "B"), ("h1", "h2"), (1,), ("ann", "bob"))},
    {"hard": None, "soft": query.Selection(query.TextSearch("late"))},
    ("new", "old"),
)
PLAIN = Vocabulary(WORDS.attributes, {}, {}, ())
SHOP = Vocabulary(
    {
        "text": AttributeType.TEXT,
        "stars": AttributeType.INTEGER,
        "kind": AttributeType.CATEGORY,
        "paid": AttributeType.BOOLEAN,
        "my field": AttributeType.FLOAT,
        "tags": AttributeType.JSON,
    },
    {
        "topic": TaskWords(("Sports", "Late delivery", "none"), ("late", "lookup:x y"), (3, 7), ()),
        "names": TaskWords(("ORG",), (), (), ("ann",)),
    },
    {"hard": None, "soft": query.Selection(query.TextSearch("late"))},
    ("e1", "e2"),
    values=lambda name, _prefix: ["mail", "phone call"] if name == "kind" else [],
)
TEXT, STARS, KIND = (query.AttributeField(name) for name in ("text", "stars", "kind"))
MEANING = query.SimilarityField("e1", (Example(text="late parcel"),))
NEAREST = query.Among(query.Selection(~MEANING.missing, ((MEANING, True),), 20))
PLACE = query.SliceField("hard")
MEANS: dict[str, query.Condition] = {
    "": query.And(()),
    "stars > 3": STARS > 3,
    "stars: 3": STARS == 3,
    "stars in 3..5": STARS.between(3, 5),
    "not stars missing": ~STARS.missing,
    "stars exists": ~STARS.missing,
    "kind in (mail, chat)": KIND.isin(["mail", "chat"]),
    "kind not in (mail)": ~KIND.isin(["mail"]),
    "kind = 5": KIND == "5",
    "kind = -x": KIND == "-x",
    "paid = true": query.AttributeField("paid") == True,  # noqa: E712
    "`my field` < -.5": query.AttributeField("my field") < -0.5,
    'tags contains "a"': query.AttributeField("tags").contains("a"),
    'text contains "Late" cased': TEXT.contains("Late", case=True),
    r'text matches "\bl\"ate"': TEXT.matches(r'\bl"ate'),
    "length(text) > 100": query.LengthField("text") > 100,
    "late goal": query.TextSearch("late goal"),
    'late "in time" goal*': query.TextSearch('late "in time" goal*'),
    "goal in time": query.TextSearch("goal in time"),
    "late and goal": query.TextSearch("late") & query.TextSearch("goal"),
    "goal -late": query.And((query.TextSearch("goal"), ~query.TextSearch("late"))),
    "late-night well-known": query.TextSearch("late-night well-known"),
    "topic:Sports": query.Labelled("topic", "Sports"),
    "label:Sports": query.Labelled("topic", "Sports"),
    'topic = "Late delivery" by ann': query.Labelled("topic", "Late delivery", "ann"),
    "topic != Sports": ~query.Labelled("topic", "Sports"),
    "topic in (Sports, none)": query.Labelled("topic", "Sports") | query.Labelled("topic", "none"),
    "topic is unlabelled": ~query.Labelled("topic"),
    "topic is not labelled by ann": ~query.Labelled("topic", None, "ann"),
    "topic is none": query.Labelled("topic", none=True),
    "topic = none": query.Labelled("topic", "none"),
    "topic is Flagged": query.Marked("topic", "flag"),
    "topic is conflicting": query.Conflicting("topic"),
    "weak(topic) = Sports": query.WeakField("topic", 7, "label") == "Sports",
    "weak(topic, 3) missing": query.WeakField("topic", 3, "label").missing,
    "confidence(topic) < .7": query.WeakField("topic", 7, "confidence") < 0.7,
    "vote(topic)": query.Voted("topic"),
    "vote(topic, lookup:x y) = Sports": query.Voted("topic", "lookup:x y", "Sports"),
    "vote(topic, late) missing": ~query.Voted("topic", "late"),
    "wrong(topic, late)": query.Judged("topic", "late", "wrong"),
    "against(topic, late, lookup:x y)": query.Judged("topic", "late", "against", "lookup:x y"),
    "commented()": query.Commented(),
    "commented(ann)": query.Commented("ann"),
    "slice:hard": ~PLACE.missing,
    "slice(hard) < 100": PLACE < 100,
    "slice(soft)": query.TextSearch("late"),
    "keys(a, b c)": query.Keys(("a", "b c")),
    'similarity("late parcel") > .5': MEANING > 0.5,
    'meaning("late parcel", 20)': NEAREST,
    "stars > 3 or stars < 1 and late": (STARS > 3) | ((STARS < 1) & query.TextSearch("late")),
    "(stars > 3 or stars < 1) late": ((STARS > 3) | (STARS < 1)) & query.TextSearch("late"),
    "NOT (stars > 3) AND late": ~(STARS > 3) & query.TextSearch("late"),
}  # fmt: skip


def test_a_range_is_written_as_one() -> None:
    assert written(STARS.between(3, 5) & KIND.isin(["a"]), SHOP) == (
        "stars >= 3 and stars <= 5 and kind in (a)"
    )
    asked = query.Or((STARS.between(-3, 5), ~query.AttributeField("my field").between(0.25, 0.5)))
    assert written(asked, SHOP) == "stars in -3..5 or not `my field` in 0.25..0.5"


@pytest.mark.parametrize("text", MEANS)
def test_a_query_means_a_condition_and_back(text: str) -> None:
    assert repr(parse(text, SHOP)) == repr(MEANS[text])
    again = written(MEANS[text], SHOP)
    assert repr(parse(again, SHOP)) == repr(MEANS[text])
    assert "raw(" not in again


WRONG = {
    "starz > 3": ("starz", "Did you mean 'stars'"),
    "stars > many": ("many", "number"),
    "stars contains 3": ("contains", "Allowed: =, !="),
    "paid = maybe": ("maybe", "true"),
    "late and stars >": ("", "value"),
    "late and": ("", "missing"),
    "(late": ("(", "not closed"),
    "late)": (")", "closes nothing"),
    'text = "late': ('"late', "not closed"),
    "topic = Sprots": ("Sprots", "Did you mean 'Sports'"),
    "topic = Late": ("Late", '"Late delivery"'),
    "topic < Sports": ("<", "Allowed"),
    "vote(topic, lite)": ("lite", "Did you mean 'late'"),
    "vote(topik)": ("topik", "Did you mean 'topic'"),
    "weak(names) = ORG": ("weak", "supervise"),
    "weak(topic, 4) = Sports": ("4", "Known: 3, 7"),
    "confidence < .5": ("confidence", "which task"),
    "lenght(text) > 3": ("lenght", "Did you mean 'length'"),
    'text matches "("': ('"("', "regular expression"),
    "slice:harder": ("harder", "Did you mean 'hard'"),
    "stars in (1": ("(", "not closed"),
    "stars, late": (",", "closes nothing"),
    "txt contains late": ("txt", "Did you mean 'text'"),
    "http://late.example": ("http", "quotes"),
    "slice(soft) < 3": ("", "follows its filter"),
    "raw(late)": ("late", "no condition in JSON"),
    "keys(a": ("(", "not closed"),
}


@pytest.mark.parametrize("text", WRONG)
def test_an_error_points_at_the_word_and_says_what_is_allowed(text: str) -> None:
    word, told = WRONG[text]
    with pytest.raises(QueryTextError) as caught:
        parse(text, SHOP)
    assert text[caught.value.start : caught.value.end] == word
    assert told in str(caught.value)
    assert str(caught.value).split("\n")[1].strip() == text


VALUES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=6),
    st.lists(st.text(max_size=3) | st.integers(), max_size=3).map(tuple),
)


@st.composite
def odd(draw: Any) -> query.Condition:
    """Draw conditions whose names and values are anything at all."""
    name = draw(st.sampled_from(["text", "n", "yes", "my `field`", "and", "5"]) | st.text())
    kind = draw(st.integers(0, 5))
    if kind == 0:
        return query.TextSearch(draw(st.text()))
    if kind == 1:
        return query.Keys(tuple(draw(st.lists(st.text(), max_size=3))))
    if kind == 2:
        return query.Labelled(name, draw(st.none() | st.text()), draw(st.none() | st.text()))
    if kind == 3:
        field = query.SimilarityField(
            draw(st.sampled_from(["new", "old", "gone"])), (Example(text=draw(st.text())),)
        )
        k = draw(st.integers(0, 200))
        return query.Among(query.Selection(~field.missing, ((field, True),), k))
    op = draw(st.sampled_from(["=", "!=", "<", "contains", "in", "missing", "matches"]))
    return query.Compare(query.AttributeField(name), op, draw(VALUES), draw(st.booleans()))


@given(
    condition=conditions() | odd() | st.lists(odd(), max_size=3).map(lambda i: query.And(tuple(i))),
    words=st.sampled_from([WORDS, PLAIN, Vocabulary()]),
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@example(condition=query.Not(query.Not(query.TextSearch("not"))), words=WORDS)
@example(condition=query.Or((query.And(()), query.Or((query.TextSearch(""),)))), words=WORDS)
def test_any_condition_comes_back_as_it_was_written(
    condition: query.Condition, words: Vocabulary
) -> None:
    assert repr(parse(written(condition, words), words)) == repr(condition)


PIECES = [
    "stars", "text", "topic", ">", "3", "=", "Sports", "and", "or", "not", "(", ")", ",", '"',
    "in", "is", "late", "`", "-", ":", "vote(", "raw(", "contains", "by", " ", "slice:", "..",
]  # fmt: skip


@given(text=st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join) | st.text(max_size=12))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_query_or_an_error_at_a_place(text: str) -> None:
    error: QueryTextError | None = None
    found = query.And(())
    try:
        found = parse(text, SHOP)
    except QueryTextError as raised:
        error = raised
    if error is not None:
        assert 0 <= error.start <= len(text)
        assert error.start < error.end
        assert "^" in str(error)
    assert repr(parse(written(found, SHOP), SHOP)) == repr(found)


@given(rows=ROWS, condition=conditions(), draw=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_text_selects_what_its_condition_does(
    rows: list[tuple], condition: query.Condition, draw: st.DataObject
) -> None:
    with rn.open(by="ann") as project:
        known = build(project, rows, draw)
        text = written(condition, vocabulary(project))
        wanted = select(known, query.Selection(condition))
        assert sorted(project.query(text).ids().tolist()) == sorted(wanted)


def offered(text: str) -> list[str]:
    cursor = text.index("|")
    found = complete(text.replace("|", ""), cursor, SHOP)
    return [one.text for one in found.candidates]


def test_completion_offers_what_can_stand_there() -> None:
    assert offered("|")[:3] == ["text", "stars", "kind"]
    assert offered("sta|") == ["stars"]
    assert offered("stars |")[:3] == ["=", "!=", "<"]
    assert "contains" in offered("text |")
    assert "contains" not in offered("stars |")
    assert offered("kind = |") == ["mail", '"phone call"']
    assert offered("kind = ph|") == ['"phone call"']
    assert offered('kind = "ph|') == ['"phone call"']
    assert offered("topic = |") == ["Sports", '"Late delivery"', "none"]
    assert offered("topic is un|") == ["unlabelled"]
    assert offered("vote(topic, |") == ["late", '"lookup:x y"']
    assert offered("vote(|") == ["topic", "names"]
    assert offered("names = ORG by |") == ["ann"]
    assert "and" in offered("stars > 3 |")
    assert offered("stars > 3 and to|") == ["topic"]
    assert offered("my|")[0] == "`my field`"
    assert offered("paid = |") == ["true", "false"]
    assert offered("slice:|") == ["hard", "soft"]
    assert offered(") |") == []


def test_what_a_candidate_replaces_is_the_word_at_the_cursor() -> None:
    found = complete("late and sta > 3", 12, SHOP)
    assert ("late and sta > 3"[found.start : found.end], found.candidates[0].text) == (
        "sta",
        "stars",
    )


@pytest.fixture
def shop(project: rn.Project) -> rn.Project:
    rows = [{"id": f"r{n}", "text": f"{n} late parcel", "stars": n % 5} for n in range(10)]
    project.add(rows, key="id", types={"text": "text"})
    topic = project.task("topic", ["A", "B"], on="text")
    topic.label_many({"r1": "A", "r2": "B"})
    return project


def test_a_project_is_asked_in_words(shop: rn.Project) -> None:
    assert shop.query("stars = 1").keys() == ["r1", "r6"]
    assert shop.query("topic is labelled and stars > 1").keys() == ["r2"]
    assert len(shop.query("")) == 10
    assert shop.query("parcel 3").keys() == ["r3"]
    shop.slices.save("few", shop.query("stars = 0"), static=True)
    assert shop.query("slice:few").keys() == ["r0", "r5"]
    with pytest.raises(QueryError, match="Did you mean 'stars'"):
        shop.query("star = 1")


def test_the_nearest_come_first(shop: rn.Project) -> None:
    def plane(texts: list[str]) -> np.ndarray:
        turned = [float(text.split()[0]) / 10 for text in texts]
        return np.array([[np.cos(one), np.sin(one)] for one in turned], np.float32)

    shop.embed("text", model=plane, name="v", progress=False)
    assert shop.query('meaning("4 x", 3)').keys() == ["r4", "r3", "r5"]
    assert shop.query('meaning:"4 x" and stars = 0').keys() == ["r5", "r0"]
    assert shop.query("like(r9, 2)").keys() == ["r8", "r7"]
    assert len(shop.query('similarity("4 x") > .9')) == 9
