"""Lookup lists as rules know them: by name where they are written, with their terms where they run.

The spec of a rule that uses lists has the field ``lists``: name to the hash of the content, which
is part of the rule's version. Before a run, the engine puts the terms in the place of the hashes.
Where no list has the name, the one whose ``variable`` it is is meant.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence, Set
from types import ModuleType
from typing import Any

from refinery_nb.core.errors import HeuristicError, did_you_mean

PROJECT = "project"  # what a rule calls the thing that has lookups


class NamedList(Set[str]):
    """A collection of terms that a project keeps under a name."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The name by which a rule refers to it."""

    @classmethod
    def _from_iterable(cls, terms: Iterable[Any]) -> Any:
        return set(terms)  # what & and | give


class NamedLists(MutableMapping[str, Any]):
    """The lists of a project by name: what it has as ``lookups``."""


class Terms(NamedList):
    """The terms of a list inside a rule: in their order, and quick to ask.

    >>> teams = Terms(["Leeds", "Ajax"])
    >>> list(teams), "Ajax" in teams, len(teams)
    (['Leeds', 'Ajax'], True, 2)
    """

    def __init__(self, terms: Iterable[str], name: str = "") -> None:
        self._terms = dict.fromkeys(terms)
        self._name = name

    @property
    def name(self) -> str:
        """The name of the list."""
        return self._name

    def __contains__(self, term: object) -> bool:
        return term in self._terms

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def __repr__(self) -> str:
        return f"Terms({list(self._terms)!r})"


class Surroundings:
    """What ``project`` is inside a rule: it has ``lookups`` and nothing else."""

    def __init__(self, lists: Mapping[str, Any]) -> None:
        self.lookups = _Lookups(
            (name, Terms(filled(name, terms), name)) for name, terms in lists.items()
        )

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a rule sees project.lookups only; project.{name} is out of reach.")


class _Lookups(dict[str, Terms]):
    def __missing__(self, name: object) -> Terms:
        raise KeyError(f"no lookup list {name!r} was handed over. {did_you_mean(str(name), self)}")


def filled(name: str, terms: Any) -> Sequence[str]:
    """Return the terms of a list in a spec.

    Raises
    ------
    HeuristicError
        If the spec still has the hash in their place.
    """
    if isinstance(terms, str):
        raise HeuristicError(
            f"the terms of the lookup list {name!r} were not handed over.",
            hint="Add the rule to a task of the project that has the list.",
        )
    return list(terms)


def hashes(lists: Mapping[str, Any] | Iterable[str]) -> dict[str, Any]:
    """Return the field ``lists`` of a spec: names alone get empty hashes.

    >>> hashes(["teams"])
    {'teams': ''}
    """
    return dict(lists) if isinstance(lists, Mapping) else dict.fromkeys(lists, "")


def variable(name: str) -> str:
    """Return the Python name of a list, as refinery's ``import knowledge`` has it.

    >>> variable("Team Names"), variable("2nd league")
    ('team_names', '_2nd_league')
    """
    word = re.sub(r"\W", "", name.lower().replace(" ", "_"))
    return f"_{word}" if word[:1].isdigit() else word


def meant(name: str, known: Iterable[str]) -> str | None:
    """Return which of the known lists a rule means by a name, if any.

    >>> meant("teams", ["Teams", "Towns"])
    'Teams'
    """
    names = list(known)
    if name in names:
        return name
    return next((one for one in names if variable(one) == name), None)


def knowledge(lists: Mapping[str, Any]) -> ModuleType:
    """Return the module ``knowledge`` of refinery's dialect: each list as a plain Python list."""
    module = ModuleType("knowledge")
    for name, terms in lists.items():
        vars(module)[variable(name)] = list(filled(name, terms))
    return module


def used_lists(source: str, owner: str | None = None, *, first: int = 1) -> dict[str, int]:
    """Return the lists that a source refers to as ``project.lookups["name"]``, with their lines.

    Parameters
    ----------
    owner
        The name of the project in it; None: ``project``, if the source does not define it.
    first
        The line that the source begins on.

    Raises
    ------
    HeuristicError
        If it uses ``project`` for anything else.

    >>> used_lists('teams = project.lookups["teams"]')
    {'teams': 1}
    """
    if owner is None and PROJECT not in source:
        return {}
    import ast  # rarely needed in a child process

    from refinery_nb.heuristics.names import free_names

    if owner is None and PROJECT not in free_names(source):
        return {}
    owner = owner or PROJECT
    tree = ast.parse(source)
    names, fine = {owner}, set()
    for line in tree.body:  # such as: mine = project
        match line:
            case ast.Assign(targets=[ast.Name(id=alias) as target], value=ast.Name() as value):
                if value.id == owner:
                    names.add(alias)
                    fine |= {id(target), id(value)}
            case _:
                pass
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(
                value=ast.Attribute(value=ast.Name() as start, attr="lookups"),
                slice=ast.Constant(value=str(name)),
            ) if start.id in names:
                fine.add(id(start))
                found.setdefault(name, first + node.lineno - 1)
            case _:
                pass
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names and id(node) not in fine:
            raise HeuristicError(
                f"{node.id!r} is used for something else than a lookup list.",
                line=first + node.lineno - 1,
                hint=f'A rule sees one record; of the project it may use {node.id}.lookups["name"],'
                " with the name of a list in quotes.",
            )
    return found
