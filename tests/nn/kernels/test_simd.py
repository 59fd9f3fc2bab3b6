import numpy as np
import pytest
from numba import njit

from nn.history import LANES
from nn.kernels.core import simd


@njit
def combine(a, b, result):
    """Exercise every vector operation once."""
    product = simd.multiply_add(simd.load(a, 0), simd.broadcast(b[0]), simd.load(b, LANES))
    simd.prefetch(a, a.size - 1)
    simd.store(result, 1, product)
    result[0] = simd.horizontal_sum(product)
    return simd.load_scalar(a, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vector_operations(dtype):
    generator = np.random.default_rng(0)
    a, b = (generator.integers(-50, 50, 2 * LANES).astype(dtype) for _ in range(2))
    result = np.zeros(LANES + 1, dtype)
    assert combine(a, b, result) == a[3]
    wanted = a[:LANES] * b[0] + b[LANES:]
    np.testing.assert_array_equal(result[1:], wanted)
    assert result[0] == wanted.sum()


@njit
def choose(a, b, yes, no, result):
    vectors = simd.load(a, 0), simd.load(b, 0), simd.load(yes, 0), simd.load(no, 0)
    simd.store(result, 0, simd.where_greater(*vectors))
    simd.store(result, LANES, simd.where_equal(*vectors))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_choices_are_made_lane_by_lane_and_nan_is_greatest(dtype):
    a, b, yes, no = np.arange(4 * LANES, dtype=dtype).reshape(4, LANES)
    b[:] = a
    b[:3] += [1, 0, -1]
    a[4] = b[5] = a[6] = b[6] = np.nan
    result = np.zeros(2 * LANES, dtype)
    choose(a, b, yes, no, result)
    greater = (a > b) | np.isnan(a)
    assert greater[:7].tolist() == [False, False, True, False, True, False, True]
    np.testing.assert_array_equal(result, [*np.where(greater, yes, no), *np.where(a == b, yes, no)])


@njit
def transpose_square(source, target):
    simd.transpose_block(source, 0, LANES, target, 0, LANES)


def test_a_block_is_transposed_lane_by_lane():
    source = np.arange(LANES * LANES, dtype=np.float32)
    target = np.zeros_like(source)
    transpose_square(source, target)
    np.testing.assert_array_equal(target.reshape(LANES, LANES), source.reshape(LANES, LANES).T)
