"""The sample data that comes with the package: 600 customer messages, and a first notebook."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from refinery_nb.core.errors import InputError, did_you_mean

NAMES = ("01_first_labels.ipynb", "messages.jsonl", "messages_gold.jsonl")


def path(name: str) -> Path:
    """Return where a file of the sample data lies on this machine.

    Parameters
    ----------
    name
        ``messages.jsonl`` (id, text, channel, received, stars), ``messages_gold.jsonl`` (id,
        topic, urgency, spans as ``[start, end, kind]`` in code points) or the notebook
        ``01_first_labels.ipynb``.

    Raises
    ------
    InputError
        If there is no such file.

    >>> path("messages.jsonl").name
    'messages.jsonl'
    """
    if name not in NAMES:
        raise InputError(f"There is no sample file {name!r}.", hint=did_you_mean(name, NAMES))
    with as_file(files("refinery_nb.samples") / name) as found:
        if found.exists():
            return found
    # In a source checkout the notebook stands in notebooks/; the wheel has it here.
    return Path(__file__).parents[2] / "notebooks" / name
