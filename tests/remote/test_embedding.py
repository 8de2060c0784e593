"""Records are embedded by a model in a remote kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

import refinery_nb as rn
from refinery_nb.compute import RemoteKernel
from refinery_nb.core.errors import EndpointError, InputError
from refinery_nb.embed.elsewhere import Elsewhere
from refinery_nb.embed.transformer import Transformer
from refinery_nb.text.tokens import tokens
from tests.embed.models import TEXTS, small, steps, write
from tests.remote.serving import TOKEN, Remote

DEADLY = 300  # which of the texts ends the kernel


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    return small(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of word vectors: where kernels come and go, each loads it in no time."""
    pytest.importorskip("torch")
    known = ["[UNK]", "a", "plain", "deadly", "parcel", "number", ",", *map(str, range(2 * DEADLY))]
    folder = write(
        tmp_path_factory.mktemp("models") / "words", {"modules.json": steps("StaticEmbedding")}
    )
    values = np.random.default_rng(0).normal(size=(len(known), 8)).astype(np.float32)
    save_file({"embedding.weight": values}, folder / "model.safetensors")
    tokenizer = Tokenizer(WordLevel({word: at for at, word in enumerate(known)}, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def rows(count: int) -> list[dict[str, str]]:
    return [
        {"id": str(at), "text": f"a {'deadly' if at == DEADLY else 'plain'} parcel, number {at}"}
        for at in range(count)
    ]


def test_vectors_are_the_same_as_here(remote: RemoteKernel, model: Path) -> None:
    there, here = Elsewhere(remote, model, {"pooling": "max"}), Transformer(model, pooling="max")
    assert there.spec() == here.spec()
    assert there.name == here.name
    assert np.array_equal(there.encode(TEXTS), here.encode(TEXTS))
    assert np.array_equal(there.encode_queries(TEXTS), here.encode_queries(TEXTS))
    offsets = [tokens(text, "en") for text in TEXTS]
    for one, other in zip(
        there.encode_tokens(TEXTS, offsets), here.encode_tokens(TEXTS, offsets), strict=True
    ):
        assert np.array_equal(one, other)


def test_nothing_is_embedded_twice_when_the_kernel_is_killed_half_way(
    server: Remote, words: Path, project: rn.Project
) -> None:
    project.add(rows(2 * DEADLY), key="id")
    told: list[int] = []
    once = Counter(server.embedded())  # other tests use the server, too
    with RemoteKernel(server.url, token=TOKEN) as kernel:
        found = project.embed(
            "text", model=words, executor=kernel, progress=lambda done, total: told.append(done)
        )
    assert (server.folder / "died").exists()
    assert found.covered == 2 * DEADLY
    assert set(told) & set(range(1, DEADLY + 1)), "it was killed before anything was done"
    # The first text is embedded once more, to see how long its vector is: before any is kept.
    times = Counter(server.embedded()) - once
    first = rows(1)[0]["text"]
    assert times.pop(first) == 2
    assert set(times.values()) == {1}
    assert len(times) == 2 * DEADLY - 1
    here = Transformer(words).encode([row["text"] for row in rows(2 * DEADLY)])
    assert np.abs(found.value().values - here).max() < 1e-5


def test_what_was_embedded_stays_when_the_server_is_gone_and_goes_on_with_another_one(
    fresh: Callable[..., Remote], server: Remote, words: Path, tmp_path: Path
) -> None:
    remote = fresh()

    def stop(done: int, total: int) -> None:
        if 0 < done < total:
            remote.process.kill()
            remote.process.wait()

    with rn.open(tmp_path / "project", by="ann") as project:
        project.add(rows(DEADLY), key="id")  # none of them is deadly
        kernel = RemoteKernel(remote.url, token=TOKEN, patience=0)
        with pytest.raises(EndpointError, match="cannot be reached"):
            project.embed("text", model=words, executor=kernel, progress=stop)
        name = next(iter(project.embeddings))
        before = project.embeddings[name].covered
        assert 0 < before < DEADLY
        once = Counter(server.embedded())
        with RemoteKernel(server.url, token=TOKEN) as other:
            # The model is not named again: the project knows which it was, not where.
            project.embed("text", name=name, executor=other, progress=False)
        assert project.embeddings[name].covered == DEADLY
        later = Counter(server.embedded()) - once
        assert set(later.values()) == {1}
        assert len(later) == DEADLY - before
    stored = b"".join(
        path.read_bytes() for path in tmp_path.rglob("project/**/*") if path.is_file()
    )
    for secret in (TOKEN, remote.url, server.url, "127.0.0.1"):
        assert secret.encode() not in stored


def test_a_model_that_is_not_sent_is_refused(remote: RemoteKernel, project: rn.Project) -> None:
    project.add(rows(3), key="id")
    with pytest.raises(InputError, match="TF-IDF runs here only"):
        project.embed("text", executor=remote)
    with pytest.raises(InputError, match="runs here only"):
        project.embed("text", model=lambda texts: np.ones((len(texts), 2)), executor=remote)
    with pytest.raises(InputError, match="no-such-model"):
        project.embed("text", model="no-such-model", executor=remote)


def test_a_search_in_words_asks_the_model_there(
    remote: RemoteKernel, model: Path, project: rn.Project
) -> None:
    project.add([{"id": str(at), "text": text} for at, text in enumerate(TEXTS)], key="id")
    project.embed("text", model=model, executor=remote, progress=False)
    here = Transformer(model)
    near = here.encode(TEXTS) @ here.encode_queries([TEXTS[1]])[0]
    assert project.search(TEXTS[1], how="meaning").keys()[0] == str(int(near.argmax()))
