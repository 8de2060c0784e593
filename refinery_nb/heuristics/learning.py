"""An estimator at work in a child process: it learns from vectors, and is asked about others.

The first chunk holds the labelled rows, each further one rows to be asked about. A chunk is a
line of JSON with the shape and type of its arrays, then their bytes.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterable, Mapping, MutableSequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.executor import Report
from refinery_nb.core.parcel import Parcel
from refinery_nb.heuristics import atl

OWN = 3  # the place of the heartbeat that says whose code runs
MESSAGE = 500
OUTSIDE = "OUTSIDE"  # what refinery calls a token without a label
Array = NDArray[Any]


def packed(job: str, arrays: Mapping[str, Array]) -> bytes:
    """Return a chunk."""
    kept = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    told = {name: [array.dtype.str, list(array.shape)] for name, array in kept.items()}
    head = json.dumps({"job": job, "arrays": told}).encode("ascii") + b"\n"
    return b"".join([head, *(array.tobytes() for array in kept.values())])


def unpacked(payload: bytes | bytearray) -> tuple[str, dict[str, Array]]:
    """Return what was packed.

    >>> unpacked(packed("ask", {"x": np.arange(3)}))[1]["x"].tolist()
    [0, 1, 2]
    """
    at = payload.index(b"\n") + 1
    head = json.loads(payload[:at])
    found: dict[str, Array] = {}
    for name, (dtype, shape) in head["arrays"].items():
        count = int(np.prod(shape, dtype=np.int64))
        found[name] = np.frombuffer(payload, dtype, count, offset=at).reshape(shape)
        at += found[name].nbytes
    return head["job"], found


class Worker:
    """The estimator of one task; ``setup`` holds its source, the labels and whether it tags."""

    def __init__(self, setup: dict[str, Any], beat: MutableSequence[int]) -> None:
        self._setup = setup
        self._beat = beat
        self._make: Any = None
        self._model: Any = None

    def load(self, payload: bytes, chunk: int) -> tuple[str, dict[str, Array]]:
        """Decode a chunk."""
        del chunk
        return unpacked(payload)

    def run(
        self, step: int, batch: tuple[str, dict[str, Array]], stop: int
    ) -> tuple[dict[str, Any], bytes]:
        """Learn, or answer; an exception of the estimator is told in one line."""
        del step, stop
        job, arrays = batch
        self._beat[OWN] = 0
        try:
            if self._make is None:
                self._make = self._loaded()
            tags = self._setup["spans"]
            if job == "learn":
                found = self._learn_tags(**arrays) if tags else self._learn(**arrays)
            else:
                found = self._tags(**arrays) if tags else self._proba(self._model, **arrays)
        except BaseException as error:
            if isinstance(error, MemoryError):
                return {"error": "it ran out of memory."}, b""
            text = " ".join(str(error).split())[:MESSAGE]
            return {"error": f"{type(error).__name__}: {text}"}, b""
        return {"error": ""}, np.ascontiguousarray(found, np.float32).tobytes()

    def _loaded(self) -> Any:
        module = types.ModuleType("refinery_nb_learner")
        sys.modules[module.__name__] = module
        vars(module).update({name: getattr(atl, name) for name in atl.NAMES})
        _stand_in_for_sequencelearn()
        exec(compile(self._setup["source"], "<learner>", "exec"), vars(module))  # noqa: S102
        return vars(module)[self._setup["entry"]]

    def _fitted(self, rows: Array, classes: Array) -> Any:
        model = self._make()
        present, code = np.unique(classes, return_inverse=True)
        if self._setup["style"] == "refinery":
            names = np.array(self._setup["labels"])[present]
            model.fit(rows, names[code])
            return model, names.tolist(), present
        # Some estimators take nothing but 0, 1, 2 ...
        model.fit(rows, code)
        return model, list(range(len(present))), present

    def _learn(self, rows: Array, classes: Array, fold: Array) -> Array:
        """Fit all, and once without each fold; return what is said of the rows unseen."""
        apart = np.zeros((len(rows), len(self._setup["labels"])))
        for number in np.unique(fold).tolist():
            inside = fold == number
            if len(np.unique(classes[~inside])) > 1:
                apart[inside] = self._proba(
                    self._fitted(rows[~inside], classes[~inside]), rows[inside]
                )
        self._model = self._fitted(rows, classes)
        return apart

    def _proba(self, fitted: Any, rows: Array) -> Array:
        """Return probabilities of all labels, shape (n, labels)."""
        model, names, present = fitted
        for one in (model, getattr(model, "model", model)):
            if getattr(one, "classes_", None) is not None:
                known = np.asarray(one.classes_).tolist()
                break
        else:
            known = names
        if hasattr(model, "predict_proba"):
            said = np.asarray(model.predict_proba(rows), np.float64)
        elif hasattr(model, "decision_function"):
            score = np.asarray(model.decision_function(rows), np.float64)
            if score.ndim == 1:
                score = np.stack([-score, score], axis=1) / 2
            score = np.exp(score - score.max(axis=1, keepdims=True))
            said = score / score.sum(axis=1, keepdims=True)
        else:
            at = [known.index(one) for one in np.asarray(model.predict(rows)).tolist()]
            said = np.eye(len(known))[at]
        if said.shape != (len(rows), len(known)):
            raise ValueError(
                f"it gave probabilities of the shape {said.shape} for {len(rows)} records and "
                f"{len(known)} labels."
            )
        found: Array = np.zeros((len(rows), len(self._setup["labels"])))
        found[:, [present[names.index(one)] for one in known]] = said
        return found

    def _learn_tags(self, rows: Array, sizes: Array, tags: Array, fold: Array) -> Array:
        apart = np.zeros((len(rows), 2))
        of_token = np.repeat(fold, sizes)
        for number in np.unique(fold).tolist():
            inside = of_token == number
            model = self._tagger(rows[~inside], sizes[fold != number], tags[~inside])
            apart[inside] = self._tagged(model, rows[inside], sizes[fold == number])
        self._model = self._tagger(rows, sizes, tags)
        return apart

    def _tagger(self, rows: Array, sizes: Array, tags: Array) -> Any:
        model = self._make()
        names = self._setup["labels"]
        model.fit(_cut(rows, sizes), [[names[one] for one in part] for part in _cut(tags, sizes)])
        return model

    def _tags(self, rows: Array, sizes: Array) -> Array:
        return self._tagged(self._model, rows, sizes)

    def _tagged(self, model: Any, rows: Array, sizes: Array) -> Array:
        """Return the tag of each token and its confidence, shape (tokens, 2)."""
        said, sure = model.predict_proba(_cut(rows, sizes))
        place = {name: at for at, name in enumerate(self._setup["labels"])}
        if [len(one) for one in said] != sizes.tolist():
            raise ValueError("it did not give one label for each token.")
        tags = [place[str(one)] for record in said for one in record]
        confidence = [float(one) for record in sure for one in record]
        return np.array([tags, confidence]).T.reshape(-1, 2)


def elsewhere(question: Parcel, report: Report) -> Parcel:
    """Do with chunks what a child does, where an executor runs; the first one teaches."""
    worker = Worker(dict(question.said), [0] * (OWN + 1))
    bodies: dict[str, Array] = {}
    for at, (name, chunk) in enumerate(question.arrays.items()):
        said, body = worker.run(0, worker.load(chunk.tobytes(), at), -1)
        if said["error"]:
            raise HeuristicError(f"the model failed: {said['error']}")
        bodies[name] = np.frombuffer(body, np.uint8)
        report(at + 1, len(question.arrays))
    return Parcel(arrays=bodies)


def _cut(rows: Array, sizes: Array) -> list[Array]:
    return np.split(rows, np.cumsum(sizes)[:-1]) if len(sizes) else []


def _stand_in_for_sequencelearn() -> None:
    """Have ``sequencelearn.sequence_tagger.CRFTagger`` mean our own, if there is no other."""
    try:
        __import__("sequencelearn")
    except ImportError:
        from refinery_nb.learn.crf_tagger import CRFTagger

        package = types.ModuleType("sequencelearn")
        package.CONSTANT_OUTSIDE = OUTSIDE  # type: ignore[attr-defined]
        inner = types.ModuleType("sequencelearn.sequence_tagger")
        inner.CRFTagger = CRFTagger  # type: ignore[attr-defined]
        package.sequence_tagger = inner  # type: ignore[attr-defined]
        sys.modules[package.__name__] = package
        sys.modules[inner.__name__] = inner


def answers(bodies: Iterable[bytes], width: int) -> NDArray[np.float32]:
    """Return what a worker answered, shape (n, width).

    Raises
    ------
    ValueError
        If it is not finite numbers of this shape.
    """
    found = np.frombuffer(b"".join(bodies), np.float32).reshape(-1, width)
    if not np.isfinite(found).all() or (found < 0).any():
        raise ValueError("it gave numbers that are no probabilities.")
    return found
