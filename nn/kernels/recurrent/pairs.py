"""What a recurrent layer has as pairs of bfloat16 (`nn.kernels.core.pairs`), and the products of them.

Sums over inputs and units run over pairs of neighbours, over histories over pairs of these. Rows of gates and
deltas stay float32; the pairs of what a product reads are made once, when it is known:

    forward    weights (rows of gates, pairs of inputs + pairs of units), inputs (T, pairs of inputs, N) and,
               slice after slice, hidden values (T + 1, pairs of units, N)
    backward   the weights' rows paired, gate by gate: (gates * pairs of units, inputs), and (same, units),
               in panels of `VECTOR` columns;
               deltas (T, gates * pairs of units, N), slice after slice; what gates see, in panels of pairs of
               histories

An odd last one is paired with zero.
"""

from typing import NamedTuple

import numpy as np

from nn.kernels.core.compilation import kernel
from nn.kernels.core.pairs import pair_row, pair_up, turn_words
from nn.kernels.core.product import multiply
from nn.kernels.core.simd import load, load_scalar, store, store_scalar
from nn.kernels.core.tile import Columns, Rows, Target
from nn.kernels.recurrent.gradients import DEPTH, PANEL, add_panels
from nn.kernels.recurrent.layout import SLICE, TILE, VECTOR, gate_row, state_row, width_of


class Pairs(NamedTuple):
    """What a layer has as pairs going forward, flat words; `numbers` are the halves of `weights`."""

    weights: np.ndarray
    numbers: np.ndarray
    inputs: np.ndarray
    hidden: np.ndarray


class BackwardPairs(NamedTuple):
    """What a layer has as pairs going backward, flat words.

    `halves` and `scratch` are working memory: the same, as numbers and as words.
    """

    input_weights: np.ndarray
    recurrent_weights: np.ndarray
    deltas: np.ndarray
    panels: np.ndarray
    halves: np.ndarray
    scratch: np.ndarray


@kernel(inline=True)
def pairs_of(count):
    """Return how many pairs there are, the last one perhaps with one number."""
    return (count + 1) // 2


@kernel(inline=True)
def weight_words(layer):
    """Return how many words a row of weights has: those of inputs, then those of units."""
    return pairs_of(layer.features) + pairs_of(layer.units)


@kernel(allocates=False, separately=True)
def round_weights(layer, pairs, first, last):
    """Round the weights of gates `first` to `last`, side by side."""
    features, units, row = layer.features, layer.units, 2 * weight_words(layer)
    middle = 2 * pairs_of(features)
    for gate in range(first, last):
        for n in range(features):
            number = load_scalar(layer.input_weights, gate * features + n)
            store_scalar(pairs.numbers, gate * row + n, number)
        for n in range(units):
            number = load_scalar(layer.recurrent_weights, gate * units + n)
            store_scalar(pairs.numbers, gate * row + middle + n, number)


@kernel(inline=True)
def pair_inputs(layer, pairs, step):
    """Pair the inputs of a step."""
    features, histories = layer.features, layer.histories
    to = step * pairs_of(features) * histories
    source = step * features * histories
    pair_up(layer.inputs, source, histories, features, pairs.inputs, to, histories, histories)


@kernel(inline=True)
def hidden_pair_row(layer, begin, width, row):
    """Return where a row of pairs of hidden values of a slice begins: rows (T + 1, pairs of units)."""
    return begin * (layer.steps + 1) * pairs_of(layer.units) + row * width


@kernel(inline=True)
def pair_hidden(layer, pairs, slot, first, count, begin):
    """Pair the hidden values of some units, of which the first is even, in a slot of a slice."""
    width = width_of(layer, begin)
    source = state_row(layer, begin, width, slot * layer.units + first)
    to = hidden_pair_row(layer, begin, width, slot * pairs_of(layer.units) + first // 2)
    pair_up(layer.hidden, source, width, count, pairs.hidden, to, width, width)


@kernel(inline=True)
def add_inputs(layer, pairs, step, row, rows, begin, target):
    """Set the sums of some rows of gates to the input's share."""
    length, words, histories = pairs_of(layer.features), weight_words(layer), layer.histories
    left = Rows(pairs.weights, row * words, words, 1)
    right = Columns(pairs.inputs, step * length * histories + begin, histories, 0)
    multiply(left, right, target, rows, width_of(layer, begin), 1, length, False)


@kernel(inline=True)
def add_hidden(layer, pairs, before, row, rows, begin, target, adds):
    """Set the sums of some rows of gates to the share of the hidden values in slot `before`, or add it."""
    length, words, width = pairs_of(layer.units), weight_words(layer), width_of(layer, begin)
    left = Rows(pairs.weights, row * words + pairs_of(layer.features), words, 1)
    right = Columns(pairs.hidden, hidden_pair_row(layer, begin, width, before * length), width, 0)
    multiply(left, right, target, rows, width, 1, length, adds)


@kernel(inline=True)
def weight_rows(layer):
    """Return how many rows of pairs the weights have: those of a gate together."""
    return layer.biases.size // layer.units * pairs_of(layer.units)


@kernel(allocates=False, separately=True)
def pair_weight_rows(layer, source, target, columns, first, last):
    """Pair rows of weights (gates * units, columns), gate by gate: pairs `first` to `last`.

    They are written in panels of `VECTOR` columns, in which the columns' sums read one row after the other.
    """
    units, length = layer.units, pairs_of(layer.units)
    for row in range(first, last):
        unit = 2 * (row % length)
        lower, both = (row // length * units + unit) * columns, unit + 1 < units
        upper = lower + columns if both else lower
        for column in range(0, columns, VECTOR):
            to, count = weight_place(layer, row, column), min(VECTOR, columns - column)
            pair_row(source, lower + column, upper + column, both, target, to, count)


@kernel(inline=True)
def weight_place(layer, row, column):
    """Return where the pair of a row of the weights is for a column, of which `VECTOR` lie together."""
    return column // VECTOR * weight_rows(layer) * VECTOR + row * VECTOR + column % VECTOR


@kernel(inline=True)
def delta_pair_row(layer, begin, width, row):
    """Return where a row of pairs of deltas of a slice begins: rows (T, four gates' pairs of units)."""
    return begin * layer.steps * 4 * pairs_of(layer.units) + row * width


@kernel(inline=True)
def pair_deltas(layer, deltas, pairs, step, first, last, begin):
    """Pair the deltas of some units, of which the first is even, in all four gates of a slice."""
    units, length, width = layer.units, pairs_of(layer.units), width_of(layer, begin)
    for gate in range(4):
        source = gate_row(layer, begin, width, (step * 4 + gate) * units + first)
        to = delta_pair_row(layer, begin, width, (step * 4 + gate) * length + first // 2)
        pair_up(deltas, source, width, last - first, pairs.deltas, to, width, width)


@kernel(inline=True)
def pass_back(layer, pairs, weights, step, gates, columns, begin, target):
    """Add what inputs or units, the columns of weights, get from the deltas of a step in a slice.

    gates: the first of the weights', the first of the deltas' that belong to them, and how many. columns: the
    first, a multiple of `TILE`, and the last.
    """
    length, width = pairs_of(layer.units), width_of(layer, begin)
    deltas = delta_pair_row(layer, begin, width, (step * 4 + gates[1]) * length)
    right = Columns(pairs.deltas, deltas, width, 0)
    for column in range(columns[0], columns[1], TILE):
        left = Rows(weights, weight_place(layer, gates[0] * length, column), 1, VECTOR)
        to = Target(target.array, target.offset + (column - columns[0]) * target.row, target.row)
        multiply(left, right, to, min(TILE, columns[1] - column), width, 1, gates[2] * length, True)


@kernel(allocates=False, separately=True)
def round_block(source, begin, apart, halves, to, width, rows):
    """Round rows of float32, `apart` from each other, into rows of bfloat16 without gaps."""
    for row in range(rows):
        for n in range(0, width, VECTOR):
            store(halves, to + row * width + n, load(source, begin + row * apart + n))


@kernel(inline=True)
def transpose_seen_pairs(layer, pairs, step):
    """Lay out what the gates see at a step: `VECTOR` rows of bfloat16, their words turned into columns."""
    features, units, histories = layer.features, layer.units, layer.histories
    before = step + (1 if layer.backward else 0)
    place = step * VECTOR * SLICE
    for begin in range(0, histories, SLICE):
        width = width_of(layer, begin)
        for first in range(0, features + units, VECTOR):
            last = min(first + VECTOR, features + units)
            inputs = max(min(last, features) - first, 0)
            source = (step * features + first) * histories + begin
            round_block(layer.inputs, source, histories, pairs.halves, place, width, inputs)
            source = state_row(layer, begin, width, before * units + first + inputs - features)
            rest = last - first - inputs
            round_block(layer.hidden, source, width, pairs.halves, place + inputs * width, width, rest)
            row = ((first // PANEL * histories + begin) * layer.steps + step * width) // 2
            to = row * PANEL + first % PANEL
            turn_words(pairs.scratch, place // 2, width // 2, pairs.panels, to, PANEL, VECTOR)


@kernel(inline=True)
def fill_panel_of_pairs(layer, pairs, rows, panel, place):
    """Multiply the rounded deltas with a panel; return where the products are, behind the sums of rows."""
    length = layer.steps * layer.histories // 2
    products = place + rows * VECTOR
    for k in range(0, length, DEPTH):
        left = Rows(pairs.scratch, place // 2 + k, length, 1)
        right = Columns(pairs.panels, (panel * length + k) * PANEL, PANEL, 0)
        target = Target(layer.scratch, products, PANEL)
        multiply(left, right, target, rows, PANEL, 1, min(DEPTH, length - k), k > 0)
    return products


@kernel(allocates=False, separately=True)
def add_gradients_of_pairs(layer, pairs, targets, first, last, columns, shift, place):
    """Run `add_panels` on deltas that are rounded into the working memory."""
    add_panels(layer, pairs, targets, first, last, columns, shift, place, fill_panel_of_pairs)
