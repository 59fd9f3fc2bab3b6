"""Kernels that work number by number are made of whole vectors."""

import re

import numpy as np
import pytest
from numba import njit

from nn.kernels.elementwise import add, multiply


@pytest.mark.parametrize("kernel", [add, multiply])
def test_sums_and_products_are_whole_vectors(kernel):
    compiled = njit(nogil=True, error_model="numpy")(kernel.py_func)
    compiled(*(np.zeros(4, np.float32) for _ in range(3)), 0, 4)
    (code,) = compiled.inspect_llvm().values()
    assert re.search(r"= f(?:add|mul) <\d+ x float>", code)
    assert re.search(r"store <\d+ x float>", code)
    assert "masked.gather" not in code


@pytest.mark.parametrize(("kernel", "expected"), [(add, [0, 0, 12, 14, 0]), (multiply, [0, 0, 35, 48, 0])])
def test_only_a_range_is_written(kernel, expected):
    first, second, total = np.arange(3.0, 8), np.arange(5.0, 10), np.zeros(5)
    kernel(first, second, total, 2, 4)
    assert total.tolist() == expected
