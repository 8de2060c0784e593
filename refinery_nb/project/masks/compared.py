"""Comparing the values of an attribute with what a condition asks, all of them at once."""

from __future__ import annotations

import operator

import numpy as np

from refinery_nb.core import pattern
from refinery_nb.core.query import Compare
from refinery_nb.project.masks.dense import Bools, Floats

COMPARISONS = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
PLAIN = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def is_search(node: Compare) -> bool:
    """Return whether texts are asked for something in them, whatever its case."""
    return (
        node.op == "contains" and not node.case and isinstance(node.value, str) and node.value != ""
    )


def compared(values: Floats, node: Compare) -> Bools:
    """Compare numbers; a missing one never compares."""
    missing = np.isnan(values)
    if node.op == "missing":
        return missing
    if node.op == "in":
        found = np.isin(values, np.array([float(one) for one in node.value], np.float64))
    else:
        found = COMPARISONS[node.op](values, float(node.value))
    return found & ~missing


def holds(value: str, node: Compare) -> bool:
    """Compare one string, as the functions of the store do."""
    wanted = node.value
    if node.op == "missing":
        return False
    if node.op == "matches":
        return pattern.found(wanted, value)
    if node.op in ("contains", "starts", "ends"):
        if not node.case:
            value, wanted = value.casefold(), wanted.casefold()
        if node.op == "contains":
            return bool(wanted in value)
        own = value.startswith(wanted) if node.op == "starts" else value.endswith(wanted)
        return bool(own)
    if node.op == "in":
        return value in node.value
    return bool(PLAIN[node.op](value, wanted))
