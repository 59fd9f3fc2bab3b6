"""Clamped neurons of a graph: their values, what flows on, and that nothing flows into them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.activations import Tanh
from nn.checks.gradients import check_gradients
from nn.graph import Graph, Kind
from nn.shape import Shape
from tests.support.clamped_neurons import check_clamped_gradients
from tests.support.graph_networks import (
    RUNGS,
    SMOOTH,
    assert_same,
    every_rung,
    graph_for,
    histories,
    random_graph,
    run,
)

pytestmark = pytest.mark.usefixtures("one_thread")

TICKS = 3
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def build(rung, graph, dtype=np.float64, clamped=None):
    network = RUNGS[rung](graph, ticks=TICKS, dtype=dtype)
    network.clamp(clamped or {})
    return network


def some(graph, count=4, seed=0):
    """Choose neurons to clamp, sums and products, and their values: two of them share one."""
    inner = np.flatnonzero(graph.kinds != Kind.INPUT)
    chosen = np.random.default_rng(seed).permutation(inner)[:count].tolist()
    return dict(zip(chosen, [0.5, -2.0, 0.5, 1.25], strict=False))


def passes(network, entries=3):
    return run(
        network,
        histories(network.input_shape, entries=entries, dtype=network.dtype),
        histories(network.output_shape, entries=entries, dtype=network.dtype),
    )


@every_rung
@every_dtype
@pytest.mark.parametrize("entries", [1, 16, 21])
def test_clamped_neurons_have_their_values_at_every_step_for_every_history(rung, dtype, entries):
    graph = random_graph(3)
    clamped = some(graph)
    network = build(rung, graph, dtype, clamped)
    values = passes(network, entries)["values"]
    assert values.shape == (TICKS, graph.neuron_count, entries)
    for neuron, value in clamped.items():
        assert (values[:, neuron] == dtype(value)).all()


@pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung != "plain"])
@given(seed=st.integers(0, 2**32 - 1), entries=st.integers(1, 20))
def test_same_as_plain(rung, seed, entries):
    graph = random_graph(seed)
    if (graph.kinds == Kind.INPUT).all():
        return
    clamped = some(graph, seed=seed)
    found, expected = (passes(build(each, graph, clamped=clamped), entries) for each in (rung, "plain"))
    assert_same(found, expected, 1e-10)


def test_the_rungs_agree_on_layers():
    graph = graph_for("o1")
    clamped = some(graph, 4) | {int(graph.outputs[0]): 0.5}
    found, expected = (passes(build(rung, graph, clamped=clamped), 20) for rung in ("o2", "o1"))
    assert_same(found, expected, 1e-10)
    own = graph.bias_of[int(graph.outputs[0])]
    assert found["gradients"][len(graph.weights) + own] == 0


@every_rung
@pytest.mark.parametrize("seed", [0, 1, 4])
def test_gradients(rung, seed):
    graph = random_graph(seed, SMOOTH)
    network = build(rung, graph, clamped=some(graph))
    inputs = histories(graph.input_shape, entries=2)
    check_clamped_gradients(network, inputs)
    check_gradients(network, inputs).raise_if_wrong()


@every_rung
def test_no_gradient_reaches_the_bias_of_a_clamped_neuron_and_the_weights_into_it(rung):
    graph = Graph()
    image = graph.input_layer(Shape(1, 1, 3))
    hidden = graph.dense(image, Shape(1, 1, 2), activation=Tanh(), generator=np.random.default_rng(0))
    product = graph.add_product()
    for source, weight in ((hidden.first, 2.0), (hidden.first + 1, 3.0)):
        graph.connect(graph.neuron(source), product, weight)
    graph.set_output([product])
    network = build(rung, graph)
    network.clamp({hidden.first: 0.5})
    values, signals = np.ones((1, 1, 3, 1)), np.ones((1, 1, 1, 1))
    network.forward(values)
    network.backward(signals)
    into = [each.weight.gradient for each in network.neuron(hidden.first).incoming]
    assert into == [0.0, 0.0, 0.0]
    assert network.neuron(hidden.first).bias_gradient == 0
    other = network.neuron(hidden.first + 1)
    assert all(each.weight.gradient for each in other.incoming)
    expected = 2 * 0.5 * 3 * other.values[-1, 0]
    assert network.values[-1, product.index, 0] == pytest.approx(expected)
    assert network.neuron(hidden.first).signals[-1, 0] == pytest.approx(expected / 0.5)
    network.parameters.zero_gradients()
    network.clamp({product.index: 7.0})
    assert network.forward(values).item() == 7
    assert not network.backward(signals).any()
    assert not network.parameters.gradients.any()


@every_rung
def test_a_gradient_that_flows_into_clamped_neurons_would_be_found(rung, monkeypatch):
    graph = random_graph(0, SMOOTH)
    network = build(rung, graph, clamped=some(graph))
    backward = network.backward

    def with_neurons_released(signals):
        clamped = network.clamped
        network.clamp({})
        input_signals = backward(signals)
        network.clamp(clamped)
        return input_signals

    monkeypatch.setattr(network, "backward", with_neurons_released)
    with pytest.raises(AssertionError, match="Mismatched elements"):
        check_clamped_gradients(network, histories(graph.input_shape, entries=2))


@every_rung
def test_neurons_are_clamped_in_other_places_and_released_to_the_bit(rung):
    graph = graph_for(rung)
    free, network = (build(rung, graph) for _ in range(2))
    expected = passes(free)
    first, second = list(some(graph, 2))
    network.clamp({first: 1.0, second: 2.0})
    passes(network)
    network.parameters.zero_gradients()
    network.clamp({np.int32(second): 3})
    assert network.clamped == {second: 3.0}
    assert np.ptp(passes(network)["values"][:, first]) > 0
    network.parameters.zero_gradients()
    network.clamp({})
    assert network.clamped == {}
    found = passes(network)
    for name, array in expected.items():
        assert np.array_equal(found[name], array), name


def reached(graph, neuron):
    """Return a neuron and all that it leads to, itself first."""
    found = [neuron]
    for source in found:
        found += set(graph.targets[graph.by_source.of(source)].tolist()) - set(found)
    return found


@every_rung
def test_a_clamped_neuron_changes_no_bit_of_what_it_does_not_lead_to(rung):
    graph = graph_for(rung)
    free, network = (build(rung, graph, np.float32) for _ in range(2))
    inner = np.flatnonzero(graph.kinds != Kind.INPUT)[-10:].tolist()
    after = min((reached(graph, neuron) for neuron in inner), key=len)
    assert len(after) < graph.neuron_count - len(graph.inputs)
    network.clamp({after[0]: 0.5})
    found, expected = (np.delete(passes(each, 20)["values"], after, axis=1) for each in (network, free))
    assert np.array_equal(found, expected)


@every_rung
def test_the_description_knows_nothing_of_it(rung):
    graph = random_graph(3)
    free, network = build(rung, graph), build(rung, graph, clamped=some(graph))
    assert network.to_configuration() == free.to_configuration()
    for name, array in free.structure().items():
        assert np.array_equal(network.structure()[name], array)


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        ({0: 1.0}, "graph: neuron 0 is an input and cannot be clamped"),
        ({-1: 1.0}, "graph: neuron -1 is none of 0 to 15"),
        ({16: 1.0}, "graph: neuron 16 is none of 0 to 15"),
        ({5: np.inf}, "graph: neuron 5 is clamped to inf, which is not a finite number"),
        ({2.5: 1.0}, r"graph: neuron 2\.5 is none of"),
        ([5], r"graph: \[5\] is not a dictionary"),
    ],
)
@every_rung
def test_what_cannot_be_clamped_is_refused_and_nothing_changes(rung, neurons, message):
    graph = random_graph(3)
    clamped = some(graph)
    network = build(rung, graph, clamped=clamped)
    before = passes(network)
    with pytest.raises(ValueError, match=message):
        network.clamp(neurons)
    assert network.clamped == clamped
    network.parameters.zero_gradients()
    assert np.array_equal(passes(network)["values"], before["values"])
