"""Adam over a million parameters: the equations in NumPy, ours on one thread and on all, PyTorch's.

A step reads and writes the values, two moments and the gradients, which it also clears: 32 bytes a
parameter, so what bounds it is the memory.
"""

from __future__ import annotations

import numba
import numpy as np

from benchmarks.machine import Limits
from benchmarks.peers import torch
from benchmarks.timing import Contestant, race
from nn.optimizers import Adam
from nn.parameters import Parameters

PARAMETERS = 1_000_000
BYTES = 32
HEADINGS = ("contestant", "threads", "ms", "±", "x NumPy", "x PyTorch", "of memory")


def optimizer_rows(limits: dict[int, Limits], repeats: int) -> list[list[str]]:
    """Race the contestants, and return the cells of a table."""
    most = numba.config.NUMBA_NUM_THREADS
    contestants = [Contestant("NumPy", _numpy_step()), Contestant("o2", _own_step())]
    if most > 1:
        contestants.append(Contestant("o2", _own_step(), most))
    if torch is not None:
        torch.set_num_threads(most)
        kinds = {"PyTorch": {}, "PyTorch, fused": {"fused": True}}
        contestants += [Contestant(name, _torch_step(**options), most) for name, options in kinds.items()]
    race(contestants, repeats)
    peers = [each.median for each in contestants if each.name.startswith("PyTorch")]
    return [_cells(each, contestants[0].median, min(peers, default=None), limits) for each in contestants]


def _cells(one: Contestant, numpy: float, peer: float | None, limits: dict[int, Limits]) -> list[str]:
    moved = BYTES * PARAMETERS / one.median
    return [
        one.name,
        str(one.threads),
        f"{one.median * 1e3:.3f}",
        f"{one.spread:.0%}",
        f"{numpy / one.median:.2f}",
        "" if peer is None else f"{peer / one.median:.2f}",
        f"{moved / limits[one.threads].bandwidth:.0%}",
    ]


def _own_step():
    parameters, optimizer = Parameters({"weights": (PARAMETERS,)}), Adam(1e-3)
    parameters.gradients[:] = np.random.default_rng(0).standard_normal(PARAMETERS, dtype=np.float32)
    return lambda: optimizer.step(parameters)


def _numpy_step():
    generator = np.random.default_rng(0)
    values, means, squares = np.zeros((3, PARAMETERS), np.float32)
    gradients = generator.standard_normal(PARAMETERS, dtype=np.float32)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        means[:] = 0.9 * means + 0.1 * gradients
        squares[:] = 0.999 * squares + 0.001 * gradients**2
        rate = 0.001 / (1 - 0.9**steps)
        values[:] -= rate * means / (np.sqrt(squares / (1 - 0.999**steps)) + 1e-8)
        gradients[:] = 0

    return step


def _torch_step(**options: bool):
    parameter = torch.zeros(PARAMETERS, requires_grad=True)
    optimizer = torch.optim.Adam([parameter], lr=1e-3, **options)
    parameter.grad = torch.randn(PARAMETERS)

    def step() -> None:
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    return step
