import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.history import LANES, aligned_zeros
from nn.kernels.core.product import multiply
from nn.kernels.core.thin_product import multiply_thin
from nn.kernels.core.tile import Columns, Rows, Target


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    rows=st.integers(1, 9),
    vectors=st.integers(0, 10),
    sides=st.tuples(st.integers(1, 3), st.integers(1, 9)),
    accumulate=st.booleans(),
)
def test_the_same_bits_as_the_product(dtype, rows, vectors, sides, accumulate):
    generator = np.random.default_rng(rows)
    columns, (outer, inner) = vectors * LANES, sides
    a = generator.standard_normal((rows, outer * inner)).astype(dtype)
    b = generator.standard_normal((outer, inner + 2, columns)).astype(dtype)
    start = generator.standard_normal((rows, columns + 3)).astype(dtype)
    left, right = Rows(a.ravel(), 0, a.shape[1], 1), Columns(b.ravel(), 0, columns, (inner + 2) * columns)
    results = []
    for product in (multiply, multiply_thin):
        c = aligned_zeros(start.shape, dtype)
        c[:] = start
        product(left, right, Target(c.ravel(), 0, columns + 3), rows, columns, outer, inner, accumulate)
        results.append(c)
    np.testing.assert_array_equal(*results)
    assert np.array_equal(results[1][:, columns:], start[:, columns:])
