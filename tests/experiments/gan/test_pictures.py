"""Pictures of entries: what is drawn where."""

import numpy as np
import pytest
from PIL import Image

from experiments.charts import LogarithmicTicks, epoch_ticks
from experiments.gan.interpolation import slerp
from experiments.gan.pictures import as_images, line_cells, progress_frames, write_gif
from experiments.gan.plots import draw_plots, to_csv
from networks.gan.record import GanRow


def test_lines_rise_where_series_do():
    rising = np.linspace(0, 1, 20, dtype=np.float32)[None, :, None]
    cell = line_cells(rising, np.ones((1, 20), bool))[0]
    assert cell.shape == (96, 96, 3)
    dark = cell.mean(axis=-1) < 0.5
    left, right = (np.argwhere(dark[:, column])[:, 0].mean() for column in (10, 85))
    assert right < 20  # rows count downwards
    assert left > 70


def test_steps_that_are_not_there_are_not_drawn():
    there = np.arange(20) < np.array([[10]])
    cell = line_cells(np.full((1, 20, 1), 0.9, np.float32), there)[0]
    dark = cell.mean(axis=-1) < 0.5
    assert dark[:, :40].any()
    assert not dark[:, 55:].any()
    single = line_cells(np.full((1, 20, 1), 0.9, np.float32), np.arange(20) < np.array([[1]]))[0]
    assert (single.mean(axis=-1) < 0.5).any()


def test_images_of_series_are_square_by_both_maxima():
    shares = np.zeros((2, 6, 3), np.float32)
    shares[0, :, 1] = np.linspace(0.2, 0.4, 6)
    shares[1] = 0.5
    there = np.ones((2, 6), bool)
    there[1, 4:] = False
    images = as_images(shares, there, "global")
    assert images.shape == (2, 6, 6, 1)
    np.testing.assert_allclose(images[0, 2:4, :, 0], np.tile(shares[0, :, 1], (2, 1)))
    local = as_images(shares, there, "local")
    assert local[0].max() == 1
    assert not local[1].any()  # constant
    long = as_images(np.zeros((1, 2, 7), np.float32), np.ones((1, 2), bool), "global")
    assert long.shape == (1, 7, 7, 1)


def test_progress_has_at_most_sixty_pictures_and_the_last(tmp_path):
    for number in range(1, 101):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(tmp_path / f"epoch-{number:05}.png")
    frames = progress_frames(tmp_path)
    assert len(frames) == 60
    assert frames[-1].getpixel((0, 0)) == (100, 0, 0)
    write_gif(tmp_path / "a.gif", frames)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 60
        assert gif.info["loop"] == 0


def row(epoch: float, **scores: float) -> GanRow:
    return GanRow(epoch, int(epoch) * 5, 1.0, 1.2, 0.8, 0.0, 0.0, 2.0, 20.0, 0.4, -0.4, 1.0, dict(scores))


def test_plots_have_a_panel_of_scores_where_there_are_some():
    without = draw_plots([row(1), row(2)], "title")
    with_scores = draw_plots([row(1), row(2, mmd=0.1)], "title")
    assert without.width == with_scores.width == 900
    assert with_scores.height > without.height + 100


def test_the_table_leaves_scores_open_that_were_not_measured():
    lines = to_csv([row(1), row(2, mmd=0.25)]).splitlines()
    assert lines[0].endswith("generator_factor,mmd")
    assert [line.rsplit(",", 1)[1] for line in lines[1:]] == ["", "0.25"]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_way_keeps_the_length_of_noise(share):
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(2, 4, 3, 5))
    between = slerp(first, second, share)
    assert between.shape == first.shape
    lengths = [np.linalg.norm(each.reshape(4, -1), axis=1) for each in (first, second, between)]
    same = slerp(first / lengths[0][:, None, None], second / lengths[1][:, None, None], share)
    np.testing.assert_allclose(np.linalg.norm(same.reshape(4, -1), axis=1), 1)
    ends = {0.0: first, 1.0: second}
    if share in ends:
        np.testing.assert_allclose(between, ends[share])
    np.testing.assert_allclose(slerp(first, first, share), first)


@pytest.mark.parametrize("last", [1, 2, 3, 40])
def test_ticks_are_whole_epochs(last: int):
    margin = 0.05 * max(last - 1, 1)
    places = epoch_ticks().tick_values(1 - margin, last + margin)
    assert 1 <= len(places) <= 10
    np.testing.assert_array_equal(places, np.round(places))


@pytest.mark.parametrize(("low", "high"), [(0.5611, 0.5634), (0.6, 1.9), (1.1, 1.9), (0.02, 3), (1e-5, 1)])
def test_logarithmic_scales_have_ticks_whatever_they_span(low: float, high: float):
    places = np.asarray(LogarithmicTicks().tick_values(low, high))
    assert 3 <= ((places >= low) & (places <= high)).sum() <= 25
