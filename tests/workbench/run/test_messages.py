"""Messages: what is packed is unpacked unchanged, everything else is refused."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from workbench.run.messages import MessageError, pack, unpack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.dictionaries(st.text().filter(lambda key: key != "arrays"), JSON, max_size=4)
ARRAY = st.sampled_from([np.float32, np.int32, np.uint8]).flatmap(
    lambda dtype: arrays_of.arrays(
        dtype, arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
    )
)
ARRAYS = st.dictionaries(st.text(max_size=8), ARRAY, max_size=4)


def message_with(header: object, contents: bytes = b"") -> bytes:
    """A message whose header is any JSON."""
    text = json.dumps(header).encode()
    text += b" " * (-(4 + len(text)) % 8)
    return struct.pack("<I", len(text)) + text + contents


def described(**changes: object) -> dict[str, object]:
    """The header of a message with one array of two float32, some of it changed."""
    return {"arrays": [{"name": "a", "dtype": "float32", "shape": [2], "offset": 0, **changes}]}


@given(HEADERS, ARRAYS)
def test_what_is_packed_is_unpacked(header: dict[str, object], arrays: dict[str, np.ndarray]):
    found_header, found = unpack(pack(header, arrays))
    assert found_header == header
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()
        assert not found[name].flags.writeable


@given(HEADERS, ARRAYS)
def test_arrays_begin_at_multiples_of_eight_bytes(header: dict[str, object], arrays: dict[str, np.ndarray]):
    message = pack(header, arrays)
    start = 4 + struct.unpack_from("<I", message)[0]
    listed = json.loads(message[4:start])["arrays"]
    assert start % 8 == 0
    assert len(message) % 8 == 0
    assert all(entry["offset"] % 8 == 0 for entry in listed)


def test_views_and_other_byte_orders_are_written_as_they_are_read():
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    arrays = {"columns": array.T[::2], "swapped": array.astype(">f4")}
    found = unpack(pack({}, arrays))[1]
    np.testing.assert_array_equal(found["columns"], array.T[::2])
    np.testing.assert_array_equal(found["swapped"], array)


def test_numbers_of_numpy_are_plain_numbers_in_a_header():
    assert unpack(pack({"step": np.int64(7), "loss": np.float32(0.5)}, {}))[0] == {"step": 7, "loss": 0.5}


def test_a_name_that_is_no_text_in_any_encoding_survives():
    assert unpack(pack({"name": "\udcff"}, {}))[0] == {"name": "\udcff"}


@pytest.mark.parametrize(
    "header", [{"arrays": []}, {"loss": float("nan")}, {"loss": float("inf")}, {"path": object()}]
)
def test_a_header_that_cannot_be_read_back_is_not_written(header: dict[str, object]):
    with pytest.raises(MessageError):
        pack(header, {})


def test_an_array_of_another_kind_is_not_written():
    with pytest.raises(MessageError, match="array weights: dtype float64"):
        pack({}, {"weights": np.zeros(2)})


@given(HEADERS, ARRAYS, st.data())
def test_a_truncated_message_is_refused(
    header: dict[str, object], arrays: dict[str, np.ndarray], data: st.DataObject
):
    message = pack(header, arrays)
    with pytest.raises(MessageError):
        unpack(message[: data.draw(st.integers(0, len(message) - 1))])
    with pytest.raises(MessageError):
        unpack(message + bytes(data.draw(st.integers(1, 16))))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(message: bytes):
    try:
        header, arrays = unpack(message)
    except MessageError:
        return
    assert unpack(pack(header, arrays))[0] == header


@pytest.mark.parametrize(
    "header",
    [
        [],
        "text",
        {},
        {"arrays": None},
        {"arrays": [3]},
        {"arrays": [{"name": "a"}]},
        described(name=3),
        described(dtype="float64"),
        described(dtype="object"),
        described(dtype=["float32"]),
        described(shape=2),
        described(shape=[3]),
        described(shape=[1]),
        described(shape=[-2]),
        described(shape=[True, 2]),
        described(shape=[2.0]),
        described(shape=[2**62, 2**62]),
        described(shape=[2, *[1] * 100]),
        described(offset=8),
        described(offset=-8),
        described(offset=False),
        described(more=1),
        {"arrays": described()["arrays"] * 2},
    ],
    ids=repr,
)
def test_a_hostile_header_is_refused(header: object):
    with pytest.raises(MessageError):
        unpack(message_with(header, bytes(range(8))))


def test_the_header_that_the_hostile_ones_differ_from_is_taken():
    assert unpack(message_with(described(), bytes(8)))[1]["a"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("text", [b"[" * 100_004, b'{"arrays":[],"x":NaN}   ', b"\xff" * 12, b" " * 12])
def test_a_header_that_is_no_json_is_refused(text: bytes):
    with pytest.raises(MessageError):
        unpack(struct.pack("<I", len(text)) + text)


def test_an_array_twice_is_refused():
    entry = {"name": "a", "dtype": "uint8", "shape": [0], "offset": 0}
    with pytest.raises(MessageError, match="'a' is there twice"):
        unpack(message_with({"arrays": [entry, entry]}))


def test_padding_that_is_not_empty_is_refused():
    entry = {"name": "a", "dtype": "uint8", "shape": [1], "offset": 0}
    with pytest.raises(MessageError, match="does not fit"):
        unpack(message_with({"arrays": [entry]}, b"\1\2" + bytes(6)))
