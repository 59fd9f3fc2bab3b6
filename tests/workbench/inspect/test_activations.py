"""Activations that are changed during training: of layers, and of some neurons of a graph."""

import copy
import json

import numpy as np
import pytest

from networks.ladder import FAMILIES, network_from_configuration
from networks.sequential import Sequential
from nn.activations import ELU, Identity, LeakyReLU, ReLU, Sigmoid, Squash, Tanh
from nn.graph import Graph, Kind
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.graph_networks import RUNGS, assert_same, every_rung, histories, random_graph, run
from tests.support.rung_checks import every_dtype

pytestmark = pytest.mark.usefixtures("one_thread")

IMAGE = Shape(6, 4, 2)
BEFORE, AFTER = LeakyReLU(0.1), LeakyReLU(0.4)
LAYERS = {
    "dense": {"output_shape": Shape(2, 3, 3)},
    "local": {"input_block": 2, "window": 4, "output_block": 1, "channels": 3},
    "convolution": {"channels": 3, "kernel": 3},
}


def layer_of(family, rung, activation, dtype=np.float64):
    options = {"generator": np.random.default_rng(0), "dtype": dtype, "activation": activation}
    return FAMILIES[family].rungs[rung](IMAGE, **LAYERS[family], **options)


@every_rung
@every_dtype
@pytest.mark.parametrize("after", [AFTER, ReLU(), Tanh(), Squash(0.2)], ids=repr)
@pytest.mark.parametrize("family", LAYERS)
def test_a_layer_goes_on_as_one_made_with_the_activation(family, after, rung, dtype):
    layer, made = layer_of(family, rung, BEFORE, dtype), layer_of(family, rung, after, dtype)
    network = Sequential({"layer": layer})
    values, signals = checks.numbers(network, 5)
    before = checks.pass_through(network, values, signals)
    layer.activation = after
    found, expected = (checks.pass_through(each, values, signals) for each in (network, made))
    assert found["outputs"].std() > 0.1
    for name, array in expected.items():
        assert np.array_equal(found.get(name, found.get(f"layer.{name}")), array), name
        assert not np.array_equal(before.get(name, before.get(f"layer.{name}")), array), name
    assert network.to_configuration()["networks"]["layer"] == made.to_configuration()
    assert network.output_range() == after.range


def mixed():
    """Return a graph with four activations, each of some neurons, one of which is that of the inputs."""
    return random_graph(3, [BEFORE, Identity(), Sigmoid(), Tanh()])


def passes(network, entries=3):
    shapes = network.input_shape, network.output_shape
    return run(network, *(histories(shape, entries=entries, dtype=network.dtype) for shape in shapes))


def rewired(graph, after):
    """Return a graph that had the other activation from the beginning."""
    configuration = copy.deepcopy(graph.to_configuration())
    place = graph.activations.index(BEFORE)
    configuration["activations"][place] = after.to_configuration()
    return Graph.from_arrays(configuration, graph.arrays())


@every_rung
@every_dtype
@pytest.mark.parametrize("after", [AFTER, Sigmoid(), ELU()], ids=repr)
def test_a_graph_goes_on_as_one_made_with_the_activation(rung, dtype, after):
    """An activation that no neuron has yet, and one that others have."""
    graph = mixed()
    network, made = (RUNGS[rung](each, ticks=2, dtype=dtype) for each in (graph, rewired(graph, after)))
    unchanged = passes(network)
    network.parameters.zero_gradients()
    network.replace_activation(BEFORE, after)
    found = passes(network)
    assert not np.array_equal(found["values"], unchanged["values"])
    for name, array in passes(made).items():
        assert np.array_equal(found[name], array), name


@every_rung
def test_inputs_keep_the_identity(rung):
    graph = mixed()
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = graph.kinds == Kind.INPUT
    had = [neuron.index for neuron in graph.neurons() if neuron.activation == Identity()]
    assert len(had) > inputs.sum()
    network.replace_activation(Identity(), Sigmoid())
    values = passes(network)["values"]
    np.testing.assert_array_equal(
        values[:, inputs], histories(network.input_shape, entries=3).reshape(1, inputs.sum(), 3)
    )
    for index in had:
        expected = Identity() if inputs[index] else Sigmoid()
        assert network.neuron(index).activation == expected
        assert inputs[index] or ((values[:, index] > 0) & (values[:, index] < 1)).all()


@every_rung
def test_the_description_is_that_of_a_graph_made_so(rung):
    graph = mixed()
    network = RUNGS[rung](graph, ticks=2, dtype=np.float64)
    made = RUNGS[rung](rewired(graph, AFTER), ticks=2, dtype=np.float64)
    network.replace_activation(BEFORE, AFTER)
    configuration = json.loads(json.dumps(network.to_configuration()))
    assert configuration == made.to_configuration()
    for name, array in made.structure().items():
        assert np.array_equal(network.structure()[name], array), name
    twin = network_from_configuration(configuration, network.structure(), rung_name=rung, dtype=np.float64)
    twin.parameters.copy_from(network.parameters)
    assert_same(passes(twin), passes(network), 0)


def test_changing_it_again_and_again_leaves_nothing_behind():
    network = RUNGS["o2"](mixed())
    count, before = len(network.graph.activations), BEFORE
    for leakage in np.linspace(0.2, 0.9, 50).tolist():
        network.replace_activation(before, LeakyReLU(leakage))
        before = LeakyReLU(leakage)
    assert len(network.graph.activations) == count
    network.replace_activation(before, Tanh())
    assert len(network.graph.activations) == count - 1
    network.replace_activation(Tanh(), Tanh())
    assert len(network.graph.activations) == count - 1


@every_rung
def test_other_networks_of_the_graph_keep_theirs(rung):
    graph = mixed()
    network, other = (RUNGS[rung](graph, dtype=np.float64) for _ in range(2))
    configuration, expected = other.to_configuration(), passes(other)
    network.replace_activation(BEFORE, Tanh())
    other.parameters.zero_gradients()
    assert other.to_configuration() == configuration
    assert_same(passes(other), expected, 0)
    assert other.graph is graph
    with pytest.raises(ValueError, match=r"make a new network"):
        network.graph.add_input()


@every_rung
def test_clamped_neurons_stay_clamped_and_have_the_new_one_when_released(rung):
    graph = mixed()
    network, free = (RUNGS[rung](graph, dtype=np.float64) for _ in range(2))
    clamped = next(neuron.index for neuron in graph.neurons() if neuron.activation == BEFORE)
    for each in network, free:
        each.clamp({clamped: 0.5} if each is network else {})
        each.replace_activation(BEFORE, Sigmoid())
    assert (passes(network)["values"][:, clamped] == 0.5).all()
    network.clamp({})
    network.parameters.zero_gradients()
    assert_same(passes(network), passes(free), 0)


@every_rung
def test_what_cannot_be_replaced_is_refused_and_nothing_changes(rung):
    graph = mixed()
    network = RUNGS[rung](graph, dtype=np.float64)
    with pytest.raises(ValueError, match=r"no neuron has the activation LeakyReLU\(leakage=0\.3\); there"):
        network.replace_activation(LeakyReLU(0.3), Tanh())
    with pytest.raises(ValueError, match=r"graph: 'tanh' is not an activation: give one, such as Tanh\(\)"):
        network.replace_activation(BEFORE, "tanh")
    assert network.graph is graph


def test_only_a_finished_graph_is_shared():
    graph = Graph()
    graph.connect(graph.add_input(), graph.add_neuron(Tanh()), 1.0)
    with pytest.raises(ValueError, match="this graph can still be changed: make a network of it first"):
        graph.replacing(Tanh(), Sigmoid())


def test_inputs_alone_have_nothing_to_replace():
    graph = Graph()
    graph.connect(graph.add_input(), graph.add_neuron(Tanh()), 1.0)
    graph.set_output([graph.neuron(1)])
    with pytest.raises(ValueError, match=r"no neuron has the activation Identity\(\)"):
        RUNGS["plain"](graph).replace_activation(Identity(), Tanh())
