"""Convolution and its transpose: every rung against central differences, the plain rung and by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES, network_from_configuration
from nn.activations import Identity
from nn.initializers import Initializer
from nn.shape import Shape
from tests.support import convolution_layers as examples
from tests.support import network_checks as checks
from tests.support.convolution_layers import FASTER_RUNGS, RUNGS, large, layer, small

pytestmark = pytest.mark.usefixtures("one_thread")

every_rung = pytest.mark.parametrize(("name", "rung"), RUNGS)
every_faster_rung = pytest.mark.parametrize(("name", "rung"), FASTER_RUNGS)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
histories = st.integers(1, 40)


def tolerance(name, dtype):
    return FAMILIES[name].tolerance[dtype]


@every_rung
@given(data=st.data(), histories=histories)
def test_gradients(name, rung, data, histories):
    checks.check_gradients(layer(name, rung, **data.draw(examples.layers(name))), histories)


@every_faster_rung
@every_dtype
@given(data=st.data(), histories=histories)
def test_same_as_plain(name, rung, dtype, data, histories):
    arguments = data.draw(examples.layers(name))
    network, plain = layer(name, rung, dtype, **arguments), layer(name, "plain", dtype, **arguments)
    examples.check_same_as_plain(network, plain, histories)


@every_faster_rung
@every_dtype
def test_same_as_plain_where_it_is_worth_a_parallel_region(name, rung, dtype):
    network, plain = large(name, rung, dtype), large(name, "plain", dtype)
    examples.check_same_as_plain(network, plain, 35)


@every_faster_rung
@every_dtype
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_same_as_plain_where_channels_are_few_and_histories_many(name, rung, dtype, channels):
    arguments = {"input_shape": Shape(5, 4, 3), "channels": channels, "kernel": 3, "stride": 2, "padding": 1}
    network, plain = layer(name, rung, dtype, **arguments), layer(name, "plain", dtype, **arguments)
    examples.check_same_as_plain(network, plain, 90)


@every_rung
@every_dtype
def test_threads_do_not_change_a_bit(name, rung, dtype):
    checks.check_threads(large(name, rung, dtype), 35)


@every_rung
@every_dtype
@pytest.mark.parametrize("histories", [1, 16, 21])
def test_learning_rate_descends_along_the_gradient(name, rung, dtype, histories):
    def build(kind, dtype):
        return small(name, rung, dtype)

    checks.check_learning_rate(build, None, dtype, histories, tolerance(name, dtype))


@every_rung
def test_gradients_add_up(name, rung):
    checks.check_gradients_add_up(small(name, rung), 5, tolerance(name, "float64"))


@every_rung
@every_dtype
def test_batches_of_any_size_in_turn(name, rung, dtype):
    checks.check_number_of_histories(small(name, rung, dtype), tolerance(name, dtype))


@every_rung
@every_dtype
def test_arrays_of_any_layout(name, rung, dtype):
    network = small(name, rung, dtype)
    values, signals = checks.numbers(network, 7)
    expected = checks.pass_through(network, values, signals)
    turned = [np.asfortranarray(array) for array in (values, signals)]
    checks.assert_close(checks.pass_through(network, *turned), expected, tolerance(name, dtype))


@every_rung
@every_dtype
def test_nan_is_not_hidden(name, rung, dtype):
    checks.check_nan_is_not_hidden(layer(name, rung, dtype, input_shape=Shape(5, 5, 2), channels=3, kernel=3))


@every_rung
@every_dtype
def test_arrays_that_do_not_fit_are_refused(name, rung, dtype):
    network = small(name, rung, dtype)
    messages = checks.check_wrong_input(network).splitlines()
    other = "float64" if dtype == "float32" else "float32"
    height, width, channels = network.output_shape
    assert messages == [
        f"{name}: signals have 2 histories, the last forward had 0",
        f"{name}: input values have shape (6, 5, 2, 0), expected (6x5x2, histories)",
        f"{name}: signals have 1 histories, the last forward had 2",
        f"{name}: signals have 40 histories, the last forward had 2",
        f"{name}: input values have shape (5, 5, 2, 2), expected (6x5x2, histories)",
        f"{name}: input values have shape (6, 5, 2), expected (6x5x2, histories)",
        f"{name}: input values are {other}, the network is {dtype}",
        f"{name}: signals have shape ({height}, {width}, {channels - 1}, 2), "
        f"expected ({height}x{width}x{channels}, histories)",
        f"{name}: signals are {other}, the network is {dtype}",
    ]


@every_rung
def test_without_propagation_the_gradients_stay_the_same(name, rung):
    network = small(name, rung)
    values, signals = checks.numbers(network, 9)
    expected = checks.pass_through(network, values, signals)
    network.propagates = False
    found = checks.pass_through(network, values, signals)
    for part in ("outputs", "weights", "biases"):
        assert np.array_equal(found[part], expected[part])


@every_rung
@given(data=st.data())
def test_configurations_round_trip_through_json(name, rung, data):
    network = layer(name, rung, **data.draw(examples.layers(name)))
    text = json.dumps(network.to_configuration())
    built = network_from_configuration(json.loads(text), {}, rung_name=rung, dtype=np.float64)
    assert type(built) is type(network)
    assert built.to_configuration() == network.to_configuration()
    assert not built.parameters.values.any()
    built.parameters.copy_from(network.parameters)
    values, _ = checks.numbers(network, 3)
    assert np.array_equal(built.forward(values), network.forward(values))


def test_same_padding_is_kept_in_the_configuration():
    network = layer("convolution", "plain", input_shape=Shape(5, 4, 1), channels=2, kernel=4, padding="same")
    configuration = network.to_configuration()
    assert configuration["padding"] == "same"
    built = network_from_configuration(configuration, {}, rung_name="plain")
    assert built.output_shape == network.output_shape == Shape(5, 4, 2)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kernel", None, "convolution: field kernel is missing"),
        ("kernel", 3, "convolution: field kernel is 3, not a list"),
        (
            "kernel",
            ["3", 3],
            r"field kernel is \['3', 3\], not two whole numbers",
        ),
        ("padding", "all", "padding 'all': give one whole number, or one for rows and one for columns"),
        ("dilation", [1, 0], "kernel: dilation 1 x 0 must be at least 1"),
        ("groups", 2, "convolution: unknown field groups"),
    ],
)
def test_configurations_that_do_not_fit_are_refused(field, value, message):
    configuration = small("convolution", "plain").to_configuration()
    configuration[field] = value
    if value is None:
        del configuration[field]
    with pytest.raises(ValueError, match=message):
        network_from_configuration(configuration, {}, rung_name="plain")


def test_there_must_be_channels():
    with pytest.raises(ValueError, match="convolution: channels 0 must be a whole number of at least 1"):
        layer("convolution", "plain", input_shape=Shape(3, 3, 1), channels=0, kernel=3)


@pytest.mark.parametrize("rung", FAMILIES["convolution"].rungs)
def test_sums_by_hand(rung):
    shape = Shape(1, 4, 1)
    network = layer("convolution", rung, input_shape=shape, channels=1, kernel=(1, 2), activation=Identity())
    network.parameters["weights"].ravel()[:] = [10, 1]
    network.parameters["biases"][:] = 0.5
    outputs = network.forward(np.array([1.0, 2, 3, 4]).reshape(1, 4, 1, 1))
    assert outputs.ravel().tolist() == [12.5, 23.5, 34.5]
    network.parameters.zero_gradients()
    input_signals = network.backward(np.array([1.0, 0, 2]).reshape(1, 3, 1, 1))
    assert input_signals.ravel().tolist() == [10, 1, 20, 2]
    assert network.parameters.gradient("weights").ravel().tolist() == [7, 10]
    assert network.parameters.gradient("biases").tolist() == [3]


@pytest.mark.parametrize("rung", FAMILIES["convolution"].rungs)
def test_the_transpose_is_the_adjoint_of_the_convolution(rung):
    """<convolution of x, y> = <x, transposed convolution of y> with the same weights and no biases."""
    geometry = {"kernel": 3, "stride": 2, "padding": 1, "activation": Identity()}
    convolution = layer("convolution", rung, input_shape=Shape(7, 5, 2), channels=3, **geometry)
    transposed = layer(
        "transposed_convolution", rung, input_shape=convolution.output_shape, channels=2, **geometry
    )
    assert transposed.output_shape == convolution.input_shape
    transposed.parameters["weights"][:] = convolution.parameters["weights"]
    for network in (convolution, transposed):
        network.parameters["biases"][:] = 0
    x, y = checks.numbers(convolution, 4)
    assert np.vdot(convolution.forward(x), y) == pytest.approx(np.vdot(x, transposed.forward(y)), rel=1e-12)


class _Fans(Initializer):
    """Records its arguments."""

    name = "fans"

    def _draw(self, shape, fan_in, fan_out, generator):
        self.asked = shape, fan_in, fan_out
        return np.zeros(shape)


@pytest.mark.parametrize(
    ("name", "asked"),
    [("convolution", ((4, 27), 27, 9)), ("transposed_convolution", ((3, 36), 7, 36))],
)
def test_initializers_are_told_the_connections_of_a_neuron(name, asked):
    initializer = _Fans()
    FAMILIES[name].rungs["plain"](
        Shape(8, 8, 3),
        channels=4,
        kernel=3,
        stride=2,
        initializer=initializer,
        generator=np.random.default_rng(0),
    )
    assert initializer.asked == asked


@pytest.mark.parametrize("name", examples.NAMES)
def test_connections_are_uses_of_weights_within_the_image(name):
    """With inputs and weights of one, every output is the number of its connections."""
    network = layer(name, "plain", input_shape=Shape(5, 4, 2), channels=3, kernel=3, stride=2, padding=2)
    network.parameters["weights"][:] = 1
    network.parameters["biases"][:] = 0
    counted = network.forward(np.ones((5, 4, 2, 1)))
    assert network.connections == counted.sum()


@every_rung
def test_memory_is_told_beforehand(name, rung):
    network = large(name, rung, "float32")
    values, signals = checks.numbers(network, 32)
    network.forward(values)
    network.backward(signals)
    arrays = [array for array in vars(network).values() if isinstance(array, np.ndarray)]
    assert sum(array.nbytes for array in arrays) <= 1.2 * network.history_bytes(32)
