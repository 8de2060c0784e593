"""A brick: a ready rule as readable source, with what can be set and with examples."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal, NamedTuple

from refinery_nb.core.errors import HeuristicError, did_you_mean
from refinery_nb.core.schema import TaskSchema, check_name
from refinery_nb.heuristics.bricks.parameter import Parameter
from refinery_nb.heuristics.function import Function
from refinery_nb.heuristics.lists import hashes, used_lists

BrickKind = Literal["classifier", "extractor"]
DEFAULT_ON = "text"


class Example(NamedTuple):
    """What a brick says of a text, which is also its test.

    ``expected`` is a label or None for a classifier, and for an extractor the texts of the spans,
    in order. ``parameters`` are set for this example only.
    """

    text: str
    expected: str | list[str] | None
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Brick:
    """A ready rule.

    Calling it makes a heuristic: ``task.add(rn.bricks["iban"](label="ACCOUNT"))``; ``code`` gives
    its source for an editor. What is passed is filled in as constants at the top of the source.

    Attributes
    ----------
    name
        Also the name of the function in the source.
    kind
        ``classifier`` for labels of whole records, ``extractor`` for spans.
    group, description
        What it belongs to, and what it does, in a sentence or two.
    parameters
        What can be set, besides ``on``: the attribute to look at.
    template
        The source without its constants: imports, then one function.
    examples
        Texts with what the brick says of them.
    """

    name: str
    kind: BrickKind
    group: str
    description: str
    template: str
    parameters: tuple[Parameter, ...]
    examples: tuple[Example, ...] = field(repr=False)

    def code(self, *, on: str = DEFAULT_ON, whole: bool = False, **parameters: Any) -> str:
        """Return the source with parameters filled in.

        Parameters
        ----------
        on
            The attribute to look at.
        whole
            For an extractor: vote for the whole record, with the label of the first span.
        **parameters
            As in ``parameters``; what is left out has its default.

        Raises
        ------
        HeuristicError
            If there is no such parameter, or its value is none.
        """
        values = self._values(parameters)
        imports, body = _split(self.template)
        if whole and self.kind == "extractor":
            body = _whole(self.name, body)
        head = "".join(f"# {line}\n" for line in textwrap.wrap(self.description, 86)) + imports
        constants = Parameter("on", "text", DEFAULT_ON, "the attribute to look at").written(on)
        constants += "".join(one.written(values[one.name]) for one in self.parameters)
        return f"{head}\n{constants}{body}"

    def __call__(
        self, *, name: str | None = None, on: str | None = None, **parameters: Any
    ) -> BrickFunction:
        """Return a heuristic; without ``on`` it looks at the attribute of its task.

        An extractor may be added to a task of either kind, as ``rn.Lookup`` and ``rn.Regex`` may:
        where whole records are labelled, it votes where it finds a span.
        """
        return BrickFunction(self, name or self.name, on, self._values(parameters))

    def spec(self) -> dict[str, Any]:
        """Return what an editor shows, as plain JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "group": self.group,
            "description": self.description,
            "parameters": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "default": list(one.default) if one.kind == "words" else one.default,
                    "description": one.description,
                    "choices": list(one.choices),
                }
                for one in self.parameters
            ],
            "examples": [[example.text, example.expected] for example in self.examples],
        }

    def _values(self, parameters: dict[str, Any]) -> dict[str, Any]:
        known = {one.name: one for one in self.parameters}
        for name in parameters:
            if name not in known:
                raise HeuristicError(
                    f"the brick {self.name!r} has no parameter {name!r}.",
                    hint=did_you_mean(name, ["on", *known]),
                )
        values = {
            name: one.checked(parameters.get(name, one.default)) for name, one in known.items()
        }
        if self.kind == "extractor" and values.get("label", "") is None:
            raise HeuristicError(f"the brick {self.name!r} needs a label for its spans.")
        return values

    def __repr__(self) -> str:
        lines = [f"{self.name} ({self.kind}, {self.group}): {self.description}", ""]
        lines += [self.code(), "", "Examples:"]
        for example in self.examples:
            given = ", ".join(f"{name}={value!r}" for name, value in example.parameters.items())
            shown = example.text if len(example.text) <= 60 else example.text[:57] + "..."
            lines.append(f"  {shown!r} -> {example.expected!r}{f'  ({given})' if given else ''}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


class BrickFunction(Function):
    """A brick with its parameters: an ordinary function once it is added to a task."""

    def __init__(self, brick: Brick, name: str, on: str | None, values: dict[str, Any]) -> None:
        self.brick = brick
        self._on = on
        self._values = values
        source = brick.code(on=on or DEFAULT_ON, **values)
        lists = hashes(tuple(used_lists(source)))
        self._set(source, brick.name, check_name(name, "a heuristic"), lists=lists)

    def bound_to(self, task: TaskSchema, texts: Sequence[str]) -> Function:
        """Return the function that looks at the attribute of a task.

        Parameters
        ----------
        texts
            The attributes that hold strings.

        Raises
        ------
        HeuristicError
            If it is a classifier and the task is about spans, or it is not clear what to look at.
        SchemaError
            If the task lacks one of its labels.
        """
        if task.is_spans and self.brick.kind == "classifier":
            raise HeuristicError(
                f"the brick {self.brick.name!r} labels whole records; task {task.name!r} is about"
                " spans.",
                hint="Choose an extractor.",
            )
        on = self._on or task.on or (texts[0] if len(texts) == 1 else None)
        if on is None:
            raise HeuristicError(
                f"the brick {self.brick.name!r} does not know where to look: task {task.name!r} is"
                " about whole records.",
                hint=f"Pass on=, one of {', '.join(texts)}.",
            )
        if on not in texts:
            raise HeuristicError(
                f"there is no attribute {on!r} that holds text.", hint=did_you_mean(on, texts)
            )
        if task.is_spans and on != task.on:
            raise HeuristicError(
                f"the spans of task {task.name!r} lie in {task.on!r}; the brick looks at {on!r}.",
                hint="Leave out on=.",
            )
        for parameter in self.brick.parameters:
            value = self._values[parameter.name]
            named = list(value.values()) if parameter.kind == "labels" else [value]
            for label in named if parameter.kind in ("label", "labels") else ():
                if label is not None:
                    task.label(label)
        source = self.brick.code(on=on, whole=not task.is_spans, **self._values)
        return Function.from_spec({"name": self.name, "entry": self.entry, "source": source})


def _split(template: str) -> tuple[str, str]:
    """Return the import lines of a template, and what follows them."""
    lines = template.strip("\n").splitlines(keepends=True)
    last = 0
    while last < len(lines) and lines[last].startswith(("import ", "from ")):
        last += 1
    body = "".join(lines[last:]).strip("\n")
    gap = "\n\n" if body.startswith("def ") else "\n"
    return "".join(lines[:last]), f"{gap}{body}\n"


def _whole(name: str, body: str) -> str:
    """Return the source of an extractor as that of a classifier: the label of its first span."""
    head = f"def {name}(record):\n"
    before, _, inner = body.partition(head)
    return (
        f"{before}{head}    def spans():\n{textwrap.indent(inner, '    ')}\n"
        "    # The whole record gets the label of the first span.\n"
        "    return next((label for label, *_ in spans()), None)\n"
    )
