"""Films are divided before clips are cut, and read when clips are asked for."""

from dataclasses import replace

import numpy as np
import pytest

from nn.data import DataError
from nn.data.video import Clips, FilmSet, check_clips_apart
from nn.data.video.film import Film
from nn.shape import Shape, VideoShape


class Counted(Film):
    """A film whose frame k of film f is filled with 16 f + k, and that notes what was read."""

    def __init__(self, number, frames, *, in_order=False):
        super().__init__(f"film-{number}", frames, Shape(2, 3, 1))
        self.number, self.in_order, self.reads = number, in_order, []

    def read(self, first, count):
        assert first >= 0 and first + count <= self.frames
        self.reads.append((first, count))
        levels = 16 * self.number + np.arange(first, first + count)
        return np.broadcast_to(levels[:, None, None, None], (count, *self.shape)).astype(np.uint8)


def films(*lengths, in_order=False):
    each = [Counted(number, frames, in_order=in_order) for number, frames in enumerate(lengths)]
    return FilmSet(each, np.zeros(len(each), np.int64), np.array(lengths), source="folder")


def generator(seed=0):
    return np.random.default_rng(seed)


def levels(clips):
    return clips.clips(np.arange(len(clips)))[:, :, 0, 0, 0].tolist()


def test_clips_do_not_overlap_by_default():
    clips = films(7, 3, 5).cut(3)
    assert levels(clips) == [[0, 1, 2], [3, 4, 5], [16, 17, 18], [32, 33, 34]]
    assert clips.shape == VideoShape(3, 2, 3, 1)
    assert levels(films(5, 3).cut(3, stride=1)) == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [16, 17, 18]]


def test_clips_in_any_order_and_as_values():
    clips = films(7, 3).cut(3)
    assert clips.clips(np.array([2, 0]))[:, 0, 0, 0, 0].tolist() == [16, 0]
    values = clips.values(np.array([2, 0]), low=-1)
    assert values.shape == (3, 2, 3, 1, 16)
    assert np.allclose(values[1, 0, 0, 0, :2], np.array([17, 1]) / 127.5 - 1)
    with pytest.raises(DataError, match="folder: clip 3 of 3"):
        clips.clips(np.array([3]))


def test_films_that_are_too_short_are_skipped_by_name_and_refused_when_all_are(caplog):
    clips = films(7, 2, 5).cut(3)
    assert clips.skipped == [("film-1", "2 frames, a clip has 3")]
    assert "film-1: skipped: 2 frames, a clip has 3" in caplog.text
    with pytest.raises(
        DataError, match="folder: no film is as long as a clip of 8 frames: the longest, film-0, has 7"
    ):
        films(7, 2, 5).cut(8)


def test_only_what_is_asked_for_is_read():
    made = films(100, 100)
    clips = made.cut(10)
    assert not made.films[0].reads
    clips.clips(np.array([13, 4]))
    assert (made.films[0].reads, made.films[1].reads) == ([(40, 10)], [(30, 10)])


def test_what_is_decoded_in_order_is_kept_within_a_limit(monkeypatch):
    made = films(12, 12, 12, in_order=True)
    clips = made.cut(4)
    monkeypatch.setattr("nn.data.video.film_set.DECODED_LIMIT", 2 * 12 * 6)
    for number in (1, 0, 5, 2, 4):
        clips.clips(np.array([number]))
    assert [film.reads for film in made.films] == [[(0, 12)], [(0, 12)], []]
    clips.clips(np.array([6, 4, 0]))
    assert [film.reads for film in made.films] == [[(0, 12)] * 2, [(0, 12)], [(0, 12)]]
    monkeypatch.setattr("nn.data.video.film_set.DECODED_LIMIT", 71)
    assert levels(made.cut(4))[4] == [20, 21, 22, 23]
    assert made.films[1].reads[-1] == (8, 4)


@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.99])
def test_whole_films_are_held_out(fraction):
    made = films(*[9] * 10)
    training, held_out = made.split(fraction, generator=generator())
    assert len(held_out) == min(max(1, round(10 * fraction)), 9)
    assert sorted(training.names + held_out.names) == sorted(made.names)
    check_clips_apart(training.cut(3, stride=1), held_out.cut(3, stride=1))


def test_which_films_are_held_out_does_not_depend_on_where_they_are_in_memory():
    made = films(*[30] * 9)
    order = np.random.default_rng(1).permutation(9)
    moved = replace(made, films=[made.films[place] for place in order])
    for one, other in zip(
        made.split(0.3, generator=generator()), moved.split(0.3, generator=generator()), strict=True
    ):
        places = [made.films.index(film) for film in one.films]
        assert places == [moved.films.index(film) for film in other.films]


def test_parts_of_a_film_stay_together():
    early, late = films(*[30] * 8).split_by_time(0.3, steps=3)
    both = FilmSet(
        [*early.films, *late.films],
        *map(np.concatenate, zip((early.starts, early.lengths), (late.starts, late.lengths), strict=True)),
    )
    training, held_out = both.split(0.5, generator=generator())
    assert len(training) == len(held_out) == 8
    assert not set(training.names) & set(held_out.names)


@pytest.mark.parametrize("gap", [None, 3, 7])
def test_by_time_with_a_gap(gap):
    training, held_out = films(30, 40).split_by_time(0.2, steps=3, gap=gap)
    assert held_out.lengths.tolist() == [6, 8] and held_out.starts.tolist() == [24, 32]
    assert training.lengths.tolist() == [24 - (gap or 3), 32 - (gap or 3)]
    clips = training.cut(3, stride=1), held_out.cut(3, stride=1)
    check_clips_apart(*clips)
    assert levels(clips[1])[0] == [24, 25, 26] and levels(clips[1])[-1] == [16 + 37, 16 + 38, 16 + 39]


def test_clips_that_were_divided_after_they_were_cut_are_found():
    clips = films(20, 20).cut(4, stride=2)

    def some(numbers):
        return Clips(clips.films, clips.rows[numbers], clips.firsts[numbers], 4)

    with pytest.raises(
        DataError, match="film-0: frames 6 to 9 are held out, and 4 to 7 are trained on: they overlap"
    ):
        check_clips_apart(some([0, 2]), some([3]))
    with pytest.raises(DataError, match="film-1: frames 0 to 3 are held out, and 2 to 5 are trained on"):
        check_clips_apart(some([10]), some([9]))
    check_clips_apart(some([0, 10]), some([2, 12]))


@pytest.mark.parametrize(
    ("divide", "message"),
    [
        (lambda made: made.split(0, generator=generator()), "held-out fraction 0"),
        (lambda made: made.split(1, generator=generator()), "held-out fraction 1"),
        (
            lambda made: made.select([0]).split(0.5, generator=generator()),
            "folder: one film: there is none to hold out",
        ),
        (lambda made: made.split(0.5, generator=0), "generator 0 draws nothing"),
        (
            lambda made: made.split_by_time(0.2, steps=5, gap=4),
            "a gap of 4 frames is shorter than a clip of 5",
        ),
        (
            lambda made: made.split_by_time(0.2, steps=10),
            "film-0: 20 frames: 10 of gap and 10 held out leave 0",
        ),
        (lambda made: made.cut(0), "steps 0"),
        (lambda made: made.cut(2, stride=0), "stride 0"),
    ],
)
def test_divisions_that_cannot_be(divide, message):
    with pytest.raises(ValueError, match=message):
        divide(films(20, 20))


def test_memory_is_looked_at_first(monkeypatch):
    clips = films(20).cut(4)
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 71)
    with pytest.raises(DataError, match="3 clips of 4x2x3x1 needs 72 bytes"):
        clips.clips(np.arange(3))
