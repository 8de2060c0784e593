"""Tiny models with random weights, made where they are needed."""

from __future__ import annotations

import functools
import json
from pathlib import Path

TEXT = (
    "this text is about sports business world science the team won late profits rise again "
    "a parcel came text answer label none yes no { } : \" , . ' - < > / \n"
)
CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


def tokenizer(*, chat: bool = False, window: int = 512):
    """Return a byte-level tokenizer: it knows every text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        [TEXT],
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    if not chat:
        made.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>",
            pair="<s> $A </s> $B </s>",
            special_tokens=[("<s>", 2), ("</s>", 3)],
        )
    told = PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="<|end|>" if chat else "</s>",
        model_max_length=window,
    )
    if chat:
        told.chat_template = CHAT
    return told


@functools.cache
def _weights(kind: str):
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        LlamaConfig,
        LlamaForCausalLM,
    )

    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    if kind == "nli":
        names = {0: "entailment", 1: "neutral", 2: "contradiction"}
        config = BertConfig(
            vocab_size=400,
            intermediate_size=32,
            num_labels=3,
            id2label=names,
            label2id={name: at for at, name in names.items()},
            initializer_range=0.4,
            **size,
        )
        return BertForSequenceClassification(config)
    config = LlamaConfig(
        vocab_size=400,
        intermediate_size=64,
        max_position_embeddings=2048,
        initializer_range=0.3,
        bos_token_id=2,
        eos_token_id=4,
        pad_token_id=0,
        **size,
    )
    return LlamaForCausalLM(config)


def nli(folder: Path, **config: object) -> Path:
    """Save a model that tells entailment from contradiction, at random."""
    _weights("nli").save_pretrained(folder, safe_serialization=True)
    tokenizer().save_pretrained(folder)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    return folder


def causal(folder: Path, *, chat: bool = True, window: int = 2048) -> Path:
    """Save a language model that says something at random."""
    _weights("causal").save_pretrained(folder, safe_serialization=True)
    tokenizer(chat=chat, window=window).save_pretrained(folder)
    return folder
