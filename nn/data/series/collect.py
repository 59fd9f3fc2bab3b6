"""From series as a file has them to one array: checks, missing values, classes, padding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.data.series.recording import Recorded, Recording
from nn.data.series.series_set import SeriesSet, mask_of
from nn.data.series.text import NUMBER
from nn.short_text import join_names, short_repr

Missing = Literal["refuse", "keep", "interpolate"]
"""What is done with missing values."""

SHORTER = "pad less: divide the file into series of similar lengths, or cut the longest into windows"


def collect(
    recording: Recording,
    path: Path,
    *,
    dtype: np.dtype,
    missing: Missing = "refuse",
    classes: Sequence[str] | None = None,
) -> SeriesSet:
    """Return the series of a file as a set; parameters are those of `load_series`.

    Raises
    ------
    DataError
        Naming line, series, step and variable, for what cannot be used.
    """
    if dtype not in (np.float32, np.float64):
        raise DataError(f"dtype {dtype}: give float32 or float64")
    if missing not in get_args(Missing):
        raise DataError(f"missing {missing!r}: give {', '.join(get_args(Missing))}")
    if not recording.series:
        raise DataError(f"{path}: there are no series in it")
    for series in recording.series:
        _check(series, recording, path, dtype)
    values = [_without_missing(series, recording, path, missing) for series in recording.series]
    known = recording.classes if classes is None else tuple(classes)
    labels, names = _number_labels(recording, path, known)
    lengths = np.array([len(each) for each in values], np.int64)
    return SeriesSet(
        values=_padded(values, lengths, dtype, path),
        lengths=lengths,
        variables=recording.variables,
        names=tuple(series.name for series in recording.series),
        starts=np.array([series.start for series in recording.series], np.int64),
        labels=labels,
        classes=names,
        times=_padded_times(recording, lengths),
        source=str(path),
        origin=path.resolve(),
    )


def _check(series: Recorded, recording: Recording, path: Path, dtype: np.dtype) -> None:
    """Refuse what cannot be a series whatever is missing: no steps, infinite numbers, times out of order."""
    values = series.values
    if not len(values):
        raise DataError(f"{path}: {series.place()} has no steps: leave it out, or give its values")
    if values.shape[1] != len(recording.variables):
        raise DataError(
            f"{path}: {series.place()} has {values.shape[1]} variables, others {len(recording.variables)}: "
            "give every series the same"
        )
    with np.errstate(over="ignore"):
        too_large = np.isinf(values.astype(dtype))
    if too_large.any():
        step, variable = map(int, np.argwhere(too_large)[0])
        number = values[step, variable]
        said = f"{number:g}" if np.isinf(number) else f"{number:g}, which {dtype} cannot hold"
        raise DataError(
            f"{path}: {series.place(step)}, variable {recording.variables[variable]}: {said}: "
            "give a finite number, or leave the series out"
        )
    if series.times is not None:
        _check_times(series, series.times, path)


def _check_times(series: Recorded, times: np.ndarray, path: Path) -> None:
    backwards = np.flatnonzero(times[1:] <= times[:-1])
    if len(backwards):
        step = int(backwards[0]) + 1
        raise DataError(
            f"{path}: {series.place(step)}: time {times[step]} comes after {times[step - 1]}: sort the steps "
            "by time, one for each; of several series, name the column that tells them apart"
        )


def _without_missing(series: Recorded, recording: Recording, path: Path, missing: Missing) -> np.ndarray:
    values = series.values
    absent = np.isnan(values)
    if missing == "keep" or not absent.any():
        return values
    step, variable = map(int, np.argwhere(absent)[0])
    if missing == "refuse":
        raise DataError(
            f"{path}: {series.place(step)}, variable {recording.variables[variable]}: the value is missing: "
            'fill it, leave the series out, or load with missing="interpolate", or missing="keep" for NaN'
        )
    if absent.all(axis=0).any():
        variable = int(absent.all(axis=0).argmax())
        raise DataError(
            f"{path}: {series.place()}, variable {recording.variables[variable]}: all values are missing, so "
            "none can be interpolated: leave the series out"
        )
    steps = np.arange(len(values))
    columns = [
        np.interp(steps, steps[~gone], column[~gone]) for column, gone in zip(values.T, absent.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def _number_labels(
    recording: Recording, path: Path, known: tuple[str, ...]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the places of labels among the classes, and these; None and none without labels."""
    labels = [series.label for series in recording.series]
    if all(label is None for label in labels):
        return None, known
    for series in recording.series:
        if not series.label:
            raise DataError(f"{path}: {series.place()}: the label is missing: {recording.how_to_label}")
    found = [label for label in labels if label is not None]
    names = known or order_classes(found)
    numbers = {name: number for number, name in enumerate(names)}
    for series, label in zip(recording.series, found, strict=True):
        if label not in numbers:
            raise DataError(
                f"{path}: {series.place()}: class {short_repr(label)} is none of the known classes, "
                f"{join_names(names)}: correct it, or name it among them"
            )
    return np.array([numbers[label] for label in found], np.int64), names


def order_classes(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the different labels: by value where all are numbers, else by their characters."""
    names = sorted(set(labels))
    if all(NUMBER.fullmatch(name) for name in names):
        names.sort(key=float)
    return tuple(names)


def _padded(values: Sequence[np.ndarray], lengths: np.ndarray, dtype: np.dtype, path: Path) -> np.ndarray:
    shape = len(values), int(lengths.max()), values[0].shape[1]
    count, steps, variables = shape
    purpose = f"{path}: {count} series of up to {steps} steps and {variables} variables"
    require_memory(count * steps * variables * dtype.itemsize, purpose, SHORTER)
    padded = np.zeros(shape, dtype)
    padded[mask_of(lengths, steps)] = np.concatenate(values)
    return padded


def _padded_times(recording: Recording, lengths: np.ndarray) -> np.ndarray | None:
    times = [series.times[:length] for series, length in zip(recording.series, lengths, strict=True)
             if series.times is not None]  # fmt: skip
    if not times:
        return None
    kind = times[0].dtype
    padded = np.full((len(lengths), int(lengths.max())), "NaT" if kind.kind == "M" else np.nan, kind)
    padded[mask_of(lengths, padded.shape[1])] = np.concatenate(times)
    return padded
