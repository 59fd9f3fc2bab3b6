"""Pairs of bfloat16: how the operands of `nn.kernels.core.dot_products` are laid out.

A pair is a uint32, whose lower half comes first. Where the sum of a product runs along a row of bfloat16,
the row is one of pairs as it lies in memory. Otherwise neighbouring rows are paired: word n of row k holds
numbers n of rows 2k and 2k + 1.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types

from nn.bfloat16 import HALF, is_stored_half, narrow
from nn.history import LANES
from nn.kernels.core.compilation import instruction, kernel
from nn.kernels.core.product import transpose
from nn.kernels.core.simd import LANE, load_scalar, load_stored, pointer_to, store_scalar, store_stored
from nn.kernels.core.tile import Rows, Target

WORDS = ir.VectorType(LANE, LANES)


def _words(builder: ir.IRBuilder, load: Any, places: Sequence[Any], both: Any) -> Any:
    """Write words from what is loaded from two addresses; upper halves are 0 unless `both`."""
    below, above = (_half_words(builder, load(builder, place)) for place in places)
    shifted = builder.shl(above, ir.Constant(above.type, [HALF] * LANES if above.type != LANE else HALF))
    return builder.or_(below, builder.select(both, shifted, ir.Constant(above.type, None)))


def _half_words(builder: ir.IRBuilder, numbers: Any) -> Any:
    """Write numbers as bfloat16 in the lower halves of words."""
    vector = isinstance(numbers.type, ir.VectorType)
    stored = is_stored_half(numbers.type.element if vector else numbers.type)
    halves = numbers if stored else narrow(builder, numbers)
    return builder.zext(halves, WORDS if vector else LANE)


@instruction()
def pair(typing_context: Any, source: Any, lower: Any, upper: Any, both: Any, target: Any, to: Any) -> Any:
    """Write `LANES` words: their lower halves are numbers from `lower` on, the upper ones from `upper`.

    The source is float32, which is rounded, or bfloat16. Unless `both`, upper halves are zero.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = [pointer_to(context, builder, source, arguments[0], place) for place in arguments[1:3]]
        words = _words(builder, load_stored, places, arguments[3])
        store_stored(builder, words, pointer_to(context, builder, target, *arguments[4:]))
        return context.get_dummy_value()

    whole = types.intp
    return types.void(source, whole, whole, types.boolean, target, whole), generate


@instruction()
def pair_number(
    typing_context: Any, source: Any, lower: Any, upper: Any, both: Any, target: Any, to: Any
) -> Any:
    """Write one word; see `pair`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = [pointer_to(context, builder, source, arguments[0], place) for place in arguments[1:3]]
        word = _words(builder, lambda builder, place: builder.load(place), places, arguments[3])
        builder.store(word, pointer_to(context, builder, target, *arguments[4:]))
        return context.get_dummy_value()

    whole = types.intp
    return types.void(source, whole, whole, types.boolean, target, whole), generate


@kernel(allocates=False)
def pair_row(source, lower, upper, both, target, to, count):
    """Write `count` words from two rows that begin at `lower` and `upper`; see `pair`."""
    whole = count // LANES * LANES
    for n in range(0, whole, LANES):
        pair(source, lower + n, upper + n, both, target, to + n)
    for n in range(whole, count):
        pair_number(source, lower + n, upper + n, both, target, to + n)


@kernel(allocates=False)
def round_rows(source, target, width, first, last):
    """Round rows `first` to `last` of float32 to rows of bfloat16, `width` numbers apart.

    Both are flat; what is behind the end of a row is not written.
    """
    length = source.size * width // target.size
    for row in range(first, last):
        for n in range(length):
            store_scalar(target, row * width + n, load_scalar(source, row * length + n))


@kernel(allocates=False, separately=True)
def pair_up(source, begin, apart, rows, target, to, row, width):
    """Pair neighbouring rows, `apart` from each other; those of the target are `row` apart.

    A last row without a partner is paired with zero.
    """
    for first in range(0, rows, 2):
        lower, both = begin + first * apart, first + 1 < rows
        upper = lower + apart if both else lower
        pair_row(source, lower, upper, both, target, to + first // 2 * row, width)


@kernel(allocates=False, separately=True)
def turn_words(source, begin, length, target, to, width, rows):
    """Write `rows` rows of `length` words without gaps as columns of rows that are `width` words apart."""
    whole = length // LANES * LANES
    if whole:
        transpose(Rows(source, begin, length, 1), Target(target, to, width), rows, whole)
    for row in range(rows):
        for n in range(whole, length):
            store_scalar(target, to + n * width + row, load_scalar(source, begin + row * length + n))


@kernel(allocates=False)
def transpose_pairs(source, target, width, first, last):
    """Write rows `first` to `last` of pairs as columns of `target`, whose rows are `width` words apart.

    Both are flat words; `first` is a multiple of LANES.
    """
    length = target.size // width
    turn_words(source, first * length, length, target, first, width, last - first)


@kernel(allocates=False)
def pair_rows(source, width, rows, target, length, first, last):
    """Write rows `first` to `last` of pairs, from rows of bfloat16.

    source: flat, rows `width` numbers apart, of which there are `rows`; a last one without a partner is
    paired with zero. target: flat, rows of `length` words without gaps.
    """
    count = min(2 * last, rows) - 2 * first
    pair_up(source, 2 * first * width, width, count, target, first * length, length, length)
