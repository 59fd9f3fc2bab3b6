"""The row of Adam over a million parameters: the equations in NumPy, ours, PyTorch's.

A step reads and writes the values, two moments and the gradients, which it also clears: 32 bytes a
parameter, so memory is the limit. Every turn begins with fresh gradients on all sides: without them
the moments would decay from turn to turn until they are subnormal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from benchmarks.owned import owned_bytes
from benchmarks.row import STEP, Call, Entrants, Memory, Peer, Row, Work, assert_agreement
from benchmarks.torch_peer import EAGER, TOLERANCE, tensor, torch
from benchmarks.work import ADAM_BYTES
from nn import Adam, Parameters

PARAMETERS = 1_000_000
RATE = 1e-3
STEPS = 3
"""Steps after which the values of all contestants have to agree."""


def rows() -> list[Row]:
    """Return the row."""
    return [adam_row(PARAMETERS)]


def adam_row(count: int) -> Row:
    """Return the row of a number of parameters."""
    enter = partial(_enter, count)
    return Row("adam", f"Adam, {count:,} parameters", 0, ("plain", "o2"), (STEP,), enter, headline=(STEP,))


def _enter(count: int, names: Sequence[str]) -> Entrants:
    gradients = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
    parameters, optimizer = Parameters({"weights": (count,)}), Adam(RATE)
    plain_gradients = gradients.copy()
    plain_values, plain = _plain_step(plain_gradients)
    steps: Mapping[str, tuple[np.ndarray, Call]] = {
        "plain": (plain_values, plain),
        "o2": (parameters.values, lambda: optimizer.step(parameters)),
    }
    prepare: Mapping[str, Call] = {
        "plain": partial(np.copyto, plain_gradients, gradients),
        "o2": partial(np.copyto, parameters.gradients, gradients),
    }
    for _ in range(STEPS):
        for name in names:
            prepare[name]()
            steps[name][1]()
    for name in names:
        assert_agreement(name, steps[name][0], plain_values, TOLERANCE)
    return Entrants(
        rungs={name: {STEP: steps[name][1]} for name in names},
        peers=_peers(gradients, plain_values.copy()),
        work={STEP: Work(0, ADAM_BYTES * count)},
        connections=count,
        memory=Memory(owned_bytes(parameters, optimizer), 0),
        prepare=prepare,
    )


def _plain_step(gradients: np.ndarray) -> tuple[np.ndarray, Call]:
    """Return values and a step of Kingma and Ba (2015, algorithm 1), line by line, gradients cleared."""
    values, means, squares = np.zeros((3, gradients.size), np.float32)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        means[:] = 0.9 * means + 0.1 * gradients
        squares[:] = 0.999 * squares + 0.001 * gradients**2
        rate = RATE / (1 - 0.9**steps)
        values[:] -= rate * means / (np.sqrt(squares / (1 - 0.999**steps)) + 1e-8)
        gradients[:] = 0

    return values, step


def _peers(gradients: np.ndarray, values: np.ndarray) -> dict[str, Callable[[], Peer]]:
    if torch is None:
        return {}
    options = {EAGER: {}, f"{EAGER}, fused": {"fused": True}}
    return {name: partial(_peer, gradients, values, **given) for name, given in options.items()}


def _peer(gradients: np.ndarray, values: np.ndarray, **options: bool) -> Peer:
    parameter = torch.zeros(gradients.size, requires_grad=True)
    parameter.grad = torch.empty_like(parameter)
    optimizer = torch.optim.Adam([parameter], lr=RATE, **options)

    def step() -> None:
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)

    def prepare() -> None:
        parameter.grad.copy_(tensor(gradients))

    for _ in range(STEPS):
        prepare()
        step()
    found = parameter.detach().numpy().copy()
    return Peer({STEP: step}, lambda: assert_agreement(EAGER, found, values, TOLERANCE), prepare)
