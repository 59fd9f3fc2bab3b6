"""Batch normalisation in training: what it measures, on every rung, against the plain rung and torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import network_from_configuration
from nn.checks.gradients import check_gradients
from nn.losses import SquaredError
from nn.optimizers import Adam
from nn.shape import Shape
from nn.training import ArrayBatches, Trainer
from tests.support import network_checks as checks
from tests.support.normalisations import TOLERANCE, batch, batch_numbers, histories, shapes
from tests.support.rung_checks import every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")


@every_rung
@given(shape=shapes, histories=histories)
def test_gradients_of_a_batch_in_training(rung, shape, histories):
    network = batch(rung, shape)
    values, _ = checks.numbers(network, histories)
    options = {"sample": 30, "generator": np.random.default_rng(1), "training": True}
    check_gradients(network, values, **options).raise_if_wrong()


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
@given(shape=shapes, histories=histories, data=st.data())
def test_filling_up_a_batch_changes_nothing(rung, shape, histories, data):
    """Unused entries may hold anything, and the results of the active ones are those they have alone."""
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
    """A variance computed as mean square minus squared mean would be lost in float32."""
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


@every_rung
@every_dtype
def test_fixed_statistics_are_those_of_torch_after_eval(rung, dtype):
    """Outputs, input signals and the gradients of scale and shift; with a batch of one entry as well."""
    torch = pytest.importorskip("torch")
    shape = Shape(1, 1, 5)
    network = batch(rung, shape, dtype, epsilon=1e-3)
    network.forward(checks.numbers(network, 9)[0] + 2, training=True)
    network.fixed_statistics = True
    norm = torch.nn.BatchNorm1d(5, eps=1e-3, dtype=getattr(torch, dtype))
    with torch.no_grad():
        norm.weight.copy_(torch.tensor(network.parameters["scale"]))
        norm.bias.copy_(torch.tensor(network.parameters["shift"]))
        norm.running_mean.copy_(torch.tensor(network.state()["means"]))
        norm.running_var.copy_(torch.tensor(network.state()["variances"]))
    norm.eval()
    before = {name: array.copy() for name, array in network.state().items()}
    for count in (7, 1):
        values, signals = checks.numbers(network, count)
        expected = torch_pass(torch, norm, values, signals)
        found = checks.pass_through(network, values, signals, training=True)
        checks.assert_close(found, expected, TOLERANCE[dtype])
    assert all(np.array_equal(array, before[name]) for name, array in network.state().items())


@every_rung
def test_gradients_with_fixed_statistics(rung):
    network = batch(rung, Shape(2, 2, 3), fixed_statistics=True)
    values, _ = checks.numbers(network, 5)
    check_gradients(network, values, generator=np.random.default_rng(1), training=True).raise_if_wrong()


@every_rung
def test_freezing_the_parameters_lets_statistics_move(rung):
    """Freezing concerns optimizers only, as `requires_grad = False` does in torch."""
    network = batch(rung, Shape(1, 1, 3), "float32")
    network.parameters.freeze()
    before = network.parameters.values.copy()
    inputs = np.random.default_rng(0).normal(2, 3, (12, 1, 1, 3)).astype(np.float32)
    data = ArrayBatches(inputs, inputs)
    trainer = Trainer(
        network, SquaredError(), Adam(0.1), data, batch_size=6, generator=np.random.default_rng(1)
    )
    trainer.train(epochs=2)
    assert np.array_equal(network.parameters.values, before)
    assert network.state()["means"].all()
    means = network.state()["means"].copy()
    network.fixed_statistics = True
    trainer.train(epochs=4)
    assert np.array_equal(network.state()["means"], means)


@every_rung
@pytest.mark.parametrize("fixed", [True, False])
def test_whether_statistics_are_fixed_is_part_of_the_description(rung, fixed):
    network = batch(rung)
    network.fixed_statistics = fixed
    described = network.to_configuration()
    assert described["fixed_statistics"] is fixed
    built = network_from_configuration(described, {}, rung_name=rung)
    assert built.fixed_statistics is fixed
    del described["fixed_statistics"]  # as in files of earlier versions
    assert network_from_configuration(described, {}, rung_name=rung).fixed_statistics is False
