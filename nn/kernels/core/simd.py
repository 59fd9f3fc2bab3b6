"""Explicit SIMD for Numba kernels: vectors of `LANES` numbers.

Numba has no vector type, and a loop left to the compiler keeps its sums in memory and checks for
aliasing again and again. The operations below are written straight in LLVM's vector instructions,
for float32 and float64 alike; LLVM splits a vector into as many registers as the processor needs.
Functions whose first argument is a builder write instructions; the intrinsics are for kernels.

Arrays of uint16 hold bfloat16 (see `nn.bfloat16`): loads give float32, and stores round to what they hold.
Arrays of uint32 hold pairs of them, which are moved as they are (see `nn.kernels.core.pairs`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import models, register_model

from nn.bfloat16 import is_stored_half, narrow, widen
from nn.history import LANES
from nn.kernels.core.compilation import instruction

INTEGER = ir.IntType(64)
LANE = ir.IntType(32)


class VectorType(types.Type):
    """A vector of `LANES` numbers of one dtype, held in registers."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        super().__init__(name=f"vector({dtype}, {LANES})")


@register_model(VectorType)
class VectorModel(models.PrimitiveModel):
    """Lays a vector out as LLVM's own."""

    def __init__(self, manager: Any, kind: VectorType) -> None:
        super().__init__(manager, kind, vector_of(kind.dtype))


def vector_of(dtype: types.Float) -> ir.VectorType:
    """Return LLVM's type of a vector."""
    return ir.VectorType(ir.FloatType() if dtype.bitwidth == 32 else ir.DoubleType(), LANES)


def computed(dtype: types.Number) -> types.Float:
    """Return what numbers of an array are once they are loaded: float32 where bfloat16 is stored."""
    return types.float32 if dtype == types.uint16 else dtype


def fused_multiply_add(builder: ir.IRBuilder, a: Any, b: Any, c: Any) -> Any:
    """Write a * b + c, rounded once."""
    bits = 32 if isinstance(c.type.element, ir.FloatType) else 64
    kind = ir.FunctionType(c.type, [c.type] * 3)
    name = f"llvm.fma.v{LANES}f{bits}"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def splat(builder: ir.IRBuilder, scalar: Any) -> Any:
    """Write a vector that is one number in every lane."""
    vector = ir.VectorType(scalar.type, LANES)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, LANE(0))
    zeros = ir.Constant(ir.VectorType(LANE, LANES), [0] * LANES)
    return builder.shuffle_vector(first, first, zeros)


def splat_half(builder: ir.IRBuilder, half: Any) -> Any:
    """Write a vector of float32 that is one stored bfloat16 in every lane.

    Both halves of every lane are filled, and the lower one shifted out: the number never passes through
    an integer register, from which a broadcast is slow.
    """
    pairs = ir.VectorType(half.type, 2 * LANES)
    first = builder.insert_element(ir.Constant(pairs, ir.Undefined), half, LANE(0))
    whole = builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(LANE, 2 * LANES), [0] * 2 * LANES))
    words = ir.VectorType(LANE, LANES)
    shifted = builder.shl(builder.bitcast(whole, words), ir.Constant(words, [16] * LANES))
    return builder.bitcast(shifted, ir.VectorType(ir.FloatType(), LANES))


def pointer_to(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, offset: Any) -> Any:
    """Address an element. Kernels compute their own offsets, so there is no check for negative ones."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [offset])


def vector_pointer(builder: ir.IRBuilder, pointer: Any) -> Any:
    """Write the address of the vector that begins at a number."""
    return builder.bitcast(pointer, ir.VectorType(pointer.type.pointee, LANES).as_pointer())


def load_number(builder: ir.IRBuilder, pointer: Any) -> Any:
    """Write a load of one number from its address."""
    number = builder.load(pointer)
    return widen(builder, number) if is_stored_half(number.type) else number


def load_splat(builder: ir.IRBuilder, pointer: Any) -> Any:
    """Write a load of one number into every lane."""
    number = builder.load(pointer)
    return splat_half(builder, number) if is_stored_half(number.type) else splat(builder, number)


def load_vector(builder: ir.IRBuilder, pointer: Any) -> Any:
    """Write a load of a vector from the address of its first number."""
    vector = load_stored(builder, pointer)
    return widen(builder, vector) if is_stored_half(vector.type.element) else vector


def store_vector(builder: ir.IRBuilder, vector: Any, pointer: Any) -> None:
    """Write a store of a vector at the address of its first number."""
    stored = narrow(builder, vector) if is_stored_half(pointer.type.pointee) else vector
    store_stored(builder, stored, pointer)


def load_stored(builder: ir.IRBuilder, pointer: Any) -> Any:
    """Write a load of a vector as it lies in memory."""
    return builder.load(vector_pointer(builder, pointer), align=bytes_of(pointer))


def store_stored(builder: ir.IRBuilder, vector: Any, pointer: Any) -> None:
    """Write a store of a vector that is as it should lie in memory."""
    builder.store(vector, vector_pointer(builder, pointer), align=bytes_of(pointer))


def bytes_of(pointer: Any) -> int:
    """Return how many bytes a number takes at an address."""
    return {ir.DoubleType(): 8, ir.FloatType(): 4, LANE: 4, ir.IntType(16): 2}[pointer.type.pointee]


def _load(array: Any, offset: Any) -> Any:
    return array[offset : offset + LANES].copy()


@instruction(_load)
def load(typing_context: Any, array: Any, offset: Any) -> Any:
    """Load `LANES` numbers that lie side by side."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return load_vector(builder, pointer_to(context, builder, signature.args[0], *arguments))

    return VectorType(computed(array.dtype))(array, types.intp), generate


def _store(array: Any, offset: Any, vector: Any) -> Any:
    array[offset : offset + LANES] = vector


@instruction(_store)
def store(typing_context: Any, array: Any, offset: Any, vector: Any) -> Any:
    """Store a vector of what the array's numbers are once they are loaded."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1])
        store_vector(builder, arguments[2], pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, VectorType(computed(array.dtype))), generate


def _load_scalar(array: Any, offset: Any) -> Any:
    return array[offset]


@instruction(_load_scalar)
def load_scalar(typing_context: Any, array: Any, offset: Any) -> Any:
    """Load one number without Numba's check for a negative index."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return load_number(builder, pointer_to(context, builder, signature.args[0], *arguments))

    return computed(array.dtype)(array, types.intp), generate


def _store_scalar(array: Any, offset: Any, number: Any) -> Any:
    array[offset] = number


@instruction(_store_scalar)
def store_scalar(typing_context: Any, array: Any, offset: Any, number: Any) -> Any:
    """Store one number; see `store`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = pointer_to(context, builder, signature.args[0], arguments[0], arguments[1])
        half = is_stored_half(pointer.type.pointee)
        builder.store(narrow(builder, arguments[2]) if half else arguments[2], pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, computed(array.dtype)), generate


def prefetch_line(builder: ir.IRBuilder, pointer: Any) -> None:
    """Write a prefetch of the cache line of an address."""
    byte = builder.bitcast(pointer, ir.IntType(8).as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [byte.type, LANE, LANE, LANE])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [byte, LANE(0), LANE(2), LANE(1)])


def _prefetch(array: Any, offset: Any) -> Any:
    """Do nothing: there is nothing to prefetch in Python."""


@instruction(_prefetch)
def prefetch(typing_context: Any, array: Any, offset: Any) -> Any:
    """Prefetch the cache line of a number that will be needed soon, for reading or writing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        prefetch_line(builder, pointer_to(context, builder, signature.args[0], *arguments))
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def _broadcast(scalar: Any) -> Any:
    return np.full(LANES, scalar)


@instruction(_broadcast)
def broadcast(typing_context: Any, scalar: Any) -> Any:
    """Fill a vector with one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return splat(builder, arguments[0])

    return VectorType(scalar)(scalar), generate


def _multiply_add(a: Any, b: Any, c: Any) -> Any:
    return a * b + c


@instruction(_multiply_add)
def multiply_add(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a * b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return fused_multiply_add(builder, *arguments)

    return c(a, b, c), generate


def _choose(builder: ir.IRBuilder, condition: Any, arguments: Any) -> Any:
    """Write a choice, lane by lane, between the last two of four vectors."""
    return builder.select(condition, arguments[2], arguments[3])


def _where_greater(a: Any, b: Any, yes: Any, no: Any) -> Any:
    return np.where((a > b) | np.isnan(a), yes, no)


@instruction(_where_greater)
def where_greater(typing_context: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:
    """Return `yes` in the lanes where a > b or a is NaN, `no` in the others: NaN counts as greatest."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b = arguments[:2]
        greater = builder.fcmp_ordered(">", a, b)
        return _choose(builder, builder.or_(greater, builder.fcmp_unordered("uno", a, a)), arguments)

    return a(a, b, yes, no), generate


def _where_equal(a: Any, b: Any, yes: Any, no: Any) -> Any:
    return np.where(a == b, yes, no)


@instruction(_where_equal)
def where_equal(typing_context: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:
    """Return `yes` in the lanes where a = b, `no` in the others."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _choose(builder, builder.fcmp_ordered("==", arguments[0], arguments[1]), arguments)

    return a(a, b, yes, no), generate


def _horizontal_sum(vector: Any) -> Any:
    return vector.sum(dtype=vector.dtype)


@instruction(_horizontal_sum)
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


def interleave(builder: ir.IRBuilder, rows: list[Any], distance: int) -> list[Any]:
    """Swap the off-diagonal blocks of side `distance`, the step of a transposition by halves."""
    swapped = list(rows)
    lanes = range(LANES)
    upper = [lane if not lane & distance else LANES + lane - distance for lane in lanes]
    lower = [lane + distance if not lane & distance else LANES + lane for lane in lanes]
    mask = ir.VectorType(LANE, LANES)
    for row in range(len(rows)):
        if not row & distance:
            pair = rows[row], rows[row + distance]
            swapped[row] = builder.shuffle_vector(*pair, ir.Constant(mask, upper))
            swapped[row + distance] = builder.shuffle_vector(*pair, ir.Constant(mask, lower))
    return swapped


def _transpose_block(source: Any, offset: Any, row: Any, target: Any, to: Any, width: Any) -> None:
    for number in range(LANES):
        lanes = source[offset + number : offset + number + (LANES - 1) * row + 1 : row]
        target[to + number * width : to + number * width + LANES] = lanes


@instruction(_transpose_block)
def transpose_block(
    typing_context: Any, source: Any, offset: Any, row: Any, target: Any, to: Any, width: Any
) -> Any:
    """Transpose LANES x LANES numbers: rows `row` apart at `offset` to rows `width` apart at `to`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, target_kind = signature.args[0], signature.args[3]
        begin = pointer_to(context, builder, kind, arguments[0], arguments[1])
        end = pointer_to(context, builder, target_kind, arguments[3], arguments[4])
        step, stride = arguments[2], arguments[5]
        same = kind.dtype == target_kind.dtype
        read, write = (load_stored, store_stored) if same else (load_vector, store_vector)
        rows = [read(builder, builder.gep(begin, [builder.mul(step, INTEGER(n))])) for n in range(LANES)]
        distance = LANES // 2
        while distance:
            rows = interleave(builder, rows, distance)
            distance //= 2
        for number, vector in enumerate(rows):
            write(builder, vector, builder.gep(end, [builder.mul(stride, INTEGER(number))]))
        return context.get_dummy_value()

    whole = types.intp
    return types.void(source, whole, whole, target, whole, whole), generate
