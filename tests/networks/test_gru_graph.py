"""A GRU is sum and product neurons with delayed connections: every rung against that graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from nn.activations import Identity, Sigmoid, Tanh
from nn.graph import Graph
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support.gru_networks import FAMILY, PLAIN, gru
from tests.support.rung_checks import every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

TRACK = "layer_0.forward."


class GRUGraph:
    """Builds the graph of a GRU of one layer; records which weight and bias corresponds to which."""

    def __init__(self, network):
        self.network = network
        self.graph = Graph()
        self.weights, self.biases = [], []
        inputs = [self.graph.add_input() for _ in range(network.directed_layers[0].inputs)]
        resets, updates, offers, candidates = ([] for _ in range(4))
        for unit in range(network.units):
            resets.append(self.add_sum(Sigmoid(), "biases", unit))
            updates.append(self.add_sum(Sigmoid(), "biases", network.units + unit))
            offers.append(self.add_sum(Identity(), "recurrent_biases", unit))
            candidates.append(self.add_sum(Tanh(), "biases", 2 * network.units + unit))
            self.graph.connect(self.product(resets[-1], offers[-1]), candidates[-1], None)
        hidden = [self.add_hidden(*gates) for gates in zip(updates, candidates, strict=True)]
        self.connect_all(inputs, [*resets, *updates, *candidates], "input_weights", delay=0)
        self.connect_all(hidden, [*resets, *updates, *offers], "recurrent_weights", delay=1)
        self.graph.set_output(hidden)

    def add_sum(self, activation, name, index):
        self.biases.append((TRACK + name, index))
        bias = float(self.network.parameters[TRACK + name][index])
        return self.graph.add_neuron(activation, bias=bias)

    def product(self, *factors, delays=(0, 0)):
        neuron = self.graph.add_product()
        for factor, delay in zip(factors, delays, strict=True):
            self.graph.connect(factor, neuron, None, delay=delay)
        return neuron

    def add_hidden(self, update, candidate):
        """hidden = candidate + update * (hidden a step ago - candidate)."""
        hidden = self.graph.add_neuron(Identity(), bias=None)
        negative = self.graph.add_product()
        for factor in (candidate, update, self.minus_one()):
            self.graph.connect(factor, negative, None)
        for term in (candidate, negative, self.product(update, hidden, delays=(0, 1))):
            self.graph.connect(term, hidden, None)
        return hidden

    def minus_one(self):
        """A neuron that is always -1; its bias does not correspond to a parameter."""
        self.biases.append(None)
        return self.graph.add_neuron(Identity(), bias=-1.0)

    def connect_all(self, sources, targets, name, delay):
        for row, target in enumerate(targets):
            for column, source in enumerate(sources):
                self.weights.append((TRACK + name, (row, column)))
                weight = float(self.network.parameters[TRACK + name][row, column])
                self.graph.connect(source, target, weight, delay=delay)

    def gradients(self, graph_network):
        """Gradients of the graph in the arrays of the GRU."""
        parameters = graph_network.parameters
        arrays = {name: np.zeros(shape) for name, shape in self.network.parameters.shapes.items()}
        for kind, places in (("weights", self.weights), ("biases", self.biases)):
            for place, gradient in zip(places, parameters.gradient(kind), strict=True):
                if place is not None:
                    arrays[place[0]][place[1]] += gradient
        return arrays


def check_same(network, graph_rung, histories):
    values, signals = checks.numbers(network, histories)
    wiring = GRUGraph(network)
    graph = FAMILIES["graph"].rungs[graph_rung](wiring.graph, dtype=network.dtype)
    outputs = graph.forward(as_steps(values)).reshape(signals.shape).copy()
    input_signals = graph.backward(as_steps(signals)).reshape(values.shape)
    expected = {"outputs": outputs, "input signals": input_signals, **wiring.gradients(graph)}
    checks.assert_close(checks.pass_through(network, values, signals), expected, FAMILY.tolerance["float64"])


def as_steps(values):
    """Values (steps, features, N), or (1, 1, features, N) of a cell, as the graph takes them."""
    return values.reshape(len(values), 1, 1, *values.shape[-2:])


@every_rung
@given(
    shape=st.builds(SequenceShape, st.integers(1, 4), st.integers(1, 3)),
    units=st.integers(1, 3),
    histories=st.integers(1, 5),
)
def test_the_graph_gives_the_same(rung, shape, units, histories):
    network = gru(FAMILY.rungs[rung], shape, units=units)
    for graph_rung in ("o1", "o2"):
        check_same(network, graph_rung, histories)


def test_the_plain_graph_gives_the_same():
    check_same(gru(PLAIN, SequenceShape(3, 2), units=2), "plain", 3)


@every_rung
@given(inputs=st.integers(1, 4), units=st.integers(1, 3), histories=st.integers(1, 5))
def test_the_graph_gives_the_same_as_a_cell(rung, inputs, units, histories):
    cell = gru(FAMILIES["gru_cell"].rungs[rung], Shape(1, 1, inputs), units=units)
    for graph_rung in ("o1", "o2"):
        check_same(cell, graph_rung, histories)
