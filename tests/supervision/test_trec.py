"""On real rules and few labels: the weighted vote labels at least 58 % of what is voted on."""

from __future__ import annotations

from pathlib import Path

from tests.bench.supervision import accuracies


def test_weighted_votes_on_trec(shared_data: Path) -> None:
    found = accuracies(shared_data / "trec", model="weighted", seeds=range(5))
    assert sum(found) / len(found) >= 0.58
