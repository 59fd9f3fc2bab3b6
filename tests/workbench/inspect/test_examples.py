"""Examples as pictures: what is no picture is a row of its numbers."""

import numpy as np
import pytest

from nn.shape import SequenceShape, Shape
from workbench.inspect.examples import pictures


@pytest.mark.parametrize("shape", [Shape(1, 1, 3), Shape(1, 1, 4), Shape(1, 1, 6), SequenceShape(6, 1)])
def test_numbers_that_are_no_picture_are_a_row(shape):
    values = np.linspace(0, 1, 2 * shape.size).reshape(2, *shape)
    drawn = pictures(values, shape)
    assert drawn.shape == (2, 1, shape.size, 1)
    assert np.array_equal(drawn.ravel(), np.rint(values.ravel() * 255))


@pytest.mark.parametrize("shape", [Shape(2, 3, 1), Shape(2, 3, 3), Shape(2, 3, 4), SequenceShape(4, 3)])
def test_pictures_stay_as_they_are(shape):
    drawn = pictures(np.zeros((2, *shape)), shape)
    assert drawn.shape[1:3] == tuple(shape)[:2]
