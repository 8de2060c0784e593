"""Label Studio's labeling configuration: XML that says what is asked about which text."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from refinery_nb.core.errors import InputError
from refinery_nb.core.schema import TaskSchema
from refinery_nb.io.annotations.said import Chunks, Layout, LeftOut
from refinery_nb.io.reading import Column

TEXTS = ("Text", "HyperText", "Paragraphs")
CONTROLS = {
    "Choices": ("Choice", False),
    "Labels": ("Label", True),
    "HyperTextLabels": ("Label", True),
    "ParagraphLabels": ("Label", True),
}
LONGEST = 2**20


@dataclass(frozen=True, slots=True)
class Control:
    """One question of a configuration.

    ``on`` is the field of the data that it is about, ``labels`` has colours (or None) by name,
    ``several`` says whether a text may have several of them.
    """

    name: str
    spans: bool
    on: str | None
    labels: dict[str, str | None]
    several: bool = False


def read_config(source: str | os.PathLike[str]) -> tuple[Control, ...]:
    """Return the questions of a labeling configuration, given as a path or as XML text.

    Raises
    ------
    InputError
        If it is no XML, declares a document type or entities, or asks nothing that is known here.
    """
    if isinstance(source, str) and source.lstrip().startswith("<"):
        name, content = "config", source.encode()
    else:
        path = Path(source).expanduser()
        if not path.is_file():
            raise InputError("there is no such file.", source=str(path))
        if path.stat().st_size > LONGEST:
            raise InputError("the configuration is larger than 1 MB.", source=path.name)
        name, content = path.name, path.read_bytes()
    return _Parser(name).parse(content)


class _Parser:
    """Gathers objects and controls; document types and entities are refused."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._texts: dict[str, str] = {}
        self._controls: dict[str, tuple[bool, str, dict[str, str | None]]] = {}
        self._open: list[tuple[str, str]] = []
        self._several: set[str] = set()

    def parse(self, content: bytes) -> tuple[Control, ...]:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise InputError(
                f"not valid XML: {expat.ErrorString(error.code)}.",
                source=self._source,
                line=error.lineno,
            ) from error
        if not self._controls:
            known = ", ".join(CONTROLS)
            raise InputError(
                "it asks nothing that is known here.", source=self._source, hint=f"Known: {known}."
            )
        return tuple(
            Control(name, spans, self._texts.get(about), labels, name in self._several)
            for name, (spans, about, labels) in self._controls.items()
        )

    def _refuse(self, *_: object) -> None:
        raise InputError(
            "a configuration may declare no document type and no entities.", source=self._source
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        if tag in TEXTS and attributes.get("value", "").startswith("$"):
            self._texts[name] = attributes["value"][1:]
        elif tag in CONTROLS:
            about = attributes.get("toName", "")
            self._controls.setdefault(name, (CONTROLS[tag][1], about, {}))
            self._open.append((tag, name))
            if tag == "Choices" and attributes.get("choice") == "multiple":
                self._several.add(name)
        elif self._open and tag == CONTROLS[self._open[-1][0]][0]:
            label = attributes.get("value", "")
            if label.strip():
                labels = self._controls[self._open[-1][1]][2]
                labels.setdefault(label, _color(attributes.get("background")))

    def _end(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            self._open.pop()


def _color(value: str | None) -> str | None:
    """Return a colour that is written as six digits; names of colours are left out."""
    digits = (value or "").removeprefix("#").lower()
    if len(digits) == 6 and all(one in "0123456789abcdef" for one in digits):
        return f"#{digits}"
    return None


def config(tasks: Sequence[TaskSchema], object_name: str) -> str:
    """Return the labeling configuration of tasks, with their colours and hotkeys.

    Parameters
    ----------
    object_name
        The attribute that tasks on whole records are asked about.
    """
    lines = ["<View>"]
    for on in dict.fromkeys(task.on or object_name for task in tasks):
        lines.append(f"  <Text name={quoteattr(on)} value={quoteattr('$' + on)}/>")
    for task in tasks:
        tag, inner = ("Labels", "Label") if task.is_spans else ("Choices", "Choice")
        many = "multiple" if task.is_multi else "single"
        single = "" if task.is_spans else f' choice="{many}"'
        about = f"name={quoteattr(task.name)} toName={quoteattr(task.on or object_name)}"
        lines.append(f"  <{tag} {about}{single}>")
        for label in task.labels:
            hotkey = f" hotkey={quoteattr(label.hotkey)}" if label.hotkey else ""
            look = f"background={quoteattr(label.color)}{hotkey}"
            lines.append(f"    <{inner} value={quoteattr(label.name)} {look}/>")
        lines.append(f"  </{tag}>")
    return "\n".join([*lines, "</View>"]) + "\n"


def write(
    path: Path,
    columns: Sequence[Column],
    chunks: Chunks,
    *,
    tasks: Sequence[TaskSchema],
    text: str | None = None,
) -> list[LeftOut]:
    """Write the labeling configuration of the tasks; no records."""
    object_name = Layout(columns, tasks).object_of(text)
    path.write_text(config(tasks, object_name), encoding="utf-8", newline="\n")
    return []
