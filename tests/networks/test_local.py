"""Local: every rung of the ladder against a plain loop, central differences, the plain rung and torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.base.tiled_dense import WORTH_A_REGION
from networks.graph import GraphNetwork
from networks.ladder import FAMILIES
from nn.activations import ELU, Identity, LeakyReLU, Softplus, Tanh
from nn.graph import Graph
from nn.initializers import BiasInitializer
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.rung_checks import RungChecks, every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILY = FAMILIES["local"]
PLAIN = FAMILY.rungs["plain"]

histories = st.integers(1, 40)
few_and_many = pytest.mark.parametrize("histories", [8, 35])


@st.composite
def layers(draw):
    """Arguments of a layer that shrinks, keeps or grows a small image, mixing channels or not."""
    block = draw(st.integers(1, 3))
    channels = draw(st.sampled_from([1, 2, 3, 4]))
    mixing = draw(st.booleans())
    return {
        "input_shape": Shape(block * draw(st.integers(1, 5)), block * draw(st.integers(1, 4)), channels),
        "input_block": block,
        "window": block + draw(st.integers(0, 4)),
        "output_block": draw(st.integers(1, 3)),
        "channels": draw(st.integers(1, 4)) * (1 if mixing else channels),
        "mixing": mixing,
        "activation": draw(st.sampled_from([Identity(), LeakyReLU(), ELU(), Softplus(), Tanh()])),
    }


def local(kind, dtype="float64", **arguments):
    generator = np.random.default_rng(2)
    return kind(**arguments, bias=BiasInitializer(spread=0.5), generator=generator, dtype=dtype)


def build(kind, dtype, mixing=True):
    blocks = {"input_block": 2, "window": 5, "output_block": 3, "channels": 4}
    return local(kind, dtype, input_shape=Shape(8, 6, 2), **blocks, mixing=mixing, activation=Tanh())


def many_bands(kind, dtype):
    blocks = {"input_block": 2, "window": 6, "output_block": 1, "channels": 8}
    return local(kind, dtype, input_shape=Shape(40, 20, 3), **blocks, activation=LeakyReLU())


LARGE_TILES = {"input_shape": Shape(16, 16, 12), "input_block": 8, "output_block": 2, "channels": 36}
"""A tile has more weights than one chunk of a backward pass."""

ROW_OF_TILES = {"input_shape": Shape(4, 18, 3), "input_block": 2, "output_block": 2, "channels": 6}
"""9 columns: without mixing, tiles go together by four, and one is left."""

LAYERS = {
    "tiles in chunks": {**LARGE_TILES, "window": 8},
    "overlapping tiles in chunks": {**LARGE_TILES, "window": 10},
    "tiles together": {**ROW_OF_TILES, "window": 2, "mixing": False},
    "overlapping tiles together": {**ROW_OF_TILES, "window": 6, "mixing": False},
}


def weights_of_tiles(network, flat):
    """Return weights (tile, group, output row, column, channel, N, N, channel), zero outside the image.

    Written after the order that the layer documents, not with its own iterators.
    """
    tiling, groups = network.tiling, network.groups
    inputs, outputs = network.input_shape.channels // groups, network.output_shape.channels // groups
    side, margin = tiling.output_block, (tiling.window - tiling.input_block) // 2
    shape = (len(tiling), groups, side, side, outputs, tiling.window, tiling.window, inputs)
    weights, position = np.zeros(shape, flat.dtype), 0
    for number, tile in enumerate(tiling):
        top = tile.window.top - (tile.row * tiling.input_block - margin)
        left = tile.window.left - (tile.column * tiling.input_block - margin)
        for group in range(groups):
            part = (side, side, outputs, tile.window.height, tile.window.width, inputs)
            size = int(np.prod(part))
            inside = slice(top, top + tile.window.height), slice(left, left + tile.window.width)
            weights[number, group, ..., *inside, :] = flat[position : position + size].reshape(part)
            position += size
    assert position == flat.size
    return weights


def sums_by_loops(network, values):
    """Return the sums (H, W, C, N), one output neuron and one input pixel at a time."""
    tiling, groups = network.tiling, network.groups
    inputs, outputs = network.input_shape.channels // groups, network.output_shape.channels // groups
    weights = weights_of_tiles(network, network.parameters["weights"])
    margin = (tiling.window - tiling.input_block) // 2
    sums = np.zeros((*network.output_shape, values.shape[-1]))
    for row, column, channel in np.ndindex(*network.output_shape):
        tile_row, inner_row = divmod(row, tiling.output_block)
        tile_column, inner_column = divmod(column, tiling.output_block)
        group, inner_channel = divmod(channel, outputs)
        window = weights[
            tile_row * tiling.columns + tile_column, group, inner_row, inner_column, inner_channel
        ]
        sums[row, column, channel] = network.parameters["biases"][row, column, channel]
        for dy, dx, source in np.ndindex(window.shape):
            y, x = tile_row * tiling.input_block - margin + dy, tile_column * tiling.input_block - margin + dx
            if 0 <= y < tiling.input_shape.height and 0 <= x < tiling.input_shape.width:
                sums[row, column, channel] += window[dy, dx, source] * values[y, x, group * inputs + source]
    return sums


@every_rung
@given(arguments=layers())
def test_forward_is_a_loop_over_outputs_and_window_pixels(rung, arguments):
    network = local(FAMILY.rungs[rung], **arguments)
    values, _ = checks.numbers(network, 2)
    expected = network.activation(sums_by_loops(network, values))
    checks.assert_close({"outputs": network.forward(values)}, {"outputs": expected}, 1e-12)


@every_rung
@given(arguments=layers(), histories=histories)
def test_gradients(rung, arguments, histories):
    checks.check_gradients(local(FAMILY.rungs[rung], **arguments), histories)


@every_faster_rung
@every_dtype
@given(arguments=layers(), histories=histories)
def test_same_as_plain(rung, dtype, arguments, histories):
    network, plain = (local(kind, dtype, **arguments) for kind in (FAMILY.rungs[rung], PLAIN))
    assert np.array_equal(network.parameters.values, plain.parameters.values)
    checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_faster_rung
@every_dtype
@few_and_many
def test_same_as_plain_over_many_bands(rung, dtype, histories):
    network, plain = many_bands(FAMILY.rungs[rung], dtype), many_bands(PLAIN, dtype)
    checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_rung
@every_dtype
@few_and_many
def test_threads_do_not_change_a_bit(rung, dtype, histories):
    network = many_bands(FAMILY.rungs[rung], dtype)
    assert network.connections * histories >= WORTH_A_REGION
    checks.check_threads(network, histories)


@every_faster_rung
@every_dtype
@pytest.mark.parametrize("histories", [5, 16])
@pytest.mark.parametrize("layer", LAYERS)
def test_same_as_plain_for_tiles_in_chunks_and_together(rung, dtype, histories, layer):
    network, plain = (local(kind, dtype, **LAYERS[layer]) for kind in (FAMILY.rungs[rung], PLAIN))
    checks.check_same_as_plain(network, plain, histories, FAMILY.tolerance[dtype])


@every_rung
@every_dtype
@pytest.mark.parametrize("mixing", [True, False])
def test_nan_is_not_hidden_among_few_histories(rung, dtype, mixing):
    checks.check_nan_is_not_hidden(build(FAMILY.rungs[rung], dtype, mixing), 5)


@every_dtype
@pytest.mark.parametrize("histories", [5, 8, 16, 20, 64])
@pytest.mark.parametrize("layer", LAYERS)
def test_memory_is_that_of_the_arrays_that_are_held(dtype, histories, layer):
    """All arrays but inputs that are used unchanged: these are the values of the layer before."""
    network = local(FAMILY.rungs["o2"], dtype, **LAYERS[layer])
    values, signals = checks.numbers(network, histories)
    network.forward(values)
    network.backward(signals)
    arrays = [array for array in vars(network).values() if isinstance(array, np.ndarray)]
    held = [array for array in arrays if array.dtype == network.dtype and array is not values]
    assert network.history_bytes(histories) == sum(array.nbytes for array in held)


class TestEveryRung(RungChecks):
    family = FAMILY
    build = staticmethod(build)


@every_rung
def test_what_does_not_fit_is_refused(rung):
    messages = checks.check_wrong_input(build(FAMILY.rungs[rung], "float32")).splitlines()
    assert messages == [
        "local: signals have 2 histories, the last forward had 0",
        "local: input values have shape (8, 6, 2, 0), expected (8x6x2, histories)",
        "local: signals have 1 histories, the last forward had 2",
        "local: signals have 40 histories, the last forward had 2",
        "local: input values have shape (7, 6, 2, 2), expected (8x6x2, histories)",
        "local: input values have shape (8, 6, 2), expected (8x6x2, histories)",
        "local: input values are float64, the network is float32",
        "local: signals have shape (12, 9, 3, 2), expected (12x9x4, histories)",
        "local: signals are float64, the network is float32",
    ]


@every_rung
@every_dtype
@pytest.mark.parametrize("mixing", [True, False])
def test_torch_unfold_and_einsum_give_the_same(rung, dtype, mixing):
    torch = pytest.importorskip("torch")
    network = build(FAMILY.rungs[rung], dtype, mixing)
    tiling, groups = network.tiling, network.groups
    values, signals = checks.numbers(network, 7)
    flat = torch.tensor(network.parameters["weights"], requires_grad=True)
    order = torch.tensor(weights_of_tiles(network, np.arange(1, flat.numel() + 1)))
    weights = torch.where(order > 0, flat[order - 1], 0).unflatten(0, (tiling.rows, tiling.columns))
    inputs = torch.tensor(values, requires_grad=True)
    padded = torch.nn.functional.pad(inputs.permute(3, 2, 0, 1), (1, 2, 1, 2))
    windows = padded.unfold(2, tiling.window, tiling.input_block).unfold(3, tiling.window, tiling.input_block)
    windows = windows.unflatten(1, (groups, -1))
    sums = torch.einsum("rcgpqozwi,ngirczw->rpcqgon", weights, windows)
    biases = torch.tensor(network.parameters["biases"], requires_grad=True)
    outputs = torch.tanh(sums.reshape(*network.output_shape, 7) + biases[..., None])
    outputs.backward(torch.tensor(signals))
    expected = {
        "outputs": outputs.detach().numpy(),
        "input signals": inputs.grad.numpy(),
        "weights": flat.grad.numpy(),
        "biases": biases.grad.numpy(),
    }
    checks.assert_close(checks.pass_through(network, values, signals), expected, FAMILY.tolerance[dtype])


@every_rung
@given(arguments=layers())
def test_a_graph_of_the_same_seed_gives_the_same(rung, arguments):
    network = local(FAMILY.rungs[rung], **arguments)
    options = dict(arguments, bias=BiasInitializer(spread=0.5), generator=np.random.default_rng(2))
    graph = Graph()
    graph.set_output(graph.local(graph.input_layer(options.pop("input_shape")), **options))
    checks.check_same_as_graph(network, GraphNetwork(graph, dtype=np.float64), FAMILY.tolerance["float64"])


@every_rung
def test_without_propagation_the_gradients_stay_the_same(rung):
    network = build(FAMILY.rungs[rung], "float64")
    values, signals = checks.numbers(network, 9)
    expected = checks.pass_through(network, values, signals)
    network.propagates = False
    found = checks.pass_through(network, values, signals)
    for name in ("outputs", "weights", "biases"):
        assert np.array_equal(found[name], expected[name])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": 3, "mixing": False}, "3 output channels are not a multiple of the 2 input channels"),
        ({"channels": 0}, "local: channels 0 must be a whole number"),
        ({"input_block": 4}, "width 6 is not a multiple of the input block 4"),
        ({"window": 1}, "window 1 is smaller than the input block 2"),
    ],
)
def test_layers_that_do_not_fit_are_refused(changes, message):
    arguments = {"input_block": 2, "window": 4, "output_block": 1, "channels": 4, **changes}
    with pytest.raises(ValueError, match=message):
        PLAIN(Shape(8, 6, 2), generator=np.random.default_rng(0), **arguments)


def test_connections_are_weights():
    network = build(PLAIN, "float32")
    pixels = sum(tile.window.pixels for tile in network.tiling)
    assert network.connections == network.parameters["weights"].size == pixels * 2 * 3 * 3 * 4
