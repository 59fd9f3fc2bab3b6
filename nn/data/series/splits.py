"""Dividing series into some to train on and some that are held out: whole ones, or by time with a gap."""

from __future__ import annotations

import numpy as np

from nn.argument_checks import check_count, check_generator
from nn.data.errors import DataError
from nn.data.image_set import check_fraction
from nn.data.series.pieces import cut_pieces
from nn.data.series.series_set import SeriesSet


def split_series(
    series: SeriesSet, held_out_fraction: float, *, generator: np.random.Generator
) -> tuple[SeriesSet, SeriesSet]:
    """Divide whole series at random; with labels, those of every class.

    Pieces of one series, such as windows, stay together.

    Parameters
    ----------
    series
        What to divide.
    held_out_fraction
        Share of the series to hold out, in (0, 1); of every class at least one, and not all.
    generator
        Draws which.

    Returns
    -------
    training, held_out
        Both in the old order.

    Raises
    ------
    DataError
        When there is only one series, or only one of a class.
    """
    check_share_held_out(held_out_fraction)
    check_generator(generator)
    _, firsts, groups = np.unique(series.names, return_index=True, return_inverse=True)
    labels = np.zeros(len(firsts), np.int64) if series.labels is None else series.labels[firsts]
    there, counts = np.unique(labels, return_counts=True)
    if len(alone := there[counts < 2]):
        whose = "" if series.labels is None else f" of class {series.classes[alone[0]]!r}"
        raise DataError(
            f"one series{whose}: there is none to hold out; give more of it, leave it out, or divide by "
            "time (split_by_time)"
        )
    chosen = held_out_of_classes(labels, held_out_fraction, generator)[groups]
    return series.select(np.flatnonzero(~chosen)), series.select(np.flatnonzero(chosen))


def split_by_time(
    series: SeriesSet, held_out_fraction: float, *, window: int, gap: int | None = None
) -> tuple[SeriesSet, SeriesSet]:
    """Divide every series: its first steps to train on, its last ones held out, some between them left out.

    Parameters
    ----------
    series
        What to divide, before windows are cut.
    held_out_fraction
        Share of the steps to hold out, in (0, 1).
    window
        Steps of the windows that will be cut: both sides have at least one.
    gap
        Steps between both sides, by default `window`; at least as many, so that the last window of the
        one side and the first of the other are no neighbours.

    Raises
    ------
    DataError
        When the gap is shorter, a series too short, or the series are windows already.
    """
    check_share_held_out(held_out_fraction)
    check_count("split: window", window)
    gap = window if gap is None else gap
    if gap < window:
        raise DataError(f"a gap of {gap} steps is shorter than a window of {window}: give at least {window}")
    if len(set(series.names)) < len(series):
        raise DataError(
            "these are pieces of series, such as windows, of which some overlap: divide by time before "
            "windows are cut, or whole series by split_series"
        )
    held_out = np.array([share_of(int(length), held_out_fraction) for length in series.lengths])
    held_out = np.maximum(held_out, window)
    training = series.lengths - gap - held_out
    short = np.flatnonzero(training < window)
    if len(short):
        row = short[0]
        raise DataError(
            f"series {series.names[row]} has {series.lengths[row]} steps: {gap} of gap and {held_out[row]} "
            f"held out leave {max(0, training[row])} to train on, fewer than a window of {window}: take "
            "shorter windows, or hold out less"
        )
    rows = np.arange(len(series))
    first = cut_pieces(series, rows, np.zeros(len(rows), np.int64), training)
    return first, cut_pieces(series, rows, series.lengths - held_out, held_out)


def held_out_of_classes(
    labels: np.ndarray, fraction: float, generator: np.random.Generator, least: int = 1
) -> np.ndarray:
    """Choose at random which entries to hold out, bool (N,): of every label a share, see `share_of`."""
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        chosen[members[: share_of(len(members), fraction, least)]] = True
    return chosen


def check_share_held_out(fraction: float) -> None:
    """Raise DataError unless the fraction is in (0, 1)."""
    check_fraction(fraction)
    if fraction == 0:
        raise DataError("held-out fraction 0: nothing would be held out; give more")


def share_of(count: int, fraction: float, least: int = 1) -> int:
    """Return how many of `count` a share is, rounded: at least one, or as many as given, and not all."""
    return min(max(least, round(fraction * count)), count - 1)
