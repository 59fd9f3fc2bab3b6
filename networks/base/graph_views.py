"""Parts of a graph's histories as slices and as images."""

from __future__ import annotations

import numpy as np

from nn.graph import Layer


def as_slice(indices: np.ndarray) -> slice | np.ndarray:
    """Return consecutive indices as a slice, which makes views instead of copies."""
    first, count = int(indices[0]), len(indices)
    if np.array_equal(indices, np.arange(first, first + count)):
        return slice(first, first + count)
    return indices


def as_images(histories: np.ndarray, layer: Layer) -> np.ndarray:
    """Cut a layer out of (T, neurons, N)."""
    part = histories[:, layer.span]
    return part.reshape(len(part), *layer.shape, part.shape[-1])
