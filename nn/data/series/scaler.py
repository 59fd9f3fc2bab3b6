"""Scaling of variables, fitted on training series alone and undone exactly as far as rounding lets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from nn.data.errors import DataError
from nn.data.series.series_set import SeriesSet
from nn.short_text import short_repr


@dataclass(frozen=True)
class Scaler:
    """A shift and a scale for every variable: `scaled = (value - offset) / scale`.

    Fit it on what is trained on, and transform what is held out by the same: what lies beyond the training
    range then lies beyond the scaled one. Steps beyond the end of a series, and missing values, do not
    count. A variable that is constant has scale 1: it becomes the lower end, or 0.

    Attributes
    ----------
    offset, scale
        Numbers (variables,); scales are not 0.
    """

    offset: tuple[float, ...]
    scale: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = np.array([self.offset, self.scale], np.float64)
        if not (np.isfinite(numbers).all() and numbers[1].all()):
            raise DataError("scaler: offsets and scales must be finite, and scales not 0")

    @classmethod
    def min_max(cls, training: SeriesSet, low: float = 0.0, high: float = 1.0) -> Self:
        """Return one that brings the smallest value of every variable to `low` and the largest to `high`.

        Raises
        ------
        DataError
            When `low` is not below `high`, or nothing is known of a variable.
        """
        if not low < high:
            raise DataError(f"scaler: low {low} must be below high {high}")
        columns = _known(training)
        least = np.array([column.min() for column in columns])
        scale = _usable(np.array([column.max() for column in columns]) - least) / (high - low)
        return cls(tuple((least - low * scale).tolist()), tuple(scale.tolist()))

    @classmethod
    def standard(cls, training: SeriesSet) -> Self:
        """Return one that brings every variable to mean 0 and standard deviation 1.

        Raises
        ------
        DataError
            When nothing is known of a variable.
        """
        columns = _known(training)
        varies = np.array([np.ptp(column) for column in columns]) > 0
        means = np.array([column.mean() if column.min() < column.max() else column[0] for column in columns])
        scale = _usable(np.where(varies, [column.std() for column in columns], 0))
        return cls(tuple(means.tolist()), tuple(scale.tolist()))

    def transform(self, series: SeriesSet) -> SeriesSet:
        """Return series with scaled values; padding stays 0."""
        return self._changed(series, lambda values: (values - self.offset) / self.scale)

    def inverse(self, series: SeriesSet) -> SeriesSet:
        """Return series with the values that were scaled, such as generated ones; padding stays 0."""
        return self._changed(series, lambda values: values * self.scale + self.offset)

    def _changed(self, series: SeriesSet, change: Callable[[np.ndarray], np.ndarray]) -> SeriesSet:
        if series.values.shape[2] != len(self.offset):
            raise DataError(
                f"scaler: series have {series.values.shape[2]} variables, those it was fitted on "
                f"{len(self.offset)}"
            )
        changed = change(series.values.astype(np.float64))
        return replace(
            series, values=np.where(series.mask[..., None], changed, 0).astype(series.values.dtype)
        )

    def to_configuration(self) -> dict[str, Any]:
        """Describe it in JSON's terms; `from_configuration` makes it again, the same to the bit."""
        return {"offset": list(self.offset), "scale": list(self.scale)}

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Make one as it was described.

        Raises
        ------
        DataError
            When the description is none.
        """
        fields = dict(configuration)
        if set(fields) != {"offset", "scale"} or not all(map(_are_numbers, fields.values())):
            raise DataError(f"scaler {short_repr(fields)}: offset and scale, lists of numbers, are needed")
        offset, scale = tuple(map(float, fields["offset"])), tuple(map(float, fields["scale"]))
        if len(offset) != len(scale):
            raise DataError(f"scaler: {len(offset)} offsets, but {len(scale)} scales")
        return cls(offset, scale)


def _are_numbers(values: object) -> bool:
    return isinstance(values, Sequence) and all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in values
    )


def _known(training: SeriesSet) -> list[np.ndarray]:
    """Return all values of each variable that are there, float64."""
    there = training.values[training.mask].astype(np.float64)
    columns = [column[~np.isnan(column)] for column in there.T]
    for name, column in zip(training.variables, columns, strict=True):
        if not len(column):
            raise DataError(f"scaler: nothing is known of variable {name}: leave it out")
    return columns


def _usable(scale: np.ndarray) -> np.ndarray:
    """Return scales by which can be divided: 1 where there is none."""
    return np.where(scale > np.finfo(np.float64).tiny, scale, 1.0)
