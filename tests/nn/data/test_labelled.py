"""Images with labels: IDX files side by side, rendered digits, and what is missing."""

import gzip
import struct

import numpy as np
import pytest

from nn.data import DataError
from nn.data.idx import read_idx_labels
from nn.data.labelled import load_labelled
from nn.shape import Shape

SHAPE = Shape(4, 5, 1)


def write_images(folder, name, count, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 4, 5), dtype=np.uint8)
    (folder / f"{name}-images-idx3-ubyte").write_bytes(
        struct.pack(">4I", 2051, count, 4, 5) + pixels.tobytes()
    )
    return pixels[..., None]


def write_labels(folder, name, labels, compress=False):
    contents = struct.pack(">2I", 2049, len(labels)) + bytes(labels)
    if compress:
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(contents))
    else:
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(contents)


def load(folder, **options):
    return load_labelled(folder, SHAPE, generator=np.random.default_rng(0), **options)


def test_training_and_test_files_come_with_their_labels(tmp_path):
    pixels = write_images(tmp_path, "train", 6)
    write_images(tmp_path, "t10k", 3, seed=1)
    write_labels(tmp_path, "train", [3, 1, 4, 1, 5, 9])
    write_labels(tmp_path, "t10k", [2, 6, 5], compress=True)
    training, test = load(tmp_path)
    assert np.array_equal(training.images, pixels)
    assert training.labels.tolist() == [3, 1, 4, 1, 5, 9]
    assert test.labels.tolist() == [2, 6, 5]
    training, test = load(tmp_path, limit=2)
    assert training.labels.tolist() == [3, 1]
    assert test.labels.tolist() == [2, 6]


def test_a_single_file_is_split_with_its_labels(tmp_path):
    pixels = write_images(tmp_path, "train", 20)
    write_labels(tmp_path, "train", list(range(20)))
    training, test = load(tmp_path)
    assert (len(training), len(test)) == (18, 2)
    for part in (training, test):
        assert np.array_equal(part.images, pixels[part.labels])


def test_rendered_digits_have_labels():
    training, test = load_labelled(None, Shape(12, 12, 1), generator=np.random.default_rng(0), limit=20)
    assert (len(training.labels), len(test.labels)) == (18, 2)


def test_mnist(shared_data):
    training, test = load_labelled(
        shared_data / "mnist", Shape(28, 28, 1), generator=np.random.default_rng(0)
    )
    assert training.labels[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    assert test.labels[:8].tolist() == [7, 2, 1, 0, 4, 1, 4, 9]


def test_missing_labels_are_named(tmp_path):
    write_images(tmp_path, "train", 2)
    with pytest.raises(DataError, match=r"there is no file of labels train-labels-idx1-ubyte or"):
        load(tmp_path)


def test_too_few_labels_are_counted(tmp_path):
    write_images(tmp_path, "train", 3)
    write_labels(tmp_path, "train", [1])
    with pytest.raises(DataError, match="3 images, but 1 labels"):
        load(tmp_path)


def test_other_arrays_have_no_labels(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((2, 4, 5), np.uint8))
    with pytest.raises(DataError, match="labels are known of IDX files only"):
        load(tmp_path)


def test_a_file_of_images_is_none_of_labels(tmp_path):
    write_images(tmp_path, "train", 2)
    with pytest.raises(DataError, match=r"holds images \(magic number 2051\); give the file of labels"):
        read_idx_labels(tmp_path / "train-images-idx3-ubyte")
