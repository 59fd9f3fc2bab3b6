"""Pictures of a classifier's confusions and mistakes."""

import numpy as np
import pytest

from nn.render import confusion, mistakes
from nn.render.canvas import WIDTH

NAMES = ["cat", "dog", "a bird with a rather long name"]


def colours(picture):
    return {tuple(colour) for colour in np.asarray(picture).reshape(-1, 3)}


def test_wrong_answers_have_another_colour_than_right_ones():
    right = confusion(np.array([0, 1, 2]), np.array([0, 1, 2]), NAMES, title="all right")
    wrong = confusion(np.array([0, 1, 2]), np.array([0, 1, 1]), NAMES, title="one wrong")
    assert right.size == wrong.size
    assert colours(wrong) - colours(right)
    assert right.width <= WIDTH


@pytest.mark.parametrize("classes", [1, 2, 10, 60])
def test_any_number_of_classes_fits(classes):
    labels = np.arange(classes)
    picture = confusion(labels, labels[::-1], [str(n) for n in labels], title="t" * 300)
    assert picture.width <= WIDTH
    assert picture.height < 2 * WIDTH


@pytest.mark.parametrize(
    ("labels", "answers", "message"),
    [
        ([0, 1], [0], "give one of each"),
        ([], [], "give one of each"),
        ([0, 3], [0, 1], "label 3 is none of the 3 classes"),
        ([0, 1], [0, -1], "answer -1 is none of the 3 classes"),
    ],
)
def test_answers_that_belong_to_no_class_are_refused(labels, answers, message):
    with pytest.raises(ValueError, match=message):
        confusion(np.array(labels, int), np.array(answers, int), NAMES, title="")


@pytest.mark.parametrize("count", [1, 8, 9, 40])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_mistake_is_drawn(count, channels):
    images = np.random.default_rng(0).random((count, 12, 9, channels))
    picture = mistakes(images, ["4"] * count, ["9"] * count, title="wrong")
    assert picture.width == WIDTH
    assert picture.height > 84


def test_every_image_needs_its_names():
    with pytest.raises(ValueError, match="shorter"):
        mistakes(np.zeros((2, 4, 4, 1)), ["1"], ["2"], title="")
