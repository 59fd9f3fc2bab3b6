"""How far a figure would move with other entries: the delete-a-group jackknife."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

GROUPS = 10

Statistic = Callable[[list[np.ndarray]], float]
"""Computes a figure from the row numbers of each sample."""


def jackknife(
    statistic: Statistic, counts: Sequence[int], *, generator: np.random.Generator, groups: int = GROUPS
) -> float:
    """Return the standard error of a figure of several samples.

        s^2 = (G - 1) / G sum_g (figure without group g - their mean)^2

    Parameters
    ----------
    statistic
        See `Statistic`.
    counts
        Entries of each sample; each is cut at random into as many groups, of which one is left out.
    generator
        Of the groups.
    groups
        G; fewer where a sample is small, so that at least two entries are left.

    References
    ----------
    Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, section 3; by groups as in Shao and
    Tu (1995), The Jackknife and Bootstrap, section 2.3.
    """
    groups = max(2, min(groups, *(count // 2 for count in counts)))
    parts = [np.array_split(generator.permutation(count), groups) for count in counts]
    figures = np.array(
        [
            statistic([np.concatenate([*part[:left], *part[left + 1 :]]) for part in parts])
            for left in range(groups)
        ]
    )
    return float(np.sqrt((groups - 1) / groups * np.sum((figures - figures.mean()) ** 2)))
