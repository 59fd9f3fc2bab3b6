"""bfloat16 in kernels: loads, stores and products against ml_dtypes and NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from nn.bfloat16 import BFLOAT16, UNIT_ROUNDOFF, as_stored
from nn.history import LANES, aligned_zeros, padded
from nn.kernels.core import simd
from nn.kernels.core.product import multiply, transpose
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vectors import copy

EVERY = np.arange(1 << 16, dtype=np.uint16)


@njit
def copy_numbers(source, target):
    for i in range(source.size):
        simd.store_scalar(target, i, simd.load_scalar(source, i))


def rounded(numbers):
    """Round with ml_dtypes, which warns of NaN."""
    with np.errstate(invalid="ignore"):
        return numbers.astype(BFLOAT16)


def by_vectors(source, target):
    copy(source, 0, target, 0, source.size)


every_way = pytest.mark.parametrize("move", [copy_numbers, by_vectors])


def assert_same_numbers(found, expected):
    """Compare bits; any NaN equals any other."""
    spoiled = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(found), spoiled)
    kind = np.uint16 if expected.dtype == BFLOAT16 else np.uint32
    np.testing.assert_array_equal(found.view(kind)[~spoiled], expected.view(kind)[~spoiled])


@every_way
def test_every_stored_number_is_loaded_as_it_is(move):
    loaded = np.zeros(EVERY.size, np.float32)
    move(EVERY, loaded)
    assert_same_numbers(loaded, EVERY.view(BFLOAT16).astype(np.float32))


@every_way
def test_numbers_around_every_boundary_are_rounded_to_the_nearest_even(move):
    upper = EVERY.astype(np.uint32) << 16
    for lower in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        numbers = (upper | np.uint32(lower)).view(np.float32)
        stored = np.zeros(EVERY.size, BFLOAT16)
        move(numbers, as_stored(stored))
        assert_same_numbers(stored, rounded(numbers))


@every_way
def test_any_float32_is_rounded_as_by_ml_dtypes(move):
    bits = np.random.default_rng(0).integers(1 << 32, size=1 << 18, dtype=np.uint32)
    stored = np.zeros(bits.size, BFLOAT16)
    move(bits.view(np.float32), as_stored(stored))
    assert_same_numbers(stored, rounded(bits.view(np.float32)))


def test_one_rounding_is_off_by_at_most_the_unit():
    numbers = np.random.default_rng(0).normal(size=10_000).astype(np.float32)
    stored = np.zeros(numbers.size, BFLOAT16)
    copy_numbers(numbers, as_stored(stored))
    errors = np.abs(stored.astype(np.float32) - numbers)
    assert UNIT_ROUNDOFF / 2 < (errors / np.abs(numbers)).max() <= UNIT_ROUNDOFF


def test_kernels_see_the_memory_of_a_stored_array():
    array = aligned_zeros((3, 4), BFLOAT16)
    as_stored(array)[1] = 0x3F80
    assert array[1].tolist() == [1, 1, 1, 1]
    assert as_stored(np.zeros(2, np.float32)).dtype == np.float32


sizes = st.integers(1, 40)
kinds = st.sampled_from([np.dtype(np.float32), BFLOAT16])


@given(sizes, st.integers(1, 70), sizes, st.booleans(), st.tuples(kinds, kinds, kinds))
def test_product_of_stored_matrices(rows, columns, depth, accumulate, dtypes):
    generator = np.random.default_rng(rows * 7919 + columns)
    shapes = (rows, depth), (depth, padded(columns)), (rows, columns + 3)
    a, b, c = (aligned_zeros(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True))
    for array in (a, b, c):
        array[...] = generator.normal(size=array.shape)
    single = [array.astype(np.float32) for array in (a, b, c)]

    def product(a, b, c):
        left, right, target = (as_stored(array.ravel()) for array in (a, b, c))
        multiply(
            Rows(left, 0, depth, 1),
            Columns(right, 0, padded(columns), 0),
            Target(target, 0, columns + 3),
            rows,
            columns,
            1,
            depth,
            accumulate,
        )

    product(a, b, c)
    product(*single)
    np.testing.assert_array_equal(c.astype(np.float32), single[2].astype(c.dtype).astype(np.float32))


@given(sizes, st.integers(1, 3), kinds, kinds)
def test_transposing_stored_matrices(rows, vectors, kind, target_kind):
    columns = vectors * LANES
    source = np.random.default_rng(rows).normal(size=(rows, columns)).astype(kind)
    target = aligned_zeros((columns, padded(rows)), target_kind)
    arrays = as_stored(source.ravel()), as_stored(target.ravel())
    transpose(Rows(arrays[0], 0, columns, 1), Target(arrays[1], 0, padded(rows)), rows, columns)
    assert_same_numbers(target[:, :rows].copy(), source.T.astype(np.float32).astype(target_kind))
