"""What a model of another library is trained on and tested with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import MissingExtra

if TYPE_CHECKING:
    import pandas as pd

OUTSIDE = "O"
# What losses of torch and transformers leave out.
IGNORED = -100


@dataclass(frozen=True)
class TrainingSet:
    """Labelled texts to train on, and others to test with.

    Attributes
    ----------
    task, kind
        The name of the task, and ``classification``, ``multilabel`` or ``spans``.
    labels
        The names of the labels; ``label_id`` is a position in them.
    tags
        For spans: ``O`` and per label ``B-...`` and ``I-...``; ``tag_ids`` are positions in them.
    train, test
        ``key, text, label, label_id, confidence, source`` a record; for spans ``key, text, spans,
        tokens, offsets, tags, tag_ids, confidence, source``; for multilabel, ``label`` and
        ``label_id`` are lists. ``source`` is ``manual`` or ``weak``.
    left_out
        How many records were left out, by reason.
    misaligned
        The spans that tags of tokens cannot say: ``key, start, end, label``.
    """

    task: str
    kind: str
    labels: tuple[str, ...]
    tags: tuple[str, ...]
    train: pd.DataFrame
    test: pd.DataFrame
    left_out: Mapping[str, int]
    misaligned: pd.DataFrame

    def sklearn(self) -> tuple[list[Any], list[Any], Any, Any]:
        """Return ``X_train, X_test, y_train, y_test``, as scikit-learn's own split does.

        Texts and names of labels; for multilabel an array for each side instead of names, see
        ``multi_hot``; for spans lists of tokens and lists of tags. The confidences of ``train``
        can be sample weights.
        """
        x, y = ("tokens", "tags") if self.kind == "spans" else ("text", "label")
        train, test = self.train, self.test
        if self.kind == "multilabel":
            hot = self.multi_hot(train), self.multi_hot(test)
            return train[x].tolist(), test[x].tolist(), *hot
        return train[x].tolist(), test[x].tolist(), train[y].tolist(), test[y].tolist()

    def multi_hot(self, side: pd.DataFrame) -> NDArray[np.int64]:
        """Return which labels the records of ``train`` or ``test`` have: 0 or 1.

        Shape (records, labels), int64, the labels in the order of ``labels``: what classifiers of
        scikit-learn take as several labels.
        """
        found = np.zeros((len(side), len(self.labels)), np.int64)
        for row, ids in enumerate(side["label_id"]):
            found[row, ids] = 1
        return found

    def torch(self, tokenizer: Any = None, *, max_length: int | None = None) -> tuple[Any, Any]:
        """Return two ``torch.utils.data.Dataset``, to train and to test.

        Parameters
        ----------
        tokenizer
            A fast tokenizer of transformers. With it, an item is ``input_ids``,
            ``attention_mask`` and ``labels``, as a ``Trainer`` takes them: for spans, the first
            piece of each token carries its tag and the others -100. Without one, an item is
            ``text`` and ``label`` (spans: ``tokens`` and ``tags``), ids as tensors; several labels
            are a float for each label, 1 where it is given.
        max_length
            Where pieces are cut off.

        Raises
        ------
        MissingExtra
            If torch is not installed.
        """
        from refinery_nb.project.training.torch_set import torch_set

        return (
            torch_set(self, self.train, tokenizer, max_length),
            torch_set(self, self.test, tokenizer, max_length),
        )

    def datasets(self) -> Any:
        """Return a ``datasets.DatasetDict`` of ``train`` and ``test``, labels as ``ClassLabel``.

        For multilabel ``labels`` has beside that a float for each label, 1 where it is given, as
        a ``Trainer`` takes several labels.

        Raises
        ------
        MissingExtra
            If the package ``datasets`` is not installed.
        """
        try:
            import datasets
        except ImportError as error:
            raise MissingExtra(
                "this needs the package 'datasets'.", hint="pip install 'refinery-nb[datasets]'"
            ) from error
        text = datasets.Value("string")
        if self.kind == "spans":
            tags = datasets.Sequence(datasets.ClassLabel(names=list(self.tags)))
            own = {"tokens": datasets.Sequence(text), "tags": tags}
            columns = {"tokens": "tokens", "tags": "tag_ids"}
        else:
            label = datasets.ClassLabel(names=list(self.labels))
            own = {"label": label}
            columns = {"label": "label_id"}
            if self.kind == "multilabel":
                hot = datasets.Sequence(datasets.Value("float32"), length=len(self.labels))
                own = {"label": datasets.Sequence(label), "labels": hot}
        features = datasets.Features(
            {"key": text, "text": text, **own, "confidence": datasets.Value("float32")}
        )
        return datasets.DatasetDict(
            {
                name: datasets.Dataset.from_dict(
                    {
                        "key": [str(key) for key in frame["key"]],
                        "text": frame["text"].tolist(),
                        **{column: frame[of].tolist() for column, of in columns.items()},
                        **(
                            {"labels": self.multi_hot(frame).astype(np.float32)}
                            if self.kind == "multilabel"
                            else {}
                        ),
                        "confidence": frame["confidence"].tolist(),
                    },
                    features=features,
                )
                for name, frame in (("train", self.train), ("test", self.test))
            }
        )

    def __repr__(self) -> str:
        sources = self.train["source"].value_counts()
        told = ", ".join(f"{count:,} {name}" for name, count in sources.items())
        lines = [
            f"{self.task!r}: {len(self.train):,} to train ({told}), {len(self.test):,} to test"
        ]
        lines += [f"  {count:,} left out: {why}" for why, count in self.left_out.items() if count]
        if len(self.misaligned):
            lines.append(f"  {len(self.misaligned):,} spans fit no tokens (see .misaligned)")
        return "\n".join(lines)
