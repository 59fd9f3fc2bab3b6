"""Input signals and weight gradients of a window, few histories at a time, with vectors along the inputs.

    dx[n, i] += sum over o of w[o, i] d[o, n]
    w[o, i]  += scale * sum over n of d[o, n] x[n, i]

Each vector of inputs passes through all outputs with `HALF_LANES` vectors of x and as many of dx in
registers. What lies behind the last input of a line is never written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from nn.history import LANES
from nn.kernels.core.compilation import instruction
from nn.kernels.core.half_vectors import HALF_LANES, Matrix
from nn.kernels.core.simd import INTEGER, fused_multiply_add, load_number, load_vector, prefetch_line, splat
from nn.kernels.core.tile import first_lanes, load_masked, store_masked


class _Pass:
    """Writes the instructions for one vector of inputs and all outputs."""

    def __init__(self, builder: ir.IRBuilder, matrices: list[Matrix], outputs: Any, ahead: Any) -> None:
        self.builder, self.outputs, self.ahead = builder, outputs, ahead
        self.weights, self.target, self.deltas, self.signals, self.window = matrices

    def at(self, weight: Any, place: Any, mask: Any) -> None:
        """Choose the vector: where its weights begin in a row, and its inputs, and how far it reaches."""
        self.weight, self.place, self.mask = weight, place, mask

    def _rows(self, matrix: Matrix, entry: Any) -> list[Any]:
        rows = [matrix.row(self.builder.add(entry, INTEGER(n))) for n in range(HALF_LANES)]
        return [self.builder.gep(row, [self.place]) for row in rows]

    def _weight(self, matrix: Matrix, output: Any) -> tuple[Any, Any]:
        """Write the address of an output's weights and their load, and prefetch those ahead."""
        place = self.builder.gep(matrix.row(output), [self.weight])
        prefetch_line(self.builder, self.builder.gep(place, [self.ahead]))
        return place, load_masked(self.builder, place, self.mask)

    def _deltas(self, output: Any, entry: Any) -> list[Any]:
        row = self.builder.gep(self.deltas.row(output), [entry])
        numbers = [load_number(self.builder, self.builder.gep(row, [INTEGER(n)])) for n in range(HALF_LANES)]
        return [splat(self.builder, number) for number in numbers]

    def inputs(self, entry: Any, scale: Any) -> list[Any]:
        """Write loads of the inputs, scaled."""
        factor = splat(self.builder, scale)
        rows = self._rows(self.window, entry)
        return [self.builder.fmul(factor, load_vector(self.builder, row)) for row in rows]

    def sums(self, entry: Any, accumulate: Any) -> list[Any]:
        """Write registers for the signals: what there is of them, or zeros."""
        builder, sums = self.builder, []
        with builder.if_else(accumulate) as (add, replace):
            with add:
                before = [load_masked(builder, row, self.mask) for row in self._rows(self.signals, entry)]
                added = builder.block
            with replace:
                replaced = builder.block
        for vector in before:
            choice = builder.phi(vector.type)
            choice.add_incoming(vector, added)
            choice.add_incoming(ir.Constant(vector.type, None), replaced)
            sums.append(choice)
        return [cgutils.alloca_once_value(builder, vector) for vector in sums]

    def signals_and_gradients(self, entry: Any, scale: Any, accumulate: Any) -> None:
        """Compute both at once, from the weights before they change."""
        builder = self.builder
        inputs, sums = self.inputs(entry, scale), self.sums(entry, accumulate)
        with cgutils.for_range(builder, self.outputs) as loop:
            _, weight = self._weight(self.weights, loop.index)
            place, total = self._weight(self.target, loop.index)
            for delta, values, register in zip(self._deltas(loop.index, entry), inputs, sums, strict=True):
                total = fused_multiply_add(builder, delta, values, total)
                builder.store(fused_multiply_add(builder, delta, weight, builder.load(register)), register)
            store_masked(builder, total, place, self.mask)
        self._end(entry, sums)

    def signals_alone(self, entry: Any, accumulate: Any) -> None:
        """Add up the signals."""
        builder, sums = self.builder, self.sums(entry, accumulate)
        with cgutils.for_range(builder, self.outputs) as loop:
            _, weight = self._weight(self.weights, loop.index)
            for delta, register in zip(self._deltas(loop.index, entry), sums, strict=True):
                builder.store(fused_multiply_add(builder, delta, weight, builder.load(register)), register)
        self._end(entry, sums)

    def gradients_alone(self, entry: Any, scale: Any) -> None:
        """Add the gradients to their targets."""
        builder, inputs = self.builder, self.inputs(entry, scale)
        with cgutils.for_range(builder, self.outputs) as loop:
            place, total = self._weight(self.target, loop.index)
            for delta, values in zip(self._deltas(loop.index, entry), inputs, strict=True):
                total = fused_multiply_add(builder, delta, values, total)
            store_masked(builder, total, place, self.mask)

    def _end(self, entry: Any, sums: list[Any]) -> None:
        for register, row in zip(sums, self._rows(self.signals, entry), strict=True):
            store_masked(self.builder, self.builder.load(register), row, self.mask)


def _blocks(builder: ir.IRBuilder, histories: Any, work: Callable[[Any], None]) -> None:
    """Write a loop over the blocks of histories."""
    with cgutils.for_range(builder, builder.udiv(histories, INTEGER(HALF_LANES))) as loop:
        work(builder.mul(loop.index, INTEGER(HALF_LANES)))


@instruction()
def add_products(
    typing_context: Any,
    matrices: Any,
    outputs: Any,
    histories: Any,
    lines: Any,
    line: Any,
    line_step: Any,
    ahead: Any,
    scale: Any,
    propagates: Any,
    accumulate: Any,
) -> Any:
    """Add to the input signals of a window, and to the targets of its weights.

    `matrices` are five `Target`s: weights, where their gradients go, deltas, signals and inputs of the
    window. The first three have a row for every output, the others one for every history: `lines` times
    `line` numbers, `line_step` apart. All signals are complete before a weight changes. They are left out
    where not `propagates`, and replaced where not `accumulate`. What lies `ahead` is prefetched.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        operands = [builder.extract_value(arguments[0], k) for k in range(5)]
        pairs = zip(signature.args[0], operands, strict=True)
        code = _Pass(builder, [Matrix(context, builder, *pair) for pair in pairs], arguments[1], arguments[6])
        histories, lines, line, line_step = arguments[2:6]
        scale, propagates, accumulate = arguments[7:]
        whole = builder.udiv(line, INTEGER(LANES))
        rest = builder.urem(line, INTEGER(LANES))
        single = builder.and_(propagates, builder.icmp_signed("==", histories, INTEGER(HALF_LANES)))

        def vector(weight: Any, place: Any, mask: Any = None) -> None:
            code.at(weight, place, mask)
            with builder.if_else(single) as (at_once, in_turn):
                with at_once:
                    code.signals_and_gradients(INTEGER(0), scale, accumulate)
                with in_turn:
                    with builder.if_then(propagates):
                        _blocks(builder, histories, lambda entry: code.signals_alone(entry, accumulate))
                    _blocks(builder, histories, lambda entry: code.gradients_alone(entry, scale))

        with cgutils.for_range(builder, lines) as outer:
            weight, place = builder.mul(outer.index, line), builder.mul(outer.index, line_step)
            with cgutils.for_range(builder, whole) as inner:
                i = builder.mul(inner.index, INTEGER(LANES))
                vector(builder.add(weight, i), builder.add(place, i))
            with builder.if_then(builder.icmp_signed(">", rest, INTEGER(0))):
                i = builder.mul(whole, INTEGER(LANES))
                vector(builder.add(weight, i), builder.add(place, i), first_lanes(builder, rest))
        return context.get_dummy_value()

    numbers = [types.intp] * 6
    return types.void(matrices, *numbers, scale, types.boolean, types.boolean), generate
