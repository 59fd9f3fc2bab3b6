"""Windows as tables that compiled kernels walk: what each target along an axis reads.

A convolution sums, for every window, the pixels it sees. Its transpose sums, for every pixel, the windows
that see it; with stride s those are other taps of the kernel for each of the s phases of a pixel, and
within a phase they are a convolution of stride 1 again. So both are one table, and one kernel.
(Dumoulin and Visin 2016, section 4.5, without the zeros they insert.)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from nn.windows import Axis


class Steps(NamedTuple):
    """What the targets along one axis read.

    Attributes
    ----------
    table
        int64 (targets, 4): the first source on the image, how many there are, how many taps come before
        it that lie off the image, and the phase.
    taps
        For each phase, the taps of the kernel in the order of the sources they read.
    step
        Sources from one tap to the next.
    """

    table: np.ndarray
    taps: tuple[tuple[int, ...], ...]
    step: int


def gathering(axis: Axis) -> Steps:
    """Return which pixels every window reads."""
    taps = tuple(range(axis.kernel))
    corners = (window * axis.stride - axis.before for window in range(axis.windows))
    table = [_clip([corner + tap * axis.dilation for tap in taps], axis.length, 0) for corner in corners]
    return Steps(np.array(table, np.int64), (taps,), axis.dilation)


def spreading(axis: Axis) -> Steps:
    """Return which windows every pixel reads; of a stride longer than the image, some phases have none."""
    places = range(axis.before, axis.before + axis.length)
    phases = sorted({place % axis.stride for place in places[: axis.stride]})
    taps = tuple(
        tuple(tap for tap in reversed(range(axis.kernel)) if (tap * axis.dilation - phase) % axis.stride == 0)
        for phase in phases
    )
    number_of = {phase: number for number, phase in enumerate(phases)}
    table = []
    for place in places:
        phase = number_of[place % axis.stride]
        windows = [(place - tap * axis.dilation) // axis.stride for tap in taps[phase]]
        table.append(_clip(windows, axis.windows, phase))
    return Steps(np.array(table, np.int64), taps, axis.dilation // math.gcd(axis.stride, axis.dilation))


def _clip(sources: list[int], length: int, phase: int) -> tuple[int, int, int, int]:
    """Return a row of the table for ascending sources, of which those below `length` exist."""
    inside = [number for number, source in enumerate(sources) if 0 <= source < length]
    if not inside:
        return 0, 0, 0, phase
    return sources[inside[0]], len(inside), inside[0], phase


def weight_order(shape: tuple[int, ...], rows: Steps, columns: Steps) -> np.ndarray:
    """Return the order in which spreading reads weights: phase after phase, image channels first.

    Parameters
    ----------
    shape
        Of the weights: (window channels, kernel rows, kernel columns, image channels).
    rows, columns
        What `spreading` returned.

    Returns
    -------
    ndarray
        int64 positions in the flat weights, each at most once; for each phase (image channels, taps of the
        row phase, taps of the column phase, window channels).
    """
    turned = np.arange(math.prod(shape)).reshape(shape).transpose(3, 1, 2, 0)
    parts = [turned[:, list(row)][:, :, list(column)] for row in rows.taps for column in columns.taps]
    return np.concatenate([part.ravel() for part in parts])


def phase_sizes(rows: Steps, columns: Steps, weights_per_tap: int) -> np.ndarray:
    """Return, for each row phase and column phase, taps of either and where its weights begin: (R, C, 3)."""
    sizes = np.array([[(len(row), len(column), 0) for column in columns.taps] for row in rows.taps])
    counts = sizes[..., 0] * sizes[..., 1] * weights_per_tap
    sizes[..., 2] = (np.cumsum(counts) - counts.ravel()).reshape(counts.shape)
    return sizes
