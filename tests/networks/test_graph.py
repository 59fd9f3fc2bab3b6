"""The graph's three rungs: against each other, against central differences, against torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.activations import Identity, Sigmoid, Tanh
from nn.checks.gradients import check_gradients
from nn.graph import Graph
from nn.shape import Shape
from tests.support.graph_networks import (
    RUNGS,
    SMOOTH,
    assert_same,
    every_rung,
    graph_for,
    histories,
    random_graph,
    run,
    seeds,
)


@given(seeds, st.integers(1, 40), st.sampled_from([None, 1, 4]), st.booleans())
def test_rungs_agree_on_any_graph(seed, entries, steps, applied):
    graph = random_graph(seed)
    leading = () if steps is None else (steps,)
    inputs = histories(graph.input_shape, *leading, entries=entries)
    signals = histories(graph.output_shape, *leading, entries=entries, seed=2)
    found = {
        name: run(rung(graph, ticks=3, dtype=np.float64), inputs, signals, 0.01 if applied else None)
        for name, rung in RUNGS.items()
    }
    assert_same(found["o1"], found["plain"], 1e-9)
    assert_same(found["o2"], found["plain"], 1e-9)


@every_rung
@given(seeds, st.sampled_from([None, 1, 3]))
def test_gradients_and_the_signal_of_every_neuron_are_right(rung, seed, steps):
    graph = random_graph(seed, activations=SMOOTH, neurons=8)
    leading = () if steps is None else (steps,)
    network = RUNGS[rung](graph, ticks=2, dtype=np.float64)
    check_gradients(network, histories(graph.input_shape, *leading, entries=2)).raise_if_wrong()


@every_rung
def test_gradient_of_a_product_is_right_where_factors_are_zero(rung):
    graph = Graph()
    factors = graph.input_layer(Shape(1, 1, 3))
    product = graph.add_product()
    for index in factors.neurons:
        graph.connect(graph.neuron(index), product, 2.0)
    graph.set_output([product])
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = np.array([[[3.0, 0.0, 0.0], [5.0, 5.0, 0.0], [7.0, 7.0, 7.0]]])[None, :]
    assert network.forward(inputs.reshape(1, 1, 3, 3)).ravel().tolist() == [8 * 105, 0, 0]
    slopes = network.backward(np.ones((1, 1, 1, 3)))[0, 0]
    assert slopes.tolist() == [[8 * 35, 8 * 35, 0], [8 * 21, 0, 0], [8 * 15, 0, 0]]
    assert network.parameters.gradient("weights").tolist() == [4 * 105] * 3


@every_rung
def test_chain_of_10_000_neurons(rung):
    graph = Graph()
    neurons = [graph.add_input()]
    shared = graph.add_weights(1.0001)
    for _ in range(9_999):
        neurons.append(graph.add_neuron(Identity(), bias=None))
    indices = np.arange(10_000)
    graph.add_connections(indices[:-1], indices[1:], shared)
    graph.set_output(neurons[-1:])
    network = RUNGS[rung](graph, dtype=np.float64)
    one = np.ones((1, 1, 1, 1))
    expected = 1.0001**9_999
    assert network.forward(one)[0, 0, 0, 0] == pytest.approx(expected)
    assert network.backward(one)[0, 0, 0, 0] == pytest.approx(expected)
    assert network.weight(0).gradient == pytest.approx(9_999 * expected / 1.0001)


@every_rung
def test_learning_rate_applies_the_gradient_and_keeps_none(rung):
    graph = graph_for(rung)
    inputs, signals = histories(graph.input_shape, entries=3), histories(graph.output_shape, entries=3)
    kept, applied = (RUNGS[rung](graph, ticks=2, dtype=np.float64) for _ in range(2))
    run(kept, inputs, signals)
    run(applied, inputs, signals, learning_rate=0.1)
    expected = kept.parameters.values - 0.1 * kept.parameters.gradients
    np.testing.assert_allclose(applied.parameters.values, expected, rtol=1e-12, atol=1e-12)
    assert not applied.parameters.gradients.any()


@every_rung
def test_gradients_add_up(rung):
    graph = random_graph(5)
    inputs, signals = histories(graph.input_shape, entries=4), histories(graph.output_shape, entries=4)
    network = RUNGS[rung](graph, dtype=np.float64)
    once = run(network, inputs, signals)["gradients"]
    np.testing.assert_allclose(run(network, inputs, signals)["gradients"], 2 * once, rtol=1e-12)


@every_rung
def test_input_that_is_held_is_a_sequence_of_itself(rung):
    graph = random_graph(11)
    inputs, signals = histories(graph.input_shape, entries=3), histories(graph.output_shape, entries=3)
    held = run(RUNGS[rung](graph, ticks=4, dtype=np.float64), inputs, signals)
    late = np.zeros((4, *signals.shape))
    late[-1] = signals
    sequence = run(RUNGS[rung](graph, dtype=np.float64), np.stack([inputs] * 4), late)
    np.testing.assert_allclose(held["outputs"], sequence["outputs"][-1], rtol=1e-12)
    np.testing.assert_allclose(held["input signals"], sequence["input signals"].sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(held["gradients"], sequence["gradients"], atol=1e-12)


@every_rung
def test_delay_reads_the_past_and_zero_before_the_start(rung):
    graph = Graph()
    source, echo = graph.add_input(), graph.add_neuron(Identity())
    graph.connect(source, echo, 3.0, delay=2)
    graph.set_output([echo])
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = np.arange(1.0, 6).reshape(5, 1, 1, 1, 1)
    assert network.forward(inputs).ravel().tolist() == [0, 0, 3, 6, 9]
    assert network.backward(np.ones_like(inputs)).ravel().tolist() == [3, 3, 3, 0, 0]
    assert network.forward(inputs[:1]).ravel().tolist() == [0]


@every_rung
def test_batches_of_any_size_follow_one_another(rung):
    graph = random_graph(7)
    network = RUNGS[rung](graph, dtype=np.float64)
    for steps, entries in ((2, 30), (2, 20), (2, 31), (1, 1), (3, 17), (2, 20)):
        inputs = histories(graph.input_shape, steps, entries=entries)
        signals = histories(graph.output_shape, steps, entries=entries)
        fresh = run(RUNGS[rung](graph, dtype=np.float64), inputs, signals)
        network.parameters.zero_gradients()
        assert_same(run(network, inputs, signals), fresh, 1e-13)


@every_rung
def test_values_beyond_the_batch_do_no_harm(rung):
    graph = random_graph(7)
    network = RUNGS[rung](graph, dtype=np.float64)
    network.forward(np.full((*graph.input_shape, 30), np.nan))
    inputs, signals = histories(graph.input_shape, entries=20), histories(graph.output_shape, entries=20)
    assert np.isfinite(run(network, inputs, signals)["gradients"]).all()


@every_rung
def test_outputs_may_be_inputs_and_neurons_unconnected(rung):
    graph = Graph()
    first, second = graph.add_input(), graph.add_input()
    lonely, empty = graph.add_neuron(Tanh(), bias=0.5), graph.add_product()
    graph.set_output([second, lonely, empty, first])
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = np.array([2.0, 3.0]).reshape(1, 1, 2, 1)
    assert network.forward(inputs).ravel().tolist() == [3, pytest.approx(np.tanh(0.5)), 1, 2]
    assert network.backward(np.arange(1.0, 5).reshape(1, 1, 4, 1)).ravel().tolist() == [4, 1]
    assert network.neuron(2).bias_gradient == pytest.approx(2 * (1 - np.tanh(0.5) ** 2))


@every_rung
def test_network_that_does_not_propagate_has_the_same_gradients(rung):
    graph = graph_for(rung)
    inputs, signals = histories(graph.input_shape, entries=3), histories(graph.output_shape, entries=3)
    found = []
    for propagates in (True, False):
        network = RUNGS[rung](graph, ticks=2, dtype=np.float64)
        network.propagates = propagates
        found.append(run(network, inputs, signals)["gradients"])
    np.testing.assert_array_equal(*found)


def lstm_graph(inputs, units, state):
    """An LSTM cell of sums and products, with the weights of torch.nn.LSTM."""
    graph = Graph()
    source = [graph.add_input() for _ in range(inputs)]
    bias = state["bias_ih_l0"] + state["bias_hh_l0"]
    gates = [
        [graph.add_neuron(activation, bias=bias[gate * units + unit]) for unit in range(units)]
        for gate, activation in enumerate((Sigmoid(), Sigmoid(), Tanh(), Sigmoid()))
    ]
    hidden = []
    for enter, forget, candidate, leave in zip(*gates, strict=True):
        kept, added, output = (graph.add_product() for _ in range(3))
        cell, squashed = graph.add_neuron(Identity(), bias=None), graph.add_neuron(Tanh(), bias=None)
        for start, end in ((forget, kept), (enter, added), (candidate, added), (kept, cell), (added, cell)):
            graph.connect(start, end, None)
        graph.connect(cell, kept, None, delay=1)
        for start, end in ((cell, squashed), (squashed, output), (leave, output)):
            graph.connect(start, end, None)
        hidden.append(output)
    for row, neuron in enumerate(neuron for gate in gates for neuron in gate):
        for column, start in enumerate(source):
            graph.connect(start, neuron, state["weight_ih_l0"][row, column])
        for column, start in enumerate(hidden):
            graph.connect(start, neuron, state["weight_hh_l0"][row, column], delay=1)
    graph.set_output(hidden)
    return graph


@every_rung
def test_lstm_of_sums_and_products_is_that_of_torch(rung):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    lstm = torch.nn.LSTM(3, 4, dtype=torch.float64)
    state = {name: tensor.numpy() for name, tensor in lstm.state_dict().items()}
    network = RUNGS[rung](lstm_graph(3, 4, state), dtype=np.float64)
    inputs = histories(Shape(1, 1, 3), 6, entries=5)
    sequence = torch.tensor(inputs[:, 0, 0].transpose(0, 2, 1), requires_grad=True)
    expected = lstm(sequence)[0]
    signals = histories(Shape(1, 1, 4), 6, entries=5, seed=3)
    expected.backward(torch.tensor(signals[:, 0, 0].transpose(0, 2, 1)))
    outputs = network.forward(inputs)[:, 0, 0].transpose(0, 2, 1)
    np.testing.assert_allclose(outputs, expected.detach().numpy(), atol=1e-12)
    input_signals = network.backward(signals)[:, 0, 0].transpose(0, 2, 1)
    np.testing.assert_allclose(input_signals, sequence.grad.numpy(), atol=1e-12)
    weights = network.parameters.gradient("weights").reshape(16, 7)
    np.testing.assert_allclose(weights[:, :3], lstm.weight_ih_l0.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(weights[:, 3:], lstm.weight_hh_l0.grad.numpy(), atol=1e-12)
