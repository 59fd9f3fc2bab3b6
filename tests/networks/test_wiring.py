"""The connections that every family reports, compared with what its neurons compute."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from networks.base.network import Network
from networks.base.nodes import Call, Input
from networks.base.wiring import FIXED, Connections, NeuronLayer, NoConnectionError, Wiring
from networks.dense import Dense
from networks.ladder import FAMILIES, rung
from networks.merge import Concatenate
from networks.model import Model
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from nn.activations import Identity, Sigmoid, Tanh
from nn.shape import SequenceShape, Shape, VideoShape

GATED = ("lstm", "lstm_cell", "gru", "gru_cell", "convolutional_lstm")
MERGING = ("add", "concatenate", "multiply")
SINGLE = sorted(FAMILIES.keys() - {*GATED, *MERGING, "graph"})
LINEAR = ("average_pooling", "bilinear_upsampling", "global_average_pooling", "nearest_upsampling")
DISTURBANCE = 0.37
SIGMOID, TANH, IDENTITY = Sigmoid(), Tanh(), Identity()


def example(family: str, kind: str = "plain") -> Network:
    generator = np.random.default_rng(5)
    network = FAMILIES[family].example(rung(family, kind), generator=generator, dtype=np.float64)
    values = network.parameters.values
    values[:] = generator.normal(size=values.size) / 2
    return network


def inputs_of(network: Network, seed: int = 1) -> np.ndarray:
    """Return values of one entry, all of them different; labels where these are read."""
    generator = np.random.default_rng(seed)
    if network.labels is not None:
        return generator.integers(0, network.labels, (*network.input_shape, 1)).astype(network.dtype)
    size = network.input_shape.size
    return ((generator.permutation(size) + 1) / size).reshape(*network.input_shape, 1) ** 1.3


def outputs(network: Network, values: np.ndarray) -> np.ndarray:
    return network.forward(values).ravel().copy()


def all_incoming(wiring: Wiring) -> list[Connections]:
    return [wiring.incoming(neuron) for neuron in range(wiring.targets)]


def pairs(found: Sequence[Connections], *, turned: bool = False) -> set[tuple[int, int, int]]:
    """Return source, target and place of connections, collected neuron by neuron."""
    return {
        (neuron, int(other), int(place)) if turned else (int(other), neuron, int(place))
        for neuron, each in enumerate(found)
        for other, place in zip(each.neurons, each.places, strict=True)
    }


def the_layer(family: str) -> tuple[Network, NeuronLayer]:
    network = example(family)
    (layer,) = network.wiring()
    return network, layer


@pytest.mark.parametrize("family", SINGLE)
def test_an_input_disturbs_just_the_neurons_that_it_is_connected_to(family):
    network, layer = the_layer(family)
    values = inputs_of(network)
    before = outputs(network, values)
    disturbed = set()
    for source in range(values.size):
        changed = values.copy()
        changed.ravel()[source] += 1 if network.labels else DISTURBANCE
        if network.labels:
            changed %= network.labels
        targets = set(np.flatnonzero(outputs(network, changed) != before).tolist())
        wired = set(layer.wiring.outgoing(source).neurons.tolist())
        assert targets <= wired if "max" in family else targets == wired
        disturbed |= targets
    assert disturbed


@pytest.mark.parametrize("family", [name for name in SINGLE if name != "embedding"])
def test_a_parameter_disturbs_just_the_neurons_it_leads_into(family):
    network, layer = the_layer(family)
    values, parameters = inputs_of(network), network.parameters.values
    before, into = outputs(network, values), all_incoming(layer.wiring)
    biases = layer.wiring.biases()
    for place in range(parameters.size):
        kept, parameters[place] = parameters[place], parameters[place] + DISTURBANCE
        targets = set(np.flatnonzero(outputs(network, values) != before).tolist())
        parameters[place] = kept
        wired = {n for n, each in enumerate(into) if place in each.places or place == biases[n]}
        assert targets == wired
    assert set(biases[biases != FIXED]) <= set(range(parameters.size))


def sums(network: Network, wirings: Sequence[tuple[Wiring, np.ndarray]]) -> np.ndarray:
    """Return the sums of neurons: weights times values of the other ends, and biases."""
    parameters = network.parameters.values
    first, _ = wirings[0]
    places = first.biases()
    total = np.where(places == FIXED, 0.0, parameters[places] if parameters.size else 0.0)
    for wiring, values in wirings:
        for neuron, each in enumerate(all_incoming(wiring)):
            total[neuron] += each.weights(parameters) @ values[each.neurons]
    return total


@pytest.mark.parametrize("family", ["dense", "local", "convolution", "transposed_convolution", *LINEAR])
def test_neurons_are_what_their_connections_sum_up_to(family):
    network, layer = the_layer(family)
    values = inputs_of(network)
    found = outputs(network, values)
    activation: Any = layer.activation() or IDENTITY
    np.testing.assert_allclose(
        activation(sums(network, [(layer.wiring, values.ravel())])), found, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(layer.values().ravel(), found)


@pytest.mark.parametrize("kind", ["plain", "o1", "o2"])
@pytest.mark.parametrize("family", GATED)
def test_gates_are_what_their_connections_sum_up_to(family, kind):
    network = example(family, kind)
    for name in network.parameters.names:
        if "peepholes" in name:
            network.parameters[name][...] = 0
    values = inputs_of(network)
    network.forward(values)
    layers = network.wiring()
    before = values.ravel()
    for gates, hidden in zip(layers[::2], layers[1::2], strict=True):
        own = hidden.values()[..., 0].ravel()
        assert gates.delayed is not None
        total = sums(network, [(gates.wiring, before), (gates.delayed, own)])
        np.testing.assert_allclose(gated(family, total), gates.values()[..., 0].ravel(), rtol=1e-5, atol=1e-6)
        before = own
    last = layers[-1]
    given = before if last.output_neurons is None else before[last.output_neurons]
    np.testing.assert_array_equal(given, network.values.ravel())


def gated(family: str, total: np.ndarray) -> np.ndarray:
    """Return the values of gates, given their sums."""
    if family == "convolutional_lstm":
        apart = total.reshape(-1, 4, 3)
        functions = SIGMOID, SIGMOID, TANH, SIGMOID
        return np.stack([f(apart[:, n]) for n, f in enumerate(functions)], axis=1).ravel()
    i, f, g, o = total.reshape(-1, 4).T
    if family.startswith("gru"):
        reset = SIGMOID(i)
        return np.stack([reset, SIGMOID(f), np.tanh(g + reset * o), o], axis=1).ravel()
    return np.stack([SIGMOID(i), SIGMOID(f), np.tanh(g), SIGMOID(o)], axis=1).ravel()


def test_layers_of_a_graph_are_what_their_connections_sum_up_to():
    generator = np.random.default_rng(2)
    from nn.graph import Graph

    graph = Graph()
    image = graph.input_layer(Shape(4, 4, 1))
    hidden = graph.local(image, 2, 3, 1, 2, activation=TANH, generator=generator)
    graph.set_output(graph.dense(hidden, Shape(1, 2, 2), activation=TANH, generator=generator))
    network = rung("graph", "plain")(graph, dtype=np.float64)
    network.forward(inputs_of(network))
    before = inputs_of(network).ravel()
    for layer in network.wiring():
        own = layer.values()[..., 0].ravel()
        np.testing.assert_allclose(TANH(sums(network, [(layer.wiring, before)])), own, rtol=1e-5)
        before = own


def every_wiring() -> list[tuple[str, Wiring, int]]:
    """Return the wirings of all families, each with the number of neurons before it."""
    found = []
    for family in FAMILIES:
        network = example(family)
        before = network.input_shape.size
        layers = network.wiring()
        for number, layer in enumerate(layers):
            if family in MERGING and number == len(layers) - 1:
                before = sum(each.shape.size for each in layers[:-1])
            found.append((f"{family} {layer.name}", layer.wiring, before))
            if layer.delayed is not None:
                found.append((f"{family} {layer.name} delayed", layer.delayed, layers[number + 1].shape.size))
            before = network.input_shape.size if family in MERGING else layer.shape.size
    return found


WIRINGS = every_wiring()
NAMES = [name for name, _, _ in WIRINGS]


@pytest.mark.parametrize(("name", "wiring", "sources"), WIRINGS, ids=NAMES)
def test_connections_are_the_same_from_both_ends(name, wiring, sources):
    into = all_incoming(wiring)
    out = [wiring.outgoing(source) for source in range(sources)]
    assert pairs(into) == pairs(out, turned=True)
    listed = sum(len(each.neurons) for each in into)
    skips = name == "graph 1"  # which has connections from more distant layers, and delayed ones
    assert wiring.count > listed if skips else wiring.count == listed
    assert all(each.neurons.dtype == np.int32 and len(each.places) == len(each.neurons) for each in into)


@pytest.mark.parametrize(("name", "wiring", "sources"), WIRINGS, ids=NAMES)
def test_rows_have_the_weights_into_each_neuron(name, wiring, sources):
    rows = wiring.rows()
    places = np.arange(10**6)[rows.places] if isinstance(rows.places, slice) else rows.places
    parts = np.split(places, rows.starts[1:]) if len(rows.starts) else []
    assert [len(part) for part in parts] == rows.sizes.tolist()
    assert len(rows.row_of) == wiring.targets
    for neuron, each in enumerate(all_incoming(wiring)):
        weights = set(each.places[each.places != FIXED].tolist())
        row = rows.row_of[neuron]
        assert weights <= set(parts[row].tolist() if row >= 0 else [])
    sources_found, targets = wiring.ends(np.arange(len(places)))
    for place, source, target in zip(places, sources_found, targets, strict=True):
        if source >= 0:
            assert wiring.weight(int(target), int(source)) == place


@pytest.mark.parametrize(("name", "wiring", "sources"), WIRINGS, ids=NAMES)
def test_a_connection_that_is_not_there_is_refused(name, wiring, sources):
    for target in range(0, wiring.targets, 7):
        wired = set(wiring.incoming(target).neurons.tolist())
        for source in set(range(sources)) - wired:
            with pytest.raises(NoConnectionError, match="there is no connection"):
                wiring.weight(target, source)
            break


@pytest.mark.parametrize("family", MERGING)
def test_what_merges_reads_every_input(family):
    network = example(family)
    assert isinstance(network, Model)
    layer = network.wiring()[-1]
    assert layer.sources == tuple(range(len(network.wiring()) - 1))
    values = [
        np.random.default_rng(n).normal(size=each.shape.size) + 2
        for n, each in enumerate(network.wiring()[:-1])
    ]
    merge = network.named[network.calls[-1].name]

    def merged(flat: np.ndarray) -> np.ndarray:
        parts = np.split(flat, len(values))
        shapes = [each.shape for each in network.wiring()[:-1]]
        return merge.forward([p.reshape(*s, 1) for p, s in zip(parts, shapes, strict=True)]).ravel().copy()  # type: ignore[arg-type]

    flat = np.concatenate(values)
    before = merged(flat)
    for source in range(flat.size):
        changed = flat.copy()
        changed[source] += DISTURBANCE
        targets = np.flatnonzero(merged(changed) != before)
        assert set(targets.tolist()) == set(layer.wiring.outgoing(source).neurons.tolist())


def stack(generator: np.random.Generator) -> Sequential:
    """Return networks of every kind of container, one after another."""
    step = Sequential(
        {"wide": dense(Shape(1, 1, 3), 5, generator), "code": dense(Shape(1, 1, 5), 2, generator)}
    )
    normalised = SpectralNormalisation(
        SequenceShape(4, 2), dense(SequenceShape(4, 2), 6, generator), generator=generator
    )
    return Sequential({"steps": TimeDistributed(SequenceShape(4, 3), network=step), "last": normalised})


def dense(shape: Any, units: int, generator: np.random.Generator) -> Dense:
    return Dense(shape, Shape(1, 1, units), activation=TANH, generator=generator, dtype=np.float64)


def test_layers_within_containers_have_their_parameters_in_the_whole():
    network = stack(np.random.default_rng(3))
    values = np.random.default_rng(4).normal(size=(4, 3, 2))
    network.forward(values)
    layers = network.wiring()
    assert [layer.name for layer in layers] == ["steps.wide", "steps.code", "last"]
    assert [tuple(layer.shape) for layer in layers] == [(4, 1, 5), (4, 1, 2), (1, 1, 6)]
    parameters, before = network.parameters.values, values[..., 1].ravel()
    for layer in layers[:2]:
        own = layer.values()[..., 1].ravel()
        for neuron in range(layer.shape.size):
            into = layer.wiring.incoming(neuron).shifted(layer.start)
            bias = parameters[layer.wiring.biases()[neuron] + layer.start]
            assert np.isclose(np.tanh(into.weights(parameters) @ before[into.neurons] + bias), own[neuron])
        before = own
    assert [layer.start for layer in layers] == [0, 20, 32]


def steps_of_branches(generator: np.random.Generator) -> TimeDistributed:
    """Return a network with two branches of different widths, applied to every step."""
    image = Input(Shape(1, 1, 3), generator=generator, dtype=np.float64)
    wide = Call(Dense.of(4, activation=TANH), image, name="wide")
    narrow = Call(Dense.of(2, activation=TANH), image, name="narrow")
    both = Call(Concatenate.of(), wide, narrow, name="both")
    model = Model(image, Call(Dense.of(5, activation=TANH), both, name="head"))
    return TimeDistributed(SequenceShape(4, 3), network=model)


def test_branches_of_every_step_are_connected_within_their_step():
    network = steps_of_branches(np.random.default_rng(3))
    values = np.random.default_rng(4).normal(size=(4, 3, 2))
    network.forward(values)
    wide, narrow, both, _ = network.wiring()
    assert both.sources == (0, 1)
    before = np.concatenate([each.values()[..., 1].ravel() for each in (wide, narrow)])
    read = [int(both.wiring.incoming(neuron).neurons[0]) for neuron in range(both.shape.size)]
    np.testing.assert_array_equal(before[read], both.values()[..., 1].ravel())
    into, out = all_incoming(both.wiring), [both.wiring.outgoing(n) for n in range(before.size)]
    assert pairs(into) == pairs(out, turned=True)


def test_networks_synchronise_what_changes_beside_parameters():
    network, twin = (stack(np.random.default_rng(3)) for _ in range(2))
    network.map_activations(lambda activation: SIGMOID)
    network.clamp("last", {2: 0.5})
    twin.synchronise_with(network)
    assert all(layer.activation() == SIGMOID for layer in twin.wiring())
    assert twin.clamped == network.clamped


def test_a_network_that_says_nothing_shows_its_neurons_alone():
    network = example("dense")
    (layer,) = Network.wiring(network)
    assert layer.wiring.count == 0
    assert not len(layer.wiring.incoming(0).neurons) and not len(layer.wiring.outgoing(0).neurons)


def test_steps_of_a_video_lie_below_one_another():
    network = example("convolutional_lstm")
    assert isinstance(network.input_shape, VideoShape)
    gates, hidden = network.wiring()
    assert tuple(gates.shape) == (3 * 4, 5, 12) and tuple(hidden.shape) == (3 * 4, 5, 3)
