"""What clips can be asked for, wherever they come from: bytes as users see them, or values of a network."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import DTypeLike

from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.history import aligned_zeros, padded
from nn.pixel_scaling import WHITE
from nn.shape import VideoShape

FEWER_CLIPS = "ask for fewer clips at a time, or for smaller or shorter ones"

LOWS = (0.0, -1.0)
"""What black may become; white is 1."""


class ClipSource(ABC):
    """Clips of one shape that are asked for by number."""

    @property
    @abstractmethod
    def shape(self) -> VideoShape:
        """Steps, height, width and channels of every clip."""

    @abstractmethod
    def clips(self, numbers: np.ndarray) -> np.ndarray:
        """Return some clips.

        Parameters
        ----------
        numbers
            Which: int (n,), in any order.

        Returns
        -------
        clips
            uint8 (n, steps, height, width, channels).

        Raises
        ------
        DataError
            When there is no such clip, or memory does not suffice.
        """

    def values(self, numbers: np.ndarray, *, low: float = 0.0, dtype: DTypeLike = np.float32) -> np.ndarray:
        """Return some clips as a network takes them.

        Parameters
        ----------
        numbers
            Which: int (n,), in any order.
        low
            What black becomes, 0 or -1; white is 1.
        dtype
            float32 or float64.

        Returns
        -------
        values
            (steps, height, width, channels, padded n); entries that are not used are 0. A range of steps,
            such as `values[:10]`, is a view.

        Raises
        ------
        DataError
            As `clips`, and for another `low`.
        """
        return clip_values(self.clips(numbers), low=low, dtype=dtype)


def clip_values(clips: np.ndarray, *, low: float = 0.0, dtype: DTypeLike = np.float32) -> np.ndarray:
    """Return clips in bytes, (n, steps, height, width, channels), as `ClipSource.values`."""
    from nn.kernels.gather import gather  # noqa: PLC0415 - films and writers need no compiler

    if low not in LOWS:
        raise DataError(f"low {low!r}: black becomes 0 or -1")
    entries = len(clips)
    size = clips[:1].size * padded(entries)
    require_memory(size * np.dtype(dtype).itemsize, f"the values of {entries} clips", FEWER_CLIPS)
    values = aligned_zeros((*clips.shape[1:], padded(entries)), dtype)
    rows = np.ascontiguousarray(clips).reshape(entries, -1)
    gather(rows, float(WHITE), np.arange(entries), values.reshape(-1, values.shape[-1]))
    if low:
        used = values[..., :entries]
        used *= 2
        used -= 1
    return values


def check_numbers(numbers: np.ndarray) -> np.ndarray:
    """Return numbers of clips as int64 (n,).

    Raises
    ------
    DataError
        When they are no whole numbers of at least 0, or there are none.
    """
    numbers = np.asarray(numbers)
    if numbers.ndim != 1 or not numbers.size or numbers.dtype.kind not in "iu":
        raise DataError(f"numbers of clips: {numbers.dtype} {numbers.shape}, expected whole numbers (n,)")
    if numbers.min() < 0 or numbers.max() > np.iinfo(np.int64).max:
        raise DataError(f"clip {numbers[(numbers < 0).argmax()]}: numbers begin at 0")
    return numbers.astype(np.int64)
