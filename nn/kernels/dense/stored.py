"""Kernels of the dense rung o2 for bfloat16 storage: what `nn.kernels.dense.layer` does, with sums in
float32.

Weights, values, signals and deltas are stored as bfloat16 (uint16), flat; biases and gradients are float32.
A group of rows is computed in a float32 scratch of its own, which lies in a core's cache, and rounded once.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.activations import activate, multiply_by_derivative
from nn.kernels.core.bfloat16 import convert
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vectors import add_number, copy, scale_and_sum
from nn.kernels.dense.layer import block_range, input_signal_rows, transpose_inputs, weight_gradient_rows

GROUP = 32
"""Rows of a group."""


class Arrays(NamedTuple):
    """As `nn.kernels.dense.layer.Arrays`; scratch is float32 (blocks, 3, GROUP rows, histories)."""

    weights: np.ndarray
    weights_target: np.ndarray
    biases: np.ndarray
    biases_target: np.ndarray
    inputs: np.ndarray
    input_signals: np.ndarray
    values: np.ndarray
    signals: np.ndarray
    deltas: np.ndarray
    scaled: np.ndarray
    transposed: np.ndarray
    scratch: np.ndarray


class ForwardArrays(NamedTuple):
    """What `forward` reads and writes, flat: `rounded` gets the weights, which are float32, as bfloat16."""

    weights: np.ndarray
    rounded: np.ndarray
    biases: np.ndarray
    inputs: np.ndarray
    values: np.ndarray
    scratch: np.ndarray


@kernel(separately=True)
def forward_rows(arrays, code, slope, block, first, last):
    """Round the weights of output neurons `first` to `last`, and compute their values."""
    weights, rounded, biases, inputs, values, scratch = arrays
    input_count, histories = weights.size // biases.size, values.size // biases.size
    begin = block * 3 * GROUP * histories
    for group in range(first, last, GROUP):
        rows = min(GROUP, last - group)
        convert(weights, rounded, group * input_count, (group + rows) * input_count)
        left, right = Rows(rounded, group * input_count, input_count, 1), Columns(inputs, 0, histories, 0)
        target = Target(scratch, begin, histories)
        multiply(left, right, target, rows, histories, 1, input_count, False)
        for row in range(rows):
            add_number(scratch, begin + row * histories, histories, biases[group + row])
        activate(code, slope, scratch[begin : begin + rows * histories])
        copy(scratch, begin, values, group * histories, rows * histories)


@kernel(parallel=True)
def forward(arrays, code, slope, blocks):
    """Run `forward_rows` over blocks of outputs in parallel."""
    for block in prange(blocks):
        first, last = block_range(intp(block), blocks, arrays.biases.size)
        forward_rows(arrays, code, slope, intp(block), first, last)


@kernel
def deltas_of_group(arrays, code, slope, group, rows, values):
    """Compute the deltas of some rows in the scratch; return where they begin.

    values: where in the scratch the values of the rows are laid; signals and deltas follow, a piece each.
    """
    histories = arrays.values.size // arrays.biases_target.size
    piece, at, count = GROUP * histories, group * histories, rows * histories
    signals, deltas = values + piece, values + 2 * piece
    scratch = arrays.scratch
    copy(arrays.values, at, scratch, values, count)
    copy(arrays.signals, at, scratch, signals, count)
    multiply_by_derivative(
        code,
        slope,
        scratch[values : values + count],
        scratch[signals : signals + count],
        scratch[deltas : deltas + count],
    )
    return deltas


@kernel
def scale_group(arrays, scale, group, rows, deltas):
    """Scale the deltas of some rows, which begin at `deltas` in the scratch; add up and store them."""
    histories = arrays.values.size // arrays.biases_target.size
    scratch = arrays.scratch
    for row in range(rows):
        total = scale_and_sum(scratch, deltas + row * histories, histories, scale, scratch)
        arrays.biases_target[group + row] += total
    copy(scratch, deltas, arrays.scaled, group * histories, rows * histories)


@kernel(separately=True)
def delta_rows(arrays, code, slope, scale, block, first, last):
    """Compute deltas, scaled deltas and bias gradients of output neurons `first` to `last`."""
    histories = arrays.values.size // arrays.biases_target.size
    for group in range(first, last, GROUP):
        rows = min(GROUP, last - group)
        deltas = deltas_of_group(arrays, code, slope, group, rows, block * 3 * GROUP * histories)
        copy(arrays.scratch, deltas, arrays.deltas, group * histories, rows * histories)
        scale_group(arrays, scale, group, rows, deltas)


@kernel(parallel=True)
def backward(arrays, code, slope, scale, propagates, blocks):
    """Run the backward pass over blocks of outputs, then of inputs, in parallel."""
    outputs = arrays.biases.size
    inputs = arrays.weights.size // outputs
    for block in prange(blocks + 1):
        if block == blocks:
            transpose_inputs(arrays)
        else:
            first, last = block_range(intp(block), blocks, outputs)
            delta_rows(arrays, code, slope, scale, intp(block), first, last)
    if propagates:
        for block in prange(blocks):
            first, last = block_range(intp(block), blocks, inputs)
            input_signal_rows(arrays, first, last)
    for block in prange(blocks):
        first, last = block_range(intp(block), blocks, outputs)
        weight_gradient_rows(arrays, first, last)
