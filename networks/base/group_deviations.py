"""How much the numbers of entries in a group differ, and how that depends on them."""

from __future__ import annotations

import numpy as np

from nn.sums import total


class GroupDeviations:
    """Deviations of groups of neighbours in a batch; see `networks.minibatch_deviation`.

    Arrays are (steps, numbers of a step, groups, entries of a group), with steps and entries of 1 where they
    have been summed over. Without a mask all numbers of an entry are those of one step.

    Parameters
    ----------
    values
        (..., N), zero at steps that are not there.
    group
        Entries of a group.
    active
        How many of the N are measured, the first of them.
    mask
        Which steps are there, bool (steps, N); None for all.
    epsilon
        Added to variances.

    Attributes
    ----------
    deviations
        The values without the mean of their group, zero for what is not there.
    roots
        Deviation of every number.
    shares
        1 / (n K), the share of an entry's number in the statistic.
    statistics
        Mean of the roots of every group, (groups,).
    counted
        Which groups have anything to measure, bool (groups,).
    """

    def __init__(
        self, values: np.ndarray, group: int, active: int, mask: np.ndarray | None, epsilon: float
    ) -> None:
        *self._sides, self._histories = values.shape
        self._group, dtype = group, values.dtype
        self._steps = 1 if mask is None else len(mask)
        there = self._weights(active, mask, dtype)
        self._there = None if there.all() else there
        counts = _of_groups(there)
        measured = (counts > 0).astype(dtype)
        grouped = self._grouped(values)
        numbers = grouped.shape[1] * total(measured, axis=(0, 1, 3))
        self.counted = numbers > 0
        self._per_entry = 1 / np.maximum(counts, 1)
        self._per_number = measured / np.maximum(numbers, 1)[:, None]
        self.shares = self._per_entry * self._per_number
        self.deviations = self.centred(grouped)
        variances = _of_groups(self.deviations**2) * self._per_entry
        self.roots = np.sqrt(variances + dtype.type(epsilon))
        self.statistics = self._mean(self.roots)

    @property
    def slopes(self) -> np.ndarray:
        """How the statistic changes with every number of the group."""
        slopes: np.ndarray = self.shares / self.roots * self.deviations
        return slopes

    def centred(self, grouped: np.ndarray) -> np.ndarray:
        """Return grouped values without the means of their groups, zero for what is not there."""
        means = _of_groups(self._if_there(grouped)) * self._per_entry
        return self._if_there(grouped - means)

    def moved(self, tangents: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return how deviations, roots and statistics change when the values change by `tangents`."""
        grouped = self._grouped(tangents)
        roots = _of_groups(self.deviations * grouped) * self._per_entry / self.roots
        return self.centred(grouped), roots, self._mean(roots)

    def sums(self, signals: np.ndarray) -> np.ndarray:
        """Return the sums of signals (..., N) over the entries and places of every group, (groups,)."""
        return total(_of_groups(self._if_there(self._grouped(signals))), axis=(0, 1, 3))

    def send(self, of_statistics: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Return signals of statistics (groups,) times slopes, in the shape of the values."""
        flat = (of_statistics[:, None] * slopes).reshape(-1, slopes.shape[2] * self._group)
        return flat[:, : self._histories].reshape(*self._sides, self._histories)

    def of_entries(self, of_groups: np.ndarray) -> np.ndarray:
        """Return numbers (groups,) for the entries of every group, (N,)."""
        return np.repeat(of_groups, self._group)[: self._histories]

    def _weights(self, active: int, mask: np.ndarray | None, dtype: np.dtype) -> np.ndarray:
        """Return one for what is measured and zero for all else, (steps, 1, groups, entries)."""
        measured = np.arange(self._histories) < active
        if mask is not None:
            measured = mask & measured
        return self._grouped(np.broadcast_to(measured.astype(dtype), (self._steps, self._histories)))

    def _mean(self, of_numbers: np.ndarray) -> np.ndarray:
        """Return the means over all numbers of an entry that are measured, (groups,)."""
        return total(of_numbers * self._per_number, axis=(0, 1, 3))

    def _if_there(self, grouped: np.ndarray) -> np.ndarray:
        return grouped if self._there is None else grouped * self._there

    def _grouped(self, values: np.ndarray) -> np.ndarray:
        """Return values (..., N) as (steps, numbers, groups, entries), the last one filled up with zeros."""
        flat = values.reshape(self._steps, -1, self._histories)
        if missing := -self._histories % self._group:
            flat = np.pad(flat, ((0, 0), (0, 0), (0, missing)))
        return flat.reshape(self._steps, flat.shape[1], -1, self._group)


def _of_groups(grouped: np.ndarray) -> np.ndarray:
    """Return sums over the entries of every group, (..., 1), added up in float64.

    One entry after another in all groups at once: NumPy takes ten times as long over short last axes.
    """
    sums = np.zeros((*grouped.shape[:-1], 1))
    for entry in range(grouped.shape[-1]):
        sums += grouped[..., entry : entry + 1]
    return sums.astype(grouped.dtype, copy=False)
