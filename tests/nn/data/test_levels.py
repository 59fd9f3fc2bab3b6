"""Levels: floating point of a whole folder has one range, and files with another are named."""

import logging

import numpy as np
import pytest
from PIL import Image

from autoencoder.web.uploads import decode
from nn.data import DataError, load_all, load_images
from nn.data.levels import DARKEST, ROUNDING, check_together, to_eight_bits
from nn.shape import Shape

SHAPE = Shape(3, 4, 1)


def save(folder, **tops):
    """Write a file of floating point for every name, from 0 to the number given."""
    for name, top in tops.items():
        pixels = np.linspace(0, top, 12, dtype=np.float32).reshape(3, 4)
        Image.fromarray(pixels).save(folder / f"{name}.tif")


def grey(folder):
    return load_all(folder, SHAPE, fit="stretch").images[..., 0]


@pytest.mark.parametrize("top", [1.0, np.nextafter(np.float32(1), np.float32(2)), 1.0001, 1.0019])
def test_a_hair_above_one_is_rounding(tmp_path, top, caplog):
    save(tmp_path, a=0.8, b=top, c=1.0)
    images = grey(tmp_path)
    expected = np.rint(np.clip(np.linspace(0, [0.8, top, 1], 12, axis=1), 0, 1) * 255)
    np.testing.assert_allclose(images.reshape(3, 12), expected, atol=0.01)
    assert not caplog.messages


def test_a_hair_below_zero_is_rounding():
    pixels = np.array([-1e-7, -0.0019, 0.5, 1], np.float32)
    assert to_eight_bits(pixels).tolist() == [0, 0, 128, 255]


@pytest.mark.parametrize("wrong", [-0.01, 1.01, np.nan, np.inf, -np.inf])
def test_what_is_no_rounding_is_refused(wrong):
    with pytest.raises(DataError, match=r"pixels of float32 from .*: expected 0 to 1, or to 255 in"):
        to_eight_bits(np.array([0.5, wrong], np.float32))


def test_files_from_zero_to_255_are_read_as_such_and_it_is_said(tmp_path, caplog):
    save(tmp_path, a=255, b=130, c=3.5, black=0)
    with caplog.at_level(logging.WARNING):
        images = grey(tmp_path)
    np.testing.assert_allclose(images.reshape(4, 12)[:, -1], [255, 130, 0, 4])
    assert "floating point goes to 255 in a.tif, so it is read as 0 to 255" in caplog.text


@pytest.mark.parametrize(
    "tops", [{"a": 0.9, "b": 200.0}, {"a": 1.01, "b": 1.0, "c": 0.2}, {"a": 1e-3, "b": 255}]
)
@pytest.mark.parametrize("fit", ["crop", "pad", "random-crop"])
def test_files_that_mean_different_things_are_named(tmp_path, tops, fit):
    save(tmp_path, **tops)
    names = r"floating point goes to \S+ in [ab]\.tif and to \S+ in [ab]\.tif: save all files of a folder"
    with pytest.raises(DataError, match=names):
        load_images(tmp_path, SHAPE, fit=fit, generator=np.random.default_rng(0))


@pytest.mark.parametrize("top", [1.003, 1.5, 12, DARKEST - 1])
def test_files_that_mean_neither_are_named(tmp_path, top):
    save(tmp_path, a=top, b=top / 1.001)
    with pytest.raises(
        DataError, match=r"floating point goes to \S+ in a\.tif: expected 0 to 1, or 0 to 255"
    ):
        grey(tmp_path)
    with pytest.raises(DataError, match="expected 0 to 1, or 0 to 255"):
        decode((tmp_path / "a.tif").read_bytes(), SHAPE, "stretch")


def test_other_files_of_the_folder_do_not_matter(tmp_path):
    save(tmp_path, a=1.0)
    Image.new("L", (4, 3), 200).save(tmp_path / "b.png")
    Image.fromarray(np.full((3, 4), 65535, np.uint16)).save(tmp_path / "c.png")
    assert grey(tmp_path)[:, -1, -1].tolist() == [255, 200, 255]


def test_integers_of_32_bits_are_sixteen_in_every_file(tmp_path):
    for name, top in {"a": 65535, "b": 255, "c": 1}.items():
        Image.fromarray(np.full((3, 4), top, np.int32)).save(tmp_path / f"{name}.tif")
    Image.fromarray(np.full((3, 4), 65536, np.int32)).save(tmp_path / "d.tif")
    images = load_all(tmp_path, SHAPE)
    assert images.images[:, 0, 0, 0].tolist() == [255, 1, 0]
    assert images.skipped == [("d.tif", "pixels of int32 from 65536 to 65536: expected 0 to 65535")]


def test_nothing_is_said_of_black_files():
    check_together("folder", {"a": 0.0, "b": 0.0})
    check_together("folder", {"a": 1 + ROUNDING, "b": 0.0})
    check_together("folder", {})
