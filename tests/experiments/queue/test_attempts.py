"""Attempts: what ends a job, and what is made of how its process ended."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from experiments.queue import attempt as module
from experiments.queue.attempt import Attempt
from experiments.queue.job import Job, Terms
from experiments.queue.jobs import Jobs
from experiments.sweep.attempt import ROOM
from workbench.records import Store


class MadeUp:
    """A process that has ended with a status, or runs until it is stopped, and then ends with one."""

    def __init__(self, status: int | None, stopped: int = 130) -> None:
        self._status, self._stopped = status, stopped
        self.asked: list[str] = []

    def status(self):
        return self._status

    def stop(self):
        self.asked.append("stop")
        self._status = self._stopped
        return self._status

    def kill(self):
        self.asked.append("kill")
        self._status = -9
        return self._status

    def last_words(self):
        return "the last line"


@pytest.fixture
def jobs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setattr(module, "LOOK", 0.0)
    with Store.open(folder / "records.sqlite", create=True) as store:
        yield Jobs(store)


def taken(jobs: Jobs, retries: int = 1) -> Job:
    number = jobs.submit("quick", ["train"], Path.cwd(), Terms(retries=retries)).number
    job = jobs.take(number, "one")
    assert job is not None
    return job


def watch(jobs: Jobs, job: Job, process: MadeUp, *, stopping: bool = False, verdict: str | None = None):
    event = threading.Event()
    if stopping:
        event.set()
    watching = SimpleNamespace(verdict=lambda: verdict)
    outcome = Attempt(jobs, job, "one", cast(Any, process), cast(Any, watching)).watch(event)
    return outcome.state, outcome.reason, outcome.attempts


@pytest.mark.parametrize(
    ("status", "retries", "outcome"),
    [
        (0, 0, ("done", "", 0)),
        (1, 1, ("waiting", "", 1)),
        (1, 0, ("failed", "exit status 1: the last line", 1)),
        (-9, 0, ("failed", "killed by signal 9", 1)),
        (130, 1, ("waiting", "", 1)),
        (2, 9, ("failed", "exit status 2: the last line", 1)),
    ],
)
def test_what_failed_is_tried_again_but_not_bad_input(jobs: Jobs, status, retries, outcome):
    assert watch(jobs, taken(jobs, retries), MadeUp(status)) == outcome


@pytest.mark.parametrize(("free", "attempts"), [(ROOM - 1, 0), (ROOM, 1)])
def test_a_failure_for_want_of_room_is_no_attempt(jobs: Jobs, monkeypatch, free, attempts):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    assert watch(jobs, taken(jobs), MadeUp(1)) == ("waiting", "", attempts)


@pytest.mark.parametrize(("status", "state"), [(130, "waiting"), (0, "done"), (-9, "waiting")])
def test_where_the_worker_stops_a_job_waits_unless_it_is_done(jobs: Jobs, status, state):
    process = MadeUp(None, stopped=status)
    assert watch(jobs, taken(jobs), process, stopping=True) == (state, "", 0)
    assert process.asked == ["stop"]


def test_a_second_ctrl_c_that_kills_it_is_no_failure(jobs: Jobs):
    assert watch(jobs, taken(jobs), MadeUp(-9), stopping=True) == ("waiting", "", 0)


@pytest.mark.parametrize(("status", "state"), [(130, "cancelled"), (-9, "cancelled"), (0, "done")])
def test_what_is_cancelled_is_asked_to_end(jobs: Jobs, status, state):
    job = taken(jobs)
    jobs.ask_to_cancel(job.number)
    process = MadeUp(None, stopped=status)
    assert watch(jobs, job, process) == (state, "", 0)
    assert process.asked == ["stop"]


@pytest.mark.parametrize(("status", "outcome"), [(130, ("failed", "too slow", 1)), (0, ("done", "", 0))])
def test_what_goes_beyond_its_limits_is_asked_to_end_and_not_tried_again(jobs: Jobs, status, outcome):
    process = MadeUp(None, stopped=status)
    assert watch(jobs, taken(jobs, retries=9), process, verdict="too slow") == outcome
    assert process.asked == ["stop"]


def test_a_job_that_another_worker_has_by_now_is_killed(jobs: Jobs, monkeypatch):
    monkeypatch.setattr(module, "RENEWAL", 0.0)
    job = taken(jobs)
    jobs.take(job.number, "two")
    process = MadeUp(None)
    watch(jobs, job, process)
    assert process.asked == ["kill"]
    assert jobs.job(job.number).owner == "two"


def test_records_that_are_locked_do_not_disturb_a_job(jobs: Jobs, monkeypatch):
    monkeypatch.setattr(module, "RENEWAL", 0.0)
    job, process = taken(jobs), MadeUp(None)
    jobs.store.connection.execute("PRAGMA busy_timeout = 1")
    with Store.open(jobs.store.path) as other, other.writing():
        looked = []

        def renew(owner: str) -> bool:
            looked.append(owner)
            if len(looked) == 3:
                process._status = 0
            return Jobs.renew(jobs, owner)  # which raises

        monkeypatch.setattr(jobs, "renew", renew)
        assert watch(jobs, job, process) == ("done", "", 0)
    assert len(looked) == 3 and process.asked == []
