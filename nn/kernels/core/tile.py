"""The register tile: the one product that every fast rung is made of.

    c[r, n] (+)= sum over k of a[r, k] * b[k, n]

with R rows times V vectors of c held in registers for the whole of k: a step loads V vectors of b,
broadcasts R numbers of a and feeds R * V multiply-adds. R * V = 16 leaves registers to spare on a
processor with 32 of them, and hides the latency of a multiply-add (4 cycles, two a cycle) twice over.
(Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication", section 4.)

Each of a, b and c may be stored as bfloat16, an array of uint16: the sums are float32 all the same. Where a
and b are pairs of bfloat16, arrays of uint32, k counts pairs, and an instruction feeds twice as many
multiply-adds (`nn.kernels.core.dot_products`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from nn.bfloat16 import is_stored_half, narrow, widen
from nn.history import LANES
from nn.kernels.core.compilation import instruction
from nn.kernels.core.dot_products import multiply_and_add
from nn.kernels.core.simd import (
    INTEGER,
    LANE,
    bytes_of,
    computed,
    load_splat,
    load_vector,
    pointer_to,
    prefetch_line,
    splat,
    store_vector,
    vector_of,
    vector_pointer,
)


class Rows(NamedTuple):
    """The left operand of a tile: a[r, k] lies at `offset + r * row + k * step` of a flat array."""

    array: np.ndarray
    offset: int
    row: int
    step: int


class Columns(NamedTuple):
    """The right operand: b[k, :] lies at `offset + i * step + j * outer_step` of a flat array.

    k counts through an inner loop over i and an outer one over j, so a window of an image can be
    read where it lies, row after row.
    """

    array: np.ndarray
    offset: int
    step: int
    outer_step: int


class Target(NamedTuple):
    """The result: c[r, :] lies at `offset + r * row` of a flat array."""

    array: np.ndarray
    offset: int
    row: int


class _Tile:
    """Writes the instructions of one tile; a method for each part of the loop."""

    def __init__(
        self, context: Any, builder: ir.IRBuilder, operands: Any, kinds: Any, shape: tuple[int, int, int]
    ) -> None:
        self.builder = builder
        self.rows, self.vectors, self.ahead = shape
        a, b, c = (
            [builder.extract_value(operand, i) for i in range(len(kind))]
            for operand, kind in zip(operands, kinds, strict=True)
        )
        self.a = pointer_to(context, builder, kinds[0][0], a[0], a[1])
        self.b = pointer_to(context, builder, kinds[1][0], b[0], b[1])
        self.c = pointer_to(context, builder, kinds[2][0], c[0], c[1])
        self.a_row, self.a_step = a[2], a[3]
        self.b_step, self.b_outer_step = b[2], b[3]
        self.c_row = c[2]
        self.vector = vector_of(computed(kinds[2][0].dtype))
        self.sums = [
            [cgutils.alloca_once(builder, self.vector) for _ in range(self.vectors)] for _ in range(self.rows)
        ]
        self.position = cgutils.alloca_once_value(builder, self.a)
        self.asked = cgutils.alloca_once_value(builder, builder.gep(self.a, [INTEGER(self.ahead)]))

    def _places(self) -> Any:
        """Yield every register with its place in c."""
        for r in range(self.rows):
            row = self.builder.gep(self.c, [self.builder.mul(self.c_row, INTEGER(r))])
            for v in range(self.vectors):
                yield self.sums[r][v], self.builder.gep(row, [INTEGER(v * LANES)])

    def begin(self, accumulate: Any, mask: Any) -> None:
        """Load c, or start from zero."""
        zero = ir.Constant(self.vector, [0.0] * LANES)
        with self.builder.if_else(accumulate) as (add, replace):
            with add:
                for register, place in self._places():
                    self.builder.store(load_masked(self.builder, place, mask), register)
            with replace:
                for register, _ in self._places():
                    self.builder.store(zero, register)

    def step(self, b: Any) -> None:
        """Feed the multiply-adds of one k."""
        builder = self.builder
        right = [load_vector(builder, builder.gep(b, [INTEGER(v * LANES)])) for v in range(self.vectors)]
        a = builder.load(self.position)
        for r in range(self.rows):
            left = load_splat(builder, builder.gep(a, [builder.mul(self.a_row, INTEGER(r))]))
            for v in range(self.vectors):
                register = self.sums[r][v]
                builder.store(multiply_and_add(builder, left, right[v], builder.load(register)), register)
        builder.store(builder.gep(a, [self.a_step]), self.position)
        if self.ahead:
            asked = builder.load(self.asked)
            prefetch_line(builder, asked)
            builder.store(builder.gep(asked, [INTEGER(self.rows)]), self.asked)

    def loop(self, outer: Any, inner: Any) -> None:
        """Run k through its inner and outer loop."""
        builder = self.builder
        with cgutils.for_range(builder, outer) as rows:
            line = builder.gep(self.b, [builder.mul(rows.index, self.b_outer_step)])
            with cgutils.for_range(builder, inner) as columns:
                self.step(builder.gep(line, [builder.mul(columns.index, self.b_step)]))

    def end(self, mask: Any) -> None:
        """Store the sums."""
        for register, place in self._places():
            store_masked(self.builder, self.builder.load(register), place, mask)


def load_masked(builder: ir.IRBuilder, place: Any, mask: Any) -> Any:
    """Write a load of the lanes of a vector that a mask chooses, zero in the others; of all without one."""
    if mask is None:
        return load_vector(builder, place)
    pointer = vector_pointer(builder, place)
    stored = pointer.type.pointee
    arguments = [pointer, LANE(bytes_of(place)), mask, ir.Constant(stored, None)]
    vector = _masked(builder, "load", stored, stored.element, arguments)
    return widen(builder, vector) if is_stored_half(stored.element) else vector


def store_masked(builder: ir.IRBuilder, vector: Any, place: Any, mask: Any) -> None:
    """Write a store of the lanes of a vector that a mask chooses; of all without one."""
    if mask is None:
        store_vector(builder, vector, place)
        return
    stored = narrow(builder, vector) if is_stored_half(place.type.pointee) else vector
    arguments = [stored, vector_pointer(builder, place), LANE(bytes_of(place)), mask]
    _masked(builder, "store", ir.VoidType(), place.type.pointee, arguments)


def _masked(builder: ir.IRBuilder, verb: str, result: Any, element: Any, arguments: list[Any]) -> Any:
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    name = f"llvm.masked.{verb}.v{LANES}{element.intrinsic_name}.p0"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def first_lanes(builder: ir.IRBuilder, count: Any) -> Any:
    """Return a mask that is true for the first `count` lanes."""
    numbers = ir.Constant(ir.VectorType(INTEGER, LANES), list(range(LANES)))
    return builder.icmp_signed("<", numbers, splat(builder, count))


def make_tile(rows: int, vectors: int, masked: bool = False, ahead: int = 0) -> Callable[..., Any]:
    """Return the tile operation for R = `rows` and V = `vectors`.

    The operation is `tile(a: Rows, b: Columns, c: Target, outer, inner, accumulate, width)`: c is added
    to where `accumulate` is true. A masked tile touches only the first `width` columns of c. With `ahead`,
    what lies so many numbers behind a is prefetched, R numbers at a step: for an a without gaps, whose rows
    are too short for a hardware prefetcher to follow.
    """

    @instruction()
    def tile(
        typing_context: Any, a: Any, b: Any, c: Any, outer: Any, inner: Any, accumulate: Any, width: Any
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = [operand.types for operand in signature.args[:3]]
            code = _Tile(context, builder, arguments[:3], kinds, (rows, vectors, ahead))
            mask = first_lanes(builder, arguments[6]) if masked else None
            code.begin(arguments[5], mask)
            code.loop(arguments[3], arguments[4])
            code.end(mask)
            return context.get_dummy_value()

        whole = types.intp
        return types.void(a, b, c, whole, whole, types.boolean, whole), generate

    return tile
