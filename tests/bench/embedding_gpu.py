"""Embedding on a GPU in 16 bits: rate, share of the card's products, distance to the CPU.

    python tests/bench/embedding_gpu.py --model FOLDER --texts FILE.jsonl [--count 60000]

The limit is the card's own rate for one product of 8,192 x 8,192 numbers in bfloat16. Beside the
model that is named stands one of the shape of BERT base with random weights, made here: a small
model leaves a large card waiting for the tokens. Where sentence-transformers is installed, its
``encode`` works on the same texts in the same run, as it comes and in bfloat16 with batches of 512.
Needs torch, transformers and a GPU; without one it says so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from refinery_nb.embed.transformer import Transformer

ROUNDS, COMPARED = 3, 1_000


def timed(torch: Any, work: Callable[[], Any]) -> tuple[float, Any]:
    torch.cuda.synchronize()
    began = time.perf_counter()
    found = work()
    torch.cuda.synchronize()
    return time.perf_counter() - began, found


def best(torch: Any, work: Callable[[], Any]) -> tuple[float, Any]:
    found: list[tuple[float, Any]] = [timed(torch, work) for _ in range(ROUNDS)]
    return min(found, key=lambda one: one[0])


def limit_of(torch: Any) -> float:
    """Return operations a second of one large product."""
    one = torch.randn(8_192, 8_192, device="cuda", dtype=torch.bfloat16)
    for _ in range(3):
        one @ one
    seconds, _ = best(torch, lambda: [one @ one for _ in range(10)])
    return 10 * 2 * 8_192**3 / seconds


def operations(config: Any, lengths: NDArray[np.int64]) -> float:
    """Return the multiplications and additions of all products, attention's among them."""
    size, wide = config.hidden_size, config.intermediate_size
    products = 2 * (4 * size * size + 2 * size * wide) * int(lengths.sum())
    return float(config.num_hidden_layers * (products + 4 * size * int((lengths**2).sum())))


def deviation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float((1 - (one * other).sum(axis=1) / lengths).max())


def base(folder: Path, model: Path) -> Path:
    """Make a model of the shape of BERT base with the tokenizer of another."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(model), local_files_only=True)
    BertModel(BertConfig(vocab_size=len(tokenizer))).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


def measure(torch: Any, name: str, model: Path, texts: list[str], limit: float) -> None:
    embedder = Transformer(model)
    embedder.encode(texts[:2_048])
    tokenizer, runner = embedder._load()
    window = embedder._window(tokenizer, runner)
    config = runner._model._model.config  # type: ignore[union-attr]
    tokenizing, ids = best(torch, lambda: embedder._tokens(tokenizer, texts))
    lengths = np.array([len(one) for one in ids], np.int64)
    work = operations(config, lengths)
    torch.cuda.reset_peak_memory_stats()
    seconds, found = best(torch, lambda: embedder.encode(texts))
    memory = torch.cuda.max_memory_allocated()
    alone, _ = best(torch, lambda: runner.run(ids, lambda *_: None))
    exact = Transformer(model, device="cpu").encode(texts[:COMPARED])
    print(
        f"{name}: {len(texts):,} texts, {int(lengths.sum()):,} tokens, window {window}\n"
        f"  whole          {len(texts) / seconds:10,.0f} texts/s {work / seconds / limit:6.1%} of "
        f"the card's products, {memory / 2**20:,.0f} MiB\n"
        f"  model alone    {len(texts) / alone:10,.0f} texts/s {work / alone / limit:6.1%}\n"
        f"  tokens alone   {len(texts) / tokenizing:10,.0f} texts/s\n"
        f"  largest cosine deviation from the CPU's float32, {COMPARED:,} texts: "
        f"{deviation(found[:COMPARED], exact):.1e}",
        flush=True,
    )
    reference(torch, model, texts, seconds)


def reference(torch: Any, model: Path, texts: list[str], ours: float) -> None:
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError:
        print("  sentence-transformers is not installed")
        return
    usual = SentenceTransformer(str(model), device="cuda")
    short = SentenceTransformer(str(model), device="cuda").to(torch.bfloat16)
    for name, other, size in (("as it comes", usual, 32), ("bfloat16, 512", short, 512)):
        other.encode(texts[:2_048], batch_size=size, show_progress_bar=False)
        seconds, _ = timed(
            torch,
            lambda other=other, size=size: other.encode(  # type: ignore[misc]
                texts, batch_size=size, show_progress_bar=False
            ),
        )
        print(
            f"  SentenceTransformer, {name}: {len(texts) / seconds:,.0f} texts/s, ours "
            f"{seconds / ours:.1f} times that",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--count", type=int, default=60_000)
    given = parser.parse_args()
    try:
        import torch
    except ModuleNotFoundError:
        torch = None
    if torch is None or not torch.cuda.is_available():
        print("there is no GPU: nothing is measured")
        return 0
    if given.model is None or given.texts is None:
        parser.error("--model and --texts are needed")
    lines = given.texts.read_text(encoding="utf-8").splitlines()
    some = [json.loads(line)["text"] for line in lines]
    texts = [some[at % len(some)] for at in range(given.count)]
    limit = limit_of(torch)
    print(
        f"{torch.cuda.get_device_name()}, {limit / 1e12:,.0f} TFLOP/s in bfloat16, torch "
        f"{torch.__version__}, {os.cpu_count()} cores"
    )
    measure(torch, given.model.name, given.model, texts, limit)
    with tempfile.TemporaryDirectory() as folder:
        made = base(Path(folder), given.model)
        measure(torch, "shape of BERT base", made, texts, limit)
    return 0


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    sys.exit(main())
