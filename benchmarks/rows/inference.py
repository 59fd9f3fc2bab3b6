"""Rows of answers alone: `predict` beside ONNX Runtime, which runs what was exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.layer_row import random_values
from benchmarks.onnx_peer import runtime_peers
from benchmarks.owned import split_memory
from benchmarks.row import FORWARD, Entrants, Row
from benchmarks.rows.dense import AUTOENCODER, build_stack
from benchmarks.rows.local import AUTOENCODER as LOCAL
from benchmarks.rows.local import IMAGE, build_autoencoder
from benchmarks.work import network_work
from networks import LSTM, Dense, Network, Sequential
from nn import Identity, SequenceShape

BATCH = 64


def rows() -> list[Row]:
    """Return an autoencoder, a reader of sequences, windows with weights of their own."""
    return [
        inference_row(f"dense {'-'.join(map(str, AUTOENCODER))}", partial(build_stack, AUTOENCODER)),
        inference_row("LSTM, 28 steps of 28 to 128 units, 10 classes", build_reader),
        inference_row("local 64x64x3 to 16x16x16 and back", partial(build_autoencoder, IMAGE, LOCAL)),
    ]


def build_reader(rung: str, steps: int = 28, units: int = 128) -> Sequential:
    """Return an LSTM that reads images row by row, and a dense layer that classifies; of the fastest rung."""
    layers = [LSTM.of(units=units, whole_sequence=False), Dense.of(10, activation=Identity())]
    return Sequential(SequenceShape(steps, steps), layers, generator=np.random.default_rng(0))


def inference_row(title: str, build: Callable[[str], Network], batch: int = BATCH) -> Row:
    """Return the row of the answers of a network to a batch."""
    return Row("inference", title, batch, ("o2",), (FORWARD,), partial(_enter, build, batch))


def _enter(build: Callable[[str], Network], count: int, names: Sequence[str]) -> Entrants:
    # a forward that a backward may follow would have to be kept: it is made in another network
    network, measured = build(names[0]), build(names[0])
    batch = random_values((count, *network.input_shape), np.random.default_rng(1))

    def run(entries: int) -> None:
        measured.forward(random_values((*network.input_shape, entries), np.random.default_rng(1)))

    return Entrants(
        rungs={names[0]: {FORWARD: lambda: network.predict(batch)}},
        peers=runtime_peers(network, batch),
        work={FORWARD: network_work(network, count)[FORWARD]},
        connections=network.connections,
        memory=split_memory(run, count, measured),
    )
