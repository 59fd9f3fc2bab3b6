import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.errors import DataError
from nn.data.idx import IMAGE_NAME, LABEL_NAME, read_idx


def idx_bytes(images: np.ndarray) -> bytes:
    return struct.pack(">IIII", 2051, *images.shape) + images.tobytes()


def some_images(count: int = 3, rows: int = 4, columns: int = 5) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, rows, columns), dtype=np.uint8)


@given(shape=st.tuples(*[st.integers(1, 9)] * 3), compressed=st.booleans())
def test_reads_back_every_byte(
    tmp_path_factory: pytest.TempPathFactory, shape: tuple, compressed: bool
) -> None:
    images = some_images(*shape)
    path = tmp_path_factory.mktemp("idx") / "images"
    path.write_bytes(gzip.compress(idx_bytes(images)) if compressed else idx_bytes(images))
    assert np.array_equal(read_idx(path), images)


def test_longer_than_a_chunk(tmp_path: Path) -> None:
    images = some_images(3, 700, 701)
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx_bytes(images), compresslevel=1))
    assert np.array_equal(read_idx(path), images)


GOOD = idx_bytes(some_images())


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD[:-1], r"59 bytes of pixels, the header says 60|more than the file can hold"),
        (GOOD + b"x", "more bytes follow the 60 bytes"),
        (GOOD[:10], "too short for an IDX header, 10 of 16 bytes"),
        (b"", "too short for an IDX header, 0 of 16 bytes"),
        (struct.pack(">II", 2049, 3) + b"abc", "holds labels"),
        (struct.pack("<IIII", 2051, 3, 4, 5) + GOOD[16:], "magic number.*header is little-endian"),
        (struct.pack("<IIII", 0x0D03, 3, 4, 5) + GOOD[16:], "magic number.*header is little-endian"),
        (b"\x89PNG\r\n\x1a\n" + GOOD, "magic number.*no IDX file"),
        (struct.pack(">IIII", 0x0903, 3, 4, 5) + GOOD[16:], r"signed bytes \(int8\); expected uns"),
        (struct.pack(">IIII", 0x0B03, 3, 4, 5) + 2 * GOOD[16:], "holds int16; expected unsigned bytes"),
        (struct.pack(">IIII", 0x0C03, 3, 4, 5) + 4 * GOOD[16:], "holds int32; expected unsigned bytes"),
        (struct.pack(">IIII", 0x0D03, 3, 4, 5) + 4 * GOOD[16:], "holds float32; expected unsigned bytes"),
        (struct.pack(">IIII", 0x0E03, 3, 4, 5) + 8 * GOOD[16:], "holds float64; expected unsigned bytes"),
        (struct.pack(">IIII", 0x0A03, 3, 4, 5) + GOOD[16:], "numbers of type 0x0a, which IDX does not have"),
        (struct.pack(">IIIII", 0x0804, 3, 4, 5, 1) + GOOD[16:], "has 4 axes; a file of images has 3"),
        (struct.pack(">III", 0x0802, 3, 20) + GOOD[16:], "has 2 axes; a file of images has 3"),
        (struct.pack(">IIII", 2051, 0, 28, 28), "none to use"),
        (struct.pack(">IIII", 2051, 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"x", "more than the file can hold"),
    ],
)
def test_bad_files_say_what_is_wrong(tmp_path: Path, content: bytes, message: str, compressed: bool) -> None:
    path = tmp_path / "some-idx3-ubyte"
    path.write_bytes(gzip.compress(content) if compressed else content)
    with pytest.raises(DataError, match=message) as error:
        read_idx(path)
    assert str(path) in str(error.value)


def test_damaged_gzip_data(tmp_path: Path) -> None:
    whole = gzip.compress(GOOD)
    path = tmp_path / "images.gz"
    flipped = bytearray(whole)
    flipped[-6] ^= 0xFF
    for damaged in (whole[:-12], whole[:15], bytes(flipped), whole[:2], whole[:10] + b"\xff" * 20):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"images\.gz: (damaged gzip data|too short)"):
            read_idx(path)


def test_a_large_claim_is_checked_against_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "images"
    path.write_bytes(GOOD)
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 59)
    with pytest.raises(DataError, match="needs 60 bytes of memory and 59 bytes is available"):
        read_idx(path)


def test_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_idx(tmp_path / "missing")


@pytest.mark.parametrize(
    "name", ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "t10k-images.idx3-ubyte"]
)
def test_names_of_image_files(name: str) -> None:
    assert IMAGE_NAME.search(name) and not LABEL_NAME.search(name)
    assert LABEL_NAME.search(name.replace("idx3", "idx1"))
    assert not IMAGE_NAME.search(f"{name}.png")


def test_mnist_is_read_whole(shared_data: Path) -> None:
    images = read_idx(shared_data / "mnist" / "train-images-idx3-ubyte.gz")
    assert images.shape == (60_000, 28, 28)
    assert images.mean() == pytest.approx(33.3184, abs=1e-4)
    assert images.std() == pytest.approx(78.5675, abs=1e-4)


@given(place=st.integers(0, 60), byte=st.integers(0, 255), compressed=st.booleans())
def test_one_changed_byte_gives_images_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int, compressed: bool
) -> None:
    content = bytearray(gzip.compress(GOOD) if compressed else GOOD)
    content[place] = byte
    path = tmp_path_factory.mktemp("idx") / "images"
    path.write_bytes(bytes(content))
    try:
        images = read_idx(path)
    except DataError as error:
        assert str(path) in str(error)
    else:
        assert images.size == 60
