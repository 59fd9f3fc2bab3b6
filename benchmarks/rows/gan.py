"""Rows of adversarial training: a step of the discriminator and one of the generator, penalties included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.gan_torch import TorchPair
from benchmarks.owned import split_memory
from benchmarks.row import ROUND, Call, Entrants, Peer, Row, Work, assert_agreement
from benchmarks.torch_peer import EAGER, torch
from benchmarks.work import ADAM_BYTES, ITEM
from networks import RUNGS
from networks.gan import Blueprint, Gan, GanSettings
from networks.gan.round import Batch, Round
from nn import Shape
from nn.losses.adversarial import Wasserstein

BATCH = 64
ROUNDS = 3
"""Rounds after which the losses of all contestants have to agree."""

TOLERANCE = 2e-3

RECURRENT = Blueprint(Shape(14, 14, 1), units=100, noise=10, classes=3, conditioning="inputs", sequences=True)
CONVOLUTIONAL = Blueprint(Shape(28, 28, 1), architecture="convolution", channels=32, noise=64)
PENALISED = GanSettings(batch_size=BATCH, loss=Wasserstein(), penalty="gradient")


def rows() -> list[Row]:
    """Return the rounds of a recurrent pair and of a convolutional one, without and with a penalty."""
    plain = GanSettings(batch_size=BATCH)
    recurrent, convolutional = "rows of 14x14 by LSTM, 3 classes", "28x28 by convolutions"
    return [
        round_row(recurrent, RECURRENT, plain),
        round_row(convolutional, CONVOLUTIONAL, plain),
        round_row(f"{recurrent}, gradient penalty", RECURRENT, PENALISED),
        round_row(f"{convolutional}, gradient penalty", CONVOLUTIONAL, PENALISED),
    ]


def round_row(title: str, blueprint: Blueprint, settings: GanSettings) -> Row:
    """Return the row of a round; the fields are those of `Row`."""
    enter = partial(_enter, blueprint, settings)
    return Row("gan", title, settings.batch_size, RUNGS, (ROUND,), enter, headline=(ROUND,))


def _enter(blueprint: Blueprint, settings: GanSettings, names: Sequence[str]) -> Entrants:
    pairs = {name: _gan(blueprint, name) for name in names}
    top = names[-1]
    batch = _batch(pairs[top], settings.batch_size)
    rounds = {name: Round(gan, settings, np.random.default_rng(2)) for name, gan in pairs.items()}
    calls = {name: _call(each, batch) for name, each in rounds.items()}
    losses = {name: [call() for _ in range(ROUNDS)] for name, call in calls.items()}
    for name, found in losses.items():
        assert_agreement(name, found, losses[names[0]], TOLERANCE)

    def run(count: int) -> None:
        each = Round(pairs[top], settings, np.random.default_rng(2))
        _call(each, _batch(pairs[top], count))()

    return Entrants(
        rungs={name: {ROUND: call} for name, call in calls.items()},
        peers=_peers(blueprint, settings, batch, losses[top]),
        work={ROUND: _work(pairs[top], settings)},
        connections=pairs[top].generator.connections + pairs[top].discriminator.connections,
        memory=split_memory(run, settings.batch_size, pairs[top].generator, pairs[top].discriminator),
    )


def _gan(blueprint: Blueprint, rung_name: str) -> Gan:
    return Gan(blueprint, generator=np.random.default_rng(0), rung_name=rung_name)


def _batch(gan: Gan, count: int) -> Batch:
    generator = np.random.default_rng(1)
    data = generator.uniform(-1, 1, (*gan.blueprint.data_shape, count)).astype(np.float32)
    labels = generator.integers(0, max(gan.blueprint.classes, 1), count)
    return Batch(data, gan.conditions(labels, count), None)


def _call(each: Round, batch: Batch) -> Callable[[], tuple[float, float]]:
    def run() -> tuple[float, float]:
        discriminator = each.step_discriminator(batch)
        return discriminator.loss + discriminator.penalty, each.step_generator(batch).loss

    return run


def _peers(
    blueprint: Blueprint, settings: GanSettings, batch: Batch, losses: Sequence[tuple[float, float]]
) -> dict[str, Callable[[], Peer]]:
    if torch is None:
        return {}

    def make() -> Peer:
        pair = TorchPair(_gan(blueprint, "o2"), settings, batch, np.random.default_rng(2))
        found = np.array([pair.round() for _ in range(ROUNDS)])
        step: Call = pair.round
        check = partial(assert_agreement, "PyTorch", found, np.array(losses), TOLERANCE)
        return Peer({ROUND: step}, check)

    return {EAGER: make}


def _work(gan: Gan, settings: GanSettings) -> Work:
    """Return the operations of the products, and the bytes of parameters and of both optimizers.

    Forwards, and backwards for signals or gradients, count one product each. The generator makes entries
    twice and learns once; the discriminator sees twice as many entries forward and back, and once more as
    many forward and for signals alone. A penalty takes a forward and a backward for signals, their changes,
    and two products for gradients.
    """
    count = settings.batch_size
    generator, discriminator = (2 * each.connections * count for each in (gan.generator, gan.discriminator))
    products = 2 * 3 + 2 + (6 if settings.penalty == "gradient" else 0)
    parameters = gan.generator.parameters.size + gan.discriminator.parameters.size
    return Work(4 * generator + products * discriminator, (ADAM_BYTES + 3 * ITEM) * parameters)
