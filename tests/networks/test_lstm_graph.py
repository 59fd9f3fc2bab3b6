"""An LSTM is sum and product neurons with delayed connections: every rung against that graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from nn.activations import Identity, Sigmoid, Tanh
from nn.graph import Graph
from nn.shape import SequenceShape
from tests.support import network_checks as checks
from tests.support.lstm_networks import FAMILY, PLAIN, lstm
from tests.support.rung_checks import every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

GATES = (Sigmoid(), Sigmoid(), Tanh(), Sigmoid())
"""Activations of the input gate, the forget gate, the candidate, and the output gate."""


class LSTMGraph:
    """Builds the graph of an LSTM in one direction; records which weight and bias corresponds to which."""

    def __init__(self, network):
        self.network = network
        self.graph = Graph()
        self.weights, self.biases = [], []
        below = [self.graph.add_input() for _ in range(network.input_shape.features)]
        for layer in range(network.layer_count):
            below = self.add_layer(f"layer_{layer}.forward.", below)
        self.graph.set_output(below)

    def add_layer(self, prefix, below):
        units = range(self.network.units)
        gates = [[self.add_gate(prefix, gate, unit) for unit in units] for gate in range(4)]
        cells = [self.add_cell(*(gates[gate][unit] for gate in range(3))) for unit in units]
        hidden = [self.add_hidden(gates[3][unit], cells[unit]) for unit in units]
        for gate in range(4):
            for unit in units:
                row, target = gate * len(units) + unit, gates[gate][unit]
                for column, source in enumerate(below):
                    self.connect(source, target, f"{prefix}input_weights", (row, column))
                for column, source in enumerate(hidden):
                    self.connect(source, target, f"{prefix}recurrent_weights", (row, column), delay=1)
                if self.network.peepholes and gate != 2:
                    place = min(gate, 2), unit
                    self.connect(cells[unit], target, f"{prefix}peepholes", place, delay=int(gate != 3))
        return hidden

    def add_gate(self, prefix, gate, unit):
        place = f"{prefix}biases", gate * self.network.units + unit
        self.biases.append(place)
        return self.graph.add_neuron(GATES[gate], bias=float(self.network.parameters[place[0]][place[1]]))

    def add_cell(self, input_gate, forget_gate, written):
        """cell = forget gate * cell a step ago + input gate * candidate."""
        cell = self.graph.add_neuron(Identity(), bias=None)
        kept, added = self.graph.add_product(), self.graph.add_product()
        self.graph.connect(forget_gate, kept, None)
        self.graph.connect(cell, kept, None, delay=1)
        self.graph.connect(input_gate, added, None)
        self.graph.connect(written, added, None)
        self.graph.connect(kept, cell, None)
        self.graph.connect(added, cell, None)
        return cell

    def add_hidden(self, output_gate, cell):
        """hidden = output gate * tanh(cell)."""
        squashed = self.graph.add_neuron(Tanh(), bias=None)
        self.graph.connect(cell, squashed, None)
        hidden = self.graph.add_product()
        self.graph.connect(output_gate, hidden, None)
        self.graph.connect(squashed, hidden, None)
        return hidden

    def connect(self, source, target, name, place, delay=0):
        self.weights.append((name, place))
        self.graph.connect(source, target, float(self.network.parameters[name][place]), delay=delay)

    def gradients(self, graph_network):
        """Gradients of the graph in the arrays of the LSTM."""
        parameters = graph_network.parameters
        arrays = {name: np.zeros(shape) for name, shape in self.network.parameters.shapes.items()}
        for kind, places in (("weights", self.weights), ("biases", self.biases)):
            for (name, place), gradient in zip(places, parameters.gradient(kind), strict=True):
                arrays[name][place] += gradient
        return arrays


def graph_pass(network, graph_rung, values, signals):
    """Run the graph on a sequence: the results of `network_checks.pass_through` for the network."""
    wiring = LSTMGraph(network)
    graph = FAMILIES["graph"].rungs[graph_rung](wiring.graph, dtype=network.dtype)
    outputs = graph.forward(values[:, None, None])[:, 0, 0]
    input_signals = graph.backward(signals[:, None, None])[:, 0, 0]
    return {"outputs": outputs, "input signals": input_signals, **wiring.gradients(graph)}


@every_rung
@pytest.mark.parametrize("layers", [1, 2])
@given(
    shape=st.builds(SequenceShape, st.integers(1, 4), st.integers(1, 3)),
    units=st.integers(1, 3),
    peepholes=st.booleans(),
    histories=st.integers(1, 5),
)
def test_the_graph_gives_the_same(rung, layers, shape, units, peepholes, histories):
    network = lstm(FAMILY.rungs[rung], shape, units=units, layers=layers, peepholes=peepholes)
    values, signals = checks.numbers(network, histories)
    found = checks.pass_through(network, values, signals)
    for graph_rung in ("o1", "o2"):
        expected = graph_pass(network, graph_rung, values, signals)
        checks.assert_close(found, expected, FAMILY.tolerance["float64"])


def test_the_plain_graph_gives_the_same():
    network = lstm(PLAIN, SequenceShape(3, 2), units=2, peepholes=True)
    values, signals = checks.numbers(network, 3)
    found = checks.pass_through(network, values, signals)
    checks.assert_close(found, graph_pass(network, "plain", values, signals), FAMILY.tolerance["float64"])


@every_rung
def test_the_backward_direction_reads_from_the_end(rung):
    shape, settings = SequenceShape(4, 3), {"units": 5, "peepholes": True}
    one, both = (lstm(FAMILY.rungs[rung], shape, bidirectional=b, **settings) for b in (False, True))
    for name in one.parameters.names:
        one.parameters[name][:] = both.parameters[name.replace("forward", "backward")]
    values, signals = checks.numbers(both, 3)
    signals[:, :5] = 0
    found = checks.pass_through(both, values, signals)
    expected = checks.pass_through(one, values[::-1], signals[::-1, 5:])
    turned = {"outputs": found["outputs"][::-1, 5:], "input signals": found["input signals"][::-1]}
    turned |= {name: found[name.replace("forward", "backward")] for name in one.parameters.names}
    checks.assert_close(turned, expected, FAMILY.tolerance["float64"])
