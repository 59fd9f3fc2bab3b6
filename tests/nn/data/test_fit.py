from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nn.data.errors import DataError
from nn.data.fit import Fit, WholePicture, check_fit, fit_picture, to_pixels, upright
from nn.shape import Shape

WHOLE: list[Fit] = ["crop", "pad", "stretch"]


def gradient(height: int, width: int) -> Image.Image:
    """A picture that is darkest at the left and brightest at the right."""
    return Image.fromarray(np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1)))


@given(
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    shape=st.builds(Shape, st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3, 4])),
    fit=st.sampled_from(WHOLE),
)
def test_any_size_fits_any_shape(height: int, width: int, shape: Shape, fit: Fit) -> None:
    picture = upright(Image.new("RGB", (width, height), (90, 90, 90)), shape.channels)
    piece = fit_picture(picture, shape, fit)
    assert piece.pixels.shape == shape and piece.pixels.dtype == np.uint8
    assert (piece.mask is not None) == (fit == "pad")
    seen = np.ones(shape[:2], np.bool_) if piece.mask is None else piece.mask
    assert seen.any()
    assert np.all(piece.pixels[seen][:, 0] == 90)
    assert np.all(piece.pixels[~seen] == 0)


@pytest.mark.parametrize("fit", WHOLE)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_picture_of_the_right_size_keeps_its_bytes(fit: Fit, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, channels), dtype=np.uint8)
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
    piece = fit_picture(picture, Shape(7, 9, channels), fit)
    assert np.array_equal(piece.pixels, pixels)
    assert piece.mask is None or piece.mask.all()


def test_crop_takes_the_centre_and_keeps_proportions() -> None:
    pixels = fit_picture(gradient(20, 60), Shape(20, 20, 1), "crop").pixels[..., 0]
    assert np.array_equal(pixels, to_pixels(gradient(20, 60))[:, 20:40, 0])


def test_stretch_keeps_both_ends() -> None:
    pixels = fit_picture(gradient(20, 60), Shape(20, 20, 1), "stretch").pixels[..., 0]
    assert pixels[:, 0].max() < 10 and pixels[:, -1].min() > 245


def test_pad_centres_and_masks() -> None:
    piece = fit_picture(Image.new("L", (60, 20), 200), Shape(20, 30, 1), "pad")
    expected = np.zeros((20, 30), np.bool_)
    expected[5:15] = True
    assert np.array_equal(piece.mask, expected)
    assert np.array_equal(piece.pixels[..., 0], 200 * expected)


def test_padding_is_transparent_with_four_channels() -> None:
    piece = fit_picture(Image.new("RGBA", (4, 2), (9, 9, 9, 255)), Shape(4, 4, 4), "pad")
    assert piece.pixels[0, 0].tolist() == [0, 0, 0, 0]
    assert piece.pixels[1, 0].tolist() == [9, 9, 9, 255]


def test_reducing_does_not_alias() -> None:
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    pixels = fit_picture(Image.fromarray(stripes), Shape(8, 8, 1), "crop").pixels
    assert np.ptp(pixels) < 16
    assert pixels.mean() == pytest.approx(127.5, abs=4)


@pytest.mark.parametrize("size", [(1000, 1), (1, 1000)])
@pytest.mark.parametrize("fit", WHOLE)
def test_very_thin_pictures(size: tuple[int, int], fit: Fit) -> None:
    piece = fit_picture(Image.new("L", size, 50), Shape(8, 8, 1), fit)
    assert piece.pixels.max() == 50
    assert piece.mask is None or piece.mask.sum() == 8


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, suffix: str, orientation: int) -> None:
    """Store a picture with a bright top left corner as a camera held that way would."""
    straight = Image.new("L", (24, 16), 20)
    straight.paste(230, (0, 0, 8, 8))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = straight.transpose(undo[orientation]) if orientation in undo else straight
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.convert("RGB").save(tmp_path / f"turned{suffix}", exif=exif)
    with Image.open(tmp_path / f"turned{suffix}") as picture:
        piece = WholePicture(Shape(16, 24, 1), "crop")(picture, 0)[0]
    assert piece.pixels[:6, :6].min() > 200
    assert piece.pixels[10:].max() < 60 and piece.pixels[:, 10:].max() < 60


def test_a_large_jpeg_is_decoded_small_with_the_same_look(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    coarse = Image.fromarray(generator.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    coarse.resize((1600, 1200), Image.Resampling.BICUBIC).save(tmp_path / "large.jpg", quality=95)
    shape = Shape(24, 32, 3)
    with Image.open(tmp_path / "large.jpg") as picture:
        full = fit_picture(upright(picture.copy(), 3), shape, "crop").pixels
    with Image.open(tmp_path / "large.jpg") as picture:
        piece = WholePicture(shape, "crop")(picture, 0)[0]
        assert picture.size == (200, 150)
    assert np.abs(piece.pixels.astype(int) - full).max() <= 6


def test_an_unknown_fit_is_refused() -> None:
    with pytest.raises(DataError, match=r"unknown fit 'squeeze'.*random-crop"):
        check_fit("squeeze")
