"""Shapes of images, sequences and videos, written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.shape import SequenceShape, Shape, VideoShape, as_shape, features_of, parse_shape

sides = st.integers(1, 10_000)


@given(st.lists(sides, min_size=2, max_size=4))
def test_what_is_written_is_read_again(numbers):
    shape = as_shape(tuple(numbers))
    assert parse_shape(str(shape)) == shape
    assert type(parse_shape(str(shape))) is type(shape)
    assert tuple(shape) == tuple(numbers)
    assert features_of(shape) == numbers[-1]


def test_each_number_of_sides_has_its_kind():
    assert as_shape((4, 3)) == SequenceShape(steps=4, features=3)
    assert as_shape((4, 3, 2)) == Shape(height=4, width=3, channels=2)
    video = as_shape((5, 4, 3, 2))
    assert isinstance(video, VideoShape)
    assert video.image == Shape(4, 3, 2)
    assert [shape.size for shape in (SequenceShape(4, 3), Shape(4, 3, 2), video)] == [12, 24, 120]


@pytest.mark.parametrize(
    "sides", [(), (3,), (1, 2, 3, 4, 5), (0, 3), (2, -1, 3), (2, 1.5), 28, "6x6", (2, "3"), (2, None)]
)
def test_other_numbers_of_sides_are_refused(sides):
    with pytest.raises(ValueError, match="each at least 1"):
        as_shape(sides)


@pytest.mark.parametrize("text", ["", "x", "3", "3x", "axb", "0x3", "-1x3x1", "1x2x3x4x5", "1.5x2"])
def test_other_texts_are_refused_and_shown(text):
    with pytest.raises(ValueError, match=f"shape '{text}': write its sides as 28x28x1"):
        parse_shape(text)
