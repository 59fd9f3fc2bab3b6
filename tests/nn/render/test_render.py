"""Pictures of images and losses: sizes, colours at known places, bad input, same bytes, saving."""

import io
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from nn.render import code_sweep, loss_curve, reconstructions, save
from nn.render.canvas import fit_text, number, text_width
from nn.render.colours import BACKGROUND, HELD_OUT, TRAIN, diverging, image_to_rgb


def has_colour(picture, colour):
    return bool((np.asarray(picture) == ImageColor.getrgb(colour)).all(axis=-1).any())


def margins_are_empty(picture, width=4):
    pixels = np.asarray(picture)
    edges = [pixels[:width], pixels[-width:], pixels[:, :width], pixels[:, -width:]]
    return all((edge == ImageColor.getrgb(BACKGROUND)).all() for edge in edges)


def png(picture):
    file = io.BytesIO()
    picture.save(file, format="PNG")
    return file.getvalue()


@pytest.fixture
def generator():
    return np.random.default_rng(7)


# Colours


def test_diverging_colours_are_blue_below_light_at_and_red_above_zero():
    low, below, zero, above, high = diverging(np.array([-9.0, -2.0, 0.0, 2.0, 9.0]), 2.0).astype(int)
    assert low[2] > low[0] and high[0] > high[2]
    assert zero.min() > 240 and np.ptp(zero) <= 2
    np.testing.assert_array_equal(low, below)
    np.testing.assert_array_equal(high, above)


def test_grey_colour_and_transparent_images_become_rgb():
    grey = image_to_rgb(np.full((2, 2, 1), 0.5))
    assert (grey == 128).all()
    colour = image_to_rgb(np.array([[[1.0, 0.0, 2.0]]]))
    assert colour.tolist() == [[[255, 0, 255]]]
    clear = image_to_rgb(np.zeros((12, 12, 4)))
    assert len(np.unique(clear)) == 2 and clear[0, 0, 0] != clear[0, 6, 0]
    opaque = image_to_rgb(np.broadcast_to([0.2, 0.4, 0.6, 1.0], (12, 12, 4)))
    assert (opaque == [51, 102, 153]).all()


# Reconstructions


def test_originals_stand_above_their_outputs():
    originals = np.zeros((2, 4, 4, 3))
    originals[0, ..., 0], originals[1, ..., 1] = 1, 1
    outputs = np.zeros((2, 4, 4, 3))
    outputs[..., 2] = 1
    pixels = np.asarray(reconstructions(originals, outputs))
    rows = {
        name: np.argwhere((pixels == colour).all(axis=-1))
        for name, colour in {"first": (255, 0, 0), "second": (0, 255, 0), "output": (0, 0, 255)}.items()
    }
    assert rows["first"].max(axis=0)[0] < rows["output"].min(axis=0)[0]
    assert rows["first"].min(axis=0)[0] == rows["second"].min(axis=0)[0]
    assert rows["first"].max(axis=0)[1] < rows["second"].min(axis=0)[1]
    assert len(rows["output"]) == 2 * len(rows["first"])


@given(count=st.integers(1, 60), height=st.integers(1, 40), width=st.integers(1, 40))
def test_every_image_is_there_enlarged_by_a_whole_factor(count, height, width):
    images = np.zeros((count, height, width, 3))
    images[..., 0] = 1
    picture = reconstructions(images, images)
    red = (np.asarray(picture) == (255, 0, 0)).all(axis=-1).sum()
    factor = np.sqrt(red / (2 * images[..., 0].size))
    assert factor == int(factor) >= 1
    assert picture.width <= 1000
    assert margins_are_empty(picture)


def test_the_whole_is_nearly_square(generator):
    images = generator.random((50, 28, 28, 1))
    width, height = reconstructions(images, images).size
    assert 0.8 < width / height < 1.25


def test_large_and_very_wide_images_keep_their_size():
    wide = np.ones((2, 1, 1500, 1))
    assert 1500 < reconstructions(wide, wide).width < 1800
    large = np.ones((4, 384, 384, 3))
    assert reconstructions(large, large).width > 2 * 384


def test_a_long_title_is_cut_not_the_picture_widened():
    image = np.ones((1, 28, 28, 1))
    picture = reconstructions(image, image, title="word " * 100)
    assert picture.width <= 900 and margins_are_empty(picture)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((2, 4, 4), "expected"), ((0, 4, 4, 1), "nothing to draw"), ((2, 4, 4, 2), "2 channels")],
)
def test_arrays_that_are_no_images_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        reconstructions(np.zeros(shape), np.zeros(shape))


def test_bytes_unequal_shapes_and_numbers_that_are_none_are_refused():
    images = np.zeros((2, 4, 4, 1))
    with pytest.raises(TypeError, match="uint8"):
        reconstructions(images.astype(np.uint8), images)
    with pytest.raises(ValueError, match="must be equal"):
        reconstructions(images, images[:1])
    broken = images.copy()
    broken[1, 2, 3, 0] = np.nan
    with pytest.raises(ValueError, match=r"outputs hold nan at \(N, H, W, C\) = \(1, 2, 3, 0\)"):
        reconstructions(images, broken)


# Sweeps


def test_a_sweep_has_a_row_per_entry_and_a_column_per_value():
    images = np.zeros((2, 3, 4, 4, 3))
    images[..., 0] = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])[..., None, None]
    pixels = np.asarray(code_sweep(images, row_labels=["a", "b"], column_labels=["-1", "0", "1"]))
    reds = np.rint(images[:, :, 0, 0, 0] * 255).astype(int)
    corners = [[np.argwhere((pixels == (red, 0, 0)).all(axis=-1))[0] for red in row] for row in reds]
    np.testing.assert_array_equal(np.diff(np.array(corners)[..., 0], axis=1), 0)
    np.testing.assert_array_equal(np.diff(np.array(corners)[..., 1], axis=0), 0)
    assert corners[0][0][0] < corners[1][0][0] and corners[0][0][1] < corners[0][1][1]


@pytest.mark.parametrize("labels", [{"row_labels": ["a"]}, {"column_labels": ["a", "b"]}])
def test_labels_must_be_as_many_as_rows_and_columns(labels):
    with pytest.raises(ValueError, match="one each, or none"):
        code_sweep(np.zeros((3, 4, 2, 2, 1)), **labels)


def test_long_labels_and_many_columns_stay_inside():
    images = np.zeros((3, 60, 5, 5, 1))
    labels = [f"value number {number}" for number in range(60)]
    picture = code_sweep(
        images, row_labels=["a very long label " * 9] * 3, column_labels=labels, title="Sweep"
    )
    assert margins_are_empty(picture) and picture.width < 1200


# Losses


def test_both_curves_are_drawn_in_their_colours():
    falling = [(step, 1 / step) for step in range(1, 21)]
    picture = loss_curve(falling, [(step, 1.2 * loss) for step, loss in falling], steps_per_epoch=5)
    assert picture.size == (900, 420) and margins_are_empty(picture)
    assert has_colour(picture, TRAIN) and has_colour(picture, HELD_OUT)
    alone = loss_curve(falling)
    assert has_colour(alone, TRAIN) and not has_colour(alone, HELD_OUT)


@pytest.mark.parametrize("losses", [[0.3], [0.0, 0.0, 0.0], [-1.0, -2.0], [1e-12, 1e12], [5.0, 5.0 + 1e-12]])
def test_extreme_losses_can_be_drawn(losses):
    picture = loss_curve([(step * 1_000_000, loss) for step, loss in enumerate(losses)], title="$x^ {")
    assert has_colour(picture, TRAIN) and margins_are_empty(picture)


def test_losses_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match="both curves are empty"):
        loss_curve([])
    with pytest.raises(ValueError, match="held-out: the loss at step 2 is nan"):
        loss_curve([(1, 1.0)], [(1, 1.0), (2, float("nan"))])
    with pytest.raises(ValueError, match="train: step 2 follows step 3"):
        loss_curve([(1, 1.0), (3, 1.0), (2, 1.0)])
    with pytest.raises(ValueError, match="expected pairs"):
        loss_curve([(1, 1.0, 2.0)])
    with pytest.raises(ValueError, match="must be positive"):
        loss_curve([(1, 1.0)], steps_per_epoch=0)


# Text, files and bytes


def test_text_is_cut_to_one_line_that_fits():
    assert fit_text("one\ntwo", 13, 200) == "one two"
    assert fit_text("", 13, 10) == ""
    cut = fit_text("a long name " * 20, 13, 100)
    assert cut.endswith("…") and text_width(cut, 13) <= 100
    assert number(-0.00012345) == "−0.000123"


def test_the_same_input_gives_the_same_bytes(generator):
    images = generator.random((5, 9, 7, 4))
    losses = [(step, float(loss)) for step, loss in enumerate(generator.random(50))]
    for draw in (
        lambda: reconstructions(images, images[::-1], title="twice"),
        lambda: code_sweep(images[None], row_labels=["0"]),
        lambda: loss_curve(losses, losses[::2]),
    ):
        assert png(draw()) == png(draw())


def test_saving_replaces_the_picture_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "picture.png"
    save(Image.new("RGB", (3, 2), "red"), path)
    save(Image.new("RGB", (5, 4), "blue"), str(path))
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.size == (5, 4)
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]
    reference = tmp_path / "reference"
    reference.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(reference.stat().st_mode)


def test_a_failed_save_keeps_the_old_picture(tmp_path):
    class Failing(Image.Image):
        def save(self, file, **options):
            file.write(b"half a picture")
            raise OSError("disk full")

    path = tmp_path / "picture.png"
    save(Image.new("RGB", (3, 2)), path)
    before = path.read_bytes()
    with pytest.raises(OSError, match="disk full"):
        save(Failing(), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["picture.png"]


def test_only_png_is_saved(tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.png"):
        save(Image.new("RGB", (1, 1)), tmp_path / "picture.jpg")
    with pytest.raises(FileNotFoundError):
        save(Image.new("RGB", (1, 1)), tmp_path / "missing" / "picture.png")
