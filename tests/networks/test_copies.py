"""Copies of networks that were used: they continue to the same bits as the original, and share nothing."""

import pickle
from copy import deepcopy

import numpy as np
import pytest

from networks import GRU, LSTM, ConvolutionalLSTM, Dense, Dropout, Flatten
from networks.base.nodes import Call, Input
from networks.ladder import FAMILIES, RUNGS
from networks.model import Model
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from nn.bfloat16_arrays import widened
from nn.history import CACHE_LINE
from nn.optimizers import Adam
from nn.shape import SequenceShape, Shape, VideoShape
from tests.support import network_checks as checks
from tests.support.copying import WAYS, arrays_in, assert_apart, pickled

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = [(rung, dtype, "float32") for rung in RUNGS for dtype in ("float32", "float64")]
KINDS.append(("o2", "float32", "bfloat16"))

every_family = pytest.mark.parametrize("family", FAMILIES)
every_kind = pytest.mark.parametrize(("rung", "dtype", "storage"), KINDS)
every_way = pytest.mark.parametrize("way", WAYS)


def within(family, rung="o2", dtype="float32"):
    """Put the example between dense layers, in a network within a network, with a neuron of each clamped.

    It is used for two inputs.
    """
    network, dense = checks.example_of(family, rung, dtype), FAMILIES["dense"].rungs[rung]
    options = {"generator": np.random.default_rng(1), "dtype": dtype}
    below = {} if network.labels else {"below": dense(network.input_shape, network.input_shape, **options)}
    above = dense(network.output_shape, Shape(1, 1, 3), **options)
    inner = Sequential({**below, "example": network, "above": above})
    outer = Sequential({"inner": inner, "top": dense(Shape(1, 1, 3), Shape(1, 1, 2), **options)})
    for each in (inner, outer):
        for name in each.named:
            each.clamp(name, {0: 0.25})
    inputs = {"one": Input(outer.input_shape), "other": Input(outer.input_shape)}
    return Model(inputs, {name: Call(outer, wire, name="tower") for name, wire in inputs.items()})


def by_name(thing, name=""):
    """Return copies of the arrays in any structure, by name, bfloat16 as float32."""
    if not isinstance(thing, dict | list | tuple):
        return {name: np.array(widened(thing))}
    parts = thing.items() if isinstance(thing, dict) else enumerate(thing)
    return {key: array for inner, part in parts for key, array in by_name(part, f"{name}.{inner}").items()}


def numbers(network, histories, seed):
    """Draw inputs and signals, by name where there are several."""
    if not isinstance(network, Model) or len(network.input_shapes) == 1:
        return checks.numbers(network, histories, seed)
    tower = network.named["tower"]
    drawn = [checks.numbers(tower, histories, seed + number) for number in range(len(network.input_shapes))]
    return tuple(dict(zip(network.input_shapes, arrays, strict=True)) for arrays in zip(*drawn, strict=True))


def look(network):
    """Return values, signals and states of a network."""
    shown = {"values": network.values, "signals": network.signals, "returned": network.returned}
    return by_name(shown | {"state": network.state(), "parameters": network.parameters.values})


def go_back(network, optimizer, signals):
    """Run backward and step; return all results."""
    sent = by_name(network.backward(signals), "input signals")
    gradients = {"gradients": network.parameters.gradients.copy()}
    if network.parameters.size:
        optimizer.step(network.parameters)
    return sent | gradients | look(network)


def entries(values):
    """Return histories (..., N) as users have them, (N, ...)."""
    if isinstance(values, dict):
        return {name: np.moveaxis(array, -1, 0) for name, array in values.items()}
    return np.moveaxis(values, -1, 0)


def learn(network, optimizer, seed, histories=5):
    values, signals = numbers(network, histories, seed)
    outputs = by_name(network.forward(values, training=True), "outputs")
    return outputs | go_back(network, optimizer, signals)


def assert_same_bits(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape, name
        assert found[name].tobytes() == array.tobytes(), name


def copies(network, optimizer):
    """Copy both in every way, and check that the copies are equal and share nothing with the original."""
    made = [(way(network), way(optimizer)) for way in WAYS.values()]
    for other, _ in made:
        assert_apart(network, other)
        assert_same_bits(look(other), look(network))
    return made


def check_copies(network):
    """Use a network, copy it after a step and before a backward, and let all continue in turns."""
    optimizer = Adam(0.01)
    values, signals = numbers(network, 6, seed=1)
    network.predict(entries(values))
    learn(network, optimizer, seed=2)
    made = copies(network, optimizer)
    found = [learn(*pair, seed=3) for pair in made]
    expected = learn(network, optimizer, seed=3)
    for results in found:
        assert_same_bits(results, expected)
    network.forward(values, training=True)
    found = [go_back(*pair, signals) for pair in copies(network, optimizer)]
    expected = go_back(network, optimizer, signals)
    for results in found:
        assert_same_bits(results, expected)


@every_family
@every_kind
def test_a_copy_of_a_used_network_trains_to_the_same_bits(family, rung, dtype, storage):
    network = within(family, rung, dtype)
    network.store_as(storage)
    check_copies(network)


@every_family
def test_a_copy_of_a_network_alone_trains_to_the_same_bits(family):
    check_copies(checks.example_of(family))


@pytest.mark.parametrize("family", ["convolution", "dense", "graph", "local"])
def test_a_copy_of_a_network_for_every_step_trains_to_the_same_bits(family):
    network = checks.example_of(family)
    check_copies(TimeDistributed(VideoShape(2, *network.input_shape), network=network))


@pytest.mark.parametrize("family", ["convolution", "dense", "graph", "local"])
def test_a_copy_of_a_network_with_normalised_weights_trains_to_the_same_bits(family):
    network = checks.example_of(family)
    generator = np.random.default_rng(2)
    check_copies(SpectralNormalisation(network.input_shape, network, generator=generator))


SEQUENCE = SequenceShape(4, 3)
STATEFUL = {
    "lstm": (LSTM, SEQUENCE, {"units": 5}),
    "gru": (GRU, SEQUENCE, {"units": 5, "whole_sequence": False}),
    "convolutional_lstm": (ConvolutionalLSTM, VideoShape(3, 4, 5, 2), {"channels": 3, "kernel": 3}),
}


@pytest.mark.parametrize("kind", STATEFUL)
def test_a_copy_goes_on_in_the_middle_of_masked_sequences(kind):
    make, shape, options = STATEFUL[kind]
    network = make(shape, stateful=True, generator=np.random.default_rng(0), **options)
    network.step_mask = np.arange(shape.steps)[:, None] < np.array([1, 2, 3, 3, 0])
    optimizer = Adam(0.01)
    learn(network, optimizer, seed=2)
    made = copies(network, optimizer)
    for seed in (3, 4):
        found = [learn(*pair, seed) for pair in made]
        expected = learn(network, optimizer, seed)
        for results in found:
            assert_same_bits(results, expected)


@every_way
def test_what_is_copied_together_belongs_together(way):
    generator, shape = np.random.default_rng(0), Shape(1, 1, 4)
    network = Sequential(
        [
            *(Dropout(shape, rate=0.5, generator=generator) for _ in range(2)),
            Dense(shape, shape, generator=generator),
        ]
    )
    learn(network, Adam(), seed=0)
    other, its_generator = (WAYS["deepcopy"] if way == "copy" else WAYS[way])((network, generator))
    drawn = set(map(id, other.generators.values()))
    assert drawn == {id(its_generator)} and its_generator is not generator
    assert its_generator.random() == generator.random()


@every_way
def test_a_part_may_be_copied_into_another_network(way):
    network = within("dense")
    network.parameters.freeze("tower.inner.below")
    optimizer = Adam(0.01)
    learn(network, optimizer, seed=2)
    tower = network.named["tower"]
    part = WAYS[way](tower.named["inner"])
    assert part.parameters.values.tobytes() == tower.named["inner"].parameters.values.tobytes()
    assert part.parameters.frozen == ["below.weights", "below.biases"]
    top = Dense(part.output_shape, Shape(1, 1, 2), generator=np.random.default_rng(3))
    whole = Sequential({"part": part, "top": top})
    before = look(network)
    learn(whole, Adam(0.01), seed=3)
    assert_same_bits(look(network), before)
    assert np.shares_memory(part.named["above"].parameters["weights"], whole.parameters.values)


@every_way
def test_a_copy_is_as_fast_as_the_original(way):
    network = Sequential(
        [
            Dense(Shape(1, 1, 40), Shape(1, 1, 70), generator=np.random.default_rng(0)),
            Flatten(Shape(1, 1, 70)),
        ]
    )
    learn(network, Adam(), seed=0, histories=16)
    other = WAYS[way](network)
    arrays = [array for array in arrays_in(other) if array.dtype == np.float32 and array.size >= 16]
    assert len(arrays) > 5
    for array in arrays:
        assert array.flags.writeable and array.ctypes.data % CACHE_LINE == 0


def test_a_pickle_holds_every_parameter_once():
    shape = Shape(1, 1, 300)
    layers = {name: Dense(shape, shape, generator=np.random.default_rng(0)) for name in "abc"}
    network = Sequential({"inner": Sequential({"innermost": Sequential(layers)})})
    assert len(pickle.dumps(network)) < 1.1 * network.parameters.values.nbytes


def test_a_network_that_was_used_may_be_used_twice_in_a_model():
    network, image = checks.example_of("graph"), Input(Shape(4, 4, 1))
    learn(network, Adam(), seed=0)
    model = Model(image, {"first": Call(network, image), "second": Call(network, image)})
    outputs = model.forward(numbers(network, 5, seed=1)[0])
    assert_same_bits(by_name(outputs["second"]), by_name(outputs["first"]))
    assert np.ptp(outputs["first"]) > 0


def test_handles_of_a_copied_graph_are_its_own():
    network = checks.example_of("graph")
    learn(network, Adam(), seed=0)
    other = deepcopy(network)
    other.neuron(20).incoming[0].weight.value = 3.0
    assert network.neuron(20).incoming[0].weight.value != 3.0
    wiring = network.graph.copy()
    twin = pickled(wiring)
    twin.add_input()
    for each in (wiring, network.graph):
        assert each.neuron_count + 1 == twin.neuron_count


@pytest.mark.parametrize("rung", RUNGS)
def test_neurons_clamped_in_a_graph_are_clamped_in_its_copies(rung):
    network = checks.example_of("graph", rung)
    network.clamp({18: 0.5, 25: -1.0})
    learn(network, Adam(), seed=0)
    for other in (way(network) for way in WAYS.values()):
        assert_same_bits(learn(other, Adam(), seed=1), learn(deepcopy(network), Adam(), seed=1))
        other.clamp({})
        assert network.clamped == {18: 0.5, 25: -1.0}
