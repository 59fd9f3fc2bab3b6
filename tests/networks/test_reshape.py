"""Reshaping: against central differences and NumPy's own, on every rung."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from networks.reshape import Flatten, Reshape
from nn.shape import SequenceShape, Shape, VideoShape, as_shape
from tests.support import network_checks as checks
from tests.support.weightless_layers import any_shapes, every_dtype, every_rung, histories, layer


@st.composite
def pairs(draw):
    """Draw two shapes with the same number of values: the same sides in another order, and some ones."""
    shape = draw(any_shapes)
    sides = draw(st.permutations(shape))
    ones = draw(st.integers(0, 4 - len(sides)))
    return shape, as_shape((1,) * ones + tuple(sides))


@every_rung("reshape")
@given(shapes=pairs(), histories=histories)
def test_gradients(name, rung, shapes, histories):
    checks.check_gradients(layer(name, rung, shapes[0], output_shape=shapes[1]), histories)


@every_rung("reshape")
@every_dtype
@given(shapes=pairs(), histories=histories)
def test_every_entry_keeps_its_order_in_memory(name, rung, dtype, shapes, histories):
    network = layer(name, rung, shapes[0], dtype, output_shape=shapes[1])
    values, signals = checks.numbers(network, histories)
    outputs, input_signals = network.forward(values), network.backward(signals)
    for entry in range(histories):
        assert np.array_equal(outputs[..., entry], values[..., entry].reshape(shapes[1]))
        assert np.array_equal(input_signals[..., entry], signals[..., entry].reshape(shapes[0]))


@every_rung("reshape", "flatten")
@every_dtype
@given(shape=any_shapes, histories=histories)
def test_same_as_torch(name, rung, dtype, shape, histories):
    torch = pytest.importorskip("torch")
    options = {"output_shape": Shape(1, shape.size, 1)} if name == "reshape" else {}
    network = layer(name, rung, shape, dtype, **options)
    values, signals = checks.numbers(network, histories)
    batch = torch.tensor(np.moveaxis(values, -1, 0).copy(), requires_grad=True)
    torch.flatten(batch, 1).backward(torch.tensor(signals.reshape(shape.size, -1).T.copy()))
    found = checks.pass_through(network, values, signals)
    flat = torch.flatten(batch, 1).detach().numpy().T
    assert np.array_equal(found["outputs"].reshape(shape.size, -1), flat)
    assert np.array_equal(found["input signals"], np.moveaxis(batch.grad.numpy(), 0, -1))


@every_rung("reshape", "flatten")
def test_nothing_is_copied(name, rung):
    options = {"output_shape": Shape(3, 2, 4)} if name == "reshape" else {}
    network = layer(name, rung, Shape(2, 3, 4), **options)
    values, signals = checks.numbers(network, 5)
    assert np.shares_memory(network.forward(values), values)
    assert np.shares_memory(network.backward(signals), signals)


def test_shapes_that_hold_other_numbers_are_refused():
    with pytest.raises(ValueError, match="reshape: 2x3x4 has 24 values, 5x5 has 25: give as many"):
        Reshape(Shape(2, 3, 4), output_shape=SequenceShape(5, 5))


def test_shapes_and_ranges():
    assert Flatten(VideoShape(2, 3, 4, 1)).output_shape == Shape(1, 1, 24)
    assert Reshape(Shape(1, 1, 6), output_shape=(2, 3)).output_shape == SequenceShape(2, 3)
    assert Flatten(Shape(2, 3, 4)).output_range((-1, 5)) == (-1, 5)
    assert Flatten(Shape(2, 3, 4)).history_bytes(64) == 0


def test_one_class_serves_all_rungs():
    for name in ("reshape", "flatten"):
        assert len(set(FAMILIES[name].rungs.values())) == 1
