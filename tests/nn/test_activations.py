"""Activations: every derivative against central differences, and nothing overflows."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.activations import (
    ACTIVATIONS,
    ELU,
    HardSigmoid,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Softplus,
    Squash,
    Tanh,
    activation_from_configuration,
)
from tests.support.torch_activations import torch_peer

EVERY = [
    Identity(),
    ReLU(),
    LeakyReLU(),
    LeakyReLU(0.0),
    LeakyReLU(1.0),
    ELU(),
    Softplus(),
    Tanh(),
    Sigmoid(),
    Squash(),
    Squash(0.1),
    HardSigmoid(),
    HardSigmoid(0.2),
]
KINKS = np.array([-3.0, -2.5, -1.0, 0.0, 1.0, 2.5, 3.0])

every_activation = pytest.mark.parametrize("activation", EVERY, ids=repr)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def test_the_list_above_is_complete():
    assert {type(activation) for activation in EVERY} == set(ACTIVATIONS.values())


@every_activation
@given(sums=st.lists(st.floats(-20, 20), min_size=1, max_size=20))
def test_derivative_is_the_slope_of_the_function(activation, sums):
    sums = np.array(sums)
    sums = sums[np.abs(sums[:, None] - KINKS).min(axis=1) > 1e-4]
    step = 1e-5
    numeric = (activation(sums + step) - activation(sums - step)) / (2 * step)
    assert np.allclose(activation.derivative(activation(sums)), numeric, rtol=1e-6, atol=1e-9)


@every_activation
@given(sums=st.lists(st.floats(-6, 6), min_size=1, max_size=20))
def test_curvature_is_the_slope_of_the_derivative(activation, sums):
    sums = np.array(sums)
    sums = sums[np.abs(sums[:, None] - KINKS).min(axis=1) > 1e-3]
    step, values = 1e-4, activation(sums)
    sides = (activation.derivative(activation(sums + sign * step)) for sign in (1, -1))
    numeric = np.subtract(*sides) / (2 * step)
    curvature = activation.curvature(values)
    assert np.allclose(curvature * activation.derivative(values), numeric, rtol=1e-5, atol=1e-7)
    if activation.piecewise_linear:
        assert not curvature.any()


@every_activation
@every_dtype
def test_extreme_sums_stay_finite_and_in_range(activation, dtype):
    numbers = np.finfo(dtype)
    magnitudes = np.array(
        [0, numbers.smallest_subnormal, numbers.tiny, 1, 88, 104, 745, 1e30, numbers.max], dtype
    )
    sums = np.concatenate([magnitudes, -magnitudes])
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        values = activation(sums)
        slopes = activation.derivative(values)
    low, high = activation.range
    assert np.isfinite(values).all()
    assert ((values >= low) & (values <= high)).all()
    assert ((slopes >= 0) & (slopes <= 1)).all()
    assert values.dtype == slopes.dtype == dtype
    assert (np.diff(activation(np.sort(sums))) >= 0).all()


@every_activation
@every_dtype
def test_results_are_new_arrays_of_the_same_shape(activation, dtype):
    sums = np.linspace(-3, 3, 24, dtype=dtype).reshape(2, 3, 4)
    kept = sums.copy()
    values = activation(sums)
    slopes = activation.derivative(values)
    assert values.shape == slopes.shape == sums.shape
    assert not np.shares_memory(values, sums)
    assert not np.shares_memory(slopes, values)
    assert np.array_equal(sums, kept)


@every_activation
def test_float32_agrees_with_float64(activation):
    sums = np.linspace(-30, 30, 4001, dtype=np.float32)
    exact = activation(sums.astype(np.float64))
    assert np.allclose(activation(sums), exact, rtol=5e-7, atol=0)


@every_activation
def test_nan_passes_through(activation):
    assert np.isnan(activation(np.array([np.nan]))).all()


@every_activation
def test_configuration_is_json_and_gives_the_same_activation(activation):
    configuration = json.loads(json.dumps(activation.to_configuration()))
    assert set(configuration) <= {"name", "leakage", "steepness"}
    assert activation_from_configuration(configuration) == activation


@pytest.mark.parametrize(
    ("activation", "kink", "slope"),
    [
        (ReLU(), 0, 0),
        (LeakyReLU(0.2), 0, 0.2),
        (Squash(), 1, 0),
        (Squash(), -1, 0),
        (Squash(0.3), 1, 0.3),
        (HardSigmoid(), -3, 0),
        (HardSigmoid(0.2), 2.5, 0),
    ],
    ids=repr,
)
def test_at_a_kink_the_slope_is_that_of_the_flatter_side(activation, kink, slope):
    value = activation(np.array([float(kink)]))
    assert activation.derivative(value).tolist() == [slope]


def test_small_sums_keep_their_precision():
    small = np.array([-1e-12, 1e-12])
    assert np.allclose(ELU()(small), small, rtol=1e-11, atol=0)
    assert Softplus()(np.array([-100.0])) == pytest.approx(np.exp(-100), rel=1e-14)
    assert Softplus().derivative(Softplus()(np.array([-100.0]))) == pytest.approx(np.exp(-100), rel=1e-14)
    assert Sigmoid()(np.array([-700.0])) == pytest.approx(np.exp(-700), rel=1e-14)


@every_activation
def test_torch_gives_the_same_values_and_slopes(activation):
    torch = pytest.importorskip("torch")
    sums = torch.linspace(-8.1, 8.1, 500, dtype=torch.float64, requires_grad=True)
    expected = torch_peer(torch, activation)(sums)
    expected.sum().backward()
    values = activation(sums.detach().numpy())
    assert np.allclose(values, expected.detach().numpy(), rtol=1e-12, atol=1e-15)
    assert np.allclose(activation.derivative(values), sums.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"name": "leaky_rel"}, "unknown activation 'leaky_rel'; did you mean leaky_relu"),
        ({"name": "zzz"}, "unknown activation 'zzz'; known: identity, relu"),
        ({}, "unknown activation None"),
        ("relu", "activation 'relu': a description is a dictionary"),
        ({"name": ["relu"]}, r"unknown activation \['relu'\]"),
        ({"name": "relu", "leakage": 0.1}, "activation relu has no parameter leakage"),
        ({"name": "tanh", "code": 4}, "activation tanh has no parameter code"),
        ({"name": "leaky_relu", "leakage": 1.5}, "activation leaky_relu: leakage 1.5"),
        ({"name": "squash", "leakage": -0.1}, "activation squash: leakage -0.1"),
        ({"name": "squash", "leakage": float("nan")}, "leakage nan"),
        ({"name": "hard_sigmoid", "steepness": 0}, "activation hard_sigmoid: steepness 0 is not"),
        ({"name": "hard_sigmoid", "leakage": 0.1}, "hard_sigmoid has no parameter leakage"),
        ({"name": "squash", "leakage": "much"}, "leakage 'much'"),
        ({"name": "squash", "leakage": True}, "leakage True"),
    ],
)
def test_bad_configurations_are_named(configuration, message):
    with pytest.raises(ValueError, match=message):
        activation_from_configuration(configuration)
