"""Time series in memory: what every way of reading, cutting and dividing them ends in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nn.data.errors import DataError
from nn.data.expectation import DataSet, Facts
from nn.data.memory import require_memory
from nn.data.series.overlap import check_apart
from nn.short_text import join_names, short_repr

FEWER = "use fewer series, shorter windows or a longer stride"


@dataclass(frozen=True, eq=False)
class SeriesSet(DataSet):
    """Series of the same variables, padded with zeros to the longest.

    Attributes
    ----------
    values
        float32 or float64 (N, steps, variables), 0 beyond the end of a series. NaN where a value is missing,
        if that was allowed.
    lengths
        Steps of every series: int64 (N,), at least 1.
    variables
        Names of the variables.
    names
        N names: which series of the file each is. Pieces of one series have its name.
    starts
        Where in that series it starts: int64 (N,), in steps.
    labels
        Place of its class in `classes`: int64 (N,); None when they are not known.
    classes
        Names of the classes, byte for byte as in the file.
    times
        float64 or datetime64 (N, steps), NaN or NaT beyond the end; None when they are not known.
    source
        What messages call what they were read from.
    origin
        Equal where series of the same name are the same: of pieces of one set, and of sets from one file.

    Raises
    ------
    DataError
        When dtypes, or the shapes of two attributes, do not go together.
    """

    values: np.ndarray
    lengths: np.ndarray
    variables: tuple[str, ...]
    names: tuple[str, ...]
    starts: np.ndarray
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    times: np.ndarray | None = None
    source: str = ""
    origin: object = field(default_factory=object, repr=False)

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.dtype not in (np.float32, np.float64):
            raise DataError(
                f"values must be float32 or float64 (N, steps, variables), not {self.values.dtype} "
                f"{self.values.shape}"
            )
        count, steps, variables = self.values.shape
        if (len(self.variables), len(self.names)) != (variables, count):
            raise DataError(
                f"{len(self.variables)} names of variables and {len(self.names)} of series for values "
                f"{self.values.shape}"
            )
        for what, array in (("lengths", self.lengths), ("starts", self.starts), ("labels", self.labels)):
            if array is not None and (array.dtype != np.int64 or array.shape != (count,)):
                raise DataError(f"{what} must be int64 ({count},), not {array.dtype} {array.shape}")
        if count and not (self.lengths.min() >= 1 and self.lengths.max() <= steps):
            raise DataError(f"lengths must be 1 to {steps}, not {self.lengths.min()} to {self.lengths.max()}")
        if self.times is not None and self.times.shape != (count, steps):
            raise DataError(f"times must be ({count}, {steps}), not {self.times.shape}")
        if self.labels is not None and count:
            most = len(self.classes) - 1
            if not 0 <= self.labels.min() <= self.labels.max() <= most:
                raise DataError(f"labels must be 0 to {most}: there are {len(self.classes)} classes")

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        *,
        lengths: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        classes: Sequence[str] | None = None,
        source: str = "",
    ) -> SeriesSet:
        """Return a set of series in arrays, such as generated ones; see the attributes.

        Without `lengths` all are as long as the array; without `classes` they are called by their numbers.
        """
        if values.ndim != 3:
            raise DataError(f"values must be (N, steps, variables), not {values.shape}")
        count, steps, variables = values.shape
        full = np.full(count, steps) if lengths is None else lengths
        known = range(int(labels.max(initial=-1)) + 1) if labels is not None and classes is None else classes
        return cls(
            values=np.where(mask_of(full, steps)[..., None], values, values.dtype.type(0)),
            lengths=np.asarray(full, np.int64),
            variables=default_variables(variables),
            names=tuple(map(str, range(count))),
            starts=np.zeros(count, np.int64),
            labels=None if labels is None else np.asarray(labels, np.int64),
            classes=tuple(map(str, known or ())),
            source=source,
        )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def mask(self) -> np.ndarray:
        """Which steps there are: bool (N, steps), False beyond the end; `step_masks` of training."""
        return mask_of(self.lengths, self.values.shape[1])

    @property
    def size_in_bytes(self) -> int:
        """Bytes of the values and their times."""
        return self.values.nbytes + (0 if self.times is None else self.times.nbytes)

    def facts(self) -> Facts:
        """Return what `validate` looks at; padding does not count."""
        return Facts(
            "series",
            (self.values.shape[1], self.values.shape[2]),
            self.names,
            ("step", "variable"),
            values=self.values,
            counted=self.mask[..., None],
            lengths=self.lengths,
            labels=self.labels,
            classes=self.classes,
        )

    def check_apart_from(self, held_out: SeriesSet) -> None:
        """Refuse a set that shares steps of a series; see `nn.check_apart`."""
        check_apart(self, held_out)

    def select(self, indices: np.ndarray) -> SeriesSet:
        """Return a set of the series at `indices` (int, (n,)), in that order, as wide as before.

        Raises
        ------
        DataError
            When memory does not suffice for the copy.
        """
        share = len(indices) / max(len(self), 1)
        require_memory(int(share * self.size_in_bytes), f"a selection of {len(indices)} series", FEWER)
        return replace(
            self,
            values=self.values[indices],
            lengths=self.lengths[indices],
            names=tuple(self.names[index] for index in indices),
            starts=self.starts[indices],
            labels=None if self.labels is None else self.labels[indices],
            times=None if self.times is None else self.times[indices],
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all but the times as arrays, which `numpy.savez` writes and `load_series` reads."""
        arrays = {"values": self.values, "lengths": self.lengths, "starts": self.starts}
        texts = {"variables": self.variables, "names": self.names}
        if self.labels is not None:
            arrays["labels"] = self.labels
            texts["classes"] = self.classes
        return {**arrays, **{name: np.array(each, np.str_) for name, each in texts.items()}}

    def require_labels(self, least: int = 2) -> np.ndarray:
        """Return the labels, int64 (N,), for what needs them.

        Raises
        ------
        DataError
            When there are none, fewer than two classes have series, or one of them has fewer than `least`.
        """
        where = f"{self.source}: " if self.source else ""
        if self.labels is None:
            raise DataError(
                f"{where}labels are missing: name their column by Roles(label=...), or give a file of some"
            )
        counts = np.bincount(self.labels, minlength=len(self.classes))
        used = np.flatnonzero(counts)
        if len(used) < 2:
            found = join_names(self.classes[each] for each in used)
            raise DataError(f"{where}labels: only one class, {found}: give series of two classes or more")
        rarest = used[counts[used].argmin()]
        if counts[rarest] < least:
            have = "one entry" if counts[rarest] == 1 else f"{counts[rarest]} entries"
            raise DataError(
                f"{where}labels: class {short_repr(self.classes[rarest])} has {have}, and {least} are "
                "needed: leave it out, or give more of it"
            )
        return self.labels


def mask_of(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Return which of `steps` there are in series of some lengths (N,): bool (N, steps)."""
    return np.arange(steps) < np.asarray(lengths)[:, None]


def default_variables(count: int) -> tuple[str, ...]:
    """Return names of variables where there are none: `value`, or `v0`, `v1` and so on."""
    return ("value",) if count == 1 else tuple(f"v{number}" for number in range(count))
