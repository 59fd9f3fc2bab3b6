"""Reads entries and labels from arrays or files of series; what cannot be used is named with its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nn import DataError, Roles, load_series
from nn.data.arrays import read_named
from nn.data.series.load import SERIES_SUFFIXES
from nn.data.series.series_set import mask_of
from nn.finite import check_finite

LEAST = 20
"""Entries that a file must have."""

NAMES = ("values", "labels", "lengths", "classes")
OF_SERIES = frozenset(NAMES[2:])
"""Arrays that say that the others are series."""

HOW = "write it by numpy.savez(path, values=..., labels=...): (entries, ...) and (entries,), or no labels"


@dataclass(frozen=True, eq=False)
class Entries:
    """What a file has: values (n, ...), labels (n,) or None, where they are from.

    Of series also their lengths, int64 (n,): values are filled with zeros beyond them.
    """

    values: np.ndarray
    labels: np.ndarray | None
    path: Path
    lengths: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def drawn(self, limit: int, generator: np.random.Generator) -> Entries:
        """Return at most `limit` of the entries, in random order."""
        rows = generator.permutation(len(self.values))[:limit]
        labels, lengths = (None if each is None else each[rows] for each in (self.labels, self.lengths))
        return replace(self, values=self.values[rows], labels=labels, lengths=lengths)

    @property
    def mask(self) -> np.ndarray | None:
        """Which steps there are, bool (n, steps); None where all are."""
        return None if self.lengths is None else mask_of(self.lengths, self.values.shape[1])


def read_entries(path: Path, roles: Roles | None = None) -> Entries:
    """Read the arrays `values` and `labels` of an `.npz`, or series: of any format, or arrays that say so.

    Labels of series are the names of their classes.

    Parameters
    ----------
    path
        The file.
    roles
        What columns of a CSV file are.

    Raises
    ------
    DataError
        When the file is none, has no `values`, too few of them, something that is not finite or no number, or
        labels that do not go with them.
    """
    entries = _read(path, roles)
    values, labels = entries.values, entries.labels
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
    return entries


def _read(path: Path, roles: Roles | None) -> Entries:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        arrays = read_named(path, NAMES, HOW)
        if not OF_SERIES & arrays.keys():
            return Entries(arrays["values"], arrays.get("labels"), path)
    elif suffix not in SERIES_SUFFIXES:
        raise DataError(f"{path}: no .npz, nor a file of series ({', '.join(SERIES_SUFFIXES)}): {HOW}")
    series = load_series(path, roles=roles if suffix == ".csv" else None)
    labels = None if series.labels is None else np.array(series.classes)[series.labels]
    return Entries(series.values, labels, path, series.lengths)


def same_steps(files: Sequence[Entries]) -> list[Entries]:
    """Return files of series with as many steps as the longest, others as they are.

    Lengths are kept where any series is shorter than the longest of all.
    """
    if any(each.values.ndim != 3 for each in files) or all(each.lengths is None for each in files):
        return list(files)
    lengths = [_lengths(each) for each in files]
    steps = max(each.max() for each in lengths)
    unequal = any((each < steps).any() for each in lengths)
    return [
        replace(each, values=_with_steps(each.values, steps), lengths=own if unequal else None)
        for each, own in zip(files, lengths, strict=True)
    ]


def _lengths(entries: Entries) -> np.ndarray:
    if entries.lengths is not None:
        return entries.lengths
    return np.full(len(entries), entries.values.shape[1])


def _with_steps(values: np.ndarray, steps: int) -> np.ndarray:
    values = values[:, :steps]
    return np.pad(values, ((0, 0), (0, steps - values.shape[1]), (0, 0)))


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


def check_together(real: Entries, test: Entries, synthetic: Entries, *, labelled: bool = True) -> None:
    """Hold three files to one shape of entries and to labels that go together.

    Synthetic entries need none where they are not to be `labelled`.

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
    files = (real, test, synthetic) if labelled else (real, test)
    if any(each.labels is not None for each in files):
        for each in files:
            if each.labels is None:
                raise DataError(
                    f"{each.path}: labels are missing, and the other files have some: add them, or give "
                    "--no-labels, or --unlabelled where only the synthetic entries have none"
                )
        _check_classes(*files)


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
