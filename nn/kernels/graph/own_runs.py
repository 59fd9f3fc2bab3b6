"""Backward loops of the graph's rung o2 over connections with weights of their own, by the length of rows.

One pass over the connections out of a neuron adds up its signal and the gradient of every weight. Up to
eight vectors of the signal stay in registers. Every weight is read once, before its gradient is added: in a
step of plain descent that changes it.
"""

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, horizontal_sum, load, load_scalar, multiply_add, prefetch, store
from nn.kernels.graph.runs import WIDE

AHEAD = 24
"""Connections between asking for a row of deltas, a weight and its gradient, and using them."""


@kernel(inline=True)
def prefetch_own(row, numbers, weights, target, k):
    """Prefetch the weight of connection k + AHEAD and its gradient."""
    number = load_scalar(numbers, min(k + AHEAD, row.size - 1))
    prefetch(weights, number)
    prefetch(target, number)


@kernel(allocates=False)
def own_run_one(run, last, given, own, weights, targets, histories, first_row, to, at):
    """`own_run_two` for rows of one vector."""
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        total = load(signals, to) if given[position] else zero
        value = load(values, at)
        for k in range(starts[position], starts[position + 1]):
            prefetch(deltas, (first_row + load_scalar(row, min(k + AHEAD, row.size - 1))) * LANES)
            prefetch_own(row, numbers, weights, target, k)
            number, delta = load_scalar(numbers, k), load(deltas, (first_row + load_scalar(row, k)) * LANES)
            total = multiply_add(broadcast(load_scalar(weights, number)), delta, total)
            target[number] += scale * horizontal_sum(multiply_add(value, delta, zero))
        store(signals, to, total)
        to += LANES
        at += LANES


@kernel(allocates=False)
def own_run_two(run, last, given, own, weights, targets, histories, first_row, to, at):
    """Begin the signals of the neurons at some positions, and add the gradients of the weights.

    Rows are two vectors: of signals from `to`, of values from `at`. Signals of outputs are there already.
    """
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        left = load(signals, to) if given[position] else zero
        right = load(signals, to + LANES) if given[position] else zero
        value_left, value_right = load(values, at), load(values, at + LANES)
        for k in range(starts[position], starts[position + 1]):
            ahead = (first_row + load_scalar(row, min(k + AHEAD, row.size - 1))) * WIDE
            prefetch(deltas, ahead)
            prefetch(deltas, ahead + LANES)
            prefetch_own(row, numbers, weights, target, k)
            number, delta = load_scalar(numbers, k), (first_row + load_scalar(row, k)) * WIDE
            weight = broadcast(load_scalar(weights, number))
            delta_left, delta_right = load(deltas, delta), load(deltas, delta + LANES)
            left = multiply_add(weight, delta_left, left)
            right = multiply_add(weight, delta_right, right)
            products = multiply_add(value_left, delta_left, zero)
            products = multiply_add(value_right, delta_right, products)
            target[number] += scale * horizontal_sum(products)
        store(signals, to, left)
        store(signals, to + LANES, right)
        to += WIDE
        at += WIDE


@kernel(allocates=False)
def own_run_four(run, last, given, own, weights, targets, histories, first_row, to, at):
    """`own_run_two` for rows of four vectors."""
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        begun = given[position]
        first = load(signals, to) if begun else zero
        second = load(signals, to + LANES) if begun else zero
        third = load(signals, to + 2 * LANES) if begun else zero
        fourth = load(signals, to + 3 * LANES) if begun else zero
        value_first = load(values, at)
        value_second = load(values, at + LANES)
        value_third = load(values, at + 2 * LANES)
        value_fourth = load(values, at + 3 * LANES)
        for k in range(starts[position], starts[position + 1]):
            prefetch_own(row, numbers, weights, target, k)
            number, delta = load_scalar(numbers, k), (first_row + load_scalar(row, k)) * 4 * LANES
            weight, here = broadcast(load_scalar(weights, number)), load(deltas, delta)
            first = multiply_add(weight, here, first)
            products = multiply_add(value_first, here, zero)
            here = load(deltas, delta + LANES)
            second = multiply_add(weight, here, second)
            products = multiply_add(value_second, here, products)
            here = load(deltas, delta + 2 * LANES)
            third = multiply_add(weight, here, third)
            products = multiply_add(value_third, here, products)
            here = load(deltas, delta + 3 * LANES)
            fourth = multiply_add(weight, here, fourth)
            products = multiply_add(value_fourth, here, products)
            target[number] += scale * horizontal_sum(products)
        store(signals, to, first)
        store(signals, to + LANES, second)
        store(signals, to + 2 * LANES, third)
        store(signals, to + 3 * LANES, fourth)
        to += 4 * LANES
        at += 4 * LANES


@kernel(allocates=False)
def own_run_eight(run, last, given, own, weights, targets, histories, first_row, to, at):  # noqa: PLR0915 - unrolled
    """`own_run_two` for rows of eight vectors: signals and values take half of the registers of AVX-512."""
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        begun = given[position]
        first = load(signals, to) if begun else zero
        second = load(signals, to + LANES) if begun else zero
        third = load(signals, to + 2 * LANES) if begun else zero
        fourth = load(signals, to + 3 * LANES) if begun else zero
        fifth = load(signals, to + 4 * LANES) if begun else zero
        sixth = load(signals, to + 5 * LANES) if begun else zero
        seventh = load(signals, to + 6 * LANES) if begun else zero
        eighth = load(signals, to + 7 * LANES) if begun else zero
        value_first = load(values, at)
        value_second = load(values, at + LANES)
        value_third = load(values, at + 2 * LANES)
        value_fourth = load(values, at + 3 * LANES)
        value_fifth = load(values, at + 4 * LANES)
        value_sixth = load(values, at + 5 * LANES)
        value_seventh = load(values, at + 6 * LANES)
        value_eighth = load(values, at + 7 * LANES)
        for k in range(starts[position], starts[position + 1]):
            prefetch_own(row, numbers, weights, target, k)
            number, delta = load_scalar(numbers, k), (first_row + load_scalar(row, k)) * 8 * LANES
            weight, here = broadcast(load_scalar(weights, number)), load(deltas, delta)
            first = multiply_add(weight, here, first)
            products = multiply_add(value_first, here, zero)
            here = load(deltas, delta + LANES)
            second = multiply_add(weight, here, second)
            products = multiply_add(value_second, here, products)
            here = load(deltas, delta + 2 * LANES)
            third = multiply_add(weight, here, third)
            products = multiply_add(value_third, here, products)
            here = load(deltas, delta + 3 * LANES)
            fourth = multiply_add(weight, here, fourth)
            products = multiply_add(value_fourth, here, products)
            here = load(deltas, delta + 4 * LANES)
            fifth = multiply_add(weight, here, fifth)
            products = multiply_add(value_fifth, here, products)
            here = load(deltas, delta + 5 * LANES)
            sixth = multiply_add(weight, here, sixth)
            products = multiply_add(value_sixth, here, products)
            here = load(deltas, delta + 6 * LANES)
            seventh = multiply_add(weight, here, seventh)
            products = multiply_add(value_seventh, here, products)
            here = load(deltas, delta + 7 * LANES)
            eighth = multiply_add(weight, here, eighth)
            products = multiply_add(value_eighth, here, products)
            target[number] += scale * horizontal_sum(products)
        store(signals, to, first)
        store(signals, to + LANES, second)
        store(signals, to + 2 * LANES, third)
        store(signals, to + 3 * LANES, fourth)
        store(signals, to + 4 * LANES, fifth)
        store(signals, to + 5 * LANES, sixth)
        store(signals, to + 6 * LANES, seventh)
        store(signals, to + 7 * LANES, eighth)
        to += 8 * LANES
        at += 8 * LANES


@kernel(allocates=False)
def own_run_many(run, last, given, own, weights, targets, histories, first_row, to, at):
    """`own_run_two` for rows of any length, with the sums in the first-level cache."""
    starts, row, numbers, _ = own
    values, signals, deltas = histories.values, histories.signals, histories.deltas
    target, scale = targets.weights, targets.scale
    entries = histories.entries
    zero = broadcast(weights.dtype.type(0))
    for position in range(run, last):
        for n in range(0, 0 if given[position] else entries, LANES):
            store(signals, to + n, zero)
        for k in range(starts[position], starts[position + 1]):
            prefetch_own(row, numbers, weights, target, k)
            ahead = (first_row + load_scalar(row, min(k + 2, row.size - 1))) * entries
            number, delta = load_scalar(numbers, k), (first_row + load_scalar(row, k)) * entries
            weight, products = broadcast(load_scalar(weights, number)), zero
            for n in range(0, entries, LANES):
                prefetch(deltas, ahead + n)
                here = load(deltas, delta + n)
                store(signals, to + n, multiply_add(weight, here, load(signals, to + n)))
                products = multiply_add(load(values, at + n), here, products)
            target[number] += scale * horizontal_sum(products)
        to += entries
        at += entries
