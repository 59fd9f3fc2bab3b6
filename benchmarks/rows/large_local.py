"""Rows of the large local network: forward, and backward that descends along the gradients at once.

No other library has it: it is compared with the machine's rate of matrix products. With plain
descent in the backward pass there is no array of gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.large_local import large_local
from benchmarks.layer_row import random_input, random_signals
from benchmarks.owned import split_memory
from benchmarks.row import BACKWARD, FORWARD, Calls, Entrants, Row, assert_agreement
from benchmarks.work import descent_work
from networks import Network
from nn.bfloat16 import UNIT_ROUNDOFF

RATE = 1e-6
"""So small that many steps along the same signals change nothing noticeable."""

CHECKED_RATE = 1e-2
TOLERANCE = 5e-3
"""Between rungs: some of the sums of eight layers fall on the other side of a kink."""

ROUNDINGS = 4
"""In bfloat16, of every layer; see `nn.checks.storage`."""

Build = Callable[[str], Network]


def rows() -> list[Row]:
    """Return the network with few and many histories, and with few in bfloat16."""
    return [
        descent_row("384x384x3, 98 M weights", large_local, 8),
        descent_row("384x384x3, 98 M weights", large_local, 32),
        descent_row("384x384x3, 98 M weights", large_local, 8, storage="bfloat16"),
    ]


def descent_row(title: str, build: Build, histories: int, *, storage: str = "float32") -> Row:
    """Return the row of a network that descends in its backward pass.

    Rungs below the fastest have float32 only: in bfloat16 the fastest is compared with itself in float32.
    """
    in_halves = storage != "float32"
    directions = (FORWARD, BACKWARD)
    return Row(
        "large_local",
        f"{title}, {histories} {f'in {storage}' if in_halves else 'histories'}",
        histories,
        ("o2",) if in_halves else ("o1", "o2"),
        directions,
        partial(_enter, build, histories, storage),
        headline=directions,
    )


def _enter(build: Build, histories: int, storage: str, names: Sequence[str]) -> Entrants:
    networks = {name: build(name) for name in names}
    top = networks[names[-1]]
    wanted = _results(networks[names[0]], histories)
    if storage != "float32":
        top.store_as(storage)
        tolerance = ROUNDINGS * UNIT_ROUNDOFF * len(top.leaves)
    else:
        tolerance = TOLERANCE
    for found, expected in zip(_results(top, histories), wanted, strict=True):
        assert_agreement(names[-1], found, expected, tolerance)

    def run(count: int) -> None:
        top.forward(random_input(top, count), training=True)
        top.backward(random_signals(top, count), RATE)

    return Entrants(
        rungs={name: _calls(network, histories) for name, network in networks.items()},
        peers={},
        work=descent_work(top, histories),
        connections=top.connections,
        memory=split_memory(run, histories, top),
    )


def _results(network: Network, histories: int) -> list[np.ndarray]:
    """Return outputs, input signals, and what a step changes; the parameters are as before afterwards."""
    values, signals = random_input(network, histories), random_signals(network, histories)
    before = network.parameters.values.copy()
    outputs = network.forward(values, training=True).astype(np.float32)
    input_signals = network.backward(signals, CHECKED_RATE).astype(np.float32)
    change = network.parameters.values - before
    network.parameters.values[:] = before
    return [outputs, input_signals, change]


def _calls(network: Network, histories: int) -> Calls:
    values, signals = random_input(network, histories), random_signals(network, histories)
    stored = values.astype(network.stored_dtype), signals.astype(network.stored_dtype)
    network.forward(stored[0], training=True)
    return {
        FORWARD: lambda: network.forward(stored[0], training=True),
        BACKWARD: lambda: network.backward(stored[1], RATE),
    }
