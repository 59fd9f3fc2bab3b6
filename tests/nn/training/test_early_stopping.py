"""Early stopping and the best snapshot: on any metric, in its own direction, and when the disk is full."""

import errno
import logging
import os

import numpy as np
import pytest

from nn import snapshot
from nn.schedules import Constant
from nn.snapshot import load
from nn.training import Best, Callback, EarlyStopping, ImageBatches, Options
from nn.training.log import LogRow
from nn.training.monitor import MonitoredMetric
from tests.support.scripted_metric import Scripted
from tests.support.tiny_training import everything, make_full_trainer, make_images, make_trainer


def scripted_trainer(numbers, higher_is_better=True):
    options = Options(metrics=[Scripted(numbers, higher_is_better)])
    return make_trainer(options=options, schedule=Constant())


@pytest.mark.parametrize(
    ("numbers", "higher", "options", "epochs"),
    [
        ([1, 2, 3, 3, 2, 9], True, {"patience": 2}, 5),
        ([1, 2, 3, 3, 2, 9], False, {"patience": 2}, 3),
        ([5, 4, 3, 4, 2, 3, 3, 3], False, {"patience": 3}, 8),
        ([1, 1.05, 1.1, 1.15, 1.2], True, {"patience": 3, "minimum_change": 0.16}, 4),
        ([np.nan, 1, np.nan, np.nan, 7], True, {"patience": 2}, 4),
        ([np.nan, np.nan, 7], True, {"patience": 2}, 2),
    ],
)
def test_it_stops_when_patience_is_over(numbers, higher, options, epochs):
    trainer = scripted_trainer(numbers, higher)
    outcome = trainer.train(epochs=len(numbers), callbacks=[EarlyStopping("scripted", **options)])
    assert trainer.shuffle.epochs == epochs
    assert outcome.stopped == (epochs < len(numbers))
    assert outcome.reason.startswith("scripted has not become better than") == outcome.stopped


def test_as_long_as_it_gets_better_it_goes_on():
    outcome = scripted_trainer(range(6)).train(epochs=6, callbacks=[EarlyStopping("scripted", patience=1)])
    assert not outcome.stopped
    assert outcome.reason == ""


def test_the_best_parameters_and_states_come_back():
    trainer, kept = make_full_trainer(options=Options(metrics=[Scripted([1, 3, 2, 2], True)])), []

    class Keep(Callback):
        def on_epoch(self, trainer):
            kept.append(
                (trainer.network.parameters.values.copy(), trainer.network.state()["noise.mean"].copy())
            )

    callbacks = [EarlyStopping("scripted", patience=2, restore_best=True), Keep()]
    assert trainer.train(epochs=9, callbacks=callbacks).stopped
    np.testing.assert_array_equal(trainer.network.parameters.values, kept[1][0])
    assert trainer.network.state()["noise.mean"] == kept[1][1]
    assert (kept[1][0] != kept[3][0]).any()


@pytest.mark.parametrize("metric", ["training_loss", "held_out_loss"])
def test_losses_are_better_when_they_are_lower(metric):
    trainer, watch = make_trainer(), MonitoredMetric(metric)
    watch.check(trainer)
    assert watch.is_better(trainer, 1.0, 2.0)
    assert not watch.is_better(trainer, 2.0, 1.0)
    trainer.train(epochs=1)
    assert watch.value(trainer) == getattr(trainer.rows[-1], metric)


@pytest.mark.parametrize(
    ("held_out", "metric", "measured"),
    [(None, "held_out_loss", "training_loss"), (True, "acuracy", "training_loss, held_out_loss, scripted")],
)
def test_what_is_not_measured_cannot_be_watched(held_out, metric, measured, tmp_path):
    options = {} if held_out else {"held_out": None}
    for callback in (EarlyStopping(metric), Best(tmp_path / "best.safetensors", metric)):
        trainer = make_trainer(options=Options(metrics=[Scripted([], True)]), **options)
        with pytest.raises(ValueError, match=f"cannot watch {metric}: measured are {measured}$"):
            trainer.train(epochs=1, callbacks=[callback])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patience": 0}, "patience 0"),
        ({"minimum_change": -1.0}, "minimum change -1.0"),
        ({"minimum_change": np.nan}, "minimum change nan"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**options)


@pytest.mark.parametrize("higher", [True, False])
def test_the_best_snapshot_is_of_the_best_epoch(tmp_path, higher):
    path = tmp_path / "best.safetensors"
    numbers = [2, 4, 3, 5, 1, 4]
    trainer = scripted_trainer(numbers, higher)
    trainer.train(epochs=6, callbacks=[Best(path, "scripted", {"network": "tiny"})])
    saved = load(path)
    best = int(np.argmax([2, 4, 3, 5, 1, 4]) if higher else np.argmin([2, 4, 3, 5, 1, 4]))
    assert saved.metadata["training"]["shuffle"]["epoch"] == best + 1
    assert saved.metadata["network"] == "tiny"
    resumed = scripted_trainer(numbers=[0] * 9, higher_is_better=higher)
    resumed.restore(saved)
    assert resumed.rows[-1].metrics == {"scripted": [2, 4, 3, 5, 1, 4][best]}


def test_a_best_snapshot_that_cannot_be_saved_leaves_the_one_before(tmp_path, monkeypatch, caplog):
    path = tmp_path / "best.safetensors"

    class Fill(Callback):
        def on_epoch(self, trainer):
            monkeypatch.setattr(snapshot.os, "fsync", fail if trainer.shuffle.epoch == 2 else lambda _: None)

    def fail(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    trainer = scripted_trainer([1, 3, 2, 0])
    with caplog.at_level(logging.ERROR):
        trainer.train(epochs=4, callbacks=[Fill(), Best(path, "scripted")])
    assert "No space left" in caplog.text
    assert load(path).metadata["training"]["shuffle"]["epoch"] == 3, "2 is better than the 1 that was saved"


@pytest.mark.parametrize(
    "state", [{}, {"best": "1", "waited": 0}, {"best": 1.0, "waited": -1}, {"best": True, "waited": 1}]
)
def test_a_state_that_is_none_is_refused(state):
    trainer = make_trainer()
    trainer.train(epochs=1, callbacks=[EarlyStopping()])
    arrays, metadata = trainer.state()
    metadata["training"]["callbacks"]["early stopping on held_out_loss"] = state
    resumed = make_trainer()
    resumed.restore(snapshot.Snapshot(arrays, metadata, "memory"))
    before = everything(resumed)
    with pytest.raises(ValueError, match="callback early stopping on held_out_loss: not a state of it"):
        resumed.train(epochs=2, callbacks=[EarlyStopping()])
    assert everything(resumed)[0] == before[0]


def test_rows_without_metrics_have_no_value():
    trainer = make_trainer()
    trainer.log.rows.append(LogRow(1.0, 5, 0.1, 0.2, None, 0.1))
    assert MonitoredMetric("held_out_loss").value(trainer) is None
    assert MonitoredMetric("accuracy").value(trainer) is None


def test_without_patience_it_never_stops():
    trainer = scripted_trainer([3, 4, 5, 6], higher_is_better=False)
    assert not trainer.train(epochs=4, callbacks=[EarlyStopping("scripted", patience=None)]).stopped


@pytest.mark.parametrize(("numbers", "expected"), [([3, 4, 5, 6], 0), ([3, 4, 2, 6], 2)])
def test_the_start_counts_where_it_is_to(numbers, expected):
    trainer = scripted_trainer(numbers, higher_is_better=False)
    before = trainer.network.parameters.values.copy()
    best = EarlyStopping("scripted", patience=None, restore_best=True, from_start=True)
    trainer.train(epochs=3, callbacks=[best])
    assert trainer.restored_epoch == expected
    assert np.array_equal(trainer.network.parameters.values, before) == (expected == 0)


def test_the_loss_of_the_start_is_that_of_the_held_out_data():
    trainer = make_trainer()
    loss = trainer.evaluate().loss
    best = EarlyStopping(patience=None, from_start=True)
    trainer.train(epochs=0, callbacks=[best])
    assert best.best == loss


def test_a_start_of_which_nothing_counts_does_not_end_training():
    nothing = ImageBatches(make_images(), np.zeros((23, 2, 3), np.bool_))
    trainer = make_trainer(held_out=nothing)
    outcome = trainer.train(epochs=3, callbacks=[EarlyStopping(patience=1, from_start=True)])
    assert (outcome.stopped, trainer.shuffle.epoch) == (True, 1)


def test_the_training_loss_is_not_known_from_the_start():
    with pytest.raises(ValueError, match="no training_loss before the first step"):
        EarlyStopping("training_loss", from_start=True)
