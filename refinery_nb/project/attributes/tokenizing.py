"""How the texts of each attribute are cut into tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refinery_nb.store import attributes as stored
from refinery_nb.store import schema

if TYPE_CHECKING:
    from refinery_nb.project.project import Project


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
