"""A language model that runs here: scores of answers, and answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from refinery_nb.core.errors import InputError
from refinery_nb.language.causal import Causal
from tests.language import tiny

ANSWERS = ["sports", "business and world science", "none"]


def conversation(text: str) -> list[dict[str, str]]:
    return [
        {"role": "system", "content": "label texts: sports, business, world"},
        {"role": "user", "content": text},
    ]


TALKS = [conversation(one) for one in ("the team won late", "profits " * 60, "x", "", "💩")]


def test_scores_are_the_sums_of_what_the_model_says_token_by_token(chat_folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(chat_folder)
    model = AutoModelForCausalLM.from_pretrained(chat_folder).eval()
    expected = np.zeros((len(TALKS), len(ANSWERS)))
    for row, talk in enumerate(TALKS):
        text = tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
        for column, answer in enumerate(ANSWERS):
            ids = tokenizer(answer + "<|end|>", add_special_tokens=False)["input_ids"]
            with torch.inference_mode():
                told = model(torch.tensor([prompt + ids])).logits[0].log_softmax(-1)
            expected[row, column] = sum(
                told[len(prompt) + at - 1, token].item() for at, token in enumerate(ids)
            )
    found = np.full((len(TALKS), len(ANSWERS)), np.nan)
    for rows, scores, lengths in Causal(str(chat_folder)).choose(TALKS, ANSWERS):
        found[rows] = scores
        assert min(lengths) > 10
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_scores_do_not_depend_on_the_batch(chat_folder: Path) -> None:
    model = Causal(str(chat_folder))
    together = {
        row: s
        for rows, scores, _ in model.choose(TALKS, ANSWERS)
        for row, s in zip(rows, scores, strict=True)
    }
    for row, talk in enumerate(TALKS):
        ((_, alone, _),) = model.choose([talk], ANSWERS)
        np.testing.assert_allclose(together[row], alone[0], atol=1e-3)


def test_writing_is_greedy_and_ends(chat_folder: Path) -> None:
    import torch

    model = Causal(str(chat_folder))
    written = {}
    for rows, answers, tokens in model.write(TALKS, 8):
        assert all(wrote <= 8 and read > 10 for read, wrote in tokens)
        written |= dict(zip(rows, answers, strict=True))
    loaded = model._ready()
    ids = model._tokens(TALKS[0])
    made: list[int] = []
    with torch.inference_mode():
        while len(made) < 8 and made[-1:] != [loaded.tokenizer.eos_token_id]:
            made.append(int(loaded.model(torch.tensor([ids + made])).logits[0, -1].argmax()))
    assert written[0] == loaded.tokenizer.decode(made, skip_special_tokens=True)


def test_a_model_without_a_chat_form_is_asked_in_plain_text(tmp_path: Path) -> None:
    model = Causal(str(tiny.causal(tmp_path, chat=False)))
    ((rows, scores, _),) = model.choose(TALKS[:2], ANSWERS)
    assert sorted(rows) == [0, 1]
    assert np.isfinite(scores).all()


def test_a_question_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    model = Causal(str(tiny.causal(tmp_path, window=40)))
    assert model.lengths(TALKS)[1] > model.window == 40
    with pytest.raises(InputError, match="window has 40"):
        list(model.choose(TALKS, ANSWERS))
