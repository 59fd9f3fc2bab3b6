"""Convolutions in bfloat16 on the processor's dot products: those of float32 but for rounding."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import Convolution, TransposedConvolution
from networks.base import tiled_convolution
from nn.activations import Identity, LeakyReLU
from nn.bfloat16_arrays import widened
from nn.checks.report import GradientError
from nn.checks.storage import check_storage, rounded
from nn.kernels.core.dot_products import has_dot_products
from nn.shape import Shape
from tests.support import network_checks as checks

pytestmark = pytest.mark.skipif(not has_dot_products(), reason="no AVX512_BF16 here")

sides = st.integers(5, 8)
shapes = st.builds(Shape, sides, sides, st.integers(1, 5))
options = st.fixed_dictionaries(
    {
        "channels": st.integers(1, 5),
        "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "stride": st.integers(1, 2),
        "padding": st.integers(0, 1),
        "dilation": st.integers(1, 2),
    }
)
IDENTITY = Identity()
both = pytest.mark.parametrize("kind", [Convolution, TransposedConvolution])


@pytest.fixture(autouse=True, scope="module")
def few_channels_too():
    with patch.object(tiled_convolution, "WORTH_PAIRING", 1):
        yield


def stored(kind, shape, activation=IDENTITY, **settings):
    network = kind(shape, activation=activation, generator=np.random.default_rng(0), **settings)
    network.parameters["biases"][...] = 0.1 * np.random.default_rng(1).normal(size=settings["channels"])
    network.store_as("bfloat16")
    return network


@both
@given(shapes, options, st.integers(1, 40), st.sampled_from([IDENTITY, LeakyReLU(0.2)]))
def test_outputs_and_gradients_are_those_of_float32(kind, shape, settings, histories, activation):
    network = stored(kind, shape, activation, **settings)
    assert network.arithmetic == "bfloat16 dot products"
    values, _ = checks.numbers(network, histories)
    check_storage(network, values).raise_if_wrong()


@both
def test_a_wrong_gradient_fails(kind):
    network = stored(kind, Shape(6, 6, 3), channels=4, kernel=3)
    values, _ = checks.numbers(network, 20)
    backward = kind.backward

    def wrong(self, signals, learning_rate=None):
        factor = 1 if self._pairs is None else 1.1
        return backward(self, (factor * widened(signals)).astype(signals.dtype), learning_rate)

    with patch.object(kind, "backward", wrong):
        report = check_storage(network, values)
    with pytest.raises(GradientError, match="wrong gradient"):
        report.raise_if_wrong()


@both
def test_the_bits_are_the_same_for_any_number_of_threads(kind):
    network = stored(kind, Shape(14, 14, 9), channels=10, kernel=3, padding=1)
    checks.check_threads(network, 65)


@both
def test_gradients_may_be_kept_while_signals_pass(kind):
    checks.check_gradients_may_be_kept(stored(kind, Shape(6, 6, 3), channels=4, kernel=3))


@both
def test_an_update_in_the_backward_pass_is_that_of_the_gradients(kind):
    checks.check_update(stored(kind, Shape(6, 6, 3), channels=4, kernel=3), tolerance=2e-5)


@both
def test_few_channels_stay_in_float32(kind):
    with patch.object(tiled_convolution, "WORTH_PAIRING", 8):
        network = stored(kind, Shape(6, 6, 7), channels=9, kernel=3)
        assert network.arithmetic == "float32: few channels"
        values, _ = checks.numbers(network, 20)
        outputs = widened(network.forward(values)).copy()
        network.store_as("float32")
        assert network.arithmetic == ""
        assert np.array_equal(outputs, rounded(network.forward(values)))
