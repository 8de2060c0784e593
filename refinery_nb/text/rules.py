"""Tokenizers with rules of their own, under a name that says all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import SchemaError

if TYPE_CHECKING:
    from spacy.language import Language

MOST = 1_000  # special cases


def named(
    language: str = "en",
    *,
    pipeline: str | None = None,
    special: Mapping[str, Sequence[str]] | None = None,
    infixes: bool = True,
    split: str = "",
) -> str:
    """Return the name of a tokenizer: what ``text.tokens.make`` makes one from.

    Parameters
    ----------
    language
        The code of a language; its blank pipeline cuts.
    pipeline
        The name or folder of an installed pipeline, whose tokenizer cuts instead.
    special
        Texts that are cut as said: ``{"gimme": ["gim", "me"]}``, ``{":-)": [":-)"]}``.
    infixes
        Whether words are cut inside, as at hyphens between letters.
    split
        Characters at which every word is cut.

    Raises
    ------
    SchemaError
        If the parts of a special case are not its text, cut.

    >>> named("en"), named("en", split="/")
    ('en', '{"language": "en", "split": "/"}')
    """
    rules: dict[str, Any] = {}
    if pipeline is not None:
        rules["pipeline"] = str(pipeline)
    else:
        rules["language"] = language
    if special:
        rules["special"] = {
            text: _parts(text, parts) for text, parts in sorted(dict(special).items())
        }
        if len(special) > MOST:
            raise SchemaError(f"there are {len(special):,} special cases; {MOST:,} are allowed.")
    if not infixes:
        rules["infixes"] = False
    if split:
        if not isinstance(split, str) or any(char.isalnum() or char.isspace() for char in split):
            raise SchemaError(f"{split!r} are no characters to cut at: no letters, digits, space.")
        rules["split"] = "".join(sorted(set(split)))
    if list(rules) == ["language"]:
        return language
    return json.dumps(rules, ensure_ascii=False)


def options(name: str) -> dict[str, Any]:
    """Return what a name says, as the options of ``named``.

    >>> options("de")
    {'language': 'de'}
    """
    found: dict[str, Any] = json.loads(name) if name.startswith("{") else {"language": name}
    return found


def made(name: str) -> Language:
    """Return the pipeline that a name with rules describes.

    Raises
    ------
    SchemaError
        If there is no such language or pipeline, or its tokenizer takes no rules.
    """
    from spacy.symbols import ORTH
    from spacy.tokenizer import Tokenizer

    from refinery_nb.text.tokens import blank

    rules = options(name)
    pipeline = _installed(rules["pipeline"]) if "pipeline" in rules else blank(rules["language"])
    tokenizer: Any = pipeline.tokenizer
    wanted = {"special", "infixes", "split"} & rules.keys()
    if wanted and not isinstance(tokenizer, Tokenizer):
        raise SchemaError(
            f"the tokenizer of {rules.get('language') or rules['pipeline']!r} takes no rules.",
            hint="It does not cut by rules: use it as it is.",
        )
    if wanted & {"infixes", "split"}:
        _cut_at(pipeline, rules.get("split", ""), infixes=rules.get("infixes", True))
    for text, parts in rules.get("special", {}).items():
        tokenizer.add_special_case(text, [{ORTH: part} for part in parts])
    return pipeline


def _cut_at(pipeline: Language, split: str, *, infixes: bool) -> None:
    from spacy import util

    own = [re.escape(char) for char in split]
    defaults = pipeline.Defaults
    inside = [*(defaults.infixes or [] if infixes else []), *own]
    tokenizer: Any = pipeline.tokenizer
    tokenizer.infix_finditer = util.compile_infix_regex(inside).finditer if inside else None
    if own:
        before = [*(defaults.prefixes or []), *own]
        behind = [*(defaults.suffixes or []), *own]
        tokenizer.prefix_search = util.compile_prefix_regex(before).search
        tokenizer.suffix_search = util.compile_suffix_regex(behind).search
        tokenizer.url_match = None  # or an address would stay whole


def _installed(name: str) -> Language:
    """Return an installed pipeline with nothing in it but its tokenizer."""
    import spacy

    try:
        config = spacy.util.load_config(_folder(name) / "config.cfg")
        parts = list(config["nlp"]["pipeline"])
        return spacy.load(name, exclude=parts)
    except (OSError, ImportError, KeyError, ValueError) as error:
        raise SchemaError(
            f"there is no spaCy pipeline {name!r}: {error}"[:300],
            hint="Install it as a package, or give the folder that it lies in.",
        ) from error


def _folder(name: str) -> Any:
    from pathlib import Path

    from spacy import util

    if not util.is_package(name):
        return Path(name)
    package = util.get_package_path(name)
    return next(iter(sorted(package.glob(f"{name}-*"))), package)


def _parts(text: str, parts: Sequence[str]) -> list[str]:
    found = [parts] if isinstance(parts, str) else list(parts)
    if not text or any(not isinstance(part, str) or not part for part in found):
        raise SchemaError(f"the special case {text!r} has the parts {found!r}, not texts.")
    if "".join(found) != text or any(char.isspace() for char in text):
        raise SchemaError(
            f"the parts {found!r} are not {text!r}, cut.",
            hint="A token is a part of the text as it stands; a special case has no space.",
        )
    return found
