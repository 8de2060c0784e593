"""Tests of what the configuration of a model says, in all layouts of sentence-transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embed.models import MINILM, PREFIX, TEXTS, link, steps, write

from refinery_nb.core.errors import InputError
from refinery_nb.embed import folder
from refinery_nb.embed.embedder import make


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


def test_pickles_beside_the_weights_are_ignored_and_named(tmp_path: Path) -> None:
    model = link(MINILM, tmp_path / "m")
    (model / "pytorch_model.bin").write_bytes(b"never read")
    (model / "training_args.bin").write_bytes(b"never read")
    with pytest.warns(UserWarning, match=r"ignored pytorch_model\.bin: a pickle"):
        found = folder.read(model)
    assert found.identity == folder.read(MINILM).identity


def test_a_plain_transformers_folder_is_averaged(tmp_path: Path) -> None:
    model = write(link(MINILM, tmp_path / "m"), {"modules.json": None})
    assert (folder.read(model).pooling, folder.read(model).steps) == (("mean",), ())
    config = json.loads((MINILM / "config.json").read_text())
    write(model, {"config.json": config | {"architectures": ["SomeForCausalLM"]}})
    assert folder.read(model).pooling == ("lasttoken",)


def test_older_models_stand_in_a_folder_of_their_own(tmp_path: Path) -> None:
    model = tmp_path / "m"
    link(MINILM, model / "0_Transformer")
    modules = [
        {"path": "0_Transformer", "type": f"{PREFIX}Transformer"},
        {"path": "1_Pooling", "type": f"{PREFIX}Pooling"},
        {"path": "2_Dropout", "type": f"{PREFIX}Dropout"},
    ]
    write(model, {"modules.json": modules})
    write(model, {"1_Pooling/config.json": {"pooling_mode_max_tokens": True}})
    (model / "0_Transformer/sentence_bert_config.json").rename(
        model / "0_Transformer/sentence_distilbert_config.json"
    )
    read = folder.read(model)
    assert (read.pooling, read.window, read.weights.name) == (("max",), 256, "0_Transformer")


def test_newer_names_of_modules_and_options_are_known(tmp_path: Path) -> None:
    modules = [
        {"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.sentence_transformer.modules.Pooling"},
        {"path": "2_Normalize", "type": "sentence_transformers.base.modules.normalize.Normalize"},
    ]
    options = {
        "transformer_task": "feature-extraction",
        "modality_config": {
            "text": {"method": "forward", "method_output_name": "last_hidden_state"}
        },
        "module_output_name": "token_embeddings",
        "processing_kwargs": {"text": {"max_length": 100}},
    }
    model = write(link(MINILM, tmp_path / "m"), {"modules.json": modules})
    write(model, {"sentence_bert_config.json": options})
    write(model, {"1_Pooling/config.json": {"pooling_mode": ["cls", "mean"]}})
    write(model, {"2_Normalize/config.json": {"module_input_name": "sentence_embedding"}})
    read = folder.read(model)
    assert (read.pooling, read.window) == (("cls", "mean"), 100)
    assert [step.kind for step in read.steps] == ["Normalize"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"modules.json": [{"path": "", "type": "custom_st.Transformer"}]}, "code of its own"),
        ({"modules.json": steps("Transformer", "Pooling", "Router")}, "Router"),
        ({"modules.json": steps("Transformer", "Pooling", "Pooling")}, "a second Pooling"),
        ({"modules.json": steps("Pooling", "Transformer")}, "no transformer"),
        (
            {"sentence_bert_config.json": {"module_output_name": "sentence_embedding"}},
            "gives 'sentence_embedding'",
        ),
        ({"sentence_bert_config.json": {"transformer_task": "fill-mask"}}, "fill-mask"),
        (
            {
                "modules.json": steps("Transformer", "Pooling", "Normalize"),
                "2_Normalize/config.json": {"module_input_name": "token_embeddings"},
            },
            "works on 'token_embeddings'",
        ),
    ],
)
def test_layouts_that_are_not_known_say_what_is(
    tmp_path: Path, files: dict[str, Any], message: str
) -> None:
    model = write(link(MINILM, tmp_path / "m"), {"1_Pooling/config.json": {}, **files})
    write(model, {"2_Pooling/config.json": {}, "0_Pooling/config.json": {}})
    with pytest.raises(InputError, match=message):
        folder.read(model)


def test_an_activation_that_is_code_is_not_run(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    model = link(MINILM, tmp_path / "m")
    write(model, {"modules.json": steps("Transformer", "Pooling", "Dense")})
    dense = {"in_features": 384, "out_features": 2, "activation_function": "os.system"}
    write(model, {"2_Dense/config.json": dense})
    save_file(
        {"linear.weight": torch.zeros(2, 384), "linear.bias": torch.zeros(2)},
        model / "2_Dense/model.safetensors",
    )
    with pytest.raises(InputError, match=r"activation 'os.system'"):
        make(model).encode(["x"])


def test_other_weights_in_the_middle_of_a_file_are_another_model(tmp_path: Path) -> None:
    model = link(MINILM, tmp_path / "m")
    weights = bytearray((MINILM / "model.safetensors").read_bytes())
    middle = len(weights) // 2
    weights[middle : middle + (1 << 20)] = bytes(1 << 20)
    (model / "model.safetensors").unlink()
    (model / "model.safetensors").write_bytes(weights)
    assert folder.read(model).identity != folder.read(MINILM).identity
