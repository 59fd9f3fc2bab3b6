"""The progress bar: its text for every kind of limit, and that it ends its line."""

import io
import re
import time

import pytest

from nn.metrics import MeanAbsoluteError
from nn.training import Options
from nn.training.callbacks import Callback
from nn.training.progress import ProgressBar
from tests.support.tiny_training import make_trainer


class Slow(Callback):
    """Makes every step take a quarter of a second, by a clock of its own."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)

    def on_step(self, trainer):
        self.now += 0.25


def draw(monkeypatch, **limits):
    """Return what is drawn while training, one string for each time."""
    file = io.StringIO()
    make_trainer().train(**limits, callbacks=[Slow(monkeypatch), ProgressBar(file, unit="digits")])
    return re.split(r"[\r\n]+", file.getvalue())


def test_epochs_loss_rate_and_time_left_are_shown(monkeypatch):
    drawn = draw(monkeypatch, epochs=2)
    middle = next(line for line in drawn if "epoch 1.22" in line)
    assert re.search(r"^ *61%\|", middle)
    assert re.search(r"loss 0\.\d{5}, held-out 0\.\d{5}, 19 digits/s, 0:00:01 left", middle)
    assert re.search(r"^ *100%\|.*epoch 2\.00", drawn[-2])


def test_a_limit_in_minutes_is_shown_as_time_left(monkeypatch):
    drawn = draw(monkeypatch, minutes=0.05)
    middle = next(line for line in drawn if "epoch 2.00" in line)
    assert re.search(r"^ *83%\|", middle)
    assert "0:00:01 left" in middle
    assert "0:00:00 left" in drawn[-2]


def test_without_a_limit_only_the_figures_are_shown(monkeypatch):
    class Stop(Callback):
        def on_step(self, trainer):
            if trainer.step == 8:
                trainer.stop()

    file = io.StringIO()
    make_trainer().train(callbacks=[Slow(monkeypatch), Stop(), ProgressBar(file)])
    last = re.split(r"[\r\n]+", file.getvalue())[-2]
    assert "%" not in last
    assert "left" not in last
    assert re.search(r"epoch 1\.65, loss 0\.\d{5}, held-out 0\.\d{5}, \d+ images/s", last)


def test_a_rate_counts_only_what_this_run_did(monkeypatch):
    trainer = make_trainer()
    trainer.train(epochs=10)
    file = io.StringIO()
    trainer.train(epochs=11, callbacks=[Slow(monkeypatch), ProgressBar(file)])
    rates = re.findall(r"(\d+) images/s", file.getvalue())
    assert rates
    assert all(18 <= int(rate) <= 20 for rate in rates)


def test_it_is_not_drawn_at_every_step(monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    make_trainer().train(epochs=3, callbacks=[ProgressBar(file)])
    assert len(re.findall("epoch", file.getvalue())) <= 2


def test_the_line_is_ended_after_an_error_too(monkeypatch):
    class Broken(Callback):
        def on_step(self, trainer):
            raise ZeroDivisionError

    file = io.StringIO()
    with pytest.raises(ZeroDivisionError):
        make_trainer().train(epochs=1, callbacks=[ProgressBar(file), Broken()])
    assert file.getvalue().endswith("\n")


def test_metrics_of_the_held_out_data_are_shown(monkeypatch):
    file = io.StringIO()
    trainer = make_trainer(options=Options(metrics=[MeanAbsoluteError()]))
    trainer.train(epochs=2, callbacks=[Slow(monkeypatch), ProgressBar(file)])
    assert re.search(r"held-out 0\.\d{5}, mean_absolute_error 0\.\d{4}, \d+ images/s", file.getvalue())
