"""Losses of outputs at the edge of the numbers: infinite, or the largest and smallest there are."""

import numpy as np
import pytest

from networks.base.weightless_families import WEIGHTLESS
from nn.losses import CategoricalCrossEntropyWithLogits, loss_by_name
from nn.metrics import MeanAbsoluteError, RootMeanSquaredError
from nn.shape import Shape
from tests.nn.test_activations_edges import every_dtype, every_rung
from tests.support.loss_samples import SETTINGS, make

ELEMENTWISE = [
    variant
    for variant in SETTINGS
    if not variant.startswith("categorical") and SETTINGS[variant]["name"] != "binary_cross_entropy"
]


def edges(dtype):
    numbers = np.finfo(dtype)
    sizes = np.array([np.inf, numbers.max, 1e19, 1, numbers.tiny / 8, 0], dtype)
    return np.concatenate([sizes, -sizes])


def exact(variant, outputs, targets):
    """Loss and slope of single outputs in float64, at infinite ones the limits."""
    settings, o, t = SETTINGS[variant], outputs.astype(np.float64), targets.astype(np.float64)
    name, d = settings["name"], o - t
    if name == "squared_error":
        return d**2, 2 * d
    if name == "absolute_error":
        return np.abs(d), np.sign(d)
    if name == "huber":
        slope = np.clip(d, -settings.get("delta", 1), settings.get("delta", 1))
        return slope * (d - slope / 2), slope
    if name == "wasserstein":
        return o * t, t
    if name == "hinge":
        margin = np.maximum(1 - o * t, 0)
        return (margin**2, -2 * margin * t) if settings.get("squared") else (margin, -np.sign(margin) * t)
    weight, smooth = settings.get("positive_weight", 1), settings.get("label_smoothing", 0)
    t = t * (1 - smooth) + smooth / 2
    wrong, right = (np.maximum(side, 0) + np.log1p(np.exp(-np.abs(o))) for side in (o, -o))
    p = np.where(o >= 0, 1, np.exp(-np.abs(o))) / (1 + np.exp(-np.abs(o)))
    loss = np.where(t, weight * t * right, 0) + np.where(1 - t, (1 - t) * wrong, 0)
    return loss, (1 - t) * p - weight * t * (1 - p)


@pytest.mark.parametrize("variant", ELEMENTWISE)
@every_dtype
@pytest.mark.parametrize("target", [0, 1, 0.25])
def test_every_output_has_the_loss_it_has_in_exact_numbers(variant, dtype, target):
    loss = make(variant)
    signs = SETTINGS[variant]["name"] in ("hinge", "wasserstein")
    outputs = edges(dtype)
    targets = np.full(outputs.shape, (1 if target else -1) if signs else target, dtype)
    slopes = np.empty_like(outputs)
    with np.errstate(all="ignore"):
        expected, steep = exact(variant, outputs, targets)
        found = loss.elements(outputs, targets, slopes)
        expected, steep = expected.astype(dtype), steep.astype(dtype)
    np.testing.assert_allclose(found, expected, rtol=3e-6, atol=1e-30)
    np.testing.assert_allclose(slopes, steep, rtol=3e-6, atol=1e-7)


@pytest.mark.parametrize(
    "name", ["squared_error", "absolute_error", "huber", "binary_cross_entropy_with_logits"]
)
@every_dtype
def test_torch_gives_the_same_where_it_gives_a_number(name, dtype):
    torch = pytest.importorskip("torch")
    functional, outputs = torch.nn.functional, edges(dtype)
    peer = {
        "squared_error": functional.mse_loss,
        "absolute_error": functional.l1_loss,
        "huber": functional.huber_loss,
        "binary_cross_entropy_with_logits": functional.binary_cross_entropy_with_logits,
    }[name]
    for target in (0.0, 1.0, 0.25):
        targets, slopes = np.full(outputs.shape, target, dtype), np.empty_like(outputs)
        given = torch.tensor(outputs, requires_grad=True)
        expected = peer(given, torch.tensor(targets), reduction="none")
        expected.sum().backward()
        with np.errstate(all="ignore"):
            found = loss_by_name(name).elements(outputs, targets, slopes)
        known = ~np.isnan(expected.detach().numpy())  # torch: infinity minus infinity
        np.testing.assert_allclose(found[known], expected.detach().numpy()[known], rtol=3e-6, atol=1e-30)
        np.testing.assert_allclose(slopes[known], given.grad.numpy()[known], rtol=3e-6, atol=1e-7)


ROWS = {
    "one that cannot be": [0.0, -np.inf, 1.0],
    "all but one cannot be": [-np.inf, 3.0, -np.inf],
    "none that can be": [-np.inf, -np.inf, -np.inf],
    "one that must be": [np.inf, 0.0, 1.0],
    "the largest": ["max", "-max", 0.0],
    "all the lowest": ["-max", "-max", "-max"],
    "two of the largest": ["max", "max", 0.0],
    "far apart": [-200.0, 0.0, 100.0],
    "not a number": [np.nan, 0.0, 1.0],
}


def row_of(name, dtype):
    largest = np.finfo(dtype).max
    return np.array([{"max": largest, "-max": -largest}.get(each, each) for each in ROWS[name]], dtype)


@pytest.mark.parametrize("name", ROWS)
@every_dtype
@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("masked", [False, True])
def test_torch_gives_the_same_cross_entropy(name, dtype, label, smoothing, masked):
    torch = pytest.importorskip("torch")
    logits, loss = row_of(name, dtype), CategoricalCrossEntropyWithLogits(label_smoothing=smoothing)
    given = torch.tensor(logits[None], requires_grad=True)
    expected = torch.nn.functional.cross_entropy(given, torch.tensor([label]), label_smoothing=smoothing)
    expected.backward()
    outputs = np.stack([logits, np.full(3, np.nan, dtype)], axis=-1) if masked else logits[:, None]
    options = {"mask": np.array([1, 0])} if masked else {}
    for targets in (
        np.full((1, outputs.shape[-1]), label),
        np.eye(3)[label][:, None].repeat(outputs.shape[-1], 1),
    ):
        with np.errstate(all="ignore"):
            found, signals = loss(outputs, targets, **options)
        np.testing.assert_allclose(found, expected.item(), rtol=1e-6)
        np.testing.assert_allclose(signals[:, 0], given.grad.numpy()[0], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ROWS)
@every_dtype
@every_rung
def test_torch_gives_the_same_softmax(name, dtype, rung):
    torch = pytest.importorskip("torch")
    logits = row_of(name, dtype)
    network = WEIGHTLESS["softmax"].rungs[rung](Shape(1, 1, 3), dtype=dtype)
    given = torch.tensor(logits[None], requires_grad=True)
    expected = torch.softmax(given, -1)
    signals = np.array([1, -0.5, 2], dtype)
    expected.backward(torch.tensor(signals[None]))
    with np.errstate(all="ignore"):
        found = network.forward(logits.reshape(1, 1, 3, 1)).ravel()
        input_signals = network.backward(signals.reshape(1, 1, 3, 1)).ravel()
    flushed = float(np.finfo(dtype).tiny)
    np.testing.assert_allclose(found, expected.detach().numpy()[0], rtol=1e-6, atol=flushed)
    np.testing.assert_allclose(input_signals, given.grad.numpy()[0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("classes", [10, 50_000])
@every_rung
def test_many_classes_share_what_there_is(classes, rung):
    """Sums over the classes stay exact, however many there are."""
    network = WEIGHTLESS["softmax"].rungs[rung](Shape(1, 1, classes))
    logits = np.full((1, 1, classes, 16), np.float32(0.3))
    outputs = network.forward(logits)
    np.testing.assert_allclose(outputs, 1 / classes, rtol=1e-6)
    signals = network.backward(np.full_like(logits, 0.7))
    assert np.abs(signals).max() <= 1e-6 / classes
    loss, _ = CategoricalCrossEntropyWithLogits()(logits, np.zeros((1, 1, 1, 16)))
    assert loss == pytest.approx(np.log(classes), rel=1e-6)


@pytest.mark.parametrize("size", [1e-25, 1e-40, 1e20, 3e38])
def test_errors_of_any_size_are_measured(size):
    outputs = np.full((2, 3), size, np.float32)
    targets = np.zeros_like(outputs)
    for metric in (RootMeanSquaredError(), MeanAbsoluteError()):
        metric.add(outputs, targets)
        metric.add(-outputs, targets)
        assert metric.value() == pytest.approx(float(np.float32(size)), rel=1e-12)
    opposite = MeanAbsoluteError()
    opposite.add(outputs, -outputs)
    assert opposite.value() == pytest.approx(2 * float(np.float32(size)), rel=1e-12)
