"""Inputs of estimators as arrays: entries, labels, targets and weights, checked at the border.

Anything that NumPy makes an array of is taken: lists, arrays, tables of pandas, polars and pyarrow with
their nullable numbers, and objects that are numbers. Text, complex numbers, sparse matrices, and what is
missing or not finite are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike

from networks.base.scikit_learn_conventions import warn
from nn.finite import check_finite, check_unmasked, place_in_words

NUMBERS = (Real, Decimal, np.bool_)
"""Objects that become float64."""

MISSING = ("NoneType", "NAType", "NaTType")
"""Types that stand for a missing value: Python's and pandas'."""


def as_entries(
    X: Any, names: Sequence[str] | None = None, step_masks: np.ndarray | None = None
) -> np.ndarray:
    """Return entries as (N, *shape): rows of numbers (N, K) are vectors of shape 1x1xK.

    Parameters
    ----------
    X
        (N, K), (N, T, K), (N, H, W, C) or (N, T, H, W, C).
    names
        Of the columns of a table, for messages.
    step_masks
        Which steps are there, bool (N, T); padding is not looked at.

    Returns
    -------
    ndarray
        float32, or uint8 as it is: images in bytes become 0 to 1 as they are run, see `nn.pixel_scaling`.

    Raises
    ------
    ValueError
        When there are other axes, no entry or no number in it, or one is missing, not finite or too large
        for float32; names the entry and the feature.
    TypeError
        When they are sparse, or objects that are not numbers.
    """
    array = as_numbers(X, "X", names)
    if step_masks is not None and array.shape[:1] != step_masks.shape[:1]:
        raise ValueError(f"X has shape {array.shape}, but there are step masks for {len(step_masks)} entries")
    if array.ndim < 2:
        raise ValueError(
            f"X has shape {array.shape}: expected 2 axes (entries, features). Reshape your data: "
            "X.reshape(-1, 1) if there is one feature, X.reshape(1, -1) if there is one entry"
        )
    if array.ndim > 5:
        raise ValueError(
            f"X has shape {array.shape}: give (N, features), (N, steps, features), (N, height, width, "
            "channels) or (N, steps, height, width, channels)"
        )
    for count, what in ((len(array), "sample"), (array[:1].size or array.shape[1], "feature")):
        if not count:
            raise ValueError(f"X has 0 {what}(s) (shape={array.shape}) while a minimum of 1 is required.")
    if array.dtype != np.uint8:
        there = step_masks if step_masks is not None and array.shape[:2] == step_masks.shape else None
        array = _finite(array, "X", np.float32, names, there)
    return array.reshape(len(array), 1, 1, -1) if array.ndim == 2 else array


def as_labels(y: Any) -> np.ndarray:
    """Return the labels of entries, (N,): whole numbers, text, or anything else that sorts.

    A column (N, 1) is accepted with a warning.

    Raises
    ------
    ValueError
        When an entry has more than one, one is missing or a number that is not whole, or they cannot be
        sorted, such as text and numbers.
    """
    labels = _array(y, "y")
    if labels.ndim == 2 and labels.shape[1] == 1:
        warn(
            "A column-vector y was passed when a 1d array was expected: change its shape with y.ravel()",
            "DataConversionWarning",
        )
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(
            f"y should be a 1d array of one label for each entry, not one of shape {labels.shape}; columns "
            "of 0 and 1 become labels by y.argmax(axis=1)"
        )
    labels = _object_labels(labels) if labels.dtype.kind == "O" else labels
    if labels.dtype.kind in "mM" and np.isnat(labels).any():
        raise ValueError(f"y: entry {np.isnat(labels).argmax()} is missing (NaT)")
    if labels.dtype.kind == "f":
        labels = _finite(labels, "y", labels.dtype)
        if (broken := labels != np.floor(labels)).any():
            entry = int(broken.argmax())
            raise ValueError(
                f"Unknown label type: y is continuous, {labels[entry]:g} for entry {entry}. Labels are whole "
                "numbers or text; a Regressor learns numbers"
            )
    return labels


def as_targets(y: Any) -> np.ndarray:
    """Return the numbers that belong to entries, float32 (N,) or (N, K).

    Raises
    ------
    ValueError
        When there are none or the axes are others, or one is missing, not finite or too large for float32.
    TypeError
        When they are sparse, or objects that are not numbers.
    """
    array = as_numbers(y, "y")
    if array.ndim not in (1, 2) or not array[:1].size:
        raise ValueError(f"y has shape {array.shape}, which is not one row for each entry")
    return _finite(array, "y", np.float32)


def as_weights(sample_weight: Any, count: int) -> np.ndarray | None:
    """Return the weight of every entry, float64 (N,); None where all are equal.

    Raises
    ------
    ValueError
        When their number is another than that of the entries, one is negative or not finite, or all are 0.
    """
    if sample_weight is None:
        return None
    given = as_numbers(sample_weight, "sample_weight")
    weights = _finite(given if given.ndim else np.full(count, given), "sample_weight", np.float64)
    if weights.shape != (count,):
        raise ValueError(f"sample_weight has shape {weights.shape}, expected ({count},): one for each entry")
    if (weights < 0).any():
        entry = int(np.argmax(weights < 0))
        raise ValueError(f"sample_weight: entry {entry} weighs {weights[entry]:g}, less than zero")
    if not weights.any():
        raise ValueError("sample_weight: every weight is zero, so nothing counts")
    return weights


def check_counts(entries: np.ndarray, targets: np.ndarray) -> None:
    """Refuse targets whose number is another than that of the entries."""
    if len(targets) != len(entries):
        raise ValueError(f"{len(entries)} entries, but {len(targets)} targets")


def as_numbers(given: Any, what: str, names: Sequence[str] | None = None) -> np.ndarray:
    """Return an array of bool, integers or floating point; objects that are numbers become float64.

    Raises
    ------
    ValueError
        When it holds text, complex numbers or dates, or something is missing.
    TypeError
        When it is sparse, or holds objects that are not numbers.
    """
    array = _array(given, what)
    if array.dtype.kind == "O":
        return _object_numbers(array, what, names)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"{what} is {array.dtype} {array.shape}: give numbers, text and dates encoded as some"
        )
    return array


def _array(given: Any, what: str) -> np.ndarray:
    if hasattr(given, "nnz"):
        raise TypeError(f"{what} is sparse ({type(given).__name__}): give a dense array, {what}.toarray()")
    check_unmasked(given, what)
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise ValueError(f"{what}: rows differ in length or kind: {error}") from None
    if array.dtype == object and array.ndim == 0:
        raise ValueError(f"{what} is of type {type(given).__name__}: give an array")
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {what} is {array.dtype} {array.shape}")
    return array


def _finite(
    array: np.ndarray,
    what: str,
    dtype: DTypeLike,
    names: Sequence[str] | None = None,
    counts: np.ndarray | None = None,
) -> np.ndarray:
    try:
        check_finite(array, what, dtype, counts, features=names)
    except ValueError as error:
        raise ValueError(f"{error}. Leave out, fill in or scale what is NaN or too large") from None
    return array.astype(dtype, copy=False)


def _object_numbers(array: np.ndarray, what: str, names: Sequence[str] | None = None) -> np.ndarray:
    """Return objects as float64, or raise at the first that is not a number."""
    flat = array.ravel()
    strange = {kind for kind in set(map(type, flat)) if not issubclass(kind, NUMBERS)}
    if not strange:
        return np.array([_float(each) for each in flat]).reshape(array.shape)
    position = next(i for i, each in enumerate(flat) if type(each) in strange)
    entry, *place = map(int, np.unravel_index(position, array.shape))
    where = f"{what}: entry {entry}" + (f", {place_in_words(place, names)}," if place else "")
    _refuse(flat[position], where)


def _float(number: Any) -> float:
    """Return a number as a float, infinite where it is too large for one."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _object_labels(labels: np.ndarray) -> np.ndarray:
    """Return objects as an array of their own type: numbers, or something else that sorts."""
    for entry, label in enumerate(labels):
        if type(label).__name__ in MISSING or (isinstance(label, float) and math.isnan(label)):
            raise ValueError(f"y: entry {entry} is missing ({label!r})")
    kinds = set(map(type, labels))
    if all(issubclass(kind, NUMBERS) for kind in kinds):
        return np.array(labels.tolist())
    try:
        np.sort(labels)
    except TypeError:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(
            f"Unknown label type: y holds {names}, which do not sort; try y.astype(str)"
        ) from None
    return labels


def _refuse(value: Any, where: str) -> NoReturn:
    if type(value).__name__ in MISSING:
        raise ValueError(f"{where} is missing ({value!r})")
    if isinstance(value, (str, bytes)):
        raise ValueError(f"{where} is text, {value!r}: encode it as numbers first")
    if isinstance(value, (complex, np.complexfloating)):
        raise ValueError(f"Complex data not supported: {where} is {value!r}")
    kind = type(value).__name__
    raise TypeError(
        f"{where} is not a number: float() argument must be a string or a real number, not {kind!r}"
    )
