"""The attributes of a project as a mapping, with what can be done to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import SchemaError, UnknownName, did_you_mean
from refinery_nb.core.schema import PLACES, Attribute, AttributeType, folded
from refinery_nb.project.attributes import calculate, tokenizing
from refinery_nb.project.attributes.conversion import Conversion
from refinery_nb.project.attributes.keying import Rekeying
from refinery_nb.project.attributes.renaming import AttributeRenaming, users
from refinery_nb.project.attributes.tokenizing import Tokenizing
from refinery_nb.project.attributes.upkeep import Upkeep
from refinery_nb.project.records.keys import key_value
from refinery_nb.project.rules import foreign
from refinery_nb.store import attributes as stored
from refinery_nb.store import embeddings, records, schema
from refinery_nb.text.rules import named, options

if TYPE_CHECKING:
    import pandas as pd

    from refinery_nb.project.project import Project
    from refinery_nb.project.view import View


class Fields(Mapping[str, "Field"]):
    """The attributes of a project by name: ``project.fields["stars"].convert("integer")``."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.upkeep = Upkeep(project)

    def __getitem__(self, name: str) -> Field:
        known = [one.name for one in self._project.attributes]
        if name not in known:
            raise UnknownName(f"there is no attribute {name!r}.", hint=did_you_mean(name, known))
        return Field(self._project, name)

    def __iter__(self) -> Iterator[str]:
        return iter([one.name for one in self._project.attributes])

    def __len__(self) -> int:
        return len(self._project.attributes)

    def order(self, *names: str) -> None:
        """Put attributes first, in this order.

        Raises
        ------
        SchemaError
            If there is no such attribute, or one stands twice.
        """
        if len(set(names)) != len(names):
            raise SchemaError("an attribute stands twice in the order.")
        with self._project.database.write() as connection:
            known = {one.name: one.id for one in schema.attributes(connection)}
            for name in names:
                if name not in known:
                    raise SchemaError(
                        f"there is no attribute {name!r}.", hint=did_you_mean(name, known)
                    )
            rest = [name for name in known if name not in names]
            stored.order(connection, [known[name] for name in (*names, *rest)])
        self._project.events.emit("schema")

    def key(self, *names: str) -> Rekeying:
        """Return what another key would do; ``.apply()`` does it. No name: the content."""
        return Rekeying(self._project, names)

    def calculate(self, *names: str, **options: Any) -> pd.DataFrame:
        """Bring calculated attributes up to date; see ``calculate.calculate``."""
        return calculate.calculate(self._project, names, **options)

    def outdated(self) -> dict[str, int]:
        """Return for how many records each calculated attribute is out of date, if it is.

        Few are brought up to date as they change, see ``upkeep.Upkeep``; of the others this tells.
        """
        return self.upkeep.late()

    def trust(self, *names: str) -> pd.DataFrame:
        """Let attributes be calculated whose code came with somebody else's project.

        Returns
        -------
        DataFrame
            ``attribute, hash, source`` of those that are not trusted: read them.
        """
        with self._project.database.read() as connection:
            specs = {name: row.spec for name, row in stored.calculated(connection).items()}
        of = "there is no calculated attribute"
        return foreign.trust_specs(self._project, specs, names, what="attribute", of=of)

    def try_out(self, function: Any, type: AttributeType | str, **options: Any) -> pd.DataFrame:
        """Calculate a few records and show what comes out; see ``calculate.try_out``."""
        return calculate.try_out(self._project, function, type, **options)

    def restore(self, name: str) -> Field:
        """Put an attribute back that was dropped.

        Raises
        ------
        SchemaError
            If none of this name was dropped, or another has the name by now.
        """
        with self._project.database.write() as connection:
            removed = stored.removed_attributes(connection)
            wanted = [id_ for id_, known in removed.items() if known == name]
            if not wanted:
                raise SchemaError(
                    f"no attribute {name!r} was dropped.", hint=did_you_mean(name, removed.values())
                )
            if any(folded(one.name) == folded(name) for one in schema.attributes(connection)):
                raise SchemaError(
                    f"there is an attribute {name!r} again.", hint="Rename that first."
                )
            stored.restore(connection, wanted[-1], name)
            stored.mark_all_changed(connection, records.next_version(connection))
        self._project.events.emit("schema")
        self._project.events.emit("records")
        return self[name]

    def __repr__(self) -> str:
        lines = [f"{len(self)} attributes"]
        with self._project.database.read() as connection:
            rows = stored.calculated(connection)
        for one in self._project.attributes:
            told = [one.type.value]
            told += ["key"] if one.is_key else []
            told += ["calculated"] if one.name in rows else []
            told += [f"hidden in the {place}" for place in sorted(one.hidden)]
            lines.append(f"  {one.name}: {', '.join(told)}")
        return "\n".join([*lines, *self.upkeep.told()])


class Field:
    """One attribute, and what can be done to it. Made by ``project.fields[name]``."""

    def __init__(self, project: Project, name: str) -> None:
        self.project = project
        self.name = name

    @property
    def attribute(self) -> Attribute:
        """The attribute as it stands."""
        return self.project.attribute(self.name)

    def rename(self, new: str) -> AttributeRenaming:
        """Return what another name would do to rules and slices; ``.apply()`` does it."""
        self.project.attribute(self.name)
        return AttributeRenaming(self.project, self.name, new)

    def convert(self, type: AttributeType | str) -> Conversion:
        """Return how many values fit another type, with examples that do not; ``.apply()``."""
        return Conversion(self.project, self.name, type)

    def show(self, **places: bool) -> None:
        """Say where the attribute is shown: ``show(labeler=False, browser=True)``.

        What a task is about is always shown where it is labelled.

        Raises
        ------
        SchemaError
            If there is no such place.
        """
        for place in places:
            if place not in PLACES:
                raise SchemaError(f"{place!r} is no place.", hint=did_you_mean(place, PLACES))
        with self.project.database.write() as connection:
            known = {one.name: one for one in schema.attributes(connection)}
            hidden = set(known[self.name].hidden)
            for place, shown in places.items():
                (hidden.discard if shown else hidden.add)(place)
            stored.hide(connection, known[self.name].id, hidden)
        self.project.events.emit("schema")
        self.project.events.emit("records")

    def drop(self) -> None:
        """Take the attribute out; ``project.fields.restore(name)`` puts it back with its values.

        Raises
        ------
        SchemaError
            If something else rests on it; the message names it.
        """
        attribute = self.attribute
        askers = users(self.project, self.name)
        with self.project.database.write() as connection:
            tasks = [one.name for one in schema.tasks(connection) if one.on == self.name]
            made = [
                name
                for name, row in embeddings.embeddings(connection).items()
                if row.attribute == self.name
            ]
            uses = [
                *(["the key"] if attribute.is_key else []),
                *(f"the task {name!r}" for name in tasks),
                *(f"the embedding {name!r}" for name in made),
                *askers,
            ]
            if uses:
                rest = "rests" if len(uses) == 1 else "rest"
                raise SchemaError(f"{self.name!r} is not dropped: {', '.join(uses)} {rest} on it.")
            stored.remove(connection, attribute.id)
            stored.mark_all_changed(connection, records.next_version(connection))
        self.project.events.emit("schema")
        self.project.events.emit("records")

    @property
    def tokenizer(self) -> dict[str, Any]:
        """How its texts are cut, as the options of ``tokenize``."""
        return options(tokenizing.name_of(self.project, self.name))

    def tokenize(self, language: str = "en", *, n: int = 200, **rules: Any) -> Tokenizing:
        """Return what another tokenizer would change on ``n`` random texts; ``.apply()`` keeps it.

        The blank pipeline of a language of spaCy, or ``pipeline=`` (a name or folder), with
        ``special`` cases, ``infixes=False``, and characters to ``split`` at; see
        ``text.rules.named``.
        """
        return Tokenizing(self.project, self.attribute, named(language, **rules), n=n)

    def token_lengths(self, view: View | None = None) -> pd.Series[int]:
        """Return how many tokens each text has, by key: ``.describe()`` sums it up."""
        return tokenizing.lengths(self.project, self.attribute, view)

    def errors(self) -> pd.DataFrame:
        """Return the records on which a calculated attribute failed: key, message, traceback."""
        import pandas as pd

        with self.project.database.read() as connection:
            attributes = schema.attributes(connection)
            found = stored.errors(connection, self.attribute.id)
        rows = [(key_value(attributes, key), said, trace) for key, said, trace in found]
        return pd.DataFrame(rows, columns=["key", "message", "traceback"])

    def __repr__(self) -> str:
        one = self.attribute
        return f"Field {one.name!r}: {one.type.value}"
