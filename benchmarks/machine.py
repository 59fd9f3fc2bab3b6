"""The limits of the machine, measured in the same run as everything that is compared with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
from numba import njit, prange

from benchmarks.timing import Contestant, race
from benchmarks.torch_peer import torch
from nn.history import aligned_zeros
from nn.kernels.core.product import multiply
from nn.kernels.core.tile import Columns, Rows, Target

SIDE = 1024
HISTORIES = 64
CHUNK = 1 << 16
ELEMENTS = 1 << 26
NOISE = 0.1


@dataclass(frozen=True)
class Limits:
    """What the machine can do with a number of threads.

    Attributes
    ----------
    product
        Best matrix-product rate of any library, float32, in FLOP/s.
    products
        The rate of each library.
    bandwidth
        Bytes a second when memory is read and written like a scaled copy.
    """

    threads: int
    product: float
    products: dict[str, float]
    bandwidth: float


def contended(limits: Sequence[Limits]) -> bool:
    """Return whether any number of threads reaches less than the first: another program uses the machine.

    One thread may use all of the memory's bandwidth, so that more only differ from it by noise.
    """
    one = limits[0]
    return any(
        each.product < one.product or each.bandwidth < (1 - NOISE) * one.bandwidth for each in limits[1:]
    )


@njit(cache=True, parallel=True, error_model="numpy")
def tile_product(weights, values, sums, inner, histories):  # type: ignore[no-untyped-def]
    """Multiply two matrices with the project's own register tile; of pairs, `inner` counts these."""
    for block in prange(weights.size // inner // 32):
        row = block * 32
        left = Rows(weights, row * inner, inner, 1)
        target = Target(sums, row * histories, histories)
        multiply(left, Columns(values, 0, histories, 0), target, 32, histories, 1, inner, False)


@njit(cache=True, parallel=True, error_model="numpy")
def scaled_copy(source, target):  # type: ignore[no-untyped-def]
    """STREAM's scale kernel (McCalpin 1995) over arrays larger than every cache."""
    for chunk in prange(source.size // CHUNK):
        part = target[chunk * CHUNK : (chunk + 1) * CHUNK]
        values = source[chunk * CHUNK : (chunk + 1) * CHUNK]
        for i in range(part.size):
            part[i] = np.float32(3) * values[i]


def measure_limits(threads: int, repeats: int = 9) -> Limits:
    """Measure product rate and bandwidth with `threads` threads."""
    generator = np.random.default_rng(0)
    weights = aligned_zeros((SIDE, SIDE))
    values, sums = aligned_zeros((SIDE, HISTORIES)), aligned_zeros((SIDE, HISTORIES))
    weights[:] = generator.standard_normal(weights.shape)
    values[:] = generator.standard_normal(values.shape)
    flat = weights.ravel(), values.ravel(), sums.ravel()
    racers = [Contestant("register tile", lambda: tile_product(*flat, SIDE, HISTORIES), threads)]
    if threads == numba.config.NUMBA_NUM_THREADS:
        racers.append(Contestant("NumPy", lambda: np.matmul(weights, values, out=sums), threads))
    if torch is not None:
        torch.set_num_threads(threads)
        pair = torch.from_numpy(weights), torch.from_numpy(values)
        racers.append(Contestant("PyTorch", lambda: torch.mm(*pair), threads))
    source, target = aligned_zeros(ELEMENTS), aligned_zeros(ELEMENTS)
    copy = Contestant("copy", lambda: scaled_copy(source, target), threads)
    race([*racers, copy], repeats)
    operations = 2 * SIDE * SIDE * HISTORIES
    products = {racer.name: operations / racer.median for racer in racers}
    return Limits(threads, max(products.values()), products, 2 * source.nbytes / copy.median)
