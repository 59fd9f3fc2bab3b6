"""TimeDistributed: a network for every step, against the network run step by step, and torch."""

import json
from functools import partial

import network_checks as checks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rung_checks import every_dtype, every_rung

from networks.ladder import FAMILIES, network_from_configuration
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.activations import Tanh
from nn.gradcheck import gradcheck
from nn.shape import SequenceShape, Shape, VideoShape

pytestmark = pytest.mark.usefixtures("one_thread")

TOLERANCE = {"float32": 3e-5, "float64": 1e-11}
WORDS = SequenceShape(5, 4)
CLIP = VideoShape(3, 4, 3, 2)

inputs = st.one_of(
    st.builds(SequenceShape, st.integers(1, 5), st.integers(1, 5)),
    st.builds(VideoShape, *[st.integers(1, 3)] * 3, st.integers(1, 3)),
)
outputs = st.sampled_from([Shape(1, 1, 3), Shape(2, 3, 2)])
histories = st.integers(1, 20)


def dense(shape, output_shape, rung="plain", dtype="float64"):
    generator = np.random.default_rng(2)
    return FAMILIES["dense"].rungs[rung](
        shape, output_shape, activation=Tanh(), generator=generator, dtype=dtype
    )


def build(rung="plain", shape=WORDS, output_shape=None, dtype="float64"):
    maker = partial(dense, output_shape=output_shape or Shape(1, 1, 3), rung=rung, dtype=dtype)
    return TimeDistributed(shape, network=maker)


def normalised(rung="plain", shape=WORDS, dtype="float64"):
    """A network that measures the batch: what is not there must not count."""

    def maker(step):
        layer = dense(step, Shape(1, 1, 6), rung, dtype)
        norm = FAMILIES["batch_normalisation"].rungs[rung](layer.output_shape, dtype=dtype)
        return Sequential([layer, norm])

    return TimeDistributed(shape, network=maker)


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


@every_rung
@every_dtype
@given(shape=inputs, histories=st.integers(4, 20), data=st.data())
def test_what_is_not_there_is_not_measured(rung, dtype, shape, histories, data):
    """Filling and masked steps hold anything at all; what is there gives what it gives alone."""
    entries = data.draw(st.integers(3, histories))
    mask = np.arange(shape.steps)[:, None] < np.resize([shape.steps, 1, 2], histories)
    network, same = normalised(rung, shape, dtype), normalised("plain", shape, dtype)
    values, signals = checks.numbers(network, histories)
    there = mask & (np.arange(histories) < entries)
    np.moveaxis(values, -1, 1)[~there] = 1e6
    np.moveaxis(signals, -1, 1)[~there] = 0
    network.step_mask, network.entries = mask, entries
    found = checks.pass_through(network, values, signals, training=True)
    alone = same.network
    shapes = alone.input_shape, alone.output_shape
    packed = [
        np.moveaxis(np.moveaxis(each, -1, 1)[there], 0, -1).reshape(*step, -1)
        for each, step in zip((values, signals), shapes, strict=True)
    ]
    expected = checks.pass_through(alone, *packed, training=True)
    for name in ("outputs", "input signals"):
        spread = np.moveaxis(found.pop(name), -1, 1)
        assert not spread[~there].any()
        kept = np.moveaxis(spread[there], 0, -1).reshape(expected[name].shape)
        checks.assert_close({name: kept}, {name: expected.pop(name)}, 10 * TOLERANCE[dtype])
    checks.assert_close(found, {f"network.{name}": each for name, each in expected.items()}, 1e-3)
    statistics = {f"network.{name}": array for name, array in alone.state().items()}
    checks.assert_close(network.state(), statistics, TOLERANCE[dtype])


@every_rung
@every_dtype
def test_filling_a_batch_up_changes_nothing(rung, dtype):
    filled, alone = normalised(rung, CLIP, dtype), normalised(rung, CLIP, dtype)
    values, signals = checks.numbers(filled, 16)
    signals[..., 11:] = 0
    filled.entries = 11
    found = checks.pass_through(filled, values, signals, training=True)
    expected = checks.pass_through(alone, values[..., :11], signals[..., :11], training=True)
    for name in ("outputs", "input signals"):
        assert not found[name][..., 11:].any()
        found[name] = found[name][..., :11]
    checks.assert_close(found, expected, 0)
    checks.assert_close(filled.state(), alone.state(), 0)
    outside = filled.forward(values)
    assert outside[..., 11:].any()


@every_rung
def test_gradients_with_masked_steps_in_training(rung):
    network = normalised(rung)
    network.step_mask = np.arange(5)[:, None] < np.array([5, 3, 1, 4])
    values, _ = checks.numbers(network, 4)
    gradcheck(network, values, training=True).raise_if_wrong()


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
    return TimeDistributed(
        SequenceShape(5, 1), network=partial(kind, labels=4, features=3, generator=generator)
    )


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
    drop = partial(rungs["dropout"], rate=0.5, generator=np.random.default_rng(0))
    network = TimeDistributed(
        WORDS, network=lambda step: Sequential.chain(step, drop, rungs["batch_normalisation"])
    )
    assert list(network.generators) == ["network.0.noise"]
    assert list(network.state()) == ["network.1.means", "network.1.variances"]
    assert list(network.leaves) == ["network.0", "network.1"]
    network.load_state({name: array + 1 for name, array in network.state().items()})
    assert network.state()["network.1.means"].tolist() == [1] * 4


def test_a_mask_reaches_it_through_a_stack():
    network = Sequential([build()])
    mask = np.ones((5, 2), bool)
    network.step_mask = mask
    assert network.networks[0].step_mask is mask
    assert network.networks[0].network.step_mask is None


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
        (lambda: build(shape=Shape(3, 3, 1)), "the image 3x3x1 has no steps: give a sequence or a video"),
        (
            lambda: TimeDistributed(WORDS, network=dense(Shape(1, 1, 5), Shape(1, 1, 2))),
            r"time_distributed: steps are 1x1x4, but network \(dense\) takes 1x1x5",
        ),
        (
            lambda: TimeDistributed(WORDS, network=dense(Shape(1, 1, 4), SequenceShape(2, 2))),
            r"network \(dense\) gives 2x2, which is no image",
        ),
    ],
)
def test_networks_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((5, 2), np.int8), r"step_mask is int8 of shape \(5, 2\), expected bool of shape \(5, 2\)"),
        (np.ones((5, 3), bool), r"step_mask is bool of shape \(5, 3\)"),
        (np.zeros((5, 2), bool), "step_mask leaves no step of any entry"),
    ],
)
def test_masks_that_do_not_fit_are_refused(mask, message):
    network = build()
    network.step_mask = mask
    with pytest.raises(ValueError, match=message):
        network.forward(checks.numbers(network, 2)[0])


def test_memory_is_that_of_all_steps():
    network = build()
    assert network.history_bytes(16) > network.network.history_bytes(5 * 16)
    assert network.output_range() == (-1, 1)
