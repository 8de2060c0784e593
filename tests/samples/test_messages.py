"""The sample data is what its README says."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from tools import make_samples

import refinery_nb as rn
from refinery_nb import samples
from refinery_nb.core.errors import InputError

TOPICS = {"Delivery", "Defect", "Refund", "Billing", "Account", "Product question", "Praise"}


def read(name: str) -> list[dict[str, Any]]:
    """Read one of the files, strictly as UTF-8."""
    lines = samples.path(name).read_bytes().decode("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


@pytest.fixture(scope="module")
def messages() -> list[dict[str, Any]]:
    return read("messages.jsonl")


@pytest.fixture(scope="module")
def gold() -> list[dict[str, Any]]:
    return read("messages_gold.jsonl")


def test_there_are_600_messages_with_gold_in_a_file_of_its_own(
    messages: list[dict[str, Any]], gold: list[dict[str, Any]]
) -> None:
    assert [row["id"] for row in messages] == [f"m{i:04d}" for i in range(1, 601)]
    assert [row["id"] for row in gold] == [row["id"] for row in messages]
    assert all(set(row) == {"id", "text", "channel", "received", "stars"} for row in messages)
    assert all(set(row) == {"id", "topic", "urgency", "spans"} for row in gold)


def test_no_text_comes_twice_and_few_come_nearly_twice(messages: list[dict[str, Any]]) -> None:
    assert len({row["text"].strip().lower() for row in messages}) == 600
    grams = [make_samples.shingles(row["text"]) for row in messages]
    near = sum(
        any(make_samples.similarity(grams[i], grams[j]) >= 0.5 for j in range(i))
        for i in range(600)
    )
    assert near < 0.03 * 600


def test_every_topic_and_urgency_has_its_share(gold: list[dict[str, Any]]) -> None:
    topics = Counter(row["topic"] for row in gold)
    assert set(topics) == TOPICS
    assert min(topics.values()) >= 0.06 * 600
    urgency = Counter(row["urgency"] for row in gold)
    assert set(urgency) == {"low", "normal", "high"}
    assert min(urgency.values()) >= 0.06 * 600


def test_spans_are_the_entities_without_edges(
    messages: list[dict[str, Any]], gold: list[dict[str, Any]]
) -> None:
    kinds: Counter[str] = Counter()
    for row, truth in zip(messages, gold, strict=True):
        last = 0
        for start, end, kind in truth["spans"]:
            surface = row["text"][start:end]
            assert last <= start < end <= len(row["text"])
            assert surface == surface.strip()
            assert not surface.startswith("#")
            if kind != "PRODUCT" and not surface.lower().startswith(("nine", "chf", "eur")):
                assert any(char.isdigit() for char in surface)
            last = end
            kinds[kind] += 1
    assert set(kinds) == {"PRODUCT", "ORDER", "AMOUNT"}
    assert min(kinds.values()) >= 80


def test_texts_are_as_awkward_as_real_ones(messages: list[dict[str, Any]]) -> None:
    texts = [row["text"] for row in messages]
    assert sum("\r\n" in text for text in texts) >= 30
    assert sum(any(char > "\uffff" for char in text) for text in texts) >= 20
    assert sum(text.isupper() for text in texts) >= 5
    assert min(map(len, texts)) < 12
    assert max(map(len, texts)) > 700


def test_the_generator_writes_the_committed_bytes() -> None:
    for name, rows in zip(
        ("messages.jsonl", "messages_gold.jsonl"), make_samples.write_all(), strict=True
    ):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        assert samples.path(name).read_bytes() == lines.encode()


def test_more_than_250_messages_are_written_whole() -> None:
    assert len(make_samples.Writer(0).by_hand()) > 250


def test_an_unknown_sample_is_named_with_the_nearest_one() -> None:
    with pytest.raises(InputError, match=r"Did you mean 'messages\.jsonl'"):
        samples.path("message.jsonl")


def test_the_notebook_is_found_in_a_checkout_too() -> None:
    assert samples.path("01_first_labels.ipynb").is_file()


def test_the_answers_come_as_tasks_take_them() -> None:
    project = rn.open()
    project.add(samples.path("messages.jsonl"), key="id")
    topic = project.task("topic", sorted(TOPICS), on="text")
    assert topic.label_many(samples.gold("topic")) == 600
    kinds = ["PRODUCT", "ORDER", "AMOUNT"]
    entities = project.task("entities", kinds, on="text", kind="spans")
    assert entities.label_many(samples.gold("spans")) == 600
    assert set(samples.gold("urgency").values()) == {"low", "normal", "high"}
    with pytest.raises(InputError, match="Did you mean 'topic'"):
        samples.gold("topics")
