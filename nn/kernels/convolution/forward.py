"""Sums of windows for convolutions: forward sums and input signals of both families are this one kernel.

Each target pixel reads a window of source pixels where they lie: a row of the window is contiguous, so
the whole window is one product on the register tile. A window clipped at an edge is one product for each
of its rows, because the weights in between are skipped. Arrays are flat: images (height, width, channels, N).
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.activations import activate
from nn.kernels.core.compilation import kernel
from nn.kernels.core.thin_product import multiply_thin
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vectors import fill


class Plan(NamedTuple):
    """Where windows lie: tables of `nn.window_steps` and plain numbers.

    rows, columns: tables of the targets; row_step, column_step: sources from tap to tap; phases: taps and
    weight offset of each phase; width: pixels in a row of sources; sources, targets: channels; histories: N.
    """

    rows: np.ndarray
    columns: np.ndarray
    row_step: int
    column_step: int
    phases: np.ndarray
    width: int
    sources: int
    targets: int
    histories: int


class Layer(NamedTuple):
    """What one pass reads and writes; weights in the order of the phases, (targets, taps, sources) each."""

    weights: np.ndarray
    biases: np.ndarray
    sources: np.ndarray
    targets: np.ndarray


@kernel(inline=True)
def add_window(plan, layer, row, column, target):
    """Add the sums of the window of one target pixel."""
    n, channels = plan.histories, plan.sources
    top, lines, skipped_lines = plan.rows[row, 0], plan.rows[row, 1], plan.rows[row, 2]
    left, taps, skipped = plan.columns[column, 0], plan.columns[column, 1], plan.columns[column, 2]
    phase = plan.phases[plan.rows[row, 3], plan.columns[column, 3]]
    line = phase[1] * channels
    weights, begin = phase[0] * line, phase[2] + skipped_lines * line + skipped * channels
    outer_step = plan.row_step * plan.width * channels * n
    source = (top * plan.width + left) * channels * n
    # A whole window is one product, its rows the outer loop; of another each row is one, its taps the outer.
    whole = taps == phase[1] and plan.column_step == 1
    outer, inner = (lines, line) if whole else (taps, channels)
    inner_step = outer_step if whole else plan.column_step * channels * n
    for _ in range(1 if whole else lines):
        factors = Rows(layer.weights, begin, weights, 1)
        window = Columns(layer.sources, source, n, inner_step)
        multiply_thin(factors, window, target, plan.targets, n, outer, inner, True)
        begin += line
        source += outer_step


@kernel(allocates=False, separately=True)
def sum_pixel(plan, layer, code, slope, pixel):
    """Compute one target pixel: bias plus window, and its activation."""
    n = plan.histories
    row = pixel // plan.columns.shape[0]
    begin, size = pixel * plan.targets * n, plan.targets * n
    for channel in range(plan.targets):
        fill(layer.targets, begin + channel * n, n, layer.biases[channel])
    column = pixel - row * plan.columns.shape[0]
    add_window(plan, layer, row, column, Target(layer.targets, begin, n))
    activate(code, slope, layer.targets[begin : begin + size])


@kernel(allocates=False)
def pixel_count(plan):
    """Return the number of target pixels."""
    return plan.rows.shape[0] * plan.columns.shape[0]


@kernel(parallel=True)
def sum_parallel(plan, layer, code, slope):
    """Compute pixels of the target in parallel."""
    for pixel in prange(pixel_count(plan)):
        sum_pixel(plan, layer, code, slope, intp(pixel))


@kernel(allocates=False)
def sum_serial(plan, layer, code, slope):
    """Compute all pixels on one thread, for layers that are not worth a parallel region."""
    for pixel in range(pixel_count(plan)):
        sum_pixel(plan, layer, code, slope, pixel)
