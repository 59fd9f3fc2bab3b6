"""Growing columns and compressed rows against Python lists."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nn.graph.columns import Column, compress, ranges


@given(st.lists(st.lists(st.integers(-1000, 1000), max_size=40), max_size=12))
def test_column_holds_what_was_appended(batches):
    column = Column(np.int32)
    for batch in batches:
        column.extend(batch)
    expected = [entry for batch in batches for entry in batch]
    assert column.array.tolist() == expected
    assert len(column) == len(expected)
    assert column.array.dtype == np.int32


def test_column_takes_single_entries_and_can_be_written():
    column = Column(np.float64)
    column.extend(1.5)
    column.extend([2.5, 3.5])
    column.array[1] = 9
    assert column.array.tolist() == [1.5, 9.0, 3.5]


@given(st.lists(st.integers(-1, 6), max_size=50))
def test_compress_lists_the_positions_of_every_key(keys):
    compressed = compress(np.array(keys, np.int64), 7)
    for key in range(7):
        assert compressed.of(key).tolist() == [place for place, found in enumerate(keys) if found == key]
    assert compressed.starts[-1] == sum(key >= 0 for key in keys)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=10))
def test_ranges_follow_one_another(pieces):
    starts = np.array([start for start, _ in pieces], np.int64)
    ends = starts + np.array([size for _, size in pieces], np.int64)
    expected = [number for start, size in pieces for number in range(start, start + size)]
    assert ranges(starts, ends).tolist() == expected
