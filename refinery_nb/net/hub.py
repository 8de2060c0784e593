"""Datasets of the Hugging Face hub, by the name that the user passes."""

from __future__ import annotations

import re
from typing import Any

from refinery_nb.core.errors import EndpointError, InputError, MissingExtra

NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def load(
    name: str,
    *,
    split: str | None = None,
    config: str | None = None,
    revision: str | None = None,
) -> Any:
    """Load a dataset of the hub: this opens a connection, unless it lies in the cache.

    No code of the dataset runs: ``datasets`` from version 4 on reads data files only.

    Parameters
    ----------
    name
        Such as ``owner/dataset``.
    split, config, revision
        Which part, configuration and version; by default all splits of the default.

    Raises
    ------
    MissingExtra
        If the package ``datasets`` is not installed.
    EndpointError
        If the hub does not answer, or has no such dataset.
    """
    if NAME.fullmatch(name) is None:
        raise InputError(f"{name!r} is no name of a dataset.", hint="Such as 'owner/dataset'.")
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra(
            "datasets of the hub need the package 'datasets'.",
            hint="pip install 'refinery-nb[datasets]'",
        ) from error
    try:
        return datasets.load_dataset(name, config, split=split, revision=revision)
    except Exception as error:
        # Whatever its many layers raise: not found, no connection, a gate, a bad split.
        raise EndpointError(
            f"the dataset {name!r} could not be loaded: {type(error).__name__}: {error}"
        ) from error
