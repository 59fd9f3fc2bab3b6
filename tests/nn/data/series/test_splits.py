"""Splits before windows: nothing is on both sides, and what was divided too late is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import (
    DataError,
    SeriesSet,
    check_apart,
    cut_windows,
    load_series,
    split_by_time,
    split_series,
    timegan_order,
)


def counting(lengths, labels=None, variables=1):
    """Series whose values say which they are and which step: 1000 * series + step."""
    steps = max(lengths)
    values = 1000.0 * np.arange(len(lengths))[:, None, None] + np.arange(steps)[:, None] + np.zeros(variables)
    return SeriesSet.of(values, lengths=np.array(lengths), labels=labels)


def steps_of(series):
    return set(series.values[series.mask].ravel().tolist())


@given(
    lengths=st.lists(st.integers(1, 9), min_size=2, max_size=12),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 9),
)
def test_whole_series_are_on_one_side(lengths, fraction, seed):
    series = counting(lengths)
    training, held_out = split_series(series, fraction, generator=np.random.default_rng(seed))
    assert sorted(training.names + held_out.names) == sorted(series.names)
    assert len(held_out) == min(max(1, round(fraction * len(series))), len(series) - 1)
    assert not steps_of(training) & steps_of(held_out)
    check_apart(training, held_out)


def test_every_class_is_on_both_sides():
    labels = np.repeat([0, 1, 2], [2, 10, 30])
    series = counting([3] * 42, labels)
    training, held_out = split_series(series, 0.2, generator=np.random.default_rng(0))
    assert np.bincount(held_out.labels).tolist() == [1, 2, 6]
    assert np.bincount(training.labels).tolist() == [1, 8, 24]
    again, _ = split_series(series, 0.2, generator=np.random.default_rng(0))
    other, _ = split_series(series, 0.2, generator=np.random.default_rng(1))
    assert again.names == training.names != other.names


def test_windows_of_one_series_stay_together():
    windows = cut_windows(counting([30, 30, 30, 30]), 10)
    training, held_out = split_series(windows, 0.5, generator=np.random.default_rng(0))
    assert len(training) == len(held_out) == 42
    assert not set(training.names) & set(held_out.names)
    check_apart(training, held_out)


def test_one_series_cannot_be_divided_whole():
    with pytest.raises(DataError, match=r"one series: there is none to hold out.*split_by_time"):
        split_series(counting([9]), 0.5, generator=np.random.default_rng(0))
    labelled = counting([3, 3, 3], np.array([0, 0, 1]))
    with pytest.raises(DataError, match="one series of class '1': there is none to hold out"):
        split_series(labelled, 0.5, generator=np.random.default_rng(0))


@given(
    length=st.integers(3, 60),
    window=st.integers(1, 12),
    more=st.integers(0, 5),
    fraction=st.floats(0.05, 0.9),
)
def test_by_time_there_is_a_gap_between_both_sides(length, window, more, fraction):
    series = counting([length, length + 7], variables=2)
    try:
        training, held_out = split_by_time(series, fraction, window=window, gap=window + more)
    except DataError as error:
        assert "take shorter windows, or hold out less" in str(error)
        held = max(window, min(max(1, round(fraction * length)), length - 1))
        held_longer = max(window, min(max(1, round(fraction * (length + 7))), length + 6))
        assert min(length - held, length + 7 - held_longer) - window - more < window
        return
    for row in range(2):
        assert held_out.starts[row] - training.lengths[row] == window + more
        assert held_out.starts[row] + held_out.lengths[row] == series.lengths[row]
        assert training.values[row, : training.lengths[row], 0].tolist() == list(
            range(1000 * row, 1000 * row + training.lengths[row])
        )
        assert held_out.values[row, 0].tolist() == [1000 * row + held_out.starts[row]] * 2
    one, other = cut_windows(training, window), cut_windows(held_out, window)
    check_apart(one, other)
    assert not steps_of(one) & steps_of(other)


def test_times_go_along():
    series = counting([20])
    timed = SeriesSet(**{**vars(series), "times": np.arange(20.0)[None] / 4})
    _, held_out = split_by_time(timed, 0.25, window=3)
    assert held_out.times.tolist() == [[3.75, 4, 4.25, 4.5, 4.75]]
    windows = cut_windows(held_out, 2, 3)
    assert windows.times.tolist() == [[3.75, 4], [4.5, 4.75]]
    assert windows.starts.tolist() == [15, 18]


def test_windows_that_were_divided_are_refused():
    windows = cut_windows(counting([40, 40]), 10)
    even, odd = windows.select(np.arange(0, 62, 2)), windows.select(np.arange(1, 62, 2))
    with pytest.raises(DataError, match=r"series 0: steps 1 to 10 are held out, and 0 to 9 are trained on"):
        check_apart(even, odd)
    with pytest.raises(DataError, match=r"these are pieces of series.*before windows are cut"):
        split_by_time(windows, 0.5, window=10)
    apart = windows.starts < 10
    check_apart(windows.select(np.flatnonzero(apart)), windows.select(np.flatnonzero(windows.starts >= 19)))
    with pytest.raises(DataError, match="they overlap"):
        check_apart(
            windows.select(np.flatnonzero(apart)), windows.select(np.flatnonzero(windows.starts >= 18))
        )


@given(
    one=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=8),
    other=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=8),
    length=st.integers(1, 6),
)
def test_what_overlaps_is_found_as_by_looking_at_every_step(one, other, length):
    windows = cut_windows(counting([26] * 4), length)
    sides = []
    for pairs in (one, other):
        rows = [row * (27 - length) + min(start, 26 - length) for row, start in pairs]
        sides.append(windows.select(np.array(rows)))
    if steps_of(sides[0]) & steps_of(sides[1]):
        with pytest.raises(DataError, match="they overlap"):
            check_apart(*sides)
    else:
        check_apart(*sides)


def test_series_are_the_same_by_name_and_what_they_are_from(tmp_path):
    one, other = counting([5]), counting([5])
    check_apart(one, other)
    check_apart(one, timegan_order(one))  # whose steps count from the end
    with pytest.raises(DataError, match="they overlap"):
        check_apart(one, one.select(np.array([0])))
    for name in ("one.tsv", "other.tsv"):
        (tmp_path / name).write_text("1\t2\n")
    loaded = load_series(tmp_path / "one.tsv")
    check_apart(loaded, load_series(tmp_path / "other.tsv"))
    with pytest.raises(DataError, match="series 0: steps 0 to 0 are held out, and 0 to 0 are trained on"):
        check_apart(loaded, load_series(tmp_path / "." / "one.tsv"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.5, 10, 9), "gap of 9 steps is shorter than a window of 10: give at least 10"),
        ((0.5, 0, None), "split: window 0 must be a whole number of at least 1"),
        ((0, 3, None), "held-out fraction 0: nothing would be held out"),
        ((1.0, 3, None), "held-out fraction 1.0: must be"),
        ((float("nan"), 3, None), "held-out fraction nan: must be"),
        (
            (0.5, 10, None),
            r"series 0 has 25 steps: 10 of gap and 12 held out leave 3 to train on, fewer than a",
        ),
    ],
)
def test_bad_splits(arguments, message):
    fraction, window, gap = arguments
    with pytest.raises(ValueError, match=message):
        split_by_time(counting([25]), fraction, window=window, gap=gap)
