"""The binary messages of a run that is watched: a header in JSON, then arrays of numbers.

A message is the length of the header (uint32, little-endian), the header (JSON, padded with spaces so that
what follows begins at a multiple of 8 bytes), and the arrays one after another, each padded to 8 bytes. The
header's "arrays" lists name, dtype, shape and offset from the end of the header of each, so that a browser
makes typed arrays of them without copying.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

ALIGNMENT = 8
"""Bytes: of the largest number that any reader lays over a message."""

LENGTH = struct.Struct("<I")

DTYPES = {name: np.dtype(name).newbyteorder("<") for name in ("float32", "int32", "uint16", "uint8")}

Header = dict[str, Any]
Arrays = dict[str, np.ndarray]


class MessageError(ValueError):
    """Bytes that are not a message, or contents that do not fit into one."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return a message.

    Parameters
    ----------
    header
        What JSON can hold; "arrays" is filled in here.
    arrays
        By name; float32, int32, uint16 or uint8, of any shape.

    Raises
    ------
    MessageError
        When the header or an array cannot be written.
    """
    if "arrays" in header:
        raise MessageError('the header has a key "arrays": that is where the arrays are listed')
    listed, parts, offset = [], [], 0
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise MessageError(f"array {name}: dtype {array.dtype}, expected one of {', '.join(DTYPES)}")
        contents = array.astype(DTYPES[array.dtype.name], copy=False).tobytes()
        listed.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "offset": offset})
        parts += [contents, bytes(-len(contents) % ALIGNMENT)]
        offset += _padded(len(contents))
    text = _write_header({**header, "arrays": listed})
    return b"".join([LENGTH.pack(len(text)), text, *parts])


def unpack(message: bytes) -> tuple[Header, Arrays]:
    """Return header and arrays of a message; the arrays look into it and cannot be written.

    Raises
    ------
    MessageError
        When it is not exactly one message.
    """
    if len(message) < LENGTH.size:
        raise MessageError(f"a message of {len(message)} bytes: too short for the length of its header")
    start = LENGTH.size + LENGTH.unpack_from(message)[0]
    if start % ALIGNMENT or start > len(message):
        raise MessageError(f"arrays would begin at byte {start} of {len(message)}")
    header = _read_header(message[LENGTH.size : start])
    listed = header.pop("arrays", None)
    if not isinstance(listed, list):
        raise MessageError('the header has no list "arrays"')
    arrays: Arrays = {}
    offset = 0
    for entry in listed:
        name, array = _read_array(entry, memoryview(message)[start:], offset)
        if name in arrays:
            raise MessageError(f"array {name!r} is there twice")
        arrays[name] = array
        offset += _padded(array.nbytes)
    if start + offset != len(message):
        raise MessageError(f"a message of {len(message)} bytes, of which {start + offset} are described")
    return header, arrays


def _padded(size: int) -> int:
    return size + -size % ALIGNMENT


def _write_header(header: Header) -> bytes:
    try:
        text = json.dumps(header, separators=(",", ":"), allow_nan=False, default=_plain).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise MessageError(f"a header that JSON cannot hold: {error}") from error
    return text + b" " * (-(LENGTH.size + len(text)) % ALIGNMENT)


def _plain(value: Any) -> Any:
    """Turn a number of NumPy into one that JSON knows."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} of type {type(value).__name__}")


def _read_header(text: bytes) -> Header:
    try:
        header = json.loads(text.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MessageError(f"a header that is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise MessageError(f"a header that is a {type(header).__name__}, expected an object")
    return header


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_array(entry: Any, contents: memoryview, offset: int) -> tuple[str, np.ndarray]:
    if not isinstance(entry, dict) or entry.keys() != {"name", "dtype", "shape", "offset"}:
        raise MessageError(f"an array is described by name, dtype, shape and offset, not by {entry!r}")
    name, shape = entry["name"], entry["shape"]
    if not isinstance(name, str) or entry["dtype"] not in list(DTYPES):
        raise MessageError(f"array {name!r}: dtype {entry['dtype']!r}")
    if not isinstance(shape, list) or any(type(size) is not int or size < 0 for size in shape):
        raise MessageError(f"array {name!r}: shape {shape!r}")
    if type(entry["offset"]) is not int or entry["offset"] != offset:
        raise MessageError(f"array {name!r}: offset {entry['offset']!r}, expected {offset}")
    dtype = DTYPES[entry["dtype"]]
    count = math.prod(shape)
    end = offset + count * dtype.itemsize
    if end > len(contents) or any(contents[end : offset + _padded(end - offset)]):
        raise MessageError(f"array {name!r}: shape {shape} does not fit into what is there")
    try:
        return name, np.frombuffer(contents[offset:end], dtype).reshape(shape)
    except ValueError as error:
        raise MessageError(f"array {name!r}: shape {shape}: {error}") from error
