"""The processor's dot product of pairs of bfloat16, which feeds twice the multiply-adds of one on float32.

`vdpbf16ps` (AVX512_BF16: AMD since Zen 4, Intel's Xeon since Cooper Lake) adds to each of 16 sums in float32
the products of two pairs. It multiplies and adds the upper halves of a word first, then the lower ones, each
rounded once to the nearest whatever the rounding mode, and takes numbers below 1.2e-38 as zero, in operands,
sums and results (Intel 2024, "Instruction Set Extensions Programming Reference", VDPBF16PS).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.core.registry import cpu_target

from nn.kernels.core.simd import LANE, fused_multiply_add

INSTRUCTION = "llvm.x86.avx512bf16.dpbf16ps.512"


@cache
def has_dot_products() -> bool:
    """Whether the processor that Numba compiles for has the instruction."""
    features: str = cpu_target.target_context.codegen().magic_tuple()[2]
    return "+avx512bf16" in features.split(",")


def multiply_and_add(builder: ir.IRBuilder, a: Any, b: Any, c: Any) -> Any:
    """Write c + a * b for vectors of numbers, or c + a[0] * b[0] + a[1] * b[1] for those of pairs."""
    if a.type.element != LANE:
        return fused_multiply_add(builder, a, b, c)
    # Declared with the words of its older form, which LLVM reads as the pairs that they are.
    kind = ir.FunctionType(c.type, [c.type, a.type, b.type])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, INSTRUCTION), [c, a, b])
