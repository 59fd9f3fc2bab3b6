"""Clips for each purpose: none in two of them, the same for the same settings, each once before any again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.video.data import UNTRAINED, load_data
from experiments.video.run import Run
from nn import DataError
from nn.data.video import ClipSource, MovingDigits
from tests.support.video_runs import tiny


def write_idx(path: Path, count: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 28, 28)).astype(np.uint8)
    header = b"".join(number.to_bytes(4, "big") for number in (2051, *pixels.shape))
    path.write_bytes(header + pixels.tobytes())


def test_digits_are_divided_and_clips_are_the_same_for_every_seed():
    data, other = (load_data(tiny(seed=seed), 5) for seed in (0, 1))
    for name in ("validation", "test"):
        np.testing.assert_array_equal(getattr(data, name), getattr(other, name))
        assert getattr(data, name).shape == (5, 5, 8, 8, 1)
    assert data.count is None
    assert isinstance(data.training, MovingDigits)
    few = np.arange(3)
    np.testing.assert_array_equal(data.training.clips(few), load_data(tiny(), 5).training.clips(few))
    assert not np.array_equal(data.training.clips(few), other.training.clips(few))
    np.testing.assert_array_equal(data.probe, data.training.clips(UNTRAINED + np.arange(5)))


def test_idx_files_move_and_the_test_file_is_the_test(tmp_path: Path):
    for seed, name in enumerate(("train", "t10k")):
        write_idx(tmp_path / f"{name}-images-idx3-ubyte", 30, seed)
    data = load_data(tiny(data=str(tmp_path), limit=None), 5)
    assert "27 / 3 / 30" in data.about
    assert data.count is None


def test_whole_films_are_divided_where_there_are_some(tmp_path: Path):
    films = np.random.default_rng(1).integers(0, 256, (20, 12, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "films.npy", films)
    data = load_data(tiny(data=str(tmp_path / "films.npy")), 5)
    assert (data.count, len(data.validation), len(data.test)) == (32, 4, 4)
    seen = {clip.tobytes() for clip in data.training.clips(np.arange(32))}
    others = [clip.tobytes() for part in (data.validation, data.test) for clip in part]
    assert len(seen | set(others)) == 40


def test_a_single_film_is_divided_by_time(tmp_path: Path):
    film = np.random.default_rng(1).integers(0, 256, (100, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "film.npy", film)
    data = load_data(tiny(data=str(tmp_path / "film.npy")), 5)
    np.testing.assert_array_equal(data.test[-1, -1, ..., 0], film[-1])
    assert data.count is not None
    assert film[:5].tobytes() in [clip.tobytes() for clip in data.training.clips(np.arange(data.count))]


def test_test_films_of_ones_own_leave_all_others_to_learn_from(tmp_path: Path):
    np.save(tmp_path / "films.npy", np.zeros((20, 5, 8, 8), np.uint8))
    np.save(tmp_path / "test.npy", np.full((20, 5, 8, 8), 9, np.uint8))
    for data in (str(tmp_path / "films.npy"), "digits"):
        assert np.all(load_data(tiny(data=data, test_data=tmp_path / "test.npy"), 5).test == 9)


@pytest.mark.parametrize("frames", [1, 4])
def test_films_that_are_too_short_are_refused(tmp_path: Path, frames: int):
    np.save(tmp_path / "films.npy", np.zeros((20, frames, 8, 8), np.uint8))
    with pytest.raises(DataError, match=r"films\.npy.* no film is as long as a clip of 5"):
        load_data(tiny(data=str(tmp_path / "films.npy")), 5)


def test_a_still_picture_is_refused(tmp_path: Path):
    Image.new("L", (8, 8)).save(tmp_path / "still.png")
    with pytest.raises(DataError, match=r"still\.png.*still image"):
        load_data(tiny(data=str(tmp_path / "still.png")), 5)


def test_clips_of_films_come_once_before_any_comes_again(tmp_path: Path):
    films = np.random.default_rng(1).integers(0, 256, (20, 5, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "films.npy", films)
    settings = tiny(data=str(tmp_path / "films.npy"))
    clips = load_data(settings, 5).training.clips(np.arange(32))
    first, second = ([clip.tobytes() for clip in part] for part in (clips[:16], clips[16:]))
    assert len(set(first)) == 16
    assert set(first) == set(second)
    assert first != second
    across = load_data(settings, 5).training.clips(np.arange(12, 20))
    assert [clip.tobytes() for clip in across] == first[12:] + second[:4]


def test_a_run_takes_clips_one_after_the_other():
    run, asked = Run.start(tiny(steps=5)), []

    class Watched(ClipSource):
        shape = run.data.training.shape

        def clips(self, numbers: np.ndarray) -> np.ndarray:
            asked.extend(numbers.tolist())
            return run.data.training.clips(numbers)

    watched = Run(tiny(steps=5), replace(run.data, training=Watched()))
    asked.clear()  # a trainer looks at its first batch when it is made
    for _ in range(5):
        watched.trainer.advance()
    assert asked == list(range(20))
