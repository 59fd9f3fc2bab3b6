"""Steps of optimizers in the compiler's own words: vectors everywhere, and nothing in float64."""

import inspect
import re

import numpy as np
import pytest
from numba import njit

from nn.kernels.core.scalars import flush_small, flush_threshold
from nn.optimizers import SGD
from nn.parameters import Parameters
from tests.support.optimizer_checks import EVERY_KIND


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_decays_ends_at_zero_and_not_among_the_subnormal_numbers(dtype):
    tiny = np.finfo(dtype).tiny
    numbers = np.array([0, tiny / 4, -tiny / 4, 9000 * tiny, -9000 * tiny, 1, -1, np.nan, np.inf], dtype)
    found = [flush_small(number, flush_threshold(numbers)) for number in numbers]
    np.testing.assert_array_equal(found, [0, 0, 0, 0, 0, 1, -1, np.nan, np.inf])
    parameters = Parameters({"weights": (40,)}, dtype)
    optimizer = SGD(0.1, momentum=0.5)
    parameters.gradients[:] = 1e-30
    for _ in range(1200):
        optimizer.step(parameters)
    assert not optimizer.state()["velocities"].any()
