"""Limits: the share that is done, the progress of schedules, and the time left."""

import math
import time

import pytest

from nn.training.limits import Clock, Limits


def test_without_limits_nothing_is_ever_done():
    assert Limits().share_done(1e9, 1e9) == 0
    assert Limits().progress(1e9, 1e9) == 0
    assert Limits().seconds_left(1, 1, 1) is None


def test_the_first_limit_reached_ends_training():
    both = Limits(epochs=10, minutes=2)
    assert both.share_done(4, 30) == pytest.approx(0.4)
    assert both.share_done(4, 90) == pytest.approx(0.75)
    assert both.share_done(10, 0) == 1
    assert both.share_done(0, 120) == 1
    assert both.share_done(11, 999) == 1


def test_a_limit_of_zero_is_reached_at_once():
    assert Limits(epochs=0).share_done(0, 0) == 1
    assert Limits(minutes=0).share_done(0, 0) == 1


def test_a_schedule_follows_the_epochs_whatever_the_clock_says():
    assert Limits(epochs=10, minutes=2).progress(4, 119) == pytest.approx(0.4)
    assert Limits(minutes=2).progress(4, 30) == pytest.approx(0.25)


def test_time_left_is_that_of_the_limit_that_comes_first():
    assert Limits(minutes=2).seconds_left(1, 30, 0) == pytest.approx(90)
    assert Limits(epochs=5).seconds_left(1, 30, 0.1) == pytest.approx(40)
    assert Limits(epochs=5, minutes=2).seconds_left(1, 30, 0.1) == pytest.approx(40)
    assert Limits(epochs=5, minutes=2).seconds_left(1, 30, 0.01) == pytest.approx(90)
    assert Limits(epochs=5).seconds_left(0, 0, 0) is None
    assert Limits(minutes=1).seconds_left(0, 61, 1) == 0


@pytest.mark.parametrize("limits", [Limits(epochs=-1), Limits(minutes=math.nan), Limits(epochs=math.inf)])
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(ValueError, match="must be a finite number of at least 0"):
        limits.check()


def test_the_clock_counts_only_while_it_runs(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = Clock()
    clock.seconds = 5
    now[0] += 10
    assert clock.seconds == 5
    clock.start()
    now[0] += 3
    assert clock.seconds == 8
    clock.stop()
    now[0] += 50
    assert clock.seconds == 8
    clock.start()
    now[0] += 1
    assert clock.seconds == 9
