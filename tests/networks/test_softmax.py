"""Softmax: every rung against central differences, the plain rung, torch and its definition."""

import numpy as np
import pytest
from hypothesis import given

from networks.ladder import FAMILIES
from networks.softmax import Softmax
from nn.shape import Shape
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


@every_rung("softmax")
@given(shape=any_shapes, histories=histories)
def test_gradients(name, rung, shape, histories):
    checks.check_gradients(layer(name, rung, shape), histories)


@every_rung("softmax", faster=True)
@every_dtype
@given(shape=any_shapes, histories=histories)
def test_same_as_plain(name, rung, dtype, shape, histories):
    check_same_as_plain(layer(name, rung, shape, dtype), layer(name, "plain", shape, dtype), histories, dtype)


@every_rung("softmax", faster=True)
@every_dtype
@pytest.mark.parametrize("count", [63, 64, 65, 100])
def test_strips_of_histories_meet(name, rung, dtype, count):
    shape = Shape(2, 1, 5)
    check_same_as_plain(layer(name, rung, shape, dtype), layer(name, "plain", shape, dtype), count, dtype)


@every_rung("softmax")
@every_dtype
@given(shape=any_shapes, histories=histories)
def test_same_as_torch(name, rung, dtype, shape, histories):
    torch = pytest.importorskip("torch")
    network = layer(name, rung, shape, dtype)
    values, signals = checks.numbers(network, histories)
    inputs = torch.tensor(values, requires_grad=True)
    outputs = torch.softmax(inputs, dim=-2)
    outputs.backward(torch.tensor(signals))
    expected = {"outputs": outputs.detach().numpy(), "input signals": inputs.grad.numpy()}
    found = checks.pass_through(network, values, signals)
    assert_close(found, expected, FAMILIES["softmax"].tolerance[dtype])


@every_rung("softmax")
@every_dtype
@given(shape=any_shapes)
def test_probabilities_add_up_to_one(name, rung, dtype, shape):
    network = layer(name, rung, shape, dtype)
    values, _ = checks.numbers(network, 9)
    assert np.allclose(network.forward(values).sum(axis=-2), 1, rtol=1e-6)


@every_rung("softmax")
@every_dtype
def test_large_inputs_do_not_overflow(name, rung, dtype):
    network = layer(name, rung, Shape(1, 1, 3), dtype)
    largest = np.finfo(dtype).max
    inputs = np.array([[1000, 1000, -1000], [largest, 0, -largest], [-largest, -largest, -largest]], dtype)
    with np.errstate(over="ignore"):
        outputs = network.forward(inputs.T.reshape(1, 1, 3, 3))
    expected = np.array([[0.5, 0.5, 0], [1, 0, 0], [1 / 3] * 3])
    assert np.allclose(outputs[0, 0].T, expected, rtol=1e-6, atol=1e-30)
    assert np.isfinite(network.backward(np.ones((1, 1, 3, 3), dtype))).all()


@every_rung("softmax")
@pytest.mark.parametrize("feature", range(3))
def test_nan_spoils_all_features_of_its_entry_only(name, rung, feature):
    network = layer(name, rung, Shape(1, 2, 3))
    values, _ = checks.numbers(network, 4)
    values[0, 1, feature, 2] = np.nan
    spoiled = np.isnan(network.forward(values))
    assert spoiled[0, 1, :, 2].all()
    assert spoiled.sum() == 3


def test_the_range_is_that_of_probabilities():
    assert Softmax(Shape(1, 1, 3)).output_range((5, 7)) == (0, 1)
