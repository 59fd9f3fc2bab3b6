"""Kernels of the dense rungs. Matrices are flat and row-major; histories are the last axis.

All products run on the shared register tile, each written for a range of rows: o1 runs the whole range on
one thread, o2 parts of it on several.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.activations import activate, multiply_by_derivative
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply, transpose
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vectors import add_number, scale_and_sum


class Arrays(NamedTuple):
    """What the kernels read and write, all flat.

    weights, weights_target: outputs x inputs; biases, biases_target: outputs; inputs, input_signals:
    inputs x histories; values, signals, deltas, scaled: outputs x histories; transposed: histories x
    padded inputs. The targets are the gradients, or the parameters themselves when the update is
    applied in the same pass; `scaled` holds the deltas times `scale`.
    """

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


@kernel(allocates=False)
def block_range(block, blocks, rows):
    """Return where block number `block` of `blocks` begins and ends: whole tiles of 8 rows."""
    tiles = (rows + 7) // 8
    return block * tiles // blocks * 8, min((block + 1) * tiles // blocks * 8, rows)


@kernel(allocates=False)
def forward_rows(weights, biases, inputs, values, code, slope, first, last):
    """Compute the values of output neurons `first` to `last`."""
    input_count = weights.size // biases.size
    histories = values.size // biases.size
    left = Rows(weights, first * input_count, input_count, 1)
    target = Target(values, first * histories, histories)
    multiply(left, Columns(inputs, 0, histories, 0), target, last - first, histories, 1, input_count, False)
    for o in range(first, last):
        add_number(values, o * histories, histories, biases[o])
    activate(code, slope, values[first * histories : last * histories])


@kernel(parallel=True)
def forward_parallel(weights, biases, inputs, values, code, slope, blocks):
    """Run `forward_rows` over blocks of outputs in parallel."""
    for block in prange(blocks):
        first, last = block_range(intp(block), blocks, biases.size)
        forward_rows(weights, biases, inputs, values, code, slope, first, last)


@kernel(allocates=False)
def delta_rows(arrays, code, slope, scale, first, last):
    """Compute deltas, scaled deltas and bias gradients of output neurons `first` to `last`.

    A scale of zero leaves out all that only gradients need, here and below.
    """
    histories = arrays.values.size // arrays.biases.size
    begin, end = first * histories, last * histories
    values, signals = arrays.values[begin:end], arrays.signals[begin:end]
    multiply_by_derivative(code, slope, values, signals, arrays.deltas[begin:end])
    if scale == 0:
        return
    for o in range(first, last):
        total = scale_and_sum(arrays.deltas, o * histories, histories, scale, arrays.scaled)
        arrays.biases_target[o] += total


@kernel(allocates=False)
def transpose_inputs(arrays):
    """Lay the inputs out as histories x padded inputs."""
    histories = arrays.values.size // arrays.biases.size
    width = arrays.transposed.size // histories
    source, target = Rows(arrays.inputs, 0, histories, 1), Target(arrays.transposed, 0, width)
    transpose(source, target, arrays.inputs.size // histories, histories)


@kernel(allocates=False)
def input_signal_rows(arrays, first, last):
    """Compute the signals of input neurons `first` to `last`: weights transposed times deltas."""
    outputs = arrays.biases.size
    inputs = arrays.weights.size // outputs
    histories = arrays.values.size // outputs
    left = Rows(arrays.weights, first, 1, inputs)
    target = Target(arrays.input_signals, first * histories, histories)
    multiply(
        left, Columns(arrays.deltas, 0, histories, 0), target, last - first, histories, 1, outputs, False
    )


@kernel(allocates=False)
def weight_gradient_rows(arrays, first, last):
    """Add the gradients of the weights of output neurons `first` to `last`: deltas times inputs."""
    outputs = arrays.biases.size
    inputs = arrays.weights.size // outputs
    histories = arrays.values.size // outputs
    width = arrays.transposed.size // histories
    left = Rows(arrays.scaled, first * histories, histories, 1)
    target = Target(arrays.weights_target, first * inputs, inputs)
    multiply(left, Columns(arrays.transposed, 0, width, 0), target, last - first, inputs, 1, histories, True)


@kernel(allocates=False)
def backward_serial(arrays, code, slope, scale, propagates):
    """Run the whole backward pass on one thread."""
    outputs = arrays.biases.size
    delta_rows(arrays, code, slope, scale, 0, outputs)
    if propagates:
        input_signal_rows(arrays, 0, arrays.weights.size // outputs)
    if scale != 0:
        transpose_inputs(arrays)
        weight_gradient_rows(arrays, 0, outputs)


@kernel(parallel=True)
def backward_parallel(arrays, code, slope, scale, propagates, blocks):
    """Run the backward pass over blocks of outputs, then of inputs, in parallel.

    The input signals are finished before the weights may change.
    """
    outputs = arrays.biases.size
    inputs = arrays.weights.size // outputs
    for block in prange(blocks + 1):
        if block < blocks:
            first, last = block_range(intp(block), blocks, outputs)
            delta_rows(arrays, code, slope, scale, first, last)
        elif scale != 0:
            transpose_inputs(arrays)
    if propagates:
        for block in prange(blocks):
            first, last = block_range(intp(block), blocks, inputs)
            input_signal_rows(arrays, first, last)
    for block in prange(blocks if scale != 0 else 0):
        first, last = block_range(intp(block), blocks, outputs)
        weight_gradient_rows(arrays, first, last)
