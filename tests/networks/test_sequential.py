"""Stacks: networks of several families one after another, on every rung."""

import json

import numpy as np
import pytest

from networks.ladder import FAMILIES, network_from_configuration
from networks.sequential import Sequential
from nn.activations import Identity, Tanh
from nn.checks.gradients import check_gradients
from nn.initializers import BiasInitializer
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.rung_checks import every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

IMAGE = Shape(8, 8, 2)
TOLERANCE = {"float32": 3e-5, "float64": 1e-11}


def parts(rung="plain", dtype="float64"):
    """Return an encoder and a decoder of an image: windows that condense, a code, windows that expand."""
    dense, local = (FAMILIES[family].rungs[rung] for family in ("dense", "local"))
    options = {
        "generator": np.random.default_rng(0),
        "dtype": dtype,
        "bias": BiasInitializer(spread=0.2),
        "activation": Tanh(),
    }
    shrink = {"input_block": 2, "window": 4, "output_block": 1, "channels": 3}
    grow = {"input_block": 1, "window": 3, "output_block": 2, "channels": 2}
    encoder = [local(IMAGE, **shrink, **options), dense(Shape(4, 4, 3), Shape(1, 1, 5), **options)]
    options["activation"] = Identity()
    decoder = [dense(Shape(1, 1, 5), Shape(4, 4, 3), **options), local(Shape(4, 4, 3), **grow, **options)]
    return encoder, decoder


def build(rung, dtype="float64"):
    encoder, decoder = parts(rung, dtype)
    return Sequential([*encoder, *decoder])


@every_rung
def test_gradients(rung):
    network = build(rung)
    values, _ = checks.numbers(network, 3)
    report = check_gradients(network, values, sample=40, generator=np.random.default_rng(0))
    report.raise_if_wrong()
    assert [each.kind for each in report.comparisons][-4:] == [f"layer {k} signals" for k in range(4)]


@every_faster_rung
@every_dtype
@pytest.mark.parametrize("histories", [1, 16, 23])
def test_same_as_plain(rung, dtype, histories):
    network, plain = build(rung, dtype), build("plain", dtype)
    assert np.array_equal(network.parameters.values, plain.parameters.values)
    values, signals = checks.numbers(plain, histories)
    found, expected = (checks.pass_through(each, values, signals) for each in (network, plain))
    checks.assert_close(found, expected, TOLERANCE[dtype])


@every_rung
@every_dtype
def test_learning_rate_descends_along_the_gradient(rung, dtype):
    checks.check_learning_rate(build, rung, dtype, 5, TOLERANCE[dtype])


@every_rung
@every_dtype
def test_threads_do_not_change_a_bit(rung, dtype):
    checks.check_threads(build(rung, dtype), 20)


@every_rung
def test_the_flat_parameters_are_those_of_the_networks(rung):
    network = build(rung)
    values, _ = checks.numbers(network, 4)
    before = network.forward(values).copy()
    network.parameters["3.biases"][...] += 1
    assert np.allclose(network.forward(values), before + 1, atol=1e-12)
    network.parameters.values[:] = 0
    assert not network.forward(values).any()


@every_rung
def test_parts_of_a_stack_of_stacks_run_alone(rung):
    encoder, decoder = (Sequential(part) for part in parts(rung))
    whole = Sequential([encoder, decoder])
    values, _ = checks.numbers(whole, 4)
    outputs = whole.forward(values).copy()
    codes = encoder.forward(values).copy()
    assert codes.shape == (1, 1, 5, 4)
    assert np.array_equal(decoder.forward(codes), outputs)
    assert np.array_equal(build(rung).forward(values), outputs)
    assert whole.layers == [*encoder.networks, *decoder.networks]
    assert list(whole.leaves) == ["0.0", "0.1", "1.0", "1.1"]
    assert list(whole.leaves.values()) == whole.layers
    assert whole.parameters.names[0] == "0.0.weights"
    assert whole.connections == sum(layer.connections for layer in whole.layers)


@every_rung
def test_values_and_signals_of_every_layer_can_be_seen(rung):
    network = build(rung)
    values, signals = checks.numbers(network, 3)
    outputs = network.forward(values).copy()
    network.backward(signals)
    shapes = [(4, 4, 3, 3), (1, 1, 5, 3), (4, 4, 3, 3), (8, 8, 2, 3)]
    assert [each.shape for each in network.values] == shapes
    assert [each.shape for each in network.signals] == shapes
    assert np.array_equal(network.values[-1], outputs)
    assert np.array_equal(network.signals[-1], signals)


@every_rung
@pytest.mark.parametrize("batch_size", [1, 4, 7, 100])
def test_predict_takes_and_gives_images_in_batches(rung, batch_size):
    network = build(rung, "float32")
    images = np.random.default_rng(0).random((7, *IMAGE)).astype(np.float32)
    expected = np.moveaxis(network.forward(np.moveaxis(images, 0, -1)), -1, 0).copy()
    assert np.allclose(network.predict(images, batch_size), expected, atol=1e-6)
    assert network.predict(images[:0]).shape == (0, *IMAGE)


@every_rung
def test_without_propagation_the_gradients_stay_the_same(rung):
    network = build(rung)
    values, signals = checks.numbers(network, 4)
    expected = checks.pass_through(network, values, signals)
    network.propagates = False
    assert [layer.propagates for layer in network.layers] == [False, True, True, True]
    found = checks.pass_through(network, values, signals)
    for name in network.parameters.names:
        assert np.array_equal(found[name], expected[name]), name


@every_rung
def test_configuration_is_json_and_builds_the_same_stack_on_every_rung(rung):
    encoder, decoder = (Sequential(part) for part in parts())
    network = Sequential([encoder, decoder])
    configuration = json.loads(json.dumps(network.to_configuration()))
    twin = network_from_configuration(configuration, network.structure(), rung_name=rung, dtype=np.float64)
    twin.parameters.copy_from(network.parameters)
    values, _ = checks.numbers(network, 4)
    checks.assert_close({"outputs": twin.forward(values)}, {"outputs": network.forward(values)}, 1e-11)
    assert twin.to_configuration() == network.to_configuration()


def test_neighbours_that_do_not_fit_name_both_sides():
    (first, second), _ = parts()
    with pytest.raises(
        ValueError, match=r"network 0 \(dense\) gives 1x1x5, but network 1 \(local\) takes 8x8x2"
    ):
        Sequential([second, first])


def test_an_empty_stack_is_refused():
    with pytest.raises(ValueError, match="at least one network"):
        Sequential([])


def test_what_is_no_network_is_refused():
    (first, _), _ = parts()
    with pytest.raises(ValueError, match="sequential: network 1 is the class Local, not a network"):
        Sequential([first, type(first)])


def test_networks_of_two_dtypes_are_refused():
    with pytest.raises(ValueError, match=r"network 1: \w+ is float64, but everything here is to be float32"):
        Sequential([parts(dtype="float32")[0][0], parts(dtype="float64")[0][1]])


def test_a_network_lives_in_one_stack_only():
    encoder, _ = parts()
    Sequential(encoder)
    with pytest.raises(ValueError, match="part of another network already"):
        Sequential(encoder)


def test_every_network_inside_knows_how_many_entries_there_are():
    inner = build("plain")
    network = Sequential({"autoencoder": inner})
    assert network.entries is None
    network.entries = 5
    assert [each.entries for each in network.layers] == [5] * 4
    assert network.entries == inner.entries == 5
    network.entries = None
    assert inner.layers[0].entries is None
