"""Files that only look like those of a tool: an error of ours, or rows that are kept back."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from refinery_nb import io
from refinery_nb.core.errors import RefineryError

KEYS = [
    "text", "data", "meta", "label", "labels", "cats", "entities", "spans", "accept", "answer",
    "options", "annotations", "predictions", "result", "value", "choices", "type", "from_name",
    "to_name", "start", "end", "start_offset", "end_offset", "fields", "responses", "suggestions",
    "values", "status", "user_id", "completed_by", "score", "question_name", "metadata", "id",
    "refinery_nb", "none", "people", "several",
]  # fmt: skip
WORDS = ["a💩b", "", "x", "choices", "labels", "accept", "submitted", "text"]
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.just(0.5) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        | st.tuples(st.integers(-1, 4), st.integers(-1, 4), inner).map(list)
    ),
    max_leaves=12,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(KEYS), VALUE, max_size=7), min_size=1, max_size=4)
# What such a row could begin as, so that the nonsense lies deeper.
BEGUN: dict[str, dict[str, Any]] = {
    "prodigy": {"text": "a💩b", "answer": "accept"},
    "doccano": {"text": "a💩b"},
    "label_studio": {"data": {"text": "a💩b", "x": 1}},
    "argilla": {"fields": {"text": "a💩b"}},
}
SEVERAL = {"prodigy": True, "doccano": True, "label_studio": ["x"]}


@pytest.mark.parametrize("format", ["prodigy", "doccano", "label_studio", "argilla"])
@given(rows=ROWS, several=st.booleans())
@example(rows=[{"text": "a", "spans": [{"start": True, "end": 1, "label": "x"}]}], several=False)
@example(rows=[{"text": "a💩b", "label": [[0, 2, "x"]]}], several=True)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_nonsense_is_an_error_of_ours_or_a_row_put_aside(
    tmp_path_factory: pytest.TempPathFactory, format: str, rows: list[Any], several: bool
) -> None:
    begun = BEGUN[format]
    rows = [begun, *rows, *({**row, **begun} for row in rows)]
    path = tmp_path_factory.mktemp("odd") / "f.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"multilabel": SEVERAL[format]} if several and format in SEVERAL else {}
    reading = io.read(path, format=format, on_error="quarantine", **options)
    kept = sum(len(chunk.rows) for chunk in reading.chunks())
    assert kept + len({row.record for row in reading.rejected}) == len(rows)


@given(text=st.text(alphabet=st.sampled_from(list('ab O-BIX\t\n#=💩 \r{}"')), max_size=60))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_nonsense_of_tokens_is_too(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("odd") / "f.conll"
    path.write_text(text, newline="")
    with contextlib.suppress(RefineryError):
        reading = io.read(path, on_error="quarantine")
        assert sum(len(chunk.rows) for chunk in reading.chunks()) == reading.count
