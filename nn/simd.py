"""Explicit SIMD for Numba kernels: vectors of `LANES` numbers, and the register tile made of them.

Numba has no vector type, and a loop left to the compiler keeps its sums in memory and checks for
aliasing again and again. The operations below are written straight in LLVM's vector instructions,
for float32 and float64 alike; LLVM splits a vector into as many registers as the processor needs.

Every product of this project (windows, layers, their gradients) is one operation, the tile:

    c[r, n] (+)= sum over k of a[r, k] * b[k, n]

with R rows times V vectors of c held in registers for the whole of k: a step loads V vectors of b,
broadcasts R numbers of a and feeds R * V multiply-adds. R * V = 16 leaves registers to spare on a
processor with 32 of them, and hides the latency of a multiply-add (4 cycles, two a cycle) twice over.
(Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication", section 4.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from nn.history import LANES

INTEGER = ir.IntType(64)
LANE = ir.IntType(32)


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


class VectorType(types.Type):
    """A vector of `LANES` numbers of one dtype, held in registers."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        super().__init__(name=f"vector({dtype}, {LANES})")


@register_model(VectorType)
class VectorModel(models.PrimitiveModel):
    """Lays a vector out as LLVM's own."""

    def __init__(self, manager: Any, kind: VectorType) -> None:
        super().__init__(manager, kind, _vector_of(kind.dtype))


def _vector_of(dtype: types.Float) -> ir.VectorType:
    return ir.VectorType(ir.FloatType() if dtype.bitwidth == 32 else ir.DoubleType(), LANES)


def _fused_multiply_add(builder: ir.IRBuilder, a: Any, b: Any, c: Any) -> Any:
    bits = 32 if isinstance(c.type.element, ir.FloatType) else 64
    kind = ir.FunctionType(c.type, [c.type] * 3)
    name = f"llvm.fma.v{LANES}f{bits}"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def _splat(builder: ir.IRBuilder, scalar: Any) -> Any:
    vector = ir.VectorType(scalar.type, LANES)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, LANE(0))
    zeros = ir.Constant(ir.VectorType(LANE, LANES), [0] * LANES)
    return builder.shuffle_vector(first, first, zeros)


def _pointer(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, offset: Any) -> Any:
    """Address an element. Kernels compute their own offsets, so there is no check for negative ones."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])


def _vector_pointer(builder: ir.IRBuilder, pointer: Any) -> Any:
    return builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, LANES).as_pointer())


def _load(builder: ir.IRBuilder, pointer: Any, bytes_each: int) -> Any:
    return builder.load(_vector_pointer(builder, pointer), align=bytes_each)


def _store(builder: ir.IRBuilder, vector: Any, pointer: Any, bytes_each: int) -> None:
    builder.store(vector, _vector_pointer(builder, pointer), align=bytes_each)


@intrinsic
def load(typing_context: Any, array: Any, offset: Any) -> Any:
    """Load `LANES` numbers that lie side by side."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        pointer = _pointer(context, builder, kind, *arguments)
        return _load(builder, pointer, kind.dtype.bitwidth // 8)

    return VectorType(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing_context: Any, array: Any, offset: Any, vector: Any) -> Any:
    """Store a vector."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        pointer = _pointer(context, builder, kind, arguments[0], arguments[1])
        _store(builder, arguments[2], pointer, kind.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def load_scalar(typing_context: Any, array: Any, offset: Any) -> Any:
    """Load one number without Numba's check for a negative index."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature.args[0], *arguments))

    return array.dtype(array, types.intp), generate


@intrinsic
def prefetch(typing_context: Any, array: Any, offset: Any) -> Any:
    """Ask for the cache line of a number that will be needed soon, for reading or writing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments)
        byte = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [byte.type, LANE, LANE, LANE])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [byte, LANE(0), LANE(2), LANE(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@intrinsic
def broadcast(typing_context: Any, scalar: Any) -> Any:
    """Fill a vector with one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _splat(builder, arguments[0])

    return VectorType(scalar)(scalar), generate


@intrinsic
def multiply_add(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _fused_multiply_add(builder, *arguments)

    return c(a, b, c), generate


@intrinsic
def horizontal_sum(typing_context: Any, vector: Any) -> Any:
    """Add the numbers of a vector as a balanced tree: always in the same order."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (part,) = arguments
        width = LANES
        while width > 1:
            width //= 2
            low = ir.Constant(ir.VectorType(LANE, width), list(range(width)))
            high = ir.Constant(ir.VectorType(LANE, width), list(range(width, 2 * width)))
            part = builder.fadd(
                builder.shuffle_vector(part, part, low), builder.shuffle_vector(part, part, high)
            )
        return builder.extract_element(part, LANE(0))

    return vector.dtype(vector), generate


def _interleave(builder: ir.IRBuilder, rows: list[Any], distance: int) -> list[Any]:
    """Swap the off-diagonal blocks of side `distance`, the step of a transposition by halves."""
    swapped = list(rows)
    lanes = range(LANES)
    upper = [lane if not lane & distance else LANES + lane - distance for lane in lanes]
    lower = [lane + distance if not lane & distance else LANES + lane for lane in lanes]
    mask = ir.VectorType(LANE, LANES)
    for row in range(LANES):
        if not row & distance:
            pair = rows[row], rows[row + distance]
            swapped[row] = builder.shuffle_vector(*pair, ir.Constant(mask, upper))
            swapped[row + distance] = builder.shuffle_vector(*pair, ir.Constant(mask, lower))
    return swapped


@intrinsic
def transpose_block(
    typing_context: Any, source: Any, offset: Any, row: Any, target: Any, to: Any, width: Any
) -> Any:
    """Transpose LANES x LANES numbers: rows `row` apart at `offset` to rows `width` apart at `to`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, target_kind = signature.args[0], signature.args[3]
        bytes_each = kind.dtype.bitwidth // 8
        begin = _pointer(context, builder, kind, arguments[0], arguments[1])
        end = _pointer(context, builder, target_kind, arguments[3], arguments[4])
        step, stride = arguments[2], arguments[5]
        rows = [
            _load(builder, builder.gep(begin, [builder.mul(step, INTEGER(number))]), bytes_each)
            for number in range(LANES)
        ]
        distance = LANES // 2
        while distance:
            rows = _interleave(builder, rows, distance)
            distance //= 2
        for number, vector in enumerate(rows):
            _store(builder, vector, builder.gep(end, [builder.mul(stride, INTEGER(number))]), bytes_each)
        return context.get_dummy_value()

    whole = types.intp
    return types.void(source, whole, whole, target, whole, whole), generate


class _Tile:
    """Writes the instructions of one tile; a method for each part of the loop."""

    def __init__(
        self, context: Any, builder: ir.IRBuilder, operands: Any, kinds: Any, rows: int, vectors: int
    ) -> None:
        self.builder = builder
        self.rows, self.vectors = rows, vectors
        a, b, c = (
            [builder.extract_value(operand, i) for i in range(len(kind))]
            for operand, kind in zip(operands, kinds, strict=True)
        )
        self.a = _pointer(context, builder, kinds[0][0], a[0], a[1])
        self.b = _pointer(context, builder, kinds[1][0], b[0], b[1])
        self.c = _pointer(context, builder, kinds[2][0], c[0], c[1])
        self.a_row, self.a_step = a[2], a[3]
        self.b_step, self.b_outer_step = b[2], b[3]
        self.c_row = c[2]
        self.bytes_each = kinds[2][0].dtype.bitwidth // 8
        self.vector = _vector_of(kinds[2][0].dtype)
        self.sums = [[cgutils.alloca_once(builder, self.vector) for _ in range(vectors)] for _ in range(rows)]
        self.position = cgutils.alloca_once_value(builder, self.a)

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
                    self.builder.store(self._load_masked(place, mask), register)
            with replace:
                for register, _ in self._places():
                    self.builder.store(zero, register)

    def step(self, b: Any) -> None:
        """Feed the multiply-adds of one k."""
        builder = self.builder
        right = [
            _load(builder, builder.gep(b, [INTEGER(v * LANES)]), self.bytes_each) for v in range(self.vectors)
        ]
        a = builder.load(self.position)
        for r in range(self.rows):
            left = _splat(builder, builder.load(builder.gep(a, [builder.mul(self.a_row, INTEGER(r))])))
            for v in range(self.vectors):
                register = self.sums[r][v]
                builder.store(_fused_multiply_add(builder, left, right[v], builder.load(register)), register)
        builder.store(builder.gep(a, [self.a_step]), self.position)

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
            vector = self.builder.load(register)
            if mask is None:
                _store(self.builder, vector, place, self.bytes_each)
            else:
                pointer = _vector_pointer(self.builder, place)
                self._masked("store", ir.VoidType(), [vector, pointer, LANE(self.bytes_each), mask])

    def _load_masked(self, place: Any, mask: Any) -> Any:
        if mask is None:
            return _load(self.builder, place, self.bytes_each)
        zero = ir.Constant(self.vector, [0.0] * LANES)
        pointer = _vector_pointer(self.builder, place)
        return self._masked("load", self.vector, [pointer, LANE(self.bytes_each), mask, zero])

    def _masked(self, verb: str, result: Any, arguments: list[Any]) -> Any:
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        name = f"llvm.masked.{verb}.v{LANES}f{self.bytes_each * 8}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments)


def _first_lanes(builder: ir.IRBuilder, count: Any) -> Any:
    """Return a mask that is true for the first `count` lanes."""
    numbers = ir.Constant(ir.VectorType(INTEGER, LANES), list(range(LANES)))
    return builder.icmp_signed("<", numbers, _splat(builder, count))


def make_tile(rows: int, vectors: int, masked: bool = False) -> Callable[..., Any]:
    """Return the tile operation for R = `rows` and V = `vectors`.

    The operation is `tile(a: Rows, b: Columns, c: Target, outer, inner, accumulate, width)`: c is added
    to where `accumulate` is true. A masked tile touches only the first `width` columns of c.
    """

    @intrinsic
    def tile(
        typing_context: Any, a: Any, b: Any, c: Any, outer: Any, inner: Any, accumulate: Any, width: Any
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = [operand.types for operand in signature.args[:3]]
            code = _Tile(context, builder, arguments[:3], kinds, rows, vectors)
            mask = _first_lanes(builder, arguments[6]) if masked else None
            code.begin(arguments[5], mask)
            code.loop(arguments[3], arguments[4])
            code.end(mask)
            return context.get_dummy_value()

        whole = types.intp
        return types.void(a, b, c, whole, whole, types.boolean, whole), generate

    return tile
