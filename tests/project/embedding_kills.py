"""A process that embeds and is killed at a chosen point; also what resumes after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import refinery_nb as rn
from refinery_nb.project.vectors import embedding_run
from refinery_nb.store import embeddings
from refinery_nb.vectors import array

SEEN: list[str] = []
PAGE = 8


def letters(texts: list[str]) -> Any:
    """Return vectors that tell texts apart, and note which texts were asked for."""
    SEEN.extend(texts)
    return np.array([[len(text), sum(map(ord, text)) % 9973, 1] for text in texts], np.float32)


def spelled(texts: list[list[str]]) -> Any:
    """Return vectors that tell tokens apart, and note which texts were asked for."""
    SEEN.extend(" ".join(words) for words in texts)
    return [
        np.array([[len(word), sum(map(ord, word)) % 997, 1] for word in words], np.float32)
        for words in texts
    ]


def die_at(call: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that kills the process instead of its n-th call."""
    calls = 0

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)

    return counted


def main(folder: str, where: str, call: int, level: str = "record") -> None:
    """Embed, and die."""
    embedding_run.FIRST = embedding_run.LEAST = embedding_run.MOST = PAGE  # type: ignore[misc]
    if where == "disk":
        array.to_disk = die_at(call, array.to_disk)
    elif where == "commit":
        embeddings.set_count = die_at(call, embeddings.set_count)
    else:
        embeddings.set_seen = die_at(call, embeddings.set_seen)
    with rn.open(Path(folder)) as project:
        model, name = (spelled, "t") if level == "token" else (letters, "v")
        project.embed("text", model=model, name=name, level=level, progress=False)
