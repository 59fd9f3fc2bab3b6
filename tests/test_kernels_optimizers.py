"""Steps of optimizers in the compiler's own words: vectors everywhere, and nothing in float64."""

import inspect
import re

import numpy as np
import pytest
from numba import njit
from optimizer_checks import EVERY_KIND


@pytest.mark.parametrize("name", EVERY_KIND)
def test_the_loop_of_float32_is_made_of_float32_vectors(name):
    optimizer = EVERY_KIND[name]()
    optimizer.steps = 1
    serial = njit(nogil=True, error_model="numpy")(optimizer._kernels.serial.py_func)
    arrays = [np.zeros(4, np.float32) for _ in range(2 + len(optimizer.slots))]
    serial(*arrays, tuple(map(np.float32, optimizer._scalars(0.1))))
    (code,) = serial.inspect_llvm().values()
    widths = {int(width) for width in re.findall(r"fmul <(\d+) x float>", code)}
    assert widths
    assert max(widths) >= 4
    assert not re.search(r"f(?:add|sub|mul|div) (?:<\d+ x )?double", code)
    source = inspect.getsource(serial.py_func)
    assert ("sqrt(" in source) == bool(re.search(r"@llvm\.sqrt\.v\d+f32\(", code))
    assert (" / " in source) == bool(re.search(r"fdiv <\d+ x float>", code))
