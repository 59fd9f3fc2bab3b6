"""Animations hold every frame exactly, equal ones too, for the time that they should."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from nn.data.video import load_films
from nn.render import side_by_side, write_gif, write_video, write_webp
from tests.support.films import moving_square

GREY, COLOUR = moving_square(), moving_square(channels=3)
STILL = GREY[[0] * 5]
FRAMES = {
    "grey": GREY,
    "colour": COLOUR,
    "repeated": GREY[[0, 0, 1, 2, 2, 2]],
    "still": STILL,
    "thin": GREY[:, :1],
}
WRITERS = {"gif": write_gif, "webp": write_webp}

every_writer = pytest.mark.parametrize("suffix", WRITERS)


@every_writer
@pytest.mark.parametrize("frames", FRAMES.values(), ids=list(FRAMES))
def test_frames_are_read_back_as_they_were(tmp_path, suffix, frames):
    path = tmp_path / f"film.{suffix}"
    WRITERS[suffix](path, frames, 15)
    film = load_films(path, channels=frames.shape[3]).films[0]
    assert film.frames == len(frames)
    assert np.array_equal(film.read(0, len(frames)), frames)


@every_writer
@pytest.mark.parametrize("frames", FRAMES.values(), ids=list(FRAMES))
def test_pillow_reads_the_same(tmp_path, suffix, frames):
    path = tmp_path / f"film.{suffix}"
    WRITERS[suffix](path, frames, 15)
    with Image.open(path) as picture:
        found = [np.asarray(each.convert("RGB")) for each in ImageSequence.Iterator(picture)]
        assert picture.info["loop"] == 0
    assert np.array_equal(found, np.broadcast_to(frames, (*frames.shape[:3], 3)))


@pytest.mark.parametrize("frames", [GREY, COLOUR], ids=["grey", "colour"])
def test_ffmpeg_reads_the_same_gif(tmp_path, frames):
    av = pytest.importorskip("av", reason="video files need PyAV, the extra `video`")
    write_gif(tmp_path / "film.gif", frames, 15)
    with av.open(str(tmp_path / "film.gif")) as container:
        found = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert np.array_equal(found, np.broadcast_to(frames, (*frames.shape[:3], 3)))


@pytest.mark.parametrize(("suffix", "unit"), [("gif", 10), ("webp", 1)])
@pytest.mark.parametrize("rate", [1, 7, 15, 30, 50])
def test_the_whole_lasts_as_long_as_it_should(tmp_path, suffix, unit, rate):
    path = tmp_path / f"film.{suffix}"
    WRITERS[suffix](path, GREY, rate)
    times = []
    with Image.open(path) as picture:
        for each in ImageSequence.Iterator(picture):
            each.load()
            times.append(each.info["duration"])
    assert abs(sum(times) - 12_000 / rate) <= unit / 2
    assert max(times) - min(times) <= unit


def test_many_colours_are_reduced_in_a_gif_alone(tmp_path):
    many = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), np.uint8)
    write_gif(tmp_path / "film.gif", many, 10)
    write_webp(tmp_path / "film.webp", many, 10)
    gif, webp = (load_films(tmp_path / name).films[0].read(0, 2) for name in ("film.gif", "film.webp"))
    assert np.array_equal(webp, many)
    assert 0 < np.abs(gif.astype(int) - many).mean() < 25


def test_clips_side_by_side():
    clips = {
        name: np.random.default_rng(seed).random((2, 3, 8, 9, 1))
        for seed, name in enumerate(("truth", "prediction"))
    }
    frames = side_by_side(clips, rows=("a", "b"), title="two clips")
    assert frames.dtype == np.uint8 and frames.ndim == 4 and len(frames) == 3
    assert (frames[0] != frames[1]).any() and (frames[1] != frames[2]).any()
    levels = np.unique(frames[0][..., 0])
    assert set(np.rint(255 * clips["truth"][:, 0].ravel()).astype(int)) <= {
        *levels,
        *(levels + 1),
        *(levels - 1),
    }


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        ({}, "nothing to draw"),
        ({"a": np.zeros((1, 2, 3, 4))}, "clips a have shape"),
        ({"a": np.zeros((1, 2, 3, 4, 1)), "b": np.zeros((1, 3, 3, 4, 1))}, r"clips b have shape \(1, 3"),
        ({"a": np.full((1, 2, 3, 4, 1), np.nan)}, "clips a"),
        ({"a": np.zeros((1, 2, 3, 4, 2))}, "clips a"),
    ],
)
def test_clips_that_cannot_be_drawn(clips, message):
    with pytest.raises(ValueError, match=message):
        side_by_side(clips)


@pytest.mark.parametrize(
    ("write", "name", "frames", "rate", "message"),
    [
        (write_gif, "film.png", GREY, 10, r"ends in \.gif"),
        (write_webp, "film.gif", GREY, 10, r"ends in \.webp"),
        (write_video, "film.avi", GREY, 10, r"ends in \.mkv"),
        (write_gif, "film.gif", GREY / 255, 10, "frames are float64"),
        (write_gif, "film.gif", GREY[0], 10, r"frames are uint8 \(20, 30, 1\)"),
        (write_video, "film.mkv", GREY[:0], 10, r"frames are uint8 \(0, 20"),
        (write_webp, "film.webp", np.zeros((1, 2, 2, 4), np.uint8), 10, "1 or 3 channels"),
        (write_gif, "film.gif", GREY, 60, "at most 50 frames a second"),
        (write_webp, "film.webp", GREY, 1001, "at most 1000 frames a second"),
        (write_gif, "film.gif", GREY, 0, "rate 0 must be"),
        (write_video, "film.mkv", GREY, -1, "rate -1 must be"),
        (write_webp, "film.webp", np.zeros((1, 1, 16385, 1), np.uint8), 10, "sides of at most 16384"),
        (write_gif, "film.gif", np.zeros((1, 1, 65536, 1), np.uint8), 10, "sides of at most 65535"),
        (write_video, "film.mp4", GREY[:, :19], 10, "frames of 19 x 30 pixels: H.264 takes even sides only"),
        (
            write_video,
            "film.mp4",
            GREY[:, :, :29],
            10,
            "frames of 20 x 29 pixels: H.264 takes even sides only",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path, write, name, frames, rate, message):
    with pytest.raises(ValueError, match=message):
        write(tmp_path / name, frames, rate)
    assert not list(tmp_path.iterdir())
