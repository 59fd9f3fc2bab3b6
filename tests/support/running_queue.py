"""Queues of the quick program: jobs submitted, workers in processes of their own, and what became of it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from experiments.queue.job import Job
from experiments.queue.jobs import Jobs
from tests.support import patience
from tests.support.quick_queue import MACHINE, run
from workbench.records import Store

RECORDS = Path("runs/records.sqlite")
PRINTED = Path("printed.txt")


def submit(*words: str, terms: tuple[str, ...] = ()) -> int:
    """Submit a job of the quick program and return its number."""
    assert run("submit", *terms, "quick", "train", *words) == 0
    with Store.open(RECORDS) as store:
        return max(job.number for job in Jobs(store).jobs())


def job(number: int) -> Job:
    """Return a job as it is now."""
    with Store.open(RECORDS) as store:
        return Jobs(store).job(number)


def states() -> dict[int, str]:
    """Return the states of all jobs by number."""
    with Store.open(RECORDS) as store:
        return {each.number: each.state for each in sorted(Jobs(store).jobs(), key=lambda each: each.number)}


def begin_worker(*words: str, machine: str | None = None) -> subprocess.Popen[str]:
    """Begin a worker in a process of its own, on a named machine; what it prints goes to a file."""
    environment = os.environ | ({} if machine is None else {MACHINE: machine})
    command = [sys.executable, "-m", "tests.support.quick_queue", "worker", *words]
    with PRINTED.open("a") as printed:
        return subprocess.Popen(
            command, text=True, stdout=printed, stderr=printed, env={**os.environ, **environment}
        )


def wait_for(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something is true while a worker works."""

    def happens() -> object:
        assert process.poll() is None, PRINTED.read_text()
        return what()

    patience.wait_until(happens)
