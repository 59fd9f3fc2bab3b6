"""Sums over a window for few histories, with vectors along the inputs: full lanes all the same.

    sums[o, n] = sum over i of w[o, i] x[n, i]

for two outputs and `HALF_LANES` histories: `LANES` vectors of sums stay in registers for the whole window,
and become one at the end. What lies behind the last input is never part of a result.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from nn.history import LANES
from nn.kernels.core.compilation import instruction
from nn.kernels.core.half_vectors import HALF_LANES, Matrix
from nn.kernels.core.simd import (
    INTEGER,
    LANE,
    VectorType,
    computed,
    fused_multiply_add,
    load_vector,
    prefetch_line,
    vector_of,
)
from nn.kernels.core.tile import first_lanes, load_masked


def _registers(builder: ir.IRBuilder, kind: Any, count: int) -> list[Any]:
    """Write `count` vectors of zeros."""
    zero = ir.Constant(vector_of(computed(kind.types[0].dtype)), None)
    return [cgutils.alloca_once_value(builder, zero) for _ in range(count)]


def _add_product(builder: ir.IRBuilder, a: Any, b: Any, register: Any, mask: Any) -> None:
    """Write register += a * b in the lanes of a mask, so that no NaN comes from behind it."""
    before = builder.load(register)
    after = fused_multiply_add(builder, a, b, before)
    builder.store(after if mask is None else builder.select(mask, after, before), register)


def _sum_each(builder: ir.IRBuilder, vectors: list[Any]) -> Any:
    """Write a vector of the sums of `LANES` vectors, in their order: two become one, until one is left."""
    distance = LANES // 2
    while distance:
        own = [LANES + lane if lane & distance else lane for lane in range(LANES)]
        other = [LANES + lane - distance if lane & distance else lane + distance for lane in range(LANES)]
        masks = [ir.Constant(ir.VectorType(LANE, LANES), lanes) for lanes in (own, other)]
        pairs = zip(vectors[:distance], vectors[distance:], strict=True)
        vectors = [builder.fadd(*(builder.shuffle_vector(*pair, mask) for mask in masks)) for pair in pairs]
        distance //= 2
    return vectors[0]


@instruction()
def pair_sums(
    typing_context: Any, weights: Any, window: Any, lines: Any, line: Any, line_step: Any, ahead: Any
) -> Any:
    """Return the sums of two outputs for `HALF_LANES` histories, those of the first output first.

    The weights, a `Target`, have a row for each of the two, the window one for every history: `lines` times
    `line` inputs, `line_step` apart. The weights `ahead` of those read are prefetched.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        weights, window = (Matrix(context, builder, kinds[k], arguments[k]) for k in range(2))
        lines, line, line_step, ahead = arguments[2:]
        sums = _registers(builder, kinds[0], 2 * HALF_LANES)
        whole = builder.sdiv(line, INTEGER(LANES))
        rest = builder.srem(line, INTEGER(LANES))
        inputs, outputs = [window.row(n) for n in range(HALF_LANES)], [weights.row(r) for r in range(2)]

        def step(weight: Any, at: Any, mask: Any = None) -> None:
            places = [builder.gep(output, [weight]) for output in outputs]
            left = [load_masked(builder, each, mask) for each in places]
            for each in places:
                prefetch_line(builder, builder.gep(each, [ahead]))
            for n in range(HALF_LANES):
                right = load_vector(builder, builder.gep(inputs[n], [at]))
                for r in range(2):
                    _add_product(builder, left[r], right, sums[r * HALF_LANES + n], mask)

        with cgutils.for_range(builder, lines) as outer:
            weight, place = builder.mul(outer.index, line), builder.mul(outer.index, line_step)
            with cgutils.for_range(builder, whole) as inner:
                i = builder.mul(inner.index, INTEGER(LANES))
                step(builder.add(weight, i), builder.add(place, i))
            with builder.if_then(builder.icmp_signed(">", rest, INTEGER(0))):
                i = builder.mul(whole, INTEGER(LANES))
                step(builder.add(weight, i), builder.add(place, i), first_lanes(builder, rest))
        return _sum_each(builder, [builder.load(register) for register in sums])

    numbers = [types.intp] * 4
    return VectorType(computed(weights.types[0].dtype))(weights, window, *numbers), generate
