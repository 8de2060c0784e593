"""A model of entailment: batches, which answer is which, and what is refused."""

from __future__ import annotations

import json
import pickle  # to make what must not be loaded
import shutil
from pathlib import Path

import numpy as np
import pytest

from refinery_nb.core.errors import InputError
from refinery_nb.language.entailment import Entailment
from tests.language import tiny

TEXTS = ["the team won late", "profits rise again " * 9, "a parcel came", "", "💩 <script>"]
CLAIMS = ["this text is about sports.", "this text is about business and the world again."]
PAIRS = [(text, claim) for text in TEXTS for claim in CLAIMS]


def scores(model: Entailment, pairs: list[tuple[str, str]]) -> np.ndarray:
    found = np.full((len(pairs), 2), np.nan, np.float32)
    for rows, logits in model.scores(pairs):
        assert np.isnan(found[rows]).all()
        found[rows] = logits
    return found


def test_a_judgement_does_not_depend_on_its_batch(nli_folder: Path) -> None:
    model = Entailment(str(nli_folder))
    together = scores(model, PAIRS)
    alone = np.concatenate([scores(model, [pair]) for pair in PAIRS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.ptp(together[:, 1]) > 0.1


def test_it_says_what_transformers_says(nli_folder: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(nli_folder)
    model = AutoModelForSequenceClassification.from_pretrained(nli_folder).eval()
    with torch.inference_mode():
        logits = model(**tokenizer(*PAIRS[0], return_tensors="pt")).logits[0].tolist()
    found = scores(Entailment(str(nli_folder)), PAIRS[:1])[0]
    # The configuration says: entailment is 0, contradiction 2.
    np.testing.assert_allclose(found, [logits[2], logits[0]], atol=1e-5)


def test_two_answers_are_enough_if_one_of_them_is_entailment(tmp_path: Path) -> None:
    folder = tiny.nli(
        tmp_path, label2id={"not_entailment": 1, "entailment": 0}, id2label={0: "a", 1: "b"}
    )
    # The head has three outputs; which are meant is what is looked at here.
    from refinery_nb.language.entailment import _answers

    class Config:
        label2id = json.loads((folder / "config.json").read_text())["label2id"]

    assert _answers(Config, "") == (1, 0)


def test_a_model_that_is_no_nli_model_is_refused(tmp_path: Path, nli_folder: Path) -> None:
    moods = {"bad": 0, "fine": 1, "good": 2}
    folder = tiny.nli(tmp_path / "mood", label2id=moods, id2label={v: k for k, v in moods.items()})
    with pytest.raises(InputError, match="none of these is entailment"):
        scores(Entailment(str(folder)), PAIRS[:1])


def test_a_text_longer_than_the_window_is_cut_and_the_hypothesis_is_not(nli_folder: Path) -> None:
    model = Entailment(str(nli_folder))
    long = "profits rise again " * 2_000
    one, other = scores(model, [(long, CLAIMS[0]), (long, CLAIMS[1])])
    assert np.isfinite([one, other]).all()
    assert not np.allclose(one, other)


def test_a_pickle_is_not_loaded_and_no_code_is_run(tmp_path: Path, nli_folder: Path) -> None:
    only = shutil.copytree(nli_folder, tmp_path / "pickle")
    (only / "model.safetensors").unlink()

    class Evil:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    (only / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match="pickle"):
        Entailment(str(only))
    coded = shutil.copytree(nli_folder, tmp_path / "code")
    config = json.loads((coded / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config"}}
    (coded / "config.json").write_text(json.dumps(config))
    (coded / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: pass\n")
    with pytest.raises(InputError, match="cannot be loaded"):
        scores(Entailment(str(coded)), PAIRS[:1])
    assert not (tmp_path / "ran").exists()


def test_a_model_without_its_head_is_refused(chat_folder: Path) -> None:
    with pytest.raises(InputError):
        scores(Entailment(str(chat_folder)), PAIRS[:1])


@pytest.mark.parametrize(
    ("model", "said"),
    [("nobody/no-such-nli", "hf download"), ("//server/share/model", "another machine")],
)
def test_what_is_not_here_is_not_fetched(model: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Entailment(model)
    assert said in str(caught.value)
