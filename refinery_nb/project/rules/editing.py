"""Writing heuristics by hand: from what an editor holds to a stored version, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from refinery_nb.core.errors import HeuristicError
from refinery_nb.core.schema import check_name
from refinery_nb.heuristics import Function, Heuristic, build
from refinery_nb.heuristics.capture import check_source
from refinery_nb.heuristics.lint import entry_of
from refinery_nb.project.rules import rules
from refinery_nb.store import heuristics, rule_history
from refinery_nb.store.heuristics import HeuristicRow
from refinery_nb.store.rule_history import TakenOut

if TYPE_CHECKING:
    from refinery_nb.project.task import Task

WRITTEN = ("function", "lookup", "regex")  # the kinds that a person writes


class ChangedElsewhere(HeuristicError):
    """A heuristic has another version by now than the one that was edited."""

    code = "conflict"


def made(spec: Mapping[str, Any], name: str) -> Heuristic:
    """Return the heuristic that an editor describes: a spec, whose source may be half written.

    Raises
    ------
    HeuristicError
        If it makes no heuristic; with the line where there is one.
    """
    kind = spec.get("kind")
    if kind != "function":
        return build({**spec, "name": name})
    source = str(spec.get("source", ""))
    wanted = [str(one) for one in (spec.get("entry"), name) if one]
    entry = check_source(source, entry_of(source, *wanted))
    dialect = {key: spec[key] for key in ("dialect", "texts", "model") if key in spec}
    return Function.from_spec({"source": source, "entry": entry, "name": name, **dialect})


def by_id(task: Task, heuristic: int) -> HeuristicRow:
    """Return a heuristic of a task by its id."""
    for row in rules.rows(task):
        if row.id == heuristic:
            return row
    raise HeuristicError("this heuristic was removed elsewhere.", hint="Save it as a new one.")


def save(
    task: Task,
    name: str,
    spec: Mapping[str, Any],
    *,
    heuristic: int | None = None,
    base: int | None = None,
) -> HeuristicRow:
    """Store what an editor holds as a heuristic or as a new version of one.

    Parameters
    ----------
    heuristic
        The id of the one that was edited; None: a new one.
    base
        The version that was edited; None: whatever stands is replaced.

    Raises
    ------
    ChangedElsewhere
        If it has another version by now.
    HeuristicError
        If the spec makes no heuristic, or a new one has the name of another.
    """
    check_name(name, "a heuristic")
    row = None if heuristic is None else by_id(task, heuristic)
    written = made(spec, name if row is None else row.name)
    if name in {other.name for other in rules.rows(task) if other.id != heuristic}:
        raise HeuristicError(f"there is a heuristic {name!r} already.", hint="Choose another name.")
    if row is not None and base is not None and row.version != base:
        raise ChangedElsewhere(
            f"{row.name} was changed elsewhere since you began to edit it.",
            hint="Compare the two, then keep one.",
        )
    rules.add(task, written)
    if row is not None and row.name != name:
        rename(task, row.name, name)
    return rules.row(task, name)


def rename(task: Task, old: str, new: str) -> None:
    """Give a heuristic another name; its versions and votes stay.

    Raises
    ------
    HeuristicError
        If another has this name.
    """
    row = rules.row(task, old)
    check_name(new, "a heuristic")
    if new != old and new in {one.name for one in rules.rows(task)}:
        raise HeuristicError(f"there is a heuristic {new!r} already.", hint="Choose another name.")
    spec = {**row.spec, "name": new}
    with task.project.database.write() as connection:
        rule_history.rename(connection, row.id, new)
        heuristics.set_spec(connection, row.version, spec, build(spec).fingerprint)
    task.project.events.emit("votes", task=task.id)


def restore(task: Task, name: str, version: int) -> HeuristicRow:
    """Make an old version the one in force; its votes are taken over, as they are still true.

    Records that were added or changed since are run like after any other version.

    Raises
    ------
    HeuristicError
        If there is no such version.
    SchemaError
        If it votes for a label that the task no longer has.
    """
    row = rules.row(task, name)
    with task.project.database.read() as connection:
        stored = {one[0]: one[1] for one in heuristics.versions(connection, row.id)}
    if version not in stored:
        raise HeuristicError(f"{name!r} has no version {version}.")
    if version == row.version:
        return row
    spec = {**stored[version], "name": name}
    rules.add(task, build(spec))
    with task.project.database.write() as connection:
        newest = rule_history.newest(connection, row.id)
        # Votes that were cast with another content of a lookup list are not true any more.
        same = stored[version].get("lists") == rules.row(task, name).spec.get("lists")
        if newest != row.version and same:
            rule_history.take_over(connection, version, newest)
    task.project.events.emit("votes", task=task.id)
    return rules.row(task, name)


def remove(task: Task, name: str) -> TakenOut:
    """Remove a heuristic; return what puts it back."""
    row = rules.row(task, name)
    with task.project.database.read() as connection:
        taken = rule_history.copy(connection, row.id)
    rules.remove(task, name)
    return taken


def put_back(task: Task, taken: TakenOut) -> None:
    """Store a removed heuristic again, with its versions and votes.

    Raises
    ------
    HeuristicError
        If another has its name by now.
    """
    if taken.name in {row.name for row in rules.rows(task)}:
        raise HeuristicError(f"there is a heuristic {taken.name!r} again.", hint="Rename it first.")
    with task.project.database.write() as connection:
        rule_history.put_back(connection, taken)
    for version in taken.versions:
        task.project.columns.forget(version[0])
    task.project.events.emit("votes", task=task.id)


def free_name(task: Task, wanted: str) -> str:
    """Return a name that no heuristic of the task has: ``late``, ``late_2``, ``late_3`` ..."""
    taken = {row.name for row in rules.rows(task)}
    stem = re.sub(r"_\d+$", "", wanted)
    name, number = wanted, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def template(task: Task) -> str:
    """Return the source that a new function begins with."""
    schema = task.schema
    texts = [a.name for a in task.project.attributes if a.type.is_string and not a.is_key]
    on = schema.on or next(iter(texts), "text")
    label = schema.labels[0].name if schema.labels else "label"
    if schema.is_spans:
        return (
            "import re\n\n\n"
            "def new_rule(record):\n"
            f'    for match in re.finditer(r"\\b[A-Z]\\w+", record[{_quoted(on)}]):\n'
            f"        yield {_quoted(label)}, match.start(), match.end()\n"
        )
    return (
        "def new_rule(record):\n"
        f"    text = record[{_quoted(on)}].lower()\n"
        '    if "..." in text:\n'
        f"        return {_quoted(label)}\n"
        "    return None\n"
    )


def as_cell(task: Task, heuristic: Heuristic) -> str:
    """Return the code of a cell that adds this heuristic.

    Raises
    ------
    HeuristicError
        If this kind is not written as code.
    """
    spec = heuristic.spec()
    owner = task.name if task.name.isidentifier() else "task"
    head = "" if owner == task.name else f"task = project.task({_quoted(task.name)})\n\n\n"
    if spec.get("dialect"):
        raise HeuristicError(f"a function in the dialect of {spec['dialect']} stands in no cell.")
    if spec["kind"] == "function":
        entry = spec["entry"]
        option = "" if entry == heuristic.name else f"(name={_quoted(heuristic.name)})"
        lines = [
            f"@{owner}.heuristic{option}\n{line}" if line.startswith(f"def {entry}(") else line
            for line in spec["source"].rstrip().split("\n")
            if line != "from __future__ import annotations"
        ]
        return head + "\n".join(lines).strip("\n") + "\n"
    if spec["kind"] == "regex":
        shown = [_quoted(spec["label"]), _raw(spec["pattern"])]
        usual = {"case": True, "group": 0, "on": None}
    elif spec["kind"] == "lookup" and "terms" in spec:
        shown = [_quoted(spec["label"]), _list(spec["terms"])]
        usual = {"case": False, "whole_words": True, "plural": False, "on": None}
    elif spec["kind"] == "lookup":
        (followed,) = spec["lists"]
        shown = [_quoted(spec["label"]), f"project.lookups[{_quoted(followed)}]"]
        usual = {"case": False, "whole_words": True, "plural": False, "on": None}
    else:
        raise HeuristicError(f"a heuristic of the kind {spec['kind']!r} is not written as code.")
    name = "Regex" if spec["kind"] == "regex" else "Lookup"
    shown.append(f"name={_quoted(heuristic.name)}")
    shown += [f"{key}={spec[key]!r}" for key, value in usual.items() if spec.get(key) != value]
    return f"{head}{owner}.add(rn.{name}({', '.join(shown)}))\n"


def _quoted(text: str) -> str:
    shown = repr(text)
    plain = shown.startswith("'") and '"' not in shown and "\\" not in shown
    return f'"{shown[1:-1]}"' if plain else shown


def _raw(pattern: str) -> str:
    simple = '"' not in pattern and "\n" not in pattern and not pattern.endswith("\\")
    return f'r"{pattern}"' if simple and pattern.isprintable() else repr(pattern)


def _list(terms: list[str]) -> str:
    if sum(map(len, terms)) < 60:
        return f"[{', '.join(map(_quoted, terms))}]"
    return "[\n" + "".join(f"    {_quoted(term)},\n" for term in terms) + "]"
