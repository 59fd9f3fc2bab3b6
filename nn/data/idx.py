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
from typing import IO, cast

import numpy as np

from nn.data.errors import DataError
from nn.data.memory import require_memory

IMAGE_MAGIC = 0x00000803
"""Two zero bytes, 8 for unsigned bytes, 3 dimensions: (images, rows, columns)."""

LABEL_MAGIC = 0x00000801
HEADER = struct.Struct(">IIII")
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
        When the file cannot be read, is no IDX image file, or holds fewer or more bytes than its
        header says; no more is allocated than the file can hold.
    """
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if not compressed:
                return _read(file, path, path.stat().st_size)
            with gzip.GzipFile(fileobj=file) as stream:
                return _read(cast(IO[bytes], stream), path, GZIP_RATIO * path.stat().st_size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: damaged gzip data: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _read(stream: IO[bytes], path: Path, most_bytes: int) -> np.ndarray:
    shape = _read_header(stream, path)
    size = math.prod(shape)
    if size > most_bytes:
        raise DataError(f"{path}: the header says {size} bytes of pixels, more than the file can hold")
    require_memory(size, str(path))
    images = np.empty(shape, np.uint8)
    pixels = images.reshape(-1)
    for start in range(0, size, CHUNK):
        wanted = min(CHUNK, size - start)
        chunk = stream.read(wanted)
        if len(chunk) < wanted:
            raise DataError(f"{path}: {start + len(chunk)} bytes of pixels, the header says {size}")
        pixels[start : start + wanted] = np.frombuffer(chunk, np.uint8)
    if stream.read(1):
        raise DataError(f"{path}: more bytes follow the {size} bytes of pixels that the header says")
    return images


def _read_header(stream: IO[bytes], path: Path) -> tuple[int, int, int]:
    header = stream.read(HEADER.size)
    magic = int.from_bytes(header[:4], "big")
    if len(header) >= 4 and magic == LABEL_MAGIC:
        raise DataError(f"{path}: holds labels (magic number {LABEL_MAGIC}); give the file of images")
    if len(header) >= 4 and magic != IMAGE_MAGIC:
        raise DataError(
            f"{path}: magic number {magic} at the start, not {IMAGE_MAGIC}: no IDX file of images in bytes"
        )
    if len(header) < HEADER.size:
        raise DataError(f"{path}: too short for an IDX header, {len(header)} of {HEADER.size} bytes")
    count, rows, columns = HEADER.unpack(header)[1:]
    if not count * rows * columns:
        raise DataError(f"{path}: the header says {count} images of {rows} x {columns} pixels: none to use")
    return count, rows, columns
