"""Callbacks: snapshots at intervals and at the end, the table, and what happens when the disk is full."""

import errno
import logging
import os
import time

import pytest

from nn import snapshot
from nn.snapshot import SnapshotError, load, previous
from nn.training.callbacks import Callback, LossTable, Snapshots
from tests.support.tiny_training import STEPS_PER_EPOCH, make_trainer


class Recorder(Callback):
    """Records its calls."""

    def __init__(self):
        self.events = []

    def on_start(self, trainer):
        self.events.append(("start", trainer.step))

    def on_step(self, trainer):
        self.events.append(("step", trainer.step))

    def on_epoch(self, trainer):
        self.events.append(("epoch", trainer.step))

    def on_end(self, trainer):
        self.events.append(("end", trainer.step))

    def close(self):
        self.events.append(("close", None))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def fail_to_sync(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_events_come_in_order_and_an_epoch_before_its_last_step():
    recorder = Recorder()
    make_trainer(batch_size=12).train(epochs=2, callbacks=[recorder])
    assert recorder.events == [
        ("start", 0),
        ("step", 1),
        ("epoch", 2),
        ("step", 2),
        ("step", 3),
        ("epoch", 4),
        ("step", 4),
        ("end", 4),
        ("close", None),
    ]


def test_after_an_error_callbacks_are_closed_and_not_told_of_an_end():
    class Broken(Callback):
        def on_step(self, trainer):
            raise ZeroDivisionError

    recorder = Recorder()
    with pytest.raises(ZeroDivisionError):
        make_trainer().train(epochs=1, callbacks=[recorder, Broken()])
    assert recorder.events == [("start", 0), ("step", 1), ("close", None)]


def test_an_interval_of_zero_saves_after_every_step_and_the_metadata_with_it(path):
    steps = []

    class Look(Callback):
        def on_step(self, trainer):
            steps.append(load(path).metadata["training"]["step"])

    make_trainer().train(epochs=1, callbacks=[Snapshots(path, 0, {"network": "tiny"}), Look()])
    assert steps == [1, 2, 3, 4, 5]
    assert load(path).metadata["network"] == "tiny"


def test_snapshots_come_when_the_interval_is_over_and_at_the_end(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    saved = []
    monkeypatch.setattr("nn.training.callbacks.save", lambda *_: saved.append(now[0]))

    class Tick(Callback):
        def on_step(self, trainer):
            now[0] += 4

    make_trainer().train(epochs=2, callbacks=[Tick(), Snapshots(path, 10, {})])
    assert saved == [12, 24, 36, 40]


def test_a_full_disk_in_between_is_logged_and_training_goes_on(path, monkeypatch, caplog):
    class Fill(Callback):
        def on_step(self, trainer):
            broken = 2 <= trainer.step < STEPS_PER_EPOCH
            monkeypatch.setattr(snapshot.os, "fsync", fail_to_sync if broken else lambda _: None)

    with caplog.at_level(logging.ERROR):
        outcome = make_trainer().train(epochs=1, callbacks=[Fill(), Snapshots(path, 0, {})])
    assert not outcome.stopped
    assert [str(path) in record.message for record in caplog.records] == [True, True, True]
    assert "No space left on device" in caplog.text
    assert load(path).metadata["training"]["step"] == STEPS_PER_EPOCH
    assert load(previous(path)).metadata["training"]["step"] == STEPS_PER_EPOCH


def test_a_full_disk_at_the_end_is_an_error(path, monkeypatch):
    monkeypatch.setattr(snapshot.os, "fsync", fail_to_sync)
    with pytest.raises(SnapshotError, match=rf"{path}.*No space left"):
        make_trainer().train(epochs=1, callbacks=[Snapshots(path, 1000, {})])


def test_the_table_is_written_after_every_epoch_and_at_the_end(tmp_path):
    table, lines = tmp_path / "loss.csv", []

    class Look(Callback):
        def on_epoch(self, trainer):
            lines.append(len(table.read_text().splitlines()))

    make_trainer().train(epochs=2.4, callbacks=[LossTable(table), Look()])
    assert lines == [2, 3]
    last = table.read_text().splitlines()[-1].split(",")
    assert float(last[0]) == pytest.approx(2 + 10 / 23)
    assert list(tmp_path.iterdir()) == [table]


def test_a_table_that_cannot_be_written_is_logged(tmp_path, caplog):
    with caplog.at_level(logging.ERROR):
        make_trainer().train(epochs=1, callbacks=[LossTable(tmp_path / "nowhere" / "loss.csv")])
    assert "nowhere/loss.csv: cannot write the table of losses (No such file or directory)" in caplog.text
