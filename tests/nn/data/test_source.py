import gzip
import logging
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.data.errors import DataError
from nn.data.folder import ImageFiles
from nn.data.load import load_all
from nn.data.source import ArrayPictures, open_source
from nn.data.unread import SUFFIXES
from nn.shape import Shape


def write_idx(path: Path, count: int, level: int = 1) -> Path:
    pixels = np.full((count, 5, 6), level, np.uint8)
    content = struct.pack(">IIII", 2051, *pixels.shape) + pixels.tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_image(path: Path) -> Path:
    Image.new("L", (5, 6), 7).save(path)
    return path


def test_a_training_and_a_test_file(tmp_path: Path) -> None:
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", 4)
    write_idx(tmp_path / "t10k-images-idx3-ubyte.gz", 2)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(b"not even looked at")
    source = open_source(tmp_path)
    assert len(source.training) == 4
    assert source.training.names[3] == "train-images-idx3-ubyte.gz[3]"
    assert source.held_out is not None and len(source.held_out) == 2
    limited = open_source(tmp_path, limit=1)
    assert len(limited.training) == 1
    assert limited.held_out is not None and len(limited.held_out) == 1


def test_a_file_beside_its_compressed_self_counts_once(tmp_path: Path) -> None:
    write_idx(tmp_path / "train-images-idx3-ubyte", 4)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", 4)
    assert open_source(tmp_path).training.origin.name == "train-images-idx3-ubyte"


def test_one_idx_file_of_any_name_in_a_folder(tmp_path: Path) -> None:
    write_idx(tmp_path / "letters-idx3-ubyte", 3)
    source = open_source(tmp_path)
    assert (len(source.training), source.held_out) == (3, None)


def test_several_idx_files_without_a_clear_choice(tmp_path: Path) -> None:
    write_idx(tmp_path / "a-idx3-ubyte", 1)
    write_idx(tmp_path / "b-idx3-ubyte", 1)
    with pytest.raises(DataError, match="a-idx3-ubyte, b-idx3-ubyte: give the one"):
        open_source(tmp_path)


@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte.gz", "anything", "anything.bin"])
def test_one_idx_file_given_directly(tmp_path: Path, name: str) -> None:
    source = open_source(write_idx(tmp_path / name, 3))
    assert (len(source.training), source.held_out) == (3, None)


def test_one_image_file_given_directly(tmp_path: Path) -> None:
    assert open_source(write_image(tmp_path / "one.png")).training.names == ["one.png"]


def test_a_folder_of_images_wins_over_arrays_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_image(tmp_path / "one.png")
    np.save(tmp_path / "codes.npy", np.zeros((2, 5, 6)))
    with caplog.at_level(logging.WARNING):
        assert isinstance(open_source(tmp_path).training, ImageFiles)
    assert "not codes.npy" in caplog.text


def test_one_array_in_a_folder_and_several(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 5, 6)))
    assert len(open_source(tmp_path).training) == 2
    np.savez(tmp_path / "b.npz", images=np.zeros((3, 5, 6)))
    assert len(open_source(tmp_path / "b.npz").training) == 3
    with pytest.raises(DataError, match=r"several arrays, a\.npy, b\.npz"):
        open_source(tmp_path)


def test_nothing_to_use(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        open_source(tmp_path / "missing")
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(DataError, match="no image files"):
        open_source(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"labels")
    with pytest.raises(DataError, match="train-labels-idx1-ubyte holds labels"):
        open_source(tmp_path)
    with pytest.raises(DataError, match="magic number"):
        open_source(tmp_path / "notes.txt")
    with pytest.raises(DataError, match="limit 0"):
        open_source(tmp_path, limit=0)


@pytest.mark.parametrize(
    ("array", "mode", "first"),
    [
        (np.full((1, 5, 6), 9, np.uint8), "L", 9),
        (np.full((1, 5, 6, 1), 9, np.uint8), "L", 9),
        (np.full((1, 5, 6, 2), 9, np.uint8), "LA", (9, 9)),
        (np.full((1, 5, 6, 3), 9, np.uint8), "RGB", (9, 9, 9)),
        (np.full((1, 5, 6, 4), 9, np.uint8), "RGBA", (9, 9, 9, 9)),
        (np.full((1, 5, 6), 257 * 9, np.uint16), "L", 9),
        (np.full((1, 5, 6), 0.2), "L", 51),
        (np.asfortranarray(np.full((1, 5, 6, 3), 9, np.uint8)), "RGB", (9, 9, 9)),
    ],
)
def test_arrays_open_as_pictures(array: np.ndarray, mode: str, first: object) -> None:
    pictures = ArrayPictures(Path("some.npy"), array)
    assert pictures.shape == Shape(*array.shape[1:3], array.shape[3] if array.ndim == 4 else 1)
    picture = pictures.open(0)
    assert picture.mode == mode and picture.size == (6, 5)
    assert picture.getpixel((0, 0)) == first


def test_unchanged_arrays_keep_their_precision() -> None:
    bits = np.arange(60, dtype=np.uint16).reshape(2, 5, 6)
    images = ArrayPictures(Path("some.npy"), bits).unchanged().images
    assert images.dtype == np.float32 and images.shape == (2, 5, 6, 1)
    assert np.array_equal(images[..., 0], (bits / 65535).astype(np.float32))
    swapped = ArrayPictures(Path("some.npy"), bits.astype(">u2")).unchanged().images
    assert np.array_equal(swapped, images)
    share = np.random.default_rng(0).random((2, 5, 6, 3))
    images = ArrayPictures(Path("some.npy"), share).unchanged().images
    assert np.array_equal(images, share.astype(np.float32))


@pytest.mark.parametrize(
    "others", [["paper.pdf"], ["data.h5", "data.hdf"], ["IMG_1.HEIC", "logo.svg"], ["a.mpg"]]
)
@pytest.mark.parametrize("name", ["images.npy", "images.npz"])
def test_an_array_is_found_beside_other_files(
    tmp_path: Path, name: str, others: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    (np.save if name.endswith("y") else np.savez)(tmp_path / name, np.full((2, 5, 6), 9, np.uint8))
    for other in others:
        (tmp_path / other).write_bytes(b"something")
    pictures = [other for other in others if Path(other).suffix.lower() in SUFFIXES]
    with caplog.at_level(logging.WARNING):
        for shape in (Shape(5, 6, 1), Shape(3, 3, 1)):
            images = load_all(tmp_path, shape)
            assert len(images) == 2
            assert [each.path for each in images.skipped] == pictures
    for path in pictures:
        assert any(message.startswith(f"{path}: skipped") for message in caplog.messages)


def test_pictures_that_are_not_read_are_said_where_there_is_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(b"something")
    with pytest.raises(DataError, match=r"no usable image among 1\. First reasons: a\.heic: HEIC, which"):
        load_all(tmp_path, Shape(5, 6, 1))
    with pytest.raises(DataError, match=r"a\.heic: HEIC, which is not read here: save it as PNG"):
        open_source(tmp_path / "a.heic")


def test_a_folder_of_other_things_says_what_it_holds(tmp_path: Path) -> None:
    for name in ("a.txt", "b.TXT", "c.csv", "README"):
        (tmp_path / name).write_text("text")
    with pytest.raises(DataError, match=r"or \.npz; it holds 2 of \.txt, 1 of (\.csv|no suffix), 1 of"):
        open_source(tmp_path)


def test_names_in_arrays_and_messages_are_one_line(tmp_path: Path) -> None:
    np.save(tmp_path / "a\n\udcff.npy", np.zeros((2, 5, 6)))
    assert open_source(tmp_path).training.names == [r"a\n\xff.npy[0]", r"a\n\xff.npy[1]"]
    np.save(tmp_path / "b.npy", np.zeros((2, 5, 6)))
    with pytest.raises(DataError, match=r"several arrays, a\\n\\xff\.npy, b\.npy"):
        open_source(tmp_path)
