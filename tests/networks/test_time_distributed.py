"""TimeDistributed: a network for every step, against the network run step by step, and torch."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES, network_from_configuration
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.shape import SequenceShape, Shape, VideoShape
from tests.support import network_checks as checks
from tests.support.rung_checks import every_dtype, every_rung
from tests.support.time_distributed_networks import (
    CLIP,
    TOLERANCE,
    WORDS,
    build,
    dense,
    histories,
    inputs,
    normalised,
    outputs,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@every_rung
@given(shape=inputs, output_shape=outputs, histories=histories)
def test_gradients(rung, shape, output_shape, histories):
    checks.check_gradients(build(rung, shape, output_shape), histories)


@every_rung
@every_dtype
@given(shape=inputs, output_shape=outputs, histories=histories)
def test_every_step_is_run_by_the_same_network(rung, dtype, shape, output_shape, histories):
    network = build(rung, shape, output_shape, dtype)
    alone = dense(network.network.input_shape, output_shape, "plain", dtype)
    values, signals = checks.numbers(network, histories)
    found = checks.pass_through(network, values, signals)
    steps = [
        checks.pass_through(
            alone, values[t].reshape(*alone.input_shape, -1), signals[t].reshape(*output_shape, -1)
        )
        for t in range(shape.steps)
    ]
    expected = {name: np.stack([step[name] for step in steps]) for name in ("outputs", "input signals")}
    expected = {name: array.reshape(found[name].shape) for name, array in expected.items()}
    expected |= {f"network.{name}": sum(step[name] for step in steps) for name in ("weights", "biases")}
    checks.assert_close(found, expected, TOLERANCE[dtype])
    assert np.array_equal(network.values, found["outputs"])
    assert np.array_equal(network.signals, signals)


@pytest.mark.parametrize(
    ("shape", "output_shape", "expected"),
    [
        (WORDS, Shape(1, 1, 7), SequenceShape(5, 7)),
        (WORDS, Shape(2, 1, 7), VideoShape(5, 2, 1, 7)),
        (CLIP, Shape(1, 1, 7), SequenceShape(3, 7)),
        (CLIP, Shape(2, 2, 1), VideoShape(3, 2, 2, 1)),
    ],
)
def test_shapes_of_sequences_and_videos(shape, output_shape, expected):
    network = build(shape=shape, output_shape=output_shape)
    assert network.output_shape == expected
    assert type(network.output_shape) is type(expected)
    assert network.connections == shape.steps * network.network.connections
    assert network.network.input_shape == (Shape(1, 1, 4) if shape == WORDS else Shape(4, 3, 2))


@every_dtype
@given(steps=st.integers(1, 5), features=st.integers(1, 5), histories=histories)
def test_torch_gives_the_same(dtype, steps, features, histories):
    torch = pytest.importorskip("torch")
    network = build("o2", SequenceShape(steps, features), Shape(1, 1, 3), dtype)
    linear = torch.nn.Linear(features, 3, dtype=getattr(torch, dtype))
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(network.parameters["network.weights"]))
        linear.bias.copy_(torch.tensor(network.parameters["network.biases"]))
    values, signals = checks.numbers(network, histories)
    given = torch.tensor(np.moveaxis(values, -1, 0).copy(), requires_grad=True)
    result = torch.tanh(linear(given))
    result.backward(torch.tensor(np.moveaxis(signals, -1, 0).copy()))
    expected = {
        "outputs": np.moveaxis(result.detach().numpy(), 0, -1),
        "input signals": np.moveaxis(given.grad.numpy(), 0, -1),
        "network.weights": linear.weight.grad.numpy(),
        "network.biases": linear.bias.grad.numpy(),
    }
    checks.assert_close(checks.pass_through(network, values, signals), expected, TOLERANCE[dtype])


@every_rung
@every_dtype
@pytest.mark.parametrize("histories", [1, 16, 21])
def test_learning_rate_descends_along_the_gradient(rung, dtype, histories):
    checks.check_learning_rate(
        lambda rung, dtype: build(rung, dtype=dtype), rung, dtype, histories, TOLERANCE[dtype]
    )


@every_rung
def test_gradients_add_up_and_batches_come_in_any_size(rung):
    checks.check_gradients_add_up(build(rung), 5, TOLERANCE["float64"])
    checks.check_number_of_histories(build(rung), TOLERANCE["float64"])


@every_rung
@pytest.mark.parametrize("shape", [WORDS, CLIP])
def test_arrays_of_any_layout(rung, shape):
    network = build(rung, shape)
    values, signals = checks.numbers(network, 7)
    expected = checks.pass_through(network, values, signals)
    turned = [np.asfortranarray(array) for array in (values, signals)]
    checks.assert_close(checks.pass_through(network, *turned), expected, TOLERANCE["float64"])


@every_rung
@every_dtype
def test_nan_is_not_hidden(rung, dtype):
    checks.check_nan_is_not_hidden(build(rung, dtype=dtype))


def test_what_does_not_fit_is_refused():
    messages = checks.check_wrong_input(build()).splitlines()
    assert len(messages) == 9
    assert all(message.startswith("time_distributed: ") for message in messages)


def embedded(rung="plain"):
    kind = FAMILIES["embedding"].rungs[rung]
    generator = np.random.default_rng(0)
    return TimeDistributed(SequenceShape(5, 1), kind.of(labels=4, features=3), generator=generator)


def test_labels_are_those_of_the_network_inside():
    network = embedded()
    assert network.labels == 4
    assert Sequential([network]).labels == 4
    values, _ = checks.numbers(network, 3)
    assert network.forward(values).shape == (5, 3, 3)
    with pytest.raises(ValueError, match="embedding: input"):
        network.forward(values + np.float32(0.5))


def test_the_first_of_a_model_sends_no_signals():
    network = build()
    network.propagates = False
    assert not network.network.propagates
    assert not network.propagates


def test_what_draws_and_carries_inside_is_found_by_name():
    rungs = {family: FAMILIES[family].rungs["plain"] for family in ("dropout", "batch_normalisation")}
    layers = Sequential.of([rungs["dropout"].of(rate=0.5), rungs["batch_normalisation"].of()])
    network = TimeDistributed(WORDS, layers, generator=np.random.default_rng(0))
    assert list(network.generators) == ["network.0.noise"]
    assert list(network.state()) == ["network.1.means", "network.1.variances"]
    assert list(network.leaves) == ["network.0", "network.1"]
    network.load_state({name: array + 1 for name, array in network.state().items()})
    assert network.state()["network.1.means"].tolist() == [1] * 4


@every_rung
@every_dtype
def test_comes_back_from_its_description(rung, dtype):
    network = normalised(rung, dtype=dtype)
    values, signals = checks.numbers(network, 5)
    network.forward(values, training=True)
    described = json.loads(json.dumps(network.to_configuration()))
    again = network_from_configuration(described, network.structure(), rung_name=rung, dtype=dtype)
    assert isinstance(again, TimeDistributed)
    again.parameters.copy_from(network.parameters)
    again.load_state(network.state())
    expected = checks.pass_through(network, values, signals)
    checks.assert_close(checks.pass_through(again, values, signals), expected, 0)
    with pytest.raises(ValueError, match="time_distributed: field network is missing"):
        network_from_configuration({"family": "time_distributed", "input_shape": "5x4"}, {})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TimeDistributed(WORDS, None), "network is NoneType, not a network"),
        (lambda: TimeDistributed(WORDS, "dense"), "time_distributed: network is str, not a network"),
        (lambda: build(shape=Shape(3, 3, 1)), "the image 3x3x1 has no steps: give a sequence or a video"),
        (
            lambda: TimeDistributed(WORDS, dense(Shape(1, 1, 5), Shape(1, 1, 2))),
            r"time_distributed: steps are 1x1x4, but network \(dense\) takes 1x1x5",
        ),
        (
            lambda: TimeDistributed(WORDS, dense(Shape(1, 1, 4), SequenceShape(2, 2))),
            r"network \(dense\) gives 2x2, which is not an image",
        ),
    ],
)
def test_networks_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_memory_is_that_of_all_steps():
    network = build()
    assert network.history_bytes(16) > network.network.history_bytes(5 * 16)
    assert network.output_range() == (-1, 1)
