"""Digits to train, validate and test on: none in two sets."""

import numpy as np
import pytest

from nn.data import DataError
from nn.data.video import digit_sets
from nn.data.video.digit_sets import shrunk


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def write_idx(folder, name, images):
    header = b"".join(number.to_bytes(4, "big") for number in (2051, *images.shape))
    (folder / f"{name}-images-idx3-ubyte").write_bytes(header + images.tobytes())


def contents(images):
    return {image.tobytes() for image in images}


def assert_apart(sets):
    every = [contents(each) for each in sets]
    assert sum(map(len, every)) == len(set().union(*every)) == sum(map(len, sets))


@pytest.mark.parametrize("side", [28, 14, 9, 31])
def test_rendered_digits_are_divided(side):
    sets = digit_sets(limit=200, side=side, generator=generator())
    assert [each.shape for each in sets] == [(162, side, side), (18, side, side), (20, side, side)]
    assert all(each.dtype == np.uint8 for each in sets)
    assert_apart(sets)
    again = digit_sets(limit=200, side=side, generator=generator())
    assert all(np.array_equal(*pair) for pair in zip(sets, again, strict=True))


def test_the_test_images_of_idx_files_are_those_to_test_on(tmp_path, caplog):
    images = generator().integers(0, 256, (60, 28, 28), np.uint8)
    images[50], images[55], images[4] = images[7], images[56], images[3]
    write_idx(tmp_path, "train", images[:50])
    write_idx(tmp_path, "t10k", images[50:])
    sets = digit_sets(tmp_path, held_out_fraction=0.2, generator=generator())
    assert_apart(sets)
    assert contents(sets.test) == contents(images[51:])
    assert len(sets.training) + len(sets.validation) == 49
    assert contents(sets.training) | contents(sets.validation) == contents(images[:50])
    assert "others have the same pixels" in caplog.text


def test_halves_are_means_of_four_pixels():
    images = generator().integers(0, 256, (5, 28, 28), np.uint8)
    means = images.reshape(5, 14, 2, 14, 2).mean(axis=(2, 4))
    assert np.abs(shrunk(images, 14) - means).max() <= 0.5
    assert shrunk(images, 28) is images


def test_any_size_keeps_the_mean():
    images = generator().integers(0, 256, (50, 28, 28), np.uint8)
    for side in (1, 3, 10, 27):
        assert shrunk(images, side).mean() == pytest.approx(images.mean(), abs=0.2)
    assert (shrunk(np.full((1, 28, 28), 255, np.uint8), 11) == 255).all()


def test_too_few_or_equal_digits(tmp_path):
    with pytest.raises(DataError, match=r"rendered digits: .* give more digits"):
        digit_sets(limit=2, generator=generator())
    write_idx(tmp_path, "train", np.zeros((9, 28, 28), np.uint8))
    with pytest.raises(DataError, match="0 for validation, 0 for test: give more digits, that differ"):
        digit_sets(tmp_path, generator=generator())


@pytest.mark.parametrize("fraction", [0, -0.1, 0.5, float("nan")])
def test_fractions_out_of_range(fraction):
    with pytest.raises(DataError, match="held-out fraction"):
        digit_sets(limit=50, held_out_fraction=fraction, generator=generator())


def test_digits_of_more_than_8_bits_are_refused(tmp_path):
    np.save(tmp_path / "digits.npy", generator().random((30, 28, 28), np.float32))
    with pytest.raises(DataError, match="give 8 bits a pixel"):
        digit_sets(tmp_path / "digits.npy", generator=generator())


def test_mnist(shared_data):
    sets = digit_sets(shared_data / "mnist", side=14, generator=generator())
    assert [len(each) for each in sets] == [54_000, 6_000, 10_000]
    assert_apart(sets)
