"""Expectations: everything of a set that does not fit is named at once, and nothing that does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import (
    DataError,
    Expectation,
    ExpectationError,
    ImageSet,
    SeriesSet,
    cut_windows,
    digits,
    split_by_time,
)
from nn.data.video import load_films
from nn.shape import Shape
from tests.support.films import by_pillow, moving_square

DIGITS = digits(60, generator=np.random.default_rng(0))
FITTING = Expectation(shape=(28, 28, 1), low=0, high=255, classes=10)


def problems(data, expectation, held_out=None):
    try:
        data.validate(expectation, held_out)
    except ExpectationError as error:
        assert str(error).endswith("; ".join(error.problems))
        return list(error.problems)
    return []


def images(values, labels=None, **more):
    names = [f"{place}.png" for place in range(len(values))]
    return ImageSet(values, names, labels=labels, **more)


def test_what_fits_is_accepted():
    training, held_out = DIGITS.split(0.2, generator=np.random.default_rng(0))
    assert problems(DIGITS, FITTING) == []
    assert problems(training, Expectation(shape=(None, 28, 1), classes=10, high=255), held_out) == []
    assert problems(DIGITS, Expectation()) == []


def test_all_that_does_not_fit_is_named_at_once():
    values = np.full((4, 2, 3, 1), 0.5, np.float32)
    values[1, 0, 2] = np.nan
    values[2, 1, 1] = 1.5
    values[3] = -1
    found = problems(
        images(values, np.array([0, 0, 5, 1])),
        Expectation(shape=(2, 2, 1), low=0, high=1, classes=3, least=2),
    )
    assert found == [
        "images have 3 columns: 2 are expected",
        "one value is missing, first in 1.png, row 0, column 2, channel 0",
        "6 values are below 0, first -1 in 3.png, row 0, column 0, channel 0",
        "one value is above 1, first 1.5 in 2.png, row 1, column 1, channel 0",
        "1 labels are none of 0 to 2, such as 5 of 2.png",
        "fewer than 2 images of class 1, 2",
    ]


def test_the_held_out_set_is_held_to_the_same_and_named():
    values = np.random.default_rng(0).random((600, 2, 2, 1), np.float32)
    training, held_out = images(values[:300]), images(values[300:] + 0)
    held_out.images[290, 1, 0] = 7
    assert problems(training, Expectation(high=1, least=300), held_out) == [
        "held out: one value is above 1, first 7 in 290.png, row 1, column 0, channel 0"
    ]
    wider = images(np.zeros((1, 2, 3, 1), np.float32))
    assert problems(training, Expectation(shape=(2, 2, 1)), wider) == [
        "held out: images have 3 columns: 2 are expected"
    ]


def test_padding_does_not_count():
    values = np.zeros((1, 1, 2, 1), np.float32)
    values[0, 0, 1] = 9
    masks = np.array([[[True, False]]])
    assert problems(images(values, masks=masks), Expectation(high=1)) == []
    assert problems(images(values), Expectation(high=1)) != []
    series = SeriesSet.of(np.ones((2, 3, 1)), lengths=np.array([3, 2]))
    assert problems(series, Expectation(low=1)) == []


def test_series_are_as_long_as_they_are_and_have_their_classes():
    series = SeriesSet.of(
        np.ones((2, 3, 1)), lengths=np.array([3, 2]), labels=np.array([0, 1]), classes=("up", "down")
    )
    assert problems(series, Expectation(shape=(None, 1), classes=["up", "down"])) == []
    assert problems(series, Expectation(shape=(3, 2), classes=["down", "up"])) == [
        "1 series do not have 3 steps, such as 1 with 2",
        "series have 1 variables: 2 are expected",
        "classes are up, down: down, up are expected",
    ]
    assert problems(series, Expectation(shape=(3, 1, 1))) == [
        "series have 2 axes, step, variable: 3 are expected"
    ]
    missing = SeriesSet.of(np.full((1, 2, 1), np.nan))
    assert problems(missing, Expectation(missing=True)) == []
    assert problems(missing, Expectation(classes=2, least=3)) == [
        "2 values are missing, first in 0, step 0, variable 0",
        "there are no labels",
    ]
    assert problems(missing, Expectation(missing=True, least=3)) == ["1 series: at least 3 are expected"]


@given(st.integers(0, 9), st.integers(10, 19))
def test_an_image_in_both_sets_is_a_leak(place, other):
    training, held_out = DIGITS.select(np.arange(40)), DIGITS.select(np.arange(40, 60))
    assert problems(training, FITTING, held_out) == []
    pixels = held_out.images.copy()
    pixels[place] = training.images[other]
    leaking = ImageSet(pixels, held_out.names, labels=held_out.labels)
    assert problems(training, FITTING, leaking) == [
        f"held out: 1 images are trained on, too, with the same numbers: {held_out.names[place]} is "
        f"{training.names[other]}"
    ]


def test_an_empty_image_is_no_leak():
    black = images(np.zeros((2, 4, 4, 1), np.uint8))
    assert problems(black, Expectation(), black) == []


def test_a_class_that_is_held_out_must_be_trained_on():
    values = np.random.default_rng(0).integers(0, 256, (4, 3, 3, 1), np.uint8)
    training, held_out = images(values[:2], np.array([0, 1])), images(values[2:], np.array([1, 2]))
    assert problems(training, Expectation(), held_out) == ["held out: class '2' is not trained on"]


def test_windows_that_overlap_are_a_leak():
    generator = np.random.default_rng(0)
    stock = SeriesSet.of(generator.normal(size=(1, 100, 2)))
    windows = cut_windows(stock, 10)
    found = problems(windows.select(np.arange(60)), Expectation(), windows.select(np.arange(60, 91)))
    assert len(found) == 1 and "they overlap" in found[0]
    apart = [cut_windows(each, 10) for each in split_by_time(stock, 0.2, window=10)]
    assert problems(apart[0], Expectation(shape=(10, 2)), apart[1]) == []
    same = SeriesSet.of(stock.values.copy())
    assert "with the same numbers" in problems(stock, Expectation(), same)[0]


def test_clips_are_held_to_their_shape_and_frames(tmp_path):
    by_pillow(tmp_path / "square.gif", moving_square(12), duration=100)
    films = load_films(tmp_path / "square.gif")
    clips = films.cut(4)
    assert problems(clips, Expectation(shape=(4, 20, 30, 1))) == []
    found = problems(clips, Expectation(shape=(5, 20, 30, 3)), films.cut(4, 1))
    assert found[:2] == ["clips have 4 steps: 5 are expected", "clips have 1 channels: 3 are expected"]
    assert "they overlap" in found[-1]


def test_sets_of_different_kinds_do_not_go_together():
    series = SeriesSet.of(np.ones((2, 3, 1)))
    assert problems(series, Expectation(), DIGITS) == ["held out: images, and what is trained on are series"]


@pytest.mark.parametrize(
    "settings",
    [{"shape": (0, 1)}, {"low": float("nan")}, {"classes": 0}, {"classes": "abc"}, {"least": 0}],
)
def test_expectations_that_cannot_be_are_refused(settings):
    with pytest.raises(ValueError, match="expectation"):
        Expectation(**settings)


def test_the_message_is_one_line_and_an_error_of_data():
    with pytest.raises(DataError, match=r"^one thing does not fit: images have 28 rows: 5 are expected$"):
        DIGITS.validate(Expectation(shape=Shape(5, 28, 1)))
