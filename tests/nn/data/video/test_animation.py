"""Animated WebP, APNG and AVIF: every frame, equal ones too, and files that end early."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from nn.data import DataError
from nn.data.video.animation import Animation
from tests.support.films import by_pillow, moving_square, pictures

FRAMES = moving_square(channels=3)
EXACT = [("film.webp", {"lossless": True}), ("film.png", {}), ("film.apng", {"format": "PNG"})]
exact = pytest.mark.parametrize(("name", "options"), EXACT, ids=[name for name, _ in EXACT])

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")


def opened(path, **options):
    return Animation(path, path.name, **options)


def frames_of(film):
    return film.read(0, film.frames)


@exact
def test_frames_are_exact(tmp_path, name, options):
    by_pillow(tmp_path / name, FRAMES, duration=40, **options)
    film = opened(tmp_path / name)
    assert np.array_equal(frames_of(film), FRAMES)
    assert np.array_equal(film.read(5, 3), FRAMES[5:8])


@exact
def test_grey_of_one_channel(tmp_path, name, options):
    grey = moving_square()
    by_pillow(tmp_path / name, grey, duration=40, **options)
    assert np.array_equal(frames_of(opened(tmp_path / name, channels=1)), grey)
    assert opened(tmp_path / name).shape.channels == (3 if name == "film.webp" else 1)


@exact
def test_equal_frames_that_were_merged_come_back(tmp_path, name, options):
    """libwebp and Pillow write them once, for as long as all of them; decoded frames would be too few."""
    frames = FRAMES[[0, 0, 0, 1, 2, 2, 3]]
    by_pillow(tmp_path / name, frames, duration=40, **options)
    with Image.open(tmp_path / name) as picture:
        assert picture.n_frames == 4
    assert np.array_equal(frames_of(opened(tmp_path / name)), frames)
    assert opened(tmp_path / name, rate=50).frames == 14


@exact
def test_a_clip_that_stands_still_has_become_a_still_image(tmp_path, name, options):
    """And no time tells that there were five."""
    by_pillow(tmp_path / name, FRAMES[[0] * 5], duration=40, **options)
    for rate in (None, 25):
        with pytest.raises(DataError, match=f"{name}: a still image where a clip is expected"):
            opened(tmp_path / name, rate=rate)


def test_the_default_image_of_an_apng_is_no_frame(tmp_path):
    by_pillow(tmp_path / "film.png", FRAMES[:5], duration=40, default_image=True)
    assert np.array_equal(frames_of(opened(tmp_path / "film.png")), FRAMES[1:5])


@needs_avif
def test_avif_has_all_its_frames(tmp_path):
    frames = FRAMES[[0, 0, 1, 2, 2, 3]]
    by_pillow(tmp_path / "film.avif", frames, duration=40, quality=100, subsampling="4:4:4")
    found = frames_of(opened(tmp_path / "film.avif"))
    assert found.shape == frames.shape
    assert np.abs(found.astype(int) - frames).max() <= 8


@exact
def test_transparent_pixels_are_white(tmp_path, name, options):
    layers = np.zeros((2, 8, 9, 4), np.uint8)
    layers[0, :4] = 10, 20, 30, 255
    layers[1, 2:] = 40, 50, 60, 255
    first, second = pictures(layers)
    first.save(
        tmp_path / name, save_all=True, append_images=[second], duration=40, disposal=1, blend=0, **options
    )
    if name == "film.webp":  # Pillow does not say in the header that there is transparency
        contents = bytearray((tmp_path / name).read_bytes())
        contents[20] |= 0x10
        (tmp_path / name).write_bytes(contents)
    found = frames_of(opened(tmp_path / name))
    expected = np.where(layers[..., 3:] > 0, layers[..., :3], 255)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "format_"), [("film.webp", "WEBP"), ("film.png", "PNG"), ("film.jpg", "JPEG")]
)
def test_still_images_are_refused(tmp_path, name, format_):
    pictures(FRAMES)[0].save(tmp_path / name, format_)
    with pytest.raises(DataError, match=f"{name}: a still image where a clip is expected"):
        opened(tmp_path / name)


def whole(format_, **options):
    buffer = io.BytesIO()
    by_pillow(buffer, FRAMES[:4], format=format_, duration=40, **options)
    return buffer.getvalue()


FILES = {"WEBP": whole("WEBP", lossless=True), "PNG": whole("PNG")}


@pytest.mark.parametrize("format_", list(FILES))
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_ends_early_is_refused(tmp_path_factory, format_, share):
    contents = FILES[format_]
    path = tmp_path_factory.mktemp("film") / "film.bin"
    path.write_bytes(contents[: int(share * len(contents))])
    with pytest.raises(DataError, match=r"film\.bin: "):
        opened(path)


@pytest.mark.parametrize("format_", list(FILES))
@given(share=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_one_changed_byte_gives_frames_or_a_clear_error(tmp_path_factory, format_, share, byte):
    contents = bytearray(FILES[format_])
    contents[int(share * len(contents))] = byte
    path = tmp_path_factory.mktemp("film") / "film.bin"
    path.write_bytes(bytes(contents))
    try:
        film = opened(path)
        if film.frames < 1000:
            assert frames_of(film).shape == (film.frames, *film.shape)
    except DataError as error:
        assert "film.bin: " in str(error)
