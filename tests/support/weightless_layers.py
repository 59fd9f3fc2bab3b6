"""Layers without parameters: builders, shapes and comparisons that their tests share."""

import numpy as np
import pytest
from hypothesis import strategies as st

from networks.base.network import Network
from networks.ladder import FAMILIES
from nn.shape import SequenceShape, Shape, VideoShape
from tests.support import network_checks as checks

images = st.builds(Shape, st.integers(1, 7), st.integers(1, 7), st.integers(1, 3))
any_shapes = st.one_of(
    st.builds(SequenceShape, st.integers(1, 6), st.integers(1, 6)),
    st.builds(Shape, st.integers(1, 4), st.integers(1, 4), st.integers(1, 6)),
    st.builds(VideoShape, *[st.integers(1, 3)] * 4),
)
histories = st.integers(1, 40)

every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


def every_rung(*names, faster=False):
    """Parametrise over the rungs of some families, all or those above the plain one."""
    rungs = [(name, rung) for name in names for rung in FAMILIES[name].rungs if rung != "plain" or not faster]
    return pytest.mark.parametrize(("name", "rung"), rungs)


def layer(name, rung, shape, dtype="float64", **options):
    """Build a layer, or a merge of several shapes."""
    return FAMILIES[name].rungs[rung](shape, **options, dtype=dtype)


def assert_close(found, expected, tolerance):
    """Compare arrays by name, relative to the largest number in each, but no closer than to a tenth.

    Values and signals are of size one, and so are the terms of a sum: where they cancel, float32 leaves
    the result no more exact than its terms.
    """
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].shape == array.shape, name
        error, largest = np.abs(found[name] - array).max(), max(0.1, np.abs(array).max())
        assert error <= tolerance * largest, f"{name}: off by {error:.1e} of {largest:.1e}"


def check_same_as_plain(network: Network, plain: Network, histories: int, dtype: str) -> None:
    """Compare values and signals of a rung with the plain one's."""
    values, signals = checks.numbers(plain, histories)
    expected, found = (checks.pass_through(each, values, signals) for each in (plain, network))
    assert_close(found, expected, FAMILIES[network.family].tolerance[dtype])
    assert np.array_equal(network.values, found["outputs"])
    assert np.array_equal(network.signals, signals)


def check_same_as_torch(network: Network, function, histories: int, dtype: str) -> None:
    """Compare values and signals with a function of torch, which takes (N, channels, height, width)."""
    torch = pytest.importorskip("torch")
    values, signals = checks.numbers(network, histories)
    inputs = torch.tensor(values.transpose(3, 2, 0, 1).copy(), requires_grad=True)
    outputs = function(torch, inputs)
    outputs.backward(torch.tensor(signals.transpose(3, 2, 0, 1).copy()))
    expected = {
        "outputs": outputs.detach().numpy().transpose(2, 3, 1, 0),
        "input signals": inputs.grad.numpy().transpose(2, 3, 1, 0),
    }
    found = checks.pass_through(network, values, signals)
    assert_close(found, expected, FAMILIES[network.family].tolerance[dtype])


class OneInput(Network):
    """A merge that takes its inputs in one array, one after the other, so that any check can be run."""

    def __init__(self, merge):
        self.merge = merge
        self.family = merge.family
        self.parameters = merge.parameters
        self.input_shape = Shape(1, 1, sum(shape.size for shape in merge.input_shapes))
        self.output_shape = merge.output_shape

    def split(self, values):
        """Return the values of every input."""
        ends = np.cumsum([shape.size for shape in self.merge.input_shapes])[:-1]
        parts = np.split(values[0, 0], ends)
        return [part.reshape(*s, -1) for part, s in zip(parts, self.merge.input_shapes, strict=True)]

    def forward(self, values, training=False):
        return self.merge.forward(self.split(values), training)

    def backward(self, signals, learning_rate=None):
        parts = [part.reshape(-1, part.shape[-1]) for part in self.merge.backward(signals, learning_rate)]
        return np.concatenate(parts)[None, None]

    @property
    def values(self):
        return self.merge.values

    @property
    def signals(self):
        return self.merge.signals

    @property
    def connections(self):
        return self.merge.connections

    def to_configuration(self):
        return self.merge.to_configuration()
