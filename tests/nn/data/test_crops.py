import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nn.data.crops import RandomCrops, centre_crop, covering_size, divide, draw_crops
from nn.data.errors import DataError
from nn.shape import Shape


def coordinates(height: int, width: int) -> Image.Image:
    """A picture whose pixels encode their place: red the row, green the column."""
    rows, columns = np.indices((height, width), np.uint8)
    return Image.fromarray(np.dstack([rows, columns, np.zeros_like(rows)]))


def pixels_of(pieces: list[np.ndarray]) -> set[tuple[int, int]]:
    return {(int(row), int(column)) for piece in pieces for row, column, _ in piece.reshape(-1, 3)}


@given(
    height=st.integers(8, 120),
    width=st.integers(8, 120),
    crop=st.tuples(st.integers(1, 8), st.integers(1, 8)),
    fraction=st.floats(0.01, 0.9),
    seed=st.integers(0, 9),
)
def test_held_out_crops_share_no_pixel_with_training_crops(
    height: int, width: int, crop: tuple[int, int], fraction: float, seed: int
) -> None:
    shape = Shape(*crop, 3)
    if max(height / crop[0], width / crop[1]) < 2:
        height = 2 * crop[0]
    cutter = draw_crops(1, shape, 30, fraction, generator=np.random.default_rng(seed))
    pieces = [piece.pixels for piece in cutter(coordinates(height, width), 0)]
    assert all(piece.shape == shape for piece in pieces)
    held_out = pixels_of(pieces[30:])
    assert held_out
    assert not held_out & pixels_of(pieces[:30])


def test_crops_are_windows_of_the_picture_that_reach_every_edge() -> None:
    cutter = draw_crops(1, Shape(5, 4, 3), 400, 0.0, generator=np.random.default_rng(0))
    pieces = [piece.pixels for piece in cutter(coordinates(9, 11), 0)]
    for piece in pieces:
        top, left = map(int, piece[0, 0, :2])
        assert np.array_equal(piece, np.asarray(coordinates(9, 11))[top : top + 5, left : left + 4])
    assert len(pixels_of(pieces)) == 9 * 11


@given(
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    crop=st.builds(Shape, st.integers(1, 64), st.integers(1, 64), st.just(1)),
    fraction=st.floats(0.01, 0.99),
)
def test_both_regions_hold_a_crop_after_enlarging_no_more_than_needed(
    height: int, width: int, crop: Shape, fraction: float
) -> None:
    larger = covering_size(height, width, crop, strip=True)
    assert larger[0] >= height and larger[1] >= width
    training, held_out = divide(*larger, crop, fraction)
    for region in (training, held_out):
        assert region.height >= crop.height and region.width >= crop.width
    assert training.pixels + held_out.pixels == larger[0] * larger[1]
    if larger != (height, width):
        slack = {larger[0] - crop.height, larger[0] - 2 * crop.height}
        slack |= {larger[1] - crop.width, larger[1] - 2 * crop.width}
        assert slack & {0, 1}


def test_a_large_picture_keeps_its_scale_and_a_small_one_is_enlarged() -> None:
    assert covering_size(100, 130, Shape(64, 64, 1), strip=True) == (100, 130)
    assert covering_size(100, 100, Shape(64, 64, 1), strip=False) == (100, 100)
    assert covering_size(100, 100, Shape(64, 64, 1), strip=True) == (128, 128)
    assert covering_size(32, 200, Shape(64, 64, 1), strip=True) == (64, 400)
    piece = draw_crops(1, Shape(64, 64, 1), 1, 0.5, generator=np.random.default_rng(0))
    small = Image.new("L", (10, 20), 99)
    assert all(np.all(crop.pixels == 99) for crop in piece(small, 0))


def test_the_strip_has_its_share_of_the_longer_side() -> None:
    training, held_out = divide(100, 400, Shape(10, 10, 1), 0.25)
    assert (training.width, held_out.left, held_out.width) == (300, 300, 100)
    training, held_out = divide(400, 100, Shape(10, 10, 1), 0.25)
    assert (training.height, held_out.top, held_out.height) == (300, 300, 100)


def test_the_same_generator_gives_the_same_crops() -> None:
    def cut(seed: int) -> list[bytes]:
        cutter = draw_crops(2, Shape(4, 4, 3), 5, 0.2, generator=np.random.default_rng(seed))
        return [piece.pixels.tobytes() for piece in cutter(coordinates(40, 50), 1)]

    assert cut(3) == cut(3) != cut(4)


def test_held_out_crops_are_counted_beside_the_training_crops() -> None:
    cutter = draw_crops(3, Shape(4, 4, 1), 10, 0.25, generator=np.random.default_rng(0))
    assert (cutter.pieces, cutter.held_out) == (13, 3)
    assert draw_crops(3, Shape(4, 4, 1), 10, 0.0, generator=np.random.default_rng(0)).held_out == 0


def test_the_centre_crop_is_in_the_centre() -> None:
    piece = centre_crop(Shape(2, 4, 3), 1)(coordinates(10, 10), 0)[0]
    assert piece.pixels[0, 0, :2].tolist() == [4, 3]


def test_a_crop_of_the_whole_picture_is_the_picture() -> None:
    cutter = RandomCrops(Shape(6, 6, 3), np.array([[[0.999, 0.001]]]))
    assert np.array_equal(cutter(coordinates(6, 6), 0)[0].pixels, np.asarray(coordinates(6, 6)))


def test_a_long_thin_picture_is_not_blown_up() -> None:
    with pytest.raises(DataError, match="too thin"):
        covering_size(1, 1_000_000, Shape(64, 64, 1), strip=False)


def test_too_few_and_too_many_crops_are_refused() -> None:
    with pytest.raises(DataError, match="0 crops per image"):
        draw_crops(1, Shape(4, 4, 1), 0, 0.1, generator=np.random.default_rng(0))
    for fraction in (-1.0, 1.5, np.inf, np.nan):
        with pytest.raises(DataError, match="held-out fraction"):
            draw_crops(1, Shape(4, 4, 1), 2, fraction, generator=np.random.default_rng(0))
    with pytest.raises(DataError, match="GiB"):
        draw_crops(10, Shape(64, 64, 3), 10**10, 0.1, generator=np.random.default_rng(0))
