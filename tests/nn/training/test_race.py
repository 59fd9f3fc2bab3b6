"""The race: the rate that learned best is kept, with exactly the state of its clone."""

import logging

import numpy as np
import pytest

from nn.optimizers import SGD
from nn.schedules import Constant
from nn.training import Callback, ImageBatches, Prefetched, Race
from nn.training.race import FACTORS
from tests.support.tiny_training import (
    everything,
    make_full_trainer,
    make_images,
    make_noisy_network,
    make_trainer,
    snapshot_of,
)


def clone_loss(rate, steps, after=0, held_out=False, **changes):
    """Return the loss of a run at one rate, as a race measures it, and the run."""
    trainer = make_full_trainer(schedule=Constant(), **changes)
    trainer.train(epochs=after)
    trainer.optimizer.learning_rate = rate
    losses = []
    for _ in range(steps):
        trainer.make_step()
        losses.append(trainer.log.last_loss)
    return (trainer.evaluate().loss if held_out else np.mean(losses)), trainer


class Rates(Callback):
    """Records the learning rate of every step."""

    def __init__(self):
        self.rates = []

    def on_step(self, trainer):
        self.rates.append(trainer.optimizer.learning_rate)


@pytest.mark.parametrize("judge", ["training", "held_out"])
@pytest.mark.parametrize("rate", [0.0001, 0.03, 1.0])
def test_the_winner_is_the_clone_with_the_lowest_loss(judge, rate):
    trainer = make_full_trainer(schedule=Constant())
    trainer.optimizer.learning_rate = rate
    trainer.train(epochs=4 / 23, callbacks=[Race(3, judge=judge)])
    losses = [clone_loss(rate * factor, 3, held_out=judge == "held_out")[0] for factor in FACTORS]
    assert trainer.optimizer.learning_rate == rate * FACTORS[int(np.argmin(losses))]


def test_the_run_has_the_state_of_the_winner():
    trainer = make_full_trainer(schedule=Constant())
    trainer.limits = trainer.limits._replace(epochs=1)
    Race(4).before_step(trainer)
    for _ in range(4):
        trainer.make_step()
    winner = clone_loss(trainer.optimizer.learning_rate, 4)[1]
    assert trainer.optimizer.learning_rate != 0.01
    arrays, state = everything(trainer)
    expected_arrays, expected = everything(winner)
    assert arrays == expected_arrays
    assert state == expected


def test_a_race_leaves_everything_but_the_rate_as_it_was():
    trainer = make_full_trainer()
    trainer.train(epochs=1.4)
    before = everything(trainer)
    trainer.limits = trainer.limits._replace(epochs=9)
    Race(7, 1, "steps").before_step(trainer)
    after = everything(trainer)
    assert after[0] == before[0]
    assert after[1].pop("optimizer") != before[1].pop("optimizer")
    assert after[1] == before[1]


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [((2,), [0, 5, 10]), ((2, 2), [0, 10]), ((2, 4, "steps"), [0, 4, 8, 12])],
)
def test_races_come_at_their_intervals(arguments, steps, caplog):
    with caplog.at_level(logging.INFO, "nn.training.race"):
        make_trainer().train(epochs=3, callbacks=[Race(*arguments)])
    found = [record.args[0] for record in caplog.records if record.name == "nn.training.race"]
    assert found == steps


def test_a_rate_that_is_far_too_low_rises():
    trainer, rates = make_trainer(optimizer=SGD(1e-4), schedule=Constant()), Rates()
    trainer.train(epochs=8, callbacks=[Race(5), rates])
    assert rates.rates[-1] == pytest.approx(1e-4 * 2**8)


def test_clones_that_diverge_have_lost():
    trainer = make_trainer(optimizer=SGD(1e30), schedule=Constant())
    trainer.train(epochs=1, callbacks=[Race(5, factors=[1e-33, 1.0, 2.0])])
    assert trainer.optimizer.learning_rate == pytest.approx(1e-3)
    assert np.isfinite(trainer.network.parameters.values).all()


@pytest.mark.parametrize("judge", ["training", "held_out"])
def test_where_nothing_counts_no_rate_wins(judge):
    nothing = ImageBatches(make_images(), np.zeros((23, 2, 3), np.bool_))
    trainer = make_trainer(batches=nothing, held_out=nothing, schedule=Constant())
    rate = trainer.optimizer.learning_rate
    trainer.train(epochs=2, callbacks=[Race(2, judge=judge)])
    assert trainer.optimizer.learning_rate == rate


def test_stopped_in_the_middle_of_a_race_it_is_run_again(tmp_path):
    """The state is that before the race, and a run that continues ends like one that was not stopped."""

    class StopsInRace(Prefetched):
        asked = 0

        def batch(self, indices):
            self.asked += 1
            if self.asked == 9:
                trainer.stop()
            return super().batch(indices)

    whole = make_full_trainer()
    whole.train(epochs=2, callbacks=[Race(3)])
    trainer = make_full_trainer()
    trainer.batches = StopsInRace(trainer.batches.source)
    outcome = trainer.train(epochs=2, callbacks=[Race(3)])
    assert outcome.stopped
    assert trainer.step == 0
    assert everything(trainer) == everything(make_full_trainer())
    resumed = make_full_trainer(network=make_noisy_network(seed=8), generator=np.random.default_rng(9))
    resumed.restore(snapshot_of(trainer))
    resumed.train(epochs=2, callbacks=[Race(3)])
    assert everything(resumed) == everything(whole)


def test_the_clock_runs_on_through_a_race():
    trainer = make_trainer()
    seconds = []

    class Look(Callback):
        def on_step(self, trainer):
            seconds.append(trainer.clock.seconds)

    trainer.train(epochs=2, callbacks=[Look(), Race(5, 1, "steps"), Look()])
    assert seconds == sorted(seconds)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0,), {}, "race: steps 0 must be a whole number"),
        ((1, 0), {}, "race: interval 0 must be a whole number"),
        ((np.nan,), {}, "race: steps nan must be a whole number"),
        ((1, np.inf), {}, "race: interval inf must be a whole number"),
        ((1,), {"factors": (1.0, None)}, "each must be finite"),
        ((1, 1, "minutes"), {}, "unit 'minutes'"),
        ((1,), {"judge": "luck"}, "judge 'luck'"),
        ((1,), {"factors": []}, r"factors \(\)"),
        ((1,), {"factors": [1.0, 0.0]}, "factors"),
        ((1,), {"factors": [np.inf]}, "factors"),
    ],
)
def test_races_that_make_no_sense_are_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        Race(*arguments, **options)


def test_without_held_out_data_they_cannot_judge():
    with pytest.raises(ValueError, match="there are none"):
        make_trainer(held_out=None).train(epochs=1, callbacks=[Race(1, judge="held_out")])
