import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import DataError, SeriesSet, cut_windows


@given(
    lengths=st.lists(st.integers(4, 20), min_size=1, max_size=4),
    length=st.integers(1, 4),
    stride=st.integers(1, 6),
)
def test_windows_are_slices(lengths, length, stride):
    values = np.random.default_rng(0).normal(size=(len(lengths), max(lengths), 2))
    labels = np.arange(len(lengths))
    series = SeriesSet.of(values, lengths=np.array(lengths), labels=labels)
    found = cut_windows(series, length, stride)
    expected = [
        (row, start) for row, steps in enumerate(lengths) for start in range(0, steps - length + 1, stride)
    ]
    assert found.values.shape == (len(expected), length, 2)
    assert [
        (int(name), start) for name, start in zip(found.names, found.starts.tolist(), strict=True)
    ] == expected
    assert found.labels.tolist() == [row for row, _ in expected]
    for window, (row, start) in zip(found.values, expected, strict=True):
        assert np.array_equal(window, values[row, start : start + length])
    assert found.mask.all()


def test_windows_of_windows_know_where_they_are_from():
    series = SeriesSet.of(np.arange(20.0).reshape(1, 20, 1))
    again = cut_windows(cut_windows(series, 8, 4), 3, 5)
    assert again.starts.tolist() == [0, 5, 4, 9, 8, 13, 12, 17]
    assert again.values[:, 0, 0].tolist() == [0, 5, 4, 9, 8, 13, 12, 17]


def test_bad_windows(monkeypatch):
    series = SeriesSet.of(np.zeros((3, 9, 1)), lengths=np.array([9, 4, 5]))
    with pytest.raises(
        DataError, match=r"series 1 has 4 steps, fewer than a window of 6.*leave out the 2 that"
    ):
        cut_windows(series, 6)
    for length, stride in [(0, 1), (1, 0), (2.5, 1), (True, 1)]:
        with pytest.raises(ValueError, match="must be a whole number of at least 1"):
            cut_windows(series, length, stride)
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 200)
    with pytest.raises(DataError, match=r"18 pieces of up to 1 steps needs 432 bytes.*a longer stride"):
        cut_windows(series, 1)
