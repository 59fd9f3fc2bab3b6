"""Batches: gather rows of images and lay them out with the history last, in one pass.

A block of as many numbers of as many entries is turned in registers, so that every cache line of the
result is written once while each image is read in order.
"""

import numpy as np

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.scalars import in_dtype_of
from nn.kernels.core.simd import transpose_block

CHUNK = 256
"""Numbers of each entry in a block: with `LANES` entries it fills half of a first-level cache."""


@kernel
def are_entries(indices, count):
    """Return whether there is at least one index, and all are of 0 to count - 1."""
    good = indices.size > 0
    for index in indices:
        good &= (index >= 0) & (index < count)
    return good


@kernel(allocates=False, separately=True)
def gather_block(rows, scale, indices, first, last, block):
    """Write rows[indices, first : last] / scale to the rows of `block`, and zeros to those left over."""
    for lane in range(LANES):
        part = block[lane * CHUNK : lane * CHUNK + last - first]
        if lane < indices.size:
            row = rows[indices[lane], first:last]
            for i in range(part.size):
                part[i] = block.dtype.type(row[i]) / scale
        else:
            part[:] = 0


@kernel
def gather(rows, divisor, indices, histories):
    """histories[p, n] = rows[indices[n], p] / divisor; entries beyond the indices are zero."""
    (scale,) = in_dtype_of(histories, (divisor,))
    block = np.empty(LANES * CHUNK, histories.dtype)
    count, width = histories.shape
    flat = histories.reshape(-1)
    for start in range(0, width, LANES):
        some = indices[start : start + LANES]
        for first in range(0, count, CHUNK):
            last = min(first + CHUNK, count)
            gather_block(rows, scale, some, first, last, block)
            whole = last - (last - first) % LANES
            for p in range(first, whole, LANES):
                transpose_block(block, p - first, CHUNK, flat, p * width + start, width)
            for p in range(whole, last):
                for lane in range(LANES):
                    histories[p, start + lane] = block[lane * CHUNK + p - first]
