"""How many frames a stored one stands for."""

import numpy as np
import pytest

from nn.data import DataError
from nn.data.video.timing import repeats


def found(*durations, unit=1.0, rate=None):
    return repeats(np.array(durations, np.float64), unit, rate, "film").tolist()


def test_frames_of_one_length_are_single_ones():
    assert found(40, 40, 40) == [1, 1, 1]
    assert found(33, 34, 33) == [1, 1, 1]
    assert found(10, 20, 20, 10, 20, unit=10.0) == [1] * 5
    assert found(70) == [1]


def test_multiples_of_the_shortest_are_several():
    assert found(100, 300, 100, 200) == [1, 3, 1, 2]
    assert found(33, 34, 67, 100, 33) == [1, 1, 2, 3, 1]
    assert found(10, 20, 50, 20, 10, 20, unit=10.0) == [1, 1, 3, 1, 1, 1]


def test_other_times_are_taken_once_with_a_warning(caplog):
    assert found(100, 145, 100) == [1, 1, 1]
    assert "film: frames are shown for 100 to 145 ms, no multiples of each other" in caplog.text


def test_times_that_are_not_known_are_taken_once():
    assert found(0, 100, 300) == [1, 1, 1]


def test_a_rate_decides():
    assert found(100, 300, 100, rate=20) == [2, 6, 2]
    assert found(200, 200, rate=10) == [2, 2]
    assert found(500, rate=10) == [5]
    assert sum(found(*[33, 33, 34] * 10, rate=30)) == 30
    assert found(10, 20, 20, 10, 20, 20, unit=10.0, rate=60) == [1] * 6


@pytest.mark.parametrize(
    ("durations", "rate", "message"),
    [
        (
            (100, 40, 100),
            10,
            "film: frame 1 is shown for 40 ms, less than one at 10 frames a second: give .* 25",
        ),
        ((0, 100), 10, "does not say how long frames are shown"),
        ((100, 1e9), None, "frame 1 is shown as long as 10000000 frames"),
        ((100, 1e9), 10, "frame 1 is shown as long as 10000000 frames"),
        ((100, 100), 0, "rate 0 must be"),
        ((100, 100), float("nan"), "rate nan must be"),
    ],
)
def test_times_that_cannot_be(durations, rate, message):
    with pytest.raises(ValueError, match=message):
        found(*durations, rate=rate)
    assert issubclass(DataError, ValueError)
