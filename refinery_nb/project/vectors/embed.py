"""Give records vectors: which attribute, which model, and what of it gets one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import InputError, SchemaError, did_you_mean
from refinery_nb.core.schema import Attribute, AttributeType, check_name
from refinery_nb.embed.embedder import Embedder, again, make
from refinery_nb.project.attributes import tokenizing
from refinery_nb.project.vectors.embedding import Embedding
from refinery_nb.project.vectors.embedding_run import EmbeddingRun
from refinery_nb.project.vectors.level import Level, ListLevel, RecordLevel, TokenLevel

if TYPE_CHECKING:
    from refinery_nb.core.executor import Executor
    from refinery_nb.net.endpoint import Endpoint
    from refinery_nb.project.project import Project

LEVELS = ("record", "token")


def embed(
    project: Project,
    on: str,
    *,
    model: str | Path | Embedder | Callable[..., Any] | None = None,
    endpoint: str | Endpoint | bool | None = None,
    executor: Executor | None = None,
    name: str | None = None,
    level: str | None = None,
    fresh: bool = False,
    progress: bool | Callable[[int, int], None] = True,
    cancel: threading.Event | None = None,
) -> Embedding:
    """Give each record a vector of one of its texts; only what is new or has changed is embedded.

    Parameters
    ----------
    on
        The attribute with the texts, or with lists of texts.
    model
        None: that of the embedding called ``name`` if there is one, or else TF-IDF with a
        truncated SVD, which needs no download. A folder in the format of sentence-transformers,
        or the name of an installed or cached model. ``rn.Transformer``: such a model with
        options. A function: a list of texts to an array of shape (n, dim); at the level of tokens,
        a list of lists of tokens to an array of shape (tokens, dim) for each.
    endpoint
        The address of an OpenAI-compatible API up to its version, or an ``Endpoint``: ``model``
        is a name there, and texts are sent there. True: the address in the environment variable
        ``REFINERY_NB_ENDPOINT``. The key is taken from ``REFINERY_NB_API_KEY``. Neither is stored.
    executor
        Where the model runs, such as an ``rn.compute.RemoteKernel``; ``model`` is a name or folder
        there. None: ``project.executor``, except for what runs here only: TF-IDF, functions,
        endpoints. It is not stored.
    name
        Of the embedding; by default the attribute and the model. With another model or dimension
        than before, all vectors are made anew.
    level
        ``record``: one vector for each record; where the attribute holds lists of texts, one for
        each entry. ``token``: one for each token of the text, in float16. None: that of the
        embedding called ``name``, or else ``record``.
    fresh
        Make all vectors anew.
    progress
        Whether to show a bar with rate and time left; or a function that is told how many texts
        are done, of how many.
    cancel
        An event that ends the run soon after it is set; what is done by then is kept.

    Returns
    -------
    Embedding
        It covers fewer records than there are if the run was cancelled.

    Raises
    ------
    InputError
        If the model cannot be used, or gives a vector with NaN or infinity; the error names the
        record, and what was embedded before it stays.
    SchemaError
        If there is no such attribute, or it holds no texts.

    Notes
    -----
    A record whose text is blank or missing has the zero vector, or none at the level of tokens
    and lists. A model that learns from the texts (TF-IDF) learns again when there are twice as
    many records. Vectors are kept every few seconds: a run that was interrupted or killed goes on
    from there.
    """
    attribute = project.attribute(on)
    known = project.embeddings.get(name) if name is not None else None
    chosen_level = _level(project, attribute, level or (known.level if known else "record"))
    executor = executor or _usual(project, model, endpoint, known)
    if executor is not None:
        embedder = _elsewhere(executor, model, None if known is None else known.row.spec)
    elif known is not None and model is None:
        embedder = again(known.row.spec, endpoint)
    else:
        embedder = make(model, endpoint)
    suffix = "-tokens" if chosen_level.name == "token" else ""
    usual = f"{on}-{embedder.name}{suffix}"
    chosen = check_name(usual if name is None else name, "an embedding")
    with project.embeddings.busy():
        run = EmbeddingRun(project, attribute, embedder, chosen, chosen_level, progress, cancel)
        run.start(fresh=fresh)
        run.go()
    project.given["embedder", chosen] = embedder  # texts to search for are embedded by it
    project.events.emit("vectors", name=chosen)
    return Embedding(project, chosen)


def _usual(project: Project, model: Any, endpoint: Any, known: Embedding | None) -> Executor | None:
    """Return the project's executor, if it can run this model."""
    from refinery_nb.embed.transformer import Transformer

    named = isinstance(model, (str, Path, Transformer))
    again = model is None and known is not None and known.row.spec["kind"] == "transformer"
    return project.executor if endpoint is None and (named or again) else None


def _elsewhere(executor: Executor, model: Any, spec: dict[str, Any] | None) -> Embedder:
    """Return a model that an executor runs; by default the one that a spec names."""
    from refinery_nb.embed.elsewhere import Elsewhere
    from refinery_nb.embed.transformer import Transformer

    if model is None and spec is not None and spec["kind"] == "transformer":
        return Elsewhere(executor, spec["model"], spec["options"])
    if isinstance(model, Transformer):
        return Elsewhere(executor, model.spec()["model"], model.spec()["options"])
    return Elsewhere(executor, model)


def _level(project: Project, attribute: Attribute, level: str) -> Level:
    if level == "list":  # as it is kept for lists
        level = "record"
    if level not in LEVELS:
        raise InputError(f"level={level!r} is not known.", hint=did_you_mean(level, LEVELS))
    if attribute.type is AttributeType.JSON and level == "record":
        return ListLevel()
    if not attribute.type.is_string:
        raise SchemaError(
            f"{attribute.name!r} is of the type {attribute.type.value}; vectors "
            f"{'of tokens ' if level == 'token' else ''}need texts."
        )
    return (
        RecordLevel()
        if level == "record"
        else TokenLevel(tokenizing.name_of(project, attribute.name))
    )
