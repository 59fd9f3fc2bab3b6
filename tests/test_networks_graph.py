"""The graph's three rungs: against each other, against central differences, against torch."""

import json

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import graph as plain
from networks import graph_o1, graph_o2
from nn.activations import ELU, Identity, LeakyReLU, ReLU, Sigmoid, Softplus, Squash, Tanh
from nn.gradcheck import gradcheck
from nn.graph import Graph
from nn.image import Shape
from nn.order import CycleError

RUNGS = {"plain": plain.GraphNetwork, "o1": graph_o1.GraphNetwork, "o2": graph_o2.GraphNetwork}
ACTIVATIONS = [Identity(), LeakyReLU(0.1), ReLU(), ELU(), Softplus(), Tanh(), Sigmoid(), Squash(0.2)]
SMOOTH = [Identity(), Softplus(), Tanh(), Sigmoid()]

every_rung = pytest.mark.parametrize("rung", RUNGS)
seeds = st.integers(0, 2**32 - 1)


def random_graph(seed, activations=ACTIVATIONS, neurons=14):
    """Sums and products in any order, skips, shared and fixed weights, shared biases, delays."""
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
    """Shared and own weights between images, big enough to be worth a second thread."""
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
    """Everything that a forward and a backward leave behind."""
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


@pytest.mark.parametrize("entries", [5, 16, 33])
def test_rungs_agree_on_layers_in_float32(entries):
    graph = layered_graph()
    inputs = histories(graph.input_shape, 2, entries=entries, dtype=np.float32)
    signals = histories(graph.output_shape, 2, entries=entries, seed=2, dtype=np.float32)
    o1, o2 = (run(RUNGS[name](graph), inputs, signals) for name in ("o1", "o2"))
    assert o1["values"].dtype == o2["gradients"].dtype == np.float32
    assert_same(o2, o1, 2e-5)


@every_rung
@given(seeds, st.sampled_from([None, 1, 3]))
def test_gradients_and_the_signal_of_every_neuron_are_right(rung, seed, steps):
    graph = random_graph(seed, activations=SMOOTH, neurons=8)
    leading = () if steps is None else (steps,)
    network = RUNGS[rung](graph, ticks=2, dtype=np.float64)
    gradcheck(network, histories(graph.input_shape, *leading, entries=2)).raise_if_wrong()


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


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="this machine has one core")
@pytest.mark.parametrize("learning_rate", [None, 0.1])
def test_bits_do_not_depend_on_threads(learning_rate):
    graph = layered_graph()
    inputs = histories(graph.input_shape, 2, entries=20, dtype=np.float32)
    signals = histories(graph.output_shape, 2, entries=20, dtype=np.float32)
    found = []
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(threads)
        found.append(run(graph_o2.GraphNetwork(graph), inputs, signals, learning_rate))
    numba.set_num_threads(before)
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name], err_msg=name)


def shuffled_windows():
    """Windows of an image whose neurons are numbered at random, so that a partition has work to do."""
    built = Graph()
    built.local(built.input_layer(Shape(20, 20, 1)), 1, 5, 1, 1, generator=np.random.default_rng(0))
    places = np.concatenate([np.random.default_rng(seed).permutation(400) + 400 * seed for seed in (0, 1)])
    graph = Graph()
    graph.input_layer(Shape(20, 20, 1))
    biases = graph.add_biases(np.linspace(-1, 1, 400))
    layer = graph.add_layer(None, Shape(20, 20, 1), activation=Tanh(), bias_of=biases + np.arange(400))
    graph.add_weights(built.weights)
    graph.add_connections(places[built.sources], places[built.targets], built.weight_of)
    graph.set_output(layer)
    return graph


def test_bits_do_not_depend_on_parts():
    graph = shuffled_windows()
    inputs = histories(graph.input_shape, entries=20, dtype=np.float32)
    networks = [graph_o2.GraphNetwork(graph, parts=parts) for parts in (1, 2, 3)]
    found = [run(network, inputs, inputs) for network in networks]
    for other in found[1:]:
        for name in found[0]:
            np.testing.assert_array_equal(found[0][name], other[name], err_msg=name)


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


@every_rung
def test_nudges_move_every_neuron(rung):
    graph = random_graph(4, activations=[Identity()])
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = histories(graph.input_shape, 2, entries=3)
    network.forward(inputs)
    before = network.values.copy()
    network.nudges = np.zeros_like(before)
    last = int(graph.levels.neurons[-1])
    network.nudges[1, last] = 5
    network.forward(inputs)
    difference = network.values - before
    assert (difference[1, last] == pytest.approx(5)) and not np.delete(difference, last, axis=1).any()
    network.nudges = np.full(before.shape[1:], 0.5)
    network.forward(inputs)
    np.testing.assert_allclose(network.values[:, graph.inputs] - before[:, graph.inputs], 0.5)


@every_rung
def test_handles_read_and_write_what_the_rung_computes_with(rung):
    graph = random_graph(9)
    network = RUNGS[rung](graph, dtype=np.float64)
    inputs = histories(graph.input_shape, 2, entries=3)
    target = next(index for index in range(graph.neuron_count) if network.neuron(index).bias is not None)
    network.neuron(target).bias = 2.5
    for weight in range(len(network.weights)):
        network.weight(weight).value = 0
    network.forward(inputs)
    fixed = [connection for connection in network.neuron(target).incoming if connection.weight is None]
    total = sum(
        (connection.source.values[1 - connection.delay] for connection in fixed if connection.delay < 2), 2.5
    )
    expected = network.neuron(target).activation(np.broadcast_to(total, 3).astype(float))
    np.testing.assert_allclose(network.neuron(target).values[1], expected)


def test_layers_can_be_looked_at():
    graph = layered_graph()
    network = graph_o2.GraphNetwork(graph)
    inputs = histories(graph.input_shape, entries=5, dtype=np.float32)
    network.forward(inputs)
    network.backward(histories(graph.output_shape, entries=5, dtype=np.float32))
    np.testing.assert_array_equal(network.layer_values(graph.layers[0])[0], inputs)
    code = graph.layers[1]
    assert network.layer_values(code).shape == network.layer_signals(code).shape == (1, 8, 8, 6, 5)
    index = code.index(2, 3, 4)
    np.testing.assert_array_equal(network.layer_values(code)[:, 2, 3, 4], network.neuron(index).values)
    np.testing.assert_array_equal(network.layer_signals(code)[:, 2, 3, 4], network.neuron(index).signals)


@every_rung
def test_network_comes_back_from_its_description(rung):
    network = RUNGS[rung](random_graph(6), ticks=3, dtype=np.float64)
    configuration = json.loads(json.dumps(network.to_configuration()))
    back = RUNGS[rung].from_configuration(configuration, network.structure(), dtype=np.float64)
    back.parameters.copy_from(network.parameters)
    batch = np.random.default_rng(0).standard_normal((7, *network.input_shape))
    np.testing.assert_array_equal(back.predict(batch, batch_size=3), network.predict(batch))
    assert back.connections == network.connections == network.graph.connection_count
    assert set(network.structure()).isdisjoint({"weights", "biases"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "dense"}, "no configuration of a graph network"),
        ({"ticks": 1.5}, "ticks is 1.5"),
        ({"ticks": 0}, "ticks is 0"),
    ],
)
def test_wrong_description_is_refused(change, message):
    network = plain.GraphNetwork(random_graph(6))
    with pytest.raises(ValueError, match=message):
        plain.GraphNetwork.from_configuration({**network.to_configuration(), **change}, network.structure())


@every_rung
def test_graphs_that_cannot_run_are_refused(rung):
    build = RUNGS[rung]
    graph = Graph()
    with pytest.raises(ValueError, match="the graph has no input neuron"):
        build(graph)
    source = graph.add_input()
    with pytest.raises(ValueError, match="the graph has no output"):
        build(graph)
    graph.set_output([source])
    with pytest.raises(ValueError, match="ticks is 0"):
        build(graph, ticks=0)
    with pytest.raises(ValueError, match="dtype int64"):
        build(graph, dtype=np.int64)
    loop = graph.add_neuron(Tanh())
    graph.connect(loop, loop, 1.0)
    with pytest.raises(CycleError, match="neuron 1 -> neuron 1"):
        build(graph)


@every_rung
def test_arrays_that_do_not_fit_are_refused(rung):
    graph = layered_graph()
    network = RUNGS[rung](graph)
    good = np.zeros((16, 16, 3, 2), np.float32)
    for wrong, message in (
        (good[0], r"input values have shape \(16, 3, 2\), expected \(16x16x3, histories\)"),
        (good[:15], "input values have shape"),
        (good[..., :0], "input values have shape"),
        (np.zeros((0, 16, 16, 3, 2), np.float32), "input values have shape"),
        (good.astype(np.float64), "input values are float64, the network is float32"),
    ):
        with pytest.raises(ValueError, match=message):
            network.forward(wrong)
    with pytest.raises(ValueError, match="not that of the last outputs"):
        network.backward(np.zeros((1, 1, 30, 2), np.float32))
    if rung == "plain":
        return
    network.forward(good)
    for wrong in ((2, 1, 1, 30, 2), (1, 1, 30, 3), (1, 1, 29, 2)):
        with pytest.raises(ValueError, match="signals have shape"):
            network.backward(np.zeros(wrong, np.float32))


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
