"""How the texts of each attribute are cut into tokens: shown first, then kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from refinery_nb.core.errors import SchemaError
from refinery_nb.core.schema import Attribute
from refinery_nb.store import attributes as stored
from refinery_nb.store import heuristics, records, relabel, schema
from refinery_nb.store import tokens as stored_tokens
from refinery_nb.store.db import Connection

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.view import View

SHOWN = 10
PAGE = 2_000


class Tokenizing:
    """What another tokenizer would change, on a sample; ``apply()`` keeps it.

    Made by ``project.fields[name].tokenize(...)``.

    Attributes
    ----------
    sampled, changed
        How many texts were looked at, and how many of them are cut otherwise.
    before, after
        How many tokens they have.
    """

    def __init__(self, project: Project, attribute: Attribute, name: str, *, n: int) -> None:
        from refinery_nb.text.tokens import make

        if not attribute.type.is_string:
            raise SchemaError(f"{attribute.name!r} is {attribute.type.value}; it has no tokens.")
        self._project = project
        self._attribute = attribute
        self.name = name
        make(name)
        self.sampled = self.changed = self.before = self.after = 0
        self._examples: list[tuple[str, list[str], list[str]]] = []
        ids = project.view().sample(n, seed=0).ids().tolist()
        with project.database.read() as connection:
            rows = list(records.values(connection, [attribute], ids))
        old = name_of(project, attribute.name)
        for _, key, (text,) in rows:
            if text:
                self._compare(key, text, old)

    @property
    def examples(self) -> pd.DataFrame:
        """Some of the texts that are cut otherwise: key, the tokens that go, those that come."""
        import pandas as pd

        return pd.DataFrame(self._examples, columns=["key", "before", "after"])

    def apply(self) -> None:
        """Keep the tokenizer; texts are cut anew when they are shown or asked for.

        Spans are counted in characters and stay. Rules and calculated attributes that look at
        tokens look again when they are run.
        """
        with self._project.database.write() as connection:
            stored.set_tokenizer(connection, self._attribute.id, self.name)
            outdate(connection)
        self._project.events.emit("schema")

    def _compare(self, key: str, text: str, old: str) -> None:
        from refinery_nb.text.tokens import tokens

        before, after = tokens(text, old).tolist(), tokens(text, self.name).tolist()
        self.sampled += 1
        self.before += len(before)
        self.after += len(after)
        if before == after:
            return
        self.changed += 1
        if len(self._examples) < SHOWN:
            go = [text[start:end] for start, end in before if [start, end] not in after]
            come = [text[start:end] for start, end in after if [start, end] not in before]
            self._examples.append((key, go, come))

    def __repr__(self) -> str:
        lines = [
            f"cut {self._attribute.name!r} by {self.name}; nothing is changed before .apply()",
            f"  {self.changed:,} of {self.sampled:,} texts are cut otherwise: "
            f"{self.before:,} tokens become {self.after:,}",
        ]
        lines += [
            f"    {key}: {' | '.join(go)}  ->  {' | '.join(come)}"
            for key, go, come in self._examples
        ]
        return "\n".join(lines)


def names(project: Project) -> dict[str, str]:
    """Return the name of the tokenizer of each attribute that has its own; ``""``: of others."""
    with project.database.read() as connection:
        own = stored.tokenizers(connection)
        known = {one.id: one.name for one in schema.attributes(connection)}
    return {"": project.tokenizer} | {known[id_]: spec for id_, spec in own.items() if id_ in known}


def name_of(project: Project, attribute: str | None) -> str:
    """Return the name of the tokenizer of an attribute."""
    found = names(project)
    return found.get(attribute or "", found[""])


def set_default(project: Project, language: str) -> None:
    """Set the language whose tokenizer cuts the attributes that have none of their own.

    Raises
    ------
    SchemaError
        If spaCy knows no such language.
    """
    from refinery_nb.text.tokens import make

    make(language)
    with project.database.write() as connection:
        schema.set_setting(connection, "tokenizer", language)
        outdate(connection)
    project.events.emit("schema")


def outdate(connection: Connection) -> None:
    """Have rules and calculated attributes that look at tokens look at all records again."""
    for row in heuristics.heuristics(connection):
        if "dialect" in row.spec or ".doc(" in str(row.spec.get("source", "")):
            heuristics.look_again(connection, row.version)
    for made in stored.calculated(connection).values():
        if ".doc(" in made.spec["source"]:
            stored.set_state(
                connection, made.attribute, state=made.state, message=made.message, seen=0
            )
    relabel.next_epoch(connection)  # votes will change while no record does


def offsets(
    project: Project, attribute: Attribute, texts: Mapping[int, str]
) -> dict[int, NDArray[np.int32]]:
    """Return the tokens of texts by record id, [n, 2] in code points; cut and keep what is new."""
    from hashlib import blake2b

    from refinery_nb.text.tokens import fingerprint, tokens

    name = name_of(project, attribute.name)
    made = fingerprint(name)
    wanted = {
        record: blake2b(f"{made}\0{text}".encode(), digest_size=16).digest()
        for record, text in texts.items()
    }
    with project.database.read() as connection:
        found = stored_tokens.tokens(connection, attribute.id, wanted)
    fresh = [
        (record, wanted[record], tokens(text, name))
        for record, text in texts.items()
        if record not in found
    ]
    if fresh:
        with project.database.write() as connection:
            stored_tokens.save(connection, attribute.id, fresh)
    return {**found, **{record: cut for record, _, cut in fresh}}


def lengths(project: Project, attribute: Attribute, view: View | None) -> pd.Series[int]:
    """Return how many tokens each text has, by key; a missing text has none."""
    import pandas as pd

    from refinery_nb.project.records.keys import key_value

    ids = (view or project.view()).ids().tolist()
    with project.database.read() as connection:
        known: Sequence[Attribute] = schema.attributes(connection)
    keys: list[Any] = []
    counts: list[int] = []
    for first in range(0, len(ids), PAGE):
        with project.database.read() as connection:
            rows = list(records.values(connection, [attribute], ids[first : first + PAGE]))
        cut = offsets(project, attribute, {record: str(text or "") for record, _, (text,) in rows})
        keys += [key_value(known, key) for _, key, _ in rows]
        counts += [len(cut[record]) for record, _, _ in rows]
    index = pd.Index(keys, name="key", tupleize_cols=False)
    return pd.Series(counts, index=index, name="tokens", dtype="int64")
