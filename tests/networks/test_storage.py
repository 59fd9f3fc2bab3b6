"""Storing as bfloat16: what every family must do on its top rung, and that the others refuse."""

from itertools import pairwise

import numpy as np
import pytest

from networks import Dense
from networks.ladder import FAMILIES
from networks.sequential import Sequential
from nn.activations import Tanh
from nn.bfloat16 import BFLOAT16
from nn.bfloat16_arrays import converted, widened
from nn.checks.report import GradientError
from nn.checks.storage import check_storage, rounded
from nn.history import aligned_zeros
from nn.losses import SquaredError
from nn.optimizers import Adam
from nn.shape import Shape
from nn.training import ArrayBatches, Trainer
from tests.support import network_checks as checks

every_family = pytest.mark.parametrize("family", FAMILIES)


@every_family
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("histories", [7, 32])
def test_gradients_are_those_of_float32_within_the_tolerance(family, training, histories):
    network = checks.example_of(family)
    values, _ = checks.numbers(network, histories)
    check_storage(network, values, training=training).raise_if_wrong()


@every_family
def test_a_wrong_gradient_fails_the_check(family):
    network = checks.example_of(family)
    values, _ = checks.numbers(network, 32)
    backward = network.backward

    def wrong(signals, learning_rate=None):
        input_signals = backward(signals, learning_rate)
        if network.storage == "bfloat16":
            target = network.parameters.gradients if network.parameters.size else input_signals
            target *= 1.1
        return input_signals

    network.backward = wrong
    with pytest.raises(GradientError, match=r"wrong gradient.*float32"):
        check_storage(network, values).raise_if_wrong()


@every_family
def test_what_goes_from_layer_to_layer_is_bfloat16(family):
    network = checks.example_of(family)
    network.store_as("bfloat16")
    values, signals = checks.numbers(network, 5)
    outputs = network.forward(values)
    assert outputs.dtype == BFLOAT16 and outputs.shape == (*network.output_shape, 5)
    assert network.backward(signals).dtype == BFLOAT16
    assert network.parameters.values.dtype == network.parameters.gradients.dtype == np.float32
    expected = widened(outputs).copy()
    given = values if network.labels is not None else converted(values, BFLOAT16)
    np.testing.assert_allclose(widened(network.forward(given)), expected, atol=0.05)


@every_family
def test_one_and_two_threads_give_the_same_bits(family):
    network = checks.example_of(family)
    network.store_as("bfloat16")
    checks.check_threads(network, 33)


@every_family
def test_the_storage_may_change_between_steps(family):
    network = checks.example_of(family)
    values, signals = checks.numbers(network, 20)
    before = checks.pass_through(network, values, signals)
    network.store_as("bfloat16")
    stored = checks.pass_through(network, values, signals)
    network.store_as("float32")
    after = checks.pass_through(network, values, signals)
    for name, array in before.items():
        assert after[name].dtype == array.dtype == np.float32
        assert np.array_equal(after[name], array), name
        assert stored[name].shape == array.shape


@every_family
def test_histories_of_any_number_and_nan_pass(family):
    network = checks.example_of(family)
    network.store_as("bfloat16")
    values, _ = checks.numbers(network, 33)
    whole = widened(network.forward(values)).copy()
    part = widened(network.forward(values[..., :17]))
    np.testing.assert_allclose(part, whole[..., :17], rtol=0.01, atol=0.01)
    if network.labels is None:
        checks.check_nan_is_not_hidden(network)


@every_family
@pytest.mark.parametrize("rung", ["plain", "o1"])
def test_rungs_below_the_top_refuse(family, rung):
    if FAMILIES[family].rungs[rung] is FAMILIES[family].rungs["o2"]:
        pytest.skip("one class on every rung")
    with pytest.raises(ValueError, match="bfloat16 storage takes the rung o2"):
        checks.example_of(family, rung).store_as("bfloat16")


@every_family
def test_float64_refuses(family):
    network = checks.example_of(family, dtype="float64")
    with pytest.raises(ValueError, match="bfloat16 storage is for float32, it computes in float64"):
        network.store_as("bfloat16")
    network.store_as("float32")


def test_an_unknown_storage_is_refused_by_name():
    with pytest.raises(ValueError, match="unknown storage 'bfloat15'; did you mean bfloat16"):
        checks.example_of("dense").store_as("bfloat15")


def test_a_container_names_the_network_that_refuses_and_changes_nothing():
    generator = np.random.default_rng(0)
    shape = Shape(1, 1, 4)
    plain = FAMILIES["dense"].rungs["plain"](shape, shape, generator=generator)
    network = Sequential({"first": Dense(shape, shape, generator=generator), "second": plain})
    with pytest.raises(ValueError, match=r"network second \(dense\): bfloat16 storage takes the rung o2"):
        network.store_as("bfloat16")
    assert network.storage == network.named["first"].storage == "float32"


def test_a_network_in_float32_takes_no_bfloat16():
    network = checks.example_of("dense")
    with pytest.raises(ValueError, match="input values are bfloat16, the network is float32"):
        network.forward(np.zeros((*network.input_shape, 2), BFLOAT16))


def autoencoder(storage, generator):
    shapes = Shape(1, 1, 40), Shape(1, 1, 24), Shape(1, 1, 40)
    network = Sequential([Dense(*pair, generator=generator) for pair in pairwise(shapes)])
    network.store_as(storage)
    return network


def train(storage):
    network = autoencoder(storage, np.random.default_rng(0))
    draws = np.random.default_rng(1)
    points = (draws.normal(size=(300, 5)) @ draws.normal(size=(5, 40))).astype(np.float32)
    trainer = Trainer(
        network, SquaredError(), Adam(0.01), ArrayBatches(points, points), batch_size=32, generator=draws
    )
    return trainer.train(epochs=20).row.training_loss


def test_training_reaches_the_loss_of_float32():
    single, stored = train("float32"), train("bfloat16")
    assert stored == pytest.approx(train("bfloat16"), rel=1e-12)
    assert stored != single
    assert abs(stored / single - 1) < 0.1


@pytest.mark.parametrize("histories", [5, 64])
@pytest.mark.parametrize("units", [3, 40, 300])
def test_dense_layers_of_any_size(histories, units):
    generator = np.random.default_rng(units)
    layer = Dense(Shape(1, 1, 70), Shape(1, 1, units), activation=Tanh(), generator=generator)
    values, _ = checks.numbers(layer, histories)
    check_storage(layer, values).raise_if_wrong()


def test_descending_at_once_follows_the_gradients():
    by_hand, at_once = (autoencoder("bfloat16", np.random.default_rng(0)) for _ in range(2))
    values, signals = checks.numbers(by_hand, 20)
    expected = checks.pass_through(by_hand, values, signals)
    before = by_hand.parameters.values.copy()
    outputs = at_once.forward(values).copy()
    input_signals = at_once.backward(signals, learning_rate=0.1)
    assert np.array_equal(outputs, expected["outputs"])
    assert np.array_equal(input_signals, expected["input signals"])
    change, step = at_once.parameters.values - before, -0.1 * by_hand.parameters.gradients
    assert np.linalg.norm(change - step) < 0.01 * np.linalg.norm(step)


def test_a_network_may_hold_neurons_and_converters():
    generator, shape = np.random.default_rng(0), Shape(4, 4, 2)
    blocks = {"input_block": 2, "window": 3, "output_block": 1, "channels": 2}
    local = FAMILIES["local"].rungs["o2"](shape, **blocks, activation=Tanh(), generator=generator)
    dense = Dense(local.output_shape, shape, generator=generator)
    network = Sequential({"local": local, "dense": dense})
    values, signals = checks.numbers(network, 20)
    for name in ("local", "dense"):
        network.clamp(name, {3: 0.5})
    single = checks.pass_through(network, values, signals)
    network.store_as("bfloat16")
    stored = checks.pass_through(network, values, signals)
    for each in (local, dense):
        assert each.values.dtype == BFLOAT16
        assert (widened(each.values).reshape(-1, 20)[3] == 0.5).all()
    checks.assert_close({name: widened(array) for name, array in stored.items()}, single, 0.05)
    assert not network.parameters.gradient("dense.biases").ravel()[3]


@every_family
def test_another_storage_forgets_what_was_converted(family):
    network = checks.example_of(family)
    network.store_as("bfloat16")
    values, signals = checks.numbers(network, 20)
    expected = checks.pass_through(network, values, signals)
    converts = "_border" in vars(network)
    network.store_as("float32")
    assert "_border" not in vars(network)
    network.forward(values)
    network.store_as("bfloat16")
    found = checks.pass_through(network, values, signals)
    assert ("_border" in vars(network)) == converts
    for name, array in expected.items():
        np.testing.assert_array_equal(widened(found[name]), widened(array), err_msg=name)


def test_blocks_of_rows_give_the_same_bits_for_any_number_of_threads():
    shape = Shape(1, 1, 200)
    layer = Dense(shape, shape, activation=Tanh(), generator=np.random.default_rng(0))
    layer.store_as("bfloat16")
    checks.check_threads(layer, 33)
    assert layer._stored._blocks > 1


def test_the_copy_of_the_weights_follows_the_parameters():
    network = autoencoder("bfloat16", np.random.default_rng(0))
    values, _ = checks.numbers(network, 3)
    network.forward(values)
    network.parameters.values[:] = 0
    assert not widened(network.forward(values)).any()


def test_memory_of_histories_is_halved_beside_the_copy_of_the_weights():
    network = autoencoder("float32", np.random.default_rng(0))
    single = network.history_bytes(64)
    network.store_as("bfloat16")
    assert network.history_bytes(64) == single // 2 + 2 * network.connections


def test_predictions_are_float32():
    network = checks.example_of("dense")
    network.store_as("bfloat16")
    batch = np.random.default_rng(0).normal(size=(5, *network.input_shape)).astype(np.float32)
    assert network.predict(batch).dtype == np.float32


@pytest.mark.parametrize("size", [0, 1, 31, 1 << 18])
def test_arrays_are_converted_as_by_ml_dtypes(size):
    numbers = np.random.default_rng(0).normal(size=(2, size)).astype(np.float32)
    halves = converted(numbers, BFLOAT16)
    np.testing.assert_array_equal(halves.view(np.uint16), numbers.astype(BFLOAT16).view(np.uint16))
    assert converted(halves, BFLOAT16) is halves and widened(numbers) is numbers
    np.testing.assert_array_equal(widened({"a": halves})["a"], rounded(numbers))
    buffer = aligned_zeros(numbers.shape, BFLOAT16)
    assert converted(numbers.T, BFLOAT16, buffer) is not buffer
    assert converted(numbers, BFLOAT16, buffer) is buffer
