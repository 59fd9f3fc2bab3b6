"""Losses: every gradient against central differences, masks, padding, extreme outputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.losses import (
    LOSSES,
    AbsoluteError,
    BinaryCrossEntropy,
    BinaryCrossEntropyWithLogits,
    SquaredError,
    loss_by_name,
)

every_loss = pytest.mark.parametrize("name", LOSSES)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def sample(generator, shape, dtype=np.float64):
    """Outputs and targets in (0, 1), never equal: probabilities to one loss, mere numbers to the others."""
    targets = generator.uniform(0.05, 0.9, shape)
    outputs = np.where(generator.random(shape) < 0.5, targets / 2, targets / 2 + 0.5)
    return outputs.astype(dtype), targets.astype(dtype)


@st.composite
def cases(draw):
    height, width, channels, histories = (draw(st.integers(1, 3)) for _ in range(4))
    shape = (height, width, channels, histories)
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    entries = draw(st.sampled_from([None, *range(1, histories + 1)]))
    mask = draw(st.sampled_from(["none", "pixels", "outputs", "booleans"]))
    masks = {
        "none": None,
        "pixels": generator.random((height, width, 1, histories)),
        "outputs": generator.random((1, 1, channels, 1)),
        "booleans": generator.random(shape) < 0.7,
    }
    if mask == "booleans":
        masks[mask][0, 0, 0, 0] = True
    return *sample(generator, shape), entries, masks[mask]


@every_loss
@given(case=cases())
def test_signals_are_the_slopes_of_the_loss(name, case):
    outputs, targets, entries, mask = case
    loss = loss_by_name(name)
    value, signals = loss(outputs, targets, entries=entries, mask=mask)
    step = 1e-6
    for index in np.ndindex(outputs.shape):
        upper, lower = outputs.copy(), outputs.copy()
        upper[index] += step
        lower[index] -= step
        higher, _ = loss(upper, targets, entries=entries, mask=mask)
        smaller, _ = loss(lower, targets, entries=entries, mask=mask)
        assert signals[index] == pytest.approx((higher - smaller) / (2 * step), rel=1e-6, abs=1e-8)
    assert value >= 0


@every_loss
@given(case=cases())
def test_the_loss_is_the_mean_of_what_counts(name, case):
    outputs, targets, entries, mask = case
    loss = loss_by_name(name)
    weights = np.ones(outputs.shape) if mask is None else np.broadcast_to(mask, outputs.shape).astype(float)
    total, count = 0.0, 0.0
    for *pixel, entry in np.ndindex(outputs.shape):
        if entries is None or entry < entries:
            index = (*pixel, entry)
            single, _ = loss(outputs[index].reshape(1), targets[index].reshape(1))
            total += weights[index] * single
            count += weights[index]
    assert loss(outputs, targets, entries=entries, mask=mask)[0] == pytest.approx(total / count, rel=1e-12)


@every_loss
@every_dtype
def test_padding_changes_nothing_and_gets_no_signal(name, dtype):
    generator = np.random.default_rng(0)
    outputs, targets = sample(generator, (4, 3, 2, 16), dtype)
    value, signals = loss_by_name(name)(outputs[..., :5], targets[..., :5])
    outputs[..., 5:] = np.nan
    padded_value, padded_signals = loss_by_name(name)(outputs, targets, entries=5)
    assert padded_value == pytest.approx(value, rel=1e-6)
    assert np.array_equal(padded_signals[..., :5], signals)
    assert not padded_signals[..., 5:].any()
    assert padded_signals.shape == outputs.shape
    assert padded_signals.dtype == dtype


@every_loss
@every_dtype
def test_arguments_are_left_as_they_are(name, dtype):
    outputs, targets = sample(np.random.default_rng(0), (4, 3, 2, 16), dtype)
    mask = np.random.default_rng(1).random((4, 3, 1, 16)).astype(dtype)
    kept = [array.copy() for array in (outputs, targets, mask)]
    loss_by_name(name)(outputs, targets, mask=mask, entries=7)
    for array, copy in zip((outputs, targets, mask), kept, strict=True):
        assert np.array_equal(array, copy)


@every_loss
@pytest.mark.parametrize("masked", [False, True])
def test_torch_gives_the_same_loss_and_gradient(name, masked):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    peers = {
        "squared_error": functional.mse_loss,
        "absolute_error": functional.l1_loss,
        "binary_cross_entropy": functional.binary_cross_entropy,
        "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
    }
    generator = np.random.default_rng(0)
    outputs, targets = sample(generator, (5, 4, 3, 7))
    mask = generator.random((5, 4, 1, 7)) if masked else np.ones((1, 1, 1, 1))
    tensor = torch.tensor(outputs, requires_grad=True)
    weights = torch.tensor(np.broadcast_to(mask, outputs.shape).copy())
    expected = (peers[name](tensor, torch.tensor(targets), reduction="none") * weights).sum() / weights.sum()
    expected.backward()
    value, signals = loss_by_name(name)(outputs, targets, mask=mask if masked else None)
    assert value == pytest.approx(expected.item(), rel=1e-12)
    assert np.allclose(signals, tensor.grad.numpy(), rtol=1e-12, atol=1e-18)


@every_dtype
def test_extreme_logits_stay_exact(dtype):
    largest = np.finfo(dtype).max
    logits = np.array([1e4, -1e4, 1e4, -1e4, 0, largest, -largest], dtype)
    targets = np.array([1, 0, 0, 1, 0.5, 1, 0], dtype)
    with np.errstate(all="raise", under="ignore"):
        value, signals = BinaryCrossEntropyWithLogits()(logits, targets)
    assert value * 7 == pytest.approx(2e4 + np.log(2), rel=1e-6)
    assert np.allclose(signals * 7, [0, 0, 1, -1, 0, 0, 0], atol=1e-6)


@every_dtype
def test_saturated_probabilities_have_a_bounded_loss_that_is_flat(dtype):
    outputs = np.array([0, 1, 0, 1, -0.3, 1.3], dtype)
    targets = np.array([1, 0, 0, 1, 1, 0], dtype)
    with np.errstate(all="raise", under="ignore"):
        value, signals = BinaryCrossEntropy()(outputs, targets)
    assert value * 6 == pytest.approx(-4 * np.log(np.finfo(dtype).eps), rel=1e-5)
    assert not signals.any()


def test_absolute_error_has_no_slope_at_equality():
    _, signals = AbsoluteError()(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 4.0]))
    assert np.allclose(signals, [0, 1 / 3, -1 / 3])


def test_squared_error_by_hand():
    value, signals = SquaredError()(np.array([1.0, 2.0]), np.array([0.0, 4.0]))
    assert value == 2.5
    assert signals.tolist() == [1.0, -2.0]


@every_loss
def test_nan_is_not_hidden(name):
    value, signals = loss_by_name(name)(np.array([np.nan, 0.5]), np.array([0.5, 0.25]))
    assert np.isnan(value)
    assert np.isnan(signals[0])


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((2, 2, 1, 4), {}, r"outputs have shape \(2, 2, 1, 3\), targets \(2, 2, 1, 4\)"),
        ((2, 2, 1, 3), {"entries": 4}, "4 active entries of 3"),
        ((2, 2, 1, 3), {"entries": 0}, "0 active entries of 3"),
        ((2, 2, 1, 3), {"mask": np.zeros((2, 2, 1, 1))}, "mask is zero everywhere"),
        ((2, 2, 1, 3), {"mask": np.array([0, 0, 1.0]), "entries": 2}, "mask is zero everywhere"),
    ],
)
def test_what_does_not_fit_is_refused(shape, options, message):
    with pytest.raises(ValueError, match=message):
        SquaredError()(np.zeros((2, 2, 1, 3)), np.zeros(shape), **options)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match="did you mean squared_error"):
        loss_by_name("square_error")
