"""Training sets as datasets of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import InputError, MissingExtra
from refinery_nb.project.training.training_set import IGNORED

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.training.training_set import TrainingSet


def torch_set(
    training: TrainingSet, frame: pd.DataFrame, tokenizer: Any, max_length: int | None
) -> Any:
    """Return a ``torch.utils.data.Dataset`` of one side; see ``TrainingSet.torch``."""
    try:
        import torch
        import torch.utils.data
    except ImportError as error:
        raise MissingExtra("this needs torch.", hint="pip install 'refinery-nb[models]'") from error
    if tokenizer is not None and not getattr(tokenizer, "is_fast", False):
        raise InputError(
            f"{type(tokenizer).__name__} does not say where its pieces stand in a text.",
            hint="Pass a fast tokenizer of transformers.",
        )
    spans = training.kind == "spans"
    rows = frame.to_dict("records")
    if training.kind == "multilabel":
        for row, hot in zip(rows, training.multi_hot(frame).astype(float).tolist(), strict=True):
            row["label_id"] = hot

    class Rows(torch.utils.data.Dataset):  # type: ignore[type-arg]
        """The labelled texts of one side."""

        def __len__(self) -> int:
            return len(rows)

        def __getitem__(self, at: int) -> dict[str, Any]:
            row = rows[at]
            if tokenizer is not None:
                return {
                    name: torch.tensor(value)
                    for name, value in encoded(row, tokenizer, max_length, spans=spans).items()
                }
            if spans:
                return {"tokens": row["tokens"], "tags": torch.tensor(row["tag_ids"])}
            label = torch.tensor(row["label_id"])
            confidence = torch.tensor(row["confidence"])
            return {"text": row["text"], "label": label, "confidence": confidence}

    return Rows()


def encoded(row: Any, tokenizer: Any, max_length: int | None, *, spans: bool) -> dict[str, Any]:
    """Return the pieces of a text with its label, or for spans with a label a piece."""
    cut = {"truncation": True, "max_length": max_length} if max_length is not None else {}
    found = tokenizer(row["text"], return_offsets_mapping=spans, **cut)
    made = {name: found[name] for name in ("input_ids", "attention_mask")}
    if not spans:
        return {**made, "labels": row["label_id"]}
    offsets = row["offsets"]
    labels, token = [], 0
    for start, end in found["offset_mapping"]:
        while token < len(offsets) and offsets[token][1] <= start:
            token += 1
        inside = start < end and token < len(offsets) and end > offsets[token][0]
        labels.append(row["tag_ids"][token] if inside else IGNORED)
        # Its other pieces are left out.
        token += inside
    return {**made, "labels": labels}
