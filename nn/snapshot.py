"""Snapshots: arrays and JSON in one safetensors file that is either whole or refused.

A snapshot is written beside the file it replaces, synced, and renamed into place; the one before it
is kept as `<name>.previous<suffix>`. At every instant one of the two is whole. A checksum covers
names, dtypes, shapes, data and metadata. One process may write to a path at a time: see `nn.training.lock`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from nn.one_line import one_line
from nn.parameter_limit import check_memory
from nn.short_text import join_names, short_repr, shorten
from nn.storable import as_path, check_arrays, metadata_text

FORMAT = "ganglion"
VERSION = 1

LARGEST_HEADER = 100_000_000
"""Bytes of names, shapes and metadata; the library refuses to read more."""

DIGITS = 100
"""Most digits of a whole number in the metadata: the states of random generators have 39."""

PIECE = 1 << 20
"""Numbers that are looked at together, so that no array as large as the file is made for it."""

logger = logging.getLogger(__name__)


class SnapshotError(Exception):
    """A snapshot that cannot be saved or loaded.

    Parameters
    ----------
    message
        One line that names the file and what is wrong; of something long its middle is left out.
    """

    def __init__(self, message: str) -> None:
        super().__init__(shorten(one_line(message)))


class MissingSnapshotError(SnapshotError):
    """The snapshot does not exist."""


class Snapshot(NamedTuple):
    """What was saved: arrays by name, JSON-able metadata, and the file they came from."""

    arrays: dict[str, np.ndarray]
    metadata: dict[str, Any]
    path: Path


def previous(path: Path) -> Path:
    """Where the snapshot before the one at `path` is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def save(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> None:
    """Write a snapshot and keep the previous one.

    Parameters
    ----------
    path
        In a folder that exists.
    arrays
        Finite numbers of any layout in memory; float16 to float64, integers or bool.
    metadata
        Strings, finite numbers, booleans, None, and lists and dictionaries of them.

    Raises
    ------
    SnapshotError
        When an argument is of another kind or something cannot be stored, the disk is full or the folder
        cannot be written; the snapshots that were there are untouched then.
    """
    path = _named(path)
    contents = _encode(path, arrays, metadata)
    unfinished = path.with_name(f"{path.stem}.unfinished{path.suffix}")
    try:
        _write_synced(unfinished, contents)
        _replace(path, unfinished)
        _sync_folder(path.parent)
    except OSError as error:
        raise SnapshotError(
            f"{path}: cannot save the snapshot ({error.strerror}); the one saved before it is untouched"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def load(path: Path, *, finite: bool = True) -> Snapshot:
    """Read a snapshot.

    Parameters
    ----------
    path
        A file that `save` wrote.
    finite
        Whether to refuse NaN and Inf.

    Raises
    ------
    MissingSnapshotError
        When there is no such file.
    SnapshotError
        When the file is not a snapshot, is damaged, or is of a newer format.
    """
    path = _named(path)
    arrays, header = _read(path)
    _check_format(path, header)
    if "metadata" not in header or header.get("checksum") != _checksum(arrays, header):
        raise SnapshotError(f"{path}: damaged, its contents do not match their checksum")
    if finite:
        _check_finite(path, arrays)
    return Snapshot(arrays, _decode_metadata(path, header["metadata"]), path)


def load_latest(path: Path, *, finite: bool = True) -> Snapshot:
    """Read the snapshot at `path`, or the one before it when that is missing or damaged.

    Which one it took, and why, is logged.

    Raises
    ------
    MissingSnapshotError
        When neither exists.
    SnapshotError
        When neither can be used; the message says what is wrong with each.
    """
    path = _named(path)
    try:
        snapshot = load(path, finite=finite)
    except SnapshotError as error:
        latest_error = error
    else:
        logger.info("loaded %s", path)
        return snapshot
    try:
        snapshot = load(previous(path), finite=finite)
    except MissingSnapshotError:
        raise latest_error from None
    except SnapshotError as error:
        raise SnapshotError(f"{latest_error}; {error}") from error
    logger.warning("%s; loaded the one before it, %s", latest_error, previous(path))
    return snapshot


def _encode(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> bytes:
    try:
        whole = {name: _whole(array) for name, array in check_arrays(arrays).items()}
        _check_finite(path, whole)
        text = metadata_text(metadata)
        header = {"format": FORMAT, "version": str(VERSION), "metadata": text}
        contents: bytes = to_bytes(whole, {**header, "checksum": _checksum(whole, header)})
        size = int.from_bytes(contents[:8], "little")
        if size > LARGEST_HEADER:
            raise ValueError(f"names and metadata of {size:,} bytes; at most {LARGEST_HEADER:,} can be read")
        return contents
    except (TypeError, ValueError, RecursionError, SafetensorError) as error:
        raise SnapshotError(f"{path}: cannot be stored in a snapshot: {error}") from error


def _named(path: Any) -> Path:
    try:
        return as_path(path)
    except ValueError as error:
        raise SnapshotError(str(error)) from error


def _whole(array: np.ndarray) -> np.ndarray:
    """Lay an array out in C order: safetensors 0.8 scrambles transposed and strided ones."""
    native = array.dtype.newbyteorder("=")
    return np.ascontiguousarray(array, native).reshape(array.shape)


def _write_synced(path: Path, contents: bytes) -> None:
    with open(path, "wb") as file:
        file.write(contents)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, unfinished: Path) -> None:
    """Put the finished file in place and keep the old one, with a whole file at `path` throughout."""
    if not path.exists():
        os.replace(unfinished, path)
        return
    spare = path.with_name(f"{path.stem}.spare{path.suffix}")
    spare.unlink(missing_ok=True)
    try:
        os.link(path, spare)
    except OSError:  # a file system without hard links
        _write_synced(spare, path.read_bytes())
    os.replace(unfinished, path)
    os.replace(spare, previous(path))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read arrays and header; the library compares every size with the file's before it allocates."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise SnapshotError(f"{path}: not a file")
        check_memory(status.st_size, "to be read", "free some of it", owner="the file")
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError as error:
        raise MissingSnapshotError(f"{path}: there is no such file") from error
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read ({error})") from error
    except MemoryError as error:
        raise SnapshotError(f"{path}: {error}") from error
    except (SafetensorError, TypeError, AttributeError, ValueError, OverflowError) as error:
        # foreign dtypes and shapes raise nearly anything
        raise SnapshotError(f"{path}: truncated, damaged or not a snapshot ({error})") from error


def _check_format(path: Path, header: Mapping[str, str]) -> None:
    if header.get("format") != FORMAT:
        raise SnapshotError(
            f"{path}: not a snapshot of this program (its format is {short_repr(header.get('format'))})"
        )
    try:
        version = int(header["version"])
    except (KeyError, ValueError) as error:
        raise SnapshotError(f"{path}: damaged, its header has no version") from error
    if version > VERSION:
        raise SnapshotError(
            f"{path}: has format {version}, this program reads up to {VERSION}: update the program"
        )


def _checksum(arrays: Mapping[str, np.ndarray], header: Mapping[str, str]) -> str:
    """SHA-256 over everything in the file that means something, in the order of the names."""
    digest = hashlib.sha256()
    for key in ("format", "version", "metadata"):
        digest.update(json.dumps([key, header[key]]).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _check_finite(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    for name, array in arrays.items():
        flat = array.reshape(-1)
        for start in range(0, flat.size, PIECE):
            finite = np.isfinite(flat[start : start + PIECE])
            if not finite.all():
                place = start + int(np.argmin(finite))
                position = tuple(map(int, np.unravel_index(place, array.shape)))
                raise SnapshotError(f"{path}: {join_names([name])} has {flat[place]} at {position}")


def _decode_metadata(path: Path, text: str) -> dict[str, Any]:
    try:
        metadata = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_of_few_digits
        )
    except RecursionError as error:
        raise SnapshotError(f"{path}: its metadata is not JSON but nested too deeply") from error
    except ValueError as error:
        raise SnapshotError(f"{path}: its metadata is not JSON ({error})") from error
    if not isinstance(metadata, dict):
        raise SnapshotError(f"{path}: its metadata is a {type(metadata).__name__}, not an object")
    return metadata


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{short_repr(text)} is too large for a number")
    return number


def _of_few_digits(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"a whole number of {len(text)} digits")
    return int(text)
