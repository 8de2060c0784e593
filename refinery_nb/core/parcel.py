"""What travels to work elsewhere and back: plain values, texts and arrays, as Arrow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Texts = Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Parcel:
    """Plain JSON values, lists of texts, and arrays of numbers or booleans.

    Attributes
    ----------
    said
        Plain JSON.
    texts, arrays
        By name. An array keeps its type and shape.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return it as an Arrow stream: one row, in it a list for each column.

        >>> sent = Parcel({"k": 1}, {"text": ["a", ""]}, {"x": np.eye(2, dtype=np.float32)})
        >>> got = Parcel.from_bytes(sent.to_bytes())
        >>> got.said, got.texts["text"], got.arrays["x"].tolist()
        ({'k': 1}, ['a', ''], [[1.0, 0.0], [0.0, 1.0]])
        """
        import pyarrow as pa

        columns: dict[str, Any] = {}
        for name, listed in self.texts.items():
            # As bytes: a text may hold half of a surrogate pair, which Arrow's strings may not.
            encoded = [one.encode("utf-8", "surrogatepass") for one in listed]
            columns[f"t{name}"] = pa.array(encoded, pa.large_binary())
        shapes = {}
        for name, array in self.arrays.items():
            flat = np.ascontiguousarray(array).reshape(-1)
            shapes[name] = [array.dtype.str, list(array.shape)]
            # Arrow has no booleans of a byte, nor all of numpy's types: the bytes are the array.
            columns[f"a{name}"] = pa.array(flat.view(np.uint8), pa.uint8())
        row = [
            pa.LargeListArray.from_arrays(pa.array([0, len(one)], pa.int64()), one)
            for one in columns.values()
        ]
        head = {"said": json.dumps(dict(self.said)), "shapes": json.dumps(shapes)}
        schema = pa.schema(
            [(name, one.type) for name, one in zip(columns, row, strict=True)], metadata=head
        )
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            if row:
                writer.write_batch(pa.record_batch(row, schema=schema))
        return bytes(sink.getvalue())

    @classmethod
    def from_bytes(cls, content: bytes) -> Parcel:
        """Return what was packed; the arrays are views of the bytes, not to be written to."""
        import pyarrow as pa

        with pa.ipc.open_stream(content) as reader:
            schema = reader.schema
            batches = list(reader)
        shapes = json.loads(schema.metadata[b"shapes"])
        texts: dict[str, Texts] = {}
        arrays = {}
        for name, column in zip(schema.names, batches[0].columns if batches else [], strict=False):
            if name[0] == "t":
                texts[name[1:]] = [
                    one.decode("utf-8", "surrogatepass") for one in column.flatten().to_pylist()
                ]
            else:
                kind, shape = shapes[name[1:]]
                flat = column.flatten().to_numpy()
                arrays[name[1:]] = flat.view(np.dtype(kind)).reshape(shape)
        return cls(json.loads(schema.metadata[b"said"]), texts, arrays)
