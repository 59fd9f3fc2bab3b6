"""Splitting entries into those to train on and those to validate on."""

from __future__ import annotations

import numpy as np


def split(
    entries: int, fraction: float, *, generator: np.random.Generator, labels: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw which entries to hold out.

    Parameters
    ----------
    entries
        How many there are.
    fraction
        Of the entries that is held out, in (0, 1); at least one is, and at least one is not.
    generator
        Draws them.
    labels
        Where given, (entries,), every class has the same share of both parts, rounded to whole entries.

    Returns
    -------
    training, held out
        Numbers of the entries, int64, in ascending order.

    Raises
    ------
    ValueError
        When the fraction is out of range, there are fewer than two entries, or labels do not fit.
    """
    if not 0 < fraction < 1 or entries < 2:
        raise ValueError(
            f"cannot hold {fraction} of {entries} entries out: it takes two, and a share in (0, 1)"
        )
    if labels is not None and np.shape(labels) != (entries,):
        raise ValueError(f"labels have shape {np.shape(labels)}, expected {(entries,)}")
    count = min(max(round(fraction * entries), 1), entries - 1)
    held_out = np.zeros(entries, np.bool_)
    for members, taken in _groups(entries, labels, count):
        held_out[generator.permutation(members)[:taken]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _groups(entries: int, labels: np.ndarray | None, count: int) -> list[tuple[np.ndarray, int]]:
    """Return the entries of every class, and how many of them are held out: `count` of all."""
    if labels is None:
        return [(np.arange(entries), count)]
    classes, sizes = np.unique(labels, return_counts=True)
    shares = sizes * count / entries
    taken = np.floor(shares).astype(np.int64)
    most_lost = np.argsort(taken - shares, kind="stable")
    taken[most_lost[: count - taken.sum()]] += 1
    return [
        (np.flatnonzero(labels == label), int(number)) for label, number in zip(classes, taken, strict=True)
    ]
