import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.data import FITS, DataError, Fit, load_all, load_images
from nn.shape import Shape


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def write_idx(path: Path, images: np.ndarray) -> None:
    path.write_bytes(gzip.compress(struct.pack(">IIII", 2051, *images.shape) + images.tobytes()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(10):
        pixels = generator(number).integers(0, 256, (30 + number, 45, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tmp_path


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_fit_and_number_of_channels(folder: Path, fit: Fit, channels: int) -> None:
    shape = Shape(12, 10, channels)
    training, held_out = load_images(
        folder, shape, fit=fit, generator=generator(), held_out_fraction=0.2, crops_per_image=5
    )
    assert training.shape == held_out.shape == shape
    assert (len(training), len(held_out)) == ((50, 10) if fit == "random-crop" else (8, 2))
    assert not set(training.names) & set(held_out.names)
    whole = load_all(folder, shape, fit=fit)
    assert whole.names == [f"{number}.png" for number in range(10)]


def test_loading_is_deterministic(folder: Path) -> None:
    for fit in FITS:
        first, again, other = (
            load_images(folder, Shape(8, 8, 3), fit=fit, generator=generator(seed)) for seed in (1, 1, 2)
        )
        for part in (0, 1):
            assert first[part].names == again[part].names
            assert np.array_equal(first[part].images, again[part].images)
        assert not np.array_equal(first[1].images, other[1].images)


def test_limit_takes_the_first_files(folder: Path) -> None:
    assert load_all(folder, Shape(8, 8, 1), limit=3).names == ["0.png", "1.png", "2.png"]
    training, held_out = load_images(folder, Shape(8, 8, 1), generator=generator(), limit=4)
    assert sorted([*training.names, *held_out.names]) == ["0.png", "1.png", "2.png", "3.png"]


def test_no_held_out_images_when_none_are_wanted(folder: Path) -> None:
    for fit, count in (("crop", 10), ("random-crop", 20)):
        training, held_out = load_images(
            folder, Shape(8, 8, 1), fit=fit, generator=generator(), held_out_fraction=0, crops_per_image=2
        )
        assert (len(training), len(held_out)) == (count, 0)


def test_idx_files_keep_their_bytes_and_their_own_split(tmp_path: Path) -> None:
    training_pixels = generator(0).integers(0, 256, (9, 5, 6), dtype=np.uint8)
    test_pixels = generator(1).integers(0, 256, (4, 5, 6), dtype=np.uint8)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", training_pixels)
    write_idx(tmp_path / "t10k-images-idx3-ubyte.gz", test_pixels)
    for fit in FITS:
        training, held_out = load_images(
            tmp_path, Shape(5, 6, 1), fit=fit, generator=generator(), crops_per_image=1
        )
        assert np.array_equal(training.images[..., 0], training_pixels)
        assert np.array_equal(held_out.images[..., 0], test_pixels)
    whole = load_all(tmp_path, Shape(5, 6, 1))
    assert np.array_equal(whole.images[..., 0], training_pixels)


def test_idx_images_of_another_size_are_fitted(tmp_path: Path) -> None:
    write_idx(tmp_path / "images", np.full((4, 5, 6), 80, np.uint8))
    images = load_all(tmp_path / "images", Shape(12, 12, 3), fit="pad")
    assert images.shape == Shape(12, 12, 3)
    assert images.masks is not None and images.masks.sum() == 4 * 10 * 12
    assert np.all(images.images[images.masks] == 80)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_floats_keep_their_precision_when_nothing_is_fitted(tmp_path: Path, name: str) -> None:
    pixels = generator().random((6, 7, 8, 3)).astype(np.float32)
    (np.save if name == "a.npy" else np.savez)(tmp_path / name, pixels)
    images = load_all(tmp_path / name, Shape(7, 8, 3))
    assert np.array_equal(images.images, pixels)
    batch, _ = images.batch(np.arange(6))
    assert np.array_equal(batch, pixels)
    smaller = load_all(tmp_path, Shape(7, 8, 1))
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(smaller.images[..., 0] / 255 - grey).max() < 0.01


def test_built_in_digits_without_a_path() -> None:
    training, held_out = load_images(None, Shape(16, 16, 1), generator=generator(), limit=50)
    assert (len(training), len(held_out)) == (45, 5)
    assert training.labels is not None and held_out.labels is not None


def test_bad_options_are_refused(folder: Path) -> None:
    shape = Shape(8, 8, 3)
    with pytest.raises(DataError, match="2 channels"):
        load_all(folder, Shape(8, 8, 2))
    with pytest.raises(DataError, match="every side"):
        load_all(folder, Shape(0, 8, 3))
    with pytest.raises(DataError, match="unknown fit"):
        load_all(folder, shape, fit="squeeze")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="held-out fraction 1"):
        load_images(folder, shape, generator=generator(), held_out_fraction=1)
    with pytest.raises(DataError, match="no such file"):
        load_images(folder / "missing", shape, generator=generator())
    with pytest.raises(DataError, match="GiB"):
        load_all(folder, Shape(10**6, 10**6, 3))


def test_mnist(shared_data: Path) -> None:
    training, held_out = load_images(shared_data / "mnist", Shape(28, 28, 1), generator=generator())
    assert (len(training), len(held_out)) == (60_000, 10_000)
    assert training.images.mean() == pytest.approx(33.3184, abs=1e-4)
    batch, mask = training.batch(np.arange(60_000))
    assert mask is None
    assert batch.mean(dtype=np.float64) == pytest.approx(33.3184 / 255, abs=1e-6)
    assert batch.std(dtype=np.float64) == pytest.approx(78.5675 / 255, abs=1e-6)
    assert batch.min() == 0 and batch.max() == 1


def test_photos_keep_their_colours(shared_data: Path) -> None:
    """The astronaut's suit is orange, the brick wall grey, and alpha opaque."""
    folder = shared_data / "photos"
    colour = load_all(folder, Shape(64, 64, 3))
    by_name = dict(zip(colour.names, colour.images.astype(int), strict=True))
    suit = by_name["astronaut.png"][48:60, 16:28].mean(axis=(0, 1))
    assert suit[0] > 1.5 * suit[1] > 1.5 * suit[2]
    assert np.ptp(by_name["brick.png"], axis=2).max() == 0
    transparent = load_all(folder, Shape(64, 64, 4))
    assert np.array_equal(transparent.images[..., :3], colour.images)
    assert transparent.images[..., 3].min() == 255
    grey = load_all(folder, Shape(64, 64, 1)).images[..., 0]
    luminance = colour.images @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey - luminance).mean() < 1


def test_random_crops_of_photos(shared_data: Path) -> None:
    training, held_out = load_images(
        shared_data / "photos", Shape(64, 64, 3), fit="random-crop", generator=generator(), crops_per_image=10
    )
    assert (len(training), len(held_out)) == (110, 11)
    assert held_out.names[0] == "astronaut.png#10"
