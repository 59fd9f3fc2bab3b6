"""Changes of a known size, from 0, none, to 1, that show what a measure sees of generated series.

They are modelled on the 13 of Stenger et al. (2025), "STEB: In search of the best evaluation approach for
synthetic time series", arXiv 2505.21160, in their simplest form; its reverse substitution is `noise entries`
read backwards. Shift, scale, time-shuffled, memorised, fewer and shorter are others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

HALF_WINDOW = 3
RARE = 3
"""The class that is rare."""


class Made(NamedTuple):
    """Series (n, steps, variables), labels (n,), and which steps there are, (n, steps), or None for all."""

    values: np.ndarray
    labels: np.ndarray
    mask: np.ndarray | None = None

    def chosen(self, rows: np.ndarray) -> Made:
        """Return some of the series."""
        mask = None if self.mask is None else self.mask[rows]
        return Made(self.values[rows], self.labels[rows], mask)


class Given(NamedTuple):
    """What a change is made from: fresh series, the training ones, how large it is, and its draws."""

    made: Made
    training: np.ndarray
    size: float
    generator: np.random.Generator

    def some(self) -> np.ndarray:
        """Return whether each series is one of those that change, a share of `size`: bool (n,)."""
        count = len(self.made.values)
        return self.generator.permutation(count) < round(self.size * count)

    def with_values(self, values: np.ndarray) -> Made:
        """Return the series with other values."""
        return self.made._replace(values=values)

    def replaced(self, others: np.ndarray) -> Made:
        """Return the series of which some are replaced by others."""
        return self.with_values(np.where(self.some()[:, None, None], others, self.made.values))


Change = Callable[[Given], Made]


def _shift(given: Given) -> Made:
    return given.with_values(given.made.values + given.size)


def _scale(given: Given) -> Made:
    return given.with_values(given.made.values * (1 + given.size))


def _noise(given: Given) -> Made:
    noise = given.generator.normal(size=given.made.values.shape)
    return given.with_values(given.made.values + given.size * noise)


def _salt_and_pepper(given: Given) -> Made:
    values = given.made.values
    extremes = given.generator.choice([values.min(), values.max()], values.shape)
    return given.with_values(
        np.where(given.generator.random(values.shape) < 0.3 * given.size, extremes, values)
    )


def _moving_average(given: Given) -> Made:
    values, reach = given.made.values, HALF_WINDOW
    padded = np.pad(values, ((0, 0), (reach, reach), (0, 0)), mode="edge")
    means = np.mean([padded[:, i : i + values.shape[1]] for i in range(2 * reach + 1)], axis=0)
    return given.with_values((1 - given.size) * values + given.size * means)


def _wavelet(given: Given) -> Made:
    """Shrink the details of two levels of the Haar transform."""
    values, width = given.made.values, 4
    count, steps, variables = values.shape
    blocks = values.reshape(count, steps // width, width, variables)
    coarse = np.broadcast_to(blocks.mean(axis=2, keepdims=True), blocks.shape).reshape(values.shape)
    return given.with_values(coarse + (1 - given.size) * (values - coarse))


def _trend(given: Given) -> Made:
    """Shrink what is left of each series around its straight line."""
    values = given.made.values
    steps = np.linspace(-1, 1, values.shape[1])[:, None]
    slopes = np.sum(values * steps, axis=1, keepdims=True) / np.sum(steps**2)
    lines = values.mean(axis=1, keepdims=True) + slopes * steps
    return given.with_values(lines + (1 - given.size) * (values - lines))


def _misaligned(given: Given) -> Made:
    """Move the last variable of some series in time, round the end."""
    values, steps = given.made.values.copy(), given.made.values.shape[1]
    for row in np.flatnonzero(given.some()):
        values[row, :, -1] = np.roll(values[row, :, -1], given.generator.integers(4, steps - 4))
    return given.with_values(values)


def _time_shuffled(given: Given) -> Made:
    values = given.made.values.copy()
    for row in np.flatnonzero(given.some()):
        values[row] = values[row][given.generator.permutation(values.shape[1])]
    return given.with_values(values)


def _noise_entries(given: Given) -> Made:
    values = given.made.values
    return given.replaced(given.generator.normal(values.mean(), values.std(), values.shape))


def _collapsed(given: Given) -> Made:
    """Let some series be the first one of their class."""
    labels = given.made.labels
    first = np.array([np.flatnonzero(labels == label)[0] for label in labels])
    return given.replaced(given.made.values[first])


def _dropped(given: Given) -> Made:
    """Leave one, two or all but the last of the common classes out."""
    return given.made.chosen(given.made.labels >= round((RARE - 1) * given.size))


def _rare_dropped(given: Given) -> Made:
    return given.made.chosen(~(given.some() & (given.made.labels == RARE)))


def _memorised(given: Given) -> Made:
    return given.replaced(given.training)


def _segments(given: Given) -> Made:
    """Copy the beginning of a training series, so much of it, into each."""
    length = round(given.size * given.made.values.shape[1] * 0.75)
    values = given.made.values.copy()
    values[:, :length] = given.training[:, :length]
    return given.with_values(values)


def _wrong_labels(given: Given) -> Made:
    """Give some series the labels of others of them, so that classes stay as common."""
    labels = given.made.labels.copy()
    rows = np.flatnonzero(given.some())
    labels[rows] = given.generator.permutation(labels[rows])
    return given.made._replace(labels=labels)


def _fewer(given: Given) -> Made:
    count = len(given.made.values)
    return given.made.chosen(given.generator.permutation(count)[: round((1 - 0.6 * given.size) * count)])


def _shorter(given: Given) -> Made:
    count, steps = given.made.values.shape[:2]
    least = round(steps * (1 - 0.75 * given.size))
    lengths = given.generator.integers(least, steps + 1, count)
    mask = np.arange(steps) < lengths[:, None]
    return given.made._replace(values=np.where(mask[..., None], given.made.values, 0), mask=mask)


CHANGES: Mapping[str, Change] = {
    "shift": _shift,
    "scale": _scale,
    "Gaussian noise": _noise,
    "salt and pepper": _salt_and_pepper,
    "moving average": _moving_average,
    "wavelet details lost": _wavelet,
    "only the trend left": _trend,
    "misaligned variables": _misaligned,
    "time-shuffled": _time_shuffled,
    "noise entries": _noise_entries,
    "collapsed modes": _collapsed,
    "dropped modes": _dropped,
    "dropped rare class": _rare_dropped,
    "memorised copies": _memorised,
    "leaked segments": _segments,
    "wrong labels": _wrong_labels,
    "fewer entries": _fewer,
    "shorter series": _shorter,
}
"""By name. Training series are as many as the fresh ones, in their order of classes."""
UNEQUAL = frozenset({"shorter series"})
"""Those that make lengths differ."""
