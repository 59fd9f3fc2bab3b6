"""Convolution and its transpose beside others: PyTorch, and the plain graph with shared weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.graph import GraphNetwork
from networks.ladder import FAMILIES
from nn.activations import Identity, Tanh
from nn.graph import Graph
from nn.shape import Shape
from tests.support import convolution_layers as examples
from tests.support import network_checks as checks
from tests.support.convolution_layers import RUNGS, layer

pytestmark = pytest.mark.usefixtures("one_thread")

every_rung = pytest.mark.parametrize(("name", "rung"), RUNGS)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture(scope="module")
def torch():
    """PyTorch on one thread: on a busy machine its threads wait for each other."""
    library = pytest.importorskip("torch")
    threads = library.get_num_threads()
    library.set_num_threads(1)
    yield library
    library.set_num_threads(threads)


def peer_of(torch, network):
    """Return PyTorch's layer with the same parameters; its weights are (first, second, rows, columns)."""
    kernel = network.kernel
    padding = kernel.padding if kernel.padding == "same" else list(kernel.padding)
    arguments = {"stride": kernel.stride, "padding": padding, "dilation": kernel.dilation}
    kind = torch.nn.Conv2d
    if network.family == "transposed_convolution":
        kind = torch.nn.ConvTranspose2d
        arguments["output_padding"] = network.output_padding
    channels = network.input_shape.channels, network.output_shape.channels
    peer = kind(*channels, kernel.size, **arguments, dtype=getattr(torch, str(network.dtype)))
    with torch.no_grad():
        peer.weight.copy_(torch.tensor(network.parameters["weights"].transpose(0, 3, 1, 2).copy()))
        peer.bias.copy_(torch.tensor(network.parameters["biases"]))
    return peer


def through_torch(torch, network, values, signals):
    """Return the results of `checks.pass_through`, computed by PyTorch; the activation is the identity."""
    peer = peer_of(torch, network)
    inputs = torch.tensor(values.transpose(3, 2, 0, 1).copy(), requires_grad=True)
    outputs = peer(inputs)
    outputs.backward(torch.tensor(signals.transpose(3, 2, 0, 1).copy()))
    return {
        "outputs": outputs.detach().numpy().transpose(2, 3, 1, 0),
        "input signals": inputs.grad.numpy().transpose(2, 3, 1, 0),
        "weights": peer.weight.grad.numpy().transpose(0, 2, 3, 1),
        "biases": peer.bias.grad.numpy(),
    }


@every_rung
@every_dtype
@given(data=st.data(), histories=st.integers(1, 20))
def test_torch_gives_the_same(torch, name, rung, dtype, data, histories):
    arguments = data.draw(examples.layers(name)) | {"activation": Identity()}
    network = layer(name, rung, dtype, **arguments)
    values, signals = examples.numbers(network, histories)
    expected = through_torch(torch, network, values, signals)
    found = checks.pass_through(network, values, signals)
    checks.assert_close(found, expected, FAMILIES[name].tolerance[dtype])


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("rung", FAMILIES["convolution"].rungs)
@given(kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)), dilation=st.integers(1, 2))
def test_torch_means_the_same_by_same_padding(torch, rung, kernel, dilation):
    geometry = {"kernel": kernel, "dilation": dilation, "padding": "same", "activation": Identity()}
    network = layer("convolution", rung, input_shape=Shape(6, 5, 2), channels=3, **geometry)
    assert network.output_shape == Shape(6, 5, 3)
    values, signals = examples.numbers(network, 3)
    expected = through_torch(torch, network, values, signals)
    checks.assert_close(checks.pass_through(network, values, signals), expected, 1e-12)


def wires(network):
    """Yield (input index, output index, weight position) of every connection, one at a time.

    Written for windows in general: source pixel (y, x) of the image and window (row, column) are
    connected where y = row * stride - padding + tap * dilation, whichever of them is the input.
    """
    kernel, transposed = network.kernel, network.family == "transposed_convolution"
    shapes = (network.input_shape, network.output_shape)
    image, windows = reversed(shapes) if transposed else shapes
    for row, column, o in np.ndindex(*windows):
        for tap_row, tap_column, i in np.ndindex(*kernel.size, image.channels):
            y = row * kernel.stride[0] - kernel.padding[0] + tap_row * kernel.dilation[0]
            x = column * kernel.stride[1] - kernel.padding[1] + tap_column * kernel.dilation[1]
            if 0 <= y < image.height and 0 <= x < image.width:
                pixel = np.ravel_multi_index((y, x, i), image)
                window = np.ravel_multi_index((row, column, o), windows)
                weight = o, tap_row, tap_column, i
                yield (window, pixel, weight) if transposed else (pixel, window, weight)


def graph_of(network):
    """Build the layer on the plain graph; also return the position of every weight that is used."""
    graph, shared = Graph(), {}
    inputs = graph.input_layer(network.input_shape)
    channels = network.output_shape.channels
    outputs = [graph.add_neuron(network.activation, bias=bias) for bias in network.parameters["biases"]]
    for index in range(channels, network.output_shape.size):
        outputs.append(graph.add_neuron(network.activation, bias_of=outputs[index % channels]))
    for source, target, position in wires(network):
        weight = shared.get(position, network.parameters["weights"][position])
        connection = graph.connect(graph.neuron(inputs.first + source), outputs[target], weight)
        shared[position] = connection.weight
    graph.set_output(outputs)
    return GraphNetwork(graph, dtype=network.dtype), shared


@every_rung
@given(data=st.data())
def test_a_graph_of_shared_weights_gives_the_same(name, rung, data):
    arguments = data.draw(examples.layers(name)) | {"activation": Tanh()}
    arguments["input_shape"] = Shape(*arguments["input_shape"][:2], min(2, arguments["input_shape"][2]))
    network = layer(name, rung, **arguments | {"channels": min(2, arguments["channels"])})
    graph, shared = graph_of(network)
    values, signals = checks.numbers(network, 2)
    found = checks.pass_through(network, values, signals)
    expected = checks.pass_through(graph, values, signals.reshape(1, 1, -1, 2))
    gradients = np.zeros_like(network.parameters["weights"])
    for position, weight in shared.items():
        gradients[position] = expected["weights"][weight.index]
    expected["outputs"] = expected["outputs"].reshape(found["outputs"].shape)
    checks.assert_close(found, expected | {"weights": gradients}, FAMILIES[name].tolerance["float64"])
    assert graph.connections == network.connections
