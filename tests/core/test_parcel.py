"""Parcels come back as they were sent."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from refinery_nb.core.parcel import Parcel

KINDS = st.one_of(
    st.just(np.dtype(np.bool_)), arrays.integer_dtypes(), arrays.floating_dtypes(sizes=(16, 32, 64))
)
# Halves of surrogate pairs too: a text of a file may hold one.
TEXTS = st.lists(st.text(st.characters(categories=None)), max_size=5)
SAID = st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.none(), max_size=3)


@settings(deadline=None)
@given(
    SAID,
    st.dictionaries(st.text(max_size=3), TEXTS, max_size=3),
    st.dictionaries(
        st.text(max_size=3),
        KINDS.flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_side=0))),
        max_size=3,
    ),
)
def test_what_is_sent_arrives(
    said: dict[str, object], texts: dict[str, list[str]], numbers: dict[str, np.ndarray]
) -> None:
    got = Parcel.from_bytes(Parcel(said, texts, numbers).to_bytes())
    assert got.said == json.loads(json.dumps(said))
    assert dict(got.texts) == texts
    assert set(got.arrays) == set(numbers)
    for name, array in numbers.items():
        assert got.arrays[name].dtype == array.dtype
        assert got.arrays[name].shape == array.shape
        assert got.arrays[name].tobytes() == array.tobytes()


def test_objects_are_not_sent() -> None:
    with pytest.raises(TypeError):
        Parcel(arrays={"x": np.array([{}, []], dtype=object)}).to_bytes()
