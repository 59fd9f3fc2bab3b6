"""Windows as tables: what each target reads, compared with `Axis` tap by tap."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nn.window_steps import gathering, phase_sizes, spreading, weight_order
from nn.windows import Axis
from tests.nn.test_windows import axes, pairs


def read(steps):
    """Return (tap, target, source) of everything the table says is read."""
    found = []
    for target, (first, count, skipped, phase) in enumerate(steps.table):
        for number in range(count):
            found.append((steps.taps[phase][skipped + number], target, first + number * steps.step))
    assert len(found) == len(set(found))
    return set(found)


@given(axis=axes)
def test_windows_read_what_they_see(axis):
    assert read(gathering(axis)) == pairs(axis)


@given(axis=axes)
def test_pixels_read_the_windows_that_see_them(axis):
    assert read(spreading(axis)) == {(tap, pixel, window) for tap, window, pixel in pairs(axis)}


def test_phases_of_a_stride():
    steps = spreading(Axis(length=6, windows=3, kernel=3, stride=2, before=1, dilation=1))
    assert steps.taps == ((2, 0), (1,))
    assert steps.table.tolist() == [
        [0, 1, 0, 1],
        [0, 2, 0, 0],
        [1, 1, 0, 1],
        [1, 2, 0, 0],
        [2, 1, 0, 1],
        [2, 1, 0, 0],
    ]


@given(rows=axes, columns=axes, window_channels=st.integers(1, 3), image_channels=st.integers(1, 3))
def test_weights_lie_phase_after_phase(rows, columns, window_channels, image_channels):
    shape = window_channels, rows.kernel, columns.kernel, image_channels
    steps = spreading(rows), spreading(columns)
    order, sizes = weight_order(shape, *steps), phase_sizes(*steps, window_channels * image_channels)
    assert len(set(order)) == len(order)
    if all(axis.stride <= axis.length for axis in (rows, columns)):
        assert sorted(order) == list(range(np.prod(shape)))
    for phase_row, phase_column in np.ndindex(*sizes.shape[:2]):
        height, width, begin = sizes[phase_row, phase_column]
        for i, row, column, o in np.ndindex(image_channels, height, width, window_channels):
            place = begin + ((i * height + row) * width + column) * window_channels + o
            taps = steps[0].taps[phase_row][row], steps[1].taps[phase_column][column]
            assert order[place] == np.ravel_multi_index((o, *taps, i), shape)
