"""A part of an open file, of which no more is read than a sound file asks for."""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from networks.exchange.keras.refusals import RefusedError

MOST_AT_ONCE = 64 * 2**20
"""Most bytes of a single piece beside arrays: the description of a model is the largest."""

MOST_READS = 2_000_000
"""Beside arrays: a model of a thousand layers takes about 200,000."""


class Region:
    """Bytes of a file, which are read when they are asked for.

    Parameters
    ----------
    file
        Stays open as long as anything is read.
    begin, size
        Where they lie in it; by default all of it.

    Attributes
    ----------
    size
        How many bytes there are.
    """

    def __init__(self, file: BinaryIO, begin: int = 0, size: int | None = None) -> None:
        self._source, self._begin = file, begin
        self.size = os.fstat(file.fileno()).st_size if size is None else size
        self._place = 0
        self._left, self._reads = 64 * self.size + 2**20, MOST_READS
        self._of_arrays = 2 * self.size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, and return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def read(self, size: int | None = None) -> bytes:
        """Return bytes from the place on, as far as there are any.

        Raises
        ------
        RefusedError
            When more is read than a sound file asks for.
        """
        there = max(self.size - self._place, 0)
        wanted = there if size is None or size < 0 else min(size, there)
        self._left -= wanted
        self._reads -= 1
        if self._left < 0 or self._reads < 0:
            raise RefusedError("the weights refer to the same bytes over and over")
        if wanted > MOST_AT_ONCE:
            raise RefusedError(f"the weights have a piece of {wanted:,} bytes, more than {MOST_AT_ONCE:,}")
        found = self._piece(self._place, wanted)
        self._place += len(found)
        return found

    def array(self, begin: int, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array that lies at a place.

        Raises
        ------
        RefusedError
            When it is not there, or arrays lie upon each other.
        """
        size = dtype.itemsize * int(np.prod(shape, dtype=object))
        self._of_arrays -= size
        if self._of_arrays < 0:
            raise RefusedError("the weights have arrays that lie upon each other")
        if begin + size > self.size:
            raise RefusedError(f"an array in the weights has {size:,} bytes, which are not there")
        data = self._piece(begin, size)
        if len(data) < size:
            raise RefusedError("the weights became shorter while they were read")
        return np.frombuffer(data, dtype).reshape(shape)

    def _piece(self, begin: int, size: int) -> bytes:
        self._source.seek(self._begin + begin)
        return self._source.read(size)
