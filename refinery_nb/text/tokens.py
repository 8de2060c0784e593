"""Tokens of a text as code-point offsets, from a spaCy pipeline."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import SchemaError

if TYPE_CHECKING:
    from spacy.language import Language

# spaCy's own limit of 1,000,000 characters is about the memory of its parsers; there are none here.
MAX_LENGTH = 1 << 31


@lru_cache(maxsize=8)
def make(name: str = "en") -> Language:
    """Return the spaCy pipeline that cuts texts into tokens, made once per process.

    Parameters
    ----------
    name
        The code of a language; or what ``text.rules.named`` gives, which says more.

    Raises
    ------
    SchemaError
        If spaCy knows no such language, or no such pipeline is installed.

    >>> [token.text for token in make("en")("It's here.")]
    ['It', "'s", 'here', '.']
    """
    if name.startswith("{"):
        from refinery_nb.text.rules import made

        pipeline = made(name)
    else:
        pipeline = blank(name)
    pipeline.max_length = MAX_LENGTH
    return pipeline


def blank(language: str) -> Language:
    """Return the blank pipeline of a language by its code.

    Raises
    ------
    SchemaError
        If spaCy knows no such language, or it needs a package that is missing.
    """
    import spacy

    try:
        return spacy.blank(language)
    except ImportError as error:
        raise SchemaError(
            f"there is no tokenizer {language!r}: {error}",
            hint="Use a language code of spaCy such as 'en', 'de' or 'xx' (any language).",
        ) from error


def tokens(text: str, name: str = "en") -> NDArray[np.int32]:
    """Return the tokens of ``text`` as offsets, one row a token.

    Parameters
    ----------
    name
        Language code of the pipeline.

    Returns
    -------
    NDArray
        int32, shape (tokens, 2): half-open code points. Whitespace is no token, so that the
        offsets may leave gaps, but they never overlap and index ``text`` as it is.

    >>> tokens("a  b").tolist()
    [[0, 1], [3, 4]]
    """
    doc = make(name).make_doc(text)
    offsets = [
        offset
        for token in doc
        if not token.is_space
        for offset in (token.idx, token.idx + len(token))
    ]
    return np.array(offsets, dtype=np.int32).reshape(-1, 2)


def all_tokens(text: str, name: str = "en") -> NDArray[np.int32]:
    """Return the tokens of ``text`` as offsets, those of white space among them, as spaCy counts.

    >>> all_tokens("a  b").tolist()
    [[0, 1], [2, 3], [3, 4]]
    """
    doc = make(name).make_doc(text)
    offsets = [offset for token in doc for offset in (token.idx, token.idx + len(token))]
    return np.array(offsets, dtype=np.int32).reshape(-1, 2)


def fingerprint(name: str = "en") -> str:
    """Return what decides the tokens of a text: the tokenizer, and the version of spaCy.

    >>> fingerprint("en").startswith("en/spacy-")
    True
    """
    own = f"/{make(name).meta['version']}" if '"pipeline"' in name else ""
    return f"{name}{own}/spacy-{version('spacy')}"
