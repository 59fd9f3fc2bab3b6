"""Video files through PyAV: frames by their times, levels, rates, and files that end early."""

import struct
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import DataError
from nn.data.video import load_films
from nn.data.video.video_file import VideoFile
from nn.render import write_video
from nn.shape import Shape
from tests.support.films import by_pillow, moving_square

GREY, COLOUR = moving_square(30, 32, 48), moving_square(30, 32, 48, 3)


@pytest.fixture
def av():
    return pytest.importorskip("av", reason="video files need PyAV, the extra `video`")


def encode(av, path, frames, codec="libx264", layout="yuv420p", **options):
    """Write grey frames as PyAV does by itself; `times` are places in units of 1 / rate."""
    rate, times = options.pop("rate", 25), options.pop("times", None)
    with av.open(str(path), "w", options=options.pop("container", {})) as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], layout
        stream.codec_context.gop_size = 10
        for number, frame in enumerate(frames[..., 0]):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="gray")
            picture.pts = number if times is None else times[number]
            picture.time_base = Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def whole(path, **options):
    film = VideoFile(path, path.name, **options)
    return film.read(0, film.frames)


@pytest.mark.usefixtures("av")
@pytest.mark.parametrize(
    ("name", "frames"),
    [("film.mkv", GREY), ("film.mkv", COLOUR), ("film.mkv", GREY[:, :31, :47]), ("film.mp4", GREY)],
)
def test_frames_are_exact(tmp_path, name, frames):
    write_video(tmp_path / name, frames, 25)
    channels = frames.shape[3]
    film = VideoFile(tmp_path / name, name, channels=channels)
    assert np.array_equal(film.read(0, 30), frames)
    for first, count in ((29, 1), (7, 15), (12, 1)):
        assert np.array_equal(film.read(first, count), frames[first : first + count])
    if name == "film.mkv":
        assert VideoFile(tmp_path / name, name).shape == Shape(*frames.shape[1:])


def test_levels_of_h264_are_right_when_its_range_is_marked(tmp_path, av):
    """PyAV's "gray" does not mark it, and all readers take 0 to 255 for 16 to 235 then, up to 20 off."""
    ramp = np.broadcast_to((np.arange(48) * 255 // 47).astype(np.uint8)[:, None], (3, 32, 48, 1))
    encode(av, tmp_path / "unmarked.mp4", ramp, layout="gray", qp="0")
    write_video(tmp_path / "marked.mp4", ramp, 25)
    assert np.array_equal(whole(tmp_path / "marked.mp4", channels=1), ramp)
    assert 15 <= np.abs(whole(tmp_path / "unmarked.mp4", channels=1).astype(int) - ramp).max() <= 20


@pytest.mark.usefixtures("av")
def test_colours_of_h264_are_near(tmp_path):
    smooth = np.zeros((5, 32, 48, 3), np.uint8)
    smooth[..., 0], smooth[..., 1] = 5 * np.arange(48), 7 * np.arange(32)[:, None]
    write_video(tmp_path / "film.mp4", smooth, 25)
    assert np.abs(whole(tmp_path / "film.mp4").astype(int) - smooth).max() < 12


@pytest.mark.usefixtures("av")
@pytest.mark.parametrize("rate", [1, 12.5, 24000 / 1001, 60])
def test_no_rate_makes_frames_double(tmp_path, rate):
    for name in ("film.mkv", "film.mp4"):
        write_video(tmp_path / name, GREY, rate)
        assert VideoFile(tmp_path / name, name).frames == 30
        assert VideoFile(tmp_path / name, name, rate=rate).frames == 30


def test_a_gif_of_60_frames_a_second_has_a_rate_of_100_and_all_its_frames(tmp_path, av):
    """So rates of headers are not used."""
    encode(av, tmp_path / "film.gif", GREY, "gif", "gray", rate=60)
    with av.open(str(tmp_path / "film.gif")) as container:
        assert container.streams.video[0].average_rate == 100
    for kind in (
        VideoFile(tmp_path / "film.gif", "film.gif", channels=1),
        load_films(tmp_path / "film.gif").films[0],
    ):
        assert np.array_equal(kind.read(0, kind.frames), GREY)


def test_frames_that_were_left_out_are_repeated(tmp_path, av):
    """As cameras do: two of six are shown for twice and three times as long."""
    encode(av, tmp_path / "film.mkv", GREY[:6], "ffv1", "gray", times=[0, 1, 3, 4, 7, 8])
    assert np.array_equal(whole(tmp_path / "film.mkv"), GREY[[0, 1, 1, 2, 3, 3, 3, 4, 5]])


ONE = 1 << 16
TURNS = {0: (ONE, 0, 0, ONE), 1: (0, -ONE, ONE, 0), 2: (-ONE, 0, 0, -ONE), 3: (0, ONE, -ONE, 0)}
"""The matrix of a film in MP4 (ISO 14496-12, 8.3.2) by how many quarter turns to the left it is shown."""


@pytest.mark.usefixtures("av")
@pytest.mark.parametrize("turns", TURNS)
def test_films_that_lie_on_their_side_are_upright(tmp_path, turns):
    """As telephones write them."""
    write_video(tmp_path / "film.mp4", GREY, 25)
    contents = (tmp_path / "film.mp4").read_bytes()

    def matrix(a, b, c, d):
        return struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)

    place = contents.index(matrix(*TURNS[0]), contents.index(b"tkhd"))
    (tmp_path / "film.mp4").write_bytes(contents[:place] + matrix(*TURNS[turns]) + contents[place + 36 :])
    assert np.array_equal(whole(tmp_path / "film.mp4", channels=1), np.rot90(GREY, turns, axes=(1, 2)))


WINDOWS = {
    "film.mp4": ("libx264", {"bf": "3"}),
    "film.mov": ("libx264", {"bf": "3", "x264-params": "open-gop=1"}),
    "film.mkv": ("libx264", {"bf": "3"}),
    "film.avi": ("libx264", {"bf": "3"}),
    "film.mpg": ("mpeg2video", {"bf": "2"}),
    "film.ts": ("libx264", {"bf": "3"}),
    "film.h264": ("libx264", {"bf": "2"}),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_any_frames_are_those_of_the_whole_film(tmp_path, av, name):
    """Where frames need later ones too, and in files without an index or without any times, too."""
    codec, options = WINDOWS[name]
    encode(av, tmp_path / name, moving_square(50, 32, 48), codec, **options)
    film = VideoFile(tmp_path / name, name, channels=1)
    every = film.read(0, film.frames)
    assert film.frames == 50
    assert np.abs(every.astype(int) - moving_square(50, 32, 48)).mean() < 6
    for first, count in ((49, 1), (9, 3), (10, 12), (21, 9), (38, 12), (1, 48)):
        assert np.array_equal(film.read(first, count), every[first : first + count])


CODECS = {
    "film.mkv": ("ffv1", "gray", {}),
    "film.webm": ("libvpx-vp9", "yuv420p", {}),
    "film.avi": ("mjpeg", "yuvj420p", {}),
    "film.mp4": ("libx264", "yuv420p", {}),
    "film.mov": ("libx264", "yuv420p", {"container": {"movflags": "faststart"}}),
}


@pytest.mark.parametrize("name", CODECS)
def test_a_truncated_file_is_refused(tmp_path, av, name):
    """By what it says of itself, or when the frame is read that is not whole."""
    codec, layout, options = CODECS[name]
    encode(av, tmp_path / name, GREY, codec, layout, **options)
    contents = (tmp_path / name).read_bytes()
    assert whole(tmp_path / name).shape[0] == 30
    for share in (0, 0.01, 0.6, 0.9):
        (tmp_path / name).write_bytes(contents[: int(share * len(contents))])
        with pytest.raises(DataError, match=rf"{name}: .*(truncated|damaged)"):
            whole(tmp_path / name)


def test_streams_do_not_say_how_long_they_are(tmp_path, av):
    """So what is there of a truncated one is read."""
    encode(av, tmp_path / "film.ts", GREY)
    every = whole(tmp_path / "film.ts")
    contents = (tmp_path / "film.ts").read_bytes()
    (tmp_path / "film.ts").write_bytes(contents[: int(0.3 * len(contents))])
    some = whole(tmp_path / "film.ts")
    assert 5 <= len(some) < 12
    assert np.array_equal(some[:5], every[:5])


FORMATS = [("film.mp4", "libx264", "yuv420p"), ("film.mkv", "ffv1", "gray")]


@pytest.mark.parametrize(("name", "codec", "layout"), FORMATS)
@given(share=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_one_changed_byte_gives_frames_or_a_clear_error(tmp_path_factory, name, codec, layout, share, byte):
    av = pytest.importorskip("av", reason="video files need PyAV, the extra `video`")
    path = tmp_path_factory.mktemp("film") / name
    encode(av, path, GREY[:5], codec, layout)
    contents = bytearray(path.read_bytes())
    contents[int(share * len(contents))] = byte
    path.write_bytes(bytes(contents))
    try:
        film = VideoFile(path, name)
        assert film.read(0, min(film.frames, 9)).shape[1:] == film.shape
    except DataError as error:
        assert f"{name}: " in str(error)


def test_a_codec_that_is_not_known_is_refused(tmp_path, av):
    encode(av, tmp_path / "film.mp4", GREY[:5])
    contents = (tmp_path / "film.mp4").read_bytes()
    (tmp_path / "film.mp4").write_bytes(contents.replace(b"avc1", b"xyz1"))
    with pytest.raises(DataError, match=r"film\.mp4: a video of a kind that this FFmpeg does not decode"):
        VideoFile(tmp_path / "film.mp4", "film.mp4")


@pytest.mark.usefixtures("av")
def test_what_is_no_clip_is_refused(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(DataError, match=r"text\.mp4: .* no video, damaged or truncated"):
        VideoFile(tmp_path / "text.mp4", "text.mp4")
    write_video(tmp_path / "one.mkv", GREY[:1], 25)
    with pytest.raises(DataError, match=r"one\.mkv: a still image where a clip is expected"):
        VideoFile(tmp_path / "one.mkv", "one.mkv")


def test_sound_alone_is_refused(tmp_path, av):
    with av.open(str(tmp_path / "sound.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(DataError, match=r"sound\.mkv: there is no video in it, or it is truncated"):
        VideoFile(tmp_path / "sound.mkv", "sound.mkv")


def test_without_pyav_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "film.mp4").write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DataError, match=r"film\.mp4: video files need PyAV: pip install 'ganglion\[video\]'"):
        load_films(tmp_path / "film.mp4")
    by_pillow(tmp_path / "other.gif", GREY, duration=40)
    films = load_films(tmp_path)
    assert films.names == ["other.gif"] and films.skipped[0].path == "film.mp4"
