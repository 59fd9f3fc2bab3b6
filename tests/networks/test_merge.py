"""Merging: every rung against central differences, the plain rung, torch and by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES, network_from_configuration
from networks.merge import Add, Concatenate, Multiply
from nn.shape import SequenceShape, Shape, as_shape
from tests.support import network_checks as checks
from tests.support.weightless_layers import (
    OneInput,
    any_shapes,
    assert_close,
    check_same_as_plain,
    every_dtype,
    every_rung,
    histories,
    layer,
)

pytestmark = pytest.mark.usefixtures("one_thread")

MERGES = ("add", "concatenate", "multiply")
A, B = Shape(2, 3, 1), Shape(2, 3, 4)

every_merge = every_rung(*MERGES)


@st.composite
def several(draw, name):
    """Draw shapes of inputs that can be merged."""
    shape, count = draw(any_shapes), draw(st.integers(2, 4))
    if name != "concatenate":
        return [shape] * count
    return [as_shape((*shape[:-1], draw(st.integers(1, 5)))) for _ in range(count)]


@every_merge
@given(data=st.data(), histories=histories)
def test_gradients(name, rung, data, histories):
    checks.check_gradients(OneInput(layer(name, rung, data.draw(several(name)))), histories)


@every_rung(*MERGES, faster=True)
@every_dtype
@given(data=st.data(), histories=histories)
def test_same_as_plain(name, rung, dtype, data, histories):
    shapes = data.draw(several(name))
    network, plain = (OneInput(layer(name, each, shapes, dtype)) for each in (rung, "plain"))
    check_same_as_plain(network, plain, histories, dtype)


@every_merge
@every_dtype
@given(data=st.data(), histories=histories)
def test_same_as_torch(name, rung, dtype, data, histories):
    torch = pytest.importorskip("torch")
    network = OneInput(layer(name, rung, data.draw(several(name)), dtype))
    values, signals = checks.numbers(network, histories)
    inputs = [torch.tensor(part, requires_grad=True) for part in network.split(values)]
    outputs = {
        "add": lambda: torch.stack(inputs).sum(0),
        "concatenate": lambda: torch.cat(inputs, dim=-2),
        "multiply": lambda: torch.stack(inputs).prod(0),
    }[name]()
    outputs.backward(torch.tensor(signals))
    found = {"outputs": network.merge.forward(network.split(values)).copy()}
    found |= {str(n): part.copy() for n, part in enumerate(network.merge.backward(signals))}
    expected = {"outputs": outputs.detach().numpy()}
    expected |= {str(n): each.grad.numpy() for n, each in enumerate(inputs)}
    assert_close(found, expected, FAMILIES[name].tolerance[dtype])


@every_merge
def test_by_hand(name, rung):
    network = layer(name, rung, [Shape(1, 1, 2)] * 3)
    inputs = [np.array(numbers).reshape(1, 1, 2, 1) for numbers in ([2.0, 3], [5.0, 0], [7.0, 11])]
    outputs = network.forward(inputs)
    signals = np.arange(1.0, outputs.size + 1).reshape(outputs.shape)
    sent = [each.ravel().tolist() for each in network.backward(signals)]
    expected = {
        "add": ([14, 14], [[1, 2], [1, 2], [1, 2]]),
        "concatenate": ([2, 3, 5, 0, 7, 11], [[1, 2], [3, 4], [5, 6]]),
        "multiply": ([70, 0], [[35, 0], [14, 66], [10, 0]]),
    }[name]
    assert (outputs.ravel().tolist(), sent) == expected


@every_merge
def test_an_array_may_be_several_inputs(name, rung):
    network = layer(name, rung, [A, A])
    values = np.random.default_rng(0).normal(size=(*A, 5))
    expected = {"add": 2 * values, "concatenate": np.concatenate([values] * 2, -2), "multiply": values**2}
    assert np.array_equal(network.forward([values, values]), expected[name])


@every_merge
@every_dtype
def test_a_description_gives_the_same_network_on_every_rung(name, rung, dtype):
    shapes = [A, B if name == "concatenate" else A]
    network = layer(name, rung, shapes, dtype)
    described = json.loads(json.dumps(network.to_configuration()))
    again = network_from_configuration(described, {}, rung_name=rung, dtype=dtype)
    assert type(again) is type(network)
    assert (again.input_shapes, again.dtype) == (tuple(shapes), np.dtype(dtype))
    with pytest.raises(ValueError, match=f"{name}: field input_shapes is missing"):
        network_from_configuration({"family": name}, {})
    with pytest.raises(ValueError, match=r"field input_shapes\.1 is 7, not a text"):
        network_from_configuration({"family": name, "input_shapes": ["2x3x1", 7]}, {})


@every_merge
def test_what_does_not_fit_is_refused(name, rung):
    network = layer(name, rung, [A, A])
    values = [np.zeros((*A, 4)), np.zeros((*A, 4))]
    with pytest.raises(ValueError, match=f"{name}: takes 2 arrays of values, not one array"):
        network.forward(values[0])
    with pytest.raises(ValueError, match=f"{name}: takes 2 arrays of values, not 3 arrays"):
        network.forward([*values, values[0]])
    with pytest.raises(ValueError, match=rf"{name}: values of input 1 have shape \(2, 3, 4, 4\)"):
        network.forward([values[0], np.zeros((*B, 4))])
    with pytest.raises(ValueError, match=f"{name}: values of input 1 are float32, the network is float64"):
        network.forward([values[0], values[1].astype(np.float32)])
    with pytest.raises(ValueError, match=f"{name}: the inputs have 4, 3 histories"):
        network.forward([values[0], values[1][..., :3]])
    outputs = network.forward(values)
    with pytest.raises(ValueError, match="signals have 3 histories, the last forward had 4"):
        network.backward(outputs[..., :3])


@pytest.mark.parametrize("kind", [Add, Concatenate, Multiply])
def test_shapes_that_cannot_be_merged_are_refused(kind):
    with pytest.raises(ValueError, match=f"{kind.family}: give at least two inputs"):
        kind([A])
    with pytest.raises(ValueError, match=rf"{kind.family}: .*2x3x1 and 2x3( |$)"):
        kind([A, SequenceShape(2, 3)])
    other = Shape(2, 5, 1)
    with pytest.raises(ValueError, match=f"{kind.family}: .*2x3x1 and 2x5x1"):
        kind([A, A, other])


def test_shapes():
    assert Concatenate([A, B, A]).output_shape == Shape(2, 3, 6)
    assert Concatenate([SequenceShape(5, 2), SequenceShape(5, 3)]).output_shape == SequenceShape(5, 5)
    assert Add([B, B]).output_shape == Multiply([B, B]).output_shape == B


INFINITY = float("inf")


@pytest.mark.parametrize(
    ("kind", "ranges", "expected"),
    [
        (Concatenate, (-1, 2), (-1, 2)),
        (Concatenate, [(-1, 2), (0, 5)], (-1, 5)),
        (Add, (-1, 2), (-2, 4)),
        (Add, [(-1, 2), (0, INFINITY)], (-1, INFINITY)),
        (Multiply, (-2, 3), (-6, 9)),
        (Multiply, [(-2, -1), (0, 5)], (-10, 0)),
        (Multiply, [(0, 1), (-INFINITY, INFINITY)], (-INFINITY, INFINITY)),
        (Multiply, [(0, 0), (-INFINITY, INFINITY)], (0, 0)),
    ],
)
def test_ranges(kind, ranges, expected):
    assert kind([A, A]).output_range(ranges) == expected
