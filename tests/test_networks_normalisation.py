"""Batch and layer normalisation: every rung against central differences, the plain rung and torch."""

import json
from functools import partial

import network_checks as checks
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES, RUNGS
from nn.gradcheck import gradcheck
from nn.shape import SequenceShape, Shape, VideoShape

pytestmark = pytest.mark.usefixtures("one_thread")

IMAGE = Shape(3, 2, 5)
TOLERANCE = FAMILIES["batch_normalisation"].tolerance

every_rung = pytest.mark.parametrize("rung", RUNGS)
every_faster_rung = pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung != "plain"])
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

sides = st.integers(1, 4)
features = st.integers(4, 9)
shapes = st.one_of(
    st.builds(Shape, sides, sides, features),
    st.builds(SequenceShape, sides, features),
    st.builds(VideoShape, st.integers(1, 2), st.integers(1, 2), sides, features),
)
histories = st.integers(8, 40)


def drawn(network):
    """Give a network a scale and a shift that are not those it starts with."""
    network.parameters.values[:] = np.random.default_rng(3).normal(size=network.parameters.size)
    return network


def batch(rung, shape=IMAGE, dtype="float64", **options):
    return drawn(FAMILIES["batch_normalisation"].rungs[rung](shape, dtype=dtype, **options))


def layer(rung, shape=IMAGE, dtype="float64", **options):
    return drawn(FAMILIES["layer_normalisation"].rungs[rung](shape, dtype=dtype, **options))


KINDS = {
    "batch": batch,
    "layer, last axis": partial(layer, axes="last"),
    "layer, all axes": partial(layer, axes="all"),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def batch_numbers(network, count, entries):
    """Draw values far from mean zero, and signals that are zero where no entry is."""
    values, signals = checks.numbers(network, count)
    values = 2 * values + 3
    signals[..., entries:] = 0
    network.entries = entries
    return values, signals


@every_rung
@every_kind
@given(shape=shapes, histories=histories)
def test_gradients(rung, kind, shape, histories):
    checks.check_gradients(KINDS[kind](rung, shape), histories)


@every_rung
@given(shape=shapes, histories=histories)
def test_gradients_of_a_batch_in_training(rung, shape, histories):
    network = batch(rung, shape)
    values, _ = checks.numbers(network, histories)
    options = {"sample": 30, "generator": np.random.default_rng(1), "training": True}
    gradcheck(network, values, **options).raise_if_wrong()


@every_faster_rung
@every_dtype
@every_kind
@given(shape=shapes, histories=histories)
def test_same_as_plain(rung, dtype, kind, shape, histories):
    network, plain = (KINDS[kind](each, shape, dtype) for each in (rung, "plain"))
    checks.check_same_as_plain(network, plain, histories, TOLERANCE[dtype])


@every_faster_rung
@every_dtype
@given(shape=shapes, histories=histories, data=st.data())
def test_same_as_plain_in_training(rung, dtype, shape, histories, data):
    entries = data.draw(st.integers(8, histories))
    network, plain = (batch(each, shape, dtype) for each in (rung, "plain"))
    numbers = batch_numbers(plain, histories, entries)
    network.entries = entries
    passed = [checks.pass_through(each, *numbers, training=True) for each in (network, plain)]
    checks.assert_close(*passed, TOLERANCE[dtype])
    checks.assert_close(network.state(), plain.state(), TOLERANCE[dtype])


@every_faster_rung
@every_dtype
@every_kind
@pytest.mark.parametrize("shape", [Shape(24, 24, 32), Shape(1, 1, 5000), SequenceShape(3000, 6)])
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype, kind, shape):
    network, plain = (KINDS[kind](each, shape, dtype) for each in (rung, "plain"))
    numbers = checks.numbers(plain, 64)
    passed = [checks.pass_through(each, *numbers, training=True) for each in (network, plain)]
    checks.assert_close(*passed, 3 * TOLERANCE[dtype])


@every_dtype
@every_kind
def test_threads_do_not_change_a_bit(dtype, kind):
    checks.check_threads(KINDS[kind]("o2", Shape(24, 24, 16), dtype), 45)


@every_dtype
def test_threads_do_not_change_a_bit_of_the_statistics(dtype):
    network = batch("o2", Shape(24, 24, 16), dtype)
    forward = network.forward
    network.forward = lambda values, training=False: forward(values, training=True)
    checks.check_threads(network, 45)


@every_rung
@every_dtype
@given(shape=shapes, histories=histories, momentum=st.sampled_from([0.0, 0.1, 0.7, 1.0]))
def test_torch_batch_norm_gives_the_same(rung, dtype, shape, histories, momentum):
    torch = pytest.importorskip("torch")
    network = batch(rung, shape, dtype, momentum=momentum, epsilon=1e-3)
    values, signals = batch_numbers(network, histories, entries=histories - 3)
    norm = torch.nn.BatchNorm1d(shape[-1], eps=1e-3, momentum=momentum, dtype=getattr(torch, dtype))
    with torch.no_grad():
        norm.weight.copy_(torch.tensor(network.parameters["scale"]))
        norm.bias.copy_(torch.tensor(network.parameters["shift"]))
    for training in (True, True, False):
        norm.train(training)
        expected = torch_pass(torch, norm, values[..., :-3], signals[..., :-3])
        found = checks.pass_through(network, values, signals, training)
        for name in ("outputs", "input signals"):
            found[name] = found[name][..., :-3]
        checks.assert_close(found, expected, TOLERANCE[dtype])
        statistics = {"means": norm.running_mean.numpy(), "variances": norm.running_var.numpy()}
        checks.assert_close(network.state(), statistics, TOLERANCE[dtype])


def torch_pass(torch, norm, values, signals):
    """Run torch's layer with the positions as its last axis."""
    norm.zero_grad()
    shape = values.shape
    turned = (np.moveaxis(each.reshape(-1, *shape[-2:]), 0, -1) for each in (values, signals))
    inputs, gradients = (torch.tensor(np.swapaxes(each, 0, 1).copy()) for each in turned)
    outputs = norm(inputs.requires_grad_())
    outputs.backward(gradients)
    back = [np.moveaxis(each.detach().numpy(), (0, 1, 2), (2, 1, 0)) for each in (outputs, inputs.grad)]
    return {
        "outputs": back[0].reshape(shape),
        "input signals": back[1].reshape(shape),
        "scale": norm.weight.grad.numpy(),
        "shift": norm.bias.grad.numpy(),
    }


@every_rung
@every_dtype
@given(shape=shapes, histories=histories, axes=st.sampled_from(["last", "all"]))
def test_torch_layer_norm_gives_the_same(rung, dtype, shape, histories, axes):
    torch = pytest.importorskip("torch")
    network = layer(rung, shape, dtype, axes=axes, epsilon=1e-3)
    values, signals = batch_numbers(network, histories, entries=histories)
    measured = network.parameters["scale"].shape
    norm = torch.nn.LayerNorm(measured, eps=1e-3, dtype=getattr(torch, dtype))
    with torch.no_grad():
        norm.weight.copy_(torch.tensor(network.parameters["scale"]))
        norm.bias.copy_(torch.tensor(network.parameters["shift"]))
    inputs, gradients = (torch.tensor(np.moveaxis(each, -1, 0).copy()) for each in (values, signals))
    outputs = norm(inputs.requires_grad_())
    outputs.backward(gradients)
    expected = {
        "outputs": np.moveaxis(outputs.detach().numpy(), 0, -1),
        "input signals": np.moveaxis(inputs.grad.numpy(), 0, -1),
        "scale": norm.weight.grad.numpy(),
        "shift": norm.bias.grad.numpy(),
    }
    checks.assert_close(checks.pass_through(network, values, signals), expected, TOLERANCE[dtype])


@every_rung
@given(shape=shapes, histories=histories, data=st.data())
def test_filling_up_a_batch_changes_nothing(rung, shape, histories, data):
    """Unused entries hold anything at all, and what the active ones give is what they give alone."""
    entries = data.draw(st.integers(2, histories))
    filled, alone = batch(rung, shape), batch(rung, shape)
    values, signals = batch_numbers(filled, histories, entries)
    values[..., entries:] = 1e6
    found = checks.pass_through(filled, values, signals, training=True)
    expected = checks.pass_through(alone, values[..., :entries], signals[..., :entries], training=True)
    assert not found["input signals"][..., entries:].any()
    for name in ("outputs", "input signals"):
        found[name] = found[name][..., :entries]
    checks.assert_close(found, expected, 1e-9)
    checks.assert_close(filled.state(), alone.state(), 1e-12)


@every_rung
def test_by_hand(rung):
    network = batch(rung, Shape(1, 1, 2), epsilon=1e-12)
    network.parameters["scale"][:], network.parameters["shift"][:] = [1, 2], [0, 10]
    outputs = network.forward(np.array([[[[1.0, 3.0, 1.0, 3.0], [0.0, 0.0, 4.0, 4.0]]]]), training=True)
    assert np.allclose(outputs[0, 0], [[-1, 1, -1, 1], [8, 8, 12, 12]])
    assert np.allclose(network.state()["means"], [0.2, 0.2])
    assert np.allclose(network.state()["variances"], [0.9 + 0.1 * 4 / 3, 0.9 + 0.1 * 16 / 3])


@every_rung
def test_values_far_from_zero_keep_their_variance(rung):
    """A variance taken as the mean square less the squared mean would be lost in float32."""
    network = batch(rung, Shape(8, 8, 3), "float32")
    values, _ = checks.numbers(network, 64)
    far = values + np.float32(1000)
    network.forward(far, training=True)
    variances = far.astype(np.float64).var(axis=(0, 1, 3), ddof=1)
    assert np.allclose(network.state()["variances"], 0.9 + 0.1 * variances, rtol=1e-4)


@every_rung
def test_a_single_number_per_channel_has_no_variance(rung):
    network = batch(rung, Shape(1, 1, 4))
    with pytest.raises(ValueError, match="a batch of 1 entry has a single number per channel"):
        network.forward(np.ones((1, 1, 4, 1)), training=True)
    network.entries = 1
    with pytest.raises(ValueError, match="train with larger batches"):
        network.forward(np.ones((1, 1, 4, 16)), training=True)
    assert np.array_equal(network.state()["variances"], np.ones(4))
    assert network.forward(np.ones((1, 1, 4, 1))).shape == (1, 1, 4, 1)


@every_rung
@every_kind
def test_one_number_to_measure_is_replaced_by_the_shift(rung, kind):
    network = KINDS[kind](rung, Shape(1, 1, 1), "float32")
    values = np.full((1, 1, 1, 20), np.float32(0.3))
    outputs = network.forward(values, training=True)
    assert np.allclose(outputs, network.parameters["shift"], atol=1e-3)
    assert np.allclose(network.backward(np.ones_like(values)), 0, atol=1e-3)


@every_rung
@every_dtype
@every_kind
@pytest.mark.parametrize("histories", [1, 16, 21])
def test_learning_rate_descends_along_the_gradient(rung, dtype, kind, histories):
    build = lambda each, dtype: KINDS[kind](each, dtype=dtype)  # noqa: E731
    checks.check_learning_rate(build, rung, dtype, histories, TOLERANCE[dtype])


@every_rung
@every_kind
def test_gradients_add_up(rung, kind):
    checks.check_gradients_add_up(KINDS[kind](rung), 5, TOLERANCE["float64"])


@every_rung
@every_dtype
@every_kind
def test_batches_of_any_size_in_turn(rung, dtype, kind):
    checks.check_number_of_histories(KINDS[kind](rung, dtype=dtype), TOLERANCE[dtype])


@every_rung
@every_dtype
@every_kind
@pytest.mark.parametrize("training", [True, False])
def test_arrays_of_any_layout(rung, dtype, kind, training):
    network, same = KINDS[kind](rung, dtype=dtype), KINDS[kind](rung, dtype=dtype)
    values, signals = checks.numbers(network, 7)
    expected = checks.pass_through(network, values, signals, training)
    turned = [np.asfortranarray(array) for array in (values, signals)]
    checks.assert_close(checks.pass_through(same, *turned, training), expected, TOLERANCE[dtype])


@every_rung
@every_dtype
@every_kind
def test_nan_is_not_hidden(rung, dtype, kind):
    checks.check_nan_is_not_hidden(KINDS[kind](rung, dtype=dtype))


@every_rung
@every_dtype
@every_kind
def test_what_does_not_fit_is_refused(rung, dtype, kind):
    messages = checks.check_wrong_input(KINDS[kind](rung, dtype=dtype)).splitlines()
    assert len(messages) == 9
    assert all("_normalisation: " in message for message in messages)


@every_rung
@every_kind
def test_without_propagation_the_gradients_stay_the_same(rung, kind):
    network = KINDS[kind](rung)
    numbers = checks.numbers(network, 9)
    expected = checks.pass_through(network, *numbers, training=True)
    network.propagates = False
    found = checks.pass_through(network, *numbers, training=True)
    for name in ("outputs", "scale", "shift"):
        assert np.array_equal(found[name], expected[name])


@every_rung
@every_kind
def test_comes_back_from_its_description(rung, kind):
    network = KINDS[kind](rung, dtype="float32", epsilon=0.25)
    described = json.loads(json.dumps(network.to_configuration()))
    again = type(network).from_configuration(described, {}, dtype=np.float32)
    assert not again.parameters.values.any()
    again.parameters.copy_from(network.parameters)
    values, signals = checks.numbers(network, 5)
    expected = checks.pass_through(network, values, signals)
    checks.assert_close(checks.pass_through(again, values, signals), expected, 0)
    with pytest.raises(ValueError, match="_normalisation: unknown field more"):
        type(network).from_configuration({**described, "more": 1}, {})


@every_rung
def test_running_statistics_go_on_where_they_were(rung):
    network, again = batch(rung), batch(rung)
    values, _ = checks.numbers(network, 5)
    network.forward(values, training=True)
    again.load_state(network.state())
    assert np.array_equal(again.forward(values), network.forward(values))
    network.forward(values, training=True)
    assert not np.array_equal(again.state()["means"], network.state()["means"])
    again.load_state({})
    assert [array.tolist() for array in again.state().values()] == [[0] * 5, [1] * 5]


@every_rung
@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"means": np.zeros(5)}, "state variances is nothing, expected float64"),
        ({"means": np.zeros(4), "variances": np.ones(5)}, r"state means is float64 \(4,\)"),
        ({"means": np.zeros(5), "variances": np.ones(5, np.float32)}, "state variances is float32"),
        ({"means": np.ones(5), "variances": np.ones(5), "sums": np.ones(5)}, "state sums is .* nothing"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(rung, state, message):
    network = batch(rung)
    with pytest.raises(ValueError, match=message):
        network.load_state(state)
    assert not network.state()["means"].any()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (partial(batch, momentum=1.5), "batch_normalisation: momentum 1.5 is not in"),
        (partial(batch, momentum=float("nan")), "momentum nan is not in"),
        (partial(batch, epsilon=0.0), "batch_normalisation: epsilon 0.0 must be above 0"),
        (partial(layer, epsilon=-1.0), "layer_normalisation: epsilon -1.0 must be above 0"),
        (partial(layer, axes="al"), "unknown axes 'al'; did you mean all"),
    ],
)
def test_options_out_of_range_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build("plain")
