"""Half vectors: blocks of few histories, laid out so that vectors run along the inputs of a neuron.

A vector of `LANES` histories is half empty where there are 8, and the numbers of one neuron lie too far
apart to fill it with others. `pack` turns histories that lie side by side into rows, one for every history,
and `unpack` turns them back. `nn.kernels.core.half_vector_sums` and `nn.kernels.core.half_vector_gradients`
have the products of such rows.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from nn.history import LANES
from nn.kernels.core.compilation import instruction
from nn.kernels.core.simd import (
    INTEGER,
    LANE,
    VectorType,
    bytes_of,
    interleave,
    load_stored,
    pointer_to,
    splat,
    store_stored,
)

HALF_LANES = LANES // 2
"""Histories in a block."""


class Matrix:
    """A `Target` in instructions: the address of its first number, and how far apart its rows are."""

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: Any, target: Any) -> None:
        array, offset, self.step = (builder.extract_value(target, field) for field in range(3))
        self.builder = builder
        self.begin = pointer_to(context, builder, kind.types[0], array, offset)

    def row(self, number: Any) -> Any:
        """Write the address of a row."""
        number = INTEGER(number) if isinstance(number, int) else number
        return self.builder.gep(self.begin, [self.builder.mul(self.step, number)])

    def first_rows(self, count: Any) -> list[Any]:
        """Write the addresses of `LANES` rows of `HALF_LANES`; behind the first `count`, that of the last."""
        builder, last = self.builder, self.builder.sub(count, INTEGER(1))
        rows = []
        for number in range(LANES):
            inside = builder.icmp_signed("<", INTEGER(number), count)
            row = self.row(builder.select(inside, INTEGER(number), last))
            rows.append(builder.bitcast(row, ir.VectorType(row.type.pointee, HALF_LANES).as_pointer()))
        return rows


@instruction()
def broadcast_pair(typing_context: Any, first: Any, second: Any) -> Any:
    """Return a vector of one number in the first `HALF_LANES` lanes and another in the rest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        lanes = ir.Constant(ir.VectorType(LANE, LANES), [0] * HALF_LANES + [LANES] * HALF_LANES)
        return builder.shuffle_vector(*(splat(builder, number) for number in arguments), lanes)

    return VectorType(first)(first, second), generate


def _turn(builder: ir.IRBuilder, rows: list[Any]) -> list[Any]:
    """Transpose both halves of `HALF_LANES` vectors, each a square of its own."""
    distance = HALF_LANES // 2
    while distance:
        rows = interleave(builder, rows, distance)
        distance //= 2
    return rows


def _lanes(first: int, count: int) -> ir.Constant:
    return ir.Constant(ir.VectorType(LANE, count), list(range(first, first + count)))


@instruction()
def pack(typing_context: Any, source: Any, target: Any, count: Any) -> Any:
    """Write `count` <= `LANES` rows of half a vector as `HALF_LANES` rows of `LANES`: `Target` to `Target`.

    The rows that are written are whole vectors; behind the first `count` numbers they repeat the last.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (
            Matrix(context, builder, *each) for each in zip(signature.args[:2], arguments[:2], strict=True)
        )
        align = bytes_of(source.begin)
        halves = [builder.load(row, align=align) for row in source.first_rows(arguments[2])]
        pairs = zip(halves[:HALF_LANES], halves[HALF_LANES:], strict=True)
        rows = _turn(builder, [builder.shuffle_vector(*pair, _lanes(0, LANES)) for pair in pairs])
        for number, row in enumerate(rows):
            store_stored(builder, row, target.row(number))
        return context.get_dummy_value()

    return types.void(source, target, types.intp), generate


@instruction()
def unpack(typing_context: Any, source: Any, target: Any, count: Any) -> Any:
    """Write the first `count` <= `LANES` columns of `HALF_LANES` rows as half vectors: `pack` undone."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (
            Matrix(context, builder, *each) for each in zip(signature.args[:2], arguments[:2], strict=True)
        )
        rows = _turn(builder, [load_stored(builder, source.row(number)) for number in range(HALF_LANES)])
        places = target.first_rows(arguments[2])
        for number in reversed(range(LANES)):  # what repeats the last row is written before it
            row = rows[number % HALF_LANES]
            half = builder.shuffle_vector(row, row, _lanes(number // HALF_LANES * HALF_LANES, HALF_LANES))
            builder.store(half, places[number], align=bytes_of(target.begin))
        return context.get_dummy_value()

    return types.void(source, target, types.intp), generate


@instruction()
def copy_halves(typing_context: Any, source: Any, begin: Any, target: Any, to: Any, count: Any) -> Any:
    """target[to : to + count] = source[begin : begin + count] for a multiple of `HALF_LANES`, exactly."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (
            pointer_to(context, builder, signature.args[k], arguments[k], arguments[k + 1]) for k in (0, 2)
        )
        half = ir.VectorType(source.type.pointee, HALF_LANES).as_pointer()
        with cgutils.for_range(builder, builder.udiv(arguments[4], INTEGER(HALF_LANES))) as loop:
            place = builder.mul(loop.index, INTEGER(HALF_LANES))
            source_half, target_half = (
                builder.bitcast(builder.gep(pointer, [place]), half) for pointer in (source, target)
            )
            numbers = builder.load(source_half, align=bytes_of(source))
            builder.store(numbers, target_half, align=bytes_of(target))
        return context.get_dummy_value()

    whole = types.intp
    return types.void(source, whole, target, whole, whole), generate
