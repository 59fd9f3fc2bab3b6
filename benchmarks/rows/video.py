"""Rows of networks of videos: a step of training, decoder and predictor on their own output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from benchmarks.owned import split_memory
from benchmarks.row import STEP, Call, Entrants, Peer, Row, Work, assert_agreement
from benchmarks.torch_peer import EAGER, torch
from benchmarks.video_torch import TorchVideo
from benchmarks.work import ITEM
from networks import RUNGS
from networks.video import Blueprint, VideoNetwork, head_losses
from nn import RMSprop, Shape

FRAME = Shape(64, 64, 1)
BATCH, IMAGES = 64, 16
RATE = 1e-3
STEPS = 2
"""Steps after which the losses of all contestants have to agree."""

TOLERANCE = 2e-3

VECTORS = Blueprint(FRAME, units=1024, adapter=1024)
PATCHES = Blueprint(FRAME, kind="convolutional_lstm", units=64, patch=4)


def rows() -> list[Row]:
    """Return the steps of an LSTM on vectors and of a convolutional one on patches."""
    fast = RUNGS[1:]  # the plain convolutional one takes minutes
    return [
        step_row("64x64, LSTM of 1024 with adapters", VECTORS, BATCH, RUNGS),
        step_row("64x64, convolutional LSTM of 64 on 4x4 patches", PATCHES, IMAGES, fast),
    ]


def step_row(title: str, blueprint: Blueprint, histories: int, rungs: Sequence[str]) -> Row:
    """Return the row of a step; the fields are those of `Row`."""
    enter = partial(_enter, blueprint, histories)
    return Row("video", title, histories, rungs, (STEP,), enter, headline=(STEP,))


def _enter(blueprint: Blueprint, histories: int, names: Sequence[str]) -> Entrants:
    networks = {name: _network(blueprint, name) for name in names}
    clips, top = _clips(blueprint, histories), networks[names[-1]]
    peers = _peers(_network(blueprint, names[-1]), clips)
    calls = {name: _call(network, clips) for name, network in networks.items()}
    losses = {name: [call() for _ in range(STEPS)] for name, call in calls.items()}
    for name, found in losses.items():
        assert_agreement(name, found, losses[names[0]], TOLERANCE)

    def run(count: int) -> None:
        _call(top, _clips(blueprint, count))()

    return Entrants(
        rungs={name: {STEP: call} for name, call in calls.items()},
        peers={name: partial(make, losses[names[-1]]) for name, make in peers.items()},
        work={STEP: _work(top, histories)},
        connections=top.connections,
        memory=split_memory(run, histories, top),
    )


def _network(blueprint: Blueprint, rung_name: str) -> VideoNetwork:
    network = VideoNetwork(blueprint, generator=np.random.default_rng(0), rung_name=rung_name)
    network.propagates = False
    return network


def _clips(blueprint: Blueprint, count: int) -> dict[str, np.ndarray]:
    """Return frames to read and to predict, sparse as digits are, by the names of the heads."""
    steps = blueprint.steps_in + blueprint.steps_out
    drawn = np.random.default_rng(1).random((*blueprint.video(steps), count)) < 0.06
    frames = drawn.astype(np.float32)
    read, future = frames[: blueprint.steps_in], frames[blueprint.steps_in :]
    return {"reconstruction": read, "prediction": future}


def _call(network: VideoNetwork, clips: Mapping[str, np.ndarray]) -> Callable[[], float]:
    loss, optimizer = head_losses(network.blueprint), RMSprop(RATE)

    def step() -> float:
        value, signals = loss(network.forward(clips["reconstruction"], True), clips)
        network.backward(signals)
        optimizer.step(network.parameters)
        return float(value)

    return step


def _peers(
    network: VideoNetwork, clips: Mapping[str, np.ndarray]
) -> dict[str, Callable[[Sequence[float]], Peer]]:
    """Return what makes PyTorch's model, given the losses of ours, with which its own have to agree."""
    if torch is None:
        return {}

    def make(losses: Sequence[float]) -> Peer:
        model = TorchVideo(network)
        learns = [each for each in model.parameters() if each.requires_grad]
        optimizer = torch.optim.RMSprop(learns, lr=RATE, foreach=True)
        targets = {name: model.arranged(frames) for name, frames in clips.items()}
        frames = targets["reconstruction"]

        def run() -> float:
            optimizer.zero_grad()
            loss = model.loss(frames, targets)
            loss.backward()
            optimizer.step()
            return float(loss.detach())

        found, step = [run() for _ in range(STEPS)], run
        calls: Mapping[str, Call] = {STEP: step}
        return Peer(calls, partial(assert_agreement, EAGER, found, losses, TOLERANCE))

    return {EAGER: make}


def _work(network: VideoNetwork, histories: int) -> Work:
    """Return the operations of all products, and the bytes of parameters, gradients and mean squares.

    Forward, backward for signals and backward for gradients count one product each.
    """
    moved = (3 + 2 + 1 + 3) * ITEM * network.parameters.size
    return Work(6 * network.connections * histories, moved)
