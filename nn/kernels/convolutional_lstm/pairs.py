"""Convolutions of pairs of rows by kernels of three rows: four products instead of six.

With g(0) to g(2) the rows of a kernel, d(0) to d(3) the rows of an image that the windows of two neighbouring
rows see, and products over sources and columns:

    y(0) = g(0) d(0) + g(1) d(1) + g(2) d(2)        y(1) = g(0) d(1) + g(1) d(2) + g(2) d(3)

    m(0) = g(0) (d(0) - d(2))                       m(1) = (g(0) + g(1) + g(2)) / 2 (d(1) + d(2))
    m(3) = g(2) (d(3) - d(1))                       m(2) = (g(0) - g(1) + g(2)) / 2 (d(2) - d(1))

    y(0) = m(0) + m(1) + m(2)                       y(1) = m(1) - m(2) + m(3)

(Winograd 1980, "Arithmetic complexity of computations", the algorithm F(2, 3); Lavin and Gray 2016, "Fast
algorithms for convolutional neural networks", section 4.1.) The gradients of the kernel are sums over pairs
of the same products turned round: p(m) = what y(0) and y(1) get of m, times what m saw of d.

A row of all channels is one piece of memory, so sums and differences of rows are passes over vectors.
"""

from typing import NamedTuple

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.product import multiply, transpose
from nn.kernels.core.simd import broadcast, load, multiply_add, store
from nn.kernels.core.tile import Columns, Rows, Target

KERNEL = 3
"""Rows of the kernels."""

TERMS = 4
"""Products of a pair."""

SOURCES = 64
"""Sources that are worked off together: their rows stay in a core's cache."""

GATES = 32
"""Rows of a gradient that are worked off together."""

GRADIENT_LINES = (1 + TERMS) * SOURCES + 2 * GATES
"""Lines that `pair_gradients` has to have room for."""


class Pair(NamedTuple):
    """Where two rows of a result begin, `first` and `second`, and room to work in, `scratch`."""

    first: int
    second: int
    scratch: int


@kernel(allocates=False, separately=True)
def add_rows(source, one, other, sign, target, to, count):
    """target[to : to + count] = source[one : one + count] + sign * source[other : other + count]."""
    factor = broadcast(sign)
    for n in range(0, count, LANES):
        store(target, to + n, multiply_add(factor, load(source, other + n), load(source, one + n)))


@kernel(allocates=False, separately=True)
def add_and_subtract(values, pair, count, factor):
    """Replace two rows by their sum and their difference, times a factor."""
    scale = broadcast(factor)
    zero = broadcast(values.dtype.type(0))
    for n in range(0, count, LANES):
        one, other = load(values, pair.first + n), load(values, pair.second + n)
        store(values, pair.first + n, multiply_add(scale, one + other, zero))
        store(values, pair.second + n, multiply_add(scale, one - other, zero))


@kernel(allocates=False, separately=True)
def term_rows(geometry, images, sources, row, term, begin, count, scratch, to):
    """Write what a term sees of `count` sources from `begin` on; `row` is the topmost that the pair sees."""
    one, other = term, 2 if term < 2 else 1
    sign = images.dtype.type(1 if term == 1 else -1)
    size = sources * geometry.pitch
    place = row * size + begin * geometry.pitch
    add_rows(images, place + one * size, place + other * size, sign, scratch, to, count * geometry.pitch)


@kernel(allocates=False, separately=True)
def multiply_term(geometry, weights, images, sources, row, term, target, scratch, options):
    """Add a term to one of two rows, or write it: `options` are where, where to work, and whether to add."""
    begin, room, accumulate = options
    window = sources * geometry.kernel
    rows = weights.size // (TERMS * window)
    for first in range(0, sources, SOURCES):
        count = min(SOURCES, sources - first)
        term_rows(geometry, images, sources, row, term, first, count, scratch, room)
        multiply(
            Rows(weights, term * rows * window + first * geometry.kernel, window, 1),
            Columns(scratch, room, geometry.histories, geometry.pitch),
            Target(target, begin, geometry.line),
            rows,
            geometry.entries,
            count,
            geometry.kernel,
            accumulate or first > 0,
        )


@kernel(allocates=False, separately=True)
def convolve_pair(geometry, weights, images, sources, row, target, scratch, pair, accumulate):
    """Convolve two rows of positions: a line of `target` for every row of `weights`, from both places on.

    `row` is the topmost row that the windows see, among the rows of all images, margins included.
    """
    count = weights.size // (TERMS * sources * geometry.kernel) * geometry.line
    one, half = target.dtype.type(1), target.dtype.type(0.5)
    if accumulate:
        add_and_subtract(target, pair, count, half)
    for term, begin in ((1, pair.first), (2, pair.second)):
        options = begin, pair.scratch, accumulate
        multiply_term(geometry, weights, images, sources, row, term, target, scratch, options)
    add_and_subtract(target, pair, count, one)
    for term, begin in ((0, pair.first), (3, pair.second)):
        options = begin, pair.scratch, True
        multiply_term(geometry, weights, images, sources, row, term, target, scratch, options)


@kernel(allocates=False, separately=True)
def pair_gradients(geometry, deltas, images, sources, rows, target, place, scratch, room):
    """Add what a pair of rows gives to the sums of the gradients' terms, which begin at `place`.

    rows: where the lines of the deltas of both rows begin, and the topmost row that their windows see. The
    sums are (kernel columns, gates, terms * sources).
    """
    upper, lower, row = rows
    gates, pitch, columns = 4 * geometry.channels, geometry.pitch, TERMS * sources
    turned = room + SOURCES * pitch
    mixed = turned + TERMS * SOURCES * pitch
    for first in range(0, sources, SOURCES):
        count = min(SOURCES, sources - first)
        width = (count + LANES - 1) // LANES * LANES
        for term in range(TERMS):
            term_rows(geometry, images, sources, row, term, first, count, scratch, room)
            to = Target(scratch, turned + term * SOURCES * pitch, width)
            transpose(Rows(scratch, room, pitch, 1), to, count, pitch)
        for gate in range(0, gates, GATES):
            some = min(GATES, gates - gate)
            numbers, one = some * pitch, deltas.dtype.type(1)
            begin, end = upper + gate * pitch, lower + gate * pitch
            add_rows(deltas, begin, end, one, scratch, mixed, numbers)
            add_rows(deltas, begin, end, -one, scratch, mixed + GATES * pitch, numbers)
            for term in range(TERMS):
                for x in range(geometry.kernel):
                    right = Columns(
                        scratch, turned + term * SOURCES * pitch + x * geometry.histories * width, width, 0
                    )
                    to = place + (x * gates + gate) * columns + term * sources + first
                    result = Target(target, to, columns)
                    left = Rows(deltas, begin if term == 0 else end, pitch, 1)
                    if 0 < term < TERMS - 1:
                        left = Rows(scratch, mixed + (term - 1) * GATES * pitch, pitch, 1)
                    multiply(left, right, result, some, count, 1, geometry.entries, True)
