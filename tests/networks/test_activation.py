"""Activations as layers: every rung against central differences, the plain rung and torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.activation import ActivationLayer
from networks.ladder import FAMILIES
from networks.sequential import Sequential
from nn.activations import ELU, Identity, LeakyReLU, ReLU, Sigmoid, Softplus, Squash, Tanh
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support.weightless_layers import (
    any_shapes,
    assert_close,
    check_same_as_plain,
    every_dtype,
    every_rung,
    histories,
    layer,
)

pytestmark = pytest.mark.usefixtures("one_thread")

SMOOTH = [Identity(), ELU(), Softplus(), Tanh(), Sigmoid()]
FUNCTIONS = [*SMOOTH, ReLU(), LeakyReLU(), LeakyReLU(0.3), Squash(), Squash(0.1)]
activations = st.sampled_from(FUNCTIONS)


def in_torch(torch, activation, inputs):
    functional = torch.nn.functional
    inside = inputs.clamp(-1, 1)
    return {
        "identity": lambda: inputs * 1,
        "relu": lambda: functional.relu(inputs),
        "leaky_relu": lambda: functional.leaky_relu(inputs, activation.slope),
        "elu": lambda: functional.elu(inputs),
        "softplus": lambda: functional.softplus(inputs),
        "tanh": lambda: torch.tanh(inputs),
        "sigmoid": lambda: torch.sigmoid(inputs),
        "squash": lambda: inside + activation.slope * (inputs - inside),
    }[activation.name]()


@every_rung("activation")
@given(shape=any_shapes, activation=activations, histories=histories)
def test_gradients(name, rung, shape, activation, histories):
    checks.check_gradients(layer(name, rung, shape, activation=activation), histories)


@every_rung("activation", faster=True)
@every_dtype
@given(shape=any_shapes, activation=activations, histories=histories)
def test_same_as_plain(name, rung, dtype, shape, activation, histories):
    network, plain = (layer(name, each, shape, dtype, activation=activation) for each in (rung, "plain"))
    check_same_as_plain(network, plain, histories, dtype)


@every_rung("activation")
@every_dtype
@given(shape=any_shapes, activation=activations, histories=histories)
def test_same_as_torch(name, rung, dtype, shape, activation, histories):
    torch = pytest.importorskip("torch")
    network = layer(name, rung, shape, dtype, activation=activation)
    values, signals = checks.numbers(network, histories)
    inputs = torch.tensor(values, requires_grad=True)
    outputs = in_torch(torch, activation, inputs)
    outputs.backward(torch.tensor(signals))
    expected = {"outputs": outputs.detach().numpy(), "input signals": inputs.grad.numpy()}
    found = checks.pass_through(network, values, signals)
    assert_close(found, expected, FAMILIES["activation"].tolerance[dtype])


@every_rung("activation")
@pytest.mark.parametrize("activation", FUNCTIONS)
def test_the_input_is_left_as_it_is(name, rung, activation):
    network = layer(name, rung, SequenceShape(3, 4), activation=activation)
    values, signals = checks.numbers(network, 16)
    before = values.copy(), signals.copy()
    network.forward(values)
    network.backward(signals)
    assert np.array_equal(values, before[0])
    assert np.array_equal(signals, before[1])


def chain_range(activations, *arguments):
    shape = Shape(1, 1, 2)
    return Sequential([ActivationLayer(shape, activation=each) for each in activations]).output_range(
        *arguments
    )


def test_a_range_is_what_the_function_makes_of_it():
    assert chain_range([Tanh(), Sigmoid()]) == pytest.approx((0.26894, 0.73106), abs=1e-5)
    assert chain_range([Sigmoid(), Tanh()]) == pytest.approx((0, 0.76159), abs=1e-5)
    assert chain_range([Squash(), LeakyReLU(0.1)]) == pytest.approx((-0.1, 1))
    assert chain_range([ReLU(), Identity()], (-5, 2)) == (0, 2)


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_of_anything_the_range_is_that_of_the_function(activation):
    assert chain_range([activation]) == activation.range
