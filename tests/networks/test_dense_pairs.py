"""A dense layer in bfloat16, with the processor's dot products and without: float32 but for rounding."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import Dense, dense_o2
from networks.base.dense_paired import PairedDense
from networks.base.dense_stored import StoredDense
from nn.activations import Identity, LeakyReLU, Tanh
from nn.bfloat16_arrays import widened
from nn.checks.report import GradientError
from nn.checks.storage import check_storage
from nn.kernels.core.dot_products import has_dot_products
from nn.shape import Shape
from tests.support import network_checks as checks

WAYS = {True: PairedDense, False: StoredDense}
both_ways = pytest.mark.parametrize(
    "paired",
    [
        pytest.param(True, marks=pytest.mark.skipif(not has_dot_products(), reason="no AVX512_BF16 here")),
        False,
    ],
)
sizes = st.integers(1, 70)


def layer(inputs, outputs, activation):
    shapes = Shape(1, 1, inputs), Shape(1, 1, outputs)
    network = Dense(*shapes, activation=activation, generator=np.random.default_rng(0))
    network.parameters["biases"][...] = 0.1 * np.random.default_rng(1).normal(size=outputs)
    return network


def as_if(paired):
    return patch.object(dense_o2, "has_dot_products", return_value=paired)


@both_ways
@given(sizes, sizes, sizes, st.sampled_from([Identity(), LeakyReLU(0.2)]))
def test_outputs_and_gradients_are_those_of_float32(paired, inputs, outputs, histories, activation):
    network = layer(inputs, outputs, activation)
    values, _ = checks.numbers(network, histories)
    with as_if(paired):
        network.store_as("bfloat16")
        assert type(network._stored) is WAYS[paired]
        check_storage(network, values).raise_if_wrong()


@both_ways
def test_a_wrong_gradient_fails(paired):
    network = layer(9, 5, Tanh())
    values, _ = checks.numbers(network, 20)
    reserve = WAYS[paired]._run_backward

    def wrong(self, layer, learning_rate):
        layer.signal_rows = (1.1 * widened(layer.signal_rows)).astype(layer.signal_rows.dtype)
        reserve(self, layer, learning_rate)

    with as_if(paired), patch.object(WAYS[paired], "_run_backward", wrong):
        report = check_storage(network, values)
    with pytest.raises(GradientError, match="wrong gradient"):
        report.raise_if_wrong()


@both_ways
def test_the_bits_are_the_same_for_any_number_of_threads(paired):
    network = layer(301, 77, Tanh())
    with as_if(paired):
        network.store_as("bfloat16")
    checks.check_threads(network, 65)


@both_ways
def test_an_update_in_the_backward_pass_is_that_of_the_gradients(paired):
    network = layer(33, 17, Tanh())
    with as_if(paired):
        network.store_as("bfloat16")
    checks.check_update(network, tolerance=2e-6, histories=40)


@both_ways
def test_gradients_may_be_kept_while_signals_pass(paired):
    network = layer(33, 17, Identity())
    values, signals = checks.numbers(network, 40)
    with as_if(paired):
        network.store_as("bfloat16")
    network.forward(values)
    with network.parameters.gradients_kept():
        passed = widened(network.backward(signals)).reshape(33, 40)
    assert not network.parameters.gradients.any()
    expected = network.parameters["weights"].reshape(17, 33).T @ signals.reshape(17, 40)
    np.testing.assert_allclose(passed, expected, rtol=0, atol=0.05)
