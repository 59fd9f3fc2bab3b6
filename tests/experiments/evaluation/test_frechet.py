"""Fréchet distance: closed forms, covariances without rank, known answers."""

import numpy as np
import pytest

from experiments.evaluation.frechet import frechet_distance, measure_frechet
from tests.experiments.evaluation.known_answers import assert_rises


def normal(count, seed, size=5):
    return np.random.default_rng(seed).normal(size=(count, size))


def test_a_shift_has_its_square():
    data = normal(50, 0)
    assert frechet_distance(data, data + np.array([1, 2, 0, 0, -1])) == pytest.approx(6, abs=1e-9)


def test_a_scale_has_the_square_of_the_spread_times_what_it_changes():
    data = normal(50, 0) - normal(50, 0).mean(axis=0)
    assert frechet_distance(data, 3 * data) == pytest.approx(4 * np.trace(np.cov(data.T)), abs=1e-9)


def test_it_is_scipys_where_that_is_real():
    linalg = pytest.importorskip("scipy.linalg")
    one, other = normal(300, 0) @ normal(5, 1), normal(200, 2) @ normal(5, 3)
    covariances = np.cov(one.T), np.cov(other.T)
    root = linalg.sqrtm(covariances[0] @ covariances[1])
    apart = np.sum((one.mean(0) - other.mean(0)) ** 2)
    expected = apart + np.trace(covariances[0] + covariances[1] - 2 * root.real)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-6)


def test_fewer_entries_than_features_are_real_and_symmetric():
    one, other = normal(10, 0, 40), normal(15, 1, 40)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one), rel=1e-6)


def test_it_is_biased_by_the_sample_size_which_stands_beside_it():
    found = [
        measure_frechet(normal(n, 0), normal(n, 1), generator=np.random.default_rng(0))
        for n in (40, 400, 4000)
    ]
    assert found[0].value > found[1].value > found[2].value
    assert found[0].counts == (40, 40)
    assert all(each.standard_error > 0 for each in found)


@pytest.mark.parametrize("change", ["shift", "scale", "noise", "dropped"])
def test_it_rises_with_the_change(change):
    assert_rises(frechet_distance, change)


def test_nan_is_refused_by_name():
    data = normal(20, 0)
    data[2, 3] = np.inf
    with pytest.raises(ValueError, match="synthetic: entry 2 is inf at feature 3"):
        frechet_distance(normal(20, 1), data)
