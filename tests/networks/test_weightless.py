"""What all layers without parameters have in common, on every rung."""

import json
import tracemalloc

import numpy as np
import pytest

from networks.base.checks import image_shape
from networks.dense import Dense
from networks.ladder import network_from_configuration
from networks.sequential import Sequential
from nn.activations import Tanh
from nn.checks.gradients import check_gradients
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support.weightless_layers import OneInput, check_same_as_plain, every_dtype, every_rung, layer

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL, LARGE = Shape(6, 4, 2), Shape(40, 30, 4)
OPTIONS = {
    "activation": {"activation": Tanh()},
    "average_pooling": {"window": 3, "stride": 2, "padding": 1, "count_padding": False},
    "bilinear_upsampling": {"factor": (2, 3)},
    "flatten": {},
    "global_average_pooling": {},
    "global_max_pooling": {},
    "minibatch_deviation": {"group": 3, "momentum": 0.2, "epsilon": 1e-6},
    "max_pooling": {"window": (3, 2), "stride": 2, "padding": (1, 0)},
    "nearest_upsampling": {"factor": (2, 3)},
    "softmax": {},
}
MERGES = ("add", "concatenate", "multiply")

every_layer = every_rung(*OPTIONS, "reshape")
every_network = every_rung(*OPTIONS, "reshape", *MERGES)


def build(name, rung, dtype="float64", shape=SMALL):
    if name in MERGES:
        return OneInput(layer(name, rung, [shape, shape], dtype))
    reshaped = {"output_shape": SequenceShape(shape.height, shape.width * shape.channels)}
    return layer(name, rung, shape, dtype, **OPTIONS.get(name, reshaped))


@every_network
@every_dtype
def test_same_as_plain_where_it_is_worth_a_parallel_region(name, rung, dtype):
    check_same_as_plain(build(name, rung, dtype, LARGE), build(name, "plain", dtype, LARGE), 45, dtype)


@every_network
@every_dtype
def test_threads_do_not_change_a_bit(name, rung, dtype):
    checks.check_threads(build(name, rung, dtype, LARGE), 45)


@every_network
@every_dtype
def test_batches_of_any_size_in_turn(name, rung, dtype):
    checks.check_number_of_histories(build(name, rung, dtype), 1e-5 if dtype == "float32" else 1e-12)


@every_network
@every_dtype
def test_arrays_of_any_layout(name, rung, dtype):
    network = build(name, rung, dtype)
    values, signals = checks.numbers(network, 7)
    expected = checks.pass_through(network, values, signals)
    for lay_out in (np.asfortranarray, lambda array: np.repeat(array, 2, axis=-1)[..., ::2]):
        found = checks.pass_through(network, lay_out(values), lay_out(signals))
        checks.assert_close(found, expected, 1e-5 if dtype == "float32" else 1e-12)


@every_network
@every_dtype
def test_nan_is_not_hidden(name, rung, dtype):
    checks.check_nan_is_not_hidden(build(name, rung, dtype))


@every_layer
@every_dtype
def test_what_does_not_fit_is_refused(name, rung, dtype):
    network = build(name, rung, dtype)
    messages = checks.check_wrong_input(network).splitlines()
    other = "float64" if dtype == "float32" else "float32"
    wrong = (*network.output_shape[:-1], network.output_shape[-1] - 1, 2)
    assert messages == [
        f"{name}: signals have 2 histories, the last forward had 0",
        f"{name}: input values have shape (6, 4, 2, 0), expected (6x4x2, histories)",
        f"{name}: signals have 1 histories, the last forward had 2",
        f"{name}: signals have 40 histories, the last forward had 2",
        f"{name}: input values have shape (5, 4, 2, 2), expected (6x4x2, histories)",
        f"{name}: input values have shape (6, 4, 2), expected (6x4x2, histories)",
        f"{name}: input values are {other}, the network is {dtype}",
        f"{name}: signals have shape {wrong}, expected ({network.output_shape}, histories)",
        f"{name}: signals are {other}, the network is {dtype}",
    ]


@every_network
def test_there_is_nothing_to_learn(name, rung):
    network = build(name, rung)
    values, signals = checks.numbers(network, 5)
    expected = checks.pass_through(network, values, signals)["input signals"]
    assert np.array_equal(network.backward(signals, learning_rate=0.5), expected)
    assert network.parameters.size == network.connections == 0


@every_layer
@every_dtype
def test_a_description_gives_the_same_network_on_every_rung(name, rung, dtype):
    network = build(name, rung, dtype)
    described = json.loads(json.dumps(network.to_configuration()))
    again = network_from_configuration(described, network.structure(), rung_name=rung, dtype=dtype)
    assert type(again) is type(network)
    assert again.to_configuration() == network.to_configuration()
    values, signals = checks.numbers(network, 5)
    expected, found = (checks.pass_through(each, values, signals) for each in (network, again))
    assert all(np.array_equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize("name", [*OPTIONS, "reshape"])
def test_a_description_with_other_fields_is_refused(name):
    described = build(name, "plain").to_configuration()
    with pytest.raises(ValueError, match=f"{name}: unknown field colour"):
        network_from_configuration({**described, "colour": 1}, {})
    for field in set(described) - {"family"}:
        with pytest.raises(ValueError, match=f"{name}: field {field} is missing"):
            network_from_configuration({key: described[key] for key in described if key != field}, {})


@every_layer
def test_gradients_pass_between_layers_that_learn(name, rung):
    generator = np.random.default_rng(0)
    options = {"activation": Tanh(), "generator": generator, "dtype": np.float64}
    between = build(name, rung)
    network = Sequential(
        [
            Dense(Shape(1, 2, 2), SMALL, **options),
            between,
            Dense(between.output_shape, Shape(1, 1, 2), **options),
        ]
    )
    assert {part.split(".")[0] for part in network.parameters.names} == {"0", "2"}
    inputs, _ = checks.numbers(network, 3)
    check_gradients(network, inputs, sample=20, generator=generator).raise_if_wrong()


@every_rung(*OPTIONS, "reshape", *MERGES, faster=True)
def test_no_more_memory_is_kept_than_was_estimated(name, rung):
    network = build(name, rung, "float32", LARGE)
    values, signals = checks.numbers(network, 16)
    given = values if name not in MERGES else network.split(values)
    kept = network if name not in MERGES else network.merge
    tracemalloc.start()
    kept.forward(given)
    sent = kept.backward(signals)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(sent)
    assert held <= kept.history_bytes(16) + 20_000


def test_only_images_have_height_and_width():
    assert image_shape("max_pooling", (2, 3, 1)) == Shape(2, 3, 1)
    for sides, written in (((5, 3), "5x3"), ((2, 4, 4, 1), "2x4x4x1")):
        with pytest.raises(ValueError, match=rf"max_pooling: takes images .*, not {written}"):
            image_shape("max_pooling", sides)
