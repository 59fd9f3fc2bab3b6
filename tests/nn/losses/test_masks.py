"""Masks: a loss or a metric is the same as on the selected outputs alone."""

import numpy as np
import pytest

from nn.losses import loss_by_name
from nn.metrics import METRICS, metric_by_name
from tests.support.loss_samples import SETTINGS, is_categorical, make, sample
from tests.support.mask_garbage import garbage, spoil

pytestmark = pytest.mark.filterwarnings("error")

SHAPE = (3, 2, 4, 6)
CASES = [
    (variant, labels)
    for variant in SETTINGS
    for labels in ([False, True] if variant.startswith("categorical") else [False])
]
every_case = pytest.mark.parametrize(("variant", "labels"), CASES)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
every_metric = pytest.mark.parametrize("name", METRICS)


def draw_weights(kind, shape, generator):
    """Weights of which some are 0: bool, or in [0, 1]."""
    chosen = generator.random(shape) < 0.6
    chosen.reshape(-1)[:2] = True, False
    return chosen if kind == "bool" else np.where(chosen, generator.uniform(0.1, 1, shape), 0)


def masked_case(variant, labels, dtype, kind, mask_shape=None):
    """A loss, outputs and targets with garbage, their mask, and each selected: (classes, n) or (n,)."""
    generator = np.random.default_rng(3)
    loss = make(variant)
    outputs, targets = sample(loss, SHAPE, generator, dtype, labels)
    positions = (*SHAPE[:-2], 1, SHAPE[-1])
    mask = draw_weights(kind, mask_shape or (positions if is_categorical(loss) else SHAPE), generator)
    weights = np.broadcast_to(mask, positions if is_categorical(loss) else SHAPE)
    if is_categorical(loss):
        chosen = weights[..., 0, :] != 0
        selected = [np.moveaxis(each, -2, 0)[:, chosen] for each in (outputs, targets)]
        counts = weights[..., 0, :][chosen]
    else:
        chosen = weights != 0
        selected, counts = [outputs[chosen], targets[chosen]], weights[chosen]
    spoiled = [spoil(each, weights, generator) for each in (outputs, targets)]
    return loss, spoiled, mask, selected, counts, chosen


def selected_signals(loss, signals, chosen):
    return np.moveaxis(signals, -2, 0)[:, chosen] if is_categorical(loss) else signals[chosen]


def nothing_elsewhere(loss, signals, chosen):
    elsewhere = np.moveaxis(signals, -2, 0)[:, ~chosen] if is_categorical(loss) else signals[~chosen]
    return not elsewhere.any()


@every_case
@every_dtype
@pytest.mark.parametrize("kind", ["bool", "fractions"])
@pytest.mark.parametrize("mask_shape", [None, (SHAPE[-1],), (SHAPE[0], 1, 1, 1)])
def test_a_loss_is_that_of_the_selected_outputs(variant, labels, dtype, kind, mask_shape):
    loss, spoiled, mask, selected, counts, chosen = masked_case(variant, labels, dtype, kind, mask_shape)
    value, signals = loss(*spoiled, mask=mask)
    expected, slopes = loss(*selected, mask=None if kind == "bool" else counts)
    assert value == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(selected_signals(loss, signals, chosen), slopes, rtol=1e-5)
    assert nothing_elsewhere(loss, signals, chosen)
    weight = loss.weight(selected[1], None, None if kind == "bool" else counts)
    assert loss.weight(spoiled[1], None, mask) == pytest.approx(weight, rel=1e-6)
    assert loss(*spoiled, entries=SHAPE[-1], mask=mask)[0] == value


def torch_losses(torch, settings):
    """The loss of every element or position in torch, for settings that it has."""
    functional = torch.nn.functional
    name, smooth = settings["name"], settings.get("label_smoothing", 0.0)
    positive = torch.tensor(settings.get("positive_weight", 1.0), dtype=torch.float64)
    classes = settings.get("class_weights")
    every = {"reduction": "none"}

    def categorical(logits, targets):
        weight = None if classes is None else torch.tensor(classes, dtype=torch.float64)
        return functional.cross_entropy(logits, targets, weight, label_smoothing=smooth, **every)

    def binary(o, t):
        t = t * (1 - smooth) + smooth / 2
        return functional.binary_cross_entropy_with_logits(o, t, pos_weight=positive, **every)

    return {
        "squared_error": lambda o, t: functional.mse_loss(o, t, **every),
        "absolute_error": lambda o, t: functional.l1_loss(o, t, **every),
        "huber": lambda o, t: functional.huber_loss(o, t, delta=settings.get("delta", 1.0), **every),
        "binary_cross_entropy": lambda o, t: binary(torch.logit(o), t),
        "binary_cross_entropy_with_logits": binary,
        "categorical_cross_entropy": lambda o, t: categorical(torch.log(o), t),
        "categorical_cross_entropy_with_logits": categorical,
        "hinge": lambda o, t: torch.clamp(1 - o * t, min=0) ** (2 if settings.get("squared") else 1),
        "wasserstein": lambda o, t: o * t,
    }[name]


@every_case
@pytest.mark.parametrize("kind", ["bool", "fractions"])
def test_torch_gives_the_same_on_the_selected_outputs(variant, labels, kind):
    torch = pytest.importorskip("torch")
    loss, spoiled, mask, selected, counts, chosen = masked_case(variant, labels, np.float64, kind)
    value, signals = loss(*spoiled, mask=mask)
    outputs, targets = (torch.tensor(np.ascontiguousarray(each.T)) for each in selected)
    outputs.requires_grad_()
    each = torch_losses(torch, SETTINGS[variant])(outputs, targets[:, 0].long() if labels else targets)
    if variant == "categorical_cross_entropy":  # of probabilities as they are, not normalised to sum to 1
        picked = outputs.gather(1, targets.long())[:, 0] if labels else None
        each = -torch.log(picked) if labels else -(targets * torch.log(outputs)).sum(1)
    weights = torch.tensor(counts, dtype=torch.float64)
    total = (each * weights).sum() / loss.weight(selected[1], None, counts)
    total.backward()
    assert value == pytest.approx(float(total.detach()), rel=1e-9)
    if variant.startswith("categorical_cross_entropy") and not loss.applies:
        return  # torch's takes logits: its slopes are those of another function
    np.testing.assert_allclose(selected_signals(loss, signals, chosen), outputs.grad.numpy().T, rtol=1e-7)


@pytest.mark.parametrize("variant", SETTINGS)
@every_dtype
def test_nothing_that_counts_is_a_loss_of_zero_with_the_weight_zero(variant, dtype):
    generator = np.random.default_rng(0)
    loss = make(variant)
    outputs, targets = (garbage(each.shape, dtype, generator) for each in sample(loss, SHAPE, generator))
    for options in ({"mask": np.zeros(6)}, {"mask": np.array([False] * 3 + [True] * 3), "entries": 3}):
        value, signals = loss(outputs, targets, **options)
        assert value == 0
        assert signals.shape == SHAPE
        assert signals.dtype == dtype
        assert not signals.any()
        assert loss.weight(targets, options.get("entries"), options["mask"]) == 0


@pytest.mark.parametrize("name", ["squared_error", "huber", "hinge", "categorical_cross_entropy"])
@pytest.mark.parametrize("wrong", [np.nan, -0.5, np.inf, 1.5])
def test_a_mask_is_looked_at_itself(name, wrong):
    loss = loss_by_name(name)
    outputs, targets = sample(loss, SHAPE, np.random.default_rng(0))
    mask = np.ones(6)
    mask[4] = wrong
    for use in (lambda **o: loss(outputs, targets, **o), lambda **o: loss.weight(targets, **o)):
        with pytest.raises(ValueError, match=rf"the mask is {wrong} at \(4,\): weights must be in \[0, 1\]"):
            use(mask=mask)
        use(mask=mask, entries=4)  # padding is never read
    with pytest.raises(ValueError, match="the mask is <U1, expected bool or numbers"):
        loss(outputs, targets, mask=np.array(["a"] * 6))


@pytest.mark.parametrize("name", ["hinge", "wasserstein", "categorical_cross_entropy"])
def test_a_target_that_counts_is_still_refused_by_its_entry(name):
    loss = loss_by_name(name)
    outputs, targets = sample(loss, (2, 1, 3, 6), np.random.default_rng(0), labels=True)
    targets[..., :2] = np.nan
    targets[1, 0, 0, 4] = 7
    mask = np.array([0, 0, 1, 0, 1, 0.5])
    expected = (
        r"label 7 of entry 4 at position \(1, 0\)" if is_categorical(loss) else "target of entry 4 is 7.0"
    )
    with pytest.raises(ValueError, match=expected) as caught:
        loss(outputs, targets, mask=mask)
    assert caught.value.entry == 4


def metric_sample(name, generator):
    """Outputs and targets (2, 3, N) that suit a metric."""
    outputs = generator.normal(size=(2, 3, 40))
    if name == "accuracy":
        return outputs, generator.integers(0, 3, (2, 1, 40)).astype(float)
    if name in ("mean_absolute_error", "root_mean_squared_error", "explained_variance"):
        return outputs, generator.normal(size=outputs.shape)
    return outputs, generator.integers(0, 2, outputs.shape).astype(float)


@every_metric
@every_dtype
@pytest.mark.parametrize("kind", ["bool", "fractions"])
@pytest.mark.parametrize("whole_entries", [True, False])
def test_a_metric_is_that_of_the_selected_outputs(name, dtype, kind, whole_entries):
    generator, metric = np.random.default_rng(1), metric_by_name(name)
    outputs, targets = (each.astype(dtype) for each in metric_sample(name, generator))
    mask = draw_weights(kind, (40,) if whole_entries else targets.shape, generator)
    weights = np.broadcast_to(mask, targets.shape)
    if whole_entries:
        chosen = mask != 0
        selected, counts = [each[..., chosen] for each in (outputs, targets)], mask[chosen]
    else:
        selected, counts = [outputs, targets], mask
    metric.reset()
    metric.add(*selected, mask=counts)
    expected = metric.value()
    metric.reset()
    of_outputs = weights if name == "accuracy" else np.broadcast_to(weights, outputs.shape)
    metric.add(spoil(outputs, of_outputs, generator), spoil(targets, weights, generator), mask=mask)
    assert np.isfinite(expected)
    assert metric.value() == pytest.approx(expected, rel=1e-6)
    metric.add(
        garbage(outputs.shape, dtype, generator), garbage(targets.shape, dtype, generator), 40, mask * 0
    )
    assert metric.value() == pytest.approx(expected, rel=1e-6)


@every_metric
@pytest.mark.parametrize("wrong", [np.nan, -1, np.inf])
def test_a_metric_refuses_weights_that_are_none(name, wrong):
    outputs, targets = metric_sample(name, np.random.default_rng(1))
    mask = np.ones(40)
    mask[7] = wrong
    with pytest.raises(ValueError, match=rf"the mask is {float(wrong)} at \(7,\)"):
        metric_by_name(name).add(outputs, targets, mask=mask)


def test_scikit_learn_gives_the_same_on_the_selected_outputs():
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(1)
    for name, function in {
        "mean_absolute_error": metrics.mean_absolute_error,
        "root_mean_squared_error": metrics.root_mean_squared_error,
        "area_under_curve": lambda t, o, sample_weight: metrics.roc_auc_score(
            t, o, sample_weight=sample_weight
        ),
        "binary_accuracy": lambda t, o, sample_weight: metrics.accuracy_score(
            t, o > 0.5, sample_weight=sample_weight
        ),
    }.items():
        outputs, targets = metric_sample(name, generator)
        mask = draw_weights("fractions", outputs.shape, generator)
        chosen, metric = mask != 0, metric_by_name(name)
        metric.add(spoil(outputs, mask, generator), spoil(targets, mask, generator), mask=mask)
        expected = function(targets[chosen], outputs[chosen], sample_weight=mask[chosen])
        assert metric.value() == pytest.approx(expected, rel=1e-9)
