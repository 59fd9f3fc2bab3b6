"""Snapshots: what goes in comes out, damage is found wherever it is, and no failure loses the last one."""

import hashlib
import json
import logging
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import save_file

from nn import parameter_limit, snapshot
from nn.data import memory
from nn.snapshot import MissingSnapshotError, SnapshotError, load, load_latest, previous, save

WEIGHTS = np.arange(6, dtype=np.float32).reshape(2, 3)
METADATA = {"epoch": 3, "name": "über", "list": [1, 2.5, None, True], "deep": {"seed": 2**100}}
DTYPES = [np.float16, np.float32, np.float64, np.int8, np.uint8, np.int64, np.uint64, np.bool_]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def write_file(path, header, data=b""):
    """Write a file in the layout of safetensors, whatever the header says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def header_of(path):
    contents = path.read_bytes()
    return json.loads(contents[8 : 8 + struct.unpack("<Q", contents[:8])[0]])


def test_arrays_and_metadata_come_back(path):
    given_arrays = {
        "weights": WEIGHTS,
        "steps": np.array(7),
        "none": np.zeros((0, 3)),
        "flags": np.array([True]),
    }
    save(path, given_arrays, METADATA)
    arrays_back, metadata, source = load(path)
    assert source == path
    assert metadata == METADATA
    assert set(arrays_back) == set(given_arrays)
    for name, array in given_arrays.items():
        assert arrays_back[name].dtype == array.dtype
        assert arrays_back[name].shape == array.shape
        assert (arrays_back[name] == array).all()
    assert list(path.parent.iterdir()) == [path]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_shape_dtype_and_layout_comes_back(tmp_path_factory, data):
    dtype = data.draw(st.sampled_from(DTYPES))
    elements = {"allow_nan": False, "allow_infinity": False} if np.issubdtype(dtype, np.floating) else None
    array = data.draw(arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0), elements=elements))
    if array.ndim:
        array = array.transpose(data.draw(st.permutations(range(array.ndim))))
        array = array[:: data.draw(st.sampled_from([1, 2, -1]))]
    path = tmp_path_factory.mktemp("layout") / "model.safetensors"
    save(path, {"array": array}, {})
    back = load(path).arrays["array"]
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_transposed_strided_and_foreign_byte_orders_are_stored_as_they_read(path):
    odd = {"transposed": WEIGHTS.T, "strided": WEIGHTS[:, ::2], "big": np.arange(5, dtype=">i4")}
    save(path, odd, {})
    for name, array in load(path).arrays.items():
        assert (array == odd[name]).all(), name


def test_every_flipped_bit_is_found(path):
    save(path, {"weights": WEIGHTS, "steps": np.array(7)}, {"epoch": 3})
    whole = path.read_bytes()
    for position in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            with pytest.raises(SnapshotError, match=str(path)):
                load(path, finite=False)


def test_every_truncation_is_found(path):
    save(path, {"weights": WEIGHTS}, {"epoch": 3})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(SnapshotError, match="truncated, damaged or not a snapshot"):
            load(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(SnapshotError, match="truncated, damaged or not a snapshot"):
        load(path)


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}},
        {"a": {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 0]}},
        {"a": {"dtype": "F32", "shape": [0, 1 << 62], "data_offsets": [0, 0]}},
        {"a": {"dtype": "BF16", "shape": [0], "data_offsets": [0, 0]}},
        {"a": {"dtype": "F8_E4M3", "shape": [0], "data_offsets": [0, 0]}},
        {"a": {"dtype": "F99", "shape": [0], "data_offsets": [0, 0]}},
        {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 0]}},
        {"a": 3},
        {"__metadata__": {"format": 3}},
        [1, 2],
        b"{",
        b"\xff\xfe{}",
        b'{"__metadata__":{"format":' + b"[" * 100_000,
    ],
)
def test_a_lying_header_is_refused(path, header):
    write_file(path, header)
    with pytest.raises(SnapshotError, match=str(path)):
        load(path)


def test_a_lying_header_length_allocates_nothing(path):
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    with pytest.raises(SnapshotError, match="truncated, damaged or not a snapshot"):
        load(path)


def resign(path, **changes):
    """Rewrite a snapshot with another header and the checksum that goes with it."""
    arrays_back, header = snapshot._read(path)
    header = {**header, **changes}
    header["checksum"] = snapshot._checksum(arrays_back, header)
    save_file(arrays_back, path, header)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "not a snapshot of this program"),
        ({"version": "2"}, "has format 2, this program reads up to 1: update"),
        ({"version": "one"}, "no version"),
        ({"version": "9" * 5000}, "no version"),
        ({"metadata": "[1, 2]"}, "metadata is a list, not an object"),
        ({"metadata": "3"}, "metadata is a int"),
        ({"metadata": "{"}, "not JSON"),
        ({"metadata": '{"a": NaN}'}, "not JSON .NaN is not a number"),
        ({"metadata": "[" * 100_000}, "not JSON but nested too deeply"),
        ({"metadata": '{"a": 1e400}'}, "not JSON .'1e400' is too large for a number"),
        ({"metadata": '{"a": 1' + "0" * 400 + "}"}, "not JSON .a whole number of 401 digits"),
    ],
)
def test_a_header_of_the_wrong_kind_is_named(path, changes, message):
    save(path, {"weights": WEIGHTS}, {})
    resign(path, **changes)
    with pytest.raises(SnapshotError, match=message):
        load(path)


def test_a_foreign_safetensors_file_is_not_a_snapshot(path):
    save_file({"weights": WEIGHTS}, path)
    with pytest.raises(SnapshotError, match="not a snapshot of this program"):
        load(path)


def test_missing_files_and_folders_are_told_apart(path):
    with pytest.raises(MissingSnapshotError, match="no such file"):
        load(path)
    with pytest.raises(MissingSnapshotError, match="no such file"):
        load_latest(path)
    with pytest.raises(SnapshotError, match="not a file"):
        load(path.parent)
    path.write_bytes(b"")
    with pytest.raises(SnapshotError, match="cannot be read"):
        load(path / "inside")


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused_on_both_ways(path, number, monkeypatch):
    array = WEIGHTS.copy()
    array[1, 2] = number
    with pytest.raises(SnapshotError, match=r"weights has -?(nan|inf) at \(1, 2\)"):
        save(path, {"weights": array}, {})
    assert not path.exists()
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "_check_finite", lambda *_: None)
        save(path, {"weights": array}, {})
    with pytest.raises(SnapshotError, match=r"weights has -?(nan|inf) at \(1, 2\)"):
        load(path)
    np.testing.assert_array_equal(load(path, finite=False).arrays["weights"], array)


@pytest.mark.parametrize(
    ("contents", "metadata"),
    [
        ({"a": np.array(["text"])}, {}),
        ({"a": np.array([None])}, {}),
        ({"a": WEIGHTS}, {"loss": float("nan")}),
        ({"a": WEIGHTS}, {"path": Path("x")}),
        ({"__metadata__": WEIGHTS}, {}),
    ],
)
def test_what_cannot_be_stored_is_refused_and_nothing_is_written(path, contents, metadata):
    save(path, {"a": WEIGHTS}, {"good": True})
    before = path.read_bytes()
    with pytest.raises(SnapshotError, match=str(path)):
        save(path, contents, metadata)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_the_snapshot_before_is_kept(path):
    for number in range(4):
        save(path, {"a": WEIGHTS + number}, {"number": number})
    assert load(path).metadata == {"number": 3}
    assert load(previous(path)).metadata == {"number": 2}
    assert sorted(path.parent.iterdir()) == sorted([path, previous(path)])


def test_latest_falls_back_to_the_one_before_and_says_so(path, caplog):
    save(path, {"a": WEIGHTS}, {"number": 1})
    save(path, {"a": WEIGHTS}, {"number": 2})
    assert load_latest(path).metadata == {"number": 2}
    assert not caplog.records
    path.write_bytes(path.read_bytes()[:-1])
    with caplog.at_level(logging.WARNING):
        assert load_latest(path).metadata == {"number": 1}
    assert "truncated" in caplog.text
    assert str(previous(path)) in caplog.text
    path.unlink()
    assert load_latest(path).metadata == {"number": 1}
    previous(path).write_bytes(b"")
    path.write_bytes(b"")
    with pytest.raises(SnapshotError, match=rf"{path}.*{previous(path)}"):
        load_latest(path)


def test_a_damaged_latest_without_a_previous_is_damaged_not_missing(path):
    path.write_bytes(b"not a snapshot")
    with pytest.raises(SnapshotError, match="truncated, damaged") as raised:
        load_latest(path)
    assert not isinstance(raised.value, MissingSnapshotError)


def test_format_1_is_what_it_was(path):
    """Files written by earlier versions must still load: their contents, spelled out."""
    save(path, {"weights": WEIGHTS}, {"epoch": 3})
    header = header_of(path)
    meaning = (
        b'["format", "ganglion"]'
        b'["version", "1"]'
        b'["metadata", "{\\"epoch\\": 3}"]'
        b'["weights", "<f4", [2, 3]]' + WEIGHTS.tobytes()
    )
    assert header["__metadata__"] == {
        "format": "ganglion",
        "version": "1",
        "metadata": '{"epoch": 3}',
        "checksum": hashlib.sha256(meaning).hexdigest(),
    }
    assert header["weights"] == {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def test_more_metadata_than_can_be_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "LARGEST_HEADER", 1000)
    with pytest.raises(
        SnapshotError, match=r"names and metadata of [0-9,]* bytes; at most 1,000 can be read"
    ):
        save(tmp_path / "a.safetensors", {}, {"note": "x" * 1000})
    assert not list(tmp_path.iterdir())


def test_a_file_larger_than_memory_is_refused_with_the_figures(tmp_path, monkeypatch):
    save(tmp_path / "a.safetensors", {"a": np.zeros(2**18, np.float32)}, {})
    monkeypatch.setattr(memory, "available_memory", lambda: 2**19)
    monkeypatch.setattr(parameter_limit, "LARGE", 1)
    with pytest.raises(
        SnapshotError, match=r"a.safetensors: the file needs 1\.0 MiB to be read, and 512\.0 KiB is"
    ):
        load(tmp_path / "a.safetensors")


def test_a_message_is_short_whatever_the_file_says(tmp_path):
    error = SnapshotError("model.safetensors: " + "x" * 10**6 + " is too long")
    assert len(str(error)) < 2100
    assert str(error).startswith("model.safetensors: ")
    assert str(error).endswith("is too long")
