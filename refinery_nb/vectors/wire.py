"""Arrays and plain values as bytes: what passes between a kernel and the child with its index."""

from __future__ import annotations

import json
from collections.abc import Mapping
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEAD = Struct("<Q")
TYPES = ("<i8", "<u8", "<f4")


def pack(said: Mapping[str, Any], **arrays: NDArray[Any]) -> bytes:
    """Return plain JSON values and arrays of int64, uint64 or float32 as bytes.

    >>> said, arrays = unpack(pack({"do": "it"}, ids=np.array([3, 7])))
    >>> said, arrays["ids"].tolist()
    ({'do': 'it'}, [3, 7])
    """
    parts = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    shapes = [[name, TYPES.index(one.dtype.str), one.shape] for name, one in parts.items()]
    head = json.dumps([said, shapes]).encode("ascii")
    return b"".join([HEAD.pack(len(head)), head, *(one.tobytes() for one in parts.values())])


def unpack(packed: bytes | bytearray) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return what was packed; the arrays are views of the bytes."""
    (length,) = HEAD.unpack_from(packed)
    at = HEAD.size + length
    said, shapes = json.loads(bytes(packed[HEAD.size : at]))
    arrays = {}
    for name, kind, shape in shapes:
        size = int(np.prod(shape, dtype=np.int64))
        # Not aligned where the head's length is not: numpy takes it, and copies where it matters.
        arrays[name] = np.frombuffer(packed, TYPES[kind], size, at).reshape(shape)
        at += size * arrays[name].itemsize
    return said, arrays
