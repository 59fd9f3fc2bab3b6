"""Metrics: against plain loops and scikit-learn, batch by batch, with masks and padding."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.metrics import (
    METRICS,
    Accuracy,
    AreaUnderCurve,
    BinaryAccuracy,
    ExplainedVariance,
    FalsePositiveRate,
    MeanAbsoluteError,
    RootMeanSquaredError,
    TruePositiveRate,
    metric_by_name,
)

every_metric = pytest.mark.parametrize("name", METRICS)


def sample(name, generator, histories=12):
    """Outputs and targets (2, 1, 3, N) that suit a metric, scores with ties."""
    shape = (2, 1, 3, histories)
    outputs = generator.integers(0, 8, shape) / 8
    if name == "accuracy":
        return outputs, generator.integers(0, 3, (2, 1, 1, histories)).astype(float)
    if name not in ("mean_absolute_error", "root_mean_squared_error", "explained_variance"):
        return outputs, generator.integers(0, 2, shape).astype(float)
    return outputs, generator.normal(size=shape)


def value_of(metric, outputs, targets, **options):
    metric.reset()
    metric.add(outputs, targets, **options)
    return metric.value()


@every_metric
@given(seed=st.integers(0, 1000), sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5))
def test_batches_of_any_size_add_up(name, seed, sizes):
    outputs, targets = sample(name, np.random.default_rng(seed), sum(sizes))
    metric = metric_by_name(name)
    expected = value_of(metric, outputs, targets)
    metric.reset()
    for start, size in zip(np.cumsum([0, *sizes[:-1]]), sizes, strict=True):
        metric.add(outputs[..., start : start + size], targets[..., start : start + size])
    assert metric.value() == pytest.approx(expected, rel=1e-9, nan_ok=True)


@every_metric
@given(seed=st.integers(0, 1000))
def test_a_mask_of_whole_numbers_repeats_positions(name, seed):
    generator = np.random.default_rng(seed)
    outputs, targets = sample(name, generator)
    mask = generator.integers(0, 3, 12)
    mask[:2] = 1
    entries = np.repeat(np.arange(12), mask)
    metric = metric_by_name(name)
    expected = value_of(metric, outputs[..., entries], targets[..., entries])
    assert value_of(metric, outputs, targets, mask=mask) == pytest.approx(expected, rel=1e-9, nan_ok=True)


@every_metric
def test_padding_does_not_count(name):
    outputs, targets = sample(name, np.random.default_rng(0))
    metric = metric_by_name(name)
    expected = value_of(metric, outputs[..., :5], targets[..., :5])
    outputs[..., 5:] = np.nan
    targets[..., 5:] = -100
    assert value_of(metric, outputs, targets, entries=5) == expected


@every_metric
def test_nothing_has_no_value_and_reset_forgets(name):
    outputs, targets = sample(name, np.random.default_rng(0))
    metric = metric_by_name(name)
    assert math.isnan(metric.value())
    assert not math.isnan(value_of(metric, outputs, targets))
    metric.reset()
    assert math.isnan(metric.value())
    assert math.isnan(value_of(metric, outputs, targets, mask=np.zeros(12)))


@every_metric
def test_shapes_that_do_not_fit_are_refused(name):
    outputs, targets = sample(name, np.random.default_rng(0))
    metric = metric_by_name(name)
    with pytest.raises(ValueError, match="outputs have shape"):
        metric.add(outputs[..., :3], targets)
    with pytest.raises(ValueError, match="13 active entries of 12"):
        metric.add(outputs, targets, 13)
    with pytest.raises(ValueError, match="the mask has shape"):
        metric.add(outputs, targets, None, np.ones((1, 1, 1, 11)))


# Names


@every_metric
def test_the_name_of_a_metric_gives_it_back(name):
    metric = metric_by_name(name)
    again = metric_by_name(metric.name)
    assert type(again) is type(metric) is METRICS[name]
    assert again.name == metric.name


def test_a_rate_may_say_where():
    metric = metric_by_name("true_positive_rate_at_0.05")
    assert metric.name == "true_positive_rate_at_0.05"
    assert metric.at == 0.05
    assert metric_by_name("false_positive_rate_at_0.9").at == 0.9


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("acuracy", "unknown metric 'acuracy'; did you mean accuracy"),
        ("true_positive_rate_at_two", "'two' must be a number"),
        ("true_positive_rate_at_2", r"'2' must be a number in \[0, 1\]"),
        ("false_positive_rate_at_nan", "'nan' must be a number"),
        ("accuracy_at_0.5", "unknown metric 'accuracy_at_0.5'"),
    ],
)
def test_an_unknown_name_is_refused(name, message):
    with pytest.raises(ValueError, match=message):
        metric_by_name(name)


def test_which_way_is_better():
    lower = {name for name in METRICS if not metric_by_name(name).higher_is_better}
    assert lower == {"mean_absolute_error", "root_mean_squared_error", "false_positive_rate"}


# Classes


def test_accuracy_by_hand():
    logits = np.array([[3.0, -1, 0, 2], [1, 2, 0, 2], [0, 0, 5, 2]])
    labels = np.array([[0, 1, 1, 0]])
    assert value_of(Accuracy(), logits, labels) == 0.75  # of equal ones the first counts
    assert value_of(Accuracy(), logits, np.eye(3)[labels[0]].T) == 0.75
    assert value_of(Accuracy(), logits, labels, mask=np.array([1, 1, 0, 1])) == 1
    assert value_of(Accuracy(), logits, labels, mask=np.array([1, 0, 0.5, 0])) == pytest.approx(2 / 3)


def test_accuracy_of_every_step_of_a_sequence():
    probabilities, labels = np.zeros((4, 2, 3)), np.zeros((4, 1, 3))
    probabilities[:, 0] = 1
    labels[3] = 1
    assert value_of(Accuracy(), probabilities, labels) == 0.75
    steps = np.array([1, 1, 0, 0]).reshape(4, 1, 1)
    assert value_of(Accuracy(), probabilities, labels, mask=steps) == 1


def test_binary_accuracy_by_hand():
    probabilities, targets = np.array([[0.4, 0.6, 0.5, 0.9]]), np.array([[0, 1, 1, 0]])
    assert value_of(BinaryAccuracy(), probabilities, targets) == 0.5
    assert (
        value_of(BinaryAccuracy(threshold=0.0, boundary=0.0), np.log(probabilities), 2 * targets - 1) == 0.5
    )
    assert value_of(BinaryAccuracy(), probabilities, targets, mask=np.array([1, 1, 0, 0])) == 1


# Scores

scored = st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=40)


def rates(scores, positive, threshold):
    """The false and true positive rate of a threshold, counted one by one."""
    said = scores >= threshold
    return (said & ~positive).sum() / (~positive).sum(), (said & positive).sum() / positive.sum()


@given(pairs=scored, at=st.sampled_from([0, 0.01, 0.25, 0.5, 0.9, 1]))
def test_rates_are_those_of_the_best_threshold(pairs, at):
    scores, positive = (
        np.array([0, 0] + [score for score, _ in pairs]),
        np.array([True, False] + [p for _, p in pairs]),
    )
    points = [rates(scores, positive, threshold) for threshold in [np.inf, *scores]]
    arrays = scores[None].astype(np.float32), positive[None].astype(np.float32)
    best = max(true for false, true in points if false <= at)
    assert value_of(TruePositiveRate(at), *arrays) == best
    least = min(false for false, true in points if true >= at)
    assert value_of(FalsePositiveRate(at), *arrays) == least


@given(pairs=scored)
def test_area_is_the_share_of_pairs_in_the_right_order(pairs):
    scores, positive = (
        np.array([0, 0] + [score for score, _ in pairs]),
        np.array([True, False] + [p for _, p in pairs]),
    )
    differences = scores[positive][:, None] - scores[~positive]
    expected = np.mean((differences > 0) + 0.5 * (differences == 0))
    assert value_of(AreaUnderCurve(), scores[None], positive[None]) == pytest.approx(expected)


@given(pairs=scored)
def test_scikit_learn_gives_the_same_curve_and_area(pairs):
    metrics = pytest.importorskip("sklearn.metrics")
    scores, positive = (
        np.array([0, 0] + [score for score, _ in pairs]),
        np.array([True, False] + [p for _, p in pairs]),
    )
    area = AreaUnderCurve()
    assert value_of(area, scores[None], positive[None]) == pytest.approx(
        metrics.roc_auc_score(positive, scores)
    )
    false_rates, true_rates, _ = metrics.roc_curve(positive, scores, drop_intermediate=False)
    np.testing.assert_allclose(area.curve(), (false_rates, true_rates))


def test_signs_are_targets_too():
    scores, signs = np.array([[0.1, -0.2, 0.3, -0.4]]), np.array([[1, 1, -1, -1]])
    assert value_of(TruePositiveRate(0.0, boundary=0.0), scores, signs) == 0
    assert value_of(FalsePositiveRate(1.0, boundary=0.0), scores, signs) == 0.5
    assert value_of(AreaUnderCurve(boundary=0.0), scores, signs) == 0.5


@pytest.mark.parametrize("name", ["true_positive_rate", "false_positive_rate", "area_under_curve"])
def test_one_class_alone_or_a_score_of_nan_has_no_value(name):
    scores = np.array([[0.1, 0.7, 0.4]])
    for targets in (np.zeros((1, 3)), np.ones((1, 3))):
        assert math.isnan(value_of(metric_by_name(name), scores, targets))
    assert math.isnan(value_of(metric_by_name(name), scores * np.nan, np.array([[0, 1, 0]])))


def test_a_batch_may_be_overwritten_after_it_was_added():
    metric, scores, targets = AreaUnderCurve(), np.array([[0.1, 0.7]]), np.array([[0, 1]])
    metric.add(scores, targets)
    scores[:], targets[:] = 0, 0
    assert metric.value() == 1


@pytest.mark.parametrize("kind", [TruePositiveRate, FalsePositiveRate])
def test_a_rate_beyond_one_is_refused(kind):
    for at in (1.5, math.nan, "0.1", None):
        with pytest.raises(ValueError, match=r"positive_rate: at .* must be in \[0, 1\]"):
            kind(at)


@pytest.mark.parametrize("setting", [math.nan, math.inf, "0.5", None])
def test_a_boundary_that_is_no_number_is_refused(setting):
    for kind in (BinaryAccuracy, TruePositiveRate, FalsePositiveRate, AreaUnderCurve):
        with pytest.raises(ValueError, match=r"boundary .* must be a finite number"):
            kind(boundary=setting)
    with pytest.raises(ValueError, match=r"threshold .* must be a finite number"):
        BinaryAccuracy(threshold=setting)


# Numbers


@pytest.mark.parametrize("scale", [1e-200, 1e-160, 1.0, 1e160, 1e300])
@pytest.mark.parametrize("batch", [1, 3, 9])
def test_a_root_mean_square_is_of_the_size_of_the_errors(scale, batch):
    errors = np.random.default_rng(0).standard_normal((1, 1, 2, 9))
    metric = RootMeanSquaredError()
    for start in range(0, 9, batch):
        part = errors[..., start : start + batch] * scale
        metric.add(part, np.zeros_like(part))
    assert metric.value() / scale == pytest.approx(math.sqrt(np.square(errors).mean()), rel=1e-14)


@pytest.mark.parametrize("level", [0.1, 0.8, 1 / 3, 1e6 + 0.1])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_no_share_of_what_does_not_vary_is_explained(level, batch):
    outputs, metric = np.random.default_rng(0).random((1, 1, 1, 100)), ExplainedVariance()
    for start in range(0, 100, batch):
        part = outputs[..., start : start + batch]
        metric.add(part, np.full_like(part, level))
    assert math.isnan(metric.value())


def test_no_answer_is_no_right_one():
    nothing = np.full((1, 1, 3, 4), np.nan)
    assert value_of(Accuracy(), nothing, np.zeros((1, 1, 1, 4))) == 0
    assert value_of(BinaryAccuracy(), nothing, np.zeros((1, 1, 3, 4))) == 0


def test_errors_by_hand():
    outputs, targets = np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[0.0, 2.0], [1.0, 1.0]])
    assert value_of(MeanAbsoluteError(), outputs, targets) == 1
    assert value_of(RootMeanSquaredError(), outputs, targets) == math.sqrt(6 / 4)
    assert value_of(
        MeanAbsoluteError(), outputs, targets, mask=np.array([[1, 0], [0.5, 0]])
    ) == pytest.approx(2 / 1.5)


@given(seed=st.integers(0, 1000), offset=st.sampled_from([0, 1e6]))
def test_explained_variance_by_its_formula(seed, offset):
    outputs, targets = np.random.default_rng(seed).normal(size=(2, 3, 2, 10))
    expected = 1 - np.var(targets - outputs, axis=-1).sum() / np.var(targets, axis=-1).sum()
    assert value_of(ExplainedVariance(), outputs + offset, targets + offset) == pytest.approx(
        expected, rel=1e-6
    )


def test_explained_variance_of_the_mean_and_of_the_truth():
    targets = np.random.default_rng(0).normal(size=(3, 20)).astype(np.float32)
    means = np.broadcast_to(targets.mean(axis=-1, keepdims=True), targets.shape)
    assert value_of(ExplainedVariance(), means, targets) == pytest.approx(0, abs=1e-6)
    assert value_of(ExplainedVariance(), targets, targets) == 1
    assert math.isnan(value_of(ExplainedVariance(), targets, np.ones((3, 20))))


@given(seed=st.integers(0, 1000))
def test_scikit_learn_gives_the_same_explained_variance(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    outputs, targets = np.random.default_rng(seed).normal(size=(2, 3, 10))
    expected = metrics.explained_variance_score(targets.T, outputs.T, multioutput="variance_weighted")
    assert value_of(ExplainedVariance(), outputs, targets) == pytest.approx(expected)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_an_answer_of_nan_is_never_right(target):
    """`argmax` finds the first class among NaN, and comparisons with NaN are false."""
    classes, binary = Accuracy(), BinaryAccuracy()
    outputs = np.array([[np.nan, 0.0, np.nan], [np.nan, np.nan, 1.0]])
    classes.add(outputs, np.full((1, 3), target))
    binary.add(outputs, np.full((2, 3), target))
    assert classes.value() == 0
    assert binary.value() == pytest.approx(1 / 6)
    binary.reset()
    binary.add(outputs, np.full((2, 3), target), mask=~np.isnan(outputs))
    assert binary.value() == 1 / 2
