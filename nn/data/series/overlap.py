"""Steps of series that are in two sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nn.data.errors import DataError

if TYPE_CHECKING:
    from nn.data.series.series_set import SeriesSet


def check_apart(training: SeriesSet, held_out: SeriesSet) -> None:
    """Refuse two sets that share steps of a series, such as windows that overlap.

    Series are the same when their names are, and the file or the array that they are from.

    Raises
    ------
    DataError
        Naming the first such pair.
    """
    if training.origin != held_out.origin:
        return
    trained_on = _spans(training)
    for name, held in _spans(held_out).items():
        spans = trained_on.get(name)
        if spans is None:
            continue
        reach = np.maximum.accumulate(spans[:, 1])
        before = np.searchsorted(spans[:, 0], held[:, 1])  # how many start before a held-out piece ends
        overlapping = np.flatnonzero((before > 0) & (reach[before - 1] > held[:, 0]))
        if len(overlapping):
            start, stop = held[overlapping[0]]
            other = spans[(spans[:, 0] < stop) & (spans[:, 1] > start)][0]
            raise DataError(
                f"series {name}: steps {start} to {stop - 1} are held out, and {other[0]} to {other[1] - 1} "
                "are trained on: they overlap; divide before windows are cut, by split_series or "
                "split_by_time"
            )


def _spans(series: SeriesSet) -> dict[str, np.ndarray]:
    """Return first steps and those after the last of all pieces of each series, int64 (n, 2), sorted."""
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(series.names):
        rows_of.setdefault(name, []).append(row)
    spans = np.stack([series.starts, series.starts + series.lengths], axis=1)
    return {name: spans[rows][np.argsort(spans[rows, 0])] for name, rows in rows_of.items()}
