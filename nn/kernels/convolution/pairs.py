"""Convolutions on dot products of pairs of bfloat16: the kernels of `forward` and `backward`, on words.

Sums of windows run over pairs of channels, so images and weights are laid out with half as many channels of
words, and `forward` reads them with a plan that says so. Gradients run over pairs of histories: rounded rows
of the images are words as they lie, and their transposition one of words. Both plans are as those of float32
otherwise, and sums, activations, deltas and gradients are float32.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.convolution.backward import delta_row, output_height
from nn.kernels.core.compilation import kernel
from nn.kernels.core.pairs import pair_up, round_rows, turn_words
from nn.kernels.core.vectors import copy

ROUNDED = 1 << 14
"""Numbers that are rounded in one task."""


class Rounded(NamedTuple):
    """The sides of the windows as bfloat16, flat: numbers and, the same memory, words.

    transposed: words of the image with the histories outside, (height, N / 2, width * channels and some).
    """

    windows: np.ndarray
    image: np.ndarray
    image_words: np.ndarray
    transposed: np.ndarray


@kernel(parallel=True)
def pair_image(image, words, channels, histories):
    """Pair the channels of every pixel of an image: (pixels, channels, N) to (pixels, pairs, N)."""
    pairs = (channels + 1) // 2
    for pixel in prange(image.size // (channels * histories)):
        begin, to = intp(pixel) * channels * histories, intp(pixel) * pairs * histories
        pair_up(image, begin, histories, channels, words, to, histories, histories)


@kernel(allocates=False)
def round_weights(weights, halves, channels):
    """Round weights (rows, channels) to rows of a whole number of pairs."""
    width = channels + channels % 2
    round_rows(weights, halves, width, 0, weights.size // channels)


@kernel(allocates=False, separately=True)
def round_row(plan, arrays, rounded, row):
    """Round a row of the image, and lay it out with the histories outside."""
    words, inputs = plan.histories // 2, plan.width * plan.sources
    size = inputs * plan.histories
    copy(arrays.image, row * size, rounded.image, row * size, size)
    width = rounded.transposed.size // (arrays.image.size // size * words)
    turn_words(
        rounded.image_words,
        row * inputs * words,
        words,
        rounded.transposed,
        row * words * width,
        width,
        inputs,
    )


@kernel(allocates=False, separately=True)
def round_windows(arrays, rounded, task):
    """Round some of what lies on the other side of the windows."""
    begin = task * ROUNDED
    copy(arrays.windows, begin, rounded.windows, begin, min(ROUNDED, rounded.windows.size - begin))


@kernel(allocates=False)
def rounding_tasks(plan, arrays, rounded):
    """Return how many rows the image has, and how many tasks round both sides, these rows first."""
    rows = arrays.image.size // (plan.width * plan.sources * plan.histories)
    return rows, rows + (rounded.windows.size + ROUNDED - 1) // ROUNDED


@kernel(parallel=True)
def deltas_parallel(plan, arrays, rounded, code, slope, learns):
    """Compute the deltas, and round and lay out what gradients are made of, rows in parallel."""
    for row in prange(output_height(arrays)):
        delta_row(arrays, code, slope, plan.histories, intp(row))
    rows, tasks = rounding_tasks(plan, arrays, rounded)
    for task in prange(tasks if learns else 0):
        if task < rows:
            round_row(plan, arrays, rounded, intp(task))
        else:
            round_windows(arrays, rounded, intp(task) - rows)
