"""What all losses share: gradients against central differences, means, masks, padding, configurations."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.losses import LOSSES, SquaredError, loss_by_name, loss_from_configuration
from tests.support.loss_samples import SETTINGS, cases, draw_mask, make, sample

every_variant = pytest.mark.parametrize("variant", SETTINGS)
every_loss = pytest.mark.parametrize("name", LOSSES)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@every_variant
@given(data=st.data())
def test_signals_are_the_slopes_of_the_loss(variant, data):
    loss, outputs, targets, entries, mask = data.draw(cases(lambda classes: make(variant, classes)))
    _, signals = loss(outputs, targets, entries=entries, mask=mask)
    step = 1e-6
    for index in np.ndindex(outputs.shape):
        upper, lower = outputs.copy(), outputs.copy()
        upper[index] += step
        lower[index] -= step
        higher, _ = loss(upper, targets, entries=entries, mask=mask)
        smaller, _ = loss(lower, targets, entries=entries, mask=mask)
        assert signals[index] == pytest.approx((higher - smaller) / (2 * step), rel=1e-6, abs=1e-8)


@every_variant
@given(data=st.data())
def test_batches_combine_by_their_weight(variant, data):
    """The loss of a batch is the mean over its entries, each counting as much as `weight` says."""
    loss, outputs, targets, entries, mask = data.draw(cases(lambda classes: make(variant, classes)))
    total = weight = 0.0
    for entry in range(outputs.shape[-1] if entries is None else entries):
        one = slice(entry, entry + 1)
        own_mask = mask if mask is None or mask.shape[-1] == 1 else mask[..., one]
        if own_mask is None or own_mask.any():
            own_weight = loss.weight(targets[..., one], None, own_mask)
            total += own_weight * loss(outputs[..., one], targets[..., one], mask=own_mask)[0]
            weight += own_weight
    assert loss.weight(targets, entries, mask) == pytest.approx(weight, rel=1e-12)
    assert loss(outputs, targets, entries=entries, mask=mask)[0] == pytest.approx(total / weight, rel=1e-12)


@every_variant
@every_dtype
@pytest.mark.parametrize("labels", [False, True])
def test_padding_changes_nothing_and_gets_no_signal(variant, dtype, labels):
    loss = make(variant)
    outputs, targets = sample(loss, (3, 2, 4, 16), np.random.default_rng(0), dtype, labels)
    value, signals = loss(outputs[..., :5], targets[..., :5])
    outputs[..., 5:] = np.nan
    targets[..., 5:] = -100
    padded_value, padded_signals = loss(outputs, targets, entries=5)
    assert padded_value == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(padded_signals[..., :5], signals, rtol=1e-6)
    assert not padded_signals[..., 5:].any()
    assert padded_signals.shape == outputs.shape
    assert padded_signals.dtype == dtype
    assert loss.weight(targets, 5) == pytest.approx(loss.weight(targets[..., :5]), rel=1e-12)


@every_variant
@every_dtype
def test_arguments_are_left_as_they_are(variant, dtype):
    loss = make(variant)
    outputs, targets = sample(loss, (3, 2, 4, 16), np.random.default_rng(0), dtype)
    mask = np.random.default_rng(1).random((3, 2, 1, 16)).astype(dtype)
    kept = [array.copy() for array in (outputs, targets, mask)]
    loss(outputs, targets, mask=mask, entries=7)
    loss.weight(targets, 7, mask)
    for array, copy in zip((outputs, targets, mask), kept, strict=True):
        assert np.array_equal(array, copy)


@every_variant
def test_arrays_of_any_layout_give_the_same(variant):
    loss = make(variant)
    outputs, targets = sample(loss, (3, 2, 4, 6), np.random.default_rng(0))
    expected, signals = loss(outputs, targets)
    turned = [np.asfortranarray(array)[..., ::-1] for array in (outputs, targets)]
    value, turned_signals = loss(*turned)
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(turned_signals[..., ::-1], signals, rtol=1e-12)


@every_variant
def test_both_dtypes_agree(variant):
    loss = make(variant)
    outputs, targets = sample(loss, (3, 2, 4, 6), np.random.default_rng(0))
    expected, signals = loss(outputs, targets)
    value, single = loss(outputs.astype(np.float32), targets.astype(np.float32))
    assert single.dtype == np.float32
    assert value == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(single, signals, rtol=1e-4, atol=1e-7)


@every_loss
def test_whole_number_targets_will_do(name):
    loss = loss_by_name(name)
    outputs, _ = sample(loss, (2, 3, 4, 6), np.random.default_rng(0), np.float32)
    targets = np.zeros((2, 3, 4, 6), np.int8)
    targets[:, :, 1] = 1
    if name in ("hinge", "wasserstein"):
        targets = 2 * targets - 1
    expected, signals = loss(outputs, targets.astype(np.float32))
    value, found = loss(outputs, targets)
    assert value == expected
    assert np.array_equal(found, signals)


@every_loss
def test_nan_is_not_hidden(name):
    loss = loss_by_name(name)
    outputs, targets = sample(loss, (1, 1, 3, 2), np.random.default_rng(0))
    outputs[0, 0, 1, 0] = np.nan
    value, signals = loss(outputs, targets)
    assert name == "wasserstein" or np.isnan(signals[0, 0, 1, 0])  # its slope is the target
    assert np.isnan(value)


@every_loss
@pytest.mark.parametrize("kind", ["positions", "entries", "booleans"])
def test_a_mask_equals_leaving_out(name, kind):
    """Entries that are masked whole do not count, like those that do not exist."""
    loss, generator = loss_by_name(name), np.random.default_rng(0)
    outputs, targets = sample(loss, (2, 1, 3, 6), generator)
    mask = draw_mask(kind, loss, outputs.shape, generator)
    mask[..., 3:] = 0
    whole = loss(outputs, targets, mask=mask)
    part = loss(outputs[..., :3], targets[..., :3], mask=mask[..., :3])
    assert whole[0] == pytest.approx(part[0], rel=1e-12)
    np.testing.assert_allclose(whole[1][..., :3], part[1], rtol=1e-12)
    assert not whole[1][..., 3:].any()


@every_loss
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"entries": 4}, "4 active entries of 3"),
        ({"entries": 0}, "0 active entries of 3"),
        ({"mask": np.ones((2, 3, 1, 3))}, r"the mask has shape \(2, 3, 1, 3\), expected"),
    ],
)
def test_what_does_not_fit_is_refused(name, options, message):
    loss = loss_by_name(name)
    outputs, targets = sample(loss, (2, 2, 4, 3), np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        loss(outputs, targets, **options)


@every_loss
def test_targets_of_another_shape_are_refused(name):
    loss = loss_by_name(name)
    outputs, targets = sample(loss, (2, 2, 4, 3), np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"outputs have shape \(2, 2, 4, 2\), targets \(2, 2, 4, 3\)"):
        loss(outputs[..., :2], targets)


@every_variant
def test_a_configuration_describes_a_loss(variant):
    loss = make(variant)
    configuration = json.loads(json.dumps(loss.to_configuration()))
    assert {**configuration, **SETTINGS[variant]} == configuration
    assert loss_from_configuration(configuration) == loss
    assert (loss == loss_by_name(loss.name)) == (set(SETTINGS[variant]) == {"name"})


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"name": "square_error"}, "did you mean squared_error"),
        ({}, "unknown loss None"),
        ({"name": "huber", "gamma": 2}, "loss huber: unknown field gamma; known: delta"),
        ({"name": "squared_error", "delta": 2}, "loss squared_error: unknown field delta; known: none"),
        ({"name": "huber", "delta": 0}, "loss huber: delta 0.0 must be a finite number above 0"),
        ({"name": "huber", "delta": "1"}, "loss huber: field delta is '1', not of type float"),
        ({"name": "huber", "delta": True}, "loss huber: field delta is True, not of type float"),
        ({"name": "huber", "delta": float("inf")}, "delta inf must be"),
        ({"name": "hinge", "squared": 1}, "loss hinge: field squared is 1, not of type bool"),
        ({"name": "binary_cross_entropy", "positive_weight": -1}, "positive_weight -1.0 must be a finite"),
        ({"name": "binary_cross_entropy", "label_smoothing": 1}, "label_smoothing 1.0 must be at least 0"),
        ({"name": "categorical_cross_entropy", "label_smoothing": float("nan")}, "label_smoothing nan must"),
        (
            {"name": "categorical_cross_entropy", "class_weights": [1, 0]},
            "class_weights .* a positive number",
        ),
        ({"name": "categorical_cross_entropy", "class_weights": 2}, "class_weights 2 must be"),
        ({"name": "categorical_cross_entropy", "class_weights": "11"}, "class_weights '11' must be"),
        ({"name": "categorical_cross_entropy", "class_weights": {"0": 1}}, "class_weights .* must be"),
    ],
)
def test_a_bad_configuration_is_refused_by_name(configuration, message):
    with pytest.raises(ValueError, match=message):
        loss_from_configuration(configuration)


def test_losses_name_metrics_that_suit_them():
    names = {name: [metric.name for metric in loss_by_name(name).metrics()] for name in LOSSES}
    binary = ["binary_accuracy", "true_positive_rate_at_0.01", "false_positive_rate_at_0.99"]
    assert names == {
        "squared_error": [],
        "absolute_error": [],
        "huber": [],
        "binary_cross_entropy": binary,
        "binary_cross_entropy_with_logits": binary,
        "categorical_cross_entropy": ["accuracy"],
        "categorical_cross_entropy_with_logits": ["accuracy"],
        "hinge": binary,
        "wasserstein": [],
    }


def test_metrics_are_new_every_time():
    first, second = (SquaredError().metrics(), loss_by_name("hinge").metrics())
    assert first == []
    assert second[0] is not loss_by_name("hinge").metrics()[0]


@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits", "hinge"])
def test_metrics_read_the_outputs_as_the_loss_does(name):
    """Outputs on the right side of the loss's threshold are right answers."""
    loss = loss_by_name(name)
    undecided = 0.5 if name == "binary_cross_entropy" else 0.0
    outputs = undecided + np.array([-0.1, 0.1, -0.2, 0.3]).reshape(1, 4)
    targets = np.array([0.0, 1, 0, 1]).reshape(1, 4) * (2 if name == "hinge" else 1) - (name == "hinge")
    values = []
    for metric in loss.metrics():
        metric.add(outputs, targets)
        values.append(metric.value())
    assert values == [1, 1, 0]
