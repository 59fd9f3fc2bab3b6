"""Histories: padding, alignment, and conversion from batches and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.bfloat16 import BFLOAT16
from nn.entries import from_history, to_history
from nn.history import CACHE_LINE, LANES, aligned_zeros, pad_histories, padded

dtypes = st.sampled_from([np.float32, np.float64])
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize(("entries", "expected"), [(0, 0), (1, 16), (15, 16), (16, 16), (17, 32), (64, 64)])
def test_padded_rounds_up_to_whole_vectors(entries, expected):
    assert padded(entries) == expected


@given(shapes, dtypes)
def test_aligned_arrays_start_on_a_cache_line(shape, dtype):
    zeros = aligned_zeros(shape, dtype)
    assert zeros.ctypes.data % CACHE_LINE == 0
    assert zeros.shape == shape
    assert zeros.dtype == dtype
    assert zeros.flags.c_contiguous
    assert zeros.flags.writeable
    assert not zeros.any()


def test_aligned_zeros_takes_a_length_and_an_empty_shape():
    assert aligned_zeros(3).shape == (3,)
    assert aligned_zeros((4, 0)).shape == (4, 0)


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), dtypes)
def test_batch_survives_the_way_to_histories_and_back(entries, height, width, channels, dtype):
    batch = np.random.default_rng(entries).normal(size=(entries, height, width, channels)).astype(dtype)
    values = to_history(batch, dtype)
    assert values.shape == (height, width, channels, padded(entries))
    assert values.shape[-1] % LANES == 0
    assert not values[..., entries:].any()
    back = from_history(values, entries)
    assert np.array_equal(back, batch)
    assert back.flags.c_contiguous
    values[...] = 0
    assert np.array_equal(back, batch)


@given(st.integers(1, 40), st.booleans())
def test_pad_histories_adds_zeros_and_leaves_whole_vectors_alone(entries, transposed):
    values = np.random.default_rng(entries).normal(size=(3, 2, entries))
    values = values.swapaxes(0, 1) if transposed else values
    whole = pad_histories(values)
    assert whole.shape == (*values.shape[:2], padded(entries))
    assert whole.flags.c_contiguous
    assert np.array_equal(whole[..., :entries], values)
    assert not whole[..., entries:].any()
    if entries % LANES == 0 and not transposed:
        assert whole is values


@pytest.mark.parametrize(("dtype", "apart"), [("float32", 1), ("float64", 1), (BFLOAT16, 2)])
def test_rows_begin_on_cache_lines(dtype, apart):
    histories = aligned_zeros((2, 4, padded(5)), dtype)
    addresses = [histories[index].ctypes.data % CACHE_LINE for index in np.ndindex(2, 4)]
    assert not any(addresses[::apart])
    assert all(addresses[1::2]) == (apart == 2)
