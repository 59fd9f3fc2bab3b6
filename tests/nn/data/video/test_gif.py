"""Animated GIF: all that its frames may leave behind, exact levels, and files that end early."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from nn.data import DataError
from nn.data.video.gif import Gif, gif_frames
from tests.support.films import by_pillow, gif, moving_square

COLOURS = np.random.default_rng(3).integers(0, 256, (256, 3), np.uint8)
OTHERS = np.random.default_rng(4).integers(0, 256, (256, 3), np.uint8)
GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
WHITE = 255


def places(height, width, seed=0):
    return np.random.default_rng(seed).integers(1, 256, (height, width), np.uint8)


def read(tmp_path, contents, **options):
    path = tmp_path / "film.gif"
    path.write_bytes(contents)
    film = Gif(path, "film.gif", **options)
    return film.read(0, film.frames)


def test_grey_levels_are_right_where_pillow_returns_places_in_the_palette(tmp_path):
    """The first frame has all levels, so Pillow takes the later palettes for levels, up to 199 off."""
    frames = np.zeros((3, 16, 16, 1), np.uint8)
    frames[0] = np.arange(256).reshape(16, 16, 1)
    frames[1, :8], frames[1, 8:], frames[2, :4], frames[2, 4:] = 200, 40, 90, 7
    by_pillow(tmp_path / "film.gif", frames, duration=100)
    film = Gif(tmp_path / "film.gif", "film.gif")
    assert film.shape == (16, 16, 1)
    assert np.array_equal(film.read(0, 3), frames)
    with Image.open(tmp_path / "film.gif") as picture:
        pillow = [np.asarray(each.convert("L")) for each in ImageSequence.Iterator(picture)]
    assert not np.array_equal(pillow[1], frames[1, ..., 0])  # what is guarded against


def test_palettes_of_frames_and_of_the_file(tmp_path):
    one, two = places(5, 7), places(5, 7, 1)
    found = read(tmp_path, gif((5, 7), [(0, 0, one, {}), (0, 0, two, {"palette": OTHERS})], palette=COLOURS))
    assert np.array_equal(found, [COLOURS[one], OTHERS[two]])


def test_without_any_palette_places_are_grey_levels(tmp_path):
    one, two = places(5, 7), places(5, 7, 1)
    found = read(tmp_path, gif((5, 7), [(0, 0, one, {}), (0, 0, two, {})]))
    assert np.array_equal(found, np.stack([one, two])[..., None])


def test_interlaced_rows(tmp_path):
    one, two = places(21, 17), places(21, 17, 1)
    images = [(0, 0, one, {"interlaced": True}), (0, 0, two, {"interlaced": True})]
    assert np.array_equal(read(tmp_path, gif((21, 17), images, palette=COLOURS)), COLOURS[[one, two]])


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_what_a_frame_leaves_behind(tmp_path, disposal):
    """A whole frame, a smaller one that is disposed of in each way, and a corner."""
    whole, small, corner = places(8, 9), places(3, 4, 1), places(2, 2, 2)
    images = [(0, 0, whole, {"disposal": 1}), (2, 1, small, {"disposal": disposal}), (7, 6, corner, {})]
    first = COLOURS[whole]
    second = first.copy()
    second[1:4, 2:6] = COLOURS[small]
    third = {2: first.copy(), 3: first.copy()}.get(disposal, second.copy())
    if disposal == 2:
        third[1:4, 2:6] = WHITE
    third[6:8, 7:9] = COLOURS[corner]
    found = read(tmp_path, gif((8, 9), images, palette=COLOURS))
    assert np.array_equal(found, [first, second, third])


def test_transparent_pixels_show_the_frame_before_and_white_where_there_is_none(tmp_path):
    whole, other = places(4, 6), places(4, 6, 1)
    whole[0], other[:, 2] = 9, 9
    images = [(0, 0, whole, {"transparent": 9}), (0, 0, other, {"transparent": 9})]
    found = read(tmp_path, gif((4, 6), images, palette=COLOURS))
    first = np.where((whole == 9)[..., None], WHITE, COLOURS[whole])
    assert np.array_equal(found, [first, np.where((other == 9)[..., None], first, COLOURS[other])])


def test_pillow_agrees_in_colour(tmp_path):
    frames = moving_square(channels=3) // 64 * 64
    by_pillow(tmp_path / "film.gif", frames, duration=50, disposal=2)
    film = Gif(tmp_path / "film.gif", "film.gif")
    with Image.open(tmp_path / "film.gif") as picture:
        pillow = [np.asarray(each.convert("RGB")) for each in ImageSequence.Iterator(picture)]
    assert np.array_equal(film.read(0, 12), pillow)


def test_any_frames_of_it_can_be_read_and_in_other_channels(tmp_path):
    by_pillow(tmp_path / "film.gif", moving_square(), duration=50)
    film = Gif(tmp_path / "film.gif", "film.gif")
    whole = film.read(0, film.frames)
    assert np.array_equal(film.read(3, 5), whole[3:8])
    assert np.array_equal(film.read(11, 1), whole[11:])
    colour = Gif(tmp_path / "film.gif", "film.gif", channels=3)
    assert np.array_equal(colour.read(0, 12), np.repeat(whole, 3, axis=3))


def test_equal_frames_that_pillow_merged_come_back(tmp_path):
    frames = moving_square()[[0, 0, 0, 1, 2, 2, 3]]
    by_pillow(tmp_path / "film.gif", frames, duration=40)
    assert len(gif_frames((tmp_path / "film.gif").read_bytes(), "film.gif")[1]) == 4
    film = Gif(tmp_path / "film.gif", "film.gif")
    assert np.array_equal(film.read(0, film.frames), frames)


def test_a_clip_that_stands_still_comes_back_with_its_rate_alone(tmp_path):
    by_pillow(tmp_path / "film.gif", moving_square()[[0] * 5], duration=40)
    with pytest.raises(
        DataError, match=r"a still image where a clip is expected; .* for 200 ms: give the rate"
    ):
        Gif(tmp_path / "film.gif", "film.gif")
    assert Gif(tmp_path / "film.gif", "film.gif", rate=25).frames == 5


def test_times_are_cut_to_10_ms_by_pillow_and_frames_are_not_repeated_for_it(tmp_path):
    by_pillow(tmp_path / "film.gif", moving_square(), duration=1000 / 60)
    times = {frame.duration for frame in gif_frames((tmp_path / "film.gif").read_bytes(), "film.gif")[1]}
    assert times == {10}
    assert Gif(tmp_path / "film.gif", "film.gif").frames == 12
    spread = [(0, 0, places(4, 4, each), {"delay": 1 + each % 3 % 2}) for each in range(9)]
    (tmp_path / "film.gif").write_bytes(gif((4, 4), spread))
    assert Gif(tmp_path / "film.gif", "film.gif").frames == 9


def contents():
    buffer = io.BytesIO()
    by_pillow(buffer, moving_square(4, 8, 9), format="GIF", duration=50)
    return buffer.getvalue()


WHOLE = contents()


@given(end=st.integers(0, len(WHOLE) - 1))
def test_a_file_that_ends_early_is_refused(tmp_path_factory, end):
    path = tmp_path_factory.mktemp("gif") / "film.gif"
    path.write_bytes(WHOLE[:end])
    with pytest.raises(DataError, match=r"film\.gif: (truncated: the file ends|the file is empty|no GIF)"):
        Gif(path, "film.gif")


@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_one_changed_byte_gives_frames_or_a_clear_error(tmp_path_factory, place, byte):
    changed = bytearray(WHOLE)
    changed[place] = byte
    path = tmp_path_factory.mktemp("gif") / "film.gif"
    path.write_bytes(bytes(changed))
    try:
        film = Gif(path, "film.gif")
        assert film.read(0, film.frames).shape == (film.frames, *film.shape)
    except DataError as error:
        assert "film.gif: " in str(error)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gif((4, 4), [(0, 0, places(4, 4), {})]), "film.gif: a still image where a clip is expected"),
        (gif((4, 4), []), "film.gif: a GIF without any frame"),
        (gif((4, 4), [(2, 0, places(4, 4), {})]), "frame 0 lies beyond the canvas of 4 x 4"),
        (gif((4, 0), []), "0 x 4 pixels"),
        (gif((65535, 65535), []), "65535 x 65535 pixels"),
        (gif((4, 4), [], trailer=b"x"), "block 0x78 at byte 13"),
        (b"GIF90a" + bytes(99), "no GIF"),
    ],
)
def test_what_is_no_clip_is_refused(tmp_path, data, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, data)


def test_memory_is_looked_at_before_frames_are_decoded(tmp_path, monkeypatch):
    by_pillow(tmp_path / "film.gif", moving_square(), duration=50)
    film = Gif(tmp_path / "film.gif", "film.gif")
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 5 * 600 - 1)
    with pytest.raises(DataError, match=r"film\.gif: 5 frames of 20x30x1 needs"):
        film.read(0, 5)
