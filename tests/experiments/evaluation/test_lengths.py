"""Series of unequal lengths: every measure looks at what is there, and sees where it ends."""

from pathlib import Path

import numpy as np
import pytest

from experiments.evaluation.files import Entries
from experiments.evaluation.frechet import frechet_distance
from experiments.evaluation.lengths import filling_of, length_distance
from experiments.evaluation.mmd import mmd
from experiments.evaluation.series import (
    autocorrelation_distance,
    autocorrelations,
    cross_correlation_distance,
    marginal_distance,
)
from experiments.evaluation.sides import filling_for, sides_of
from tests.experiments.evaluation.known_answers import waves

OF_SERIES = [marginal_distance, autocorrelation_distance, cross_correlation_distance]


def masks(count, least, seed=0):
    lengths = np.random.default_rng(seed).integers(least, 25, count)
    return np.arange(24) < lengths[:, None]


@pytest.mark.parametrize("measure", OF_SERIES)
def test_what_lies_beyond_the_end_changes_nothing(measure):
    there = masks(100, 6), masks(80, 6, 1)
    found = []
    for beyond in (0.0, 1e6):
        sides = (np.where(mask[..., None], waves(len(mask), k), beyond) for k, mask in enumerate(there))
        found.append(measure(*sides, there))
    assert found[0] == pytest.approx(found[1], abs=1e-12)


@pytest.mark.parametrize("measure", OF_SERIES)
def test_full_masks_are_no_masks(measure):
    full = np.ones((100, 24), bool)
    expected = measure(waves(100, 0), waves(100, 1))
    assert measure(waves(100, 0), waves(100, 1), (full, full)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", OF_SERIES)
def test_shorter_series_of_the_same_kind_are_as_near(measure):
    """Zeros beyond the end would be found instead."""
    there = np.ones((400, 24), bool), masks(400, 8)
    near = measure(waves(400, 0), waves(400, 1), there)
    assert near < 2.5 * measure(waves(400, 0), waves(400, 1)) + 0.02
    zeros = np.where(there[1][..., None], waves(400, 1) + 5, 0)
    assert measure(waves(400, 0) + 5, zeros) > 3 * near


def test_a_lag_that_nothing_is_long_enough_for_is_0():
    mask = np.arange(24) < np.full((30, 1), 4)
    found = autocorrelations(waves(30, 0), 6, mask)
    assert (found[3:] == 0).all() and (found[:3] != 0).all()


def test_lengths_differ_by_as_many_steps():
    real = np.arange(24) < np.full((50, 1), 20)
    made = np.arange(24) < np.where(np.arange(40) % 2, 20, 14)[:, None]
    assert length_distance(waves(50, 0), waves(40, 1), (real, made)) == pytest.approx(3)
    assert length_distance(waves(50, 0), waves(40, 1), (real, real[:40])) == pytest.approx(0)


def shown(values, mask):
    return filling_of(waves(300, 0), np.ones((300, 24), bool)).show(values, mask)


def test_what_is_shown_says_where_it_ends_and_not_how_far_from_zero_it_lies():
    mask = masks(50, 6)
    padded = np.where(mask[..., None], waves(50, 1), 0)
    found = shown(padded, mask)
    assert found.shape == (50, 24, 3)
    np.testing.assert_array_equal(found[mask][:, :2], padded[mask])
    assert len(np.unique(found[~mask][:, :2], axis=0)) == 1
    assert ((found[..., 2] > 0) == mask).all()
    far = filling_of(waves(300, 0) + 100, np.ones((300, 24), bool)).show(padded + 100, mask)
    np.testing.assert_allclose(far[..., :2] - 100, found[..., :2], atol=1e-9)


def test_distances_rise_with_what_is_cut_off():
    real = shown(waves(300, 0), np.ones((300, 24), bool))
    found = {"mmd": [], "frechet": []}
    for least in (24, 18, 12, 4):
        made = shown(waves(300, 1), masks(300, least))
        found["mmd"].append(mmd(real, made, generator=np.random.default_rng(0), permutations=1).value)
        found["frechet"].append(frechet_distance(real, made))
    assert all((np.diff(each) > 0).all() for each in found.values()), found


def entries(lengths):
    return Entries(waves(len(lengths), 0), None, Path("made"), np.asarray(lengths))


def test_lengths_that_are_equal_add_nothing():
    full = entries([24] * 30)
    assert filling_for([full, full]) is None
    (side,) = sides_of([full], None)
    assert side.shown is side.values and side.mask is None
    filling = filling_for([full, entries([20] * 30)])
    (side,) = sides_of([full], filling)
    assert side.shown.shape == (30, 24, 3) and side.mask.all()
