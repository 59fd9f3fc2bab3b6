"""LSTM and GRU in bfloat16 on the processor's dot products: the float32 ones but for rounding."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import GRU, LSTM
from networks.base import recurrent_tiles
from nn.bfloat16_arrays import widened
from nn.checks.report import GradientError
from nn.checks.storage import check_storage, rounded
from nn.kernels.core.dot_products import has_dot_products
from nn.shape import SequenceShape
from tests.support import network_checks as checks
from tests.support.gru_networks import gru
from tests.support.lstm_networks import lstm

pytestmark = pytest.mark.skipif(not has_dot_products(), reason="no AVX512_BF16 here")

shapes = st.builds(SequenceShape, st.integers(1, 4), st.integers(1, 20))
options = st.fixed_dictionaries(
    {
        "units": st.integers(1, 20),
        "layers": st.integers(1, 2),
        "bidirectional": st.booleans(),
        "whole_sequence": st.booleans(),
    }
)
TOLERANCE = 0.05
"""Hidden values are rounded at every step, and gates are steep."""


@pytest.fixture(autouse=True, scope="module")
def small_ones_too():
    with patch.object(recurrent_tiles, "WORTH_PAIRING", 0):
        yield


both = pytest.mark.parametrize("kind", [LSTM, GRU])


def stored(kind, shape, **settings):
    network = (lstm if kind is LSTM else gru)(kind, shape, "float32", **settings)
    network.parameters.values[:] *= 0.5
    network.store_as("bfloat16")
    return network


@both
@given(shapes, options, st.integers(1, 70), st.booleans())
def test_outputs_and_gradients_are_those_of_float32(kind, shape, settings, histories, peepholes):
    network = stored(kind, shape, **settings, **({"peepholes": peepholes} if kind is LSTM else {}))
    assert network._pairs is not None
    values, _ = checks.numbers(network, histories)
    check_storage(network, values, tolerance=TOLERANCE).raise_if_wrong()


@both
def test_a_wrong_gradient_fails(kind):
    network = stored(kind, SequenceShape(3, 5), units=6)
    values, _ = checks.numbers(network, 20)
    backward = type(network)._backward_directed

    def wrong(self, directed, history, signals, *arguments):
        backward(self, directed, history, signals * np.float32(1.1 if self._pairs else 1), *arguments)

    with patch.object(kind, "_backward_directed", wrong):
        report = check_storage(network, values, tolerance=TOLERANCE)
    with pytest.raises(GradientError, match="wrong gradient"):
        report.raise_if_wrong()


@both
@pytest.mark.parametrize(("shape", "units", "histories"), [((4, 40), 50, 97), ((4, 40), 320, 20)])
def test_the_bits_are_the_same_for_any_number_of_threads(kind, shape, units, histories):
    network = stored(kind, SequenceShape(*shape), units=units, whole_sequence=True)
    checks.check_threads(network, histories)


@both
def test_steps_that_are_not_there_leave_states_and_gradients_alone(kind):
    network = stored(kind, SequenceShape(4, 5), units=7, whole_sequence=True)
    values, signals = checks.numbers(network, 33)
    mask = np.arange(4)[:, None] < np.random.default_rng(0).integers(1, 5, 33)
    network.step_mask, absent = mask, ~mask
    found = []
    for number in (0, 1):
        given = np.where(absent[:, None], np.float32(number), values)
        network.parameters.zero_gradients()
        outputs = widened(network.forward(given, training=True)).copy()
        passed = widened(network.backward(signals)).copy()
        found.append((outputs, passed, network.parameters.gradients.copy()))
        assert not (outputs * absent[:, None]).any() and not (passed * absent[:, None]).any()
    for one, other in zip(*found, strict=True):
        assert np.array_equal(one, other)


@both
def test_gradients_may_be_kept_while_signals_pass(kind):
    checks.check_gradients_may_be_kept(stored(kind, SequenceShape(3, 5), units=6))


@both
def test_an_update_in_the_backward_pass_is_that_of_the_gradients(kind):
    checks.check_update(stored(kind, SequenceShape(3, 5), units=6), tolerance=1e-5)


@both
def test_small_ones_stay_in_float32(kind):
    network = stored(kind, SequenceShape(3, 5), units=6)
    assert network.arithmetic == "bfloat16 dot products"
    with patch.object(recurrent_tiles, "WORTH_PAIRING", 10_000):
        assert network.arithmetic == "float32: few weights"
        values, signals = checks.numbers(network, 20)
        stored_outputs = widened(network.forward(values)).copy()
        network.backward(signals)
        assert not network._pairs._words
    network.store_as("float32")
    assert network.arithmetic == ""
    assert np.array_equal(stored_outputs, rounded(network.forward(values)))
