"""TimeDistributed: missing steps and entries are not run, and change nothing."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.sequential import Sequential
from nn.checks.gradients import check_gradients
from nn.losses import SquaredError
from nn.optimizers import SGD
from nn.training import ArrayBatches, Trainer
from tests.support import network_checks as checks
from tests.support.rung_checks import every_dtype, every_rung
from tests.support.time_distributed_networks import (
    CLIP,
    TOLERANCE,
    build,
    inputs,
    normalised,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@every_rung
@every_dtype
@given(shape=inputs, histories=st.integers(4, 20), data=st.data())
def test_what_is_not_there_is_not_measured(rung, dtype, shape, histories, data):
    """Padding and masked steps may hold anything; the results of the rest are those it has alone."""
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
    check_gradients(network, values, training=True).raise_if_wrong()


def test_a_mask_reaches_it_through_a_stack():
    network = Sequential([build()])
    mask = np.ones((5, 2), bool)
    network.step_mask = mask
    assert network.networks[0].step_mask is mask
    assert network.networks[0].network.step_mask is None


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.ones((5, 2), np.int8), r"step_mask is int8 of shape \(5, 2\), expected bool of shape \(5, 2\)"),
        (np.ones((5, 3), bool), r"step_mask is bool of shape \(5, 3\)"),
    ],
)
def test_masks_that_do_not_fit_are_refused(mask, message):
    network = build()
    network.step_mask = mask
    with pytest.raises(ValueError, match=message):
        network.forward(checks.numbers(network, 2)[0])


def test_nothing_is_there_where_no_entry_has_a_step():
    network = build()
    values, signals = checks.numbers(network, 2)
    network.step_mask, network.entries = np.zeros((5, 2), bool), 2
    found = checks.pass_through(network, values, signals, training=True)
    assert not any(array.any() for array in found.values())
    assert network.network.entries == 0


@pytest.mark.parametrize("use", ["forward", "predict", "step"])
def test_the_network_inside_knows_nothing_of_a_batch_that_is_over(use):
    """Run alone afterwards, it measures all entries rather than the number of steps from before."""
    network = normalised("o2", CLIP, np.float32)
    alone = copy.deepcopy(network.network)
    values, _ = checks.numbers(network, 16)
    if use == "predict":
        network.predict(np.moveaxis(values, -1, 0))
    elif use == "forward":
        network.forward(values)
    else:
        inputs = np.moveaxis(values[..., :3], -1, 0)
        source = ArrayBatches(inputs, np.zeros((3, *network.output_shape), np.float32))
        generator = np.random.default_rng(0)
        Trainer(network, SquaredError(), SGD(0.1), source, batch_size=3, generator=generator).make_step()
        alone = normalised("o2", CLIP, np.float32).network
        alone.parameters.copy_from(network.network.parameters)
        alone.load_state(network.network.state())
    more, _ = checks.numbers(alone, 160, seed=1)
    np.testing.assert_array_equal(network.network.forward(more, True), alone.forward(more, True))
