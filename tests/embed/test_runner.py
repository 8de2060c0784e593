"""Tests of batches, of memory that runs out and of devices that fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embed.models import TEXTS, small
from hypothesis import given
from hypothesis import strategies as st

from refinery_nb.embed import runner as runners
from refinery_nb.embed.model import Loaded
from refinery_nb.embed.runner import batches
from refinery_nb.embed.transformer import Transformer


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("models") / "m")


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(1, 200), st.booleans())
def test_batches_hold_every_text_once_and_keep_the_budget(
    lengths: list[int], budget: int, padded: bool
) -> None:
    found = list(batches(lengths, budget, padded))
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    for batch in found:
        longest = max(lengths[row] for row in batch)
        tokens = len(batch) * longest if padded else sum(lengths[row] for row in batch)
        assert tokens <= budget or len(batch) == 1


def failing(
    monkeypatch: pytest.MonkeyPatch, device: str, error: Exception, *, texts: int = 0
) -> list[int]:
    """Let batches of more than so many texts fail on a device; return how many were tried."""
    plain, tried = Loaded.__call__, []

    def call(self: Loaded, given: Any) -> Any:
        tried.append(len(given))
        if self._device == device and len(given) > texts and len(tried) > 1:
            raise error
        return plain(self, given)

    monkeypatch.setattr(Loaded, "__call__", call)
    return tried


def test_memory_that_runs_out_halves_the_batch(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H3: and the vectors are the same."""
    import torch

    wanted = Transformer(model).encode(TEXTS)
    embedder = Transformer(model)
    embedder.encode(["loaded"])
    tried = failing(monkeypatch, "cpu", torch.OutOfMemoryError("CUDA out of memory"), texts=2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    embedder.encode(["first"])
    np.testing.assert_allclose(embedder.encode(TEXTS), wanted, atol=1e-5)
    assert max(tried) == len(TEXTS)
    assert embedder._load()[1].budget < runners.BUDGET


def test_a_text_that_no_memory_suffices_for_is_said(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = Transformer(model)
    embedder.encode(["loaded"])
    failing(monkeypatch, "cpu", MemoryError("not enough memory"))
    embedder.encode(["first"])
    with pytest.raises(MemoryError):
        embedder.encode(TEXTS)


def test_a_device_that_fails_is_left_for_the_cpu(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H3: with a notice, and what was asked for is done. ``cpu:0`` stands for a GPU."""
    wanted = Transformer(model).encode(TEXTS)
    monkeypatch.setattr(runners, "choose_device", lambda torch: "cpu:0")
    embedder = Transformer(model, precision="float32")
    np.testing.assert_allclose(embedder.encode(TEXTS), wanted, atol=1e-5)
    assert embedder._load()[1].device == "cpu:0"
    failing(monkeypatch, "cpu:0", RuntimeError("CUDA error: an illegal memory access"))
    embedder.encode(["first"])
    with pytest.warns(RuntimeWarning, match=r"cannot run on cpu:0 .*illegal.*goes on on the CPU"):
        found = embedder.encode(TEXTS)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(embedder.encode(TEXTS), wanted, atol=1e-5)  # without a warning


def test_a_device_that_is_not_there_is_left_for_the_cpu(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "choose_device", lambda torch: "cuda:63")
    with pytest.warns(RuntimeWarning, match="cannot run on cuda:63"):
        found = Transformer(model).encode(TEXTS)
    assert found.shape == (len(TEXTS), 32)


def test_a_model_whose_quicker_way_differs_stays_on_the_plain_one(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from refinery_nb.embed import packed

    wanted = Transformer(model).encode(TEXTS)
    plain = packed.hidden
    monkeypatch.setattr(packed, "hidden", lambda *given: plain(*given) + 1)
    embedder = Transformer(model)
    np.testing.assert_allclose(embedder.encode(TEXTS), wanted, atol=1e-5)
    assert embedder._load()[1]._model.padded


def test_an_interrupt_leaves_the_model_usable(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = Transformer(model)
    texts = [f"text number {number}" for number in range(500)]
    wanted = embedder.encode(texts)
    with monkeypatch.context() as patch:
        failing(patch, "cpu", KeyboardInterrupt())  # type: ignore[arg-type]
        embedder.encode(["first"])
        with pytest.raises(KeyboardInterrupt):
            embedder.encode(texts)
    np.testing.assert_allclose(embedder.encode(texts), wanted, atol=1e-5)


def test_other_threads_keep_their_number_of_threads(model: Path) -> None:
    import torch

    before = torch.get_num_threads()
    Transformer(model).encode([f"text number {number}" for number in range(300)])
    assert torch.get_num_threads() == before


def test_a_gpu_takes_16_bits_and_pads_little(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be seen of it on a CPU: ``cpu:0`` stands for a GPU."""
    wanted = Transformer(model).encode(TEXTS)
    monkeypatch.setattr(runners, "choose_device", lambda torch: "cpu:0")
    embedder = Transformer(model)
    found = embedder.encode(TEXTS)
    assert found.dtype == np.float32
    cosines = (found * wanted).sum(axis=1)
    cosines /= np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
    assert 0 < (1 - cosines).max() < 1e-2
    runner = embedder._load()[1]
    assert runner.budget == runners.GPU_BUDGET
    assert next(runner._model._model.parameters()).element_size() == 2


def test_two_threads_may_use_one_model(model: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from refinery_nb.text.tokens import tokens

    embedder = Transformer(model)
    texts = [f"text number {number} " * (number % 5 + 1) for number in range(200)]
    wanted, offsets = embedder.encode(texts), [tokens(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        again = [pool.submit(embedder.encode, texts) for _ in range(4)]
        parts = [pool.submit(embedder.encode_tokens, texts, offsets) for _ in range(4)]
    for one in again:
        np.testing.assert_allclose(one.result(), wanted, atol=1e-4)
    assert all(len(one.result()) == 200 for one in parts)
