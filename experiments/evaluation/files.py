"""Reads entries and labels from `.npz` files; what cannot be used is named with its file and field."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from nn import DataError
from nn.data.arrays import npz_headers, read_npz
from nn.finite import check_finite

LEAST = 20
"""Entries that a file must have."""

HOW = "write it by numpy.savez(path, values=..., labels=...): (entries, ...) and (entries,), or no labels"


class Entries(NamedTuple):
    """What a file has: values (n, ...), labels (n,) or None, and where they are from."""

    values: np.ndarray
    labels: np.ndarray | None
    path: Path

    def __len__(self) -> int:
        return len(self.values)

    def drawn(self, limit: int, generator: np.random.Generator) -> Entries:
        """Return at most `limit` of the entries, in random order."""
        rows = generator.permutation(len(self.values))[:limit]
        return Entries(self.values[rows], None if self.labels is None else self.labels[rows], self.path)


def read_entries(path: Path) -> Entries:
    """Read the arrays `values` and `labels` of a file.

    Raises
    ------
    DataError
        When the file is none, has no `values`, too few of them, something that is not finite or no number, or
        labels that do not go with them.
    """
    arrays = _arrays(path)
    values, labels = arrays["values"], arrays.get("labels")
    if values.ndim < 2 or not values[:1].size or len(values) < LEAST:
        raise DataError(
            f"{path}: values have shape {values.shape}: at least {LEAST} entries (entries, ...) are needed"
        )
    try:
        check_finite(values, "values", np.float64)
    except ValueError as error:
        raise DataError(f"{path}: {error}: leave the entry out, or fill what is missing") from error
    if labels is not None:
        _check_labels(labels, len(values), path)
    return Entries(values, labels, path)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays `values` and `labels` of a file, whichever there are."""
    if path.suffix.lower() != ".npz":
        raise DataError(f"{path}: no .npz: {HOW}")
    try:
        headers = npz_headers(path)
        if "values" not in headers:
            found = ", ".join(sorted(headers)) or "nothing"
            raise DataError(f"{path}: no array called values, only {found}: {HOW}")
        names = [name for name in ("values", "labels") if name in headers]
        return {name: read_npz(path, name, headers, HOW) for name in names}
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except Exception as error:  # NumPy's reader raises nearly anything on damaged files
        raise DataError(f"{path}: cannot be read: {type(error).__name__}: {error}: {HOW}") from error


def _check_labels(labels: np.ndarray, count: int, path: Path) -> None:
    if labels.shape != (count,):
        raise DataError(
            f"{path}: labels have shape {labels.shape}, but there are {count} values: give ({count},)"
        )
    if labels.dtype.kind not in "iubUS":
        raise DataError(f"{path}: labels are {labels.dtype}: give whole numbers or text")
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < 2:
        only = classes[counts.argmin()].item()
        raise DataError(
            f"{path}: labels: class {only!r} has one entry: it cannot be learned and tested; leave it out, "
            "or give more of it"
        )


def check_together(real: Entries, test: Entries, synthetic: Entries) -> None:
    """Hold three files to one shape of entries and to labels that go together.

    Raises
    ------
    DataError
        Naming both files.
    """
    for other in (test, synthetic):
        if other.values.shape[1:] != real.values.shape[1:]:
            raise DataError(
                f"{other.path}: values have entries of shape {other.values.shape[1:]}, but those of "
                f"{real.path} have {real.values.shape[1:]}: bring both to the same shape"
            )
    files = real, test, synthetic
    if any(each.labels is not None for each in files):
        for each in files:
            if each.labels is None:
                raise DataError(
                    f"{each.path}: labels are missing, and the other files have some: add them, or give "
                    "--no-labels"
                )
        _check_classes(real, test, synthetic)


def _check_classes(real: Entries, *others: Entries) -> None:
    assert real.labels is not None
    known = np.unique(real.labels)
    if len(known) < 2:
        raise DataError(f"{real.path}: labels: only one class, {known[0].item()!r}: give two, or --no-labels")
    for other in others:
        assert other.labels is not None
        if (other.labels.dtype.kind in "US") != (real.labels.dtype.kind in "US"):
            raise DataError(
                f"{other.path}: labels are {other.labels.dtype}, but {real.labels.dtype} in {real.path}"
            )
        if len(new := np.setdiff1d(other.labels, known)):
            raise DataError(
                f"{other.path}: labels: class {new[0].item()!r} is not in {real.path}: add it there"
            )
