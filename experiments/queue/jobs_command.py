"""The command `jobs`: the queue in a table."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from experiments.leases import WAITING
from experiments.queue.job import ENDED, STATES, Job
from experiments.queue.jobs import Jobs
from experiments.queue.options import whole
from experiments.queue.saying import command_of
from experiments.records.choosing import execute, make_parser, opened
from experiments.records.tables import duration, json_text, moment
from workbench.tables import text_table

LIMIT = 20
HEADINGS = ("job", "state", "priority", "submitted", "took", "run", "what", "remark")
LEFT = (1, 3, 6, 7)
LONGEST = 60
"""Characters of a command line that the table shows."""


def main(arguments: Sequence[str] | None = None) -> int:
    """List jobs and return the exit status."""
    parser = make_parser(
        "jobs",
        "List the jobs of the queue: those that run, those that wait, the first to be run first, and those "
        "that ended last.",
        "--state failed --limit 0",
    )
    parser.add_argument("--state", choices=STATES, action="append", default=[], help="in this state")
    parser.add_argument(
        "--limit",
        type=whole(0),
        default=LIMIT,
        metavar="N",
        help="so many of those that have ended; 0: all (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print all that is known of them as JSON")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_list, options))


def _list(options: argparse.Namespace) -> int:
    with opened(options) as store:
        jobs = Jobs(store)
        found = [(job, jobs.run_of(job)) for job in jobs.jobs(options.state, limit=options.limit or None)]
    if options.json:
        print(json_text([fields_of(*each) for each in found]), end="")
    else:
        print(text_table([HEADINGS, *(cells(*each) for each in found)], LEFT))
    return 0


def fields_of(job: Job, run: int | None) -> dict[str, Any]:
    """Return all that is known of a job, and the number of its recorded run, by name."""
    moments = {
        name: None if at is None else moment(at, "seconds")
        for name, at in asdict(job).items()
        if name.endswith("_at")
    }
    places = {"place": str(job.place), "folder": str(job.folder)}
    return {**asdict(job), **moments, **places, "run": run}


def cells(job: Job, run: int | None) -> list[str]:
    """Return what stands below `HEADINGS`."""
    state = "cancelling" if job.cancelling and job.state not in ENDED else job.state
    tries = (
        f"failed {job.attempts} of {job.retries + 1} times" if job.attempts and job.state not in ENDED else ""
    )
    waiting = f"waits for {job.waiting_for}" if job.waiting_for else ""
    return [
        str(job.number),
        state,
        str(job.priority),
        moment(job.submitted_at),
        _took(job),
        "" if run is None else str(run),
        _cut(command_of(job)),
        "; ".join(each for each in (job.reason, waiting, tries) if each),
    ]


def _took(job: Job) -> str:
    """Return the time from the start of a job that runs or has ended to now or its end."""
    if job.started_at is None or job.state == WAITING:
        return ""
    return duration((job.ended_at or time.time()) - job.started_at)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
