"""Rows that time one layer: forwards, backwards with gradients of inputs and parameters, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import jax_peer, torch_peer
from benchmarks.jax_peer import JaxLayer
from benchmarks.owned import split_memory
from benchmarks.row import BACKWARD, BOTH, FORWARD, Calls, Entrants, Peer, Row, assert_agreement
from benchmarks.torch_peer import TorchLayer
from benchmarks.work import network_work
from networks import RUNGS, Network
from networks.base.family import USUAL_TOLERANCE
from nn.history import aligned_zeros

TOLERANCE = 10 * USUAL_TOLERANCE["float32"]
"""Between rungs: larger than between small layers, because the sums are large."""

OtherPeers = Callable[[Network, np.ndarray], Mapping[str, Callable[[], Peer]]]


@dataclass(frozen=True)
class Layer:
    """A layer and its peers.

    Attributes
    ----------
    build
        Makes the network of a rung, from the same seed for every rung.
    torch, jax
        The same layer for a network and its input values (*input_shape, N); None where it is left out.
    others
        Peers that are not functions of arrays.
    """

    build: Callable[[str], Network]
    torch: Callable[[Network, np.ndarray], TorchLayer] | None = None
    jax: Callable[[Network, np.ndarray], JaxLayer] | None = None
    others: OtherPeers | None = None


def layer_row(
    family: str,
    title: str,
    histories: int,
    layer: Layer,
    *,
    rungs: Sequence[str] = RUNGS,
    directions: Sequence[str] = (FORWARD, BACKWARD),
    headline: Sequence[str] = (),
) -> Row:
    """Return the row of a layer; the fields are those of `Row`."""

    def enter(names: Sequence[str]) -> Entrants:
        return _enter(layer, histories, names, directions)

    return Row(family, title, histories, rungs, directions, enter, headline)


def _enter(layer: Layer, histories: int, names: Sequence[str], directions: Sequence[str]) -> Entrants:
    networks = {name: layer.build(name) for name in names}
    top = networks[names[-1]]
    values, signals = random_input(top, histories), random_signals(top, histories)
    assert_same_results(networks, values, signals)

    def run(count: int) -> None:
        top.forward(random_input(top, count), training=True)
        top.backward(random_signals(top, count))

    memory = split_memory(run, histories, top)
    outputs = top.forward(values, training=True).copy()
    peers: dict[str, Callable[[], Peer]] = {}
    if layer.torch is not None and torch_peer.torch is not None:
        peers |= torch_peer.layer_peers(layer.torch(top, values), outputs)
    if layer.jax is not None and jax_peer.jax is not None:
        peers |= jax_peer.layer_peers(layer.jax(top, values), outputs)
    if layer.others is not None:
        peers |= layer.others(top, values)
    return Entrants(
        rungs={name: layer_calls(network, values, signals) for name, network in networks.items()},
        peers=peers,
        work={name: work for name, work in network_work(top, histories).items() if name in directions},
        connections=top.connections,
        memory=memory,
    )


def layer_calls(network: Network, values: np.ndarray, signals: np.ndarray) -> Calls:
    """Return both directions of a network, and both together."""
    network.forward(values, training=True)

    def both() -> None:
        network.forward(values, training=True)
        network.backward(signals)

    return {
        FORWARD: lambda: network.forward(values, training=True),
        BACKWARD: lambda: network.backward(signals),
        BOTH: both,
    }


def assert_same_results(
    networks: Mapping[str, Network], values: np.ndarray, signals: np.ndarray, tolerance: float = TOLERANCE
) -> None:
    """Run all rungs once and compare them with the first: values, input signals, gradients.

    Raises
    ------
    AssertionError
        When one is further from the first than the tolerance.
    """
    wanted: list[np.ndarray] = []
    for name, network in networks.items():
        network.parameters.zero_gradients()
        outputs = network.forward(values, training=True).copy()
        input_signals = network.backward(signals).copy()
        results = [outputs, network.parameters.gradients.copy()]
        results += [input_signals] if network.propagates else []
        network.parameters.zero_gradients()
        wanted = wanted or results
        for found, expected in zip(results, wanted, strict=True):
            if expected.size:
                assert_agreement(name, found, expected, tolerance)


def random_input(network: Network, histories: int) -> np.ndarray:
    """Return normal values (*input_shape, N), or labels where it takes labels; always the same."""
    generator = np.random.default_rng(1)
    values = random_values((*network.input_shape, histories), generator)
    if network.labels is not None:
        values[...] = generator.integers(0, network.labels, values.shape)
    return values


def random_signals(network: Network, histories: int) -> np.ndarray:
    """Return normal signals (*output_shape, N), always the same."""
    return random_values((*network.output_shape, histories), np.random.default_rng(2))


def random_values(shape: Sequence[int], generator: np.random.Generator) -> np.ndarray:
    """Return normal numbers of a shape, on a cache line."""
    values = aligned_zeros(shape)
    values[:] = generator.standard_normal(shape, dtype=np.float32)
    return values
