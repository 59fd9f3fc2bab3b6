"""Clips in `.npy` files: axes, mapping, and clips that are written."""

import numpy as np
import pytest

from nn.data import DataError, digits
from nn.data.video import MovingDigits, load_films, store_clips
from nn.data.video.stored import AXES, stored_films
from tests.support.films import moving_square

CLIPS = np.stack([moving_square(5, 16, 18, 3, seed) for seed in range(7)])
"""(N, steps, height, width, channels)."""


def saved(tmp_path, array):
    np.save(tmp_path / "clips.npy", array)
    return tmp_path / "clips.npy"


def read(films):
    return np.stack([film.read(0, film.frames) for film in films])


@pytest.mark.parametrize("axes", AXES)
def test_axes_that_are_named(tmp_path, axes):
    whole = CLIPS if "C" in axes else CLIPS[..., :1]
    whole = whole if "N" in axes else whole[:1]
    kept = [place for place, each in enumerate("NTHWC") if each in axes]
    array = whole.squeeze(tuple(set(range(5)) - set(kept)))
    order = [[each for each in "NTHWC" if each in axes].index(each) for each in axes]
    path = saved(tmp_path, np.transpose(array, order))
    assert np.array_equal(read(stored_films(path, "clips.npy", axes)), whole)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (CLIPS, CLIPS),
        (CLIPS.transpose(0, 1, 4, 2, 3), CLIPS),
        (CLIPS[..., 0], CLIPS[..., :1]),
        (CLIPS[0], CLIPS[:1]),
        (CLIPS[0, ..., 0], CLIPS[:1, ..., :1]),
    ],
)
def test_axes_that_are_found_out(tmp_path, array, expected):
    films = stored_films(saved(tmp_path, array), "clips.npy")
    assert np.array_equal(read(films), expected)
    several = len(expected) > 1
    assert films[-1].name == (f"clips.npy[{len(expected) - 1}]" if several else "clips.npy")


def test_the_published_test_set_is_known_by_its_shape_and_only_mapped(tmp_path):
    """Time comes first there. The file is sparse: 819,200,000 bytes that are not read."""
    path = tmp_path / "mnist_test_seq.npy"
    array = np.lib.format.open_memmap(path, "w+", np.uint8, (20, 10_000, 64, 64))
    array[3, 9_999, 5, 6] = 77
    array.flush()
    films = load_films(path)
    assert len(films) == 10_000 and set(films.lengths) == {20} and films.shape == (64, 64, 1)
    clip = films.cut(20).clips(np.array([9_999]))
    assert clip[0, 3, 5, 6, 0] == 77 == clip.sum()


def test_time_that_comes_first_is_noticed(tmp_path):
    """Neighbours along the first axis are nearly equal, and those along the second are not."""
    clips = MovingDigits(digits(20, generator=np.random.default_rng(0)).images, size=32, step_length=0.02)
    path = saved(tmp_path, clips.clips(np.arange(30))[..., 0].swapaxes(0, 1))
    with pytest.raises(DataError, match=r"more alike than along the second: give axes=\"TNHW\""):
        stored_films(path, "clips.npy")
    assert len(stored_films(path, "clips.npy", "TNHW")) == 30
    assert len(stored_films(path, "clips.npy", "NTHW")) == 20


def test_floating_point_and_16_bits_become_8(tmp_path):
    for array in (CLIPS / 255, CLIPS.astype(np.float32) / 255, CLIPS.astype(np.uint16) * 257):
        assert np.array_equal(read(stored_films(saved(tmp_path, array), "clips.npy")), CLIPS)
    films = stored_films(saved(tmp_path, CLIPS / 25.0), "clips.npy")
    with pytest.raises(DataError, match=r"clips\.npy\[0\]: pixels of float64 from 0 to"):
        films[0].read(0, 2)


@pytest.mark.parametrize(
    ("array", "axes", "message"),
    [
        (np.zeros((3, 4), np.uint8), None, r"the array is uint8 \(3, 4\); expected clips"),
        (np.zeros((0, 4, 5, 6), np.uint8), None, "expected clips"),
        (np.zeros((2, 4, 5, 6), np.int64), None, "expected clips"),
        (np.zeros((2, 4, 5, 6, 7), np.uint8), None, "7 channels, expected 1, 3 or 4"),
        (np.zeros((2, 4, 5, 6), np.uint8), "NTHWC", "does not have the axes 'NTHWC'"),
        (np.zeros((2, 4, 5, 6), np.uint8), "XTHW", "does not have the axes 'XTHW'; known: THW"),
        (np.array([{}]), None, "without running"),
    ],
)
def test_other_arrays_are_refused(tmp_path, array, axes, message):
    with pytest.raises(DataError, match=message):
        stored_films(saved(tmp_path, array), "clips.npy", axes)


def test_a_truncated_file_is_refused(tmp_path):
    path = saved(tmp_path, CLIPS)
    contents = path.read_bytes()
    for length in (0, 5, 100, len(contents) - 1):
        path.write_bytes(contents[:length])
        with pytest.raises(DataError, match=r"clips\.npy: (not a file of NumPy|cannot be read)"):
            stored_films(path, "clips.npy")


def test_clips_are_written_a_few_at_a_time_and_mapped(tmp_path, monkeypatch):
    moving = MovingDigits(digits(20, generator=np.random.default_rng(0)).images, size=32, steps=4)
    numbers = np.arange(5, 25)
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 3 * 4 * 32 * 32)
    store_clips(tmp_path / "clips.npy", moving, numbers, at_once=3)
    monkeypatch.undo()
    assert np.array_equal(np.load(tmp_path / "clips.npy"), moving.clips(numbers))
    again = load_films(tmp_path / "clips.npy").cut(4)
    assert np.array_equal(again.clips(np.arange(20)), moving.clips(numbers))


def test_a_failed_write_leaves_the_old_file(tmp_path):
    moving = MovingDigits(digits(20, generator=np.random.default_rng(0)).images, size=32, steps=4)
    store_clips(tmp_path / "clips.npy", moving, np.arange(2))
    with pytest.raises(DataError, match="clip -1"):
        store_clips(tmp_path / "clips.npy", moving, np.array([0, -1]))
    with pytest.raises(DataError, match="cannot be written"):
        store_clips(tmp_path / "none" / "clips.npy", moving, np.arange(2))
    with pytest.raises(DataError, match=r"stored as \.npy"):
        store_clips(tmp_path / "clips.npz", moving, np.arange(2))
    assert [path.name for path in tmp_path.iterdir()] == ["clips.npy"]
    assert len(np.load(tmp_path / "clips.npy")) == 2
