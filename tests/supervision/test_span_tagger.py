"""The text joins the votes: a sequence model learns from weak and manual spans."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from refinery_nb.core.schema import Overlap
from refinery_nb.core.votes import Gold, VoteMatrix, Votes
from refinery_nb.learn.crf import Chains, Field, spans_of
from refinery_nb.learn.token_grid import TokenGrid, rules_of_tags
from refinery_nb.supervision.span_tagger import f1, tag
from refinery_nb.supervision.spans import SpanLabels

CITIES = ["berlin", "paris", "lima", "oslo", "cairo", "quito", "tokyo", "delhi", "accra", "minsk"]
PEOPLE = ["ann", "ben", "carl", "dora", "emil", "fay", "gus", "hal", "ida", "jon"]
FRAMES = (
    "yesterday {p} went to {c}",
    "{p} was in {c} today",
    "we met {p} near {c} again",
    "in {c} we saw {p}",
)
LABELS = (3, 9)  # person, city: ids are not positions


def split(text: str) -> np.ndarray:
    """The tokens: words between blanks."""
    ends = itertools.accumulate(len(word) + 1 for word in text.split(" "))
    return np.array(
        [(end - 1 - len(word), end - 1) for word, end in zip(text.split(" "), ends, strict=True)],
        dtype=np.int32,
    )


class World:
    """Sentences with a person and a city; a rule knows half of the names."""

    def __init__(self, count: int, *, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.texts: dict[int, str] = {}
        rows = []
        for number in range(count):
            person, city = random.choice(PEOPLE), random.choice(CITIES)
            if random.random() < 0.5:  # names that come once, and that no rule knows
                person = "".join(random.choice(list("abdeiklmnorstu"), 6))
            if random.random() < 0.5:
                city = "".join(random.choice(list("abdeiklmnorstu"), 6))
            text = random.choice(FRAMES).format(p=person, c=city)
            self.texts[10 * number] = text
            rows += [(10 * number, 3, person, text), (10 * number, 9, city, text)]
        self.tokens = {record: split(text) for record, text in self.texts.items()}
        self.truth = self._votes(rows)
        known = [row for row in rows if row[2] in PEOPLE + CITIES]
        sources = {
            "people": self._votes([row for row in known if row[1] == 3]),
            "cities": self._votes([row for row in known if row[1] == 9]),
        }
        self.votes = VoteMatrix.build(list(self.texts), sources, LABELS, spans=True)

    def _votes(self, rows: list[tuple[int, int, str, str]]) -> Votes:
        start = [text.split(" ").index(word) for _, _, word, text in rows]
        begin = [int(self.tokens[row[0]][at, 0]) for row, at in zip(rows, start, strict=True)]
        return Votes.of(
            [row[0] for row in rows],
            [row[1] for row in rows],
            None,
            begin,
            [b + len(row[2]) for b, row in zip(begin, rows, strict=True)],
        )

    def gold(self, count: int) -> Gold:
        records = np.array(list(self.texts)[:count], dtype=np.int64)
        return Gold(records, self.truth.of_records(records))

    def tag(self, gold: Gold | None, overlap: str = "flat", **options: object) -> SpanLabels:
        return tag(self.votes, gold, self.texts, self.tokens, overlap=Overlap(overlap), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> World:
    return World(150)


def test_without_manual_labels_the_rules_are_kept(world: World) -> None:
    rules = Votes.of(
        world.votes.records[world.votes.row],
        np.array(LABELS)[world.votes.label],
        None,
        world.votes.start,
        world.votes.end,
    )
    assert f1(rules, world.truth) < 0.75
    assert f1(world.tag(None).votes, world.truth) > f1(rules, world.truth) - 0.01


def test_with_few_manual_labels_words_are_found_that_no_rule_knows(world: World) -> None:
    gold = world.gold(30)
    found = world.tag(gold)
    unseen = world.truth.without_records(gold.reviewed)
    assert f1(found.votes.without_records(gold.reviewed), unseen) > 0.95
    assert f1(found.held_out, gold.votes) > 0.8
    assert set(found.held_out.record.tolist()) <= set(gold.reviewed.tolist())


def test_manual_labels_alone_are_enough(world: World) -> None:
    none = VoteMatrix.build(list(world.texts), {}, LABELS, spans=True)
    found = tag(none, world.gold(40), world.texts, world.tokens)
    assert f1(found.votes, world.truth) > 0.9


def test_nothing_in_nothing_out(world: World) -> None:
    """H4: all abstain, nothing is reviewed."""
    none = VoteMatrix.build(list(world.texts), {"a": Votes.empty(spans=True)}, LABELS, spans=True)
    for gold in (None, Gold(np.zeros(0, dtype=np.int64), Votes.empty(spans=True))):
        assert len(tag(none, gold, world.texts, world.tokens).votes) == 0


def test_records_reviewed_without_spans_teach_that_there_are_none(world: World) -> None:
    """H4: every rule contradicts every person."""
    records = np.array(list(world.texts)[:60], dtype=np.int64)
    found = world.tag(Gold(records, Votes.empty(spans=True)))
    assert len(found.votes) < 0.1 * len(world.truth)


def test_the_same_twice(world: World) -> None:
    one, other = (world.tag(world.gold(20)).votes for _ in range(2))
    for column in ("record", "label", "start", "end", "confidence"):
        assert getattr(one, column).tolist() == getattr(other, column).tolist()


@pytest.mark.parametrize("overlap", ["flat", "nested", "any"])
@pytest.mark.parametrize("reviewed", [0, 3, 25])
def test_probabilities_are_numbers_above_zero(world: World, overlap: str, reviewed: int) -> None:
    """H4: none, few and enough manual labels, all overlap policies."""
    found = world.tag(world.gold(reviewed), overlap).votes
    assert len(found) > 100
    assert np.isfinite(found.confidence).all()
    assert ((found.confidence > 0) & (found.confidence <= 1)).all()
    assert set(found.label.tolist()) == set(LABELS)
    assert found.start is not None
    assert found.end is not None
    if overlap == "flat":
        same = found.record[1:] == found.record[:-1]
        assert (found.start[1:] >= found.end[:-1])[same].all()


def test_spans_inside_spans_are_found_where_the_task_is_nested(world: World) -> None:
    texts = {n: f"the city of {city} is far" for n, city in enumerate(CITIES * 6)}
    tokens = {record: split(text) for record, text in texts.items()}
    ends = [12 + len(city) for city in CITIES * 6]
    records = [*range(60), *range(60)]
    truth = Votes.of(records, [3] * 60 + [9] * 60, None, [0] * 60 + [12] * 60, ends + ends)
    gold = Gold(np.arange(30), truth.of_records(np.arange(30)))
    none = VoteMatrix.build(list(texts), {}, LABELS, spans=True)
    nested = tag(none, gold, texts, tokens, overlap=Overlap.NESTED)
    assert f1(nested.votes, truth) > 0.95
    flat = tag(none, gold, texts, tokens, overlap=Overlap.FLAT)
    assert len(flat.votes) <= len(texts)


def test_offsets_that_cut_into_tokens_are_kept(world: World) -> None:
    texts = {n: f"it costs {n}$ now" for n in range(60)}
    tokens = {record: split(text) for record, text in texts.items()}
    number = Votes.of(range(60), [3] * 60, None, [9] * 60, [9 + len(str(n)) for n in range(60)])
    built = VoteMatrix.build(range(60), {"number": number}, LABELS, spans=True)
    gold = Gold(np.arange(20), number.of_records(np.arange(20)))
    assert f1(tag(built, gold, texts, tokens).votes, number) > 0.95


def test_records_without_text_or_tokens_are_left_alone(world: World) -> None:
    tokens = {record: offsets for record, offsets in world.tokens.items() if record % 20}
    texts = {record: text for record, text in world.texts.items() if record in tokens}
    found = tag(world.votes, world.gold(30), texts, tokens)
    assert len(found.votes) > 0
    assert set(tag(world.votes, None, {}, {}).votes.record.tolist()) <= set(world.texts)


def test_vectors_of_tokens_may_join(world: World) -> None:
    random = np.random.default_rng(0)
    of_word = {word: random.normal(size=8) for word in set(" ".join(world.texts.values()).split())}
    for word in CITIES:
        of_word[word] = np.ones(8)
    vectors = {
        record: np.array([of_word[word] for word in text.split(" ")], dtype=np.float32)
        for record, text in world.texts.items()
    }
    found = world.tag(world.gold(15), vectors=vectors)
    assert f1(found.votes, world.truth) > 0.9


def test_the_field_sums_over_all_sequences() -> None:
    """Its marginals and spans against every sequence of tags, one by one."""
    random = np.random.default_rng(0)
    follow, begin = rules_of_tags(2)
    field = Field(follow, begin)
    field.move_, field.start_ = random.normal(size=(5, 5)), random.normal(size=5)
    emission = random.normal(size=(7, 5))
    field.weight_ = emission
    from scipy.sparse import eye_array

    sizes = np.array([3, 0, 4])
    chains = Chains.of(sizes)
    seen = field.marginals(eye_array(7).tocsr(), chains)
    first, last, label, proba = spans_of(seen, field, chains, faint=0.0)
    got = {
        (f, t, n): p
        for f, t, n, p in zip(
            first.tolist(), last.tolist(), label.tolist(), proba.tolist(), strict=True
        )
    }
    for offset, size, at in ((0, 3, 0), (3, 4, 1)):
        total, tags, spans = 0.0, np.zeros((size, 5)), {}
        for path in itertools.product(range(5), repeat=size):
            if not begin[path[0]] or any(not follow[a, b] for a, b in itertools.pairwise(path)):
                continue
            score = field.start_[path[0]] + sum(emission[offset + n, y] for n, y in enumerate(path))
            score += sum(field.move_[a, b] for a, b in itertools.pairwise(path))
            weight = float(np.exp(score))
            total += weight
            for n, y in enumerate(path):
                tags[n, y] += weight
                if y % 2:
                    stop = n
                    while stop + 1 < size and path[stop + 1] == y + 1:
                        stop += 1
                    key = (offset + n, offset + stop, y // 2)
                    spans[key] = spans.get(key, 0.0) + weight
        assert seen.tag[offset : offset + size] == pytest.approx(tags / total)
        longest = list(chains.size.tolist()).index(size)
        assert seen.log_z[longest] == pytest.approx(np.log(total))
        for key, weight in spans.items():
            assert got[key] == pytest.approx(weight / total)
        del at


def test_a_span_covers_the_tokens_that_it_shares_characters_with() -> None:
    grid = TokenGrid.of(np.array([1, 2]), {1: split("ab cd ef"), 2: split("gh")})
    first, last = grid.cover(np.array([0, 0, 0, 1]), np.array([0, 4, 2, 0]), np.array([5, 8, 3, 1]))
    assert first.tolist() == [0, 1, 1, 3]
    assert last.tolist() == [1, 2, 0, 3]
