"""The row of one epoch of MNIST's autoencoder, end to end: order, batches, steps, and the mean of the loss.

PyTorch's loop is the fast one: bytes in memory, a permutation, and of each batch one `index_select` and one
conversion; a `DataLoader` takes several times as long.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import jax_peer
from benchmarks.owned import split_memory
from benchmarks.row import EPOCH, Entrants, Peer, Row, Work, assert_agreement
from benchmarks.rows.dense import AUTOENCODER, build_stack, jax_leaves, jax_model, torch_training
from benchmarks.torch_peer import COMPILED, EAGER, compiling, tensor, torch
from benchmarks.training_row import LEARNING_RATE
from benchmarks.work import training_work
from networks import Sequential
from nn import Adam, ImageBatches, SquaredError, Trainer, load_images
from nn.data.digits import MNIST_SHAPE

DATA = "GANGLION_DATA"
"""The environment's variable that names the folder of data sets; else it is `data` in the checkout."""

IN_CHECKOUT = Path(__file__).resolve().parents[2] / "data"
BATCH = 64
LOSS_TOLERANCE = 0.1
"""Every contestant draws its own order, so the means of the loss over the first epoch are only close."""

RunEpoch = Callable[[], float]
"""Runs an epoch and returns the mean of its loss."""


def rows() -> list[Row]:
    """Return the row: of MNIST where it is found, otherwise of rendered digits."""
    path = find_mnist()
    return [epoch_row(AUTOENCODER, path, "rendered digits" if path is None else "MNIST")]


def find_mnist() -> Path | None:
    """Return the folder of MNIST, in the one that `GANGLION_DATA` names or in the checkout; None without it.

    Raises
    ------
    FileNotFoundError
        When the named folder has none.
    """
    named = os.environ.get(DATA)
    path = Path(named or IN_CHECKOUT, "mnist")
    if path.is_dir():
        return path
    if named:
        raise FileNotFoundError(f"{DATA} names {named}, which has no folder mnist")
    return None


def epoch_row(sizes: Sequence[int], path: Path | None, name: str, limit: int | None = None) -> Row:
    """Return the row of an autoencoder of digits, of a number of them or of all."""
    enter = partial(_enter, sizes, path, limit)
    title = f"{name}, {'-'.join(map(str, sizes))}"
    return Row("epoch", title, BATCH, ("plain", "o2"), (EPOCH,), enter, headline=(EPOCH,))


@cache
def _pixels(path: Path | None, limit: int | None) -> np.ndarray:
    """Return digits as bytes (N, pixels)."""
    images, _ = load_images(path, MNIST_SHAPE, generator=np.random.default_rng(0), limit=limit)
    return images.images.reshape(len(images), -1)


def _enter(sizes: Sequence[int], path: Path | None, limit: int | None, names: Sequence[str]) -> Entrants:
    pixels = _pixels(path, limit)
    networks = {name: build_stack(sizes, name) for name in names}
    trainers = {name: _trainer(network, pixels) for name, network in networks.items()}
    epochs = {name: _epoch(trainer) for name, trainer in trainers.items()}
    losses = {name: epoch() for name, epoch in epochs.items()}
    for name, found in losses.items():
        assert_agreement(name, found, losses[names[0]], LOSS_TOLERANCE)
    top, trainer = networks[names[-1]], trainers[names[-1]]

    def run(count: int) -> None:
        _trainer(top, pixels[:count], count, trainer.optimizer).make_step()

    step, steps = training_work(top, BATCH), len(pixels) / BATCH
    return Entrants(
        rungs={name: {EPOCH: epoch} for name, epoch in epochs.items()},
        peers=_peers(build_stack(sizes, names[-1]), pixels, losses[names[-1]]),
        work={EPOCH: Work(round(steps * step.operations), round(steps * step.moved))},
        connections=top.connections,
        memory=split_memory(run, BATCH, top, trainer.optimizer),
    )


def _trainer(
    network: Sequential, pixels: np.ndarray, batch_size: int = BATCH, optimizer: Any = None
) -> Trainer:
    network.propagates = False
    return Trainer(
        network,
        SquaredError(),
        optimizer or Adam(LEARNING_RATE),
        ImageBatches(pixels[:, None, None, :]),
        batch_size=batch_size,
        generator=np.random.default_rng(0),
    )


def _epoch(trainer: Trainer) -> RunEpoch:
    def run() -> float:
        outcome = trainer.train(epochs=trainer.shuffle.epoch + 1)
        return outcome.row.training_loss

    return run


def _peers(network: Sequential, pixels: np.ndarray, loss: float) -> dict[str, Callable[[], Peer]]:
    peers: dict[str, Callable[[], Peer]] = {}
    if torch is not None:
        peers[EAGER] = partial(_torch_peer, network, pixels, loss)
        peers[COMPILED] = partial(_torch_peer, network, pixels, loss, compile_it=True)
    if jax_peer.jax is not None:
        peers[jax_peer.NAME] = partial(_jax_peer, network, pixels, loss)
    return peers


def _torch_peer(network: Sequential, pixels: np.ndarray, loss: float, compile_it: bool = False) -> Peer:
    images = tensor(pixels)
    training = torch_training(network, *(np.zeros((*network.input_shape, 1), np.float32),) * 2)
    optimizer = training.optimizer(training.model.parameters())
    loss_of = torch.nn.MSELoss()

    def batch_loss(batch: Any) -> Any:
        return loss_of(training.model(batch), batch)

    called = torch.compile(batch_loss) if compile_it else batch_loss

    def run() -> float:
        total = torch.zeros(())
        for indices in torch.randperm(len(images)).split(BATCH):
            batch = images.index_select(0, indices).to(torch.float32).div_(255)
            optimizer.zero_grad()
            value = called(batch)
            value.backward()
            optimizer.step()
            total += value.detach() * len(indices)
        return total.item() / len(images)

    with compiling(compile_it):
        found = run()
    return Peer({EPOCH: run}, lambda: assert_agreement(EAGER, found, loss, LOSS_TOLERANCE))


def _jax_peer(network: Sequential, pixels: np.ndarray, loss: float) -> Peer:
    jax = jax_peer.jax
    images = jax.numpy.asarray(pixels)
    generator = np.random.default_rng(0)
    state = jax_peer.start(jax_leaves(network))
    update = jax_peer.adam_step(jax_model, LEARNING_RATE)

    @partial(jax.jit, donate_argnums=0)
    def step(state: Any, total: Any, images: Any, indices: Any) -> Any:
        batch = images[indices].astype(np.float32) / 255
        state, value = update(state, batch, batch)
        return state, total + value * len(indices)

    def run() -> float:
        nonlocal state
        order, total = generator.permutation(len(pixels)), jax.numpy.float32(0)
        for start in range(0, len(pixels), BATCH):
            indices = order[start : start + BATCH]
            state, total = step(state, total, images, indices)
        return float(total) / len(pixels)

    found = run()
    return Peer({EPOCH: run}, lambda: assert_agreement(jax_peer.NAME, found, loss, LOSS_TOLERANCE))
