"""Rows in bfloat16 storage, beside the same network in float32 and PyTorch in both.

The products have no layer around them: operands are packed beforehand, on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.figures import SINGLE
from benchmarks.layer_row import layer_calls, random_input, random_signals, random_values
from benchmarks.machine import tile_product
from benchmarks.owned import split_memory
from benchmarks.row import (
    BOTH,
    FORWARD,
    STEP,
    Call,
    Entrants,
    Memory,
    Peer,
    Row,
    Work,
    assert_agreement,
    nothing,
)
from benchmarks.rows.dense import AUTOENCODER, build_stack, torch_training
from benchmarks.rows.recurrent import build_recurrent, torch_recurrent
from benchmarks.torch_peer import EAGER, HALVES, half_layer_peers, half_training_peers, tensor, torch
from benchmarks.training_row import LEARNING_RATE, STEPS, training_step
from benchmarks.work import network_work, training_work
from nn import Adam
from nn.bfloat16 import BFLOAT16, UNIT_ROUNDOFF
from nn.history import aligned_zeros
from nn.kernels.core.dot_products import has_dot_products

FAMILY = "mixed_precision"
TOLERANCE = 4 * UNIT_ROUNDOFF
"""Between losses of the first steps."""

WIDE, NARROW = (2048,) * 5, (256,) * 5


def rows() -> list[Row]:
    """Return products where the processor has them for bfloat16, and steps of dense and recurrent layers."""
    sizes = ((512, 512, 64), (1024, 1024, 256)) if has_dot_products() else ()
    return [
        *(product_row(*each) for each in sizes),
        stack_row("autoencoder", AUTOENCODER, 64),
        stack_row("autoencoder", AUTOENCODER, 512),
        stack_row("dense", WIDE, 16),
        stack_row("dense", WIDE, 64),
        stack_row("dense", NARROW, 4096),
        recurrent_row("lstm", (28, 28, 128, 64)),
        recurrent_row("lstm", (20, 64, 256, 32)),
        recurrent_row("lstm", (10, 1024, 512, 32)),
        recurrent_row("gru", (20, 64, 256, 32)),
    ]


def product_row(outputs: int, inputs: int, histories: int) -> Row:
    """Return the row of a product of outputs x inputs by inputs x histories."""
    enter = partial(_enter_product, outputs, inputs, histories)
    title = f"product {outputs} x {inputs} by {histories}"
    return Row(FAMILY, title, histories, ("o2",), (FORWARD,), enter)


def _enter_product(outputs: int, inputs: int, histories: int, names: Sequence[str]) -> Entrants:
    generator = np.random.default_rng(0)
    left, right = (_rounded(generator, shape) for shape in ((outputs, inputs), (inputs, histories)))
    sums = {name: aligned_zeros((outputs, histories)) for name in (*names, SINGLE)}
    halves = np.ascontiguousarray(right.astype(BFLOAT16)).view(np.uint16).astype(np.uint32)
    words = left.astype(BFLOAT16).view(np.uint32).ravel(), (halves[::2] | halves[1::2] << 16).ravel()
    ours: dict[str, Call] = {
        names[0]: partial(tile_product, *words, sums[names[0]].ravel(), inputs // 2, histories),
        SINGLE: partial(tile_product, left.ravel(), right.ravel(), sums[SINGLE].ravel(), inputs, histories),
    }
    expected = left.astype(np.float64) @ right
    for name, call in ours.items():
        call()
        assert_agreement(name, sums[name], expected, 1e-6)
    moved = Memory(2 * left.size, 2 * right.size + 4 * outputs * histories)
    return Entrants(
        rungs={names[0]: {FORWARD: ours[names[0]]}},
        peers={SINGLE: lambda: Peer({FORWARD: ours[SINGLE]}, nothing), **_torch_products(left, right)},
        work={FORWARD: Work(2 * left.size * histories, sum(moved))},
        connections=left.size,
        memory=moved,
    )


def _rounded(generator: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return random float32 numbers that bfloat16 holds as they are."""
    values = random_values(shape, generator)
    values[:] = values.astype(BFLOAT16)
    return values


def _torch_products(left: np.ndarray, right: np.ndarray) -> Mapping[str, Callable[[], Peer]]:
    if torch is None:
        return {}

    def peer(dtype: Any) -> Peer:
        pair = [tensor(each).to(dtype) for each in (left, right)]
        return Peer({FORWARD: lambda: torch.mm(*pair)}, nothing)

    return {EAGER: partial(peer, torch.float32), HALVES: partial(peer, torch.bfloat16)}


def stack_row(name: str, sizes: Sequence[int], histories: int) -> Row:
    """Return the training step of dense layers one after another."""
    title = f"{name} {'-'.join(map(str, sizes))}, {histories}"
    enter = partial(_enter_stack, sizes, histories)
    return Row(FAMILY, title, histories, ("o2",), (STEP,), enter)


def _enter_stack(sizes: Sequence[int], histories: int, names: Sequence[str]) -> Entrants:
    stored, single, fresh = (build_stack(sizes, names[0]) for _ in range(3))
    stored.store_as("bfloat16")
    inputs = random_values((*single.input_shape, histories), np.random.default_rng(1))
    optimizer = Adam(LEARNING_RATE)
    stored.propagates = single.propagates = False
    steps = {
        names[0]: training_step(stored, optimizer, inputs, inputs),
        SINGLE: training_step(single, Adam(LEARNING_RATE), inputs, inputs),
    }
    losses = {name: [step() for _ in range(STEPS)] for name, step in steps.items()}
    assert_agreement(names[0], losses[names[0]], losses[SINGLE], TOLERANCE)

    def run(count: int) -> None:
        batch = random_values((*stored.input_shape, count), np.random.default_rng(1))
        training_step(stored, optimizer, batch, batch)()

    return Entrants(
        rungs={names[0]: {STEP: steps[names[0]]}},
        peers={
            SINGLE: lambda: Peer({STEP: steps[SINGLE]}, nothing),
            **half_training_peers(lambda: torch_training(fresh, inputs, inputs), losses[SINGLE], TOLERANCE),
        },
        work={STEP: training_work(stored, histories)},
        connections=stored.connections,
        memory=split_memory(run, histories, stored, optimizer),
    )


def recurrent_row(family: str, sizes: tuple[int, int, int, int]) -> Row:
    """Return the row of a recurrent network; the sizes are steps, features, units and histories."""
    steps, features, units, histories = sizes
    title = f"{family.upper()}, {steps} steps of {features} to {units} units"
    enter = partial(_enter_recurrent, family, sizes)
    return Row(FAMILY, title, histories, ("o2",), (BOTH,), enter)


def _enter_recurrent(family: str, sizes: tuple[int, int, int, int], names: Sequence[str]) -> Entrants:
    stored, single = (build_recurrent(family, sizes, names[0]) for _ in range(2))
    stored.store_as("bfloat16")
    histories = sizes[-1]
    values, signals = random_input(single, histories), random_signals(single, histories)
    networks = {names[0]: stored, SINGLE: single}
    calls = {name: layer_calls(network, values, signals)[BOTH] for name, network in networks.items()}
    outputs = [network.forward(values, training=True).astype(np.float32) for network in networks.values()]
    assert_agreement(names[0], *outputs, TOLERANCE)

    def run(count: int) -> None:
        layer_calls(stored, random_input(stored, count), random_signals(stored, count))[BOTH]()

    torch_layer = torch_recurrent(family, single, values) if torch is not None else None
    return Entrants(
        rungs={names[0]: {BOTH: calls[names[0]]}},
        peers={
            SINGLE: lambda: Peer({BOTH: calls[SINGLE]}, nothing),
            **(half_layer_peers(torch_layer, outputs[1], TOLERANCE) if torch_layer else {}),
        },
        work={BOTH: network_work(stored, histories)[BOTH]},
        connections=stored.connections,
        memory=split_memory(run, histories, stored),
    )
