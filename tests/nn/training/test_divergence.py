"""Divergence: every NaN and Inf is seen, at any size, and its place is named."""

import numpy as np
import pytest

from networks.dense import Dense
from networks.time_distributed import TimeDistributed
from nn.losses import SquaredError
from nn.shape import SequenceShape
from nn.training.batches import Batch
from nn.training.divergence import (
    TrainingDiverged,
    in_batch,
    in_gradients,
    in_loss,
    in_parameters,
)
from nn.training.trainable import run
from tests.support.tiny_training import make_network

INDICES = np.array([40, 41, 42])
BAD = [np.nan, np.inf, -np.inf]


def reproduce(network, inputs):
    """Return the loss of reconstructing the inputs, and its signals."""
    with np.errstate(all="ignore"):
        return SquaredError()(network.forward(inputs), inputs, entries=3)


@pytest.fixture
def inputs():
    values = np.zeros((2, 3, 1, 16), np.float32)
    values[..., :3] = np.random.default_rng(1).random((2, 3, 1, 3))
    return values


@pytest.mark.parametrize("bad", BAD)
def test_an_input_is_named_by_neuron_and_number_in_the_data(inputs, bad):
    inputs[1, 2, 0, 1] = bad
    place = in_batch(Batch(inputs, inputs, None, 3), INDICES)
    assert place == f"input is {bad} at neuron (1, 2, 0) for entry 1 (number 41 of the data)"


def test_a_target_is_told_from_an_input(inputs):
    targets = inputs.copy()
    targets[0, 0, 0, 2] = np.nan
    assert in_batch(Batch(inputs, targets, None, 3), INDICES).startswith("target is nan at neuron (0, 0, 0)")
    assert in_batch(Batch(inputs, inputs.copy(), None, 3), INDICES) is None


def test_an_unused_entry_is_called_one(inputs):
    inputs[0, 0, 0, 9] = np.nan
    assert in_batch(Batch(inputs, inputs, None, 3), INDICES).endswith("for entry 9 (unused)")


@pytest.mark.parametrize("bad", BAD)
def test_a_parameter_is_named(bad):
    network = make_network()
    assert in_parameters(network.parameters) is None
    network.parameters["1.weights"][4, 3] = bad
    assert in_parameters(network.parameters) == f"parameter 1.weights[4, 3] is {bad}"


def test_a_loss_is_traced_to_the_layer_where_it_began(inputs):
    network = make_network()
    loss, signals = reproduce(network, inputs)
    assert in_loss(network, loss, signals, INDICES) is None
    network.parameters["1.weights"][4, 0] = 3e38
    network.parameters["1.weights"][4, 1] = 3e38
    network.parameters["0.biases"][:2] = 9
    loss, signals = reproduce(network, inputs)
    place = in_loss(network, loss, signals, INDICES)
    assert place == "value of layer 1 (dense) is inf at neuron (1, 1, 0) for entry 0 (number 40 of the data)"


def test_a_loss_that_overflows_by_itself_is_named_by_its_size(inputs):
    network = make_network()
    network.parameters["1.biases"][0] = 1e30
    loss, signals = reproduce(network, inputs)
    assert (
        in_loss(network, loss, signals, INDICES)
        == "the loss is inf although every value is finite: it is too large"
    )


def test_signals_of_the_loss_are_looked_at(inputs):
    network = make_network()
    loss, signals = reproduce(network, inputs)
    signals[0, 2, 0, 1] = np.inf
    assert in_loss(network, loss, signals, INDICES).startswith(
        "signal of the loss is inf at neuron (0, 2, 0)"
    )


def test_a_gradient_is_named_when_every_signal_is_finite(inputs):
    network = make_network()
    _, signals = reproduce(network, inputs)
    network.backward(signals)
    assert in_gradients(network, INDICES) is None
    network.parameters.gradient("0.biases")[2] = np.nan
    assert in_gradients(network, INDICES) == "gradient of parameter 0.biases[2] is nan"


def test_a_gradient_is_traced_to_the_layer_where_its_signal_began(inputs):
    network = make_network()
    _, signals = reproduce(network, inputs)
    network.parameters["1.weights"][:] = 3e38
    signals[...] = 10
    with np.errstate(all="ignore"):
        network.backward(signals)
    assert in_gradients(network, INDICES).startswith("signal of layer 0 (dense) is inf at neuron (0, 0, 0)")


def test_the_error_says_when_and_where():
    error = TrainingDiverged(12, 3, "parameter weights[0] is nan")
    assert isinstance(error, ArithmeticError)
    assert (error.step, error.epoch, error.place) == (12, 3, "parameter weights[0] is nan")
    assert str(error).startswith(
        "training stopped before the update of step 12, after 3 epochs: parameter weights[0] is nan. "
    )


@pytest.mark.parametrize("step_mask", [None, [[True, True, True], [True, False, True]]])
def test_no_entry_is_named_where_the_histories_of_a_layer_are_steps(step_mask):
    """The third entry of a batch of three is bad at its second step, the fifth or sixth history inside."""
    shape = SequenceShape(2, 3)
    network = TimeDistributed(shape, Dense.of(4), generator=np.random.default_rng(0))
    values = np.ones((*shape, 16), np.float32)
    values[1, 2, 2] = 3e38
    network.parameters["network.weights"][:] = 0
    network.parameters["network.weights"][3] = 9
    if step_mask is not None:
        step_mask = np.pad(np.array(step_mask), ((0, 0), (0, 13)))
    with np.errstate(over="ignore"):
        outputs = run(network, Batch(values, values, None, 3, step_mask), training=True)
    loss, signals = SquaredError()(outputs, np.zeros_like(outputs), entries=3)
    place = in_loss(network, loss, signals, INDICES)
    assert place == "value of layer network (dense) is inf at neuron (0, 0, 3)"
