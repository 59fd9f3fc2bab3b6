"""Series in files of NumPy: a `.npy` of values, or an `.npz` of values with what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nn.data.arrays import read_named
from nn.data.errors import DataError
from nn.data.series.recording import Recorded, Recording
from nn.data.series.series_set import default_variables
from nn.data.series.text import without_missing_end
from nn.short_text import join_names

HOW = (
    "write it by numpy.savez(path, values=..., lengths=..., labels=...): (N, steps, variables), (N,) and "
    "(N,), the last two where needed"
)
KNOWN = ("values", "lengths", "labels", "classes", "variables", "names", "starts")


def read_stored(path: Path) -> Recording:
    """Read `values` (N, steps) or (N, steps, variables), and of an `.npz` what else it has.

    These are `lengths` (N,), without which NaN at the end makes a series shorter, `labels` (N,), numbers or
    text, `classes` by which labels are numbered, `variables`, `names` and `starts`, as in `SeriesSet`.

    Raises
    ------
    DataError
        Naming the array, when the file is damaged or one does not fit; nothing is ever unpickled.
    """
    arrays = read_named(path, KNOWN, HOW)
    values = arrays["values"]
    if values.ndim == 2:
        values = values[..., None]
    if values.ndim != 3 or not values.size or values.dtype.kind not in "fiu":
        raise DataError(f"{path}: values are {values.dtype} {values.shape}: numbers are needed: {HOW}")
    count, steps, variables = values.shape
    lengths = _lengths(arrays, count, steps, path)
    labels = _labels(arrays, count, path)
    names = _texts(arrays, "names", count, path) or tuple(map(str, range(count)))
    starts = _whole_numbers(arrays, "starts", count, path)
    series = [
        Recorded(
            _cut(values[number], lengths, number),
            names[number],
            labels[number] if labels else None,
            start=0 if starts is None else int(starts[number]),
        )
        for number in range(count)
    ]
    return Recording(
        series,
        _texts(arrays, "variables", variables, path) or default_variables(variables),
        _texts(arrays, "classes", None, path),
    )


def _cut(values: np.ndarray, lengths: np.ndarray | None, number: int) -> np.ndarray:
    series = np.asarray(values, np.float64)
    return without_missing_end(series) if lengths is None else series[: lengths[number]]


def _whole_numbers(arrays: Mapping[str, np.ndarray], name: str, count: int, path: Path) -> np.ndarray | None:
    """Return an array of whole numbers, one for every series; None where it is not there."""
    numbers = arrays.get(name)
    if numbers is not None and (numbers.shape != (count,) or numbers.dtype.kind not in "iu"):
        raise DataError(f"{path}: {name} are {numbers.dtype} {numbers.shape}: give whole numbers ({count},)")
    return numbers


def _lengths(arrays: Mapping[str, np.ndarray], count: int, steps: int, path: Path) -> np.ndarray | None:
    lengths = _whole_numbers(arrays, "lengths", count, path)
    if lengths is None:
        return None
    wrong = np.flatnonzero((lengths < 1) | (lengths > steps))
    if len(wrong):
        raise DataError(
            f"{path}: lengths: series {wrong[0]} has {lengths[wrong[0]]} steps: 1 to {steps} are possible; "
            "leave out series without any"
        )
    return lengths


def _labels(arrays: Mapping[str, np.ndarray], count: int, path: Path) -> list[str] | None:
    labels = arrays.get("labels")
    if labels is None:
        return None
    if labels.shape != (count,) or labels.dtype.kind not in "iuU":
        raise DataError(
            f"{path}: labels are {labels.dtype} {labels.shape}: give whole numbers or text ({count},)"
        )
    classes = _texts(arrays, "classes", None, path)
    if not classes or labels.dtype.kind == "U":
        return [str(label) for label in labels.tolist()]
    wrong = np.flatnonzero((labels < 0) | (labels >= len(classes)))
    if len(wrong):
        raise DataError(
            f"{path}: labels: series {wrong[0]} has {labels[wrong[0]]}, but there are {len(classes)} "
            f"classes, from 0 to {len(classes) - 1}"
        )
    return [classes[label] for label in labels]


def _texts(arrays: Mapping[str, np.ndarray], name: str, count: int | None, path: Path) -> tuple[str, ...]:
    """Return an array of texts, all different but those of series; none where it is not there."""
    texts = arrays.get(name)
    if texts is None:
        return ()
    if texts.ndim != 1 or texts.dtype.kind != "U" or (count is not None and len(texts) != count):
        expected = "any number" if count is None else str(count)
        raise DataError(f"{path}: {name} are {texts.dtype} {texts.shape}: give texts, {expected} of them")
    found = tuple(map(str, texts))
    if name != "names" and len(set(found)) < len(found):
        raise DataError(f"{path}: {name}: two are the same: {join_names(found)}: rename one")
    return found
