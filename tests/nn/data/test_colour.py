from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.data.colour import check_channels, to_channels
from nn.data.errors import DataError
from nn.data.levels import to_eight_bits

RED = (255, 0, 0)


def pixel(picture: Image.Image, channels: int) -> tuple[int, ...]:
    converted = np.asarray(to_channels(picture, channels))
    return tuple(map(int, np.atleast_1d(converted[0, 0])))


def test_grey_goes_to_every_number_of_channels_unchanged() -> None:
    picture = Image.new("L", (2, 2), 77)
    assert pixel(picture, 1) == (77,)
    assert pixel(picture, 3) == (77, 77, 77)
    assert pixel(picture, 4) == (77, 77, 77, 255)


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 100, 50)])
def test_luminance_is_that_of_bt601(colour: tuple[int, int, int]) -> None:
    expected = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    assert pixel(Image.new("RGB", (1, 1), colour), 1)[0] == pytest.approx(expected, abs=1)


def test_luminance_is_that_of_pillow() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    picture = Image.fromarray(pixels)
    assert np.array_equal(to_channels(picture, 1), picture.convert("L"))


def test_palette() -> None:
    picture = Image.new("RGB", (4, 4), (10, 200, 30)).quantize(4)
    assert picture.mode == "P"
    assert pixel(picture, 3) == (10, 200, 30)
    assert pixel(picture, 4) == (10, 200, 30, 255)


def test_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "palette.png", transparency=0)
    with Image.open(tmp_path / "palette.png") as opened:
        assert opened.mode == "P"
        over_white = np.asarray(to_channels(opened, 3))
        kept = np.asarray(to_channels(opened, 4))
    assert over_white[0].tolist() == [[255, 255, 255], [40, 50, 60]]
    assert kept[0, :, 3].tolist() == [0, 255]


def test_grey_with_a_transparent_level(tmp_path: Path) -> None:
    Image.new("L", (2, 1), 9).save(tmp_path / "grey.png", transparency=9)
    with Image.open(tmp_path / "grey.png") as opened:
        assert pixel(opened, 1) == (255,)


def test_alpha_is_laid_over_white_or_kept() -> None:
    picture = Image.new("RGBA", (1, 1), (255, 0, 0, 51))
    assert pixel(picture, 4) == (255, 0, 0, 51)
    assert pixel(picture, 3) == (255, 204, 204)
    assert pixel(picture, 1)[0] == pytest.approx(0.299 * 255 + 0.701 * 204, abs=1)


def test_grey_with_alpha() -> None:
    picture = Image.new("LA", (1, 1), (0, 102))
    assert pixel(picture, 1) == (153,)
    assert pixel(picture, 4) == (0, 0, 0, 102)


def test_one_bit() -> None:
    picture = Image.fromarray(np.array([[True, False]]))
    assert picture.mode == "1"
    assert np.asarray(to_channels(picture, 1)).tolist() == [[255, 0]]
    assert pixel(picture, 4) == (255, 255, 255, 255)


def test_inks_and_video_colours() -> None:
    assert pixel(Image.new("CMYK", (1, 1), (0, 255, 255, 0)), 3) == RED
    assert pixel(Image.new("CMYK", (1, 1), (0, 0, 0, 0)), 1) == (255,)
    assert pixel(Image.new("RGB", (1, 1), RED).convert("YCbCr"), 3) == pytest.approx(RED, abs=2)
    assert pixel(Image.new("RGB", (1, 1), RED).convert("HSV"), 3) == RED


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
def test_sixteen_bits_are_scaled_not_clipped(mode: str) -> None:
    levels = np.array([[0, 128, 257, 32896, 65535]])
    dtype = {"I;16": "<u2", "I;16B": ">u2", "I": "<i4"}[mode]
    picture = Image.frombytes(mode, (5, 1), levels.astype(dtype).tobytes())
    assert np.asarray(to_channels(picture, 1)).tolist() == [[0, 0, 1, 128, 255]]
    assert pixel(picture, 3) == (0, 0, 0)


def test_floating_point_is_a_share_or_a_level() -> None:
    share = Image.fromarray(np.array([[0, 0.2, 1]], np.float32))
    assert np.asarray(to_channels(share, 1)).tolist() == [[0, 51, 255]]
    level = Image.fromarray(np.array([[0, 51, 254.6]], np.float32))
    assert np.asarray(to_channels(level, 1)).tolist() == [[0, 51, 255]]


@pytest.mark.parametrize(
    "pixels",
    [
        np.array([[-1, 4]], np.int32),
        np.array([[0, 70000]], np.int32),
        np.array([[0.0, -0.5]], np.float32),
        np.array([[0.0, 300.0]], np.float32),
        np.array([[0.0, np.nan]], np.float32),
        np.array([[0.0, np.inf]], np.float32),
    ],
)
def test_numbers_without_a_clear_range_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(DataError, match="expected 0 to"):
        to_eight_bits(pixels)


@pytest.mark.parametrize("channels", [0, 2, 5])
def test_other_numbers_of_channels_are_refused(channels: int) -> None:
    with pytest.raises(DataError, match=f"{channels} channels"):
        check_channels(channels)
