"""NaN is never an improvement, and any finite number is better: for everything that keeps a best value."""

import math

import numpy as np
import pytest

from nn.improvement import is_higher, is_lower
from nn.metrics import MeanAbsoluteError
from nn.optimizers import SGD
from nn.schedules import Constant, Plateau, WarmUp
from nn.snapshot import load
from nn.training import Best, EarlyStopping, Options, Race
from nn.training.evaluation import Evaluation
from nn.training.log import LogRow
from tests.support.tiny_training import make_trainer

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "best", "better"),
    [
        (1.0, 2.0, True),
        (2.0, 2.0, False),
        (3.0, 2.0, False),
        (2.0, None, True),
        (2.0, NAN, True),
        (NAN, 2.0, False),
        (NAN, None, False),
        (NAN, NAN, False),
        (None, 2.0, False),
        (None, None, False),
        (INF, None, False),
        (INF, 2.0, False),
        (-INF, 2.0, True),
        (-INF, None, True),
        (np.float32(np.nan), None, False),
    ],
)
def test_nan_and_none_are_never_better_and_worse_than_anything_finite(value, best, better):
    assert is_lower(value, best) == better
    turned = [None if number is None else -number for number in (value, best)]
    assert is_higher(*turned) == better


def test_a_margin_must_be_beaten():
    assert not is_lower(1.5, 2.0, 0.5)
    assert is_lower(1.4, 2.0, 0.5)
    assert is_higher(2.6, 2.0, 0.5)


SCRIPT = [NAN, 3.0, NAN, 2.0, NAN, 4.0]
"""Losses of epochs; the fourth is the best."""


def told_rows(callback, values):
    """Let a callback see rows of the log with these losses, and steps of a trainer between them."""
    trainer = make_trainer()
    trainer.limits = trainer.limits._replace(epochs=99)
    callback.on_start(trainer)
    for value in values:
        while not trainer.advance():
            pass
        trainer.log.rows[-1] = LogRow(trainer.shuffle.epochs, trainer.step, 0.0, 0.0, value, 0.1)
        callback.on_epoch(trainer)
        callback.on_step(trainer)
        trainer.log.rows[-1] = LogRow(trainer.shuffle.epochs, trainer.step, 0.0, 0.0, None, 0.1)
    callback.close()
    return trainer


def test_early_stopping_counts_nan_as_an_epoch_without_progress():
    callback = EarlyStopping(patience=3)
    assert not told_rows(callback, SCRIPT).stopping
    assert (callback.best, callback.waited) == (2.0, 2)
    assert told_rows(EarlyStopping(patience=3), [NAN] * 3).stopping


def test_the_best_snapshot_is_not_of_nan(tmp_path):
    path = tmp_path / "best.safetensors"
    told_rows(Best(path), [NAN])
    assert not path.exists()
    told_rows(Best(path), SCRIPT)
    assert load(path).metadata["training"]["shuffle"]["epoch"] == 4


@pytest.mark.parametrize("schedule", [Plateau(patience=2), WarmUp(Plateau(patience=2), length=1)])
def test_a_schedule_does_not_take_nan_for_the_best(schedule):
    for value in SCRIPT:
        schedule.observe(value)
    assert schedule.state()["best"] == 2.0
    assert schedule.state()["current"] == 1


@pytest.mark.parametrize("losses", [[NAN, 3.0, 2.0, NAN, 4.0], [INF, 3.0, 2.0, NAN, 4.0]])
def test_a_race_is_not_won_by_nan(losses, monkeypatch):
    trainer = make_trainer(
        optimizer=SGD(1.0), schedule=Constant(), options=Options(metrics=[MeanAbsoluteError()])
    )
    trainer.limits = trainer.limits._replace(epochs=1)
    script = iter(losses)
    monkeypatch.setattr(trainer, "evaluate", lambda: Evaluation(next(script), {}))
    race = Race(1, factors=[1.0, 2.0, 3.0, 4.0, 5.0], judge="held_out")
    race.before_step(trainer)
    assert trainer.optimizer.learning_rate == 3.0
