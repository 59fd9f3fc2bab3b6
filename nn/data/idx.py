"""IDX files, the format of MNIST: a big-endian header, then one byte a pixel; plain or gzipped.

Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", section on file formats.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np

from nn.data.errors import DataError
from nn.data.memory import require_memory

UNSIGNED_BYTES = 0x08
TYPES = {
    UNSIGNED_BYTES: "unsigned bytes",
    0x09: "signed bytes (int8)",
    0x0B: "int16",
    0x0C: "int32",
    0x0D: "float32",
    0x0E: "float64",
}
"""The meaning of the third byte of a file: the type of its numbers."""


class Kind(NamedTuple):
    """What an IDX file holds: the number at its start, its axes, and what messages call its contents.

    The magic number is two zero bytes, 8 for unsigned bytes, and the number of axes.
    """

    name: str
    bytes: str
    axes: int

    @property
    def magic(self) -> int:
        """The number at the start."""
        return UNSIGNED_BYTES << 8 | self.axes

    def describe(self, shape: tuple[int, ...]) -> str:
        """Say how much there is."""
        count, *sides = shape
        return f"{count} {self.name}" + (f" of {sides[0]} x {sides[1]} pixels" if sides else "")


IMAGES = Kind("images", "pixels", 3)
LABELS = Kind("labels", "labels", 1)
GZIP_MAGIC = b"\x1f\x8b"
# Deflate stores at most 258 bytes in 2 bits: no gzip file holds more than this many times its size.
GZIP_RATIO = 1032
CHUNK = 1 << 20

IMAGE_NAME = re.compile(r"idx3[-_.]?ubyte(\.gz)?$", re.IGNORECASE)
LABEL_NAME = re.compile(r"idx1[-_.]?ubyte(\.gz)?$", re.IGNORECASE)


def read_idx(path: Path) -> np.ndarray:
    """Read the images of an IDX file: uint8 (images, rows, columns).

    Raises
    ------
    DataError
        When the file cannot be read, is not an IDX image file, or holds fewer or more bytes than its header
        says; no more is allocated than the file can hold.
    """
    return _read(path, IMAGES)


def read_idx_labels(path: Path) -> np.ndarray:
    """Read the labels of an IDX file: int64 (labels,).

    Raises
    ------
    DataError
        As for `read_idx`.
    """
    return _read(path, LABELS).astype(np.int64)


def _read(path: Path, kind: Kind) -> np.ndarray:
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if not compressed:
                return _read_stream(file, path, kind, path.stat().st_size)
            with gzip.GzipFile(fileobj=file) as stream:
                return _read_stream(cast(IO[bytes], stream), path, kind, GZIP_RATIO * path.stat().st_size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged gzip data: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _read_stream(stream: IO[bytes], path: Path, kind: Kind, most_bytes: int) -> np.ndarray:
    shape = _read_header(stream, path, kind)
    size = math.prod(shape)
    if size > most_bytes:
        raise DataError(f"{path}: the header says {size} bytes of {kind.bytes}, more than the file can hold")
    require_memory(size, str(path))
    numbers = np.empty(shape, np.uint8)
    flat = numbers.reshape(-1)
    for start in range(0, size, CHUNK):
        wanted = min(CHUNK, size - start)
        chunk = stream.read(wanted)
        if len(chunk) < wanted:
            raise DataError(f"{path}: {start + len(chunk)} bytes of {kind.bytes}, the header says {size}")
        flat[start : start + wanted] = np.frombuffer(chunk, np.uint8)
    if stream.read(1):
        raise DataError(f"{path}: more bytes follow the {size} bytes of {kind.bytes} that the header says")
    return numbers


def _read_header(stream: IO[bytes], path: Path, kind: Kind) -> tuple[int, ...]:
    header = stream.read(4 * (1 + kind.axes))
    if len(header) >= 4 and header[:4] != kind.magic.to_bytes(4, "big"):
        raise DataError(f"{path}: {_otherwise(header[:4], kind)}")
    if len(header) < 4 * (1 + kind.axes):
        raise DataError(f"{path}: too short for an IDX header, {len(header)} of {4 * (1 + kind.axes)} bytes")
    shape = struct.unpack(f">{kind.axes}I", header[4:])
    if not math.prod(shape):
        raise DataError(f"{path}: the header says {kind.describe(shape)}: none to use")
    return shape


def _otherwise(start: bytes, kind: Kind) -> str:
    """Describe a file whose magic number is not the expected one."""
    magic = int.from_bytes(start, "big")
    for other in (IMAGES, LABELS):
        if magic == other.magic:
            return f"holds {other.name} (magic number {magic}); give the file of {kind.name}"
    _, second, numbers, axes = start
    said = f"magic number {magic} at the start, not {kind.magic}"
    if start[2:] == b"\0\0" and second in TYPES:
        return f"{said}: its header is little-endian, that of an IDX file big-endian"
    if start[:2] != b"\0\0":
        return f"{said}: no IDX file"
    if numbers not in TYPES:
        return f"{said}: numbers of type {numbers:#04x}, which IDX does not have; expected unsigned bytes"
    if numbers != UNSIGNED_BYTES:
        return f"{said}: holds {TYPES[numbers]}; expected unsigned bytes"
    return f"{said}: has {axes} axes; a file of {kind.name} has {kind.axes}"
