"""Rounds that draw the same every time, and a check of whole steps against differences."""

import numpy as np

from networks.gan import Blueprint, GanSettings
from networks.gan.round import Batch, Round
from nn.optimizers import SGD
from tests.support.differences import slopes
from tests.support.gan_pairs import entries, trainer


class Fixed:
    """A generator that draws the same every time it is wound back, and otherwise as NumPy's."""

    def __init__(self, seed):
        self._seed = seed
        self.rewind()

    def rewind(self):
        self._generator = np.random.default_rng(self._seed)

    def __getattr__(self, name):
        return getattr(self._generator, name)


def make_round(drawn, configuration, rung="o2", seed=0):
    pair = trainer(drawn, rung=rung, dtype=np.float64, seed=seed)
    random = Fixed(seed)
    steps = Round(pair.gan, configuration, random)
    steps.discriminator_optimizer = SGD(learning_rate=1.0)
    steps.generator_optimizer = SGD(learning_rate=1.0)
    return steps, random


def batch_of(steps, seed=3):
    gan = steps.gan
    data, labels = entries(gan.blueprint.data_shape, 4, np.float64, seed)
    conditions = gan.conditions(labels, 4) if gan.blueprint.conditions else np.zeros((0, 4))
    return Batch(np.ascontiguousarray(np.moveaxis(data, 0, -1)), conditions, None)


def objective(figures):
    return figures.loss + figures.penalty + figures.classification


def slopes_of(step, random, parameters, places):
    """Differences of what a step minimises, which moves no parameter as long as the rate is zero."""

    def value():
        random.rewind()
        return objective(step())

    return slopes(value, parameters.values, places)


def applied(step, random, parameters, optimizer):
    """The gradient that a step applies: plain descent of rate 1 subtracts it."""
    before = parameters.values.copy()
    optimizer.learning_rate = 1.0
    random.rewind()
    step()
    gradient = before - parameters.values
    parameters.values[:] = before
    optimizer.learning_rate = 0.0
    return gradient


def check_steps(drawn: Blueprint, configuration: GanSettings, seed: int) -> None:
    """Compare the gradients that both sides apply with differences of what they minimise."""
    steps, random = make_round(drawn, configuration, seed=seed)
    batch = batch_of(steps, seed)
    for side in ("discriminator", "generator"):
        parameters = getattr(steps.gan, side).parameters
        step = lambda side=side: getattr(steps, f"step_{side}")(batch)  # noqa: E731
        gradient = applied(step, random, parameters, getattr(steps, f"{side}_optimizer"))
        places = np.random.default_rng(seed).permutation(parameters.size)[:6]
        wanted = slopes_of(step, random, parameters, places)
        assert np.allclose(gradient[places], wanted, rtol=2e-4, atol=1e-6), side
        if np.abs(wanted).max() > 0.01:
            assert not np.allclose(1.01 * gradient[places], wanted, rtol=2e-4, atol=1e-6)
