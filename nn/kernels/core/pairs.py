"""Pairs of bfloat16: how the operands of `nn.kernels.core.dot_products` are laid out.

A pair is a uint32, whose lower half comes first. Where the sum of a product runs along a row of bfloat16,
the row is one of pairs as it lies in memory. Otherwise neighbouring rows are paired: word n of row k holds
numbers n of rows 2k and 2k + 1.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from nn.bfloat16 import HALF
from nn.history import LANES
from nn.kernels.core.compilation import instruction, kernel
from nn.kernels.core.product import transpose
from nn.kernels.core.simd import LANE, load_scalar, load_stored, pointer_to, store_scalar, store_stored
from nn.kernels.core.tile import Rows, Target

WORDS = ir.VectorType(LANE, LANES)


def _pair(source: Any, lower: Any, upper: Any, target: Any, to: Any) -> None:
    below, above = (source[place : place + LANES].astype(np.uint32) for place in (lower, upper))
    target[to : to + LANES] = below | above << HALF


@instruction(_pair)
def pair(typing_context: Any, source: Any, lower: Any, upper: Any, target: Any, to: Any) -> Any:
    """Write `LANES` words: their lower halves are numbers from `lower` on, the upper ones from `upper`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, target_kind = signature.args[0], signature.args[3]
        below, above = (
            builder.zext(load_stored(builder, pointer_to(context, builder, kind, arguments[0], place)), WORDS)
            for place in arguments[1:3]
        )
        words = builder.or_(below, builder.shl(above, ir.Constant(WORDS, [HALF] * LANES)))
        store_stored(builder, words, pointer_to(context, builder, target_kind, *arguments[3:]))
        return context.get_dummy_value()

    whole = types.intp
    return types.void(source, whole, whole, target, whole), generate


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
def pair_rows(source, width, rows, target, length, first, last):
    """Write rows `first` to `last` of pairs, from rows of bfloat16.

    source: flat, rows `width` numbers apart, of which there are `rows`; a last one without a partner is
    paired with zero. target: flat, rows of `length` words without gaps.
    """
    whole = length // LANES * LANES
    for row in range(first, last):
        begin, to = 2 * row * width, row * length
        if 2 * row + 1 == rows:
            for n in range(length):
                target[to + n] = source[begin + n]
            continue
        for n in range(0, whole, LANES):
            pair(source, begin + n, begin + width + n, target, to + n)
        for n in range(whole, length):
            target[to + n] = np.uint32(source[begin + n]) | np.uint32(source[begin + width + n]) << np.uint32(
                HALF
            )


@kernel(allocates=False, separately=True)
def transpose_pairs(source, target, width, first, last):
    """Write rows `first` to `last` of pairs as columns of `target`, whose rows are `width` words apart.

    Both are flat words; `first` is a multiple of LANES, and rows of the source have half a vector or more,
    or whole ones.
    """
    length = target.size // width
    whole = length // LANES * LANES
    if whole:
        left, to = Rows(source, first * length, length, 1), Target(target, first, width)
        transpose(left, to, last - first, whole)
    for row in range(first, last):
        for n in range(whole, length):
            store_scalar(target, n * width + row, load_scalar(source, row * length + n))
