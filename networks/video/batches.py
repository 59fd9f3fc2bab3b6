"""Clips as batches: what is read, what is to come, and what the heads are asked for."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike

from networks.video.blueprint import Blueprint
from networks.video.network import FUTURE, INPUT
from nn.argument_checks import check_count
from nn.data.errors import DataError
from nn.entries import to_history
from nn.training import Batch

ROUNDING = 1e-6
"""How far frames may lie beyond black and white."""


class Clips(Protocol):
    """Clips that are asked for by number, such as those of `nn.data.video`."""

    def values(self, numbers: np.ndarray, *, low: float, dtype: DTypeLike) -> np.ndarray:
        """Return some clips, (steps, height, width, channels, N), with black as `low` and white as 1."""


class ClipBatches:
    """A source of batches for `nn.training.Trainer`.

    Parameters
    ----------
    clips
        uint8 or floating point of 0 to 1, (count, steps, height, width, channels), perhaps mapped from a
        file; or a source of clips. They are brought into the range of the blueprint. Steps beyond those that
        the networks read and predict are left out.
    blueprint
        Of the networks.
    count
        How many clips of a source make an epoch; it may be asked for others.
    first
        The number of the first of them.
    dtype
        float32 or float64.

    Raises
    ------
    DataError
        When clips are too short, or of another shape or kind.
    """

    def __init__(
        self,
        clips: np.ndarray | Clips,
        blueprint: Blueprint,
        *,
        count: int | None = None,
        first: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._clips, self._blueprint, self._dtype = clips, blueprint, np.dtype(dtype)
        self._first, self._endless = first, not isinstance(clips, np.ndarray)
        if isinstance(clips, np.ndarray):
            _check_clips(clips, blueprint)
            self._count = len(clips) - first if count is None else check_count("video: count", count)
            if not 0 <= first <= first + self._count <= len(clips) or not self._count:
                raise DataError(f"video: clips {first} to {first + self._count} of {len(clips)}")
        elif count is None:
            raise ValueError("video: say how many clips of the source make an epoch, as `count`")
        else:
            self._count = check_count("video: count", count)

    def __len__(self) -> int:
        return self._count

    def batch(self, indices: np.ndarray) -> Batch:
        """Return the clips at `indices`, int (n,).

        Raises
        ------
        IndexError
            When there is no such clip.
        DataError
            When floating-point frames are not 0 to 1.
        """
        last = np.inf if self._endless else self._count - 1
        if len(indices) and not 0 <= np.min(indices) <= np.max(indices) <= last:
            raise IndexError(f"clips {indices} of {self._count}")
        blueprint, entries = self._blueprint, len(indices)
        values = self._values(np.asarray(indices) + self._first)
        if blueprint.kind == "convolutional_lstm":  # has no use for padding
            values = np.ascontiguousarray(values[..., :entries])
        read = values[: blueprint.steps_in]
        targets = {"reconstruction": read}
        inputs: np.ndarray | dict[str, np.ndarray] = read
        if blueprint.needs_future:
            future = targets["prediction"] = values[blueprint.steps_in : blueprint.steps]
            if blueprint.inputs == "true":
                inputs = {INPUT: read, FUTURE: future}
        asked = {name: targets[name] for name in blueprint.heads}
        return Batch(inputs, asked if len(asked) > 1 else next(iter(asked.values())), None, entries)

    def _values(self, numbers: np.ndarray) -> np.ndarray:
        """Return clips (steps, *frame, N) in the range of the blueprint."""
        low, steps = self._blueprint.limits[0], self._blueprint.steps
        if not isinstance(self._clips, np.ndarray):
            values = self._clips.values(numbers, low=low, dtype=self._dtype)
            if values.shape[0] < steps or values.shape[1:4] != self._blueprint.frame:
                raise DataError(_unfit(values.shape[:4], self._blueprint))
            return values
        values = to_history(self._clips[numbers, :steps], self._dtype)
        if self._clips.dtype != np.uint8:
            lowest, highest = float(values.min()), float(values.max())
            if lowest < -ROUNDING or highest > 1 + ROUNDING:
                raise DataError(f"video: frames of {lowest:g} to {highest:g}: give 0 to 1, or bytes")
        if low:
            used = values[..., : len(numbers)]
            used *= 1 - low
            used += low
        return values


def _check_clips(clips: np.ndarray, blueprint: Blueprint) -> None:
    if clips.dtype != np.uint8 and clips.dtype.kind != "f":
        raise DataError(f"video: clips are {clips.dtype}: give uint8, or floating point of 0 to 1")
    if clips.ndim != 5 or clips.shape[1] < blueprint.steps or clips.shape[2:] != blueprint.frame:
        raise DataError(_unfit(clips.shape[1:], blueprint))


def _unfit(shape: tuple[int, ...], blueprint: Blueprint) -> str:
    wanted = blueprint.video(blueprint.steps)
    return f"video: clips are {shape}, the networks need at least {blueprint.steps} frames: {wanted}"
