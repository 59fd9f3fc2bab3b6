"""Places of biases and weights, checked by changing them and comparing values."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoencoder.layer_views import layer_views
from autoencoder.model import AutoEncoder
from autoencoder.session import HALVES
from networks import Add, Concatenate, Dense, Model
from networks.base.nodes import Call, Input
from networks.graph import GraphNetwork
from networks.local import Local
from nn.entries import to_history
from nn.shape import Shape
from tests.support.live_models import ARCHITECTURES, make_model
from workbench.errors import AddressError
from workbench.inspect.anatomy import Anatomy

NAMES = [*ARCHITECTURES, "unmixed"]
MODELS = {name: make_model(name) for name in NAMES}
ANATOMIES = {name: Anatomy(model.network, HALVES) for name, model in MODELS.items()}


def layer_values(model: AutoEncoder, image: np.ndarray) -> list[np.ndarray]:
    """Return the flat values of every layer for one image."""
    model.network.forward(to_history(image[None]))
    values = [image.ravel()]
    for network in model.network.layers:
        if isinstance(network, GraphNetwork):
            values += [network.layer_values(layer)[-1, ..., 0].ravel() for layer in network.graph.layers[1:]]
        else:
            values.append(network.values[..., 0].ravel())
    return [each.copy() for each in values]


def linear(name: str) -> AutoEncoder:
    """Return a model in which every change of a weight changes its target: linear, far from zero."""
    model = (
        make_model(name, leakage=1.0, output_activation="identity") if name != "unmixed" else make_model(name)
    )
    parameters = model.network.parameters
    parameters.values[:] = np.random.default_rng(8).uniform(0.5, 1, parameters.size)
    return model


def neurons(anatomy: Anatomy, data: Any, layer: int) -> int:
    return data.draw(st.integers(0, anatomy.layers[layer].shape.size - 1))


@pytest.mark.parametrize("name", NAMES)
def test_layers_are_those_that_are_listed_elsewhere(name: str):
    anatomy = ANATOMIES[name]
    if name == "unmixed":
        assert [part.name for part in anatomy.layers[1:]] == [
            "encoder 0",
            "encoder 1",
            "decoder 0",
            "decoder 1",
        ]
        assert anatomy.code == 2
        return
    views = list(layer_views(MODELS[name]))
    found = [(part.name, part.kind, part.shape) for part in anatomy.layers[1:]]
    assert found == [(view.name, view.family, view.output_shape) for view in views]
    assert [anatomy.connections(n + 1) for n in range(len(views))] == [view.weights.size for view in views]
    assert anatomy.connections(0) == 0
    assert anatomy.layers[anatomy.code].shape == MODELS[name].code_shape


@pytest.mark.parametrize("name", NAMES)
def test_neurons_of_all_layers_lie_one_after_another(name: str):
    anatomy = ANATOMIES[name]
    for before, layer in pairwise(anatomy.layers):
        assert layer.offset == before.offset + before.shape.size
    assert anatomy.neurons == sum(layer.shape.size for layer in anatomy.layers)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_one_address(name: str):
    anatomy = ANATOMIES[name]
    places = [
        anatomy.incoming_parameters(layer, neuron)
        for layer in range(1, len(anatomy.layers))
        for neuron in range(anatomy.layers[layer].shape.size)
    ]
    assert sorted(np.concatenate(places)) == list(range(anatomy.network.parameters.size))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_a_changed_weight_changes_its_target_alone_and_by_the_value_of_its_source(name: str, data: Any):
    model, image = linear(name), np.random.default_rng(2).random(MODELS[name].shape, np.float32) + 1
    anatomy = Anatomy(model.network, HALVES)
    layer = data.draw(st.integers(1, len(anatomy.layers) - 1))
    target = neurons(anatomy, data, layer)
    sources = anatomy.incoming(layer, target).neurons
    source = int(data.draw(st.sampled_from(list(sources))))
    before = layer_values(model, image)
    model.network.parameters.values[anatomy.weight(layer, target, source)] += 0.5
    after = layer_values(model, image)
    changed = np.flatnonzero(after[layer] != before[layer])
    assert list(changed) == [target]
    gained = after[layer][target] - before[layer][target]
    assert gained == pytest.approx(0.5 * before[layer - 1][source], rel=1e-2)
    for earlier in range(layer):
        np.testing.assert_array_equal(after[earlier], before[earlier])


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_a_changed_bias_changes_its_neuron_alone_and_by_as_much(name: str, data: Any):
    model, image = linear(name), np.ones(MODELS[name].shape, np.float32)
    anatomy = Anatomy(model.network, HALVES)
    layer = data.draw(st.integers(1, len(anatomy.layers) - 1))
    neuron = neurons(anatomy, data, layer)
    before = layer_values(model, image)[layer]
    model.network.parameters.values[anatomy.bias(layer, neuron)] += 64
    after = layer_values(model, image)[layer]
    assert list(np.flatnonzero(after != before)) == [neuron]
    assert after[neuron] - before[neuron] == pytest.approx(64, rel=1e-2)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_both_ends_know_of_a_connection_and_of_no_other(name: str, data: Any):
    anatomy = ANATOMIES[name]
    layer = data.draw(st.integers(1, len(anatomy.layers) - 1))
    target, source = neurons(anatomy, data, layer), neurons(anatomy, data, layer - 1)
    into, out = anatomy.incoming(layer, target), anatomy.outgoing(layer - 1, source)[layer]
    here, there = into.neurons == source, out.neurons == target
    assert here.sum() == there.sum() <= 1
    if not here.any():
        with pytest.raises(AddressError, match=f"no connection from neuron {source} to neuron {target}"):
            anatomy.weight(layer, target, source)
        return
    place = anatomy.weight(layer, target, source)
    assert into.places[here] == out.places[there] == place


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_the_weights_into_every_neuron(name: str):
    anatomy = ANATOMIES[name]
    every = np.arange(anatomy.network.parameters.size)
    for layer in range(1, len(anatomy.layers)):
        [rows] = anatomy.rows(layer)
        places = every[rows.places]
        parts = np.split(places, rows.starts[1:])
        for neuron, row in enumerate(rows.row_of):
            assert list(parts[row]) == list(anatomy.incoming(layer, neuron).places)


@pytest.mark.parametrize("name", NAMES)
def test_the_strongest_connections_are_those_of_the_largest_weights(name: str):
    anatomy = ANATOMIES[name]
    values = anatomy.network.parameters.values
    for layer in range(1, len(anatomy.layers)):
        sources, targets, weights = anatomy.strongest(layer, 7)
        all_weights = values[np.arange(values.size)[anatomy.rows(layer)[0].places]]
        np.testing.assert_array_equal(np.abs(weights), np.sort(np.abs(all_weights))[::-1][:7])
        for source, target, weight in zip(sources, targets, weights, strict=True):
            assert values[anatomy.weight(layer, int(target), int(source))] == weight
        assert len(anatomy.strongest(layer, 10**9)[0]) == anatomy.connections(layer)


@pytest.mark.parametrize("name", ["local", "unmixed"])
@given(data=st.data())
def test_a_window_holds_what_a_neuron_sees(name: str, data: Any):
    anatomy = ANATOMIES[name]
    layer = data.draw(st.integers(1, len(anatomy.layers) - 1))
    neuron = neurons(anatomy, data, layer)
    network = MODELS[name].network.layers[layer - 1]
    assert isinstance(network, Local)
    window = anatomy.window(layer, neuron)
    assert window is not None
    seen = set(window.indices(network.input_shape).ravel())
    sources = set(anatomy.incoming(layer, neuron).neurons)
    assert sources <= seen
    assert len(sources) * network.groups == len(seen)


@pytest.mark.parametrize("name", NAMES)
def test_only_local_layers_have_windows(name: str):
    anatomy = ANATOMIES[name]
    windows = [anatomy.window(layer, 0) for layer in range(len(anatomy.layers))]
    assert windows[0] is None
    kinds = [layer.kind for layer in anatomy.layers]
    assert [window is not None for window in windows] == [kind == "local" for kind in kinds]


@pytest.mark.parametrize("name", NAMES)
def test_places_lead_to_the_values_of_a_layer(name: str):
    anatomy = ANATOMIES[name]
    values = layer_values(MODELS[name], np.ones(MODELS[name].shape, np.float32))
    for layer in range(1, len(anatomy.layers)):
        np.testing.assert_array_equal(anatomy.neuron_layer(layer).values()[..., 0].ravel(), values[layer])
        assert anatomy.activation(layer).name in ("leaky_relu", "identity", "sigmoid")


def test_what_is_not_there_is_refused_in_plain_words():
    anatomy = ANATOMIES["dense"]
    with pytest.raises(AddressError, match=r"there is no layer 9: give 1 to 4"):
        anatomy.bias(9, 0)
    with pytest.raises(AddressError, match=r"there is no layer -1: give 0 to 4"):
        anatomy.check(-1, 0)
    with pytest.raises(
        AddressError, match=r"layer 0 \(input\) is an input, which computes nothing: give layer 1 to 4"
    ):
        anatomy.bias(0, 0)
    with pytest.raises(AddressError, match=r"layer 1 \(encoder 0\) has neurons 0 to 11, no neuron 12"):
        anatomy.weight(1, 12, 0)
    with pytest.raises(AddressError, match=r"layer 0 \(input\) has neurons 0 to 63, no neuron -1"):
        anatomy.weight(1, 0, -1)


def test_the_ends_of_the_network_have_nothing_beyond():
    anatomy = ANATOMIES["dense"]
    last = len(anatomy.layers) - 1
    assert not len(anatomy.incoming(0, 3).neurons)
    assert not anatomy.outgoing(last, 3)


def branching() -> Model:
    """Return a model of two inputs and two outputs, with a connection that skips a layer."""
    left, right = Input(Shape(1, 1, 4), generator=np.random.default_rng(2)), Input(Shape(1, 1, 3))
    first = Call(Dense.of(5), left, name="first")
    second = Call(Dense.of(5), first, name="second")
    residual = Call(Add.of(), first, second, name="residual")
    both = Call(Concatenate.of(), residual, right, name="both")
    outputs = {"one": Call(Dense.of(2), both, name="head"), "other": residual}
    return Model({"left": left, "right": right}, outputs)


def test_a_layer_has_the_layers_it_reads_in_their_order():
    anatomy = Anatomy(branching())
    read = [(part.name, list(anatomy.sources(n))) for n, part in enumerate(anatomy.layers)]
    assert read == [
        ("left", []),
        ("right", []),
        ("first", [0]),
        ("second", [2]),
        ("residual", [2, 3]),
        ("both", [4, 1]),
        ("head", [5]),
    ]
    assert [(part.kind, tuple(part.shape)) for part in anatomy.layers[: anatomy.inputs]] == [
        ("input", (1, 1, 4)),
        ("input", (1, 1, 3)),
    ]
    assert [anatomy.outputs(n) for n in range(len(anatomy.layers))] == [
        *(None, None, None, None), ("other",), None, ("one",)
    ]  # fmt: skip


def test_both_ends_of_connections_between_branches_agree():
    anatomy = Anatomy(branching())
    for layer in range(anatomy.inputs, len(anatomy.layers)):
        into = {
            (t, s)
            for t in range(anatomy.layers[layer].shape.size)
            for s in anatomy.incoming(layer, t).neurons.tolist()
        }
        out: set[tuple[int, int]] = set()
        start = 0
        for source in anatomy.sources(layer):
            size = anatomy.layers[source].shape.size
            for neuron in range(size):
                found = anatomy.outgoing(source, neuron).get(layer)
                assert found is not None
                out |= {(target, start + neuron) for target in found.neurons.tolist()}
            start += size
        assert into == out
    head = Anatomy(branching()).weight(6, 1, 7)
    assert head == anatomy.incoming(6, 1).places[7]
    with pytest.raises(AddressError, match=r"sources 0 to 7 in layer 4 \(residual\) and layer 1 \(right\)"):
        anatomy.weight(5, 0, 8)
    with pytest.raises(AddressError, match=r"layer 1 \(right\) is an input, .*: give layer 2 to 6"):
        anatomy.bias(1, 0)
