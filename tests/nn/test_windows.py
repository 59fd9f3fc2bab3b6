"""Windows over images: sizes, what each tap sees, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.windows import Axis, Kernel, as_pair

axes = st.builds(
    Axis,
    length=st.integers(1, 9),
    windows=st.integers(1, 9),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    before=st.integers(0, 6),
    dilation=st.integers(1, 3),
)


def pairs(axis):
    """Return (tap, window, pixel) of everything that windows see on the image."""
    seen = set()
    for tap, window in np.ndindex(axis.kernel, axis.windows):
        pixel = window * axis.stride - axis.before + tap * axis.dilation
        if 0 <= pixel < axis.length:
            seen.add((tap, window, pixel))
    return seen


@given(axis=axes)
def test_taps_are_a_loop_over_windows(axis):
    found = []
    for tap in range(axis.kernel):
        windows, pixels = axis.tap(tap)
        places = range(axis.windows)[windows], range(axis.length)[pixels]
        found += [(tap, *place) for place in zip(*places, strict=True)]
    assert len(found) == len(set(found)) == axis.connections
    assert set(found) == pairs(axis)


def kernel(size=3, stride=1, padding=0, dilation=1):
    zeros = padding if padding == "same" else as_pair(padding, "padding")
    return Kernel(as_pair(size, "size"), as_pair(stride, "stride"), zeros, as_pair(dilation, "dilation"))


@pytest.mark.parametrize(
    ("options", "height", "windows"),
    [
        ({}, 5, 3),
        ({}, 3, 1),
        ({"stride": 2}, 6, 2),
        ({"stride": 2, "padding": 1}, 28, 14),
        ({"size": 2, "stride": 3}, 7, 2),
        ({"dilation": 2}, 5, 1),
        ({"padding": 2}, 1, 3),
        ({"size": 1}, 4, 4),
        ({"size": 4, "padding": "same"}, 7, 7),
        ({"size": 5, "padding": "same", "dilation": 3}, 2, 2),
    ],
)
def test_number_of_windows(options, height, windows):
    assert kernel(**options).over(height, 20).rows.windows == windows


@pytest.mark.parametrize(
    ("options", "windows", "extra", "height"),
    [
        ({}, 3, 0, 5),
        ({"size": 4, "stride": 2, "padding": 1}, 7, 0, 14),
        ({"stride": 2, "padding": 1}, 7, 1, 14),
        ({"size": 2, "stride": 3}, 2, 2, 7),
        ({"size": 4, "padding": "same"}, 7, 0, 7),
    ],
)
def test_size_of_the_image_that_windows_make(options, windows, extra, height):
    assert kernel(**options).under(windows, 20, (extra, 0)).rows.length == height


def test_rows_and_columns_have_their_own_numbers():
    windows = kernel((2, 3), (1, 2), (0, 1), (3, 1)).over(6, 7)
    assert windows.rows == Axis(length=6, windows=3, kernel=2, stride=1, before=0, dilation=3)
    assert windows.columns == Axis(length=7, windows=4, kernel=3, stride=2, before=1, dilation=1)


def test_same_puts_the_odd_zero_behind():
    assert kernel((4, 5), padding="same").margins == ((1, 2), (2, 2))


@given(axis=axes)
def test_taps_that_are_left_out_lie_off_the_image(axis):
    assert {tap for tap, _, _ in pairs(axis)} <= set(axis.taps) <= set(range(axis.kernel))


def test_a_kernel_far_larger_than_the_image_has_few_taps_on_it():
    windows = kernel(10**9, 10**9, 5 * 10**8).over(3, 4)
    assert len(list(windows.taps())) == windows.connections == 12


def test_taps_go_row_by_row():
    taps = list(kernel((2, 1), padding=(1, 0)).over(3, 2).taps())
    assert [(tap.row, tap.column) for tap in taps] == [(0, 0), (1, 0)]
    assert taps[0].windows == (slice(1, 4), slice(0, 2))
    assert taps[0].pixels == (slice(0, 3, 1), slice(0, 2, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (0, 3)}, "kernel: size 0 x 3 must be at least 1"),
        ({"stride": (1, 0)}, "kernel: stride 1 x 0 must be at least 1"),
        ({"dilation": 0}, "kernel: dilation 0 x 0 must be at least 1"),
        ({"padding": (0, -1)}, "kernel: padding 0 x -1 must be at least 0"),
        ({"stride": (1, 2), "padding": "same"}, "padding 'same' is for stride 1, not 1 x 2: give the zeros"),
    ],
)
def test_numbers_that_are_too_small(options, message):
    with pytest.raises(ValueError, match=message):
        kernel(**options)


def test_a_kernel_that_does_not_fit():
    with pytest.raises(ValueError, match=r"height 4 with 0 \+ 0 of padding is smaller than a kernel of 5"):
        kernel(5).over(4, 9)
    with pytest.raises(ValueError, match=r"width 4 with 1 \+ 1 .* a kernel of 3 with dilation 3, 7 pixels"):
        kernel(dilation=3, padding=1).over(9, 4)


def test_an_image_that_is_all_cut_off():
    with pytest.raises(ValueError, match=r"height 1 makes an image of -1: padding 2 \+ 2 cuts off all"):
        kernel(padding=2).under(1, 9)


@pytest.mark.parametrize("extra", [-1, 2])
def test_output_padding_that_another_window_would_fill(extra):
    with pytest.raises(
        ValueError, match=f"output padding {extra} of the width must be at least 0 and below 2"
    ):
        kernel(stride=2).under(3, 3, (0, extra))


@pytest.mark.parametrize("number", [(1, 2, 3), (1,), "same", 1.5, (1, 2.0), None])
def test_what_is_neither_one_number_nor_two(number):
    with pytest.raises(
        ValueError, match=r"^kernel .*: give one whole number, or one for rows and one for col"
    ):
        as_pair(number, "kernel")


def test_pairs():
    assert as_pair(3, "kernel") == as_pair([3, np.int64(3)], "kernel") == (3, 3)
