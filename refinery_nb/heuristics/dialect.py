"""Functions written for Kern AI refinery: a text is a spaCy ``Doc``, a span is counted in tokens.

``def lf(record)`` returns a label, or yields ``label, first token, token after the last``; lookup
lists come from ``import knowledge``. Where the code is the same, so are the votes.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from refinery_nb.core.errors import HeuristicError
from refinery_nb.heuristics.ballots import BadVote, shown
from refinery_nb.heuristics.batch import Ballot, Batch, Record
from refinery_nb.heuristics.function import Function
from refinery_nb.heuristics.kind import checked
from refinery_nb.heuristics.lists import hashes, knowledge

DIALECT = "refinery"
ENTRY = "lf"
KNOWLEDGE = "knowledge"
# What a tokenizer alone does not know of a text: it would be empty, and the rule silent.
OF_A_MODEL = frozenset(
    ("ents", "sents", "noun_chunks", "pos_", "tag_", "dep_", "lemma_", "ent_type_", "ent_iob_")
)


class Dialect(Function):
    """Vote as a labeling function of refinery says.

    Parameters
    ----------
    source
        With ``def lf(record)``, or a single function.
    name
        By default that of the function.
    texts
        The attributes that are given as ``Doc``; None: all strings.
    model
        The spaCy model that refinery used, such as ``en_core_web_sm``. It is needed only where
        the source asks for more than tokens (entities, sentences, lemmas); it must be installed.

    Raises
    ------
    HeuristicError
        With the line, if the source is no Python, or has no function.
    """

    def __init__(
        self,
        source: str,
        name: str | None = None,
        *,
        texts: Sequence[str] | None = None,
        model: str = "",
    ) -> None:
        from refinery_nb.heuristics.capture import check_source

        entry = check_source(source, ENTRY)
        chosen = checked(entry if name is None else name, "a heuristic")
        self._set(source, entry, chosen, lists=hashes(used_knowledge(source)))
        self._of_refinery(texts, model)

    def _of_refinery(self, texts: Sequence[str] | None, model: str) -> None:
        self.texts = None if texts is None else tuple(texts)
        self.model = model
        self._knowledge: ModuleType | None = None
        self._parse: Any = None

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> Dialect:
        """Make it from its spec; the source is not run before the first vote."""
        made = cls.__new__(cls)
        source = spec["source"]
        lists = spec["lists"] if "lists" in spec else hashes(used_knowledge(source))
        made._set(source, spec["entry"], spec["name"], spec.get("lines", ()), lists)
        made._of_refinery(spec.get("texts"), spec.get("model", ""))
        return made

    def _uses(self) -> dict[str, Any]:
        uses = {**super()._uses(), "dialect": DIALECT, "model": self.model}
        return uses if self.texts is None else {**uses, "texts": list(self.texts)}

    def __repr__(self) -> str:
        return f"Dialect({self.name!r})"

    def load(self) -> None:
        """Run the source, with the lookup lists under the name ``knowledge``."""
        if self._call is not None:
            return
        self._knowledge = knowledge(self.lists)
        if asks_for_more(self.source):
            self._parse = _model(self.model, self.name)
        with _importable(self._knowledge):
            super().load()

    def vote(self, batch: Batch) -> Ballot:
        """Vote on the records of the batch."""
        self.load()
        with _importable(self._knowledge or ModuleType(KNOWLEDGE)):
            return super().vote(batch)

    def _run(self, call: Callable[[Any], Any], batch: Batch, ballot: Ballot) -> int:
        on = batch.on or ""

        def vote(record: Record) -> Any:
            docs = Docs(record, self.texts, self._parse)
            said = call(docs)
            return _in_characters(said, docs, on) if hasattr(said, "__next__") else said

        return super()._run(vote, batch, ballot)


class Docs(dict[str, Any]):
    """A record as refinery gives it: attribute to ``Doc`` for texts, else the plain value."""

    def __init__(self, record: Record, texts: Sequence[str] | None, parse: Any) -> None:
        super().__init__(record)
        self._record = record
        self._texts = texts
        self._parse = parse
        self._docs: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        value = self._record[name]
        is_text = isinstance(value, str) if self._texts is None else name in self._texts
        return self.doc(name) if is_text else value

    def __missing__(self, name: str) -> Any:
        return self._record[name]  # says what there is

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute as ``record[name]`` does, or the default."""
        return self[name] if name in self._record else default

    def values(self) -> Any:
        """Return the attributes as ``record[name]`` does."""
        return [self[name] for name in self._record]

    def items(self) -> Any:
        """Return the attributes with their names, as ``record[name]`` does."""
        return [(name, self[name]) for name in self._record]

    def doc(self, name: str) -> Any:
        """Return a text as a ``Doc``; a missing one is an empty text."""
        if name not in self._docs:
            value = self._record[name]
            text = "" if value is None else value if isinstance(value, str) else str(value)
            self._docs[name] = (self._parse or self._record._pipeline(name))(text)
        return self._docs[name]


def _in_characters(said: Iterable[Any], docs: Docs, on: str) -> Iterator[Any]:
    """Yield spans in code points; refinery's are in tokens, white space among them."""
    doc = None
    for vote in said:
        if not isinstance(vote, (tuple, list)) or len(vote) != 3:
            raise BadVote(f"{shown(vote)} is no span; yield (label, first token, last + 1).")
        if doc is None:
            doc = docs.doc(on)
        label, first, last = vote
        for token in (first, last):
            if isinstance(token, bool) or not hasattr(token, "__index__"):
                raise BadVote(f"the token {shown(token)} is no whole number.")
        first, last = first.__index__(), last.__index__()
        if not 0 <= first < last <= len(doc):
            raise BadVote(
                f"the span [{first}, {last}) of tokens is empty, or lies outside the text of "
                f"{len(doc)} tokens."
            )
        yield label, doc[first].idx, doc[last - 1].idx + len(doc[last - 1])


@contextmanager
def _importable(module: ModuleType) -> Iterator[None]:
    """Make ``import knowledge`` find these lists meanwhile; each function has its own."""
    before = sys.modules.get(KNOWLEDGE)
    sys.modules[KNOWLEDGE] = module
    try:
        yield
    finally:
        if before is None:
            sys.modules.pop(KNOWLEDGE, None)
        else:
            sys.modules[KNOWLEDGE] = before


def used_knowledge(source: str) -> list[str]:
    r"""Return the lookup lists that a source imports, by their variable names.

    >>> used_knowledge("from knowledge import teams\nimport knowledge\nknowledge.towns")
    ['teams', 'towns']
    """
    if KNOWLEDGE not in source:
        return []
    found: dict[str, None] = {}
    tree = ast.parse(source)
    modules = {
        one.asname or one.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for one in node.names
        if one.name == KNOWLEDGE
    }
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="knowledge"):
                found |= dict.fromkeys(one.name for one in node.names if one.name != "*")
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in modules:
                found[name] = None
            case _:
                pass
    return list(found)


def asks_for_more(source: str) -> list[str]:
    """Return what a source asks of a text that only a spaCy model knows.

    >>> asks_for_more("for one in record['text'].ents: pass")
    ['ents']
    """
    return sorted(
        {
            node.attr
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Attribute) and node.attr in OF_A_MODEL
        }
    )


def _model(name: str, heuristic: str) -> Any:
    if not name or importlib.util.find_spec(name) is None:
        wanted = f"the spaCy model {name!r}" if name else "a spaCy model"
        raise HeuristicError(
            f"{heuristic} asks for more than tokens, which needs {wanted}; it is not installed.",
            hint=f"Run: python -m spacy download {name or 'en_core_web_sm'}.",
        )
    import spacy

    pipeline = spacy.load(name)
    pipeline.max_length = 1 << 31
    return pipeline
