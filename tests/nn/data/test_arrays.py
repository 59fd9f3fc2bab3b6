import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import arrays
from nn.data.arrays import read_array
from nn.data.errors import DataError
from nn.data.load import load_all
from nn.shape import Shape

BYTES = np.arange(2 * 5 * 6, dtype=np.uint8).reshape(2, 5, 6)


def npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        BYTES,
        BYTES[..., None],
        BYTES.astype(np.uint16) * 1000,
        BYTES.astype(">u2"),
        (BYTES / 60).astype(np.float16),
        (BYTES / 60).astype(np.float32),
        BYTES / 60,
        np.asfortranarray(BYTES),
        np.zeros((1, 2, 2, 4), np.uint8),
    ],
)
def test_what_is_accepted_comes_back_unchanged(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "b.npz", array)
    np.savez_compressed(tmp_path / "c.npz", images=array)
    for name in ("a.npy", "b.npz", "c.npz"):
        read = read_array(tmp_path / name)
        assert read.dtype == array.dtype
        assert np.array_equal(read, array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 5), np.uint8), "expected"),
        (np.zeros((0, 5, 5), np.uint8), "expected"),
        (np.zeros((1, 2, 5, 5, 3), np.uint8), "expected"),
        (np.zeros((50, 60, 3), np.uint8), "looks like one image"),
        (np.zeros((2, 5, 5, 5), np.uint8), "1 to 4 channels"),
        (np.zeros((2, 5, 5), np.int64), "int64.*expected uint8"),
        (np.zeros((2, 5, 5), np.bool_), "expected uint8"),
        (np.full((2, 5, 5), 255.0), "values from 255 to 255; expected 0 to 1"),
        (np.full((2, 5, 5), -0.1), "expected 0 to 1"),
        (np.full((2, 5, 5), np.nan), "expected 0 to 1"),
        (np.full((2, 5, 5), "x"), "expected uint8"),
        (np.full((2, 5, 5), None), r"Python objects \(2, 5, 5\), which cannot be read.*expected uint8"),
        (np.zeros((2, 5, 5), ">i4"), r"the array is big-endian int32 \(2, 5, 5\); expected uint8"),
        (np.zeros((2, 5, 5), np.complex64), r"the array is complex64 \(2, 5, 5\); expected uint8"),
        (np.zeros((2, 5, 5), [("red", "u1"), ("green", "u1")]), "the array is records of red, green"),
        (np.zeros((2, 5, 5), [("any", "O")]), r"records of any \(2, 5, 5\), which cannot be read"),
        (np.zeros((2, 5, 5), "S3"), r"the array is \|S3 \(2, 5, 5\); expected uint8"),
        (np.zeros((2, 5, 5), "M8[s]"), r"the array is datetime64\[s\] \(2, 5, 5\); expected uint8"),
        (np.zeros((2, 5), complex), r"the array is complex128 \(2, 5\); expected uint8"),
        (np.array(["a", "b"]), r"the array is <U1 \(2,\); expected uint8"),
        (np.linspace(0, [0.5, 1.002, 3], 25, axis=1).reshape(3, 5, 5), "beyond which image 1 is the first"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "b.npz", images=array)
    for name in ("a.npy", "b.npz"):
        with pytest.raises(DataError, match=message) as error:
            read_array(tmp_path / name)
        assert name in str(error.value)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "sprung",))

    array = np.full((1, 5, 5), None)
    array[0, 0, 0] = Trap()
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "b.npz", images=array)
    for name in ("a.npy", "b.npz"):
        with pytest.raises(DataError):
            read_array(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


def test_images_goes_before_other_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", others=np.zeros((9, 5, 5)), images=BYTES, labels=np.arange(2))
    assert np.array_equal(read_array(tmp_path / "a.npz"), BYTES)


def test_the_only_array_of_three_axes_is_taken(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", pictures=BYTES, labels=np.arange(2), names=np.array(["a", "b"]))
    assert np.array_equal(read_array(tmp_path / "a.npz"), BYTES)


@pytest.mark.parametrize("arrays", [{"x": BYTES, "y": BYTES}, {"x": np.zeros(3), "y": np.zeros((2, 2))}, {}])
def test_no_clear_choice_names_the_arrays_found(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match="Arrays found") as error:
        read_array(tmp_path / "a.npz")
    for name, array in arrays.items():
        assert f"{name}: {array.dtype} {array.shape}" in str(error.value)


def test_damaged_files(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", BYTES)
    np.savez_compressed(tmp_path / "b.npz", images=BYTES)
    for name in ("a.npy", "b.npz"):
        whole = (tmp_path / name).read_bytes()
        for damaged in (b"", b"words", whole[: len(whole) // 2], whole[:-10]):
            (tmp_path / name).write_bytes(damaged)
            with pytest.raises(DataError, match=name):
                read_array(tmp_path / name)
    with pytest.raises(DataError, match="cannot be read"):
        read_array(tmp_path / "missing.npy")


def test_a_flipped_byte_in_an_npz_is_noticed(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=BYTES)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[content.index(BYTES.tobytes()) + 7] ^= 1
    (tmp_path / "a.npz").write_bytes(bytes(content))
    with pytest.raises(DataError, match="CRC"):
        read_array(tmp_path / "a.npz")


def test_a_header_that_claims_too_much_allocates_nothing(tmp_path: Path) -> None:
    small = npy_bytes(BYTES)
    claim = b"(2, 5, 6), }           "
    assert claim in small
    large = small.replace(claim, b"(200000000, 5000, 6), }"[: len(claim)])
    (tmp_path / "a.npy").write_bytes(large)
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("images.npy", large)
    with pytest.raises(DataError, match=r"a\.npy"):
        read_array(tmp_path / "a.npy")
    with pytest.raises(DataError, match=r"6000000000000 bytes, but 60 are stored"):
        read_array(tmp_path / "b.npz")


def test_an_array_larger_than_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((100, 100, 100), np.uint8))
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 999_999)
    with pytest.raises(DataError, match="array images needs"):
        read_array(tmp_path / "a.npz")


def test_an_array_that_its_compressed_bytes_cannot_hold_is_refused(tmp_path: Path, monkeypatch) -> None:
    """Before available memory is checked."""
    np.savez_compressed(tmp_path / "a.npz", images=np.zeros((9, 28, 28), np.uint8))
    content = (tmp_path / "a.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        (info,) = archive.infolist()
    promised = (info.file_size + 700 * 2**20).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(content.replace(info.file_size.to_bytes(4, "little"), promised))
    monkeypatch.setattr(arrays, "require_memory", lambda *_: pytest.fail("memory is reckoned with"))
    monkeypatch.setattr(arrays.Header, "size_in_bytes", property(lambda _: 9 * 28 * 28 + 700 * 2**20))
    with pytest.raises(
        DataError, match=r"says it has [0-9]* bytes, more than [0-9]* compressed ones can hold"
    ):
        read_array(tmp_path / "a.npz")


@given(
    place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), suffix=st.sampled_from(["npy", "npz"])
)
def test_one_changed_byte_gives_images_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, place: float, byte: int, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("array") / f"a.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, BYTES)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] = byte
    path.write_bytes(bytes(content))
    try:
        images = read_array(path)
    except DataError as error:
        assert str(path) in str(error)
    else:
        assert images.size <= BYTES.size


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("fitting", [True, False])
def test_a_hair_beyond_the_range_is_rounding(tmp_path: Path, dtype: Any, fitting: bool) -> None:
    array = np.linspace(-0.001, [0.9, 1.001], 30, axis=1).reshape(2, 5, 6).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    if fitting:  # the numbers are kept
        images = load_all(tmp_path / "a.npy", Shape(5, 6, 1)).images
        expected = np.clip(array, 0, 1).astype(np.float32)[..., None]
    else:
        images = load_all(tmp_path / "a.npy", Shape(5, 5, 1), fit="random-crop").images
        expected = np.rint(np.clip(array[:, :, 1:], 0, 1).astype(np.float64) * 255)[..., None]
    np.testing.assert_array_equal(images, expected)
