"""Separate kernels: called by address, from code that was just compiled and from cached code."""

import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from numba.core.caching import NullCache

from nn.kernels.core import separate
from nn.kernels.core.compilation import kernel
from nn.kernels.core.separate import calls_of


@kernel(separately=True)
def scaled(values, factor):
    for i in range(values.size):
        values[i] *= factor
    return values.size


@kernel(separately=True)
def refusing(values):
    if values[0] < 0:
        raise ValueError("below zero")


@kernel
def twice_scaled(values, factor):
    return scaled(values, factor) + scaled(values, factor)


@kernel
def passing_on(values):
    refusing(values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_does_the_same_called_from_kernels_and_from_python(dtype):
    values = np.arange(1, 4, dtype=dtype)
    assert scaled(values, dtype(3)) == 3
    assert twice_scaled(values, dtype(2)) == 6
    np.testing.assert_array_equal(values, np.array([12, 24, 36], dtype))


def test_an_error_reaches_the_caller():
    passing_on(np.ones(1))
    with pytest.raises(ValueError, match="below zero"):
        passing_on(-np.ones(1))


def test_its_code_is_not_copied_into_that_of_its_caller():
    @kernel
    def scaled_once(values, factor):
        return scaled(values, factor)

    scaled_once._cache = NullCache()  # code that is loaded from disk cannot be inspected
    scaled_once(np.ones(2), 1.0)
    (version,) = scaled_once.overloads.values()
    functions = version.library._final_module.functions
    assert not [
        each.name for each in functions if "6scaled" in each.name
    ]  # names are preceded by their length
    assert {name for name, _ in calls_of(version)} == {f"{__name__}.scaled"}


def test_a_number_written_in_a_call_is_as_any_other():
    @kernel
    def shifted(value, by):
        return value + by

    @kernel
    def shifted_thrice(value, by):
        return shifted(shifted(shifted(value, 1), 2), by)

    assert shifted_thrice(1, 3) == 7
    assert len(shifted.overloads) == 1


def test_tuples_of_one_name_and_other_fields_are_told_apart():
    @kernel(separately=True)
    def quotient(pair):
        return pair.above / pair.below

    @kernel
    def quotient_of(pair):
        return quotient(pair)

    upright = namedtuple("Pair", ["above", "below"])
    turned = namedtuple("Pair", ["below", "above"])
    assert quotient_of(upright(6.0, 3.0)) == 2
    assert quotient_of(turned(3.0, 6.0)) == 2
    assert len({symbol for symbol, (name, _) in separate._calls.items() if "quotient" in name}) == 2


PROGRAM = """
import numpy as np
from nn.kernels.dense.stack import forward_layer
from networks import Dense, Sequential
from nn import Shape
network = Sequential(Shape(1, 1, 3), [Dense.of(4), Dense.of(2)], generator=np.random.default_rng(0))
values = network.forward(np.ones((1, 1, 3, 16), np.float32))
signals = network.backward(np.ones_like(values))
print(values.tobytes().hex(), signals.tobytes().hex(), sum(forward_layer.stats.cache_hits.values()))
"""


def run_program(kernels: Path) -> tuple[str, int]:
    run = [sys.executable, "-c", PROGRAM]
    environment = {"NUMBA_CACHE_DIR": str(kernels), "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    result = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    *numbers, hits = result.stdout.split()
    return " ".join(numbers), int(hits)


def test_kept_code_finds_those_that_it_calls_in_another_process(tmp_path):
    first, hits = run_program(tmp_path)
    assert hits == 0
    assert run_program(tmp_path) == (first, 1)


def test_kept_code_whose_callee_was_not_kept_has_it_compiled(tmp_path):
    first, _ = run_program(tmp_path)
    removed = [*tmp_path.rglob("stack.forward_layer-*")]
    assert removed
    for file in removed:
        file.unlink()
    assert run_program(tmp_path) == (first, 0)
