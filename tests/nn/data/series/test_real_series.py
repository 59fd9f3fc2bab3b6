"""Real sets of series: what they are known to hold, and ready for a generator."""

import numpy as np
import pytest

from nn import Roles, Scaler, check_apart, cut_windows, load_series, split_by_time, split_series

WIDE = Roles(row="series")


def test_pendigits(shared_data):
    training = load_series(shared_data / "pendigits" / "pendigits_TRAIN.csv", roles=WIDE)
    test = load_series(shared_data / "pendigits" / "pendigits_TEST.csv", roles=WIDE, classes=training.classes)
    assert (training.values.shape, test.values.shape) == ((7494, 8, 2), (3498, 8, 2))
    assert training.variables == ("x", "y") and training.classes == tuple("0123456789")
    assert training.values[0, 0].tolist() == [47, 100] and training.values[0, 7].tolist() == [40, 98]
    assert training.classes[training.labels[0]] == "8"
    assert (training.values.min(), training.values.max()) == (0, 100)
    assert (training.lengths == 8).all()


def test_japanese_vowels(shared_data):
    """Speakers as the archive's documents count them; lengths 7 to 26, and 7 to 29 of the test."""
    folder = shared_data / "japanese_vowels"
    training = load_series(folder / "JapaneseVowels_TRAIN.csv", roles=Roles(time="t"))
    test = load_series(folder / "JapaneseVowels_TEST.csv", roles=Roles(time="t"))
    assert np.bincount(training.labels).tolist() == [30] * 9
    assert np.bincount(test.labels).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert (training.lengths.min(), training.lengths.max(), training.lengths.sum()) == (7, 26, 4274)
    assert (test.lengths.min(), test.lengths.max(), test.lengths.sum()) == (7, 29, 5687)
    assert training.values.shape == (270, 26, 12)
    assert np.array_equal(training.times[0, :20], np.arange(20)) and np.isnan(training.times[0, 20:]).all()
    scaled = Scaler.standard(training).transform(training)
    assert np.allclose(scaled.values[scaled.mask].mean(axis=0), 0, atol=1e-5)


def test_italy_power_demand(shared_data):
    """Its series are standardised, each by itself."""
    training = load_series(
        shared_data / "italy_power_demand" / "ItalyPowerDemand_TRAIN.csv", roles=WIDE, dtype=np.float64
    )
    assert training.values.shape == (67, 24, 1) and training.classes == ("1", "2")
    assert np.bincount(training.labels).tolist() == [34, 33]
    assert np.allclose(training.values.mean(axis=1), 0, atol=1e-6)
    assert np.allclose(training.values.std(axis=1, ddof=1), 1, atol=1e-6)
    one, other = split_series(training, 0.3, generator=np.random.default_rng(0))
    assert np.bincount(other.labels).tolist() == [10, 10] and len(one) == 47


def test_stock(shared_data):
    """One long series: divided by time, scaled by what is trained on, and cut into windows of 24."""
    series = load_series(shared_data / "stock" / "stock_data.csv", dtype=np.float64)
    assert series.values.shape == (1, 3685, 6) and series.labels is None
    assert series.variables == ("Open", "High", "Low", "Close", "Adj_Close", "Volume")
    assert 49 < series.values[0, 0, 0] < 50 and series.values[0, -1, 0] > 1000  # oldest first
    training, held_out = split_by_time(series, 0.2, window=24)
    assert (training.lengths[0], held_out.lengths[0], held_out.starts[0]) == (2924, 737, 2948)
    scaler = Scaler.min_max(training)
    windows = cut_windows(scaler.transform(training), 24)
    later = cut_windows(scaler.transform(held_out), 24)
    assert (windows.values.shape, later.values.shape) == ((2901, 24, 6), (714, 24, 6))
    assert (windows.values.min(), windows.values.max()) == (0, pytest.approx(1))
    assert later.values.max() > 1.5  # the price went on rising
    check_apart(windows, later)
    assert np.allclose(scaler.inverse(windows).values[0], series.values[0, :24])
