"""TensorBoard: files are read back, event by event, as TensorBoard reads them."""

import builtins
import errno
import logging
import os
import sys
import time

import numpy as np
import pytest

from nn.metrics import MeanAbsoluteError
from nn.snapshot import load
from nn.training import Callback, Options, Snapshots, Statistics, TensorBoard
from tests.support.tiny_training import STEPS_PER_EPOCH, make_trainer

pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto import event_pb2
from tensorboardX.record_writer import masked_crc32c


class CutOff(Exception):  # noqa: N818 - not an error
    """The end of a process, as far as a test can imitate it."""


class CutAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step(self, trainer):
        if trainer.step == self.step:
            raise CutOff


def events_of(path):
    """Read the records of a file and check them."""
    contents, place = path.read_bytes(), 0
    while place < len(contents):
        header = contents[place : place + 8]
        length = int.from_bytes(header, "little")
        data = contents[place + 12 : place + 12 + length]
        ends = place + 12, place + 16 + length
        sums = tuple(int.from_bytes(contents[end - 4 : end], "little") for end in ends)
        assert sums == (masked_crc32c(header), masked_crc32c(data))
        yield event_pb2.Event.FromString(data)
        place += 16 + length


def read(folder):
    """Return what TensorBoard shows: steps and values by name, histograms as their numbers of entries."""
    shown = []
    for path in sorted(folder.iterdir()):
        for event in events_of(path):
            if event.session_log.status == event_pb2.SessionLog.START:
                shown = [other for other in shown if other[1] < event.step]
            shown += [(value.tag, event.step, value) for value in event.summary.value]
    found = {}
    for name, step, value in shown:
        kind = value.WhichOneof("value")
        found.setdefault(name, []).append((step, value.histo.num if kind == "histo" else value.simple_value))
    return found


def test_losses_metrics_and_the_learning_rate_are_those_of_the_log(tmp_path):
    trainer = make_trainer(options=Options(metrics=[MeanAbsoluteError()]))
    trainer.train(epochs=2.3, callbacks=[TensorBoard(tmp_path / "new" / "folder", interval=2)])
    found = read(tmp_path / "new" / "folder")
    assert set(found) == {
        "loss/step",
        "loss/training",
        "loss/held_out",
        "learning_rate",
        "metrics/mean_absolute_error",
    }
    assert [step for step, _ in found["loss/step"]] == [2, 4, 6, 8, 10, 12]
    curve = dict(zip(trainer.log.curve.steps, trainer.log.curve.losses, strict=True))
    assert dict(found["loss/step"]) == pytest.approx({step: curve[step] for step in range(2, 13, 2)})
    rows = trainer.rows
    assert len(rows) == 3
    for name, values in {
        "loss/training": [row.training_loss for row in rows],
        "loss/held_out": [row.held_out_loss for row in rows],
        "learning_rate": [row.learning_rate for row in rows],
        "metrics/mean_absolute_error": [row.metrics["mean_absolute_error"] for row in rows],
    }.items():
        assert dict(found[name]) == pytest.approx({row.step: v for row, v in zip(rows, values, strict=True)})


@pytest.mark.parametrize("statistics_first", [True, False])
def test_statistics_and_histograms(tmp_path, statistics_first):
    statistics = Statistics(interval=2, unit="steps")
    callbacks = [statistics, TensorBoard(tmp_path, statistics=statistics, histograms=True)]
    trainer = make_trainer(held_out=None)
    trainer.train(epochs=2, callbacks=callbacks if statistics_first else callbacks[::-1])
    found = read(tmp_path)
    for column in ("gradient_norm", "deviation"):
        expected = {row.step: row.numbers[f"1.{column}"] for row in statistics.rows}
        assert list(expected) == [2, 4, 6, 8, 10]
        assert dict(found[f"{column}/1"]) == pytest.approx(expected)
    assert found["parameters/0.weights"] == [(5, 24.0), (10, 24.0)]
    assert found["parameters/1.biases"] == [(5, 6.0), (10, 6.0)]
    assert "loss/held_out" not in found


def test_a_resumed_run_shows_every_step_once(tmp_path):
    def callbacks(folder):
        statistics = Statistics(interval=1, unit="steps")
        snapshots = Snapshots(tmp_path / "model.safetensors", 0, {})
        return [statistics, TensorBoard(folder, 1, statistics, histograms=True), snapshots]

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    make_trainer().train(epochs=3, callbacks=callbacks(whole))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CutOff):
        make_trainer().train(epochs=3, callbacks=[*callbacks(cut), CutAt(6)])
    early = load(tmp_path / "model.safetensors")
    for last in (12, 8, 99):
        resumed = make_trainer()
        resumed.restore(early)
        assert resumed.step == 6
        try:
            resumed.train(epochs=3, callbacks=[*callbacks(cut), CutAt(last)])
        except CutOff:
            assert resumed.step == last
    assert read(cut) == read(whole)
    assert [step for step, _ in read(cut)["loss/step"]] == list(range(1, 3 * STEPS_PER_EPOCH + 1))


def test_another_run_in_the_folder_hides_the_one_before(tmp_path, monkeypatch):
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    make_trainer().train(epochs=3, callbacks=[TensorBoard(tmp_path)])
    monkeypatch.setattr(time, "time", lambda: now + 2)
    make_trainer().train(epochs=1, callbacks=[TensorBoard(tmp_path)])
    assert len(list(tmp_path.iterdir())) == 2
    assert [step for step, _ in read(tmp_path)["loss/training"]] == [5]


def test_a_full_disk_is_told_and_training_goes_on(tmp_path, monkeypatch, caplog):
    """Everything after the epoch in which there is space again is written."""
    flush = EventsWriter.flush

    def full(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Fill(Callback):
        def on_step(self, trainer):
            monkeypatch.setattr(EventsWriter, "flush", full if 2 <= trainer.step < 9 else flush)

    now = iter(range(10**9, 2 * 10**9, 60))
    monkeypatch.setattr(time, "time", lambda: next(now))
    with caplog.at_level(logging.ERROR):
        make_trainer().train(epochs=3, callbacks=[Fill(), TensorBoard(tmp_path, 1)])
    assert f"{tmp_path}: cannot write for TensorBoard (No space left on device)" in caplog.text
    found = read(tmp_path)
    assert [step for step, _ in found["loss/training"]][-2:] == [10, 15]
    assert [step for step, _ in found["loss/step"]][-6:] == [10, 11, 12, 13, 14, 15]


def test_a_folder_that_cannot_be_made_is_told_and_training_goes_on(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.ERROR):
        make_trainer().train(epochs=1, callbacks=[TensorBoard(tmp_path / "file" / "folder")])
    assert "folder: cannot write for TensorBoard (Not a directory)" in caplog.text


def test_writing_changes_no_bit(tmp_path):
    runs = [make_trainer(), make_trainer()]
    statistics = Statistics(interval=2, unit="steps")
    runs[0].train(epochs=2, callbacks=[statistics, TensorBoard(tmp_path, 1, statistics, histograms=True)])
    runs[1].train(epochs=2)
    assert np.array_equal(*(run.network.parameters.values for run in runs))


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    def without(name, *arguments, **options):
        if name.startswith("tensorboardX"):
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    real = builtins.__import__
    monkeypatch.delitem(sys.modules, "tensorboardX")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'ganglion\[tensorboard\]'"):
        TensorBoard(tmp_path)


def test_an_interval_of_no_steps_is_refused(tmp_path):
    with pytest.raises(ValueError, match="interval 0: must be at least 1 step"):
        TensorBoard(tmp_path, 0)
