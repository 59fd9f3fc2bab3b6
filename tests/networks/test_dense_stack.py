"""Stacks of dense layers: the same bits as the layers one by one, whatever else is done with them."""

from copy import deepcopy
from itertools import pairwise
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.activation_o2 import ActivationLayer
from networks.base import tiled_dense
from networks.base.dense_stack import DenseStack, stacked
from networks.dense_o2 import Dense
from networks.sequential import Sequential
from nn.activations import ELU, Identity, LeakyReLU, Sigmoid, Tanh
from nn.initializers import BiasInitializer
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.rung_checks import every_dtype

pytestmark = pytest.mark.usefixtures("one_thread")

sizes = st.lists(st.integers(1, 40), min_size=2, max_size=5)
activations = st.sampled_from([Identity(), LeakyReLU(), ELU(), Tanh(), Sigmoid()])
histories = st.integers(1, 40)


class OneByOne(Sequential):
    """Runs its layers one by one, without a stack."""

    def forward(self, values, training=False):
        for layer in self.networks:
            values = layer.forward(values, training)
        return values

    def backward(self, signals, learning_rate=None):
        for layer in reversed(self.networks):
            signals = layer.backward(signals, learning_rate)
        return signals


def build(kind=Sequential, sizes=(7, 20, 3, 18), activation=Tanh(), dtype="float32"):  # noqa: B008 - frozen
    generator = np.random.default_rng(4)
    options = {"activation": activation, "bias": BiasInitializer(spread=0.5), "generator": generator}
    return kind([Dense(Shape(1, a, 1), Shape(1, b, 1), dtype=dtype, **options) for a, b in pairwise(sizes)])


def results(network, values, signals, learning_rate=None):
    """Return everything that one pass changes or returns."""
    network.parameters.zero_gradients()
    found = {"outputs": network.forward(values).copy()}
    found["input signals"] = network.backward(signals, learning_rate).copy()
    for number, layer in enumerate(network.networks):
        found |= {f"values {number}": layer.values.copy(), f"signals {number}": layer.signals.copy()}
    return found | {"parameters": network.parameters.values.copy(), "sums": network.parameters.gradients}


def assert_same(found, expected):
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


@every_dtype
@given(sizes, activations, histories, st.sampled_from([None, 0.1]))
def test_the_bits_are_those_of_the_layers_one_by_one(dtype, sizes, activation, histories, learning_rate):
    network, other = (build(kind, sizes, activation, dtype) for kind in (Sequential, OneByOne))
    values, signals = checks.numbers(network, histories)
    found = results(network, values, signals, learning_rate)
    assert_same(found, results(other, values, signals, learning_rate))


@every_dtype
@pytest.mark.parametrize("learning_rate", [None, 0.1])
def test_the_bits_are_the_same_for_any_number_of_threads(dtype, learning_rate, monkeypatch):
    monkeypatch.setattr(tiled_dense, "WORTH_A_REGION", 3000)
    network, other = (build(kind, (30, 50, 3, 40), dtype=dtype) for kind in (Sequential, OneByOne))
    values, signals = checks.numbers(network, 32)
    assert [layer.blocks for layer in network.networks] == [0, 0, 0]  # no histories yet
    found = results(network, values, signals, learning_rate)
    assert [layer.blocks for layer in network.networks] == [7, 1, 5]
    assert_same(found, results(other, values, signals, learning_rate))
    checks.check_threads(network, 32)


def test_batches_of_any_size_in_turn():
    checks.check_number_of_histories(build(), 1e-5)


def test_without_propagation_the_gradients_stay_the_same():
    network, other = build(), build(OneByOne)
    network.propagates = False
    values, signals = checks.numbers(network, 9)
    found = results(network, values, signals)
    expected = results(other, values, signals)
    del expected["input signals"]
    assert_same(found, expected)


@pytest.mark.parametrize("alone", [5, 32])
def test_a_layer_may_be_run_on_its_own_between_forward_and_backward(alone):
    network, other = build(), build(OneByOne)
    values, signals = checks.numbers(network, 32)
    layers = network.networks[1], other.networks[1]
    mine, _ = checks.numbers(layers[0], alone, seed=1)
    for each, layer in zip((network, other), layers, strict=True):
        each.forward(values)
        layer.forward(mine)
        if alone == 32:
            each.backward(signals)
    assert_same({"": network.parameters.gradients}, {"": other.parameters.gradients})
    assert_same({"": layers[0].values}, {"": layers[1].values})
    found = results(network, values, signals)
    assert_same(found, results(other, values, signals))


def test_an_activation_may_be_changed_between_two_passes():
    network, other = build(), build(OneByOne)
    values, signals = checks.numbers(network, 6)
    for each in (network, other):
        each.forward(values)
        each.networks[1].activation = LeakyReLU(0.3)
    found = results(network, values, signals)
    assert_same(found, results(other, values, signals))


def test_a_stack_within_a_larger_network_finds_its_parameters():
    first, second, other = build(), build(sizes=(18, 5)), build(OneByOne, (7, 20, 3, 18, 5))
    whole = Sequential({"first": first, "second": second})
    other.parameters.values[:] = whole.parameters.values
    values, signals = checks.numbers(whole, 6)
    found, expected = (checks.pass_through(each, values, signals) for each in (whole, other))
    for here, there in zip(found.values(), expected.values(), strict=True):
        np.testing.assert_array_equal(here, there)


def test_a_copy_has_histories_of_its_own():
    network = build()
    values, signals = checks.numbers(network, 6)
    expected = results(network, values, signals)
    other = deepcopy(network)
    other.forward(np.zeros_like(values))
    for number, layer in enumerate(network.networks):
        np.testing.assert_array_equal(layer.values, expected[f"values {number}"])
    assert_same(results(other, values, signals), expected)


def with_another_between(kind):
    shape, generator = Shape(1, 4, 1), np.random.default_rng(0)
    ends = [Dense(shape, shape, generator=generator) for _ in range(2)]
    return kind([ends[0], ActivationLayer(shape, activation=Tanh()), ends[1]])


def test_other_networks_stay_between_stacks():
    network = with_another_between(Sequential)
    runs = stacked(network.networks, network.parameters)
    assert [type(each) for each in runs] == [DenseStack, ActivationLayer, DenseStack]
    values, signals = checks.numbers(network, 6)
    assert_same(results(network, values, signals), results(with_another_between(OneByOne), values, signals))


@every_dtype
def test_what_does_not_fit_is_refused(dtype):
    found, expected = (checks.check_wrong_input(build(kind, dtype=dtype)) for kind in (Sequential, OneByOne))
    assert found == expected
    assert len(found.splitlines()) == 9


def arrays_of(network):
    return [each for each in vars(network._runs[0]).values() if isinstance(each, np.ndarray)]


def test_a_copy_carries_no_arena():
    network = build()
    values, signals = checks.numbers(network, 6)
    network.forward(values)
    network.backward(signals)
    assert arrays_of(network)
    assert not arrays_of(deepcopy(network))


def test_another_storage_lets_the_arena_go_and_back_again_gives_the_same_bits():
    network, fresh = build(), build()
    values, signals = checks.numbers(network, 6)
    first = results(network, values, signals)
    arena = ref(network._runs[0]._arena.base)
    network.store_as("bfloat16")
    checks.pass_through(network, values, signals)
    assert arena() is None and not arrays_of(network)
    network.store_as("float32")
    again = results(network, values, signals)
    assert_same(again, results(fresh, values, signals))
    assert_same(again, first)
