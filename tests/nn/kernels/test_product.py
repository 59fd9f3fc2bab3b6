import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.history import LANES, aligned_zeros, padded
from nn.kernels.core.product import multiply, transpose
from nn.kernels.core.tile import Columns, Rows, Target

sizes = st.integers(1, 40)


def random_array(generator: np.random.Generator, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    array = aligned_zeros(shape, dtype)
    array[:] = generator.standard_normal(shape)
    return array


@given(sizes, st.integers(1, 70), sizes, st.booleans(), st.sampled_from([np.float32, np.float64]))
def test_product_of_matrices(rows, columns, depth, accumulate, dtype):
    generator = np.random.default_rng(rows * 7919 + columns)
    a = random_array(generator, (rows, depth), dtype)
    b = random_array(generator, (depth, padded(columns)), dtype)
    c = random_array(generator, (rows, columns + 3), dtype)
    wanted = c.copy()
    wanted[:, :columns] = a @ b[:, :columns] + (c[:, :columns] if accumulate else 0)
    left, right = Rows(a.ravel(), 0, depth, 1), Columns(b.ravel(), 0, b.shape[1], 0)
    multiply(left, right, Target(c.ravel(), 0, columns + 3), rows, columns, 1, depth, accumulate)
    np.testing.assert_allclose(c, wanted, rtol=1e-4 if dtype is np.float32 else 1e-12, atol=1e-5)


@given(sizes, sizes)
def test_left_operand_may_be_transposed(rows, depth):
    generator = np.random.default_rng(rows * 101 + depth)
    a, b = (random_array(generator, (depth, width), np.float64) for width in (rows, LANES))
    c = aligned_zeros((rows, LANES), np.float64)
    left = Rows(a.ravel(), 0, 1, rows)
    multiply(left, Columns(b.ravel(), 0, LANES, 0), Target(c.ravel(), 0, LANES), rows, LANES, 1, depth, False)
    np.testing.assert_allclose(c, a.T @ b, rtol=1e-12, atol=1e-12)


def test_right_operand_may_be_a_window_of_an_image():
    generator = np.random.default_rng(0)
    image = random_array(generator, (6, 7, 3, 32), np.float64)
    window = image[2:5, 1:5]
    a = random_array(generator, (9, window.size // 32), np.float64)
    c = aligned_zeros((9, 32), np.float64)
    corner = (2 * 7 + 1) * 3 * 32
    right = Columns(image.ravel(), corner, 32, 7 * 3 * 32)
    multiply(Rows(a.ravel(), 0, a.shape[1], 1), right, Target(c.ravel(), 0, 32), 9, 32, 3, 4 * 3, False)
    np.testing.assert_allclose(c, a @ window.reshape(-1, 32), rtol=1e-12, atol=1e-12)


def test_blocking_does_not_change_a_bit():
    generator = np.random.default_rng(0)
    a, b = random_array(generator, (24, 50), np.float32), random_array(generator, (50, 64), np.float32)
    whole, parts = aligned_zeros((24, 64)), aligned_zeros((24, 64))
    right = Columns(b.ravel(), 0, 64, 0)
    multiply(Rows(a.ravel(), 0, 50, 1), right, Target(whole.ravel(), 0, 64), 24, 64, 1, 50, False)
    for row in range(24):
        left, target = Rows(a.ravel(), row * 50, 50, 1), Target(parts.ravel(), row * 64, 64)
        multiply(left, right, target, 1, 64, 1, 50, False)
    np.testing.assert_array_equal(whole, parts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(st.integers(1, 50), st.integers(1, 3))
def test_transposition(dtype, rows, vectors):
    columns = vectors * LANES
    source = random_array(np.random.default_rng(rows), (rows, columns), dtype)
    target = aligned_zeros((columns, rows + 5), dtype)
    transpose(Rows(source.ravel(), 0, columns, 1), Target(target.ravel(), 0, rows + 5), rows, columns)
    np.testing.assert_array_equal(target[:, :rows], source.T)
    assert not target[:, rows:].any()
