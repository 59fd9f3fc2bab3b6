"""Pieces of series: windows of one length, and which series and steps each is from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nn.argument_checks import check_count
from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.data.series.series_set import FEWER, SeriesSet, mask_of


def cut_pieces(series: SeriesSet, rows: np.ndarray, firsts: np.ndarray, lengths: np.ndarray) -> SeriesSet:
    """Return pieces of series, with the labels, names and times of what they are from.

    Parameters
    ----------
    series
        What to cut.
    rows
        Which series each piece is from: int (n,).
    firsts
        Its first step in that row: int (n,).
    lengths
        Its steps, all of which are there: int (n,).

    Raises
    ------
    DataError
        When memory does not suffice.
    """
    steps = int(lengths.max(initial=1))
    bytes_a_step = series.size_in_bytes // max(1, series.values.shape[0] * series.values.shape[1]) + 16
    require_memory(len(rows) * steps * bytes_a_step, f"{len(rows)} pieces of up to {steps} steps", FEWER)
    there = mask_of(lengths, steps)
    places = np.where(there, firsts[:, None] + np.arange(steps), 0)
    taken = rows[:, None], places
    times = None
    if series.times is not None:
        nothing = np.array("NaT" if series.times.dtype.kind == "M" else np.nan, series.times.dtype)
        times = np.where(there, series.times[taken], nothing)
    return replace(
        series,
        values=np.where(there[..., None], series.values[taken], series.values.dtype.type(0)),
        lengths=lengths.astype(np.int64),
        names=tuple(series.names[row] for row in rows),
        starts=series.starts[rows] + firsts,
        labels=None if series.labels is None else series.labels[rows],
        times=times,
    )


def cut_windows(series: SeriesSet, length: int, stride: int = 1) -> SeriesSet:
    """Return all windows of `length` steps, which start every `stride` steps of every series.

    Divide series before: windows that overlap are no strangers to each other. `check_apart` refuses what was
    divided after.

    Raises
    ------
    DataError
        When a series is shorter than a window, or memory does not suffice.
    """
    check_count("windows: length", length)
    check_count("windows: stride", stride)
    short = np.flatnonzero(series.lengths < length)
    if len(short):
        row = short[0]
        raise DataError(
            f"series {series.names[row]} has {series.lengths[row]} steps, fewer than a window of {length}: "
            f"take shorter windows, or leave out the {len(short)} that are shorter, by select"
        )
    counts = (series.lengths - length) // stride + 1
    rows = np.repeat(np.arange(len(series)), counts)
    firsts = stride * (np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts))
    return cut_pieces(series, rows, firsts, np.full(len(rows), length, np.int64))
