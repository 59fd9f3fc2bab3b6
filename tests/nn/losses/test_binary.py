"""Losses between two classes: against PyTorch, at extreme outputs, and with all settings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.losses import BinaryCrossEntropy, BinaryCrossEntropyWithLogits

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@every_dtype
@pytest.mark.parametrize("kind", [BinaryCrossEntropy, BinaryCrossEntropyWithLogits])
@given(
    sides=st.tuples(*[st.integers(1, 4)] * 4),
    positive_weight=st.sampled_from([1, 0.3, 5]),
    label_smoothing=st.sampled_from([0, 0.1, 0.5]),
    masked=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_torch_in_double_precision_gives_the_same_loss_and_gradient(
    kind, dtype, sides, positive_weight, label_smoothing, masked, seed
):
    torch = pytest.importorskip("torch")
    functional, generator = torch.nn.functional, np.random.default_rng(seed)
    logits = generator.normal(0, 3, sides).astype(dtype)
    targets = generator.choice([0, 0.25, 1], sides).astype(dtype)
    mask = generator.uniform(0.1, 1, (*sides[:2], 1, sides[3])).astype(dtype) if masked else None
    outputs = logits if kind is BinaryCrossEntropyWithLogits else 1 / (1 + np.exp(-logits))
    tensor = torch.tensor(outputs.astype(np.float64), requires_grad=True)
    seen = torch.logit(tensor) if kind is BinaryCrossEntropy else tensor
    smooth = torch.tensor(targets * (1 - label_smoothing) + label_smoothing / 2, dtype=tensor.dtype)
    weight = torch.tensor(positive_weight, dtype=tensor.dtype)
    each = functional.binary_cross_entropy_with_logits(seen, smooth, pos_weight=weight, reduction="none")
    weights = torch.ones_like(each) if mask is None else torch.tensor(np.broadcast_to(mask, sides).copy())
    mean = (each * weights).sum() / weights.sum()
    mean.backward()
    loss = kind(positive_weight=positive_weight, label_smoothing=label_smoothing)
    value, signals = loss(outputs, targets, mask=mask)
    tolerance = 1e-5 if dtype == np.float32 else 1e-9  # logits computed from probabilities have lost digits
    assert value == pytest.approx(mean.item(), rel=tolerance, abs=tolerance / 10)
    np.testing.assert_allclose(signals, tensor.grad.numpy(), rtol=tolerance, atol=tolerance / 100)


@every_dtype
def test_torch_agrees_on_probabilities(dtype):
    torch = pytest.importorskip("torch")
    outputs, targets = np.random.default_rng(0).uniform(0.01, 0.99, (2, 50)).astype(dtype)
    tensor = torch.tensor(outputs, requires_grad=True)
    expected = torch.nn.functional.binary_cross_entropy(tensor, torch.tensor(targets))
    expected.backward()
    value, signals = BinaryCrossEntropy()(outputs, targets)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    assert value == pytest.approx(expected.item(), rel=tolerance, abs=tolerance / 10)
    np.testing.assert_allclose(signals, tensor.grad.numpy(), rtol=10 * tolerance, atol=tolerance)


@every_dtype
@pytest.mark.parametrize("positive_weight", [1, 3])
def test_extreme_logits_stay_exact(dtype, positive_weight):
    largest = np.finfo(dtype).max
    logits = np.array([1e4, -1e4, 1e4, -1e4, 0, largest, -largest], dtype)
    targets = np.array([1, 0, 0, 1, 0.5, 1, 0], dtype)
    with np.errstate(all="raise", under="ignore"):
        value, signals = BinaryCrossEntropyWithLogits(positive_weight)(logits, targets)
    w = positive_weight
    assert value * 7 == pytest.approx((1 + w) * 1e4 + (1 + w) / 2 * np.log(2), rel=1e-6)
    assert np.allclose(signals * 7, [0, 0, 1, -w, (1 - w) / 4, 0, 0], atol=1e-6)


@every_dtype
def test_saturated_probabilities_have_a_bounded_loss_that_is_flat(dtype):
    outputs = np.array([0, 1, 0, 1, -0.3, 1.3], dtype)
    targets = np.array([1, 0, 0, 1, 1, 0], dtype)
    with np.errstate(all="raise", under="ignore"):
        value, signals = BinaryCrossEntropy()(outputs, targets)
    assert value * 6 == pytest.approx(-4 * np.log(np.finfo(dtype).eps), rel=1e-5)
    assert not signals.any()


@pytest.mark.parametrize("smoothing", [0.0, 0.4])
def test_the_least_loss_is_at_the_smoothed_target(smoothing):
    loss, target = BinaryCrossEntropy(label_smoothing=smoothing), np.array([0.9])
    aim = 0.9 * (1 - smoothing) + smoothing / 2
    _, signals = loss(np.array([aim]), target)
    assert abs(signals[0]) < 1e-12
    assert loss.target_span(np.array([0.0, 0.9]), 1) == pytest.approx((smoothing / 2, aim))


def test_a_positive_weight_repeats_the_positives():
    """Three times the weight is three times the entry, apart from the divisor of the mean."""
    logits, targets = np.array([0.3, -2.0, 1.0]), np.array([1.0, 0.0, 0.0])
    weighted, _ = BinaryCrossEntropyWithLogits(positive_weight=3)(logits, targets)
    repeated, _ = BinaryCrossEntropyWithLogits()(logits[[0, 0, 0, 1, 2]], targets[[0, 0, 0, 1, 2]])
    assert 3 * weighted == pytest.approx(5 * repeated)
