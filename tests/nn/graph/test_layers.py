"""Layers built at once: what they connect, how they start, what they refuse."""

import numpy as np
import pytest

from networks.dense import Dense
from networks.graph import GraphNetwork
from networks.local import Local
from nn.activations import Identity, Sigmoid, Tanh
from nn.graph import Graph
from nn.graph.neuron import Kind, Layer
from nn.initializers import BiasInitializer, Normal, Orthogonal
from nn.shape import Shape


def generator(seed=0):
    return np.random.default_rng(seed)


def images(shape, entries=3):
    return generator(9).standard_normal((*shape, entries))


def assert_same_network(layer_of, network):
    """A graph layer and a network of another family, from equal generators: same numbers everywhere."""
    graph = Graph()
    graph.set_output(layer_of(graph, graph.input_layer(network.input_shape)))
    same = GraphNetwork(graph, dtype=np.float64)
    np.testing.assert_allclose(same.weights, network.parameters["weights"].ravel(), rtol=1e-12)
    np.testing.assert_allclose(same.biases, network.parameters["biases"].ravel(), rtol=1e-12)
    values, signals = images(network.input_shape), images(network.output_shape)
    np.testing.assert_allclose(same.forward(values), network.forward(values), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(same.backward(signals), network.backward(signals), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(
        same.parameters.gradients, network.parameters.gradients, rtol=1e-10, atol=1e-12
    )


def test_dense_is_the_dense_network():
    shapes = Shape(2, 3, 2), Shape(1, 4, 2)
    options = {"activation": Tanh(), "initializer": Normal(0.3), "bias": BiasInitializer(0.1, 0.2)}
    assert_same_network(
        lambda graph, source: graph.dense(source, shapes[1], generator=generator(), **options),
        Dense(*shapes, generator=generator(), dtype=np.float64, **options),
    )


@pytest.mark.parametrize(
    ("shape", "blocks", "channels", "mixing"),
    [
        (Shape(4, 6, 1), (2, 4, 1), 3, True),
        (Shape(3, 4, 3), (1, 3, 1), 6, False),
        (Shape(2, 3, 4), (1, 2, 2), 4, True),
        (Shape(4, 4, 4), (2, 3, 1), 4, False),
    ],
)
def test_local_is_the_local_network(shape, blocks, channels, mixing):
    options = {"activation": Sigmoid(), "bias": BiasInitializer(spread=0.3), "mixing": mixing}
    names = ("input_block", "window", "output_block")
    assert_same_network(
        lambda graph, source: graph.local(source, *blocks, channels, generator=generator(), **options),
        Local(
            shape,
            **dict(zip(names, blocks, strict=True)),
            channels=channels,
            generator=generator(),
            dtype=np.float64,
            **options,
        ),
    )


@pytest.mark.parametrize(
    ("channels", "window", "stride", "mixing"),
    [(5, 3, 1, True), (4, 5, 1, False), (3, 4, 2, True), (2, 2, 2, False)],
)
def test_convolution_is_that_of_torch(channels, window, stride, mixing):
    torch = pytest.importorskip("torch")
    shape = Shape(6, 4, 2)
    graph = Graph()
    layer = graph.convolution(
        graph.input_layer(shape),
        stride,
        window,
        1,
        channels,
        mixing=mixing,
        activation=Identity(),
        bias=BiasInitializer(spread=0.5),
        generator=generator(),
    )
    graph.set_output(layer)
    network = GraphNetwork(graph, dtype=np.float64)
    seen = 2 if mixing else 1
    kernel = network.weights.reshape(window, window, seen, channels).transpose(3, 2, 0, 1)
    values, margin = images(shape), (window - stride) // 2
    after = window - stride - margin
    expected = torch.nn.functional.conv2d(
        torch.nn.functional.pad(torch.tensor(values.transpose(3, 2, 0, 1)), (margin, after, margin, after)),
        torch.tensor(kernel.copy()),
        torch.tensor(network.biases),
        stride=stride,
        groups=1 if mixing else 2,
    )
    np.testing.assert_allclose(network.forward(values), expected.numpy().transpose(2, 3, 1, 0), atol=1e-12)
    assert len(network.weights) == window * window * seen * channels
    assert len(network.biases) == channels


def test_convolution_that_grows_the_image_repeats_its_block():
    graph = Graph()
    layer = graph.convolution(graph.input_layer(Shape(5, 5, 1)), 1, 3, 2, 1, generator=generator())
    graph.set_output(layer)
    values = np.zeros((5, 5, 1, 1))
    values[2, 2] = 1
    inside = np.zeros_like(values)
    inside[1, 3] = 1
    network = GraphNetwork(graph, dtype=np.float64)
    response = network.forward(values)[2:8, 2:8].copy()
    assert (response != 0).all()
    assert layer.shape == Shape(10, 10, 1)
    np.testing.assert_array_equal(network.forward(inside)[0:6, 4:10], response)


def test_random_connects_every_neuron_as_often_as_asked():
    graph = Graph()
    image = graph.input_layer(Shape(4, 5, 1))
    layer = graph.random(image, Shape(3, 3, 1), connections_per_neuron=6, delay=2, generator=generator())
    assert [len(graph.neuron(index).incoming) for index in layer.neurons] == [6] * 9
    assert (graph.delays == 2).all()
    assert len(graph.weights) == graph.connection_count == 54


def test_layer_receives_from_many():
    graph = Graph()
    image = graph.input_layer(Shape(1, 1, 3), "image")
    hidden = graph.dense(image, Shape(1, 2, 2), name="hidden", generator=generator())
    assert graph.dense([image, hidden], target=hidden, delay=1, generator=generator()) == hidden
    assert graph.random(image, target=hidden, connections_per_neuron=2, generator=generator()) == hidden
    assert graph.local(hidden, 1, 1, 1, 2, target=hidden, delay=3, generator=generator()) == hidden
    assert len(graph.neuron(hidden.first).incoming) == 3 + 7 + 2 + 2
    assert graph.layers == [image, hidden]
    assert len(graph.biases) == 4


def test_layers_are_named_shaped_and_follow_one_another():
    graph = Graph()
    image = graph.input_layer(Shape(2, 3, 4))
    single = graph.add_input()
    code = graph.dense(image, Shape(1, 1, 5), name="code", activation=Tanh(), generator=generator())
    assert image == Layer("layer 0", Shape(2, 3, 4), 0)
    assert code == Layer("code", Shape(1, 1, 5), 25)
    assert graph.layer("code") == code
    assert single.layer is None
    assert graph.neuron(image.first).kind is Kind.INPUT
    assert graph.neuron(code.first).activation == Tanh()
    assert code.span == slice(25, 30)


def test_biases_and_weights_start_as_asked():
    graph = Graph()
    image = graph.input_layer(Shape(1, 1, 100))
    graph.dense(
        image,
        Shape(1, 1, 80),
        initializer=Orthogonal(),
        bias=BiasInitializer(mean=2, spread=0.1),
        generator=generator(),
    )
    matrix = graph.weights.reshape(80, 100)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(80), atol=1e-12)
    assert graph.biases.mean() == pytest.approx(2, abs=0.05)
    assert graph.biases.std() == pytest.approx(0.1, rel=0.3)


def test_layer_does_not_depend_on_the_ones_built_before_it():
    first, second = Graph(), Graph()
    second.dense(second.input_layer(Shape(1, 1, 2)), Shape(1, 1, 2), generator=generator(5))
    built = [
        graph.dense(graph.input_layer(Shape(1, 1, 4)), Shape(1, 1, 3), generator=generator(1))
        for graph in (first, second)
    ]
    assert (first.weights == second.weights[-12:]).all()
    assert built[0].shape == built[1].shape


SHAPE = Shape(2, 2, 1)


def unknown_biases(shape, *, generator, dtype=np.float32):
    return np.full(shape, np.nan, dtype)


FOREIGN = Layer("foreign", SHAPE, 0)


@pytest.mark.parametrize(
    ("method", "source", "arguments", "message"),
    [
        ("dense", "image", {}, "one of the two"),
        ("dense", "image", {"shape": SHAPE, "target": "hidden"}, "one of the two"),
        ("dense", "hidden", {"target": "image"}, "'image' holds inputs"),
        ("dense", "image", {"target": "hidden", "name": "other"}, "'hidden' exists: it keeps its activation"),
        ("dense", "image", {"target": "hidden", "activation": Tanh()}, "'hidden' exists"),
        ("dense", "image", {"target": "hidden", "bias": BiasInitializer()}, "'hidden' exists"),
        ("dense", "image", {"shape": SHAPE, "name": "image"}, "there is a layer 'image' already"),
        ("dense", "image", {"shape": Shape(0, 1, 1)}, "every side must be at least 1"),
        ("dense", "image", {"shape": SHAPE, "delay": -1}, "cannot read the future"),
        ("dense", "image", {"shape": SHAPE, "bias": unknown_biases}, "a bias starts at NaN"),
        ("dense", FOREIGN, {"shape": SHAPE}, "'foreign' does not belong to this graph"),
        ("dense", "image", {"target": FOREIGN}, "'foreign' does not belong to this graph"),
        ("random", "image", {"shape": SHAPE, "connections_per_neuron": 33}, "choose 1 to 32"),
        ("local", "image", {"input_block": 3}, "not a multiple of the input block 3"),
        ("local", "image", {"channels": 3, "mixing": False}, "not a multiple of the 2 input channels"),
        ("local", "image", {"channels": 0}, "0 output channels"),
        ("local", "image", {"target": "hidden"}, "the windows make 4x4x1, but layer 'hidden' is 2x2x1"),
        ("convolution", "image", {"target": "hidden"}, "the windows make 4x4x1"),
        ("convolution", "image", {"window": 0}, "at least 1"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_trace(method, source, arguments, message):
    graph = Graph()
    graph.input_layer(Shape(4, 4, 2), "image")
    graph.dense(graph.layers[0], SHAPE, name="hidden", generator=generator())
    before, layers = graph.arrays(), list(graph.layers)
    if method in ("local", "convolution"):
        arguments = {"input_block": 1, "window": 3, "output_block": 1, "channels": 1, **arguments}
    if arguments.get("target") in ("image", "hidden"):
        arguments = {**arguments, "target": graph.layer(arguments["target"])}
    source = graph.layer(source) if isinstance(source, str) else source
    with pytest.raises(ValueError, match=message):
        getattr(graph, method)(source, **arguments, generator=generator())
    for name, array in graph.arrays().items():
        np.testing.assert_array_equal(array, before[name])
    assert graph.layers == layers


def test_a_number_of_units_is_a_shape():
    graph = Graph()
    points = graph.input_layer(3)
    layers = [
        points,
        graph.dense(points, 4, generator=generator()),
        graph.random(points, 5, connections_per_neuron=2, generator=generator()),
        graph.unconnected(6, generator=generator()),
    ]
    assert [layer.shape for layer in layers] == [Shape(1, 1, units) for units in (3, 4, 5, 6)]


@pytest.mark.parametrize("units", [0, -1, True, 2.5, float("nan")])
def test_what_is_no_number_of_units_is_refused(units):
    graph = Graph()
    points = graph.input_layer(3)
    before = graph.neuron_count
    with pytest.raises(ValueError, match=r"layer .* must be a whole number of units, at least 1, or a shape"):
        graph.dense(points, units, generator=generator())
    assert graph.neuron_count == before


def test_options_that_do_not_exist_are_refused():
    graph = Graph()
    with pytest.raises(TypeError, match="leakage"):
        graph.dense(graph.input_layer(SHAPE), SHAPE, generator=generator(), leakage=0.1)
    with pytest.raises(TypeError, match="generator"):
        graph.dense(graph.layers[0], SHAPE)
