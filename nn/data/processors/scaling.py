"""Scales: of pixels, and of variables by what was measured on the training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from nn.argument_checks import check_number
from nn.data.errors import DataError
from nn.data.processors.processor import CLIP, IMAGE, SERIES, Processor
from nn.data.series.scaler import Scaler
from nn.data.series.series_set import SeriesSet
from nn.pixel_scaling import scale_pixels


@dataclass(frozen=True)
class ScalePixels(Processor):
    """Brings black to one number and white to another.

    Attributes
    ----------
    low, high
        What 0 and 255, or 0.0 and 1.0 of floating point, become.
    """

    name = "scale_pixels"

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        check_number(f"{self.name}: low", self.low)
        check_number(f"{self.name}: high", self.high)
        if not self.low < self.high:
            raise DataError(f"{self.name}: low {self.low} must be below high {self.high}")

    @property
    def takes(self) -> tuple[str, ...]:
        """Images and clips: bytes, or numbers from 0 to 1."""
        return IMAGE, CLIP

    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return the entry as float32; see `Processor.process`."""
        shares = scale_pixels(entry)
        if (self.low, self.high) == (0, 1):
            return [shares]
        return [(shares * np.float32(self.high - self.low) + np.float32(self.low)).astype(np.float32)]


@dataclass(frozen=True)
class ScaleVariables(Processor):
    """Shifts and scales every variable, band or channel, by what was measured on the training data.

    Attributes
    ----------
    offset, scale
        One number for each: `scaled = (value - offset) / scale`, as `nn.Scaler` has it.
    """

    name = "scale_variables"

    offset: Sequence[float]
    scale: Sequence[float]

    def __post_init__(self) -> None:
        try:
            scaler = Scaler.from_configuration({"offset": self.offset, "scale": self.scale})
        except OverflowError as error:
            raise DataError(f"{self.name}: a number is too large") from error
        object.__setattr__(self, "offset", scaler.offset)
        object.__setattr__(self, "scale", scaler.scale)

    @classmethod
    def of(cls, scaler: Scaler) -> Self:
        """Return the step that does what a scaler does."""
        return cls(scaler.offset, scaler.scale)

    @classmethod
    def fitted(cls, entries: Sequence[np.ndarray]) -> Self:
        """Return one that brings every variable to mean 0 and standard deviation 1.

        Parameters
        ----------
        entries
            Of the training data, (..., variables), floating point or bytes; NaN does not count.

        Raises
        ------
        DataError
            When there are none, or nothing is known of a variable.
        """
        if not len(entries):
            raise DataError(f"{cls.name}: there are no entries to measure")
        flat = [np.asarray(scale_pixels(each), np.float64).reshape(-1, each.shape[-1]) for each in entries]
        return cls.of(Scaler.standard(SeriesSet.of(np.concatenate(flat)[None])))

    @property
    def takes(self) -> tuple[str, ...]:
        """All but sound, which has no variables; bytes become 0 to 1 before."""
        return IMAGE, CLIP, SERIES

    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return the entry scaled, float32 or float64; see `Processor.process`."""
        if entry.shape[-1] != len(self.offset):
            raise DataError(f"{entry.shape[-1]} variables, those it was fitted on are {len(self.offset)}")
        values = scale_pixels(entry)
        scaled = (values.astype(np.float64) - self.offset) / self.scale
        return [scaled.astype(values.dtype)]
