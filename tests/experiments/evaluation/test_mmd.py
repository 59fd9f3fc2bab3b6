"""MMD: the formula, the test's level, known answers, and what is refused."""

import numpy as np
import pytest

from experiments.evaluation.mmd import (
    median_bandwidths,
    mmd,
    permutation_statistics,
    rbf_kernel,
    unbiased_mmd,
)
from tests.experiments.evaluation.known_answers import assert_rises


def normal(count, seed, size=4):
    return np.random.default_rng(seed).normal(size=(count, size))


def value(real, synthetic, **options):
    return mmd(real, synthetic, generator=np.random.default_rng(0), permutations=200, **options)


def test_it_is_the_sum_of_the_paper():
    one, other, widths = normal(5, 0), normal(7, 1), (0.5, 2.0)

    def k(a, b):
        return sum(np.exp(-np.sum((a - b) ** 2) / (2 * s**2)) for s in widths) / 2

    expected = (
        sum(k(a, b) for i, a in enumerate(one) for j, b in enumerate(one) if i != j) / 20
        + sum(k(a, b) for i, a in enumerate(other) for j, b in enumerate(other) if i != j) / 42
        - 2 * sum(k(a, b) for a in one for b in other) / 35
    )
    both = np.concatenate([one, other])
    assert unbiased_mmd(rbf_kernel(both, both, widths), 5) == pytest.approx(expected, abs=1e-12)


def test_it_is_unbiased_and_the_test_keeps_its_level():
    found = [
        mmd(
            normal(60, 2 * seed),
            normal(40, 2 * seed + 1),
            generator=np.random.default_rng(seed),
            permutations=99,
        )
        for seed in range(200)
    ]
    values = np.array([each.value for each in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(200)
    assert 0.01 <= np.mean([each.p_value <= 0.05 for each in found]) <= 0.10


def test_a_permutation_is_of_whole_rows():
    both = np.concatenate([normal(6, 0), normal(4, 1)])
    kernel = rbf_kernel(both, both, (1.0,))
    found = permutation_statistics(kernel, 6, 20, generator=np.random.default_rng(3))
    generator = np.random.default_rng(3)
    for statistic in found:
        order = generator.permutation(10)
        assert statistic == pytest.approx(unbiased_mmd(kernel[np.ix_(order, order)], 6), abs=1e-12)


@pytest.mark.parametrize("change", ["shift", "scale", "noise", "dropped"])
def test_it_rises_with_the_change(change):
    assert_rises(lambda real, synthetic: value(real, synthetic).value, change)


def test_noise_is_told_and_equal_data_is_not():
    assert value(normal(300, 0), normal(300, 1)).p_value > 0.05
    assert value(normal(300, 0), 3 * normal(100, 1)).p_value == pytest.approx(1 / 201)


def test_one_entry_over_and_over_has_the_smallest_p_value_and_not_nan():
    found = value(normal(100, 0), np.zeros((100, 4)))
    assert found.p_value == pytest.approx(1 / 201)
    assert np.isfinite(found.chance).all()


def test_the_bandwidths_come_from_entries_that_are_not_compared():
    found = value(normal(90, 0), normal(50, 1))
    assert found.counts == (60, 50)
    assert found.bandwidth_count == 30
    assert found.bandwidths[2] == pytest.approx(np.sqrt(8), rel=0.2)
    assert found.bandwidths[4] == 4 * found.bandwidths[2]


def test_the_standard_error_is_that_of_repetitions():
    found = [
        mmd(
            normal(200, 2 * s),
            0.7 + normal(200, 2 * s + 1),
            generator=np.random.default_rng(s),
            permutations=1,
        )
        for s in range(40)
    ]
    spread = np.std([each.value for each in found])
    assert np.mean([each.standard_error for each in found]) == pytest.approx(spread, rel=0.5)


@pytest.mark.parametrize(("place", "name"), [(0, "real"), (1, "synthetic")])
def test_nan_is_refused_by_name(place, name):
    data = [normal(20, 0), normal(20, 1)]
    data[place][3, 1] = np.nan
    with pytest.raises(ValueError, match=f"{name}: entry 3 is nan at feature 1"):
        value(*data)


def test_a_bandwidth_of_zero_is_said():
    with pytest.raises(ValueError, match="bandwidth of zero"):
        value(np.ones((30, 4)), normal(30, 1))
    with pytest.raises(ValueError, match="bandwidth of zero"):
        median_bandwidths(np.full((30, 4), 0.1))
    with pytest.raises(ValueError, match="above 0"):
        value(normal(30, 0), normal(30, 1), bandwidths=[0.0])


def test_other_shapes_and_no_entries_are_refused():
    with pytest.raises(ValueError, match="same shape"):
        value(normal(30, 0), normal(30, 1, size=5))
    with pytest.raises(ValueError, match="synthetic: shape"):
        value(normal(30, 0), np.empty((0, 4)))
