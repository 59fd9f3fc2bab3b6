"""Loading series from a file of any format that is read here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from nn.data.errors import DataError
from nn.data.series.arff import read_arff
from nn.data.series.collect import Missing, collect
from nn.data.series.recording import Recording
from nn.data.series.roles import Roles
from nn.data.series.series_set import SeriesSet
from nn.data.series.stored import read_stored
from nn.data.series.table import read_table
from nn.data.series.ts import read_ts
from nn.data.series.ucr import read_ucr

READERS: Mapping[str, Callable[[Path], Recording]] = {
    ".tsv": read_ucr,
    ".txt": read_ucr,
    ".ts": read_ts,
    ".arff": read_arff,
    ".npy": read_stored,
    ".npz": read_stored,
}
TABLE = ".csv"
SERIES_SUFFIXES = (TABLE, *READERS)


def load_series(
    path: Path | str,
    *,
    roles: Roles | None = None,
    classes: Sequence[str] | None = None,
    missing: Missing = "refuse",
    dtype: DTypeLike = np.float32,
) -> SeriesSet:
    """Load the time series of a file; its suffix says which format it has.

    Parameters
    ----------
    path
        `.csv` with a header; `.tsv` or `.txt` of the UCR archive, the label first; `.ts` or `.arff` of the
        UEA archive; `.npy` or `.npz` with values (N, steps, variables).
    roles
        What the columns of a CSV file are.
    classes
        Names of the classes, by which labels are numbered: those of the training set for the test set. By
        default they are as the file declares them, or else sorted.
    missing
        What is done with missing values: "refuse" them, "keep" them as NaN, or "interpolate" linearly between
        the steps around them, with the nearest at both ends. A missing end is none, the series is
        shorter; but a row of a CSV file that is a step is there.
    dtype
        float32 or float64.

    Raises
    ------
    DataError
        When the file cannot be used; names the line, the series, the step and the variable, and what to do.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == TABLE:
        recording = read_table(path, roles or Roles())
    elif roles is not None:
        raise DataError(f"{path}: roles are those of columns of a {TABLE} file: leave them out")
    elif suffix in READERS:
        recording = READERS[suffix](path)
    else:
        raise DataError(f"{path}: suffix {suffix!r}: series are read from {', '.join(SERIES_SUFFIXES)}")
    return collect(recording, path, dtype=np.dtype(dtype), missing=missing, classes=classes)
