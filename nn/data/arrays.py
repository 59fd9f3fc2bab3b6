"""Images in a NumPy file: one `.npy`, or one array of an `.npz`. Nothing is ever unpickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from nn.data.errors import DataError
from nn.data.idx import GZIP_RATIO
from nn.data.levels import ROUNDING
from nn.data.memory import require_memory
from nn.data.unread import BEGINNING, kind_of_contents
from nn.dtype_names import describe_dtype
from nn.short_text import join_names, short_repr, shorten

ARRAY_SUFFIXES = (".npy", ".npz")

EXPECTED = "expected uint8 (0 to 255), uint16 (0 to 65535) or floating point (0 to 1)"

ZIPPED = (b"PK\x03\x04", b"PK\x05\x06")
"""How files of several arrays begin."""

LONGEST = 300
"""Most characters in the description of a file that cannot be read."""


class Header(NamedTuple):
    """What the header of a stored array says."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size_in_bytes(self) -> int:
        """Bytes of all elements."""
        return math.prod(self.shape) * self.dtype.itemsize

    def __str__(self) -> str:
        return f"{describe_dtype(self.dtype)} {short_repr(self.shape)}"


def read_array(path: Path) -> np.ndarray:
    """Read images: uint8, uint16, or floating point from 0 to 1; (N, H, W) or (N, H, W, channels).

    Of an `.npz` it is the array called `images`, or else the only one with 3 or 4 axes. A `.npy`
    is mapped, not copied. Floating point may lie beyond 0 to 1 by rounding: see `nn.data.levels`.

    Raises
    ------
    DataError
        When the file is damaged, there is no such array or more than one, or its type, axes or
        range do not fit; names what was found.
    """
    try:
        array = _read_npz(path) if path.suffix.lower() == ".npz" else read_npy(path, EXPECTED)
    except DataError:
        raise
    except Exception as error:  # NumPy's reader of headers raises nearly anything on damaged ones
        reason = shorten(f"{type(error).__name__}: {error}", LONGEST)
        raise DataError(f"{path}: cannot be read: {reason}") from error
    _check(array, path)
    return array


def read_npy(path: Path, expected: str) -> np.ndarray:
    """Map the array in a `.npy`; `expected` ends the message where it cannot be read.

    Raises
    ------
    DataError
        When it is not a NumPy file, or holds objects, which would have to be unpickled.
    Exception
        Nearly any, where the file is damaged or of another format.
    """
    with path.open("rb") as stream:
        beginning = stream.read(BEGINNING)
        stream.seek(0)
        if not beginning.startswith((np.lib.format.MAGIC_PREFIX, *ZIPPED)):
            kind = kind_of_contents(beginning) or "something else"
            raise DataError(
                f"{path}: not a file of NumPy, it holds {kind if beginning else 'nothing'}; {expected}"
            )
        if beginning.startswith(np.lib.format.MAGIC_PREFIX):
            _refuse_objects(_read_header(stream), path, expected)
    with np.errstate(over="ignore"):  # a header may promise more than 64 bits count
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _refuse_objects(header: Header, path: Path, expected: str) -> None:
    if header.dtype.hasobject:
        raise DataError(
            f"{path}: the array is {header}, which cannot be read without running what they say; {expected}"
        )


def _read_npz(path: Path) -> np.ndarray:
    headers = npz_headers(path)
    return read_npz(path, _choose(headers, path), headers, EXPECTED)


def npz_headers(path: Path) -> dict[str, Header]:
    """Return the headers of the arrays of an `.npz` by name, without loading any.

    Raises
    ------
    DataError
        When the header of an array promises more bytes than are stored.
    Exception
        Nearly any, where the file is damaged or of another format.
    """
    headers: dict[str, Header] = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.filename.endswith(".npy"):
                continue
            with archive.open(info) as stream:
                header = _read_header(stream)
                stored = info.file_size - stream.tell()
            if header.size_in_bytes != stored and not header.dtype.hasobject:
                raise DataError(
                    f"{path}: array {info.filename} says {header}, {header.size_in_bytes} bytes, "
                    f"but {stored} are stored"
                )
            _check_compression(info, path)
            headers[info.filename.removesuffix(".npy")] = header
    return headers


def read_npz(path: Path, name: str, headers: Mapping[str, Header], expected: str) -> np.ndarray:
    """Return one of the arrays of an `.npz` whose `npz_headers` are known; see `read_npy`.

    Raises
    ------
    DataError
        When it holds objects, which would have to be unpickled, or memory does not suffice.
    """
    _refuse_objects(headers[name], path, expected)
    require_memory(headers[name].size_in_bytes, f"{path}: array {name}")
    with np.load(path, allow_pickle=False) as arrays:
        array: np.ndarray = arrays[name]
    return array


def read_named(path: Path, names: tuple[str, ...], how: str) -> dict[str, np.ndarray]:
    """Return those arrays of an `.npz` that have one of some names; of a `.npy` it is the first of them.

    Parameters
    ----------
    path
        The file.
    names
        The first must be there.
    how
        Ends messages: how to write such a file.

    Raises
    ------
    DataError
        When the file is damaged or too large, has no such array, or one of objects.
    """
    try:
        if path.suffix.lower() == ".npy":
            return {names[0]: read_npy(path, how)}
        headers = npz_headers(path)
        if names[0] not in headers:
            found = join_names(sorted(headers))
            raise DataError(f"{path}: no array called {names[0]}, only {found}: {how}")
        return {name: read_npz(path, name, headers, how) for name in names if name in headers}
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except Exception as error:  # NumPy's reader raises nearly anything on damaged files
        reason = shorten(f"{type(error).__name__}: {error}", LONGEST)
        raise DataError(f"{path}: cannot be read: {reason}: {how}") from error


def _check_compression(info: zipfile.ZipInfo, path: Path) -> None:
    """Refuse an array whose header promises more than its bytes in the file can hold."""
    ratios = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: GZIP_RATIO}
    ratio = ratios.get(info.compress_type)
    if ratio is not None and info.file_size > ratio * info.compress_size:
        raise DataError(
            f"{path}: array {info.filename} says it has {info.file_size} bytes, "
            f"more than {info.compress_size} compressed ones can hold"
        )


def _read_header(stream: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return Header(shape, dtype)


def _choose(headers: Mapping[str, Header], path: Path) -> str:
    if "images" in headers:
        return "images"
    fitting = [name for name, header in headers.items() if len(header.shape) in (3, 4)]
    if len(fitting) != 1:
        found = "; ".join(f"{name}: {header}" for name, header in headers.items()) or "none"
        raise DataError(
            f"{path}: no array called images, and {len(fitting)} arrays with 3 or 4 axes. "
            f"Arrays found: {found}"
        )
    return fitting[0]


def _check(array: np.ndarray, path: Path) -> None:
    found = f"{path}: the array is {Header(array.shape, array.dtype)}"
    if array.dtype.kind != "f" and array.dtype.newbyteorder("=") not in (np.uint8, np.uint16):
        raise DataError(f"{found}; {EXPECTED}")
    if array.ndim not in (3, 4) or not array.size:
        raise DataError(f"{found}; expected (N, height, width) or (N, height, width, channels)")
    if array.ndim == 3 and array.shape[2] <= 4:
        raise DataError(
            f"{found}, which looks like one image: give it as array[None], (1, height, width, channels)"
        )
    if array.ndim == 4 and array.shape[3] > 4:
        raise DataError(f"{found}; expected 1 to 4 channels on the last axis")
    if array.dtype.kind == "f":
        _check_range(array, found)


def _check_range(array: np.ndarray, found: str) -> None:
    """Refuse floating point beyond 0 to 1, naming the first such image."""
    lowest, highest = float(array.min()), float(array.max())
    if not (lowest >= -ROUNDING and highest <= 1 + ROUNDING):
        number = next(n for n, image in enumerate(array) if not _is_within(image))
        raise DataError(
            f"{found} with values from {lowest:g} to {highest:g}; expected 0 to 1, beyond which image "
            f"{number} is the first"
        )


def _is_within(image: np.ndarray) -> bool:
    return bool(image.min() >= -ROUNDING and image.max() <= 1 + ROUNDING)
