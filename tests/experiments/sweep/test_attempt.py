"""Attempts: what ends a training, and what is made of how it ended."""

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.sweep.attempt import ROOM, Attempt
from experiments.sweep.trials import TrialRow
from tests.support.sweep_files import sweep_of

LIMITS = {"limits": [{"statistic": "ratio", "above": 2}]}


class MadeUp:
    """A training that has ended with a status, or runs until it is stopped."""

    def __init__(self, status: int | None) -> None:
        self._status, self.stopped = status, False

    def status(self):
        return self._status

    def stop(self):
        self.stopped, self._status = True, 130

    def last_words(self):
        return "the last line"


def attempt(folder: Path, training: MadeUp, *, stopping=False, attempts=0, **parts):
    event = threading.Event()
    if stopping:
        event.set()
    row = TrialRow(0, {"rate": 0.1}, 0, "running", "", attempts, "owner", {})
    return Attempt(sweep_of(folder, retries=1, **parts), row, folder).watch(training, event)


def write(folder: Path, *ratios: float) -> None:
    rows = "".join(f"{epoch},1,{ratio}\n" for epoch, ratio in enumerate(ratios, 1))
    (folder / "losses.csv").write_text(f"epoch,loss,ratio\n{rows}")


def test_a_training_that_ends_is_done(tmp_path: Path):
    write(tmp_path, 1, 1)
    outcome = attempt(tmp_path, MadeUp(0))
    assert (outcome.state, outcome.statistics) == ("done", {"objective": 1, "used": 2})


@pytest.mark.parametrize("status", [None, 0, 1])
def test_a_limit_counts_whenever_it_is_noticed(tmp_path: Path, status):
    write(tmp_path, 1, 3, 1, 9)
    training = MadeUp(status)
    outcome = attempt(tmp_path, training, filters=LIMITS)
    assert (outcome.state, outcome.reason) == ("limited", "ratio above 2")
    assert outcome.statistics == {"used": 2}
    assert training.stopped


def test_a_training_that_is_stopped_waits_and_has_not_failed(tmp_path: Path):
    training = MadeUp(None)
    outcome = attempt(tmp_path, training, stopping=True, attempts=1)
    assert (outcome.state, outcome.attempts, training.stopped) == ("waiting", 1, True)


@pytest.mark.parametrize(
    ("status", "attempts", "state", "reason"),
    [
        (1, 0, "waiting", ""),
        (1, 1, "failed", "exit status 1: the last line"),
        (-9, 0, "waiting", ""),
        (-9, 1, "failed", "killed by signal 9"),
        (2, 0, "failed", "exit status 2: the last line"),
    ],
)
def test_a_failure_is_tried_again_but_not_bad_input(tmp_path: Path, status, attempts, state, reason):
    outcome = attempt(tmp_path, MadeUp(status), attempts=attempts)
    assert (outcome.state, outcome.reason, outcome.attempts) == (state, reason, attempts + 1)


@pytest.mark.parametrize(("free", "attempts"), [(ROOM - 1, 1), (ROOM, 2)])
def test_a_failure_for_want_of_room_is_no_attempt(tmp_path: Path, monkeypatch, free, attempts):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    outcome = attempt(tmp_path, MadeUp(1), attempts=1)
    assert (outcome.state, outcome.attempts) == ("waiting" if free < ROOM else "failed", attempts)
