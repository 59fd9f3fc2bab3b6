"""Optimizers of Keras beside ours of the same name: which settings give the same steps, and what differs."""

import numpy as np
import pytest

from nn import SGD, Adam, AdamW, Nadam, RMSprop
from nn.parameters import Parameters
from tests.support.keras_models import keras_library

keras = keras_library()

START = np.random.default_rng(0).normal(size=7).astype(np.float32)
GRADIENTS = np.random.default_rng(1).normal(size=(12, 7)).astype(np.float32) * 1e-2
MOMENTS = {"mean_decay": 0.8, "square_decay": 0.95, "epsilon": 1e-12}
THEIR_MOMENTS = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-12}


def theirs(optimizer):
    variable = keras.Variable(START)
    for gradients in GRADIENTS:
        optimizer.apply([gradients], [variable])
    return np.asarray(variable)


def ours(optimizer):
    parameters = Parameters({"weights": START.shape}, np.float32)
    parameters.values[:] = START
    for gradients in GRADIENTS:
        parameters.gradients[:] = gradients
        optimizer.step(parameters)
    return parameters.values


def assert_same(one, other):
    np.testing.assert_allclose(ours(one), theirs(other), rtol=1e-5, atol=1e-6)


def assert_other(one, other):
    assert np.abs(ours(one) - theirs(other)).max() > 1e-3


def test_nadam_has_a_momentum_decay_of_one():
    optimizer = keras.optimizers.Nadam(0.02, **THEIR_MOMENTS)
    assert_same(Nadam(0.02, **MOMENTS, momentum_decay=1), optimizer)
    assert_other(Nadam(0.02, **MOMENTS), keras.optimizers.Nadam(0.02, **THEIR_MOMENTS))


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_epsilon_of_rmsprop_stands_inside_the_root(momentum):
    def make(epsilon):
        return keras.optimizers.RMSprop(0.02, rho=0.8, momentum=momentum, epsilon=epsilon)

    assert_same(RMSprop(0.02, decay=0.8, momentum=momentum, epsilon=1e-12), make(1e-14))
    assert_other(RMSprop(0.02, decay=0.8, momentum=momentum, epsilon=1e-3), make(1e-3))
    values, squares, velocity = START.astype(np.float64), 0.0, 0.0
    for gradients in GRADIENTS.astype(np.float64):
        squares = 0.8 * squares + 0.2 * gradients**2
        velocity = momentum * velocity + 0.02 * gradients / np.sqrt(squares + 1e-3)
        values = values - velocity
    np.testing.assert_allclose(theirs(make(1e-3)), values, rtol=1e-5, atol=1e-6)


def test_weight_decay_is_decoupled_in_sgd_and_adam():
    assert_same(SGD(0.5, weight_decay=0.1), keras.optimizers.SGD(0.5, weight_decay=0.1))
    nesterov = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}
    assert_same(SGD(0.5, **nesterov), keras.optimizers.SGD(0.5, **nesterov))
    decaying = keras.optimizers.Adam(0.02, **THEIR_MOMENTS, weight_decay=0.5)
    assert_same(AdamW(0.02, **MOMENTS, weight_decay=0.5), decaying)


def test_the_epsilon_of_adam_is_added_before_the_root_is_corrected():
    assert_same(Adam(0.02, **MOMENTS), keras.optimizers.Adam(0.02, **THEIR_MOMENTS))
    large = {**MOMENTS, "epsilon": 1e-2}
    assert_other(Adam(0.02, **large), keras.optimizers.Adam(0.02, **{**THEIR_MOMENTS, "epsilon": 1e-2}))
    values, means, squares = START.astype(np.float64), 0.0, 0.0
    for step, gradients in enumerate(GRADIENTS.astype(np.float64), 1):
        means, squares = 0.8 * means + 0.2 * gradients, 0.95 * squares + 0.05 * gradients**2
        rate = 0.02 * np.sqrt(1 - 0.95**step) / (1 - 0.8**step)
        values = values - rate * means / (np.sqrt(squares) + 1e-2)
    found = theirs(keras.optimizers.Adam(0.02, **{**THEIR_MOMENTS, "epsilon": 1e-2}))
    np.testing.assert_allclose(found, values, rtol=1e-5, atol=1e-6)
