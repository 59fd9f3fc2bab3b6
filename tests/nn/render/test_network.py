"""Pictures of networks: places of neurons, their colours, which connections are drawn, extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from nn.render import ConnectionsPicture, LayerPicture, network_picture, strongest_connections
from nn.render.colours import NEGATIVE, POSITIVE, diverging
from nn.render.connection_curves import rescale, within
from nn.render.layers import arrange
from nn.shape import Shape


def layer(values, name="layer", image=False):
    values = np.asarray(values, float)
    return LayerPicture(name, Shape(*values.shape), values, image)


def connect(source, target, sources, targets, weights):
    return ConnectionsPicture(source, target, np.array(sources), np.array(targets), np.array(weights, float))


def above_legend(picture):
    return np.asarray(picture)[:-80]


def near(pixels, colour, tolerance=40):
    """How many pixels are nearly of a colour."""
    return int((np.abs(pixels.astype(int) - ImageColor.getrgb(colour)).max(axis=-1) <= tolerance).sum())


@pytest.fixture
def generator():
    return np.random.default_rng(11)


# Neurons


@given(
    height=st.integers(1, 40), width=st.integers(1, 40), channels=st.integers(1, 9), box=st.integers(150, 400)
)
def test_every_neuron_has_its_colour_at_its_place(height, width, channels, box):
    shape = Shape(height, width, channels)
    raster = arrange(shape, box, box)
    values = np.random.default_rng(height).uniform(-1, 1, shape)
    pixels, _ = raster.paint(layer(values), 1.0)
    assert pixels.shape[0] <= box and pixels.shape[1] <= box
    assert raster.block == 1
    x, y = np.floor(raster.places(np.arange(shape.size))).astype(int).T
    np.testing.assert_array_equal(pixels[y, x], diverging(values.ravel(), 1.0))


def test_what_does_not_fit_is_averaged_over_blocks_and_the_last_ones_over_what_is_left():
    raster = arrange(Shape(5, 250, 1), 100, 100)
    assert raster.block == 3
    values = np.arange(5 * 250, dtype=float).reshape(5, 250, 1)
    squares = raster.squares(values)
    assert squares.shape == (1, 2, 84)
    assert squares[0, 0, 0] == pytest.approx(values[:3, :3].mean())
    assert squares[0, 1, 83] == pytest.approx(values[3:, 249:].mean())


def test_a_vector_is_folded_row_by_row_and_missing_neurons_are_not_averaged():
    raster = arrange(Shape(1, 1, 7), 200, 200)
    assert raster.folded and (raster.rows, raster.columns) == (3, 3)
    squares = raster.squares(np.arange(7.0).reshape(1, 1, 7))
    np.testing.assert_array_equal(squares, [[[0, 1, 2], [3, 4, 5], [6, np.nan, np.nan]]])
    large = arrange(Shape(1, 1, 99_991), 100, 100)
    squares = large.squares(np.ones((1, 1, 99_991)))
    assert large.block > 1 and np.nanmin(squares) == np.nanmax(squares) == 1


def test_the_channels_of_colour_images_are_drawn_in_their_primaries():
    raster = arrange(Shape(2, 2, 4), 100, 100)
    pixels, _ = raster.paint(layer(np.ones((2, 2, 4)), image=True), 1.0)
    x, y = np.floor(raster.places(np.arange(4))).astype(int).T
    assert pixels[y, x].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]


@pytest.mark.parametrize("count", range(1, 14))
def test_one_to_many_layers_fit_the_width(count, generator):
    layers = [layer(generator.normal(size=(6, 6, 2)), f"a layer with number {each}") for each in range(count)]
    chain = [
        strongest_connections(generator.normal(size=(72, 72)), each, each + 1, 20)
        for each in range(count - 1)
    ]
    for connections in ((), chain):
        pixels = np.asarray(network_picture(layers, connections, title="Layers"))
        assert pixels.shape[1] == 900
        assert (pixels[:, :6] == 255).all() and (pixels[:, -6:] == 255).all()


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (384, 384, 3), (1, 1, 442_368), (2, 3000, 1), (3000, 2, 1), (2, 2, 50_000)]
)
def test_layers_of_any_size_can_be_drawn(shape):
    big = layer(np.full(shape, -0.5))
    last = big.shape.size - 1
    picture = network_picture([big, big], [connect(0, 1, [0, last], [last, 0], [1, -2])])
    assert picture.width == 900 and picture.height < 900


def test_layers_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match="at least one layer"):
        network_picture([])
    with pytest.raises(ValueError, match=r"'code' has shape 2x2x1, its values \(4,\)"):
        LayerPicture("code", Shape(2, 2, 1), np.zeros(4))
    with pytest.raises(ValueError, match="no neuron"):
        LayerPicture("code", Shape(0, 2, 1), np.zeros((0, 2, 1)))
    with pytest.raises(ValueError, match=r"layer 'code' hold inf at \(row, column, channel\) = \(0, 1, 0\)"):
        LayerPicture("code", Shape(1, 2, 1), np.array([[[0.0], [np.inf]]]))
    for limit in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="must be positive"):
            network_picture([layer([[[1.0]]])], limit=limit)


# Connections


def test_the_strongest_connections_of_a_matrix_come_weakest_first():
    weights = np.array([[0.1, -5.0, 2.0], [3.0, 0.0, -0.2]])
    chosen = strongest_connections(weights, 4, 5, 3)
    assert (chosen.source_layer, chosen.target_layer) == (4, 5)
    assert chosen.weight.tolist() == [2.0, 3.0, -5.0]
    assert chosen.source_index.tolist() == [2, 0, 1]
    assert chosen.target_index.tolist() == [0, 1, 0]


@given(
    weights=st.lists(st.integers(-4, 4), min_size=0, max_size=30),
    count=st.integers(0, 40),
)
def test_strongest_is_a_sort_by_strength_that_keeps_the_first_of_equals(weights, count):
    numbers = np.arange(len(weights))
    chosen = connect(0, 0, numbers, numbers, weights).strongest(count)
    expected = sorted(
        (each for each in numbers if weights[each]), key=lambda each: (-abs(weights[each]), each)
    )
    assert chosen.source_index.tolist() == [int(each) for each in expected[:count]][::-1]


def test_positive_and_negative_connections_have_their_colours():
    layers = [layer([[[0.0]], [[0.0]]]), layer([[[0.0]], [[0.0]]])]
    nothing = above_legend(network_picture(layers))
    positive = above_legend(network_picture(layers, [connect(0, 1, [0], [1], [0.7])]))
    negative = above_legend(network_picture(layers, [connect(0, 1, [0], [1], [-0.7])]))
    assert near(nothing, POSITIVE) == near(nothing, NEGATIVE) == 0
    assert near(positive, POSITIVE) > 200 and near(positive, NEGATIVE) == 0
    assert near(negative, NEGATIVE) > 200 and near(negative, POSITIVE) == 0


def test_zero_weights_and_no_connections_draw_nothing():
    layers = [layer([[[1.0]]]), layer([[[1.0]]])]
    nothing = np.asarray(network_picture(layers))
    for connections in (
        [connect(0, 1, [0], [0], [0.0])],
        [ConnectionsPicture(0, 1, *(np.zeros(0, int),) * 3)],
    ):
        np.testing.assert_array_equal(np.asarray(network_picture(layers, connections)), nothing)
    some = [connect(0, 1, [0], [0], [1.0])]
    np.testing.assert_array_equal(np.asarray(network_picture(layers, some, strongest=0)), nothing)


def test_skips_loops_and_jumps_between_rows_stay_inside():
    layers = [layer(np.zeros((2, 2, 1))) for _ in range(9)]
    ways = [(0, 0), (3, 3), (0, 2), (4, 0), (0, 8), (4, 5), (5, 4), (8, 6)]
    connections = [connect(*way, [0, 1, 2, 3], [3, 1, 0, 2], [1, -1, 2, -2]) for way in ways]
    pixels = np.asarray(network_picture(layers, connections))
    assert (pixels[:4] == 255).all() and (pixels[:, :4] == 255).all() and (pixels[:, -4:] == 255).all()


def test_a_connection_of_a_neuron_with_itself_is_a_loop():
    place = np.array([[50.0, 60.0]])
    (curve,) = within(place, place)
    np.testing.assert_allclose(curve[[0, -1]], [place[0], place[0]])
    assert np.ptp(curve[:, 0]) > 5 and np.ptp(curve[:, 1]) > 10


def test_rescaling_equal_numbers_gives_ones():
    np.testing.assert_array_equal(rescale(np.array([3.0, 3.0])), [1, 1])
    np.testing.assert_array_equal(rescale(np.array([1.0, 2.0, 5.0])), [0, 0.25, 1])


def test_connections_that_lead_nowhere_are_refused():
    layers = [layer(np.zeros((2, 2, 1)), "input"), layer(np.zeros((1, 1, 1)), "output")]
    for wrong, message in (
        (connect(0, 2, [0], [0], [1]), "layer 0 to layer 2: there are only layers 0 to 1"),
        (connect(0, 1, [4], [0], [1]), "neuron 4 of layer 'input', which has 4"),
        (connect(0, 1, [0], [-1], [1]), "neuron -1 of layer 'output', which has 1"),
    ):
        with pytest.raises(ValueError, match=message):
            network_picture(layers, [wrong])
    with pytest.raises(ValueError, match="cannot be negative"):
        network_picture(layers, [connect(0, 1, [0], [0], [1])], strongest=-1)


def test_connections_with_odd_arrays_are_refused():
    with pytest.raises(ValueError, match=r"expected one \(n,\)"):
        connect(0, 1, [0, 1], [0], [1])
    with pytest.raises(ValueError, match="whole numbers"):
        connect(0, 1, [0.5], [0], [1])
    with pytest.raises(ValueError, match="weights of connections from layer 0 to layer 1 hold nan"):
        connect(0, 1, [0], [0], [np.nan])
    with pytest.raises(ValueError, match=r"expected \(targets, sources\)"):
        strongest_connections(np.zeros(4), 0, 1)
    with pytest.raises(ValueError, match=r"weights hold inf at \(target, source\) = \(1, 0\)"):
        strongest_connections(np.array([[0.0], [np.inf]]), 0, 1)


def test_the_same_network_gives_the_same_bytes(generator):
    layers = [layer(generator.random((8, 8, 3)), image=True), layer(generator.normal(size=(1, 1, 30)))]
    connections = [strongest_connections(generator.normal(size=(30, 192)), 0, 1)]
    first, second = (network_picture(layers, connections, title="Twice") for _ in range(2))
    assert first.tobytes() == second.tobytes()
