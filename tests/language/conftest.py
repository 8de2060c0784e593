"""Tiny models, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.language import tiny


@pytest.fixture(scope="session")
def nli_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return tiny.nli(tmp_path_factory.mktemp("models") / "tiny-nli")


@pytest.fixture(scope="session")
def chat_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    return tiny.causal(tmp_path_factory.mktemp("models") / "tiny-chat")
