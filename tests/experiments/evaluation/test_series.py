"""Marginals, autocorrelation and cross-correlation: formulas and known answers."""

import numpy as np
import pytest

from experiments.evaluation.series import (
    autocorrelation_distance,
    autocorrelations,
    cross_correlation_distance,
    cross_correlations,
    marginal_distance,
    with_error,
)
from tests.experiments.evaluation.known_answers import SIZES, assert_rises, changed, clusters, waves


def test_the_marginal_distance_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    one, other = clusters(50, 0), clusters(35, 1)
    expected = [stats.wasserstein_distance(one[:, k], other[:, k]) / one[:, k].std() for k in range(4)]
    assert marginal_distance(one, other) == pytest.approx(np.mean(expected))


def test_a_shift_is_as_many_deviations():
    one = clusters(80, 0)
    assert marginal_distance(one, one + 2 * one.std(axis=0)) == pytest.approx(2)


@pytest.mark.parametrize("change", ["shift", "scale", "noise", "dropped"])
def test_marginals_rise_with_the_change(change):
    assert_rises(marginal_distance, change)


def test_order_in_time_is_seen_by_the_autocorrelation_alone():
    real, fresh = waves(300, 0), waves(300, 1)
    shuffled = changed(fresh, "time", 1.0)
    assert autocorrelation_distance(real, shuffled) > 10 * autocorrelation_distance(real, fresh)
    assert marginal_distance(real, shuffled) < 1.5 * marginal_distance(real, fresh)
    assert cross_correlation_distance(real, shuffled) == pytest.approx(
        cross_correlation_distance(real, fresh), abs=1e-9
    )


@pytest.mark.parametrize("change", ["time", "noise"])
def test_the_autocorrelation_rises_with_the_change(change):
    assert_rises(autocorrelation_distance, change, data=waves)


def test_smoothing_is_seen_by_the_marginals():
    assert_rises(marginal_distance, "smoothed", data=waves)


def test_the_cross_correlation_rises_with_variables_torn_apart():
    real, fresh = waves(300, 0), waves(300, 1)
    order = np.random.default_rng(0).permutation(300)
    found = []
    for size in SIZES:
        torn, number = fresh.copy(), round(300 * size)
        torn[:number, :, 1] = fresh[order][:number, :, 1]
        found.append(cross_correlation_distance(real, torn))
    assert all(np.diff(found) > 0)


@pytest.mark.parametrize("change", ["shift", "scale"])
def test_correlations_do_not_see_a_shift_or_a_scale(change):
    real, fresh = waves(100, 0), waves(100, 1)
    for measure in (autocorrelation_distance, cross_correlation_distance):
        assert measure(real, changed(fresh, change, 1.0)) == pytest.approx(measure(real, fresh), abs=1e-9)


def test_a_cosine_correlates_with_itself_as_a_cosine():
    steps, phases = np.arange(40), np.linspace(0, 2 * np.pi, 64, endpoint=False)[:, None]
    series = np.sin(0.5 * steps + phases)[..., None]
    np.testing.assert_allclose(autocorrelations(series, 8)[:, 0], np.cos(0.5 * np.arange(1, 9)), atol=1e-9)


def test_cross_correlations_are_numpys():
    series = waves(30, 0)
    np.testing.assert_allclose(cross_correlations(series), np.corrcoef(series.reshape(-1, 2).T), atol=1e-9)


def test_a_constant_variable_correlates_with_nothing():
    series = np.concatenate([waves(30, 0), np.full((30, 24, 1), 0.1)], axis=2)
    assert np.isfinite(autocorrelation_distance(series, series))
    assert np.isfinite(marginal_distance(series, series))
    assert (cross_correlations(series)[2] == 0).all()


def test_the_error_is_that_of_repetitions():
    found = [
        with_error(
            autocorrelation_distance,
            waves(100, 2 * seed),
            changed(waves(80, 2 * seed + 1), "noise", 0.5),
            generator=np.random.default_rng(seed),
        )
        for seed in range(40)
    ]
    spread = np.std([each.value for each in found])
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.5)


def test_vectors_are_no_series():
    with pytest.raises(ValueError, match="steps, variables"):
        autocorrelation_distance(clusters(10, 0), clusters(10, 1))
