"""Rows of the recurrent networks: images row by row, a short series, text-like sequences, a large one."""

from __future__ import annotations

import numpy as np

from benchmarks import peers
from benchmarks.row import Row
from networks.ladder import FAMILIES
from networks.network import Network
from nn.shape import SequenceShape


def _row(family: str, steps: int, features: int, units: int, histories: int) -> Row:
    def build(rung: str) -> Network:
        kind = FAMILIES[family].rungs[rung]
        network: Network = kind(
            SequenceShape(steps, features), units=units, generator=np.random.default_rng(0)
        )
        return network

    def peer(network: Network, values: np.ndarray) -> peers.Peer:
        return peers.recurrent(family, values, units)

    large = steps * units * (features + units) > 2_000_000
    rungs = ("plain", "o2") if large else ("plain", "o1", "o2")
    title = f"{steps} steps of {features} to {units} units"
    return Row(family, title, rungs, histories, build, peer)


def recurrent_rows() -> list[Row]:
    """Return the rows of the LSTM and of the gated recurrent unit."""
    return [
        _row("lstm", 28, 28, 128, 64),
        _row("lstm", 24, 6, 24, 128),
        _row("lstm", 20, 64, 256, 32),
        _row("lstm", 10, 1024, 512, 32),
        _row("gru", 28, 28, 128, 64),
        _row("gru", 24, 6, 24, 128),
    ]
