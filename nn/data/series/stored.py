"""Series in files of NumPy: a `.npy` of values, or an `.npz` of values with what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nn.data.arrays import npz_headers, read_npy, read_npz
from nn.data.errors import DataError
from nn.data.series.recording import Recorded, Recording
from nn.data.series.series_set import default_variables
from nn.data.series.text import without_missing_end
from nn.short_text import join_names

HOW = (
    "write it by numpy.savez(path, values=..., lengths=..., labels=...): (N, steps, variables), (N,) and "
    "(N,), "
    "the last two where needed"
)
KNOWN = ("values", "lengths", "labels", "classes", "variables", "names")


def read_stored(path: Path) -> Recording:
    """Read `values` (N, steps) or (N, steps, variables), and of an `.npz` what else it has.

    These are `lengths` (N,), without which NaN at the end makes a series shorter, `labels` (N,), numbers or
    text, `classes` by which labels are numbered, `variables` and `names`, as in `SeriesSet`.

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
    lengths = _lengths(arrays.get("lengths"), count, steps, path)
    labels = _labels(arrays, count, path)
    names = _texts(arrays, "names", count, path) or tuple(map(str, range(count)))
    series = [
        Recorded(_cut(values[number], lengths, number), names[number], labels[number] if labels else None)
        for number in range(count)
    ]
    return Recording(
        series,
        _texts(arrays, "variables", variables, path) or default_variables(variables),
        _texts(arrays, "classes", None, path),
    )


def read_named(path: Path, names: tuple[str, ...], how: str) -> dict[str, np.ndarray]:
    """Return those arrays of an `.npz` that have one of some names; of a `.npy` it is the first of them.

    Parameters
    ----------
    path
        The file.
    names
        The first must be there.
    how
        Ends messages: how to write such a file.

    Raises
    ------
    DataError
        When the file is damaged or too large, has no such array, or one of objects.
    """
    try:
        if path.suffix.lower() == ".npy":
            return {names[0]: read_npy(path, how)}
        headers = npz_headers(path)
        if names[0] not in headers:
            found = join_names(sorted(headers))
            raise DataError(f"{path}: no array called {names[0]}, only {found}: {how}")
        return {name: read_npz(path, name, headers, how) for name in names if name in headers}
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except Exception as error:  # NumPy's reader raises nearly anything on damaged files
        raise DataError(f"{path}: cannot be read: {type(error).__name__}: {error}: {how}") from error


def _cut(values: np.ndarray, lengths: np.ndarray | None, number: int) -> np.ndarray:
    series = np.asarray(values, np.float64)
    return without_missing_end(series) if lengths is None else series[: lengths[number]]


def _lengths(lengths: np.ndarray | None, count: int, steps: int, path: Path) -> np.ndarray | None:
    if lengths is None:
        return None
    if lengths.shape != (count,) or lengths.dtype.kind not in "iu":
        raise DataError(f"{path}: lengths are {lengths.dtype} {lengths.shape}: give whole numbers ({count},)")
    wrong = np.flatnonzero((lengths < 1) | (lengths > steps))
    if len(wrong):
        raise DataError(
            f"{path}: lengths: series {wrong[0]} has {lengths[wrong[0]]} steps: 1 to {steps} are possible; "
            "leave "
            "out series without any"
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
            "classes, "
            f"from 0 to {len(classes) - 1}"
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
