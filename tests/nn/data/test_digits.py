import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import DataError, digits
from nn.data.digits import FONTS, STROKES, _glyph
from nn.shape import Shape


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_usual_shape_labels_and_determinism() -> None:
    first, again = digits(50, generator=generator()), digits(50, generator=generator())
    other = digits(50, generator=generator(1))
    assert first.shape == Shape(28, 28, 1)
    assert first.images.dtype == np.uint8
    assert first.labels is not None and first.labels.dtype == np.int64
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.images, other.images)
    assert first.names[0] == f"digit-0-{first.labels[0]}"


def test_white_ink_on_black_inside_the_frame() -> None:
    images = digits(500, generator=generator()).images[..., 0]
    labels = digits(500, generator=generator()).labels
    assert labels is not None and set(labels) == set(range(10))
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.max() == 0
    assert images.reshape(500, -1).max(axis=1).min() > 150
    ink = images.mean(axis=(1, 2)) / 255
    assert ink.min() > 0.02 and ink.max() < 0.45


def test_edges_are_smooth() -> None:
    images = digits(100, generator=generator()).images
    grey = np.mean((images > 30) & (images < 225))
    ink = np.mean(images >= 225)
    assert 0.3 * ink < grey < 3 * ink


def test_the_same_digit_is_never_drawn_twice_alike() -> None:
    drawn = digits(200, generator=generator())
    assert len({image.tobytes() for image in drawn.images}) == 200


def test_digits_of_a_label_resemble_each_other() -> None:
    """The nearest class mean recognises far more digits than chance would (a tenth)."""
    drawn = digits(2000, generator=generator())
    assert drawn.labels is not None
    pixels = drawn.images.reshape(2000, -1) / 255
    means = np.stack([pixels[:1500][drawn.labels[:1500] == label].mean(axis=0) for label in range(10)])
    distances = ((pixels[1500:, None] - means) ** 2).sum(axis=2)
    assert np.mean(distances.argmin(axis=1) == drawn.labels[1500:]) > 0.6


def test_colours_lie_on_black() -> None:
    images = digits(60, Shape(20, 24, 3), generator=generator()).images
    brightest = images.reshape(60, -1, 3).max(axis=1)
    assert brightest.max(axis=1).min() > 150
    assert len(np.unique(brightest, axis=0)) > 50
    assert images[:, 0, 0].max() == 0


def test_four_channels_have_a_transparent_ground() -> None:
    grey = digits(20, Shape(20, 24, 1), generator=generator()).images
    images = digits(20, Shape(20, 24, 4), generator=generator()).images
    assert np.array_equal(images[..., 3:], grey)
    assert np.all(images[..., :3] == images[:, :1, :1, :3])


@given(shape=st.builds(Shape, st.integers(1, 50), st.integers(1, 50), st.sampled_from([1, 3, 4])))
def test_any_shape(shape: Shape) -> None:
    images = digits(3, shape, generator=generator())
    assert images.shape == shape
    if min(shape.height, shape.width) >= 8:
        assert images.images.reshape(3, -1).max(axis=1).min() > 50


def test_every_font_has_ten_different_digits() -> None:
    for font in FONTS:
        glyphs = {_glyph(font, digit, STROKES[0]).tobytes() for digit in range(10)}
        assert len(glyphs) == 10, font


def test_bolder_strokes_have_more_ink() -> None:
    ink = [np.asarray(_glyph("DejaVuSans", 3, stroke)).sum(dtype=int) for stroke in STROKES]
    assert ink == sorted(ink) and ink[-1] > 1.2 * ink[0]


def test_bad_arguments() -> None:
    with pytest.raises(DataError, match="0 digits"):
        digits(0, generator=generator())
    with pytest.raises(DataError, match="2 channels"):
        digits(1, Shape(8, 8, 2), generator=generator())
    with pytest.raises(DataError, match="GiB"):
        digits(10**12, generator=generator())
