"""Folders and files of clips: what is a film, what is a stray, and what is refused or skipped and why."""

import os

import numpy as np
import pytest

from nn.data import DataError
from nn.data.video import load_films
from nn.data.video.frame_folder import natural_order
from nn.shape import Shape
from tests.support.films import by_pillow, moving_square, pictures, write_frames
from tests.support.picture_files import orientation_exif

FRAMES = [moving_square(12, seed=seed) for seed in range(4)]
STILL = "a still image where a clip is expected"


def read(films):
    return [film.read(0, film.frames) for film in films.films]


def reasons(films):
    return {each.path: each.reason for each in films.skipped}


def test_numbers_in_names_are_in_their_own_order():
    names = ["b1", "a10", "a2", "a1b10", "a1b9", "a02", "a", "10", "9"]
    assert sorted(names, key=natural_order) == ["9", "10", "a", "a1b9", "a1b10", "a02", "a2", "a10", "b1"]


def test_a_folder_of_frames_is_one_film(tmp_path):
    write_frames(tmp_path / "walk", FRAMES[0], "frame{}.png")
    films = load_films(tmp_path / "walk")
    assert films.names == ["walk"] and films.shape == Shape(20, 30, 1) and not films.skipped
    assert np.array_equal(read(films), [FRAMES[0]])


def test_a_folder_of_folders_is_a_film_each(tmp_path):
    for number, frames in zip((1, 2, 10), FRAMES, strict=False):
        write_frames(tmp_path / "people" / f"clip{number}", frames, "{:04}.bmp")
    films = load_films(tmp_path)
    assert films.names == ["people/clip1", "people/clip2", "people/clip10"]
    assert np.array_equal(read(films), FRAMES[:3])


def test_files_of_all_kinds_lie_in_one_folder(tmp_path):
    by_pillow(tmp_path / "a.gif", FRAMES[0], duration=40)
    by_pillow(tmp_path / "b.png", FRAMES[1], duration=40)
    np.save(tmp_path / "c.npy", np.stack(FRAMES[2:])[..., 0])
    write_frames(tmp_path / "d", FRAMES[0])
    films = load_films(tmp_path)
    assert films.names == ["a.gif", "b.png", "c.npy[0]", "c.npy[1]", "d"]
    assert np.array_equal(read(films), [*FRAMES, FRAMES[0]])
    assert films.cut(5).shape == (5, 20, 30, 1)


def test_grey_and_colour_together_are_colour(tmp_path):
    by_pillow(tmp_path / "a.gif", FRAMES[0], duration=40)
    colour = moving_square(12, channels=3)
    by_pillow(tmp_path / "b.webp", colour, duration=40, lossless=True)
    assert np.array_equal(read(load_films(tmp_path)), [np.repeat(FRAMES[0], 3, axis=3), colour])
    grey = load_films(tmp_path, channels=1)
    assert grey.shape == Shape(20, 30, 1)
    assert np.array_equal(read(grey)[0], FRAMES[0])


def test_strays_are_skipped_by_name(tmp_path, caplog):
    by_pillow(tmp_path / "a.gif", FRAMES[0], duration=40)
    pictures(FRAMES[1])[0].save(tmp_path / "cover.png")
    pictures(FRAMES[1])[0].save(tmp_path / "one.gif")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "lonely").mkdir()
    pictures(FRAMES[1])[0].save(tmp_path / "lonely" / "1.png")
    (tmp_path / "empty").mkdir()
    films = load_films(tmp_path)
    assert films.names == ["a.gif"]
    found = reasons(films)
    assert found.keys() == {"cover.png", "one.gif", "notes.txt", "broken.jpg", "lonely/1.png"}
    assert found["cover.png"] == found["one.gif"] == found["lonely/1.png"] == STILL
    assert found["notes.txt"] == "neither a clip nor a frame"
    assert "not an image" in found["broken.jpg"]
    assert "notes.txt: skipped: neither a clip nor a frame" in caplog.text


def test_damaged_films_are_skipped_in_a_folder_and_refused_by_themselves(tmp_path):
    for name in ("a.gif", "b.gif", "c.webp"):
        by_pillow(tmp_path / name, FRAMES[0], duration=40)
    for name in ("b.gif", "c.webp"):
        contents = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(contents[: len(contents) * 2 // 3])
    (tmp_path / "d.gif").write_bytes(b"")
    np.save(tmp_path / "e.npy", np.zeros((3, 4)))
    films = load_films(tmp_path)
    found = reasons(films)
    assert films.names == ["a.gif"]
    assert found["b.gif"].startswith("truncated: the file ends within a frame")
    assert found["c.webp"].startswith(("truncated", "damaged", "not an image"))
    assert found["d.gif"] == "the file is empty"
    assert found["e.npy"].startswith("the array is float64 (3, 4)")
    for name in found:
        with pytest.raises(DataError, match=name):
            load_films(tmp_path / name)


def test_frames_of_different_sizes_are_refused_or_fitted(tmp_path):
    write_frames(tmp_path / "film", FRAMES[0])
    pictures(moving_square(1, 10, 30))[0].save(tmp_path / "film" / "5.png")
    message = r"frame 5\.png has 10 x 30 pixels, 0\.png 20 x 30: give a shape to fit all into"
    with pytest.raises(DataError, match=message):
        load_films(tmp_path)
    films = load_films(tmp_path, shape=Shape(16, 24, 3), fit="stretch")
    assert read(films)[0].shape == (12, 16, 24, 3)


def test_films_of_different_sizes_are_refused_or_fitted(tmp_path):
    by_pillow(tmp_path / "a.gif", FRAMES[0], duration=40)
    by_pillow(tmp_path / "b.gif", moving_square(12, 40, 60), duration=40)
    with pytest.raises(DataError, match=r"b\.gif has frames of 40x60x1, a\.gif of 20x30x1: give a shape"):
        load_films(tmp_path)
    films = load_films(tmp_path, shape=Shape(20, 30, 1))
    assert np.array_equal(read(films)[0], FRAMES[0]) and read(films)[1].shape == (12, 20, 30, 1)


def test_a_damaged_frame_is_named(tmp_path):
    write_frames(tmp_path / "film", FRAMES[0])
    contents = (tmp_path / "film" / "7.png").read_bytes()
    (tmp_path / "film" / "7.png").write_bytes(contents[: len(contents) // 2])
    films = load_films(tmp_path)
    assert np.array_equal(films.films[0].read(0, 7), FRAMES[0][:7])
    with pytest.raises(DataError, match=r"film: frame 7\.png: "):
        films.films[0].read(5, 5)
    (tmp_path / "film" / "7.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"film: frame 7\.png: the file is empty"):
        load_films(tmp_path)


def test_photographs_that_lie_on_their_side_are_upright(tmp_path):
    for number, picture in enumerate(pictures(FRAMES[0][:3])):
        picture.save(tmp_path / f"{number}.png", exif=orientation_exif(6))
    films = load_films(tmp_path)
    assert films.shape == Shape(30, 20, 1)
    assert np.array_equal(read(films)[0][..., 0], np.rot90(FRAMES[0][:3, ..., 0], -1, axes=(1, 2)))


def test_links_to_folders_are_followed_once(tmp_path):
    write_frames(tmp_path / "real", FRAMES[0])
    os.symlink(tmp_path, tmp_path / "real" / "round")
    os.symlink(tmp_path / "real", tmp_path / "again")
    assert len(load_films(tmp_path)) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "no clips: the folder is empty"),
        (lambda folder: (folder / "a.txt").write_text("x"), r"no clips: a\.txt: neither a clip nor a frame"),
        (lambda folder: pictures(FRAMES[0])[0].save(folder / "a.png"), f"no clips: .*: {STILL}"),
        (lambda folder: (folder / "a.gif").write_bytes(b"GIF89a"), r"no clips: a\.gif: truncated"),
    ],
)
def test_folders_without_clips_are_refused(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        load_films(tmp_path)


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        load_films(tmp_path / "none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fit": "random-crop"}, "fit random-crop"),
        ({"fit": "squeeze"}, "unknown fit"),
        ({"channels": 2}, "2 channels"),
        ({"shape": Shape(0, 8, 1)}, "every side must be at least 1"),
        ({"rate": 0}, "rate 0"),
    ],
)
def test_options_that_cannot_be(tmp_path, options, message):
    by_pillow(tmp_path / "a.gif", FRAMES[0], duration=40)
    with pytest.raises(DataError if "rate" not in options else ValueError, match=message):
        load_films(tmp_path / "a.gif", **options)
