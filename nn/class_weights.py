"""Class weights: the weight of each class where some are rare."""

from __future__ import annotations

import numpy as np

from nn.masks import active_mask


def balanced_class_weights(labels: np.ndarray, classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Return weights that balance the classes: entries / (classes * entries of the class).

    Their mean over the entries is 1 (King and Zeng 2001, section 4.2).

    Parameters
    ----------
    labels
        Whole numbers from 0 to classes - 1, any shape and dtype.
    classes
        How many classes there are.
    weights
        Weights of the labels, of their shape or of their first axes: where it is 0 the label may be any
        number. 1 by default.

    Returns
    -------
    ndarray
        float64 (classes,).

    Raises
    ------
    ValueError
        When a label is not one of the classes, a class has no entry, or the weights do not fit.
    """
    flat = np.ravel(labels)
    shares = np.ones(flat.size) if weights is None else _spread(np.asarray(weights), np.shape(labels))
    counted = shares != 0
    bad = np.flatnonzero(counted & ~np.isin(flat, np.arange(classes)))
    if bad.size:
        raise ValueError(
            f"label {flat[bad[0]]:g} of entry {bad[0]} is none of the {classes} classes, 0 to {classes - 1}"
        )
    counts = np.bincount(flat[counted].astype(np.int64), shares[counted], minlength=classes)
    if not counts.all():
        missing = int(np.flatnonzero(counts == 0)[0])
        raise ValueError(f"class {missing} has no entry, so no weight balances it: give the weights yourself")
    return shares.sum() / (classes * counts)


def _spread(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a weight for each of labels of a shape, flat."""
    if weights.shape != shape[: weights.ndim] or not weights.ndim:
        raise ValueError(f"the weights have shape {weights.shape}, expected {shape} or its first axes")
    filled_up = weights.reshape(*weights.shape, *(1,) * (len(shape) - weights.ndim))
    return np.ravel(active_mask(filled_up, shape, shape[-1]))
