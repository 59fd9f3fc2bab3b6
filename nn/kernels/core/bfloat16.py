"""Kernel that moves numbers between arrays stored as float32 and as bfloat16 (uint16); all are flat."""

from numba import prange

from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import load_scalar, store_scalar

CHUNK = 1 << 14
"""Numbers in a chunk: enough to be worth a thread's attention."""


@kernel(separately=True)
def convert(source, target, begin, end):
    """target = source, in a range: widened, rounded or as it is."""
    for i in range(begin, end):
        store_scalar(target, i, load_scalar(source, i))


@kernel(parallel=True)
def convert_parallel(source, target):
    """Run `convert` over chunks in parallel."""
    for chunk in prange((target.size + CHUNK - 1) // CHUNK):
        convert(source, target, chunk * CHUNK, min((chunk + 1) * CHUNK, target.size))
