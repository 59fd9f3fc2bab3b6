"""Real, held-out and synthetic entries, as those measures take them that need one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.evaluation.files import Entries
from experiments.evaluation.lengths import Filling, Masks, filling_of


class Side(NamedTuple):
    """Entries: as they are given, and as they are shown to what knows no lengths.

    Attributes
    ----------
    values
        (n, ...), zeros beyond the end of a series.
    shown
        The same, or with lengths that differ what `Filling.show` makes of them.
    labels
        (n,), or None.
    mask
        Which steps there are, bool (n, steps); None where all are.
    """

    values: np.ndarray
    shown: np.ndarray
    labels: np.ndarray | None = None
    mask: np.ndarray | None = None

    @property
    def are_series(self) -> bool:
        """Whether entries are series of two steps or more."""
        return self.values.ndim == 3 and self.values.shape[1] > 1


def filling_for(files: Sequence[Entries]) -> Filling | None:
    """Return what series are filled with, from the first of files; None where no series is shorter."""
    masks = [each.mask for each in files]
    if masks[0] is None or all(each is None or each.all() for each in masks):
        return None
    return filling_of(files[0].values, masks[0])


def sides_of(files: Sequence[Entries], filling: Filling | None) -> list[Side]:
    """Return entries as sides, filled where there is something to fill them with."""
    return [_side_of(each, filling) for each in files]


def _side_of(entries: Entries, filling: Filling | None) -> Side:
    values, mask = entries.values, entries.mask
    if filling is None or mask is None:
        return Side(values, values, entries.labels)
    return Side(values, filling.show(values, mask), entries.labels, mask)


def masks_of(real: Side, synthetic: Side) -> Masks | None:
    """Return which steps there are on both sides; None where all are."""
    return None if real.mask is None or synthetic.mask is None else (real.mask, synthetic.mask)
