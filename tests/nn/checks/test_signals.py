"""The gradient checker on the values of neurons inside a network, which it reaches by nudging them."""

import numpy as np
import pytest

from networks.graph import GraphNetwork
from nn.activations import Tanh
from nn.checks.gradients import check_gradients
from nn.graph import Graph
from nn.initializers import BiasInitializer
from nn.named_shapes import entry_name
from nn.parameters import Parameters
from nn.shape import Shape

pytestmark = pytest.mark.usefixtures("one_thread")


class Chain:
    """x -> a = 2 x + nudge -> b = a³ + nudge: a network of two neurons that can be nudged inside."""

    def __init__(self, wrong=None):
        self.parameters = Parameters({"gain": (1,)}, np.float64)
        self.parameters["gain"][:] = 2
        self.nudges = None
        self.propagates = True
        self.labels = None
        self.layers = [self]
        self.generators = {}
        self.wrong = wrong

    def state(self):
        return {}

    def load_state(self, state):
        assert not state

    def forward(self, values, training=False):
        self._inputs = values
        nudges = np.zeros((2, values.size)) if self.nudges is None else self.nudges
        first = self.parameters["gain"] * values.ravel() + nudges[0]
        self.values = np.stack([first, first**3 + nudges[1]])
        return self.values[1].reshape(values.shape)

    def backward(self, signals, learning_rate=None):
        last = signals.ravel()
        first = last * 3 * self.values[0] ** 2
        self.signals = np.stack([first, last])
        if self.wrong is not None:
            self.signals.flat[self.wrong] += 1e-2
        self.parameters.gradient("gain")[...] += (first * self._inputs.ravel()).sum()
        return (self.parameters["gain"] * first).reshape(signals.shape)


@pytest.mark.parametrize("wrong", [None, *range(8)])
def test_signals_inside_a_network_are_checked_through_nudges(wrong):
    chain = Chain(wrong)
    report = check_gradients(chain, np.array([[[[0.3, -0.5, 0.8, 1.1]]]]))
    assert [each.worst for each in report.wrong] == (
        [] if wrong is None else [entry_name("signals", (2, 4), wrong)]
    )
    assert chain.nudges is None


def recurrent_graph():
    """Return a layer with delayed connections to itself, gated by products."""
    generator = np.random.default_rng(0)
    options = {"generator": generator, "activation": Tanh()}
    graph = Graph()
    image = graph.input_layer(Shape(1, 2, 2))
    hidden = graph.dense(image, Shape(1, 1, 3), bias=BiasInitializer(spread=0.5), **options)
    graph.dense(hidden, target=hidden, delay=1, generator=generator)
    gates = [graph.add_product() for _ in range(2)]
    for number, gate in enumerate(gates):
        graph.connect(graph.neuron(hidden.first + number), gate, 0.7)
        graph.connect(graph.neuron(hidden.first + number + 1), gate, -1.2, delay=1 - number)
    graph.set_output(gates)
    return graph


@pytest.mark.parametrize("shape", [(1, 2, 2, 3), (4, 1, 2, 2, 3)])
def test_every_neuron_of_a_graph_is_checked_at_every_step(shape):
    network = GraphNetwork(recurrent_graph(), ticks=3, dtype=np.float64)
    report = check_gradients(network, np.random.default_rng(1).normal(size=shape))
    report.raise_if_wrong()
    steps = 3 if len(shape) == 4 else 4
    checked = {each.kind: each.checked for each in report.comparisons}
    assert checked["signals"] == steps * 9 * 3
    assert checked["weights"] == 12 + 9 + 4
