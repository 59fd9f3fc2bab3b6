"""Class weights: how much each class counts where some are rare."""

from __future__ import annotations

import numpy as np


def balanced_class_weights(labels: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Return weights with which every class counts alike: entries / (classes * entries of the class).

    Their mean over the entries is 1 (King and Zeng 2001, section 4.2).

    Parameters
    ----------
    labels
        Whole numbers from 0 to classes - 1, any shape and dtype.
    classes
        How many classes there are.
    weights
        How much every label counts, of the shape of the labels; 1 by default.

    Returns
    -------
    ndarray
        float64 (classes,).

    Raises
    ------
    ValueError
        When a label is none of the classes, or a class has no entry.
    """
    flat = np.ravel(labels)
    bad = np.flatnonzero(~np.isin(flat, np.arange(classes)))
    if bad.size:
        raise ValueError(
            f"label {flat[bad[0]]:g} of entry {bad[0]} is none of the {classes} classes, 0 to {classes - 1}"
        )
    counts = np.bincount(
        flat.astype(np.int64), None if weights is None else np.ravel(weights), minlength=classes
    )
    if not counts.all():
        missing = int(np.flatnonzero(counts == 0)[0])
        raise ValueError(f"class {missing} has no entry, so no weight balances it: give the weights yourself")
    return counts.sum() / (classes * counts)
