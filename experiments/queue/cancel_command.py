"""The command `cancel`: jobs end, whoever runs them."""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import Sequence
from functools import partial

from experiments.queue.job import CANCELLED, ENDED, Job, job_name
from experiments.queue.jobs import Jobs
from experiments.queue.options import add_numbers
from experiments.records.choosing import execute, make_parser, opened
from experiments.sweep.held import HeldTrial

POLL = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Cancel jobs, wait until they have ended, and return the exit status."""
    parser = make_parser(
        "cancel",
        "Cancel jobs. One that runs, here or on another machine, saves and ends, and is killed with all that "
        "it has started where it does not within a minute.",
        "3 5",
    )
    add_numbers(parser)
    options = parser.parse_args(arguments)
    return execute(parser, partial(_cancel, options))


def _cancel(options: argparse.Namespace) -> int:
    with opened(options) as store:
        jobs = Jobs(store)
        for number in options.jobs:
            jobs.job(number)  # before any is cancelled, all are known
        for number in options.jobs:
            jobs.ask_to_cancel(number)
        for number in options.jobs:
            print(f"job {number}  {_wait(jobs, number).state}", flush=True)
    return 0


def _wait(jobs: Jobs, number: int) -> Job:
    """Return a job that is being cancelled once it has ended."""
    while (job := jobs.job(number)).state not in ENDED:
        end_without_worker(jobs, job)
        time.sleep(POLL)
    return job


def end_without_worker(jobs: Jobs, job: Job) -> None:
    """End a job that is being cancelled, if the worker that ran it was killed and none has taken it up."""
    held = HeldTrial.take(jobs.folder, job_name(job.number))
    if held is None:
        return
    try:
        owner = uuid.uuid4().hex
        taken = jobs.take(job.number, owner)
        if taken is not None:
            jobs.release(taken, owner, CANCELLED, reason="", attempts=taken.attempts, exit_status=None)
    finally:
        held.release()
