"""Shapes and tilings: every window against a plain double loop."""

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.shape import Shape
from nn.tiling import Box, Tiling, describe, main
from tests.support.places import ROOT

REPOSITORY = ROOT


@st.composite
def tilings(draw):
    input_block = draw(st.integers(1, 4))
    shape = Shape(
        input_block * draw(st.integers(1, 5)), input_block * draw(st.integers(1, 5)), draw(st.integers(1, 4))
    )
    window = input_block + draw(st.integers(0, 7))
    return Tiling(shape, input_block, window, draw(st.integers(1, 4)))


def pixels_by_double_loop(tiling, row, column):
    """All pixels of the image that lie in the window, checked one at a time."""
    above = (tiling.window - tiling.input_block) // 2
    top, left = row * tiling.input_block - above, column * tiling.input_block - above
    found = []
    for y in range(tiling.input_shape.height):
        for x in range(tiling.input_shape.width):
            if top <= y < top + tiling.window and left <= x < left + tiling.window:
                found.append((y, x))
    return found


@given(tilings())
def test_windows_are_those_of_a_double_loop(tiling):
    assert tiling.total_pixels == tiling.window_pixels.sum()
    shape = tiling.input_shape
    tiles = list(tiling)
    assert [(tile.row, tile.column) for tile in tiles] == [
        (row, column) for row in range(tiling.rows) for column in range(tiling.columns)
    ]
    for tile in tiles:
        pixels = pixels_by_double_loop(tiling, tile.row, tile.column)
        window = tile.window
        assert pixels == [
            (y, x) for y in range(window.top, window.bottom) for x in range(window.left, window.right)
        ]
        assert window.pixels == len(pixels) == tiling.window_pixels[tile.row, tile.column]
        numbered = np.arange(shape.size).reshape(shape)
        expected = [numbered[y, x, channel] for y, x in pixels for channel in range(shape.channels)]
        assert window.indices(shape).ravel().tolist() == expected
        assert window.indices(shape).shape == (window.height, window.width, shape.channels)


@given(tilings())
def test_blocks_tile_the_output_and_windows_cover_the_input(tiling):
    times_written = np.zeros((tiling.output_height, tiling.output_width), int)
    times_seen = np.zeros(tiling.input_shape[:2], int)
    for _, _, window, block in tiling:
        times_written[block.top : block.bottom, block.left : block.right] += 1
        times_seen[window.top : window.bottom, window.left : window.right] += 1
    assert (times_written == 1).all()
    assert (times_seen >= 1).all()
    assert len(tiling) == tiling.rows * tiling.columns == len(list(tiling))


def test_window_reaches_further_to_the_bottom_and_right_when_it_cannot_be_centred():
    tile = Tiling(Shape(5, 5, 1), input_block=1, window=4, output_block=1).tile(2, 2)
    assert tile.window == Box(top=1, left=1, bottom=5, right=5)


def test_window_larger_than_the_image_is_the_whole_image():
    tiling = Tiling(Shape(4, 6, 3), input_block=2, window=30, output_block=3)
    assert {tile.window for tile in tiling} == {Box(0, 0, 4, 6)}
    assert (tiling.output_height, tiling.output_width) == (6, 9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((Shape(8, 8, 1), 0, 3, 1), "at least 1"),
        ((Shape(8, 8, 1), 2, 4, 0), "at least 1"),
        ((Shape(8, 8, 1), 3, 2, 1), "window 2 is smaller than the input block 3"),
        ((Shape(9, 8, 1), 2, 4, 1), "height 9 is not a multiple of the input block 2"),
        ((Shape(8, 9, 1), 2, 4, 1), "width 9 is not a multiple of the input block 2"),
    ],
)
def test_tilings_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Tiling(*arguments)


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 10_000))
def test_shape_reads_what_it_writes(height, width, channels):
    shape = Shape(height, width, channels)
    assert Shape.parse(str(shape)) == shape
    assert shape.size == height * width * channels


def test_shape_is_read_whatever_the_case_and_spaces():
    assert Shape.parse(" 28 X 30x1") == Shape(28, 30, 1)


@pytest.mark.parametrize(
    "text", ["", "28", "28x28", "28x28x1x1", "0x28x1", "-1x28x1", "28x28x1.5", "axbxc", "xx"]
)
def test_text_that_is_no_shape_is_refused(text):
    with pytest.raises(ValueError, match=re.escape(f"shape {text!r}")):
        Shape.parse(text)


def test_describe_prints_places_coordinates_and_indices():
    assert list(describe(Tiling(Shape(2, 4, 1), input_block=2, window=3, output_block=1))) == [
        "2 tiles in 1 rows and 2 columns; output 1 x 2 pixels",
        "tile (0, 0): rows 0..1, columns 0..2 -> output rows 0..0, columns 0..0; inputs 0 1 2 4 5 6",
        "tile (0, 1): rows 0..1, columns 2..3 -> output rows 0..0, columns 1..1; inputs 2 3 6 7",
    ]


def test_command_line_prints_every_window():
    options = ["--input-block", "2", "--window", "2", "--output-block", "3"]
    command = [sys.executable, "-m", "nn.tiling", "4x4x2", *options]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert result.stdout.splitlines() == [
        "4 tiles in 2 rows and 2 columns; output 6 x 6 pixels",
        "tile (0, 0): rows 0..1, columns 0..1 -> output rows 0..2, columns 0..2; inputs 0 1 2 3 8 9 10 11",
        "tile (0, 1): rows 0..1, columns 2..3 -> output rows 0..2, columns 3..5; inputs 4 5 6 7 12 13 14 15",
        "tile (1, 0): rows 2..3, columns 0..1 -> output rows 3..5, columns 0..2; "
        "inputs 16 17 18 19 24 25 26 27",
        "tile (1, 1): rows 2..3, columns 2..3 -> output rows 3..5, columns 3..5; "
        "inputs 20 21 22 23 28 29 30 31",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["8x8"], "write HEIGHTxWIDTHxCHANNELS"),
        (["8x8x1", "--input-block", "3"], "height 8 is not a multiple"),
    ],
)
def test_command_line_names_what_is_wrong(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
