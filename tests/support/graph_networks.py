"""What the tests of graph networks share: graphs of all kinds, and all results of a pass."""

import numpy as np
import pytest
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from nn.activations import ELU, HardSigmoid, Identity, LeakyReLU, ReLU, Sigmoid, Softplus, Squash, Tanh
from nn.graph import Graph
from nn.shape import Shape

RUNGS = FAMILIES["graph"].rungs
ACTIVATIONS = [
    Identity(),
    LeakyReLU(0.1),
    ReLU(),
    ELU(),
    Softplus(),
    Tanh(),
    Sigmoid(),
    Squash(0.2),
    HardSigmoid(),
]
SMOOTH = [Identity(), Softplus(), Tanh(), Sigmoid()]

every_rung = pytest.mark.parametrize("rung", RUNGS)
seeds = st.integers(0, 2**32 - 1)


def random_graph(seed, activations=ACTIVATIONS, neurons=14, delays=True):
    """Sums and products in any order, skips, shared and fixed weights, shared biases, perhaps delays."""
    generator = np.random.default_rng(seed)
    graph = Graph()
    made = [graph.add_input(), graph.add_input()]
    for _ in range(neurons):
        activation = activations[generator.integers(len(activations))]
        biased = [neuron for neuron in made if neuron.bias is not None]
        choice = generator.random()
        if choice < 0.1:
            made.append(graph.add_input())
        elif choice < 0.3:
            made.append(graph.add_product(activation))
        elif choice < 0.4 and biased:
            made.append(graph.add_neuron(activation, bias_of=biased[generator.integers(len(biased))]))
        else:
            bias = None if choice < 0.5 else generator.normal(0, 0.5)
            made.append(graph.add_neuron(activation, bias=bias))
    for _ in range(4 * neurons):
        source, target = sorted(generator.integers(len(made), size=2))
        delay = int(generator.integers(1, 4)) if source == target or generator.random() < 0.3 else 0
        if delay and not delays:
            continue
        if delay and generator.random() < 0.5:
            source, target = target, source
        weights = [generator.normal(0, 0.5), None]
        if len(graph.weights):
            weights.append(graph.weight(int(generator.integers(len(graph.weights)))))
        weight = weights[generator.integers(len(weights))]
        if made[target].kind:
            graph.connect(made[source], made[target], weight, delay=delay)
    graph.set_output([made[index] for index in generator.permutation(len(made))[:3]])
    return graph


def layered_graph(seed=0):
    """Shared and own weights between images, large enough for a second thread."""
    generator = np.random.default_rng(seed)
    graph = Graph()
    image = graph.input_layer(Shape(16, 16, 3))
    local = graph.local(image, 2, 4, 1, 6, activation=Tanh(), generator=generator)
    shared = graph.convolution(local, 1, 3, 1, 8, activation=ELU(), generator=generator)
    sparse = graph.random([image, shared], Shape(8, 8, 4), connections_per_neuron=30, generator=generator)
    graph.dense(sparse, target=local, delay=1, generator=generator)
    graph.set_output(graph.dense(sparse, Shape(1, 1, 30), activation=Sigmoid(), generator=generator))
    return graph


def graph_for(rung):
    """The plain rung takes too long for layers."""
    return random_graph(2) if rung == "plain" else layered_graph()


def histories(shape, *leading, entries, seed=1, dtype=np.float64):
    generator = np.random.default_rng(seed)
    return generator.standard_normal((*leading, *shape, entries)).astype(dtype)


def run(network, inputs, signals, learning_rate=None):
    """All results of a forward and a backward."""
    outputs = network.forward(inputs).copy()
    input_signals = network.backward(signals, learning_rate).copy()
    parameters = network.parameters
    found = {"outputs": outputs, "input signals": input_signals, "values": network.values}
    found |= {"signals": network.signals, "gradients": parameters.gradients, "parameters": parameters.values}
    return {name: array.copy() for name, array in found.items()}


def assert_same(found, expected, tolerance):
    for name, array in expected.items():
        scale = max(1, np.abs(array).max())
        np.testing.assert_allclose(found[name], array, rtol=tolerance, atol=tolerance * scale, err_msg=name)
