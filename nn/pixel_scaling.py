"""Brightness: when bytes are shares of full brightness, and when they are whole numbers.

The same rule holds in training and in inference. Inputs in bytes (uint8) are brightnesses where they are
images or videos of more than one pixel, (N, height, width, channels) or (N, steps, height, width, channels):
0 to 255 become 0 to 1. All other bytes are whole numbers like any others: vectors, sequences, tokens and
labels of inputs, and targets of every shape, such as masks of 0 and 1 or maps of classes. Targets that are
the inputs themselves, as in an autoencoder, are scaled with them: the same array, or images with equal bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

WHITE = 255
"""The brightness of white in bytes."""


def are_byte_images(inputs: np.ndarray) -> bool:
    """Return whether inputs (N, ...) are images or videos in bytes."""
    return inputs.dtype == np.uint8 and inputs.ndim in (4, 5) and inputs.shape[-3] * inputs.shape[-2] > 1


def scale_pixels(images: np.ndarray, dtype: DTypeLike = np.float32) -> np.ndarray:
    """Return images in bytes as shares of full brightness, 0 to 1; images of other kinds as they are."""
    if images.dtype != np.uint8:
        return images
    numbers: np.ndarray[Any, Any] = np.divide(images, np.dtype(dtype).type(WHITE), dtype=dtype)
    return numbers
