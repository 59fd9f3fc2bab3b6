"""Callbacks that look at the gradients of a step, between backprop and update."""

import numpy as np
import pytest

from nn.clipping import ClipByGlobalNorm
from nn.optimizers import SGD
from nn.regularizers import L2
from nn.schedules import Constant
from nn.training import Callback, Options, Race
from tests.support.tiny_training import STEPS_PER_EPOCH, everything, make_trainer


class Look(Callback):
    """Records the gradients and parameters of some steps."""

    def __init__(self, interval=1):
        self.interval = interval
        self.steps, self.gradients, self.values = [], [], []

    def wants_gradients(self, trainer):
        return trainer.step % self.interval == 0

    def on_gradients(self, trainer):
        self.steps.append(trainer.step)
        self.gradients.append(trainer.network.parameters.gradients.copy())
        self.values.append(trainer.network.parameters.values.copy())


class After(Callback):
    """Records the parameters after every step."""

    def __init__(self):
        self.values = []

    def on_step(self, trainer):
        self.values.append(trainer.network.parameters.values.copy())


def test_they_see_the_gradients_that_the_update_follows():
    look, after = Look(), After()
    make_trainer(optimizer=SGD(0.1, weight_decay=0.01), schedule=Constant()).train(
        epochs=1, callbacks=[look, after]
    )
    assert len(look.steps) == STEPS_PER_EPOCH
    for gradients, before, values in zip(look.gradients, look.values, after.values, strict=True):
        assert np.any(gradients)
        np.testing.assert_allclose(values, before * (1 - 0.1 * 0.01) - 0.1 * gradients, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("interval", [1, 3])
def test_only_when_they_want_to(interval):
    look = Look(interval)
    make_trainer().train(epochs=2, callbacks=[look])
    assert look.steps == list(range(0, 2 * STEPS_PER_EPOCH, interval))


def test_before_clipping_and_with_penalties():
    plain, full = Look(), Look()
    make_trainer().train(epochs=0.2, callbacks=[plain])
    options = Options(regularizers=[L2(0.1)], clipping=ClipByGlobalNorm(1e-3))
    make_trainer(options=options).train(epochs=0.2, callbacks=[full])
    values = full.values[0]
    assert np.linalg.norm(full.gradients[0]) > 1e-3
    penalty = full.gradients[0] - plain.gradients[0]
    weights = np.abs(penalty) > 0
    assert 0 < weights.sum() < weights.size, "biases are not penalised"
    ratio = penalty[weights] / values[weights]
    np.testing.assert_allclose(ratio, np.full(weights.sum(), ratio[0]), rtol=1e-3)


def test_looking_changes_no_bit():
    watched, unwatched = make_trainer(), make_trainer()
    watched.train(epochs=2, callbacks=[Look(2)])
    unwatched.train(epochs=2)
    assert everything(watched) == everything(unwatched)


def test_plain_descent_keeps_gradients_to_look_at_and_goes_the_same_way():
    look, after = Look(2), After()
    watched, unwatched = (make_trainer(optimizer=SGD(0.1)) for _ in range(2))
    watched.train(epochs=2, callbacks=[look, after])
    unwatched.train(epochs=2)
    assert all(np.any(gradients) for gradients in look.gradients)
    values = [each.network.parameters.values for each in (watched, unwatched)]
    np.testing.assert_allclose(*values, rtol=1e-4, atol=1e-6)
    assert not watched.network.parameters.gradients.any()


def test_clones_of_a_race_are_not_looked_at():
    look = Look()
    make_trainer().train(epochs=1, callbacks=[Race(2), look])
    assert look.steps == list(range(STEPS_PER_EPOCH))
