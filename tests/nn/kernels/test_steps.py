"""Products of steps, and gradients of all steps at once, against NumPy; the same bits for any threads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.history import aligned_zeros
from nn.kernels.steps import products

DTYPES = {np.float32: 2e-5, np.float64: 1e-12}
SIZES = {
    "rows": st.sampled_from([1, 5, 8, 33, 70]),
    "columns": st.sampled_from([1, 3, 16, 37, 520]),
    "steps": st.integers(1, 3),
    "histories": st.sampled_from([16, 48]),
    "dtype": st.sampled_from(list(DTYPES)),
}


def drawn(shape, dtype, seed):
    values = aligned_zeros(shape, dtype)
    values[...] = np.random.default_rng(seed).normal(size=shape)
    return values


@pytest.mark.parametrize("parallel", [False, True])
@given(**SIZES, accumulate=st.booleans(), biased=st.booleans())
def test_products_are_those_of_numpy(parallel, rows, columns, steps, histories, dtype, accumulate, biased):
    weights, biases = drawn((rows, columns), dtype, 0), drawn((rows if biased else 0,), dtype, 1)
    values, sums = drawn((steps, columns, histories), dtype, 2), drawn((steps, rows, histories), dtype, 3)
    wanted = weights @ values + (sums if accumulate else 0) + (biases[:, None] if biased else 0)
    run = products.product if parallel else products.product.serial
    run(weights.ravel(), biases, values.ravel(), sums.ravel(), columns, histories, accumulate)
    np.testing.assert_allclose(sums, wanted, rtol=DTYPES[dtype], atol=DTYPES[dtype] * columns**0.5)


@pytest.mark.parametrize("parallel", [False, True])
@given(**SIZES)
def test_gradients_are_those_of_numpy(parallel, rows, columns, steps, histories, dtype):
    deltas, values = drawn((steps, rows, histories), dtype, 0), drawn((steps, columns, histories), dtype, 1)
    target = drawn((rows, columns), dtype, 2)
    wanted = target + np.einsum("trn,tcn->rc", deltas.astype(np.float64), values.astype(np.float64))
    length = steps * histories
    turned = aligned_zeros(-(-columns // products.PANEL) * products.PANEL * length, dtype)
    packed = aligned_zeros(rows * length, dtype)
    for kernel, arguments in (
        (products.turn, (values.ravel(), turned, columns, histories)),
        (products.pack, (deltas.ravel(), packed, rows, histories)),
        (products.gradient, (packed, turned, target.ravel(), columns, length)),
    ):
        (kernel if parallel else kernel.serial)(*arguments)
    np.testing.assert_allclose(target, wanted, rtol=DTYPES[dtype], atol=DTYPES[dtype] * length**0.5)


@pytest.mark.parametrize("parallel", [False, True])
@given(rows=SIZES["rows"], columns=SIZES["columns"], dtype=SIZES["dtype"])
def test_weights_are_transposed(parallel, rows, columns, dtype):
    weights, turned = drawn((rows, columns), dtype, 0), np.zeros((columns, rows), dtype)
    kernel = products.transpose_parallel
    (kernel if parallel else kernel.serial)(weights.ravel(), turned.ravel(), columns)
    assert np.array_equal(turned, weights.T)
