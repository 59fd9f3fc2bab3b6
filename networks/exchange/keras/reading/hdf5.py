"""Groups, attributes and arrays of an HDF5 file.

pyfive parses it, and is given no file to open. What it reads of the bytes is counted, so that a damaged file
cannot keep it reading; links other than to what is in the file, storage elsewhere, chunks and filters, none
of which Keras writes, are refused; every array is compared with the bytes that are there, and only those that
a model has a place for are read.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from struct import unpack_from
from typing import Any, NamedTuple

import numpy as np
from ml_dtypes import bfloat16

from networks.exchange.errors import ExchangeError
from networks.exchange.keras.reading.region import Region
from networks.exchange.keras.refusals import RefusedError
from networks.exchange.library import optional
from nn.short_text import short_repr

DEEPEST = 40
"""Deepest nesting of groups: a layer in a model in a model is at about 8."""

MOST_OBJECTS = 100_000
"""Most groups and arrays: a model of a thousand layers has about 5,000."""

EXTERNAL_FILES, CONTIGUOUS = 7, 1
"""Kinds of messages, and of ways to store an array, in the format."""


class Array(NamedTuple):
    """An array in the file, not read yet.

    Attributes
    ----------
    shape
        Of it.
    dtype
        Of its numbers.
    read
        Returns it.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]


class Group(NamedTuple):
    """A group: its attributes, and what is in it by name, in order."""

    attributes: Mapping[str, Any]
    members: Mapping[str, Group | Array]

    def group(self, name: str) -> Group | None:
        """Return a group in it, None where there is none."""
        found = self.members.get(name)
        return found if isinstance(found, Group) else None

    def arrays(self, prefix: str = "") -> Iterator[tuple[str, Array]]:
        """Yield all arrays below, each with its path."""
        for name, member in self.members.items():
            if isinstance(member, Array):
                yield prefix + name, member
            else:
                yield from member.arrays(f"{prefix}{name}/")


def read_hdf5(file: Region) -> Group:
    """Return what is in an HDF5 file.

    Parameters
    ----------
    file
        Stays open until the last array is read.

    Raises
    ------
    RefusedError
        When it is damaged, too deep, or holds what is not mapped.
    ExchangeError
        When pyfive is not installed.
    """
    library = optional("pyfive")
    with _border():
        if library.File(file).userblock_size:
            raise RefusedError("the weights begin after other data, as Keras writes none")
        root = import_module("pyfive.misc_low_level").SuperBlock(file, 0).offset_to_dataobjects
        return _Walk(import_module("pyfive.dataobjects").DataObjects, file).group(root, "", 0)


@contextmanager
def _border() -> Iterator[None]:
    """Turn whatever a parser raises over damaged bytes into one error."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    except ExchangeError:
        raise
    except Exception as error:
        raise RefusedError(
            "the weights are truncated, damaged or no HDF5 file, or have a link to another file"
        ) from error


class _Walk:
    """Goes through all groups once."""

    def __init__(self, read: Any, file: Region) -> None:
        self._read, self._file = read, file
        self._seen: set[int] = set()
        self._count = 0

    def group(self, address: int, path: str, depth: int) -> Group:
        """Return a group with all below it."""
        if depth > DEEPEST:
            raise RefusedError(f"the weights have groups within groups, more than {DEEPEST} deep")
        found = self._read(self._file, address)
        members: dict[str, Group | Array] = {}
        for name, inside in found.iter_links():
            where = f"{path}/{name}"
            self._check_link(where, name, inside)
            if name in members:
                raise RefusedError(f"{short_repr(where)} in the weights is there twice")
            below = self._read(self._file, inside)
            if below.is_dataset:
                members[name] = self._array(below, short_repr(where))
            else:
                members[name] = self.group(inside, where, depth + 1)
        return Group(dict(found.get_attributes()), members)

    def _check_link(self, where: str, name: str, address: Any) -> None:
        self._count += 1
        if self._count > MOST_OBJECTS:
            raise RefusedError(f"the weights have more than {MOST_OBJECTS:,} groups and arrays")
        if not isinstance(address, int):
            raise RefusedError(f"{short_repr(where)} in the weights is a soft link, which is not followed")
        if not name or "/" in name or name in {".", ".."}:
            raise RefusedError(f"{short_repr(where)} in the weights is no name")
        if address in self._seen:
            raise RefusedError(f"{short_repr(where)} in the weights is there under another name too")
        self._seen.add(address)

    def _array(self, found: Any, where: str) -> Array:
        if found.find_msg_type(EXTERNAL_FILES):
            raise RefusedError(f"{where} in the weights lies in another file, which is not opened")
        _, way, place = found.get_id_storage_params()
        if way != CONTIGUOUS or found.filter_pipeline:
            raise RefusedError(
                f"{where} in the weights is virtual, compact, compressed or in chunks, as Keras writes none"
            )
        shape, dtype = found.shape, _kind(found)
        if not isinstance(shape, tuple) or not isinstance(dtype, np.dtype):
            raise RefusedError(f"{where} in the weights has no shape, or numbers of no known kind")
        size = math.prod(shape) * dtype.itemsize
        (begin,) = unpack_from("<Q", found.msg_data, place) if size else (0,)
        if begin + size > self._file.size:
            raise RefusedError(f"{where} in the weights has {size:,} bytes, which are not there")
        return Array(shape, dtype, partial(_numbers, self._file, shape, dtype, begin))


def _kind(found: Any) -> Any:
    """Return the kind of numbers; bfloat16 is two bytes there, and an attribute."""
    dtype = found.ptype.dtype
    if dtype == np.dtype("V2") and text_of(found.get_attributes().get("dtype")) == "bfloat16":
        return np.dtype(bfloat16)
    return dtype


def _numbers(file: Region, shape: tuple[int, ...], dtype: np.dtype, begin: int) -> np.ndarray:
    if dtype.hasobject:
        raise RefusedError(f"the weights have an array of {dtype}, and floats are mapped")
    return file.array(begin, dtype, shape)


def text_of(value: Any) -> str | None:
    """Return text that is bytes or text, None for what is neither."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else None
