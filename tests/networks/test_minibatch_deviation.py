"""Minibatch deviation: its definition, gradients of both orders, masks, and what is not training."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import Dense, MinibatchDeviation, Sequential, TimeDistributed
from networks.base.group_deviations import GroupDeviations
from networks.second_order.minibatch_deviation import MinibatchDeviationTangent
from nn import Identity, SequenceShape, Shape, VideoShape
from nn.checks.gradients import check_gradients
from nn.checks.report import GradientError
from tests.support import network_checks as checks
from tests.support.second_order_networks import Penalty
from tests.support.weightless_layers import any_shapes

EPSILON = 1e-8

SMOOTH = 0.1
"""An epsilon for differences: two entries that are nearly alike are at a kink otherwise."""


def layer(shape, group=4, dtype=np.float64, **options):
    return MinibatchDeviation(shape, group=group, dtype=dtype, **options)


def drawn(shape, count, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(*shape, count)).astype(dtype)


def statistic(entries):
    """The definition of Karras et al. for entries (..., n) of one group."""
    return np.sqrt(entries.var(axis=-1) + EPSILON).mean()


@given(shape=any_shapes, group=st.integers(2, 6), count=st.integers(1, 13), seed=st.integers(0, 99))
def test_the_last_feature_is_the_mean_deviation_of_the_group(shape, group, count, seed):
    values = drawn(shape, count, seed)
    outputs = layer(shape, group).forward(values, training=True)
    assert np.array_equal(outputs[..., :-1, :], values)
    for first in range(0, count, group):
        part = slice(first, first + group)
        np.testing.assert_allclose(outputs[..., -1, part], statistic(values[..., part]), rtol=1e-12)


@given(shape=any_shapes, group=st.integers(2, 6), count=st.integers(2, 9), seed=st.integers(0, 99))
def test_gradients_are_those_of_differences(shape, group, count, seed):
    network = layer(shape, group, epsilon=SMOOTH)
    sampled = {"sample": 30, "generator": np.random.default_rng(seed)}
    check_gradients(network, drawn(shape, count, seed), training=True, **sampled).raise_if_wrong()


def test_a_wrong_gradient_is_found(monkeypatch):
    right = GroupDeviations.send
    monkeypatch.setattr(GroupDeviations, "send", lambda self, *given: 1.01 * right(self, *given))
    with pytest.raises(GradientError):
        check_gradients(layer((2, 3)), drawn((2, 3), 8), training=True).raise_if_wrong()


def scored(shape, group, seed=0):
    """A network of steps that are scored, with the layer between."""
    generator = np.random.default_rng(seed)
    inside = [
        TimeDistributed.of(Dense.of(3)),
        MinibatchDeviation.of(group=group, epsilon=SMOOTH),
        TimeDistributed.of(Dense.of(1, activation=Identity())),
    ]
    return Sequential(shape, inside, generator=generator, dtype=np.float64)


def close(found, wanted):
    return np.allclose(found, wanted, rtol=1e-5, atol=2e-7 * max(1, np.abs(wanted).max()))


@given(group=st.integers(2, 4), count=st.integers(2, 9), masked=st.booleans(), seed=st.integers(0, 99))
def test_gradients_of_input_gradients(group, count, masked, seed):
    network, generator = scored(SequenceShape(3, 2), group, seed), np.random.default_rng(seed)
    if masked:
        network.step_mask = generator.random((3, count)) < 0.6
    penalty = Penalty(network, count, generator, training=True)
    found, of_inputs = penalty.gradients()
    places = generator.permutation(found.size)[:6]
    assert close(found[places], penalty.by_differences(network.parameters.values, places))
    places = generator.permutation(of_inputs.size)[:4]
    assert close(of_inputs[places], penalty.by_differences(penalty.values, places))


def test_a_wrong_second_order_term_is_found(monkeypatch):
    right = MinibatchDeviationTangent.forward_tangent
    monkeypatch.setattr(
        MinibatchDeviationTangent, "forward_tangent", lambda self, given: 1.01 * right(self, given)
    )
    network, generator = scored(SequenceShape(3, 2), 4), np.random.default_rng(1)
    penalty = Penalty(network, 8, generator, training=True)
    found, _ = penalty.gradients()
    places = np.arange(found.size)
    assert not close(found, penalty.by_differences(network.parameters.values, places))


@pytest.mark.parametrize("shape", [SequenceShape(4, 3), VideoShape(4, 2, 2, 3)])
def test_steps_that_are_not_there_do_not_count(shape):
    values, mask = drawn(shape, 6), np.ones((4, 6), bool)
    mask[2:, 1] = mask[1:, 3] = mask[3] = False  # of the last step nothing is there
    mask[:, 5] = False
    values[:, ..., ~mask.all(axis=0)] = np.where(
        mask.reshape(4, *(1,) * (values.ndim - 2), 6)[..., ~mask.all(axis=0)],
        values[..., ~mask.all(axis=0)],
        np.nan,
    )
    network = layer(shape, group=3)
    network.step_mask = mask
    outputs = network.forward(values, training=True)
    for first in (0, 3):
        found = []
        for step in range(3):
            there = [n for n in range(first, first + 3) if mask[step, n]]
            found += np.sqrt(values[step][..., there].var(axis=-1) + EPSILON).ravel().tolist()
        np.testing.assert_allclose(outputs[0, ..., -1, first], np.mean(found), rtol=1e-12)
    assert not outputs[:, ..., 5].any()
    assert not outputs[3].any()
    sent = network.backward(np.ones_like(outputs))
    assert np.isfinite(sent).all()
    assert not sent[3].any()


def test_entries_that_only_fill_the_batch_are_not_measured():
    values = drawn((2, 2, 1), 16)
    values[..., 6:] = 0
    network = layer((2, 2, 1), group=4)
    network.entries = 6
    outputs = network.forward(values, training=True)
    np.testing.assert_allclose(outputs[..., -1, 0], statistic(values[..., :4]))
    np.testing.assert_allclose(outputs[..., -1, 4], statistic(values[..., 4:6]))
    assert not outputs[..., 8:].any()


def test_without_training_entries_are_on_their_own():
    network = layer((3, 2), group=2, momentum=0.5)
    assert network.state()["statistic"] == [1]
    values = drawn((3, 2), 4)
    network.forward(values, training=True)
    wanted = 0.5 + 0.5 * np.mean([statistic(values[..., :2]), statistic(values[..., 2:])])
    np.testing.assert_allclose(network.state()["statistic"], wanted)
    outputs = network.forward(values)
    np.testing.assert_allclose(outputs[:, -1], wanted)
    signals = drawn(network.output_shape, 4, seed=1)
    assert np.array_equal(network.backward(signals), signals[:, :-1])
    other = layer((3, 2), group=2)
    other.load_state(network.state())
    assert np.array_equal(other.forward(values), outputs)
    other.load_state({})
    assert other.state()["statistic"] == [1]


def test_in_float32_within_its_tolerance():
    values = drawn((4, 4, 3), 12)
    expected = checks.pass_through(layer((4, 4, 3)), values, np.ones((4, 4, 4, 12)), training=True)
    single = layer((4, 4, 3), dtype=np.float32)
    found = checks.pass_through(
        single, values.astype(np.float32), np.ones((4, 4, 4, 12), np.float32), training=True
    )
    assert all(array.dtype == np.float32 for array in found.values())
    checks.assert_close(found, expected, 1e-5)


def test_torch_gives_the_same():
    torch = pytest.importorskip("torch")
    values, signals = drawn((4, 4, 3), 12), drawn((4, 4, 4), 12, seed=1)
    x = torch.tensor(values, requires_grad=True)
    groups = x.reshape(4, 4, 3, 3, 4)  # neighbours; their own code takes every third
    roots = torch.sqrt(groups.var(dim=-1, unbiased=False) + EPSILON).mean(dim=(0, 1, 2))
    feature = roots.repeat_interleave(4).expand(4, 4, 1, 12)
    outputs = torch.cat([x, feature], dim=2)
    outputs.backward(torch.tensor(signals))
    found = checks.pass_through(layer((4, 4, 3)), values, signals, training=True)
    np.testing.assert_allclose(found["outputs"], outputs.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(found["input signals"], x.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group": 1}, "minibatch_deviation: group 1 must be a whole number of at least 2"),
        ({"group": 2.0}, "group 2.0 must be a whole number"),
        ({"momentum": 2}, "momentum 2 must be in"),
        ({"epsilon": 0}, "epsilon 0 must be a finite number above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        layer(Shape(1, 1, 3), **options)
