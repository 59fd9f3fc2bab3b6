"""Coverage, density, diversity and copies: known answers."""

import numpy as np
import pytest

from experiments.evaluation.entries import nearest_distances, squared_distances
from experiments.evaluation.neighbours import count_copies, diversity, support
from tests.experiments.evaluation.known_answers import SIZES, assert_rises, changed, clusters


def test_distances_are_those_of_a_loop():
    one, other = clusters(20, 0), clusters(30, 1)
    expected = ((one[:, None] - other[None]) ** 2).sum(axis=-1)
    np.testing.assert_allclose(squared_distances(one, other), expected, atol=1e-9)
    np.testing.assert_allclose(nearest_distances(one, other), np.sqrt(expected.min(axis=1)), atol=1e-9)
    own = np.sort(((one[:, None] - one[None]) ** 2).sum(axis=-1), axis=1)
    np.testing.assert_allclose(nearest_distances(one, one, rank=3, same=True), np.sqrt(own[:, 3]), atol=1e-6)


def test_real_data_is_covered_and_as_dense():
    found = support(clusters(400, 0), clusters(400, 1))
    # a real entry's k-th neighbour is beyond m synthetic ones with probability (1/2)^k
    assert found.coverage == pytest.approx(1 - 0.5**5, abs=4 * found.coverage_error)
    assert found.density == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("change", ["shift", "scale", "noise", "dropped"])
def test_coverage_falls_with_the_change(change):
    assert_rises(lambda real, synthetic: 1 - support(real, synthetic).coverage, change)


def test_dropped_modes_take_their_share_of_the_coverage():
    real, kept = clusters(800, 0), clusters(800, 1)
    found = support(real, kept[np.arange(800) % 8 < 6]).coverage
    assert found == pytest.approx(0.75, abs=0.05)


def test_diversity_is_one_of_real_data_and_zero_of_one_entry():
    real = clusters(400, 0)
    found = diversity(real, clusters(300, 1), generator=np.random.default_rng(0))
    assert found.value == pytest.approx(1, abs=3 * found.standard_error)
    assert diversity(real, np.repeat(real[:1], 50, axis=0), generator=np.random.default_rng(0)).value == 0
    assert diversity(real, 2 * real, generator=np.random.default_rng(0)).value == pytest.approx(2, rel=0.03)


def test_copies_are_counted_one_by_one():
    known, held_out, fresh = clusters(400, 0), clusters(400, 1), clusters(400, 2)
    for size in SIZES:
        copied = fresh.copy()
        number = round(400 * size)
        copied[:number] = known[np.random.default_rng(3).integers(400, size=number)]
        found = count_copies(known, held_out, copied)
        assert found.exact == number
        assert found.near >= number
    assert count_copies(known, held_out, fresh).near_share == pytest.approx(0.01, abs=0.02)


def test_a_copy_with_a_little_noise_is_near_and_not_exact():
    known, held_out = clusters(400, 0), clusters(400, 1)
    found = count_copies(known, held_out, changed(known, "noise", 0.002))
    assert found.exact == 0
    assert found.near_share > 0.95


def test_counts_of_zero_and_minus_zero_are_equal():
    known = np.zeros((10, 2))
    known[:, 1] = np.arange(10)
    assert count_copies(known, known + 0.5, known * np.array([-1.0, 1.0])).exact == 10


def test_too_few_entries_are_said():
    with pytest.raises(ValueError, match="more than 5 are needed"):
        support(clusters(5, 0), clusters(50, 1))
    with pytest.raises(ValueError, match="all entries are equal"):
        diversity(np.ones((5, 4)), clusters(50, 1), generator=np.random.default_rng(0))
