"""Arithmetic of vectors in kernels, and the activations built from it."""

import numpy as np
import pytest
from numba import njit

from nn.history import LANES
from nn.kernels.core.simd import load, store
from nn.kernels.core.vector_activations import sigmoid, tanh
from nn.kernels.core.vector_arithmetic import clamp, select

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@njit
def apply_operators(a, b, results):
    left, right = load(a, 0), load(b, 0)
    store(results[0], 0, left + right)
    store(results[1], 0, left - right)
    store(results[2], 0, left * right)
    store(results[3], 0, left / right)
    store(results[4], 0, clamp(left, right, right + right))
    store(results[5], 0, select(left, right, left - right))


@njit
def apply_activations(values, tangents, logistics):
    for i in range(0, values.size, LANES):
        store(tangents, i, tanh(load(values, i)))
        store(logistics, i, sigmoid(load(values, i)))


@every_dtype
def test_operators(dtype):
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=LANES).astype(dtype), generator.uniform(0.1, 1, LANES).astype(dtype)
    a[:3] = 0, np.nan, 5
    results = np.empty((6, LANES), dtype)
    apply_operators(a, b, results)
    expected = [a + b, a - b, a * b, a / b, np.clip(a, b, b + b), np.where(a != 0, b, a - b)]
    np.testing.assert_array_equal(results, expected)


@every_dtype
def test_activations_over_the_whole_range(dtype):
    values = np.linspace(-30, 30, 4096).astype(dtype)
    values[:4] = np.nan, np.inf, -np.inf, 1e-5
    tangents, logistics = np.empty_like(values), np.empty_like(values)
    apply_activations(values, tangents, logistics)
    exact = values.astype(np.float64)
    tolerance = {"rtol": 4 * np.finfo(dtype).eps, "atol": 2 * np.finfo(dtype).eps}
    np.testing.assert_allclose(tangents, np.tanh(exact), **tolerance)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(logistics, 1 / (1 + np.exp(-exact)), **tolerance)


@pytest.mark.parametrize("activation", [tanh, sigmoid])
def test_vectors_live_in_kernels_only(activation):
    with pytest.raises(NotImplementedError, match="a vector lives in kernels only"):
        activation(np.ones(LANES, np.float32))
