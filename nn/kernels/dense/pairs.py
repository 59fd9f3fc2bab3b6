"""Kernels of the dense rung o2 for bfloat16 storage on processors with a dot product of pairs: what
`nn.kernels.dense.stored` does, with twice the multiply-adds (`nn.kernels.core.dot_products`).

A product sums over pairs, so both of its operands are laid out as pairs along that axis. Weights and scaled
deltas are, as rows of bfloat16; inputs and deltas are paired as they are made or read, and the weights once
more, before a backward pass needs their columns.
"""

from typing import NamedTuple

import numpy as np
from numba import intp, prange

from nn.kernels.core.activations import activate
from nn.kernels.core.compilation import kernel
from nn.kernels.core.pairs import pair_rows, pair_up, round_rows, transpose_pairs
from nn.kernels.core.product import multiply
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.core.vectors import add_number, copy
from nn.kernels.dense.layer import block_range
from nn.kernels.dense.stored import GROUP, deltas_of_group, scale_group


class ForwardArrays(NamedTuple):
    """What `forward` reads and writes, flat.

    weights: outputs x inputs in float32; rounded: the same as bfloat16, each row an even number long;
    rounded_pairs: that as words; biases: outputs; inputs: inputs x histories; input_pairs: half as many
    rows of words; values: outputs x histories; scratch: float32 (blocks, 3, GROUP rows, histories).
    """

    weights: np.ndarray
    rounded: np.ndarray
    rounded_pairs: np.ndarray
    biases: np.ndarray
    inputs: np.ndarray
    input_pairs: np.ndarray
    values: np.ndarray
    scratch: np.ndarray


class BackwardArrays(NamedTuple):
    """What `backward` reads and writes, flat.

    rounded: as in `ForwardArrays`; weight_pairs: its rows paired; weights_target, biases_target: what
    gradients are added to; input_words: inputs x histories as words, along the histories; transposed: their
    columns as rows of padded inputs; input_signals: inputs x histories; values, signals, scaled: outputs x
    histories; delta_pairs: rows of deltas paired; scaled_words: scaled deltas as words.
    """

    rounded: np.ndarray
    weight_pairs: np.ndarray
    weights_target: np.ndarray
    biases_target: np.ndarray
    input_words: np.ndarray
    transposed: np.ndarray
    input_signals: np.ndarray
    values: np.ndarray
    signals: np.ndarray
    delta_pairs: np.ndarray
    scaled: np.ndarray
    scaled_words: np.ndarray
    scratch: np.ndarray


@kernel(separately=True)
def forward_rows(arrays, code, slope, block, first, last):
    """Round the weights of output neurons `first` to `last`, and compute their values."""
    biases, values, scratch = arrays.biases, arrays.values, arrays.scratch
    words, histories = arrays.rounded_pairs.size // biases.size, values.size // biases.size
    begin = block * 3 * GROUP * histories
    for group in range(first, last, GROUP):
        rows = min(GROUP, last - group)
        round_rows(arrays.weights, arrays.rounded, 2 * words, group, group + rows)
        left, right = (
            Rows(arrays.rounded_pairs, group * words, words, 1),
            Columns(arrays.input_pairs, 0, histories, 0),
        )
        multiply(left, right, Target(scratch, begin, histories), rows, histories, 1, words, False)
        for row in range(rows):
            add_number(scratch, begin + row * histories, histories, biases[group + row])
        activate(code, slope, scratch[begin : begin + rows * histories])
        copy(scratch, begin, values, group * histories, rows * histories)


@kernel(parallel=True)
def forward(arrays, code, slope, blocks):
    """Pair the inputs, then run `forward_rows` over blocks of outputs, in parallel."""
    outputs = arrays.biases.size
    histories = arrays.values.size // outputs
    inputs, pairs = arrays.inputs.size // histories, arrays.input_pairs.size // histories
    for block in prange(blocks):
        first, last = block_range(intp(block), blocks, pairs)
        pair_rows(arrays.inputs, histories, inputs, arrays.input_pairs, histories, first, last)
    for block in prange(blocks):
        first, last = block_range(intp(block), blocks, outputs)
        forward_rows(arrays, code, slope, intp(block), first, last)


@kernel(separately=True)
def delta_rows(arrays, code, slope, scale, block, first, last):
    """Compute deltas, scaled deltas and bias gradients of output neurons `first` to `last`; pair the deltas.

    A scale of zero leaves out what only gradients need.
    """
    histories = arrays.values.size // arrays.biases_target.size
    for group in range(first, last, GROUP):
        rows = min(GROUP, last - group)
        deltas = deltas_of_group(arrays, code, slope, group, rows, block * 3 * GROUP * histories)
        to = group // 2 * histories
        pair_up(arrays.scratch, deltas, histories, rows, arrays.delta_pairs, to, histories, histories)
        if scale != 0:
            scale_group(arrays, scale, group, rows, deltas)


@kernel(allocates=False, separately=True)
def input_signal_rows(arrays, first, last):
    """Compute the signals of input neurons `first` to `last`: weights transposed times deltas."""
    outputs = arrays.biases_target.size
    histories = arrays.values.size // outputs
    pairs = arrays.delta_pairs.size // histories
    left = Rows(arrays.weight_pairs, first, 1, arrays.weight_pairs.size // pairs)
    right, target = (
        Columns(arrays.delta_pairs, 0, histories, 0),
        Target(arrays.input_signals, first * histories, histories),
    )
    multiply(left, right, target, last - first, histories, 1, pairs, False)


@kernel(allocates=False, separately=True)
def weight_gradient_rows(arrays, first, last):
    """Add the gradients of the weights of output neurons `first` to `last`: deltas times inputs."""
    outputs = arrays.biases_target.size
    inputs, words = arrays.weights_target.size // outputs, arrays.scaled_words.size // outputs
    left, right = (
        Rows(arrays.scaled_words, first * words, words, 1),
        Columns(arrays.transposed, 0, arrays.transposed.size // words, 0),
    )
    target = Target(arrays.weights_target, first * inputs, inputs)
    multiply(left, right, target, last - first, inputs, 1, words, True)


@kernel(parallel=True)
def backward(arrays, code, slope, scale, propagates, blocks):
    """Run the backward pass over blocks of outputs, then of inputs, in parallel.

    What reads the weights reads their rounded copy, so that they may change meanwhile.
    """
    outputs = arrays.biases_target.size
    histories = arrays.values.size // outputs
    inputs = arrays.input_signals.size // histories
    width, words = arrays.rounded.size // outputs, arrays.scaled_words.size // outputs
    for task in prange(2 * blocks):  # in turns, since a thread is given neighbouring tasks
        block = intp(task) // 2
        if task % 2 == 0:
            first, last = block_range(block, blocks, outputs)
            delta_rows(arrays, code, slope, scale, block, first, last)
            if propagates:
                pair_rows(
                    arrays.rounded, width, outputs, arrays.weight_pairs, inputs, first // 2, (last + 1) // 2
                )
        elif scale != 0:
            first, last = block_range(block, blocks, (inputs + 1) // 2)
            transpose_pairs(
                arrays.input_words,
                arrays.transposed,
                arrays.transposed.size // words,
                2 * first,
                min(2 * last, inputs),
            )
    if propagates:
        for block in prange(blocks):
            first, last = block_range(intp(block), blocks, inputs)
            input_signal_rows(arrays, first, last)
    for block in prange(blocks if scale != 0 else 0):
        first, last = block_range(intp(block), blocks, outputs)
        weight_gradient_rows(arrays, first, last)
