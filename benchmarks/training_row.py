"""Rows that time a step of training: forward, loss, backward and update, on both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import jax_peer, torch_peer
from benchmarks.jax_peer import JaxTraining
from benchmarks.layer_row import assert_same_results, random_signals, random_values
from benchmarks.owned import split_memory
from benchmarks.row import STEP, Call, Entrants, Peer, Row, assert_agreement
from benchmarks.torch_peer import TorchTraining
from benchmarks.work import training_work
from networks import RUNGS, Network
from nn import Adam, SquaredError
from nn.bfloat16_arrays import widened

LEARNING_RATE = 1e-3
STEPS = 4
"""Steps after which the losses of all contestants have to agree."""

LOSS_TOLERANCE = 1e-4

TOLERANCE = 1e-3
"""Between gradients of rungs: a few of very many sums fall on the other side of a kink."""

MakeTorch = Callable[[Network, np.ndarray, np.ndarray], TorchTraining]
MakeJax = Callable[[Network, np.ndarray, np.ndarray], JaxTraining]


@dataclass(frozen=True)
class Training:
    """A model and its peers; all learn with squared error and Adam.

    Attributes
    ----------
    build
        Makes the model of a rung, from the same seed for every rung.
    torch, jax
        The same model for ours, inputs and targets (*shape, N); None where it is left out.
    autoencoder
        Whether the inputs are the targets.
    images
        Whether PyTorch should try channels last.
    """

    build: Callable[[str], Network]
    torch: MakeTorch | None = None
    jax: MakeJax | None = None
    autoencoder: bool = True
    images: bool = False


def training_row(
    family: str, title: str, histories: int, training: Training, *, rungs: Sequence[str] = RUNGS
) -> Row:
    """Return the row of a training step; the fields are those of `Row`."""

    def enter(names: Sequence[str]) -> Entrants:
        return _enter(training, histories, names)

    return Row(family, title, histories, rungs, (STEP,), enter, headline=(STEP,))


def autoencoder_title(network: Network) -> str:
    """Return the shapes of the first half of a network; the second mirrors it."""
    half = network.layers[: len(network.layers) // 2]
    shapes = [network.input_shape, *(layer.output_shape for layer in half)]
    return f"autoencoder {' > '.join(map(str, shapes))}"


def _enter(training: Training, histories: int, names: Sequence[str]) -> Entrants:
    networks = {name: training.build(name) for name in names}
    top = networks[names[-1]]
    fresh = training.build(names[-1])
    inputs, targets = _batch(training, top, histories)
    for network in networks.values():
        network.propagates = False
    assert_same_results(networks, inputs, random_signals(top, histories), TOLERANCE)
    optimizer = Adam(LEARNING_RATE)
    steps = {
        name: training_step(network, optimizer if network is top else Adam(LEARNING_RATE), inputs, targets)
        for name, network in networks.items()
    }
    losses: dict[str, np.ndarray] = {
        name: np.array([step() for _ in range(STEPS)]) for name, step in steps.items()
    }
    for name, found in losses.items():
        assert_agreement(name, found, losses[names[0]], LOSS_TOLERANCE)

    def run(count: int) -> None:
        training_step(top, optimizer, *_batch(training, top, count))()

    return Entrants(
        rungs={name: {STEP: step} for name, step in steps.items()},
        peers=_peers(training, fresh, inputs, targets, losses[names[-1]].tolist()),
        work={STEP: training_work(top, histories)},
        connections=top.connections,
        memory=split_memory(run, histories, top, optimizer),
    )


def _batch(training: Training, network: Network, histories: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    inputs = random_values((*network.input_shape, histories), generator)
    if training.autoencoder:
        return inputs, inputs
    return inputs, random_values((*network.output_shape, histories), generator)


def training_step(network: Network, optimizer: Adam, inputs: np.ndarray, targets: np.ndarray) -> Call:
    """Return a step that returns the loss; outputs are widened for it, as `Trainer` does."""
    loss = SquaredError()

    def step() -> float:
        outputs = widened(network.forward(inputs, training=True))
        value, signals = loss(outputs, targets)
        network.backward(signals)
        optimizer.step(network.parameters)
        return value

    return step


def _peers(
    training: Training, fresh: Network, inputs: np.ndarray, targets: np.ndarray, losses: Sequence[float]
) -> dict[str, Callable[[], Peer]]:
    peers: dict[str, Callable[[], Peer]] = {}
    make = training.torch
    if make is not None:
        peers |= torch_peer.training_peers(
            lambda: make(fresh, inputs, targets), losses, images=training.images
        )
    if training.jax is not None and jax_peer.jax is not None:
        peers |= jax_peer.training_peers(training.jax(fresh, inputs, targets), losses)
    return peers
